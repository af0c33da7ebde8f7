"""Solution, Status and Certificate: the one shape of every solver's answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from coopsim.arrays import Float
from coopsim.solvers.proof import Certificate as Certificate

if TYPE_CHECKING:
    import polars

Profile = tuple[Float, ...]
"""One array a player, or one joint array; see `Solution`."""

_SHOWN = 12  # numbers of one player that are written out


class Status(StrEnum):
    """How an answer was reached.

    `EXACT`: every deviation was looked at in arithmetic that does not round (fractions, or
    comparisons of payoffs as they stand), and nobody gains anything; never of a game that was
    solved on a grid. `CONVERGED`: what each
    player gains, computed in floating point, is within the tolerance. The others are not proved.
    """

    EXACT = "exact"
    CONVERGED = "converged"
    BUDGET = "budget"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    REFUSED = "refused"


@dataclass(frozen=True, eq=False)
class Solution:
    """One profile that answers a concept, with its certificate.

    Two solutions are equal where everything but their `stats` is.

    Args:
        concept: the concept's name.
        method: the solver's name.
        status: how it was reached.
        sentence: the status in words.
        players: names, in order.
        profile: one array a player: its action coordinates, its distribution over actions, or
            its behaviour strategy; for joint concepts (correlated play, coalitions) a single
            array, the distribution over profiles `[A1..An]` or the payoffs `[n]`.
        values: what each player gets under the form that was solved, `[n]`; empty where that is
            not known.
        certificate: None where there is no profile, or where a deadline ended its check.
        selection: which of several solutions this is, and how many were found.
        found: how many distinct solutions the method found.
        form: which form was solved ("continuous", "normal", "extensive" ...).
        grid: how many values an action had, where a game of continuous actions was solved on a
            grid of them; 0 where the game itself was solved.
        chosen: why this method was used.
        details: what else the method found, and evidence for the certificate; plain data.
        options: what was asked for (tol, deadline, form options), echoed back.
        stats: counts and seconds; not part of the answer.
        game_hash: content hash of the game.
    """

    concept: str
    method: str
    status: Status
    sentence: str
    players: tuple[str, ...]
    profile: tuple[Float, ...]
    values: Float
    certificate: Certificate | None
    selection: str = ""
    found: int = 0
    form: str = ""
    grid: int = 0
    chosen: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    stats: Mapping[str, float] = field(default_factory=dict)
    game_hash: str = ""

    def __post_init__(self) -> None:
        """Refuse profiles that are not finite: nothing wrong is returned in silence."""
        for part in (*self.profile, self.values):
            if not np.isfinite(part).all():
                raise ValueError(f"{self.method} returned a profile that is not finite")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Solution) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.concept, self.method, self.players, self.actions.tobytes()))

    @property
    def proved(self) -> bool:
        """Whether the certificate holds within the tolerance asked for."""
        return self.status in (Status.EXACT, Status.CONVERGED)

    @property
    def actions(self) -> Float:
        """The profile as one vector, player after player."""
        parts = [part.ravel() for part in self.profile]
        return np.concatenate(parts) if parts else np.zeros(0)

    def verify(self, game: Any) -> Certificate:
        """Compute the certificate again, from `game` (a game or a form) and the profile only."""
        from coopsim.solvers.select import verify

        return verify(self, game)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, without what differs between two identical runs."""
        return {
            "concept": self.concept,
            "method": self.method,
            "status": str(self.status),
            "sentence": self.sentence,
            "players": list(self.players),
            "profile": [_flat(part) for part in self.profile],
            "values": [float(value) for value in self.values],
            "certificate": None if self.certificate is None else self.certificate.as_dict(),
            "selection": self.selection,
            "found": self.found,
            "form": self.form,
            "grid": self.grid,
            "chosen": self.chosen,
            "details": dict(self.details),
            "options": dict(self.options),
            "game": self.game_hash,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Solution:
        """The solution that `as_dict` wrote (without its stats)."""
        proof = data["certificate"]
        if proof is not None:
            proof = Certificate.from_dict(proof)
        same = ["concept", "method", "sentence", "selection", "found", "form", "options"]
        same += ["chosen", "details"]
        return cls(
            **{key: data[key] for key in same},
            status=Status(data["status"]),
            players=tuple(data["players"]),
            profile=tuple(np.atleast_1d(np.asarray(part, float)) for part in data["profile"]),
            values=np.asarray(data["values"], dtype=float),
            certificate=proof,
            game_hash=data["game"],
            grid=data.get("grid", 0),  # written since answers tell of it
        )

    def to_frame(self) -> polars.DataFrame:
        """One row a player: action (or distribution, own or joint), value, regret."""
        import polars

        residuals = self.certificate.players if self.certificate else ()
        rows = len(self.values)
        each = self.profile if len(self.profile) == rows else [self.actions] * rows
        return polars.DataFrame(
            {
                "concept": [self.concept] * rows,
                "player": list(self.players)[:rows],
                "profile": [part.ravel().tolist() for part in each],
                "value": self.values.tolist(),
                "residual": [
                    residuals[i] if len(residuals) == rows else max(residuals, default=math.nan)
                    for i in range(rows)
                ],
            }
        )

    def __repr__(self) -> str:
        """What it is, how sure that is, and the numbers."""
        parts = [
            f"{name} {part}{'-> ' if part else ''}{value + 0.0:.6g}"  # no minus before a zero
            for name, part, value in zip(self.players, self._texts(" "), self.values, strict=False)
        ]
        proof = ""
        if self.certificate is not None:
            proof = f", {self.certificate.kind} {self.certificate.residual:.2g}"
        return f"<{self.concept}: {'; '.join(parts) or self.sentence} ({self.status}{proof})>"

    def _texts(self, end: str = "") -> list[str]:
        """Each player's part of the profile in words; nothing where it is a joint one."""
        if len(self.profile) != len(self.values):
            return [""] * len(self.values)
        return [_text(part) + end for part in self.profile]

    def _repr_html_(self) -> str:
        import html

        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{part}</td><td>{value:.6g}</td></tr>"
            for name, part, value in zip(self.players, self._texts(), self.values, strict=False)
        )
        return (
            f"<table><caption>{html.escape(self.concept)}: {html.escape(self.sentence)}</caption>"
            f"<tr><th>player</th><th>profile</th><th>value</th></tr>{rows}</table>"
        )


