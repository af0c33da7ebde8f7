"""Mean-field equilibria by mirror descent, fictitious play and damped fixed-point iteration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import UserError
from coopsim.games.forms.meanfield import MeanFieldForm
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.solution import Found

_SHORTER, _LONGER, _LEAST = 0.5, 1.1, 1e-3  # how the weight of a round changes; its floor


def solve_mirror(
    form: MeanFieldForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 4000,
    rate: float = 1.0,
) -> Found:
    """Online mirror descent: Pérolat et al. (2021).

    The values of actions under the current policy are added up, and the policy is their softmax;
    in monotone games the last policy converges.

    Args:
        form: the game.
        tol: rounds end where nobody gains more than half of this by another policy.
        deadline: seconds; the best policy so far is given back.
        rounds: most rounds.
        rate: the weight of the first round, in units of one over the range of payoffs, above
            0. It grows while the policies get better and is halved when they do not.

    Cost: three passes over `[T, S, A, S]` a round.
    """
    _check(rounds, rate)
    sums = np.zeros((form.horizon, form.states, form.actions))
    best, scale, before = _Best(form, tol, Clock(deadline)), 0.0, np.inf
    for done in range(1, rounds + 1):
        policy = _softmax(sums)
        population = flow(form, policy)
        values = worth(form, population, policy)
        if best.offer(policy, population, done):
            break
        scale = scale or max(float(np.ptp(values)), 1e-300)
        # too long a step shows as a rising gap
        rate = max(rate * _SHORTER, _LEAST) if best.last > before else rate * _LONGER
        before = best.last
        sums += rate * values / scale
        # only differences between actions count
        sums -= sums.max(-1, keepdims=True)
    return best.found("online mirror descent")


def solve_fictitious(
    form: MeanFieldForm, *, tol: float = 1e-8, deadline: float | None = None, rounds: int = 4000
) -> Found:
    """Fictitious play: best responses to the average population so far.

    Cardaliaguet and Hadikhanloo (2017); Perrin et al. (2020). The exploitability falls like one
    over the rounds in monotone games. Arguments as for `solve_mirror`.
    """
    _check(rounds, 1.0)
    return _averaged(form, tol, Clock(deadline), rounds, lambda k: 1 / k, "fictitious play")


def solve_picard(
    form: MeanFieldForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 4000,
    damping: float = 0.1,
) -> Found:
    """Damped fixed-point iteration: a fixed share moves to the best response each round.

    Arguments as for `solve_mirror`; `damping` is the share that moves, above 0 and at most 1.
    """
    _check(rounds, damping)
    return _averaged(form, tol, Clock(deadline), rounds, lambda k: damping, "fixed-point iteration")


def suits(form: MeanFieldForm, everything: bool) -> str:
    """Why `auto` chooses this: a game in discrete time with finitely many states."""
    return f"{form.horizon} stages, {form.states} states, {form.actions} actions"


def flow(form: MeanFieldForm, policy: Float) -> Float:
    """The populations `[T, S, A]` that a policy `[T, S, A]` makes."""
    here = form.initial
    populations = np.empty_like(policy)
    for t in range(form.horizon):
        populations[t] = here[:, None] * policy[t]
        here = np.tensordot(populations[t], form.move(t, populations[t]), 2)
    return populations


def worth(form: MeanFieldForm, population: Float, policy: Float | None) -> Float:
    """What actions are worth `[T, S, A]` against populations, playing on by `policy`.

    Without a policy the best action is taken from the next stage on.
    """
    values = np.empty((form.horizon, form.states, form.actions))
    later = np.zeros(form.states)
    for t in reversed(range(form.horizon)):
        values[t] = form.paid(t, population[t]) + form.move(t, population[t]) @ later
        later = values[t].max(-1) if policy is None else (policy[t] * values[t]).sum(-1)
    return values


class _Best:
    """The policy that leaves the least to gain, so far."""

    def __init__(self, form: MeanFieldForm, tol: float, clock: Clock) -> None:
        self.form, self.tol, self.clock = form, tol, clock
        self.policy: Float | None = None
        self.gap, self.last, self.rounds, self.finished = np.inf, np.inf, 0, False

    def offer(self, policy: Float, population: Float, rounds: int) -> bool:
        """Keep the policy if it is better; whether it is time to stop."""
        self.rounds = rounds
        most = self.form.initial @ worth(self.form, population, None)[0].max(-1)
        own = self.form.initial @ (policy[0] * worth(self.form, population, policy)[0]).sum(-1)
        gap = float(most - own)
        self.last = gap
        if gap < self.gap or self.policy is None:
            self.policy, self.gap = policy, gap
        self.finished = self.gap <= 0.5 * self.tol
        return self.finished or self.clock.over

    def found(self, how: str) -> Found:
        """The answer."""
        assert self.policy is not None  # there is a round at least
        populations = flow(self.form, self.policy)
        return Found(
            ((self.policy,),),
            f"{self.rounds} rounds of {how}; {self.gap:.3g} is left to gain",
            stats={"rounds": self.rounds},
            finished=self.finished,
            details=({"populations": populations.sum(-1).tolist()},),
        )


def _averaged(
    form: MeanFieldForm,
    tol: float,
    clock: Clock,
    rounds: int,
    step: Callable[[int], float],
    how: str,
) -> Found:
    policy = np.full((form.horizon, form.states, form.actions), 1 / form.actions)
    mean, best = flow(form, policy), _Best(form, tol, clock)
    for done in range(1, rounds + 1):
        policy = _policy_of(mean)
        if best.offer(policy, flow(form, policy), done):
            break
        answer = np.eye(form.actions)[worth(form, mean, None).argmax(-1)]
        share = step(done)
        mean = (1 - share) * mean + share * flow_through(form, answer, mean)
    return best.found(how)


def flow_through(form: MeanFieldForm, policy: Float, population: Float) -> Float:
    """Where one player goes by `policy` while the others make `population`, `[T, S, A]`."""
    here, visits = form.initial, np.empty_like(policy)
    for t in range(form.horizon):
        visits[t] = here[:, None] * policy[t]
        here = np.tensordot(visits[t], form.move(t, population[t]), 2)
    return visits


def _policy_of(population: Float) -> Float:
    """The policy that a population follows; even where nobody is."""
    total = population.sum(-1, keepdims=True)
    even = np.full_like(population, 1 / population.shape[-1])
    return np.asarray(np.divide(population, total, out=even, where=total > 0))


def _softmax(sums: Float) -> Float:
    powers = np.exp(sums - sums.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _check(rounds: int, rate: float) -> None:
    require_count("rounds", rounds)
    if not 0 < rate < np.inf:
        raise UserError("no step", key="rate or damping", given=rate, allowed="above 0")
