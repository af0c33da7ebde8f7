"""Players paid in different units: each gain is judged by the own range, nothing else is proved.

Every proved answer is refuted or confirmed here in fractions, player by player.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.arrays import Float
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.payoffs import LARGEST
from coopsim.solvers.answer import answer
from coopsim.solvers.certificate import certify
from coopsim.solvers.concepts import Concept
from coopsim.solvers.scaling import rescaled
from coopsim.solvers.solution import Found, Solution, Status

CASES = Path(__file__).parents[2] / "cases"
NASH = Concept("nash", "nash", "nobody gains by deviating alone")
TOL = 1e-8
ROUNDING = Fraction(1, 10**12)  # of a player's own range

FOR_TWO = ["lemke-howson", "vertex-enumeration", "support-enumeration", "small-bimatrix"]
FOR_MORE = [
    "iterated-polymatrix",
    "logit-homotopy",
    "simplicial-subdivision",
    "global-newton",
    "support-polynomials",
]


def gains(form: NormalForm, profile: tuple[Float, ...]) -> list[Fraction]:
    """What each player gains by its best action, every float read as the fraction that it is."""
    shares = [[Fraction(x) for x in part.tolist()] for part in profile]
    paid: list[list[Fraction]] = []
    for i in range(form.n):
        own = [Fraction(0)] * form.shape[i]
        for cell in np.ndindex(*form.shape):
            weight = Fraction(1)
            for j, a in enumerate(cell):
                if j != i:
                    weight *= shares[j][a]
            own[cell[i]] += weight * Fraction(float(form.payoffs[(i, *cell)]))
        paid.append(own)
    return [
        max(own) - sum(s * u for s, u in zip(part, own, strict=True))
        for own, part in zip(paid, shares, strict=True)
    ]


def spans(form: NormalForm) -> list[Fraction]:
    return [Fraction(float(own.max())) - Fraction(float(own.min())) for own in form.payoffs]


def refuted(form: NormalForm, item: Solution, tol: float = TOL) -> bool:
    """Whether fractions say that a player gains more than was said, in that player's range."""
    found = gains(form, item.profile)
    if item.status is Status.EXACT and "exact_profile" not in item.details:
        return any(gain > 0 for gain in found)
    # a few digits are left to the rounding of the profile itself
    allowed = [max(Fraction(tol), 4 * ROUNDING * span) for span in spans(form)]
    return any(gain > most for gain, most in zip(found, allowed, strict=True))


def mixed(seed: int, shape: tuple[int, ...], scales: list[float]) -> NormalForm:
    """Small whole numbers, each player's multiplied by its scale."""
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-3, 4, (len(shape), *shape)).astype(float)
    return NormalForm(payoffs * np.array(scales).reshape(-1, *[1] * len(shape)))


def test_a_gain_is_judged_by_the_players_own_range() -> None:
    """An own regret of 4 on payoffs of -3 to 3, beside payoffs of 1e16 to another."""
    form = coopsim.read(CASES / "mixed-units.nfg")
    pure = [tuple(np.eye(k)[a] for k, a in zip(form.shape, cell, strict=True))
            for cell in np.ndindex(*form.shape)]  # fmt: skip
    profile = next(each for each in pure if gains(form, each)[0] == 4)
    proof = certify("nash", form, profile)
    assert proof.players[0] == 4
    assert proof.spans[0] == 6
    assert not proof.holds(TOL)
    (item,) = answer(form, NASH, "by hand", Found((profile,), "given"), {"tol": TOL}, {})
    assert not item.proved


@pytest.mark.parametrize("method", [None, *FOR_MORE])
def test_the_game_in_three_units_is_solved(method: str | None) -> None:
    form = coopsim.read(CASES / "mixed-units.nfg")
    found = coopsim.solve(form, "nash", method)
    assert found.proved
    assert not refuted(form, found)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.sampled_from([(2, 2), (2, 3), (3, 3), (2, 2, 2), (2, 2, 3)]),
    powers=st.lists(st.integers(-12, 16), min_size=3, max_size=3),
)
def test_nothing_is_proved_that_fractions_refute(
    seed: int, shape: tuple[int, ...], powers: list[int]
) -> None:
    form = mixed(seed, shape, [10.0**p for p in powers[: len(shape)]])
    items = coopsim.solve(form, "nash", all=True)
    assert items[0].proved
    for item in items:
        assert not (item.proved and refuted(form, item))


