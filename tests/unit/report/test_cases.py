"""Networks and published rubrics in reports."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
import pytest

from coopsim.games.coopetition.dependence import hub_spoke
from coopsim.measure.rubrics import apache, renault_nissan, samsung_sony
from coopsim.measure.rubrics.assessment import Assessment
from coopsim.measure.rubrics.rubric import assess
from coopsim.report import cases, html, network
from coopsim.report.facts import Facts
from coopsim.report.figures import draw


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def game(interdependence: Any, players: Any = ("Ann", "Bob")) -> dict[str, Any]:
    return {
        "game": {
            "use": "coopetition/stage",
            "players": list(players),
            "interdependence": interdependence,
        }
    }


def test_a_matrix_is_drawn_with_its_numbers(make: Callable[..., Any]) -> None:
    text = html.render(make(game([[0, 0.64], [0.86, 0]])))
    assert "Who depends on whom" in text
    drawing = text[text.index('aria-labelledby="network-title"') :]
    drawing = words(drawing[: drawing.index("</svg>")])
    assert all(part in drawing for part in ("Ann", "Bob", "0.64", "0.86"))
    # power of Ann: .86 / 1.64, of Bob: .64 / 1.86
    table = words(text[text.index("Interdependence under") :])
    assert re.search(r"Ann 0\.64 0\.5244 0\.3441 Bob 0\.86 0\.3441 0\.5244", table)


def test_dependencies_are_drawn(make: Callable[..., Any]) -> None:
    given = [
        {"depender": "Ann", "dependee": "Bob", "importance": 0.5, "criticality": 0.9},
        {"depender": "Ann", "dependee": "Bob", "importance": 0.3, "criticality": 0.85},
        {"depender": "Ann", "dependee": "Bob", "importance": 0.2, "criticality": 0.6},
    ]
    made = network.figure(Facts(make(game(given))))
    assert made is not None
    # two significant digits of .825
    assert re.search(r">0\.8[23]<", made.panels[0].svg)


def test_one_number_for_all_is_not_drawn(make: Callable[..., Any]) -> None:
    assert "Who depends on whom" not in html.render(make(game(0.4)))


@pytest.mark.parametrize(("spokes", "drawn"), [(11, True), (12, False)])
def test_many_actors_are_not_drawn(make: Callable[..., Any], spokes: int, drawn: bool) -> None:
    names = [f"actor {k}" for k in range(spokes + 1)]
    facts = Facts(make(game(hub_spoke(spokes).tolist(), names)))
    assert (network.figure(facts) is not None) is drawn


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_drawings_keep_inside_and_draw_the_same_bytes(n: int) -> None:
    """Law: no name is cut off, every actor is there, and equal networks give equal drawings."""
    names = tuple(f"firm number {k}" for k in range(n))
    d = np.random.default_rng(n).random((n, n)) * (1 - np.eye(n))
    size = (network.WIDTH, network.HEIGHT)
    first, again = (
        draw(lambda axes: network.paint(axes, names, d), *size, "title", "key") for _ in range(2)
    )
    assert first == again
    assert all(name in first for name in names)
    numbers = [float(x) for x in re.findall(r'<text[^>]* x="(-?[\d.]+)"', first)]
    assert all(0 <= x <= network.WIDTH for x in numbers)


@pytest.fixture(scope="module")
def held() -> tuple[Assessment, ...]:
    quick = dataclasses.replace(samsung_sony.RUBRIC, fit=None)
    return assess(quick, draws=200), assess(apache.RUBRIC, draws=200)


def test_rubrics_are_shown_item_by_item(
    make: Callable[..., Any], held: tuple[Assessment, ...]
) -> None:
    text = html.render(dataclasses.replace(make(), rubrics=held))
    assert 'href="#cases"' in text
    assert "http" not in text
    section = words(text[text.index('<section id="cases">') : text.index('<section id="prov')])
    for case in held:
        assert case.title in section
        for card in case.cards:
            assert card.sentence().split(";")[0] in section
            assert all(item.name in section for item in card.items)
        assert all(item.name in section for item in case.figures)
    assert "cannot fail" in section
    assert "27 of the 60 points are constants or conditions that cannot fail" in section
    assert "the targets identify none of them" in section


def test_no_rubrics_no_section(make: Callable[..., Any]) -> None:
    assert "Published rubrics" not in html.render(make())


def test_what_does_not_follow_is_marked(held: tuple[Assessment, ...]) -> None:
    table = cases.figures(held[0])
    marks = {row[0].text: row[4].text for row in table.rows}
    assert marks["cooperation increase, logarithmic, %"] == "no"
    assert marks["score, power"] == "yes"
    assert "Of 10 published figures, 7 do not follow" in " ".join(cases.sentences(held[0]))


def test_constants_stand_out() -> None:
    case = assess(dataclasses.replace(renault_nissan.RUBRIC, fit=None), draws=100)
    table = cases.items(case, case.cards[0])
    marked = [row[1].text for row in table.rows if row[5].mark == "warn"]
    assert "trust levels agree with documents" in marked
    assert len(marked) == 5
