"""Laws of play: shapes, purity, batching, seeds, ends."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from coopsim.games.conformance.case import Case, random_actions
from coopsim.games.conformance.states import copied, difference, episode, leaves

_TOL = 1e-12
_LONGEST = 10_000  # rounds: longer games are not played to their end here


def states_are_arrays(case: Case) -> None:
    """A state is a frozen dataclass of arrays with a leading batch axis."""
    state = case.start()
    params = getattr(type(state), "__dataclass_params__", None)
    case.need(
        params is not None and params.frozen,
        f"a state is a {type(state).__name__}, no frozen dataclass",
        "decorate the state's class with @dataclass(frozen=True)",
    )
    _check_leaves(case, state, "start")
    size = case.game.batch(state)
    case.need(
        size == case.episodes,
        f"batch(state) is {size} for {case.episodes} episodes",
        "return the length of the batch axis",
    )
    later = case.rounds[0].step.state
    case.need(
        type(later) is type(state),
        f"step gives a {type(later).__name__} and start a {type(state).__name__}",
        "use one class for all states",
    )
    _check_leaves(case, later, "step")


def shapes(case: Case) -> None:
    """Payoffs are `[B, n]` and done is `[B]` and boolean."""
    b, n = case.episodes, case.game.n
    for turn, held in enumerate(case.rounds):
        payoffs, done = np.asarray(held.step.payoffs), np.asarray(held.step.done)
        case.need(
            payoffs.shape == (b, n) and payoffs.dtype.kind == "f",
            f"payoffs of round {turn} are {_described(payoffs)}, not floats of shape [{b}, {n}]",
            "return one number an episode and player, batch first",
        )
        case.need(
            done.shape == (b,) and done.dtype == bool,
            f"done of round {turn} is {_described(done)}, not booleans of shape [{b}]",
            "return one boolean an episode",
        )


def pure(case: Case) -> None:
    """A step changes neither the state nor the actions it is given, and repeats itself."""
    for turn, held in enumerate(case.rounds):
        state, actions = copied(held.state), held.actions.copy()
        again = case.game.step(held.state, held.actions)
        changed = difference(state, held.state)
        case.need(
            changed is None,
            f"step changes the state it is given in round {turn}: {changed}",
            "make new arrays: write state.x + 1, never state.x += 1 or state.x[...] = 1",
        )
        case.need(
            np.array_equal(actions, held.actions),
            f"step changes the actions it is given in round {turn}",
            "make new arrays: write np.clip(actions, low, high), never with out=actions",
        )
        other = _step_difference(held.step, again)
        case.need(
            other is None,
            f"the same step taken twice differs in round {turn}: {other}",
            "let a step depend on state and actions alone; keep what is random in the state",
        )


def any_layout(case: Case) -> None:
    """The order of actions in memory does not matter."""
    held = case.rounds[0]
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(held.actions, 0, -1)), -1, 0)
    for actions in (np.ascontiguousarray(held.actions), batch_last):
        other = _step_difference(held.step, case.game.step(held.state, actions), _TOL)
        case.need(
            other is None,
            f"the order of the actions in memory matters: {other}",
            "use no view of the raw memory (reshape with order, ravel('K'), strides)",
        )


def batched(case: Case) -> None:
    """Episodes played together go as each goes alone."""
    for turn, held in enumerate(case.rounds):
        for b in range(case.episodes):
            alone = case.game.step(episode(held.state, b), held.actions[b : b + 1])
            other = _step_difference(_cut(held.step, b), alone, _TOL)
            case.need(
                other is None,
                f"episode {b} played alone differs from the same one in a batch of "
                f"{case.episodes} in round {turn}: {other}",
                "let nothing be summed, averaged or indexed across the batch axis",
            )


def seeded(case: Case) -> None:
    """The first states follow from the seed alone, and from nothing where there is no chance."""
    other = difference(case.start(), case.start())
    case.need(
        other is None,
        f"one seed gives two different starts: {other}",
        "draw from the generator that start is given and from no other",
    )
    if not case.game.card.chance:
        other = difference(case.start(), case.game.start(case.episodes, case.rng("another")))
        case.need(
            other is None,
            f"the card says that nothing is random, and the start depends on the seed: {other}",
            "set card.chance to True",
        )


def ends(case: Case) -> None:
    """Every episode ends by `rounds`, and payoffs stay finite beyond the end of some."""
    game, rng, state = case.game, case.rng("ends"), case.start()
    if game.rounds > _LONGEST:
        return
    open_ = np.ones(case.episodes, dtype=bool)
    for turn in range(game.rounds):
        step = game.step(state, random_actions(game, state, rng))
        finite = np.isfinite(step.payoffs)
        where = "" if finite.all() else game.labels[int(np.argwhere(~finite)[0][1])]
        case.need(
            finite.all(),
            f"a payoff of {where} is not finite in round {turn}",
            "guard logarithms, roots and divisions at the bounds of actions; episodes that are "
            "over are stepped on until the whole batch is",
        )
        open_ &= ~np.asarray(step.done)
        if not open_.any():
            return
        state = step.state
    case.need(
        False,
        f"{open_.sum()} of {case.episodes} episodes go on after {game.rounds} rounds",
        "return done where the last round has been played, or raise `rounds`",
    )


def payoffs_as_claimed(case: Case) -> None:
    """Payoffs sum to zero, or are common, where the card says so."""
    claim = case.game.card.payoffs
    for turn, held in enumerate(case.rounds):
        paid = np.asarray(held.step.payoffs)
        scale = 1e-9 * max(1.0, float(np.abs(paid).max()))
        holds = {
            "general-sum": True,
            "zero-sum": np.abs(paid.sum(1)).max() <= scale,
            "common": np.ptp(paid, axis=1).max() <= scale,
        }[claim]
        case.need(
            holds,
            f"the card says {claim} payoffs, and round {turn} pays {paid[0].tolist()}",
            "change card.payoffs or the payoffs",
        )


def _check_leaves(case: Case, state: Any, when: str) -> None:
    for name, leaf in leaves(state):
        case.need(
            isinstance(leaf, np.ndarray) and leaf.shape[:1] == (case.episodes,),
            f"{name} of the state that {when} gives is {_described(leaf)}, "
            f"for {case.episodes} episodes",
            "keep only arrays in a state, the batch axis first",
        )


def _step_difference(one: Any, other: Any, tol: float = 0.0) -> str | None:
    return difference(_plain(one), _plain(other), tol)


def _plain(step: Any) -> dict[str, Any]:
    return {"payoffs": step.payoffs, "done": step.done, "state": step.state}


def _cut(step: Any, b: int) -> Any:
    return dataclasses.replace(step, **episode(_plain(step), b))


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {list(value.shape)}"
    return f"a {type(value).__name__}"
