"""The conformance tests pass every game we ship, and name the law that a broken game breaks."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from annotated_types import Ge, Gt
from gymnasium.spaces import Box, Discrete

import coopsim.games.check
from coopsim import catalogue, parameters
from coopsim.arrays import NUMPY, namespace
from coopsim.errors import CoopsimError
from coopsim.games.card import GameCard
from coopsim.games.catalogue import make_game
from coopsim.games.check import LAWS, CheckFailed, check
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.game import Game, Step

# -- games that keep the laws --------------------------------------------------------------


def complete(name: str) -> bool:
    """Whether a game can be made of its name alone; a payoff table has no default."""
    entry = catalogue.entry("game", name)
    missing = {row["name"] for row in parameters.summary(entry.cls) if row["required"]}
    return missing <= set(entry.given)


@pytest.mark.parametrize("name", list(filter(complete, catalogue.known("game"))))
def test_every_registered_game_and_every_game_file_keeps_the_laws(name: str) -> None:
    check(make_game(name))


@pytest.mark.parametrize(
    "parameters",
    [
        {"players": 3, "reward": ["private", "integrated", "cooperative"], "clip": False},
        {"players": 5, "formulation": "report", "endowments": [10, 20, 30, 40, 50]},
        {"trust": None, "value": {"form": "power"}, "reward": "cooperative"},
        {"horizon": 1, "interdependence": 0},
        {"horizon": 20_000},
        {"players": 12, "horizon": 3},
    ],
)
def test_the_repeated_game_keeps_the_laws_whatever_its_parameters(parameters: Any) -> None:
    check(make_game("coopetition/repeated", **parameters), episodes=3, seed=7)


@dataclass(frozen=True, slots=True)
class Sold:
    """Quantities sold so far, `[B, 2]`, the demand of each episode and the rounds played."""

    quantities: Any
    demand: Any
    turn: Any


@dataclass(frozen=True)
class Cournot(Game):
    """Two firms bring quantities to a market; the price falls with their sum."""

    demand: Annotated[float, Gt(0)] = 12.0
    cost: Annotated[float, Ge(0)] = 1.0

    card: ClassVar[GameCard] = GameCard(title="Cournot", forms=("continuous",))
    labels: ClassVar[tuple[str, ...]] = ("Acme", "Bolt")  # type: ignore[assignment]
    rounds: ClassVar[int] = 1  # type: ignore[assignment]

    def action_space(self, player: int) -> Any:
        return Box(0.0, 10.0, (1,), np.float64)

    def start(self, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
        zero = backend.asarray(np.zeros((batch, 2)))
        return Sold(zero, zero[:, 0] + self.demand, zero[:, 0])

    def observe(self, state: Any, player: int) -> Any:
        return {"quantities": state.quantities}

    def expose(self, state: Any) -> Any:
        return {"price": state.demand - state.quantities[:, 0] - state.quantities[:, 1]}

    def profit(self, quantities: Any, demand: Any) -> Any:
        price = demand - quantities[..., 0] - quantities[..., 1]
        return quantities * (price - self.cost)[..., None]

    def step(self, state: Any, actions: Any) -> Step:
        turn = state.turn + 1
        payoffs = self.profit(actions, state.demand)
        return Step(Sold(actions, state.demand, turn), payoffs, turn >= self.rounds)

    def narrate(self, view: Any) -> str:
        sold = view.observation["quantities"][0]
        return f"You are {self.labels[view.player]}. Sold: {float(sold[0])}, {float(sold[1])}."

    def slope(self, q: Any) -> Any:
        return self.demand - self.cost - q - q[..., :1] - q[..., 1:]

    def form(self, kind: str, **options: Any) -> Any:
        if kind != "continuous" or options:
            return super().form(kind, **options)
        return ContinuousForm(
            players=self.labels,
            low=np.zeros(2),
            high=np.full(2, 10.0),
            owner=np.arange(2),
            payoffs=lambda q: self.profit(q, self.demand),
            gradient=self.slope,
        )

    @staticmethod
    def batch(state: Any) -> int:
        return int(state.turn.shape[0])


@dataclass(frozen=True)
class RandomDemand(Cournot):
    """Cournot with a demand drawn for each episode, over three rounds."""

    card: ClassVar[GameCard] = GameCard(title="Random demand", chance=True, repeated=True)
    rounds: ClassVar[int] = 3  # type: ignore[assignment]

    def start(self, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
        first = super().start(batch, rng, backend)
        drawn = backend.asarray((rng or np.random.default_rng(0)).uniform(8, 16, batch))
        return dataclasses.replace(first, demand=drawn)

    def form(self, kind: str, **options: Any) -> Any:
        return Game.form(self, kind, **options)


@pytest.mark.parametrize("game", [Cournot(), RandomDemand()], ids=["Cournot", "RandomDemand"])
def test_a_game_of_ones_own_keeps_the_laws(game: Game) -> None:
    check(game)


def test_the_function_is_found_through_the_module() -> None:
    assert coopsim.games.check.check is check


def test_every_law_is_stated() -> None:
    assert all(law.__doc__ and law.__doc__.strip().endswith(".") for law in LAWS)


def test_one_episode_says_nothing_about_batches() -> None:
    with pytest.raises(ValueError, match="at least two episodes"):
        check(Cournot(), episodes=1)


# -- games that break them -----------------------------------------------------------------


def changed(**attributes: Any) -> Game:
    """Cournot with some attributes replaced."""
    return dataclass(frozen=True)(type("Broken", (Cournot,), attributes))()


def carded(**facts: Any) -> Game:
    """Cournot with another card."""
    return changed(card=GameCard(**{"title": "Cournot", "forms": ("continuous",), **facts}))


def stepped(alter: Any) -> Game:
    """Cournot whose step gives `alter(step, state, actions)`."""

    def step(self: Any, state: Any, actions: Any) -> Any:
        return alter(Cournot.step(self, state, actions), state, actions)

    return changed(step=step)


def formed(**parts: Any) -> Game:
    """Cournot whose continuous form has other parts."""

    def form(self: Any, kind: str, **options: Any) -> Any:
        return dataclasses.replace(Cournot.form(self, kind, **options), **parts)

    return changed(form=form)


def loose() -> Game:
    """Cournot as a plain class with class attributes for parameters."""
    own = {name: value for name, value in vars(Cournot).items() if "dataclass" not in name}
    return type("Loose", (Game,), {**own, "demand": 12.0, "cost": 1.0})()


def in_place(step: Step, state: Any, actions: Any) -> Step:
    state.demand[:] += 1
    return step


def clipped_in_place(step: Step, state: Any, actions: Any) -> Step:
    actions[:] = actions.clip(2, 3)
    return step


def mixed_up(step: Step, state: Any, actions: Any) -> Step:
    return dataclasses.replace(step, payoffs=step.payoffs - step.payoffs.mean())


def random_payoffs(step: Step, state: Any, actions: Any) -> Step:
    return dataclasses.replace(step, payoffs=step.payoffs + np.random.default_rng().random())


def logarithm_at_zero(step: Step, state: Any, actions: Any) -> Step:
    with np.errstate(divide="ignore"):
        return dataclasses.replace(step, payoffs=step.payoffs + np.log(actions))


def on_numpy(step: Step, state: Any, actions: Any) -> Step:
    return dataclasses.replace(step, payoffs=np.asarray(step.payoffs))


def single_precision(step: Step, state: Any, actions: Any) -> Step:
    xp = namespace(step.payoffs)
    if xp is np:
        return step
    return dataclasses.replace(step, payoffs=step.payoffs.to(xp.float32))


def memory_order(step: Step, state: Any, actions: Any) -> Step:
    if not isinstance(actions, np.ndarray):
        return step
    flat = actions.ravel(order="K").reshape(actions.shape)
    return dataclasses.replace(step, payoffs=step.payoffs + 0 * flat + flat)


def unlike_start(self: Any, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
    first = Cournot.start(self, batch, rng, backend)
    return dataclasses.replace(first, demand=first.demand + np.random.default_rng().random())


def unannounced_chance(self: Any, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
    return RandomDemand.start(RandomDemand(), batch, rng, backend)


def a_number_in_the_state(self: Any, batch: int, rng: Any = None, backend: Any = NUMPY) -> Any:
    return dataclasses.replace(Cournot.start(self, batch, rng, backend), demand=12.0)


def forgetful(self: Any, view: Any, calls: Any = itertools.count()) -> str:  # noqa: B008
    return f"message {next(calls)}"


def moved(self: Any) -> None:
    object.__setattr__(self, "demand", self.demand + 1)


def rounded(self: Any) -> None:
    object.__setattr__(self, "demand", float(round(self.demand, -1)))


def turn_is_seen_late(self: Any, state: Any, player: int) -> Any:
    seen = {"quantities": state.quantities}
    return {**seen, "turn": state.turn} if state.turn[0] else seen


def sight_changes_the_state(self: Any, state: Any, player: int) -> Any:
    state.quantities[:] *= 0.5
    return {"quantities": state.quantities.copy()}


def two_names(self: Any, kind: str, **options: Any) -> Any:
    return dataclasses.replace(Cournot.form(self, kind, **options), players=("x", "y"))


def one_at_a_time(q: Any) -> Any:
    return np.array([q[0] * (11 - q[0] - q[1]), q[1] * (11 - q[0] - q[1])])


def fails(step: Step, state: Any, actions: Any) -> Step:
    raise KeyError("price")


BROKEN = {
    # what a game says of itself
    "no dataclass": (loose(), "a game must be a frozen dataclass"),
    "labels": (changed(labels=("Acme", "Acme")), "two players have one name"),
    "no labels": (changed(labels=()), "labels must be names"),
    "rounds": (changed(rounds=0), "rounds must be a whole number of at least 1, not 0"),
    "space": (changed(action_space=lambda self, i: (0, 10)), "no Gymnasium space"),
    "kind of action": (
        changed(action_space=lambda self, i: Discrete(3)),
        "says continuous actions and the space of Acme is Discrete",
    ),
    "a form it lacks": (carded(forms=("continuous", "normal")), r"form\('normal'\) refuses"),
    "a form not listed": (carded(forms=()), r"form\('continuous'\) works and the card"),
    "players of a form": (changed(form=two_names), r"names the players \('x', 'y'\)"),
    "a moving parameter": (changed(__post_init__=moved), "read again give another game"),
    "a fixed hash": (changed(hash="0123"), "another value of demand gives the same hash"),
    "a rounded parameter": (
        changed(__post_init__=rounded, demand=10.0, __annotations__={"demand": float}),
        "another value of demand gives the same hash",
    ),
    "zero-sum": (carded(payoffs="zero-sum"), "the card says zero-sum payoffs, and round 0 pays"),
    "common": (carded(payoffs="common"), "the card says common payoffs, and round 0 pays"),
    # play
    "a state of numbers": (changed(start=a_number_in_the_state), "demand of the state that start"),
    "batch": (changed(batch=staticmethod(lambda state: 1)), r"batch\(state\) is 1 for 4"),
    "payoffs player first": (
        stepped(lambda step, *_: dataclasses.replace(step, payoffs=step.payoffs.T)),
        r"payoffs of round 0 are an array of float64 of shape \[2, 4\]",
    ),
    "done as numbers": (
        stepped(lambda step, *_: dataclasses.replace(step, done=step.done * 1.0)),
        "done of round 0 is an array of float64",
    ),
    "state in place": (stepped(in_place), "step changes the state it is given in round 0: demand"),
    "actions in place": (stepped(clipped_in_place), "step changes the actions it is given"),
    "random payoffs": (stepped(random_payoffs), "same step taken twice differs in round 0: pay"),
    "across the batch": (stepped(mixed_up), "episode 0 played alone differs"),
    "memory order": (stepped(memory_order), "order of the actions in memory matters: payoffs"),
    "an unseeded start": (changed(start=unlike_start), "one seed gives two different starts"),
    "unannounced chance": (changed(start=unannounced_chance), "nothing is random, and the start"),
    "no end": (
        stepped(lambda step, *_: dataclasses.replace(step, done=step.done & False)),
        "4 of 4 episodes go on after 1 rounds",
    ),
    "infinite payoff": (stepped(logarithm_at_zero), "is not finite in round 0"),
    "an exception": (stepped(fails), r"KeyError \('price'\) while checking the law"),
    # what is seen
    "no observation": (changed(observe=lambda self, state, i: None), "Acme is a NoneType"),
    "a changing observation": (changed(observe=turn_is_seen_late), "changes its names, their"),
    "an unbatched observation": (
        changed(observe=lambda self, state, i: {"first": state.quantities[0]}),
        "'first' in the observation of Acme has no leading batch axis of 4",
    ),
    "an observation in place": (changed(observe=sight_changes_the_state), "changes the state"),
    "exposed": (changed(expose=lambda self, state: {"p": 1.0}), "'p' in what is exposed"),
    "bounds": (
        changed(legal=lambda self, state, i: (np.zeros((4, 1)), np.full((4, 1), 11.0))),
        "the bounds of Acme leave its action space",
    ),
    "no words": (changed(narrate=lambda self, view: ""), "narrate tells Acme nothing"),
    "words that change": (changed(narrate=forgetful), "look the same to Acme are told diff"),
    # forms
    "a form for one": (
        formed(payoffs=one_at_a_time),
        r"payoffs of the continuous form of profiles with axes",
    ),
    "a wrong gradient": (
        formed(gradient=lambda q: 11 - q - q[..., :1]),
        "gradient of the continuous form is off by",
    ),
    "not supermodular": (formed(supermodular=True), "claims to be supermodular"),
    "other payoffs": (
        formed(payoffs=lambda q: 2 * Cournot().profit(q, 12.0), gradient=None),
        "for the same actions the continuous form pays",
    ),
    # torch
    "numpy only": (stepped(on_numpy), "on torch, payoffs at round 0 is a ndarray, no tensor"),
    "single precision": (stepped(single_precision), "payoffs at round 0 is torch.float32, on"),
}


@pytest.mark.parametrize("law", BROKEN)
def test_a_broken_game_is_told_its_law_and_the_remedy(law: str) -> None:
    game, problem = BROKEN[law]
    with pytest.raises(CheckFailed, match=problem) as caught:
        check(game)
    message = str(caught.value)
    assert message.startswith(f"{type(game).__name__}: {caught.value.problem}. ")
    assert message.endswith(f"To put it right: {caught.value.remedy}.")


def test_a_broken_law_is_an_error_of_coopsim_and_a_failed_assertion() -> None:
    assert issubclass(CheckFailed, CoopsimError)
    assert issubclass(CheckFailed, AssertionError)
