"""Import optional libraries where they are used, with an error that names the extra."""

from __future__ import annotations

import importlib
from types import ModuleType

from coopsim.errors import MissingExtra


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or raise `MissingExtra` with the command that installs it.

    Args:
        module: dotted module name ("torch").
        extra: the extra of coopsim that brings it ("learn").

    Raises:
        MissingExtra: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # a missing dependency *of* the module is another fault and must keep its own message
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtra(
            f"{module} is needed here and not installed; "
            f"install it with: python -m pip install 'coopsim[{extra}]'"
        ) from error
