"""NormalForm: a finite game as a payoff tensor."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float


@dataclass(frozen=True)
class NormalForm:
    """A finite simultaneous game.

    Args:
        payoffs: `[n, A1, ..., An]`; `payoffs[i, a1, ..., an]` is what player i is paid.
        players: names; numbered where not given.
        actions: labels of each player's actions; numbered where not given.

    Raises:
        ValueError: the tensor has the wrong number of axes or is not finite, or the
            labels do not fit it.
    """

    payoffs: Float
    players: tuple[str, ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    kind: str = field(default="normal", init=False)

    def __init__(
        self,
        payoffs: npt.ArrayLike,
        players: tuple[str, ...] = (),
        actions: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        """Copy and check the tensor."""
        tensor = np.array(payoffs, dtype=np.float64)
        n = tensor.ndim - 1
        if n < 1 or tensor.shape[0] != n:
            raise ValueError(
                f"payoffs must have shape [n, A1, ..., An]; "
                f"{tensor.shape} has {n} action axes for {tensor.shape[:1]} players"
            )
        if tensor.size == 0 or not np.isfinite(tensor).all():
            raise ValueError("payoffs must be finite, with at least one action a player")
        players = players or tuple(f"player {i + 1}" for i in range(n))
        actions = actions or tuple(tuple(str(a) for a in range(size)) for size in tensor.shape[1:])
        if len(players) != n or tuple(map(len, actions)) != tensor.shape[1:]:
            raise ValueError("player names or action labels do not fit the payoff tensor")
        tensor.setflags(write=False)
        object.__setattr__(self, "payoffs", tensor)
        object.__setattr__(self, "players", tuple(players))
        object.__setattr__(self, "actions", tuple(map(tuple, actions)))
        object.__setattr__(self, "kind", "normal")

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return self.payoffs.shape[1:]

    def expected(self, profile: tuple[Float, ...]) -> Float:
        """The expected payoffs `[n]` of a mixed profile (one distribution a player)."""
        value = self.payoffs
        for distribution in reversed(profile):
            value = value @ distribution
        return np.asarray(value)

    def deviations(self, profile: tuple[Float, ...], player: int) -> Float:
        """The expected payoff of `player` for each own pure action, `[A_player]`."""
        value = self.payoffs[player]
        # contract the last axis first, so that the remaining axes keep their numbers
        for other in reversed(range(self.n)):
            if other != player:
                value = np.tensordot(value, profile[other], axes=(other, 0))
        return np.asarray(value)
