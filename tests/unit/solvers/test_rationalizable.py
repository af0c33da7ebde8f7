"""Iterated elimination: textbook games, laws, and evidence that is checked."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificates.rationalizable import surviving
from coopsim.solvers.rationalizable import solve

# Bernheim 1984, figure 1, in the form of Osborne and Rubinstein 1994, figure 57.1
BERNHEIM = NormalForm(
    [
        [[0, 2, 7, 0], [5, 3, 5, 0], [7, 2, 0, 0], [0, 0, 0, 10]],
        [[7, 5, 0, 1], [2, 3, 2, 1], [0, 5, 7, 1], [0, -2, 0, -1]],
    ]
)


def kept(form: NormalForm, **options: Any) -> list[list[int]]:
    found = solve(form, **options)
    proof, _ = surviving(form, found.profiles[0], found.details[0], **options)
    assert proof.residual <= 1e-9
    return found.details[0]["kept"]  # type: ignore[no-any-return]


def test_bernheims_game() -> None:
    """b4 goes to a mixture of b1 and b3, then a4; the other three of each stay."""
    assert kept(BERNHEIM) == [[0, 1, 2], [0, 1, 2]]
    answer = coopsim.solve(BERNHEIM, "rationalizable")
    assert answer.details["surviving"] == [["0", "1", "2"], ["0", "1", "2"]]
    first = answer.details["rounds"][0]
    assert [(item["player"], item["action"]) for item in first] == [(1, 3)]
    np.testing.assert_allclose(answer.profile[0], [1 / 3, 1 / 3, 1 / 3, 0])


@pytest.mark.parametrize("claims", [5, 12])
def test_traveller_s_dilemma_unravels(claims: int) -> None:
    """Basu 1994: only the lowest claim is rationalizable, one claim a round."""
    mine, theirs = np.meshgrid(*2 * [np.arange(2, claims + 1)], indexing="ij")
    row = np.minimum(mine, theirs) + 2 * np.sign(theirs - mine)
    form = NormalForm([row, row.T])
    assert kept(form, weak=True) == [[0], [0]]
    assert kept(form) == [[0], [0]]


def test_guessing_two_thirds_needs_weak_domination() -> None:
    """Nagel 1995 with three players: 1 is left where weakly dominated guesses go as well."""
    size = 8
    payoffs = np.zeros((3, size, size, size))
    for at in np.ndindex(size, size, size):
        away = np.abs(np.array(at) + 1 - 2 / 3 * (np.mean(at) + 1))
        win = away <= away.min() + 1e-9
        payoffs[(slice(None), *at)] = win / win.sum()
    assert kept(NormalForm(payoffs), weak=True) == [[0]] * 3


def test_domination_by_a_mixture_only() -> None:
    """The middle action is not dominated by either other one, only by both."""
    form = NormalForm([[[3, 0], [1, 1], [0, 3]], [[0, 0], [0, 0], [0, 0]]])
    assert kept(form) == [[0, 2], [0, 1]]
    # at 3/2 it is a best response to even odds
    edge = NormalForm([[[3, 0], [1.5, 1.5], [0, 3]], [[0, 0], [0, 0], [0, 0]]])
    assert kept(edge) == [[0, 1, 2], [0, 1]]


def test_fractions_are_decided_exactly() -> None:
    """A third of a third: the certificate repeats every step in fractions."""
    third = Fraction(1, 3)
    row = [[3 * third, 0], [third, third], [0, 3 * third]]
    exact = NormalForm(np.array([row, [[0, 0]] * 3], dtype=object))
    found = solve(exact)
    proof, _ = surviving(exact, found.profiles[0], found.details[0])
    assert found.details[0]["kept"] == [[0, 2], [0, 1]]
    assert proof.residual == 0
    assert "fractions" in proof.checked_by


def test_correlated_beliefs_keep_more_than_independent_ones() -> None:
    """Matching signals of the others: the third player's safe action stays under correlation.

    Osborne and Rubinstein 1994, figure 58.1 (matrix M2): it is a best response to a belief in
    half (U, L) and half (D, R), and to no product of beliefs.
    """
    tables = [[[8, 0], [0, 0]], [[4, 0], [0, 4]], [[0, 0], [0, 8]], [[3, 3], [3, 3]]]
    payoffs = np.moveaxis(np.array(tables, dtype=float), 0, 2)
    form = NormalForm([payoffs] * 3)
    assert kept(form)[2] == [0, 1, 2, 3]
    belief = np.array(solve(form).details[0]["beliefs"][2][1]).reshape(2, 2)
    paid = np.tensordot(belief, payoffs, 2)
    assert paid[1] == pytest.approx(paid.max())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_equilibria_live_on_what_survives(seed: int, whole: bool) -> None:
    """No Nash equilibrium plays an eliminated action; weak survivors survive strictly."""
    rng = np.random.default_rng(seed)
    size = (2, int(rng.integers(2, 6)), int(rng.integers(2, 6)))
    form = NormalForm(rng.integers(0, 5, size) if whole else rng.normal(size=size))
    left, less = kept(form), kept(form, weak=True)
    for strict, weak in zip(left, less, strict=True):
        assert set(weak) <= set(strict)
    for nash in coopsim.solve(form, "nash", all=True):
        for part, own in zip(nash.profile, left, strict=True):
            assert set(np.flatnonzero(part > 1e-7)) <= set(own)
    told = coopsim.solve(form, "ce").profile[0]
    outside = np.ones(form.shape, dtype=bool)
    outside[np.ix_(*left)] = False
    assert told[outside].sum() <= 1e-7


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-10, 10))
def test_units_and_order_do_not_matter(seed: int, scale: float, shift: float) -> None:
    """Affine payoffs and reordered actions keep the same actions."""
    rng = np.random.default_rng(seed)
    form = NormalForm(rng.integers(0, 4, (3, 3, 2, 3)))
    left = kept(form)
    assert kept(NormalForm(scale * form.payoffs + shift)) == left
    orders = [rng.permutation(size) for size in form.shape]
    moved = kept(NormalForm(form.payoffs[np.ix_(range(3), *orders)]))
    back = [sorted(int(order[a]) for a in own) for order, own in zip(orders, moved, strict=True)]
    assert back == left


def test_wrong_evidence_is_not_believed() -> None:
    """A missing or false elimination, and a false belief, are the size of the payoffs."""
    found = solve(BERNHEIM)
    good, details = found.profiles[0], found.details[0]
    everything = tuple(np.full(4, 0.25) for _ in range(2))
    false = {"player": 0, "action": 0, "mixture": [0, 1, 0, 0]}
    cases = [
        (everything, details),
        (good, {**details, "rounds": []}),
        (good, {**details, "beliefs": None}),
        (good, {**details, "rounds": [[false], *details["rounds"]]}),
        (good, {**details, "beliefs": [[[0.0, 0.0, 1.0]] * 3, [[1.0, 0.0, 0.0]] * 3]}),
    ]
    for profile, evidence in cases:
        assert surviving(BERNHEIM, profile, evidence)[0].residual > 1


def test_what_does_not_fit_is_refused_and_deadlines_are_kept() -> None:
    """Too large with the size; at a deadline of 0 nothing is claimed."""
    with pytest.raises(NoSuchForm, match="2,250,000"):
        solve(NormalForm(np.zeros((2, 1500, 1500))))
    found = solve(BERNHEIM, deadline=0.0)
    assert not found.finished
    assert not found.exhaustive
    proof, _ = surviving(BERNHEIM, found.profiles[0], found.details[0])
    assert proof.residual > 1


@pytest.mark.twin
def test_pygambit_eliminates_the_same(tmp_path: Path) -> None:
    """Gambit's iterated strict domination by pure actions keeps at least these."""
    gambit = pytest.importorskip("pygambit")
    for seed in range(15):
        rng = np.random.default_rng(seed)
        table = rng.integers(0, 6, (2, 4, 4))
        left = kept(NormalForm(table))
        path = tmp_path / "game.nfg"
        coopsim.write(NormalForm(table), path)
        game = gambit.read_nfg(str(path))
        profile = game.strategy_support_profile()
        while True:
            smaller = gambit.supports.undominated_strategies_solve(profile, strict=True)
            if smaller == profile:
                break
            profile = smaller
        for player, own in zip(game.players, left, strict=True):
            there = {str(getattr(label, "label", label)) for label in profile[player]}
            assert {str(action) for action in own} <= there


