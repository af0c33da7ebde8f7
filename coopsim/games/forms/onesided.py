"""RepeatedInformationForm: a zero-sum game repeated for ever, one player knows the state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.payoffs import as_floats, check_payoffs


@dataclass(frozen=True, eq=False)
class RepeatedInformationForm:
    """An infinitely repeated zero-sum game with information on one side.

    A state is drawn once from the prior and told to the row player only. Then the same matrix
    game is played for ever; actions are seen, payoffs are not. Aumann and Maschler (1966,
    published 1995), "Repeated Games with Incomplete Information".

    Args:
        matrices: what the columns pay the rows a stage in each state, `[K, A, B]`.
        prior: the distribution of the state, `[K]`.
        players: the informed and the uninformed player.

    Raises:
        ValueError: shapes do not fit, a number is not finite, or the prior is no distribution.
    """

    matrices: Float
    prior: Float
    players: tuple[str, ...] = ("informed", "uninformed")
    kind: str = field(default="one-sided information", init=False)

    def __post_init__(self) -> None:
        """Copy and check the numbers."""
        matrices = as_floats(self.matrices)
        prior = np.array(self.prior, dtype=np.float64)
        if matrices.ndim != 3 or matrices.size == 0 or prior.shape != matrices.shape[:1]:
            raise ValueError(
                f"matrices must be [K, A, B] and the prior [K], not {matrices.shape} "
                f"and {prior.shape}"
            )
        if (prior < 0).any() or abs(prior.sum() - 1) > 1e-9:
            raise ValueError("the prior must be a distribution")
        if len(self.players) != 2:
            raise ValueError("there are two players")
        check_payoffs(matrices.reshape(1, -1), tuple(self.players)[:1])
        prior = prior / prior.sum()
        matrices.setflags(write=False)
        prior.setflags(write=False)
        object.__setattr__(self, "matrices", matrices)
        object.__setattr__(self, "prior", prior)
        object.__setattr__(self, "players", tuple(self.players))

    @property
    def n(self) -> int:
        """The number of players, 2."""
        return 2

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.prior)

    def mean(self, posterior: Float) -> Float:
        """The stage game when both hold the belief `posterior` `[K]`: `[A, B]`."""
        return np.tensordot(posterior, self.matrices, 1)
