"""Stochastic, repeated and resource games: golden values, closed forms, one-shot deviations."""

import json
from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.resource import ResourceForm
from coopsim.solvers.certificates import markov as certificates
from coopsim.solvers.markov.repeated import alternating_offers, grim_threshold
from coopsim.solvers.markov.single import best_response

GOLDEN = Path(__file__).parents[2] / "golden" / "solvers_markov.json"
ROWS = json.loads(GOLDEN.read_text())["instances"]


def rows(kind: str) -> list:
    return [pytest.param(row, id=row["id"]) for row in ROWS if row["class"] == kind]


def random_form(n, states, seed, discount=0.8, horizon=None, zero_sum=False) -> MarkovForm:
    rng = np.random.default_rng(seed)
    rewards, moves = [], []
    for _ in range(states):
        shape = tuple(rng.integers(1, 4, n))
        paid = rng.normal(size=(n, *shape))
        if zero_sum:
            paid[1] = 3 - paid[0]
        rewards.append(paid)
        moves.append(rng.dirichlet(np.ones(states), size=shape))
    return MarkovForm(tuple(rewards), tuple(moves), discount=discount, horizon=horizon)


@pytest.mark.parametrize("row", rows("markov_zero_sum"))
@pytest.mark.parametrize("method", ["auto", "hoffman-karp", "shapley-iteration"])
def test_golden_values_and_certificates(row, method):
    part = row["params"]
    form = MarkovForm.zero_sum(part["rewards"], part["transition"], discount=part["gamma"])
    solution = coopsim.solve(form, "markov perfect", method=method)
    found = np.array(solution.details["state_values"][0])
    np.testing.assert_allclose(found, row["expected"]["value"], atol=1e-8)
    assert solution.proved
    assert solution.verify(form).residual <= 1e-8
    if "value_state0_normalised" in row["expected"]:
        normalised = found[0] * (1 - part["gamma"])
        assert normalised == pytest.approx(row["expected"]["value_state0_normalised"], abs=1e-8)


@pytest.mark.parametrize("row", rows("repeated"))
def test_golden_grim_threshold(row):
    part = row["params"]
    payoffs = np.array([[part["R"], part["S"]], [part["T"], part["P"]]], dtype=float)
    form = NormalForm([payoffs, payoffs.T])
    for threat in ("nash", "minmax"):
        found = grim_threshold(form, (0, 0), threat)
        assert found.discount == pytest.approx(row["expected"]["delta_min"], abs=1e-12)


@pytest.mark.parametrize("row", rows("markov_general_sum"))
def test_golden_fish_war(row):
    part, expected = row["params"], row["expected"]
    form = ResourceForm(part["alpha"], [part["beta"]] * part["n"])
    alone = coopsim.solve(form, "markov perfect")
    np.testing.assert_allclose(
        np.concatenate(alone.profile), expected["mpe_consumption_share_each"]
    )
    joint = coopsim.solve(form, "social optimum")
    np.testing.assert_allclose(np.concatenate(joint.profile), expected["cooperative_share_each"])
    assert alone.proved
    assert joint.proved
    assert joint.values.sum() > alone.values.sum()


@pytest.mark.parametrize("discounts", [[0.9, 0.6], [0.5, 0.7, 0.95], [0.8]])
def test_fish_wars_with_unequal_players_are_proved(discounts):
    form = ResourceForm(0.7, discounts, stock=3.0, scale=1.4)
    for concept in ("markov perfect", "social optimum"):
        solution = coopsim.solve(form, concept)
        assert solution.proved, solution
        shares = np.concatenate(solution.profile)
        moved = tuple(np.array([share]) for share in shares * 0.98)
        from coopsim.solvers.certificates import resource

        check = resource.regret if concept == "markov perfect" else resource.shortfall
        assert check(form, moved, {})[0].residual > 1e-6


