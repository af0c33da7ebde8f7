"""What several verbs share: options, and finding what a name on the command line means."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopsim import permissions
from coopsim.errors import UnknownName, UserError

if TYPE_CHECKING:
    from coopsim.scenario.load import Scenario

_GRANTABLE = re.compile(r"[\w.]+:\w+|\w+ *\(.*\)", re.DOTALL)


def _trusted(names: list[str] | None) -> list[str] | None:
    """Grant what `--trust` names. Raises `UserError` for what can be none of it."""
    for name in names or ():
        if not (_GRANTABLE.fullmatch(name) or os.path.exists(name)):
            raise UserError(
                "nothing that can be trusted",
                file="--trust",
                given=name,
                allowed="the place of an environment (module:attribute), the text of an OpenSpiel "
                "game with its brackets, or a folder or file that is there",
            )
    permissions.grant(*(names or ()))
    return names


Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME|FOLDER",
        callback=_trusted,
        help="What files may name besides: an environment (module:attribute), an OpenSpiel game, "
        "a folder. Its code runs, or its files are read. Can be repeated.",
    ),
]
ScenarioName = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A scenario: its file, or its name.")
]
TargetName = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A scenario or a game: its file, or its name.")
]


def _limit_memory(context: typer.Context, size: str | None) -> str | None:
    """Set the limit for as long as the verb runs. Raises `UserError` for what is no size."""
    from coopsim import budget

    if size is not None:
        try:
            context.with_resource(budget.limited(budget.parse_size(size)))
        except UserError as error:
            error.key = None
            raise error.at(file="--memory") from None
    return size


def _whole(parameter: typer.CallbackParam, text: str | int | None) -> int | None:
    """A whole number from 1, which is read here so that a message can say what was given."""
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise UserError(
            "no such number", file=_flag(parameter), given=text, allowed="a whole number from 1"
        )
    return number


def decimal(parameter: typer.CallbackParam, text: str | float | None) -> float | None:
    """A number, as a callback of an option. Raises `UserError` naming it."""
    try:
        return None if text is None else float(text)
    except ValueError:
        raise UserError(
            "no number", file=_flag(parameter), given=text, allowed="a number"
        ) from None


def _flag(parameter: typer.CallbackParam) -> str:
    return max(parameter.opts, key=len)


def known(kind: str, names: Sequence[str], flag: str, *extra: str) -> None:
    """Refuse names after `flag` that are not registered. Raises `UnknownName` naming it."""
    from coopsim.parameters import Names

    for name in names:
        try:
            Names(kind, extra).check(name)
        except UserError as error:
            raise error.at(file=flag) from None


Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="The most memory to plan with, as in 4GB; 80 % of what is free where not said.",
        callback=_limit_memory,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a value, as in --set game.gamma=0.8; can be repeated.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The run folder; runs/NAME-HASH where not said."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        parser=str,
        callback=_whole,
        metavar="N",
        help="Processes that work; one a core where not said.",
    ),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Drop what an earlier run left in the folder.")
]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no report.html.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def overrides(sets: Sequence[str] | None, flag: str = "--set") -> dict[str, Any]:
    """`--set path=value` options as path -> value. Raises `UserError` for one that is none."""
    from coopsim import yamlfile

    found: dict[str, Any] = {}
    for item in sets or ():
        path, equals, text = item.partition("=")
        path = path.strip()
        if not (path and equals):
            raise UserError("is no assignment", file=flag, given=item, allowed="PATH=VALUE")
        if path in found:
            raise UserError("is set twice", file=flag, key=path, given=text)
        try:
            found[path] = yamlfile.parse_value(text, path)
        except UserError as error:
            raise error.at(file=flag) from None
    return found


def load_scenario(name: str, sets: Sequence[str] | None) -> Scenario:
    """The scenario called `name`, with `--set` applied."""
    from coopsim.scenario.load import load

    return load(name, typed(overrides(sets)))


def typed(changes: dict[str, Any]) -> dict[str, Any]:
    """The same changes; a file that the user names in one may be read wherever it lies."""
    for path, value in changes.items():
        if path.endswith(".use") and isinstance(value, str) and os.path.isfile(value):
            permissions.grant(value)
    return changes


def load_target(name: str, sets: Sequence[str] | None) -> tuple[Scenario, bool]:
    """A scenario, or a game as a scenario of nothing else.

    Returns:
        The scenario, and whether `name` means a game.

    Raises:
        UnknownName: neither has that name.
    """
    from coopsim import catalogue, content
    from coopsim.scenario.load import load

    path = content.find("scenarios", name)
    if path is not None and not _is_game(path):
        return load_scenario(name, sets), False
    if path is None and not _is_known_game(name):
        if Path(name).suffix or os.path.exists(name):
            return load_scenario(name, sets), False  # which says what is wrong with the file
        known = [*content.names("scenarios"), *catalogue.known("game")]
        raise UnknownName("scenario or game", name, dict.fromkeys(known))
    return load({"coopsim": 1, "title": name, "game": {"use": name}}, overrides(sets)), True


def _is_game(path: Path) -> bool:
    """Whether a file that exists is a game and no scenario."""
    from coopsim import content, yamlfile

    if path.suffix != ".yaml":
        return path.suffix in (".nfg", ".efg")
    with content.unquoted(path):
        data = yamlfile.read_once(path).data
    return "use" in data and "game" not in data


def _is_known_game(name: str) -> bool:
    from coopsim import content, registry

    return name in registry.registrations("game") or content.find("games", name) is not None
