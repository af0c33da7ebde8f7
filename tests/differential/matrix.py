"""Oracles of finite simultaneous games: Nash, optimum, correlation, commitment, dominance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.differential.claims import (
    NEAR,
    ROUNDING,
    Refutations,
    allowed,
    distributions,
    values_differ,
)
from tests.differential.rational import ONE, ZERO, Row, dot, exact, maximum, solve

Profile = tuple[int, ...]


class Matrix:
    """A finite game in fractions: `paid[i][profile]`, with ranges and sizes of payoffs."""

    def __init__(self, form: Any) -> None:
        self.shape: tuple[int, ...] = form.shape
        self.n = form.n
        self.profiles = list(itertools.product(*map(range, self.shape)))
        tensor = form.payoffs if form.exact is None else form.exact
        rows = [exact(own.ravel()) for own in tensor]
        self.paid = [dict(zip(self.profiles, row, strict=True)) for row in rows]
        self.span = [max(row) - min(row) for row in rows]
        self.size = [max(map(abs, row)) for row in rows]

    def others(self, i: int) -> list[Profile]:
        """Profiles of the other players, with a 0 in the place of `i`."""
        sizes = [1 if j == i else size for j, size in enumerate(self.shape)]
        return list(itertools.product(*map(range, sizes)))

    def swapped(self, profile: Profile, i: int, a: int) -> Profile:
        return (*profile[:i], a, *profile[i + 1 :])

    def deviations(self, mixed: Sequence[Row], i: int) -> Row:
        """What each own action of `i` earns."""
        totals = [ZERO] * self.shape[i]
        for profile in self.others(i):
            weight = ONE
            for j, a in enumerate(profile):
                if j != i:
                    weight *= mixed[j][a]
                    if not weight:
                        break
            if weight:
                for a in range(self.shape[i]):
                    totals[a] += weight * self.paid[i][self.swapped(profile, i, a)]
        return totals

    def regrets(self, mixed: Sequence[Row]) -> tuple[Row, Row]:
        """Each player's regret, and what each is paid."""
        gains, values = [], []
        for i in range(self.n):
            worth = self.deviations(mixed, i)
            values.append(dot(worth, mixed[i]))
            gains.append(max(worth) - values[-1])
        return gains, values

    def pure_equilibria(self) -> list[Profile]:
        return [
            s
            for s in self.profiles
            if all(
                self.paid[i][s] >= self.paid[i][self.swapped(s, i, a)]
                for i in range(self.n)
                for a in range(self.shape[i])
            )
        ]

    def rows(self, i: int) -> list[Row]:
        """Two players: the payoffs of `i` with the own actions in rows."""
        return [
            [self.paid[i][(a, b) if i == 0 else (b, a)] for b in range(self.shape[1 - i])]
            for a in range(self.shape[i])
        ]


def nash(form: Any, solution: Any, game: Matrix | None = None) -> Refutations:
    """A Nash equilibrium: regrets, values, and where `exact` is claimed an exact one near."""
    game = game or Matrix(form)
    mixed = distributions(solution, game.shape)
    if mixed is None:
        yield "no profile of distributions"
        return
    gains, values = game.regrets(mixed)
    for i, gain in enumerate(gains):
        if gain > allowed(game.span[i]):
            yield f"player {i} gains {float(gain):.3g} on a range of {float(game.span[i]):.3g}"
    yield from values_differ(solution, values, game.size)
    if str(solution.status) == "exact" and any(gains):
        yield from _exactness(game, solution, mixed, gains)


def _exactness(game: Matrix, solution: Any, mixed: list[Row], gains: Row) -> Refutations:
    texts = solution.details.get("exact_profile")
    if texts:
        claimed = [[Fraction(text) for text in part] for part in texts]
        if any(sum(part) != 1 or min(part) < 0 for part in claimed):
            yield "the exact profile is no profile of distributions"
        elif any(game.regrets(claimed)[0]):
            yield "the exact profile has regrets"
        elif any(
            abs(a - b) > NEAR
            for one, other in zip(claimed, mixed, strict=True)
            for a, b in zip(one, other, strict=True)
        ):
            yield "the exact profile is another one"
    elif game.n == 2:
        for i in range(2):
            if not _answered(game, mixed, i):
                yield f"no exact mixture of player {1 - i} is near for the support of player {i}"
    else:
        for i, gain in enumerate(gains):
            if gain > NEAR * game.span[i]:
                yield f"exact, but player {i} gains {float(gain):.3g}"


