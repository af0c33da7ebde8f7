"""Words for people: JSON Schemas of parameter classes in words, and texts that can be shown.

The check of a file, `coopsim describe` and the manual's reference all speak from here, so
that they say the same. So does whatever shows a text that may come from a file: a name can hold
characters that a terminal or a browser obeys instead of showing them.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_NOUNS = {
    "string": "text",
    "boolean": "true or false",
    "null": "null",
    "object": "mapping",
    "number": "number",
    "integer": "whole number",
    "array": "list",
}
_MANY = 8  # how many choices are spelled out

# What is obeyed and not shown: controls of C0 and C1 and DEL; overrides of direction and other
# formats (Unicode's category Cf); separators of lines; halves of characters, and what Unicode says
# is none. What nobody sees: all of Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties),
# the fillers of Hangul and the selectors of variants among them, and characters that are drawn
# empty (braille without dots, a note without a head). A line feed is left to the caller.
_UNSEEN_ALWAYS = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff"
    "\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd"
    "\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# the one that people use on purpose: U+FE0F, which has the sign before it drawn in colours
_IN_COLOURS = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23fa\u24c2\u25aa-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_UNSEEN = re.compile(f"[{_UNSEEN_ALWAYS}]|(?<![{_IN_COLOURS}])\ufe0f")


def visible(text: str) -> str:
    """`text` on one line of a terminal: what a terminal would obey stands as an escape.

    An escape character becomes the four characters `\\x1b`, a line feed `\\n`.
    """
    return _UNSEEN.sub(_escaped, text)


def visible_json(text: str) -> str:
    """A JSON text that means the same, with such characters as JSON's own escapes."""
    return _UNSEEN.sub(
        lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text
    )


def stripped(text: str) -> str:
    """`text` for HTML and SVG: without such characters, line feeds and tabs excepted."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] in "\n\t" else "", text)


def on_grid(method: str, points: int | None) -> str:
    """A method as it is shown: with the values an action, where it solved a grid of the game."""
    return f"{method} (grid of {points})" if points else method


class OneLine(logging.Filter):
    """Makes what is logged `visible`, whoever shows it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, its message put together and made visible."""
        record.msg, record.args = visible(record.getMessage()), ()
        return True


def branches(node: Schema, root: Schema) -> list[Schema]:
    """The alternatives of a schema node, references followed."""
    if "$ref" in node:
        return branches(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    alternatives = node.get("anyOf") or node.get("oneOf") or node.get("allOf")
    if not alternatives:
        return [node]
    return [branch for option in alternatives for branch in branches(option, root)]


def find(root: Schema, path: Sequence[str | int]) -> Schema:
    """The node that describes the value at `path`; an empty one where nothing is said of it."""
    node: Schema = root
    for part in path:
        inner = [_child(option, part) for option in branches(node, root)]
        found = [option for option in inner if option]
        node = found[0] if len(found) == 1 else {"anyOf": found} if found else {}
    return node


def keys(root: Schema, path: Sequence[str | int]) -> list[str]:
    """The keys that a mapping at `path` may have, in the order in which they are declared."""
    options = branches(find(root, path), root)
    return list(dict.fromkeys(key for option in options for key in option.get("properties", {})))


def kind(node: Schema, root: Schema) -> str:
    """The type of a value, without its range: "number", "list of texts", "text or null"."""
    return " or ".join(dict.fromkeys(_noun(option, root) for option in branches(node, root)))


def span(node: Schema, root: Schema) -> str:
    """The range of a value: "0 to 1", "above 0", "at least 2 items"; "" where it has none."""
    ranges = [_range(option, root) for option in branches(node, root)]
    return " or ".join(dict.fromkeys(item for item in ranges if item))


def sentence(node: Schema, root: Schema) -> str:
    """Type and range together: "a number from 0 to 1, or a list of texts"."""
    return " or ".join(dict.fromkeys(_one(option, root) for option in branches(node, root)))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(found[0])
    return short or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _child(option: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        inner = option.get("items")
    else:
        inner = option.get("properties", {}).get(part, option.get("additionalProperties"))
    return inner if isinstance(inner, dict) else None


def _noun(option: Schema, root: Schema) -> str:
    if "const" in option or "enum" in option:
        return "text"
    name = _NOUNS.get(option.get("type", ""), "any value")
    if name != "list" or not option.get("items"):
        return name
    return f"list of {_plural(kind(option['items'], root))}"


def _plural(name: str) -> str:
    return " or ".join(
        part if part in ("null", "any value", "true or false") else _plural_noun(part)
        for part in name.split(" or ")
    )


def _plural_noun(name: str) -> str:
    head, of, rest = name.partition(" of ")
    return f"{head}s{of}{rest}"


def _range(option: Schema, root: Schema) -> str:
    if "const" in option:
        return str(option["const"])
    if "x-registry" in option:  # too many to list, and other packages add to them
        return ""
    if "enum" in option:
        return _choices(option["enum"])
    low, above = option.get("minimum"), option.get("exclusiveMinimum")
    high, below = option.get("maximum"), option.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    parts = [
        f"{word} {_number(bound)}"
        for word, bound in (
            ("at least", low),
            ("above", above),
            ("at most", high),
            ("below", below),
        )
        if bound is not None
    ]
    items = [
        f"at {word} {option[name]} item{'' if option[name] == 1 else 's'}"
        for word, name in (("least", "minItems"), ("most", "maxItems"))
        if name in option
    ]
    inner = span(option["items"], root) if isinstance(option.get("items"), dict) else ""
    if inner and any("enum" in item for item in branches(option["items"], root)):
        inner = f"one of {inner}"
    return ", ".join([" and ".join(parts), *items, f"each {inner}" if inner else ""]).strip(", ")


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def _choices(names: Sequence[Any]) -> str:
    shown = ", ".join(str(name) for name in names[:_MANY])
    more = len(names) - _MANY
    return f"{shown} and {more} more" if more > 0 else shown


def _one(option: Schema, root: Schema) -> str:
    if "enum" in option:
        return f"one of {_choices(option['enum'])}"
    if "const" in option:
        return str(option["const"])
    name, limits = _noun(option, root), _range(option, root)
    article = "" if name in ("text", "null", "true or false", "any value") else "a "
    joint = " of " if limits.startswith("at ") else " "
    if limits[:1].isdigit() or limits[:1] == "-":
        joint = " from "
    if name.startswith("list"):
        joint = ", "
    return f"{article}{name}{joint}{limits}" if limits else f"{article}{name}"
