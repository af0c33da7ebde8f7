"""Policies are compared pairwise by seed, and the effect is that of the same random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from coopsim.measure.compare import COLUMNS, compare
from coopsim.measure.statistics import interval

SCHEMA = {
    "policy": pl.String, "at": pl.String, "seed": pl.Int64, "source": pl.String,
    "name": pl.String, "player": pl.String, "measure": pl.String, "value": pl.Float64,
}  # fmt: skip


def table(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def agents(policy: str, values: list[float], name: str = "us", measure: str = "payoff") -> Any:
    return [
        (policy, "{}", seed, "agents", name, "A", measure, value)
        for seed, value in enumerate(values)
    ]


def only(frame: pl.DataFrame, **wanted: Any) -> dict[str, Any]:
    return frame.filter(**wanted).row(0, named=True)


def test_an_effect_is_the_mean_of_paired_differences() -> None:
    """2, 3 and 7 more: 4 on average, though both levels swing by 100 from seed to seed."""
    measures = table(agents("now", [0, 100, 200]) + agents("new", [2, 103, 207]))
    row = only(compare(measures, ["now", "new"]), policy="new")
    assert (row["effect"], row["level"], row["reference_level"]) == (4.0, 104.0, 100.0)
    assert (row["reference"], row["seeds"]) == ("now", 3)
    ends = interval(np.array([2.0, 3.0, 7.0]), key="new|{}|agents|us|A|payoff")
    assert (row["low"], row["high"]) == ends
    assert 2 <= row["low"] <= 4 <= row["high"] <= 7


def test_seeds_are_paired_by_their_number_and_not_by_their_place() -> None:
    measures = table(agents("now", [0, 100, 200]) + agents("new", [2, 103, 207])[::-1])
    assert only(compare(measures, ["now", "new"]), policy="new")["effect"] == 4.0


def test_seeds_that_one_policy_lacks_are_left_out_of_both() -> None:
    """A study that was cut short: only seeds 0 and 1 were played under both."""
    measures = table(agents("now", [0, 100, 200]) + agents("new", [2, 103]))
    row = only(compare(measures, ["now", "new"]), policy="new")
    assert (row["effect"], row["reference_level"], row["seeds"]) == (2.5, 50.0, 2)


def test_the_reference_has_no_effect_on_itself() -> None:
    row = only(compare(table(agents("now", [1, 5])), ["now"]), policy="now")
    assert (row["effect"], row["low"], row["high"], row["level"]) == (0.0, 0.0, 0.0, 3.0)


def test_one_seed_has_no_interval() -> None:
    measures = table(agents("now", [1]) + agents("new", [3]))
    row = only(compare(measures, ["now", "new"]), policy="new")
    assert (row["effect"], row["low"], row["high"], row["seeds"]) == (2.0, None, None, 1)


def test_theory_has_neither_seeds_nor_an_interval() -> None:
    rows = [
        (policy, "{}", None, "theory", "nash", "A", "payoff", value)
        for policy, value in (("now", 10.0), ("new", 12.5))
    ]
    row = only(compare(table(rows), ["now", "new"]), policy="new")
    assert (row["effect"], row["level"], row["reference_level"]) == (2.5, 12.5, 10.0)
    assert (row["low"], row["high"], row["seeds"]) == (None, None, None)


def test_points_of_a_sweep_are_compared_with_the_same_point() -> None:
    rows = [
        (policy, at, 0, "agents", "us", "A", "payoff", value)
        for policy, at, value in (
            ("now", "1", 1.0), ("now", "2", 10.0), ("new", "1", 2.0), ("new", "2", 30.0),
        )
    ]  # fmt: skip
    made = compare(table(rows), ["now", "new"])
    assert made.filter(policy="new").select("at", "effect").rows() == [("1", 1.0), ("2", 20.0)]


def test_the_order_of_rows_follows_the_policies_then_the_keys() -> None:
    """Not the alphabet of the policies, and not the order in which cells were finished."""
    rows = [
        row
        for policy in ("b first", "a second", "c third")
        for name in ("us", "them")
        for measure in ("welfare", "payoff")
        for row in agents(policy, [1, 2], name, measure)
    ]
    order = ["b first", "a second", "c third"]
    made = compare(table(rows), order)
    assert made.columns == list(COLUMNS)
    listed = made.select("policy", "name", "measure").rows()
    wanted = [
        (policy, name, measure)
        for policy in order
        for name in ("them", "us")
        for measure in ("payoff", "welfare")
    ]
    assert listed == wanted
    shuffled = table(rows).sample(fraction=1, shuffle=True, seed=3)
    assert compare(shuffled, order).equals(made)


def test_what_only_one_policy_has_is_not_compared() -> None:
    measures = table(agents("now", [1]) + agents("new", [2], name="someone new"))
    assert compare(measures, ["now", "new"])["policy"].to_list() == ["now"]


def test_no_measures_give_an_empty_table_with_all_columns() -> None:
    made = compare(table([]), ["now", "new"])
    assert made.columns == list(COLUMNS)
    assert len(made) == 0


@pytest.mark.parametrize("confidence", [0.5, 0.99])
def test_the_confidence_is_passed_on(confidence: float) -> None:
    measures = table(agents("now", [0, 0, 0, 0]) + agents("new", [1, 2, 3, 4]))
    row = only(compare(measures, ["now", "new"], confidence=confidence), policy="new")
    ends = interval(
        np.array([1.0, 2, 3, 4]), confidence=confidence, key="new|{}|agents|us|A|payoff"
    )
    assert (row["low"], row["high"]) == ends
