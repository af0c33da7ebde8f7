"""A solver under check: what it is tried on, and how a broken law is reported."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coopsim.errors import CheckFailed, NoSuchForm
from coopsim.solvers.answer import answer
from coopsim.solvers.certificate import Form, Profile, certify
from coopsim.solvers.concepts import Concept
from coopsim.solvers.conformance.families import trials
from coopsim.solvers.conformance.trial import Trial
from coopsim.solvers.solution import Certificate, Found, Solutions

Method = Callable[..., Found]

TOL = 1e-8
"""The tolerance that solvers are asked for, in payoff units."""


@dataclass(frozen=True)
class Case:
    """A solver under check: its name, the function, what it solves, the games, its options."""

    name: str
    run: Method
    concept: Concept
    form: str
    seed: int
    games: int
    options: Mapping[str, Any] = field(default_factory=dict)

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
                answered.append((trial, self.tried(trial)))
            except NoSuchForm:
                continue
        return answered

    @functools.cached_property
    def solved(self) -> list[tuple[Trial, Found, Solutions]]:
        """The same with certificates."""
        return [(trial, found, self.certified(trial, found)) for trial, found in self.found]

    def tried(
        self,
        trial: Trial,
        form: Form | None = None,
        tol: float = TOL,
        deadline: float | None = None,
    ) -> Found:
        """What the solver finds in a trial's game, or in `form` in its place."""
        asked = {**self.concept.parameters, **trial.options, **self.options}
        taken = inspect.signature(self.run).parameters
        anything = any(each.kind is each.VAR_KEYWORD for each in taken.values())
        given = {key: value for key, value in asked.items() if anything or key in taken}
        return self.run(form or trial.form, tol=tol, deadline=deadline, **given)

    def certified(
        self, trial: Trial, found: Found, tol: float = TOL, form: Form | None = None
    ) -> Solutions:
        """What is proved of what was found."""
        asked = {**self.concept.parameters, **trial.options, "tol": tol}
        return answer(form or trial.form, self.concept, self.name, found, asked, {})

    def certificate(self, trial: Trial, form: Form, profile: Profile) -> Certificate:
        """The certificate of a profile of `form`, for what the trial asks."""
        asked = {**self.concept.parameters, **trial.options}
        given = {key: asked[key] for key in self.concept.parameters}
        return certify(self.concept.problem, form, profile, {}, given)
