"""TR-2's case: trust between Renault and Nissan over five phases, and its 60-point rubric.

Source: TR-2, arXiv:2510.24909; the released validation suite. The suite's matrix of initial
trust has .55 in Nissan's place for itself and 1 in its place for Renault, which looks
mistyped; both readings are variants.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.rubrics.assessment import Figure, Fit
from coopsim.measure.rubrics.fitting import Parameter, fit
from coopsim.measure.rubrics.rubric import Criterion, Rubric, Variant, points
from coopsim.tolerance import exceeds, falls_short, keeps_to, reaches

PHASES = (
    ("Formation", 12, 6.5),
    ("Mature", 40, 7.0),
    ("Crisis", 4, 2.0),
    ("Recovery", 15, 6.2),
    ("Current", 8, 6.5),
)
"""Name, periods, and the action of both; the baseline of both is 5."""

BASELINE = 5.0
BOUNDS = np.concatenate([[0], np.cumsum([phase[1] for phase in PHASES])])
MISTYPED = ((1.0, 0.50), (1.0, 0.55))
CORRECTED = ((1.0, 0.50), (0.55, 1.0))


@dataclass(frozen=True)
class Trust:
    """Parameters of trust and reputation; numbers, or arrays `[B]`.

    Args:
        build, erode, damage, forget, amplify, sensitivity: lambda+, lambda-, mu, delta, xi
            and kappa.
        first, second: D of Renault on Nissan and of Nissan on Renault.
        initial: trust at the start, `[2, 2]` or `[B, 2, 2]`, actors Renault, Nissan.
    """

    build: Float | float = 0.08
    erode: Float | float = 0.25
    damage: Float | float = 0.55
    forget: Float | float = 0.02
    amplify: Float | float = 0.5
    sensitivity: Float | float = 1.0
    first: Float | float = 0.65
    second: Float | float = 0.75
    initial: Any = field(default=MISTYPED)


@dataclass(frozen=True)
class Course:
    """Trust and reputation damage over the phases.

    Args:
        trust: `[80, B, 2, 2]`, row trusts column, the diagonal as it was given.
        damage: `[80, B, 2, 2]`.
    """

    trust: Float
    damage: Float

    @property
    def mean(self) -> Float:
        """Mean over the whole matrix `[80, B]`: the suite counts trust in oneself."""
        return np.asarray(self.trust.mean((-1, -2)))


def step(rule: Trust, trust: Float, damage: Float, signal: Any) -> tuple[Float, Float]:
    """One update of `[B, 2, 2]` arrays; trust may stand above the ceiling 1 - R, as in TR-2.

    Args:
        rule: the parameters.
        trust, damage: before.
        signal: tanh(kappa (a - b)) of both, a number or `[B]`.
    """
    signal = np.asarray(signal)[..., None, None]
    d = _wide(rule.first) * [[0, 1], [0, 0]] + _wide(rule.second) * [[0, 0], [1, 0]]
    up = _wide(rule.build) * signal * np.maximum(0, 1 - damage - trust)
    down = _wide(rule.erode) * signal * trust * (1 + _wide(rule.amplify) * d)
    worse = -_wide(rule.damage) * signal * (1 - damage)
    moved = np.clip(trust + np.where(signal > 0, up, down), 0, 1)
    hurt = np.clip(damage + np.where(signal < 0, worse, -_wide(rule.forget) * damage), 0, 1)
    other = ~np.eye(2, dtype=bool)
    return np.where(other, moved, trust), np.where(other, hurt, damage)


def simulate(rule: Trust) -> Course:
    """The 80 states of the case for a batch of parameters."""
    size = np.broadcast(*(np.asarray(getattr(rule, name)) for name in _NUMBERS)).shape or (1,)
    trust = np.array(np.broadcast_to(np.asarray(rule.initial, dtype=float), (*size, 2, 2)))
    damage = np.zeros_like(trust)
    course = [(trust, damage)]
    for _, periods, action in PHASES:
        signal = np.tanh(np.asarray(rule.sensitivity) * (action - BASELINE))
        for _ in range(periods):
            trust, damage = step(rule, trust, damage, signal)
            course.append((trust, damage))
    return Course(np.stack([item[0] for item in course]), np.stack([item[1] for item in course]))


def _wide(value: Float | float) -> Float:
    return np.asarray(value, dtype=float)[..., None, None]


_NUMBERS = ("build", "erode", "damage", "forget", "amplify", "sensitivity", "first", "second")


def _follows(place: int) -> Criterion:
    name, _, action = PHASES[place]
    up = 1.0 if action > BASELINE else -1.0
    kept = place < 3

    def given(course: Course) -> Float:
        change = course.mean[BOUNDS[place + 1]] - course.mean[BOUNDS[place]]
        return np.where(exceeds(change * up, 0.0, scale=1.0), 3.0, 0.0)

    return Criterion(
        "behavioural", f"{name}: mean trust {'rises' if up > 0 else 'falls'}", 3,
        "cannot fail" if kept else "informative",
        "trust below its ceiling moves the way of the signal, and the phase's signal is given"
        if kept else "trust stays where it is as long as damage keeps the ceiling below it", given,
    )  # fmt: skip


def _faster(course: Course) -> Float:
    change = np.abs(np.diff(course.mean[BOUNDS], axis=0))
    rates = change / np.diff(BOUNDS)[:, None]
    return np.where(exceeds(rates[2], 1.5 * rates[[0, 1, 3, 4]].mean(0)), 5.0, 0.0)


def _scarred(course: Course) -> Float:
    return np.where(falls_short(course.mean[BOUNDS[4]], 0.9 * course.mean[BOUNDS[2] - 1]), 5.0, 0.0)


def _visible(course: Course) -> Float:
    ends = BOUNDS[1:-1]
    jumps = exceeds(np.abs(course.mean[ends + 1] - course.mean[ends - 1]), 0.05, scale=1.0)
    return np.asarray(np.minimum(8.0, 2.0 * jumps.sum(0)))


CRITERIA = (
    Criterion("alignment", "trust levels agree with documents", 15, "constant",
              "10 points where no observations are given; they are not given", lambda c: 10.0),
    *(_follows(place) for place in range(len(PHASES))),
    Criterion("mechanisms", "erosion 1.5 times as fast as building", 5, "informative",
              "change of mean trust a period, crisis against the mean of the other phases",
              _faster),
    Criterion("mechanisms", "no recovery to 90 %", 5, "informative",
              "mean trust after recovery against just before the crisis", _scarred),
    Criterion("mechanisms", "damage above .3", 5, "cannot fail",
              "four periods of the given signal: for any mu above .09",
              lambda c: 5.0 * exceeds(c.damage.max((0, -1, -2)), 0.3)),
    Criterion("outcomes", "final mean trust from .2 to .8", 7, "informative",
              "4 points where it is not",
              lambda c: np.where(reaches(c.mean[-1], 0.2) & keeps_to(c.mean[-1], 0.8), 7.0, 4.0)),
    Criterion("outcomes", "phases visible", 8, "informative",
              "2 points for each of four changes of phase where mean trust moves by .05 in two "
              "periods", _visible),
)  # fmt: skip
"""60 points."""


def anova(course: Course) -> float:
    """F of trust between phases, over all entries of the matrix, as the suite takes it."""
    groups = [
        course.trust[start:end, 0].ravel() for start, end in itertools.pairwise(BOUNDS.tolist())
    ]
    whole = np.concatenate(groups)
    between = sum(len(g) * (g.mean() - whole.mean()) ** 2 for g in groups) / (len(groups) - 1)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (len(whole) - len(groups))
    return float(between / within)


def metrics(course: Course) -> Mapping[str, float]:
    """Phase-end trust of Renault in Nissan, and F between phases."""
    ends = [("start", 0), *zip((phase[0] for phase in PHASES), BOUNDS[1:].tolist(), strict=True)]
    held = {f"trust of Renault, end of {name}": course.trust[t, 0, 0, 1] for name, t in ends}
    return {**held, "F between phases": anova(course)}


def patterns(rule: Trust, horizon: int = 35) -> dict[str, Float]:
    """The suite's measures of trust dynamics for a batch of parameters, `[B]` each.

    Args:
        rule: only build, erode, damage, forget and amplify count.
        horizon: periods of recovery.
    """
    build, erode, damage, forget, amplify = (
        np.asarray(getattr(rule, name), dtype=float) for name in _NUMBERS[:5]
    )

    def after(trust: Any, signals: list[float], d: float) -> Float:
        held, hurt, best = np.asarray(trust) + 0 * build, 0 * build, 0 * build
        for signal in signals:
            s = np.tanh(signal)
            up = build * s * np.maximum(0, 1 - hurt - held)
            moved = up if s > 0 else erode * s * held * (1 + amplify * d)
            hurt = np.clip(hurt - damage * s * (1 - hurt) if s < 0 else hurt - forget * hurt, 0, 1)
            held = np.clip(held + moved, 0, 1)
            best = np.maximum(best, held) if s > 0 else best
        return best if signals[-1] > 0 else np.asarray(trust) - held

    return {
        "negativity": erode / build,
        "hysteresis": after(0.85, [-3.0, *[2.0] * horizon], 0.5) / 0.85,
        "cumulative": after(0.8, [-1.0] * 4, 0.5) / after(0.8, [-4.0], 0.5),
        "dependency": after(0.8, [-2.0], 0.8) / after(0.8, [-2.0], 0.2),
    }


def _grid() -> Trust:
    axes = ((0.05, 0.15), (0.15, 0.45), (0.45, 0.75), (0.01, 0.05), (0.3, 0.7))
    found = np.meshgrid(*(np.linspace(*ends, 5) for ends in axes), indexing="ij")
    return Trust(*(axis.ravel() for axis in found))


def figures() -> tuple[Figure, ...]:
    """Published figures of the case beside what the published model gives."""
    course = simulate(Trust())
    swept = {name: float(np.median(value)) for name, value in patterns(_grid()).items()}
    where = "median over five values of each of lambda+, lambda-, mu, delta and xi"
    return (
        Figure("score", "TR-2 abstract, released code", 49,
               float(points(CRITERIA, course).sum()), 0.5),
        Figure("F between phases", "README", 35.05, anova(course), 0.005),
        Figure("F between phases", "released results", 34.36, anova(course), 0.005),
        Figure("recovery after 35 periods", "TR-2", 1.11, swept["hysteresis"], 0.005,
               f"{where}; the released sweep was made under an older building rule"),
        Figure("negativity ratio", "TR-2", 3.0, swept["negativity"], 0.05, where),
        Figure("cumulative damage amplification", "TR-2", 1.97, swept["cumulative"], 0.005, where),
        Figure("dependency amplification", "TR-2", 1.27, swept["dependency"], 0.005, where),
        Figure("configurations of the sweep", "TR-2", 78125, 5.0**6, 0.5,
               "the code has six axes of five values, and no measure depends on the sixth"),
    )  # fmt: skip


TARGETS = (
    ("start of Mature", 12, 0.70),
    ("start of Recovery", 56, 0.30),
    ("end of Recovery", 71, 0.40),
)
"""Trust at the phases' starts as the released environment's presets have it, with the period."""


def fitted() -> Fit:
    """Trust parameters fitted to the presets of trust at the starts of phases."""
    names = ("build", "erode", "damage")
    wanted = np.array([target for _, _, target in TARGETS])
    when = [place for _, place, _ in TARGETS]

    def predict(values: Float) -> Float:
        build, erode, damage = values.T
        rule = Trust(build, erode, damage, initial=((1.0, 0.45), (0.45, 1.0)))
        return simulate(rule).trust[when, :, 0, 1].T

    return fit(
        predict,
        wanted,
        tuple(
            Parameter(name, getattr(Trust(), name), low, high)
            for name, (low, high) in zip(
                names, ((0.005, 0.3), (0.05, 0.9), (0.0, 1.0)), strict=True
            )
        ),
        sigma=0.05,
        said="Renault's trust in Nissan at three changes of phase, as the presets of the released "
        "environment have it (.70, .30, .40, from .45). Three numbers cannot tell three "
        "parameters and their errors apart, so intervals assume an error of .05 in each target.",
    )


def _random(rng: np.random.Generator, size: int, initial: Any) -> Course:
    ranges = {"build": (0.05, 0.15), "erode": (0.2, 0.45), "damage": (0.45, 0.75),
              "forget": (0.01, 0.05), "amplify": (0.3, 0.7), "sensitivity": (0.5, 2.0),
              "first": (0.0, 1.0), "second": (0.0, 1.0)}  # fmt: skip
    drawn = {name: rng.uniform(low, high, size) for name, (low, high) in ranges.items()}
    return simulate(Trust(**drawn, initial=initial))


_DRAWN = "uniform over the documented ranges: lambda+ .05 to .15, lambda- .20 to .45, mu .45 to " \
         ".75, delta .01 to .05, xi .3 to .7, kappa .5 to 2; D 0 to 1; phases as given"  # fmt: skip

RUBRIC = Rubric(
    name="renault-nissan",
    title="Renault-Nissan alliance (TR-2)",
    about="Actions of both are given for 79 periods; what is simulated is the trust they leave.",
    references=("arXiv:2510.24909 (TR-2)",),
    criteria=CRITERIA,
    variants=(
        Variant("as released", lambda: simulate(Trust()), 49,
                lambda rng, size: _random(rng, size, MISTYPED), _DRAWN, metrics),
        Variant("trust matrix corrected", lambda: simulate(Trust(initial=CORRECTED)), None,
                lambda rng, size: _random(rng, size, CORRECTED), _DRAWN, metrics),
    ),
    figures=figures,
    fit=fitted,
)  # fmt: skip
"""The rubric, as registered."""
