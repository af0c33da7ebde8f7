"""Rubrics: criteria with points, scored on a published simulation and on random parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.rubrics.assessment import Assessment, Figure, Fit, Item, Kind, Null, Scorecard
from coopsim.tolerance import reaches

DRAWS = 4000
"""Random parameter sets that a null distribution is taken over."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric.

    Args:
        group: the category it counts for.
        name: what is asked.
        most: the points it can bring.
        kind: "constant" brings the same points whatever is simulated; "cannot fail" is a
            condition that holds for all parameters in their documented ranges.
        said: the condition in full, and why it is of its kind.
        points: points `[B]` of a batch of simulations.
    """

    group: str
    name: str
    most: float
    kind: Kind
    said: str
    points: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """A simulation to score.

    Args:
        name: as tables show it.
        simulate: the simulation, a batch of one.
        claim: the score that was published for it.
        draw: simulations `[B]` under random parameters, from a generator and B.
        drawn: what `draw` draws, in words.
        metrics: further numbers of the simulation.
    """

    name: str
    simulate: Callable[[], Any]
    claim: float | None
    draw: Callable[[np.random.Generator, int], Any]
    drawn: str
    metrics: Callable[[Any], Mapping[str, float]] = lambda outcome: MappingProxyType({})


@dataclass(frozen=True)
class Rubric:
    """A case study's rubric.

    Args:
        name: as scenarios name it.
        title: the case.
        about: what is simulated, and how the rubric came about.
        references: where it was published.
        criteria: the lines of the rubric.
        variants: the simulations to score; the first is the published one.
        figures: published figures beside what is measured here.
        fit: parameters fitted to published targets; None where there are none.
    """

    name: str
    title: str
    about: str
    references: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    variants: tuple[Variant, ...]
    figures: Callable[[], tuple[Figure, ...]]
    fit: Callable[[], Fit] | None = None


def points(criteria: tuple[Criterion, ...], outcome: Any) -> Float:
    """Points `[B, C]` of a batch of simulations by each criterion."""
    columns = [np.atleast_1d(np.asarray(item.points(outcome), dtype=float)) for item in criteria]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def score(rubric: Rubric, variant: Variant, random: Float) -> Scorecard:
    """One variant's scorecard.

    Args:
        rubric: whose criteria.
        variant: which simulation.
        random: points `[B, C]` under random parameters.
    """
    outcome = variant.simulate()
    given = points(rubric.criteria, outcome)[0]
    totals = random.sum(axis=1)
    low, high = np.quantile(totals, (0.025, 0.975))
    null = Null(
        draws=len(totals),
        mean=float(totals.mean()),
        sd=float(totals.std()),
        low=float(low),
        high=float(high),
        reach=float(np.mean(reaches(totals, given.sum()))),
        said=variant.drawn,
    )
    items = tuple(
        Item(line.group, line.name, float(got), line.most, line.kind, line.said, float(mean))
        for line, got, mean in zip(rubric.criteria, given, random.mean(axis=0), strict=True)
    )
    return Scorecard(
        variant.name,
        float(given.sum()),
        float(sum(line.most for line in rubric.criteria)),
        variant.claim,
        items,
        null,
        {name: float(value) for name, value in variant.metrics(outcome).items()},
    )


def assess(rubric: Rubric, *, draws: int = DRAWS, seed: int = 0) -> Assessment:
    """Everything that a rubric says; a few seconds of computation.

    Args:
        rubric: the rubric.
        draws: parameter sets of each null distribution.
        seed: of those draws.
    """
    # variants that differ in what was published only are drawn once
    random = {
        draw: points(rubric.criteria, draw(np.random.default_rng(seed), draws))
        for draw in dict.fromkeys(variant.draw for variant in rubric.variants)
    }
    return Assessment(
        rubric.name,
        rubric.title,
        rubric.about,
        rubric.references,
        tuple(score(rubric, variant, random[variant.draw]) for variant in rubric.variants),
        rubric.figures(),
        None if rubric.fit is None else rubric.fit(),
    )
