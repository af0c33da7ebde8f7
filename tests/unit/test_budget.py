"""Memory and work are asked for before they are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from coopsim import budget
from coopsim.errors import UserError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 10**9),
        ("500 MB", 5 * 10**8),
        ("2GiB", 2 * 2**30),
        ("1.5k", 1500),
        ("1000000", 10**6),
        ("3b", 3),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert budget.parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "lots", "0", "-1GB", "1e9", "4 GBB", "9" * 400, "1_0MB", "٤GB"]
)
def test_no_sizes(text: str) -> None:
    with pytest.raises(UserError, match="no amount of memory"):
        budget.parse_size(text)


def test_what_fits_is_let_through_to_the_byte() -> None:
    with budget.limited(1000):
        budget.require(1000, "a thing")
        with pytest.raises(UserError) as caught:
            budget.require(1001, "a thing", fits="at most 1 thing", key="things", given=2)
    assert caught.value.key == "things"
    assert str(caught.value) == (
        "things: a thing would take about 1 kB of memory; given: 2; allowed: at most 1 thing, "
        "for about 1 kB of memory (--memory says how much)"
    )


def test_numbers_of_any_size_are_told() -> None:
    with budget.limited(10**6), pytest.raises(UserError, match=r"about 10\^500 bytes"):
        budget.require(10**500, "a thing")
    with pytest.raises(UserError, match=r"would never end: about 10\^20 steps"):
        budget.require_work(10**20, "a thing")
    budget.require_work(10**15, "a thing")


def test_limits_nest_and_end() -> None:
    before = budget.memory()
    with budget.limited(10**6):
        assert budget.share(4) == 250_000
        assert budget.fitting(1000) == 1000
        with budget.limited(None):
            assert budget.memory() == before
        assert budget.memory() == 10**6
    assert budget.memory() == before > 0


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    assert budget._free_in_group(tmp_path) is None
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("100\n")
    assert budget._free_in_group(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert budget._free_in_group(tmp_path) == 900


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "below 1 kB"), (1300, "about 1.3 kB"), (300e6, "about 300 MB"), (2e18, "about 2 EB")],
)
def test_bytes_in_words(count: float, words: str) -> None:
    assert budget.in_words(count) == words
