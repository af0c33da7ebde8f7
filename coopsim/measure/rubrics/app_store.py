"""TR-4's case: 66 quarters of the iOS App Store, and its rubric of 12 indicators by 5 phases.

Source: TR-4, arXiv:2604.01240; the released validation suite, whose dynamics differ from
TR-4's equations: signals are taken against a slowly moving baseline, not a memory of k steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.rubrics.assessment import Figure, Fit, Kind
from coopsim.measure.rubrics.fitting import Parameter, fit
from coopsim.measure.rubrics.rubric import Criterion, Rubric, Variant, points
from coopsim.tolerance import exceeds, falls_short

ACTORS = ("Apple", "major developers", "small developers")
DEPENDENCE = np.array([[0.0, 0.66, 0.71], [0.88, 0.0, 0.30], [0.92, 0.30, 0.0]])
START = np.array([0.70, 0.65, 0.68])
PHASES = (
    ("Symbiosis", 0, 16),
    ("Maturation", 16, 36),
    ("Tension", 36, 48),
    ("Crisis", 48, 54),
    ("Adjustment", 54, 66),
)
TARGETS = np.array(
    [[0.81, 0.78, 0.80], [0.85, 0.84, 0.86], [0.72, 0.60, 0.68], [0.49, 0.22, 0.42],
     [0.70, 0.47, 0.67]]
)  # fmt: skip
"""Published phase means, `[5, 3]`."""

SHOCKS = {36: (0.0, -0.15, -0.10), 48: (-0.25, -0.40, 0.0), 54: (0.20, 0.0, 0.0)}
"""What is added to actions before a quarter."""

QUARTERS, SPREAD = 66, 0.02


@dataclass(frozen=True)
class Rule:
    """Parameters of the dynamics; numbers, or arrays `[B]`.

    Args:
        strength, elasticity, sensitivity, weight, amplify: rho_0, eta, kappa, lambda_R, omega.
        trust: at the start, between Apple and developers; .2 less between developers.
        pace, decay, adapt: of actions, back to the baseline, and of the baseline.
        build, erode, damage, forget, harm: lambda+, lambda-, mu, delta, xi.
        dependence: D, `[3, 3]` or `[B, 3, 3]`.
    """

    strength: Float | float = 0.85
    elasticity: Float | float = 1.3
    sensitivity: Float | float = 1.2
    weight: Float | float = 1.0
    amplify: Float | float = 0.6
    trust: Float | float = 0.70
    pace: Float | float = 0.12
    decay: Float | float = 0.05
    adapt: Float | float = 0.08
    build: Float | float = 0.10
    erode: Float | float = 0.30
    damage: Float | float = 0.60
    forget: Float | float = 0.03
    harm: Float | float = 0.50
    dependence: Float | None = None


@dataclass(frozen=True)
class Course:
    """A simulation.

    Args:
        actions: `[67, B, 3]`.
        trust, damage: at the end, `[B, 3, 3]`.
    """

    actions: Float
    trust: Float
    damage: Float

    def phase(self, place: int) -> Float:
        """Actions of a phase `[T, B, 3]`; its last quarter is the next phase's first."""
        _, start, end = PHASES[place]
        return self.actions[start : end + 1]

    @property
    def means(self) -> Float:
        """Mean action `[B, 5, 3]` by phase."""
        return np.stack([self.phase(place).mean(0) for place in range(5)], axis=1)

    @property
    def error(self) -> Float:
        """Mean relative distance of phase means from the targets, `[B, 5]`."""
        return np.asarray((np.abs(self.means - TARGETS) / TARGETS).mean(-1))


def simulate(rule: Rule, noise: Float | None = None) -> Course:
    """The 67 states for a batch of parameters.

    Args:
        rule: the parameters.
        noise: added to actions, `[66, B, 3]`; none where not given.
    """
    d = DEPENDENCE if rule.dependence is None else rule.dependence
    shaped = {
        name: np.asarray(value, dtype=float)[..., None, None]
        for name, value in vars(rule).items() if name != "dependence"
    }  # fmt: skip
    size = np.broadcast(*shaped.values(), d).shape[0:1] if d.ndim > 2 else None
    size = size or np.broadcast(*shaped.values()).shape[:-2] or (1,)
    apart = np.eye(3) == 0
    pull = shaped["weight"] * (1 + shaped["amplify"] * d) * shaped["strength"]
    pull = np.where(apart, pull * d ** shaped["elasticity"], 0.0)
    trust = np.ones((*size, 3, 3)) * shaped["trust"]
    trust[..., 1, 2] -= 0.2
    trust[..., 2, 1] -= 0.2
    trust = np.where(apart, trust, 1.0)
    damage = np.zeros((*size, 3, 3))
    a, baseline = np.broadcast_to(START, (*size, 3)), np.full((*size, 3), 0.5)
    adapt, decay = shaped["adapt"][..., 0], shaped["decay"][..., 0]
    course = []
    for t in range(QUARTERS):
        if t in SHOCKS:
            a = np.clip(a + np.array(SHOCKS[t]), 0, 1)
        course.append(a)
        signal = (a - baseline)[..., None, :]
        push = (trust * pull * np.tanh(shaped["sensitivity"] * signal)).sum(-1)
        drawn = 0.0 if noise is None else noise[t]
        moved = a + shaped["pace"][..., 0] * push - decay * (a - baseline) + drawn
        trust, damage = _update(shaped, d, trust, damage, signal, apart)
        baseline = (1 - adapt) * baseline + adapt * a
        a = np.clip(moved, 0, 1)
    return Course(np.stack([*course, a]), trust, damage)


