"""TR-3's case: effort in four phases of the Apache HTTP server project, and its 60-point rubric.

Source: TR-3, arXiv:2601.16237; the released validation suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coopsim.arrays import Float
from coopsim.measure.rubrics.assessment import Figure, Fit
from coopsim.measure.rubrics.fitting import Parameter, fit
from coopsim.measure.rubrics.rubric import Criterion, Rubric, Variant, points
from coopsim.tolerance import exceeds, falls_short, reaches, same

LOW, HIGH = 0.01, 50.0  # bounds of effort that the suite searches
WEIGHTS = np.array([0.18, 0.20, 0.12, 0.10, 0.08, 0.10, 0.12, 0.10])
LOYALTY = np.array([0.85, 0.90, 0.80, 0.75, 0.70, 0.78, 0.82, 0.76])
"""Dependency weight and loyalty of the eight founders; larger teams repeat their loyalty."""

PHASES = (
    ("Formation", 8, 1.00, 6.8),
    ("Growth", 25, 0.85, 5.2),
    ("Maturation", 40, 0.70, 4.1),
    ("Evolution", 35, 0.60, 3.8),
)
"""Name, members, factor on loyalty, and the mean effort that is expected."""

EXPECTED = np.array([phase[3] for phase in PHASES])
OBSERVED_RATIO = 4.2  # of the top to the bottom contributor


@dataclass(frozen=True)
class Team:
    """Parameters of team production and loyalty; numbers, or arrays `[B]`.

    Args:
        output, beta, cost: omega, beta and c of Q = omega S^beta and cost c a.
        benefit, tolerance: phi_B and phi_C.
        loyalty: of the eight founders, `[8]` or `[B, 8]`.
    """

    output: Float | float = 30.0
    beta: Float | float = 0.65
    cost: Float | float = 1.2
    benefit: Float | float = 0.8
    tolerance: Float | float = 0.3
    loyalty: Float | None = None

    @property
    def founders(self) -> Float:
        """Loyalty of the founders."""
        return LOYALTY if self.loyalty is None else self.loyalty


@dataclass(frozen=True)
class Prediction:
    """Mean effort by phase.

    Args:
        effort: `[B, 4]`.
    """

    effort: Float


def wanted(team: Team, n: int, loyalty: Float) -> Float:
    """The total effort at which a member of some loyalty stops wanting more, `[B, ...]`.

    Cost is linear and output depends on the total only, so the first-order condition
    (omega beta / n) S^(beta-1) (1 + theta phi_B) = c (1 - theta phi_C) fixes the total.
    """
    output, beta, cost, benefit, tolerance = (
        np.asarray(value, dtype=float)[..., None]
        for value in (team.output, team.beta, team.cost, team.benefit, team.tolerance)
    )
    gain = output * beta * (1 + loyalty * benefit)
    return np.asarray((gain / (n * cost * (1 - loyalty * tolerance))) ** (1 / (1 - beta)))


def total(team: Team, n: int, factor: float) -> Float:
    """The equilibrium total effort `[B]` of a team, corners included.

    Whoever wants the largest total works first, up to the bound; the next adds what is
    still missing to its own, smaller, wish; everybody else stays at the lower bound. So
    the total is unique, though not who supplies it where members are alike.
    """
    loyalty = factor * np.atleast_2d(team.founders)
    wish = np.atleast_2d(wanted(team, n, loyalty))
    order = np.argsort(-wish, axis=-1)
    counts = np.bincount(np.arange(n) % 8, minlength=8)
    held = np.full(len(wish), n * LOW)
    for place in range(8):
        who = order[:, place]
        room = counts[who] * (HIGH - LOW)
        goal = np.take_along_axis(wish, who[:, None], -1)[:, 0]
        held = np.minimum(held + room, np.maximum(held, goal))
    return held


def simulate(team: Team) -> Prediction:
    """Mean effort of the four phases for a batch of parameters."""
    return Prediction(np.stack([total(team, n, f) / n for _, n, f, _ in PHASES], axis=-1))


def by_suite(team: Team, n: int, factor: float) -> Float:
    """Efforts `[n]` as the released suite finds them, rounding included.

    Alternating bounded scalar minimisation (Brent), from 25, until nothing moves by 1e-6.
    """
    from scipy.optimize import minimize_scalar

    loyalty = factor * np.resize(team.founders, n)
    a = np.full(n, HIGH / 2)
    beta = float(team.beta)

    def loss(x: float, theta: float, others: float) -> float:
        share = float(team.output) * (others + x) ** beta / n
        mine, theirs = share - team.cost * x, share - team.cost * others / (n - 1)
        return -float(mine + theta * (team.benefit * theirs + team.tolerance * team.cost * x))

    for _ in range(1000):
        before = a.copy()
        for i in range(n):
            given = float(loyalty[i]), float(a.sum() - a[i])
            a[i] = minimize_scalar(loss, bounds=(LOW, HIGH), args=given, method="bounded").x
        if np.abs(a - before).max() < 1e-6:
            break
    return a


def cohesion(n: int, factor: float) -> float:
    """Loyalty weighted by dependency; members beyond the founders weigh 1/n."""
    weight = np.concatenate([WEIGHTS, np.full(max(n - 8, 0), 1 / n)])[:n]
    return float(weight @ (factor * np.resize(LOYALTY, n)) / weight.sum())


def _steps(x: Float, *levels: tuple[Float, float]) -> Float:
    """The points of the first condition that holds, else 1."""
    return np.select([np.asarray(held) for held, _ in levels], [given for _, given in levels], 1.0)


def _rank(place: int, p: Prediction) -> Float:
    rank = exceeds(p.effort, p.effort[:, [place]]).sum(-1)
    # ties keep their order
    rank = rank + same(p.effort[:, :place], p.effort[:, [place]]).sum(-1)
    return np.asarray(np.array([4.0, 3.0, 1.0, 0.0])[np.abs(rank - place)])


def _trend(place: int, p: Prediction) -> Float:
    here = p.effort[:, place]
    if place == 0:
        return np.where(reaches(here, 0.95 * p.effort.max(-1)), 4.0, 2.0)
    last = p.effort[:, place - 1]
    less, more = falls_short(here, last), falls_short(here, 1.1 * last)
    return np.select([less, same(here, last), more], [4.0, 2.0, 1.0], 0.0)


def _pattern(place: int, p: Prediction) -> Float:
    x = p.effort[:, place] / HIGH
    return _steps(
        x,
        *(
            ((exceeds(x, 0.6), 4.0), (exceeds(x, 0.4), 3.0), (exceeds(x, 0.2), 2.0)),
            ((exceeds(x, 0.3) & falls_short(x, 0.9), 4.0), (exceeds(x, 0.2), 2.0)),
            ((exceeds(x, 0.1) & falls_short(x, 0.6), 4.0), (exceeds(x, 0.05), 2.0)),
            ((falls_short(x, 0.5), 4.0), (falls_short(x, 0.7), 2.0)),
        )[place],
    )


_PATTERNS = (
    "high: effort over 50 above .6; 3, 2, 1 points above .4, .2, below",
    "moderate: effort over 50 from .3 to .9; 2 points above .2, else 1",
    "sustained: effort over 50 from .1 to .6; 2 points above .05, else 1",
    "declining: effort over 50 below .5; 2 points below .7, else 1",
)


def _phase(place: int) -> tuple[Criterion, ...]:
    name = PHASES[place][0]
    valid = "effort is searched between .01 and 50"
    trend = "below the phase before; 2 points if equal, 1 up to 10 % above"
    if place == 0:
        trend = "within 5 % of the largest, else 2 points"
    return (
        Criterion(name, "effort above 0", 1, "cannot fail", valid,
                  lambda p: exceeds(p.effort[:, place], 0.0)),
        Criterion(name, "effort below 100", 1, "cannot fail", valid,
                  lambda p: falls_short(p.effort[:, place], 100.0)),
        Criterion(name, "effort finite", 1, "cannot fail", valid,
                  lambda p: np.isfinite(p.effort[:, place])),
        Criterion(name, "rank among phases", 4, "informative",
                  "4, 3, 1, 0 points for a distance of 0, 1, 2, 3 from the expected rank",
                  lambda p: _rank(place, p)),
        Criterion(name, "pattern", 4, "informative", _PATTERNS[place],
                  lambda p: _pattern(place, p)),
        Criterion(name, "trend", 4, "informative", trend, lambda p: _trend(place, p)),
    )  # fmt: skip


CRITERIA = tuple(line for place in range(4) for line in _phase(place))
"""60 points, 15 a phase."""


def metrics(found: Prediction) -> Mapping[str, float]:
    """Effort by phase, and its distance from what is expected."""
    effort = found.effort[0]
    named = {f"mean effort, {phase[0]}": effort[k] for k, phase in enumerate(PHASES)}
    return {
        **named,
        "Pearson correlation": np.corrcoef(effort, EXPECTED)[0, 1],
        "mean absolute error, %": 100 * np.mean(np.abs(effort - EXPECTED) / EXPECTED),
        "root mean square error": np.sqrt(np.mean((effort - EXPECTED) ** 2)),
    }


SWEEP = ((10, 15, 20, 25, 30), (0.4, 0.45, 0.5, 0.55, 0.6), (1.5, 2.0, 2.5, 3.0, 3.5))
SIZES = (3, 4, 5, 6, 8)
LOYALTIES = (0.0, 0.3, 0.5, 0.7, 0.9)
"""The suite's sweep: omega, beta and c; sizes of the team; levels of loyalty."""


