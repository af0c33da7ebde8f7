"""Laws about what a game says of itself: names, horizon, spaces, card, parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import gymnasium
from gymnasium.spaces import Box, Discrete

from coopsim import parameters
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.card import GameCard
from coopsim.games.conformance.case import Case

_FORMS = (
    *("normal", "extensive", "continuous", "markov", "bayesian", "principal", "constant"),
    *("dynamic", "trust"),
)
_PARAMETERS = 100  # numbers that are changed in turn to see whether the hash follows
# a continuous game's normal form is a grid, which grows as a power of the players
_GRID_PLAYERS = 4


def is_parameters(case: Case) -> None:
    """A game is a frozen dataclass, so that it can be hashed, stored and compared."""
    params = getattr(type(case.game), "__dataclass_params__", None)
    frozen = params is not None and params.frozen
    case.need(
        frozen,
        "a game must be a frozen dataclass",
        "decorate the class with @dataclass(frozen=True)",
    )


def names_and_rounds(case: Case) -> None:
    """Players have different names, and an episode has at least one round."""
    game = case.game
    good = isinstance(game.labels, tuple) and all(isinstance(x, str) and x for x in game.labels)
    case.need(
        good and game.labels,
        f"labels must be names of players, not {game.labels!r}",
        "return a tuple with a text for each player",
    )
    case.need(
        len(set(game.labels)) == len(game.labels),
        f"two players have one name: {game.labels}",
        "give every player its own label",
    )
    case.need(
        isinstance(game.rounds, int) and game.rounds >= 1,
        f"rounds must be a whole number of at least 1, not {game.rounds!r}",
        "return the most rounds that an episode can have",
    )


def spaces(case: Case) -> None:
    """Every player has a Gymnasium space, of the kind that the card states."""
    wanted: dict[str, Any] = {"continuous": Box, "discrete": Discrete}
    for i, name in enumerate(case.game.labels):
        space = case.game.action_space(i)
        case.need(
            isinstance(space, gymnasium.Space),
            f"the action space of {name} is {space!r}, no Gymnasium space",
            "return a gymnasium.spaces.Box or Discrete from action_space",
        )
        kind = case.game.card.actions
        case.need(
            isinstance(space, wanted[kind]),
            f"the card says {kind} actions and the space of {name} is {space}",
            "change card.actions, or the space to a Box (continuous) or a Discrete (discrete)",
        )


def card(case: Case) -> None:
    """The card lists the forms that the game has, and no others."""
    game = case.game
    case.need(
        isinstance(game.card, GameCard),
        "the game has no card",
        "set the class's `card` to a GameCard",
    )
    for kind in buildable(case):
        try:
            made = game.form(kind)
        except NoSuchForm as error:
            case.need(
                False,
                f"the card lists a {kind} form and form({kind!r}) refuses: {error}",
                f"build the form, or take {kind!r} out of card.forms",
            )
        case.need(
            getattr(made, "players", game.labels) == game.labels,
            f"the {kind} form names the players {getattr(made, 'players', None)}",
            f"give it the game's labels {game.labels}",
        )
    for kind in (*_FORMS, "no such form"):
        if kind not in game.card.forms:
            case.need(
                _refuses(case, kind),
                f"form({kind!r}) works and the card does not list it",
                f"add {kind!r} to card.forms, or end form() with super().form(kind, **options)",
            )


def buildable(case: Case) -> list[str]:
    """The forms of the card that are small enough to build here."""
    grid = case.game.card.actions == "continuous" and case.game.n > _GRID_PLAYERS
    return [kind for kind in case.game.card.forms if not (grid and kind == "normal")]


def round_trip(case: Case) -> None:
    """Parameters written out and read again give an equal game with the same hash."""
    game = case.game
    plain = parameters.dump(game)
    case.need(
        set(plain) == set(parameters.names(type(game))),
        f"the dump has the keys {sorted(plain)}, the class other fields",
        "let every field be plain data; put what is computed into cached properties",
    )
    again = parameters.build(type(game), plain)
    case.need(
        again == game and again.hash == game.hash,
        "parameters written out and read again give another game",
        "let no field be changed by __post_init__, and compare and hash by the fields alone",
    )


def hash_follows(case: Case) -> None:
    """A change of any number among the parameters changes the hash."""
    game = case.game
    plain = parameters.dump(game)
    for count, path in enumerate(_numbers(plain)):
        if count >= _PARAMETERS:
            break
        changed = _changed(type(game), plain, path)
        case.need(
            changed is None or changed.hash != game.hash,
            f"another value of {parameters.dotted(path)} gives the same hash",
            "do not override `hash`, and let __post_init__ round or replace no field",
        )


def _refuses(case: Case, kind: str) -> bool:
    try:
        case.game.form(kind)
    except NoSuchForm:
        return True
    return False


def _numbers(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all numbers in plain data."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _numbers(value, (*path, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _numbers(value, (*path, place))
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield path


def _changed(cls: type[Any], plain: dict[str, Any], path: tuple[str | int, ...]) -> Any:
    """The game with another value at `path`; None where no other value stands alone."""
    value: Any = plain
    for part in path:
        value = value[part]
    whole = isinstance(value, int)
    for other in (value + 1, value - 1) if whole else (0.9 * value, 1.1 * value, value + 0.1):
        if other == value:
            continue
        data = copy.deepcopy(plain)
        node: Any = data
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = other
        try:
            return parameters.build(cls, data)
        except UserError:
            continue
    return None
