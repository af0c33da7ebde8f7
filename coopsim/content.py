"""Find content files: games, solver presets, agents and scenarios that users write.

Content lies in folders named after its kind. They are searched in this order, and a
name found earlier hides the same name further down:

1. the folder of the scenario at hand, and its parents up to the project folder;
2. the current working directory;
3. the repository checkout that coopsim is imported from;
4. the copy packaged in the wheel.

A file's name is its path below the kind's folder without the suffix:
``scenarios/coopetition/samsung-sony.yaml`` is ``coopetition/samsung-sony``.

A user may give the path of any file. A file may name others by path only in its own folder, in
its project and where the user has said so (`coopsim.permissions`); links that lead elsewhere
are not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import MappingProxyType

from coopsim import opening, permissions
from coopsim.errors import UserError

KINDS = MappingProxyType(
    {
        "games": (".yaml", ".nfg", ".efg"),
        "solvers": (".yaml",),
        "agents": (".yaml",),
        "scenarios": (".yaml",),
    }
)
"""Each kind of content and its file suffixes; where two files share a name, the first wins."""

# how a file shows that it is one of ours; a longer start than this none needs
_MARK = re.compile(
    rb"^(?:\xef\xbb\xbf)?coopsim *: *[0-9]+ *(?:#.*)?\r?$|"
    rb"\A(?:\xef\xbb\xbf)?\s*(?:NFG\s+1|EFG\s+2)\s",
    re.MULTILINE,
)
_START = 1_000_000

_PACKAGE = Path(__file__).resolve().parent


def folders(kind: str, near: Path | None = None) -> list[Path]:
    """The folders that hold content of `kind`, in the order in which they are searched.

    Args:
        kind: one of `KINDS`.
        near: the scenario at hand (or its folder), whose project is searched first.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of content {kind!r}; allowed: {', '.join(KINDS)}")
    around = [] if near is None else _project(near)
    checkout = _PACKAGE.parent
    bases = [*around, Path.cwd()]
    if (checkout / "pyproject.toml").is_file():
        bases.append(checkout)
    bases.append(_PACKAGE / "library")
    found: dict[Path, Path] = {}
    for base in bases:
        folder = base / kind
        if folder.is_dir() and _stays(folder, base):
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def names(kind: str, near: Path | None = None) -> dict[str, Path]:
    """Every name of `kind` that can be found, with its file (arguments as in `folders`)."""
    found: dict[str, Path] = {}
    for name, path in _entries(kind, near):
        found.setdefault(name, path)
    return found


def find(kind: str, name: str, near: Path | None = None) -> Path | None:
    """The file that `name` means, or None.

    `name` is one of, tried in this order:

    - the path of an existing file, from the scenario's folder or the working directory;
    - a name as in `names`, with or without the kind's folder before it and the suffix after;
    - the last part of a name, where only one name ends in it (``samsung-sony``).

    Only a path to an existing file leads out of the content folders.

    Raises:
        UserError: `near` names a file that it may not name, whether that exists or not.
    """
    explicit = _existing(kind, name, near)
    if explicit is not None:
        return explicit
    found = _by_name(kind, name, near)
    if found is None and near is not None and _leads_out(kind, name, near):
        raise UserError(
            "a file that this file may not name",
            given=name,
            allowed=f"{_listed(KINDS[kind])} files below {_home(near)}; others only with "
            "--trust FOLDER on the command line",
        )
    return found


def _by_name(kind: str, name: str, near: Path | None) -> Path | None:
    stem, suffix = _split(kind, PurePath(name).as_posix())
    entries = [entry for entry in _entries(kind, near) if suffix in ("", entry[1].suffix)]
    for wanted in (stem, stem.removeprefix(f"{kind}/")):
        for known, path in entries:
            if known == wanted:
                return path
    endings: dict[str, Path] = {}
    for known, path in entries:
        if known.rpartition("/")[2] == stem:
            endings.setdefault(known, path)
    return next(iter(endings.values())) if len(endings) == 1 else None


