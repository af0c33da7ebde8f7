"""Every method of every form at the ends of the payoffs that forms take.

Whatever a method makes of such numbers, it answers or refuses: no other exception, no endless
search, and no number in an answer that is not finite.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import registry
from coopsim.errors import CoopsimError
from coopsim.games.forms.auction import SealedBidForm
from coopsim.games.forms.bargaining import BargainingForm
from coopsim.games.forms.bayesian import BayesianForm
from coopsim.games.forms.coalition import CoalitionForm
from coopsim.games.forms.commitment import StackelbergForm
from coopsim.games.forms.congestion import CongestionForm
from coopsim.games.forms.continuous import ContinuousForm
from coopsim.games.forms.convert import to_extensive
from coopsim.games.forms.distributions import uniform
from coopsim.games.forms.extensive import TreeBuilder
from coopsim.games.forms.markov import MarkovForm
from coopsim.games.forms.meanfield import CrowdForm, MeanFieldForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.onesided import RepeatedInformationForm
from coopsim.games.forms.payoffs import LARGEST, SMALLEST
from coopsim.games.forms.security import SecurityForm
from coopsim.solvers import branch
from coopsim.solvers.certificate import certify
from coopsim.solvers.solution import Solution, Status

FIRST = np.array([[3.0, -1, 0], [-2, 2, 1], [0, 1, -3]])
SECOND = np.array([[1.0, 2, -3], [0, -1, 3], [2, 0, 1]])
THREE = np.random.default_rng(1).integers(-3, 4, (3, 2, 2, 3)).astype(float)

UNITS: dict[str, tuple[float, float]] = {
    "largest": (LARGEST / 3, LARGEST / 3),
    "smallest": (SMALLEST, SMALLEST),
    "both ends": (LARGEST / 3, SMALLEST),
    "mixed": (1e16, 1e-9),
}
"""The unit of the first player and that of all others."""


def _column(units: tuple[float, float], n: int, axes: int) -> Any:
    return np.array([units[0], *[units[1]] * (n - 1)]).reshape(-1, *[1] * axes)


def _square(a: float, b: float) -> Callable[[Any], Any]:
    """A Cournot game of two in units of their own, on [0, 1]."""
    return lambda x: np.array([a, b]) * x * (2 - x - x[..., ::-1] / 2)


def _moves(stage: int, population: Any) -> Any:
    return np.full((2, 2, 2), 0.5)


FORMS: dict[str, Callable[[tuple[float, float]], Any]] = {
    "two": lambda u: NormalForm(np.stack([FIRST, SECOND]) * _column(u, 2, 2)),
    "opposed": lambda u: NormalForm(np.stack([FIRST, -FIRST]) * max(u)),
    "alike": lambda u: NormalForm(np.stack([FIRST, FIRST.T]) * max(u)),
    "three": lambda u: NormalForm(THREE * _column(u, 3, 3)),
    "tree": lambda u: to_extensive(NormalForm(np.stack([FIRST, SECOND]) * _column(u, 2, 2))),
    "opposed tree": lambda u: to_extensive(NormalForm(np.stack([FIRST, -FIRST]) * min(u))),
    "types": lambda u: BayesianForm(
        np.stack([np.stack([FIRST, -SECOND]), np.stack([SECOND, FIRST])])[:, :, None]
        * _column(u, 2, 4),
        np.array([[0.25], [0.75]]),
    ),
    "commitment": lambda u: StackelbergForm(
        np.stack([FIRST, SECOND]) * u[0], np.stack([SECOND, FIRST]) * u[1], [0.5, 0.5]
    ),
    "security": lambda u: SecurityForm(
        u[0] * np.array([1.0, 2, 1]),
        u[0] * np.array([-1.0, -3, 0]),
        u[1] * np.array([-1.0, -1, -2]),
        u[1] * np.array([1.0, 3, 2]),
        1,
    ),
    "coalition": lambda u: CoalitionForm(np.array([0, 1, 1, 3, 0, 2, 2, 5]) * max(u) / 2),
    "bargaining": lambda u: BargainingForm(
        [0, 0], np.array([[3.0, 1], [1, 2], [0, 3]]) * np.array(u)
    ),
    "frontier": lambda u: BargainingForm(
        [0, 0],
        frontier=lambda x: np.concatenate([x, 1 - x**2], axis=-1) * np.array(u),
        low=np.array([0.0]),
        high=np.array([1.0]),
    ),
    "one-sided": lambda u: RepeatedInformationForm(
        np.stack([FIRST, SECOND]) * u[1], np.array([0.5, 0.5])
    ),
    "stages": lambda u: MarkovForm(
        (np.stack([FIRST, SECOND]) * _column(u, 2, 2),), (np.ones((3, 3, 1)),), 0.5
    ),
    "opposed stages": lambda u: MarkovForm.zero_sum(
        [FIRST * u[1], SECOND * u[1]], [np.full((3, 3, 2), 0.5)] * 2, discount=0.5
    ),
    "last stage": lambda u: MarkovForm(
        (np.stack([FIRST, SECOND]) * _column(u, 2, 2),), (np.ones((3, 3, 1)),), 1.0, 2
    ),
    "traffic": lambda u: CongestionForm.parallel(
        np.array([[1.0, 2.0], [2.0, 1.0]]) * max(u) / 10, 2.0
    ),
    "box": lambda u: ContinuousForm(("A", "B"), np.zeros(2), np.ones(2), np.arange(2), _square(*u)),
    "crowd": lambda u: CrowdForm(
        lambda own, mean: u[1] * (own * (2 - own - mean)).sum(-1), np.zeros(1), np.ones(1)
    ),
    "mean field": lambda u: MeanFieldForm(
        np.array([0.5, 0.5]), lambda t, m: u[1] * (1 - m), _moves, 2, 2
    ),
    "auction": lambda u: SealedBidForm.symmetric(2, uniform(0.0, u[0]), points=33),
}

_LIMITS = {"iterations": 60, "rounds": 60, "starts": 2, "pairs": 50, "games": 60, "steps": 300}
_LONG = {"monotone-fictitious-play", "neural-pseudo-gradient", "simultaneous-dual-averaging"}


def _asked(name: str) -> dict[str, Any]:
    taken = inspect.signature(registry.lookup("solver", name).load()).parameters
    return {key: value for key, value in _LIMITS.items() if key in taken}


def _concepts(problem: str) -> str:
    """The name by which a problem is asked for."""
    for name, item in registry.registrations("concept").items():
        concept = item.load()
        if concept.problem == problem and not concept.options and name != "best constant":
            return name
    raise LookupError(problem)


def _finite(solution: Solution) -> bool:
    return all(np.isfinite(part).all() for part in (*solution.profile, solution.values))


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.slow) if k == "auction" else k for k in FORMS]
)
def test_every_method_answers_or_refuses(kind: str, units: str) -> None:
    form = FORMS[kind](UNITS[units])
    tried = 0
    for name, item in registry.registrations("solver").items():
        if item.tags["form"] != form.kind or name in _LONG:
            continue
        try:
            found = coopsim.solve(
                form, _concepts(item.tags["problem"]), name, deadline=5, **_asked(name)
            )
        except CoopsimError:
            found = None  # refused, in a sentence
        assert found is None or _finite(found), f"{name}: {found}"
        tried += 1
    assert tried


# -- what differential tests found ---------------------------------------------------------

LEVELS = NormalForm(
    np.array(
        [
            [[9999999999999996.0, 1.0000000000000002e16, 9999999999999996.0],
             [1.0000000000000006e16, 1.0000000000000004e16, 1e16]],
            [[1000000000000000.0, 1000000000000000.0, 999999999999996.0],
             [999999999999994.0, 1000000000000000.0, 1000000000000006.0]],
        ]
    )
)  # fmt: skip
"""Even whole numbers on top of 1e16 and 1e15, which floats hold exactly."""


def _grounded(form: NormalForm) -> NormalForm:
    low = form.payoffs.reshape(form.n, -1).min(axis=1)
    return NormalForm(form.payoffs - low.reshape(-1, *[1] * form.n))


@pytest.mark.parametrize(
    "concept",
    ["stackelberg", "correlated commitment", "correlated", "coarse correlated", "level-k",
     "cognitive hierarchy"],
)  # fmt: skip
def test_what_players_get_in_any_case_costs_no_digits(concept: str) -> None:
    """The same answer on top of 1e16 as from 0 upwards; commitment came 0.8 short on a range of 10.

    Values are those of the profile to the rounding of payoffs of that size.
    """
    far, near = (coopsim.solve(form, concept) for form in (LEVELS, _grounded(LEVELS)))
    assert far.proved
    assert near.proved
    for one, other in zip(far.profile, near.profile, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("concept", ["correlated", "coarse correlated"])
def test_a_gain_on_top_of_large_payoffs_is_seen(concept: str) -> None:
    """Telling both to play what pays each of them 4 less than a swap would."""
    form = NormalForm(np.array([[[0.0, 4], [4, 0]], [[0, 4], [4, 0]]]) + 1e16)
    joint = np.array([[0.75, 0.0], [0.0, 0.25]])
    proof = certify(concept, form, (joint,), {}, {"objective": None})
    assert max(proof.players) >= 2.0
    assert not proof.holds(1e-8)


def test_a_product_of_gains_that_is_largest_at_a_vertex_is_found() -> None:
    """The last system of the interior point method is singular there, to rounding."""
    form = BargainingForm([1, 1], [[5.0, 5], [1, 4], [6, 4]])
    found = coopsim.solve(form, "nash bargaining")
    assert found.proved
    np.testing.assert_allclose(found.profile[0], [1, 0, 0], atol=1e-6)


def test_logit_choices_of_a_tree_in_which_nobody_moves_are_refused() -> None:
    builder = TreeBuilder(["A", "B"])
    for child, paid in zip(builder.chance(0, [0.5, 0.5]), ([1, 2], [3, 4]), strict=True):
        builder.terminal(child, paid)
    found = coopsim.solve(builder.build(), "agent quantal response")
    assert found.status is Status.REFUSED


def test_a_walk_to_a_precision_out_of_reach_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps have a largest length: at payoffs of 1e20 the walk would take 10^13 of them."""
    monkeypatch.setattr(branch, "_FARTHEST", 100)
    tree = to_extensive(NormalForm(np.stack([FIRST, SECOND]) * 1e20))
    found = coopsim.solve(tree, "agent quantal response")
    assert found.stats["points"] <= 101
    assert not found.proved
