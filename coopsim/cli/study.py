"""`coopsim study`: measure an experiment over a grid; or run a scenario."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopsim.cli import run as run_verb
from coopsim.cli import text
from coopsim.cli.options import (
    Fresh,
    Json,
    Memory,
    NoReport,
    Out,
    Quiet,
    Sets,
    Trust,
    Workers,
    overrides,
)
from coopsim.errors import UserError

if TYPE_CHECKING:
    from coopsim.study.sweep import SweepRun

_HEAD = ("target", "of", "measured", "threshold", "met", "published", "in", "follows")


def study(
    name: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A sweep or a scenario: its file or name.")
    ],
    out: Out = None,
    sets: Sets = None,
    workers: Workers = None,
    fresh: Fresh = False,
    no_report: NoReport = False,
    as_json: Json = False,
    quiet: Quiet = False,
    trust: Trust = None,
    memory: Memory = None,
) -> None:
    """Measure an experiment over a grid of its parameters, and judge its targets.

    A study that was stopped goes on where it was. A scenario is run as with `coopsim run`.
    """
    if not means_sweep(name):
        run_verb.run(name, out, sets, workers, fresh, no_report, as_json, quiet)
        return
    from coopsim.scenario.sweepfile import load_sweep
    from coopsim.study.sweep import run_sweep

    done = run_sweep(
        load_sweep(name, overrides(sets)),
        out,
        workers=workers or os.cpu_count() or 1,
        fresh=fresh,
        quiet=quiet or as_json,
        report=not no_report,
    )
    report = None if no_report else done.report
    if as_json:
        _show_json(done, report)
    else:
        text.show(*lines(done))
        text.show("", f"report: {report}" if report else f"results: {done.folder}")


def lines(done: SweepRun) -> list[str]:
    """What came of a sweep: its size, and each target beside what was measured."""
    sweep = done.sweep
    axes = " x ".join(f"{name} {len(values)}" for name, values in sweep.axes.items())
    made = [text.strong(sweep.title), ""]
    made += text.paragraph(f"{sweep.count:,} configurations: {axes or 'one'}")
    rows = [_row(item) for item in done.targets.to_dicts()]
    return [*made, "", *text.table(_HEAD, rows)] if rows else made


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    return (
        item["target"],
        item["statistic"],
        text.number(item["measured"], 4),
        threshold(item["at_least"], item["at_most"]),
        said(item["met"]),
        text.number(item["published"], 4),
        item["source"] or "-",
        said(item["follows"]),
    )


def threshold(low: float | None, high: float | None) -> str:
    """The bounds of a target as text."""
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return "-" if high is None else f"at most {high:g}"


def said(answer: bool | None) -> str:
    """Yes, no, or that nothing was asked."""
    return "-" if answer is None else "yes" if answer else "no"


def _show_json(done: SweepRun, report: Path | None) -> None:
    text.show_json(
        {
            "folder": str(done.folder),
            "report": None if report is None else str(report),
            "hash": done.sweep.hash,
            "configurations": done.sweep.count,
            "targets": done.targets.to_dicts(),
        }
    )


def means_sweep(name: str) -> bool:
    """Whether a name or path means a sweep file, which can be read as far as that."""
    from coopsim import content, yamlfile
    from coopsim.scenario.sweepfile import is_sweep

    path = content.find("scenarios", name)
    if path is None or path.suffix != ".yaml":
        return False
    try:
        return is_sweep(yamlfile.read_once(path).data)
    except UserError:  # whoever loads it will say the same
        return False


def check(name: str, sets: list[str] | None, as_json: bool) -> None:
    """Validate a sweep and print it with every default."""
    from coopsim import yamlfile
    from coopsim.scenario.sweepfile import load_sweep

    sweep = load_sweep(name, overrides(sets))
    blocks = sum(1 for _ in sweep.blocks())
    if as_json:
        facts = {"file": sweep.document.file, "hash": sweep.hash, "configurations": sweep.count}
        text.show_json({**facts, "blocks": blocks, "sweep": sweep.resolved})
        return
    text.show(*yamlfile.dump(sweep.resolved).rstrip().split("\n"))
    text.show("", f"# {sweep.document.file}: no mistakes found", f"# hash {sweep.hash}")
    text.show(f"# {sweep.count:,} configurations in {text.plural(blocks, 'block')}")
