"""Network: who depends on whom, as a drawing with a table behind it."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from coopsim.arrays import Float
from coopsim.report.facts import Facts
from coopsim.report.figures import COLOURS, draw
from coopsim.report.grid import Cell, Head, Row, Table
from coopsim.report.numerals import number, short
from coopsim.report.panels import Figure, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ACTORS = 12
"""How many actors are drawn; more have neither drawing nor table."""

WIDTH, HEIGHT = 340.0, 250.0  # points
_RADIUS = 76.0  # of the ring of actors, in points
_DISC = 13.0  # of an actor
_LABELLED = 20  # links whose numbers fit into a drawing
_LINE, _LINES = 14, 2  # letters of a name on a line, and how many lines


def figure(facts: Facts) -> Figure | None:
    """The network of the game under the first policy; None where there is none to draw."""
    held = _network(facts)
    if held is None:
        return None
    names, d = held
    title = "Who depends on whom"
    svg = draw(lambda axes: paint(axes, names, d), WIDTH, HEIGHT, title, "network")
    return Figure(
        title,
        (Panel(f"under {facts.reference}", svg),),
        (),
        "An arrow leads from the one who depends to the one depended on; it is the wider the "
        "stronger the dependence D, which stands beside it where there is room.",
    )


def table(facts: Facts) -> Table:
    """D, and each actor's power and vulnerability. Only where there is a figure."""
    from coopsim.games.coopetition.dependence import power, vulnerability

    names, d = _network(facts) or ((), np.zeros((0, 0)))
    strong, weak = power(d), vulnerability(d)
    rows: list[Row] = [
        (
            Cell(name, mark="head"),
            *(Cell("" if i == j else short(float(d[i, j]), 4)) for j in range(len(names))),
            Cell(number(float(strong[i]), 4)),
            Cell(number(float(weak[i]), 4)),
        )
        for i, name in enumerate(names)
    ]
    head = (Head("depends"), *(Head(f"on {name}", number=True) for name in names),
            Head("power", number=True), Head("vulnerability", number=True))  # fmt: skip
    return Table(
        f"Interdependence under {facts.reference}", head, tuple(rows),
        ("Power is what others depend on an actor over 1 + what it depends on them; "
         "vulnerability is the reverse.",),
    )  # fmt: skip


def paint(axes: Axes, names: tuple[str, ...], d: Float) -> None:
    """Draw actors on a ring and their dependences as bent arrows.

    Args:
        axes: of a drawing of `WIDTH` by `HEIGHT` points.
        names: the actors, clockwise from the left for two, from the top for more.
        d: D `[n, n]`.
    """
    from matplotlib.patches import Circle

    axes.set_xlim(-WIDTH / 2, WIDTH / 2)
    axes.set_ylim(-HEIGHT / 2, HEIGHT / 2)
    axes.set_axis_off()
    places = _places(len(names))
    links = [(int(i), int(j)) for i, j in np.argwhere(d > 0)]
    few = len(links) <= _LABELLED
    for i, j in links:
        # both numbers of a pair stand nearer to the later actor: spokes have more room than a hub
        along = 0.62 if i < j else 0.38
        _arrow(axes, places[i], places[j], float(d[i, j]), along if few else None)
    for name, (x, y) in zip(names, places, strict=True):
        axes.add_patch(
            Circle((x, y), _DISC, facecolor=COLOURS["card"], edgecolor=COLOURS["ink"],
                   linewidth=1.3, zorder=3)
        )  # fmt: skip
        size = math.hypot(x, y) or 1.0
        # beyond the disc, seen from the middle
        axes.text(
            x + 1.25 * _DISC * x / size, y + 2.0 * _DISC * y / size, _label(name),
            ha=_side(x / size), va="center", color=COLOURS["ink"], zorder=4,
        )  # fmt: skip


def _network(facts: Facts) -> tuple[tuple[str, ...], Float] | None:
    game: Any = facts.scenario.point().game
    d = getattr(game, "dependence", None)
    if isinstance(getattr(game, "interdependence", None), int | float):
        return None  # all depend alike: a number says it
    if not isinstance(d, np.ndarray) or not 2 <= game.n <= MOST_ACTORS or not d.any():
        return None
    return tuple(game.labels), d


def _places(n: int) -> list[tuple[float, float]]:
    start = math.pi if n == 2 else math.pi / 2
    angles = [start - 2 * math.pi * k / n for k in range(n)]
    return [(_RADIUS * math.cos(angle), _RADIUS * math.sin(angle)) for angle in angles]


def _label(name: str) -> str:
    return "\n".join(textwrap.wrap(name, _LINE, max_lines=_LINES, placeholder="…"))


def _side(x: float) -> str:
    return "center" if abs(x) < 0.35 else "left" if x > 0 else "right"


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    level: float,
    along: float | None,
) -> None:
    """A bent arrow, so that the two of a pair stand apart; its number part of the way along."""
    from matplotlib.patches import FancyArrowPatch

    x, y = end[0] - start[0], end[1] - start[1]
    length = math.hypot(x, y)
    bend, scale = 0.16, 0.6 if along is None else 1.0  # many links are drawn finer
    axes.add_patch(
        FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
            mutation_scale=scale * (9 + 5 * level), linewidth=scale * (0.6 + 4 * level),
            shrinkA=_DISC + 2, shrinkB=_DISC + 3, color=COLOURS["c0"], alpha=0.8, zorder=2,
        )
    )  # fmt: skip
    if along is not None:
        # the control point lies `bend` lengths to the right of the middle
        off = 2 * along * (1 - along) * bend * length
        axes.text(
            start[0] + along * x + off * y / length, start[1] + along * y - off * x / length,
            number(level, 2), ha="center", va="center", fontsize=8, color=COLOURS["ink"],
            zorder=5, bbox={"facecolor": COLOURS["card"], "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
