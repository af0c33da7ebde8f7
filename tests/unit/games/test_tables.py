"""Games whose table follows from a rule: blotto, attendance, routing."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

import coopsim
from coopsim.errors import UserError
from coopsim.games.check import check
from coopsim.games.classic.attendance import AttendanceGame
from coopsim.games.classic.blotto import BlottoGame
from coopsim.games.classic.routing import RoutingGame


@pytest.mark.parametrize(("coins", "fields"), [((5, 5), 3), ((3, 4), 2), ((4, 2), 1)])
def test_blotto_against_one_field_after_another(coins: tuple[int, int], fields: int) -> None:
    """Law: every entry is the sign of the fields won less the fields lost."""
    game = BlottoGame(coins=coins, values=(1.0,) * fields)
    form = game.matrix
    assert form.shape == tuple(math.comb(c + fields - 1, fields - 1) for c in coins)
    for a, b in itertools.product(range(form.shape[0]), range(form.shape[1])):
        one, two = (
            [int(part) for part in form.actions[i][k].split("-")] for i, k in ((0, a), (1, b))
        )
        assert (sum(one), sum(two)) == coins
        won = sum((x > y) - (x < y) for x, y in zip(one, two, strict=True))
        assert form.payoffs[0, a, b] == (won > 0) - (won < 0) == -form.payoffs[1, a, b]
    check(game)


def test_blotto_by_worth_of_fields() -> None:
    game = BlottoGame(coins=(1, 1), values=(3.0, 1.0), pay="sum")
    assert game.matrix.payoffs[0].tolist() == [[0, -2], [2, 0]]


def test_sizes_that_do_not_fit() -> None:
    with pytest.raises(UserError, match="too many for a table"):
        BlottoGame(coins=(100, 100), values=(1.0,) * 5)
    with pytest.raises(UserError, match="too many for a table"):
        RoutingGame(drivers=30)
    with pytest.raises(UserError, match="two players"):
        BlottoGame(coins=(1, 2, 3))


def test_the_minority_game_is_the_one_of_the_golden_file() -> None:
    path = Path(__file__).parents[2] / "golden" / "solvers_n_player.json"
    rows = {row["id"]: row for row in json.loads(path.read_text())["instances"]}
    game = coopsim.make_game("classic/minority")
    assert np.array_equal(game.matrix.payoffs, rows["minority_game_3"]["payoffs"])


def test_el_farol_has_an_equilibrium_for_every_group_that_fits() -> None:
    """Law: going is stable exactly where the bar is full to its capacity."""
    game = coopsim.make_game("classic/el-farol")
    found = coopsim.solve(game, "nash", "pure-enumeration", all=True)
    assert len(found) == math.comb(5, 3)
    assert {float(item.values.sum()) for item in found} == {3.0}
    check(AttendanceGame(players=2, capacity=0))


def test_braess() -> None:
    """65 minutes without the bridge, 80 with it."""
    game = coopsim.make_game("classic/braess")
    (only,) = coopsim.solve(game, "nash", "pure-enumeration", all=True)
    assert only.values.tolist() == [-80] * 4
    before = coopsim.make_game("classic/braess", closed=["bridge"])
    found = coopsim.solve(before, "nash", "pure-enumeration", all=True)
    assert len(found) == math.comb(4, 2)
    assert all(item.values.tolist() == [-65] * 4 for item in found)


def test_a_route_over_no_road() -> None:
    with pytest.raises(UserError, match="no such road") as caught:
        RoutingGame(routes={"a": ("shrt",)})
    assert caught.value.nearest == "short"
    with pytest.raises(UserError, match="no route is open"):
        RoutingGame(closed=("short", "long"))
