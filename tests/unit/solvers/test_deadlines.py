"""Deadlines stop every method and every certificate, whatever the machine, and choose nothing.

Time is counted in looks at the clock here: each look is a tick, so that a deadline of k ticks
ends a computation at its k-th look on any machine.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from coopsim import clock
from coopsim.clock import Clock, OutOfTime
from coopsim.solvers.certificate import check_profile
from coopsim.solvers.check import _concept
from coopsim.solvers.conformance.families import trials
from coopsim.solvers.conformance.trial import Trial
from coopsim.solvers.method_table import METHODS
from coopsim.solvers.select import solve
from coopsim.solvers.solution import Solution, Status

LONG = ("bid-shooting", "neural-pseudo-gradient", "external-sampling-cfr", "symmetric-bid")
"""Methods whose smallest trial takes seconds."""
ROWS = [
    pytest.param(
        *(row[0], row[1], kind), id=row[0], marks=[pytest.mark.slow] if row[0] in LONG else []
    )
    for kind, rows in METHODS.items()
    for row in rows
]
"""Every method: its name, the problem, the kind of form."""

TICK = 0.125  # seconds a look
AFTER = 60
"""Looks that an answer may take once all its time is over: those of loops that are going on."""
GRACE = 1.0
"""Seconds that certificates have beyond the deadline, and a tenth of it more."""
ONE_PASS = (
    *("banzhaf / coalition", "shapley / coalition", "core / coalition", "least core / coalition"),
    *("nash / normal", "nash / extensive", "nash / bayesian", "optimum / normal"),
    *("correlated / normal", "coarse correlated / normal", "correlated commitment / normal"),
    *("quantal response / normal", "nash bargaining / bargaining"),
)
"""Certificates that take one pass over a small game; all others look at the clock."""
OPTIONS = {
    "neural-pseudo-gradient": {"rounds": 3, "batch": 64, "population": 2},
    "simultaneous-dual-averaging": {"rounds": 5, "types": 8, "bids": 12},
    "monotone-fictitious-play": {"rounds": 5, "types": 8, "bids": 12},
    "outcome-sampling-cfr": {"iterations": 300},
    "external-sampling-cfr": {"iterations": 300},
    "slsqp": {"starts": 1},
    "markov-coarse-iteration": {"rounds": 30},
    "implicit-leader": {"starts": 1},
    "cfr": {"iterations": 200},
    "regularised-nash-dynamics": {"iterations": 200},
    "magnetic-mirror-descent": {"iterations": 200},
}
"""What keeps methods without an end of their own short."""


class Ticks:
    """A `time` whose clock moves by `TICK` at every look."""

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks * TICK


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    made = Ticks()
    monkeypatch.setattr(clock, "time", made)
    return made


@functools.cache
def trial_of(problem: str, kind: str, method: str) -> Trial:
    """The first trial that a method does not refuse."""
    for each in trials(problem, kind, 1, 8):
        if solved(method, problem, each, None).status is not Status.REFUSED:
            return each
    raise AssertionError(f"{method} refuses every trial")


def solved(method: str, problem: str, trial: Trial, deadline: float | None) -> Solution:
    asked = {**trial.options, **OPTIONS.get(method, {})}
    return solve(trial.form, _concept(problem).name, method, deadline=deadline, **asked)


@functools.cache
def unhurried(method: str, problem: str, kind: str) -> Solution:
    return solved(method, problem, trial_of(problem, kind, method), None)


@pytest.mark.parametrize(("method", "problem", "kind"), ROWS)
def test_a_deadline_ends_every_method_at_any_look(
    method: str, problem: str, kind: str, ticks: Ticks
) -> None:
    trial = trial_of(problem, kind, method)
    for count in (0, 1, 3, 8, 25):
        ticks.looks = 0
        deadline = count * TICK
        answer = solved(method, problem, trial, deadline)
        until = (deadline + GRACE + 0.1 * deadline) / TICK
        late = ticks.looks - until
        assert late <= AFTER, f"{late:.0f} looks after all time was over, at a deadline of {count}"
        assert answer.status is not Status.REFUSED
        assert answer.sentence
        if answer.proved:  # in time: then it is what it would have been
            assert answer.certificate is not None
        if answer.status is Status.INFEASIBLE:
            assert unhurried(method, problem, kind).status is Status.INFEASIBLE


@pytest.mark.parametrize(("method", "problem", "kind"), ROWS)
def test_a_deadline_that_is_kept_changes_nothing(
    method: str, problem: str, kind: str, ticks: Ticks
) -> None:
    free = unhurried(method, problem, kind)
    held = solved(method, problem, trial_of(problem, kind, method), 1e12)
    assert held.status is free.status
    assert [part.tolist() for part in held.profile] == [part.tolist() for part in free.profile]
    assert held.certificate == free.certificate


@pytest.mark.parametrize(("method", "problem", "kind"), ROWS)
def test_a_certificate_is_whole_or_none(method: str, problem: str, kind: str, ticks: Ticks) -> None:
    answer, trial = unhurried(method, problem, kind), trial_of(problem, kind, method)
    if not answer.profile:
        pytest.skip("nothing was found to certify")
    concept = _concept(problem)
    asked = {key: answer.options.get(key, given) for key, given in concept.parameters.items()}
    stopped = 0
    for count in (0, 1, 3, 10):
        ticks.looks = 0
        try:
            proof, values = check_profile(
                problem, trial.form, answer.profile, answer.details, asked, Clock(count * TICK)
            )
        except OutOfTime:
            stopped += 1
            continue
        assert proof == answer.certificate
        assert values.tolist() == answer.values.tolist()
    assert stopped or f"{problem} / {kind}" in ONE_PASS


def test_an_answer_whose_check_was_cut_short_says_so_and_is_not_proved(ticks: Ticks) -> None:
    from coopsim.games.catalogue import make_game

    game = make_game("commons/public-goods", players=30)
    answer = solve(game, "nash", "best-response-newton", deadline=40 * TICK)
    assert answer.status is Status.BUDGET
    assert answer.sentence == "not proved: the deadline ended the check of the profile"
    assert answer.certificate is None
    assert len(answer.profile) == 30
    assert answer.values.shape == (30,)
    plain = answer.as_dict()
    assert Solution.from_dict(plain).as_dict() == plain


def test_what_is_left_unchecked_is_not_said_to_be_complete(ticks: Ticks) -> None:
    from coopsim.games.forms.normal import NormalForm

    form = NormalForm([np.eye(9), np.eye(9)])
    found = solve(form, "nash", "pure-enumeration", deadline=0.0, all=True)
    assert len(found) < 9
    assert not found.complete
    assert "unchecked" in found.sentence
    assert solve(form, "nash", "pure-enumeration", all=True).sentence.count("unchecked") == 0


def test_a_form_is_built_within_the_deadline(ticks: Ticks) -> None:
    from coopsim.games.catalogue import make_game

    game = make_game("commons/public-goods", players=3)
    answer = solve(game, "nash", "pure-enumeration", deadline=3 * TICK, points=30)
    assert answer.status is Status.BUDGET
    assert "while the game's form was built" in answer.sentence
    assert not answer.profile


def test_the_clock_stands_still_while_it_does_not_count(ticks: Ticks) -> None:
    held = Clock(10 * TICK)
    with clock.uncounted():
        for _ in range(100):
            ticks.monotonic()
        with clock.uncounted():
            ticks.monotonic()
    assert not held.over
    for _ in range(10):
        ticks.monotonic()
    assert held.over
    assert held.left == 0.0
    assert not held.later(100 * TICK).over
    with pytest.raises(OutOfTime):
        held.look()


def test_compiling_does_not_count() -> None:
    from numba import njit

    import coopsim.solvers.kernels  # noqa: F401

    before = clock._pauses.total
    assert njit(lambda x: x + 1)(1) == 2
    assert clock._pauses.total > before


def test_a_look_without_a_clock_is_no_stop(ticks: Ticks) -> None:
    clock.look()
    with clock.keeping(Clock(0.0)):
        with pytest.raises(OutOfTime):
            clock.look()
        with clock.keeping(Clock(None)):
            clock.look()
    clock.look()
    assert clock.kept().left is None


def test_a_watched_form_pays_the_same_in_pieces_and_stops() -> None:
    from coopsim.games.catalogue import make_game
    from coopsim.games.forms import continuous

    form = make_game("coopetition/samsung-sony").form("continuous")
    points = form.low + np.random.default_rng(0).random((3, 41, form.m)) * (form.high - form.low)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(continuous, "_PIECE", 7 * form.m)
        pieces = form.watched(Clock(None)).payoffs(points)
    assert pieces.shape == (3, 41, form.n)
    np.testing.assert_allclose(pieces, form.payoffs(points), rtol=1e-14)
    with pytest.raises(OutOfTime):
        form.watched(Clock(0.0)).payoffs(points)


@pytest.mark.parametrize("seed", range(3))
def test_systems_solved_in_panels(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from coopsim.solvers import dense

    rng = np.random.default_rng(seed)
    matrix, right = rng.standard_normal((67, 67)), rng.standard_normal((67, 3))
    expected = np.linalg.solve(matrix, right), np.linalg.slogdet(matrix)[0]
    assert dense.solved(matrix, right).tolist() == expected[0].tolist()
    monkeypatch.setattr(dense, "AT_ONCE", 10)
    monkeypatch.setattr(dense, "_PANEL", 16)
    np.testing.assert_allclose(dense.solved(matrix, right), expected[0], rtol=1e-9)
    assert dense.sign(matrix) == expected[1]
    singular = np.ones((67, 67))
    assert dense.sign(singular) == 0.0
    with pytest.raises(np.linalg.LinAlgError):
        dense.solved(singular, right)
    wide = rng.standard_normal((40, 67))
    found = dense.shortest(wide, right[:40, 0], 1e-13)
    exact = np.linalg.lstsq(wide, right[:40, 0], rcond=None)[0]
    np.testing.assert_allclose(found, exact, atol=1e-8)
    with clock.keeping(Clock(0.0)):
        for stopped in (dense.solved, lambda *both: dense.shortest(*both, 1e-12)):
            with pytest.raises(OutOfTime):
                stopped(matrix, right[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "concept", "game"),
    [
        ("sequence-milp", "stackelberg", "leduc"),
        ("correlated-lp", "correlated", "60x60x30"),
        ("coarse-lp", "coarse correlated", "60x60x30"),
        ("multiple-lp", "stackelberg", "300x300"),
        ("logit-homotopy", "nash", "600x600"),
        ("simplicial-subdivision", "nash", "600x600"),
        (None, "nash", "public goods"),
    ],
)
def test_large_games_keep_to_two_seconds(method: str | None, concept: str, game: str) -> None:
    """In processor time, so that a busy machine cannot fail it: 1.5 s and 20 % beyond."""
    import time

    import coopsim
    from coopsim.games.forms.normal import NormalForm

    if game == "leduc":
        pytest.importorskip("pyspiel")
        form = coopsim.from_openspiel("leduc_poker")
    elif game == "public goods":
        form = coopsim.make_game("commons/public-goods", players=1000)
    else:
        shape = tuple(map(int, game.split("x")))
        rng = np.random.default_rng(0)
        form = NormalForm(rng.standard_normal((len(shape), *shape)))
    deadline = 2.0
    began = time.process_time()
    answer = solve(form, concept, method, deadline=deadline)
    assert time.process_time() - began <= deadline + 1.5 + 0.2 * deadline
    assert math.isfinite(answer.stats.get("seconds", 0.0))
    if not answer.proved:
        assert answer.status is Status.BUDGET


def test_exploitability_is_whole_or_an_error(ticks: Ticks) -> None:
    from coopsim.errors import CoopsimError
    from coopsim.games.catalogue import make_game
    from coopsim.solvers.exploitability import exploitability

    game = make_game("commons/public-goods", players=5)
    profile = [[20.0]] * 5
    # all give: who gives nothing keeps 20 and gives up 20 * 1.6 / 5
    assert exploitability(game, profile) == pytest.approx(20 - 20 * 1.6 / 5)
    assert exploitability(game, profile, deadline=1e9) == exploitability(game, profile)
    with pytest.raises(CoopsimError, match="before every deviation"):
        exploitability(game, profile, deadline=3 * TICK)


def test_supports_beyond_all_numbers_are_refused() -> None:
    from coopsim.games.forms.normal import NormalForm

    form = NormalForm(np.zeros((2, 1100, 1100)))
    answer = solve(form, "nash", "support-polynomials")
    assert answer.status is Status.REFUSED
    assert "supports" in answer.sentence
