"""How much memory play will take, from one episode that is begun and not played."""

from __future__ import annotations

import numpy as np

from coopsim import budget
from coopsim.games.game import Game
from coopsim.solvers.sizes import form_bytes

_NUMBER = 8  # bytes
_COPIES = 3  # of what is kept: round by round, put together, and measured
_STATES = 4  # that are held at once: before and after a round, and parts of it


def play_bytes(game: Game, episodes: int) -> int:
    """About how many bytes playing so many episodes side by side takes, and keeping them.

    Cost: one episode is begun.

    Raises:
        UserError: not even one episode can be begun.
    """
    kept, state = _one(game)
    return episodes * (game.rounds * kept * _COPIES + state * _STATES)


def rollout_bytes(game: Game, episodes: int) -> int:
    """As `play_bytes`, where the path is not kept."""
    kept, state = _one(game)
    return episodes * (kept + state) * _STATES


def require_play(game: Game, episodes: int) -> None:
    """Refuse to play more than there is memory for. Raises `UserError` saying what would fit."""
    one = play_bytes(game, 1)
    budget.require(
        one * episodes,
        f"{episodes:,} episodes x {game.rounds:,} rounds x {game.n:,} players",
        fits=f"at most {budget.fitting(one):,} episodes",
        key="episodes",
    )


def _one(game: Game) -> tuple[int, int]:
    """Bytes of an episode: what is kept of a round, and what a state holds."""
    known: tuple[int, int] | None = game.__dict__.get("_footprint")
    if known is None:
        state = game.start(1, np.random.default_rng(0))
        exposed = sum(np.asarray(values).nbytes for values in game.expose(state).values())
        known = 2 * game.n * _NUMBER + 1 + exposed, form_bytes(state)
        game.__dict__["_footprint"] = known
    return known
