"""RESULTS.md: a section for each script, put in place without touching the others."""

from __future__ import annotations

import re
from pathlib import Path

TITLE = """# Measured speeds

Each section is written by the script that it names; README.md says how.
"""


def insert(path: Path, name: str, text: str) -> None:
    """Write `text` as the section `name` of a page: in its place, or at the end.

    Args:
        path: the page; made where it does not exist.
        name: of the section, kept in a comment that Markdown does not show.
        text: Markdown, from a heading of the second level on.
    """
    page = path.read_text(encoding="utf-8") if path.exists() else TITLE
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n\n{text.strip()}\n\n{end}"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page = found.sub(lambda _: section, page) if found.search(page) else f"{page}\n{section}\n"
    path.write_text(page, encoding="utf-8")
