"""Fixation probabilities of the Moran process: constant fitness, and 2x2 games."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.solvers.numeric import require_count


def fixation(population: int, fitness: float = 1.0, mutants: int = 1) -> float:
    """The probability that mutants of constant relative fitness take over a population.

    `(1 - r^-i) / (1 - r^-N)`, and `i / N` at r = 1 (Moran 1958; Lieberman, Hauert and Nowak
    2005, equation 1).

    Args:
        population: how many there are, N.
        fitness: of mutants relative to residents, r above 0.
        mutants: how many there are at the start, i, from 0 to N.

    Raises:
        UserError: out of range.
    """
    _check(population, mutants)
    if not (math.isfinite(fitness) and fitness > 0):
        raise UserError("no fitness", key="fitness", given=fitness, allowed="above 0")
    power = math.log(fitness)
    return float(fixation_of_ratio(np.array(power), population, mutants))


def fixation_of_ratio(power: Float, population: int, mutants: int = 1) -> Float:
    """The same for an array of log relative fitnesses; precise near 0, no overflow."""
    return np.exp(log_fixation(np.asarray(power, dtype=float), population, mutants))


def log_fixation(power: Float, population: int, mutants: int = 1) -> Float:
    """Logarithm of `(1 - exp(-i g)) / (1 - exp(-N g))` for log relative fitnesses `g`.

    The neutral limit is `log(i / N)`. Finite for every finite `g`, also where the
    probability itself is below the smallest number.
    """
    size = np.abs(np.asarray(power, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        up = _log_one_minus(mutants * size) - _log_one_minus(population * size)
    down = up - (population - mutants) * size
    # below 1e-300 the differences themselves lose their digits
    neutral = np.log(mutants / population) if mutants else -np.inf
    return np.where(size < 1e-300, neutral, np.where(power >= 0, up, down))


def fixation_in_game(
    payoffs: npt.ArrayLike,
    population: int,
    *,
    selection: float = 1.0,
    mapping: Literal["linear", "exponential"] = "linear",
    mutants: int = 1,
) -> float:
    """The probability that mutants A take over residents B where fitness comes from a 2x2 game.

    With i mutants the payoffs, without play against oneself, are
    `f_A = ((i - 1) a + (N - i) b) / (N - 1)` and `f_B = (i c + (N - i - 1) d) / (N - 1)`;
    the answer is `(1 + sum_{k<i} prod_{j<=k} w_B / w_A) / (1 + sum_{k<N} prod_{j<=k} w_B / w_A)`
    for fitness w (Nowak, Sasaki, Taylor and Fudenberg 2004, equations 1 to 3).

    Args:
        payoffs: `[[a, b], [c, d]]`: row A or B against column A or B.
        population: how many there are, N, 2 or more.
        selection: intensity; fitness is `1 - selection + selection * f` with "linear" (0 to 1)
            and `exp(selection * f)` with "exponential" (Traulsen, Shoresh and Nowak 2008).
        mapping: from payoff to fitness.
        mutants: how many A there are at the start.

    Raises:
        UserError: out of range, or a linear fitness that is not positive.
    """
    game = np.asarray(payoffs, dtype=float)
    if game.shape != (2, 2) or not np.isfinite(game).all():
        raise UserError("no 2x2 game", key="payoffs", given=payoffs, allowed="[[a, b], [c, d]]")
    require_count("population", population, 2)
    _check(population, mutants)
    if mutants == 0:
        return 0.0
    i = np.arange(1, population)
    mine = ((i - 1) * game[0, 0] + (population - i) * game[0, 1]) / (population - 1)
    theirs = (i * game[1, 0] + (population - i - 1) * game[1, 1]) / (population - 1)
    return float(np.exp(_log_take_over(_log_ratios(mine, theirs, selection, mapping), mutants)))


def log_fixation_in_game(game: Float, population: int, selection: float) -> Float:
    """Log fixation probabilities of one mutant of every action among every other, `[A, A]`.

    Entry `(s, r)` is that of a mutant r among residents s in the symmetric two-player game
    `[A, A]`, with exponential fitness. The diagonal is `log(1 / N)`.
    """
    i = np.arange(1, population)[:, None, None]
    own = np.diag(game)
    mine = ((i - 1) * own[None, None, :] + (population - i) * game.T[None]) / (population - 1)
    theirs = (i * game[None] + (population - i - 1) * own[None, :, None]) / (population - 1)
    ratios = selection * (theirs - mine)
    return np.asarray(_log_take_over(ratios, 1))


def _log_take_over(ratios: Float, mutants: int) -> Float:
    """From log ratios of resident to mutant fitness `[N - 1, ...]` to the log probability."""
    products = np.concatenate([np.zeros((1, *ratios.shape[1:])), np.cumsum(ratios, axis=0)])
    top = products.max(0)
    scaled = np.exp(products - top)
    first = products[:mutants].max(0)
    reached = np.log(np.exp(products[:mutants] - first).sum(0)) + first
    return np.asarray(reached - (np.log(scaled.sum(0)) + top))


def _log_ratios(mine: Float, theirs: Float, selection: float, mapping: str) -> Float:
    """Log of resident over mutant fitness for each number of mutants."""
    if mapping == "exponential":
        return np.asarray(selection * (theirs - mine))
    if mapping != "linear":
        raise UserError(
            "no such mapping", key="mapping", given=mapping, allowed=["linear", "exponential"]
        )
    if not 0 <= selection <= 1:
        raise UserError("out of range", key="selection", given=selection, allowed="0 to 1")
    fitness = [1 - selection + selection * paid for paid in (theirs, mine)]
    if min(part.min() for part in fitness) <= 0:
        raise UserError(
            "fitness is not positive",
            key="selection",
            given=selection,
            allowed="weaker selection, or the exponential mapping",
        )
    return np.asarray(np.log(fitness[0] / fitness[1]))


def _log_one_minus(size: Float) -> Float:
    """`log(1 - exp(-size))` for sizes from 0, precise at both ends."""
    small = size < math.log(2)
    near = np.log(-np.expm1(-np.where(small, size, 1.0)))
    return np.where(small, near, np.log1p(-np.exp(-np.where(small, 1.0, size))))


def _check(population: int, mutants: int) -> None:
    require_count("population", population, 1)
    if not 0 <= mutants <= population:
        raise UserError("out of range", key="mutants", given=mutants, allowed=f"0 to {population}")
