"""Passes over trees, against ways that share no code with them: recursion and enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from coopsim import ExtensiveForm
from coopsim.arrays import Float
from coopsim.games.forms.convert import reduced_strategies
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.games.forms.tree.sampling import random_tree

SEEDS = range(15)


def tree_of(seed: int, **options: object) -> ExtensiveForm:
    rng = np.random.default_rng(seed)
    return random_tree(rng, players=1 + seed % 3, depth=5, **options)  # type: ignore[arg-type]


def random_profile(form: ExtensiveForm, rng: np.random.Generator, *batch: int) -> tuple[Float, ...]:
    """Random distributions at every information set, some actions without any weight."""
    parts = []
    for player in range(form.n):
        blocks = [np.zeros((*batch, 0))]
        for k in form.infosets.of(player):
            weights = rng.random((*batch, int(form.infosets.actions[k])))
            weights[..., 1:] *= rng.random(weights[..., 1:].shape) < 0.7
            blocks.append(weights / weights.sum(-1, keepdims=True))
        parts.append(np.concatenate(blocks, axis=-1))
    return tuple(parts)


def by_recursion(form: ExtensiveForm, profile: tuple[Float, ...], node: int = 0) -> Float:
    """The expected payoffs below a node."""
    tree = form.tree
    if tree.player[node] == form.n:
        return np.asarray(form.payoffs[tree.terminals.tolist().index(node)])
    total = np.zeros(form.n)
    for action in range(int(tree.children[node])):
        child = int(tree.first_child[node]) + action
        if tree.player[node] == CHANCE:
            weight = tree.probability[child]
        else:
            player, infoset = int(tree.player[node]), int(tree.infoset[node])
            start = form.infosets.offset[infoset] - form.infosets.part(player).start
            weight = profile[player][start + action]
        total = total + weight * by_recursion(form, profile, child)
    return total


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_payoffs_are_those_of_a_walk_down_the_tree(seed: int) -> None:
    form = tree_of(seed)
    profile = random_profile(form, np.random.default_rng(seed))
    assert np.allclose(form.expected(profile), by_recursion(form, profile), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_pure_strategy_earns_more_than_the_best_response(seed: int) -> None:
    """Every reduced strategy is tried; the response itself earns what it claims."""
    form = tree_of(seed)
    profile = random_profile(form, np.random.default_rng(seed))
    for player in range(form.n):
        value, response = form.best_response(player, profile)
        swapped = (*profile[:player], response, *profile[player + 1 :])
        assert form.expected(swapped)[player] == pytest.approx(float(value), abs=1e-12)
        plans = reduced_strategies(form.sequences[player])
        behave = passes.behave(form.sequences[player], plans.astype(float))
        tried = form.expected((*profile[:player], behave, *profile[player + 1 :]))[:, player]
        assert tried.max() == pytest.approx(float(value), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_and_variants_go_as_each_goes_alone(seed: int) -> None:
    form, rng = tree_of(seed), np.random.default_rng(seed)
    variants = form.with_payoffs(rng.normal(size=(4, *form.payoffs.shape)))
    batch = random_profile(form, rng, 3, 4)
    together, conv = variants.expected(batch), variants.nash_conv(batch)
    assert (together.shape, conv.shape) == ((3, 4, form.n), (3, 4))
    for i in range(3):
        for v in range(4):
            alone = tuple(part[i, v] for part in batch)
            one = variants.variant(v)
            assert np.allclose(together[i, v], one.expected(alone), atol=1e-12)
            assert conv[i, v] == pytest.approx(float(one.nash_conv(alone)), abs=1e-12)
    # one profile for all variants, and one part batched against others that are not
    assert variants.expected(form.uniform()).shape == (4, form.n)
    mixed = (batch[0][:, 0], *form.uniform()[1:])
    assert form.expected(mixed).shape == (3, form.n)


@pytest.mark.parametrize("seed", SEEDS)
def test_realisation_plans_and_behaviour_are_two_names_for_one_thing(seed: int) -> None:
    form = tree_of(seed)
    profile = random_profile(form, np.random.default_rng(seed))
    for own, part in zip(form.sequences, profile, strict=True):
        plan = passes.realise(own, part)
        for infoset in range(len(own.first)):
            moves = slice(int(own.first[infoset]), int(own.first[infoset] + own.actions[infoset]))
            assert plan[moves].sum() == pytest.approx(plan[own.parent[infoset]])
        assert np.allclose(passes.realise(own, passes.behave(own, plan)), plan, atol=1e-12)


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_payoffs_over_sequences_give_the_expected_payoffs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = random_tree(rng, players=2, depth=6)
    form = form.with_payoffs(rng.normal(size=(2, *form.payoffs.shape)))
    profile = random_profile(form, rng)
    x, y = (passes.realise(own, part) for own, part in zip(form.sequences, profile, strict=True))
    pairs = form.sequence_payoffs
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    assert np.array_equal(rows, pairs.rows)
    assert pairs.shape == (len(x), len(y))
    total = (x[pairs.rows] * y[pairs.indices]) @ pairs.values
    assert np.allclose(total, form.expected(profile), atol=1e-12)


def test_gains_are_zero_exactly_at_equilibria() -> None:
    """Matching pennies: even mixing is stable, any other profile is not."""
    from coopsim import TreeBuilder

    tree = TreeBuilder(["Ann", "Bob"])
    for i, node in enumerate(tree.decision(tree.root, "Ann", ["heads", "tails"])):
        same, other = tree.decision(node, "Bob", ["heads", "tails"], infoset="Bob's")
        sign = 1 if i == 0 else -1
        tree.terminal(same, [sign, -sign])
        tree.terminal(other, [-sign, sign])
    form = tree.build()
    assert form.nash_conv(form.uniform()) == 0
    assert form.nash_conv((np.array([0.75, 0.25]), np.array([0.5, 0.5]))) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="one array a player"):
        form.expected((np.array([0.5, 0.5]),))
    with pytest.raises(ValueError, match="entries along the last axis"):
        form.expected((np.array([0.5, 0.5]), np.array([1.0])))
