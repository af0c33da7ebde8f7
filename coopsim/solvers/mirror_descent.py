"""Magnetic mirror descent and regularised Nash dynamics: last iterates that converge.

Both play a game made easier by a term that pulls towards a reference strategy. Magnetic
mirror descent (Sokota et al. 2023, eq. 9) adds the divergence from a magnet, with a weight
that shrinks; regularised Nash dynamics (Perolat et al. 2021) changes the payoffs by the log
ratio to a reference, follows the replicator to the fixed point, and moves the reference
there. Values of actions are conditional on reaching their information set.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.action_values import action_values, softmax, state_values
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

Profile = tuple[Float, ...]
Step = Callable[[int, Profile], Profile]

_GROWTH = 1.2  # between two looks at the regrets the number of iterations grows by this


def solve(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = 2000,
    temperature: float = 0.02,
    step: float = 2.0,
    inner: int = 100,
) -> Found:
    """Magnetic mirror descent: the last iterate converges.

    With a magnet that moves to the current strategy every `inner` iterations, temperature and
    step stay as they are (a proximal point method). With `inner` 0 the magnet is uniform
    throughout, and at iteration t temperature and step are divided by sqrt(t).

    Args:
        form: a tree with perfect recall; two-player zero-sum is what theory covers.
        tol: the largest gain of a player from a best response at which to stop, payoff units.
        deadline: seconds.
        iterations: the most iterations.
        temperature: the weight of the magnet, in units of the payoff range, above 0.
        step: the step, in inverse units of the payoff range, above 0.
        inner: iterations between two magnets; 0 for the uniform one.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: an option out of range.

    Cost: an iteration is two passes over the tree a player.
    """
    _check(form, "magnetic mirror descent", temperature=temperature, step=step)
    require_count("inner", inner, 0)
    span = _span(form)
    logits = [np.log(part) for part in form.uniform()]
    magnet = [part.copy() for part in logits]

    def update(t: int, profile: Profile) -> Profile:
        slow = 1.0 if inner else np.sqrt(t)
        weight, size = temperature / slow, step / slow
        values = [action_values(form.tree, form.payoffs, profile, i)[0] for i in range(form.n)]
        for i in range(form.n):
            pulled = logits[i] + size * weight * magnet[i] + size * values[i] / span
            logits[i] = _levelled(form, pulled / (1 + size * weight), i)
        if inner and t % inner == 0:
            magnet[:] = [part.copy() for part in logits]
        return tuple(softmax(form.tree, logits[i], i) for i in range(form.n))

    return _descend(form, update, tol, Clock(deadline), iterations, "magnetic mirror descent")


def solve_regularised(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = 2000,
    strength: float = 0.02,
    step: float = 2.0,
    inner: int = 200,
) -> Found:
    """Regularised Nash dynamics on tables (R-NaD): the reference moves every `inner` steps.

    Args:
        form: a tree of two players with perfect recall.
        tol: the largest gain of a player from a best response at which to stop, payoff units.
        deadline: seconds.
        iterations: the most steps.
        strength: the weight of the log ratio, in units of the payoff range, above 0.
        step: of the replicator, above 0.
        inner: steps between two references.

    Raises:
        NoSuchForm: there are not two players, one forgets own moves, or there are variants.
        UserError: an option out of range.
    """
    _check(form, "regularised Nash dynamics", strength=strength, step=step)
    require_count("inner", inner)
    if form.n != 2:
        raise NoSuchForm(f"regularised Nash dynamics takes two players, not {form.n}")
    span = _span(form)
    logits = [np.log(part) for part in form.uniform()]
    reference = [part.copy() for part in logits]

    def update(t: int, profile: Profile) -> Profile:
        ratio = [_log_ratio(form, logits[i] - reference[i], i) for i in range(2)]
        bonus = strength * np.stack([ratio[1] - ratio[0], ratio[0] - ratio[1]], axis=-1)
        paid = form.payoffs / span + bonus
        values = [action_values(form.tree, paid, profile, i)[0] for i in range(2)]
        for i in range(2):
            mean = state_values(form.tree, profile[i], values[i], i)
            logits[i] = _levelled(form, logits[i] + step * (values[i] - mean), i)
        if t % inner == 0:
            reference[:] = [part.copy() for part in logits]
        return tuple(softmax(form.tree, logits[i], i) for i in range(2))

    return _descend(form, update, tol, Clock(deadline), iterations, "regularised Nash dynamics")


def _descend(
    form: ExtensiveForm, update: Step, tol: float, clock: Clock, iterations: int, name: str
) -> Found:
    """Iterate and keep the iterate with the smallest regret seen."""
    require_count("iterations", iterations)
    profile = form.uniform()
    best, least, at, look = profile, _worst(form, profile), 0, 1
    done = 0
    while done < iterations and least > tol and not clock.over:
        done += 1
        profile = update(done, profile)
        if done < look and done < iterations and not clock.over:
            continue
        look = int(np.ceil(_GROWTH * done)) + 1
        gain = _worst(form, profile)
        if gain < least:
            best, least, at = profile, gain, done
    return Found(
        (best,),
        f"{done} iterations of {name}; number {at} was the closest looked at",
        {"iterations": done},
        finished=least <= tol,
    )


def _worst(form: ExtensiveForm, profile: Profile) -> float:
    return float(passes.regrets(form.tree, form.payoffs, profile).max())


def _levelled(form: ExtensiveForm, logits: Float, player: int) -> Float:
    """Logits as log probabilities: nothing grows without bound over many steps."""
    tiny = 1e-300
    return np.asarray(np.log(np.maximum(softmax(form.tree, logits, player), tiny)))


def _log_ratio(form: ExtensiveForm, change: Float, player: int) -> Float:
    """The sum along each path of the player's log ratios, by terminal node, `[Z]`."""
    own = form.sequences[player]
    total = np.zeros(own.size)
    for level in own.levels:
        here = level.sequences
        total[here] = total[own.before[here]] + change[here.start - 1 : here.stop - 1]
    return np.asarray(total[own.terminal])


def _span(form: ExtensiveForm) -> float:
    return max(float(np.ptp(form.payoffs, axis=0).max()), 1e-300)


def _check(form: ExtensiveForm, name: str, **positive: float) -> None:
    """Refuse what cannot be taken."""
    if form.variants is not None:
        raise NoSuchForm(f"{name} solves one game, and this form has {form.variants} variants")
    if form.recall_problem:
        raise NoSuchForm(f"{name} needs perfect recall: {form.recall_problem}")
    for key, value in positive.items():
        if not (np.isfinite(value) and value > 0):
            raise UserError("out of range", key=key, given=value, allowed="above 0")
