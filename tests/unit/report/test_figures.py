from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import pytest

from coopsim.report import figures, plots
from coopsim.report.figures import AGENT, READINGS, concept_style
from coopsim.report.plots import Line, Mark, Row, Rule


def dots(rows: list[Row], **options: Any) -> str:
    height = plots.dots_height(rows)
    return figures.draw(
        lambda axes: plots.dots(axes, rows, "share", **options), plots.WIDTH, height, "told", "k"
    )


def some_rows() -> list[Row]:
    return [
        Row("theory", heading=True),
        Row("nash", (Mark(0.2, concept_style(0)),)),
        Row("low", (Mark(0.1, AGENT, 0.05, 0.15), Mark(0.3, READINGS[next(iter(READINGS))]))),
    ]


def test_drawn_twice_gives_the_same_bytes() -> None:
    assert dots(some_rows(), zero=True) == dots(some_rows(), zero=True)


def test_needs_nothing_from_outside() -> None:
    text = dots(some_rows(), rules=[Rule(0.2, concept_style(1))])
    for word in ("http", "xmlns", "<?xml", "<!DOCTYPE", "metadata", "DejaVu", "xlink"):
        assert word not in text
    assert text.startswith('<svg role="img" aria-labelledby="k-title"')
    assert '<title id="k-title">told</title>' in text
    # colours come from the page, but for "none"
    assert "#0072b2" not in text
    assert "var(--c0)" in text


def test_settings_are_left_as_they_were() -> None:
    before = dict(mpl.rcParams)
    dots(some_rows())
    assert dict(mpl.rcParams) == before


def test_names_are_text_whatever_they_hold() -> None:
    text = dots([Row("<b>$x_1$</b> & 東京 --> \\frac", (Mark(1.0, AGENT),))])
    assert "&lt;b&gt;$x_1$&lt;/b&gt; &amp; 東京 --&gt; \\frac</text>" in text
    assert "…</text>" in dots([Row("n" * 200, (Mark(1.0, AGENT),))])


@pytest.mark.parametrize("x", [math.nan, math.inf, 0.0, 1e-300, 1e300, -5.0])
def test_any_number_can_be_drawn(x: float) -> None:
    assert "</svg>" in dots([Row("low", (Mark(x, AGENT),))], zero=True)


def test_nothing_to_draw() -> None:
    assert "</svg>" in dots([Row("low")])
    assert "</svg>" in dots([])


def test_small_numbers_on_the_scale_are_short() -> None:
    text = dots([Row("low", (Mark(-3e-6, AGENT),))], zero=True)
    assert ">−3e-6</text>" in text


@pytest.mark.parametrize(
    "xs", [[0.1, 0.2, 0.5], ["private", "integrated", "x" * 50], [[1], [2], True]]
)
def test_lines(xs: list[Any]) -> None:
    curves = [
        Line((0.1, None, 0.3), concept_style(0)),
        Line((0.2, math.nan, 0.1), AGENT, (0.1, None, 0.0), (0.3, None, 0.2), (AGENT,) * 3),
    ]
    text = figures.draw(
        lambda axes: plots.lines(axes, xs, curves, "share", "game.gamma", zero=True),
        plots.WIDTH, plots.LINES_HEIGHT, "told", "k",
    )  # fmt: skip
    assert "game.gamma</text>" in text


def test_styles_differ() -> None:
    concepts = [concept_style(place) for place in range(12)]
    assert len({(style.colour, style.marker) for style in concepts}) == 12
    assert not any(style.filled for style in concepts)
    for style in [*concepts, *READINGS.values()]:
        assert figures.swatch(style).startswith("<svg")
