"""Case studies and rubrics: recorded simulations and scores, kinds of criteria, fits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopsim import registry
from coopsim.measure.rubrics import apache, app_store, renault_nissan, samsung_sony
from coopsim.measure.rubrics.assessment import Assessment
from coopsim.measure.rubrics.fitting import Parameter, fit
from coopsim.measure.rubrics.rubric import Rubric, assess, points

GOLDEN = Path(__file__).parents[2] / "golden" / "coopetition_cases.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
RUBRICS = (samsung_sony.RUBRIC, renault_nissan.RUBRIC, apache.RUBRIC, app_store.RUBRIC)
FORMS = {"logarithmic": samsung_sony.LOGARITHMIC, "power": samsung_sony.POWER}
JOINT = [row for row in ROWS if row.get("tr") == 1]


def case(name: str) -> dict[str, Any]:
    return next(row for row in ROWS if row["case"] == name)


@pytest.fixture(scope="module")
def assessed() -> dict[str, Assessment]:
    """Every rubric, with few draws and no fits: fits take seconds and are tested apart."""
    return {rubric.name: assess(replace(rubric, fit=None), draws=1000) for rubric in RUBRICS}


def joint_case(row: dict[str, Any]) -> samsung_sony.Case:
    share, first, second = samsung_sony.FURTHER[row["case"]]
    return replace(FORMS[row["spec"]], share=share, first=first, second=second)


def recorded_categories(row: dict[str, Any]) -> dict[str, float]:
    """Points by category as recorded, with what rounding took from a part of one half.

    Where both are alike the part is one half exactly, which the criterion counts. The suite
    that was recorded lost the four points where its search ended a hair below.
    """
    groups = dict(row["categories"])
    share, first, second = samsung_sony.FURTHER[row["case"]]
    if share == 0.5 and first == second:
        groups["distribution"] = 10
    return groups


@pytest.mark.parametrize("row", JOINT, ids=lambda row: f"{row['case']}-{row['spec']}")
def test_tr1_cases_equal_what_was_recorded(row: dict[str, Any]) -> None:
    held = joint_case(row)
    assert (held.gamma, [held.share, held.first, held.second]) == (
        row["gamma"], [row["alpha"][0], row["D"][0][1], row["D"][1][0]]
    )  # fmt: skip
    found = samsung_sony.by_suite(held)
    assert found.baseline[0] == pytest.approx(row["baseline"], rel=1e-6)
    assert found.actions[0] == pytest.approx(row["equilibrium"], rel=1e-6)
    given = points(samsung_sony.CRITERIA, found)[0]
    wanted = recorded_categories(row)
    assert given.sum() == sum(wanted.values())
    groups: dict[str, float] = {}
    for line, got in zip(samsung_sony.CRITERIA, given, strict=True):
        groups[line.group] = groups.get(line.group, 0) + got
    assert groups == wanted
    told = samsung_sony.metrics(found)
    for mine, theirs, digits in (
        ("cooperation increase, %", "cooperation_increase_pct", 2),
        ("value increase, %", "value_increase_pct", 2),
        ("part of actor 0", "actor0_share", 4),
        ("asymmetry", "asymmetry", 4),
        ("mean action, baseline", "baseline_mean", 4),
        ("mean action, equilibrium", "equilibrium_mean", 4),
    ):
        assert round(float(told[mine]), digits) == row["metrics"][theirs]


@pytest.mark.parametrize("row", JOINT, ids=lambda row: f"{row['case']}-{row['spec']}")
def test_the_batched_solver_finds_the_suites_equilibria(row: dict[str, Any]) -> None:
    """Law: both solve the first-order conditions; Brent's steps end within 1e-5."""
    found = samsung_sony.solve(joint_case(row))
    assert found.actions[0] == pytest.approx(row["equilibrium"], rel=1e-5)
    assert found.converged.all()