def _answered(game: Matrix, mixed: list[Row], i: int) -> bool:
    """Whether some mixture near the opponent's makes the support of `i` best responses."""
    rows, near = game.rows(i), mixed[1 - i]
    support = [a for a, share in enumerate(mixed[i]) if share > NEAR]
    lead = rows[support[0]]
    below, equal = [], [([ONE] * len(near), ONE)]
    for a, row in enumerate(rows):
        ahead = [p - q for p, q in zip(row, lead, strict=True)]
        if a in support:
            equal.append((ahead, ZERO))
        else:
            below.append((ahead, ZERO))
    for b, share in enumerate(near):
        unit = [ONE if k == b else ZERO for k in range(len(near))]
        below.append((unit, share + NEAR))
        if share > NEAR:
            below.append(([-value for value in unit], NEAR - share))
    return maximum([ZERO] * len(near), below, equal) is not None


def all_found(form: Any, items: Sequence[Any], game: Matrix | None = None) -> Refutations:
    """Completeness: every strict pure equilibrium, and for two players every extreme one."""
    game = game or Matrix(form)
    known = [[[ONE if a == s[i] else ZERO for a in range(size)]
              for i, size in enumerate(game.shape)] for s in game.pure_equilibria()]  # fmt: skip
    if game.n == 2:
        known += extreme_equilibria(game)
    found = [distributions(item, game.shape) for item in items]
    for equilibrium in known:
        if not any(one is not None and _alike(one, equilibrium) for one in found):
            told = [[f"{float(share):.4g}" for share in part] for part in equilibrium]
            yield f"complete, but {told} is missing among {len(items)}"


def _alike(one: Sequence[Row], other: Sequence[Row]) -> bool:
    return all(
        abs(a - b) <= Fraction(1, 10**6)
        for mine, yours in zip(one, other, strict=True)
        for a, b in zip(mine, yours, strict=True)
    )


def extreme_equilibria(game: Matrix) -> list[list[Row]]:
    """Every pair of vertices of the best-response polytopes that is an equilibrium."""
    corners = [_corners(game.rows(1 - i)) for i in range(2)]
    found = []
    for x, best_of_y in corners[0]:
        for y, best_of_x in corners[1]:
            if all(a in best_of_x for a, share in enumerate(x) if share) and all(
                b in best_of_y for b, share in enumerate(y) if share
            ):
                found.append([x, y])
    return found


def _corners(rows: list[Row]) -> list[tuple[Row, set[int]]]:
    """Mixtures at which as many actions are unused or best answers as can be, with the answers.

    `rows` are the answering player's payoffs, answers in rows, the mixture's actions in columns.
    """
    count, found = len(rows[0]), []
    for size in range(1, count + 1):
        for used in itertools.combinations(range(count), size):
            for best in itertools.combinations(range(len(rows)), size):
                table = [[*(rows[b][k] for k in used), -ONE] for b in best]
                table.append([*[ONE] * size, ZERO])
                point = solve(table, [*[ZERO] * size, ONE])
                if point is None or min(point[:-1]) < 0:
                    continue
                mixture = [ZERO] * count
                for k, share in zip(used, point, strict=False):
                    mixture[k] = share
                worth = [dot(row, mixture) for row in rows]
                if max(worth) != point[-1]:
                    continue
                answers = {b for b, value in enumerate(worth) if value == max(worth)}
                if (mixture, answers) not in found:
                    found.append((mixture, answers))
    return found


def optimum(form: Any, solution: Any) -> Refutations:
    """The largest sum of payoffs over pure profiles."""
    game = Matrix(form)
    mixed = distributions(solution, game.shape)
    if mixed is None:
        yield "no profile of distributions"
        return
    values = game.regrets(mixed)[1]
    sums = [sum(own[s] for own in game.paid) for s in game.profiles]
    missed = max(sums) - sum(values)
    if missed > allowed(max(sums) - min(sums)) + ROUNDING * sum(game.size):
        yield f"another profile has {float(missed):.3g} more in sum"
    yield from values_differ(solution, values, game.size)


