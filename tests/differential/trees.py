"""Oracles of game trees with perfect recall: best responses by recursion over histories."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from coopsim.games.forms.convert import reduced_strategies
from tests.differential.claims import (
    NEAR,
    Refutations,
    allowed,
    distributions,
    values_differ,
)
from tests.differential.matrix import commitment_value
from tests.differential.rational import ONE, ZERO, Row, exact


class Game:
    """A tree in fractions."""

    def __init__(self, form: Any) -> None:
        tree, self.n = form.tree, form.n
        self.kids = [
            list(range(first, first + count)) if count else []
            for first, count in zip(tree.first_child.tolist(), tree.children.tolist(), strict=True)
        ]
        self.mover, self.infoset = tree.player.tolist(), tree.infoset.tolist()
        self.edge = tree.edge.tolist()
        chance = tree.exact_probability
        self.chance = [
            Fraction(tree.probability[k]) if chance is None or chance[k] is None else chance[k]
            for k in range(tree.size)
        ]
        paid = exact(form.payoffs if form.exact is None else form.exact)
        self.paid = dict(zip(tree.terminals.tolist(), paid, strict=True))
        self.members = [tree.infosets.members(k).tolist() for k in range(len(tree.infosets))]
        self.span = [max(r[i] for r in paid) - min(r[i] for r in paid) for i in range(self.n)]
        self.size = [max(abs(r[i]) for r in paid) for i in range(self.n)]
        self.offset = tree.infosets.offset.tolist()
        self.owner = tree.infosets.player.tolist()

    def joined(self, solution: Any) -> Row | None:
        """Every information set's distribution in fractions, one after another; None if none."""
        shares = [share for part in solution.profile for share in exact(part)]
        if len(shares) != self.offset[-1]:
            return None
        for low, high in zip(self.offset, self.offset[1:], strict=False):
            own = shares[low:high]
            if min(own) < -NEAR or abs(sum(own) - 1) > NEAR:
                return None
            own = [max(share, ZERO) for share in own]
            shares[low:high] = [share / sum(own) for share in own]
        return shares

    def share(self, child: int, shares: Row) -> Fraction:
        return shares[self.edge[child]] if self.edge[child] >= 0 else self.chance[child]

    def held(self, shares: Row, node: int = 0) -> Row:
        """What each player is paid from a node on."""
        if not self.kids[node]:
            return self.paid[node]
        total = [ZERO] * self.n
        for child in self.kids[node]:
            weight = self.share(child, shares)
            if weight:
                below = self.held(shares, child)
                total = [a + weight * b for a, b in zip(total, below, strict=True)]
        return total

    def best(self, shares: Row, player: int) -> Fraction:
        """What a best response of a player earns."""
        weight = [ONE] * len(self.kids)
        for node, kids in enumerate(self.kids):  # parents come before children
            for child in kids:
                own = self.mover[node] == player
                weight[child] = weight[node] * (ONE if own else self.share(child, shares))

        @functools.cache
        def chosen(infoset: int) -> int:
            count = len(self.kids[self.members[infoset][0]])
            totals = [
                sum((value(self.kids[m][a]) for m in self.members[infoset]), ZERO)
                for a in range(count)
            ]
            return totals.index(max(totals))

        @functools.cache
        def value(node: int) -> Fraction:
            if not weight[node]:
                return ZERO
            if not self.kids[node]:
                return weight[node] * self.paid[node][player]
            if self.mover[node] != player:
                return sum((value(child) for child in self.kids[node]), ZERO)
            return value(self.kids[node][chosen(self.infoset[node])])

        return value(0)


def nash(form: Any, solution: Any) -> Refutations:
    """A Nash equilibrium in behaviour strategies; a pure one that is `exact` has no regret."""
    game = Game(form)
    shares = game.joined(solution)
    if shares is None:
        yield "no profile of behaviour strategies"
        return
    values = game.held(shares)
    gains = [game.best(shares, i) - values[i] for i in range(game.n)]
    pure = all(share in (0, 1) for share in shares)
    for i, gain in enumerate(gains):
        if gain > allowed(game.span[i]):
            yield f"player {i} gains {float(gain):.3g} on a range of {float(game.span[i]):.3g}"
        elif str(solution.status) == "exact" and gain > (0 if pure else NEAR * game.span[i]):
            yield f"exact, but player {i} gains {float(gain):.3g}"
    yield from values_differ(solution, values, game.size)


def _plans(form: Any) -> tuple[list[list[Row]], list[list[list[Fraction]]], Row]:
    """Reduced plans of each player, which ends they allow `[plan][end]`, and chance's part."""
    plans = [exact(reduced_strategies(own)) for own in form.sequences]
    ends = [
        [[plan[s] for s in own.terminal.tolist()] for plan in mine]
        for own, mine in zip(form.sequences, plans, strict=True)
    ]
    reach = form.tree.exact_chance_reach
    return plans, ends, exact(form.tree.chance_reach if reach is None else reach)


