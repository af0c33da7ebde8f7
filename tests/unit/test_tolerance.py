"""One tolerance for every threshold: its laws, and what a last digit must not decide.

In each test of a kind a number lies where exact arithmetic puts it on the threshold, and
rounding a hair to the wrong side. What follows is what follows on the threshold itself.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim import registry, tolerance
from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.normal import NormalForm
from coopsim.measure.audit import Change
from coopsim.measure.rubrics import apache, app_store, renault_nissan, samsung_sony
from coopsim.measure.rubrics.assessment import Figure
from coopsim.measure.rubrics.rubric import points
from coopsim.measure.targets.target import Finding, Target, judge
from coopsim.report.facts import Who
from coopsim.report.readings import sign
from coopsim.solvers.answer import answer
from coopsim.solvers.solution import Found

NUMBERS = st.floats(-1e6, 1e6)
HAIR = 1e-13  # what rounding leaves, relative


def just_below(value: float) -> float:
    return float(np.nextafter(value, -np.inf))


# -- laws ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(NUMBERS, NUMBERS, st.floats(0, 1e6))
def test_one_of_two_opposite_answers_is_true(value: float, threshold: float, scale: float) -> None:
    """Law: at least or below; above or at most; above implies at least; equal is neither side."""
    args = (value, threshold, scale)
    assert tolerance.reaches(*args) != tolerance.falls_short(*args)
    assert tolerance.exceeds(*args) != tolerance.keeps_to(*args)
    if tolerance.exceeds(*args):
        assert tolerance.reaches(*args)
    between = tolerance.reaches(*args) and tolerance.keeps_to(*args)
    assert between == (value >= tolerance.least(threshold, scale)) & (
        value <= tolerance.most(threshold, scale)
    )


@settings(deadline=None)
@given(NUMBERS)
def test_a_hair_off_a_threshold_is_on_it_and_a_millionth_is_not(threshold: float) -> None:
    near = HAIR * abs(threshold)
    for value in (threshold - near, threshold, threshold + near):
        assert tolerance.reaches(value, threshold)
        assert tolerance.keeps_to(value, threshold)
        assert tolerance.same(value, threshold)
    far = 1e-6 * abs(threshold) + 1e-9
    assert tolerance.falls_short(threshold - far, threshold)
    assert tolerance.exceeds(threshold + far, threshold)


def test_arrays_are_compared_as_their_numbers_are() -> None:
    rng = np.random.default_rng(0)
    threshold = rng.normal(size=50) * 10.0 ** rng.integers(-9, 9, 50)
    value = threshold * (1 + rng.choice([0, 1e-12, -1e-12, 1e-6, -1e-6], 50))
    scale = 10.0 ** rng.integers(-9, 9, 50)
    for said in (tolerance.reaches, tolerance.exceeds, tolerance.keeps_to, tolerance.same):
        many = said(value, threshold, scale)
        one = [said(*map(float, each)) for each in zip(value, threshold, scale, strict=True)]
        assert many.tolist() == one


def test_tensors_are_compared_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    value, threshold = np.array([0.1 + 0.2, 0.3, 0.29]), np.array([0.3, 0.3, 0.3])
    found = tolerance.reaches(torch.as_tensor(value), torch.as_tensor(threshold))
    assert found.tolist() == tolerance.reaches(value, threshold).tolist() == [True, True, False]


def test_of_equals_the_first_is_the_best() -> None:
    assert tolerance.first_best([1.0, 0.3, 0.1 + 0.2]) == 0
    assert tolerance.first_best([0.3, 0.1 + 0.2, 0.2]) == 0
    assert tolerance.first_best([-1.0, 1e-16, 2e-16], scale=1.0) == 1
    assert tolerance.first_best([0.0, 1.0]) == 1
    assert tolerance.first_best([np.nan, 1.0, np.nan]) == 1
    assert tolerance.first_best([np.nan, np.nan]) == 0


def test_infinity_reaches_itself_and_exceeds_everything_else() -> None:
    for low, high in ((-np.inf, 1.0), (1.0, np.inf), (-np.inf, np.inf)):
        assert tolerance.exceeds(high, low)
        assert tolerance.falls_short(low, high)
        assert tolerance.reaches(np.array([high, low]), np.array([high, high])).tolist() == [1, 0]
    for value in (-np.inf, np.inf):
        assert tolerance.reaches(value, value)
        assert tolerance.keeps_to(value, value)
    assert not tolerance.reaches(np.nan, 0.0)
    assert not tolerance.keeps_to(np.nan, 0.0)


# -- rubrics, figures and targets ----------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.floats(0.2, 0.95), st.floats(0.4, 0.8), st.floats(-1, 1))
def test_firms_that_are_alike_share_evenly_whatever_the_last_digits(
    dependence: float, gamma: float, off: float
) -> None:
    """Exact: the part of either of two that are alike is one half, which the rubric counts."""
    case = samsung_sony.Case("power", 0.75, gamma, 0.5, dependence, dependence)
    found = samsung_sony.solve(case)
    moved = found.actions * (1 + 1e-9 * off * np.array([1.0, -1.0]))
    told = samsung_sony.outcome(case, moved, found.baseline, found.converged)
    part = next(
        k for k, line in enumerate(samsung_sony.CRITERIA) if line.name.startswith("part of actor")
    )
    assert points(samsung_sony.CRITERIA, told)[0, part] == 4.0
    assert (points(samsung_sony.CRITERIA, told) == points(samsung_sony.CRITERIA, found)).all()


def test_rubrics_of_paths_are_blind_to_a_hair() -> None:
    """Scores of a path moved by rounding are those of the path, also with entries on thresholds."""
    rng = np.random.default_rng(3)

    def hair(values: Any) -> Any:
        return values * (1 + HAIR * rng.choice([-1.0, 0.0, 1.0], np.shape(values)))

    # efforts on the thresholds of the patterns, equal to one another, and 5 and 10 % apart
    levels = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9]) * apache.HIGH
    effort = rng.choice(np.concatenate([levels, levels * 1.1, levels * 0.95]), (300, 4))
    for _ in range(3):
        here, there = (
            points(apache.CRITERIA, apache.Prediction(each)) for each in (effort, hair(effort))
        )
        assert (here == there).all()
    course = renault_nissan.simulate(renault_nissan.Trust(build=0.1, erode=0.3, sensitivity=0.0))
    moved = renault_nissan.Course(hair(course.trust), hair(course.damage))
    assert (points(renault_nissan.CRITERIA, course) == points(renault_nissan.CRITERIA, moved)).all()
    still = app_store.Course(np.full((67, 1, 3), 0.6), np.zeros((1, 3, 3)), np.zeros((1, 3, 3)))
    moved_still = app_store.Course(hair(still.actions), still.trust, still.damage)
    assert (points(app_store.CRITERIA, still) == points(app_store.CRITERIA, moved_still)).all()


def test_a_target_is_met_and_a_figure_follows_on_the_threshold_itself() -> None:
    target = Target("share", "x", at_least=0.3, at_most=0.3, published=2.5, within=0.05)
    for measured in (just_below(0.3), 0.3, 0.1 + 0.2):
        assert Finding(target, 1, measured).met
    assert not Finding(target, 1, 0.3 - 1e-6).met
    assert Finding(target, 1, 2.55).follows
    assert Figure("x", "", 0.3, 0.1 + 0.2, 0.0).follows


def test_numbers_that_are_equal_but_for_rounding_have_no_spread() -> None:
    """Exact: equal numbers above 0 lie infinitely many deviations from it, and from themselves
    none; a choice of configurations takes 0.1 + 0.2 for 0.3."""
    columns = {"x": np.array([0.3, 0.1 + 0.2, 0.3]), "noise": np.array([0.3, 0.1 + 0.2, 0.5])}
    for against, effect in ((0.0, np.inf), (0.3, 0.0), (1.0, -np.inf)):
        target = Target("d", "x", "effect size", {"noise": 0.3}, against)
        assert judge(target, columns).measured == effect
        assert judge(target, columns).count == 2


def test_a_deviation_that_changes_nothing_exploits_nobody() -> None:
    size = np.array([1e4, 1e4])
    change = Change(np.array([1e-11, 1e-3]), np.array([-1e-11, -1e-3]), size)
    assert change.exploitative.tolist() == [False, True]


# -- games ---------------------------------------------------------------------------------


def game(name: str, **given: Any) -> Any:
    return coopsim.make_game(f"coopetition/{name}", **{"formulation": "report", **given})


def test_a_tier_of_standing_is_reached_by_steps_that_add_up_to_it() -> None:
    """Exact: 5/10 + 3 x 1/10 = 8/10, which floats miss: the third round is paid twice."""
    tiers = [{"at_least": 0.8, "factor": 2.0}]
    rule = {"rule": "steps", "initial": 0.5, "rate": 0.2, "tiers": tiers, "below": 1.0}
    standing = 0.5
    for _ in range(3):
        standing = standing + 0.2 * (1.0 - 0.5)
    assert standing < 0.8
    played = game("reputation-market", standing=rule, horizon=3, end_below=None)
    full = np.tile(played.endowment, (3, 1))
    paid = coopsim.replay(played, full).payoffs
    plain = coopsim.replay(
        game("reputation-market", standing={**rule, "tiers": []}, horizon=3, end_below=None), full
    ).payoffs
    np.testing.assert_allclose(paid[:2], plain[:2])
    np.testing.assert_allclose(paid[2], 2 * plain[2])


def test_loyalty_grows_from_its_threshold_on() -> None:
    """Continuity: a contribution a float below the threshold builds what the threshold builds."""
    played = game("loyalty-team", horizon=2)
    on = played.loyalty.threshold * played.endowment
    below = np.nextafter(on, 0.0)
    assert (below / played.endowment < played.loyalty.threshold).any()
    there, here = (
        coopsim.replay(played, np.tile(each, (2, 1))).exposed["loyalty"] for each in (on, below)
    )
    np.testing.assert_allclose(here, there, rtol=1e-12)


def test_a_member_returns_to_a_coalition_at_the_threshold() -> None:
    """Exact: loyalty 3/10 + 1/10 = 4/10 with thresholds of 4/10 neither leaves nor stays out."""
    rule = {"initial": 0.1 + 0.2, "gain": 0.1, "loss": 0.0, "threshold": 0.5}
    coalition = {"smallest": 1, "exit_below": 0.4, "cooldown": 0, "return_from": 0.4}
    assert (0.1 + 0.2) + 0.1 >= 0.4 > just_below(0.3) + 0.1
    for initial in (0.3, just_below(0.3)):
        held = game("coalition-formation", loyalty={**rule, "initial": initial},
                    coalition=coalition, horizon=1)  # fmt: skip
        played = coopsim.replay(held, held.endowment[None])
        assert not played.exposed["excluded"].any()


def test_actions_as_far_apart_as_agreements_allow_agree() -> None:
    """Exact: 4.4 - 3.3 = 1.1, where floats are a hair above."""
    assert 4.4 - 3.3 > 1.1
    for low, high in ((3.3, 4.4), (0.3, 1.4)):
        held = game("cooperative-negotiation", agreement={"within": 1.1, "penalty": 1.0}, horizon=1)
        assert coopsim.replay(held, [[low, high]]).exposed["agreed"].all()


def test_an_episode_ends_where_trust_reaches_a_level_or_falls_below_it() -> None:
    """Whoever plays the baseline keeps trust where it is: on the threshold in every round."""
    base = {"horizon": 4, "end_below": None}
    for initial in (0.5, just_below(0.5), float(np.nextafter(0.5, 1))):
        rule = {"initial": initial}
        for ending, length in (({"reaches": 0.5}, 1), ({"below": 0.5}, 4)):
            held = game("trust-dilemma", trust=rule, endings=[ending], **base)
            assert coopsim.replay(held, np.tile(held.expected, (4, 1))).lengths == length
        held = game("trust-dilemma", trust=rule, horizon=4, end_below=0.5)
        assert coopsim.replay(held, np.tile(held.expected, (4, 1))).lengths == 4


def test_a_round_at_the_baseline_forgets_damage_whatever_the_last_digit() -> None:
    """TR-2, equation 9: without a bad signal the damage shrinks by delta, next to it as well."""
    held = game("trust-dilemma", trust={"initial_damage": 0.4, "forget": 0.1}, horizon=1)
    low = held.expected * (1 - HAIR)
    for actions in (held.expected, low, held.expected * (1 + HAIR)):
        damage = coopsim.replay(held, actions[None]).reputation_damage[-1]
        assert damage[0, 1] == pytest.approx(0.4 * 0.9, rel=1e-9)


def test_half_of_the_worth_of_fields_is_no_majority() -> None:
    """Exact: 1/10 + 2/10 against 3/10 is a draw."""
    blotto = coopsim.make_game("classic/blotto", coins=[3, 3], values=[0.1, 0.2, 0.3], pay="most")
    matrix = blotto.matrix
    labels = list(matrix.actions[0])
    split, whole = labels.index("1-1-1"), labels.index("0-0-3")
    assert matrix.payoffs[0, split, whole] == 0.0
    assert set(np.unique(matrix.payoffs)) == {-1.0, 0.0, 1.0}


def test_weights_that_add_up_to_the_quota_win() -> None:
    form = CoalitionForm.weighted_voting([0.1, 0.2, 0.7], quota=0.3)
    assert form.of(np.array([[1, 1, 0], [1, 0, 0]])).tolist() == [1.0, 0.0]
    even = CoalitionForm.weighted_voting([0.1] * 10, quota=1.0)
    assert even.of(np.ones((1, 10), dtype=int)).tolist() == [1.0]


# -- agents --------------------------------------------------------------------------------


def test_trust_at_the_threshold_is_trust_enough() -> None:
    """All who play the baseline keep trust at 1/2, and with it cooperation."""
    for initial in (0.5, just_below(0.5)):
        held = game("trust-dilemma", trust={"initial": initial}, horizon=3, end_below=None)
        level = float(held.expected[0] / held.endowment[0])
        agent = make_agent("trust-threshold", threshold=0.5, level=level)
        actions = play(held, agent).actions[0]
        np.testing.assert_allclose(actions, np.tile(held.expected, (3, 1)))


def test_a_contribution_as_agreed_breaks_nothing() -> None:
    """With no slack at all, a partner who gives a float less than agreed has kept the pact."""
    held = game("trust-dilemma", horizon=3, end_below=None)
    grim = make_agent("grim", level=0.3, tolerance=0.0)
    agreed = 0.3 * held.endowment[0]
    kept = play(held, [grim, make_agent("constant", action=just_below(agreed))]).actions[0]
    np.testing.assert_allclose(kept[:, 0], agreed)
    broken = play(held, [grim, make_agent("constant", action=agreed - 1e-3)]).actions[0]
    assert broken[0, 0] == pytest.approx(agreed)
    assert (abs(broken[1:, 0] - agreed) > 1).all()


# -- solutions and readings ----------------------------------------------------------------


TOP, LEFT, RIGHT = np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0])
BOTTOM = RIGHT


@pytest.mark.parametrize(
    ("payoffs", "first", "second"),
    [
        # two coordinations worth the same in sum
        ([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 2.0]]], (TOP, LEFT), (BOTTOM, RIGHT)),
        # the same of the first player, and the second does not mind
        ([[[2.0, 2.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]], (TOP, LEFT), (TOP, RIGHT)),
    ],
)
def test_of_equal_equilibria_the_same_is_chosen_whatever_the_last_digits(
    payoffs: Any, first: Any, second: Any
) -> None:
    """Law: of equal sums the one whose first player does more, found exactly or nearly."""
    game, rng = NormalForm(payoffs), np.random.default_rng(0)
    for _ in range(10):
        near = [
            tuple(
                np.abs(part - off) for part, off in zip(profile, 1e-9 * rng.random(2), strict=True)
            )
            for profile in (first, second)
        ]
        for order in (1, -1):
            found = Found(profiles=tuple(near[::order]), sentence="both")
            concept = registry.lookup("concept", "nash").load()
            chosen = answer(game, concept, "made up", found, {"tol": 1e-8}, {})
            for part, wanted in zip(chosen[0].profile, first, strict=True):
                np.testing.assert_allclose(part, wanted, atol=1e-8)
            assert "one of 2" in chosen[0].selection


@pytest.mark.parametrize("low", [0.0, 1e-14, -1e-14])
def test_an_interval_that_ends_at_nothing_holds_nothing(low: float) -> None:
    at, who = "{}", Who("agents", "tit for tat")
    facts = SimpleNamespace(
        policies=["policy"], concepts=(), lineups=(who,),
        levels={("policy", at, who, "payoff"): SimpleNamespace(mean=100.0)},
    )  # fmt: skip
    effect = SimpleNamespace(effect=0.5, low=low, high=1.0)
    assert sign(cast(Any, facts), at, "payoff", cast(Any, effect)) == 0
    clear = SimpleNamespace(effect=0.5, low=1e-3, high=1.0)
    assert sign(cast(Any, facts), at, "payoff", cast(Any, clear)) == 1