def test_values_of_the_fish_war_are_the_sum_of_its_periods():
    form = ResourceForm(0.6, [0.8, 0.5], stock=2.0, scale=1.5)
    shares, stock, paid = np.array([0.2, 0.3]), form.stock, np.zeros(2)
    for t in range(300):
        paid += np.array(form.discounts) ** t * np.log(shares * stock)
        stock = form.scale * ((1 - shares.sum()) * stock) ** form.growth
    np.testing.assert_allclose(form.values(shares), paid, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_value_and_policy_iteration_agree_on_random_games(seed):
    form = random_form(2, 3, seed, discount=0.7, zero_sum=True)
    by_values = coopsim.solve(form, "nash", method="shapley-iteration")
    by_policies = coopsim.solve(form, "nash")
    assert by_policies.method == "hoffman-karp"
    for solution in (by_values, by_policies):
        assert solution.proved, solution
    np.testing.assert_allclose(
        by_values.details["state_values"], by_policies.details["state_values"], atol=1e-7
    )


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_games_with_a_last_stage_are_solved_backwards(n, seed):
    form = random_form(n, 3, seed, discount=0.9, horizon=3)
    nash = coopsim.solve(form, "markov perfect")
    assert nash.proved, nash
    coarse = coopsim.solve(form, "coarse correlated")
    assert coarse.proved, coarse
    # the value at the start is the one that backward induction has there
    np.testing.assert_allclose(nash.values, np.array(nash.details["state_values"])[:, 0], atol=1e-9)


def test_one_stage_is_the_stage_game():
    form = random_form(2, 1, 5, horizon=1, discount=1.0)
    stage = NormalForm(form.rewards[0])
    whole, single = coopsim.solve(form, "nash"), coopsim.solve(stage, "nash")
    np.testing.assert_allclose(whole.values, single.values, atol=1e-9)


def test_a_discounted_single_player_matches_its_decision_problem():
    form = random_form(1, 5, 0, discount=0.9)
    solution = coopsim.solve(form, "nash")
    values, _ = best_response(form, [np.zeros(0)], 0)
    np.testing.assert_allclose(np.array(solution.details["state_values"])[0], values[0], atol=1e-7)
    assert solution.proved


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_discounted_general_sum_games_are_proved(n, seed):
    form = random_form(n, 2, seed, discount=0.7)
    solution = coopsim.solve(form, "nash")
    assert solution.method == "markov-logit-homotopy"
    assert solution.proved, solution.sentence
    coarse = coopsim.solve(form, "coarse correlated", method="markov-coarse-homotopy")
    assert coarse.proved, coarse.sentence
    np.testing.assert_allclose(coarse.values, solution.values, atol=1e-7)


@pytest.mark.parametrize("method", ["nash-q-iteration", "markov-coarse-iteration"])
def test_iterations_without_guarantee_are_proved_or_say_so(method):
    concept = "nash" if method.startswith("nash") else "coarse correlated"
    for seed in range(2):
        form = random_form(2, 2, seed, discount=0.6)
        solution = coopsim.solve(form, concept, method=method, deadline=2.0)
        assert solution.proved == (solution.certificate.residual <= 1e-8)
        assert solution.status in ("exact", "converged", "budget")


def test_repeating_a_strict_stage_equilibrium_is_perfect_and_others_are_not():
    """One state, prisoner's dilemma: defection for ever has no regret, cooperation does."""
    pd = np.array([[[3.0, 0], [5, 1]], [[3, 5], [0, 1]]])
    form = MarkovForm((pd,), (np.ones((2, 2, 1)),), discount=0.9)
    defect, cooperate = np.array([0.0, 1]), np.array([1.0, 0])
    proof, values = certificates.regret(form, (defect, defect), {})
    assert proof.residual <= 1e-12
    np.testing.assert_allclose(values, 10)
    # against cooperation for ever defection for ever gains 2 a stage
    assert certificates.regret(form, (cooperate, cooperate), {})[0].residual == pytest.approx(20)
    joint = np.array([1.0, 0, 0, 0])
    assert certificates.coarse(form, (joint,), {})[0].residual == pytest.approx(20)
    halves = np.array([0.5, 0.5])
    assert certificates.regret(form, (2 * halves, halves), {})[0].residual > 1


def test_a_deadline_of_zero_gives_what_is_there():
    form = random_form(2, 6, 0, discount=0.99, zero_sum=True)
    for method in ("hoffman-karp", "shapley-iteration"):
        solution = coopsim.solve(form, "nash", method=method, deadline=0.0)
        assert solution.status == "budget"
    late = random_form(3, 4, 0, horizon=4)
    assert coopsim.solve(late, "nash", deadline=0.0).status == "budget"


def test_what_does_not_fit_is_refused():
    form = random_form(2, 2, 0)
    assert coopsim.solve(form, "nash", method="hoffman-karp").status == "refused"
    assert coopsim.solve(form, "nash", method="markov-backward-induction").status == "refused"
    with pytest.raises(ValueError, match="discount"):
        MarkovForm(form.rewards, form.transitions, discount=1.0)
    with pytest.raises(ValueError, match="distribution"):
        MarkovForm(form.rewards, tuple(2 * m for m in form.transitions), discount=0.5)
    with pytest.raises(ValueError, match="growth"):
        ResourceForm(0.0, [0.5])


def test_grim_triggers_of_other_games():
    """Cournot duopoly, a - c = 1 on a grid: the textbook's 9/17 for collusion at 1/4 each."""
    quantity = np.array([1 / 4, 1 / 3, 3 / 8])
    paid = quantity[:, None] * (1 - quantity[:, None] - quantity)
    form = NormalForm([paid, paid.T])
    found = grim_threshold(form)
    assert found.profile == (0, 0)
    assert found.discount == pytest.approx(9 / 17)
    # an equilibrium needs no threat, and what the threat does not beat cannot be sustained
    assert grim_threshold(form, (1, 1)).discount == 0
    pd = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    assert grim_threshold(pd, (0, 1)).discount == np.inf
    with pytest.raises(UserError):
        grim_threshold(pd, (0, 2))
    with pytest.raises(UserError):
        grim_threshold(pd, threat="war")


@pytest.mark.parametrize(("d1", "d2"), [(0.9, 0.9), (0.5, 0.8), (0.0, 0.5), (0.99, 0.3)])
def test_alternating_offers(d1, d2):
    """Rubinstein: the first keeps (1 - d2) / (1 - d1 d2), also by bisection."""
    closed = alternating_offers((d1, d2))
    assert closed.first == pytest.approx((1 - d2) / (1 - d1 * d2))
    solved = alternating_offers((d1, d2), utilities=(lambda x: 2 * x, lambda x: 3 * x))
    assert solved.first == pytest.approx(closed.first, abs=1e-9)
    averse = alternating_offers((0.9, 0.9), utilities=(np.sqrt, lambda x: x))
    assert averse.residual <= 1e-9
    assert averse.first < alternating_offers((0.9, 0.9)).first
    with pytest.raises(UserError):
        alternating_offers((1.0, 0.5))


@pytest.mark.slow
def test_two_hundred_random_general_sum_games_are_proved():
    for seed in range(200):
        form = random_form(2 + seed % 2, 1 + seed % 4, seed, discount=0.5 + 0.4 * (seed % 5) / 4)
        assert coopsim.solve(form, "nash", method="markov-logit-homotopy").proved, seed


@pytest.mark.slow
def test_a_thousand_random_zero_sum_games_are_proved():
    for seed in range(1000):
        form = random_form(2, 1 + seed % 6, seed, discount=0.5 + 0.45 * (seed % 10) / 9,
                           zero_sum=True)  # fmt: skip
        assert coopsim.solve(form, "nash").proved, seed


def moving(stay: float, after: float, discount: float, others: float = 0.0) -> MarkovForm:
    """Stay and be paid `stay`, or move on for nothing to a state that pays `after` once."""
    first = np.array([[[stay], [0.0]], [[others], [0.0]]])
    second = np.array([[[after]], [[0.0]]])
    moves = [np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.array([[[1.0, 0.0]]])]
    return MarkovForm([first, second], moves, discount=discount)


STAY = (np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0]))