def swept(*levels: float) -> Float:
    """Effort `[625, L]` of teams alike in loyalty, over the suite's omega, beta, c and n."""
    output, beta, cost = (axis.ravel() for axis in np.meshgrid(*SWEEP, indexing="ij"))
    team = Team(output, beta, cost)
    theta = np.array(levels)
    return np.concatenate([np.clip(wanted(team, n, theta) / n, LOW, HIGH) for n in SIZES])


def figures() -> tuple[Figure, ...]:
    """Published figures of the case beside what the published model gives."""
    scored = float(points(CRITERIA, simulate(Team())).sum())
    efforts = by_suite(Team(), 8, 1.0)
    high, low, none = swept(0.9, 0.1, 0.0).T
    ratio, effect = float(np.median(high / low)), float((high - none).mean() / (high - none).std())
    runs = float(len(high) * len(LOYALTIES))
    over = "over the suite's ranges of omega, beta, c and n"
    paired = f"mean over standard deviation of paired differences, {over}"
    return (
        Figure("score", "TR-3 abstract", 60, scored, 0.5),
        Figure("score", "platform paper, README", 52, scored, 0.5),
        Figure("score", "documentation since", 45, scored, 0.5),
        Figure("effort at loyalty .9 over .1", "TR-3 abstract", 15.04, ratio, 0.005,
               f"median {over}"),
        Figure("effort at loyalty .9 over .1", "README", 4.12, ratio, 0.005, f"median {over}"),
        Figure("Cohen's d of effort, loyalty .9 and 0", "TR-3 abstract", 0.71, effect, 0.005,
               paired),
        Figure("Cohen's d of effort, loyalty .9 and 0", "README", 8.73, effect, 0.005, paired),
        Figure("configurations of the sweep", "TR-3 abstract", 3125, runs, 0.5),
        Figure("configurations of the sweep", "README", 15625, runs, 0.5),
        Figure("top over bottom contributor", "observed, TR-3", OBSERVED_RATIO,
               float(efforts.max() / efforts.min()), 0.05,
               "with linear cost one member works at the bound and six not at all"),
    )  # fmt: skip


