"""Sampled and regularised learning, growing tables and mediated play on trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.forms.convert import to_extensive, to_mixed, to_normal
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers import double_oracle, mirror_descent, sampled_cfr
from coopsim.solvers.action_values import action_values, others_reach
from coopsim.solvers.certificate import certify
from coopsim.solvers.sampled_response import learned_response
from coopsim.solvers.solution import Status

CATALOGUE = Path(__file__).parents[2] / "golden" / "catalogue"
KUHN = coopsim.make_game("classic/kuhn").form("extensive")


# -- values of actions ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_values_of_actions_add_up(seed: int) -> None:
    """Law: what the first own sets are worth, weighted by reach, is the expected payoff there."""
    rng = np.random.default_rng(seed)
    form = random_tree(rng, players=2, depth=5, chance=0.3)
    profile = tuple(
        np.concatenate([rng.dirichlet(np.ones(k)) for k in own.actions])
        if len(own.actions)
        else np.zeros(0)
        for own in form.sequences
    )
    for player, own in enumerate(form.sequences):
        worth, weight = action_values(form.tree, form.payoffs, profile, player)
        assert weight == pytest.approx(others_reach(form.tree, profile, player))
        begins = np.flatnonzero(own.parent == 0)
        inside = sum(
            weight[j] * (profile[player] * worth)[own.first[j] - 1 :][: own.actions[j]].sum()
            for j in begins
        )
        ends = own.terminal == 0  # what ends before the player has moved
        others = tuple(np.ones_like(p) if i == player else p for i, p in enumerate(profile))
        from coopsim.games.forms.tree.passes import reach

        before = reach(form.tree, others)[form.tree.terminals][ends]
        outside = float(before @ form.payoffs[ends, player])
        assert inside + outside == pytest.approx(form.expected(profile)[player])


# -- learning ------------------------------------------------------------------------------

METHODS: list[tuple[str, dict[str, Any], float]] = [
    ("external-sampling-cfr", {"iterations": 20_000}, 0.05),
    ("outcome-sampling-cfr", {"iterations": 50_000}, 0.15),
    ("magnetic-mirror-descent", {"iterations": 1500}, 1e-2),
    ("regularised-nash-dynamics", {"iterations": 1500}, 1e-2),
    ("double-oracle", {}, 1e-8),
    ("double-oracle", {"meta": "uniform"}, 1e-8),
    ("double-oracle", {"meta": "alpha-rank"}, 1e-8),
    ("double-oracle", {"meta": "replicator"}, 1e-8),
    ("double-oracle", {"response": "learned", "episodes": 5000}, 1e-8),
]


@pytest.mark.parametrize(("method", "options", "gap"), METHODS)
def test_kuhn_poker_is_approached(method: str, options: dict[str, Any], gap: float) -> None:
    solution = coopsim.solve(KUHN, "nash", method, **options)
    assert solution.certificate is not None
    assert solution.certificate.residual <= gap
    assert solution.values[0] == pytest.approx(-1 / 18, abs=gap)
    assert (solution.status is Status.BUDGET) == (solution.certificate.residual > 1e-8)


@pytest.mark.parametrize("solve", [sampled_cfr.solve_external, sampled_cfr.solve_outcome])
def test_a_seed_decides_what_is_sampled(solve: Any) -> None:
    """Law: the same seed gives the same profile, another seed another."""
    one, two, other = (solve(KUHN, iterations=500, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one.profiles[0], two.profiles[0], strict=True))
    assert not np.array_equal(one.profiles[0][0], other.profiles[0][0])


def test_three_players() -> None:
    """External sampling and a growing table take any number of players."""
    form = random_tree(np.random.default_rng(3), players=3, depth=4)
    for found in (sampled_cfr.solve_external(form, iterations=3000), double_oracle.solve(form)):
        assert form.nash_conv(found.profiles[0]) < 0.5


def test_a_deadline_is_kept() -> None:
    form = random_tree(np.random.default_rng(1), players=2, depth=7, zero_sum=True)
    for method in ("external-sampling-cfr", "magnetic-mirror-descent", "double-oracle"):
        solution = coopsim.solve(form, "nash", method, deadline=0.0)
        assert solution.profile
        assert solution.stats["seconds"] < 5


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("outcome-sampling-cfr", {"explore": 0.0}),
        ("external-sampling-cfr", {"iterations": 0}),
        ("magnetic-mirror-descent", {"temperature": -1.0}),
        ("regularised-nash-dynamics", {"step": float("nan")}),
        ("double-oracle", {"meta": "nsh"}),
        ("double-oracle", {"response": "guessed"}),
    ],
)
def test_options_out_of_range(method: str, options: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        coopsim.solve(KUHN, "nash", method, **options)


def test_two_players_and_recall_are_needed() -> None:
    three = random_tree(np.random.default_rng(0), players=3, depth=3)
    assert coopsim.solve(three, "nash", "regularised-nash-dynamics").status is Status.REFUSED
    forgets = coopsim.read(CATALOGUE / "journals/geb/gilboa1997/fig2.efg")
    for method, _, _ in METHODS:
        assert coopsim.solve(forgets, "nash", method).status is Status.REFUSED


def test_a_learned_response_comes_near_the_best() -> None:
    rng = np.random.default_rng(0)
    for player in range(2):
        learned = learned_response(KUHN, KUHN.uniform(), player, 20_000, rng)
        mixed = list(KUHN.uniform())
        mixed[player] = learned
        best = KUHN.best_response(player, KUHN.uniform())[0]
        assert KUHN.expected(mixed)[player] > best - 0.05
    assert mirror_descent is not None


# -- mediated play -------------------------------------------------------------------------


def test_the_signalling_game_of_von_stengel_and_forges() -> None:
    """A mediator helps where no correlated equilibrium of the normal form does (figure 1)."""
    form = coopsim.read(CATALOGUE / "journals/mor/vonstengelforges2008/fig1.efg")
    assert isinstance(form, ExtensiveForm)
    mediated = coopsim.solve(form, "efce")
    assert mediated.proved
    assert mediated.values.sum() == pytest.approx(10)
    assert coopsim.solve(to_normal(form), "correlated").values == pytest.approx([0, 6])


@pytest.mark.parametrize("seed", range(6))
def test_less_to_deviate_from_more_to_gain(seed: int) -> None:
    """Law: correlated equilibria are among extensive-form ones, those among coarse ones."""
    form = random_tree(np.random.default_rng(seed), players=2 + seed % 2, depth=4)
    table = to_normal(form)
    inner = coopsim.solve(table, "correlated")
    kinds = ("extensive-form correlated", "extensive-form coarse correlated")
    solved = [coopsim.solve(form, kind) for kind in kinds]
    assert all(item.proved for item in solved)
    sums = [item.values.sum() for item in (inner, *solved)]
    assert sums[0] <= sums[1] + 1e-8 <= sums[2] + 2e-8
    for kind in kinds:
        assert certify(kind, form, inner.profile).residual < 1e-8
    nash = coopsim.solve(form, "nash")
    if nash.form == "extensive":
        shares = to_mixed(form, nash.profile)
        joint = shares[0]
        for share in shares[1:]:
            joint = joint[..., None] * share
        assert certify(kinds[0], form, (joint,)).residual < 1e-8


def test_a_certificate_of_mediated_play_finds_deviations() -> None:
    """In the prisoner's dilemma nobody follows a recommendation to cooperate."""
    form = to_extensive(NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]]))
    joint = np.zeros((2, 2))
    joint[0, 0] = 1.0
    for kind in ("extensive-form correlated", "extensive-form coarse correlated"):
        assert certify(kind, form, (joint,)).players == pytest.approx((2, 2))


def test_objectives_of_a_mediator() -> None:
    form = to_extensive(NormalForm([[[6, 2], [7, 0]], [[6, 7], [2, 0]]]))  # chicken
    best = coopsim.solve(form, "efce").values.sum()
    worst = coopsim.solve(form, "efce", objective="min welfare").values.sum()
    fair = coopsim.solve(form, "efce", objective="max-min").values
    first = coopsim.solve(form, "efce", objective=0).values[0]
    assert best == pytest.approx(10.5)
    assert worst < best
    assert fair == pytest.approx([5.25, 5.25])
    assert first == pytest.approx(7)
    with pytest.raises(UserError, match="objective"):
        coopsim.solve(form, "efce", objective="wellfare")


def test_trees_with_too_many_plans_are_refused() -> None:
    form = random_tree(np.random.default_rng(7), players=3, depth=6)
    solution = coopsim.solve(form, "efce")
    assert solution.status is Status.REFUSED
    assert "reduced plans" in solution.sentence
