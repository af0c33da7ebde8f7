"""Regret matching+ on batches of matrix games, for numpy and for torch on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coopsim.arrays import Array, namespace

_FALLEN = 0.25  # a younger average starts each time the gap has fallen to this share


@dataclass
class Average:
    """Linearly weighted sums over rounds, with what they are paid: the gap costs no product.

    Args:
        x, y: sums of mixtures, `[V, m]` and `[V, n]`.
        paid: the same sum of what rows are paid against `y`, `[V, m]`.
        pays: of what columns pay against `x`, `[V, n]`.
        weight: the sum of weights.
        rounds: how many rounds are in it.
    """

    x: Array
    y: Array
    paid: Array
    pays: Array
    weight: float = 0.0
    rounds: int = 0

    @classmethod
    def empty(cls, payoffs: Array) -> Average:
        """No rounds yet, for payoffs `[V, m, n]`."""
        xp: Any = namespace(payoffs)
        rows, columns = xp.zeros_like(payoffs[:, :, 0]), xp.zeros_like(payoffs[:, 0, :])
        return cls(rows, columns, xp.zeros_like(rows), xp.zeros_like(columns))

    def add(self, x: Array, y: Array, paid: Array, pays: Array) -> None:
        """One more round, of a weight that grows by 1 each time."""
        self.rounds += 1
        self.weight += self.rounds
        self.x += self.rounds * x
        self.y += self.rounds * y
        self.paid += self.rounds * paid
        self.pays += self.rounds * pays

    def gap(self) -> Array:
        """The duality gap of each game's average pair, `[V]`."""
        xp: Any = namespace(self.paid)
        return (xp.max(self.paid, axis=-1) - xp.min(self.pays, axis=-1)) / self.weight


class Matching:
    """Alternating regret matching+ with linear averaging (Tammelin et al. 2015).

    Regrets never fall below 0, the column player answers the row player's new mixture, and
    round t weighs t. A second, younger average starts each time the gap has fallen to a
    quarter; once it is the better one it takes the older one's place, which drops the first
    rounds (a restart, without its loss of progress).

    Args:
        payoffs: what row players get, `[V, m, n]`, a numpy array or a torch tensor.

    Cost: two products of a matrix and a vector a game and round. Worst case O(1/gap^2)
    rounds, in practice near 1/gap.
    """

    def __init__(self, payoffs: Array) -> None:
        self.payoffs = payoffs
        self.xp: Any = namespace(payoffs)
        self.turned = self.xp.swapaxes(payoffs, -1, -2)
        self.regret_x = self.xp.zeros_like(payoffs[:, :, 0])
        self.regret_y = self.xp.zeros_like(payoffs[:, 0, :])
        self.x, self.y = self._mixture(self.regret_x), self._mixture(self.regret_y)
        self.average, self.younger = Average.empty(payoffs), Average.empty(payoffs)
        self.rounds, self.mark = 0, float("inf")

    def play(self, rounds: int) -> Array:
        """So many more rounds; the gaps of the average pairs after them, `[V]`."""
        for _ in range(rounds):
            paid = (self.payoffs @ self.y[..., None])[..., 0]
            self.regret_x = self._above(self.regret_x + paid - self._mean(self.x, paid))
            self.x = self._mixture(self.regret_x)
            pays = (self.turned @ self.x[..., None])[..., 0]
            self.regret_y = self._above(self.regret_y - pays + self._mean(self.y, pays))
            for average in (self.average, self.younger):
                average.add(self.x, self.y, paid, pays)
            self.y = self._mixture(self.regret_y)
            self.rounds += 1
        return self._renewed()

    def pair(self) -> tuple[Array, Array]:
        """The average mixtures, `[V, m]` and `[V, n]`."""
        return self.average.x / self.average.weight, self.average.y / self.average.weight

    def keep(self, places: Any) -> None:
        """Go on with some of the games only, by their places in the batch."""
        for name in ("payoffs", "regret_x", "regret_y", "x", "y"):
            setattr(self, name, getattr(self, name)[places])
        self.turned = self.xp.swapaxes(self.payoffs, -1, -2)
        for average in (self.average, self.younger):
            for name in ("x", "y", "paid", "pays"):
                setattr(average, name, getattr(average, name)[places])

    def _renewed(self) -> Array:
        """The gaps, after the younger average has replaced the older one where it is better."""
        gap = self.average.gap()
        worst = float(self.xp.max(gap))
        if float(self.xp.max(self.younger.gap())) < worst:
            self.average, self.younger = self.younger, Average.empty(self.payoffs)
            gap = self.average.gap()
        elif worst <= _FALLEN * self.mark:
            self.mark, self.younger = worst, Average.empty(self.payoffs)
        return gap

    def _above(self, regret: Array) -> Array:
        return self.xp.clip(regret, 0.0, None)

    def _mean(self, mixture: Array, worth: Array) -> Array:
        return self.xp.sum(mixture * worth, axis=-1)[..., None]

    def _mixture(self, regret: Array) -> Array:
        """Mixtures in proportion to regrets; uniform where there is none."""
        total = self.xp.sum(regret, axis=-1)[..., None]
        even = self.xp.ones_like(regret) / regret.shape[-1]
        safe = self.xp.where(total > 0, total, self.xp.ones_like(total))
        return self.xp.where(total > 0, regret / safe, even)
