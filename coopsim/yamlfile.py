"""Read and write YAML strictly: what is read is what was written, or one clear error.

The grammar is YAML with the 1.2 core schema (null, true/false, decimal, 0x and 0o integers,
floats, text), less everything that readers disagree on or that can hurt: no tags, anchors,
aliases, merge keys, time stamps or sexagesimal numbers, no NaN or infinity, no unquoted yes/no.

PyYAML supplies the stream of parse events and nothing else. Its composer is not used, since it
recurses once per level and expands aliases; its constructors are not, since they follow YAML 1.1.
The parser written in Python is used even where libyaml is installed: the two differ in messages
and in what they accept, and a file must not be right on one machine and wrong on another.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from coopsim import opening
from coopsim.errors import ScenarioError, UserError, dotted, nearest

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of a file: ``("players", 0, "agent")``."""

MAX_BYTES = 1_000_000  # PyYAML needs about 12 s per MB; data of that size is no scenario
MAX_DEPTH = 50  # mappings and lists inside one another, the top level counted
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {text: text.lower() == "true" for text in "true True TRUE false False FALSE".split()}
_YAML_1_1_BOOL = frozenset("yes Yes YES no No NO on On ON off Off OFF".split())
_INT = re.compile(r"([-+]?)([0-9]+)|0o([0-7]+)|0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN = re.compile(r"[A-Za-z_]([A-Za-z0-9_./ -]*[A-Za-z0-9_./-])?")  # safe without quotes
_SURROGATE = re.compile("[\ud800-\udfff]")
# C0 and C1 controls, surrogates, non-characters; and the invisible marks that YAML 1.1 takes for
# line breaks (which would shift every line number after them) or for the start of a file.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_BREAK = re.compile(r"\r\n|\r|\n")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*+(%[^\r\n]*)")

_NO_ANCHORS = "anchors and aliases are not supported, write the value out"
_AFTER_VALUE = "text after the closing quote or bracket"
_NO_START = "this character cannot start a value"
_NO_FIT = "this line does not fit the lines above it"
_NO_TAGS, _QUOTE_TAGS = "tags are not supported", "plain values; text that starts with ! in quotes"

# The last row that fits is used: what PyYAML says (any of the fragments), the same in plain words,
# how to put it right.
_SYNTAX: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("cannot start any token", "expected the node content"),
        _NO_START,
        "the text in quotes",
    ),
    (
        ("expected <block end>", "expected '<document start>'"),
        _NO_FIT,
        "the keys of one mapping, indented alike",
    ),
    (
        ("unknown escape", "escape sequence of"),
        "a backslash means something else in double quotes",
        "single quotes, or every backslash written twice",
    ),
    (
        ("sequence entries are not allowed", "mapping keys are not allowed"),
        "a list item or key where none can stand",
        "each item on its own line, indented like its neighbours; text in quotes",
    ),
    (
        ("mapping values are not allowed",),
        "a second ': ' or a key where none can stand",
        "text with ': ' in quotes; each key on its own line, indented like its neighbours",
    ),
    (
        ("could not find expected ':'",),
        "this line is not 'key: value'",
        "a key of up to 1000 characters, a colon, a space and a value",
    ),
    (
        ("unexpected end of stream", "document separator"),
        "a quote is not closed",
        "the same quote at both ends; a quote inside single quotes written twice",
    ),
    (
        ("expected ',' or",),
        "a bracket is not closed, or a comma is missing",
        "[a, b] or {key: value, key: value}",
    ),
    (
        ("scanning an anchor", "scanning an alias"),
        _NO_ANCHORS,
        "text that starts with & or * in quotes",
    ),
    (("scanning a tag", "parsing a tag", "tag handle", "parsing a node"), _NO_TAGS, _QUOTE_TAGS),
)
# These fail later than they go wrong: the line to show is where they began.
_BEGAN = ("expected ':'", "end of stream", "separator", "expected ',' or", "scanning an a")