def _update(
    p: Mapping[str, Float], d: Float, trust: Float, damage: Float, signal: Float, apart: Float
) -> tuple[Float, Float]:
    """Trust and damage after a quarter; the ceiling is min(.9, 1 - .6 R)."""
    ceiling = np.clip(1 - 0.6 * damage, 0.0, 0.9)
    up = p["build"] * signal * np.maximum(0, ceiling - trust)
    down = p["erode"] * signal * trust * (1 + p["harm"] * d)
    held = np.clip(trust + np.where(signal > 0, up, down), 0, ceiling)
    worse = damage - p["damage"] * signal * (1 - damage)
    hurt = np.clip(np.where(signal < 0, worse, damage * (1 - p["forget"])), 0, 1)
    return np.where(apart, held, trust), np.where(apart, hurt, damage)


def released() -> Course:
    """The published simulation with its noise."""
    # recorded with numpy's legacy generator; the same seed elsewhere gives other normals
    rng = np.random.RandomState(42)
    return simulate(Rule(), rng.normal(0, SPREAD, (QUARTERS, 1, 3)))


def _half(condition: Any, below: float = 0.5) -> Float:
    return np.where(condition, 1.0, below)


def _rise(course: Course, place: int) -> Float:
    held = course.phase(place)
    return np.asarray((held[-1] - held[0]).mean(-1))


def _trend(place: int, course: Course) -> Float:
    if place == 1:
        return _half(falls_short(course.phase(1).std(0).mean(-1), 0.05))
    rise = _rise(course, place)
    if place == 2:
        return _half(falls_short(rise, 0.0, scale=1.0), 0.0)
    return _half(_falls(rise) if place == 3 else exceeds(rise, 0.0, scale=1.0))


def _falls(rise: Float) -> Any:
    """Whether the mean action falls by more than .1."""
    return falls_short(rise, -0.1, scale=1.0)


def _size(place: int, course: Course) -> Float:
    error = course.error[:, place]
    return np.select([falls_short(error, 0.15), falls_short(error, 0.25)], [1.0, 0.5], 0.0)


def _gradual(place: int, course: Course) -> Float:
    jump = np.abs(np.diff(course.phase(place), axis=0)).max((0, -1))
    return _half(falls_short(jump, 0.2, scale=1.0))


def _differ(place: int, course: Course) -> Float:
    return _half(exceeds(course.phase(place).std(0)[:, 1:], 0.0, scale=1.0).any(-1))


def _punished(place: int, course: Course) -> Float:
    held = course.phase(place)
    rise = held[-1, :, 1] - held[0, :, 1] if place == 2 else _rise(course, 3)
    return _half(falls_short(rise, 0.0, scale=1.0))


def _shape(_: int, course: Course) -> Float:
    steps = exceeds(np.diff(course.phase(4).mean(-1), axis=0), -0.01, scale=1.0)
    return _half(exceeds(steps.mean(0), 0.7))


def _steady(place: int, course: Course) -> Float:
    most = 0.05 if place in (2, 3) else 0.01
    return _half(falls_short(course.phase(place).var(0).mean(-1), most))


Scorer = Callable[[int, Course], Float]
Row = tuple[str, tuple[int, ...], Kind, str, Scorer | float]

_TABLE: tuple[Row, ...] = (
    ("cooperation trend", (0, 1, 2, 3, 4), "informative",
     "rise; spread below .05; fall; fall by .1; rise of the mean action", _trend),
    ("response magnitude", (0, 1, 2, 3, 4), "informative",
     "mean relative error of phase means below .15; half below .25", _size),
    ("memory effects", (0,), "constant", "half a point in the first phase", 0.5),
    ("memory effects", (1, 2, 3, 4), "informative", "no step of .2 or more, else half", _gradual),
    ("asymmetry", (0, 1, 2, 3, 4), "cannot fail",
     "some developer's action moves at all", _differ),
    ("trust follows reciprocity", (0, 1, 2, 3), "constant", "always 1", 1.0),
    ("trust follows reciprocity", (4,), "constant", "always half", 0.5),
    ("punishment", (1, 4), "constant", "always 1", 1.0),
    ("punishment", (2, 3), "informative", "the action falls over the phase, else half", _punished),
    ("forgiveness", (4,), "informative", "mean action rises by .05, else half",
     lambda _, c: _half(exceeds(_rise(c, 4), 0.05, scale=1.0))),
    ("phase timing", (0, 1, 2, 3, 4), "constant", "always 1: shocks are put in at their dates",
     1.0),
    ("recovery shape", (4,), "informative", "over 70 % of steps above -.01, else half", _shape),
    ("equilibrium stability", (0, 1, 4), "informative", "variance below .01, else half", _steady),
    ("equilibrium stability", (2, 3), "informative", "variance below .05, else half", _steady),
    ("parameter sensitivity", (0, 1, 2, 4), "constant", "always 1", 1.0),
    ("parameter sensitivity", (3,), "informative", "the mean falls by .1, else half",
     lambda _, c: _half(_falls(_rise(c, 3)))),
    ("overall fit", (0, 1, 2, 3, 4), "informative", "as response magnitude; half from .15 on",
     lambda place, c: _half(falls_short(c.error[:, place], 0.15))),
)  # fmt: skip