def correlated(form: Any, solution: Any, coarse: bool = False) -> Refutations:
    """Incentives of a joint distribution, and the largest sum of payoffs by an exact program."""
    game = Matrix(form)
    joint = distributions(solution)
    if joint is None or len(joint[0]) != len(game.profiles):
        yield "no joint distribution"
        return
    values = [dot(own.values(), joint[0]) for own in game.paid]
    rules = [rule for i in range(game.n) for rule in _deviations(game, i, coarse)]
    for i, gain in rules:
        if dot(gain, joint[0]) > allowed(game.span[i]):
            yield f"player {i} gains {float(dot(gain, joint[0])):.3g} by leaving"
    yield from values_differ(solution, values, game.size)
    sums = [sum(own[s] for own in game.paid) for s in game.profiles]
    best = maximum(sums, [(gain, ZERO) for _, gain in rules], [([ONE] * len(sums), ONE)])
    assert best is not None  # there always is one
    missed = best[0] - sum(values)
    # obeying within a tolerance may pay, or cost, a multiple of it
    if missed > 10 * allowed(max(sums) - min(sums)) + ROUNDING * sum(game.size):
        yield f"the objective could be {float(missed):.3g} more"


def _deviations(game: Matrix, i: int, coarse: bool) -> list[tuple[int, Row]]:
    """What each way of leaving gains at each profile."""
    found = []
    for b in range(game.shape[i]):
        ahead = [game.paid[i][game.swapped(s, i, b)] - game.paid[i][s] for s in game.profiles]
        if coarse:
            found.append((i, ahead))
            continue
        for a in range(game.shape[i]):
            if a != b:
                told = [g if s[i] == a else ZERO for s, g in zip(game.profiles, ahead, strict=True)]
                found.append((i, told))
    return found


def stackelberg(form: Any, solution: Any) -> Refutations:
    """The leader's value against a linear program an answer; the follower's regret."""
    game = Matrix(form)
    mixed = distributions(solution, game.shape)
    if mixed is None:
        yield "no profile of distributions"
        return
    gains, values = game.regrets(mixed)
    if gains[1] > allowed(game.span[1]):
        yield f"the follower gains {float(gains[1]):.3g}"
    missed = commitment_value(game.rows(0), game.rows(1)) - values[0]
    if missed > 10 * allowed(game.span[0]):
        yield f"another commitment pays {float(missed):.3g} more"
    yield from values_differ(solution, values, game.size)


def commitment_value(leader: list[Row], follower: list[Row]) -> Fraction:
    """The most a leader with actions in rows of `leader` gets; `follower` has answers in rows."""
    values = []
    for b, answer in enumerate(follower):
        below = [
            ([p - q for p, q in zip(other, answer, strict=True)], ZERO)
            for k, other in enumerate(follower)
            if k != b
        ]
        found = maximum([row[b] for row in leader], below, [([ONE] * len(leader), ONE)])
        if found is not None:
            values.append(found[0])
    return max(values)


def correlated_commitment(form: Any, solution: Any) -> Refutations:
    """The followers' incentives, and the leader's value by an exact program."""
    game = Matrix(form)
    joint = distributions(solution)
    if joint is None or len(joint[0]) != len(game.profiles):
        yield "no joint distribution"
        return
    values = [dot(own.values(), joint[0]) for own in game.paid]
    rules = [rule for i in range(1, game.n) for rule in _deviations(game, i, False)]
    for i, gain in rules:
        if dot(gain, joint[0]) > allowed(game.span[i]):
            yield f"follower {i} gains {float(dot(gain, joint[0])):.3g} by disobeying"
    own = list(game.paid[0].values())
    best = maximum(own, [(gain, ZERO) for _, gain in rules], [([ONE] * len(own), ONE)])
    assert best is not None
    if best[0] - values[0] > 10 * allowed(game.span[0]):
        yield f"another distribution pays the leader {float(best[0] - values[0]):.3g} more"
    yield from values_differ(solution, values, game.size)


