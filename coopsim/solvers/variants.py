"""Many finite games of one shape solved together, and the arrays that come of it.

A method that works on batches takes all variants at once (`coopsim.solvers.batched`); any
other method is called once a variant.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from coopsim import registry
from coopsim.arrays import Float
from coopsim.errors import UserError, nearest
from coopsim.games.forms.variants import NormalVariants
from coopsim.solvers.answer import answer
from coopsim.solvers.batched import BATCHED, Batch
from coopsim.solvers.certificates.variants import regrets
from coopsim.solvers.concepts import Concept
from coopsim.solvers.numeric import Clock
from coopsim.solvers.proof import holding
from coopsim.solvers.solution import Found, Solution, Solutions

_COUNT = npt.NDArray[np.int64]
_TRUTH = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class VariantSolutions:
    """What was found for each of V games with n players, up to K solutions each.

    `found[v]` are the solutions of game v as `Solutions`, certified again one by one.

    Args:
        form: the games.
        concept: the concept's name.
        method: the solver's name; "several" where `auto` took different ones.
        profiles: an array a player, `[V, K, A_i]` (or one array of joint distributions,
            `[V, K, A1, ..., An]`); 0 from place `count[v]` on.
        count: how many solutions there are, `[V]`.
        values: what players get, `[V, K, n]`, payoff units; 0 from `count[v]` on.
        residuals: of the certificates, `[V, K]`, payoff units; 0 from `count[v]` on.
        holds: whether every player's residual is within `tol`, each judged by the range of its
            own payoffs, `[V, K]`; True from `count[v]` on.
        complete: whether these are all solutions, `[V]`.
        finished: False where the deadline cut the work short.
        sentence: what was done.
        options: what was asked for (tol, deadline ...).
        seconds: the time that it took.
    """

    form: NormalVariants
    concept: str
    method: str
    profiles: tuple[Float, ...]
    count: _COUNT
    values: Float
    residuals: Float
    holds: npt.NDArray[np.bool_]
    complete: npt.NDArray[np.bool_]
    finished: bool
    sentence: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def proved(self) -> npt.NDArray[np.bool_]:
        """Whether game v has solutions and the certificates of all hold within `tol`, `[V]`."""
        return np.asarray((self.count > 0) & self.holds.all(axis=1))

    def __len__(self) -> int:
        """How many games there are."""
        return len(self.count)

    @overload
    def __getitem__(self, index: int) -> Solutions: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Solutions, ...]: ...
    def __getitem__(self, index: int | slice) -> Solutions | tuple[Solutions, ...]:
        """The solutions of one game, or of a slice of them."""
        if isinstance(index, slice):
            return tuple(self[v] for v in range(*index.indices(len(self))))
        v = index + len(self) if index < 0 else index
        if not 0 <= v < len(self):
            raise IndexError(f"there are {len(self)} variants, and none with number {index}")
        concept: Concept = registry.lookup("concept", self.concept).load()
        places = range(int(self.count[v]))
        found = Found(
            tuple(tuple(part[v, k] for part in self.profiles) for k in places),
            self.sentence,
            finished=self.finished or self.count[v] > 0,
            exhaustive=bool(self.complete[v]),
        )
        return answer(self.form[v], concept, self.method, found, self.options, {})

    def __iter__(self) -> Iterator[Solutions]:
        """Game after game."""
        return (self[v] for v in range(len(self)))

    def __repr__(self) -> str:
        """Counts, not arrays."""
        return (
            f"<{self.concept} of {len(self)} games by {self.method}: {int(self.count.sum())} "
            f"solutions, {int(self.proved.sum())} games proved, largest residual "
            f"{self.residuals.max(initial=0.0):.2g}>"
        )


def solve_variants(
    form: NormalVariants,
    concept: str = "nash",
    method: str | None = None,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    all: bool = False,
    **options: Any,
) -> VariantSolutions:
    """Solve every game of a batch and certify every answer.

    Args:
        form: the games.
        concept: a registered concept.
        method: "zero-sum-lp", "small-bimatrix" and "regret-matching-plus" take the whole
            batch at once; any other method for normal forms is called once a game. None or
            "auto" takes a batched method where one fits all games.
        tol: tolerance on residuals, in payoff units.
        deadline: seconds for the whole batch; games that it leaves out have no solution.
        all: every solution of each game; else the one with the largest sum of values.
        options: of the method.

    Raises:
        NoSuchForm: the method does not solve some of these games.
        UnknownName: no such concept or method.
        UserError: an option that the method does not take.

    Example:
        >>> import numpy as np
        >>> from coopsim.games.forms.normal import NormalForm
        >>> payoffs = np.random.default_rng(0).normal(size=(1000, 2, 3, 3))
        >>> bool(solve_variants(NormalForm.variants(payoffs), all=True).proved.all())
        True
    """
    began, clock = time.monotonic(), Clock(deadline)
    wanted: Concept = registry.lookup("concept", concept).load()
    name = _batched(form, wanted, method, all)
    asked = {"tol": tol, "deadline": deadline, **wanted.parameters, **options}
    with np.errstate(all="ignore"):
        if name is None:
            places = np.arange(len(form))
            batch, values, residuals, holds = _each(
                form, places, concept, method, tol, clock, all, options
            )
        else:
            run = BATCHED[name].run
            _check_options(name, run, options)
            batch = run(form, tol=tol, clock=clock, everything=all, **options)
            values, gains = regrets(form.payoffs, batch.profiles)
            # much faster than a maximum along a short axis
            residuals = functools.reduce(np.maximum, (gains[..., i] for i in range(form.n)))
            spans = _spans(form)[:, None, :]
            holds = functools.reduce(
                np.logical_and, (holding(gains[..., i], spans[..., i], tol) for i in range(form.n))
            )
            if len(batch.left):
                rest = _each(form, batch.left, concept, None, tol, clock, all, {})
                batch, values, residuals, holds = _joined(batch, values, residuals, holds, *rest)
    return VariantSolutions(
        form,
        concept,
        name or batch.method,
        batch.profiles,
        batch.count,
        values,
        residuals,
        holds,
        batch.complete,
        batch.finished,
        batch.sentence,
        asked,
        time.monotonic() - began,
    )


def _batched(
    form: NormalVariants, concept: Concept, method: str | None, everything: bool
) -> str | None:
    """The batched method to take; None where games are solved one by one."""
    if concept.problem != "nash":
        return None
    if method not in (None, "auto"):
        return method if method in BATCHED else None
    fitting = (name for name, item in BATCHED.items() if item.suits(form, everything))
    return next(fitting, None)


def _each(
    form: NormalVariants,
    places: _COUNT,
    concept: str,
    method: str | None,
    tol: float,
    clock: Clock,
    everything: bool,
    options: Mapping[str, Any],
) -> tuple[Batch, Float, Float, _TRUTH]:
    """The games at `places` one by one, each with the time that is left."""
    from coopsim.solvers.select import solve

    answered: list[tuple[Solution, ...]] = []
    complete, finished = np.zeros(len(places), dtype=bool), True
    names: set[str] = set()
    for at, v in enumerate(places.tolist()):
        left = clock.left
        if clock.over:
            finished = False
            break
        if everything:
            found = solve(form[v], concept, method, tol=tol, deadline=left, all=True, **options)
            complete[at], items = found.complete, found.items
        else:
            items = (solve(form[v], concept, method, tol=tol, deadline=left, **options),)
        items = tuple(item for item in items if item.profile)
        answered.append(items)
        names |= {item.method for item in items}
    count = np.zeros(len(places), dtype=np.int64)
    count[: len(answered)] = [len(items) for items in answered]
    profiles, values, residuals, holds = _stacked(
        form, answered, len(places), int(count.max(initial=0))
    )
    sentence = f"{len(answered)} games solved one by one"
    label = names.pop() if len(names) == 1 else "several" if names else str(method or "none")
    batch = Batch(profiles, count, complete, sentence, finished, method=label)
    return batch, values, residuals, holds


def _stacked(
    form: NormalVariants, answered: list[tuple[Solution, ...]], games: int, most: int
) -> tuple[tuple[Float, ...], Float, Float, _TRUTH]:
    """Profiles, values `[V, K, n]`, residuals and what holds `[V, K]`, of solutions as arrays."""
    first = next((items[0] for items in answered if items), None)
    shapes = [(a,) for a in form.shape] if first is None else [p.shape for p in first.profile]
    profiles = tuple(np.zeros((games, most, *shape)) for shape in shapes)
    values, residuals = np.zeros((games, most, form.n)), np.zeros((games, most))
    holds = np.ones((games, most), dtype=bool)
    for v, items in enumerate(answered):
        for k, item in enumerate(items):
            for part, own in zip(profiles, item.profile, strict=True):
                part[v, k] = own
            if item.values.size:  # else the deadline left no time to say
                values[v, k] = item.values
            residuals[v, k] = np.inf if item.certificate is None else item.certificate.residual
            holds[v, k] = item.proved
    return profiles, values, residuals, holds


def _joined(
    batch: Batch,
    values: Float,
    residuals: Float,
    holds: _TRUTH,
    rest: Batch,
    more: Float,
    proofs: Float,
    held: _TRUTH,
) -> tuple[Batch, Float, Float, _TRUTH]:
    """A batch with the games that it left, solved otherwise, put in their places."""

    def put(whole: Any, part: Any, empty: float = 0.0) -> Any:
        places = max(whole.shape[1], part.shape[1])
        wide = np.full((len(whole), places, *whole.shape[2:]), empty, dtype=whole.dtype)
        wide[:, : whole.shape[1]] = whole
        wide[batch.left] = empty
        wide[batch.left, : part.shape[1]] = part
        return wide

    count, complete = batch.count.copy(), batch.complete.copy()
    count[batch.left], complete[batch.left] = rest.count, rest.complete
    profiles = tuple(put(*pair) for pair in zip(batch.profiles, rest.profiles, strict=True))
    joined = Batch(
        profiles,
        count,
        complete,
        f"{batch.sentence}; {rest.sentence} by {rest.method}",
        batch.finished and rest.finished,
    )
    return joined, put(values, more), put(residuals, proofs), put(holds, held, True)


def _spans(form: NormalVariants) -> Float:
    """The range of each player's payoffs in each game, `[V, n]`."""
    flat = form.payoffs.reshape(len(form), form.n, -1)
    half = flat.max(axis=2) / 2 - flat.min(axis=2) / 2
    return np.asarray(np.minimum(2 * half, np.finfo(float).max))


def _check_options(name: str, run: Any, options: Mapping[str, Any]) -> None:
    """Refuse options that a batched method does not take."""
    known = [key for key in inspect.signature(run).parameters if key not in _GIVEN]
    for key, value in options.items():
        if key not in known:
            raise UserError(
                f"{name} takes no such option on a batch",
                key=key,
                given=value,
                allowed=known or "no options",
                nearest=nearest(key, known),
            )


_GIVEN = ("form", "tol", "clock", "everything")