def _cell(row: Row, place: int) -> Criterion:
    name, _, kind, said, given = row
    fixed = isinstance(given, float)
    scorer: Callable[[Course], Float | float] = (
        (lambda _: given) if isinstance(given, float) else (lambda course: given(place, course))
    )
    return Criterion(PHASES[place][0], name, 1.0, "constant" if fixed else kind, said, scorer)


CRITERIA = tuple(_cell(row, place) for place in range(5) for row in _TABLE if place in row[1])
"""51 cells of one point; the other nine of the 60 do not apply."""


def metrics(course: Course) -> Mapping[str, float]:
    """Phase means, and their distance from the targets."""
    means = course.means[0]
    named = {
        f"{phase[0]}, {actor}": means[p, k]
        for p, phase in enumerate(PHASES) for k, actor in enumerate(ACTORS)
    }  # fmt: skip
    return {
        **named,
        "Pearson correlation": np.corrcoef(means.ravel(), TARGETS.ravel())[0, 1],
        "root mean square error": np.sqrt(np.mean((means - TARGETS) ** 2)),
    }


def figures() -> tuple[Figure, ...]:
    """Published figures of the case beside what the published model gives."""
    scored = float(points(CRITERIA, released()).sum())
    cells = "the platform paper's matrix is written down in the suite, for a plot, and not computed"
    return (
        Figure("score", "TR-4 abstract", 43, scored, 0.5),
        Figure("score", "platform paper, README", 48, scored, 0.5, cells),
        Figure("applicable cells", "platform paper, README", 55, float(len(CRITERIA)), 0.5),
    )


def fitted() -> Fit:
    """Reciprocity and inertia fitted to the published phase means."""
    chosen = (("strength", 0.0, 6.0), ("elasticity", 0.3, 3.0), ("sensitivity", 0.2, 4.0),
              ("decay", 0.0, 1.0), ("adapt", 0.0, 1.0), ("trust", 0.2, 0.9))  # fmt: skip
    names = [name for name, _, _ in chosen]

    def predict(values: Float) -> Float:
        course = simulate(Rule(**dict(zip(names, values.T, strict=True))))
        return course.means.reshape(len(values), -1)

    return fit(
        predict,
        TARGETS.ravel(),
        tuple(Parameter(name, getattr(Rule(), name), low, high) for name, low, high in chosen),
        said="The 15 published phase means, without noise; the start, the shocks and D are "
        "given. Pace, lambda_R and rho_0 enter as their product, so only rho_0 is fitted, "
        "and what it gains trust and eta can take back; "
        "trust and reputation keep their defaults.",
    )


def _random(rng: np.random.Generator, size: int) -> Course:
    ranges = {"strength": (0.5, 2.0), "elasticity": (0.8, 2.0), "sensitivity": (0.5, 2.0),
              "weight": (0.5, 2.0), "trust": (0.3, 0.9)}  # fmt: skip
    drawn = {name: rng.uniform(*ends, size) for name, ends in ranges.items()}
    d = rng.random((size, 3, 3)) * (1 - np.eye(3))
    return simulate(Rule(**drawn, dependence=d), rng.normal(0, SPREAD, (QUARTERS, size, 3)))


_DRAWN = "uniform over the sweep's ranges: rho_0, lambda_R and kappa .5 to 2, eta .8 to 2, trust " \
         ".3 to .9; D 0 to 1; new noise; start, shocks and phases as given"  # fmt: skip

RUBRIC = Rubric(
    name="app-store",
    title="Apple iOS App Store (TR-4)",
    about="Actions of Apple and two groups of developers over 66 quarters, answering one "
    "another; three shocks are put in at the dates of events.",
    references=("arXiv:2604.01240 (TR-4), section 8",),
    criteria=CRITERIA,
    variants=(
        Variant("as released", released, 43, _random, _DRAWN, metrics),
        Variant("without noise", lambda: simulate(Rule()), None, _random, _DRAWN, metrics),
    ),
    figures=figures,
    fit=fitted,
)
"""The rubric, as registered."""
