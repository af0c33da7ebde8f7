"""Game files in Gambit's formats: `read` and `write`."""

from __future__ import annotations

import os
import re

from coopsim import opening
from coopsim.errors import UserError
from coopsim.games.formats import efg, efgwriter, nfg
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm

MAX_BYTES = 500_000_000
"""The largest file that is read; a tree of that size would not fit in memory."""


def read(path: str | os.PathLike[str]) -> NormalForm | ExtensiveForm:
    """The game in a `.nfg` or `.efg` file, numbers exactly as written.

    Which format it is follows from the first word of the file (`NFG` or `EFG`).

    Raises:
        UserError: there is no such file, or it cannot be read as a game; with file, line
            and what was expected.

    Example:
        >>> import coopsim
        >>> coopsim.read("games/classic/prisoners-dilemma.nfg").actions[0]
        ('cooperate', 'defect')
    """
    file = os.fspath(path)
    return parse(text_of(file), file)


def parse(text: str, file: str = "<text>") -> NormalForm | ExtensiveForm:
    """The game in `text`; `file` is the name that errors carry. Raises `UserError`."""
    word = re.match(r"\s*(\S{0,20})", text)
    kind = word[1] if word else ""
    try:
        if kind == "NFG":
            return nfg.parse(text, file)
        if kind == "EFG":
            return efg.parse(text, file)
    except UserError as error:  # of a form that does not take the file's payoffs
        raise error.at(file=file) from None
    raise UserError(
        "not a game in Gambit's formats" if kind else "the file is empty",
        file=file,
        line=1,
        given=kind or None,
        allowed="a file that begins with NFG 1 R or EFG 2 R",
    )


def write(form: NormalForm | ExtensiveForm, path: str | os.PathLike[str]) -> None:
    """Write a game to a `.nfg` (matrix) or `.efg` (tree) file, numbers exactly.

    Raises:
        UserError: the form and the suffix do not fit, the form has variants, or the file
            cannot be written.
    """
    file = os.fspath(path)
    suffix = os.path.splitext(file)[1].lower()
    if isinstance(form, NormalForm) and suffix == ".nfg":
        text = nfg.dump(form)
    elif isinstance(form, ExtensiveForm) and suffix == ".efg":
        text = efgwriter.dump(form)
    else:
        raise _unfit(form, file)
    try:
        with open(file, "w", encoding="utf-8", newline="\n", errors="replace") as stream:
            stream.write(text)
    except OSError as error:
        raise UserError(f"the file cannot be written: {error.strerror}", file=file) from None


def text_of(path: str | os.PathLike[str], *, plain: bool = False) -> str:
    """The text of a game file; with `plain`, of no pipe or device (see `opening.start`).

    Raises `UserError` where it cannot be read.
    """
    file = os.fspath(path)
    if os.path.isdir(file):
        raise UserError("this is a folder, not a file", file=file, allowed="a .nfg or .efg file")
    try:
        raw = opening.start(file, MAX_BYTES + 1, plain=plain)
    except FileNotFoundError:
        raise UserError("no such file", file=file) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"the file cannot be read: {reason}", file=file) from None
    if len(raw) > MAX_BYTES:
        raise UserError("the file is too large", file=file, allowed=f"{MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError("the file is not UTF-8 text", file=file, line=line) from None


def _unfit(form: object, file: str) -> UserError:
    if isinstance(form, NormalForm):
        return UserError("a matrix game goes into a .nfg file", file=file, allowed="NAME.nfg")
    if isinstance(form, ExtensiveForm):
        return UserError("a game tree goes into a .efg file", file=file, allowed="NAME.efg")
    return UserError(
        "only matrix games and game trees can be written",
        given=type(form).__name__,
        allowed="NormalForm or ExtensiveForm (one variant at a time)",
    )
