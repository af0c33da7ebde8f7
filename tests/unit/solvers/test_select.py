"""From a question to a certified answer: what is chosen, refused, echoed and stored."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from coopsim.errors import NoSuchForm, UnknownName, UserError
from coopsim.games.catalogue import make_game
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.select import concepts, plan, solve
from coopsim.solvers.solution import Solution, Solutions, Status

GAME = make_game("coopetition/samsung-sony")
DILEMMA = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], players=("A", "B"))


# -- what is asked -------------------------------------------------------------------------


def test_an_unknown_concept_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"unknown concept; given: nahs; .*did you mean 'nash'"):
        solve(GAME, "nahs")


def test_an_unknown_method_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'best-response-newton'"):
        solve(GAME, "nash", "best-response-newtn")


def test_an_unknown_option_names_what_is_allowed() -> None:
    with pytest.raises(UserError, match=r"start: best-response-newton takes no such option") as e:
        solve(GAME, "nash", start=3)
    assert e.value.nearest == "starts"
    assert e.value.allowed == ["tol", "deadline", "starts", "rounds", "seed"]


def test_an_option_of_another_concept() -> None:
    with pytest.raises(UserError, match="trust: best-response-newton takes no such option"):
        solve(GAME, "nash", trust=0.5)


@pytest.mark.parametrize("trust", [1.5, -0.1, "much", True, float("nan")])
def test_trust_that_is_no_level(trust: Any) -> None:
    with pytest.raises(UserError, match=r"trust: no level of trust; .*0 to 1"):
        solve(GAME, "coopetitive", trust=trust)


@pytest.mark.parametrize(
    "numbers",
    [{"tol": float("nan")}, {"tol": -1.0}, {"tol": float("inf")}, {"deadline": -1.0},
     {"deadline": float("nan")}],
)  # fmt: skip
def test_numbers_out_of_range(numbers: dict[str, float]) -> None:
    with pytest.raises(UserError, match="0 or more"):
        solve(GAME, "nash", **numbers)  # type: ignore[call-overload]


def test_what_is_no_game() -> None:
    wrong: Any = "coopetition/samsung-sony"
    with pytest.raises(UserError, match="only a game, or a form of one"):
        solve(wrong, "nash")


# -- what is refused -----------------------------------------------------------------------


def test_a_form_has_no_integrated_utility_and_no_episodes() -> None:
    for concept in ("coopetitive", "best constant", "baseline"):
        solution = solve(DILEMMA, concept)
        assert solution.status is Status.REFUSED
        assert "needs a game" in solution.sentence
        assert (solution.profile, solution.certificate) == ((), None)
        assert solution.players == ("A", "B")
        (listed,) = solve(DILEMMA, concept, all=True)
        assert listed == solution


def test_a_method_that_solves_something_else() -> None:
    solution = solve(GAME, "nash", "multistart-ascent")
    assert solution.status is Status.REFUSED
    assert solution.sentence.startswith(
        "multistart-ascent solves optimum on continuous forms, not nash (nash) on continuous or "
        "normal"
    )
    assert solution.method == "multistart-ascent"


def test_a_grid_that_does_not_fit_into_memory() -> None:
    solution = solve(make_game("coopetition/repeated", players=40), "nash", "pure-enumeration")
    assert solution.status is Status.REFUSED
    assert "21^40 profiles" in solution.sentence


def test_concepts_of_a_game_and_of_a_form() -> None:
    assert concepts(GAME) == [
        "nash", "coopetitive", "coopetitive with trust", "baseline", "social optimum",
        "best constant",
    ]  # fmt: skip
    assert concepts(DILEMMA) == ["nash", "social optimum"]


def test_a_plan_is_what_solve_does() -> None:
    for concept in concepts(GAME):
        solution = solve(GAME, concept)
        assert plan(GAME, concept) == (solution.form, solution.method)
    assert plan(GAME, "nash", "pure-enumeration") == ("normal", "pure-enumeration")
    with pytest.raises(NoSuchForm, match="pure-enumeration solves nash on normal forms"):
        plan(GAME, "best constant", "pure-enumeration")


# -- what is answered ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("concept", "actions"),
    [
        ("baseline", (19.000, 19.000)),
        ("nash", (23.265, 22.494)),
        ("coopetitive", (26.633, 27.399)),
        ("coopetitive with trust", (25.330, 25.502)),
        ("social optimum", (28.630, 28.630)),
    ],
)
def test_samsung_and_sony(concept: str, actions: tuple[float, float]) -> None:
    """The joint venture as calibrated in TR-1; each answer is verified from game and profile."""
    solution = solve(GAME, concept)
    assert solution.proved
    assert solution.players == ("Samsung", "Sony")
    assert solution.actions == pytest.approx(actions, abs=5e-4)
    again = solution.verify(GAME)
    assert again == solution.certificate
    assert again.residual < 1e-6
    assert again.relative < 1e-8


def test_cooperation_rises_by_42_percent() -> None:
    baseline, with_ties = (solve(GAME, concept) for concept in ("baseline", "coopetitive"))
    rise = with_ties.actions.mean() / baseline.actions.mean() - 1
    assert rise == pytest.approx(0.4219, abs=5e-5)


def test_auto_is_the_default_method() -> None:
    assert solve(GAME, "nash", "auto") == solve(GAME, "nash")


def test_a_method_brings_its_form_along() -> None:
    """A continuous game on a grid, as fine as asked for; the nearest grid point is the closest."""
    solution = solve(GAME, "nash", "pure-enumeration", points=201)
    assert (solution.form, solution.grid, solution.status) == ("normal", 201, Status.BUDGET)
    assert solution.options["points"] == 201
    levels = np.linspace(0, 100, 201)
    chosen = [levels[part.argmax()] for part in solution.profile]
    assert chosen == pytest.approx([23.265, 22.494], abs=0.5)
    assert solution.verify(GAME) == solution.certificate


def test_options_are_echoed() -> None:
    solution = solve(GAME, "coopetitive", tol=1e-6, deadline=60.0, trust=0.5, starts=4, seed=3)
    assert solution.options == {
        "tol": 1e-6, "deadline": 60.0, "trust": 0.5, "starts": 4, "seed": 3,
    }  # fmt: skip
    assert solution.stats["starts"] == 4
    assert solution.stats["seconds"] > 0


def test_a_tolerance_that_cannot_be_met_is_not_claimed_to_be() -> None:
    """Two decimals are no equilibrium to 1e-8: the certificate decides, not the solver."""
    game = make_game("coopetition/repeated", players=3)
    tight = solve(game, "nash", tol=0.0)
    assert tight.certificate is not None
    assert tight.proved is (tight.certificate.residual == 0)


# -- what is kept --------------------------------------------------------------------------


@pytest.mark.parametrize("concept", ["nash", "best constant"])
def test_round_trip_through_plain_data(concept: str) -> None:
    solution = solve(GAME, concept, tol=1e-7)
    plain = json.loads(json.dumps(solution.as_dict()))
    again = Solution.from_dict(plain)
    assert again == solution
    assert hash(again) == hash(solution)
    assert again.as_dict() == plain
    assert again.verify(GAME) == solution.certificate
    assert again.stats == {}  # what differs between two runs is not kept


def test_round_trip_of_an_answer_without_a_profile() -> None:
    solution = solve(DILEMMA, "coopetitive")
    assert Solution.from_dict(json.loads(json.dumps(solution.as_dict()))) == solution
    with pytest.raises(UserError, match="no profile to verify"):
        solution.verify(DILEMMA)


def test_solutions_are_equal_where_everything_but_the_time_is() -> None:
    one, other = solve(GAME, "nash"), solve(GAME, "nash")
    assert one.stats["seconds"] != other.stats["seconds"]
    assert one == other
    assert len({one, other}) == 1
    assert one != solve(GAME, "coopetitive")
    assert one != "nash"


def test_a_solution_of_another_game_does_not_pass() -> None:
    solution = solve(GAME, "nash")
    stronger = make_game("coopetition/samsung-sony", gamma=0.9)
    assert solution.verify(stronger).residual > 1e-3
    with pytest.raises(UserError, match="players: the solution is one of another game"):
        solution.verify(make_game("trust-dilemma"))
    with pytest.raises(NoSuchForm, match="was solved on a continuous form"):
        solution.verify(DILEMMA)


def test_a_profile_that_is_not_finite_is_not_returned() -> None:
    solution = solve(GAME, "nash")
    plain = solution.as_dict() | {"profile": [float("nan"), 1.0]}
    with pytest.raises(ValueError, match="not finite"):
        Solution.from_dict(plain)


def test_solutions_are_a_sequence() -> None:
    form = NormalForm([[[4, 0], [3, 2]], [[4, 3], [0, 2]]])
    solutions = solve(form, "nash", "pure-enumeration", all=True)
    assert isinstance(solutions, Solutions)
    assert len(solutions) == 2
    assert list(solutions) == [solutions[0], solutions[1]]
    assert solutions[:1] == (solutions[0],)
    assert "4 pure profiles looked at" in solutions.sentence


def test_a_solution_shows_itself() -> None:
    solution = solve(GAME, "nash")
    assert repr(solution).startswith("<nash: Samsung 23.2649 -> ")
    assert "(converged, regret" in repr(solution)
    page = solution._repr_html_()
    assert "<td>Samsung</td><td>23.2649</td>" in page
    refused = solve(DILEMMA, "best constant")
    assert "needs a game" in repr(refused)


def test_a_solution_as_a_table() -> None:
    frame = solve(GAME, "nash").to_frame()
    assert frame.columns == ["concept", "player", "profile", "value", "residual"]
    assert frame["player"].to_list() == ["Samsung", "Sony"]
    optimum = solve(GAME, "social optimum").to_frame()
    assert optimum["residual"].n_unique() == 1  # one joint objective
    assert len(solve(DILEMMA, "best constant").to_frame()) == 0


def test_selecting_a_method_loads_no_scipy() -> None:
    """Reading and planning a scenario must stay quick; methods load what they need."""
    code = (
        "import sys; from coopsim.solvers.select import plan; "
        "from coopsim.games.catalogue import make_game; "
        "plan(make_game('coopetition/samsung-sony'), 'nash'); print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
