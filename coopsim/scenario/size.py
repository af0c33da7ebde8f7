"""How large a scenario is, from the numbers in it: products, nothing is listed or played."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from coopsim import budget
from coopsim.agents.agent import Agent
from coopsim.agents.footprint import play_bytes
from coopsim.errors import UserError
from coopsim.games.game import Game
from coopsim.scenario import place, shape
from coopsim.scenario.schema import Compare, Study

MOST_POINTS = 100_000
"""The most points (policy times combination of the sweep): each is solved and kept in a file."""

MOST_CELLS = 1_000_000
"""The most cells (point times seed): each is played and kept in a file."""

_CELL = 2_000  # bytes a cell takes while it is planned
_RESAMPLE = 40  # bytes a bootstrap resample takes: the mean, sorted, and copies
_PAIRS = 64  # effects whose intervals a study has at least, for the steps they take


def count_points(study: Study, policies: int) -> int:
    """How many points there are."""
    return policies * math.prod(len(values) for values in study.vary.values())


def count_seeds(study: Study) -> int:
    """How many seeds there are."""
    return study.seeds if isinstance(study.seeds, int) else len(study.seeds)


def check_cells(study: Study, policies: int, played: bool) -> None:
    """Refuse more points and cells than a run folder can hold.

    Args:
        study: the section of the scenario.
        policies: how many there are.
        played: whether anybody is seated.

    Raises:
        UserError: with the path of the number at fault and what would fit.
    """
    if len(study.vary) > shape.MOST_CHANGES:
        raise place.at(
            f"{len(study.vary):,} values are changed together",
            ("study", "vary"),
            given=f"{len(study.vary):,} paths",
            allowed=f"at most {shape.MOST_CHANGES} paths",
        )
    points, seeds = count_points(study, policies), count_seeds(study) if played else 1
    if points > MOST_POINTS:
        sizes = " x ".join(str(len(values)) for values in study.vary.values())
        raise place.at(
            f"{_many(policies, 'policy')} x {sizes or 1} values are {points:,} points",
            ("study", "vary"),
            given=f"{len(study.vary)} paths" if study.vary else "no sweep",
            allowed=f"at most {MOST_POINTS:,} points",
        )
    most = min(MOST_CELLS, budget.fitting(_CELL))
    if points * seeds > most:
        raise place.at(
            f"{seeds:,} seeds x {_many(points, 'point')} are {points * seeds:,} cells",
            ("study", "seeds"),
            given=study.seeds if isinstance(study.seeds, int) else f"{seeds:,} seeds",
            allowed=f"at most {max(1, most // points):,} seeds, that is {most:,} cells",
        )


def check_resamples(compare: Compare, seeds: int) -> None:
    """Refuse more bootstrap resamples than there is memory or time for. Raises `UserError`."""
    count = compare.resamples
    fits = f"at most {budget.fitting(_RESAMPLE):,} resamples"
    with place.below("compare", "resamples"):
        budget.require(count * _RESAMPLE, f"{count:,} bootstrap resamples", fits=fits, given=count)
        budget.require_work(
            count * seeds * _PAIRS,
            f"{count:,} bootstrap resamples of {seeds:,} seeds",
            fits=f"at most {int(budget.WORK) // (seeds * _PAIRS):,} resamples",
            given=count,
        )


def check_play(
    game: Game, agents: Mapping[str, Agent], lineups: Sequence[Sequence[str]], study: Study
) -> None:
    """Refuse play that does not fit: episodes x rounds x players, at once or in the whole study.

    Raises:
        UserError: with the path of the number at fault and what would fit.
    """
    for names in lineups:
        drawn = game.card.chance or any(agents[name].random for name in names)
        episodes = study.episodes if drawn else 1
        one = play_bytes(game, 1)
        needed = one * episodes
        if needed <= budget.memory():
            continue
        fits = budget.fitting(one)
        what = f"{episodes:,} episodes x {game.rounds:,} rounds x {game.n:,} players"
        allowed = (
            f"at most {fits:,} episodes a cell, or fewer rounds or players"
            if fits
            else "fewer rounds or players"
        )
        path: place.Path = ("study", "episodes") if fits else ("game",)
        try:
            budget.require(needed, what, fits=allowed)
        except UserError as error:
            raise place.set_path(error, path) from None


def _many(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"
