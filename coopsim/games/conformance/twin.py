"""The law of backends: torch in double precision plays what numpy plays."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from coopsim.arrays import Backend, to_numpy
from coopsim.games.conformance.case import Case
from coopsim.games.conformance.states import difference, leaves

_TOL = 1e-10
_ROUNDS = 16


def torch_twin(case: Case) -> None:
    """The same episodes on torch have the same states, observations and payoffs."""
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    backend = Backend("torch", "float64")
    state = case.start(backend)
    _same(case, "start", case.rounds[0].state, state)
    for turn, held in enumerate(case.rounds[:_ROUNDS]):
        # from_numpy keeps the memory order of the actions
        step = case.game.step(state, torch.from_numpy(np.array(held.actions, order="K")))
        state = step.state
        where = f"round {turn}"
        _same(case, where, held.step.state, state)
        _same(case, where, {"payoffs": held.step.payoffs}, {"payoffs": step.payoffs})
        _same(case, where, {"done": held.step.done}, {"done": step.done})
        for i in {0, case.game.n - 1}:
            _same(case, where, case.game.observe(held.step.state, i), case.game.observe(state, i))
        _same(case, where, case.game.expose(held.step.state), case.game.expose(state))


def _same(case: Case, where: str, ours: Any, theirs: Any) -> None:
    """Every leaf is a tensor of the type, shape and values of numpy's."""
    import torch

    wanted = dict(leaves(ours))
    for name, leaf in leaves(theirs):
        case.need(
            isinstance(leaf, torch.Tensor),
            f"on torch, {name} at {where} is a {type(leaf).__name__}, no tensor",
            "compute with the namespace of the arrays given (coopsim.arrays.namespace)",
        )
        type_ = np.asarray(wanted.get(name, 0)).dtype
        case.need(
            to_numpy(leaf).dtype == type_,
            f"on torch, {name} at {where} is {leaf.dtype}, on numpy {type_}",
            "make arrays with the backend that start is given, and mix in no numpy constants",
        )
    other = difference(ours, theirs, _TOL)
    case.need(
        other is None,
        f"torch and numpy part at {where}: {other}",
        "compute with the namespace of the arrays given, batch axis first, and make arrays "
        "with the backend that start is given",
    )
