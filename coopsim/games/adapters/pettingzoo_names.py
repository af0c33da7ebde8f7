"""What a file may ask of PettingZoo: its published environments, made with plain numbers.

A place such as "pettingzoo.classic.tictactoe_v3:env" names a module and something in it, and
almost anything can be reached from a package of that size. So the environments are listed here
by name, and so are the few texts that they take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coopsim import permissions
from coopsim.errors import UserError, dotted

_FAMILIES = {
    "atari": """basketball_pong boxing combat_plane combat_tank double_dunk entombed_competitive
        entombed_cooperative flag_capture foozpong ice_hockey joust mario_bros maze_craze othello
        pong quadrapong space_invaders space_war surround tennis video_checkers volleyball_pong
        warlords wizard_of_wor""",
    "butterfly": "cooperative_pong knights_archers_zombies pistonball",
    "classic": """chess connect_four gin_rummy go hanabi leduc_holdem rps texas_holdem
        texas_holdem_no_limit tictactoe""",
    "mpe": """simple simple_adversary simple_crypto simple_push simple_reference
        simple_speaker_listener simple_spread simple_tag simple_world_comm""",
    "sisl": "multiwalker pursuit waterworld",
}
_MAKERS = ("env", "parallel_env", "raw_env")
# every release counts its environments on, and has one or two versions of each
_PLACES = re.compile(
    "|".join(
        rf"pettingzoo\.{family}\.(?:{'|'.join(names.split())})_v[0-9]{{1,2}}"
        for family, names in _FAMILIES.items()
    )
)
# what a text may say; others are modes of drawing, and paths: `render_mode` opens windows,
# `auto_rom_install_path` reads files
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "obs_type": ("ram", "rgb_image", "grayscale_image"),
    "obs_method": ("vector", "image", "vector-sequence", "vector-masked"),
    "observation_type": ("minimal", "card_knowledge", "seer"),
    "game_version": (
        "classic", "two_paddles", "soccer", "foozpong", "hockey", "handball", "volleyball",
        "basketball", "robbers", "race", "capture",
    ),
}  # fmt: skip


def published(name: str) -> bool:
    """Whether "module:attribute" is one of PettingZoo's own environments, spelt exactly so."""
    module, colon, maker = name.partition(":")
    return bool(colon) and maker in _MAKERS and _PLACES.fullmatch(module) is not None


def check(name: str, parameters: Mapping[str, Any]) -> None:
    """Refuse what a file may not ask for; nothing is imported to find out.

    Args:
        name: "module:attribute".
        parameters: what the environment would be made with.

    Raises:
        UserError: neither a published environment nor one that the user has granted, or a
            parameter that is more than a number, true, false, or one of a few known texts.
    """
    if permissions.granted(name):
        return
    if not published(name):
        raise UserError(
            "no environment that a file may name",
            key="env",
            given=name,
            allowed="PettingZoo's own, such as pettingzoo.classic.tictactoe_v3:env; a name "
            "registered under coopsim.environments; others only with --trust NAME on the "
            "command line, or coopsim.from_pettingzoo in Python",
        )
    for key, value in parameters.items():
        _check_value((key,), value)


def _check_value(path: tuple[str | int, ...], value: Any) -> None:
    if value is None or isinstance(value, bool | int | float):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_value((*path, key), item)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            _check_value((*path, place), item)
    elif len(path) > 1 or value not in _TEXTS.get(str(path[0]), ()):
        known = _TEXTS.get(str(path[0]), ()) if len(path) == 1 else ()
        error = UserError(
            "not something that a file may give an environment",
            given=value,
            allowed=known or "numbers, true and false",
            key=dotted(("parameters", *path)),
        )
        error.path = ("parameters", *path)  # type: ignore[attr-defined]
        raise error
