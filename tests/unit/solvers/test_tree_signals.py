"""Commitment with signals in trees: the program over joint plans against one over pure plans."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from coopsim.arrays import Float
from coopsim.games.catalogue import make_game
from coopsim.games.forms.convert import reduced_strategies, to_extensive
from coopsim.games.forms.extensive import ExtensiveForm, TreeBuilder
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree.pairs import pairs_of
from coopsim.solvers.certificates.tree_signals import commitment
from coopsim.solvers.check import check
from coopsim.solvers.select import solve


def random_tree(rng: np.random.Generator, depth: int, hidden: bool) -> ExtensiveForm:
    """Players in turn, two moves a node, payoffs from 0 to 5; no chance."""
    tree = TreeBuilder(["A", "B"])

    def grow(node: int, left: int, past: tuple[tuple[int, int], ...]) -> None:
        if left == 0:
            tree.terminal(node, rng.integers(0, 6, 2))
            return
        player = left % 2
        own = tuple(move for move in past if move[0] == player)
        seen = (left, own) if hidden else None
        for place, after in enumerate(tree.decision(node, player, ["left", "right"], seen)):
            grow(after, left - 1, (*past, (player, place)))

    grow(tree.root, depth, ())
    return tree.build()


def by_pure_plans(form: ExtensiveForm, leader: int) -> float:
    """The best distribution over pairs of pure plans that the follower obeys, move by move."""
    other = form.sequences[1 - leader]
    pairs = pairs_of(form.tree, form.payoffs, leader)
    mine, theirs = (
        reduced_strategies(form.sequences[k]).astype(float) for k in (leader, 1 - leader)
    )

    def paid(values: Float, plans: Float) -> Float:
        """What pairs of pure plans pay, `[K, K']`."""
        return np.asarray((mine[:, pairs.first] * values) @ plans[:, pairs.second].T)

    gain, stake = paid(pairs.own, theirs), paid(pairs.other, theirs)
    rows = []
    for told in range(1, other.size):
        infoset = int(other.owner[told])
        above = int(other.parent[infoset])
        below = np.zeros(other.size, dtype=bool)
        for move in range(1, other.size):
            below[move] = other.owner[move] == infoset or below[other.before[move]]
        knows = theirs[:, told] == 1
        for plan in theirs[theirs[:, above] == 1]:
            row = np.zeros(gain.shape)
            moved = np.where(below, plan, theirs[knows])
            row[:, knows] = paid(pairs.other, moved) - stake[:, knows]
            rows.append(row.ravel())
    found = linprog(
        -gain.ravel(),
        A_ub=np.array(rows),
        b_ub=np.zeros(len(rows)),
        A_eq=np.ones((1, gain.size)),
        b_eq=[1.0],
    )
    return -float(found.fun)


@pytest.mark.parametrize("seed", range(12))
def test_the_joint_plan_is_worth_what_pure_plans_are(seed: int) -> None:
    """Without chance joint plans describe all distributions over pairs of pure plans."""
    rng = np.random.default_rng(seed)
    form = random_tree(rng, 3 + seed % 2, hidden=seed % 3 == 0)
    for leader in (0, 1):
        solution = solve(form, "correlated commitment", leader=leader)
        assert solution.proved
        assert solution.certificate.relative <= 1e-12
        assert solution.details["bound_only"] is False
        assert solution.values[leader] == pytest.approx(by_pure_plans(form, leader), abs=1e-8)


def test_signals_pay_at_least_what_commitment_pays_and_sometimes_more() -> None:
    more = 0
    for seed in range(10):
        form = random_tree(np.random.default_rng(seed), 4, hidden=seed % 2 == 0)
        told, alone = (solve(form, concept) for concept in ("correlated commitment", "stackelberg"))
        assert told.values[0] >= alone.values[0] - 1e-8
        more += told.values[0] > alone.values[0] + 1e-3
    assert more >= 1


def test_laws_of_solvers() -> None:
    check("sefce-lp", games=4)


def test_chance_makes_it_a_bound() -> None:
    tree = TreeBuilder(["A", "B"])
    for place, node in enumerate(tree.chance(tree.root, [0.5, 0.5])):
        for other, after in enumerate(tree.decision(node, "A", ["left", "right"])):
            for last, end in enumerate(tree.decision(after, "B", ["up", "down"], "B")):
                tree.terminal(end, [2 * place + other - last, last * other - place])
    form = tree.build()
    solution = solve(form, "correlated commitment")
    assert solution.proved
    assert solution.details["bound_only"] is True
    assert "upper bound" in solve(form, "correlated commitment", all=True).sentence
    assert solution.values[0] >= solve(form, "stackelberg").values[0] - 1e-8


def test_the_certificate_sees_planted_mistakes() -> None:
    form = random_tree(np.random.default_rng(1), 4, hidden=False)
    good = solve(form, "correlated commitment")
    plan = np.array(good.profile[0])
    assert commitment(form, (plan,), good.details)[0].residual <= 1e-9
    assert commitment(form, (0.5 * plan,), good.details)[0].residual > 0.1
    worthless = {**good.details, "equal": [0.0] * len(good.details["equal"])}
    assert commitment(form, (plan,), worthless)[0].players[0] >= 0
    assert commitment(form, (plan,), {"equal": "x"})[0].residual >= 0
    even = np.outer(*(_realised(form, k) for k in (0, 1)))
    assert commitment(form, (even,), good.details)[0].players[1] > 0.1


def _realised(form: ExtensiveForm, player: int) -> Float:
    from coopsim.games.forms.tree.passes import realise

    return realise(form.sequences[player], form.uniform()[player])


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e30])
@pytest.mark.parametrize("paid", [0, 1])
def test_a_player_who_is_always_paid_the_same(offset, paid):
    """A constant payoff has no range to divide by, however large it is."""
    form = make_game("classic/prisoners-dilemma").form("normal")
    payoffs = form.payoffs.copy()
    payoffs[paid] = offset
    tree = to_extensive(NormalForm(payoffs))
    solution = solve(tree, "correlated commitment")
    assert solution.proved
    assert solution.details["value"] == pytest.approx(offset if paid == 0 else 5.0, rel=1e-9)