def test_a_batch_is_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    gamma, share, first, second = rng.uniform(0.3, 0.7, (4, 6))
    many = samsung_sony.solve(samsung_sony.Case("logarithmic", 20.0, gamma, share, first, second))
    for k in range(6):
        args = (float(v[k]) for v in (gamma, share, first, second))
        one = samsung_sony.solve(samsung_sony.Case("logarithmic", 20.0, *args))
        assert one.actions[0] == pytest.approx(many.actions[k], rel=1e-8)
        assert one.value[0] == pytest.approx(many.value[k])


def test_tr2_trajectories_equal_what_was_recorded() -> None:
    row = case("renault_nissan")
    course = renault_nissan.simulate(renault_nissan.Trust())
    assert len(course.trust) == 80
    for mine, theirs in (
        (course.trust[:, 0, 0, 1], "trust_R_to_N"),
        (course.trust[:, 0, 1, 0], "trust_N_to_R"),
        (course.damage[:, 0, 0, 1], "rep_R_of_N"),
    ):
        assert mine == pytest.approx(row[theirs], abs=2e-9)
    assert (course.trust[:, 0, 1, 1] == row["nissan_self_entry_bug"]).all()
    told = renault_nissan.metrics(course)
    assert round(told["F between phases"], 2) == 36.25
    ends = [round(float(told[f"trust of Renault, end of {n}"]), 3)
            for n in ("start", "Formation", "Mature", "Crisis", "Recovery", "Current")]  # fmt: skip
    assert ends == [0.5, 0.797, 0.992, 0.2, 0.215, 0.274]


def test_tr2_measures_equal_what_was_recorded() -> None:
    row = case("tr2_metrics_default")
    rule = renault_nissan.Trust(0.10, 0.30, 0.60, 0.03, 0.50)
    found = renault_nissan.patterns(rule)
    assert float(found["negativity"]) == pytest.approx(row["negativity_ratio"])
    assert float(found["cumulative"]) == pytest.approx(row["cumulative_amplification"])
    assert float(found["dependency"]) == pytest.approx(row["dependency_amplification"])
    for horizon in (10, 35, 100):
        recovered = renault_nissan.patterns(rule, horizon)["hysteresis"]
        assert float(recovered) == pytest.approx(row[f"hysteresis_recovery_{horizon}"])


@pytest.mark.parametrize("place", range(4))
def test_tr3_efforts_equal_what_was_recorded(place: int) -> None:
    row = [row for row in ROWS if row["case"] == "apache"][place]
    name, n, factor, expected = apache.PHASES[place]
    assert (name, n, expected) == (row["name"], row["n_core"], row["expected_effort"])
    effort = apache.simulate(apache.Team()).effort[0, place]
    assert effort == pytest.approx(row["predicted_effort"], rel=1e-5)
    assert apache.cohesion(n, factor) == pytest.approx(row["team_cohesion"])
    assert factor * np.resize(apache.LOYALTY, n).mean() == pytest.approx(row["mean_loyalty"])


def test_tr3_by_the_suites_own_search() -> None:
    """The corner solution: one founder at the bound, one in between, six at the lower bound."""
    efforts = apache.by_suite(apache.Team(), 8, 1.0)
    row = case("apache")
    assert efforts.mean() == pytest.approx(row["predicted_effort"], rel=1e-6)
    assert sorted(efforts > 0.02) == [False] * 6 + [True] * 2
    assert round(float(efforts.max() / efforts.min())) == 4997


def test_tr3_totals_solve_every_members_condition() -> None:
    """Law: nobody inside the bounds wants another total, nobody at a bound wants to leave it."""
    rng = np.random.default_rng(5)
    loyalty = rng.random((20, 8))
    team = apache.Team(rng.uniform(10, 50, 20), rng.uniform(0.5, 0.9, 20), loyalty=loyalty)
    total = apache.total(team, 8, 1.0)[:, None]
    wish = apache.wanted(team, 8, loyalty)
    room = apache.HIGH - apache.LOW
    # who wants more than there is must be at the upper bound, who wants less at the lower
    least = 8 * apache.LOW + room * (wish > total * (1 + 1e-9)).sum(1)
    most = 8 * apache.LOW + room * (wish >= total * (1 - 1e-9)).sum(1)
    assert (total[:, 0] >= least - 1e-6).all()
    assert (total[:, 0] <= most + 1e-6).all()


