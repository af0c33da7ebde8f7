"""Figures: matplotlib drawings as SVG that takes its colours and its font from the page.

Nothing here touches pyplot or leaves a setting behind. Theory is drawn hollow, agents are
drawn filled. Colours are the colour-blind-safe ones of Okabe and Ito, and each goes with a
marker of its own, so that no figure needs colour to be read.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coopsim import wording
from coopsim.report.readings import Reading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "ink": "#1b1f24", "muted": "#6b7280", "grid": "#d8dce2", "card": "#ffffff",
    "accent": "#d55e00", "c0": "#0072b2", "c1": "#009e73", "c2": "#cc79a7",
    "c3": "#e69f00", "c4": "#56b4e9", "c5": "#8c564b",
}  # fmt: skip
"""Roles and their colours on white; on the page a style sheet decides what a role looks like."""

SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and copied
    "svg.hashsalt": "coopsim",  # the same drawing gives the same bytes
    "font.family": "DejaVu Sans",  # comes with matplotlib, so widths are the same everywhere
    "font.size": 9.5,
    "axes.unicode_minus": True,
    "axes.formatter.limits": (-4, 6),
    "axes.formatter.useoffset": False,
    "path.simplify": False,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}
_MARKERS = "osD^vP"
_DASHES = ((4, 2), (1, 1.5), (6, 2, 1, 2), (2.5, 1.5), (8, 2), (3, 1, 1, 1, 1, 1))


@dataclass(frozen=True, slots=True)
class Style:
    """How one thing looks wherever it is drawn.

    Args:
        colour: a role of `COLOURS`.
        marker: matplotlib's letter for a marker.
        filled: agents are, theory is not.
        dash: lengths of dashes and gaps; solid where empty.
    """

    colour: str
    marker: str = "o"
    filled: bool = True
    dash: tuple[float, ...] = ()

    @property
    def hex(self) -> str:
        """The colour on white."""
        return COLOURS[self.colour]


AGENT = Style("ink")
READINGS = {
    Reading.SAME: AGENT,
    Reading.DIVIDED: Style("ink", "d"),
    Reading.OPPOSITE: Style("accent", "X"),
    Reading.UNPREDICTED: Style("ink", "*"),
    Reading.NONE: Style("muted"),
    Reading.ALONE: AGENT,
}
"""How agents' effects are drawn, by what they say beside the predictions."""


def concept_style(place: int) -> Style:
    """The look of the concept at a place in the order of comparison."""
    colour = f"c{place % 6}"
    # markers move on by one when colours begin again
    marker = _MARKERS[(place + place // 6) % 6]
    return Style(colour, marker, False, _DASHES[place % len(_DASHES)])


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """A figure of a size in points, with the house settings while the context lasts."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # glyphs that the measuring font lacks are drawn by the reader's browser
    with matplotlib.rc_context(), warnings.catch_warnings():
        # matplotlib has read the settings of whoever's folder this is, which may run LaTeX
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(width / 72, height / 72))
        FigureCanvasSVG(figure)
        yield figure


def draw(paint: Callable[[Any], None], width: float, height: float, title: str, key: str) -> str:
    """One pair of axes as SVG for the page.

    Args:
        paint: draws on the axes.
        width, height: in points.
        title: what the drawing shows, for those who do not see it.
        key: makes the names inside the drawing unique on the page.
    """
    with canvas(width, height) as figure:
        paint(figure.add_axes((0, 0, 1, 1)))
        return for_page(_saved(figure), title, key)


def standalone(figure: Figure, title: str) -> str:
    """A figure as an SVG file of its own, on white."""
    raw = _tidy(_saved(figure, paper=COLOURS["card"]))
    head = 'role="img" font-family="system-ui, sans-serif"'
    style = (
        f"<style>text {{ paint-order: stroke; stroke: {COLOURS['card']}; stroke-width: 3px; }}"
        "</style>"
    )
    raw = raw.replace("<defs>", f"{style}\n<defs>", 1)
    return raw.replace("<svg ", f"<svg {head} ", 1).replace(
        ">", f">\n <title>{html.escape(title)}</title>", 1
    )


def for_page(raw: str, title: str, key: str) -> str:
    """An SVG without references to elsewhere, coloured by the page's style sheet."""
    text = _tidy(raw)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text)
    text = re.sub(r'((?: id="|href="#|url\(#))', rf"\g<1>{key}-", text)
    text = re.sub(r'style="[^"]*"', lambda found: _by_role(found[0]), text)
    named = f'role="img" aria-labelledby="{key}-title"'
    label = f'<title id="{key}-title">{html.escape(title)}</title>'
    return text.replace("<svg ", f"<svg {named} ", 1).replace(">", f">{label}", 1)


def swatch(style: Style) -> str:
    """A legend's sample of a style, as a small SVG."""
    shape = _SHAPES[style.marker]
    fill = f"var(--{style.colour})" if style.filled else "var(--card)"
    line = ""
    if style.dash:
        dash = " ".join(f"{length:g}" for length in style.dash)
        line = (
            f'<path d="M0 7H30" stroke="var(--{style.colour})" stroke-width="1.4" '
            f'stroke-dasharray="{dash}"/>'
        )
    return (
        f'<svg class="swatch" viewBox="0 0 30 14" aria-hidden="true">{line}<path d="{shape}" '
        f'fill="{fill}" stroke="var(--{style.colour})" stroke-width="1.3"/></svg>'
    )


def _by_role(style: str) -> str:
    for role, colour in COLOURS.items():
        style = style.replace(colour, f"var(--{role})")
    return style


def _saved(figure: Figure, paper: str = "none") -> str:
    stream = io.StringIO()
    figure.savefig(
        stream,
        format="svg",
        facecolor=paper,
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    # a name may hold what XML cannot
    return wording.stripped(stream.getvalue())


def _tidy(raw: str) -> str:
    """Without prolog, document type, metadata, comments, empty groups' names and fonts."""
    text = raw[raw.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    return re.sub(r">\s+<", ">\n<", text).strip()


_SHAPES = {
    "o": "M15 3.4a3.6 3.6 0 1 0 .01 0z",
    "s": "M11.6 3.6h6.8v6.8h-6.8z",
    "D": "M15 2.4l4.6 4.6-4.6 4.6-4.6-4.6z",
    "d": "M15 2l3 5-3 5-3-5z",
    "^": "M15 2.8l4.2 7.6h-8.4z",
    "v": "M15 11.2l4.2-7.6h-8.4z",
    "P": "M13.4 2.6h3.2v2.8h2.8v3.2h-2.8v2.8h-3.2v-2.8h-2.8v-3.2h2.8z",
    "X": "M12.4 2.6l2.6 2.6 2.6-2.6 1.8 1.8-2.6 2.6 2.6 2.6-1.8 1.8-2.6-2.6-2.6 2.6-1.8-1.8"
    " 2.6-2.6-2.6-2.6z",
    "*": "M15 2l1.3 3.4 3.7.2-2.9 2.3 1 3.6-3.1-2-3.1 2 1-3.6-2.9-2.3 3.7-.2z",
}  # fmt: skip
