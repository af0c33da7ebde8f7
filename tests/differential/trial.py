"""Every method that fits a game is run on it, and every answer that is proved is put to an oracle.

Nothing here knows what a method does: methods come from coopsim's own table, by problem and
kind of form, so that a new one is tried as soon as it is there.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import coopsim
from coopsim import registry
from coopsim.errors import CoopsimError
from tests.differential import games, matrix, others, trees
from tests.differential.claims import TOL, Refutations

Oracle = Callable[[Any, Any], Refutations]

# what bounds the work of methods that take as long as they are given
_LIMITS = {"iterations": 300, "episodes": 300, "pairs": 200}
_OF_METHOD: dict[str, dict[str, Any]] = {
    "regret-matching-plus": {"rounds": 2000},
    "shapley-iteration": {"rounds": 2000},
    "nash-q-iteration": {"rounds": 50},
    "markov-coarse-iteration": {"rounds": 50},
    "extragradient": {"rounds": 2000},
    "damped-best-response": {"rounds": 200},
    "concave-envelope": {"games": 400},
    "logit-homotopy": {"steps": 2000},
    "markov-logit-homotopy": {"steps": 500},
}


@dataclass
class Tally:
    """What was seen, and what was wrong."""

    games: int = 0
    answers: int = 0
    proved: int = 0
    complete: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items()))
        return (
            f"{self.games} games, {self.answers} answers ({told}), {self.proved} proved, "
            f"{self.complete} called complete, {len(self.wrong)} refuted"
        )


@dataclass(frozen=True)
class Question:
    """A concept, how its answers are checked, and the options it is asked with."""

    concept: str
    oracle: Oracle
    options: dict[str, Any] = field(default_factory=dict)


ALPHA = {"alpha": 0.5, "population": 5}

_MATRIX = (
    Question("nash", matrix.nash),
    Question("social optimum", matrix.optimum),
    Question("correlated", matrix.correlated),
    Question("coarse correlated", lambda f, s: matrix.correlated(f, s, coarse=True)),
    Question("correlated commitment", matrix.correlated_commitment),
    Question("rationalizable", matrix.rationalizable),
    Question("level-k", others.levels),
    Question("level-k", lambda f, s: others.levels(f, s, 2), {"level": 2}),
    Question("cognitive hierarchy", others.hierarchy),
)
_TWO = (Question("stackelberg", matrix.stackelberg),)
_SOFT = (
    Question("quantal response", others.quantal),
    Question("alpha-rank", lambda f, s: others.alpha_rank(f, s, 0.5, 5), ALPHA),
)
_TREE = (
    Question("nash", trees.nash),
    Question("extensive-form correlated", trees.correlated),
    Question("extensive-form coarse correlated", lambda f, s: trees.correlated(f, s, coarse=True)),
)
_SOFT_TREE = (Question("agent quantal response", trees.agent_quantal),)
_TREE_OF_TWO = (
    Question("stackelberg", trees.stackelberg),
    Question("correlated commitment", trees.signals),
)


def _of_coalitions(concept: str) -> Question:
    return Question(concept, lambda f, s: others.coalition(f, concept, s))


def _of_bargains(concept: str) -> Question:
    return Question(concept, lambda f, s: others.bargaining(f, concept, s))


_OF_KIND: dict[str, tuple[Question, ...]] = {
    "bayesian": (Question("nash", others.bayesian),),
    "bayesian commitment": (Question("stackelberg", others.typed_commitment),),
    "security": (Question("stackelberg", others.security),),
    "coalition": tuple(
        map(
            _of_coalitions,
            ("shapley value", "banzhaf", "core", "least core", "nucleolus", "prenucleolus"),
        )
    ),
    "bargaining": tuple(
        map(_of_bargains, ("nash bargaining", "kalai-smorodinsky", "egalitarian", "utilitarian"))
    ),
    "congestion": (
        Question("wardrop", others.routing),
        Question("social optimum", lambda f, s: others.routing(f, s, marginal=True)),
    ),
    "markov": (Question("nash", others.markov),),
    "resource": (Question("nash", others.fish_war),),
    "one-sided information": (Question("one-sided information", others.one_sided),),
}


def questions(game: Any) -> tuple[Question, ...]:
    """What a game is asked, by its form."""
    if isinstance(game, games.Quadratic):
        return (Question("nash", others.quadratic),)
    if game.kind == "normal":
        more = _TWO if game.n == 2 else ()
        # logit choices need payoffs of a size that exponentials can hold
        small = 1e-3 <= np.abs(game.payoffs).max() <= 100
        return (*_MATRIX, *more, *(_SOFT if small else ()))
    if game.kind == "extensive":
        small = np.abs(game.payoffs).max() <= 100
        two = _TREE_OF_TWO if game.n == 2 else ()
        return (*_TREE, *two, *(_SOFT_TREE if small else ()))
    return _OF_KIND[game.kind]


def methods(concept: str, kind: str) -> list[str]:
    """Every method in the table for this concept's problem on a kind of form."""
    problem = registry.lookup("concept", concept).load().problem
    return [
        name
        for name, item in registry.registrations("solver").items()
        if item.tags.get("problem") == problem and item.tags.get("form") == kind
    ]