@dataclass(frozen=True)
class Document:
    """What one file says, and where it says it.

    Args:
        data: the top-level mapping, of dict, list, str, int, float, bool and None only.
        file: the path, or a name such as "<text>".
        lines: the line, from 1, of every key path: of the key for an entry of a mapping, of the
            item for a list, of the first entry for the top level, ``()``.
    """

    data: dict[str, Any]
    file: str
    lines: Mapping[KeyPath, int]

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line of `path`, or of its nearest ancestor that is in the file."""
        here = tuple(path)
        while here and here not in self.lines:
            here = here[:-1]
        return self.lines.get(here)

    def error(
        self,
        problem: str,
        path: Sequence[str | int],
        *,
        given: Any = None,
        allowed: str | Sequence[str] | None = None,
        nearest: str | None = None,
    ) -> ScenarioError:
        """A `ScenarioError` (to be raised by the caller) that points at `path` in this file."""
        return ScenarioError(
            problem,
            file=self.file,
            line=self.line(path),
            key=dotted(path) or None,
            given=given,
            allowed=allowed,
            nearest=nearest,
        )


def read(path: str | os.PathLike[str], *, plain: bool = False) -> Document:
    """Read the file at `path`; with `plain`, no pipe or device (see `opening.start`).

    Raises `UserError` when there is no such file or it cannot be read, and `ScenarioError`
    when it is too large, not UTF-8, or anything that `parse` refuses.
    """
    file = os.fspath(path)
    folder, name = os.path.split(file)
    if os.path.isdir(file):  # asked first, since Windows calls it "permission denied"
        raise UserError("this is a folder, not a file", file=file, allowed="a YAML file")
    try:
        raw = opening.start(file, MAX_BYTES + 1, plain=plain)
    except FileNotFoundError:
        raise UserError("no such file", file=file, nearest=nearest(name, _names(folder))) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"the file cannot be read: {reason}", file=file) from None
    if len(raw) > MAX_BYTES:
        raise _too_large(file)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(
            "the file is not UTF-8 text",
            file=file,
            line=len(_BREAK.findall(raw[: error.start].decode("latin-1"))) + 1,
            given=f"byte 0x{raw[error.start]:02x}",
            allowed="UTF-8; save the file with that encoding",
        ) from None
    return parse(text, file)


def read_once(path: str | os.PathLike[str], *, plain: bool = False) -> Document:
    """As `read`, parsed once as long as the file does not change. Nobody may change the data.

    A verb looks at a file several times, and long files take seconds to parse.
    """
    file = os.fspath(path)
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return read(file, plain=plain)  # which says what is wrong
    if not stat.S_ISREG(found.st_mode):
        return read(file, plain=plain)  # a pipe can be read once only
    return _parsed(file, found.st_mtime_ns, found.st_size, found.st_ino)


@functools.lru_cache(maxsize=512)
def _parsed(file: str, changed: int, size: int, number: int) -> Document:
    return read(file, plain=True)


def parse(text: str, file: str = "<text>") -> Document:
    """Read `text`, one YAML document whose top level is a mapping.

    `file` is the name that errors carry. Raises `ScenarioError` with the line, the dotted key,
    what was given and what is allowed, and no other error, whatever `text` holds.
    """
    builder = _Builder(text, file)
    data = builder.document()
    return Document(data, file, builder.lines)


def parse_value(text: str, key: str | None = None) -> Any:
    """Read the value of ``--set key=text``.

    Text in quotes and values in [ ] or { } are read as in a file; anything else is one plain
    value, read by the rules of a file where the whole of it is a number, true, false or null,
    and as text otherwise (so ``a: b`` and ``x # y`` are text, and nothing at all is null).
    Raises `ScenarioError` with the dotted `key` and no file or line.
    """
    builder = _Builder(text, None, key or "")
    text = builder.text.strip(" \t\r\n")
    if text.startswith(("[", "{", '"', "'")):
        return builder.value()
    if text.startswith(("&", "*")):
        raise builder.error(_NO_ANCHORS, given=text, allowed="text in quotes")
    if text.startswith("!"):
        raise builder.error(_NO_TAGS, given=text, allowed=_QUOTE_TAGS)
    if _BREAK.search(text):
        raise builder.error("more than one line", given=text, allowed="one line, or quotes")
    return builder.plain(text)


def dump(data: Mapping[str, Any]) -> str:
    """`data` as YAML text that `parse` reads back to equal data.

    Takes mappings with text keys, lists, tuples (read back as lists), text, bool, None, finite
    floats and 64-bit integers; the order of keys is kept, floats are written so that they read
    back to the same bits. Raises `ScenarioError` with the dotted key of anything else, of
    nesting deeper than `MAX_DEPTH`, and of text that is no Unicode (a lone surrogate).
    """
    text = "".join(f"{line}\n" for line in _lines(data, ())) or "{}\n"
    if len(text.encode()) > MAX_BYTES:
        raise _too_large(None)
    return text


def _names(folder: str) -> list[str]:
    """What lies in `folder`, for a hint; nothing where it cannot be listed."""
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def _too_large(file: str | None) -> ScenarioError:
    limit = f"at most {MAX_BYTES:,} bytes; keep data in a CSV or NumPy file"
    return ScenarioError("too large for a YAML file", file=file, allowed=limit)


def _plain(text: str) -> Any:
    """The value of a scalar without quotes. Raises `ScenarioError` without a place."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text in _YAML_1_1_BOOL:
        raise ScenarioError(
            "other YAML readers take this as true or false",
            given=text,
            allowed=f"'{text}' in quotes for text, or true / false",
        )
    if match := _INT.fullmatch(text):
        sign, decimal, octal, hexadecimal = match.groups()
        digits, base = (decimal, 10) if decimal else (octal, 8) if octal else (hexadecimal, 16)
        # Cut down first: int() of thousands of digits raises ValueError. 25 are past 64 bits.
        value = int((digits.lstrip("0") or "0")[:25], base) * (-1 if sign == "-" else 1)
        if not _INT_MIN <= value <= _INT_MAX:
            raise ScenarioError(
                "an integer beyond 64 bits", given=text, allowed=f"{_INT_MIN} to {_INT_MAX}"
            )
        return value
    if _NOT_FINITE.fullmatch(text):
        raise ScenarioError("not a finite number", given=text, allowed="finite numbers")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ScenarioError(
                "a number too large for a float", given=text, allowed="-1.797e308 to 1.797e308"
            )
        return number
    return text


class _Builder:
    """Builds plain data from the events of one text; `file` is None for a ``--set`` value."""

    def __init__(self, text: str, file: str | None, key: str = "") -> None:
        self.file = file
        self.prefix = (key,) if key else ()
        self.lines: dict[KeyPath, int] = {}
        self.text = text.removeprefix("\ufeff")
        if len(text) > MAX_BYTES:
            raise _too_large(file).at(key=key or None)
        if bad := _UNPRINTABLE.search(self.text):
            line = len(_BREAK.findall(self.text, 0, bad.start())) + 1
            code = f"{ord(bad[0]):04x}"
            problem = "a control character or invisible mark"
            allowed = f'"\\u{code}" in double quotes'
            raise self.error(problem, line, given=f"U+{code.upper()}", allowed=allowed)
        if file is not None and (bad := _DIRECTIVE.match(self.text)):
            line = len(_BREAK.findall(self.text, 0, bad.start(1))) + 1
            problem = "directives are not supported"
            raise self.error(problem, line, given=bad[1], allowed="the file without this line")
        self.loader: Any = yaml.SafeLoader(self.text)

    def document(self) -> dict[str, Any]:
        """The one document of a file."""
        event, allowed = self._start(), "lines of 'key: value', with a space after the colon"
        text = event.value if isinstance(event, yaml.ScalarEvent) else None
        if isinstance(event, yaml.StreamEndEvent) or (text in _NULL and event.style is None):
            if text is not None:
                self._end()  # of two documents, the second is the thing to report
            raise self.error("the file is empty", 1, allowed=allowed)
        line = _line(event.start_mark)
        if not isinstance(event, yaml.MappingStartEvent):
            given = "a list" if text is None else text
            raise self.error("the top level is not a mapping", line, given=given, allowed=allowed)
        self.lines[()] = line
        data: dict[str, Any] = self._node(event, ())
        self._end()
        return data

    def value(self) -> Any:
        """One value in quotes or brackets."""
        event = self._start()
        if isinstance(event, yaml.MappingStartEvent) and not event.flow_style:
            allowed = "the whole of it in quotes"
            raise self.error(_AFTER_VALUE, given=self.text, allowed=allowed)
        value = self._node(event, ())
        self._end()
        return value

    def plain(self, text: str, line: int | None = None, path: KeyPath = ()) -> Any:
        """The value of a scalar without quotes."""
        try:
            return _plain(text)
        except ScenarioError as error:
            error.at(file=self.file, line=line, key=dotted((*self.prefix, *path)) or None)
            raise

    def error(
        self,
        problem: str,
        line: int | None = None,
        path: KeyPath = (),
        *,
        given: str | None = None,
        allowed: str | None = None,
    ) -> ScenarioError:
        """The error to raise about `path`; the line is left out where there is no file."""
        return ScenarioError(
            problem,
            file=self.file,
            line=line if self.file is not None else None,
            key=dotted((*self.prefix, *path)) or None,
            given=given,
            allowed=allowed,
        )

    def _start(self) -> Any:
        """The first event that is about content, or the end of the stream."""
        event = self._next(())
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next(())
        return event

    def _end(self) -> None:
        """Refuse a second document."""
        event = self._next(())
        while isinstance(event, yaml.DocumentEndEvent):
            event = self._next(())
        if isinstance(event, yaml.DocumentStartEvent):
            line = _line(event.start_mark)
            problem, allowed = "several documents in one file", "one document; one file for each"
            raise self.error(problem, line, given=self._source(line) or "---", allowed=allowed)

    def _node(self, event: Any, path: KeyPath) -> Any:
        """The value that starts with `event`, which has been taken."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= MAX_DEPTH:
            given, allowed = f"{MAX_DEPTH + 1} levels", f"at most {MAX_DEPTH} levels"
            line = _line(event.start_mark)
            raise self.error("nested too deep", line, path, given=given, allowed=allowed)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, flow=bool(event.flow_style))
        items: list[Any] = []
        here: KeyPath = (*path, 0)
        while not isinstance(event := self._next(here), yaml.SequenceEndEvent):
            self.lines[here] = _line(event.start_mark)
            items.append(self._node(event, here))
            here = (*path, len(items))
        return items

    def _mapping(self, path: KeyPath, *, flow: bool) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := self._next(path), yaml.MappingEndEvent):
            line = _line(event.start_mark)
            key = self._key(event, path)
            here = (*path, key)
            if key in data:
                first = f", already on line {self.lines[here]}" if self.file is not None else ""
                problem = f"duplicate key{first}"
                raise self.error(problem, line, here, given=key, allowed="each key once")
            self.lines[here] = line
            value = self._next(here)
            if flow and ":" in key and event.style is None and getattr(value, "value", 0) == "":
                # {a:1} is, by the letter of YAML, the key "a:1" without a value
                problem = "no space after the colon"
                raise self.error(problem, line, path, given=key, allowed="{key: value}")
            data[key] = self._node(value, here)
        return data

    def _key(self, event: Any, path: KeyPath) -> str:
        """The text of a key; a plain decimal integer stands for its own text."""
        line = _line(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            what = "a list" if isinstance(event, yaml.SequenceStartEvent) else "a mapping"
            problem, allowed = f"{what} cannot be a key", "text or an integer"
            raise self.error(problem, line, path, given=what, allowed=allowed)
        here = (*path, event.value) if event.value else path
        key = self._scalar(event, here)
        if event.style is None and key == "<<":
            problem = "merge keys are not supported, write the keys out"
            raise self.error(problem, line, here, given=key, allowed='"<<" in quotes for text')
        # 007, +7 and 0x7 are refused: as texts they differ from "7", as numbers they do not
        if isinstance(key, str) or (type(key) is int and str(key) == event.value):
            return str(event.value)
        given = event.value or "nothing before the colon"
        allowed = "text, a plain integer such as 7, or anything in quotes"
        raise self.error("this cannot be a key", line, here, given=given, allowed=allowed)

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        line = _line(event.start_mark)
        if event.style is None:
            return self.plain(event.value, line if self.file is not None else None, path)
        if half := _SURROGATE.search(event.value):
            given = f"\\u{ord(half[0]):04x}"
            problem = "half a surrogate pair is no character"
            allowed = "the character itself, or \\U and eight digits"
            raise self.error(problem, line, path, given=given, allowed=allowed)
        return event.value

    def _next(self, path: KeyPath) -> Any:
        """The next event; `path` is what is being read. Refuses bad syntax, tags and anchors."""
        try:
            event = self.loader.get_event()
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from None
        except (ValueError, OverflowError):  # from chr(), of an escape such as "\U00110000"
            line = self.loader.line + 1
            problem, allowed = "an escape that stands for no character", "\\U0010ffff or below"
            given = self._source(line).strip()
            raise self.error(problem, line, given=given, allowed=allowed) from None
        line = _line(event.start_mark)
        if getattr(event, "anchor", None) is not None:
            mark = "*" if isinstance(event, yaml.AliasEvent) else "&"
            allowed = f"text that starts with {mark} in quotes"
            raise self.error(_NO_ANCHORS, line, path, given=mark + event.anchor, allowed=allowed)
        if getattr(event, "tag", None) is not None:
            given = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self.error(_NO_TAGS, line, path, given=given, allowed=_QUOTE_TAGS)
        return event

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> ScenarioError:
        """PyYAML's error in the words of `_SYNTAX`."""
        said = f"{error.context or ''} {error.problem or ''}".strip()
        mark = error.problem_mark or error.context_mark
        line = noticed = _line(mark)
        column = mark.column if mark else 0
        before, after = self._source(line)[:column].strip(), self._source(line)[column:]
        problem, allowed = f"not valid YAML: {said}", "YAML 1.2"
        for fragments, words, instead in _SYNTAX:
            if any(fragment in said for fragment in fragments):
                problem, allowed = words, instead
        if any(fragment in said for fragment in _BEGAN) and error.context_mark is not None:
            line = _line(error.context_mark)
        given = self._source(line).strip(" ")
        if "cannot start" in said and r"'\t'" in said:
            problem = "a tab is used for " + ("spacing" if before else "indentation")
            allowed = "spaces; tabs only inside quotes"
        elif problem in (_NO_START, _NO_FIT) and after.startswith(":"):
            problem, allowed = "a key is missing", "text before the colon"
        elif problem == _NO_FIT and before:
            problem, allowed = _AFTER_VALUE, "quotes or brackets around the whole value"
        if line != noticed and self.file is not None:
            problem += f" (noticed on line {noticed})"
        given = given.replace("\t", "\\t")
        return self.error(problem, line, given=given or None, allowed=allowed)

    def _source(self, line: int) -> str:
        rows = _BREAK.split(self.text)
        return rows[line - 1] if line <= len(rows) else ""


def _line(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1


def _lines(value: Mapping[str, Any] | Sequence[Any], path: KeyPath) -> Iterator[str]:
    """The lines of a mapping or list in block style, not yet indented."""
    if not isinstance(value, Mapping):
        for i, item in enumerate(value):
            inline = _inline(item, (*path, i))
            lines = [inline] if inline is not None else list(_lines(item, (*path, i)))
            yield from (("  " if n else "- ") + line for n, line in enumerate(lines))
        return
    for key, item in value.items():
        if not isinstance(key, str):
            raise _unwritable("a key that is not text", (*path, repr(key)), key)
        head = _text(key, (*path, key))
        if len(head) > 1000:  # YAML looks for the colon no further than 1024 characters
            yield f"? {head}"
            head = ""
        inline = _inline(item, (*path, key))
        if inline is not None:
            yield f"{head}: {inline}"
        else:
            yield f"{head}:"
            yield from ("  " + line for line in _lines(item, (*path, key)))


def _inline(value: Any, path: KeyPath) -> str | None:
    """`value` on one line, or None for a mapping or list that needs several."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        if not _INT_MIN <= value <= _INT_MAX:
            raise _unwritable("an integer beyond 64 bits", path, hex(value))
        return int.__repr__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _unwritable("not a finite number", path, float.__repr__(value))
        return float.__repr__(value)
    if not isinstance(value, Mapping | list | tuple):
        raise _unwritable("not plain data", path, value)
    if len(path) >= MAX_DEPTH:  # a structure that holds itself ends here too
        raise _unwritable("nested too deep", path, f"{MAX_DEPTH + 1} levels")
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    if isinstance(value, Mapping) or any(isinstance(x, Mapping | list | tuple) for x in value):
        return None
    flow = ", ".join(str(_inline(item, (*path, i))) for i, item in enumerate(value))
    return f"[{flow}]" if len(flow) <= 80 else None


def _text(value: str, path: KeyPath) -> str:
    """`value` without quotes where every reader takes it as text, else in double quotes."""
    if _SURROGATE.search(value):
        raise _unwritable("text that is no Unicode", path, ascii(value))
    if _PLAIN.fullmatch(value) and value not in _YAML_1_1_BOOL and _plain(value) == value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _unwritable(problem: str, path: KeyPath, given: Any) -> ScenarioError:
    return ScenarioError(f"{problem} cannot be written as YAML", key=dotted(path), given=given)
