"""StackelbergForm: a leader who commits, and a follower of one of several types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.payoffs import as_floats, check_payoffs

LIMIT = 500_000
"""How many payoffs a normal form may have."""


@dataclass(frozen=True, eq=False)
class StackelbergForm:
    """A Bayesian game of commitment.

    The leader commits to a mixture of its actions; chance draws the follower's type; the
    follower, who knows its type and the mixture, answers. A profile is the leader's mixture
    `[A]` and a table `[T, B]` with the answer of each type, one distribution a row.

    Args:
        leader: the leader's payoffs against each type, `[T, A, B]`.
        follower: each type's payoffs, `[T, A, B]`.
        prior: the probability of each type, `[T]`.
        players: the names of leader and follower.
        types: names of the types; numbered where not given.
        title: the game's name in plain words.

    Raises:
        ValueError: shapes do not fit, a number is not finite, or the prior is none.
    """

    leader: Float
    follower: Float
    prior: Float
    players: tuple[str, ...]
    types: tuple[str, ...]
    title: str = ""
    kind: str = field(default="bayesian commitment", init=False)

    def __init__(
        self,
        leader: npt.ArrayLike,
        follower: npt.ArrayLike,
        prior: npt.ArrayLike,
        players: Sequence[str] = ("leader", "follower"),
        types: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Copy and check."""
        gain, stake = (as_floats(side) for side in (leader, follower))
        chance = np.array(prior, dtype=np.float64)
        if gain.ndim != 3 or gain.shape != stake.shape or not gain.size:
            raise ValueError(
                f"payoffs of leader and follower must have one shape [T, A, B], not "
                f"{list(gain.shape)} and {list(stake.shape)}"
            )
        if chance.shape != gain.shape[:1] or not np.isfinite(chance).all() or chance.min() < 0:
            raise ValueError(f"the prior needs {len(gain)} probabilities, one a type")
        if abs(chance.sum() - 1) > 1e-9:
            raise ValueError(f"the prior sums to {chance.sum():g}, not to 1")
        names = tuple(types) or tuple(f"type {t + 1}" for t in range(len(gain)))
        if len(players) != 2 or len(names) != len(gain):
            raise ValueError("two players, and a name for every type, are needed")
        check_payoffs(np.stack([gain.ravel(), stake.ravel()]), tuple(players))
        for name, array in (("leader", gain), ("follower", stake), ("prior", chance)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "players", tuple(players))
        object.__setattr__(self, "types", names)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "kind", "bayesian commitment")

    @property
    def n(self) -> int:
        """The number of players: 2."""
        return 2

    @property
    def shape(self) -> tuple[int, int, int]:
        """The numbers of types, of the leader's actions, of the follower's answers."""
        types, actions, answers = self.leader.shape
        return types, actions, answers

    def expected(self, profile: tuple[Float, ...]) -> Float:
        """The expected payoffs `[2]` of a mixture `[A]` and answers `[T, B]`."""
        mixture, reply = profile
        weight = self.prior[:, None, None] * mixture[None, :, None] * reply[:, None, :]
        return np.array([(weight * self.leader).sum(), (weight * self.follower).sum()])

    def to_normal(self, limit: int = LIMIT) -> NormalForm:
        """The matrix in which a follower's action is an answer for every type (Harsanyi 1967).

        Follower actions are tuples of answers, the last type's changing fastest.

        Raises:
            NoSuchForm: the matrix would have more than `limit` payoffs.
        """
        types, actions, answers = self.shape
        if 2 * actions * answers**types > limit:
            raise NoSuchForm(
                f"{answers} answers of {types} types are {answers}^{types} follower strategies; "
                f"at most {limit:,} payoffs are built; 'dobss' needs no matrix"
            )
        tuples = np.indices((answers,) * types).reshape(types, -1)
        sides = [
            sum(self.prior[t] * side[t][:, tuples[t]] for t in range(types))
            for side in (self.leader, self.follower)
        ]
        labels = ["/".join(map(str, choice)) for choice in tuples.T]
        return NormalForm(
            sides, self.players, [[str(a) for a in range(actions)], labels], self.title
        )

    def __repr__(self) -> str:
        """Sizes, not arrays."""
        types, actions, answers = self.shape
        return (
            f"StackelbergForm({self.title or 'commitment'}: {types} types, {actions} x {answers})"
        )
