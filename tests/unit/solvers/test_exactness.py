"""`exact` is said of what is shown without rounding, and of nothing else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.games.catalogue import make_game
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.answer import answer
from coopsim.solvers.certificate import certify
from coopsim.solvers.certificates.rational import gains_in_fractions, shares_of
from coopsim.solvers.certificates.rational_tree import MOST_NODES, gains_in_tree
from coopsim.solvers.concepts import Concept
from coopsim.solvers.solution import Found, Solution, Status

CASES = Path(__file__).parents[2] / "cases"
NASH = Concept("nash", "nash", "nobody gains by deviating alone")


def answered(form: Any, *profile: Any, tol: float = 1e-8) -> Solution:
    parts = tuple(np.asarray(part, dtype=float) for part in profile)
    return answer(form, NASH, "by hand", Found((parts,), "given"), {"tol": tol}, {})[0]


def earned(form: ExtensiveForm, profile: list[list[Fraction]], node: int = 0) -> list[Fraction]:
    """Expected payoffs by plain recursion, in fractions."""
    tree = form.tree
    if tree.children[node] == 0:
        end = int(np.flatnonzero(tree.terminals == node)[0])
        paid = form.payoffs if form.exact is None else form.exact
        return [Fraction(value) for value in paid[end].tolist()]
    total = [Fraction(0)] * form.n
    for action in range(int(tree.children[node])):
        child = int(tree.first_child[node]) + action
        if tree.player[node] < 0:
            assert tree.exact_probability is not None
            share = tree.exact_probability[child]
        else:
            own = int(tree.player[node])
            place = tree.infosets.offset[tree.infoset[node]] + action
            share = profile[own][int(place) - tree.infosets.part(own).start]
        if share:
            below = earned(form, profile, child)
            total = [t + share * b for t, b in zip(total, below, strict=True)]
    return total


# -- normal forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_mixtures_of_two_players_are_solved_for_in_fractions(seed: int) -> None:
    """Payoffs that are any floats: all actions used pay the same, to the last digit."""
    rng = np.random.default_rng(seed)
    form = NormalForm(rng.normal(size=(2, 3, 4)))
    found = coopsim.solve(form, "nash", "lemke-howson")
    assert found.status is Status.EXACT
    if "exact_profile" not in found.details:
        assert all(set(part.tolist()) == {0.0, 1.0} for part in found.profile)
        return
    x, y = ([Fraction(text) for text in own] for own in found.details["exact_profile"])
    assert sum(x) == sum(y) == 1
    A, B = ([[Fraction(v) for v in row] for row in own.tolist()] for own in form.payoffs)
    rows = [sum(a * b for a, b in zip(row, y, strict=True)) for row in A]
    columns = [sum(x[i] * B[i][j] for i in range(3)) for j in range(4)]
    for own, paid in ((x, rows), (y, columns)):
        assert {paid[k] for k, share in enumerate(own) if share} == {max(paid)}
    np.testing.assert_array_equal(found.profile[0], [float(share) for share in x])


def test_a_small_residual_in_floating_point_is_not_exact() -> None:
    """A thousandth of a millionth away from indifference: within the tolerance, and no more."""
    form = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    exact = answered(form, [0.5, 0.5], [0.5, 0.5])
    assert exact.status is Status.EXACT
    # far from the equilibrium in terms of rounding, near it in terms of the tolerance
    near = answered(form, [0.5 + 2e-6, 0.5 - 2e-6], [0.5, 0.5], tol=1e-5)
    assert near.status is Status.CONVERGED
    assert near.certificate is not None
    assert near.certificate.rational is False or near.certificate.residual > 0
    # a few digits of rounding away, the profile that it stands for is found and shown
    close = answered(form, [0.5 + 1e-13, 0.5 - 1e-13], [0.5, 0.5])
    assert close.status is Status.EXACT
    assert close.profile[0].tolist() == [0.5, 0.5]


def test_a_strict_gain_too_small_for_a_float_is_not_exact() -> None:
    """1e-200 times 1e-200 is 0 in floating point and a gain in fractions."""
    tiny = Fraction(1, 10**200)
    form = NormalForm(
        np.array([[[tiny * tiny, 1], [0, 1]], [[Fraction(1), 0], [0, Fraction(1)]]], dtype=object)
    )
    proof = certify("nash", form, (np.array([0.0, 1.0]), np.array([1.0, 0.0])))
    assert proof.players[0] > 0
    assert not proof.shown


def test_probabilities_that_are_no_fractions_are_converged() -> None:
    """Three volunteers: each stays away with probability 1 / sqrt(2) (Diekmann 1985)."""
    payoffs = np.zeros((3, 2, 2, 2))
    for cell in np.ndindex(2, 2, 2):
        for i in range(3):
            payoffs[(i, *cell)] = (1.0 if any(cell) else 0.0) - 0.5 * cell[i]
    stay = 1 / np.sqrt(2)
    found = answered(NormalForm(payoffs), *[[stay, 1 - stay]] * 3)
    assert found.status is Status.CONVERGED


def test_pure_profiles_of_large_games_are_exact_and_long_fractions_are_not_tried() -> None:
    rng = np.random.default_rng(3)
    payoffs = rng.normal(size=(2, 500, 500))
    payoffs[:, 7, 9] = 10.0
    form = NormalForm(payoffs)
    assert answered(form, np.eye(500)[7], np.eye(500)[9]).status is Status.EXACT
    even = tuple(np.full(500, 1 / 500) for _ in range(2))
    texts = [["1/500"] * 500] * 2
    shares = shares_of(even, texts)
    assert shares is not None
    assert gains_in_fractions(form, shares) is None  # 250,000 cells of 128 bits


def test_evidence_that_is_no_distribution_is_not_read() -> None:
    form = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    half = (np.array([0.5, 0.5]),) * 2
    for texts in ([["1/2", "1/2"], ["3/2", "-1/2"]], [["1", "1"]] * 2, "1/2", [[None]], [["1/0"]]):
        proof = certify("nash", form, half, {"exact_profile": texts})
        assert proof.shown  # by the floats themselves, which are fractions
    third = (np.array([1 / 3, 2 / 3]),) * 2
    assert not certify("nash", form, third, {"exact_profile": [["1/2", "1/2"]] * 2}).shown


@pytest.mark.parametrize("concept", ["correlated", "stackelberg"])
def test_an_optimum_of_a_linear_program_is_converged(concept: str) -> None:
    found = coopsim.solve(make_game("classic/chicken"), concept)
    assert found.status is Status.CONVERGED
    assert found.certificate is not None
    assert found.certificate.exact  # every deviation was looked at, in floating point
    assert not found.certificate.rational


def test_sums_are_compared_in_fractions() -> None:
    """0.1 + 0.2 and 0.3 + 0 are different floats; in fractions the two profiles tie."""
    tenth, three = Fraction(1, 10), Fraction(3, 10)
    form = NormalForm(np.array([[[tenth, three]], [[2 * tenth, Fraction(0)]]], dtype=object))
    items = coopsim.solve(form, "social optimum", all=True)
    assert [item.status for item in items] == [Status.EXACT] * 2


# -- trees -----------------------------------------------------------------------------------


def test_kuhn_poker_is_shown_in_fractions() -> None:
    """The value of the game is -1/18 (Kuhn 1950)."""
    game = make_game("classic/kuhn")
    found = coopsim.solve(game, "nash")
    assert found.status is Status.EXACT
    form = game.form("extensive")
    shares = [[Fraction(x) for x in part.tolist()] for part in found.profile]
    texts = found.details.get("exact_profile")
    shares = [[Fraction(x) for x in own] for own in texts] if texts else shares
    assert earned(form, shares) == [Fraction(-1, 18), Fraction(1, 18)]


def test_a_tree_with_a_hair_of_regret_is_not_exact() -> None:
    """A centipede of 100 moves whose first mover passes nine times in ten.

    Everybody is made indifferent by a rival who passes once in three, but for the last mover,
    who is reached once in some 3^98: the gain there is beyond all digits of a float.
    """
    form = coopsim.read(CASES / "centipede-100.efg")
    sets = [len(form.infosets.of(i)) for i in range(2)]
    assert answered(form, *(np.tile([1.0, 0.0], k) for k in sets)).status is Status.EXACT
    profile = [np.tile([2 / 3, 1 / 3], k) for k in sets]
    profile[0][:2] = 0.1, 0.9
    thirds = [["2/3", "1/3"] * k for k in sets]
    thirds[0][:2] = "1/10", "9/10"
    gains = gains_in_tree(form, tuple(profile), thirds)
    assert gains is not None
    assert 0 < max(gains) < Fraction(1, 10**40)
    proof = certify("nash", form, tuple(profile), {"exact_profile": thirds})
    assert proof.rational
    assert 0 < proof.residual < 1e-40
    assert answered(form, *profile).status is Status.CONVERGED


def test_best_responses_in_fractions_equal_those_in_floats() -> None:
    game = make_game("classic/kuhn").form("extensive")
    profile = game.uniform()
    gains = gains_in_tree(game, profile, None)
    floats = certify("nash", game, tuple(part + 0.0 for part in profile))
    assert gains is not None
    assert all(isinstance(gain, Fraction) for gain in gains)
    np.testing.assert_allclose([float(gain) for gain in gains], floats.players, atol=1e-12)
    plain = earned(game, [[Fraction(x) for x in part.tolist()] for part in profile])
    best = [game.best_response(i, profile)[0] for i in range(2)]
    np.testing.assert_allclose(
        [float(v + g) for v, g in zip(plain, gains, strict=True)], best, atol=1e-12
    )


def test_trees_beyond_the_limit_are_converged() -> None:
    leduc = make_game("classic/leduc")
    assert leduc.form("extensive").tree.size < MOST_NODES
    found = coopsim.solve(leduc, "nash")
    assert found.proved


def test_types_are_shown_through_the_tree() -> None:
    """Two types with a dominant action each."""
    payoffs = np.zeros((2, 2, 1, 2, 2))
    payoffs[0, 0, 0, 0] = payoffs[0, 1, 0, 1] = 1.0
    payoffs[1, ..., 1] = 1.0
    form = BayesianForm(payoffs, [[0.5], [0.5]])
    found = coopsim.solve(form, "nash")
    assert found.status is Status.EXACT
    assert found.profile[0].tolist() == [1, 0, 0, 1]


def test_a_solution_comes_back_from_its_plain_data() -> None:
    found = coopsim.solve(make_game("classic/bach-or-stravinsky"), "nash", all=True)
    for item in found:
        assert item.status is Status.EXACT
        assert Solution.from_dict(item.as_dict()) == item
    old = found[0].as_dict()
    for key in ("spans", "shared", "rational"):  # as written before these were known
        del old["certificate"][key]
    assert Solution.from_dict(old).proved


@pytest.mark.parametrize("text", ["1e1000000", "1e-1000000", "1E-1_000_000", "-1e-401"])
def test_a_huge_exponent_is_refused_before_it_is_computed(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten characters may stand for a million digits: such a text does not reach `Fraction`."""
    read: list[Any] = []

    class Watched(Fraction):
        def __new__(cls, *given: Any) -> Any:
            read.extend(given)
            return Fraction(*given)

    monkeypatch.setattr("coopsim.solvers.certificates.rational.Fraction", Watched)
    profile = (np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert shares_of(profile, [[text, "1"], ["1", "0"]]) == [[0, 1], [1, 0]]
    assert text not in read
    assert 0.0 in read  # the profile's own floats instead
