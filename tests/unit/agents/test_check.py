"""The conformance test passes every agent of ours, and names the law that a broken one breaks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from coopsim import content, registry
from coopsim.agents.agent import Agent, Decision, View
from coopsim.agents.catalogue import make_agent
from coopsim.agents.check import LAWS, CheckFailed, check
from coopsim.games.catalogue import make_game

# agents that need a parameter
GIVEN: dict[str, dict[str, Any]] = {
    "constant": {"level": 0.3},
    "best-response": {"to": "tit-for-tat"},
}


@pytest.mark.parametrize("name", sorted(registry.registrations("agent")))
def test_registered_agents_keep_all_laws(name: str) -> None:
    check(make_agent(name, **GIVEN.get(name, {})))


@pytest.mark.parametrize("name", sorted(content.names("agents")))
def test_agents_in_files_keep_all_laws(name: str) -> None:
    check(make_agent(name, **GIVEN.get(name, {})))


def test_other_parameters_and_another_game() -> None:
    check(make_agent("tit-for-tat", patience=3, generosity=0.2), make_game("samsung-sony"))
    check(make_agent("equilibrium", concept="coopetitive"), make_game("coopetition/stage"))
    named = {"partner": make_agent("constant", level=0.2)}
    check(make_agent("best-response", to="partner"), make_game("samsung-sony"), named=named)


def test_every_law_says_what_it_is() -> None:
    assert all(law.__doc__ for law in LAWS)


# -- broken ones ---------------------------------------------------------------------------


class Middle(Agent):
    """The middle of the range; broken ones below change one thing."""

    def act(self, view: View) -> Decision:
        return Decision(0.5 * (view.low + view.high))


@dataclass
class NotFrozen(Middle):
    pass


@dataclass(frozen=True)
class DoesNotRoundTrip(Middle):
    level: tuple[float, ...] = ()
    spare: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", (*self.level, 0.5))


@dataclass(frozen=True)
class Draws(Middle):
    def act(self, view: View) -> Decision:
        return Decision(view.low + view.rng.random(len(view.low)) * (view.high - view.low))


@dataclass(frozen=True)
class DrawsElsewhere(Middle):
    def act(self, view: View) -> Decision:
        return Decision(view.high * np.random.default_rng().random(len(view.low)))

    @property
    def random(self) -> bool:
        return True


@dataclass(frozen=True)
class Counts(Middle):
    """Keeps its state in its class."""

    seen: ClassVar[list[int]] = []

    def act(self, view: View) -> Decision:
        self.seen.append(view.turn)
        return Decision(view.low + len(self.seen) % 7 / 10 * (view.high - view.low))


@dataclass(frozen=True)
class ChangesWhatItSaw(Middle):
    def act(self, view: View) -> Decision:
        view.observation["actions"][...] = 0
        return super().act(view)


@dataclass(frozen=True)
class ChangesItsMemory(Middle):
    def reset(self, *given: Any) -> Any:
        return [0]

    def act(self, view: View) -> Decision:
        view.memory[0] += 1
        return Decision(super().act(view).action, view.memory)


@dataclass(frozen=True)
class WrongShape(Middle):
    def act(self, view: View) -> Decision:
        return Decision(super().act(view).action[:, None])


@dataclass(frozen=True)
class PlainNumber(Middle):
    def act(self, view: View) -> Decision:
        return Decision(1.0)


@dataclass(frozen=True)
class TooHigh(Middle):
    def act(self, view: View) -> Decision:
        return Decision(view.high * 1.01)


@dataclass(frozen=True)
class NotFinite(Middle):
    def act(self, view: View) -> Decision:
        return Decision(view.high / (view.turn - 1) if view.turn != 1 else view.high * np.nan)


@dataclass(frozen=True)
class LooksAcrossEpisodes(Middle):
    """Divides by the size of the batch."""

    def act(self, view: View) -> Decision:
        return Decision(view.low + (view.high - view.low) / (1 + len(view.low)))


@dataclass(frozen=True)
class NumpyOnly(Middle):
    def act(self, view: View) -> Decision:
        return Decision(np.full(len(view.low), 10.0))


@dataclass(frozen=True)
class GivesNoDecision(Middle):
    def act(self, view: View) -> Any:
        return 0.5 * view.high


@dataclass(frozen=True)
class Raises(Middle):
    def act(self, view: View) -> Decision:
        return Decision(view.observation["nothing like this"])


BROKEN: Mapping[type[Agent], str] = {
    NotFrozen: "must be a frozen dataclass",
    DoesNotRoundTrip: "give another agent",
    Draws: "it is not random, and its actions differ between episodes",
    DrawsElsewhere: "the same view gives two answers",
    Counts: "the same view gives two answers",
    ChangesWhatItSaw: "changes its memory or what it observed",
    ChangesItsMemory: "changes its memory or what it observed",
    WrongShape: "for 3 episodes",
    PlainNumber: "actions in round 0 are float",
    TooHigh: "lies outside 0 to 100",
    NotFinite: "not finite|lies outside",
    LooksAcrossEpisodes: "one episode alone is played otherwise",
    NumpyOnly: "torch|AttributeError|TypeError|InvalidAction",
    GivesNoDecision: "act gives a ndarray",
    Raises: "KeyError",
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_agent_is_found_out(kind: type[Agent]) -> None:
    if kind is NumpyOnly:
        pytest.importorskip("torch")
    agent = kind()
    assert dataclasses.is_dataclass(agent)
    with pytest.raises(CheckFailed, match=BROKEN[kind]) as caught:
        check(agent)
    assert str(caught.value).startswith(f"{kind.__name__}: ")
    assert "To put it right: " in str(caught.value)


def test_an_agent_that_refuses_the_game() -> None:
    strict = make_game("coopetition/stage", endowments=10.0)
    with pytest.raises(CheckFailed, match="it refuses to play: action: outside the actions"):
        check(make_agent("constant", action=50.0), strict)
