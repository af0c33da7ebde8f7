from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coopsim.report.facts import Facts
from coopsim.report.summary import scope, sentences

STATUS_QUO, CHANGED = "status quo", "more synergy"


def told(run: Any) -> list[str]:
    found = sentences(Facts(run))
    assert 3 <= len(found) <= 6
    return found


def test_what_it_says(make: Callable[..., Any]) -> None:
    theory, agents, parted, other, proofs = told(make())
    assert theory == (
        "In theory, more synergy raises the cooperation rate most under each of the 2 concepts "
        "compared: +0.100."
    )
    assert agents == "Among agents, 1 line-up shows no effect of the policy (low)."
    assert parted == (
        "Of 4 pairs of a prediction and what a line-up showed for the cooperation rate, 2 have "
        "opposite signs (the farthest apart: under more synergy, nash predicts +0.100 and any "
        "shows −0.0510); no others are farther apart."
    )
    assert other.startswith("Among the other measures, signs differ most often for payoff, in 2 of")
    assert proofs == (
        "All 6 solutions hold within the tolerance of 1e-8 payoff units; the largest residual is "
        "2.8e-14."
    )


def test_concepts_that_disagree(make: Callable[..., Any]) -> None:
    def level(policy: str, _: Any, name: str, seed: int | None) -> float:
        rises = {("nash", CHANGED): 0.1, ("social optimum", "third"): 0.2, ("any", "third"): 0.1}
        return 0.4 + rises.get((name, policy), 0.0)

    policies = {STATUS_QUO: {}, CHANGED: {"game.gamma": 0.9}, "third": {"game.gamma": 0.1}}
    found = told(make({"policies": policies}, level=level))
    assert found[0] == (
        "In theory, more synergy raises the cooperation rate most under nash: +0.100; third raises "
        "the cooperation rate most under social optimum: +0.200."
    )
    assert found[1] == (
        "Among agents, third raises it most in 1 of 2 line-ups (any +0.100); 1 line-up shows no "
        "effect of any policy (low)."
    )


def test_nothing_rises(make: Callable[..., Any]) -> None:
    found = told(make(level=lambda p, *_: 0.5 - 0.1 * (p != STATUS_QUO)))
    assert found[0] == "In theory no policy raises the cooperation rate under any concept compared."
    assert found[1] == "No line-up's cooperation rate rises."


def test_solutions_that_are_not_proved(make: Callable[..., Any]) -> None:
    run = make(statuses={"nash": "budget", "social optimum": "refused"})
    assert told(run)[-1] == (
        "For 4 of 6 questions no solution is proved within the tolerance of 1e-8 payoff units: "
        "nash under status quo (budget), social optimum under status quo (refused), nash under "
        "more synergy (budget) and social optimum under more synergy (refused)."
    )


def test_one_policy(make: Callable[..., Any]) -> None:
    found = sentences(Facts(make({"policies": {STATUS_QUO: {}}})))
    assert found[0] == "One policy was asked for, so there are no policy effects to compare."
    assert found[1].startswith("All 3 solutions hold")


def test_no_agents(make: Callable[..., Any]) -> None:
    found = told(make({"agents": {}, "seats": []}))
    assert found[1] == "No agents were asked to play, so only theory is reported."


def test_a_sweep(make: Callable[..., Any]) -> None:
    def level(policy: str, at: dict[str, Any], name: str, seed: int | None) -> float:
        return 0.4 + (0.1 if at["game.gamma"] < 0.4 else -0.1) * (policy != STATUS_QUO)

    changes = {
        "policies": {STATUS_QUO: {}, CHANGED: {"game.shares": [0.4, 0.6]}},
        "study": {"seeds": 2, "vary": {"game.gamma": [0.1, 0.3, 0.5]}},
    }
    run = make(changes, level=level)
    assert "3 sweep points" in scope(Facts(run))
    assert told(run)[0].endswith("The same holds at 2 of the 3 sweep points.")
