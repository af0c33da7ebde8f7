"""`coopsim new`: start a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coopsim import wording
from coopsim.cli import text
from coopsim.cli.options import Trust
from coopsim.errors import UserError

app = typer.Typer(help="Start a new file.", no_args_is_help=True, rich_markup_mode=None)

_GAME = "coopetition/samsung-sony"


@app.callback()
def _new() -> None:
    """Start a new file."""


@app.command("scenario")
def scenario(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name such as trade/tariffs, or a path.yaml.")
    ],
    game: Annotated[
        str, typer.Option(metavar="NAME", help="The game (`coopsim list games`).")
    ] = _GAME,
    trust: Trust = None,
) -> None:
    """Write a scenario to start from: it runs as it is, and says what else it could hold.

    It goes into the scenarios folder of the working directory if there is one, and into the
    working directory itself if not.
    """
    from coopsim.cli.files import write_new
    from coopsim.scenario.template import template

    path = place(name)
    content = template(game, path.stem)
    write_new(path, content)
    text.show(f"{path}", f"next: coopsim check {path}, then coopsim run {path}")


def place(name: str) -> Path:
    """The file that a new scenario's name means. Raises `UserError` where it means none."""
    path = Path(name)
    folder = Path("scenarios")
    below = path.relative_to(folder) if path.is_relative_to(folder) else path
    # the name goes into the file, as its title, and into every list of scenarios
    if below.name in ("", "..") or wording.visible(name) != name:
        raise UserError(
            "not a name for a file", key="NAME", given=name,
            allowed="a name such as trade/tariffs, of characters that can be seen",
        )  # fmt: skip
    if path.suffix in (".yaml", ".yml"):
        return path
    below = below.with_name(f"{below.name}.yaml")
    return folder / below if folder.is_dir() else below
