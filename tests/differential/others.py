"""Oracles of the other forms: types, commitment, coalitions, bargaining, traffic, stages, boxes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.differential.claims import (
    NEAR,
    Refutations,
    allowed,
    distributions,
    values_differ,
)
from tests.differential.matrix import Matrix, commitment_value
from tests.differential.rational import ONE, ZERO, Row, dot, exact, maximum, solve

CLOSE = Fraction(1, 10**7)  # of probabilities that come out of exponentials


def bayesian(form: Any, solution: Any) -> Refutations:
    """What each player gains, before types are known, by the best action at every type."""
    types = list(itertools.product(*map(range, form.type_counts)))
    acts = list(itertools.product(*map(range, form.shape)))
    tensor = exact(form.payoffs.reshape(form.n, len(types), len(acts)))
    chance = dict(zip(types, exact(form.prior.ravel()), strict=True))
    parts = [exact(part) for part in solution.profile]
    for i, part in enumerate(parts):
        size = form.shape[i]
        for t in range(form.type_counts[i]):
            own = part[t * size : (t + 1) * size]
            if min(own) < -NEAR or abs(sum(own) - 1) > NEAR:
                yield "no profile of strategies"
                return
            part[t * size : (t + 1) * size] = [share / sum(own) for share in own]
    values = []
    for i in range(form.n):
        size, gain, value = form.shape[i], ZERO, ZERO
        for t in range(form.type_counts[i]):
            worth = [ZERO] * size
            for k, told in enumerate(types):
                if told[i] != t:
                    continue
                for m, chosen in enumerate(acts):
                    weight = chance[told]
                    for j in range(form.n):
                        if j != i:
                            weight *= parts[j][told[j] * form.shape[j] + chosen[j]]
                    worth[chosen[i]] += weight * tensor[i][k][m]
            earned = dot(worth, parts[i][t * size : (t + 1) * size])
            gain, value = gain + max(worth) - earned, value + earned
        values.append(value)
        flat = [v for row in tensor[i] for v in row]
        if gain > allowed(max(flat) - min(flat)):
            yield f"player {i} gains {float(gain):.3g}"
    yield from values_differ(solution, values, _sizes(tensor))


def _sizes(tensor: Any) -> Row:
    return [max(abs(v) for row in own for v in row) for own in tensor]


def typed_commitment(form: Any, solution: Any) -> Refutations:
    """The leader's value against a program for every tuple of the types' answers."""
    leader, follower, prior = exact(form.leader), exact(form.follower), exact(form.prior)
    types, actions, answers = form.shape
    mixture = exact(solution.profile[0])
    reply = exact(solution.profile[1])
    total = sum(mixture)
    mixture = [share / total for share in mixture]
    values, regret = [ZERO, ZERO], ZERO
    for t in range(types):
        worth = [
            sum(mixture[a] * follower[t][a][b] for a in range(actions)) for b in range(answers)
        ]
        own = [sum(mixture[a] * leader[t][a][b] for a in range(actions)) for b in range(answers)]
        values[0] += prior[t] * dot(own, reply[t])
        values[1] += prior[t] * dot(worth, reply[t])
        regret += prior[t] * (max(worth) - dot(worth, reply[t]))
    flat = [[v for t in side for row in t for v in row] for side in (leader, follower)]
    if regret > allowed(max(flat[1]) - min(flat[1])):
        yield f"the types gain {float(regret):.3g}"
    best = None
    for tuple_ in itertools.product(range(answers), repeat=types):
        cost = [
            sum(prior[t] * leader[t][a][b] for t, b in enumerate(tuple_)) for a in range(actions)
        ]
        below = [
            ([follower[t][a][k] - follower[t][a][b] for a in range(actions)], ZERO)
            for t, b in enumerate(tuple_)
            for k in range(answers)
            if k != b
        ]
        found = maximum(cost, below, [([ONE] * actions, ONE)])
        if found is not None and (best is None or found[0] > best):
            best = found[0]
    assert best is not None
    if best - values[0] > 10 * allowed(max(flat[0]) - min(flat[0])):
        yield f"another commitment pays {float(best - values[0]):.3g} more"
    yield from values_differ(solution, values, [max(map(abs, own)) for own in flat])


def security(form: Any, solution: Any) -> Refutations:
    """Coverage of single targets: a program in fractions for every target that is attacked."""
    dc, du, ac, au = (
        exact(getattr(form, f"{who}_{how}"))
        for who in ("defender", "attacker")
        for how in ("covered", "uncovered")
    )
    cover, attack = exact(solution.profile[0]), exact(solution.profile[1])
    if min(cover) < -NEAR or max(cover) > 1 + NEAR or sum(cover) > form.resources + NEAR:
        yield "more coverage than there are resources"
    own = [c * p + (1 - c) * q for c, p, q in zip(cover, dc, du, strict=True)]
    stake = [c * p + (1 - c) * q for c, p, q in zip(cover, ac, au, strict=True)]
    spans = [max(*a, *b) - min(*a, *b) for a, b in ((dc, du), (ac, au))]
    values = [dot(attack, own), dot(attack, stake)]
    if max(stake) - values[1] > allowed(spans[1]):
        yield f"the attacker gains {float(max(stake) - values[1]):.3g}"
    size, best = range(form.size), []
    for t in size:
        below: list[tuple[Row, Fraction]] = [([ONE] * form.size, Fraction(form.resources))]
        for k in size:
            below.append(([ONE if j == k else ZERO for j in size], ONE))
            if k != t:
                row = [ZERO] * form.size
                row[k], row[t] = ac[k] - au[k], au[t] - ac[t]
                below.append((row, au[t] - au[k]))
        found = maximum([dc[t] - du[t] if k == t else ZERO for k in size], below)
        if found is not None:
            best.append(found[0] + du[t])
    if max(best) - values[0] > 10 * allowed(spans[0]):
        yield f"another coverage pays {float(max(best) - values[0]):.3g} more"
    sizes = [max(map(abs, (*a, *b))) for a, b in ((dc, du), (ac, au))]
    yield from values_differ(solution, values, sizes)


def coalition(form: Any, concept: str, solution: Any) -> Refutations:
    """Values by orders of arrival or coalitions; cores and nucleoli by programs in fractions."""
    n, worth = form.n, exact(form.values)
    paid, span = exact(solution.profile[0]), max(worth) - min(worth)
    small = 10 * allowed(span)
    if concept == "shapley value":
        wanted = [ZERO] * n
        for order in itertools.permutations(range(n)):
            mask = 0
            for i in order:
                wanted[i] += worth[mask | 1 << i] - worth[mask]
                mask |= 1 << i
        wanted = [total / math.factorial(n) for total in wanted]
    elif concept == "banzhaf":
        wanted = [
            sum(worth[mask | 1 << i] - worth[mask] for mask in range(1 << n) if not mask >> i & 1)
            / Fraction(2 ** (n - 1))
            for i in range(n)
        ]
    elif concept in ("core", "least core"):
        excess = max(
            (worth[mask] - _total(paid, mask) for mask in range(1, (1 << n) - 1)), default=ZERO
        )
        level = ZERO if concept == "core" else _least(worth, n, [], None)[0]
        if excess > level + small:
            yield f"a coalition complains of {float(excess):.6g}, beyond {float(level):.6g}"
        if abs(sum(paid) - worth[-1]) > small:
            yield "what is paid is not what there is"
        return
    else:
        alone = [worth[1 << i] for i in range(n)] if concept == "nucleolus" else None
        wanted = nucleolus(worth, n, alone)
    for i, (a, b) in enumerate(zip(paid, wanted, strict=True)):
        if abs(a - b) > small:
            yield f"player {i} gets {float(b):.10g}, not {float(a):.10g}"


def empty_core(form: Any) -> bool:
    """Whether no allocation is in the core."""
    return form.n > 1 and _least(exact(form.values), form.n, [], None)[0] > 0


def _total(paid: Sequence[Fraction], mask: int) -> Fraction:
    return sum((share for i, share in enumerate(paid) if mask >> i & 1), ZERO)


def _least(
    worth: Row, n: int, fixed: list[tuple[int, Fraction]], alone: Row | None, of: int | None = None
) -> tuple[Fraction, Row]:
    """The smallest largest excess with some coalitions' payments fixed; or the most paid `of` one.

    Variables: payments and the level, each as a difference of two numbers that are 0 or more.
    """
    held = {mask for mask, _ in fixed}
    row_of = {m: [Fraction(m >> i & 1) for i in range(n)] for m in range(1 << n)}

    def both(row: Row, level: int) -> Row:
        return [*row, *(-v for v in row), Fraction(level), Fraction(-level)]

    equal = [(both(row_of[(1 << n) - 1], 0), worth[-1])]
    equal += [(both(row_of[mask], 0), total) for mask, total in fixed]
    below = [
        (both([-v for v in row_of[m]], -1), -worth[m])
        for m in range(1, (1 << n) - 1)
        if m not in held
    ]
    if alone is not None:
        below += [(both([-v for v in row_of[1 << i]], 0), -alone[i]) for i in range(n)]
    if of is None:
        cost = both([ZERO] * n, -1)
    else:
        cost = both(row_of[of], 0)
    found = maximum(cost, below, equal)
    assert found is not None
    x = found[1]
    value = x[2 * n] - x[2 * n + 1]
    return value, [x[i] - x[n + i] for i in range(n)]


def nucleolus(worth: Row, n: int, alone: Row | None) -> Row:
    """Level after level: coalitions that are tight in every optimum are fixed (Kopelowitz 1967)."""
    fixed: list[tuple[int, Fraction]] = []
    while True:
        rows = [[Fraction(m >> i & 1) for i in range(n)] for m, _ in fixed]
        rows.append([ONE] * n)
        if _rank(rows) == n:
            break
        level, _ = _least(worth, n, fixed, alone)
        held = {mask for mask, _ in fixed}
        new = []
        for mask in range(1, (1 << n) - 1):
            if mask in held:
                continue
            most = _most_paid(worth, n, fixed, alone, level, mask)
            if most == worth[mask] - level:
                new.append((mask, most))
        fixed += new
    chosen: list[Row] = []
    right: Row = []
    for mask, total in [*fixed, ((1 << n) - 1, worth[-1])]:
        row = [Fraction(mask >> i & 1) for i in range(n)]
        if _rank([*chosen, row]) > len(chosen):
            chosen.append(row)
            right.append(total)
    found = solve(chosen, right)
    assert found is not None
    return found


def _most_paid(
    worth: Row, n: int, fixed: list[tuple[int, Fraction]], alone: Row | None,
    level: Fraction, of: int,
) -> Fraction:  # fmt: skip
    """The most that a coalition can be paid with no excess above the level."""
    held = {mask for mask, _ in fixed}
    row_of = [[Fraction(m >> i & 1) for i in range(n)] for m in range(1 << n)]

    def both(row: Row) -> Row:
        return [*row, *(-v for v in row)]

    equal = [(both(row_of[-1]), worth[-1])]
    equal += [(both(row_of[mask]), total) for mask, total in fixed]
    below = [
        (both([-v for v in row_of[m]]), level - worth[m])
        for m in range(1, (1 << n) - 1)
        if m not in held
    ]
    if alone is not None:
        below += [(both([-v for v in row_of[1 << i]]), -alone[i]) for i in range(n)]
    found = maximum(both(row_of[of]), below, equal)
    assert found is not None
    return found[0]


def _rank(rows: Sequence[Row]) -> int:
    table, rank = [list(row) for row in rows], 0
    for column in range(len(table[0])):
        pivot = next((k for k in range(rank, len(table)) if table[k][column]), None)
        if pivot is None:
            continue
        table[rank], table[pivot] = table[pivot], table[rank]
        for k in range(rank + 1, len(table)):
            factor = table[k][column] / table[rank][column]
            table[k] = [a - factor * b for a, b in zip(table[k], table[rank], strict=True)]
        rank += 1
    return rank


def bargaining(form: Any, concept: str, solution: Any) -> Refutations:
    """Lotteries over vertices: prices that no vertex beats, or programs in fractions."""
    vertices, point = exact(form.vertices), exact(form.disagreement)
    n = form.n
    lottery = distributions(solution)
    if lottery is None:
        yield "no lottery"
        return
    gains = [dot(lottery[0], [v[i] - point[i] for v in vertices]) for i in range(n)]
    spans = [max(v[i] for v in vertices) - min(v[i] for v in vertices) for i in range(n)]
    ways = [[v[i] - point[i] for v in vertices] for i in range(n)]
    whole = [([ONE] * len(vertices), ONE)]
    nobody_loses = [([-g for g in own], ZERO) for own in ways]
    if concept == "nash bargaining":
        if min(gains) <= 0:
            yield "somebody gains nothing"
            return
        # the product could grow by a factor of at most e to this
        growth = max(sum(own[k] / g for own, g in zip(ways, gains, strict=True)) for k in
                     range(len(vertices))) - n  # fmt: skip
        if growth > Fraction(1, 10**6):
            yield f"the product of gains could grow by {float(growth):.3g}"
        return
    if concept == "utilitarian":
        sums = [sum(own[k] for own in ways) for k in range(len(vertices))]
        best = maximum(sums, nobody_loses, whole)
        assert best is not None
        if best[0] - sum(gains) > 10 * allowed(max(sums) - min(sums)):
            yield f"the sum could be {float(best[0] - sum(gains)):.3g} more"
        for i, gain in enumerate(gains):
            if -gain > 10 * allowed(spans[i]):
                yield f"player {i} loses {float(-gain):.3g}"
        return
    ideal = [ONE] * n
    if concept == "kalai-smorodinsky":
        best_of = [maximum(own, nobody_loses, whole) for own in ways]
        ideal = [found[0] for found in best_of if found is not None]
    below = [([*(-g for g in own), unit], ZERO) for own, unit in zip(ways, ideal, strict=True)]
    best = maximum([*[ZERO] * len(vertices), ONE], below, [([*[ONE] * len(vertices), ZERO], ONE)])
    assert best is not None
    share = min(gain / unit for gain, unit in zip(gains, ideal, strict=True))
    if (best[0] - share) * max(ideal) > 10 * allowed(max(spans)):
        yield f"gains could be {float((best[0] - share) * max(ideal)):.3g} larger in proportion"


def routing(form: Any, solution: Any, marginal: bool = False) -> Refutations:
    """Flows that add up, and what travellers would save on the fastest route at these times."""
    links = len(form.tails)
    flows = [exact(part) for part in solution.profile]
    total = [sum(own[e] for own in flows) for e in range(links)]
    table, powers = exact(form.coefficients), [int(p) for p in form.powers]

    def price(e: int, rising: bool) -> Fraction:
        flow = max(total[e], ZERO)
        return sum(
            (
                c * (1 + p if rising else 1) * (flow**p if p else ONE)
                for c, p in zip(table[e], powers, strict=True)
            ),
            ZERO,
        )

    times = [price(e, False) for e in range(links)]
    prices = [price(e, marginal) for e in range(links)]
    saved = ZERO
    scale = max(sum((own[e] * times[e] for e in range(links)), ZERO) for own in flows)
    for own, (origin, destination, amount) in zip(flows, form.demands, strict=True):
        demand = Fraction(amount)
        for node in range(form.nodes):
            net = sum((own[e] for e in range(links) if form.tails[e] == node), ZERO)
            net -= sum((own[e] for e in range(links) if form.heads[e] == node), ZERO)
            wanted = demand if node == origin else -demand if node == destination else ZERO
            if abs(net - wanted) > NEAR * demand:
                yield f"flow does not add up at node {node}"
        fastest = _fastest(form, prices, origin, destination)
        spent = sum((own[e] * prices[e] for e in range(links)), ZERO) - demand * fastest
        saved += max(spent, ZERO)
    if saved > 10 * allowed(scale):
        yield f"travellers could save {float(saved):.3g} of {float(scale):.3g}"


def _fastest(form: Any, prices: Row, origin: int, destination: int) -> Fraction:
    """Bellman and Ford."""
    far: dict[int, Fraction] = {origin: ZERO}
    for _ in range(form.nodes):
        for e, price in enumerate(prices):
            a, b = int(form.tails[e]), int(form.heads[e])
            if a in far and far[a] + price < far.get(b, far[a] + price + 1):
                far[b] = far[a] + price
    return far[destination]


def markov(form: Any, solution: Any) -> Refutations:
    """Stationary or staged strategies: values and best responses by systems in fractions."""
    for i in range(form.n):
        worst, first, spread = _markov_gain(form, solution, i)
        if worst > allowed(spread):
            yield f"player {i} gains {float(worst):.3g} in some state"
        if abs(first - Fraction(float(solution.values[i]))) > 100 * allowed(spread):
            yield f"player {i} is paid {float(first):.10g}, not {float(solution.values[i]):.10g}"


def _markov_gain(form: Any, solution: Any, i: int) -> tuple[Fraction, Fraction, Fraction]:
    """The largest gain of a player, its value at the start, and the range of its values."""
    cut = [form.parts(part, j) for j, part in enumerate(solution.profile)]
    discount = Fraction(form.discount)
    states = range(form.size)
    rows: list[list[tuple[Row, list[Row], Row]]] = []  # [stage][state]: pays, moves, own mixture
    for t in range(form.stages):
        stage = []
        for s in states:
            mixed = [[share / sum(exact(cut[j][t][s])) for share in exact(cut[j][t][s])]
                     for j in range(form.n)]  # fmt: skip
            shape = form.shape(s)
            pays, moves = [ZERO] * shape[i], [[ZERO] * form.size for _ in range(shape[i])]
            for profile in itertools.product(*map(range, shape)):
                weight = ONE
                for j, a in enumerate(profile):
                    if j != i:
                        weight *= mixed[j][a]
                if not weight:
                    continue
                pays[profile[i]] += weight * Fraction(float(form.rewards[s][(i, *profile)]))
                for z, move in enumerate(exact(form.transitions[s][profile])):
                    moves[profile[i]][z] += weight * move
            stage.append((pays, moves, mixed[i]))
        rows.append(stage)
    flat = [Fraction(float(v)) for state in form.rewards for v in state[i].ravel()]
    spread = max(flat) - min(flat)
    if form.horizon is None:
        spread /= 1 - discount
        held = _stationary(rows[0], [own for _, _, own in rows[0]], discount)
        best = _improved(rows[0], discount)
        gains = [b - h for b, h in zip(best, held, strict=True)]
    else:
        held, best, gains = [ZERO] * form.size, [ZERO] * form.size, []
        for stage in reversed(rows):
            after_held, after_best = held, best
            held = [
                dot(own, [p + discount * dot(m, after_held)
                          for p, m in zip(pays, moves, strict=True)])
                for pays, moves, own in stage
            ]  # fmt: skip
            best = [
                max(p + discount * dot(m, after_best) for p, m in zip(pays, moves, strict=True))
                for pays, moves, _ in stage
            ]
            gains += [b - h for b, h in zip(best, held, strict=True)]
        spread *= form.horizon
    start = exact(form.initial)
    return max(gains), dot(start, held), spread


def _stationary(stage: Any, mixtures: list[Row], discount: Fraction) -> Row:
    """The values of playing `mixtures` for ever."""
    size = len(stage)
    table, right = [], []
    for s, ((pays, moves, _), own) in enumerate(zip(stage, mixtures, strict=True)):
        move = [sum((w * m[z] for w, m in zip(own, moves, strict=True)), ZERO) for z in range(size)]
        table.append([(ONE if z == s else ZERO) - discount * move[z] for z in range(size)])
        right.append(dot(own, pays))
    found = solve(table, right)
    assert found is not None
    return found


def _improved(stage: Any, discount: Fraction) -> Row:
    """The values of the best policy, by policy improvement (Howard 1960)."""
    choice = [0] * len(stage)
    while True:
        mixtures = [[ONE if a == choice[s] else ZERO for a in range(len(pays))]
                    for s, (pays, _, _) in enumerate(stage)]  # fmt: skip
        values = _stationary(stage, mixtures, discount)
        changed = False
        for s, (pays, moves, _) in enumerate(stage):
            worth = [p + discount * dot(m, values) for p, m in zip(pays, moves, strict=True)]
            if max(worth) > worth[choice[s]]:
                choice[s], changed = worth.index(max(worth)), True
        if not changed:
            return values


def quantal(form: Any, solution: Any, lam: float = 1.0) -> Refutations:
    """The logit formula at the exact payoffs of actions."""
    game = Matrix(form)
    mixed = distributions(solution, game.shape)
    if mixed is None:
        yield "no profile of distributions"
        return
    for i in range(game.n):
        worth = game.deviations(mixed, i)
        powers = [math.exp(lam * float(value - max(worth))) for value in worth]
        for a, power in enumerate(powers):
            if abs(Fraction(power / sum(powers)) - mixed[i][a]) > CLOSE:
                yield f"no logit response of player {i}"
                break


def levels(form: Any, solution: Any, steps: int = 1) -> Refutations:
    """Best responses in fractions to uniform play, `steps` times; equal ones equally likely."""
    game = Matrix(form)
    mixed = [[Fraction(1, size)] * size for size in game.shape]
    for _ in range(steps):
        answers = _answers(game, mixed)
        if answers is None:
            return
        mixed = answers
    given = [exact(part) for part in solution.profile]
    for i in range(game.n):
        if any(abs(a - b) > NEAR for a, b in zip(given[i], mixed[i], strict=True)):
            yield f"player {i} plays {list(map(float, given[i]))}, not {list(map(float, mixed[i]))}"


def hierarchy(form: Any, solution: Any, tau: float = 1.5) -> Refutations:
    """A Poisson population of steps of thinking, each the best response to those below."""
    game = Matrix(form)
    weights = [Fraction(math.exp(-tau) * tau**k / math.factorial(k)) for k in range(26)]
    played = [[[Fraction(1, size)] * size for size in game.shape]]
    for k in range(1, len(weights)):
        mixed = _mixture(weights[:k], played)
        answers = _answers(game, mixed)
        if answers is None:
            return
        played.append(answers)
    wanted = _mixture(weights, played)
    for i, part in enumerate(solution.profile):
        if any(abs(a - b) > CLOSE for a, b in zip(exact(part), wanted[i], strict=True)):
            yield f"player {i} plays {list(map(float, part))}, not {list(map(float, wanted[i]))}"


def _mixture(weights: Row, played: list[list[Row]]) -> list[Row]:
    total = sum(weights)
    return [
        [
            sum((w / total * step[i][a] for w, step in zip(weights, played, strict=True)), ZERO)
            for a in range(len(own))
        ]
        for i, own in enumerate(played[0])
    ]


def _answers(game: Matrix, mixed: list[Row]) -> list[Row] | None:
    """Best responses, equal ones equally likely; None where that is a matter of convention."""
    answers = []
    for i in range(game.n):
        worth = game.deviations(mixed, i)
        top = max(worth)
        if any(0 < top - value <= 2 * NEAR * game.span[i] for value in worth):
            return None
        best = [value == top for value in worth]
        answers.append([Fraction(good, sum(best)) for good in best])
    return answers


def alpha_rank(form: Any, solution: Any, alpha: float, population: int) -> Refutations:
    """The stationary distribution of the chain, from rates in floats by a system in fractions."""
    game = Matrix(form)
    size = len(game.profiles)
    place = {s: k for k, s in enumerate(game.profiles)}
    flow = [[ZERO] * size for _ in range(size)]  # from, to
    for s in game.profiles:
        for i, count in enumerate(game.shape):
            for a in range(count):
                if a == s[i]:
                    continue
                other = game.swapped(s, i, a)
                gain = alpha * float(game.paid[i][other] - game.paid[i][s])
                rate = (
                    math.expm1(-gain) / math.expm1(-population * gain) if gain else 1 / population
                )
                flow[place[s]][place[other]] = Fraction(rate)
    table = [
        [flow[k][j] if k != j else -sum(flow[j]) for k in range(size)] for j in range(size - 1)
    ]
    table.append([ONE] * size)
    wanted = solve(table, [*[ZERO] * (size - 1), ONE])
    assert wanted is not None
    given = exact(solution.profile[0].ravel())
    if any(abs(a - b) > CLOSE for a, b in zip(given, wanted, strict=True)):
        yield "not the stationary distribution"


def quadratic(game: Any, solution: Any) -> Refutations:
    """Payoffs that are concave parabolas of the own action: the best answer in fractions."""
    point = [exact(part)[0] for part in solution.profile]
    values = game.paid(point)
    for i in range(game.n):
        answer = [*point]
        answer[i] = game.answer(point, i)
        gain = game.paid(answer)[i] - values[i]
        if gain > allowed(game.span(i)):
            yield f"player {i} gains {float(gain):.3g}"
    yield from values_differ(solution, values, [game.span(i) for i in range(game.n)])


def fish_war(form: Any, solution: Any) -> Refutations:
    """Levhari and Mirman (1980), n players: shares in proportion to what the future counts less.

    With b_i = growth * discount_i, player i's share of the stock solves
    s_i = (1 - b_i) * (1 - sum of the other shares): s_i = u_i / (1 + sum u), u_i = 1 / b_i - 1.
    """
    ahead = [1 / (Fraction(form.growth) * Fraction(d)) - 1 for d in form.discounts]
    for i, u in enumerate(ahead):
        taken, wanted = exact(solution.profile[i])[0], u / (1 + sum(ahead))
        if abs(wanted - taken) > NEAR:
            yield f"player {i} takes {float(taken)}, not {float(wanted)}"


def one_sided(form: Any, solution: Any) -> Refutations:
    """The value is no less than without use of the information, no more than with full use."""
    matrices, prior = exact(form.matrices), exact(form.prior)
    mean = [
        [sum(p * m[a][b] for p, m in zip(prior, matrices, strict=True))
         for b in range(len(matrices[0][0]))] for a in range(len(matrices[0]))
    ]  # fmt: skip
    span = max(v for m in matrices for r in m for v in r) - min(
        v for m in matrices for r in m for v in r
    )
    low = _value(mean)
    value = Fraction(float(solution.values[0]))
    revealed = sum(p * _value(m) for p, m in zip(prior, matrices, strict=True))
    if value < max(low, revealed) - 10 * allowed(span):
        yield f"the value is at least {float(max(low, revealed)):.10g}, not {float(value):.10g}"
    # dual: whatever the informed player knows, the uninformed may play one mixture for ever
    if value > _guarantee(matrices, prior) + 10 * allowed(span):
        yield f"the uninformed player need not pay more than {float(_guarantee(matrices, prior))}"


def _value(rows: list[Row]) -> Fraction:
    """The value of a matrix game to the rows: commitment where the follower wants the opposite."""
    return commitment_value(rows, [[-row[b] for row in rows] for b in range(len(rows[0]))])


def _guarantee(matrices: Any, prior: Row) -> Fraction:
    """The least that one mixture of columns holds a row player to who knows the state."""
    columns = len(matrices[0][0])
    states = len(matrices)
    # variables: the mixture, then for each state its value as a difference of two numbers
    cost = [*[ZERO] * columns, *(-p for p in prior), *prior]
    below = [
        (
            [*m[a], *(-ONE if j == k else ZERO for j in range(states)),
             *(ONE if j == k else ZERO for j in range(states))],
            ZERO,
        )
        for k, m in enumerate(matrices)
        for a in range(len(m))
    ]  # fmt: skip
    found = maximum(cost, below, [([*[ONE] * columns, *[ZERO] * (2 * states)], ONE)])
    assert found is not None
    return -found[0]