@pytest.mark.parametrize("scales", [[1.0, 1e16, 1.0], [1e-12, 1.0, 1.0], [1e-9, 1.0, 1e16]])
@pytest.mark.parametrize("method", FOR_MORE)
def test_methods_for_more_players_work_in_any_units(method: str, scales: list[float]) -> None:
    """What is solved in one unit is solved in any other, to the same precision of each range."""
    for seed in range(6):
        plain, form = mixed(seed, (2, 3, 2), [1.0] * 3), mixed(seed, (2, 3, 2), scales)
        before, after = (coopsim.solve(game, "nash", method) for game in (plain, form))
        if before.proved:
            assert after.proved, (seed, after.sentence)
            assert not refuted(form, after)


@pytest.mark.parametrize("scale", [1e-12, 1e16, 1e90])
@pytest.mark.parametrize("method", FOR_TWO)
def test_methods_for_two_players_work_in_any_units(method: str, scale: float) -> None:
    for seed in range(10):
        plain, form = mixed(seed, (3, 3), [1.0, 1.0]), mixed(seed, (3, 3), [1.0, scale])
        before, after = (coopsim.solve(game, "nash", method, all=True) for game in (plain, form))
        proved = [item for item in after if item.proved]
        assert len(proved) == len([item for item in before if item.proved])
        assert not any(refuted(form, item) for item in proved)


def test_values_and_fractions_come_back_in_the_games_own_units() -> None:
    """Exact values are payoffs: of the game that was asked about, not of the one pivoted on."""
    form = NormalForm([[[2, 0], [0, 1]], [[10**12, 0], [0, 2 * 10**12]]])
    for item in coopsim.solve(form, "nash", "vertex-enumeration", all=True, exact=True):
        assert item.status is Status.EXACT
        values = [float(Fraction(text)) for text in item.details["exact_values"]]
        np.testing.assert_allclose(item.values, values, rtol=1e-15)


@given(power=st.integers(-95, 95), seed=st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_rescaling_moves_no_comparison(power: int, seed: int) -> None:
    """Factors are powers of two: signs of all differences of payoffs stay what they are."""
    form = mixed(seed, (3, 2), [1.0, 10.0**power])
    other = rescaled("nash", form).form
    for one, two in zip(form.payoffs, other.payoffs, strict=True):
        before = np.sign(one.ravel()[:, None] - one.ravel())
        np.testing.assert_array_equal(before, np.sign(two.ravel()[:, None] - two.ravel()))
    assert max(np.ptp(own) for own in other.payoffs) >= 0.5 or not np.ptp(form.payoffs)


def test_what_compares_payoffs_of_players_keeps_its_units() -> None:
    form = mixed(1, (3, 3), [1.0, 1e9])
    assert rescaled("optimum", form).form is form
    assert rescaled("quantal response", form).form is form
    assert rescaled("nash", mixed(1, (3, 3), [1.0, 50.0])).powers == (0, 0)


def test_the_largest_payoffs_that_forms_take_are_ranked_by_their_sums() -> None:
    form = NormalForm([[[LARGEST, 0], [0, LARGEST]]] * 2)
    items = coopsim.solve(form, "nash", all=True)
    assert [item.status for item in items] == [Status.EXACT] * len(items)
    assert items[0].values.tolist() == [LARGEST, LARGEST]
    assert coopsim.solve(form, "social optimum").values.tolist() == [LARGEST, LARGEST]


def test_a_batch_is_judged_player_by_player() -> None:
    """A gain of 1 on payoffs of 1 is none beside 1e16 in one comparison for both."""
    payoffs = np.array([[[[1.0, 0.0], [0.0, 1.0]], [[1e16, 0.0], [0.0, 1e16]]]])
    batch = coopsim.solve(NormalForm.variants(payoffs), "nash", all=True)
    assert batch.proved.all()
    tiny = coopsim.solve(NormalForm.variants(payoffs * 1e-30), "nash", "small-bimatrix")
    for v, items in enumerate(tiny):
        assert tiny.proved[v] == all(item.proved for item in items)