@pytest.mark.slow
def test_many_random_games() -> None:
    """1,000 games with ties: every elimination and belief holds."""
    rng = np.random.default_rng(0)
    for _, weak in itertools.product(range(500), (False, True)):
        shape = tuple(rng.integers(1, 6, rng.integers(2, 4)).tolist())
        kept(NormalForm(rng.integers(0, 4, (len(shape), *shape))), weak=weak)


RUBBISH: list[Any] = [
    {}, [], "x", 5, float("nan"), [[{}]], [[1]], [1], [[None]], {"a": 1}, [[["a"]]],
    [[float("inf")] * 2] * 2, [[10**400, 0], [1, 0]], [[[1, 0], [0, 1]], [[0]]],
    [[{"player": 9, "action": 0, "mixture": [1, 0]}]],
    [[{"player": 0, "action": -9, "mixture": [1, 0]}]],
    [[{"player": 0, "action": 0, "mixture": "ab"}]],
    [[{"player": 0, "action": 0, "mixture": [float("nan"), 1]}]],
    [[{"player": 0, "action": a, "mixture": [0, 1]} for a in (0, 1)]],
]  # fmt: skip


@pytest.mark.parametrize("given", RUBBISH, ids=repr)
@pytest.mark.parametrize(
    ("concept", "key"),
    [("rationalizable", "rounds"), ("rationalizable", "beliefs"), ("alpha-rank", "log_weights")],
)
def test_evidence_of_another_shape_shows_nothing(concept: str, key: str, given: Any) -> None:
    """A prisoner's dilemma: the first action of each goes, and what is said of it is rubbish."""
    form = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    solution = coopsim.solve(form, concept)
    assert solution.proved
    changed = dataclasses.replace(solution, details={**solution.details, key: given})
    assert not changed.verify(form).holds(1e-8)
