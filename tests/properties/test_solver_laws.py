"""Laws that hold for every game: units, names and irrelevant actions change no solution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coopsim.games.catalogue import make_game
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.certificate import certify
from coopsim.solvers.conformance.boxes import cournot, quadratic
from coopsim.solvers.conformance.trial import relabelled, rescaled
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solutions

QUICK = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SLOW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def tables(draw: st.DrawFn) -> NormalForm:
    """One to three players with one to three actions, and small integer payoffs with ties."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    payoffs = draw(arrays(np.int64, (len(shape), *shape), elements=st.integers(-3, 3)))
    return NormalForm(payoffs)


def chosen(solutions: Solutions) -> set[tuple[int, ...]]:
    return {tuple(int(part.argmax()) for part in item.profile) for item in solutions}


# -- finite games --------------------------------------------------------------------------


@given(tables(), st.sampled_from([0.01, 0.5, 8.0, 1000.0]), st.integers(-5, 5))
@QUICK
def test_units_of_payoff_change_no_equilibrium(form: NormalForm, scale: float, add: int) -> None:
    moved = rescaled(form, scale, np.full(form.n, float(add)))
    for concept in ("nash", "social optimum"):
        before, after = (solve(f, concept, all=True) for f in (form, moved))
        assert chosen(before) == chosen(after)
        assert before.complete is after.complete


@given(tables(), st.integers(0, 5))
@QUICK
def test_the_order_of_players_changes_no_equilibrium(form: NormalForm, seed: int) -> None:
    other, back = relabelled(form, np.random.default_rng(seed))
    for concept in ("nash", "social optimum"):
        after = solve(other, concept, all=True)
        returned = {tuple(int(part.argmax()) for part in back(item.profile)) for item in after}
        assert returned == chosen(solve(form, concept, all=True))


@given(tables(), st.data())
@QUICK
def test_a_dominated_action_changes_no_equilibrium(form: NormalForm, data: st.DataObject) -> None:
    """An action that always pays its player 1 less than another one is never played."""
    player = data.draw(st.integers(0, form.n - 1))
    worse = np.take(form.payoffs, [0], axis=player + 1)
    worse[player] -= 1
    larger = NormalForm(np.concatenate([form.payoffs, worse], axis=player + 1))
    assert chosen(solve(larger, "nash", all=True)) == chosen(solve(form, "nash", all=True))


@given(tables(), st.data())
@QUICK
def test_a_certificate_is_what_the_best_single_deviation_gains(
    form: NormalForm, data: st.DataObject
) -> None:
    """Pure profiles: by looking at each action; and 0 exactly at the equilibria found."""
    at = tuple(data.draw(st.integers(0, size - 1)) for size in form.shape)
    profile = tuple(np.eye(size)[a] for size, a in zip(form.shape, at, strict=True))
    regret = max(
        form.payoffs[(i, *at[:i], other, *at[i + 1 :])] - form.payoffs[(i, *at)]
        for i in range(form.n)
        for other in range(form.shape[i])
    )
    assert certify("nash", form, profile).residual == regret
    assert bool(regret == 0) is (at in chosen(solve(form, "nash", all=True)))


# -- continuous games ----------------------------------------------------------------------


@given(st.integers(0, 10**6), st.sampled_from([0.01, 3.0, 500.0]))
@SLOW
def test_units_of_payoff_change_no_continuous_equilibrium(seed: int, scale: float) -> None:
    """Actions stay, the residual is in the new unit."""
    trial = quadratic(np.random.default_rng(seed))
    moved = rescaled(trial.form, scale, np.full(trial.form.n, 7.0))
    before, after = solve(trial.form, "nash"), solve(moved, "nash", tol=1e-8 * max(scale, 1))
    assert after.proved
    assert after.actions == pytest.approx(before.actions, rel=1e-6, abs=1e-6)
    shifted = tuple(part + 0.01 * (part != 0) for part in before.profile)
    old, new = (certify("nash", form, shifted).residual for form in (trial.form, moved))
    assert new == pytest.approx(scale * old, rel=1e-6, abs=1e-9 * scale)


@given(st.integers(0, 10**6), st.sampled_from([quadratic, cournot]))
@SLOW
def test_the_order_of_players_changes_no_continuous_equilibrium(seed: int, family: object) -> None:
    rng = np.random.default_rng(seed)
    trial = family(rng)  # type: ignore[operator]
    other, back = relabelled(trial.form, rng)
    after = solve(other, "nash")
    for part, wanted in zip(back(after.profile), trial.known[0], strict=True):
        assert part == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@given(st.integers(2, 4), st.floats(0.1, 0.9), st.floats(15, 30), st.floats(0, 1))
@SLOW
def test_without_interdependence_integrated_utility_is_private(
    n: int, gamma: float, theta: float, trust: float
) -> None:
    game = make_game(
        "coopetition/stage", players=n, gamma=gamma, interdependence=0.0, trust=trust,
        value={"theta": theta},
    )  # fmt: skip
    nash = solve(game, "nash")
    for concept in ("coopetitive", "coopetitive with trust"):
        assert solve(game, concept).actions == pytest.approx(nash.actions, rel=1e-9)


@given(st.integers(2, 4), st.floats(0.1, 0.9), st.floats(0.05, 1))
@SLOW
def test_interdependence_and_trust_raise_contributions(n: int, gamma: float, d: float) -> None:
    """Complements: baseline <= Nash <= gated <= full interdependence <= optimum where D <= 1."""
    game = make_game("coopetition/stage", players=n, gamma=gamma, interdependence=d, trust=0.5)
    concepts = ("baseline", "nash", "coopetitive with trust", "coopetitive", "social optimum")
    levels = [float(solve(game, concept).actions.mean()) for concept in concepts]
    assert all(low <= high + 1e-7 for low, high in itertools.pairwise(levels))
