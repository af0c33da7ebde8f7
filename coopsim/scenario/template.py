"""A scenario to start from, with comments that say what else it could hold."""

from __future__ import annotations

from typing import Any

from coopsim import catalogue, wording, yamlfile
from coopsim.errors import UserError
from coopsim.games.catalogue import card, make_game
from coopsim.scenario import load, reference
from coopsim.solvers.select import concepts

_TEXT = """\
# What does this scenario ask? `coopsim check` shows it with every default; `coopsim run`
# solves it, plays it, compares and writes a report.
coopsim: 1
title: {title}
# description: what the scenario is about, for the report

# The situation. Any of these can be changed here; `coopsim describe {game}`
# says what they mean. The values are the defaults.
game:
  use: {game}
{keys}
# Who may play, by a name of your own (`coopsim list agents`).
agents:
  theory: {{use: equilibrium, concept: {concept}}}
  noise: {{use: random}}

# Who sits where: players by name, number or range. A list of line-ups is played in turn.
# Players: {players}.
seats:
  - {{1-: theory}}
  - {{1-: noise}}

# What could be decided. The first policy is what the others are compared with.
policies:
  status quo: {{}}
{policies}
study:
  episodes: 100
  seeds: 5
  # vary: {{{vary}}}     # a sweep: every value with every policy

# `coopsim list concepts --for {game}`
solve:
  concepts: [{concepts}]

# `coopsim list measures`; a standard set where none is named
# compare: {{to: [{concept}], measure: [welfare]}}
"""


def template(use: str, title: str) -> str:
    """The text of a scenario for a game; it is checked before it is handed out.

    Args:
        use: the game's name.
        title: the title to begin with.

    Raises:
        UnknownName: no such game.
        UserError: the game needs parameters, or agents cannot play it yet.
    """
    entry = catalogue.entry("game", use)
    game = make_game(use)
    if game.card.actions != "continuous":
        raise UserError(
            "agents play games with continuous actions only so far",
            given=use,
            allowed="coopsim.make_game and game.form, from Python",
        )
    # the two that every reader knows come first, where the game has them
    fitting = concepts(game)
    usual = [name for name in ("nash", "social optimum") if name in fitting] or fitting[:2]
    key, value, other = _number(entry)
    made = _TEXT.format(
        title=_flow(f"{title}: what does a policy change? ({card(entry).title or use})"),
        game=_flow(use),
        keys=_keys(entry),
        concept=usual[0],
        concepts=", ".join(usual),
        players=wording.visible(", ".join(game.labels)),
        policies=f"  other {key}: {{game.{key}: {other}}}\n" if key else "",
        vary=f"game.{key}: [{value}, {other}]" if key else "PATH: [VALUES]",
    )
    # in YAML such characters stand in double quotes, where their escapes mean the same
    made = "\n".join(wording.visible(line) for line in made.split("\n"))
    load.load(yamlfile.parse(made, "the new scenario").data)
    return made


def _keys(entry: catalogue.Entry) -> str:
    """The game's parameters as comments."""
    lines = []
    for name, value in entry.resolve({}).items():
        text = yamlfile.dump({name: value}).rstrip()
        lines += [f"  # {line}" for line in text.split("\n")]
    return "".join(f"{line}\n" for line in lines)


def _number(entry: catalogue.Entry) -> tuple[str, str, str]:
    """A parameter that is a number, its value and another one, as an example."""
    resolved = entry.resolve({})
    for row in reference.rows(entry.cls):
        value = resolved.get(row.path)
        if row.type != "number" or not isinstance(value, float):
            continue
        for other in (round(1.2 * value, 6), round(0.8 * value, 6)):
            if other != value and _fits(entry, row.path, other):
                return row.path, _flow(value), _flow(other)
    return "", "", ""


def _fits(entry: catalogue.Entry, key: str, value: float) -> bool:
    try:
        entry.make({key: value})
    except UserError:
        return False
    return True


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    return yamlfile.dump({"x": value}).removeprefix("x:").strip()
