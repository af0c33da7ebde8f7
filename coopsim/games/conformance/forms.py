"""Laws of forms: what solvers read agrees with itself and with play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.games.conformance.case import Case, random_actions
from coopsim.games.conformance.facts import buildable
from coopsim.games.forms.continuous import ContinuousForm

_SAMPLE = 64
_COORDINATES = 16  # of a gradient that are compared
_LONGEST = 1_000  # rounds: the constant form of longer games is not compared with play


def vectorised(case: Case) -> None:
    """Payoffs and gradients of a continuous form take any leading axes."""
    for kind, form in _continuous(case):
        profiles = _inside(form, case.rng("profiles"), 6)
        for what, function in (("payoffs", form.payoffs), ("gradient", form.gradient)):
            if function is None:
                continue
            problem = _not_vectorised(function, profiles, form.n if what == "payoffs" else form.m)
            case.need(
                problem is None,
                f"the {what} of the {kind} form {problem}",
                "compute on the last axis of the profiles and keep all others",
            )


def gradients(case: Case) -> None:
    """The gradient of a continuous form is the slope of its payoffs."""
    for kind, form in _continuous(case):
        if form.gradient is None:
            continue
        profiles = _inside(form, case.rng("gradient"), 8)
        stated = form.gradient(profiles)
        for k in range(min(form.m, _COORDINATES)):
            found = _slope(form, profiles, k)
            scale = max(1e-6, float(np.abs(found).max()))
            apart = float(np.abs(stated[:, k] - found).max())
            case.need(
                apart <= 1e-4 * scale,
                f"the gradient of the {kind} form is off by {apart:.3g} in coordinate {k}",
                "return the derivative of the owner's payoff in each coordinate, or no gradient",
            )


def supermodular(case: Case) -> None:
    """A form that claims to be supermodular has increasing differences on a sample."""
    for kind, form in _continuous(case):
        if not form.supermodular:
            continue
        rng = case.rng("supermodular")
        worst = max(_decrease(form, rng, k) for k in range(min(form.m, _COORDINATES)))
        case.need(
            worst <= 1e-9,
            f"the {kind} form claims to be supermodular, and a player gains less from a higher "
            f"action when others choose higher ones (by {worst:.3g} of the payoffs)",
            "take supermodular=True away from the form",
        )


def as_paid(case: Case) -> None:
    """The constant form, or the only form of a one-round game, pays what play pays."""
    game = case.game
    kinds = buildable(case)
    if "constant" in kinds and game.rounds <= _LONGEST and not game.card.chance:
        kind = "constant"
    elif "constant" not in kinds and game.rounds == 1:
        # a family with a constant form may state other utilities in its other forms
        kind = next((name for name in ("continuous", "normal") if name in kinds), "")
    else:
        return
    if not kind:
        return
    state = case.start()
    actions = random_actions(game, state, case.rng("as paid"))
    played, stated = _mean_payoffs(case, actions), _stated(game.form(kind), actions)
    apart = np.abs(played - stated)
    episode, player = np.unravel_index(int(apart.argmax()), apart.shape)
    case.need(
        (apart <= 1e-9 * np.maximum(1, np.abs(played))).all(),
        f"for the same actions the {kind} form pays {game.labels[int(player)]} "
        f"{stated[episode, player]:.6g} and play pays {played[episode, player]:.6g}",
        "compute both from one function",
    )


def _continuous(case: Case) -> Iterator[tuple[str, ContinuousForm]]:
    """The continuous forms that the card lists."""
    for kind in case.game.card.forms:
        if kind == "constant" and case.game.rounds > _LONGEST:
            continue
        form = case.game.form(kind) if kind in buildable(case) else None
        if isinstance(form, ContinuousForm):
            yield kind, form


def _inside(form: ContinuousForm, rng: np.random.Generator, count: int) -> Float:
    """Random profiles away from the bounds, `[count, m]`."""
    return np.asarray(form.low + rng.uniform(0.05, 0.95, (count, form.m)) * _width(form))


def _width(form: ContinuousForm) -> Float:
    return np.asarray(form.high - form.low)


def _not_vectorised(function: Callable[[Float], Float], profiles: Float, size: int) -> str | None:
    """How the values of six profiles at once differ from those of one at a time, in words."""
    one_by_one = np.array([function(profile) for profile in profiles])
    if one_by_one.shape != (len(profiles), size):
        return f"of one profile has shape {list(one_by_one.shape[1:])}, not [{size}]"
    together = np.asarray(function(profiles.reshape(3, 2, -1)))
    if together.shape != (3, 2, size):
        return f"of profiles with axes [3, 2] has shape {list(together.shape)}"
    apart = np.abs(together.reshape(one_by_one.shape) - one_by_one)
    if not (apart <= 1e-10 * np.maximum(1, np.abs(one_by_one))).all():
        return f"of several profiles differs by {apart.max():.3g} from one at a time"
    return None


def _slope(form: ContinuousForm, profiles: Float, k: int) -> Float:
    """The derivative of the owner's payoff in coordinate `k` by central differences, `[S]`."""
    step = np.zeros(form.m)
    step[k] = 1e-5 * _width(form)[k]
    if step[k] == 0:
        return np.asarray(form.gradient(profiles)[:, k]) if form.gradient else np.zeros(0)
    change = form.payoffs(profiles + step) - form.payoffs(profiles - step)
    return np.asarray(change[:, form.owner[k]] / (2 * step[k]))


def _decrease(form: ContinuousForm, rng: np.random.Generator, k: int) -> float:
    """How much increasing differences fail in coordinate `k`, relative to the payoffs."""
    own = form.owner == form.owner[k]
    low, high = np.sort(rng.uniform(size=(2, _SAMPLE, form.m)), axis=0) * _width(form) + form.low
    # the other players' coordinates move up together; the owner's other ones stay
    high = np.where(own, low, high)
    top = np.maximum(low[:, k], form.low[k] + rng.uniform(size=_SAMPLE) * _width(form)[k])

    def gain(profiles: Float) -> Float:
        raised = profiles.copy()
        raised[:, k] = top
        return (form.payoffs(raised) - form.payoffs(profiles))[:, form.owner[k]]

    size = max(1.0, float(np.abs(form.payoffs(high)).max()))
    return float((gain(low) - gain(high)).max()) / size


def _mean_payoffs(case: Case, actions: Float) -> Float:
    """What play pays for the same actions in every round, mean over the rounds, `[B, n]`."""
    state, total = case.start(), np.zeros((case.episodes, case.game.n))
    alive = np.ones(case.episodes, dtype=bool)
    for _ in range(case.game.rounds):
        step = case.game.step(state, actions)
        total += np.where(alive[:, None], step.payoffs, 0)
        alive &= ~step.done
        state = step.state
    return np.asarray(total / case.game.rounds)


def _stated(form: Any, actions: Any) -> Float:
    """What a form pays for joint actions `[B, n]` or `[B, n, k]`, `[B, n]`."""
    if form.kind == "normal":
        return np.asarray(form.payoffs[(slice(None), *actions.T)].T)
    parts = actions.reshape(len(actions), form.n, -1)
    profiles = np.empty((len(actions), form.m))
    for player in range(form.n):
        profiles[:, form.coordinates(player)] = parts[:, player]
    return np.asarray(form.payoffs(profiles))
