"""The verbs as one command, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from coopsim import permissions, wording
from coopsim.cli import check, describe, list, mishap, new, report, run, schema, solve, study, text
from coopsim.errors import CoopsimError, Unexpected, UserError

_NUMBA = ".numba_config.yaml"
# the base of what is said of a command line that cannot be read; typer brings its own click
_Usage: Any = next(cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException")


class Verbs(TyperGroup):
    """Every error becomes one message and an exit code.

    What coopsim did not raise on purpose leaves its traceback in a file (exit code 70).
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        """Parse the arguments and run the verb; the last net is here."""
        arguments = sys.argv[1:] if args is None else [*args]
        mishap.speak_plainly()
        try:
            with warnings.catch_warnings():
                # of arithmetic that overflows; certificates judge what comes of it
                warnings.simplefilter("ignore", RuntimeWarning)
                return super().main(arguments, *rest, **named)
        except Exception as error:
            if isinstance(error, OSError) and mishap.is_of_output(error):
                text.complain(f"the output cannot be written: {error.strerror}")
                _forget_output()
                sys.exit(1)
            text.complain(mishap.told(error, arguments))
            sys.exit(Unexpected.exit_code)

    def parse_args(self, ctx: Any, args: Any) -> Any:
        """Read the arguments before the verb."""
        with _usage():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb. What it lets files name is forgotten after it."""
        try:
            _require_working_directory()
            with permissions.scope(), _usage():
                result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except Unexpected:
            raise
        except CoopsimError as error:
            text.complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # the reader has gone (`coopsim list | head -1`)
            _forget_output()
            raise typer.Exit(141) from None
        return result


def _forget_output() -> None:
    """Nothing may be left to write for the interpreter when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _require_working_directory() -> None:
    """Refuse a working directory that is gone, or whose files would decide what code is loaded.

    numba reads its settings there at each compilation: where it loads compiled code from, and
    what it writes. The folder may be a stranger's.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(
            f"the working directory cannot be used ({error.strerror or error})",
            allowed="a folder that exists",
        ) from None
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

    Exit codes: 0 done; 1 not proved, or failed; 2 something you wrote can be put right;
    70 a mistake in coopsim, with the traceback in a file; 130 stopped by Ctrl-C.
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
