"""Traffic: Pigou, Braess, bounds of the price of anarchy, random networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim.games.forms.congestion import CongestionForm
from coopsim.solvers.certificates import congestion as certificates
from coopsim.solvers.congestion.routes import price_of_anarchy


def pigou(power: float = 1.0) -> CongestionForm:
    """A link that takes x ** power beside one that takes 1, for one unit."""
    return CongestionForm.parallel([[0, 1], [1, 0]], 1.0, powers=[0, power])


def braess(shortcut: bool) -> CongestionForm:
    """4,000 drivers; links that take x / 100 and 45; the shortcut takes no time."""
    tails, heads = [0, 0, 1, 2], [1, 2, 3, 3]
    times = [[0, 0.01], [45, 0], [45, 0], [0, 0.01]]
    if shortcut:
        tails, heads, times = [*tails, 1], [*heads, 2], [*times, [0, 0]]
    return CongestionForm(tails, heads, times, [0, 1], [(0, 3, 4000.0)])


def random_network(seed: int, nodes: int = 8, classes: int = 6) -> CongestionForm:
    rng = np.random.default_rng(seed)
    ring = [(i, (i + 1) % nodes) for i in range(nodes)]
    extra = [tuple(rng.choice(nodes, 2, replace=False)) for _ in range(2 * nodes)]
    tails, heads = np.array(ring + extra).T
    demands = [
        (int(a), int(b), float(rng.uniform(1, 5)))
        for a, b in (rng.choice(nodes, 2, replace=False) for _ in range(classes))
    ]
    free, most = rng.uniform(1, 10, len(tails)), rng.uniform(2, 8, len(tails))
    return CongestionForm.bpr(tails, heads, free, most, demands)


def test_pigou():
    form = pigou()
    selfish, best = coopsim.solve(form, "wardrop"), coopsim.solve(form, "social optimum")
    assert selfish.details["average_times"] == pytest.approx([1.0])
    np.testing.assert_allclose(selfish.details["link_flows"], [1, 0], atol=1e-9)
    np.testing.assert_allclose(best.details["link_flows"], [0.5, 0.5], atol=1e-9)
    assert best.details["total_time"] == pytest.approx(0.75)
    assert price_of_anarchy(form) == pytest.approx(4 / 3)
    assert selfish.proved
    assert best.proved


@pytest.mark.parametrize("power", [2, 4, 8])
def test_pigous_price_of_anarchy_by_degree(power):
    """Roughgarden (2003): (1 - d (d + 1)^(-(d + 1) / d))^-1."""
    worst = 1 / (1 - power * (power + 1) ** (-(power + 1) / power))
    assert price_of_anarchy(pigou(power)) == pytest.approx(worst)


def test_braess():
    """A new road makes everybody slower: 65 minutes without it, 80 with it."""
    without, with_it = (coopsim.solve(braess(new), "wardrop") for new in (False, True))
    assert without.details["average_times"] == pytest.approx([65.0])
    assert with_it.details["average_times"] == pytest.approx([80.0])
    assert without.proved
    assert with_it.proved
    # the flows without the road are no equilibrium once it is there
    old = np.append(without.profile[0], 0.0)
    proof, _ = certificates.wardrop(braess(True), (old,), {})
    assert proof.residual == pytest.approx(4000 * (65 - 40))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("concept", ["wardrop", "social optimum"])
def test_random_networks_are_proved(concept, seed):
    form = random_network(seed)
    solution = coopsim.solve(form, concept)
    assert solution.proved, solution.sentence
    assert solution.values.sum() == pytest.approx(-solution.details["total_time"])


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_no_slower_than_the_equilibrium(seed):
    """And no more than 2.151 times as fast: the bound for polynomials of degree four."""
    assert 1 - 1e-12 <= price_of_anarchy(random_network(seed)) <= 2.1506


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)), min_size=1, max_size=5),
       st.floats(0.1, 10))  # fmt: skip
def test_parallel_linear_links_take_equally_long(links, demand):
    """Used links take the same time, unused ones no less; the closed form by filling up."""
    form = CongestionForm.parallel(links, demand)
    solution = coopsim.solve(form, "wardrop")
    assert solution.proved
    flow, times = np.array(solution.details["link_flows"]), solution.details["link_times"]
    level = min(times)
    expected = [max(0.0, (level - a) / b) for a, b in links]
    np.testing.assert_allclose(flow, expected, atol=1e-6)
    assert flow.sum() == pytest.approx(demand)


def test_flows_that_lose_travellers_do_not_pass():
    form = pigou()
    assert certificates.wardrop(form, (np.array([0.5, 0.0]),), {})[0].residual > 0.1
    assert certificates.wardrop(form, (np.array([1.5, -0.5]),), {})[0].residual > 0.1
    assert certificates.optimum(form, (np.array([1.0, 0.0]),), {})[0].residual == pytest.approx(1)


def test_a_deadline_of_zero_gives_flows_that_add_up():
    form = random_network(1, nodes=15, classes=40)
    solution = coopsim.solve(form, "wardrop", deadline=0.0)
    assert solution.profile
    assert np.isfinite(solution.certificate.residual)


def test_forms_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="cannot be reached"):
        CongestionForm([0], [1], [[1.0]], [0], [(1, 0, 1.0)])
    with pytest.raises(ValueError, match="above 0"):
        CongestionForm([0], [1], [[1.0]], [0], [(0, 1, 0.0)])
    with pytest.raises(ValueError, match=r"\[E, P\]"):
        CongestionForm([0], [1], [[1.0]], [0, 1], [(0, 1, 1.0)])
