"""Vertex enumeration finds every extreme equilibrium, exactly, and the sets that they span."""

from __future__ import annotations

import itertools
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import coopsim
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.bimatrix import fractions_of_form, standard, standard_integers
from coopsim.solvers.check import check
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found
from coopsim.solvers.vertex import solve
from coopsim.solvers.vertices import polytope
from coopsim.solvers.vertices.match import complementary, connected, maximal_subsets

NEVER = Clock(None)

CATALOGUE = Path(__file__).parents[2] / "golden" / "catalogue"


def integers(seed: int, largest: int, top: int) -> NormalForm:
    rng = np.random.default_rng(seed)
    m, k = rng.integers(1, largest + 1, 2)
    return NormalForm(rng.integers(0, top + 1, (2, m, k)))


def exact_points(found: Found) -> set[tuple[str, ...]]:
    return {tuple(itertools.chain(*detail["exact_profile"])) for detail in found.details}


def regret(form: NormalForm, x: Any, y: Any) -> float:
    a, b = form.payoffs
    return max(float((a @ y).max() - x @ a @ y), float((x @ b).max() - x @ b @ y))


# -- counts that are known -----------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 7))
def test_coordination_has_an_equilibrium_for_each_support(size: int) -> None:
    found = solve(NormalForm([np.eye(size)] * 2), exact=True)
    supports = {tuple(np.flatnonzero(profile[0])) for profile in found.profiles}
    assert len(found.profiles) == len(supports) == 2**size - 1
    assert found.exhaustive


@pytest.mark.parametrize("name", ["6x6_game_with_75_eq", "6x6_game_with_75_eq_small_payoffs"])
def test_von_stengels_game_has_75_equilibria(name: str) -> None:
    """Von Stengel 1999; the first version has determinants of up to 55 bits."""
    form = coopsim.read(CATALOGUE / "journals/dcg/vonstengel1999" / f"{name}.nfg")
    assert isinstance(form, NormalForm)
    found = solve(form)
    assert len(found.profiles) == 75
    assert found.exhaustive
    assert "each isolated" in found.sentence
    assert all(regret(form, *profile) <= 1e-9 for profile in found.profiles)


@pytest.mark.twin
@pytest.mark.parametrize("block", range(4))
def test_degenerate_games_as_gambit(block: int, tmp_path: Path) -> None:
    """The same extreme equilibria, fraction by fraction, in games full of ties."""
    same_as_gambit(range(15 * block, 15 * block + 15), tmp_path)


@pytest.mark.slow
@pytest.mark.twin
def test_a_thousand_degenerate_games_as_gambit(tmp_path: Path) -> None:
    count = same_as_gambit(range(100, 1100), tmp_path)
    print(f"1000 degenerate games, {count} extreme equilibria, all as Gambit's")


def same_as_gambit(seeds: range, folder: Path) -> int:
    """How many equilibria were compared."""
    gambit = pytest.importorskip("pygambit")
    count = 0
    for seed in seeds:
        form = integers(seed, largest=5, top=1 + seed % 3)
        coopsim.write(form, folder / "game.nfg")
        game = gambit.read_nfg(str(folder / "game.nfg"))
        result = gambit.nash.enummixed_solve(game, rational=True)
        expected = {
            tuple(str(Fraction(str(p))) for part in profile for p in _probabilities(part))
            for profile in result.equilibria
        }
        assert exact_points(solve(form, exact=True)) == expected, seed
        count += len(expected)
    return count


def _probabilities(part: Any) -> list[Any]:
    """A mixed strategy of pygambit 17 (a mapping) or 16 (pairs)."""
    return list(part.values()) if hasattr(part, "values") else [p for _, p in part]


# -- the three arithmetics -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_short_and_long_integers_agree(seed: int) -> None:
    """Up to determinants that hardly fit 55 bits; the order of the vertices may differ."""
    rng = np.random.default_rng(seed)
    m, k = rng.integers(2, 7, 2)
    top = 10 ** int(rng.integers(0, 8))
    payoffs = fractions_of_form(NormalForm(rng.integers(0, top + 1, (2, m, k))))[0]
    matrix = standard_integers(payoffs[0])
    labels = range(m, m + k), range(m)
    short = polytope.by_integers(matrix, *labels, NEVER)
    long = polytope.by_long_integers(matrix, *labels, NEVER)
    if short is None:
        assert float(top) ** min(m, k) > 2**55  # a determinant this long is possible
        return
    assert (short.simple, short.complete, short.bases) == (long.simple, True, long.bases)
    assert _rays(short) == _rays(long)


