"""TR-3's behavioural targets: team production with loyalty, in closed form.

Source: TR-3 (arXiv:2601.16237), equations 1 to 5. With a linear cost every member's first-order
condition fixes total effort,

    S = [omega beta (1 + theta phi_B) / (n c (1 - theta phi_C))]^(1 / (1 - beta)),

so that equally loyal members give S / n each, within their bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Lt

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.coopetition.trust import Share
from coopsim.measure.experiment import Columns, Experiment, ExperimentCard
from coopsim.tolerance import exceeds, falls_short, keeps_to, reaches

_LADDER = (0.0, 0.3, 0.5, 0.7, 0.9)  # loyalties, and
_SIZES = (3, 4, 5, 6, 8)  # team sizes between which effort must not turn
_TOGETHER = 0.7  # loyalty at which the two mechanisms are compared


@dataclass(frozen=True)
class LoyaltyTargets(Experiment):
    """Equilibrium effort in a team of equally loyal members."""

    output: Annotated[float, Gt(0)] = 25.0
    """omega"""
    beta: Annotated[float, Gt(0), Lt(1)] = 0.7
    """returns to scale"""
    unit_cost: Annotated[float, Gt(0)] = 1.0
    """c"""
    size: Annotated[int, Ge(2)] = 5
    """n"""
    loyalty: Share = 0.5
    """theta"""
    benefit: Share = 0.8
    """phi_B"""
    tolerance: Annotated[float, Ge(0), Lt(1)] = 0.3
    """phi_C"""
    least: Annotated[float, Ge(0)] = 0.01
    """the lowest effort that there is"""
    most: Annotated[float, Gt(0)] = 50.0
    """the highest effort that there is"""

    card: ClassVar[ExperimentCard] = ExperimentCard(
        title="Behavioural targets of loyalty (TR-3)",
        summary=(
            "A team shares its output equally and each member bears the cost of its own effort; "
            "loyal members also value what the others get. Measured are equilibrium effort and "
            "what loyalty, its two mechanisms and team size do to it."
        ),
        references=(
            "arXiv:2601.16237 (TR-3), equations 1 to 5",
            "github.com/vikpant/strategic-coopetition, TR_validation/TR3_loyalty (targets, grid)",
        ),
        notes=(
            "The released suite iterates numeric best responses, for more than 100 minutes; the "
            "closed form agrees with it to five digits and takes milliseconds.",
            "Configurations that miss the free-riding target are those whose free-riding effort "
            "lies below the suite's lowest effort, 0.01: a bound of the solver, not behaviour.",
            "The released grid was narrowed until targets were met, as comments in it say; on "
            "the ranges of the suite's own documentation about half of the configurations meet "
            "those for free riding, differentiation and synergy.",
            "Monotone in loyalty and in size is asked at every configuration, over loyalty "
            "0, 0.3, 0.5, 0.7, 0.9 and, without loyalty, over 3, 4, 5, 6, 8 members. The suite "
            "asks it of each group of configurations that differ in nothing else, which is the "
            "same question.",
        ),
    )
    measures: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "effort": "equilibrium effort of a member",
            "free_riding_effort": "the same without loyalty",
            "free_riding_error": "its distance from the unbounded closed form, in percent",
            "free_riding_close": "whether that is below 5 percent",
            "loyalty_monotone": "whether effort rises with loyalty, at least weakly",
            "size_effect": "whether effort falls with team size without loyalty, at least weakly",
            "bounded": "whether effort lies within its bounds",
            "effort_ratio": "effort at loyalty 0.9 over effort at 0.1",
            "differentiated": "whether that is above 2",
            "synergy": "effect of both mechanisms over the sum of each alone, at loyalty 0.7",
            "synergetic": "whether that is above 1.1",
            "loyalty_gain": "effort at loyalty 0.9 minus effort without",
            "output_increase": "team output over that without loyalty, minus 1, in percent",
        }
    )

    def __post_init__(self) -> None:
        """Refuse bounds that nothing lies between."""
        if self.least >= self.most:
            raise UserError("is not below most", key="least", given=self.least)

    def measure(self, columns: Columns) -> Columns:
        """The measures of TR-3, section 6."""
        team = _Team.of(columns)
        alone = (columns["output"] * columns["beta"] / columns["unit_cost"]) ** team.power
        analytic = alone * columns["size"] ** ((columns["beta"] - 2) * team.power)
        none, here = team.effort(0.0), team.effort(columns["loyalty"])
        error = 100 * np.abs(none - analytic) / analytic
        ratio = team.effort(0.9) / team.effort(0.1)
        synergy = _synergy(team, none)
        ladder = np.stack([team.effort(loyalty) for loyalty in _LADDER])
        sizes = np.stack([replace(team, size=size).effort(0.0) for size in _SIZES])
        return {
            "effort": here,
            "free_riding_effort": none,
            "free_riding_error": error,
            "free_riding_close": falls_short(error, 5.0),
            "loyalty_monotone": reaches(ladder[1:], ladder[:-1]).all(0),
            "size_effect": keeps_to(sizes[1:], sizes[:-1]).all(0),
            "bounded": reaches(here, 0.0) & keeps_to(here, columns["most"]),
            "effort_ratio": ratio,
            "differentiated": exceeds(ratio, 2.0),
            "synergy": synergy,
            "synergetic": exceeds(synergy, 1.1),
            "loyalty_gain": ladder[-1] - none,
            "output_increase": 100 * ((here / none) ** columns["beta"] - 1),
        }


@dataclass(frozen=True)
class _Team:
    """Team production in every configuration, `[C]` each."""

    output: Float
    beta: Float
    unit_cost: Float
    size: Any
    benefit: Any
    tolerance: Any
    least: Float
    most: Float

    @classmethod
    def of(cls, columns: Columns) -> _Team:
        """The team of each configuration."""
        return cls(**{name: columns[name] for name in cls.__dataclass_fields__})

    @property
    def power(self) -> Float:
        """1 / (1 - beta)."""
        return np.asarray(1 / (1 - self.beta))

    def effort(self, loyalty: Any) -> Float:
        """Equilibrium effort of a member, `[C]`, where all are equally loyal."""
        pull = self.output * self.beta * (1 + loyalty * self.benefit)
        drag = self.size * self.unit_cost * (1 - loyalty * self.tolerance)
        total = (pull / drag) ** self.power
        return np.asarray(np.clip(total / self.size, self.least, self.most))


def _synergy(team: _Team, none: Float) -> Float:
    """Both mechanisms together over the sum of what each does alone; 1 where neither does."""
    both = team.effort(_TOGETHER) - none
    benefit = replace(team, tolerance=0.0).effort(_TOGETHER) - none
    tolerance = replace(team, benefit=0.0).effort(_TOGETHER) - none
    apart = benefit + tolerance
    some = exceeds(apart, 0.0, scale=none)
    return np.where(some, both / np.where(some, apart, 1.0), 1.0)
