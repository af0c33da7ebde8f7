"""Make agents by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from coopsim import catalogue
from coopsim.agents.agent import Agent


def make_agent(name: str, /, near: Path | None = None, **given: Any) -> Agent:
    """An agent by name, with parameters.

    Args:
        name: a registered agent ("tit-for-tat") or a content file ("generous-tit-for-tat").
        near: a file or folder whose project is searched first.
        given: parameters, over those of the content file.

    Raises:
        UnknownName: no such agent; the message gives the nearest names.
        UserError: a parameter is unknown or out of range.

    Example:
        >>> make_agent("constant", level=0.3)
        Constant(action=None, level=0.3)
    """
    return cast(Agent, catalogue.make("agent", name, given, near))