def test_determinants_that_do_not_fit_are_noticed() -> None:
    payoffs = np.random.default_rng(0).integers(0, 2**30, (2, 8, 8))
    matrix = standard_integers(fractions_of_form(NormalForm(payoffs))[0][0])
    assert polytope.by_integers(matrix, range(8), range(8, 16), NEVER) is None
    # ... and the answer is exact all the same
    form = NormalForm(payoffs[:, :5, :5])
    assert all(regret(form, *profile) < 1e-5 for profile in solve(form).profiles)


@pytest.mark.parametrize("seed", range(6))
def test_floats_agree_with_integers(seed: int) -> None:
    form = NormalForm(np.random.default_rng(seed).integers(0, 10**6, (2, 6, 7)))
    labels = range(6, 13), range(6)
    floats = polytope.by_floats(standard(form.payoffs[0]), *labels, NEVER)
    whole = polytope.by_long_integers(
        standard_integers(fractions_of_form(form)[0][0]), *labels, NEVER
    )
    assert floats is not None
    assert set(floats.labels) == set(whole.labels)
    assert floats.simple
    assert whole.simple


def test_floats_too_close_to_tell_are_left_to_fractions() -> None:
    """A tie up to 1e-12 is none: bit by bit, one of the two actions is better."""
    payoffs = np.random.default_rng(7).random((2, 3, 3))
    best = int(payoffs[0, :, 0].argmax())
    payoffs[0, (best + 1) % 3, 0] = payoffs[0, best, 0] + 1e-12
    form = NormalForm(payoffs)
    labels = range(3, 6), range(3)
    assert polytope.by_floats(standard(form.payoffs[0]), *labels, NEVER) is None
    found = solve(form)
    assert found.exhaustive
    assert len(found.profiles) % 2 == 1


def test_more_than_62_actions() -> None:
    form = NormalForm(np.random.default_rng(0).integers(0, 100, (2, 2, 70)))
    found = solve(form)
    assert found.exhaustive
    assert found.profiles
    assert all(regret(form, *profile) < 1e-9 for profile in found.profiles)


def _rays(vertices: polytope.Vertices) -> dict[int, tuple[Fraction, ...]]:
    return {
        mask: tuple(Fraction(int(w), int(sum(row))) for w in row)
        for mask, row in zip(vertices.labels, vertices.weights, strict=True)
    }


# -- pairs and components ------------------------------------------------------------------


@pytest.mark.parametrize("labels", [8, 70])
def test_pairs_by_looking_at_each(labels: int) -> None:
    """For masks of any number of bits, in one word or in more."""
    rng = np.random.default_rng(3)
    everything = (1 << labels) - 1
    drawn = [int(mask) | 1 << (labels - 1) for mask in rng.integers(1, 128, 40)]
    first = list(dict.fromkeys(drawn))
    second = list(dict.fromkeys(everything & ~mask | int(rng.integers(0, 4)) for mask in drawn))
    expected = [
        (x, y)
        for x, y in itertools.product(range(len(first)), range(len(second)))
        if first[x] | second[y] == everything
    ]
    pairs, looked = complementary(first, second, everything, NEVER)
    assert looked
    assert pairs == expected
    assert len(pairs) > len(first)


