"""Find content files: games, solver presets, agents and scenarios that users write.

Content lies in folders named after its kind. They are searched in this order, and a
name found earlier hides the same name further down:

1. the folder of the scenario at hand, and its parents up to the project folder;
2. the current working directory;
3. the repository checkout that coopsim is imported from;
4. the copy packaged in the wheel.

A file's name is its path below the kind's folder without the suffix:
``scenarios/coopetition/samsung-sony.yaml`` is ``coopetition/samsung-sony``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import MappingProxyType

KINDS = MappingProxyType(
    {
        "games": (".yaml", ".nfg", ".efg"),
        "solvers": (".yaml",),
        "agents": (".yaml",),
        "scenarios": (".yaml",),
    }
)
"""Each kind of content and its file suffixes; where two files share a name, the first wins."""

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
        if folder.is_dir():
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
    """
    explicit = _existing(name, near)
    if explicit is not None:
        return explicit
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
            yield path.relative_to(folder).with_suffix("").as_posix(), path


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(("_", "."))]
        for name in files:
            path = Path(place, name)
            if path.suffix in suffixes and not name.startswith(("_", ".")):
                yield path


def _existing(name: str, near: Path | None) -> Path | None:
    # a name without a suffix is never a path: a stray file called "coopetition" must not hide one
    if not PurePath(name).suffix:
        return None
    own = Path() if near is None else near if near.is_dir() else near.parent
    for path in (own / name, Path(name)):
        # a scenario that says `use: samsung-sony.yaml` does not mean itself
        itself = near is not None and os.path.abspath(path) == os.path.abspath(near)
        # os.path.isfile is False where Path.is_file raises, as for names that are too long
        if os.path.isfile(path) and not itself:
            return path
    return None


def _split(kind: str, name: str) -> tuple[str, str]:
    """`name` without the suffix of a content file, and that suffix."""
    for suffix in KINDS[kind]:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""
