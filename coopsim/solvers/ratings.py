"""Ratings from contests: Elo by maximum likelihood, TrueSkill, and Nash averaging."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.errors import UserError
from coopsim.solvers.numeric import Clock

_PER_NAT = 400 / math.log(10)  # Elo points: 400 are odds of 10 to 1
_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Ratings:
    """One number an agent, and how sure it is.

    Args:
        values: ratings `[k]`.
        errors: standard errors, or the standard deviations of beliefs, `[k]`.
    """

    values: Float
    errors: Float


@dataclass(frozen=True, eq=False)
class NashAverage:
    """The result of Nash averaging.

    Args:
        mixture: the Nash equilibrium of maximum entropy, `[k]`.
        values: what each agent gains against the mixture, `[k]`: 0 for those that matter,
            below 0 for the others.
        regret: the largest value, 0 but for rounding.
    """

    mixture: Float
    values: Float
    regret: float


def elo(wins: npt.ArrayLike, *, mean: float = 1500.0, prior: float = 0.0) -> Ratings:
    """Elo ratings that make the results most likely (Bradley and Terry 1952; Zermelo 1929).

    Args:
        wins: `[k, k]`: how often the row agent beat the column agent; a draw is half a win
            for each.
        mean: of the ratings; only differences mean something.
        prior: draws added between each two agents. 0 is the plain maximum of the likelihood.

    Returns:
        ratings in points (400 are odds of 10 to 1), and standard errors from the curvature
        of the likelihood.

    Raises:
        UserError: no counts, or no maximum: some agents never lose to the others (Ford 1957).
    """
    table = _contests(wins) + prior / 2 * (1 - np.eye(len(np.asarray(wins))))
    _require_connected(table)
    size = len(table)
    games = table + table.T
    won = table.sum(1)
    points = np.zeros(size)
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(points[None, :] - points[:, None]))
        slope = won - (games * chance).sum(1)
        weight = games * chance * (1 - chance)
        curve = np.diag(weight.sum(1)) - weight
        # ratings are free up to a constant, and so is the step: keep their mean at 0
        step = np.linalg.solve(curve + np.ones((size, size)) / size, slope)
        step -= step.mean()
        points = points + step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < 1e-12 * max(1.0, float(np.abs(points).max())):
            break
    spread = np.linalg.pinv(curve, hermitian=True)
    return Ratings(mean + _PER_NAT * points, _PER_NAT * np.sqrt(np.diag(spread)))


def win_probability(one: float, other: float) -> float:
    """The chance that Elo ratings give the first of two agents."""
    return 1 / (1 + 10 ** ((other - one) / 400))


def trueskill(
    matches: Iterable[tuple[int, int, bool]],
    agents: int,
    *,
    mean: float = 25.0,
    spread: float = 25 / 3,
    noise: float = 25 / 6,
    drift: float = 25 / 300,
    draws: float = 0.1,
) -> Ratings:
    """Gaussian beliefs about skill, updated match by match (TrueSkill for two single agents).

    With one agent a side, message passing is exact in one sweep but for the truncated Gaussian
    of the outcome, which is matched in mean and variance (Herbrich, Minka and Graepel 2006,
    section 3; their functions v and w).

    Args:
        matches: first agent, second agent, and whether it was a draw; otherwise the first won.
        agents: how many there are.
        mean, spread: of the belief about a new agent.
        noise: standard deviation of a performance around skill.
        drift: standard deviation that a belief gains before each match.
        draws: the share of draws between equals, from 0 to below 1.

    Returns:
        means and standard deviations of the beliefs, `[k]`, in the order of the matches given.

    Raises:
        UserError: an agent out of range, or an option.
    """
    if not (0 <= draws < 1 and min(spread, noise) > 0 and drift >= 0):
        raise UserError("out of range", key="draws", given=draws, allowed="0 to below 1")
    from scipy.special import ndtri

    margin = float(ndtri((draws + 1) / 2)) * math.sqrt(2) * noise
    means, variances = np.full(agents, float(mean)), np.full(agents, float(spread) ** 2)
    for first, second, drawn in matches:
        if first == second or not (0 <= first < agents and 0 <= second < agents):
            raise UserError("no match", key="matches", given=(first, second), allowed="two agents")
        pair = [first, second]
        variances[pair] += drift**2
        total = float(variances[pair].sum()) + 2 * noise**2
        scale = math.sqrt(total)
        lead = float(means[first] - means[second]) / scale
        shift, shrink = _outcome(lead, margin / scale, drawn)
        means[first] += variances[first] / scale * shift
        means[second] -= variances[second] / scale * shift
        variances[pair] *= 1 - variances[pair] / total * shrink
    return Ratings(means, np.sqrt(variances))


def nash_average(advantage: npt.ArrayLike, *, deadline: float | None = None) -> NashAverage:
    """Ratings that copies of an agent do not change (Balduzzi et al. 2018).

    The agents play the symmetric zero-sum game of their advantages. Of its Nash equilibria p
    the one of maximum entropy is unique, and each agent is rated by what it gains against it.

    Agents with the same advantages over all others count as one in the entropy and share its
    weight. Where equilibria form a continuum, plain maximum entropy would move weight towards
    agents that have copies, and their ratings with it.

    Args:
        advantage: `[k, k]`, antisymmetric: how much better the row agent does against the
            column agent, such as the log odds of winning (see `log_odds`).
        deadline: seconds.

    Cost: one linear program and Newton steps with k unknowns, as for maximum-entropy
    correlated equilibria.

    Raises:
        UserError: not antisymmetric.
    """
    from scipy.sparse import csr_array

    from coopsim.solvers.correlated_entropy import most_even_weights

    table = np.asarray(advantage, dtype=float)
    square = table.ndim == 2 and table.shape[0] == table.shape[1] and len(table) > 0
    if not square or not np.allclose(table, -table.T, rtol=0, atol=1e-9 * np.abs(table).max()):
        raise UserError("not antisymmetric", key="advantage", allowed="A with A[i, j] = -A[j, i]")
    table = (table - table.T) / 2
    scale = float(np.abs(table).max()) or 1.0
    _, first, member = np.unique(
        np.round(table / scale, 12), axis=0, return_index=True, return_inverse=True
    )
    member = member.reshape(-1)
    distinct = table[np.ix_(first, first)] / scale
    weights, _, _ = most_even_weights(csr_array(distinct), Clock(deadline))
    mixture = (weights / np.bincount(member))[member]
    values = table @ mixture
    return NashAverage(mixture, values, positive_part(float(values.max())))


def log_odds(wins: npt.ArrayLike, *, prior: float = 1.0) -> Float:
    """Log odds of winning `[k, k]`, antisymmetric, from counts of wins.

    Args:
        wins: `[k, k]`: how often the row agent beat the column agent.
        prior: draws added between each two agents, above 0, so that odds stay finite.

    Raises:
        UserError: no counts, or no prior where an agent never won.
    """
    table = _contests(wins) + prior / 2
    np.fill_diagonal(table, 1.0)
    if table.min() <= 0:
        raise UserError("odds are not finite", key="prior", given=prior, allowed="above 0")
    return np.asarray(np.log(table) - np.log(table.T))


def _contests(wins: npt.ArrayLike) -> Float:
    """Counts of wins with an empty diagonal. Raises `UserError`."""
    table = np.array(wins, dtype=float)
    square = table.ndim == 2 and table.shape[0] == table.shape[1] and len(table) > 0
    if not square or not np.isfinite(table).all() or table.min() < 0:
        raise UserError("no counts of wins", key="wins", given=wins, allowed="[k, k], 0 or more")
    np.fill_diagonal(table, 0.0)
    return table


def _require_connected(table: Float) -> None:
    """Refuse contests without a most likely rating. Raises `UserError`."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    parts, label = connected_components(csr_array(table), directed=True, connection="strong")
    if parts > 1:
        apart = [int(a) for a in np.flatnonzero(label == label[0])]
        raise UserError(
            f"no finite ratings: agents {apart} and the others do not each win against the other "
            f"side at least once",
            key="prior",
            given=0.0,
            allowed="a prior above 0, such as 1 draw between each two agents",
        )


def _outcome(lead: float, margin: float, drawn: bool) -> tuple[float, float]:
    """How the mean of a standard Gaussian at `lead` shifts, and its variance shrinks.

    Given that it lies above `margin` (a win), or within it (a draw).
    """
    from scipy.special import log_ndtr, ndtr

    if not drawn:
        away = lead - margin
        shift = math.exp(_log_density(away) - float(log_ndtr(away)))
        return shift, shift * (shift + away)
    low, high = -margin - lead, margin - lead
    mass = max(float(ndtr(high) - ndtr(low)), 1e-300)
    at_low, at_high = math.exp(_log_density(low)), math.exp(_log_density(high))
    shift = (at_low - at_high) / mass
    return shift, shift**2 + (high * at_high - low * at_low) / mass


def _log_density(x: float) -> float:
    return -x * x / 2 - math.log(2 * math.pi) / 2
