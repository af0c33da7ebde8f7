"""Trees: level order, information sets, sequences, perfect recall, errors of the builder."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from coopsim import ExtensiveForm, TreeBuilder
from coopsim.errors import NoSuchForm
from coopsim.games.forms.tree.arrays import CHANCE
from coopsim.games.forms.tree.sampling import random_tree


def absent_minded() -> ExtensiveForm:
    """Piccione and Rubinstein (1997): the driver does not know which exit this is."""
    tree = TreeBuilder(["driver"])
    out, on = tree.decision(tree.root, 0, ["exit", "stay"], infoset="exit?")
    tree.terminal(out, [0])
    out, on = tree.decision(on, 0, ["exit", "stay"], infoset="exit?")
    tree.terminal(out, [4])
    tree.terminal(on, [1])
    return tree.build()


@pytest.mark.parametrize("seed", range(20))
def test_arrays_are_in_level_order_and_agree_with_one_another(seed: int) -> None:
    form = random_tree(np.random.default_rng(seed), players=1 + seed % 4)
    tree = form.tree
    assert tree.parent[0] == -1
    assert (np.diff(tree.parent) >= 0).all()
    for node in range(tree.size):
        first, count = int(tree.first_child[node]), int(tree.children[node])
        below = np.flatnonzero(tree.parent == node)
        assert below.tolist() == (list(range(first, first + count)) if count else [])
        assert tree.action[below].tolist() == list(range(count))
        if tree.player[node] == CHANCE:
            assert tree.probability[below].sum() == pytest.approx(1, abs=1e-15)
    for depth in range(tree.depth + 1):
        nodes = range(*tree.level(depth).indices(tree.size))
        assert all(len(tree.path(node)) == depth for node in nodes)
    assert sorted(tree.preorder().tolist()) == list(range(tree.size))


@pytest.mark.parametrize("seed", range(20))
def test_sequences_name_the_own_moves_on_the_way(seed: int) -> None:
    form = random_tree(np.random.default_rng(100 + seed), players=2 + seed % 2, depth=6)
    tree, sets = form.tree, form.infosets
    for own in form.sequences:
        assert (own.before[1:] < np.arange(1, own.size)).all()
        first = sets.of(own.player).start
        for z, node in enumerate(tree.terminals.tolist()):
            # the moves read off the path, and read off the sequence from its end
            moves = [
                (int(tree.infoset[k]) - first, action)
                for k, action in tree.path(node)
                if tree.player[k] == own.player
            ]
            sequence, found = int(own.terminal[z]), []
            while sequence:
                infoset = int(own.owner[sequence])
                found.append((infoset, sequence - int(own.first[infoset])))
                sequence = int(own.before[sequence])
            assert found[::-1] == moves


def test_exact_probabilities_multiply_to_one_over_all_ends() -> None:
    form = random_tree(np.random.default_rng(3), chance=0.6, depth=6)
    exact = form.tree.exact_chance_reach
    assert exact is not None
    assert np.allclose(exact.astype(float), form.tree.chance_reach, rtol=1e-14)
    assert isinstance(exact[0], Fraction)


def test_absent_mindedness_and_forgotten_moves_are_imperfect_recall() -> None:
    form = absent_minded()
    assert not form.perfect_recall
    assert "'exit?'" in form.recall_problem
    assert "'stay' at 'exit?'" in form.recall_problem
    with pytest.raises(NoSuchForm, match="does not remember"):
        _ = form.sequences
    # behaviour strategies are paid all the same: staying with 2/3 is worth 4/3
    assert form.expected((np.array([1 / 3, 2 / 3]),)).tolist() == pytest.approx([4 / 3])
    forgetful = [
        random_tree(np.random.default_rng(seed), forgetful=True).perfect_recall
        for seed in range(10)
    ]
    assert not all(forgetful)


def test_deep_trees_need_no_recursion() -> None:
    tree = TreeBuilder(["one", "two"])
    node = tree.root
    for move in range(3000):
        take, node = tree.decision(node, move % 2, ["take", "pass"], infoset=move)
        tree.terminal(take, [move, -move])
    tree.terminal(node, [0, 0])
    form = tree.build()
    assert form.tree.depth == 3000
    assert form.best_response(0, form.uniform())[0] > 0


def test_a_tree_can_be_an_end_alone() -> None:
    tree = TreeBuilder(["one", "two"])
    tree.terminal(tree.root, [Fraction(1, 3), 2])
    form = tree.build()
    assert form.expected(form.uniform()).tolist() == [1 / 3, 2]
    assert form.nash_conv(form.uniform()) == 0


def test_payoffs_of_arrays_come_in_the_order_of_their_nodes() -> None:
    """Nodes in depth-first order, so that terminals are not in level order."""
    form = ExtensiveForm.from_arrays(
        ["one"], [-1, 0, 1, 1, 0], [0, 0, 1, 1, 1], [4, 2, -1, -1, -1], [[1], [2], [3]]
    )
    first, second = [1.0, 0.0], [0.0, 1.0]
    assert form.expected((np.array(first + first),)) == [1]
    assert form.expected((np.array(first + second),)) == [2]
    assert form.expected((np.array(second + first),)) == [3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": [-1, 0, 2]}, "before its children"),
        ({"player": [0, 1, 0]}, "decision nodes, and no others"),
        ({"player": [1, 1, 1], "infoset": [-1, -1, -1]}, "terminal and has children"),
        ({"infoset": [-1, -1, -1]}, "decision nodes"),
        ({"payoffs": [[1]]}, "2 terminal nodes"),
        ({"payoffs": [[np.inf], [1]]}, "finite"),
        ({"player": [-1, 1, 1], "infoset": [-1] * 3}, "no probabilities"),
        (
            {"player": [-1, 1, 1], "infoset": [-1] * 3, "probability": [1, 0.5, 0.4]},
            "sum to 0.9",
        ),
        ({"action_labels": [["only one"]]}, "2 actions and 1 labels"),
        ({"players": []}, "different names"),
    ],
)
def test_arrays_that_are_no_tree_are_refused(change: dict[str, object], message: str) -> None:
    given = {
        "players": ["one"],
        "parent": [-1, 0, 0],
        "player": [0, 1, 1],
        "infoset": [0, -1, -1],
        "payoffs": [[1], [2]],
    }
    with pytest.raises(ValueError, match=message):
        ExtensiveForm.from_arrays(**{**given, **change})  # type: ignore[arg-type]


def test_the_builder_says_what_is_wrong_and_where() -> None:
    tree = TreeBuilder(["Ann", "Bob"])
    left, right = tree.chance(tree.root, {"left": Fraction(1, 2), "right": Fraction(1, 2)})
    a, b = tree.decision(left, "Ann", ["x", "y"], infoset="I")
    with pytest.raises(ValueError, match="already settled"):
        tree.terminal(left, [0, 0])
    with pytest.raises(ValueError, match="has the actions x, y, not u"):
        tree.decision(right, "Ann", ["u"], infoset="I")
    with pytest.raises(ValueError, match="no player 'Cid'; there are: Ann, Bob"):
        tree.decision(right, "Cid", ["u"])
    tree.terminal(a, [1, 2])
    tree.terminal(b, [1])
    with pytest.raises(ValueError, match="nothing happens at the node after right"):
        tree.build()
    tree.terminal(right, [0, 0])
    with pytest.raises(ValueError, match="the node after left / y do not fit 2 players"):
        tree.build()


def test_profiles_are_named() -> None:
    form = random_tree(np.random.default_rng(5))
    named = form.named(form.uniform())
    assert list(named) == list(form.players)
    assert sum(len(own) for own in named.values()) == len(form.infosets)
