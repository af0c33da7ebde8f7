"""The report: a run folder as one HTML file that needs nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim import wording
from coopsim.report import cases, equilibria, network, panels, results, sections, summary, sweeps
from coopsim.report.facts import Facts
from coopsim.report.grid import Table
from coopsim.report.numerals import short
from coopsim.study import files, lock
from coopsim.study.run import open_run
from coopsim.study.store import REPORT, RunFolder

if TYPE_CHECKING:
    import jinja2

    from coopsim.study.run import Run

_TEMPLATE = "report.html.jinja"
_MOST_POINTS = 24  # points of policies and sweep whose tables a report shows
_PRINTED = 60  # longer tables stay folded on paper


def write(folder: Path) -> Path:
    """Make `report.html` in a finished run's folder, from that folder only.

    The same folder gives the same bytes.

    Raises:
        UserError: it is no run folder, or the run in it is not finished.
    """
    return keep(Path(folder), render(open_run(folder)))


def keep(folder: Path, page: str) -> Path:
    """Write `report.html` as the folder's only writer; where it is."""
    with lock.held(folder) as top:
        RunFolder(folder, top.identity).write_report(page)
    return folder / REPORT


def render(run: Run) -> str:
    """The report on a run as HTML, with its seal."""
    facts = Facts(run)
    filled = page(
        _TEMPLATE,
        facts=facts,
        title=facts.scenario.title,
        folder=run.folder,
        card=sections.card(facts),
        scope=summary.scope(facts),
        summary=summary.sentences(facts),
        sections=sections,
        equilibria=equilibria,
        results=results,
        cases=cases,
        network=network,
        network_figure=network.figure(facts),
        **_figures(facts),
    )
    return files.pack_text(filled, facts.scenario.hash, html=True)


def page(template: str, **parts: Any) -> str:
    """A template of this folder filled in, without characters that a reader would not see.

    They are taken out of the whole, after everything has been escaped, so that no part of a page
    can forget it.
    """
    return wording.stripped(environment().get_template(template).render(**parts))


def _figures(facts: Facts) -> dict[str, Any]:
    """Figures, each with the table behind it, and what is folded away."""
    first = [(policy, facts.first) for policy in facts.policies]
    others = [(p, at) for at in facts.points for p in facts.policies if at != facts.first]
    drawn = facts.policies[: panels.MOST_FIGURES] if facts.measures else ()
    rest = [*first[len(drawn) :], *others][:_MOST_POINTS] if facts.measures else []
    main = panels.drawn_measures(facts)[:1]
    return {
        "first_pairs": first[:_MOST_POINTS],
        "other_pairs": others[:_MOST_POINTS],
        "left_pairs": max(len(first) - _MOST_POINTS, 0) + max(len(others) - _MOST_POINTS, 0),
        "level_figures": [
            (panels.levels(facts, policy, place), results.levels(facts, policy, facts.first))
            for place, policy in enumerate(drawn)
        ],
        "level_tables": [results.levels(facts, policy, at) for policy, at in rest],
        "level_lines": [sweeps.over(facts, facts.reference, name, "s") for name in main],
        "effect_figures": [
            (name, panels.effects(facts, name, place), results.effects(facts, name))
            for place, name in enumerate(panels.drawn_measures(facts))
        ],
        "effect_lines": [
            sweeps.over(facts, policy, name, f"s{place}")
            for name in main
            for place, policy in enumerate(facts.changes[: panels.MOST_POLICIES])
        ],
    }


@functools.cache
def environment() -> jinja2.Environment:
    """How the templates of this folder are filled in."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("coopsim.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["printed"] = _printed
    made.filters["address"] = _address
    made.filters["short"] = short
    return made


def _printed(table: Table) -> bool:
    """Whether a folded table is opened on paper."""
    return len(table.rows) <= _PRINTED


def _address(text: str) -> str:
    """A web address as text, without its scheme: the page refers to nothing outside itself."""
    return text.replace("https://", "").replace("http://", "")
