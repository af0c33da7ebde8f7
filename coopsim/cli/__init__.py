"""The command line: one module a verb, and `main`, which every way in goes through."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> None:
    """Run the command line; ends in `SystemExit`.

    Exit codes: 0 done; 1 not proved, or failed; 2 something the user wrote can be put right;
    70 coopsim failed where it should have answered or refused, and says in which file the
    traceback is; 130 stopped by Ctrl-C; 141 nobody reads the output.

    Args:
        argv: the arguments after the program's name; those of the process where not given.
    """
    try:
        # not at the top: Ctrl-C is to be quiet while modules are still being imported
        from coopsim.cli.app import command

        command().main(args=argv, prog_name="coopsim")
    except KeyboardInterrupt:
        sys.exit(130)
