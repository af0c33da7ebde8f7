"""Counterfactual regret minimisation: its variants, its kernels and its torch twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim import ExtensiveForm, TreeBuilder
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.tree import passes
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.solvers import cfr, cfr_state, sequence_form
from coopsim.solvers.check import check
from coopsim.solvers.kernels import flat
from coopsim.solvers.kernels.response import gains
from coopsim.solvers.tree_variants import solve_tree_variants

ROOT = Path(__file__).parents[3]
KUHN = ROOT / "games/classic/kuhn.efg"
BY_NAME = {
    "cfr": cfr.solve_cfr,
    "cfr-plus": cfr.solve_cfr_plus,
    "linear-cfr": cfr.solve_linear,
    "discounted-cfr": cfr.solve_discounted,
    "predictive-cfr-plus": cfr.solve_predictive,
}


def by_hand(form: ExtensiveForm, method: str, iterations: int) -> list[np.ndarray]:
    """The same algorithm over `passes`, one information set at a time: the definition."""
    rule = cfr_state.VARIANTS[method]
    strategy = [part.copy() for part in form.uniform()]
    regret = [np.zeros_like(part) for part in strategy]
    total = [np.zeros(own.size) for own in form.sequences]
    for t in range(1, iterations + 1):
        up = 1 / (1 + t**-rule.alpha) if np.isfinite(rule.alpha) else 1
        down = 1 / (1 + t**-rule.beta) if np.isfinite(rule.beta) else 1
        for i, own in enumerate(form.sequences):
            worth = passes.sequence_values(form.tree, form.payoffs, strategy, i)
            total[i] += t**rule.gamma * passes.realise(own, strategy[i])
            for k in reversed(range(len(own.first))):
                here = slice(own.first[k] - 1, own.first[k] - 1 + own.actions[k])
                below = worth[1:][here]
                mean = strategy[i][here] @ below
                worth[own.parent[k]] += mean
                held = regret[i][here] + below - mean
                if rule.mode == "discounted":
                    held = np.where(held > 0, held * up, held * down)
                else:
                    held = np.maximum(held, 0)
                regret[i][here] = held
                if rule.mode == "predictive":
                    held = held + below - mean
                share = np.maximum(held, 0)
                even = np.full(len(share), 1 / len(share))
                strategy[i][here] = share / share.sum() if share.sum() > 0 else even
    return [passes.behave(own, total[i]) for i, own in enumerate(form.sequences)]


def noisy(form: ExtensiveForm, seed: int = 0) -> ExtensiveForm:
    """Payoffs without ties: where two actions are equally good, rounding picks one of them."""
    extra = np.random.default_rng(seed).normal(0, 0.1, len(form.payoffs))
    sign = np.resize([1.0, -1.0], form.n)
    return form.with_payoffs(form.payoffs + extra[:, None] * sign)


@pytest.mark.parametrize("method", BY_NAME)
@pytest.mark.parametrize("players", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_kernels_do_what_the_definition_says(method: str, players: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = noisy(random_tree(rng, players=players, depth=6))
    ours = cfr_state.average(form, method, 10)
    for part, wanted in zip(ours, by_hand(form, method, 10), strict=True):
        assert np.allclose(part, wanted, atol=1e-9)


@pytest.mark.parametrize("method", BY_NAME)
def test_averages_come_to_the_value_of_kuhn_poker(method: str) -> None:
    """Gains from deviating bound the distance of the value, and both become small."""
    form = coopsim.read(KUHN)
    found = BY_NAME[method](form, tol=0.0, iterations=3000)
    gain = passes.regrets(form.tree, form.payoffs, found.profiles[0]).max()
    assert gain < {"cfr": 0.02, "linear-cfr": 0.005}.get(method, 1e-3)
    assert abs(form.expected(found.profiles[0])[0] + 1 / 18) <= gain + 1e-12
    assert not found.finished
    assert found.stats["iterations"] == 3000


@pytest.mark.parametrize("seed", range(20))
def test_values_agree_with_the_linear_programme(seed: int) -> None:
    form = random_tree(np.random.default_rng(seed), depth=6, zero_sum=True)
    exact = form.expected(sequence_form.solve(form).profiles[0])[0]
    found = cfr.solve_discounted(form, tol=1e-3, iterations=20_000)
    assert found.finished
    assert form.expected(found.profiles[0])[0] == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_compiled_gains_are_those_of_the_passes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    form = random_tree(rng, depth=7)
    profile = tuple(rng.random(part.shape) for part in form.uniform())
    totals = [
        np.repeat(np.add.reduceat(part, own.first - 1), own.actions)
        for part, own in zip(profile, form.sequences, strict=True)
    ]
    profile = tuple(part / total for part, total in zip(profile, totals, strict=True))
    one, two = flat.two_sides(form)
    plans = []
    for side, own, part in zip((one, two), form.sequences, profile, strict=True):
        plan = np.empty(own.size)
        plan[side.blocks.place] = passes.realise(own, part)
        plans.append(plan)
    ours = gains(one.arrays, two.arrays, *plans)
    assert np.allclose(ours, passes.regrets(form.tree, form.payoffs, profile), atol=1e-12)


def test_the_tolerance_ends_the_search() -> None:
    form = coopsim.read(KUHN)
    solution = coopsim.solve(form, "nash", method="cfr-plus", tol=1e-3)
    assert str(solution.status) == "converged"
    assert solution.stats["iterations"] < 1000


def test_an_open_answer_says_so() -> None:
    solution = coopsim.solve(coopsim.read(KUHN), "nash", method="cfr-plus", iterations=10)
    assert str(solution.status) == "budget"
    assert solution.certificate is not None
    assert 1e-8 < solution.certificate.residual < 0.1


def test_no_time_is_one_iteration() -> None:
    found = cfr.solve_cfr_plus(coopsim.read(KUHN), deadline=0.0)
    assert (found.finished, found.stats["iterations"]) == (False, 1)


def test_three_players_are_certified_whatever_comes() -> None:
    """Nothing is promised for three players; the certificate is that of the profile."""
    form = random_tree(np.random.default_rng(4), players=3, depth=6)
    solution = coopsim.solve(form, "nash", method="cfr-plus", tol=1e-2, iterations=2000)
    gain = passes.regrets(form.tree, form.payoffs, solution.profile).max()
    assert solution.certificate is not None
    assert solution.certificate.residual == pytest.approx(max(gain, 0), abs=1e-12)
    assert solution.proved == (gain <= 1e-2)


def test_exponents_of_discounting() -> None:
    """With no discount and even weights it is plain CFR; with 1, 1, 1 it is linear CFR."""
    form = coopsim.read(KUHN)
    inf = float("inf")
    for powers, method in (((inf, inf, 0.0), "cfr"), ((1.0, 1.0, 1.0), "linear-cfr")):
        names = dict(zip(("alpha", "beta", "gamma"), powers, strict=True))
        ours = cfr.solve_discounted(form, iterations=40, **names)
        same = BY_NAME[method](form, iterations=40)
        for a, b in zip(ours.profiles[0], same.profiles[0], strict=True):
            assert np.array_equal(a, b)
    with pytest.raises(UserError, match="gamma"):
        cfr.solve_discounted(form, gamma=-1.0)
    with pytest.raises(UserError, match="alpha"):
        cfr.solve_discounted(form, alpha=float("nan"))


@pytest.mark.parametrize("method", BY_NAME)
def test_imperfect_recall_and_variants_are_refused(method: str) -> None:
    tree = TreeBuilder(["one", "two"])
    for node in tree.decision(tree.root, 0, ["l", "r"], infoset="first"):
        for end in tree.decision(node, 0, ["l", "r"], infoset="second"):
            tree.terminal(end, [1, -1])
    with pytest.raises(NoSuchForm, match="does not remember whether the last own move was"):
        BY_NAME[method](tree.build())
    kuhn = coopsim.read(KUHN)
    with pytest.raises(NoSuchForm, match="2 variants"):
        BY_NAME[method](kuhn.with_payoffs(np.stack([kuhn.payoffs] * 2)))


@pytest.mark.parametrize("moves", [0, 1])
def test_trees_where_hardly_anybody_moves(moves: int) -> None:
    tree = TreeBuilder(["one", "two"])
    ends = tree.decision(tree.root, 1, ["a", "b"]) if moves else [tree.root]
    for k, end in enumerate(ends):
        tree.terminal(end, [-k, k])
    form = tree.build()
    found = cfr.solve_cfr_plus(form, tol=1e-3)
    assert found.finished
    assert np.allclose(form.expected(found.profiles[0]), [-moves, moves], atol=1e-3)


def test_only_large_zero_sum_trees_suit(monkeypatch: pytest.MonkeyPatch) -> None:
    kuhn, trust = coopsim.read(KUHN), coopsim.read(ROOT / "games/classic/trust.efg")
    assert cfr.suits(kuhn, False) == ""
    monkeypatch.setattr(sequence_form, "LARGEST", 10)
    assert "30 payoff pairs" in cfr.suits(kuhn, False)
    assert cfr.suits(kuhn, True) == cfr.suits(trust, False) == ""


def variants(form: ExtensiveForm) -> ExtensiveForm:
    """Four variants: other units, and payoffs with noise."""
    scaled = [form.payoffs * scale for scale in (1.0, 2.0, 0.5)]
    return form.with_payoffs(np.stack([*scaled, noisy(form).payoffs]))


@pytest.mark.parametrize("device", [None, "cpu"])
@pytest.mark.parametrize("method", BY_NAME)
def test_variants_together_and_alone(method: str, device: str | None) -> None:
    """By the kernel on all cores and by the torch twin."""
    if device is not None:
        pytest.importorskip("torch")
    form = variants(coopsim.read(KUHN))
    found = solve_tree_variants(form, method, iterations=60, device=device)
    for v in range(4):
        alone = form.variant(v)
        for part, wanted in zip(found.profiles, cfr_state.average(alone, method, 60), strict=True):
            assert np.allclose(part[v], wanted, atol=1e-9)
        here = tuple(part[v] for part in found.profiles)
        assert np.allclose(found.values[v], alone.expected(here), atol=1e-12)
        gain = passes.regrets(alone.tree, alone.payoffs, here).max()
        assert found.residuals[v] == pytest.approx(gain, abs=1e-12)


def test_the_torch_twin_equals_the_kernel_on_leduc() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("pyspiel")
    form = variants(coopsim.from_openspiel("leduc_poker"))
    found = solve_tree_variants(form, "cfr-plus", iterations=40, device="cpu")
    for v in range(4):
        wanted = cfr_state.average(form.variant(v), "cfr-plus", 40)
        assert all(
            np.allclose(part[v], right, atol=1e-9)
            for part, right in zip(found.profiles, wanted, strict=True)
        )
    assert (found.residuals < [0.06, 0.12, 0.03, 0.06]).all()


@pytest.mark.gpu
def test_the_torch_twin_on_a_gpu() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    form = variants(coopsim.read(KUHN))
    here, there = (solve_tree_variants(form, iterations=100, device=d) for d in ("cpu", "cuda"))
    for one, two in zip(here.profiles, there.profiles, strict=True):
        assert np.allclose(one, two, atol=1e-9)


def test_variants_by_bad_options() -> None:
    with pytest.raises(UserError, match="no such method"):
        solve_tree_variants(coopsim.read(KUHN), "cfr++")
    with pytest.raises(NoSuchForm, match="here are 3"):
        solve_tree_variants(random_tree(np.random.default_rng(0), players=3, depth=4))


@pytest.mark.parametrize("device", [None, "cpu"])
def test_variants_with_no_time(device: str | None) -> None:
    """At least one block of iterations is made, and its number told."""
    if device is not None:
        pytest.importorskip("torch")
    form = coopsim.read(KUHN)
    found = solve_tree_variants(form, iterations=10_000, device=device, deadline=0.0)
    assert 1 <= found.iterations < 10_000
    assert found.values.shape == found.gains.shape == (1, 2)


@pytest.mark.parametrize("method", ["cfr-plus", "discounted-cfr"])
def test_laws_of_solvers(method: str) -> None:
    check(method, games=9)


def test_leduc_within_a_thousandth_in_fewer_than_a_thousand_iterations() -> None:
    pytest.importorskip("pyspiel")
    form = coopsim.from_openspiel("leduc_poker")
    found = cfr.solve_cfr_plus(form, tol=5e-4)
    assert found.finished
    assert found.stats["iterations"] < 1000
    assert float(form.nash_conv(found.profiles[0])) <= 1e-3
