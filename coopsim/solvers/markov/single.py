"""One player's problem against fixed strategies: policy iteration and backward induction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopsim.arrays import Float
from coopsim.games.forms.markov import MarkovForm

_ROUNDS = 1000


def best_response(
    form: MarkovForm, profile: Sequence[Float], player: int
) -> tuple[list[Float], Float]:
    """The best a player can do against the others' strategies.

    Args:
        form: the game.
        profile: one flat strategy a player; the player's own is not looked at.
        player: who responds.

    Returns:
        The values of states `[S]`, a stage each, and a best response as a flat strategy.

    Howard's (1960) policy iteration where play goes on for ever: a linear system of S equations
    a step, seldom more than 10 steps. Backward induction where there is a horizon.
    """
    rewards, moves = decision(form, profile, player)
    if form.horizon is None:
        values, choice = _stationary(form, rewards[0], moves[0])
        return [values], _pure(form, player, [choice])
    later = np.zeros(form.size)
    values_by_stage, choices = [], []
    for t in reversed(range(form.horizon)):
        worth = [
            paid + form.discount * move @ later
            for paid, move in zip(rewards[t], moves[t], strict=True)
        ]
        choices.append([int(own.argmax()) for own in worth])
        later = np.array([own.max() for own in worth])
        values_by_stage.append(later)
    return values_by_stage[::-1], _pure(form, player, choices[::-1])


def decision(
    form: MarkovForm, profile: Sequence[Float], player: int
) -> tuple[list[list[Float]], list[list[Float]]]:
    """What own actions pay `[A]` and where they lead `[A, S]`, `[stage][state]`."""
    others = {j: form.parts(profile[j], j) for j in range(form.n) if j != player}
    rewards, moves = [], []
    for t in range(form.stages):
        paid, lead = [], []
        for s in range(form.size):
            reward, move = form.rewards[s][player], form.transitions[s]
            for j in sorted(others, reverse=True):
                reward = np.tensordot(reward, others[j][t][s], (j, 0))
                move = np.tensordot(move, others[j][t][s], (j, 0))
            paid.append(reward)
            lead.append(move)
        rewards.append(paid)
        moves.append(lead)
    return rewards, moves


def _stationary(
    form: MarkovForm, rewards: list[Float], moves: list[Float]
) -> tuple[Float, list[int]]:
    choice = [int(paid.argmax()) for paid in rewards]
    for _ in range(_ROUNDS):
        chain = np.stack([move[a] for move, a in zip(moves, choice, strict=True)])
        paid = np.array([own[a] for own, a in zip(rewards, choice, strict=True)])
        values = np.linalg.solve(np.eye(form.size) - form.discount * chain, paid)
        worth = [r + form.discount * m @ values for r, m in zip(rewards, moves, strict=True)]
        # a change must gain more than rounding, or policies could alternate for ever
        slack = 1e-13 * max(1.0, float(np.abs(values).max()))
        better = [int(w.argmax()) if w.max() > w[a] + slack else a
                  for w, a in zip(worth, choice, strict=True)]  # fmt: skip
        if better == choice:
            break
        choice = better
    return values, choice


def _pure(form: MarkovForm, player: int, choices: list[list[int]]) -> Float:
    sizes = [form.shape(s)[player] for s in range(form.size)]
    return np.concatenate(
        [np.eye(size)[a] for stage in choices for size, a in zip(sizes, stage, strict=True)]
    )