@pytest.mark.parametrize("seed", range(10))
def test_subsets_are_the_maximal_cliques(seed: int) -> None:
    """With both sides made complete, networkx finds the same sets."""
    rng = np.random.default_rng(seed)
    edges = [(int(x), int(y)) for x, y in np.argwhere(rng.random((7, 6)) < 0.4)]
    graph = networkx.Graph([(("x", x), ("y", y)) for x, y in edges])
    parts = list(networkx.connected_components(graph))
    numbers = connected(edges)
    assert len(set(numbers)) == len(parts)
    for (x, y), number in zip(edges, numbers, strict=True):
        part = next(part for part in parts if ("x", x) in part)
        assert all(
            (numbers[place] == number) == (("x", other) in part)
            for place, (other, _) in enumerate(edges)
        )
        assert ("y", y) in part
    for side in "xy":
        graph.add_edges_from(itertools.combinations([n for n in graph if n[0] == side], 2))
    cliques = [set(c) for c in networkx.find_cliques(graph) if {n[0] for n in c} == {"x", "y"}]
    subsets = maximal_subsets(edges, NEVER, 1000)
    assert subsets is not None
    members: dict[int, set[tuple[str, int]]] = {}
    for (x, y), own in zip(edges, subsets, strict=True):
        assert len(own) == sum(("x", x) in c and ("y", y) in c for c in cliques)
        for number in own:
            members.setdefault(number, set()).update({("x", x), ("y", y)})
    assert sorted(map(sorted, members.values())) == sorted(map(sorted, cliques))


@pytest.mark.parametrize("seed", range(15))
def test_mixtures_within_a_component_are_equilibria(seed: int) -> None:
    """Any mixture of its first strategies with any mixture of its second ones."""
    form = integers(seed, largest=5, top=1)
    found = solve(form)
    rng = np.random.default_rng(seed)
    members: dict[int, list[int]] = {}
    for place, detail in enumerate(found.details):
        for number in detail["components"]:
            members.setdefault(number, []).append(place)
    for places in members.values():
        x, y = (
            rng.dirichlet(np.ones(len(places))) @ [found.profiles[place][side] for place in places]
            for side in (0, 1)
        )
        assert regret(form, x, y) < 1e-12
    for places in members.values():
        assert len({found.details[place]["connected"] for place in places}) == 1


def test_a_continuum_is_named() -> None:
    """The second player does not mind: one component, all of it equilibria."""
    form = NormalForm([[[1, 1], [0, 0]], [[2, 2], [0, 0]]])
    found = solve(form)
    assert len(found.profiles) == 2
    assert [detail["components"] for detail in found.details] == [[0], [0]]
    assert "in 1 components: within one, all mixtures" in found.sentence
    assert coopsim.solve(form, "nash", all=True).sentence == found.sentence


def test_a_ring_of_equilibria_is_not_isolated() -> None:
    """As many components as equilibria does not make them points."""
    found = solve(NormalForm([np.eye(3) - 1] * 2))
    isolated = len({detail["connected"] for detail in found.details}) == len(found.profiles)
    assert ("isolated" in found.sentence) == isolated
    # (a, b) with a != b are 0, their ties span mixtures
    rock = NormalForm([1 - np.eye(3)] * 2)
    ring = solve(rock)
    assert "isolated" not in ring.sentence
    assert len({detail["connected"] for detail in ring.details}) < len(ring.profiles)


# -- laws ----------------------------------------------------------------------------------

small = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.int64, (2, *shape), elements=st.integers(-2, 2))
)


@settings(max_examples=30, deadline=None)
@given(small, st.integers(1, 50), st.integers(-99, 99), st.integers(1, 7), st.integers(-9, 9))
def test_other_units_change_nothing(
    payoffs: Any, scale: int, shift: int, other_scale: int, other_shift: int
) -> None:
    moved = np.stack([scale * payoffs[0] + shift, other_scale * payoffs[1] + other_shift])
    expected = exact_points(solve(NormalForm(payoffs), exact=True))
    assert exact_points(solve(NormalForm(moved), exact=True)) == expected


@settings(max_examples=30, deadline=None)
@given(small, st.randoms(use_true_random=False))
def test_the_order_of_actions_and_players_changes_nothing(payoffs: Any, random: Any) -> None:
    m, k = payoffs.shape[1:]
    rows, columns = list(range(m)), list(range(k))
    random.shuffle(rows)
    random.shuffle(columns)
    moved = payoffs[:, rows][:, :, columns][::-1].transpose(0, 2, 1)
    expected = {
        (*(y[c] for c in columns), *(x[r] for r in rows))
        for point in exact_points(solve(NormalForm(payoffs), exact=True))
        for x, y in [(point[:m], point[m:])]
    }
    assert exact_points(solve(NormalForm(moved), exact=True)) == expected


