"""Hostile names through every verb: a terminal gets nothing to obey, a report nothing unseen.

The rule is Unicode's: no character of the categories Cc, Cf, Cs, Zl and Zp but the line feed,
and none of Default_Ignorable_Code_Point, but what has an emoji drawn in colours.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coopsim import wording, yamlfile

ROOT = Path(__file__).resolve().parents[2] / "coopsim"
# window title, clear screen, C1's own introducer, bell, backspace, override of direction,
# isolate, zero width, separators, tag, fillers, joiner and selector
NASTY = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x7f\u202egnp\u2066\u200b\u2028\u2029\U000e0041"
    "\u3164\u115f\u034f\ufe01\ufe0f\r"
)
# DerivedCoreProperties.txt of Unicode 16: all of Default_Ignorable_Code_Point
IGNORABLE = frozenset(
    chr(code)
    for first, last in (
        (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5),
        (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
        (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
        (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)  # fmt: skip


def name(label: str) -> str:
    return f"{label}{NASTY}"


SCENARIO = {
    "coopsim": 1,
    "title": name("title"),
    "description": name("what it is about") + "\nforged: line",
    "game": {
        "use": "coopetition/stage",
        "players": [name("Ann"), name("Bob")],
        "interdependence": 0.3,
    },
    "agents": {
        name("one"): {"use": "constant", "level": 0.3},
        name("two"): {"use": "random"},
    },
    "seats": [{"1-": name("one")}, {name("Ann"): name("two"), "2": name("one")}],
    "policies": {name("as is"): {}, name("other"): {"game.interdependence": 0.5}},
    "study": {"seeds": 2, "episodes": 2},
    "solve": {"concepts": ["nash"]},
    "compare": {"measure": ["welfare"], "resamples": 100},
}
NFG = (
    f'NFG 1 R "{name("matrix")}" {{ "{name("Row")}" "{name("Col")}" }}\n'
    f'{{ {{ "{name("up")}" "down" }} {{ "left" "{name("right")}" }} }} "{name("note")}"\n'
    "2 1 0 0 0 0 1 2\n"
)


def unseen(text: str) -> list[str]:
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    text = re.sub("(?<=[©®\u203c-\U0010ffff])(?<![\ufe0f\u3164])\ufe0f", "", text)
    return [c for c in text if c != "\n" and (unicodedata.category(c) in kinds or c in IGNORABLE)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "games").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "agents").mkdir()
    (tmp_path / "scenarios" / "nasty.yaml").write_text(yamlfile.dump(SCENARIO), encoding="utf-8")
    (tmp_path / "games" / "matrix-of-ours.nfg").write_text(NFG, encoding="utf-8")
    card = {"title": name("card"), "summary": name("sum"), "notes": [name("note")]}
    game = {"coopsim": 1, "use": "coopetition/stage", "card": card}
    (tmp_path / "games" / "carded.yaml").write_text(yamlfile.dump(game), encoding="utf-8")
    # names of files, too
    odd = "odd\x1b[2J\u202e\n"
    (tmp_path / "games" / f"{odd}.yaml").write_text(yamlfile.dump(game), encoding="utf-8")
    (tmp_path / "scenarios" / f"{odd}.yaml").write_text("coopsim: 1\ngame: [", encoding="utf-8")
    return tmp_path


VERBS: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "list for a scenario": ("list", "--for", "nasty"),
    "describe a game": ("describe", "carded"),
    "describe a matrix": ("describe", "matrix-of-ours"),
    "describe a scenario": ("describe", "nasty"),
    "check": ("check", "nasty"),
    "check a game": ("check", "matrix-of-ours"),
    "solve": ("solve", "nasty"),
    "solve a game": ("solve", "matrix-of-ours", "--concept", "nash", "--all", "--strategies"),
    "run": ("run", "nasty", "--out", "done", "--workers", "1"),
    "study": ("study", "nasty", "--out", "done", "--workers", "1"),
    "schema": ("schema",),
    "new": ("new", "scenario", "fresh", "--game", "carded"),
    "new of an odd file": ("new", "scenario", "other", "--game", "odd\x1b[2J\u202e\n"),
    "new of an odd name": ("new", "scenario", "x\x1b[2J\u202e", "--game", "carded"),
    "unknown": ("run", name("nothing")),
    "broken": ("check", "scenarios/odd\x1b[2J\u202e\n.yaml"),
    "unknown path": ("check", "nasty", "--set", f"game.{NASTY}=1"),
    "wrong value": ("check", "nasty", "--set", f"game.interdependence={name('x')}"),
    "no assignment": ("check", "nasty", "--set", NASTY),
    "unknown policy": ("solve", "nasty", "--policy", name("none")),
    "unknown concept": ("solve", "nasty", "--concept", name("none")),
    "unknown option": ("check", f"--{NASTY}"),
    "unknown verb": (name("verb"),),
    "one argument too many": ("check", "nasty", name("file")),
    "no run": ("report", name("folder")),
    "nothing to trust": ("check", "nasty", "--trust", name("x")),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_prints_what_a_terminal_obeys(verb: str, project: Path, cli: Any) -> None:
    said = cli(*VERBS[verb])
    assert said.code in (0, 1, 2)
    assert "Traceback" not in said.err
    assert unseen(said.out) == []
    assert unseen(said.err) == []
    if verb not in ("schema", "no run", "check a game") and not verb.startswith(("list", "new")):
        # as a terminal, YAML or the reader of YAML says it
        assert re.search(r"\\x1b|\\u001b|U\+001B", said.out + said.err)


@pytest.mark.parametrize(
    "verb", ["list", "describe a game", "describe a scenario", "check", "solve a game", "run"]
)
def test_json_stays_json_and_means_the_same(verb: str, project: Path, cli: Any) -> None:
    said = cli(*VERBS[verb], "--json")
    assert unseen(said.out + said.err) == []
    assert NASTY in "".join(texts(json.loads(said.out)))


def test_a_report_holds_nothing_unseen_and_its_drawings_are_xml(project: Path, cli: Any) -> None:
    assert cli("run", "nasty", "--out", "done", "--workers", "1", "-q").code in (0, 1)
    page = (project / "done" / "report.html").read_text(encoding="utf-8")
    assert unseen(page) == []
    assert "title]0;owned" in page
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) > 2
    for drawing in drawings:
        ET.fromstring(drawing)
    said = cli("report", "done")
    assert unseen(said.out + said.err) == []
    assert (project / "done" / "report.html").read_text(encoding="utf-8") == page


def test_the_scenario_that_check_prints_is_the_same_scenario(project: Path, cli: Any) -> None:
    """Law: what is shown as an escape is read back as the character."""
    said = cli("check", "nasty")
    assert yamlfile.parse(said.out).data["title"] == SCENARIO["title"]


def test_a_new_scenario_holds_no_line_that_a_name_of_a_file_wrote(project: Path, cli: Any) -> None:
    assert cli(*VERBS["new of an odd file"]).code == 0
    made = yamlfile.read(project / "scenarios" / "other.yaml").data
    assert made["game"]["use"] == "odd\x1b[2J\u202e\n"


@pytest.mark.parametrize("unseen_one", ["\x1b[2J", "\u202e", "\u3164", "\u200b", "\n", "\ufe0f"])
def test_a_new_scenario_is_given_no_name_that_nobody_sees(
    unseen_one: str, project: Path, cli: Any
) -> None:
    before = sorted(project.rglob("*"))
    for word in (f"x{unseen_one}", f"trade{unseen_one}/x", f"x{unseen_one}.yaml"):
        said = cli("new", "scenario", word)
        assert said.code == 2
        assert said.out == ""
        assert said.err.startswith("NAME: not a name for a file; given: ")
        assert said.err.count("\n") == 1
    assert sorted(project.rglob("*")) == before


def test_a_new_scenario_holds_nothing_unseen_of_a_game(project: Path, cli: Any) -> None:
    for word, game in (("other", "odd\x1b[2J\u202e\n"), ("third", "carded")):
        assert cli("new", "scenario", word, "--game", game).code == 0
        made = (project / "scenarios" / f"{word}.yaml").read_text(encoding="utf-8")
        assert unseen(made) == []
        assert name("card") in yamlfile.parse(made).data["title"]  # and means the same


def test_bold_is_the_command_lines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from coopsim.cli import text

    said: list[str] = []
    monkeypatch.setattr(text, "on_terminal", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(text.typer, "echo", said.append)
    text.show(text.strong(name("title")), "a \x1b[1mname\x1b[0m")
    bold, plain = said
    assert bold.startswith("\x1b[1mtitle\\x1b]0;owned")
    assert bold.endswith("\x1b[0m")
    assert unseen(bold) == ["\x1b", "\x1b"]
    assert plain == "a \\x1b[1mname\\x1b[0m"


def test_warnings_are_shown_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("coopsim").warning("%s is damaged", name("folder") + "\nforged")
    (record,) = caplog.records
    assert unseen(record.getMessage()) == []
    assert "\n" not in record.getMessage()


@given(st.text())
def test_every_text_can_be_shown_and_escapes_are_read_back(text: str) -> None:
    """Laws: nothing unseen is left, and showing a second time changes nothing."""
    shown = wording.visible(text)
    assert unseen(shown) == []
    assert "\n" not in shown
    assert wording.visible(shown) == shown
    assert unseen(wording.stripped(text).replace("\t", "")) == []
    written = json.dumps(text, ensure_ascii=False)
    assert json.loads(wording.visible_json(written)) == text
    assert unseen(wording.visible_json(written)) == []


def test_every_character_of_these_categories_is_caught() -> None:
    every = "".join(map(chr, range(0x110000)))
    assert unseen(wording.visible(every)) == []
    assert wording.stripped("naïve “quoted” 数 \t\n") == "naïve “quoted” 数 \t\n"


@pytest.mark.parametrize("blank", ["\u3164", "\u115f", "\uffa0", "\u2800", "\U0001d159", "\ufe0e"])
def test_names_that_look_the_same_are_shown_apart(blank: str) -> None:
    code = ord(blank)
    escape = f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    assert wording.visible(f"Ann{blank}") == f"Ann{escape}"
    assert wording.stripped(f"Ann{blank}") == "Ann"
    assert json.loads(wording.visible_json(json.dumps(blank, ensure_ascii=False))) == blank


def test_what_colours_an_emoji_stays_behind_one() -> None:
    for sign in "❤☎🏳":
        assert (
            wording.visible(f"{sign}\ufe0f") == wording.stripped(f"{sign}\ufe0f") == f"{sign}\ufe0f"
        )
    assert (
        wording.visible("Ann\ufe0f 1\ufe0f ❤\ufe0f\ufe0f") == "Ann\\ufe0f 1\\ufe0f ❤\ufe0f\\ufe0f"
    )


# the only places that write to a terminal, and why
WRITERS = {
    "cli/text.py": "the one place",
    "scenario/reference.py": "makes a page of the manual",
    "games/adapters/pettingzoo.py": "render_mode human, line by line made visible",
    "study/progress.py": "words of its own and numbers",
}


def test_nothing_else_prints() -> None:
    """New output goes through coopsim.cli.text, which cannot be forgotten if this holds."""
    pattern = re.compile(r"typer\.(?:echo|secho)\(|(?<![\w.])print\(|sys\.std(?:out|err)\.write")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert found <= set(WRITERS)
    loggers = {
        match[1]
        for path in ROOT.rglob("*.py")
        for match in re.finditer(r"getLogger\(([^)]*)\)", path.read_text(encoding="utf-8"))
    }
    assert loggers == {'"coopsim"'}  # the one that makes what it is given visible


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (str(key), *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
