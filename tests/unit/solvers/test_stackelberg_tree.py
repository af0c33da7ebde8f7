"""Commitment in game trees: the program over sequences, the reduced matrix, and signals."""

from __future__ import annotations

import numpy as np
import pytest

from coopsim.games.forms.convert import to_normal
from coopsim.games.forms.extensive import ExtensiveForm, TreeBuilder
from coopsim.solvers.certificates.tree_commitment import stackelberg
from coopsim.solvers.check import check
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Status


def random_tree(rng: np.random.Generator, depth: int, *, chance: float = 0.2) -> ExtensiveForm:
    """Two moves a node, some of them chance's; half of the trees hide the others' moves."""
    tree, hidden, whole = TreeBuilder(["A", "B"]), rng.random() < 0.5, rng.random() < 0.5

    def grow(node: int, left: int, past: tuple[tuple[int, int, int], ...]) -> None:
        if left == 0 or (left < depth and rng.random() < 0.1):
            tree.terminal(node, rng.integers(0, 5, 2) if whole else rng.normal(size=2))
            return
        if rng.random() < chance:
            for place, after in enumerate(tree.chance(node, [0.25, 0.75])):
                grow(after, left - 1, (*past, (-1, place, left)))
            return
        player = int(rng.integers(2))
        own = tuple(move for move in past if move[0] == player)
        seen = (left, own) if hidden else None
        for place, after in enumerate(tree.decision(node, player, ["left", "right"], seen)):
            grow(after, left - 1, (*past, (player, place, left)))

    grow(tree.root, depth, ())
    return tree.build()


def forgetful() -> ExtensiveForm:
    """One player moves twice and does not remember the first move."""
    tree = TreeBuilder(["A", "B"])
    for place, node in enumerate(tree.decision(tree.root, "A", ["left", "right"], "first")):
        for other, after in enumerate(tree.decision(node, "A", ["left", "right"], "second")):
            ends = tree.decision(after, "B", ["up", "down"], "B")
            for last, end in enumerate(ends):
                tree.terminal(end, [place + other, last])
    return tree.build()


def test_laws_of_solvers() -> None:
    check("sequence-milp", games=4)


@pytest.mark.parametrize("seed", range(12))
def test_the_program_and_the_reduced_matrix_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = random_tree(rng, int(rng.integers(2, 5)))
    for leader in (0, 1):
        tree = solve(form, "stackelberg", "sequence-milp", leader=leader)
        matrix = solve(to_normal(form), "stackelberg", leader=leader)
        assert tree.proved
        assert tree.certificate.relative <= 1e-12
        assert tree.values[leader] == pytest.approx(matrix.values[leader], abs=1e-9)
        assert tree.verify(form).residual <= 1e-9
        np.testing.assert_allclose(form.expected(tree.profile), tree.values)


def test_commitment_to_a_threat_that_is_not_credible() -> None:
    """Entry: the incumbent who can commit to fight keeps the entrant out, and gets 2, not 1."""
    tree = TreeBuilder(["entrant", "incumbent"])
    stay, enter = tree.decision(tree.root, "entrant", ["stay out", "enter"])
    tree.terminal(stay, [0, 2])
    fight, share = tree.decision(enter, "incumbent", ["fight", "share"])
    tree.terminal(fight, [-1, 0])
    tree.terminal(share, [1, 1])
    solution = solve(tree.build(), "stackelberg", leader="incumbent")
    assert solution.method == "sequence-milp"
    assert solution.values == pytest.approx([0, 2])
    assert solution.profile[1][0] >= 0.5 - 1e-12  # fighting half the time is enough


def test_commitment_to_a_mixture_at_one_node() -> None:
    """A threat that costs the leader is used no more than needed.

    The follower takes 1 or trusts; the leader then gives it 3 of 4 or nothing. Trusting is
    worth 1 where a third is given: the leader gets 4 - 3 / 3 = 3.
    """
    tree = TreeBuilder(["leader", "follower"])
    take, trust = tree.decision(tree.root, "follower", ["take", "trust"])
    tree.terminal(take, [0, 1])
    give, keep = tree.decision(trust, "leader", ["give", "keep"])
    tree.terminal(give, [1, 3])
    tree.terminal(keep, [4, 0])
    solution = solve(tree.build(), "stackelberg")
    assert solution.values == pytest.approx([3, 1])
    assert solution.profile[0] == pytest.approx([1 / 3, 2 / 3])
    assert solution.profile[1] == pytest.approx([0, 1])


def test_what_is_refused_and_why() -> None:
    solution = solve(forgetful(), "stackelberg", leader="B")
    assert solution.status is Status.REFUSED
    assert "does not remember" in solution.sentence
    named = solve(forgetful(), "stackelberg", "sequence-milp", leader="B")
    assert named.status is Status.REFUSED
    assert "does not remember" in named.sentence
    form = random_tree(np.random.default_rng(0), 3)
    assert solve(form, "stackelberg", "sequence-milp", ties="weak").status is Status.REFUSED
    variants = form.with_payoffs(np.stack([form.payoffs, form.payoffs]))
    assert "variant" in solve(variants, "stackelberg", "sequence-milp").sentence


def test_the_certificate_sees_planted_mistakes() -> None:
    rng = np.random.default_rng(3)
    seen = 0
    for _ in range(5):
        form = random_tree(rng, 3)
        good = solve(form, "stackelberg")
        even = stackelberg(form, form.uniform(), {})[0]
        assert good.proved
        expected = form.expected(form.uniform())
        if expected[0] < good.values[0] - 0.01:
            assert even.players[0] >= good.values[0] - expected[0] - 1e-9
            seen += 1
    assert seen >= 2


def test_out_of_time_gives_an_open_answer() -> None:
    form = random_tree(np.random.default_rng(5), 6)
    solution = solve(form, "stackelberg", "sequence-milp", deadline=0.0)
    assert solution.profile
    assert solution.proved or solution.status is Status.BUDGET


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_random_trees() -> None:
    rng = np.random.default_rng(11)
    for place in range(1000):
        form = random_tree(rng, int(rng.integers(2, 6)))
        solution = solve(form, "stackelberg", leader=place % 2)
        assert solution.proved, (place, solution)