@pytest.mark.parametrize("name", ["apple_ios", "apple_ios_noise_free"])
def test_tr4_trajectories_equal_what_was_recorded(name: str) -> None:
    row = case(name)
    noisy = name == "apple_ios"
    course = app_store.released() if noisy else app_store.simulate(app_store.Rule())
    assert course.actions[:, 0] == pytest.approx(np.array(row["actions"]), abs=2e-9)
    assert course.trust[0] == pytest.approx(np.array(row["trust_final"]), abs=2e-9)
    assert course.damage[0] == pytest.approx(np.array(row["reputation_final"]), abs=2e-9)


def test_tr4_phase_means_and_distances_as_published() -> None:
    told = app_store.metrics(app_store.released())
    means = np.array(list(told.values())[:15]).reshape(5, 3)
    assert means.round(3).tolist() == [
        [0.855, 0.760, 0.789], [0.994, 0.951, 0.961], [0.933, 0.826, 0.937],
        [0.712, 0.407, 0.831], [0.880, 0.445, 0.848],
    ]  # fmt: skip
    assert round(float(told["Pearson correlation"]), 3) == 0.786
    assert round(float(told["root mean square error"]), 3) == 0.187


PUBLISHED = {
    ("samsung-sony", 0): (58, 60, [10, 15, 13, 10, 10]),
    ("samsung-sony", 1): (46, 60, [10, 7, 9, 10, 10]),
    ("renault-nissan", 0): (49, 60, [10, 15, 15, 9]),
    ("renault-nissan", 1): (49, 60, [10, 15, 15, 9]),
    ("apache", 0): (45, 60, [12, 12, 11, 10]),
    ("app-store", 0): (43, 51, [8.5, 10, 8, 6.5, 10]),
}


@pytest.mark.parametrize(("name", "place"), PUBLISHED)
def test_published_scores_item_by_item(
    assessed: dict[str, Assessment], name: str, place: int
) -> None:
    card = assessed[name].cards[place]
    scored, most, groups = PUBLISHED[name, place]
    assert (card.points, card.most) == (scored, most)
    assert [got for got, _ in card.groups().values()] == groups
    assert card.claim in (scored, None)
    assert card.sentence().startswith(f"{scored:g} of {most}; ")


def every(assessed: dict[str, Assessment]) -> Iterator[Any]:
    for held in assessed.values():
        for card in held.cards:
            yield from card.items


def test_kinds_hold_under_random_parameters(assessed: dict[str, Assessment]) -> None:
    """Law: constants are constant, and what cannot fail brings all its points in every draw."""
    for item in every(assessed):
        if item.kind == "constant":
            assert item.random == pytest.approx(item.points), item
        if item.kind == "cannot fail":
            assert item.points == item.most, item
            assert item.random == pytest.approx(item.most), item


def test_how_much_of_each_rubric_is_free(assessed: dict[str, Assessment]) -> None:
    """27, 29, 12 and 22 points or cells are constants or conditions that cannot fail."""
    free = [
        held.cards[0].most_of("constant") + held.cards[0].most_of("cannot fail")
        for held in assessed.values()
    ]
    assert free == [27, 29, 12, 22]


