"""Empirical games: payoff tables from simulated play, and what they say about the true game.

A profile of strategies is simulated some number of times; the means make a NormalForm, and
what is solved is that estimate (Wellman 2006). A bound on the regret in the true game comes
with each answer: by the bootstrap, and by Hoeffding's inequality where payoffs are bounded
(Tuyls et al. 2020, theorem 4.1 and its uniform version).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float, positive_part
from coopsim.errors import UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.numeric import require_count
from coopsim.solvers.solution import Solution

Choice = tuple[int, ...]
Simulate = Callable[[Choice, int, np.random.Generator], npt.ArrayLike]
"""Profile, number of runs and generator to payoffs `[runs, n]`."""

_FEW = 64  # different payoffs: so few are drawn by how often each comes
_AT_ONCE = 1_000_000  # draws held at a time


@dataclass(frozen=True)
class RegretBounds:
    """The regret of a profile in the estimated game, and upper bounds in the true one.

    Args:
        estimated: of each player in the estimated game, `[n]`, in payoff units.
        bootstrap: of the largest regret, at the confidence, from resampled tables. It holds
            roughly, for many samples, and for profiles that were not chosen by the same data.
        hoeffding: of each player, all at once, at the confidence; holds for any number of
            samples and any profile, however it was chosen. None where payoffs have no bounds.
        confidence: between 0 and 1.
        resamples: of the bootstrap.
    """

    estimated: tuple[float, ...]
    bootstrap: float
    hoeffding: tuple[float, ...] | None
    confidence: float
    resamples: int


@dataclass(frozen=True, eq=False)
class EmpiricalGame:
    """A finite game known by samples of its payoffs.

    Args:
        samples: for each pure profile (a tuple of action numbers) payoffs `[runs, n]`.
        actions: labels of each player's actions.
        players: names; numbered where not given.
        bounds: the lowest and the highest payoff there can be, where known.

    Raises:
        UserError: samples do not fit the players or actions, are not finite, or lie outside
            the bounds.
    """

    samples: Mapping[Choice, Float]
    actions: tuple[tuple[str, ...], ...]
    players: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Copy and check."""
        n = len(self.actions)
        names = tuple(self.players) or tuple(f"player {i + 1}" for i in range(n))
        if len(names) != n:
            raise UserError("names do not fit", key="players", given=names, allowed=f"{n} names")
        low, high = self.bounds or (-np.inf, np.inf)
        held = {}
        for choice, given in self.samples.items():
            runs = np.array(given, dtype=float)
            inside = len(choice) == n and all(
                0 <= a < size for a, size in zip(choice, self.shape, strict=True)
            )
            if not inside or runs.ndim != 2 or runs.shape[1] != n or not np.isfinite(runs).all():
                raise UserError(
                    "samples do not fit",
                    key="samples",
                    given=choice,
                    allowed=f"finite payoffs [runs, {n}] for profiles of {self.shape} actions",
                )
            if len(runs) and (runs.min() < low or runs.max() > high):
                raise UserError("payoffs lie outside the bounds", key="bounds", given=self.bounds)
            runs.setflags(write=False)
            if len(runs):
                held[tuple(int(a) for a in choice)] = runs
        object.__setattr__(self, "samples", held)
        object.__setattr__(self, "players", names)
        object.__setattr__(self, "actions", tuple(map(tuple, self.actions)))

    @classmethod
    def simulated(
        cls,
        actions: Sequence[Sequence[str]],
        simulate: Simulate,
        runs: int,
        *,
        players: Sequence[str] = (),
        bounds: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> EmpiricalGame:
        """Every pure profile, simulated `runs` times.

        Args:
            actions: labels of each player's strategies.
            simulate: see `Simulate`; it is called once a profile.
            runs: how often, 1 or more.
            players, bounds: see the class.
            seed: each profile has a generator of its own, so more profiles change none.
        """
        require_count("runs", runs)
        made = {}
        for choice in itertools.product(*(range(len(own)) for own in actions)):
            rng = np.random.default_rng([seed, *choice])
            made[choice] = np.asarray(simulate(choice, runs, rng), dtype=float)
        return cls(made, tuple(map(tuple, actions)), tuple(players), bounds)

    @classmethod
    def of_records(
        cls,
        records: Iterable[tuple[Choice, Sequence[float]]],
        actions: Sequence[Sequence[str]],
        **more: Any,
    ) -> EmpiricalGame:
        """From single plays: pairs of a pure profile and its payoffs `[n]`."""
        held: dict[Choice, list[Sequence[float]]] = {}
        for choice, payoffs in records:
            held.setdefault(tuple(choice), []).append(payoffs)
        rows = {choice: np.array(runs, dtype=float) for choice, runs in held.items()}
        return cls(rows, tuple(map(tuple, actions)), **more)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.actions)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return tuple(len(own) for own in self.actions)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Runs of each pure profile, `[A1..An]`."""
        table = np.zeros(self.shape, dtype=np.int64)
        for choice, runs in self.samples.items():
            table[choice] = len(runs)
        return table

    @property
    def means(self) -> Float:
        """Mean payoffs `[n, A1..An]`; not a number where a profile has no run."""
        return self._table(lambda runs: runs.mean(0))

    @property
    def errors(self) -> Float:
        """Standard errors of the means `[n, A1..An]`; not a number below two runs."""
        return self._table(
            lambda runs: (
                runs.std(0, ddof=1) / np.sqrt(len(runs))
                if len(runs) > 1
                else np.full(self.n, np.nan)
            )
        )

    def form(self) -> NormalForm:
        """The game of the mean payoffs.

        Raises:
            UserError: a profile has no run; the first ones are named.
        """
        missing = np.argwhere(self.counts == 0)
        if len(missing):
            first = ", ".join(str(tuple(int(a) for a in choice)) for choice in missing[:3])
            raise UserError(f"{len(missing)} profiles have no run, such as {first}", key="samples")
        return NormalForm(self.means, self.players, self.actions)

    def solve(self, concept: str = "nash", **options: Any) -> Solution:
        """A solution of the estimated game: see `coopsim.solve`, and `bounds_of` for its profile.

        Args:
            concept: a registered concept for normal forms.
            options: of `coopsim.solve`.
        """
        from coopsim.solvers.select import solve

        answer: Solution = solve(self.form(), concept, **options)
        return answer

    def bounds_of(
        self,
        profile: Sequence[npt.ArrayLike],
        *,
        confidence: float = 0.95,
        resamples: int = 1000,
        seed: int = 0,
    ) -> RegretBounds:
        """How large the regret of a mixed profile may be in the true game.

        Args:
            profile: one distribution a player.
            confidence: of the bounds, between 0 and 1.
            resamples: of the bootstrap: each profile's runs are drawn anew with replacement.
            seed: of the bootstrap.

        Cost: `resamples` tables.
        """
        if not 0 < confidence < 1:
            raise UserError(
                "out of range", key="confidence", given=confidence, allowed="between 0 and 1"
            )
        require_count("resamples", resamples)
        mixed = tuple(np.asarray(part, dtype=float) for part in profile)
        form = self.form()
        tables = self._resampled(resamples, np.random.default_rng(seed))
        drawn = regrets(tables, mixed).max(1)
        return RegretBounds(
            tuple(float(gain) for gain in regrets(form.payoffs[None], mixed)[0]),
            float(np.quantile(drawn, confidence)),
            self._hoeffding(form, mixed, confidence),
            confidence,
            resamples,
        )

    def _hoeffding(
        self, form: NormalForm, mixed: tuple[Float, ...], confidence: float
    ) -> tuple[float, ...] | None:
        """Regrets at the worst ends of intervals that hold for all payoffs at once."""
        if self.bounds is None:
            return None
        width = self.bounds[1] - self.bounds[0]
        every = 2 * form.payoffs.size / (1 - confidence)
        reach = width * np.sqrt(np.log(every) / (2 * self.counts))
        high = np.minimum(form.payoffs + reach, self.bounds[1])
        low = np.maximum(form.payoffs - reach, self.bounds[0])
        best, worst = NormalForm(high), NormalForm(low).expected(mixed)
        return tuple(
            positive_part(float(best.deviations(mixed, i).max() - worst[i])) for i in range(self.n)
        )

    def _resampled(self, resamples: int, rng: np.random.Generator) -> Float:
        """Tables of means of resampled runs, `[resamples, n, A1..An]`."""
        tables = np.zeros((resamples, self.n, *self.shape))
        for choice in sorted(self.samples):
            runs = self.samples[choice]
            here: Any = (slice(None), slice(None), *choice)
            tables[here] = _resampled_means(runs, resamples, rng)
        return tables

    def _table(self, summary: Callable[[Float], Float]) -> Float:
        table = np.full((self.n, *self.shape), np.nan)
        for choice, runs in self.samples.items():
            here: Any = (slice(None), *choice)
            table[here] = summary(runs)
        return table


def _resampled_means(runs: Float, resamples: int, rng: np.random.Generator) -> Float:
    """Means of as many runs drawn with replacement, `[resamples, n]`."""
    values, often = np.unique(runs, axis=0, return_counts=True)
    if len(values) <= _FEW:
        drawn = rng.multinomial(len(runs), often / len(runs), resamples)
        return np.asarray(drawn @ values / len(runs))
    means = np.empty((resamples, runs.shape[1]))
    piece = max(1, _AT_ONCE // len(runs))
    for first in range(0, resamples, piece):
        rows = means[first : first + piece]
        rows[:] = runs[rng.integers(len(runs), size=(len(rows), len(runs)))].mean(1)
    return means


def regrets(tables: Float, profile: tuple[Float, ...]) -> Float:
    """Regrets of a mixed profile in many games at once.

    Args:
        tables: payoffs `[V, n, A1..An]`.
        profile: one distribution a player.

    Returns:
        what each player gains by its best action in each game, `[V, n]`, 0 or more.
    """
    n = tables.shape[1]
    gains = []
    for i in range(n):
        paid = tables[:, i]
        for other in reversed(range(n)):
            if other != i:
                paid = np.tensordot(paid, profile[other], axes=(other + 1, 0))
        gains.append(paid.max(1) - paid @ profile[i])
    return np.asarray(np.maximum(np.stack(gains, axis=1), 0.0))
