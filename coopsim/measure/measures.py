"""What is measured of played episodes. One definition a measure, used for agents and theory alike.

Each measure is a mean over episodes; rounds that an early end cut off pay nothing, so
losing a relationship shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import CoopsimError, UserError
from coopsim.games.game import Game, action_bounds
from coopsim.games.rollout import Trajectories
from coopsim.solvers.solution import Solution
from coopsim.tolerance import exceeds

GROUP = ""
"""The `player` of a measure that is one number for all."""


@dataclass(frozen=True)
class Played:
    """What a measure reads.

    Args:
        game: the game.
        trajectories: the episodes, `[B, T, n]`.
        solutions: by concept; those compared with.
        responses: what each player's best constant response would have earned a round,
            `[n]`; None where it was not computed.
        compared: the concepts that distances are taken to.
    """

    game: Game
    trajectories: Trajectories
    solutions: Mapping[str, Solution] = field(default_factory=lambda: MappingProxyType({}))
    responses: Float | None = None
    compared: tuple[str, ...] = ()


Rows = dict[tuple[str, str], float]
"""(measure, player) -> value; the group's player is `GROUP`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity computed from played episodes.

    Args:
        name: as users write it.
        unit: what it is measured in.
        meaning: one sentence for reports.
        of: rows by player.
        applies: whether a game has what it takes.
        responses: whether it reads `Played.responses`, which take a search to find.
        better: whether "more", "less" or neither ("") is better, for colouring only.
    """

    name: str
    unit: str
    meaning: str
    of: Callable[[Played], Rows]
    applies: Callable[[Game], bool] = lambda game: True
    better: str = ""
    responses: bool = False


def evaluate(names: tuple[str, ...], played: Played) -> Rows:
    """All named measures that apply to the game, in the order of the names."""
    from coopsim import registry

    rows: Rows = {}
    for name in names:
        measure: Measure = registry.lookup("measure", name).load()
        if measure.applies(played.game):
            rows.update(measure.of(played))
    return rows


def applicable(names: tuple[str, ...], game: Game) -> tuple[str, ...]:
    """The measures among `names` that `game` has what it takes for."""
    from coopsim import registry

    return tuple(n for n in names if registry.lookup("measure", n).load().applies(game))


def reads_responses(names: tuple[str, ...], game: Game) -> bool:
    """Whether a measure among `names` that fits `game` reads what best responses earn."""
    from coopsim import registry

    return any(registry.lookup("measure", n).load().responses for n in applicable(names, game))


def private(played: Played) -> Float:
    """Private payoffs `[B, T, n]`; the paid ones where a game makes no difference."""
    exposed = played.trajectories.exposed
    return np.asarray(exposed.get("private_payoff", played.trajectories.payoffs))


def gini(values: Float) -> float:
    """Gini coefficient of non-negative values `[n]`: 0 equal, towards 1 one has all.

    Negative values have no Gini coefficient; they are measured from the smallest one.
    """
    shifted = values - min(0.0, float(values.min()))
    total = shifted.sum()
    if not exceeds(total, 0.0, scale=float(np.abs(values).max())):
        return 0.0
    spread = np.abs(shifted[:, None] - shifted[None, :]).sum()
    return float(spread / (2 * len(shifted) * total))


def _by_player(name: str, values: Float, played: Played) -> Rows:
    labels = played.game.labels
    return {(name, label): float(value) for label, value in zip(labels, values, strict=True)}


def _a_round(values: Float, played: Played) -> Float:
    """Mean over episodes of the sum over rounds, divided by the horizon: `[n]`."""
    return np.asarray(values.sum(1).mean(0) / played.game.rounds)


def _payoff(played: Played) -> Rows:
    return _by_player("payoff", _a_round(played.trajectories.payoffs, played), played)


def _welfare(played: Played) -> Rows:
    return {("welfare", GROUP): float(_a_round(private(played), played).sum())}


def _regret(played: Played) -> Rows:
    if played.responses is None:
        return {}
    earned = _a_round(played.trajectories.payoffs, played)
    return _by_player("regret", played.responses - earned, played)


def _distance(played: Played) -> Rows:
    rows: Rows = {}
    alive = played.trajectories.alive[..., None]
    for concept in played.compared:
        solution = played.solutions.get(concept)
        if solution is None or solution.form != "continuous":
            continue
        # one number a player, in the order of the players; nothing where no profile was found
        if len(solution.actions) != played.game.n or not solution.profile:
            continue
        away = np.abs(played.trajectories.actions - solution.actions) * alive
        rows |= _by_player(f"distance to {concept}", away.sum((0, 1)) / alive.sum(), played)
    return rows


def _price_of_anarchy(played: Played) -> Rows:
    optimum = played.solutions.get("social optimum")
    each = _a_round(private(played), played)
    reached, size = float(each.sum()), float(np.abs(each).max())
    if optimum is None or not optimum.profile or not exceeds(reached, 0.0, scale=size):
        return {}
    return {("price of anarchy", GROUP): float(optimum.values.sum()) / reached}


def _cooperation(played: Played) -> Rows:
    low, high = action_bounds(played.game)
    alive = played.trajectories.alive[..., None]
    given = ((played.trajectories.actions - low) * alive).sum((0, 1)) / alive.sum()
    # a player without a choice contributes nothing of what it could
    rates = np.divide(given, high - low, out=np.zeros_like(given), where=high > low)
    rows = _by_player("cooperation rate", rates, played)
    return rows | {("cooperation rate", GROUP): float(rates.mean())}


def _final_trust(played: Played) -> Rows:
    trust = played.trajectories["trust"]
    last = trust[np.arange(len(trust)), played.trajectories.lengths - 1]
    n = played.game.n
    if last.shape[1] < n:  # kept once where all trust alike
        return {("final trust", GROUP): float(last.mean())}
    return {("final trust", GROUP): float(((last.sum((1, 2)) - n) / (n * (n - 1))).mean())}


def _gini(played: Played) -> Rows:
    return {("gini", GROUP): gini(_a_round(played.trajectories.payoffs, played))}


def _length(played: Played) -> Rows:
    return {("length", GROUP): float(played.trajectories.lengths.mean())}


def _exposes(name: str) -> Callable[[Game], bool]:
    return lambda game: name in game.expose(game.start(1, np.random.default_rng(0)))


def _numbers(game: Game) -> bool:
    """Whether every player chooses one number."""
    try:
        action_bounds(game)
    except CoopsimError:
        return False
    return True


PAYOFF = Measure("payoff", "payoff a round", "what a player is paid, as the game pays it", _payoff,
                 better="more")  # fmt: skip
WELFARE = Measure(
    "welfare", "payoff a round", "sum of all private payoffs", _welfare, better="more"
)
REGRET = Measure(
    "regret",
    "payoff a round",
    "what the best constant action would have earned more against the same opponents, who would "
    "have reacted to it; negative where the player did better than any constant action",
    _regret,
    _numbers,
    better="less",
    responses=True,
)
DISTANCE = Measure(
    "distance", "action units", "mean absolute distance of actions from the solution's", _distance,
    _numbers,
)  # fmt: skip
PRICE_OF_ANARCHY = Measure(
    "price of anarchy",
    "ratio",
    "welfare of the stage game's social optimum over the welfare reached; 1 is the best",
    _price_of_anarchy,
    better="less",
)
COOPERATION_RATE = Measure(
    "cooperation rate",
    "share",
    "contribution as a share of the most that could be contributed",
    _cooperation,
    _numbers,
)
FINAL_TRUST = Measure(
    "final trust",
    "share",
    "mean trust between different players when an episode ends",
    _final_trust,
    _exposes("trust"),
)
GINI = Measure("gini", "0 to 1", "inequality of mean payoffs between players", _gini, better="less")
LENGTH = Measure("length", "rounds", "rounds played before an episode ended", _length)


def require_applicable(names: tuple[str, ...], game: Game) -> None:
    """Refuse measures that the game has nothing for. Raises `UserError` naming one."""
    from coopsim import registry

    fitting = applicable(tuple(registry.registrations("measure")), game) if names else ()
    for name in names:
        if name not in fitting:
            raise UserError(
                f"{game.card.title} has nothing to measure it by",
                key="compare.measure",
                given=name,
                allowed=list(fitting),
            )
