"""Plots: rows of dots, and lines over a sweep. They draw on axes and know nothing of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from coopsim.report.figures import COLOURS, Style
from coopsim.report.numerals import MINUS, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 300.0
"""Width of a drawing in points; three stand beside each other on a desktop, one on a phone."""

_ROW, _FOOT, _HEAD, _EDGE = 25.0, 36.0, 6.0, 8.0  # points
_HUGE = 1e100
_LONGEST = 46  # letters of a row's label


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot, with the ends of its interval where it has one."""

    x: float
    style: Style
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled row of dots, or a group's heading where there are none.

    Args:
        label: its name.
        marks: its dots.
        heading: whether it only names the group of rows below it.
    """

    label: str
    marks: tuple[Mark, ...] = ()
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A vertical line through all rows: what a concept of theory says."""

    x: float
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """A curve over the sweep; None where there is no value."""

    ys: tuple[float | None, ...]
    style: Style
    lows: tuple[float | None, ...] = ()
    highs: tuple[float | None, ...] = ()
    markers: tuple[Style, ...] = ()


def dots_height(rows: Sequence[Row], rules: Sequence[Rule] = ()) -> float:
    """Points that `dots` needs."""
    return _HEAD + _ROW * (len(rows) + bool(rules) * 0.8) + _FOOT


def dots(axes: Axes, rows: Sequence[Row], label: str, rules: Sequence[Rule] = (),
         *, zero: bool = False, reach: Sequence[float] = ()) -> None:  # fmt: skip
    """Rows of dots over one scale, each row's name above it.

    Args:
        axes: to draw on; they are placed for a drawing of `dots_height`.
        rows: from top to bottom.
        label: of the scale, with its unit.
        rules: vertical lines, each with its marker at the top.
        zero: whether zero is marked as the place of no effect.
        reach: places that the scale reaches though nothing is drawn there.
    """
    rows = [replace(row, marks=tuple(filter(_drawable, row.marks))) for row in rows]
    rules = [rule for rule in rules if abs(rule.x) < _HUGE]
    top = 0.8 if rules else 0.0
    _place(axes, dots_height(rows, rules))
    axes.set_ylim(max(len(rows), 1), -top)
    if zero:
        axes.axvline(0, color=COLOURS["muted"], linewidth=0.9, zorder=1)
    for place, rule in enumerate(rules):
        # staggered, since concepts often agree
        height = -top + 0.15 + 0.5 * (place % 3) / 2
        _rule(axes, rule, height)
    _names(axes, rows)
    _tracks(axes, rows)
    held = ends(rows) + [rule.x for rule in rules]
    _scale(axes, [*held, *reach, *([0.0] if zero else [])], label)


def ends(rows: Sequence[Row]) -> list[float]:
    """Every place that the scale of some rows has to reach."""
    marks = [mark for row in rows for mark in row.marks if _drawable(mark)]
    return [x for mark in marks for x in (mark.x, mark.low, mark.high) if x is not None]


