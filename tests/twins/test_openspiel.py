"""Trees against OpenSpiel's own evaluation of the same games."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import ExtensiveForm, TreeBuilder
from coopsim.errors import NoSuchForm, UnknownName, UserError
from coopsim.games.adapters.openspiel import from_openspiel, to_openspiel
from coopsim.games.forms.tree.sampling import random_tree

pytestmark = pytest.mark.twin
pyspiel = pytest.importorskip("pyspiel")

GOOFSPIEL = "goofspiel(num_cards={},imp_info=True,points_order=descending)"
GAMES = (
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "leduc_poker",
    "liars_dice(numdice=1,dice_sides=3)",
    GOOFSPIEL.format(3),
    GOOFSPIEL.format(4),
    "goofspiel(num_cards=3)",  # chance, and everything seen
    "tiny_hanabi",  # common payoffs
    "sheriff(num_rounds=1)",  # general sum
    "first_sealed_auction(max_value=3)",
    "blotto(coins=4)",  # simultaneous
    "matching_pennies_3p",
    "matrix_pd",
)
# nodes, information sets, payoff pairs; what the committed solver results were computed on
SIZES = {
    "kuhn_poker": (58, 12, 30),
    "leduc_poker": (9457, 936, 4920),
    "liars_dice(numdice=1,dice_sides=3)": (1147, 192, 567),
    GOOFSPIEL.format(3): (67, 16, 26),
    GOOFSPIEL.format(4): (1077, 162, 464),
}


def uniform_values(name: str) -> tuple[Any, float]:
    """OpenSpiel's expected payoffs and NashConv of the uniform policy."""
    from open_spiel.python import policy
    from open_spiel.python.algorithms import expected_game_score, exploitability

    game = pyspiel.load_game_as_turn_based(name)
    even = policy.UniformRandomPolicy(game)
    root = game.new_initial_state()
    values = expected_game_score.policy_value(root, [even] * game.num_players())
    return np.array(values), exploitability.nash_conv(game, even)


@pytest.mark.parametrize("name", GAMES)
def test_even_play_is_worth_and_loses_what_openspiel_says(name: str) -> None:
    form = from_openspiel(name)
    values, conv = uniform_values(name)
    assert np.allclose(form.expected(form.uniform()), values, atol=1e-12)
    assert float(form.nash_conv(form.uniform())) == pytest.approx(conv, abs=1e-12)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_those_of_the_literature(name: str) -> None:
    form = from_openspiel(name)
    pairs = form.sequence_payoffs
    assert (form.tree.size, len(form.infosets), len(pairs.indices)) == SIZES[name]


def test_random_policies_are_paid_alike() -> None:
    """Leduc under a random behaviour strategy, matched by the text of information states."""
    from open_spiel.python import policy
    from open_spiel.python.algorithms import expected_game_score

    form, game = from_openspiel("leduc_poker"), pyspiel.load_game("leduc_poker")
    rng = np.random.default_rng(0)
    table = policy.TabularPolicy(game)
    joined = np.zeros(int(form.infosets.offset[-1]))
    for infoset, label in enumerate(form.infosets.labels):
        shares = rng.dirichlet(np.ones(int(form.infosets.actions[infoset])))
        low, high = form.infosets.offset[infoset : infoset + 2]
        joined[low:high] = shares
        row = table.state_lookup[label]
        table.action_probability_array[row] = 0
        legal = np.flatnonzero(table.legal_actions_mask[row])
        table.action_probability_array[row, legal] = shares
    profile = tuple(joined[form.infosets.part(i)] for i in range(2))
    values = expected_game_score.policy_value(game.new_initial_state(), [table] * 2)
    assert np.allclose(form.expected(profile), values, atol=1e-12)


@pytest.mark.parametrize("name", ["kuhn_poker(players=3)", "sheriff(num_rounds=1)", "leduc_poker"])
def test_a_tree_comes_back_from_openspiel(name: str) -> None:
    same_game(from_openspiel(name))


@pytest.mark.parametrize("seed", range(10))
def test_openspiel_plays_our_random_trees(seed: int) -> None:
    """Chance in fractions, labels in no common order, quotes in names, up to three players."""
    same_game(random_tree(np.random.default_rng(seed), players=1 + seed % 3, depth=4))


def test_labels_in_different_orders_and_long_numbers_reach_openspiel() -> None:
    tree = TreeBuilder(['A "quoted"', "B"], title='a "title"')
    first, second = tree.decision(tree.root, 0, ["x", "y"])
    a, b = tree.decision(first, 1, ["y", "x"], infoset='say "hi"')
    c, d = tree.chance(second, {"r": Fraction(1, 10**12), "l": 1 - Fraction(1, 10**12)})
    for k, end in enumerate((a, b, c, d)):
        tree.terminal(end, [Fraction(10**20 * (k + 1), 3), k])
    same_game(tree.build())


def same_game(form: ExtensiveForm) -> None:
    """OpenSpiel's copy has the same shape, and pays even play and each path the same."""
    again = from_openspiel(to_openspiel(form))
    assert again.tree.size == form.tree.size
    assert len(again.infosets) == len(form.infosets)
    assert np.array_equal(again.tree.parent, form.tree.parent)
    assert np.array_equal(again.tree.player, form.tree.player)
    assert np.allclose(again.payoffs, form.payoffs, rtol=1e-12)
    assert np.allclose(again.tree.probability, form.tree.probability, atol=1e-12)


def test_games_without_a_tree_are_refused_with_the_reason() -> None:
    with pytest.raises(UnknownName, match="did you mean 'kuhn_poker'"):
        coopsim.from_openspiel("kuhn_pokr")
    with pytest.raises(UserError, match="more than 1,000 nodes"):
        coopsim.from_openspiel("tic_tac_toe", limit=1000)
    with pytest.raises(UserError, match="OpenSpiel refuses this game"):
        coopsim.from_openspiel("kuhn_poker(bogus=3)")
    with pytest.raises(NoSuchForm, match="mean-field"):
        coopsim.from_openspiel("mfg_crowd_modelling")
    with pytest.raises(NoSuchForm, match="sampled and not enumerated"):
        coopsim.from_openspiel("negotiation")
    with pytest.raises(NoSuchForm, match="names no information states"):
        coopsim.from_openspiel("hanabi")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "nodes"),
    [("liars_dice(numdice=1,dice_sides=6)", 294_883), (GOOFSPIEL.format(5), 26_931)],
)
def test_large_games_build_whole(name: str, nodes: int) -> None:
    form = from_openspiel(name)
    assert form.tree.size == nodes
    assert form.perfect_recall
