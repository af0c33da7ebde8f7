"""The tit-for-tat family answers contributions by the arithmetic of its definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from coopsim.agents.agent import Agent, Decision, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.play import play
from coopsim.errors import UserError
from coopsim.games.catalogue import make_game
from coopsim.games.coopetition.stage import Stage


@dataclass(frozen=True)
class Levels(Agent):
    """Plays given levels in turn, as shares of the range."""

    levels: tuple[float, ...]

    def act(self, view: View) -> Decision:
        level = self.levels[view.turn]
        return Decision(view.low + level * (view.high - view.low))


PARTNER = Levels((0.8, 0.2, 0.6, 0.0, 0.4))


def answers(agent: Agent, partner: Agent = PARTNER) -> list[float]:
    """The levels with which an agent with an endowment of 50 answers one with 100."""
    game = make_game("coopetition/repeated", endowments=[50.0, 100.0], horizon=5)
    played = play(game, [agent, partner])
    return (played.actions[0, :, 0] / 50).round(9).tolist()


def test_tit_for_tat_repeats_the_partners_last_level() -> None:
    """As shares of what each could give, not as amounts."""
    assert answers(make_agent("tit-for-tat")) == [0.5, 0.8, 0.2, 0.6, 0.0]


def test_suspicious_tit_for_tat_begins_with_nothing() -> None:
    assert answers(make_agent("suspicious-tit-for-tat")) == [0.0, 0.8, 0.2, 0.6, 0.0]


def test_tit_for_two_tats_answers_the_better_of_the_last_two() -> None:
    """Second round: only one has been seen. Then max(.8,.2), max(.2,.6), max(.6,0)."""
    assert answers(make_agent("tit-for-two-tats")) == [0.5, 0.8, 0.8, 0.6, 0.6]


def test_generosity_forgives_a_part_of_the_shortfall() -> None:
    """Below 0.5 a third of the way up: .2 + .33 * .3 = .299 and .33 * .5 = .165."""
    generous = make_agent("generous-tit-for-tat")
    assert answers(generous) == pytest.approx([0.5, 0.8, 0.299, 0.6, 0.165])


def test_full_generosity_never_goes_below_the_target() -> None:
    agent = make_agent("tit-for-tat", generosity=1.0, target=0.3)
    assert answers(agent) == pytest.approx([0.5, 0.8, 0.3, 0.6, 0.3])


def test_patience_longer_than_the_game() -> None:
    assert answers(make_agent("tit-for-tat", patience=100)) == [0.5, 0.8, 0.8, 0.8, 0.8]


def test_with_several_partners_their_mean_is_answered() -> None:
    """Three partners with different endowments play .2, .4 and .9 of them: the mean is .5."""
    game = make_game("coopetition/repeated", players=4, endowments=[10.0, 20, 40, 80], horizon=2)
    partners = [Levels((level, 0.0)) for level in (0.2, 0.4, 0.9)]
    played = play(game, [make_agent("tit-for-tat", first=0.1), *partners])
    assert played.actions[0, :, 0] == pytest.approx([1.0, 5.0])


def test_two_of_them_keep_what_they_began_with() -> None:
    game = make_game("coopetition/samsung-sony", horizon=20)
    played = play(game, make_agent("tit-for-tat", first=0.35))
    assert np.ptp(played.actions) == pytest.approx(0, abs=1e-9)


def test_it_needs_to_see_what_others_did() -> None:
    """A game that hides actions is refused before play, with the player's name."""

    class Blind(Stage):
        def observe(self, state: Any, player: int) -> Any:
            return {}

    with pytest.raises(UserError, match="whose players see each other's actions"):
        play(Blind(), "tit-for-tat")


@pytest.mark.parametrize(
    ("key", "value"), [("first", 1.2), ("patience", 0), ("generosity", -0.1), ("target", 2)]
)
def test_parameters_out_of_range(key: str, value: float) -> None:
    with pytest.raises(UserError, match=key):
        make_agent("tit-for-tat", **{key: value})