def fitted() -> Fit:
    """Production and loyalty fitted to the efforts that are expected of the phases."""
    chosen = (("output", 5.0, 300.0), ("beta", 0.05, 0.95), ("benefit", 0.0, 2.0))

    def predict(values: Float) -> Float:
        return simulate(Team(values[:, 0], values[:, 1], benefit=values[:, 2])).effort

    return fit(
        predict,
        EXPECTED,
        tuple(Parameter(name, getattr(Team(), name), low, high) for name, low, high in chosen),
        said="The four expected mean efforts. Only omega/c counts, so c is kept. The expected "
        "totals rise with the team (54 to 164), while the model's total falls with n: no "
        "parameters in the range follow the targets.",
    )


def _random(rng: np.random.Generator, size: int) -> Prediction:
    ranges = {"output": (10.0, 50.0), "beta": (0.5, 0.9), "cost": (0.5, 2.0),
              "benefit": (0.4, 1.0), "tolerance": (0.1, 0.5)}  # fmt: skip
    drawn = {name: rng.uniform(low, high, size) for name, (low, high) in ranges.items()}
    return simulate(Team(**drawn, loyalty=rng.random((size, 8))))


RUBRIC = Rubric(
    name="apache",
    title="Apache HTTP server project (TR-3)",
    about="The equilibrium of team production with loyalty, once a phase; founders' loyalty, "
    "the factor on it and the size of the team are given.",
    references=("arXiv:2601.16237 (TR-3)",),
    criteria=CRITERIA,
    variants=(
        Variant("as released", lambda: simulate(Team()), 45, _random,
                "uniform over the README's ranges: omega 10 to 50, beta .5 to .9, c .5 to 2, "
                "phi_B .4 to 1, phi_C .1 to .5; founders' loyalty 0 to 1; phases as given",
                metrics),
    ),
    figures=figures,
    fit=fitted,
)  # fmt: skip
"""The rubric, as registered."""
