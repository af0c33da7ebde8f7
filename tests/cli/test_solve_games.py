"""`coopsim solve` on matrices and trees: strategies by name, methods, options, mistakes."""

from __future__ import annotations

import json

import pytest


def test_a_tree_by_its_file_name(cli) -> None:
    said = cli("solve", "classic/kuhn", "--concept", "nash", "--json")
    assert said.code == 0, said.err
    (solution,) = json.loads(said.out)["solutions"]
    assert solution["values"] == pytest.approx([-1 / 18, 1 / 18])
    assert solution["status"] == "exact"
    assert set(solution["strategies"]) == {"First", "Second"}


def test_strategies_by_name(cli) -> None:
    said = cli("solve", "classic/matching-pennies", "--concept", "nash", "--strategies")
    assert said.code == 0, said.err
    rows = [line.split() for line in said.out.splitlines() if line.endswith("0.5")]
    assert len(rows) == 4


def test_a_method_and_an_option(cli) -> None:
    said = cli(
        "solve", "classic/chicken", "--concept", "nash", "--method", "pure-enumeration", "--all",
        "--json",
    )  # fmt: skip
    assert [item["method"] for item in json.loads(said.out)["solutions"]] == [
        "pure-enumeration"
    ] * 2
    fair = cli(
        "solve", "classic/chicken", "--concept", "correlated", "--option", "objective=max-min",
        "--json",
    )  # fmt: skip
    (solution,) = json.loads(fair.out)["solutions"]
    assert solution["options"]["objective"] == "max-min"
    assert solution["values"][0] == pytest.approx(solution["values"][1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "lemke-hwson"], "did you mean 'lemke-howson'"),
        (["--method", "multistart-ascent"], "multistart-ascent solves optimum on continuous"),
        (["--option", "lam"], "--option: is no assignment"),
        (["--option", "lamda=2"], "takes no such option"),
        (["--tol", "-1"], "0 or more"),
        (["--deadline", "-1"], "0 or more"),
    ],
)
def test_mistakes_get_one_message(cli, options: list[str], said: str) -> None:
    told = cli("solve", "classic/chicken", "--concept", "nash", *options)
    assert told.code in (1, 2)
    assert said in told.out + told.err
    assert "Traceback" not in told.err


def test_a_grid_is_told_beside_the_method(cli, tmp_path) -> None:
    """(30, 25) is an equilibrium of 21 values, from which the first firm gains 31.85^2 - 1,011."""
    (tmp_path / "grid.yaml").write_text(
        "coopsim: 1\ngame: {use: markets/cournot, costs: [11.3, 23.7]}\nsolve: {concepts: [nash]}\n"
    )
    said = cli("solve", "grid.yaml", "--method", "lemke-howson")
    assert said.code == 1
    assert "lemke-howson (grid of 21)" in said.out
    assert "the regret is 3.42" in said.out
    assert "found on a grid of 21 values an action" in said.out


def test_a_run_and_its_report_tell_of_the_grid(cli, tmp_path) -> None:
    (tmp_path / "grid.yaml").write_text(
        "coopsim: 1\ngame: {use: markets/cournot, costs: [10, 10]}\n"
        "solve: {concepts: [nash], methods: {nash: pure-enumeration}}\n"
    )
    checked = cli("check", "grid.yaml")
    assert "21 x 21 actions, a grid of the game's" in checked.out
    said = cli("run", "grid.yaml", "--out", "o", "--workers", "1")
    assert said.code == 0, said.err
    row = next(line for line in said.out.splitlines() if "pure-enumeration" in line)
    assert "converged" in row
    assert "pure-enumeration (grid of 21)" in row
    report = (tmp_path / "o" / "report.html").read_text()
    assert "pure-enumeration (grid of 21)" in report
    assert "found on a grid of 21 values an action" in report
