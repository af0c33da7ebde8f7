"""coopsim: how far is behaviour from theory, and what does a policy change about it?

Public names are loaded on first use; importing coopsim imports no heavy library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "make_game": "coopsim.games.catalogue",
    "replay": "coopsim.games.rollout",
    "Trajectories": "coopsim.games.rollout",
    "Game": "coopsim.games.game",
    "NormalForm": "coopsim.games.forms.normal",
    "ContinuousForm": "coopsim.games.forms.continuous",
    "solve": "coopsim.solvers.select",
    "Solution": "coopsim.solvers.solution",
    "Solutions": "coopsim.solvers.solution",
    "Certificate": "coopsim.solvers.solution",
    "Status": "coopsim.solvers.solution",
    "play": "coopsim.agents.play",
    "make_agent": "coopsim.agents.catalogue",
    "load": "coopsim.scenario.load",
    "Scenario": "coopsim.scenario.load",
    "run": "coopsim.study.run",
    "compare": "coopsim.measure.compare",
}

__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604 (the names are texts)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("coopsim")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'coopsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
