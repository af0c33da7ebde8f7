"""CongestionForm: a network whose links take longer the more traffic they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.payoffs import LARGEST

Links = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CongestionForm:
    """Traffic that divides itself over a network: Wardrop (1952).

    A link with flow x takes `sum_k coefficients[e, k] * x ** powers[k]`. Each class of
    travellers goes from an origin to a destination; it is made of many small ones.

    Args:
        tails, heads: the nodes that each link leaves and enters, `[E]`, numbered from 0.
        coefficients: 0 or more, `[E, P]`.
        powers: 0 or more, `[P]`.
        demands: (origin, destination, amount) of each class, amounts above 0.
        players: names of the classes; numbered where not given.

    A profile is one array a class: its flow on each link, `[E]`. Payoffs are minus the total
    time of a class (amount times average time).

    Raises:
        ValueError: shapes do not fit, a number is out of range, or a destination cannot be
            reached.
    """

    tails: Links
    heads: Links
    coefficients: Float
    powers: Float
    demands: Sequence[tuple[int, int, float]]
    players: tuple[str, ...] = ()
    kind: str = field(default="congestion", init=False)

    def __post_init__(self) -> None:
        """Copy and check the numbers."""
        tails, heads = (np.array(ends, dtype=np.int64) for ends in (self.tails, self.heads))
        shape = np.array(self.coefficients, dtype=np.float64)
        powers = np.array(self.powers, dtype=np.float64)
        if (
            tails.ndim != 1
            or tails.shape != heads.shape
            or shape.shape != (*tails.shape, *powers.shape)
        ):
            raise ValueError("tails and heads must be [E], coefficients [E, P] and powers [P]")
        if not (np.isfinite(shape).all() and (shape >= 0).all() and (powers >= 0).all()):
            raise ValueError("coefficients and powers must be finite and 0 or more")
        demands = tuple((int(a), int(b), float(amount)) for a, b, amount in self.demands)
        names = tuple(self.players) or tuple(f"class {k + 1}" for k in range(len(demands)))
        if not demands or len(names) != len(demands):
            raise ValueError("there must be a class of travellers, and a name for each")
        for array in (tails, heads, shape, powers):
            array.setflags(write=False)
        for name, value in (
            ("tails", tails),
            ("heads", heads),
            ("coefficients", shape),
            ("powers", powers),
            ("demands", demands),
            ("players", names),
        ):
            object.__setattr__(self, name, value)
        self._check_demands()

    def _check_demands(self) -> None:
        for origin, destination, amount in self.demands:
            if not (np.isfinite(amount) and amount > 0) or origin == destination:
                raise ValueError("a class goes from one node to another, with an amount above 0")
            if destination >= self.nodes or not self._reached(origin)[destination]:
                raise ValueError(f"node {destination} cannot be reached from node {origin}")
        self._check_sizes()

    def _check_sizes(self) -> None:
        """Refuse networks where the time of all traffic on one link is too large a number."""
        everybody = self.amounts.sum()
        with np.errstate(over="ignore", invalid="ignore"):
            slowest = self.times(np.full(len(self.tails), everybody)) * everybody
        for link in np.flatnonzero(~(slowest <= LARGEST)):
            raise UserError(
                f"link {link + 1} takes too long with all traffic on it: count in larger units",
                given=f"{slowest[link]:g} in all",
                allowed=f"up to {LARGEST:g}",
            )

    def _reached(self, origin: int) -> npt.NDArray[np.bool_]:
        """Which nodes some route from `origin` leads to, `[nodes]`."""
        reached = np.zeros(max(self.nodes, origin + 1), dtype=bool)
        reached[origin], count = True, 0
        while count < (count := int(reached.sum())):
            reached[self.heads[reached[self.tails]]] = True
        return reached

    @classmethod
    def parallel(
        cls, coefficients: npt.ArrayLike, demand: float, powers: npt.ArrayLike | None = None
    ) -> CongestionForm:
        """Links side by side between two nodes; polynomials by rising powers `[E, P]`."""
        shape = np.asarray(coefficients, dtype=float)
        rising = np.arange(shape.shape[1]) if powers is None else np.asarray(powers)
        ends = np.zeros(len(shape), dtype=np.int64)
        return cls(ends, ends + 1, shape, rising.astype(float), [(0, 1, demand)])

    @classmethod
    def bpr(
        cls,
        tails: npt.ArrayLike,
        heads: npt.ArrayLike,
        free_time: npt.ArrayLike,
        capacity: npt.ArrayLike,
        demands: Sequence[tuple[int, int, float]],
        alpha: float = 0.15,
        power: float = 4.0,
    ) -> CongestionForm:
        """Latencies of the Bureau of Public Roads: free_time (1 + alpha (x / capacity)^power)."""
        free, most = np.asarray(free_time, dtype=float), np.asarray(capacity, dtype=float)
        shape = np.stack([free, alpha * free / most**power], axis=1)
        leave, enter = (np.asarray(nodes, dtype=np.int64) for nodes in (tails, heads))
        return cls(leave, enter, shape, np.array([0.0, power]), demands)

    @property
    def n(self) -> int:
        """The number of classes."""
        return len(self.players)

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return int(max(self.tails.max(), self.heads.max())) + 1

    @property
    def amounts(self) -> Float:
        """How much travels in each class, `[n]`."""
        return np.array([amount for _, _, amount in self.demands])

    def times(self, flow: Float) -> Float:
        """How long each link takes at the flows `[E]`."""
        return np.asarray((self.coefficients * flow[:, None] ** self.powers).sum(1))

    def marginal(self) -> CongestionForm:
        """The network in which a link takes what one more traveller costs all: t + x t'.

        Its Wardrop equilibrium is this network's optimum (Beckmann, McGuire, Winsten 1956).
        """
        shape = self.coefficients * (1 + self.powers)
        return CongestionForm(
            self.tails, self.heads, shape, self.powers, self.demands, self.players
        )
