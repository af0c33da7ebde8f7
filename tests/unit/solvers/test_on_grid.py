"""A game of continuous actions that was solved on a grid: the answer is of the game, or says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.solvers.exploitability import regrets
from coopsim.solvers.on_grid import check_on_grid
from coopsim.solvers.select import plan, solve
from coopsim.solvers.solution import Solution, Status

COURNOT = make_game("markets/cournot", costs=[11.3, 23.7])
"""Price 100 - q1 - q2: the equilibrium is (100 - 2 c1 + c2, 100 - 2 c2 + c1) / 3 = (33.7, 21.3)."""


def _best_gain(q: tuple[float, float]) -> list[float]:
    """What a best response to the other's quantity pays more, in closed form."""
    gains = []
    for own, other, cost in ((q[0], q[1], 11.3), (q[1], q[0], 23.7)):
        best = (100 - other - cost) / 2
        gains.append((100 - best - other - cost) * best - (100 - own - other - cost) * own)
    return gains


class Calm(Repeated):
    """A game in whose one round everybody is paid for being close to 1/2."""

    def form(self, kind: str, **options: Any) -> Any:
        one = ContinuousForm(
            self.labels, np.zeros(2), np.ones(2), np.arange(2), lambda x: -((x - 0.5) ** 2)
        )
        return one.discretise(**options) if kind == "normal" else one


@pytest.mark.parametrize("method", ["lemke-howson", "pure-enumeration"])
def test_an_equilibrium_of_the_grid_is_judged_in_the_game_itself(method: str) -> None:
    solution = solve(COURNOT, "nash", method)
    levels = np.linspace(0, 100, 21)
    quantities = tuple(float(levels[part.argmax()]) for part in solution.profile)
    assert solution.certificate is not None
    assert solution.certificate.players == pytest.approx(_best_gain(quantities), abs=1e-6)
    assert solution.certificate.residual > 0.4
    assert (solution.status, solution.proved, solution.grid) == (Status.BUDGET, False, 21)
    assert "on a grid of 21 values an action" in solution.sentence
    assert solution.verify(COURNOT) == solution.certificate
    assert regrets(COURNOT, solution) == pytest.approx(solution.certificate.players)
    assert Solution.from_dict(solution.as_dict()) == solution


def test_an_equilibrium_that_lies_on_the_grid_is_proved_but_never_exact() -> None:
    """Costs of 10 and 10: both sell 30, which the grid of 21 values has."""
    game = make_game("markets/cournot", costs=[10.0, 10.0])
    solution = solve(game, "nash", "pure-enumeration")
    assert [np.linspace(0, 100, 21)[part.argmax()] for part in solution.profile] == [30, 30]
    assert solution.status is Status.CONVERGED
    assert "in the game itself; the profile was found on a grid of 21 values" in solution.sentence


@pytest.mark.parametrize(
    "concept", ["correlated", "coarse correlated", "rationalizable", "quantal response", "level-k"]
)
def test_what_only_tables_have_is_told_to_be_of_a_grid(concept: str) -> None:
    assert plan(COURNOT, concept, points=5)[0] == "normal"
    solution = solve(COURNOT, concept, points=5)
    told = "on a grid of 5 values an action, not of the game itself"
    assert (solution.status, solution.grid) == (Status.CONVERGED, 5)
    assert solution.certificate is not None
    assert told in solution.certificate.checked_by
    assert told in solution.sentence
    assert not solution.certificate.exact
    assert not solution.certificate.rational
    assert solution.verify(COURNOT) == solution.certificate


def test_all_that_the_grid_has_is_not_all_that_the_game_has() -> None:
    """Everybody wants 1/2, which is on a grid of three: the only equilibrium of the table."""
    table = solve(Calm().form("normal", points=3), "nash", "vertex-enumeration", all=True)
    found = solve(Calm(), "nash", "vertex-enumeration", points=3, all=True)
    assert [part.tolist() for part in found[0].profile] == [[0, 1, 0]] * 2
    assert (table[0].status, table.complete) == (Status.EXACT, True)
    assert (found[0].status, found.complete) == (Status.CONVERGED, False)
    assert "on a grid of 3 values" in found.sentence


def test_a_table_that_is_handed_over_is_itself_the_question() -> None:
    solution = solve(COURNOT.form("normal"), "nash", "pure-enumeration")
    assert (solution.status, solution.grid) == (Status.EXACT, 0)


def _chase(x: np.ndarray) -> np.ndarray:
    """A is paid (a - b)^2, B the same with a minus: one flees, one follows."""
    apart = (x[..., 0] - x[..., 1]) ** 2
    return np.stack([apart, -apart], -1)


def test_a_mixed_profile_is_judged_against_every_action_of_the_game() -> None:
    """A mixes 0 and 1 evenly: B loses (1/4 + 1/4) / 2 at best, at 1/2, which two values lack.

    Against B at 0 and 1 evenly A is paid (a^2 + (1 - a)^2) / 2, at most 1/2: nothing to gain.
    """
    one = ContinuousForm(("A", "B"), np.zeros(2), np.ones(2), np.arange(2), _chase)
    for points, gain in ((2, 0.25), (3, 0.0)):
        table = one.discretise(points)
        assert table.grid is not None
        ends = np.eye(points)[0] / 2 + np.eye(points)[-1] / 2
        middle = ends if points == 2 else np.eye(3)[1]
        proof, values = check_on_grid(table.grid, "nash", table, (ends, middle), {}, {})
        assert proof.players == pytest.approx([0.0, gain], abs=1e-12)
        assert values == pytest.approx([0.25 + gain, -0.25 - gain])
        assert not proof.shown


def test_more_profiles_than_can_be_searched_are_not_proved() -> None:
    game = make_game("commons/public-goods", players=5)
    table = game.form("normal", points=8)
    mixed = (np.full(8, 1 / 8),) * 5
    proof, _ = check_on_grid(table.grid, "nash", table, mixed, {}, {})
    assert proof.residual == np.inf
    assert not proof.holds(1e9)
    assert "no search" in proof.checked_by
