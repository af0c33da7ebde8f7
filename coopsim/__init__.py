"""coopsim: how far is behaviour from theory, and what does a policy change about it?

Public names are loaded on first use; importing coopsim imports no heavy library.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from coopsim.wording import OneLine

if TYPE_CHECKING:  # the same names, for type checkers and editors
    from coopsim.agents.catalogue import make_agent as make_agent
    from coopsim.agents.play import play as play
    from coopsim.games.adapters.openspiel import from_openspiel as from_openspiel
    from coopsim.games.adapters.pettingzoo_game import from_pettingzoo as from_pettingzoo
    from coopsim.games.catalogue import make_game as make_game
    from coopsim.games.formats import read as read
    from coopsim.games.formats import write as write
    from coopsim.games.forms.continuous import ContinuousForm as ContinuousForm
    from coopsim.games.forms.extensive import ExtensiveForm as ExtensiveForm
    from coopsim.games.forms.normal import NormalForm as NormalForm
    from coopsim.games.forms.tree.builder import TreeBuilder as TreeBuilder
    from coopsim.games.game import Game as Game
    from coopsim.games.rollout import Trajectories as Trajectories
    from coopsim.games.rollout import replay as replay
    from coopsim.measure.compare import compare as compare
    from coopsim.scenario.load import Scenario as Scenario
    from coopsim.scenario.load import load as load
    from coopsim.solvers.exploitability import exploitability as exploitability
    from coopsim.solvers.select import solve as solve
    from coopsim.solvers.solution import Certificate as Certificate
    from coopsim.solvers.solution import Solution as Solution
    from coopsim.solvers.solution import Solutions as Solutions
    from coopsim.solvers.solution import Status as Status
    from coopsim.study.run import run as run

# warnings name files and players, and go to a terminal where nobody has said otherwise
logging.getLogger("coopsim").addFilter(OneLine())

_PUBLIC = {
    "make_game": "coopsim.games.catalogue",
    "replay": "coopsim.games.rollout",
    "Trajectories": "coopsim.games.rollout",
    "Game": "coopsim.games.game",
    "NormalForm": "coopsim.games.forms.normal",
    "ContinuousForm": "coopsim.games.forms.continuous",
    "ExtensiveForm": "coopsim.games.forms.extensive",
    "TreeBuilder": "coopsim.games.forms.tree.builder",
    "read": "coopsim.games.formats",
    "write": "coopsim.games.formats",
    "from_openspiel": "coopsim.games.adapters.openspiel",
    "from_pettingzoo": "coopsim.games.adapters.pettingzoo_game",
    "solve": "coopsim.solvers.select",
    "exploitability": "coopsim.solvers.exploitability",
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

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("coopsim")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'coopsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
