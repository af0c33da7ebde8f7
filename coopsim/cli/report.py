"""`coopsim report`: make the report of a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coopsim.cli import text
from coopsim.cli.options import Trust


def report(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A run folder.")],
    trust: Trust = None,
) -> None:
    """Make the report of a run folder again, and print its path."""
    from coopsim.study.store import read_manifest

    if "experiment" in (read_manifest(folder) or {}):
        from coopsim.report.sweep_page import write
    else:
        from coopsim.report.html import write

    text.show(str(write(folder)))
