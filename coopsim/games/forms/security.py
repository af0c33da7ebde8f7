"""SecurityForm: a defender covers targets at random, an attacker picks one of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.payoffs import as_floats, check_payoffs

LIMIT = 20_000
"""How many allocations of resources are listed."""

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class SecurityForm:
    """A security game: payoffs depend on the target attacked and on whether it is covered.

    A profile is the probability `[K]` with which each of K targets is covered, and the
    attacker's distribution over targets `[K]`.

    Args:
        defender_covered, defender_uncovered: the defender's payoff where the target attacked
            is covered, or is not, `[K]`.
        attacker_covered, attacker_uncovered: the attacker's, `[K]`.
        resources: how many the defender has; each covers the targets of one schedule.
        schedules: sets of targets that one resource can cover together, by number; each
            target alone where none are given.
        players: the names of defender and attacker.
        targets: names; numbered where not given.
        title: the game's name in plain words.

    Raises:
        ValueError: shapes do not fit, a number is not finite, there is no resource, or a
            schedule names no target.
    """

    defender_covered: Float
    defender_uncovered: Float
    attacker_covered: Float
    attacker_uncovered: Float
    resources: int
    schedules: tuple[tuple[int, ...], ...]
    players: tuple[str, ...]
    targets: tuple[str, ...]
    title: str = ""
    kind: str = field(default="security", init=False)

    def __init__(
        self,
        defender_covered: npt.ArrayLike,
        defender_uncovered: npt.ArrayLike,
        attacker_covered: npt.ArrayLike,
        attacker_uncovered: npt.ArrayLike,
        resources: int,
        schedules: Sequence[Sequence[int]] = (),
        players: Sequence[str] = ("defender", "attacker"),
        targets: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Copy and check."""
        given = {
            "defender_covered": defender_covered,
            "defender_uncovered": defender_uncovered,
            "attacker_covered": attacker_covered,
            "attacker_uncovered": attacker_uncovered,
        }
        size = -1
        for name, values in given.items():
            array = as_floats(values)
            size = len(array) if size < 0 and array.ndim == 1 else size
            if array.shape != (size,) or not size:
                raise ValueError(f"{name} must have one payoff for each target")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if resources < 1 or int(resources) != resources:
            raise ValueError(f"a whole number of resources, at least 1, is needed: {resources}")
        sets = tuple(tuple(sorted(set(map(int, one)))) for one in schedules)
        if any(not one or one[0] < 0 or one[-1] >= size for one in sets):
            raise ValueError(f"a schedule must name targets from 0 to {size - 1}, at least one")
        names = tuple(targets) or tuple(f"target {k + 1}" for k in range(size))
        if len(players) != 2 or len(names) != size:
            raise ValueError("two players, and a name for every target, are needed")
        pairs = [self.defender_covered, self.defender_uncovered]
        pairs += [self.attacker_covered, self.attacker_uncovered]
        check_payoffs(np.reshape(pairs, (2, -1)), tuple(players))
        object.__setattr__(self, "resources", int(resources))
        object.__setattr__(self, "schedules", sets or tuple((k,) for k in range(size)))
        object.__setattr__(self, "players", tuple(players))
        object.__setattr__(self, "targets", names)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "kind", "security")

    @property
    def n(self) -> int:
        """The number of players: 2."""
        return 2

    @property
    def size(self) -> int:
        """The number of targets."""
        return len(self.targets)

    @property
    def single(self) -> bool:
        """Whether a resource covers any one target, so that coverage is free up to its sum."""
        return self.schedules == tuple((k,) for k in range(self.size))

    def paid(self, coverage: Float) -> tuple[Float, Float]:
        """What an attack on each target pays defender and attacker, `[..., K]` each."""
        pairs = (
            (self.defender_covered, self.defender_uncovered),
            (self.attacker_covered, self.attacker_uncovered),
        )
        first, second = (with_ * coverage + out * (1 - coverage) for with_, out in pairs)
        return first, second

    def expected(self, profile: tuple[Float, ...]) -> Float:
        """The expected payoffs `[2]` of a coverage `[K]` and a distribution of attacks `[K]`."""
        coverage, attack = profile
        return np.array([own @ attack for own in self.paid(coverage)])

    def allocations(self, limit: int = LIMIT) -> npt.NDArray[np.int8]:
        """Which targets can be covered together, `[R, K]` of 0 and 1, each row once.

        Resources may stand idle, so that the first row covers nothing.

        Raises:
            NoSuchForm: there may be more than `limit`.
        """
        sets = sorted({*self.schedules})
        most = min(self.resources, len(sets))
        ways = sum(math.comb(len(sets), k) for k in range(most + 1))
        if ways > limit:
            raise NoSuchForm(
                f"{self.resources} resources on {len(sets)} schedules can be placed in {ways:,} "
                f"ways, and at most {limit:,} are listed; 'origami' and 'security-lp' list none "
                "where every resource covers a single target"
            )
        rows = np.zeros((ways, self.size), dtype=np.int8)
        chosen = itertools.chain.from_iterable(
            itertools.combinations(sets, k) for k in range(most + 1)
        )
        for row, picked in zip(rows, chosen, strict=True):
            for one in picked:
                row[list(one)] = 1
        return np.asarray(np.unique(rows, axis=0))

    def most(self, weights: Float) -> float:
        """The largest `weights @ coverage` over all coverages that can be implemented.

        Raises:
            NoSuchForm: resources cover several targets in too many ways.
        """
        if self.single:
            best = np.sort(np.maximum(weights, 0))[::-1]
            return float(best[: self.resources].sum())
        return float((self.allocations() @ weights).max())

    def mixture(self, coverage: Float) -> tuple[npt.NDArray[np.int8], Float] | None:
        """Allocations `[R, K]` and their probabilities `[R]` that make up a coverage.

        Where every resource covers a single target: coverages are laid end to end on a line,
        and one draw in [0, 1) together with the points 1, 2, ... further on picks the targets
        (comb sampling, Tsai and others 2010); at most K + 1 allocations. Elsewhere by a linear
        program over all allocations. None where the coverage cannot be implemented.

        Raises:
            NoSuchForm: resources cover several targets in too many ways.
        """
        share = np.clip(coverage, 0, 1)
        if not self.single:
            return self._composed(share)
        if share.sum() > self.resources * (1 + _ROUNDING):
            return None
        ends = np.cumsum(share)
        cuts = np.unique(np.concatenate([[0.0, 1.0], ends % 1.0]))
        cuts = cuts[np.concatenate([[True], np.diff(cuts) > _ROUNDING])]
        cuts[-1] = 1.0
        middles = 0.5 * (cuts[1:] + cuts[:-1])
        # target k covers the line from ends[k] - share[k] to ends[k]: does m + j lie there?
        first = np.floor(ends[None] - middles[:, None])
        before = np.floor((ends - share)[None] - middles[:, None])
        return (first > before).astype(np.int8), np.diff(cuts)

    def to_normal(self, limit: int = LIMIT) -> NormalForm:
        """The matrix with allocations as the defender's actions and targets as the attacker's.

        Raises:
            NoSuchForm: there may be more than `limit` allocations.
        """
        rows = self.allocations(limit)
        labels = ["+".join(self.targets[k] for k in np.flatnonzero(row)) or "-" for row in rows]
        return NormalForm(
            np.stack(self.paid(rows.astype(float))), self.players, [labels, self.targets]
        )

    def _composed(self, share: Float) -> tuple[npt.NDArray[np.int8], Float] | None:
        from scipy.optimize import linprog

        rows = self.allocations()
        found = linprog(
            np.zeros(len(rows)),
            A_eq=np.vstack([rows.T, np.ones(len(rows))]),
            b_eq=np.append(share, 1.0),
            method="highs",
        )
        if found.status != 0:
            return None
        used = found.x > _ROUNDING
        return rows[used], found.x[used] / found.x[used].sum()

    def __repr__(self) -> str:
        """Sizes, not arrays."""
        return (
            f"SecurityForm({self.title or 'security game'}: {self.size} targets, "
            f"{self.resources} resources, {len(self.schedules)} schedules)"
        )