@pytest.mark.parametrize("unit", [1.0, 1e-13, 1e-15, 1e-30, 1e30])
def test_a_gain_counts_in_the_players_own_unit(unit):
    form = moving(unit, 3 * unit, 0.9)
    # staying pays 10; moving 0.9 * 3 + 0.81 * V = V, which is 2.7 / 0.19
    gain = (2.7 / 0.19 - 10) * unit
    proof = coopsim.solvers.certificate.certify("nash", form, STAY)
    assert proof.players[0] == pytest.approx(gain, rel=1e-9)
    assert not proof.holds(1e-8)
    solution = coopsim.solve(form, "nash")
    if solution.proved:  # of the two pure plans only moving on is an equilibrium
        np.testing.assert_allclose(solution.profile[0], [0, 1, 1], atol=1e-6)


@pytest.mark.parametrize("discount", [1 - 1e-9, 1 - 1e-7, 0.999])
def test_what_rounding_hides_counts_over_the_whole_future(discount):
    """With 2.000002 every second time against 1 always, moving on gains, however little a step."""
    form = moving(1.0, 2.000002 + 2 * (1 - discount), discount)
    d = discount
    gain = d * (2.000002 + 2 * (1 - d)) / (1 - d * d) - 1 / (1 - d)
    assert gain > 0
    proof = coopsim.solvers.certificate.certify("nash", form, STAY)
    assert proof.players[0] >= 0.9 * gain
    assert not proof.holds(1e-8)


def test_only_sums_that_are_constant_make_a_game_of_constant_sum():
    assert moving(1e-15, 3e-15, 0.9, others=-1e-15).constant_sum is None
    assert moving(1e-15, 3e-15, 0.9).constant_sum is None
    rewards = [np.array([[[1e-20, 2e-20]], [[2e-20, 1e-20]]])]
    constant = MarkovForm(rewards, [np.ones((1, 2, 1))], discount=0.9)
    assert constant.constant_sum == pytest.approx(3e-20)
