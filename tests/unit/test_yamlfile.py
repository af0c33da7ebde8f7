"""Strict YAML: the laws of what is read, what is refused and how, and what is written."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coopsim.errors import ScenarioError, UserError
from coopsim.yamlfile import (
    MAX_BYTES,
    MAX_DEPTH,
    Document,
    dump,
    parse,
    parse_value,
    read,
    read_once,
)

INT_MAX = 2**63 - 1


def value_of(text: str) -> Any:
    return parse(f"a: {text}\n").data["a"]


def refusal(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "game.yaml")
    assert caught.value.file == "game.yaml"
    return caught.value


def same(one: Any, other: Any) -> bool:
    """Equal with types, signs of zero and the order of keys."""
    return repr(one) == repr(other)


# -- law: plain scalars follow the YAML 1.2 core schema, and keep their type -------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),  # not octal, as YAML 1.1 has it
        ("0x1F", 31),
        ("0o17", 15),
        (str(INT_MAX), INT_MAX),
        (str(-INT_MAX - 1), -INT_MAX - 1),
        ("0" * 5000 + "1", 1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("-.5e-1", -0.05),
        ("3.", 3.0),
        # text in YAML 1.2, something else in YAML 1.1 or in Python
        ("2001-12-14", "2001-12-14"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("0o8", "0o8"),
        ("0X1F", "0X1F"),
        ("-0x1", "-0x1"),
        ("٣", "٣"),
        ("=", "="),
        ("y", "y"),
        ("yEs", "yEs"),
        ("tRUE", "tRUE"),
        ("nUll", "nUll"),
        ("inf", "inf"),
        (".", "."),
        ("1e", "1e"),
        ("1.2.3", "1.2.3"),
        ("a b", "a b"),
        ("Erdős – α β 🎲", "Erdős – α β 🎲"),
        # anything in quotes is text
        ("'no'", "no"),
        ('"1"', "1"),
        ("'it''s'", "it's"),
        (r'"\u0007\n"', "\x07\n"),
        ("'.nan'", ".nan"),
        ("''", ""),
        ("[1, a, [true]]", [1, "a", [True]]),
        ('{b: 1, "c":2}', {"b": 1, "c": 2}),
        ("# nothing", None),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    got = value_of(text)
    assert got == value
    assert type(got) is type(value)


def test_block_text_and_lists_are_read() -> None:
    text = "a: |\n  one\n  two\nb: >-\n  one\n  two\nc:\n- 1\n-\n  - 2\n"
    assert parse(text).data == {"a": "one\ntwo\n", "b": "one two", "c": [1, [2]]}


def test_integer_keys_become_text_and_quoted_keys_may_be_anything() -> None:
    text = "seats: {1: x, 1-3: y, -4: z, 'no': a, '1.5': b, '': c, '<<': d}"
    seats = {"1": "x", "1-3": "y", "-4": "z", "no": "a", "1.5": "b", "": "c", "<<": "d"}
    assert parse(text).data == {"seats": seats}


def test_keys_keep_their_order() -> None:
    assert list(parse("b: 1\na: 2\nc: 3\n").data) == ["b", "a", "c"]


@pytest.mark.parametrize(
    "text", ["\ufeffa: 1\r\nb: 2\r\n", "---\na: 1\nb: 2\n...\n", "{a: 1, b: 2}"]
)
def test_byte_order_mark_windows_line_ends_and_document_marks_change_nothing(text: str) -> None:
    assert parse(text).data == {"a": 1, "b": 2}


# -- law: every key path has the line that the user would look at ------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_keys_and_items(end: str) -> None:
    text = "# top\na:\n  b:\n    c\n  d:\n  - 1\n  -\n    e: 2\nf: {g: 1,\n  h: [1,\n2]}\n"
    assert parse(text.replace("\n", end)).lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "d"): 5,
        ("a", "d", 0): 6,
        ("a", "d", 1): 8,
        ("a", "d", 1, "e"): 8,
        ("f",): 9,
        ("f", "g"): 9,
        ("f", "h"): 10,
        ("f", "h", 0): 10,
        ("f", "h", 1): 11,
    }


def test_the_line_of_an_unknown_path_is_that_of_its_nearest_ancestor() -> None:
    document = parse("\na: 1\nb:\n  c: [1]\n")
    assert document.line(("b", "c", 7, "x")) == 4
    assert document.line(["b", "nothing"]) == 3
    assert document.line(("nothing",)) == 2
    assert Document({}, "made in Python", {}).line(("a",)) is None


def test_an_error_of_a_document_carries_file_line_and_dotted_key() -> None:
    document = parse("a:\n  b: [0.5]\n", "game.yaml")
    error = document.error(
        "too small", ("a", "b", 0), given=0.5, allowed=["one", "two"], nearest="one"
    )
    assert isinstance(error, ScenarioError)
    assert (error.file, error.line, error.key) == ("game.yaml", 2, "a.b.0")
    assert str(error) == (
        "game.yaml:2: a.b.0: too small; given: 0.5; allowed: one, two; did you mean 'one'?"
    )
    assert document.error("missing", ()).key is None


# -- law: whatever is refused is refused once, with line, key and value ------------------------

DEEP = "[" * MAX_DEPTH + "]" * MAX_DEPTH

REFUSED = {
    # name: (text, line, key, what the message says)
    "duplicate": ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "a.b", ["duplicate", "line 2", "given: b"]),
    "duplicate int": ("s:\n  1: x\n  '1': y\n", 3, "s.1", ["duplicate", "line 2", "given: 1"]),
    "duplicate in flow": ("a: {b: 1,\n  b: 2}", 2, "a.b", ["duplicate", "line 1", "given: b"]),
    "null key": ("a: 1\nnull: 1\n", 2, "null", ["key", "given: null", "quotes"]),
    "tilde key": ("a: 1\n~: 1\n", 2, "~", ["key", "given: ~"]),
    "empty key": ("a:\n  ?\n  : 1\n", 2, "a", ["key", "nothing before the colon"]),
    "no key in flow": ("b: 1\na: {: 1}\n", 2, None, ["key is missing", "given: a: {: 1}"]),
    "no key": ("a: 1\n: 2\n", 2, None, ["key", "given: : 2"]),
    "bool key": ("a: 1\ntrue: 1\n", 2, "true", ["key", "given: true"]),
    "float key": ("a:\n  1.5: 1\n", 2, "a.1.5", ["key", "given: 1.5"]),
    "octal-like key": ("a:\n  007: 1\n", 2, "a.007", ["key", "given: 007"]),
    "hex key": ("a:\n  0x7: 1\n", 2, "a.0x7", ["key", "given: 0x7"]),
    "list key": ("a: 1\n[b]: 1\n", 2, None, ["a list cannot be a key", "given: a list"]),
    "mapping key": ("a:\n  {b: c}: 1\n", 2, "a", ["a mapping cannot be a key"]),
    "block list key": ("a: 1\n? - b\n: 1\n", 2, None, ["a list cannot be a key"]),
    "nan": ("a:\n  b: .nan\n", 2, "a.b", ["finite", "given: .nan"]),
    "NaN in list": ("a: [1,\n .NaN]\n", 2, "a.1", ["finite", "given: .NaN"]),
    "infinity": ("b: 1\na: .inf\n", 2, "a", ["finite", "given: .inf"]),
    "minus infinity": ("b: 1\na: -.INF\n", 2, "a", ["finite", "given: -.INF"]),
    "infinity key": ("a:\n  .inf: 1\n", 2, "a..inf", ["finite", "given: .inf"]),
    "overflow": ("b: 1\na: -1e999\n", 2, "a", ["too large", "given: -1e999"]),
    "long overflow": ("a: 1" + "0" * 9999 + ".5\n", 1, "a", ["too large", "given: 1000"]),
    "int above": (f"b: 1\na: {INT_MAX + 1}\n", 2, "a", ["64 bits", f"given: {INT_MAX + 1}"]),
    "int below": (f"b: 1\na: {-INT_MAX - 2}\n", 2, "a", ["64 bits", f"given: {-INT_MAX - 2}"]),
    "hex above": ("a: 0x10000000000000000\n", 1, "a", ["64 bits", "given: 0x10000000000000000"]),
    "octal above": ("a: 0o7777777777777777777777\n", 1, "a", ["64 bits", "given: 0o777"]),
    "long int": ("b: 1\na: " + "9" * 5000, 2, "a", ["64 bits", "given: 99999"]),
    "long int key": ("b: 1\n" + "9" * 900 + ": 1", 2, "9" * 900, ["64 bits", "given: 99999"]),
    "python tag": ("b: 1\na: !!python/object:os.x {}\n", 2, "a", ["tag", "!!python/object:os.x"]),
    "local tag": ("a:\n  b: !foo 1\n", 2, "a.b", ["tag", "given: !foo"]),
    "binary": ("b: 1\na: !!binary aGk=\n", 2, "a", ["tag", "given: !!binary"]),
    "str tag": ("b: 1\na: !!str 1\n", 2, "a", ["tag", "given: !!str"]),
    "bare tag": ("b: 1\na: ! 1\n", 2, "a", ["tag", "given: !"]),
    "undeclared tag": ("b: 1\na: !e!x 1\n", 2, None, ["tag", "given: a: !e!x 1"]),
    "tag on key": ("b: 1\n!foo a: 1\n", 2, None, ["tag", "given: !foo"]),
    "tag on top": ("!foo\na: 1\n", 1, None, ["tag", "given: !foo"]),
    "anchor": ("b: 1\na: &x 1\n", 2, "a", ["anchors", "write the value out", "given: &x"]),
    "alias": ("a: 1\nb: *x\n", 2, "b", ["aliases", "write the value out", "given: *x"]),
    "alias key": ("a: 1\n*x : 2\n", 2, None, ["aliases", "given: *x"]),
    "wildcard": ("b: 1\na: *.csv\n", 2, None, ["aliases", "given: a: *.csv", "in quotes"]),
    "merge key": ("a:\n  <<: {b: 1}\n", 2, "a.<<", ["merge", "write the keys out", "given: <<"]),
    "two documents": ("a: 1\n---\nb: 2\n", 2, None, ["several documents", "given: ---"]),
    "empty and document": ("---\n---\nb: 2\n", 2, None, ["several documents", "given: ---"]),
    "directive": ("# x\n\n%YAML 1.1\n---\na: no\n", 3, None, ["directives", "given: %YAML 1.1"]),
    "empty": ("", 1, None, ["empty", "key: value"]),
    "only comments": ("# a: 1\n\n", 1, None, ["empty"]),
    "only a mark": ("---\n", 1, None, ["empty"]),
    "top list": ("# x\n- a\n", 2, None, ["top level is not a mapping", "given: a list"]),
    "top text": ("# x\ngamma:0.8\n", 2, None, ["not a mapping", "given: gamma:0.8", "a space"]),
    "top quoted": ("''\n", 1, None, ["top level is not a mapping"]),
    "too deep": (f"b: 1\na: {DEEP}", 2, "a" + ".0" * (MAX_DEPTH - 1), ["51 levels", "at most 50"]),
    "far too deep": ("b: 1\na: " + "[" * 99_999, 2, "a" + ".0" * 49, ["51 levels", "at most 50"]),
    "deep in flow": ("a: " + "{a: " * 999, 1, ".".join("a" * 50), ["51 levels", "at most 50"]),
    "deep in block": ("a:\n" + "- " * 999, 2, "a" + ".0" * 49, ["51 levels", "at most 50"]),
    "deep keys": ("? " * 9999, 1, None, ["a mapping cannot be a key"]),
    "bell": ("a: 1\nb: \x07\n", 2, None, ["control character", "U+0007"]),
    "NUL": ("a: 1\n\0", 2, None, ["control character", "U+0000"]),
    "C1": ("a: 1\r\n\r\nb: x\x85y\r\n", 3, None, ["control character", "U+0085", r'"\u0085"']),
    "line separator": ("a: 1\nb: x\u2028y\n", 2, None, ["invisible mark", "U+2028"]),
    "inner mark": ("a: 1\n\ufeffb: 1\n", 2, None, ["invisible mark", "U+FEFF"]),
    "surrogate": ("a: 1\nb: \ud800\n", 2, None, ["U+D800"]),
    "surrogate escapes": ('c: 1\nb: "\\ud83d\\ude00"\n', 2, "b", ["surrogate", r"given: \ud83d"]),
    "escape too far": ('a: 1\nb: "\\U00110000"\n', 2, None, ["escape", r"\U00110000"]),
    "escape overflow": ('a: 1\n"\\UFFFFFFFF": 1\n', 2, None, ["escape", r"\UFFFFFFFF"]),
    "glued colon": ("a: {b: 1,\n  c:2}\n", 2, "a", ["space after the colon", "given: c:2"]),
    # syntax: the line and its text, and what is wrong in plain words
    "tab indent": ("a:\n\tb: 1\n", 2, None, ["tab", "indentation", r"given: \tb: 1", "spaces"]),
    "tab after spaces": ("a:\n  b: 1\n  \tc: 1\n", 3, None, ["tab", "indentation"]),
    "tab after colon": ("b: 1\na:\t1\n", 2, None, ["tab", "spacing", r"given: a:\t1"]),
    "open single": ("b: 1\na: 'x\nc: 2\n", 2, None, ["quote is not closed", "given: a: 'x"]),
    "open double": ('b: 1\na: "x\n', 2, None, ["quote is not closed", 'given: a: "x']),
    "open list": ("b: 1\na: [1, 2\n\nc: 3", 2, None, ["bracket", "line 4", "given: a: [1, 2"]),
    "open mapping": ("b: 1\na: {c: 2", 2, None, ["bracket", "given: a: {c: 2"]),
    "no comma": ("b: 1\na: [[1]\n  [2]]\n", 2, None, ["comma", "line 3", "given: a: [[1]"]),
    "extra bracket": ("b: 1\na: [1]]\n", 2, None, ["text after the closing", "given: a: [1]]"]),
    "after quote": ("b: 1\na: 'x' y\n", 2, None, ["text after the closing", "given: a: 'x' y"]),
    "two colons": ("b: 1\na: x: y\n", 2, None, ["': '", "in quotes", "given: a: x: y"]),
    "indented more": ("a: 1\n  b: 2\n", 2, None, ["indented", "given: b: 2"]),
    "indented between": ("a:\n  b: 1\n c: 2\n", 3, None, ["indented", "given: c: 2"]),
    "item in value": ("b: 1\na: - 1\n", 2, None, ["list item", "given: a: - 1"]),
    "no colon": ("a: 1\nb\nc: 2\n", 2, None, ["not 'key: value'", "given: b"]),
    "long key": ("a: 1\n" + "x" * 2000 + ": 1\n", 2, None, ["not 'key: value'", "given: xxx"]),
    "at sign": ("b: 1\na: @x\n", 2, None, ["cannot start a value", "in quotes", "given: a: @x"]),
    "backslash": ('b: 1\na: "C:\\data"\n', 2, None, ["backslash", r'given: a: "C:\data"']),
    "after the end": ("a: 1\n...\nb\n", 3, None, ["does not fit", "given: b"]),
    "block indicator": ("b: 1\na: |x\n", 2, None, ["not valid YAML", "given: a: |x"]),
}


@pytest.mark.parametrize(("text", "line", "key", "says"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_with_line_key_and_value(
    text: str, line: int, key: str | None, says: list[str]
) -> None:
    error = refusal(text)
    assert (error.line, error.key) == (line, key)
    assert error.allowed
    message = str(error)
    assert message.startswith(f"game.yaml:{line}: ")
    for part in says:
        assert part in message


@pytest.mark.parametrize("word", "yes Yes YES no No NO on On ON off Off OFF".split())
def test_words_that_yaml_1_1_takes_for_booleans_need_quotes(word: str) -> None:
    for text, key in ((f"b: 1\na: {word}\n", "a"), (f"b: 1\n{word}: 1\n", word)):
        error = refusal(text)
        assert (error.line, error.key, error.given) == (2, key, word)
        assert "other YAML readers take this as true or false" in str(error)
        assert f"'{word}' in quotes" in str(error)
    assert value_of(f"'{word}'") == value_of(f'"{word}"') == word


def test_the_deepest_nesting_allowed_is_read() -> None:
    deepest = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert dump(parse(f"a: {deepest}").data)


def test_billion_laughs_end_at_the_first_anchor() -> None:
    error = refusal("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n")
    assert (error.line, error.key, error.given) == (1, "a", "&a")


def test_text_over_the_limit_is_refused_at_once() -> None:
    start = time.perf_counter()
    error = refusal("a: " + "x" * MAX_BYTES)
    assert time.perf_counter() - start < 1
    assert "too large" in str(error)
    assert "1,000,000 bytes" in str(error)


@given(
    st.text(st.sampled_from("ab1.0 \t\n\r:-?[]{},#&*!|>'\"%@`~<=\\xuUen_\x85\ufeff"), max_size=40)
)
@settings(max_examples=1000, deadline=None)
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    error: ScenarioError | None = None
    try:
        document = parse(text)
    except ScenarioError as refused:
        error = refused
    if error is None:
        assert same(parse(dump(document.data)).data, document.data)
    else:
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1
        assert str(error)


# -- law: a file that cannot be read is named ---------------------------------------------------


def test_read_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "game.yaml"
    path.write_bytes("\ufeffa: 'é'\r\nb: 2\r\n".encode())
    document = read(path)
    assert document.data == {"a": "é", "b": 2}
    assert document.file == str(path)
    assert document.line(("b",)) == 2
    assert read(str(path)) == document


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "samsung.yaml").touch()
    with pytest.raises(UserError, match="no such file") as caught:
        read(tmp_path / "samsumg.yaml")
    assert caught.value.file == str(tmp_path / "samsumg.yaml")
    assert str(tmp_path / "samsumg.yaml") in str(caught.value)
    assert caught.value.nearest == "samsung.yaml"


def test_a_missing_folder_is_no_other_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "nowhere" / "game.yaml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="folder, not a file") as caught:
        read(tmp_path)
    assert caught.value.file == str(tmp_path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_a_path_that_no_file_can_have_is_a_user_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read(os.path.join(tmp_path, name))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "game.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    with pytest.raises(UserError, match="cannot be read") as caught:
        read(path)
    assert caught.value.file == str(path)


def test_bytes_that_are_not_utf8_are_shown_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "game.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\r\nc: caf\xe9\r\n")
    with pytest.raises(ScenarioError, match="not UTF-8") as caught:
        read(path)
    assert (caught.value.file, caught.value.line) == (str(path), 3)
    assert caught.value.given == "byte 0xe9"


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "game.yaml"
    path.write_bytes(b"a: 1\n#".ljust(MAX_BYTES, b"#"))
    assert read(path).data == {"a": 1}
    path.write_bytes(b"a: 1\n#".ljust(MAX_BYTES + 1, b"#"))
    with pytest.raises(ScenarioError, match="too large") as caught:
        read(path)
    assert caught.value.file == str(path)


# -- law: a value on the command line is read as in a file, or as plain text -------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.8", 0.8),
        (" 12 ", 12),
        ("true", True),
        ("null", None),
        ("", None),
        ("'1'", "1"),
        ('"no"', "no"),
        ("[1, a, [x]]", [1, "a", ["x"]]),
        ("{b: 1, c: [2]}", {"b": 1, "c": [2]}),
        ("tit for tat", "tit for tat"),
        ("a: b", "a: b"),
        ("a # b", "a # b"),
        ("- a", "- a"),
        ("@x", "@x"),
        ("> 3", "> 3"),
        ("%x", "%x"),
        ("x]", "x]"),
        ("2001-12-14", "2001-12-14"),
    ],
)
def test_command_line_values(text: str, value: Any) -> None:
    got = parse_value(text, key="game.a")
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("no", "game.a", "other YAML readers"),
        (".nan", "game.a", "finite"),
        ("9" * 5000, "game.a", "64 bits"),
        ("[1, Off]", "game.a.1", "other YAML readers"),
        ("{b: 1, b: 2}", "game.a.b", "duplicate key; given: b"),
        ("{b:1}", "game.a", "space after the colon"),
        ("[1", "game.a", "bracket"),
        ("'x", "game.a", "quote is not closed"),
        ("'x' y", "game.a", "text after the closing"),
        ("'x': y", "game.a", "text after the closing"),
        ("[x]: y", "game.a", "text after the closing"),
        ("!foo", "game.a", "tags are not supported"),
        ("&x 1", "game.a", "anchors"),
        ("*x", "game.a", "aliases"),
        ("[*x]", "game.a.0", "aliases"),
        ("a\nb", "game.a", "more than one line"),
        ("'a'\n---\nb", "game.a", "several documents"),
        ("a\x07", "game.a", "control character"),
        ("[" * 60, "game.a" + ".0" * MAX_DEPTH, "51 levels"),
        ("x" * (MAX_BYTES + 1), "game.a", "too large"),
    ],
)
def test_command_line_values_are_refused_with_their_key(text: str, key: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_value(text, key="game.a")
    error = caught.value
    assert (error.file, error.line, error.key) == (None, None, key)
    assert says in str(error)
    assert "line " not in error.problem.replace("one line", "")


# -- law: what is written reads back equal -----------------------------------------------------

AWKWARD = [
    *"yes Yes NO off ON true False null ~ << = y n - ? : # & * ! | > % @ [ ] { } ,".split(),
    *"1 -1 1.5 1e3 .5 0x1F 0o17 010 1_000 .inf .nan inf nan 12:30 2001-12-14 1-3 --- ...".split(),
    *["", " ", "a ", " a", "a: b", "a #b", "a:", "'", '"', "\\", "a\nb\n", "\t", "\r\n", "\x00"],
    *["\x7f\x85\xa0", "\u2028\u2029", "\ufeff", "\ufffe", "é", "🎲", "-", "- a", "[a"],
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-INT_MAX - 1, INT_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(AWKWARD)
)
keys = st.text(max_size=8) | st.sampled_from(AWKWARD)
plain_data = st.dictionaries(
    keys,
    st.recursive(
        scalars, lambda part: st.lists(part, max_size=4) | st.dictionaries(keys, part, max_size=4)
    ),
    max_size=5,
)


@given(plain_data)
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_back_equal(data: dict[str, Any]) -> None:
    assert same(parse(dump(data)).data, data)


@pytest.mark.parametrize("text", [*AWKWARD, "x" * 3000, "\n" * 600])
def test_awkward_text_survives_as_key_value_and_item(text: str) -> None:
    data = {text: text, "list": [text, 1], "deep": [{text: {text: [[text, {}]]}}, {text: None}]}
    assert same(parse(dump(data)).data, data)


@pytest.mark.parametrize("text", AWKWARD)
def test_other_readers_take_written_text_as_text(text: str) -> None:
    assert yaml.safe_load(dump({"a": [text], "b": {text: 1}})) == {"a": [text], "b": {text: 1}}


def test_the_written_form_is_easy_to_read() -> None:
    data = {
        "game": {"type": "matrix game", "gamma": 0.8, "payoffs": [[3, 0], [5.0, 1]]},
        "players": [{"agent": "tit-for-tat", "note": "no"}, {"agent": None}],
        "empty": {},
        "none": [],
    }
    assert dump(data) == (
        "game:\n"
        "  type: matrix game\n"
        "  gamma: 0.8\n"
        "  payoffs:\n"
        "    - [3, 0]\n"
        "    - [5.0, 1]\n"
        "players:\n"
        "  - agent: tit-for-tat\n"
        '    note: "no"\n'
        "  - agent: null\n"
        "empty: {}\n"
        "none: []\n"
    )
    assert dump({}) == "{}\n"


def endless() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["a"] = data
    return data


@pytest.mark.parametrize(
    ("data", "key", "says"),
    [
        ({"a": [float("nan")]}, "a.0", "given: nan"),
        ({"a": {"b": float("-inf")}}, "a.b", "given: -inf"),
        ({"a": 2**63}, "a", "given: 0x8000000000000000"),
        ({"a": 10**9999}, "a", "given: 0x"),
        ({"a": {1, 2}}, "a", "given: {1, 2}"),
        ({"a": {1: 2}}, "a.1", "given: 1"),
        ({"a": "\ud800"}, "a", r"given: '\ud800'"),
        (endless(), ".".join("a" * MAX_DEPTH), "51 levels"),
    ],
)
def test_what_cannot_be_read_back_is_not_written(data: Any, key: str, says: str) -> None:
    with pytest.raises(ScenarioError, match="cannot be written as YAML") as caught:
        dump(data)
    assert caught.value.key == key
    assert says in str(caught.value)


def test_more_than_the_limit_is_not_written() -> None:
    with pytest.raises(ScenarioError, match="too large"):
        dump({"a": "x" * MAX_BYTES})


def test_tuples_are_written_as_lists() -> None:
    assert parse(dump({"a": (1, (2,))})).data == {"a": [1, [2]]}


def test_a_file_is_parsed_once_as_long_as_it_does_not_change(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    first = read_once(path)
    assert first.data == {"a": 1}
    assert read_once(path) is first
    path.write_text("a: 22")
    assert read_once(path).data == {"a": 22}
    with pytest.raises(UserError, match="no such file"):
        read_once(tmp_path / "none.yaml")
