"""Small games of coalitions, bargaining, states, crowds and traffic with known solutions."""

from __future__ import annotations

import itertools

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.congestion import CongestionForm
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.meanfield import CrowdForm, MeanFieldForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.games.forms.resource import ResourceForm
from coopsim.solvers.conformance.trial import Trial


def arrivals(rng: np.random.Generator) -> Trial:
    """Any game; the Shapley value by going through all orders of arrival."""
    form = _any_game(rng)
    orders = list(itertools.permutations(range(form.n)))
    value = np.zeros(form.n)
    for order in orders:
        here = 0
        for player in order:
            value[player] += form.values[here | 1 << player] - form.values[here]  # type: ignore[index]
            here |= 1 << player
    return Trial("orders of arrival", form, ((value / len(orders),),), True)


def swings(rng: np.random.Generator) -> Trial:
    """Any game; the Banzhaf value coalition by coalition."""
    form = _any_game(rng)
    assert form.values is not None
    value = np.zeros(form.n)
    for player in range(form.n):
        without = [mask for mask in range(1 << form.n) if not mask >> player & 1]
        gains = [form.values[mask | 1 << player] - form.values[mask] for mask in without]
        value[player] = np.mean(gains)
    return Trial("swings", form, ((value,),), True)


def convex(rng: np.random.Generator) -> Trial:
    """A convex game: what players add in any order of arrival is in the core."""
    n = int(rng.integers(2, 6))
    weight = rng.uniform(0.1, 1, n)
    form = CoalitionForm.lazy(lambda group: (group @ weight) ** 2, n)
    paid = np.diff(np.append(0.0, np.cumsum(weight) ** 2))
    return Trial("convex", form, ((paid,),), False)


def alike(rng: np.random.Generator) -> Trial:
    """All players alike: equal shares are in the least core."""
    n = int(rng.integers(2, 6))
    by_size = np.append(0.0, rng.uniform(-1, 2, n))
    form = CoalitionForm(by_size[np.bitwise_count(np.arange(1 << n))])
    return Trial("players alike", form, ((np.full(n, by_size[-1] / n),),), False)


def bankruptcy(rng: np.random.Generator) -> Trial:
    """An estate below the claims: the Talmud's rule is the nucleolus (Aumann, Maschler 1985)."""
    claims = rng.uniform(0.1, 3, int(rng.integers(2, 6)))
    estate = float(rng.uniform(0.1, 0.9) * claims.sum())
    half = claims / 2
    if estate <= half.sum():
        paid = _equal_awards(half, estate)
    else:
        paid = claims - _equal_awards(half, claims.sum() - estate)
    return Trial("bankruptcy", CoalitionForm.bankruptcy(estate, claims.tolist()), ((paid,),), True)


def pie_by_product(rng: np.random.Generator) -> Trial:
    """One unit that counts differently: Nash, and Kalai and Smorodinsky, divide it equally."""
    form = _pie(rng)
    lottery = np.append(0.0, np.full(form.n, 1 / form.n))
    return Trial("a pie", form, ((lottery,),), True)


def pie_by_gain(rng: np.random.Generator) -> Trial:
    """One unit that counts differently: equal gains."""
    form = _pie(rng)
    shares = 1 / _worth(form)
    return Trial("a pie", form, ((np.append(0.0, shares / shares.sum()),),), True)


def pie_by_sum(rng: np.random.Generator) -> Trial:
    """One unit that counts differently: all to whom it counts most."""
    form = _pie(rng)
    best = int(_worth(form).argmax())
    return Trial("a pie", form, ((np.eye(form.n + 1)[best + 1],),), True)


def line_by_product(rng: np.random.Generator) -> Trial:
    """The same for two, on a frontier: half for each."""
    return Trial("a frontier", _line(rng)[0], ((np.array([0.5]),),), True)


def line_by_gain(rng: np.random.Generator) -> Trial:
    """Equal gains on a frontier."""
    form, worth = _line(rng)
    return Trial("a frontier", form, ((worth[1:] / worth.sum(),),), True)


def line_by_sum(rng: np.random.Generator) -> Trial:
    """All to whom it counts most, on a frontier."""
    form, worth = _line(rng)
    return Trial("a frontier", form, ((np.array([float(worth[0] > worth[1])]),),), True)


def secrets(rng: np.random.Generator) -> Trial:
    """Any two states and two actions each."""
    form = RepeatedInformationForm(rng.uniform(-1, 1, (2, 2, 2)), rng.dirichlet(np.ones(2)))
    return Trial("a secret", form, (), False)


