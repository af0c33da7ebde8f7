"""Bayes-Nash equilibria of finite games with types, through the smallest form that has a method.

A Bayesian game has the same equilibria as its tree, as its normal form and as the form in which
every type is a player (Harsanyi 1967-68, Games with incomplete information played by Bayesian
players, Management Science 14). The forms are tried in that order, each with the methods that
suit it, until the gains at a profile are within the tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from coopsim import registry
from coopsim.arrays import Float
from coopsim.clock import keeping
from coopsim.errors import NoSuchForm
from coopsim.games.forms import bayesian_convert as convert
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.registry import Registration
from coopsim.solvers.numeric import Clock, OutOfTime
from coopsim.solvers.proof import holding, spreads
from coopsim.solvers.scaling import rescaled
from coopsim.solvers.solution import Found

Profile = tuple[Float, ...]


def suits(form: BayesianForm, everything: bool) -> str:
    """Every finite game with types, while one of its forms can be built."""
    return "" if form.variants is not None else "a finite game with types, as a tree or a table"


def solve(
    form: BayesianForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    through: str = "auto",
) -> Found:
    """An equilibrium of the tree, the normal form or the agent form, as behaviour by type.

    Args:
        form: a single game.
        tol: the most that a player may gain, in payoff units.
        deadline: seconds; what is left goes to each method in turn.
        through: "extensive", "normal", "agents", or "auto" for the first that gives one.

    Raises:
        NoSuchForm: no form can be built, or nothing solves one that can.

    Cost: that of the methods for the converted form.
    """
    clock = Clock(deadline)
    problems: list[str] = []
    best: tuple[float, Profile, str] | None = None
    spans, done = np.array(spreads(form.payoffs)), False
    for name, made, back in _forms(form, through, problems, clock):
        for method in _methods(made):
            try:
                units = rescaled("nash", made)
                found = method.load()(units.form, tol=units.tolerance(tol), deadline=clock.left)
            except NoSuchForm as error:
                problems.append(f"{name}, {method.name}: {error}")
                continue
            for profile in map(back, found.profiles):
                gains = _gains(form, profile)
                worst = float((gains / np.maximum(spans, 1e-300)).max())
                if best is None or worst < best[0]:
                    best = worst, profile, f"through the {name} form, {method.name}"
                    done = bool(holding(gains, spans, tol).all())
            if done or clock.over:
                break
        if done or clock.over:
            break
    if best is None and clock.over:
        best = np.inf, form.uniform(), "no time to search"
    if best is None:
        raise NoSuchForm("; ".join(problems) or f"there is no form {through!r}")
    return Found((best[1],), best[2], {}, finished=done)


def _gains(form: BayesianForm, profile: Profile) -> Float:
    """What each player gains by the best action at every type, `[n]`."""
    gains = []
    for player, matrix in enumerate(form.matrices(profile)):
        worth = form.deviations(profile, player)
        gains.append(float((worth.max(1) - (worth * matrix).sum(1)).sum()))
    return np.array(gains)


def _methods(made: Any) -> Iterator[Registration]:
    """The methods that suit a converted form, in the order in which `solve` prefers them."""
    for method in registry.registrations("solver").values():
        if (method.tags.get("problem"), method.tags.get("form")) != ("nash", made.kind):
            continue
        judge = method.tags.get("suits")
        if judge is not None and registry.load(judge)(made, False):
            yield method


def _forms(
    form: BayesianForm, through: str, problems: list[str], clock: Clock
) -> Iterator[tuple[str, Any, Callable[[Profile], Profile]]]:
    """The forms that can be built, each with the way back for profiles."""
    ways: Sequence[tuple[str, Any, Callable[[Profile], Profile]]] = (
        ("extensive", convert.to_extensive, tuple),
        ("normal", convert.to_normal, lambda profile: convert.from_normal(form, profile)),
        ("agents", convert.to_agent_form, lambda profile: convert.from_agents(form, profile)),
    )
    for name, build, back in ways:
        if through not in ("auto", name):
            continue
        try:
            with keeping(clock):
                made = build(form)
        except OutOfTime:
            return
        except NoSuchForm as error:
            problems.append(f"{name}: {error}")
            continue
        yield name, made, back
