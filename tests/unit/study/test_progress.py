"""What a study says while it runs."""

from __future__ import annotations

import sys

import pytest

from coopsim.study import progress
from coopsim.study.progress import Bar, Lines, Progress, reporter, spell


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_lines_come_at_growing_intervals(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.start("cells", 2000, 500)
    for _ in range(1500):
        clock.now += 0.5
        lines.advance()
    lines.stop()
    out, err = capsys.readouterr()
    assert out == ""
    said = err.splitlines()
    assert said[0] == "cells: 1500 to do, 500 done before"
    assert said[1] == "cells: 520 of 2000, 2 a second, about 12 min 20 s left"
    assert said[-1] == "cells: 2000 of 2000 done in 12 min 30 s"
    assert 12 < len(said) < 20


def test_nothing_to_do_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.start("cells", 5, 5)
    lines.stop()
    assert capsys.readouterr() == ("", "")


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = reporter(quiet=True)
    assert type(quiet) is Progress
    quiet.start("cells", 5, 0)
    quiet.advance()
    quiet.stop()
    assert capsys.readouterr() == ("", "")


def test_a_pipe_gets_lines_and_a_terminal_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(reporter(quiet=False), Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(reporter(quiet=False), Bar)


def test_the_bar_shows_done_and_total() -> None:
    import io

    from rich.console import Console

    text = io.StringIO()
    bar = Bar(Console(file=text, force_terminal=True, width=100))
    bar.start("points", 3, 3)  # nothing to do: no bar
    bar.advance()
    bar.stop()
    assert text.getvalue() == ""
    bar.start("cells", 10, 4)
    bar.advance(6)
    bar.stop()
    assert "10/10" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "less than a second"), (42, "42 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"),
     (7800, "2 h 10 min"), (360000, "100 h 0 min")],
)  # fmt: skip
def test_durations_in_words(seconds: float, words: str) -> None:
    assert spell(seconds) == words
