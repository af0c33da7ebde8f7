"""What solvers over time read of the repeated coopetition game, beside its rounds.

Where all depend on a player alike, all trust that player alike: its deviations are the same
for everybody, so `T_ij = T_j` and `R_ij = R_j` (TR-2, arXiv:2510.24909, equations 6 to 9).
The game is then one on `2 n` numbers, and with symmetric play on two.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from coopsim.arrays import Float
from coopsim.errors import NoSuchForm
from coopsim.games.coopetition.round import RepeatedState
from coopsim.games.forms.trust import TrustForm
from coopsim.tolerance import exceeds

if TYPE_CHECKING:
    from coopsim.games.coopetition.repeated import Repeated

_FOREVER = 1_000_000  # the longest horizon that a game takes: no state is its last


def marks(game: Repeated) -> Float:
    """Actions at which the rules change: baselines and the thresholds of parts, `[K, n]`."""
    levels = [game.expected / game.endowment]
    shares: list[float] = []
    if game.loyalty is not None:
        shares.append(game.loyalty.threshold)
        if not game.graded:
            rule = game.loyalty
            shares += [rule.shirk_below, rule.loyal_from, rule.together_from]
    if game.standing is not None and game.standing.rule == "steps":
        shares.append(0.5)
    levels += [np.full(game.n, share) for share in dict.fromkeys(shares)]
    return np.asarray(np.stack(levels) * game.endowment)


def fits_trust(game: Repeated) -> str:
    """Why trust and reputation of each player are not the whole state; "" where they are."""
    off = game.dependence[~np.eye(game.n, dtype=bool)]
    if game.trust is None:
        return "trust is switched off, so that every round is the same"
    carried = [type(part).__name__.lower() for part in game.parts]
    if carried:
        return f"play also depends on {', '.join(carried)}"
    if game.hidden is not None:
        return "play also depends on what is known of the hidden complementarity"
    if game.phases or game.shocks:
        return "phases and shocks make rounds differ"
    if game.n > 2 and exceeds(np.ptp(off), 0.0, scale=1.0):
        return "players depend on one another unlike, so that trust has an entry for every pair"
    return ""


def trust_form(game: Repeated, *, discount: float = 1.0, endless: bool = False) -> TrustForm:
    """The game in strategies that look at trust and reputation.

    Args:
        game: the game.
        discount: what the next round counts against this one; below 1 where play is endless.
        endless: whether play has no last round; otherwise it has the game's horizon.

    Raises:
        NoSuchForm: trust and reputation of each player are not the whole state.
        UserError: no discount factor.
    """
    reason = fits_trust(game)
    if reason:
        raise NoSuchForm(f"no trust form: {reason}; the dynamic form takes this game")
    rule = game.trust
    assert rule is not None
    return TrustForm(
        players=game.labels,
        low=np.zeros(game.n),
        high=np.array(game.endowment),
        horizon=None if endless else game.horizon,
        discount=discount,
        start=np.tile([rule.initial, rule.initial_damage], game.n).astype(float),
        step=functools.partial(_step, replace(game, horizon=_FOREVER)),
        marks=marks(game),
    )


def _step(game: Repeated, states: Float, actions: Float) -> tuple[Float, Float, Float]:
    """The next states `[B, 2n]`, payoffs `[B, n]`, and whether play goes on, `[B]` (0 or 1)."""
    first = game.start(1)
    rows = first.trust.shape[1]
    own = np.eye(game.n) if rows == game.n else np.zeros((1, game.n))

    def pairs(levels: Float, diagonal: float) -> Float:
        spread = np.broadcast_to(levels[:, None, :], (len(levels), rows, game.n))
        return spread * (1 - own) + diagonal * own

    batch = len(states)
    state = RepeatedState(
        actions=np.zeros((batch, game.n)),
        trust=pairs(states[:, 0::2], 1.0),
        damage=pairs(states[:, 1::2], 0.0),
        private=np.zeros((batch, game.n)),
        turn=np.zeros(batch),
    )
    done = game.step(state, actions)
    # anybody else's trust in j: the next player's, or the one row that stands for all
    row = (np.arange(game.n) + 1) % game.n if rows == game.n else np.zeros(game.n, dtype=int)
    after = np.empty((batch, 2 * game.n))
    after[:, 0::2] = done.state.trust[:, row, np.arange(game.n)]
    after[:, 1::2] = done.state.damage[:, row, np.arange(game.n)]
    return after, np.asarray(done.payoffs), 1.0 - np.asarray(done.done, dtype=float)
