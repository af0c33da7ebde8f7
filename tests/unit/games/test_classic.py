"""Matrices and trees as games: the laws of games, the same payoffs as their forms, content."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coopsim
from coopsim import ExtensiveForm, NormalForm, TreeBuilder, catalogue
from coopsim.arrays import Float
from coopsim.errors import InvalidAction, NoSuchForm, UserError
from coopsim.games.catalogue import card
from coopsim.games.check import check
from coopsim.games.classic.matrix import MatrixGame
from coopsim.games.classic.tree import TableGame, TreeGame
from coopsim.games.forms.tree.passes import uniform
from coopsim.games.forms.tree.sampling import random_tree
from coopsim.games.game import Game

NAMES = [name for name in catalogue.known("game") if name.startswith("classic/")]
WANTED = """bach-or-stravinsky blotto braess centipede chicken el-farol goofspiel kuhn leduc
liars-dice matching-pennies minority prisoners-dilemma shapley stag-hunt travellers-dilemma trust
ultimatum volunteers-dilemma"""


def content_game(name: str) -> Game:
    if catalogue.entry("game", name).cls.__name__ == "OpenSpielGame":
        pytest.importorskip("pyspiel")
    return coopsim.make_game(name)


def test_the_library_is_there() -> None:
    assert {f"classic/{name}" for name in WANTED.split()} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_classic_game_keeps_the_laws_and_cites_its_source(name: str) -> None:
    game, entry = content_game(name), catalogue.entry("game", name)
    check(game)
    told = card(entry)
    assert told.title != type(game).card.title
    assert told.summary
    assert told.references


@pytest.mark.parametrize("name", NAMES)
def test_words_tell_players_what_they_can_do(name: str) -> None:
    from types import SimpleNamespace

    game = content_game(name)
    state = game.start(2, np.random.default_rng(0))
    for player, label in enumerate(game.labels):
        view = SimpleNamespace(player=player, turn=0, observation=game.observe(state, player))
        assert label in game.narrate(view)


def even_play(game: Game, episodes: int, rng: np.random.Generator) -> Float:
    """Total payoffs of episodes in which everybody takes each legal action equally often."""
    state, total = game.start(episodes, rng), np.zeros((episodes, game.n))
    for _ in range(game.rounds):
        masks = [np.asarray(game.legal(state, i)) for i in range(game.n)]
        actions = np.stack([(rng.random(m.shape) * m).argmax(1) for m in masks], axis=1)
        step = game.step(state, actions)
        total += step.payoffs
        state = step.state
    assert step.done.all()
    return total


@pytest.mark.parametrize("seed", range(8))
def test_a_tree_and_its_batched_play_pay_the_same(seed: int) -> None:
    """Within five standard errors, with chance and any number of players."""
    form = random_tree(np.random.default_rng(seed), players=1 + seed % 3, depth=4, chance=0.4)
    game = TreeGame.of(form)
    check(game)
    totals = even_play(game, 40_000, np.random.default_rng(seed))
    error = totals.std(0) / np.sqrt(len(totals))
    assert (np.abs(totals.mean(0) - form.expected(form.uniform())) <= 5 * error + 1e-9).all()


def test_every_end_is_reached_and_paid_by_the_moves_that_lead_there() -> None:
    """Without chance, each path of the tree is played as one episode of a batch."""
    form = random_tree(np.random.default_rng(1), players=3, depth=5, chance=0.0)
    game, tree = TreeGame.of(form), form.tree
    again = game.extensive
    paths = [again.tree.path(int(node)) for node in again.tree.terminals]
    state, total = game.start(len(paths)), np.zeros((len(paths), 3))
    for turn in range(game.rounds):
        actions = np.zeros((len(paths), 3), dtype=np.int64)
        for episode, path in enumerate(paths):
            if turn < len(path):
                node, action = path[turn]
                actions[episode, again.tree.player[node]] = action
        step = game.step(state, actions)
        total, state = total + step.payoffs, step.state
    assert np.array_equal(total, again.payoffs)
    assert np.array_equal(again.payoffs, form.payoffs)
    assert np.array_equal(np.asarray(state.node), tree.terminals)


def test_a_matrix_pays_its_table() -> None:
    rng = np.random.default_rng(0)
    form = NormalForm(rng.integers(-5, 5, (3, 2, 3, 2)).astype(float))
    game = MatrixGame.of(form)
    check(game)
    profiles = np.array(list(np.ndindex(2, 3, 2)))
    step = game.step(game.start(len(profiles)), profiles)
    assert np.array_equal(step.payoffs, form.payoffs.reshape(3, -1).T)
    # what is over pays nothing more
    assert not game.step(step.state, profiles).payoffs.any()


def test_forms_of_a_matrix_and_a_tree() -> None:
    game = content_game("classic/prisoners-dilemma")
    matrix, tree = game.form("normal"), game.form("extensive")
    assert isinstance(matrix, NormalForm)
    assert isinstance(tree, ExtensiveForm)
    assert matrix.payoffs.tolist() == [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    assert np.array_equal(tree.expected(uniform(tree.tree)), matrix.payoffs.mean((1, 2)))
    kuhn = content_game("classic/kuhn")
    assert kuhn.form("normal").shape == (27, 64)
    with pytest.raises(NoSuchForm, match="at most 10 are built"):
        kuhn.form("normal", limit=10)
    with pytest.raises(NoSuchForm, match="it has: extensive, normal"):
        kuhn.form("continuous")
    with pytest.raises(NoSuchForm, match="it has: normal, extensive"):
        game.form("normal", points=3)


def test_kuhn_poker_is_openspiels() -> None:
    """The content file against the rules in OpenSpiel: same values, same gains."""
    pytest.importorskip("pyspiel")
    ours, theirs = (
        content_game("classic/kuhn").form("extensive"),
        coopsim.from_openspiel("kuhn_poker"),
    )
    assert len(ours.infosets) == len(theirs.infosets)
    assert np.allclose(ours.expected(ours.uniform()), theirs.expected(theirs.uniform()))
    assert ours.nash_conv(ours.uniform()) == pytest.approx(
        float(theirs.nash_conv(theirs.uniform()))
    )


def test_kuhn_poker_is_worth_an_eighteenth() -> None:
    """Kuhn (1950): an equilibrium with alpha = 0 gains nobody anything and pays -1/18."""
    form = content_game("classic/kuhn").form("extensive")
    first = {
        "jack": [1, 0],
        "queen": [1, 0],
        "king": [1, 0],
        "jack after check and bet": [1, 0],
        "queen after check and bet": [Fraction(2, 3), Fraction(1, 3)],
        "king after check and bet": [0, 1],
    }
    second = {
        "jack after check": [Fraction(2, 3), Fraction(1, 3)],
        "jack after bet": [1, 0],
        "queen after check": [1, 0],
        "queen after bet": [Fraction(2, 3), Fraction(1, 3)],
        "king after check": [0, 1],
        "king after bet": [0, 1],
    }
    profile = tuple(
        np.concatenate([np.array(own[form.infosets.labels[k]], float) for k in form.infosets.of(i)])
        for i, own in enumerate((first, second))
    )
    assert form.nash_conv(profile) == pytest.approx(0, abs=1e-15)
    assert form.expected(profile) == pytest.approx([-1 / 18, 1 / 18])


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ({"payoffs": [[[1, 2]]]}, "payoffs", "2 actions of player 1"),
        ({"payoffs": [[[1, 2], [1, 2]], [[1, 2], [1]]]}, "payoffs.1.1", "a list of 2 numbers"),
        ({"payoffs": [[[1, 2], [1, "x"]], [[1, 2], [1, 2]]]}, "payoffs.0.1.1", "not a number"),
        ({"payoffs": [[[1, 2], [1, "1/0"]], [[1, 2], [1, 2]]]}, "payoffs.0.1.1", "not a number"),
        ({"payoffs": [[[1, 2], [1, True]], [[1, 2], [1, 2]]]}, "payoffs.0.1.1", "not a number"),
        ({"players": ["A", "A"]}, "players", "different names"),
        ({"players": []}, "players", "at least 1 item"),
        ({"actions": [["x", "y"]]}, "actions", "one list for all, or one a player"),
        ({"actions": ["x", "x"]}, "actions", "each with its own name"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_their_place(
    given: dict[str, Any], key: str, message: str
) -> None:
    whole = {
        "players": ["A", "B"],
        "actions": ["x", "y"],
        "payoffs": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]],
    }
    with pytest.raises(UserError, match=message) as caught:
        coopsim.make_game("matrix", **{**whole, **given})
    assert caught.value.key == key


def test_files_in_a_project_are_games_by_path(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    scenario = tmp_path / "study.yaml"
    form = NormalForm([[[Fraction(1, 3), 2], [3, 4]], [[5, 6], [7, 0.5]]], actions=("ab", "cd"))
    coopsim.write(form.relabel(title="Mine"), tmp_path / "games/mine.nfg")
    tree = TreeBuilder(["A"], title="Alone", comment="One choice.\nReference: nobody (2020)")
    for k, end in enumerate(tree.decision(tree.root, "A", ["x", "y"])):
        tree.terminal(end, [Fraction(k, 7)])
    coopsim.write(tree.build(), tmp_path / "games/alone.efg")
    mine = coopsim.make_game("mine", scenario)
    assert np.array_equal(mine.form("normal").payoffs, form.payoffs)
    entry = catalogue.entry("game", "alone", scenario)
    assert {key: entry.card[key] for key in ("title", "summary", "references")} == {
        "title": "Alone",
        "summary": "One choice.",
        "references": ["nobody (2020)"],
    }
    assert isinstance(entry.make({}), TableGame)
    assert entry.make({}).form("extensive").exact[1, 0] == Fraction(1, 7)
    # a YAML file can build on either, and parameters can be changed on top
    (tmp_path / "games/other.yaml").write_text("coopsim: 1\nuse: mine\nplayers: [U, V]\n")
    assert coopsim.make_game("other", scenario).labels == ("U", "V")
    (tmp_path / "games/broken.efg").write_text('EFG 2 R "x" { "A" }\np "" 1 oops')
    with pytest.raises(UserError, match="expected the number of an information set") as caught:
        coopsim.make_game("broken", scenario)
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "games/broken.efg"), 2)
    (tmp_path / "games/wrong.nfg").write_text('EFG 2 R "x" { "A" } t "" 0')
    with pytest.raises(UserError, match="a game tree in a"):
        coopsim.make_game("wrong", scenario)


def test_actions_that_do_not_exist_are_refused_by_name() -> None:
    kuhn, prisoners = content_game("classic/kuhn"), content_game("classic/prisoners-dilemma")
    with pytest.raises(InvalidAction, match="of First does not exist here; allowed: 0 to 1"):
        kuhn.step(kuhn.start(2), np.array([[0, 0], [2, 0]]))
    with pytest.raises(InvalidAction, match="of Column does not exist; allowed: 0 to 1"):
        prisoners.step(prisoners.start(2), np.array([[0, 0], [0, 1.5]]))


def test_float32_states_stay_float32_and_pay_the_same() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch

    from coopsim.arrays import Backend

    game = TreeGame.of(random_tree(np.random.default_rng(2), chance=0.5))
    state = game.start(64, np.random.default_rng(0), Backend("torch", "float32"))
    step = game.step(state, torch.zeros((64, game.n), dtype=torch.int64))
    assert step.payoffs.dtype == torch.float32
    same = game.start(64, np.random.default_rng(0))
    assert np.array_equal(state.node.numpy(), same.node)
