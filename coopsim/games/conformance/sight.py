"""Laws of what is seen: observations, exposed quantities, legal actions, words."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from coopsim.games.conformance.case import Case
from coopsim.games.conformance.states import copied, difference, episode


def observations(case: Case) -> None:
    """Every player sees the same named arrays `[B, ...]` in every state."""
    for i, name in enumerate(case.game.labels):
        first = _shapes(case, case.game.observe(case.start(), i), f"the observation of {name}")
        for held in case.rounds:
            later = case.game.observe(held.step.state, i)
            case.need(
                _shapes(case, later, f"the observation of {name}") == first,
                f"the observation of {name} changes its names, their order, types or shapes",
                "observe the same arrays in every state, zeros where there is nothing yet",
            )


def exposed(case: Case) -> None:
    """Exposed quantities are the same named arrays `[B, ...]` in every state."""
    first = _shapes(case, case.game.expose(case.start()), "what is exposed")
    for held in case.rounds:
        case.need(
            _shapes(case, case.game.expose(held.step.state), "what is exposed") == first,
            "what is exposed changes its names, types or shapes",
            "expose the same arrays in every state",
        )


def looking_is_pure(case: Case) -> None:
    """Looking at a state does not change it."""
    state = case.rounds[-1].step.state
    before = copied(state)
    for i in range(case.game.n):
        case.game.legal(state, i)
        case.game.narrate(_view(i, len(case.rounds), case.game.observe(state, i)))
    case.game.expose(state)
    changed = difference(before, state)
    case.need(
        changed is None,
        f"observe, expose, legal or narrate changes the state: {changed}",
        "make new arrays there",
    )


def legal(case: Case) -> None:
    """Legal actions are two bounds `[B, k]` inside the space, or a mask `[B, A]`."""
    for i, name in enumerate(case.game.labels):
        space: Any = case.game.action_space(i)
        for held in case.rounds:
            given: Any = case.game.legal(held.state, i)
            if case.game.card.actions == "discrete":
                mask = np.asarray(given)
                case.need(
                    mask.shape == (case.episodes, space.n) and mask.any(1).all(),
                    f"the mask of {name} has shape {list(mask.shape)}, or allows nothing somewhere",
                    f"return booleans of shape [{case.episodes}, {space.n}] with one True a row",
                )
                continue
            low, high = (np.asarray(side) for side in given)
            size = (case.episodes, int(np.prod(space.shape)))
            case.need(
                low.shape == size and high.shape == size and (low <= high).all(),
                f"the bounds of {name} have shapes {list(low.shape)} and {list(high.shape)}, "
                "or the upper lies below the lower",
                f"return two arrays of shape {list(size)}",
            )
            case.need(
                (low >= space.low.ravel()).all() and (high <= space.high.ravel()).all(),
                f"the bounds of {name} leave its action space",
                "widen action_space to everything that can be legal",
            )


def words(case: Case) -> None:
    """A view is told in words, and equal observations read the same."""
    for i, name in enumerate(case.game.labels):
        for turn in {1, len(case.rounds)}:
            state = case.rounds[turn - 1].step.state
            seen = case.game.observe(state, i)
            for b in range(case.episodes):
                alone = case.game.observe(episode(state, b), i)
                told = case.game.narrate(_view(i, turn, alone))
                case.need(
                    isinstance(told, str) and told.strip(),
                    f"narrate tells {name} nothing",
                    "return the rules and the observation as text",
                )
                # the same episode first in a larger batch, its arrays copied
                order = np.roll(np.arange(case.episodes), -b)
                moved = {key: np.asarray(value)[order] for key, value in seen.items()}
                case.need(
                    told == case.game.narrate(_view(i, turn, moved)),
                    f"two states that look the same to {name} are told differently",
                    "let narrate use only the player, the turn and the observation's first episode",
                )


def _view(player: int, turn: int, observation: Mapping[str, Any]) -> Any:
    """What narrate may use of a view: the rest belongs to agents."""
    return SimpleNamespace(player=player, turn=turn, observation=observation)


def _shapes(case: Case, named: Any, what: str) -> list[tuple[str, Any, tuple[int, ...]]]:
    """Names, types and shapes, in order."""
    case.need(
        isinstance(named, Mapping),
        f"{what} is a {type(named).__name__}",
        "return a mapping from names to arrays",
    )
    for key, value in named.items():
        case.need(
            getattr(value, "shape", ())[:1] == (case.episodes,),
            f"{key!r} in {what} has no leading batch axis of {case.episodes}",
            "return arrays with the batch axis first",
        )
    return [(key, value.dtype, tuple(value.shape)) for key, value in named.items()]
