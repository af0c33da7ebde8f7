"""Conversions between forms lose nothing, or are refused with the reason."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from coopsim import NormalForm
from coopsim.errors import NoSuchForm
from coopsim.games.forms.convert import (
    reduced_strategies,
    strategy_count,
    to_behaviour,
    to_extensive,
    to_mixed,
    to_normal,
)
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.games.forms.variants import NormalVariants


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 4), (2, 3, 2)])
def test_a_matrix_comes_back_from_its_tree(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(-50, 50, (len(shape), *shape))
    form = NormalForm(numbers.astype(object) * Fraction(1, 7))
    tree = to_extensive(form)
    assert len(tree.infosets) == len(shape)
    back = to_normal(tree)
    assert isinstance(back, NormalForm)
    assert form.exact is not None
    assert back.exact is not None
    assert (back.exact == form.exact).all()
    assert (back.actions, back.players) == (form.actions, form.players)


@pytest.mark.parametrize("seed", range(12))
def test_trees_and_their_reduced_normal_forms_pay_the_same(seed: int) -> None:
    """For mixed strategies made of behaviour, and for behaviour made of mixed strategies."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, players=1 + seed % 3, depth=4)
    matrix = to_normal(tree)
    assert isinstance(matrix, NormalForm)
    assert matrix.shape == tuple(strategy_count(own) for own in tree.sequences)
    mixed = tuple(rng.dirichlet(np.ones(count)) for count in matrix.shape)
    behaviour = to_behaviour(tree, mixed)
    assert np.allclose(matrix.expected(mixed), tree.expected(behaviour), atol=1e-12)
    again = to_mixed(tree, behaviour)
    assert all(share.sum() == pytest.approx(1) for share in again)
    assert np.allclose(matrix.expected(again), tree.expected(behaviour), atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_exact_tables_are_the_sums_in_fractions(seed: int) -> None:
    tree = random_tree(np.random.default_rng(seed), depth=4, chance=0.5)
    matrix = to_normal(tree)
    assert isinstance(matrix, NormalForm)
    chance, paid = tree.tree.exact_chance_reach, tree.exact
    assert chance is not None
    assert paid is not None
    assert matrix.exact is not None
    plans = [reduced_strategies(own) for own in tree.sequences]
    for place in np.ndindex(*matrix.shape):
        comes = [
            z
            for z in range(len(chance))
            if all(plans[i][place[i], own.terminal[z]] for i, own in enumerate(tree.sequences))
        ]
        assert sum(chance[z] for z in comes) == 1
        for player in range(tree.n):
            total = sum(chance[z] * paid[z, player] for z in comes)
            assert matrix.exact[(player, *place)] == total


def test_numbers_too_large_for_floats_stay_exact() -> None:
    tree = random_tree(np.random.default_rng(1), depth=3)
    assert tree.exact is not None
    huge = tree.with_payoffs(tree.exact * 10**30 + Fraction(1, 3))
    matrix = to_normal(huge)
    assert isinstance(matrix, NormalForm)
    assert matrix.exact is not None
    assert all(value % 1 == Fraction(1, 3) for value in matrix.exact.ravel())


def test_variants_stay_variants() -> None:
    rng = np.random.default_rng(4)
    tree = random_tree(rng, depth=4)
    tree = tree.with_payoffs(rng.normal(size=(3, *tree.payoffs.shape)))
    matrices = to_normal(tree)
    assert isinstance(matrices, NormalVariants)
    alone = to_normal(tree.variant(2))
    assert np.allclose(matrices[2].payoffs, alone.payoffs, atol=1e-12)
    back = to_extensive(matrices)
    assert back.variants == 3
    mixed = tuple(rng.dirichlet(np.ones(count)) for count in matrices.shape)
    assert np.allclose(back.expected(mixed)[1], matrices[1].expected(mixed))


def test_labels_name_one_action_a_set_and_a_star_where_it_cannot_matter() -> None:
    from coopsim import TreeBuilder

    tree = TreeBuilder(["one"])
    left, right = tree.decision(tree.root, 0, ["left", "right"])
    tree.terminal(left, [0])
    for end in tree.decision(right, 0, ["up", "down"]):
        tree.terminal(end, [1])
    assert to_normal(tree.build()).actions == (("left / *", "right / up", "right / down"),)


def test_large_and_forgetful_trees_are_refused_with_the_reason() -> None:
    large = random_tree(np.random.default_rng(0), depth=9, end=0.0, chance=0.0)
    with pytest.raises(NoSuchForm, match=r"strategies, that is about 10\^\d+ payoffs"):
        to_normal(large)
    small = random_tree(np.random.default_rng(0), depth=3)
    with pytest.raises(NoSuchForm, match="at most 5 are built"):
        to_normal(small, limit=5)
    forgetful = next(
        tree
        for tree in (random_tree(np.random.default_rng(k), forgetful=True) for k in range(9))
        if not tree.perfect_recall
    )
    with pytest.raises(NoSuchForm, match="does not remember"):
        to_normal(forgetful)
