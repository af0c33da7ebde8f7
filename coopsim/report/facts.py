"""Facts: a finished run, arranged for a reader.

The tables of a run folder are long: one value a row. A report asks "what was the level of
this measure for that line-up under this policy"; here the answers lie ready.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from coopsim import hashing, registry
from coopsim.measure.compare import compare
from coopsim.measure.measures import GROUP, Measure
from coopsim.report.numerals import plain
from coopsim.scenario import sweep

if TYPE_CHECKING:
    import polars

    from coopsim.study.run import Run

THEORY, AGENTS = "theory", "agents"
_FIRST = ("cooperation rate", "welfare", "payoff")  # where a scenario states no order of its own


class Level(NamedTuple):
    """A measure's mean over seeds, and the lowest and highest seed."""

    mean: float
    low: float
    high: float


class Effect(NamedTuple):
    """A policy's effect on a measure, with its interval where there is one."""

    effect: float
    low: float | None
    high: float | None
    level: float


class Who(NamedTuple):
    """A concept of theory or a line-up of agents."""

    source: str
    name: str


Key = tuple[str, str, Who, str]
"""Policy, sweep point, who, measure."""


@dataclass(frozen=True)
class Facts:
    """What a report is made from.

    Args:
        run: the opened run folder.
    """

    run: Run

    @functools.cached_property
    def scenario(self) -> Any:
        """The scenario that was run."""
        return self.run.scenario

    @functools.cached_property
    def policies(self) -> tuple[str, ...]:
        """In the order of the scenario; the first is the reference."""
        return tuple(self.scenario.policies)

    @property
    def reference(self) -> str:
        """The policy that the others are compared with."""
        return self.policies[0]

    @property
    def changes(self) -> tuple[str, ...]:
        """The policies that are compared with the reference."""
        return self.policies[1:]

    @functools.cached_property
    def points(self) -> dict[str, dict[str, Any]]:
        """The combinations of the sweep, by the text that names them in the tables."""
        made = sweep.combinations(self.scenario.study.vary)
        return {hashing.canonical(dict(at)): dict(at) for at in made}

    @property
    def first(self) -> str:
        """The first combination of the sweep; the only one where nothing is varied."""
        return next(iter(self.points))

    @functools.cached_property
    def concepts(self) -> tuple[Who, ...]:
        """The concepts that agents are compared with and that made predictions."""
        return self._those(THEORY, self.scenario.compare.to)

    @functools.cached_property
    def lineups(self) -> tuple[Who, ...]:
        """The line-ups that played."""
        return self._those(AGENTS, (lineup.name for lineup in self.scenario.point().lineups))

    @functools.cached_property
    def players(self) -> tuple[str, ...]:
        """The players' names (of every point: a sweep may vary how many there are)."""
        named = [self.run.solutions["player"].drop_nulls(), self.run.measures["player"]]
        return tuple(dict.fromkeys(name for column in named for name in column if name != GROUP))

    @functools.cached_property
    def measures(self) -> tuple[str, ...]:
        """The names of what was measured ("distance to nash" is one), the main ones first."""
        names = self.run.measures["measure"].unique(maintain_order=True).to_list()
        standard = [
            name for name, item in registry.registrations("measure").items()
            if item.tags.get("standard")
        ]  # fmt: skip
        if list(self.scenario.compare.measure) != standard:
            # a scenario that names its measures names the one it is about first
            asked = list(self.scenario.compare.measure)
            return tuple(sorted(names, key=lambda name: asked.index(self._family(name))))
        order = {name: place for place, name in enumerate(_FIRST)}
        return tuple(sorted(names, key=lambda name: order.get(name, len(order))))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The measures that policies are judged by: all but distances."""
        return tuple(name for name in self.measures if self._family(name) != "distance")

    @property
    def distances(self) -> tuple[str, ...]:
        """The distances to solutions."""
        return tuple(name for name in self.measures if self._family(name) == "distance")

    def measure(self, name: str) -> Measure:
        """The definition of a measure that was taken."""
        loaded: Measure = registry.lookup("measure", self._family(name)).load()
        return loaded

    def title_of(self, at: str) -> str:
        """A combination of the sweep in words: "game.gamma = 0.2"; "" where nothing is varied."""
        return ", ".join(f"{path} = {plain(value)}" for path, value in self.points[at].items())

    def suffix(self, at: str) -> str:
        """What a title says of the sweep: ", game.gamma = 0.2"; "" where nothing is varied."""
        return f", {self.title_of(at)}" if len(self.points) > 1 else ""

    @functools.cached_property
    def grouped(self) -> polars.DataFrame:
        """All measures as one number for everybody: as measured, or the mean over players."""
        import polars as pl

        table = self.run.measures
        keys = [name for name in table.columns if name not in ("player", "value")]
        joint = table.filter(pl.col("player") == GROUP)
        single = table.filter(pl.col("player") != GROUP)
        means = single.group_by(keys, maintain_order=True).agg(pl.col("value").mean())
        alone = means.join(joint, on=keys, how="anti", nulls_equal=True)
        alone = alone.with_columns(player=pl.lit(GROUP)).select(table.columns)
        return pl.concat([joint, alone])

    @functools.cached_property
    def levels(self) -> Mapping[Key, Level]:
        """The level of every measure for everybody together."""
        return _levels(self.grouped)

    @functools.cached_property
    def player_levels(self) -> Mapping[tuple[Key, str], Level]:
        """The level of every measure for each player."""
        import polars as pl

        made: dict[tuple[Key, str], Level] = {}
        for player in self.players:
            rows = self.run.measures.filter(pl.col("player") == player)
            made |= {(key, player): level for key, level in _levels(rows).items()}
        return made

    @functools.cached_property
    def effects(self) -> Mapping[Key, Effect]:
        """Each policy's effect on every outcome for everybody together."""
        import polars as pl

        settings = self.scenario.compare
        known = self.run.comparison.filter(pl.col("player") == GROUP)
        done = set(known["measure"].to_list())
        names = [name for name in self.outcomes if name not in done]
        rest = self.grouped.filter(pl.col("measure").is_in(names))
        # means over players have no rows of their own in the run folder
        made = compare(
            rest, self.policies, confidence=settings.confidence, resamples=settings.resamples
        )
        return {
            (row["policy"], row["at"], Who(row["source"], row["name"]), row["measure"]): Effect(
                row["effect"], row["low"], row["high"], row["level"]
            )
            for row in pl.concat([known, made]).iter_rows(named=True)
        }

    def _family(self, name: str) -> str:
        """The measure asked for that a name in the tables belongs to."""
        asked = self.scenario.compare.measure
        return max((item for item in asked if name.startswith(item)), key=len, default=name)

    def _those(self, source: str, names: Any) -> tuple[Who, ...]:
        import polars as pl

        rows = self.run.measures.filter(pl.col("source") == source)
        found = rows["name"].unique(maintain_order=True).to_list()
        # line-ups have other names at other points where a sweep varies how many players there are
        ordered = dict.fromkeys([*names, *found])
        return tuple(Who(source, name) for name in ordered if name in set(found))


def _levels(table: polars.DataFrame) -> dict[Key, Level]:
    import polars as pl

    value = pl.col("value")
    keys = ["policy", "at", "source", "name", "measure"]
    means = table.group_by(keys, maintain_order=True).agg(
        value.mean().alias("mean"), value.min().alias("low"), value.max().alias("high")
    )
    return {
        (policy, at, Who(source, name), measure): Level(mean, low, high)
        for policy, at, source, name, measure, mean, low, high in means.iter_rows()
    }