@contextmanager
def unquoted(path: Path, near: Path | None = None) -> Iterator[None]:
    """Errors raised inside, while a file is read, quote it only if it is coopsim's.

    That is so where another file names it, or a link that leads elsewhere: a stranger could
    have lines of any file shown. Errors about a file that the user names are left as they are.
    """
    try:
        yield
    except UserError as error:
        given = near is None and permissions.reaches(path, path.parent)
        if given or _marked(path):
            raise
        raise UserError(
            "not a coopsim file",
            file=str(path),
            line=error.line,
            allowed="a file that says coopsim: 1, or that begins with NFG 1 or EFG 2",
        ) from None


def _marked(path: Path) -> bool:
    try:
        start = opening.start(path, _START, plain=True)
    except opening.NotPlain:
        return False  # a pipe cannot be read again, and what came out of it is not quoted
    except (OSError, ValueError):
        return True  # nothing was read that could be quoted
    return _MARK.search(start) is not None


def _project(near: Path) -> list[Path]:
    """The folder of `near` and its parents up to the project folder.

    A project folder holds a content folder. A folder inside `scenarios` is never one, so
    that a scenario with a `games` folder beside it still belongs to the project around it.
    """
    near = Path(os.path.abspath(near))
    start = near if near.is_dir() else near.parent
    chain = []
    for folder in (start, *start.parents):
        chain.append(folder)
        holds_content = any((folder / kind).is_dir() for kind in KINDS)
        if holds_content and "scenarios" not in folder.parts:
            return chain
    return [start]


def _entries(kind: str, near: Path | None) -> Iterator[tuple[str, Path]]:
    """Every content file of `kind` with its name, the ones that win first."""
    for folder in folders(kind, near):
        paths = list(_files(folder, KINDS[kind]))
        paths.sort(key=lambda path: (path.with_suffix(""), KINDS[kind].index(path.suffix)))
        for path in paths:
            if path.is_symlink() and not _stays(path, folder.parent):
                continue
            yield path.relative_to(folder).with_suffix("").as_posix(), path


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(("_", "."))]
        for name in files:
            path = Path(place, name)
            # a pipe or a device with such a name is no content: whoever opened it would wait
            usable = path.suffix in suffixes and not name.startswith(("_", "."))
            if usable and os.path.isfile(path):
                yield path


def _existing(kind: str, name: str, near: Path | None) -> Path | None:
    # a name without a suffix is never a path: a stray file called "coopetition" must not hide one
    if not PurePath(name).suffix or "\0" in name:
        return None
    for path in _meant(name, near):
        # a scenario that says `use: samsung-sony.yaml` does not mean itself
        itself = near is not None and os.path.abspath(path) == os.path.abspath(near)
        if itself or (near is not None and not _may_name(kind, path, near)):
            continue
        # os.path.isfile is False where Path.is_file raises, as for names that are too long
        if os.path.isfile(path):
            return path
    return None


def _meant(name: str, near: Path | None) -> tuple[Path, Path]:
    """The paths that a name can mean: from the folder of `near`, and as it stands."""
    own = Path() if near is None else near if near.is_dir() else near.parent
    return own / name, Path(name)


def _may_name(kind: str, path: Path, near: Path) -> bool:
    """Whether the file `near` may name `path`; nothing is opened to find out."""
    real = PurePath(os.path.realpath(path))
    return real.suffix in KINDS[kind] and permissions.reaches(real, _home(near), near=near)


def _leads_out(kind: str, name: str, near: Path) -> bool:
    """Whether a name is a path that `near` may not name, told without looking whether it is there.

    Of relative paths without `..`, only links lead out; where they lead is read from the links.
    """
    if "\0" in name or PurePath(name).suffix not in KINDS[kind]:
        return False
    path, _ = _meant(name, near)
    return not _may_name(kind, path, near)


def _home(near: Path) -> Path:
    """The folder below which `near` may name files: its project, or its own folder."""
    return _project(near)[-1]


def _stays(path: Path, base: Path) -> bool:
    """Whether content of a project stays in it, links followed; coopsim's own may be linked."""
    own = (_PACKAGE.parent, _PACKAGE / "library")
    if base in own:
        return True
    real = PurePath(os.path.realpath(path))
    return permissions.reaches(real, base) and real.suffix == path.suffix


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _split(kind: str, name: str) -> tuple[str, str]:
    """`name` without the suffix of a content file, and that suffix."""
    for suffix in KINDS[kind]:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""
