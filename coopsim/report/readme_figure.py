"""The figure of the README: what theory predicts of each policy beside what agents show.

python -m coopsim.report.readme_figure RUN_FOLDER docs/images/samsung-sony.svg
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coopsim.report import panels, plots
from coopsim.report.facts import Facts
from coopsim.report.figures import COLOURS, canvas, standalone
from coopsim.study import files
from coopsim.study.run import open_run

if TYPE_CHECKING:
    from coopsim.study.run import Run

_TITLE, _CAPTION, _GAP = 26.0, 24.0, 16.0  # points


def draw(run: Run, measure: str = "") -> str:
    """The effects of the first policies on one measure, as an SVG file's text.

    Args:
        run: the run.
        measure: of its measures; the main one where not said.
    """
    facts = Facts(run)
    name = measure or facts.outcomes[0]
    shown = facts.changes[:3]
    who = (*facts.concepts, *facts.lineups)
    rows = {policy: panels.effect_rows(facts, policy, name, who) for policy in shown}
    inner = plots.dots_height(rows[shown[0]])
    # one scale for all, so that policies can be compared
    reach = [x for policy in shown for x in plots.ends(rows[policy])]
    step = plots.WIDTH + _GAP
    width, height = step * len(shown) - _GAP, _TITLE + inner + _CAPTION
    unit = facts.measure(name).unit
    with canvas(width, height) as figure:
        for place, policy in enumerate(shown):
            left = place * step / width
            part = figure.add_axes((0, 0, 1, 1))
            plots.dots(part, rows[policy], f"change of {name} ({unit})", zero=True, reach=reach)
            box = part.get_position()
            part.set_position(
                (left + box.x0 * plots.WIDTH / width, (_CAPTION + box.y0 * inner) / height,
                 box.width * plots.WIDTH / width, box.height * inner / height)
            )  # fmt: skip
            figure.text(
                left + 8 / width, 1 - 17 / height, policy, color=COLOURS["ink"],
                fontsize=12, fontweight="bold",
            )  # fmt: skip
        figure.text(8 / width, 9 / height, _caption(facts), color=COLOURS["muted"])
        return standalone(figure, f"Predicted and shown effects of policies on {name}")


def write(folder: Path, out: Path) -> None:
    """Draw the figure of the run in a folder into a file."""
    files.write(out, draw(open_run(folder)).encode())


def _caption(facts: Facts) -> str:
    seeds = len(facts.scenario.seeds())
    return (
        f"Change from {facts.reference}. Hollow: what theory predicts. Filled: what agents show, "
        f"mean over {seeds} seeds; grey: no effect; diamond: where the concepts disagree."
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
