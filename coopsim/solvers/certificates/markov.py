"""Certificates of stochastic games: what each player could gain from any state on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coopsim.arrays import Float, positive_part
from coopsim.clock import look
from coopsim.games.forms.markov import MarkovForm
from coopsim.solvers.proof import ROUNDING, Certificate

Profile = tuple[Float, ...]
Problem = list[list[tuple[Float, Float]]]
"""What own actions pay `[A]` and where they lead `[A, S]`, `[stage][state]`."""

_SWEEPS = 2000
_ULPS = 4 * np.finfo(float).eps  # of the values: an improvement below this is none
_REFINED = 2  # corrections of the solution of a linear system


def regret(
    form: MarkovForm, profile: Profile, details: Mapping[str, Any]
) -> tuple[Certificate, Float]:
    """What each player gains by its best other strategy, from the worst state and stage on.

    Values are the solution of a linear system, and the best response comes from policy
    improvement. What either misses of its Bellman equation, over 1 - discount, bounds how far
    it is from the truth, and counts as gain: with a discount factor near 1 rounding can hide
    much, and then nothing is proved.
    Values `[n]` are those at the first stage under the initial distribution.
    """
    joint = _independent(form, profile)
    return _certificate(form, joint, "every strategy of every player, from every state")


def coarse(
    form: MarkovForm, profile: Profile, details: Mapping[str, Any], objective: Any = None
) -> tuple[Certificate, Float]:
    """What each player gains by leaving the joint plan for good, from the worst state on.

    The one who leaves decides by state and stage, without hearing the recommendation; the
    others go on as the plan's own marginals have it.
    """
    joint = form.joint_parts(profile[0].ravel())
    return _certificate(form, joint, "every strategy that leaves the plan, from every state")


def _certificate(form: MarkovForm, joint: list[list[Float]], how: str) -> tuple[Certificate, Float]:
    wrong = positive_part(
        *(
            positive_part(abs(float(part.sum()) - 1), -float(part.min()))
            for stage in joint
            for part in stage
        )
    )
    worst, values = [], []
    spans = form.spreads.tolist()
    for player in range(form.n):
        look()
        # what a player gets anyway costs digits and changes no gain
        floor = min(float(each[player].min()) for each in form.rewards)
        rewards = [each[player] - floor for each in form.rewards]
        paid = np.array(
            [[float((part * rewards[s]).sum()) for s, part in enumerate(stage)] for stage in joint]
        )
        chain = np.array(
            [[np.tensordot(part, form.transitions[s], form.n) for s, part in enumerate(stage)]
             for stage in joint]
        )  # fmt: skip
        own, error = _followed(form, paid, chain)
        best = _best(form, _alone(form, joint, player, rewards))
        gain = (
            positive_part(*(float((b - v).max()) for b, v in zip(best, own, strict=True))) + error
        )
        worst.append(gain + (0.0 if wrong <= ROUNDING else wrong * spans[player]))
        times = form.discount ** np.arange(form.stages)
        anyway = floor * (times.sum() if form.horizon is not None else 1 / (1 - form.discount))
        values.append(float(form.initial @ own[0]) + anyway)  # type: ignore[operator]
    return Certificate.of("regret", worst, spans, exact=True, checked_by=how), np.array(values)


def _independent(form: MarkovForm, profile: Profile) -> list[list[Float]]:
    """The joint distributions of independent strategies, `[stage][state]`."""
    cut = [form.parts(strategy, i) for i, strategy in enumerate(profile)]
    joint = []
    for t in range(form.stages):
        stage = []
        for s in range(form.size):
            both = np.ones(())
            for own in cut:
                both = np.multiply.outer(both, own[t][s])
            stage.append(both)
        joint.append(stage)
    return joint


def _alone(
    form: MarkovForm, joint: list[list[Float]], player: int, rewards: list[Float]
) -> Problem:
    """One player's decision problem when the others draw from the marginals of `joint`.

    `rewards` are the player's own, a state each.
    """
    others = [j for j in range(form.n) if j != player]
    problem = []
    for stage in joint:
        rows = []
        for s, part in enumerate(stage):
            look()
            marginal = part.sum(player)
            reward = np.moveaxis(rewards[s], player, 0)
            move = np.moveaxis(form.transitions[s], player, 0)
            axes = (list(range(1, len(others) + 1)), list(range(len(others))))
            rows.append((np.tensordot(reward, marginal, axes), np.tensordot(move, marginal, axes)))
        problem.append(rows)
    return problem


def _followed(form: MarkovForm, paid: Float, chain: Float) -> tuple[list[Float], float]:
    """The values `[S]` of following the plan, a stage each, and how far they may be off."""
    if form.horizon is None:
        endless, error = _endless(form, paid[0], chain[0])
        return [endless], error
    values = [np.zeros(form.size)]
    for t in reversed(range(form.horizon)):
        values.append(paid[t] + form.discount * chain[t] @ values[-1])
    return values[:0:-1], 0.0


def _best(form: MarkovForm, problem: Problem) -> list[Float]:
    """Upper bounds of the values `[S]` of the best strategy, a stage each."""
    if form.horizon is not None:
        values = [np.zeros(form.size)]
        for stage in reversed(problem):
            later = values[-1]
            values.append(np.array([(r + form.discount * m @ later).max() for r, m in stage]))
        return values[:0:-1]
    (stage,) = problem
    best = np.zeros(form.size)
    policy: list[int] = [-1] * form.size
    for _ in range(_SWEEPS):
        look()
        worth = [r + form.discount * m @ best for r, m in stage]
        greedy = [int(w.argmax()) for w in worth]
        if greedy == policy:
            break
        policy = greedy
        chain = np.stack([m[a] for (_, m), a in zip(stage, policy, strict=True)])
        paid = np.array([r[a] for (r, _), a in zip(stage, policy, strict=True)])
        best, _ = _endless(form, paid, chain)
        improved = np.array([(r + form.discount * m @ best).max() for r, m in stage])
        if (improved - best).max() <= _ULPS * float(np.abs(best).max()):
            break
    improved = np.array([(r + form.discount * m @ best).max() for r, m in stage])
    return [best + positive_part(float((improved - best).max())) / (1 - form.discount)]


def _endless(form: MarkovForm, paid: Float, chain: Float) -> tuple[Float, float]:
    """The values `[S]` of a stationary plan, and how far they are from the truth at most."""
    system = np.eye(form.size) - form.discount * chain
    values: Float = np.asarray(np.linalg.solve(system, paid), dtype=np.float64)
    for _ in range(_REFINED):
        more = np.linalg.solve(system, paid + form.discount * chain @ values - values)
        values = np.asarray(values + more)
    left = np.abs(paid + form.discount * chain @ values - values).max()
    return values, float(left) / (1 - form.discount)
