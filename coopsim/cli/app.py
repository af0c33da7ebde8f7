"""The verbs as one command, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from coopsim import permissions, wording
from coopsim.cli import check, describe, list, new, report, run, schema, solve, study, text
from coopsim.errors import CoopsimError, UserError

_NUMBA = ".numba_config.yaml"
# the base of what is said of a command line that cannot be read; typer brings its own click
_Usage: Any = next(cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException")


class Verbs(TyperGroup):
    """Every error becomes one message and an exit code; programming errors keep their traceback."""

    def parse_args(self, ctx: Any, args: Any) -> Any:
        """Read the arguments before the verb."""
        with _usage():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb. What it lets files name is forgotten after it."""
        try:
            _require_no_settings()
            with permissions.scope(), _usage():
                result = super().invoke(ctx)
            sys.stdout.flush()
        except CoopsimError as error:
            text.complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # the reader has gone (`coopsim list | head -1`); nor may the interpreter, when it
            # ends, find anything left to write
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from None
        return result


def _require_no_settings() -> None:
    """Refuse a working directory whose files would decide what code a library loads.

    numba reads its settings there at each compilation: where it loads compiled code from, and
    what it writes. The folder may be a stranger's.
    """
    if os.path.lexists(_NUMBA):
        raise UserError(
            "numba would take its settings from this file, and with them code from elsewhere",
            file=_NUMBA,
            allowed="another working directory, or the same settings as environment variables",
        )


@contextmanager
def _usage() -> Iterator[None]:
    """Complaints about arguments quote them, and a shell may have put names of files there."""
    try:
        yield
    except _Usage as error:
        error.message = wording.visible(error.message)
        raise


app = typer.Typer(
    cls=Verbs,
    # rich takes longer to import than everything else that help needs
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        text.show(f"coopsim {version('coopsim')}")
        raise typer.Exit


@app.callback()
def _coopsim(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """How far is behaviour from theory, and what does a policy change about it?

    A scenario file names a game, agents and policies. `coopsim run FILE` solves it with proof,
    plays it, compares and reports; `coopsim new scenario NAME` starts one.
    """


app.command("run")(run.run)
app.command("study")(study.study)
app.command("solve")(solve.solve)
app.command("check")(check.check)
app.command("list")(list.list_names)
app.command("describe")(describe.describe)
app.command("schema")(schema.schema)
app.command("report")(report.report)
app.add_typer(new.app, name="new")


def command() -> Any:
    """The command line as one object to call."""
    return typer.main.get_command(app)
