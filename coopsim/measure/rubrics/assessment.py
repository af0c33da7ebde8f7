"""Assessments: what a rubric says of a simulation, as data that can be kept in a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from coopsim.tolerance import keeps_to

Kind = Literal["informative", "constant", "cannot fail"]


@dataclass(frozen=True, slots=True)
class Item:
    """A criterion with the points that a simulation was given.

    Args:
        group, name, most, kind, said: as in `Criterion`.
        points: points given.
        random: mean points under random parameters.
    """

    group: str
    name: str
    points: float
    most: float
    kind: Kind
    said: str
    random: float


@dataclass(frozen=True, slots=True)
class Null:
    """The score under random parameters.

    Args:
        draws: how many parameter sets.
        mean, sd, low, high: mean, standard deviation, and 2.5 and 97.5 % quantiles.
        reach: the share of draws that score at least what the simulation scored.
        said: what was drawn, from where.
    """

    draws: int
    mean: float
    sd: float
    low: float
    high: float
    reach: float
    said: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One simulation, scored.

    Args:
        variant: which simulation.
        points, most: the score, and what there was to score.
        claim: the score that was published for it; None where there is none.
        items: the criteria, one by one.
        null: the same rubric under random parameters.
        metrics: further numbers of the simulation.
    """

    variant: str
    points: float
    most: float
    claim: float | None
    items: tuple[Item, ...]
    null: Null
    metrics: Mapping[str, float]

    def groups(self) -> dict[str, tuple[float, float]]:
        """Points and most points by category."""
        made: dict[str, tuple[float, float]] = {}
        for item in self.items:
            points, most = made.get(item.group, (0.0, 0.0))
            made[item.group] = points + item.points, most + item.most
        return made

    def most_of(self, kind: Kind) -> float:
        """The points that items of one kind can bring."""
        return sum(item.most for item in self.items if item.kind == kind)

    def sentence(self) -> str:
        """The score, and how many random parameter sets reach it."""
        return (
            f"{self.points:g} of {self.most:g}; {100 * self.null.reach:.0f} % of random "
            f"parameters reach it"
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure beside what the published model gives here.

    Args:
        name: what the figure is.
        source: where it was published.
        published: as printed there.
        measured: as computed here.
        rounding: how far the two may differ: half a unit of the last digit printed.
        said: what explains the difference, or how it was measured.
    """

    name: str
    source: str
    published: float
    measured: float
    rounding: float
    said: str = ""

    @property
    def follows(self) -> bool:
        """Whether what is measured rounds to what was printed."""
        away = abs(self.measured - self.published)
        return bool(keeps_to(away, self.rounding, scale=abs(self.published)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A fitted parameter.

    Args:
        name: the parameter.
        published: its value in the case study.
        value: the value that fits best.
        low, high: ends of the profile-likelihood interval.
        least, highest: the range that was searched.
    """

    name: str
    published: float
    value: float
    low: float
    high: float
    least: float
    highest: float

    @property
    def identified(self) -> bool:
        """Whether the interval leaves out both ends of the range searched."""
        span = 1e-3 * (self.highest - self.least)
        return self.low > self.least + span and self.high < self.highest - span


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters fitted to published targets.

    Args:
        targets: how many numbers were fitted.
        before, after: root mean square error at the published and at the best parameters.
        estimates: the parameters.
        said: what was fitted, how, and what the targets identify.
    """

    targets: int
    before: float
    after: float
    estimates: tuple[Estimate, ...]
    said: str


@dataclass(frozen=True)
class Assessment:
    """All that a rubric says: scorecards, published figures, and the fit.

    Args:
        name, title, about, references: as in `Rubric`.
        cards: one a variant; the first is the published simulation's.
        figures: published figures beside what is measured.
        fit: parameters fitted to published targets.
    """

    name: str
    title: str
    about: str
    references: tuple[str, ...]
    cards: tuple[Scorecard, ...]
    figures: tuple[Figure, ...]
    fit: Fit | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Assessment:
        """From what `to_dict` gave."""
        held = dict(data)
        held["references"] = tuple(held["references"])
        held["cards"] = tuple(_card(card) for card in held["cards"])
        held["figures"] = tuple(Figure(**figure) for figure in held["figures"])
        if held["fit"] is not None:
            estimates = tuple(Estimate(**item) for item in held["fit"]["estimates"])
            held["fit"] = Fit(**{**held["fit"], "estimates": estimates})
        return cls(**held)


def _card(data: Mapping[str, Any]) -> Scorecard:
    held = dict(data)
    held["items"] = tuple(Item(**item) for item in held["items"])
    held["null"] = Null(**held["null"])
    return Scorecard(**held)
