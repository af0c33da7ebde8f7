"""Certificates find what pays more, wherever it is, and claim no more than they looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from coopsim.arrays import Float
from coopsim.errors import CoopsimError
from coopsim.games.catalogue import make_game
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import certify
from coopsim.solvers.select import solve

Box = Callable[..., ContinuousForm]


def point(*values: float) -> tuple[Float, ...]:
    return tuple(np.array([value]) for value in values)


# -- regret --------------------------------------------------------------------------------


def spiked(box: Box, centre: float, width: float, height: float) -> ContinuousForm:
    """A quadratic game whose second player has a narrow spike at `centre`."""

    def payoffs(x: Float) -> Float:
        spike = height * np.maximum(0, 1 - np.abs(x[..., 1] - centre) / width)
        return np.stack([-((x[..., 0] - 0.3) ** 2), -((x[..., 1] - 0.6) ** 2) + spike], -1)

    return box(payoffs, [0, 0], [1, 1])


@pytest.mark.parametrize("seed", range(10))
def test_a_planted_spike_a_few_cells_wide_is_found(box: Box, seed: int) -> None:
    """A spike of two to four cells of the 2,049-point grid, anywhere, to its very top."""
    rng = np.random.default_rng(seed)
    centre, half = rng.uniform(0.01, 0.99), rng.uniform(1, 2) / 2048
    form = spiked(box, centre, half, 2.0)
    proof = certify("nash", form, point(0.3, 0.6))
    regret = 2.0 - (centre - 0.6) ** 2 - max(0.0, 2.0 * (1 - abs(centre - 0.6) / half))
    assert proof.players[0] == pytest.approx(0, abs=1e-12)
    assert proof.players[1] == pytest.approx(regret, abs=1e-6)
    assert proof.residual == max(proof.players)


def test_a_spike_is_found_beside_a_plateau_that_is_higher_on_the_grid(box: Box) -> None:
    """Half of the actions pay 1; a spike whose samples are below that reaches 1.2."""
    cell = 1 / 2048
    centre = 1500.5 * cell

    def payoffs(x: Float) -> Float:
        spike = 1.2 - 0.5 * np.abs(x - centre) / cell
        return np.where(x < 0.5, 1.0, np.maximum(spike, 0.5 - x / 10))

    form = box(lambda x: np.where(np.arange(2) == 0, payoffs(x), -x), [0, 0], [1, 1])
    # one step beside the plateau a lower value breaks it into one more peak on the left only
    assert certify("nash", form, point(0.25, 0.0)).residual == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_residual_is_the_true_regret(box: Box, seed: int) -> None:
    """Quadratic payoffs: half the curvature times the squared distance from the best response."""
    rng = np.random.default_rng(seed)
    steep, pull = rng.uniform(0.5, 4, 3), rng.uniform(-0.3, 0.3, (3, 3)) * (1 - np.eye(3))
    at = rng.uniform(1, 9, 3)
    form = box(lambda x: -0.5 * steep * (x - 5 - (x - 5) @ pull.T) ** 2, [0] * 3, [10] * 3)
    best = 5 + pull @ (at - 5)
    assert ((best > 0) & (best < 10)).all()
    proof = certify("nash", form, point(*at))
    assert proof.players == pytest.approx(0.5 * steep * (at - best) ** 2, abs=1e-11)
    assert not proof.exact
    assert proof.relative <= 1


@pytest.mark.parametrize("shift", [1e-3, -1e-3])
def test_a_perturbed_equilibrium_does_not_pass(shift: float) -> None:
    game = make_game("coopetition/samsung-sony")
    for concept in ("nash", "coopetitive", "social optimum"):
        solution = solve(game, concept)
        utility = "integrated" if concept == "coopetitive" else "private"
        form = game.form("continuous", utility=utility)
        problem = "optimum" if concept == "social optimum" else "nash"
        moved = (solution.profile[0] + shift, solution.profile[1])
        assert certify(problem, form, solution.profile).residual < 1e-10
        assert certify(problem, form, moved).residual > 1e-8


def test_joint_deviations_of_a_player_with_several_coordinates(box: Box) -> None:
    """Each coordinate alone is at its best; both together pay 1 more, at the other end."""

    def payoffs(x: Float) -> Float:
        near = 1 - x[..., 0] - x[..., 1]
        far = 2 - 5 * ((1 - x[..., 0]) + (1 - x[..., 1]))
        return np.stack([np.maximum(near, far), -x[..., 2]], -1)

    form = box(payoffs, [0] * 3, [1] * 3, owner=[0, 0, 1])
    stay = (np.zeros(2), np.zeros(1))
    for k in (0, 1):
        alone = np.zeros((101, 3))
        alone[:, k] = np.linspace(0, 1, 101)
        assert form.payoffs(alone)[:, 0].max() <= 1
    proof = certify("nash", form, stay)
    assert proof.players == pytest.approx((1.0, 0.0), abs=1e-6)
    assert not proof.complete


def test_bounds_and_fixed_coordinates(box: Box) -> None:
    form = box(lambda x: x * np.array([1.0, -1.0]), [0.2, 0], [0.2, 1])
    assert certify("nash", form, point(0.2, 0.0)).residual == 0
    assert certify("nash", form, point(0.2, 0.4)).residual == pytest.approx(0.4)
    assert certify("optimum", form, point(0.2, 0.4)).residual == pytest.approx(0.4)


def test_payoffs_that_are_no_numbers_certify_nothing(box: Box) -> None:
    form = box(lambda x: np.sqrt(x - 0.5), [0, 0], [1, 1])
    with np.errstate(invalid="ignore"), pytest.raises(CoopsimError, match="payoff of player 1"):
        certify("nash", form, point(0.6, 0.6))
    with np.errstate(invalid="ignore"), pytest.raises(CoopsimError, match="sum of payoffs"):
        certify("optimum", form, point(0.6, 0.6))


def test_forbidden_actions_may_pay_minus_infinity(box: Box) -> None:
    """A logarithm at 0 is never a best response."""
    form = box(lambda x: np.log(x) - x, [0, 0], [5, 5])
    with np.errstate(divide="ignore"):
        proof = certify("nash", form, point(1.0, 1.0))
    assert proof.residual < 1e-12
    assert np.isfinite(proof.relative)
    assert solve(form, "nash").actions == pytest.approx([1, 1])


def test_an_unknown_problem() -> None:
    with pytest.raises(ValueError, match="no certificate for the problem 'core'"):
        certify("core", NormalForm(np.zeros((2, 2, 2))), (np.array([1, 0]),) * 2)


# -- are these all? ------------------------------------------------------------------------


def test_one_equilibrium_of_a_supermodular_game_is_shown_to_be_alone() -> None:
    solution = solve(make_game("coopetition/samsung-sony"), "nash")
    assert solution.certificate is not None
    assert solution.certificate.complete
    assert "supermodular" in solution.certificate.checked_by
    assert solution.selection == "the only one"


def test_two_equilibria_are_never_complete(box: Box) -> None:
    """A coordination game: going along fully, or not at all."""
    form = box(lambda x: x * (x[..., ::-1] - 0.5), [0, 0], [1, 1], supermodular=True)
    for level in (0.0, 1.0):
        proof = certify("nash", form, point(level, level))
        assert proof.residual == 0
        assert not proof.complete


def test_an_equilibrium_of_the_indifferent_is_not_overlooked(box: Box) -> None:
    """At (1, 1) both are indifferent, so it is an equilibrium beside (0, 0): not complete.

    Only the highest of the best responses to the highest profile shows it.
    """
    form = box(lambda x: x * (x[..., ::-1] - 1), [0, 0], [1, 1], supermodular=True)
    proof = certify("nash", form, point(0.0, 0.0))
    assert proof.residual == 0
    assert certify("nash", form, point(1.0, 1.0)).residual == 0
    assert not proof.complete


def test_a_game_that_is_not_supermodular_is_never_complete(box: Box) -> None:
    form = box(lambda x: -((x - 0.5) ** 2), [0, 0], [1, 1])
    proof = certify("nash", form, point(0.5, 0.5))
    assert proof.residual == 0
    assert not proof.complete


def test_slow_best_responses_are_followed_to_the_end(box: Box) -> None:
    """Best responses come 4 % closer a round: still shown to be alone, and in a short time."""
    form = box(
        lambda x: -((x - 0.5 - 0.98 * (x[..., ::-1] - 0.5)) ** 2), [0, 0], [1, 1],
        supermodular=True,
    )  # fmt: skip
    assert certify("nash", form, point(0.5, 0.5)).complete


# -- shortfall -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_better_top_elsewhere_is_found(box: Box, seed: int) -> None:
    """A tower on 4 % of each side of the box, 0.5 above the hill that is certified."""
    corner = np.random.default_rng(seed).uniform(0, 0.96, 2)

    def payoffs(x: Float) -> Float:
        inside = ((x >= corner) & (x <= corner + 0.04)).all(-1)
        total = -((x - 0.5) ** 2).sum(-1) + np.where(inside, 1.5, 0.0)
        return np.repeat(0.5 * total[..., None], 2, -1)

    form = box(payoffs, [0, 0], [1, 1])
    proof = certify("optimum", form, point(0.5, 0.5))
    inside = bool(((corner <= 0.5) & (corner + 0.04 >= 0.5)).all())
    assert inside or proof.residual > 0.9
    assert proof.players == (proof.residual,)
    assert (proof.kind, proof.complete) == ("shortfall", False)


def test_the_shortfall_is_what_is_missing(box: Box) -> None:
    form = box(lambda x: -((x - 0.5) ** 2), [0, 0], [1, 1])
    assert certify("optimum", form, point(0.5, 0.5)).residual == 0
    assert certify("optimum", form, point(0.1, 0.6)).residual == pytest.approx(0.17)


# -- finite games --------------------------------------------------------------------------


def test_regret_in_a_table_by_hand() -> None:
    """Rock, paper, scissors: 1/2-1/2 on the first two loses 1/2 to paper."""
    win = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    form = NormalForm([win, -win])
    half, even = np.array([0.5, 0.5, 0]), np.full(3, 1 / 3)
    assert certify("nash", form, (even, even)).residual == pytest.approx(0, abs=1e-15)
    proof = certify("nash", form, (half, half))
    assert proof.players == pytest.approx((0.5, 0.5))
    assert proof.relative == pytest.approx(0.25)
    assert proof.exact
    assert not proof.complete


def test_regret_with_three_players_by_trying_every_action() -> None:
    rng = np.random.default_rng(5)
    form = NormalForm(rng.normal(size=(3, 2, 3, 4)))
    profile = tuple(rng.dirichlet(np.ones(size)) for size in form.shape)
    at = np.einsum("iabc,a,b,c->i", form.payoffs, *profile)
    letters = ("b,c->a", "a,c->b", "a,b->c")
    for i, formula in enumerate(letters):
        others = [part for j, part in enumerate(profile) if j != i]
        best = np.einsum(f"abc,{formula}", form.payoffs[i], *others).max()
        assert certify("nash", form, profile).players[i] == pytest.approx(max(0, best - at[i]))


def test_shortfall_in_a_table_by_hand() -> None:
    form = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    first, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert certify("optimum", form, (first, first)).residual == 0
    assert certify("optimum", form, (second, second)).residual == 4


# -- mass that is missing or below nothing ---------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "kind"),
    [("nash", "normal"), ("nash", "extensive"), ("correlated", "normal"),
     ("coarse correlated", "normal")],
)  # fmt: skip
def test_weights_below_nothing_hide_no_loss(problem: str, kind: str) -> None:
    """A weight of -9e-10 on an action that pays 1e9 less hides a regret of 0.9."""
    payoffs = np.zeros((2, 3, 1))
    payoffs[0, :, 0] = [1e9, 1e9 - 0.9, 0]
    table = NormalForm(payoffs)
    form = table if kind == "normal" else to_extensive(table)
    own = np.array([9e-10, 1.0, -9e-10])
    profile = (own, np.array([1.0])) if problem == "nash" else (own[:, None],)
    proof = certify(problem, form, profile)
    assert proof.residual >= 0.8
    assert not proof.holds(1e-8)


def test_what_is_right_up_to_rounding_is_charged_nothing() -> None:
    payoffs = np.zeros((2, 3, 1))
    payoffs[0, :, 0] = 1e9
    proof = certify("nash", NormalForm(payoffs), (np.array([0.1, 0.2, 0.7]), np.array([1.0])))
    assert proof.residual == 0
