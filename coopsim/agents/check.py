"""Does an agent keep the laws that play, studies and measures rely on? For agents of your own.

    from coopsim.agents.check import check
    check(MyAgent(patience=3))

An agent that passes can sit in any seat, be played in batches on numpy and torch, be stored
in a scenario, and stand for many episodes with one where it draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coopsim.agents.agent import Agent
from coopsim.agents.conformance import laws
from coopsim.agents.conformance.case import Case
from coopsim.errors import CheckFailed
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.game import Game

__all__ = ["LAWS", "CheckFailed", "check"]

LAWS: tuple[Callable[[Case], None], ...] = (
    laws.is_parameters,
    laws.round_trip,
    laws.fits,
    laws.answers,
    laws.seeded,
    laws.honest,
    laws.batched,
    laws.torch_twin,
)
"""The laws, each a function whose docstring states it, in the order in which they are tried."""


def check(
    agent: Agent,
    game: Game | None = None,
    *,
    seed: int = 0,
    named: Mapping[str, Agent] | None = None,
) -> None:
    """Raise unless `agent` keeps every law of `LAWS`.

    Args:
        agent: the agent, with the parameters to check it for.
        game: the game to sit in; without one, repeated coopetition with 2 and with 4 players,
            for 1 and for 10 rounds.
        seed: of the agent's draws and of the partners' actions.
        named: agents that it refers to by name.

    The agent sits in the first and in the last seat, beside partners whose actions follow a
    script, and in all seats at once. The first 12 rounds are played. The torch law is passed
    over where torch is not installed.

    Raises:
        CheckFailed: the first law that is broken, in which game, and what to change.
    """
    games = [game] if game is not None else [_game(n, t) for n in (2, 4) for t in (1, 10)]
    for law in LAWS:
        for held in games:
            case = Case(agent, held, seed, named or {})
            try:
                law(case)
            except CheckFailed:
                raise
            except Exception as error:
                # an agent may break in any way; the law that was tried says where to look
                stated = " ".join((law.__doc__ or law.__name__).split()).rstrip(".")
                raise CheckFailed(
                    case.name,
                    f"{type(error).__name__} ({error}) while checking the law: {stated} "
                    f"({case.place})",
                    "see the error above this one",
                ) from error


def _game(players: int, horizon: int) -> Game:
    return Repeated(players=players, horizon=horizon)
