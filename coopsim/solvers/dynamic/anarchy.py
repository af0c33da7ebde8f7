"""The price of anarchy over time: what acting alone costs over whole episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coopsim.errors import CoopsimError
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solution


@dataclass(frozen=True)
class Anarchy:
    """The best sequences found against an equilibrium.

    Args:
        price: welfare of the optimum over that of the equilibrium; a lower bound, since the
            optimum is the best that was found.
        optimum, equilibrium: the solutions, each with its certificate.
    """

    price: float
    optimum: Solution
    equilibrium: Solution


def price_of_anarchy(
    game: Any, concept: str = "open-loop nash", *, tol: float = 0.01, **options: Any
) -> Anarchy:
    """The dynamic optimum's welfare over that of an equilibrium over time.

    Koutsoupias and Papadimitriou (1999), taken of one equilibrium: the one that `concept` finds.

    Args:
        game: a game with a dynamic form.
        concept: "open-loop nash", or "markov perfect over trust".
        tol: tolerance of both certificates, in payoff units an episode.
        options: of the form (`discount`).

    Raises:
        CoopsimError: a solution is missing, or the equilibrium's welfare is not positive, so
            that the ratio has no meaning.
    """
    best = solve(game, "dynamic optimum", tol=tol, **options)
    alone = solve(game, concept, tol=tol, **options)
    for found in (best, alone):
        if not found.profile:
            raise CoopsimError(f"no price of anarchy: {found.sentence}")
    welfare = float(alone.values.sum())
    if welfare <= 0:
        raise CoopsimError(f"no price of anarchy: the equilibrium's welfare is {welfare:.6g}")
    return Anarchy(float(best.values.sum()) / welfare, best, alone)