@dataclass(frozen=True)
class Solutions(Sequence[Solution]):
    """Several solutions of one concept.

    Args:
        items: the solutions, best first by the selection rule.
        complete: whether these are shown to be all.
        sentence: what was searched, in words.
    """

    items: tuple[Solution, ...]
    complete: bool
    sentence: str

    def __len__(self) -> int:
        """How many were found."""
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Solution: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Solution, ...]: ...
    def __getitem__(self, index: int | slice) -> Solution | tuple[Solution, ...]:
        """One of them, or a slice."""
        return self.items[index]

    def __iter__(self) -> Iterator[Solution]:
        """Best first."""
        return iter(self.items)


@dataclass(frozen=True)
class Found:
    """What a method hands back: profiles without any claim. `select.py` certifies them.

    Args:
        profiles: distinct profiles, each one array a player.
        sentence: what was done and where it stopped.
        stats: counts for the record.
        finished: False where a deadline or an iteration limit cut the search short.
        exhaustive: whether the method looked at every profile there is.
        details: for each profile what else was found, and evidence for the certificate, as
            plain data (numbers, texts, lists, mappings); or nothing at all.
    """

    profiles: tuple[tuple[Float, ...], ...]
    sentence: str
    stats: Mapping[str, float] = field(default_factory=dict)
    finished: bool = True
    exhaustive: bool = False
    details: tuple[Mapping[str, Any], ...] = ()


def _flat(part: Float) -> Any:
    return float(part[0]) if part.shape == (1,) else part.tolist()


def _text(part: Float) -> str:
    shown = ", ".join(f"{value:.6g}" for value in part.ravel()[:_SHOWN])
    return shown + (", ..." if part.size > _SHOWN else "")