def dominant_states(rng: np.random.Generator) -> Trial:
    """One action of each player is best in each state, and moves do not depend on actions."""
    form, best = _dominant(rng, None)
    return Trial("dominant actions in every state", form, (_pure(form, best),), True)


def dominant_stages(rng: np.random.Generator) -> Trial:
    """The same with a last stage."""
    form, best = _dominant(rng, int(rng.integers(1, 4)))
    return Trial("dominant actions at every stage", form, (_pure(form, best),), True)


def opposed_states(rng: np.random.Generator) -> Trial:
    """Two players with a constant sum, a dominant action each in each state."""
    states = int(rng.integers(1, 4))
    rewards, moves = [], []
    best: list[tuple[int, ...]] = []
    for _ in range(states):
        rows, columns = rng.permutation(3).astype(float), rng.permutation(3).astype(float)
        rewards.append(rows[:, None] - columns)
        moves.append(np.broadcast_to(rng.dirichlet(np.ones(states)), (3, 3, states)))
        best.append((int(rows.argmax()), int(columns.argmax())))
    form = MarkovForm.zero_sum(rewards, moves, discount=float(rng.uniform(0, 0.9)))
    return Trial("opposed in every state", form, (_pure(form, best),), True)


def dominant_joint(rng: np.random.Generator) -> Trial:
    """Strictly dominant actions leave one coarse correlated plan; with and without a last stage."""
    form, best = _dominant(rng, None if rng.random() < 0.5 else 2)
    plan = [_cell(form.shape(s), best[s]) for s in range(form.size)]
    return Trial("dominant actions", form, ((np.concatenate(plan * form.stages),),), True)


def fish(rng: np.random.Generator) -> Trial:
    """Equal fishers: Levhari and Mirman's shares."""
    form, patience = _fishers(rng)
    share = 1 / (form.n + patience / (1 - patience))
    return Trial("fish war", form, ((np.array([share]),) * form.n,), True)


def fish_together(rng: np.random.Generator) -> Trial:
    """Equal fishers who agree: they leave the growth times the discount."""
    form, patience = _fishers(rng)
    return Trial("fish", form, ((np.array([(1 - patience) / form.n]),) * form.n,), True)


def roads(rng: np.random.Generator) -> Trial:
    """Links side by side that are all used: they take equally long."""
    form, free, steep = _links(rng)
    return Trial("roads", form, ((_filled(form, free, steep),),), True)


def roads_together(rng: np.random.Generator) -> Trial:
    """Links side by side: the total is smallest where marginal times are equal."""
    form, free, steep = _links(rng)
    return Trial("roads", form, ((_filled(form, free, 2 * steep),),), True)


def habits(rng: np.random.Generator) -> Trial:
    """Payoffs that fall with the crowd alike for all actions: the best action stays best."""
    states, actions, horizon = 3, 3, int(rng.integers(1, 4))
    base = rng.permuted(np.tile(np.arange(actions), (states, 1)), axis=1) / actions
    moves = np.broadcast_to(rng.dirichlet(np.ones(states)), (states, actions, states))

    def rewards(stage: int, population: Float) -> Float:
        return np.asarray(base - population.sum(1)[:, None])

    form = MeanFieldForm(rng.dirichlet(np.ones(states)), rewards, moves, horizon, actions)
    policy = np.broadcast_to(np.eye(actions)[base.argmax(1)], (horizon, states, actions))
    return Trial("habits", form, ((np.array(policy),),), True)


def fashion(rng: np.random.Generator) -> Trial:
    """A linear answer to the mean that pulls less than one for one."""
    form, aim, pull = _crowd(rng)
    return Trial("fashion", form, ((aim / (1 - pull),),), True)


def fashion_together(rng: np.random.Generator) -> Trial:
    """The same: with everybody at x the loss (x (1 - pull) - aim)^2 is 0 at the same place."""
    form, aim, pull = _crowd(rng)
    return Trial("fashion", form, ((aim / (1 - pull),),), True)


def _any_game(rng: np.random.Generator) -> CoalitionForm:
    n = int(rng.integers(2, 6))
    return CoalitionForm(np.append(0.0, rng.uniform(-1, 3, (1 << n) - 1)))


def _equal_awards(claims: Float, estate: float) -> Float:
    """Everybody gets the same, up to the claim."""
    low, high = 0.0, float(claims.max())
    for _ in range(200):
        level = 0.5 * (low + high)
        low, high = (level, high) if np.minimum(claims, level).sum() < estate else (low, level)
    return np.minimum(claims, high)


def _pie(rng: np.random.Generator) -> BargainingForm:
    n = int(rng.integers(2, 5))
    point = rng.uniform(-2, 2, n)
    worth = np.diag(rng.uniform(0.5, 4, n))
    return BargainingForm(point, point + np.vstack([np.zeros(n), worth]))