def rationalizable(form: Any, solution: Any) -> Refutations:
    """The survivors of iterated strict dominance by mixtures, each by an exact program."""
    game = Matrix(form)
    claimed = [[a for a, share in enumerate(part) if share > 0] for part in solution.profile]
    kept = [list(range(size)) for size in game.shape]
    while True:
        gone = [(i, a) for i in range(game.n) for a in kept[i] if _margin(game, kept, i, a) > 0]
        close = [
            (i, a)
            for i in range(game.n)
            for a in kept[i]
            if 0 < abs(_margin(game, kept, i, a)) <= NEAR * game.span[i]
        ]
        if close:  # an advantage that counts as none
            return
        if not gone:
            break
        kept = [[a for a in own if (i, a) not in gone] for i, own in enumerate(kept)]
    if kept != claimed:
        yield f"{kept} survive, not {claimed}"


def _margin(game: Matrix, kept: list[list[int]], i: int, a: int) -> Fraction:
    """By how much the best mixture of the other actions left beats `a` everywhere."""
    mine = [b for b in kept[i] if b != a]
    if not mine:
        return -ONE
    others = list(itertools.product(*([0] if j == i else own for j, own in enumerate(kept))))
    # variables: the mixture, and the margin as a difference of two numbers
    below = [
        (
            [
                *(game.paid[i][game.swapped(s, i, a)] - game.paid[i][game.swapped(s, i, b)]
                  for b in mine),
                ONE,
                -ONE,
            ],
            ZERO,
        )
        for s in others
    ]  # fmt: skip
    cost = [*[ZERO] * len(mine), ONE, -ONE]
    found = maximum(cost, below, [([*[ONE] * len(mine), ZERO, ZERO], ONE)])
    assert found is not None
    return found[0]


def stable(form: Any, items: Sequence[Any], complete: bool) -> Refutations:
    """Evolutionarily stable strategies of up to three actions, each support in fractions."""
    game = Matrix(form)
    rows = game.rows(0)
    known = [x for x in _symmetric_equilibria(rows) if _stable(rows, x)]
    found = [distributions(item, game.shape) for item in items]
    for one in found:
        if one is None or not any(_alike([one[0]], [x]) for x in known):
            yield f"{one and [float(share) for share in one[0]]} is not stable"
    for x in known:
        if complete and not any(one is not None and _alike([one[0]], [x]) for one in found):
            yield f"complete, but {[float(share) for share in x]} is missing"


def _symmetric_equilibria(rows: list[Row]) -> list[Row]:
    """Those that are alone on their support: no other can be stable."""
    found = []
    for size in range(1, len(rows) + 1):
        for used in itertools.combinations(range(len(rows)), size):
            table = [[*(rows[a][k] for k in used), -ONE] for a in used] + [[*[ONE] * size, ZERO]]
            point = solve(table, [*[ZERO] * size, ONE])
            if point is None or min(point[:-1]) <= 0:
                continue
            mixture = [ZERO] * len(rows)
            for k, share in zip(used, point, strict=False):
                mixture[k] = share
            if max(dot(row, mixture) for row in rows) == point[-1]:
                found.append(mixture)
    return found


def _stable(rows: list[Row], x: Row) -> bool:
    """Haigh's criterion: a matrix on the other best responses is strictly copositive."""
    worth = [dot(row, x) for row in rows]
    best = [a for a, value in enumerate(worth) if value == max(worth)]
    pivot = next(a for a in best if x[a] > 0)
    rest = [a for a in best if a != pivot]

    def form(a: int, b: int) -> Fraction:
        one = rows[pivot][b] + rows[a][pivot] - rows[a][b] - rows[pivot][pivot]
        other = rows[pivot][a] + rows[b][pivot] - rows[b][a] - rows[pivot][pivot]
        return one + other

    table = {(a, b): form(a, b) for a in rest for b in rest}
    free = [a for a in rest if x[a] > 0]
    bound = [a for a in rest if x[a] == 0]
    while free:  # Schur complements: any sign is allowed for actions of the support
        k = free.pop()
        if table[k, k] <= 0:
            return False
        left = [*free, *bound]
        table = {
            (a, b): table[a, b] - table[a, k] * table[k, b] / table[k, k]
            for a in left
            for b in left
        }
    if any(table[a, a] <= 0 for a in bound):
        return False
    return all(
        table[a, b] >= 0 or table[a, b] ** 2 < table[a, a] * table[b, b]
        for a, b in itertools.combinations(bound, 2)
    )
