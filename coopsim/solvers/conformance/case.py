"""A solver under check: what it is tried on, and how a broken law is reported."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coopsim.errors import CheckFailed, NoSuchForm
from coopsim.solvers.answer import answer
from coopsim.solvers.certificate import Form
from coopsim.solvers.concepts import Concept
from coopsim.solvers.conformance.families import trials
from coopsim.solvers.conformance.trial import Trial
from coopsim.solvers.solution import Found, Solutions

Method = Callable[..., Found]

TOL = 1e-8
"""The tolerance that solvers are asked for, in payoff units."""


@dataclass(frozen=True)
class Case:
    """A solver under check: its name, the function, what it solves, and the games."""

    name: str
    run: Method
    concept: Concept
    form: str
    seed: int
    games: int

    def need(self, holds: Any, trial: Trial, problem: str, remedy: str) -> None:
        """Raise `CheckFailed` unless `holds`."""
        if not holds:
            raise CheckFailed(self.name, f"{problem} (on the game {trial.name!r})", remedy)

    @functools.cached_property
    def found(self) -> list[tuple[Trial, Found]]:
        """What the solver finds in each game that it does not refuse."""
        answered = []
        for trial in trials(self.concept.problem, self.form, self.seed, self.games):
            try:
                answered.append((trial, self.run(trial.form, tol=TOL, deadline=None)))
            except NoSuchForm:
                continue
        return answered

    @functools.cached_property
    def solved(self) -> list[tuple[Trial, Found, Solutions]]:
        """The same with certificates."""
        return [(trial, found, self.certified(trial.form, found)) for trial, found in self.found]

    def certified(self, form: Form, found: Found, tol: float = TOL) -> Solutions:
        """What is proved of what was found."""
        return answer(form, self.concept, self.name, found, {"tol": tol}, {})
