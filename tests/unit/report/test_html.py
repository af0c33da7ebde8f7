from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from coopsim.errors import UserError
from coopsim.report import html
from coopsim.report.numerals import number, signed

CHANGED = "more synergy"
SECTIONS = ("short", "asked", "equilibria", "agents", "effects", "provenance")
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """A page's elements, and whether every one is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def words(text: str) -> str:
    """The page's text, without tags and white space between them."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def render(run: Any) -> str:
    text = html.render(run)
    page = Page(text)
    assert not page.open, "elements left open"
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for name in SECTIONS:
        assert f'id="{name}"' in text
    return text


def require_alone(text: str) -> None:
    """Nothing outside the page is referred to, and nothing runs."""
    assert "http" not in text.lower()
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "action", "data")
            if name in ("href", "xlink:href"):
                assert value is not None
                assert value.startswith("#")
    for place in re.findall(r"url\(([^)]*)\)", text):
        assert place.startswith("#")
    assert "@import" not in text


def test_stands_alone(make: Callable[..., Any]) -> None:
    text = render(make())
    require_alone(text)
    assert "<title>A made-up question</title>" in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_references_inside_the_page_lead_somewhere(make: Callable[..., Any]) -> None:
    page = Page(render(make()))
    ids = {attributes.get("id") for _, attributes in page.elements}
    for _, attributes in page.elements:
        for name in ("href", "aria-labelledby"):
            if attributes.get(name):
                assert str(attributes[name]).lstrip("#") in ids
        clip = attributes.get("clip-path")
        if clip:
            assert clip.removeprefix("url(#").removesuffix(")") in ids