def lines(axes: Axes, xs: Sequence[Any], curves: Sequence[Line], label: str, across: str,
          *, zero: bool = False) -> None:  # fmt: skip
    """Curves over the values of a sweep.

    Args:
        axes: to draw on; they are placed for a drawing of `LINES_HEIGHT`.
        xs: the values swept over; numbers are spaced as numbers, anything else evenly.
        curves: the last is on top.
        label, across: of the two scales.
        zero: whether zero is marked as the place of no effect.
    """
    _place(axes, LINES_HEIGHT, left=46.0, head=22.0)
    numeric = all(isinstance(x, int | float) and not isinstance(x, bool) for x in xs)
    at = [float(x) for x in xs] if numeric else [float(place) for place in range(len(xs))]
    if zero:
        axes.axhline(0, color=COLOURS["muted"], linewidth=0.9, zorder=1)
    for order, curve in enumerate(curves):
        _curve(axes, at, curve, 3 + order)
    axes.grid(color=COLOURS["grid"], linewidth=0.6)
    axes.set_xticks(at if len(at) <= 8 else at[:: -(-len(at) // 8)])
    names = [short(x) if numeric else str(x)[:12] for x in xs]
    axes.set_xticklabels(names if len(at) <= 8 else names[:: -(-len(at) // 8)])
    axes.yaxis.set_major_formatter(_tick)
    axes.annotate(
        label, (0, 1), (-46 + _EDGE, 8), xycoords="axes fraction", textcoords="offset points",
        color=COLOURS["muted"], annotation_clip=False,
    )  # fmt: skip
    axes.set_xlabel(across, color=COLOURS["muted"])
    axes.margins(x=0.06, y=0.12)


LINES_HEIGHT = 190.0
"""Points that `lines` needs."""


def _place(axes: Axes, height: float, left: float = _EDGE, head: float = _HEAD) -> None:
    wide, tall = (WIDTH - left - _EDGE) / WIDTH, (height - _FOOT - head) / height
    axes.set_position((left / WIDTH, _FOOT / height, wide, tall))
    axes.set_facecolor("none")
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["muted"])
    axes.tick_params(colors=COLOURS["muted"], length=3, width=0.6, labelsize=8.5)
    axes.tick_params(axis="y", length=0)


def _drawable(mark: Mark) -> bool:
    """Whether a mark is made of numbers, and of numbers that a scale can be made for."""
    return all(x is None or abs(x) < _HUGE for x in (mark.x, mark.low, mark.high))


def _scale(axes: Axes, held: Sequence[float], label: str) -> None:
    """The horizontal scale: round ticks, and room for what is drawn."""
    from matplotlib.ticker import MaxNLocator

    low, high = min(held, default=0.0), max(held, default=1.0)
    missing = max(1e-3 * abs(high), 1e-9) - (high - low)
    room = 0.05 * (high - low) + max(missing, 0.0) / 2
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(_tick)
    axes.grid(axis="x", color=COLOURS["grid"], linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    axes.set_xlabel(label, color=COLOURS["muted"])


def _tick(value: float, place: float | None = None) -> str:
    """A round number, as short as it can be said."""
    return short(round(float(value), 10) or 0.0).replace("-", MINUS, 1 if value < 0 else 0)


def _rule(axes: Axes, rule: Rule, height: float) -> None:
    line = axes.axvline(rule.x, color=rule.style.hex, linewidth=1.2, zorder=2)
    line.set_dashes(rule.style.dash)
    _dots(axes, [rule.x], [height], rule.style, 5)


def _names(axes: Axes, rows: Sequence[Row]) -> None:
    """Each row's name above its track; headings in italics."""
    for place, row in enumerate(rows):
        text = row.label if len(row.label) <= _LONGEST else row.label[: _LONGEST - 1] + "…"
        axes.annotate(
            text, (0, place + (0.72 if row.heading else 0.45)), xycoords=("axes fraction", "data"),
            va="baseline", color=COLOURS["muted" if row.heading else "ink"],
            style="italic" if row.heading else "normal", zorder=6, annotation_clip=False,
        )  # fmt: skip


def _tracks(axes: Axes, rows: Sequence[Row]) -> None:
    """The rows' thin lines, bars and dots; all of one style at once, which draws faster."""
    heights = {place: place + 0.7 for place, row in enumerate(rows) if not row.heading}
    for height in heights.values():
        axes.axhline(height, color=COLOURS["grid"], linewidth=0.6, zorder=1)
    held: dict[Style, list[tuple[Mark, float]]] = {}
    for place, height in heights.items():
        for mark in rows[place].marks:
            held.setdefault(mark.style, []).append((mark, height))
    for style, marks in held.items():
        _dots(axes, [mark.x for mark, _ in marks], [height for _, height in marks], style, 4)
        for mark, height in marks:
            if mark.low is not None and mark.high is not None:
                axes.hlines(height, mark.low, mark.high, color=style.hex, linewidth=2.2, zorder=3)


def _dots(axes: Axes, xs: Sequence[float], ys: Sequence[float], style: Style, order: int) -> None:
    axes.plot(
        xs, ys, linestyle="none", marker=style.marker,
        markersize=8 if style.marker == "*" else 5.6, markeredgewidth=1.1,
        markeredgecolor=style.hex, markerfacecolor=style.hex if style.filled else COLOURS["card"],
        zorder=order, clip_on=False,
    )  # fmt: skip


def _curve(axes: Axes, at: Sequence[float], curve: Line, order: int) -> None:
    """One curve, its band where it has one, and its markers."""
    shown = [
        (x, y, i)
        for i, (x, y) in enumerate(zip(at, curve.ys, strict=True))
        if y is not None and abs(y) < _HUGE
    ]
    if not shown:
        return
    xs, ys, _ = zip(*shown, strict=True)
    (drawn,) = axes.plot(xs, ys, color=curve.style.hex, linewidth=1.3, zorder=order)
    if curve.style.dash:
        drawn.set_dashes(curve.style.dash)
    for x, y, i in shown:
        low = curve.lows[i] if curve.lows else None
        high = curve.highs[i] if curve.highs else None
        if low is not None and high is not None:
            axes.plot([x, x], [low, high], color=curve.style.hex, linewidth=2.2, zorder=order)
        style = curve.markers[i] if curve.markers else curve.style
        _dots(axes, [x], [y], style, order)
