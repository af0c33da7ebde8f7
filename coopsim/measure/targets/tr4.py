"""TR-4's behavioural targets: how reciprocity answers cooperation and defection.

Source: TR-4 (arXiv:2604.01240), equations 19 to 25 and 44; dynamics, scenario and targets of
the released suite. Two players, the first depends more on the second. Arrays have the players
first and the configurations last, `[2, C]`; with two players a player's trust is in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le

from coopsim.arrays import Float
from coopsim.games.coopetition.trust import Share
from coopsim.measure.experiment import Columns, Experiment, ExperimentCard
from coopsim.measure.targets.draws import MOST_SEED, MOST_TRIAL, perturbations
from coopsim.tolerance import exceeds, keeps_to, most

_DEPENDENCE = np.array([[0.8], [0.4]])  # of the first player on the second, and back
_BASELINE, _FIRST, _STEP, _DECAY = 0.3, 0.5, 0.15, 0.01
_DEFECT_AT, _DEFECT_TO = 10, 0.10  # what the second player does once
_SHORT, _LONG = 30, 100  # periods of the path in peace, and of the one with a defection
# trust and reputation as fixed by the suite: TR-2's rates, and its ceiling
_BUILD, _ERODE, _AMPLIFY, _DAMAGE, _FORGET = 0.10, 0.30, 0.50, 0.60, 0.03
_MOST_TRUST, _CEILING_SLOPE = 0.90, 0.60


@dataclass(frozen=True)
class ReciprocityTargets(Experiment):
    """Six yes-or-no targets of reciprocal dynamics between two players."""

    strength: Annotated[float, Gt(0)] = 1.0
    """rho_0"""
    elasticity: Annotated[float, Gt(0)] = 1.0
    """eta"""
    sensitivity: Annotated[float, Gt(0)] = 1.0
    """kappa"""
    memory: Annotated[int, Ge(1)] = 5
    """k, periods"""
    weight: Annotated[float, Gt(0)] = 1.0
    """lambda_R"""
    trust: Share = 0.6
    """T at the start"""
    amplify: Annotated[float, Ge(0)] = 0.6
    """omega, how much dependence adds"""
    expected: Literal["baseline", "memory"] = "baseline"
    """what actions are measured against. baseline: a fixed level, as in the released suite,
    where k does nothing but set when forgiveness is looked for; memory: the mean of the last k
    actions, as in equation 20"""
    noise: Annotated[float, Ge(0), Le(1)] = 0.0
    """Monte Carlo: the six swept parameters change by up to this share"""
    trial: Annotated[int, Ge(0), Le(MOST_TRIAL)] = 0
    """Monte Carlo: which draw"""
    seed: Annotated[int, Ge(0), Le(MOST_SEED)] = 42
    """Monte Carlo: of the draws"""

    card: ClassVar[ExperimentCard] = ExperimentCard(
        title="Behavioural targets of reciprocity (TR-4)",
        summary=(
            "Two players answer each other's deviations, in peace and after one defection. "
            "Asked is whether cooperation emerges, defection is punished and forgiven, the "
            "dependent player answers more, trust helps, and answers stay bounded."
        ),
        references=(
            "arXiv:2604.01240 (TR-4), section 7, equations 19 to 25 and 44",
            "github.com/vikpant/strategic-coopetition, TR_validation/TR4_reciprocity "
            "(dynamics, targets, grid)",
        ),
        notes=(
            "The released suite measures actions against a fixed baseline, so the memory window "
            "k does not reach the dynamics; expected: memory is equation 20 of the report.",
            "Asymmetric differentiation is analytic: the ratio is (0.8 / 0.4)^eta whatever "
            "else is chosen. So is boundedness, since tanh is bounded.",
        ),
    )
    measures: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "cooperation_emerged": "whether mean action after 30 periods is above 0.53",
            "final_cooperation": "mean action after 30 periods",
            "defection_punished": "whether the other's action or trust falls after a defection",
            "forgiven": "whether the other's action has come back min(20 + 2k, 90) periods in",
            "forgiveness_time": "periods after the defection until 80 percent is back; 0: never",
            "differentiation_ratio": "first answer of the dependent player over the other's",
            "asymmetric": "whether that is above 1.5",
            "trust_helps": "whether mean action is higher from trust 0.9 than from 0.3",
            "bounded": "whether no answer exceeds rho_0 0.8^eta",
            "all_met": "whether all six targets are met",
        }
    )

    def measure(self, columns: Columns) -> Columns:
        """The six targets of TR-4, section 7, each as a column."""
        given = _perturbed(columns)
        peace = _simulate(self, given, given["trust"], _SHORT)
        broken = _simulate(self, given, given["trust"], _LONG, defects=True)
        high = _simulate(self, given, np.full_like(given["trust"], 0.9), 20).actions
        low = _simulate(self, given, np.full_like(given["trust"], 0.3), 20).actions
        ratio = np.abs(peace.answers[0, 0]) / np.maximum(np.abs(peace.answers[0, 1]), 1e-8)
        bound = given["strength"] * _DEPENDENCE.max() ** given["elasticity"]
        final = peace.actions[-1].mean(0)
        found = {
            "cooperation_emerged": exceeds(final, 0.53),
            "final_cooperation": final,
            "defection_punished": _punished(peace, broken),
            "forgiven": _forgiven(peace, broken, given["memory"].astype(int)),
            "forgiveness_time": _forgiveness_time(peace, broken),
            "differentiation_ratio": ratio,
            "asymmetric": exceeds(ratio, 1.5),
            "trust_helps": exceeds(high[3:].mean((0, 1)), low[3:].mean((0, 1)) + 0.005),
            "bounded": keeps_to(np.abs(peace.answers), bound).all((0, 1)),
        }
        yes = [values for values in found.values() if values.dtype == bool]
        return {**found, "all_met": np.all(yes, axis=0)}


@dataclass(frozen=True)
class _Path:
    """What two players did: actions and trust `[T + 1, 2, C]`, answers `[T, 2, C]`."""

    actions: Float
    trust: Float
    answers: Float


def _perturbed(columns: Columns) -> Columns:
    """The configurations with their noise, as the suite draws and bounds it."""
    noisy = columns["noise"] > 0
    if not noisy.any():
        return columns
    names = ("strength", "elasticity", "sensitivity", "memory", "weight", "trust")
    changes = perturbations(columns, len(names))
    made = dict(columns)
    for name, change in zip(names, changes, strict=True):
        moved = columns[name] * (1 + change)
        if name == "memory":
            moved = np.maximum(np.floor(most(moved)), 1)
        elif name == "trust":
            moved = np.clip(moved, 0.1, 0.95)
        else:
            moved = np.maximum(moved, 0.1)
        made[name] = np.where(noisy, moved, columns[name])
    return made


def _simulate(
    rule: ReciprocityTargets, given: Columns, trust: Float, periods: int, *, defects: bool = False
) -> _Path:
    """The suite's dynamics (equations 19 to 25, 44), step by step, all configurations at once.

    a' = clip(a + 0.15 lambda_R T (1 + omega D) rho_0 D^eta tanh(kappa s) - 0.01 (a - b), 0, 1)
    """
    count = len(trust)
    sensed = given["strength"] * _DEPENDENCE ** given["elasticity"]
    push = _STEP * given["weight"] * (1 + given["amplify"] * _DEPENDENCE)
    a, held, harm = np.full((2, count), _FIRST), np.tile(trust, (2, 1)), np.zeros((2, count))
    actions, trusts, answers = [a], [held], []
    sums = np.zeros((periods + 1, 2, count))
    for t in range(periods):
        if defects and t == _DEFECT_AT:
            a = np.stack([a[0], np.full(count, _DEFECT_TO)])
            actions[-1] = a
        signal = (a - _expected(rule, given, sums, t))[::-1]  # each sees the other's
        answer = sensed * np.tanh(given["sensitivity"] * signal)
        sums[t + 1] = sums[t] + a
        new = np.clip(a + push * held * answer - _DECAY * (a - _BASELINE), 0.0, 1.0)
        held, harm = _trusted(held, harm, signal)
        a = new
        actions.append(a)
        trusts.append(held)
        answers.append(answer)
    return _Path(np.stack(actions), np.stack(trusts), np.stack(answers))


def _expected(rule: ReciprocityTargets, given: Columns, sums: Float, t: int) -> Float | float:
    """What is expected of each player: the baseline, or the mean of its last k actions (20).

    `sums[t]` is the sum of actions before period t. Before there is a past, the baseline.
    """
    if rule.expected == "baseline" or t == 0:
        return _BASELINE
    window = np.minimum(given["memory"].astype(int), t)
    rows = np.arange(sums.shape[2])
    return np.asarray((sums[t] - sums[t - window, :, rows].T) / window)


def _trusted(trust: Float, harm: Float, signal: Float) -> tuple[Float, Float]:
    """TR-2's rule with the suite's ceiling min(0.9, 1 - 0.6 R) and the signal as it is."""
    ceiling = np.minimum(_MOST_TRUST, 1 - _CEILING_SLOPE * harm)
    up, down = np.maximum(signal, 0), np.maximum(-signal, 0)
    moved = trust + _BUILD * up * np.maximum(ceiling - trust, 0)
    moved -= _ERODE * down * trust * (1 + _AMPLIFY * _DEPENDENCE)
    hurt = np.where(
        exceeds(down, 0.0, scale=1.0), harm + _DAMAGE * down * (1 - harm), harm * (1 - _FORGET)
    )
    return np.clip(moved, 0, ceiling), np.clip(hurt, 0, 1)


def _in_peace(peace: _Path, periods: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Periods of the path in peace, which stands still after its last one."""
    return np.minimum(periods, len(peace.actions) - 1)