def test_what_users_write_is_text(make: Callable[..., Any]) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&$x$"
    run = make(
        {
            "title": bad,
            "description": f"see https://example.org {bad}",
            "game": {"use": "coopetition/stage", "players": [f"Ann {bad}", "Bob"]},
            "agents": {f"low {bad}": {"use": "constant", "level": 0.2}},
            "seats": {"1-": f"low {bad}"},
            "policies": {"status quo": {}, f"other {bad}": {"game.gamma": 0.9}},
        }
    )
    text = render(run)
    require_alone(text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert words(text).count(bad) >= 20
    assert "example.org" in text


def test_the_same_folder_gives_the_same_bytes(make: Callable[..., Any]) -> None:
    run = make()
    path = html.write(run.folder)
    assert path == run.folder / "report.html"
    first = path.read_bytes()
    assert html.write(run.folder).read_bytes() == first
    assert html.render(run).encode() == first
    assert not list(run.folder.glob(".*"))
    assert str(run.folder).encode() not in first


def test_a_run_that_is_not_finished_has_no_report(make: Callable[..., Any]) -> None:
    run = make()
    (run.folder / "comparison.parquet").unlink()
    with pytest.raises(UserError, match="not finished"):
        html.write(run.folder)
    assert not (run.folder / "report.html").exists()


def test_every_solution_is_there(make: Callable[..., Any]) -> None:
    run = make()
    said = words(render(run))
    for concept in run.scenario.solve.concepts:
        for policy in run.scenario.policies:
            part = said[said.index(f"Solutions under {policy} ") :]
            part = part[part.index(f" {concept} made-up") :]
            rows = [row for row in run.solutions.to_dicts() if row["concept"] == concept]
            for row in rows[:2]:
                told = f"{row['player']} {number(row['action'])} {number(row['value'])}"
                assert told in part[:200]
            assert "converged 2.8e-14 regret, by search the only one shown complete" in part[:300]
    # against the made-up baseline of 20: 22 and 24
    assert "+10.00 %" in said
    assert "+20.00 %" in said


def test_every_comparison_is_there(make: Callable[..., Any]) -> None:
    run = make()
    said = words(render(run))
    part = said[said.index("Every comparison") :]
    rows = [row for row in run.comparison.to_dicts() if row["policy"] != "status quo"]
    assert len(rows) == 4 * 3
    for row in rows:
        who = f"{row['policy']} {row['name']} {row['source']} {row['player'] or 'everybody'}"
        numbers = f"{number(row['level'])} {number(row['reference_level'])}"
        assert f"{who} {row['measure']} {numbers} {signed(number(row['effect'], 4))}" in part


def test_signs_that_differ_are_marked(make: Callable[..., Any]) -> None:
    text = render(make())
    assert 'class="number differs">≠ +0.1000<' in text
    assert 'class="differs">opposite to theory<' in text
    assert "agents: opposite to theory" in text


def test_policies_say_what_they_change(make: Callable[..., Any]) -> None:
    said = words(render(make()))
    assert "status quo the reference nothing is changed" in said
    assert "more synergy game.gamma 0.65 0.9" in said


def test_one_seed_has_no_intervals(make: Callable[..., Any]) -> None:
    run = make({"study": {"seeds": 1}})
    assert run.comparison["low"].is_null().all()
    said = words(render(run))
    assert "1 seed (0)" in said
    assert "more synergy any −0.05000 – ≠ +0.1000" in said


def test_no_agents(make: Callable[..., Any]) -> None:
    text = render(make({"agents": {}, "seats": []}))
    require_alone(text)
    said = words(text)
    assert "nothing: no agents were seated" in said
    assert "No agents were seated, so nothing was played" in said
    assert "Effects on cooperation rate" in said
    assert "line-up predicted" not in said


def test_nothing_measured(make: Callable[..., Any]) -> None:
    run = make({"agents": {}, "seats": []})
    object.__setattr__(run, "measures", run.measures.clear())
    object.__setattr__(run, "comparison", run.comparison.clear())
    assert "Solutions under more synergy" in words(render(run))


def test_one_policy(make: Callable[..., Any]) -> None:
    said = words(render(make({"policies": {"status quo": {}}})))
    assert "There is one policy, so there is nothing to compare it with." in said


def test_a_sweep(make: Callable[..., Any]) -> None:
    vary = {"game.gamma": [0.1, 0.2, 0.3], "agents.low.level": [0.2, 0.4]}
    policies = {"status quo": {}, "equal": {"game.shares": [0.5, 0.5]}}
    run = make({"policies": policies, "study": {"seeds": 2, "vary": vary}})
    said = words(render(run))
    assert "The study has 6 sweep points" in said
    assert "Cooperation rate under status quo" in said
    assert "over game.gamma, one panel a line-up" in said
    assert "Held: agents.low.level = 0.2." in said
    assert "Solutions at 10 other combinations of policy and sweep" in said
    assert "Solutions under equal, game.gamma = 0.3, agents.low.level = 0.4" in said


def test_a_sweep_over_words(make: Callable[..., Any]) -> None:
    policies = {"status quo": {}, "equal": {"game.shares": [0.5, 0.5]}}
    study = {"seeds": 2, "vary": {"game.reward": ["private", "integrated"]}}
    said = words(render(make({"policies": policies, "study": study})))
    assert "equal: effect on cooperation rate" in said


def test_a_sweep_over_the_number_of_players(make: Callable[..., Any]) -> None:
    run = make(
        {
            "game": {"use": "coopetition/stage", "players": 2},
            "seats": [{"1": "low", "2-": "any"}],
            "study": {"seeds": 2, "vary": {"game.players": [2, 3]}},
        },
        level=lambda *_: 0.5,
    )
    said = words(render(run))
    assert "low / any x2" in said
    assert "player 3" in said


def test_solutions_that_are_not_proved_say_so(make: Callable[..., Any]) -> None:
    text = render(make(statuses={"nash": "budget", "social optimum": "refused"}))
    assert 'class="warn">budget: not proved<' in text
    assert 'class="warn">refused: not proved<' in text
    assert "2 not proved within the tolerance" in text
    assert "For 4 of 6 questions no solution is proved" in text


def test_mixed_solutions(make: Callable[..., Any]) -> None:
    import polars as pl

    run = make()
    mixed = run.solutions.with_columns(
        action=pl.lit(None, pl.Float64()), profile=pl.lit("[0.25, 0.75]")
    )
    object.__setattr__(run, "solutions", mixed)
    said = words(render(run))
    assert "Ann (0.250, 0.750)" in said
    assert "against baseline" not in said


def test_many_players(make: Callable[..., Any]) -> None:
    run = make(
        {
            "game": {"use": "coopetition/stage", "players": 40},
            "seats": [{"1-": "low"}, {"1-20": "low", "21-": "any"}],
        },
        level=lambda *_: 0.5,
    )
    text = render(run)
    said = words(text)
    assert "32 more players here: the mean of all 40" in said
    assert "40: player 1, player 2" in said
    assert "40 players: one by one they are in measures.parquet" in said
    assert len(text) < 1_000_000


def test_large_studies_are_cut_and_say_where_the_rest_is(make: Callable[..., Any]) -> None:
    policies = {"status quo": {}} | {f"p{i}": {"game.shares": [0.5, 0.5]} for i in range(9)}
    study = {"seeds": 2, "vary": {"game.gamma": [i / 40 for i in range(30)]}}
    run = make({"policies": policies, "study": study})
    text = render(run)
    said = words(text)
    assert "The first 800 of" in said
    assert "comparison.parquet holds all" in said
    assert "further combinations of policy and sweep are in solutions.parquet" in said
    assert "Not drawn, but in the tables: 3 policies" in said
    assert len(text) < 4_000_000


def test_values_that_are_no_numbers(make: Callable[..., Any]) -> None:
    def level(policy: str, _: Any, name: str, seed: int | None) -> float:
        return float("nan") if name in ("low", "nash") else 0.5

    said = words(render(make(level=level)))
    assert "nan" not in said.lower().split()
