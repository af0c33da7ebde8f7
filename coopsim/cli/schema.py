"""`coopsim schema`: the JSON Schema of scenario files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coopsim.cli import text


def schema(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here instead of printing it.")
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors.

    It knows the games and agents of the project in the working directory. Put this line on top
    of a scenario: # yaml-language-server: $schema=FILE
    """
    import json

    from coopsim.cli.files import write_new
    from coopsim.scenario.jsonschema import is_schema, scenario_schema

    made = scenario_schema(Path.cwd())
    if out is None:
        text.show_json(made)
    else:
        write_new(out, json.dumps(made, ensure_ascii=False, indent=2) + "\n", replaces=is_schema)
        text.show(str(out))