def _worth(form: BargainingForm) -> Float:
    """What the whole unit is worth to each player."""
    assert form.vertices is not None
    return np.diag(form.vertices[1:] - form.disagreement)


def _line(rng: np.random.Generator) -> tuple[BargainingForm, Float]:
    """One unit between two players as a frontier: the first's share is the parameter."""
    worth, point = rng.uniform(0.5, 4, 2), rng.uniform(-2, 2, 2)

    def frontier(x: Float) -> Float:
        return np.asarray(point + worth * np.concatenate([x, 1 - x], axis=-1))

    return BargainingForm(point, frontier=frontier, low=np.zeros(1), high=np.ones(1)), worth


def _dominant(
    rng: np.random.Generator, horizon: int | None
) -> tuple[MarkovForm, list[tuple[int, ...]]]:
    n, states = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    rewards, moves, best = [], [], []
    for _ in range(states):
        shape = tuple(rng.integers(2, 4, n).tolist())
        paid = rng.uniform(0, 1, (n, *shape))
        at = tuple(int(rng.integers(size)) for size in shape)
        for player, action in enumerate(at):
            np.moveaxis(paid[player], player, 0)[action] += 1.5
        rewards.append(paid)
        moves.append(np.broadcast_to(rng.dirichlet(np.ones(states)), (*shape, states)))
        best.append(at)
    discount = float(rng.uniform(0, 0.9))
    return MarkovForm(tuple(rewards), tuple(moves), discount=discount, horizon=horizon), best


def _pure(form: MarkovForm, best: list[tuple[int, ...]]) -> tuple[Float, ...]:
    return tuple(
        np.concatenate(
            [np.eye(form.shape(s)[i])[best[s][i]] for s in range(form.size)] * form.stages
        )
        for i in range(form.n)
    )


def _cell(shape: tuple[int, ...], at: tuple[int, ...]) -> Float:
    cell = np.zeros(shape)
    cell[at] = 1.0
    return cell.ravel()


def _fishers(rng: np.random.Generator) -> tuple[ResourceForm, float]:
    growth, discount = float(rng.uniform(0.2, 1)), float(rng.uniform(0.3, 0.95))
    return ResourceForm(growth, [discount] * int(rng.integers(1, 5))), growth * discount


def _links(rng: np.random.Generator) -> tuple[CongestionForm, Float, Float]:
    count = int(rng.integers(2, 5))
    free, steep = rng.uniform(0, 1, count), rng.uniform(0.5, 2, count)
    return CongestionForm.parallel(np.column_stack([free, steep]), 10.0), free, steep


def _filled(form: CongestionForm, free: Float, steep: Float) -> Float:
    """The flows at which all links of linear times take equally long."""
    level = (form.amounts[0] + (free / steep).sum()) / (1 / steep).sum()
    return np.asarray((level - free) / steep)


def _crowd(rng: np.random.Generator) -> tuple[CrowdForm, Float, float]:
    m, pull = int(rng.integers(1, 3)), float(rng.uniform(-0.8, 0.8))
    aim = rng.uniform(-1, 1, m)
    form = CrowdForm(
        lambda a, mean: -((a - aim - pull * mean) ** 2).sum(-1), np.full(m, -10.0), np.full(m, 10.0)
    )
    return form, aim, pull


FAMILIES = {
    ("shapley", "coalition"): (arrivals,),
    ("banzhaf", "coalition"): (swings,),
    ("core", "coalition"): (convex,),
    ("least core", "coalition"): (alike,),
    ("nucleolus", "coalition"): (bankruptcy,),
    ("prenucleolus", "coalition"): (bankruptcy,),
    ("nash bargaining", "bargaining"): (pie_by_product, line_by_product),
    ("kalai-smorodinsky", "bargaining"): (pie_by_product, line_by_product),
    ("egalitarian", "bargaining"): (pie_by_gain, line_by_gain),
    ("utilitarian", "bargaining"): (pie_by_sum, line_by_sum),
    ("one-sided information", "one-sided information"): (secrets,),
    ("nash", "markov"): (dominant_states, dominant_stages, opposed_states),
    ("coarse correlated", "markov"): (dominant_joint,),
    ("nash", "resource"): (fish,),
    ("optimum", "resource"): (fish_together,),
    ("wardrop", "congestion"): (roads,),
    ("optimum", "congestion"): (roads_together,),
    ("mean field", "mean field"): (habits,),
    ("mean field", "crowd"): (fashion,),
    ("optimum", "crowd"): (fashion_together,),
}
"""Families by problem and kind of form, for `coopsim.solvers.conformance.families`."""
