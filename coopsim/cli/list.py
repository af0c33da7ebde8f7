"""`coopsim list`: what there is to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coopsim.cli import text
from coopsim.cli.options import Json, Trust, load_target
from coopsim.errors import UserError, nearest

if TYPE_CHECKING:
    from coopsim.games.game import Game
    from coopsim.registry import Registration

KINDS = (
    "games", "agents", "concepts", "solvers", "measures", "experiments", "rubrics", "scenarios",
)  # fmt: skip
_FITTING = ("agents", "concepts", "solvers", "measures")


def list_names(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help=f"{', '.join(KINDS)}; all if not said.")
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="FILE|NAME", help="Only what fits this scenario or game."),
    ] = None,
    as_json: Json = False,
    trust: Trust = None,
) -> None:
    """List games, agents, concepts, solvers, measures, experiments, rubrics, scenarios."""
    kinds = _kinds(kind, _FITTING if for_ is not None else KINDS)
    game = None if for_ is None else load_target(for_, None)[0].point().game
    found = {name: _named(name, game) for name in kinds}
    if as_json:
        text.show_json(
            {
                name: [{"name": key, "summary": said} for key, said in rows]
                for name, rows in found.items()
            }
        )
        return
    for place, (name, rows) in enumerate(found.items()):
        text.show(*([""] if place else []), text.strong(name))
        text.show(*(text.table(("", ""), rows) if rows else ["  none"]))


def _kinds(kind: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if kind is None:
        return allowed
    for name in allowed:
        if kind in (name, name[:-1]):
            return (name,)
    problem = "cannot be listed for one game" if kind in KINDS else "unknown kind"
    raise UserError(problem, given=kind, allowed=allowed, nearest=nearest(kind, allowed))


def _named(kind: str, game: Game | None) -> list[tuple[str, str]]:
    """Names of a kind with a line on each; those that fit where a game is given."""
    from coopsim import registry

    if kind == "scenarios":
        return _scenarios()
    if kind in ("games", "agents"):
        return _made(kind[:-1])
    entries = registry.registrations(kind[:-1])
    return [
        (name, item.summary)
        for name, item in sorted(entries.items())
        if game is None or _fits(item, game)
    ]


def _fits(item: Registration, game: Game) -> bool:
    """Whether a measure, solver or concept applies to a game."""
    from coopsim.solvers.select import concepts

    if item.kind == "measure":
        return bool(item.load().applies(game))
    if item.kind == "solver":
        return item.tags.get("form") in game.card.forms
    return item.name in concepts(game)


def _made(kind: str) -> list[tuple[str, str]]:
    """Registered games or agents, and those that are content files."""
    from coopsim import catalogue, registry

    registered = registry.registrations(kind)
    rows = []
    for name in catalogue.known(kind):
        if name in registered:
            rows.append((name, registered[name].summary))
            continue
        try:
            card = catalogue.entry(kind, name).card
            rows.append((name, " ".join(str(card.get("title", "")).split())))
        except UserError as error:
            rows.append((name, f"cannot be used: {error}"))
    return rows


def _scenarios() -> list[tuple[str, str]]:
    from coopsim import content, yamlfile

    rows = []
    for name, path in sorted(content.names("scenarios").items()):
        try:
            rows.append((name, str(yamlfile.read(path, plain=True).data.get("title", ""))))
        except UserError as error:
            rows.append((name, f"cannot be used: {error}"))
    return rows
