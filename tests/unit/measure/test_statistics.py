"""Bootstrap intervals cover what they claim to cover."""

from __future__ import annotations

import numpy as np
import pytest

from coopsim.measure.statistics import interval


def test_one_value_has_no_interval_and_none_has_none() -> None:
    assert interval(np.array([3.0])) is None
    assert interval(np.array([])) is None


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert interval(np.array([2.0, 2.0, 2.0])) == (2.0, 2.0)


def test_the_interval_lies_around_the_mean_and_narrows_with_confidence() -> None:
    values = np.random.default_rng(1).normal(5, 2, 30)
    wide, narrow = (interval(values, confidence=c) for c in (0.99, 0.5))
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < values.mean() < narrow[1] < wide[1]


def test_it_is_a_percentile_of_resampled_means() -> None:
    """Against the definition, with draws of our own: resamples of the values, their means."""
    values = np.random.default_rng(2).exponential(3, 12)
    rng = np.random.default_rng(3)
    means = rng.choice(values, (20_000, 12)).mean(1)
    found = interval(values, resamples=20_000)
    assert found == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), rel=0.02)


@pytest.mark.parametrize("size", [20, 60])
def test_the_true_mean_is_covered_about_as_often_as_claimed(size: int) -> None:
    """200 samples of a skewed distribution; percentile intervals are a little short."""
    rng = np.random.default_rng(size)
    covered = 0
    for place in range(200):
        low, high = interval(rng.exponential(1, size), resamples=400, key=str(place)) or (0, 0)
        covered += low <= 1 <= high
    assert 0.85 <= covered / 200 <= 0.99


def test_the_same_data_and_key_give_the_same_interval() -> None:
    values = np.random.default_rng(4).normal(size=15)
    assert interval(values, key="a") == interval(values, key="a")
    assert interval(values, key="a") != interval(values, key="b")


def test_adding_a_number_moves_the_interval_by_it() -> None:
    values = np.random.default_rng(5).normal(size=15)
    one, other = interval(values), interval(values + 100)
    assert one is not None
    assert other == pytest.approx((one[0] + 100, one[1] + 100))


def test_resamples_in_blocks_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).normal(5, 2, 7)
    whole = interval(values, resamples=1001, key="x")
    monkeypatch.setattr("coopsim.measure.statistics._BLOCK", 50)
    assert interval(values, resamples=1001, key="x") == whole
