"""NormalVariants: many finite games of one shape, as one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from coopsim.arrays import Float
from coopsim.games.forms.exact import Exact
from coopsim.games.forms.normal import NormalForm, checked_names, checked_tensor, sizes
from coopsim.games.forms.payoffs import check_payoffs


@dataclass(frozen=True, eq=False)
class NormalVariants:
    """Many finite games with the same players and actions, for solvers that take batches.

    Args:
        payoffs: `[V, n, A1, ..., An]`.
        players, actions, title, comment: as for `NormalForm`.

    `variants[v]` is one of them as a `NormalForm`; `len` counts them.

    Raises:
        ValueError: as for `NormalForm`.
    """

    payoffs: Float
    players: tuple[str, ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    title: str = ""
    comment: str = ""
    exact: Exact | None = field(default=None, init=False)
    kind: str = field(default="normal variants", init=False)

    def __init__(
        self,
        payoffs: npt.ArrayLike,
        players: Sequence[str] = (),
        actions: Sequence[Sequence[str]] = (),
        title: str = "",
        comment: str = "",
    ) -> None:
        """Copy and check the tensor."""
        tensor, exact = checked_tensor(payoffs)
        if tensor.ndim < 3 or tensor.shape[1] != tensor.ndim - 2:
            raise ValueError(f"payoffs must have shape [V, n, A1, ..., An], not {tensor.shape}")
        players, actions = checked_names(tensor.shape[2:], players, actions)
        check_payoffs(tensor.reshape(*tensor.shape[:2], -1), players)
        object.__setattr__(self, "payoffs", tensor)
        object.__setattr__(self, "players", players)
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "comment", comment)
        object.__setattr__(self, "exact", exact)
        object.__setattr__(self, "kind", "normal variants")

    def __len__(self) -> int:
        return len(self.payoffs)

    def __getitem__(self, variant: int) -> NormalForm:
        tensor: Any = self.payoffs if self.exact is None else self.exact
        return NormalForm(tensor[variant], self.players, self.actions, self.title, self.comment)

    @property
    def n(self) -> int:
        """The number of players."""
        return len(self.players)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many actions each player has."""
        return self.payoffs.shape[2:]

    def __repr__(self) -> str:
        """Sizes, not the tensor."""
        name = self.title or ", ".join(self.players)
        return f"NormalVariants({name}: {len(self)} games of {sizes(self.shape)})"