def stackelberg(form: Any, solution: Any) -> Refutations:
    """Two players: the leader's value against programs over the reduced matrix in fractions."""
    game = Game(form)
    shares = game.joined(solution)
    if shares is None:
        yield "no profile of behaviour strategies"
        return
    values = game.held(shares)
    if game.best(shares, 1) - values[1] > allowed(game.span[1]):
        yield f"the follower gains {float(game.best(shares, 1) - values[1]):.3g}"
    missed = commitment(form)[0] - values[0]
    if missed > 10 * allowed(game.span[0]):
        yield f"another commitment pays {float(missed):.3g} more"
    yield from values_differ(solution, values, game.size)


def commitment(form: Any) -> tuple[Fraction, int]:
    """What committing to a mixture is worth to the first player, and how many plans there are."""
    _, ends, reach = _plans(form)
    paid = exact(form.payoffs if form.exact is None else form.exact)
    leader = [
        [sum((reach[z] * p[z] * q[z] * paid[z][0] for z in range(len(paid)) if p[z] and q[z]), ZERO)
         for q in ends[1]] for p in ends[0]
    ]  # fmt: skip
    follower = [
        [sum((reach[z] * p[z] * q[z] * paid[z][1] for z in range(len(paid)) if p[z] and q[z]), ZERO)
         for p in ends[0]] for q in ends[1]
    ]  # fmt: skip
    return commitment_value(leader, follower), len(leader) * len(follower)


def signals(form: Any, solution: Any) -> Refutations:
    """Commitment with signals pays the leader no less than commitment without."""
    span = Game(form).span[0]
    missed = commitment(form)[0] - Fraction(float(solution.values[0]))
    if missed > 10 * allowed(span):
        yield f"commitment without signals pays {float(missed):.3g} more"


def correlated(form: Any, solution: Any, coarse: bool = False) -> Refutations:
    """No trigger after which some own plan pays more than obeying; plans gone through one by one.

    A trigger is a move that is told (coarse: an information set that is reached).
    """
    joint_rows = distributions(solution)
    plans, ends, reach = _plans(form)
    if joint_rows is None or len(joint_rows[0]) != math.prod(map(len, plans)):
        yield "no joint distribution over plans"
        return
    joint = dict(zip(_product(plans), joint_rows[0], strict=True))
    paid = exact(form.payoffs if form.exact is None else form.exact)
    count, game = range(len(paid)), Game(form)
    values = [
        sum(
            (
                share * reach[z] * paid[z][i]
                for mine, share in joint.items()
                if share
                for z in count
                if all(ends[j][k][z] for j, k in enumerate(mine))
            ),
            ZERO,
        )
        for i in range(form.n)
    ]
    yield from values_differ(solution, values, game.size)
    for i, own in enumerate(form.sequences):
        for infoset in range(len(own.parent)):
            after = _ends_after(own, infoset)
            parent, first = int(own.parent[infoset]), int(own.first[infoset])
            told = [parent] if coarse else range(first, first + int(own.actions[infoset]))
            for held in told:
                stay, weight = ZERO, [ZERO] * len(paid)
                for mine, share in joint.items():
                    if not share or not plans[i][mine[i]][held]:
                        continue
                    for z in after:
                        if all(ends[j][k][z] for j, k in enumerate(mine) if j != i):
                            worth = share * reach[z] * paid[z][i]
                            weight[z] += worth
                            stay += worth * ends[i][mine[i]][z]
                leave = max(
                    sum((weight[z] for z in after if ends[i][k][z]), ZERO)
                    for k, plan in enumerate(plans[i])
                    if plan[parent]
                )
                if leave - stay > allowed(game.span[i]):
                    yield f"player {i} gains {float(leave - stay):.3g} at a trigger"


def _ends_after(own: Any, infoset: int) -> list[int]:
    """The ends whose own sequence continues one of the information set's moves."""
    first, last = int(own.first[infoset]), int(own.first[infoset] + own.actions[infoset])
    found = []
    for z, sequence in enumerate(own.terminal.tolist()):
        while sequence >= last:
            sequence = int(own.before[sequence])
        while sequence > 0 and not first <= sequence < last:
            sequence = int(own.before[sequence])
        if first <= sequence < last:
            found.append(z)
    return found


def _product(plans: Sequence[Sequence[Any]]) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(len(own)) for own in plans)))


def agent_quantal(form: Any, solution: Any, lam: float = 1.0) -> Refutations:
    """The logit formula at every information set that play reaches, from exact payoffs."""
    game = Game(form)
    shares = game.joined(solution)
    if shares is None:
        yield "no profile of behaviour strategies"
        return
    reach = [ONE] * len(game.kids)
    for node, kids in enumerate(game.kids):
        for child in kids:
            reach[child] = reach[node] * game.share(child, shares)
    for infoset, members in enumerate(game.members):
        player, total = game.owner[infoset], sum(reach[m] for m in members)
        if total < Fraction(1, 10**250):  # beliefs there are no numbers in floats
            continue
        worth = [
            sum((reach[m] / total * game.held(shares, game.kids[m][a])[player] for m in members),
                ZERO)
            for a in range(len(game.kids[members[0]]))
        ]  # fmt: skip
        powers = [math.exp(lam * float(value - max(worth))) for value in worth]
        low = game.offset[infoset]
        for a, power in enumerate(powers):
            if abs(power / sum(powers) - float(shares[low + a])) > 1e-7:
                yield f"no logit response at information set {infoset}"
                return
