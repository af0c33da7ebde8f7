"""The behavioural audit of `coopsim.measure.audit` as an experiment: a row a game and level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np

from coopsim import catalogue
from coopsim.errors import UnknownName, UserError
from coopsim.games.coopetition.repeated import Repeated
from coopsim.games.coopetition.trust import Share
from coopsim.measure.audit import Audit, Deviation, Temporal, require_repeated
from coopsim.measure.experiment import Columns, Experiment, ExperimentCard
from coopsim.tolerance import exceeds, falls_short, first_best


@dataclass(frozen=True)
class ContributionAudit(Experiment):
    """Everybody at one level, and what deviations from it bring."""

    environment: str = "coopetition/trust-dilemma"
    """a repeated coopetition game by name"""
    formulation: Literal["report", "gym-v1"] = "gym-v1"
    """of the game"""
    reward: Literal["private", "integrated", "cooperative"] = "integrated"
    """what the game pays"""
    common: Literal["first", "own"] = "first"
    """what a level is a share of. first: the first player's endowment, for everybody, as in the
    released audit; own: each player's own"""
    level: Share = 0.5
    """what everybody contributes"""

    card: ClassVar[ExperimentCard] = ExperimentCard(
        title="Behavioural audit",
        summary=(
            "Everybody contributes one level in every round. The published audit lets the first "
            "player halve its contribution, or stop contributing. Beside it stand the best "
            "constant deviation and the best single switch of any player."
        ),
        references=(
            "github.com/vikpant/strategic-coopetition, coopetition_gym/experiments/audit.py",
        ),
        notes=(
            "Stopping is dominated: the first units of a contribution bring more than they "
            "cost. That no late defection is exploitative says nothing about exploitability.",
            "Nothing here depends on a learning algorithm; the published audit repeats the same "
            "numbers for 16 of them.",
            "Deviations are looked for among 51 levels and, for switches, the published rounds; "
            "what is found is a lower bound of what a best response would gain.",
            "Where a synergy is hidden its mean counts, which is exact in the mean.",
        ),
    )
    measures: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "mean_return": "return of an episode, mean over players",
            "total_return": "the same, sum over players",
            "length": "rounds played",
            "final_trust": "mean trust between different players at the end",
            "halving_gain": "what the first player gains by giving half, an episode",
            "halving_others": "what that changes for the others, mean",
            "halving_exploitative": "whether the first gains and the others lose",
            "late_switches": "how many late stops were tried",
            "late_exploitative": "how many of them are exploitative",
            "always_exploitative": "whether never contributing is",
            "early_exploitative": "how many of three early stops are",
            "ramp_exploitative": "whether letting the contribution fall at the end is",
            "ramp_gain": "what that gains",
            "vulnerability": "class of the published audit",
            "constant_player": "who gains most by a constant deviation",
            "constant_level": "to what share of its endowment",
            "constant_gain": "what it gains, an episode; below 0 where all deviations cost",
            "constant_others": "what that changes for the others, mean",
            "constant_pays": "whether it gains more than rounding",
            "constant_exploitative": "whether it gains and the others lose",
            "switch_player": "who gains most by one switch",
            "switch_start": "from which round, from 0",
            "switch_level": "to what share of its endowment",
            "switch_gain": "what it gains, an episode",
            "exploitability": "the same a round, at least 0; a constant deviation is a switch at 0",
        }
    )

    def __post_init__(self) -> None:
        """Refuse names that are no repeated coopetition game."""
        _ = self._game

    @property
    def _game(self) -> Repeated:
        from coopsim.games.catalogue import make_game

        given: dict[str, Any] = {"formulation": self.formulation, "reward": self.reward}
        try:
            name = catalogue.full_name("game", self.environment)
            game = make_game(name, Path.cwd(), **given)
            return require_repeated(game, self.environment)
        except UnknownName as error:
            error.key = "environment"
            raise
        except UserError as error:
            if error.key in given:  # other games have no such parameters
                require_repeated(None, self.environment)
            raise

    def measure(self, columns: Columns) -> Columns:
        """The audit at every level."""
        audit, levels = Audit(self._game, self.common), columns["level"]
        surface, halved = audit.surface(levels), audit.halve(levels)
        late = audit.temporal(levels)
        found = [audit.best(levels, player) for player in audit.distinct]
        sizes = np.abs(surface.returns).max(1).tolist()
        rows = [
            _temporal_row(late[row]) | _best_row(audit, [pairs[row] for pairs in found], sizes[row])
            for row in range(len(levels))
        ]
        return {
            "mean_return": surface.returns.mean(1),
            "total_return": surface.returns.sum(1),
            "length": surface.lengths,
            "final_trust": surface.trust,
            "halving_gain": halved.gain,
            "halving_others": halved.others,
            "halving_exploitative": halved.exploitative,
            **{name: np.array([row[name] for row in rows]) for name in rows[0]},
        }


def _temporal_row(late: Temporal) -> dict[str, Any]:
    return {
        "late_switches": len(late.switches),
        "late_exploitative": int(late.late.exploitative.sum()),
        "always_exploitative": bool(late.always.exploitative[0]),
        "early_exploitative": int(late.early.exploitative.sum()),
        "ramp_exploitative": bool(late.ramp.exploitative[0]),
        "ramp_gain": float(late.ramp.gain[0]),
        "vulnerability": late.vulnerability,
    }


def _best_row(
    audit: Audit, found: list[tuple[Deviation, Deviation]], size: float
) -> dict[str, Any]:
    """The best deviations over players, the first of equals; `size` is that of returns."""
    constant, switch = (
        kind[first_best([one.gain for one in kind], scale=size)]
        for kind in zip(*found, strict=True)
    )
    names, pays = audit.game.labels, bool(exceeds(constant.gain, 0.0, scale=size))
    return {
        "constant_player": names[constant.player],
        "constant_level": constant.level,
        "constant_gain": constant.gain,
        "constant_others": constant.others,
        "constant_pays": pays,
        "constant_exploitative": pays and bool(falls_short(constant.others, 0.0, scale=size)),
        "switch_player": names[switch.player],
        "switch_start": switch.start,
        "switch_level": switch.level,
        "switch_gain": switch.gain,
        "exploitability": max(switch.gain, 0.0) / audit.game.rounds,
    }
