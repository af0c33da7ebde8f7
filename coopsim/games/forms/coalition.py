"""CoalitionForm: what every group of players is worth, with transferable utility."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import as_floats, check_payoffs
from coopsim.tolerance import reaches

Members = npt.NDArray[np.bool_]
"""Coalitions `[..., n]`: who is in."""

_TABLE = 20  # players up to which every coalition's worth is written down: 8 MB


@dataclass(frozen=True, eq=False)
class CoalitionForm:
    """A cooperative game with transferable utility.

    Coalitions are bit masks: player `i` is in coalition `S` where `S >> i & 1`. So `values[0]`
    is the empty coalition and `values[-1]` is everybody.

    Args:
        values: what each coalition is worth, `[2^n]`, finite, with `values[0] == 0`. None where
            the game has too many players for a table; then `worth` is needed.
        players: names; numbered where not given.
        worth: coalitions `[..., n]` of booleans to what they are worth, `[...]`. Needed only
            where there is no table.
        title: the game's name in plain words.

    Raises:
        ValueError: the table's size is no power of two, or does not fit the players, or a
            number is not finite, or the empty coalition is worth something.
    """

    values: Float | None = None
    players: tuple[str, ...] = ()
    worth: Callable[[Members], Float] | None = None
    title: str = ""
    kind: str = field(default="coalition", init=False)

    def __post_init__(self) -> None:
        """Copy and check the table."""
        if self.values is None:
            if self.worth is None or not self.players:
                raise ValueError("a game without a table of values needs players and worth")
            object.__setattr__(self, "players", tuple(self.players))
            return
        table = as_floats(self.values, "worth")
        n = table.size.bit_length() - 1
        if table.ndim != 1 or n < 1 or table.size != 1 << n:
            raise ValueError(f"values must have 2^n entries, not shape {table.shape}")
        check_payoffs(table[None], ("coalitions",), what="worth")
        if table[0] != 0:
            raise ValueError("the empty coalition is worth 0")
        players = tuple(self.players) or tuple(f"player {i + 1}" for i in range(n))
        if len(players) != n:
            raise ValueError(f"{len(players)} names for {n} players")
        table.setflags(write=False)
        object.__setattr__(self, "values", table)
        object.__setattr__(self, "players", players)

    @classmethod
    def from_mapping(
        cls,
        worth: Mapping[str | Iterable[int], float],
        players: int | Sequence[str],
        title: str = "",
    ) -> CoalitionForm:
        """The game of a mapping such as `{"0,1": 3.0}` or `{(0, 1): 3.0}`.

        Args:
            worth: what coalitions are worth, by the numbers of their members from 0, in any
                order. A coalition that is not named is worth 0.
            players: how many, or their names.
            title: the game's name.

        Raises:
            ValueError: a member does not exist, or one coalition stands twice.
        """
        n, names = _named(players)
        values = np.zeros(1 << n)
        seen: set[int] = set()
        for key, value in worth.items():
            mask = _mask(key, n)
            if mask in seen:
                raise ValueError(f"the coalition {key!r} stands twice")
            seen.add(mask)
            values[mask] = value
        return cls(values, names, title=title)

    @classmethod
    def from_function(
        cls,
        worth: Callable[[frozenset[int]], float],
        players: int | Sequence[str],
        title: str = "",
    ) -> CoalitionForm:
        """The game of a function of the set of members, called once a coalition (2^n times)."""
        n, names = _named(players)
        values = [worth(frozenset(members(mask))) for mask in range(1 << n)]
        return cls(np.asarray(values, dtype=float), names, title=title)

    @classmethod
    def weighted_voting(
        cls, weights: Sequence[float], quota: float, players: Sequence[str] = ()
    ) -> CoalitionForm:
        """A coalition is worth 1 where its weights add up to the quota or more, else 0."""
        weight = np.asarray(weights, dtype=float)
        if quota <= 0:
            raise ValueError("the quota must be above 0: nobody alone must not win")

        def worth(coalition: Members) -> Float:
            # sums of decimal weights such as 0.1 miss a quota by rounding only
            return np.asarray(reaches(coalition @ weight, quota), dtype=float)

        return cls.lazy(worth, players or len(weight), "weighted voting")

    @classmethod
    def bankruptcy(
        cls, estate: float, claims: Sequence[float], players: Sequence[str] = ()
    ) -> CoalitionForm:
        """What is left of the estate for a coalition once all others are paid in full.

        O'Neill (1982), "A problem of rights arbitration from the Talmud".
        """
        claim = np.asarray(claims, dtype=float)
        if estate < 0 or (claim < 0).any():
            raise ValueError("the estate and the claims must be 0 or more")

        def worth(coalition: Members) -> Float:
            left = estate - (~coalition) @ claim
            # the empty coalition gets what exceeds all claims from nobody
            return np.asarray(np.where(coalition.any(-1), np.maximum(left, 0.0), 0.0))

        return cls.lazy(worth, players or len(claim), "bankruptcy")

    @classmethod
    def lazy(
        cls,
        worth: Callable[[Members], Float],
        players: int | Sequence[str],
        title: str = "",
    ) -> CoalitionForm:
        """The game of a vectorised function; a table where there are 20 players or fewer.

        Args:
            worth: coalitions `[B, n]` of booleans to what they are worth, `[B]`.
            players: how many, or their names.
            title: the game's name.
        """
        n, names = _named(players)
        if n > _TABLE:
            return cls(None, names, worth, title)
        masks = np.arange(1 << n)
        table = np.asarray(worth((masks[:, None] >> np.arange(n) & 1).astype(bool)), dtype=float)
        return cls(table, names, title=title)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    def of(self, coalitions: Members) -> Float:
        """What coalitions `[..., n]` of booleans are worth, `[...]`."""
        if self.values is None:
            assert self.worth is not None  # checked when the form was made
            return np.asarray(self.worth(coalitions), dtype=float)
        return np.asarray(self.values[coalitions @ (1 << np.arange(self.n))])

    @property
    def total(self) -> float:
        """What everybody together is worth."""
        return float(self.of(np.ones((1, self.n), dtype=bool))[0])

    def excesses(self, allocation: Float) -> Float:
        """What each coalition is worth beyond what its members get, `[2^n]`; needs the table."""
        if self.values is None:
            raise ValueError("excesses need a table of values")
        paid = np.zeros(1)
        for share in allocation:
            paid = np.concatenate([paid, paid + share])
        return np.asarray(self.values - paid)

    def name(self, mask: int) -> str:
        """The members of a coalition, by name."""
        return "{" + ", ".join(self.players[i] for i in members(mask)) + "}"


def members(mask: int) -> list[int]:
    """The players in a coalition given as a bit mask."""
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def _named(players: int | Sequence[str]) -> tuple[int, tuple[str, ...]]:
    if isinstance(players, int):
        return players, tuple(f"player {i + 1}" for i in range(players))
    return len(players), tuple(players)


def _mask(key: str | Iterable[int], n: int) -> int:
    parts = [part for part in key.split(",") if part.strip()] if isinstance(key, str) else key
    mask = 0
    for part in parts:
        player = int(part)
        if not 0 <= player < n:
            raise ValueError(f"the coalition {key!r} has no player {player}; there are {n}")
        mask |= 1 << player
    return mask
