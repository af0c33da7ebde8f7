"""Does a game keep the laws that solvers, agents and studies rely on? For games of your own.

    from coopsim.games.check import check
    check(MyGame(gamma=0.5))

A game that passes can be solved, played in batches on numpy and torch, stored and resumed.
"""

from __future__ import annotations

from collections.abc import Callable

from coopsim.errors import CheckFailed
from coopsim.games.conformance import facts, forms, play, sight, twin
from coopsim.games.conformance.case import Case
from coopsim.games.game import Game

__all__ = ["LAWS", "CheckFailed", "check"]

LAWS: tuple[Callable[[Case], None], ...] = (
    facts.is_parameters,
    facts.names_and_rounds,
    facts.spaces,
    facts.card,
    facts.round_trip,
    facts.hash_follows,
    play.states_are_arrays,
    play.shapes,
    play.pure,
    play.any_layout,
    play.batched,
    play.seeded,
    play.ends,
    play.payoffs_as_claimed,
    sight.observations,
    sight.exposed,
    sight.looking_is_pure,
    sight.legal,
    sight.words,
    forms.vectorised,
    forms.gradients,
    forms.supermodular,
    forms.as_paid,
    twin.torch_twin,
)
"""The laws, each a function whose docstring states it, in the order in which they are tried."""


def check(game: Game, *, episodes: int = 4, seed: int = 0) -> None:
    """Raise unless `game` keeps every law of `LAWS`.

    Args:
        game: the game, with the parameters to check it for.
        episodes: how many episodes are played side by side, at least 2.
        seed: of the random actions and profiles.

    Most laws look at the first 64 rounds. Ends are looked for in games of up to 10,000
    rounds, constant forms compared with play up to 1,000, and the grid of a continuous game
    built for up to 4 players. The torch law is passed over where torch is not installed.

    Raises:
        CheckFailed: the first law that is broken, where, and what to change.
        ValueError: fewer than two episodes were asked for.
    """
    if episodes < 2:
        raise ValueError("the laws of batching need at least two episodes")
    case = Case(game, episodes, seed)
    for law in LAWS:
        try:
            law(case)
        except CheckFailed:
            raise
        except Exception as error:
            # a game may break in any way; the law that was tried says where to look
            stated = (law.__doc__ or law.__name__).strip().rstrip(".")
            raise CheckFailed(
                type(game).__name__,
                f"{type(error).__name__} ({error}) while checking the law: {stated}",
                "see the error above this one",
            ) from error