@settings(max_examples=30, deadline=None)
@given(small, st.integers(1, 5))
def test_a_dominated_action_changes_nothing(payoffs: Any, worse: int) -> None:
    """An action that pays less than another whatever happens is never played."""
    m = payoffs.shape[1]
    extra = payoffs[:, :1] - np.array([worse, 0])[:, None, None]
    larger = np.concatenate([payoffs, extra], axis=1)
    before = exact_points(solve(NormalForm(payoffs), exact=True))
    after = exact_points(solve(NormalForm(larger), exact=True))
    assert after == {(*point[:m], "0", *point[m:]) for point in before}


@settings(max_examples=30, deadline=None)
@given(small)
def test_pure_equilibria_are_extreme(payoffs: Any) -> None:
    form = NormalForm(payoffs)
    pure = coopsim.solve(form, "nash", method="pure-enumeration", all=True)
    found = [np.concatenate(profile).tolist() for profile in solve(form).profiles]
    assert all(np.concatenate(item.profile).tolist() in found for item in pure)


# -- limits --------------------------------------------------------------------------------


def test_deadline_hands_back_what_was_found() -> None:
    form = NormalForm(np.random.default_rng(0).random((2, 15, 15)))
    solve(NormalForm(np.random.default_rng(0).random((2, 3, 3))))  # compiled before the clock runs
    began = time.monotonic()
    found = solve(form, deadline=0.3)
    assert time.monotonic() - began < 3
    assert not found.finished
    assert not found.exhaustive
    assert all(regret(form, *profile) < 1e-9 for profile in found.profiles)
    nothing = solve(form, deadline=0.0)
    assert nothing.profiles == ()
    assert not nothing.finished
    assert solve(NormalForm(np.eye(9)[None].repeat(2, 0)), exact=True, deadline=0.0).profiles == ()


def test_a_limit_on_equilibria() -> None:
    found = solve(NormalForm([np.eye(4)] * 2), max_equilibria=5)
    assert len(found.profiles) == len(found.details) == 5
    assert not found.finished
    assert "15 extreme equilibria (the first 5 are given)" in found.sentence
    with pytest.raises(UserError):
        solve(NormalForm([np.eye(4)] * 2), max_equilibria=0)


def test_refusal_where_the_bound_is_too_large_for_a_float() -> None:
    with pytest.raises(NoSuchForm, match=r"can have over 1e.300 "):
        solve(NormalForm(np.zeros((2, 1000, 1000))))


def test_refusals() -> None:
    with pytest.raises(NoSuchForm, match=r"25 x 25 game can have 3.7e.09 .* lemke-howson"):
        solve(NormalForm(np.zeros((2, 25, 25))))
    with pytest.raises(NoSuchForm, match="two players"):
        solve(NormalForm(np.zeros((3, 2, 2, 2))))


def test_auto_takes_it_for_all_equilibria() -> None:
    solutions = coopsim.solve(NormalForm([np.eye(3)] * 2), "nash", all=True)
    assert len(solutions) == 7
    assert solutions.complete
    assert {item.method for item in solutions} == {"vertex-enumeration"}


def test_conformance() -> None:
    check("vertex-enumeration")


@pytest.mark.parametrize("method", ["vertex-enumeration", "small-bimatrix"])
@pytest.mark.parametrize("unit", [1.0, 1 / 7, 1e-70])
def test_a_tie_at_the_last_bases_is_seen(method: str, unit: float) -> None:
    """The second player is indifferent where the first plays "down": a segment of equilibria.

    In binary fractions the walk in floats meets the tie at its last level only.
    """
    payoffs = np.array([[1.0, -9.0, 0.0], [3.0, 3.0, 12.0]])
    form = NormalForm([payoffs * (unit / 30), payoffs * (-unit / 3)])
    found = coopsim.solve(form, "nash", method, all=True)
    assert found.complete
    assert {tuple(item.profile[1]) for item in found} == {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)}