def _punished(peace: _Path, broken: _Path) -> npt.NDArray[np.bool_]:
    """Whether the first player gives less after the defection, or trusts less five later."""
    later = np.arange(_DEFECT_AT + 1, 60)
    gap = peace.actions[_in_peace(peace, later), 0] - broken.actions[later, 0]
    lost = peace.trust[15, 0] - broken.trust[15, 0]
    return np.asarray(
        exceeds(np.maximum(gap, 0).sum(0), 0.005, scale=1.0) | exceeds(lost, 0.01, scale=1.0)
    )


def _forgiven(peace: _Path, broken: _Path, memory: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the first player is half back, on its way, or above the worst."""
    horizon = 2 * np.minimum(_DEFECT_AT + np.minimum(memory, 45), 45)
    rows, path = np.arange(len(memory)), broken.actions[:, 0]
    back, whole = path[horizon, rows], peace.actions[_in_peace(peace, horizon), 0, rows]
    rise = back - path[np.maximum(horizon - 10, 15), rows]
    periods = np.arange(len(path))[:, None]
    looked = (periods > _DEFECT_AT) & (periods < np.minimum(40, horizon))
    worst = np.where(looked, path, np.inf).min(0)
    return np.asarray(
        exceeds(back, 0.5 * whole)
        | (exceeds(rise, 0.001, scale=1.0) & exceeds(back, 0.35))
        | exceeds(back, worst + 0.02)
    )


def _forgiveness_time(peace: _Path, broken: _Path) -> Float:
    """Periods after the defection until the first player gives 80 percent again; 0: never."""
    later = np.arange(_DEFECT_AT + 2, _LONG + 1)
    back = exceeds(broken.actions[later, 0], 0.8 * peace.actions[_in_peace(peace, later), 0])
    return np.where(back.any(0), back.argmax(0) + 2.0, 0.0)
