"""i* dependency networks: files, graphs, the matrix, generators, and weights by comparison."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim import yamlfile
from coopsim.errors import UserError
from coopsim.games.coopetition import ahp, network
from coopsim.games.coopetition.dependence import (
    Dependency,
    asymmetry,
    dyad,
    hub_spoke,
    power,
    symmetric,
    vulnerability,
)
from coopsim.games.coopetition.network import Network

APP_STORE = """\
coopsim: 1
title: who needs whom
dependencies:
  - {depender: dev, dependee: Apple, dependum: reach, importance: 0.40, criticality: 0.95}
  - {depender: dev, dependee: Apple, dependum: tools, importance: 0.35, criticality: 0.85}
  - {depender: dev, dependee: Apple, dependum: payment, importance: 0.25, criticality: 0.80}
  - {depender: Apple, dependee: dev, dependum: apps, type: resource, criticality: 0.66}
"""


def read(tmp_path: Path, text: str, name: str = "network.yaml") -> Network:
    path = tmp_path / name
    path.write_text(text)
    return network.read(path)


def test_the_published_worked_value(tmp_path: Path) -> None:
    """Source: TR-4's case, D of major developers on Apple from three dependencies."""
    held = read(tmp_path, APP_STORE)
    assert held.actors == ("dev", "Apple")
    assert held.matrix().tolist() == pytest.approx(np.array([[0, 0.8775], [0.66, 0]]))


actors = st.lists(st.text("abc Zü", min_size=1, max_size=5), min_size=2, max_size=5, unique=True)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    names = draw(actors)
    share = st.floats(0, 1)
    items = []
    for _ in range(draw(st.integers(1, 6))):
        pair = draw(st.permutations(names))[:2]
        kind = draw(st.sampled_from(["goal", "task", "resource", "softgoal"]))
        weight = draw(st.floats(0.01, 1))
        items.append(Dependency(*pair, draw(st.text("xyz", max_size=3)), kind, weight, draw(share)))
    return Network(tuple(items), tuple(names), draw(st.sampled_from(["", "a title"])))


@settings(deadline=None, max_examples=30)
@given(networks())
def test_files_and_graphs_bring_the_same_network_back(
    tmp_path_factory: pytest.TempPathFactory, held: Network
) -> None:
    """Law: writing and reading is the identity; graphs gather dependencies by depender."""
    folder = tmp_path_factory.mktemp("network")
    for suffix in (".yaml", ".graphml"):
        network.write(held, folder / f"held{suffix}")
    assert network.read(folder / "held.yaml") == held
    graph = network.from_graph(network.to_graph(held))
    assert network.read(folder / "held.graphml") == graph
    assert Counter(graph.dependencies) == Counter(held.dependencies)
    assert (graph.actors, graph.title) == (held.actors, held.title)


@settings(deadline=None, max_examples=30)
@given(networks())
def test_the_matrix_does_not_depend_on_the_order_of_dependencies(held: Network) -> None:
    """Law: D is a weighted mean; with all goals in the denominator rows sum to at most 1."""
    turned = Network(held.dependencies[::-1], held.actors)
    for denominator in ("partner", "all"):
        assert held.matrix(denominator) == pytest.approx(turned.matrix(denominator))
    assert (held.matrix("all").sum(1) <= 1 + 1e-12).all()
    assert (held.matrix("all") <= held.matrix("partner") + 1e-12).all()


def test_a_matrix_becomes_a_network_with_the_same_matrix() -> None:
    d = hub_spoke(3)
    held = network.from_matrix(d, ("hub", "a", "b", "c"))
    assert held.matrix().tolist() == d.tolist()
    assert len(held.dependencies) == 6


def test_a_game_takes_a_networks_dependencies(tmp_path: Path) -> None:
    held = read(tmp_path, APP_STORE)
    game = coopsim.make_game(
        "coopetition/repeated",
        players=list(held.actors),
        interdependence=held.as_parameter(),
    )
    assert game.dependence.tolist() == held.matrix().tolist()