def test_what_does_not_follow(assessed: dict[str, Assessment]) -> None:
    """The published figures that the published models do not give."""
    lost = {
        (item.name, item.published)
        for held in assessed.values()
        for item in held.figures
        if not item.follows
    }
    assert lost == {
        ("score, logarithmic", 59),
        ("score, logarithmic", 45),
        ("cooperation increase, logarithmic, %", 41),
        ("cooperation increase, power, %", 166),
        ("trials", 22000),
        ("Cohen's d of effort, loyalty .9 and 0", 0.71),
        ("Cohen's d of effort, loyalty .9 and 0", 8.73),
        ("configurations of the sweep", 15625),
        ("Cohen's d of the difference", 9.87),
        ("Cohen's d of the difference", 13.99),
        ("F between phases", 35.05),
        ("F between phases", 34.36),
        ("recovery after 35 periods", 1.11),
        ("configurations of the sweep", 78125),
        ("score", 60),
        ("score", 52),
        ("effort at loyalty .9 over .1", 15.04),
        ("effort at loyalty .9 over .1", 4.12),
        ("top over bottom contributor", 4.2),
        ("score", 48),
        ("applicable cells", 55),
    }
    d = next(i for i in assessed["samsung-sony"].figures if i.published == 9.87)
    assert round(d.measured, 2) == 19.44
    ratio = next(i for i in assessed["apache"].figures if i.published == 15.04)
    assert round(ratio.measured, 3) == 4.478
    effect = next(i for i in assessed["apache"].figures if i.published == 0.71)
    assert round(effect.measured, 2) == 0.44


def test_assessments_survive_plain_data(assessed: dict[str, Assessment]) -> None:
    for held in assessed.values():
        assert Assessment.from_dict(json.loads(json.dumps(held.to_dict()))) == held


def test_draws_are_seeded() -> None:
    small = replace(samsung_sony.RUBRIC, figures=lambda: ())
    first, again = assess(small, draws=50), assess(small, draws=50)
    assert first == again
    assert assess(small, draws=50, seed=1) != first


def test_rubrics_are_registered_by_name() -> None:
    found = registry.registrations("rubric")
    loaded: list[Rubric] = [item.load() for item in found.values()]
    assert [rubric.name for rubric in loaded] == list(found)
    for rubric in loaded:
        assert all(line.most > 0 for line in rubric.criteria)
        assert len({(line.group, line.name) for line in rubric.criteria}) == len(rubric.criteria)


LINE = (Parameter("a", 0.0, -5.0, 5.0), Parameter("b", 0.0, -5.0, 5.0))


def test_a_linear_fit_has_the_interval_of_least_squares() -> None:
    """Closed form: for a line through noise, the profile interval is that of Student's t."""
    from scipy import stats

    x = np.linspace(-1, 1, 9)
    y = 1.0 - 2.0 * x + 0.1 * np.random.default_rng(3).standard_normal(9)
    found = fit(lambda v: v[:, [0]] + v[:, [1]] * x, y, LINE, said="")
    slope, _, _, _, error = stats.linregress(x, y)
    wide = stats.t.ppf(0.975, 7) * error
    b = found.estimates[1]
    assert b.value == pytest.approx(slope, abs=1e-5)
    assert (b.low, b.high) == pytest.approx((slope - wide, slope + wide))
    assert b.identified
    assert found.after < found.before


def test_what_enters_as_a_product_is_not_identified() -> None:
    y = np.array([2.0, 4.0, 6.1])
    made = tuple(dataclasses.replace(item, low=0.1, published=1.0) for item in LINE)
    found = fit(lambda v: (v[:, [0]] * v[:, [1]]) * np.array([1, 2, 3]), y, made, said="")
    assert not any(item.identified for item in found.estimates)
    assert found.after < 0.05


def test_as_many_parameters_as_targets_need_an_error() -> None:
    with pytest.raises(ValueError, match="give sigma"):
        fit(lambda v: v, np.zeros(2), LINE, said="")


def test_trust_presets_are_met_and_damage_is_not_identified() -> None:
    found = renault_nissan.fitted()
    assert found.after < 1e-6 < found.before
    assert [item.identified for item in found.estimates] == [True, True, False]


def test_expected_efforts_cannot_be_met() -> None:
    """The model's total effort falls with the team; the expected totals rise."""
    found = apache.fitted()
    assert 3 < found.after < found.before
    assert not any(item.identified for item in found.estimates)


def test_phase_means_of_the_app_store() -> None:
    found = app_store.fitted()
    assert found.after < 0.07 < 0.18 < found.before