def answers(form: Any, question: Question) -> Iterator[tuple[str, Any]]:
    """Each method's name and what it answered; an error of another kind than ours as it is."""
    for name in methods(question.concept, form.kind):
        taken = inspect.signature(registry.lookup("solver", name).load()).parameters
        options = {key: value for key, value in _LIMITS.items() if key in taken}
        options.update(_OF_METHOD.get(name, {}))
        options.update(question.options)
        try:
            yield name, coopsim.solve(form, question.concept, name, all=True, tol=TOL, **options)
        except CoopsimError:
            continue
        except Exception as error:
            yield name, error


def put(game: Any, place: str, tally: Tally) -> None:
    """One game to every method, and every proved answer to the oracle."""
    form = game.form if isinstance(game, games.Quadratic) else game
    tally.games += 1
    for question in questions(game):
        for name, found in answers(form, question):
            where = f"{place} {question.concept} by {name}"
            if isinstance(found, Exception):
                tally.wrong.append(f"{where}: {type(found).__name__}: {found}")
                continue
            for item in found:
                tally.answers += 1
                tally.statuses[str(item.status)] += 1
                if item.proved:
                    tally.proved += 1
                    tally.wrong += [
                        f"{where} ({item.status}): {problem}"
                        for problem in question.oracle(game, item)
                    ]
            if found.complete:
                tally.complete += 1
                tally.wrong += [f"{where}: {p}" for p in _complete(game, question, found)]
    if form.kind == "normal" and form.n == 2 and _alike(form):
        _put_stable(form, place, tally)


def _complete(game: Any, question: Question, found: Any) -> Refutations:
    if getattr(game, "kind", "") == "normal" and question.concept == "nash":
        yield from matrix.all_found(game, found.items)
    empty = question.concept == "core" and not len(found)
    if empty and getattr(game, "kind", "") == "coalition" and not others.empty_core(game):
        yield "the core is not empty"


def _alike(form: Any) -> bool:
    return form.shape[0] == form.shape[1] <= 3 and bool(
        (form.payoffs[0] == form.payoffs[1].T).all()
    )


def _put_stable(form: Any, place: str, tally: Tally) -> None:
    try:
        found = coopsim.solve(form, "evolutionarily stable", all=True, tol=TOL)
    except CoopsimError:
        return
    items = [item for item in found if item.proved]
    tally.answers, tally.proved = tally.answers + len(found), tally.proved + len(items)
    tally.wrong += [
        f"{place} evolutionarily stable: {problem}"
        for problem in matrix.stable(form, items, found.complete)
    ]