@pytest.mark.parametrize(
    ("text", "line", "key", "told"),
    [
        (APP_STORE.replace("dependee: Apple, dependum: tools", "dependee: Aple"), 5,
         "dependencies.1.dependee", ["not an actor", "given: Aple", "did you mean 'Apple'"]),
        (APP_STORE.replace("importance: 0.25", "importance: 2"), 6,
         "dependencies.2.importance", ["given: 2", "from 0 to 1"]),
        (APP_STORE.replace("type: resource", "type: goals"), 7,
         "dependencies.3.type", ["given: goals", "softgoal", "did you mean 'goal'"]),
        (APP_STORE.replace("criticality: 0.66", "critical: 0.66"), 7,
         "dependencies.3.critical", ["unknown key", "did you mean 'criticality'"]),
        (APP_STORE.replace("depender: Apple, dependee: dev", "depender: dev, dependee: dev"), 7,
         "dependencies.3.dependee", ["cannot depend on itself"]),
        (APP_STORE.replace("coopsim: 1", "coopsim: 2"), 1, "coopsim", ["given: 2", "allowed: 1"]),
    ],
)  # fmt: skip
def test_errors_name_file_line_key_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, key: str, told: list[str]
) -> None:
    if "Aple" in text:
        text = text.replace("title:", "actors: [dev, Apple]\ntitle:")
        line += 1
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    error = caught.value
    assert (error.file, error.line, error.key) == (str(tmp_path / "network.yaml"), line, key)
    assert all(word in str(error) for word in told), str(error)


@pytest.mark.parametrize("text", ["", "<graphml>", "<graphml xmlns='x'/>", "no xml"])
def test_what_is_no_graphml_is_one_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"network\.graphml"):
        read(tmp_path, text, "network.graphml")


def test_an_undirected_graph_is_refused(tmp_path: Path) -> None:
    text = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">'
        '<node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>'
    )
    with pytest.raises(UserError, match="no direction"):
        read(tmp_path, text, "network.graphml")


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a network file"):
        read(tmp_path, APP_STORE, "network.csv")


def test_dumped_text_is_strict_yaml(tmp_path: Path) -> None:
    held = read(tmp_path, APP_STORE)
    assert yamlfile.parse(network.dump(held)).data["coopsim"] == 1


def test_generators() -> None:
    """Source: the released code's presets of structure."""
    assert symmetric(3, 0.4).tolist() == [[0, 0.4, 0.4], [0.4, 0, 0.4], [0.4, 0.4, 0]]
    assert dyad().tolist() == [[0, 0.35], [0.85, 0]]
    assert hub_spoke(2, 0.3, 0.8).tolist() == [[0, 0.3, 0.3], [0.8, 0, 0], [0.8, 0, 0]]


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_asymmetry_is_antisymmetric_and_power_mirrors_vulnerability(seed: int, n: int) -> None:
    """Law: A = -A^T, and turning every dependence around swaps power and vulnerability."""
    d = np.random.default_rng(seed).random((n, n)) * (1 - np.eye(n))
    assert (asymmetry(d) == -asymmetry(d).T).all()
    assert power(d) == pytest.approx(vulnerability(d.T))


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=8))
def test_consistent_comparisons_give_their_ratios_back(values: list[float]) -> None:
    """Law: w_i / w_j comparisons have the eigenvector w and the ratio 0."""
    w = np.array(values) / sum(values)
    found = ahp.weights(w[:, None] / w[None, :])
    assert found.values == pytest.approx(w)
    assert found.ratio == pytest.approx(0, abs=1e-9)
    assert found.consistent


def test_saatys_example() -> None:
    """A matrix of three with eigenvalue 3.0037: index .00185, ratio .0032 (closed cubic)."""
    matrix = np.array([[1, 2, 5], [1 / 2, 1, 3], [1 / 5, 1 / 3, 1]])
    found = ahp.weights(matrix)
    x = (matrix[0, 1] * matrix[1, 2] / matrix[0, 2]) ** (1 / 3)
    assert found.eigenvalue == pytest.approx(1 + x + 1 / x)
    assert found.ratio == pytest.approx((found.eigenvalue - 3) / 2 / 0.58)
    assert matrix @ found.values == pytest.approx(found.eigenvalue * found.values)


CIRCLE = [[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]


def test_circular_comparisons_warn_or_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "coopsim"):
        assert not ahp.weights(CIRCLE).consistent
    assert "inconsistent comparisons" in caplog.text
    with pytest.raises(UserError, match="inconsistent"):
        ahp.weights(CIRCLE, strict=True)


@pytest.mark.parametrize(
    "matrix", [[[1, 2]], [[1, 0], [0, 1]], [[1, 2], [2, 1]], "text", [[1, float("nan")], [1, 1]]]
)
def test_what_is_no_comparison_matrix_is_refused(matrix: object) -> None:
    with pytest.raises(UserError, match=r"comparison|square"):
        ahp.weights(matrix)  # type: ignore[arg-type]


def test_weights_go_into_a_network(tmp_path: Path) -> None:
    held = read(tmp_path, APP_STORE)
    w = ahp.weights([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]).values
    weighted = held.weighted("dev", w)
    assert weighted.matrix()[0, 1] == pytest.approx((4 * 0.95 + 2 * 0.85 + 0.80) / 7)
    with pytest.raises(UserError, match="3 dependencies"):
        held.weighted("dev", w[:2])
