"""TR-1's Monte Carlo: does the logarithmic form match the Samsung-Sony record better?

Source: TR-1 (arXiv:2510.18802), section 7.6; equilibria and the 60-point rubric are those of
`coopsim.measure.rubrics.samsung_sony`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.games.coopetition.trust import Share
from coopsim.measure.experiment import Columns, Experiment, ExperimentCard
from coopsim.measure.rubrics.rubric import points
from coopsim.measure.rubrics.samsung_sony import CRITERIA, LOGARITHMIC, POWER, Case, solve
from coopsim.measure.targets.draws import MOST_SEED, MOST_TRIAL, perturbations
from coopsim.tolerance import exceeds, keeps_to, reaches


@dataclass(frozen=True)
class FormTargets(Experiment):
    """Both forms of value scored on the joint venture with perturbed parameters."""

    endowment: Annotated[float, Gt(0)] = 100.0
    """e of both firms"""
    share: Annotated[float, Gt(0), Le(1)] = 0.55
    """alpha of Samsung; Sony has the rest"""
    first: Share = 0.64
    """dependence of Samsung on Sony"""
    second: Share = 0.86
    """dependence of Sony on Samsung"""
    theta: Annotated[float, Gt(0)] = 20.0
    """scale of the logarithmic form"""
    log_gamma: Annotated[float, Ge(0)] = 0.65
    """complementarity with the logarithmic form"""
    beta: Annotated[float, Gt(0), Le(1)] = 0.75
    """exponent of the power form"""
    power_gamma: Annotated[float, Ge(0)] = 0.5
    """complementarity with the power form"""
    noise: Annotated[float, Ge(0), Le(1)] = 0.15
    """by what share endowment, shares and dependence change at most"""
    trial: Annotated[int, Ge(0), Le(MOST_TRIAL)] = 0
    """which draw"""
    seed: Annotated[int, Ge(0), Le(MOST_SEED)] = 42
    """of the draws"""

    card: ClassVar[ExperimentCard] = ExperimentCard(
        title="Monte Carlo of value forms (TR-1)",
        summary=(
            "The Samsung-Sony joint venture with randomly changed parameters, solved with "
            "logarithmic and with power value; both equilibria are scored by the report's "
            "60-point rubric."
        ),
        references=(
            "arXiv:2510.18802 (TR-1), section 7.6",
            "github.com/vikpant/strategic-coopetition, TR_validation/TR1_foundations (draws)",
        ),
        notes=(
            "As in the released suite one of the four draws moves both Sony's share and "
            "Samsung's dependence.",
            "Win rates and means are published for changes of 15 percent, the effect size for "
            "changes of 5 percent.",
            "A score says little by itself: about half of its points cannot be missed.",
        ),
    )
    measures: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "log_score": "points of 60 with the logarithmic form",
            "power_score": "points of 60 with the power form",
            "difference": "the first minus the second",
            "log_wins": "whether that is positive",
            "log_increase": "rise of mean contribution over the baseline, logarithmic, percent",
            "power_increase": "the same with the power form",
            "log_in_range": "whether the logarithmic rise lies between 15 and 50 percent",
            "power_in_range": "whether the rise with the power form does",
        }
    )

    def measure(self, columns: Columns) -> Columns:
        """Equilibria and scores of both forms."""
        cases = _cases(columns)
        found = [solve(case) for case in cases]
        log, power = (points(CRITERIA, outcome).sum(-1) for outcome in found)
        rises = [np.round(outcome.cooperation, 2) for outcome in found]
        return {
            "log_score": log,
            "power_score": power,
            "difference": log - power,
            "log_wins": exceeds(log, power),
            "log_increase": rises[0],
            "power_increase": rises[1],
            "log_in_range": reaches(rises[0], 15.0) & keeps_to(rises[0], 50.0),
            "power_in_range": reaches(rises[1], 15.0) & keeps_to(rises[1], 50.0),
        }


def _cases(columns: Columns) -> tuple[Case, Case]:
    """The perturbed case with both forms; draws are used as the suite uses them."""
    noise = 1 + perturbations(columns, 4)
    mine, other = columns["share"] * noise[1], (1 - columns["share"]) * noise[2]
    shared = {
        "share": mine / (mine + other),
        "first": np.clip(columns["first"] * noise[2], 0, 1),
        "second": np.clip(columns["second"] * noise[3], 0, 1),
        "endowment": columns["endowment"] * noise[0],
    }
    return (
        replace(LOGARITHMIC, level=columns["theta"], gamma=columns["log_gamma"], **shared),
        replace(POWER, level=columns["beta"], gamma=columns["power_gamma"], **shared),
    )
