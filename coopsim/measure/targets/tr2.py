"""TR-2's behavioural targets: how trust is lost and regained, measured on the rule alone.

Source: TR-2 (arXiv:2510.24909), section 8, equations 6 to 9; the measures are those of the
released suite, which sets signals by hand instead of playing. One truster, one trusted, so
trust and damage have shape `[1, 1, C]`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from coopsim.arrays import Float
from coopsim.games.coopetition.trust import Share, TrustRates
from coopsim.measure.experiment import Columns, Experiment, ExperimentCard
from coopsim.tolerance import reaches

_FIRST = 0.85  # trust before the violation whose healing is measured
_DEPENDENCE = 0.5


@dataclass(frozen=True)
class TrustTargets(Experiment):
    """Loss and recovery of trust under hand-set deviations, for one pair of players."""

    build: Annotated[float, Gt(0), Le(1)] = 0.10
    """lambda+"""
    erode: Annotated[float, Gt(0), Le(1)] = 0.30
    """lambda-"""
    damage: Share = 0.60
    """mu"""
    forget: Share = 0.03
    """delta"""
    amplify: Annotated[float, Ge(0)] = 0.50
    """xi"""
    sensitivity: Annotated[float, Gt(0)] = 1.0
    """kappa; without effect unless `graded`"""
    graded: bool = False
    """whether kappa multiplies deviations; the released suite forgets it"""
    ceiling: Literal["building", "always"] = "building"
    """building: the ceiling 1 - R only stops trust from rising, as in the released suite;
    always: it also pulls trust down, as in the environments"""

    card: ClassVar[ExperimentCard] = ExperimentCard(
        title="Behavioural targets of trust (TR-2)",
        summary=(
            "One player violates or meets what another expects, in a few fixed patterns. "
            "Measured are how much faster trust falls than it rises, how far it recovers, and "
            "what repetition and dependence add to the damage."
        ),
        references=(
            "arXiv:2510.24909 (TR-2), section 8",
            "github.com/vikpant/strategic-coopetition, TR_validation/TR2_trust (measures, grid)",
        ),
        notes=(
            "The released sweep has six axes with five values each, 15,625 configurations; the "
            "78,125 of the report count a seventh that the code does not have.",
            "kappa is swept, but no released measure uses it: signals are set by hand.",
            "The published median of hysteresis recovery, 1.11, comes from an older rule of "
            "building trust; the released code gives 0.834.",
        ),
    )
    measures: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "negativity_ratio": "lambda- over lambda+",
            "hysteresis_recovery_10": "trust 10 periods after a violation, over trust before it",
            "hysteresis_recovery_35": "highest trust in 35 periods after it, over trust before it",
            "hysteresis_recovery_100": "the same for 100 periods",
            "cumulative_amplification": "damage by four violations of 1 over damage by one of 4",
            "dependency_amplification": "damage at dependence 0.8 over damage at 0.2",
            "building_rate": "trust gained a period over the first 10 periods of cooperation",
            "trust_final_50": "trust after 50 periods of cooperation, from 0.5",
            "erosion_single_period": "trust lost by one violation, from 0.8",
            "erosion_acceleration": "trust lost by the second violation over that by the first",
            "stability_range": "range of trust over 30 periods of alternating signs, from 0.7",
            "time_to_50pct_recovery": "periods until half of the lost trust is back; 100: never",
            "final_recovery_level": "trust 100 periods after a violation, from 0.8",
        }
    )

    def measure(self, columns: Columns) -> Columns:
        """The measures of TR-2, section 8."""
        pair = _Pair(self, columns)
        healed = {
            name: path / _FIRST for name, path in _recovery(pair, _FIRST, (10, 35, 100)).items()
        }
        rising = _path(pair, 0.5, [2.0] * 50)
        twice = pair.twice(0.8)
        wave = _path(pair, 0.7, [1.0, -0.5] * 15)
        back, half = _return(pair)
        return {
            "negativity_ratio": columns["erode"] / columns["build"],
            **healed,
            "cumulative_amplification": (0.8 - _path(pair, 0.8, [-1.0] * 4)[-1])
            / (0.8 - _path(pair, 0.8, [-4.0])[-1]),
            "dependency_amplification": _lost(self, columns, 0.8) / _lost(self, columns, 0.2),
            "building_rate": (rising[10] - rising[0]) / 10,
            "trust_final_50": rising[50],
            "erosion_single_period": 0.8 - twice[0],
            "erosion_acceleration": (twice[0] - twice[1]) / (0.8 - twice[0]),
            "stability_range": np.max(wave, 0) - np.min(wave, 0),
            "time_to_50pct_recovery": half,
            "final_recovery_level": back,
        }


class _Pair:
    """One pair of players in every configuration: the rule with rates `[1, 1, C]`."""

    def __init__(
        self, rule: TrustTargets, columns: Columns, dependence: float = _DEPENDENCE
    ) -> None:
        self.capped = rule.ceiling == "always"
        count = len(columns["build"])
        erode = columns["erode"] * (1 + columns["amplify"] * dependence)
        given: dict[str, Any] = {
            "gain": (columns["sensitivity"] if rule.graded else np.ones(count))[None],
            "build": columns["build"][None, None],
            "erode": erode[None, None],
            "damage": columns["damage"][None, None],
            "stay": (1 - columns["forget"])[None, None],
            "overshoots": bool(erode.max() > 1),
            "pairs": np.ones((1, 1, 1)),
            "zero": np.zeros(()),
            "one": np.ones(()),
            "nothing": None,  # signals are given
        }
        # which constants a kernel keeps beside its rates is its own affair
        kept = {field.name: given[field.name] for field in dataclasses.fields(TrustRates)}
        self.rates = TrustRates(**kept)
        self.shape = (1, 1, count)

    def start(self, trust: float) -> tuple[Float, Float]:
        """Trust at a level, and a clean name."""
        return np.full(self.shape, trust), np.zeros(self.shape)

    def step(self, trust: Float, harm: Float, deviation: float) -> tuple[Float, Float]:
        """Trust and damage after a deviation from the baseline (TR-2, equations 6 to 9)."""
        given = np.full(self.shape[1:], deviation)
        new, hurt = self.rates.update(trust, harm, given, np)
        if not self.capped:
            # where trust stands above its ceiling the suite leaves it there, unless it is eroded
            high = trust > 1 - harm
            eroded = self.eroded(trust, deviation) if deviation < 0 else trust
            new = np.where(high, eroded, new)
        return new, hurt

    def eroded(self, trust: Float, deviation: float) -> Float:
        """Trust after a bad signal, without a ceiling."""
        signal = np.tanh(self.rates.gain * deviation)
        return np.asarray(np.maximum(trust * (1 + self.rates.erode * signal), 0.0))

    def twice(self, trust: float) -> list[Float]:
        """Trust after each of two violations of 2 with the ceiling of a clean name."""
        once, _ = self.step(*self.start(trust), -2.0)
        again, _ = self.step(once, np.zeros(self.shape), -2.0)
        return [once[0, 0], again[0, 0]]


def _path(pair: _Pair, trust: float, deviations: list[float]) -> list[Float]:
    """Trust `[C]` before and after each deviation."""
    state = pair.start(trust)
    path = [state[0][0, 0]]
    for deviation in deviations:
        state = pair.step(*state, deviation)
        path.append(state[0][0, 0])
    return path


def _recovery(pair: _Pair, trust: float, periods: tuple[int, ...]) -> dict[str, Float]:
    """Trust after a violation of 3 and periods of cooperation by 2: the highest in so many
    periods, except that the shortest is what stands at its end, as in the released suite."""
    path = _path(pair, trust, [-3.0] + [2.0] * max(periods))[1:]
    first = min(periods)
    return {
        f"hysteresis_recovery_{count}": path[count]
        if count == first
        else np.max(path[: count + 1], 0)
        for count in periods
    }


def _return(pair: _Pair) -> tuple[Float, Float]:
    """Trust 100 periods after a violation from 0.8, and the first period with half of it back."""
    path = np.stack(_path(pair, 0.8, [-3.0] + [2.0] * 100)[1:])
    back = reaches(path[1:], path[0] + 0.5 * (0.8 - path[0]))
    return path[-1], np.where(back.any(0), back.argmax(0) + 1.0, 100.0)


def _lost(rule: TrustTargets, columns: Columns, dependence: float) -> Float:
    """Trust lost by a violation of 2 from 0.8, `[C]`."""
    pair = _Pair(rule, columns, dependence)
    trust, harm = pair.start(0.8)
    # the suite sets the ceiling to 0.9 by hand, which a violation below it never meets
    return np.asarray(0.8 - pair.step(trust, harm, -2.0)[0][0, 0])
