"""The reduced normal form of a wide tree is weighed before it is listed."""

from __future__ import annotations

import pytest

from coopsim import budget
from coopsim.errors import UserError
from coopsim.games import formats
from coopsim.games.forms.convert import reduced_strategies
from coopsim.games.forms.extensive import ExtensiveForm


def wide(actions: int) -> ExtensiveForm:
    """One decision: every action is a strategy, and a sequence."""
    names = " ".join(f'"{i}"' for i in range(actions))
    ends = "".join(f't "" {i} "" {{ {i} }}\n' for i in range(1, actions + 1))
    form = formats.parse(f'EFG 2 R "wide" {{ "Ann" }}\np "" 1 1 "" {{ {names} }} 0\n{ends}', "x")
    assert isinstance(form, ExtensiveForm)
    return form


def test_strategies_of_many_sequences_are_refused_before_they_are_listed() -> None:
    (own,) = wide(500).sequences
    with budget.limited(500_000), pytest.raises(UserError, match=r"500 strategies of 501 seq"):
        reduced_strategies(own)
    with budget.limited(1_000_000):
        assert reduced_strategies(own).shape == (500, 501)
