"""No file reaches code: not through environments, OpenSpiel, registered names or Python's path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coopsim
from coopsim import permissions, registry, yamlfile
from coopsim.errors import CoopsimError, UserError
from coopsim.games.adapters import pettingzoo_names
from coopsim.games.adapters.pettingzoo_game import PettingZooGame

ROOT = Path(__file__).resolve().parents[2]
TICTACTOE = "pettingzoo.classic.tictactoe_v3:env"

# what a stranger's module does as soon as Python reads it
MARK = "import pathlib\npathlib.Path({!r}).write_text('ran')\n"
ENVIRONMENT = '''
from pathlib import Path

import numpy as np
from gymnasium.spaces import Discrete
from pettingzoo import ParallelEnv


class Coins(ParallelEnv):
    """Whoever plays 1 is paid 1."""

    metadata = {"name": "coins"}

    def __init__(self, rounds=2, label="coins"):
        self.possible_agents, self.rounds = ["ann", "bob"], rounds
        Path("made").write_text(label)

    def observation_space(self, agent):
        return Discrete(10)

    def action_space(self, agent):
        return Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.turn = self.possible_agents[:], 0
        return {a: 0 for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        self.turn += 1
        over = self.turn >= self.rounds
        paid = {a: float(actions[a]) for a in self.agents}
        out = {a: self.turn for a in self.agents}, paid
        ends = {a: over for a in self.agents}, {a: False for a in self.agents}
        infos = {a: {} for a in self.agents}
        self.agents = [] if over else self.agents
        return (*out, *ends, infos)
'''


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the registry is asked to import from here on."""
    asked: list[str] = []
    monkeypatch.setattr(registry, "load", lambda target: asked.append(target))
    return asked


# -- environments ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:run",
        "builtins:exec",
        # what PettingZoo itself would run or import
        "pettingzoo.env_registry.spec:_load_env_creator",
        "pettingzoo.env_registry.registration:register",
        "pettingzoo.env_registry:make",
        "pettingzoo.utils.deprecated_module:deprecated_handler",
        "pettingzoo.test.api_test:importlib",
        "pettingzoo.utils:AgentSelector",
        # modules behind modules, attributes behind attributes, other attributes
        "pettingzoo.atari.base_atari_env:BaseAtariEnv",
        "pettingzoo.classic.tictactoe.tictactoe:os",
        "pettingzoo.classic.tictactoe_v3:env.__globals__",
        "pettingzoo.classic.tictactoe_v3:__loader__",
        "pettingzoo.classic.tictactoe_v3:warnings",
        "pettingzoo.classic:tictactoe_v3",
        "pettingzoo.classic:__getattr__",
        "pettingzoo:env",
        # other ways to spell one that is listed
        "pettingzoo.classic.TicTacToe_v3:env",
        "PettingZoo.classic.tictactoe_v3:env",
        " pettingzoo.classic.tictactoe_v3:env",
        "pettingzoo.classic.tictactoe_v3:env ",
        "pettingzoo.classic.tictactoe_v3:env\n",
        "pettingzoo.classic.tictactoe_v3\n:env",
        "pettingzoo.classic.tictactoe_v\u0663:env",
        "pettingzoo.classic..tictactoe_v3:env",
        "pettingzoo.classic.tictactoe_v3::env",
        ".pettingzoo.classic.tictactoe_v3:env",
        "pettingzoo.atari.tictactoe_v3:env",
        "pettingzoo.classic.tictactoe_v3:",
        ":env",
        ":",
        "pettingzoo.classic.tictactoe_v3",
        "tictactoe",
    ],
)
def test_a_file_names_listed_environments_and_nothing_else(name: str, imports: list[str]) -> None:
    with pytest.raises(CoopsimError, match=r"no environment that a file may name|unknown env"):
        PettingZooGame(name)
    assert imports == []


@pytest.mark.parametrize("maker", ["env", "parallel_env", "raw_env"])
@pytest.mark.parametrize(
    "module",
    ["classic.chess_v6", "classic.texas_holdem_no_limit_v6", "atari.pong_v3", "mpe.simple_tag_v3",
     "butterfly.pistonball_v6", "sisl.pursuit_v4"],
)  # fmt: skip
def test_published_environments_are_listed(module: str, maker: str, imports: list[str]) -> None:
    assert pettingzoo_names.published(f"pettingzoo.{module}:{maker}")
    PettingZooGame(f"pettingzoo.{module}:{maker}", {"max_cycles": 5})
    assert imports == []  # a game is checked first, and its module read when it is played


def test_what_the_installed_package_publishes_is_listed() -> None:
    """Every module NAME_vN of a family, as it lies on the disk."""
    import pettingzoo

    base = Path(pettingzoo.__path__[0])
    found = [
        f"pettingzoo.{family}.{path.stem}:env"
        for family in ("atari", "butterfly", "classic", "mpe", "sisl")
        for path in (base / family).glob("*_v[0-9]*.py")
    ]
    assert len(found) > 20
    assert [name for name in found if not pettingzoo_names.published(name)] == []


@pytest.fixture
def tictactoe(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """PettingZoo's module with an environment of ours in it; what that was made with."""
    made: dict[str, Any] = {}
    space: dict[str, Any] = {"__name__": "stand_in"}
    text = ENVIRONMENT.replace('Path("made").write_text(label)', "pass")
    exec(compile(text, "stand_in", "exec"), space)

    def env(**given: Any) -> Any:
        made.update(given)
        return space["Coins"]()

    module = types.ModuleType("pettingzoo.classic.tictactoe_v3")
    module.env = env  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


def test_a_listed_environment_is_made_with_plain_parameters(tictactoe: dict[str, Any]) -> None:
    plain = {"size": 3, "share": 0.5, "fast": True, "none": None, "steps": [1, 2],
             "deep": {"a": [{"b": 1}]}, "obs_type": "ram"}  # fmt: skip
    game = coopsim.make_game("pettingzoo", env=TICTACTOE, parameters=plain)
    assert game.labels == ("ann", "bob")
    assert tictactoe == plain


@pytest.mark.parametrize(
    "parameters",
    [
        {"render_mode": "human"},
        {"auto_rom_install_path": "/etc"},
        {"entry_point": "this:s"},
        {"obs_type": "../ram"},
        {"obs_type": "os:system"},
        {"obs_type": ["ram"]},
        {"deep": {"obs_type": "ram"}},
        {"steps": [1, "x"]},
        {"obs_method": "pickle"},
        {"evader_controller": ""},
    ],
)
def test_no_text_of_a_file_reaches_an_environment(
    parameters: dict[str, Any], tictactoe: dict[str, Any]
) -> None:
    with pytest.raises(UserError, match="not something that a file may give an environment") as e:
        coopsim.make_game("pettingzoo", env=TICTACTOE, parameters=parameters).labels  # noqa: B018
    assert str(e.value.key).startswith("parameters.")
    assert tictactoe == {}


def test_the_case_that_ran_a_module(tmp_path: Path, cli: Any) -> None:
    (tmp_path / "case.yaml").write_text(
        'coopsim: 1\ngame: {use: pettingzoo, env: "pettingzoo.env_registry.spec:'
        '_load_env_creator", parameters: {entry_point: "this:s"}}\n'
    )
    sys.modules.pop("this", None)
    for verb in ("check", "run", "solve", "study"):
        said = cli(verb, "case.yaml")
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("case.yaml:2: game.env: no environment that a file may name")
        assert said.err.count("\n") == 1
    assert "this" not in sys.modules
    assert os.listdir(tmp_path) == ["case.yaml"]


# -- grants ------------------------------------------------------------------------------


@pytest.fixture
def coins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario that needs an environment of the user's own."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "own_coins.py").write_text(ENVIRONMENT)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    monkeypatch.delitem(sys.modules, "own_coins", raising=False)
    scenario = {
        "coopsim": 1,
        "game": {"use": "pettingzoo", "env": "own_coins:Coins", "parameters": {"label": "x"},
                 "horizon": 2},
    }  # fmt: skip
    (tmp_path / "coins.yaml").write_text(yamlfile.dump(scenario))
    return tmp_path


def test_what_a_user_trusts_is_made_and_forgotten(coins: Path, cli: Any) -> None:
    assert cli("check", "coins.yaml").code == 2
    assert not (coins / "made").exists()
    for wrong in ("own_coins:coins", "own_coins:Coins2", "own_coins"):
        assert cli("check", "coins.yaml", "--trust", wrong).code == 2
    assert not (coins / "made").exists()
    assert cli("check", "coins.yaml", "--trust", "own_coins:Coins").code == 0
    assert (coins / "made").exists()
    assert cli("check", "coins.yaml").code == 2
    for verb in (["list", "--for", "coins.yaml"], ["run", "coins.yaml", "--out", "done", "-q"]):
        assert cli(*verb).code == 2
        assert cli(*verb, "--trust", "own_coins:Coins").code in (0, 1)  # 1: nothing to prove
    assert cli("report", "done").code == 2
    assert cli("report", "done", "--trust", "own_coins:Coins").code == 0


def test_trust_reaches_worker_processes(tmp_path: Path) -> None:
    """A job carries the grants, and a worker has no others."""
    from coopsim.study import worker

    permissions.grant("own_coins:Coins")
    scenario = coopsim.load({"coopsim": 1, "game": {"use": "classic/chicken"}})
    import pickle

    job = worker.Job(str(tmp_path), pickle.dumps(scenario), "a", permissions.everything())
    with permissions.scope():
        permissions._granted.clear()
        worker._scenario(job)
        assert permissions.granted("own_coins:Coins")


def test_python_may_name_anything(coins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(coins)
    game = coopsim.from_pettingzoo("own_coins:Coins", horizon=2, label="from Python")
    assert game.labels == ("ann", "bob")
    # and what it has named exactly, files may name after that
    assert coopsim.load("coins.yaml").point().game.labels == ("ann", "bob")
    with pytest.raises(UserError, match="no environment that a file may name"):
        coopsim.make_game("pettingzoo", env="own_coins:np")


# -- nothing is built of a file with a mistake ---------------------------------------------

MISTAKES: dict[str, dict[str, Any]] = {
    "unknown key": {"studdy": {}},
    "study": {"study": {"seeds": -1}},
    "solve": {"solve": {"concepts": ["nish"]}},
    "compare": {"compare": {"measure": ["welfair"]}},
    "agent": {"agents": {"a": {"use": "nobody"}}, "seats": {"1-": "a"}},
    "parameter of an agent": {
        "agents": {"a": {"use": "constant", "levl": 1}}, "seats": {"1-": "a"}
    },
    "seat": {"agents": {"a": {"use": "random"}}, "seats": {"1-": "b"}},
    "policy": {"policies": {"as is": {}, "more": {"game.horizons": 3}}},
    "sweep": {"study": {"vary": {"game.horizon": [1, 0]}}},
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_nothing_is_made_of_a_file_with_a_mistake(
    mistake: str, tmp_path: Path, cli: Any, tictactoe: dict[str, Any]
) -> None:
    game = {"use": "pettingzoo", "env": TICTACTOE, "parameters": {"marked": 1}, "horizon": 2}
    data = {"coopsim": 1, "game": game, **MISTAKES[mistake]}
    (tmp_path / "wrong.yaml").write_text(yamlfile.dump(data))
    for verb in ("check", "run", "solve"):
        assert cli(verb, "wrong.yaml").code == 2
        assert tictactoe == {}
    (tmp_path / "wrong.yaml").write_text(yamlfile.dump({"coopsim": 1, "game": game}))
    assert cli("check", "wrong.yaml").code == 0
    assert tictactoe == {"marked": 1}


@pytest.mark.parametrize("mistake", ["study", "solve", "compare", "agent"])
def test_no_other_file_is_opened_for_a_file_with_a_mistake(
    mistake: str, tmp_path: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    data = {"coopsim": 1, "game": {"use": "other.yaml"}, **MISTAKES[mistake]}
    (tmp_path / "wrong.yaml").write_text(yamlfile.dump(data))
    opened: list[str] = []
    read = yamlfile.read
    monkeypatch.setattr(
        yamlfile, "read", lambda path, **how: (opened.append(str(path)), read(path, **how))[1]
    )
    assert cli("check", "wrong.yaml").code == 2
    assert opened
    assert {Path(path).name for path in opened} == {"wrong.yaml"}


# -- registered names ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["os:system", "coopsim.cli:main", "os", "../os", "__import__"])
def test_names_are_registered_or_nothing(name: str, tmp_path: Path, cli: Any) -> None:
    """Of what a file says to use, nothing is imported that no package has registered."""
    texts = {
        "game": {"game": {"use": name}},
        "agent": {"game": {"use": "coopetition/stage"}, "agents": {"a": {"use": name}},
                  "seats": {"1-": "a"}},
        "concept": {"game": {"use": "classic/chicken"}, "solve": {"concepts": [name]}},
        "method": {"game": {"use": "classic/chicken"}, "solve": {"methods": {"nash": name}}},
        "measure": {"game": {"use": "classic/chicken"}, "compare": {"measure": [name]}},
        "rubric": {"game": {"use": "classic/chicken"}, "compare": {"rubric": [name]}},
        "experiment": {"experiment": {"use": name}},
    }  # fmt: skip
    for part, data in texts.items():
        (tmp_path / "x.yaml").write_text(yamlfile.dump({"coopsim": 1, **data}))
        said = cli("study" if part == "experiment" else "check", "x.yaml")
        assert said.code == 2, part
        assert "unknown" in said.err, part


def test_yaml_makes_no_objects(tmp_path: Path, cli: Any) -> None:
    (tmp_path / "x.yaml").write_text(
        "coopsim: 1\ngame: !!python/object/apply:os.system ['touch made']\n"
    )
    said = cli("check", "x.yaml")
    assert said.code == 2
    assert "tags are not supported" in said.err
    assert not (tmp_path / "made").exists()


def test_texts_of_files_are_no_templates(tmp_path: Path, cli: Any) -> None:
    """Neither Python's formats nor jinja's look into a title."""
    title = "{0.__class__} {{ 7 * 7 }} {% for x in y %} %(x)s ${x} <script>alert(1)</script>"
    data = {"coopsim": 1, "title": title, "game": {"use": "classic/chicken"},
            "solve": {"concepts": ["nash"]}}  # fmt: skip
    (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
    assert cli("run", "x.yaml", "--out", "done", "--workers", "1", "-q").code == 0
    page = (tmp_path / "done" / "report.html").read_text()
    assert "{{ 7 * 7 }} {% for x in y %} %(x)s ${x} &lt;script&gt;" in page
    assert "<script>" not in page


# -- Python's path -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_modules_in_the_working_directory_are_not_imported(tmp_path: Path, workers: str) -> None:
    """`coopsim` in a stranger's folder: workers do not look there for modules either."""
    mark = tmp_path / "ran"
    names = (
        "numpy",
        "joblib",
        "pickle",
        "random",
        "pettingzoo",
        "scipy",
        "polars",
        "sitecustomize",
    )
    for name in names:
        (tmp_path / f"{name}.py").write_text(MARK.format(str(mark)))
    data = {"coopsim": 1, "game": {"use": "coopetition/stage"}, "agents": {"a": {"use": "random"}},
            "seats": {"1-": "a"}, "study": {"seeds": 3}}  # fmt: skip
    (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
    (tmp_path / "spiel.yaml").write_text(
        "coopsim: 1\nuse: openspiel\nname: kuhn_poker(players=3)\n"
    )
    start = "import sys; sys.path.remove(''); from coopsim.cli import main; main(sys.argv[1:])"
    for arguments in (["run", "x.yaml", "--workers", workers], ["check", "spiel.yaml"]):
        done = subprocess.run(
            # as the installed command starts, whose folder is first in the path and not this one
            [sys.executable, "-c", start, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert not mark.exists()


def test_settings_in_the_working_directory_have_no_effect(tmp_path: Path, cli: Any) -> None:
    """numba loads pickles from where its settings say; matplotlib runs LaTeX where they say so."""
    import matplotlib

    data = {"coopsim": 1, "game": {"use": "coopetition/stage"}, "agents": {"a": {"use": "random"}},
            "seats": {"1-": "a"}, "solve": {"concepts": ["nash"]}}  # fmt: skip
    (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
    assert cli("run", "x.yaml", "--out", "done", "-q").code == 0
    page = (tmp_path / "done" / "report.html").read_bytes()
    with matplotlib.rc_context({"text.usetex": True, "font.size": 40, "svg.fonttype": "path"}):
        assert cli("report", "done").code == 0
    assert (tmp_path / "done" / "report.html").read_bytes() == page
    (tmp_path / ".numba_config.yaml").write_text("cache_dir: here\n")
    for verb in (["check", "x.yaml"], ["run", "x.yaml"], ["report", "done"], ["list"]):
        said = cli(*verb)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(".numba_config.yaml: ")


# -- OpenSpiel -----------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("NFG 1 R hunter2-is-the-password\nhunter2 again\n")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "efg_game(filename={})",
        "nfg_game(filename={})",
        "efg_game( filename = {} )",
        "misere(game=efg_game(filename={}))",
        "turn_based_simultaneous_game(game=nfg_game(filename={}))",
        "repeated_game(stage_game=nfg_game(filename={}),num_repetitions=2)",
        "start_at(game=misere(game=efg_game(filename={})),history=0)",
        "add_noise(epsilon=1.,game=efg_game(filename={}),seed=1)",
        "restricted_nash_response(game=efg_game(filename={}),p=.5)",
        "bargaining(instances_file={})",
        "colored_trails(boards_file={})",
        "crossword(word_list_file={})",
        "crossword(puzzles_root={})",
        'efg_game(filename="{}")',
        "kuhn_poker(players=2,filename={})",
        "kuhn_poker(players=2)efg_game(filename={})",
        "kuhn_poker,efg_game(filename={})",
    ],
)
def test_no_text_of_a_file_names_a_file_to_openspiel(
    text: str, secret: Path, tmp_path: Path, cli: Any
) -> None:
    for path in (secret, "secret.txt"):
        data = {"coopsim": 1, "game": {"use": "openspiel", "name": text.format(path)}}
        (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
        said = cli("check", "x.yaml")
        assert said.code == 2
        assert said.err.startswith("x.yaml:4: game.name: ")
        assert said.err.count("\n") == 1
        assert "hunter2" not in said.out + said.err


NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
VALUES = st.one_of(
    st.integers(-99, 99).map(str),
    st.floats(-9, 9, allow_nan=False).map(lambda x: f"{x:.3f}"),
    st.sampled_from(["true", "False"]),
)


def _games(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(st.tuples(NAMES, st.one_of(VALUES, inner)), max_size=3)
    return st.tuples(NAMES, parts).map(
        lambda game: f"{game[0]}({','.join(f'{key}={value}' for key, value in game[1])})"
    )


@given(st.recursive(NAMES.map("{}()".format), _games, max_leaves=6))
def test_what_is_allowed_is_handed_on_as_it_is(text: str) -> None:
    from coopsim.games.adapters.openspiel_names import checked

    assert checked(text) == text


@given(st.text("abcf12=(),. /-\"'\n", max_size=40))
def test_what_is_handed_on_holds_no_path(text: str) -> None:
    """Whatever is let through, no value under a free name holds a slash, a dot or a quote."""
    from coopsim.games.adapters.openspiel_names import checked

    try:
        made = checked(text)
    except UserError:
        return
    assert not set(made) & set("/\"'\n")


@pytest.mark.twin
@pytest.mark.parametrize(
    "text",
    [
        "liars_dice(numdice=-1)",
        "universal_poker(numPlayers=99)",  # ends the process
        "goofspiel(num_cards=-1)",
        "kuhn_poker(players=-1)",
        "kuhn_poker(players=1000000000)",
        "kuhn_poker(players=2.5)",
        "kuhn_poker(cards=3)",
        "kuhn_poker(",
        "kuhn_poker(players",
        "kuhn_poker(players=2))",
        "misere(game=tic_tac_toe)",
        "mfg_garnet(size=-1)",
        "nothing_known",
        "",
        "(((((((",
    ],
)
def test_openspiel_may_end_as_it_likes(text: str, tmp_path: Path, cli: Any) -> None:
    pytest.importorskip("pyspiel")
    data = {"coopsim": 1, "game": {"use": "openspiel", "name": text}}
    (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
    said = cli("check", "x.yaml")
    assert said.code == 2
    assert said.err.startswith("x.yaml:4: game.name: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


@pytest.mark.twin
def test_openspiel_gives_the_same_tree_in_a_process_of_its_own() -> None:
    pytest.importorskip("pyspiel")
    for text in ("kuhn_poker(players=3)", "tiny_hanabi", "goofspiel(num_cards=3,imp_info=true)"):
        apart = coopsim.make_game("openspiel", name=text).form("extensive")
        here = coopsim.from_openspiel(text)
        assert apart.payoffs.tolist() == here.payoffs.tolist()
        assert apart.infosets.labels == here.infosets.labels
        assert apart.tree.parent.tolist() == here.tree.parent.tolist()


@pytest.mark.twin
def test_a_text_that_the_user_trusts_is_openspiels(tmp_path: Path, cli: Any) -> None:
    pytest.importorskip("pyspiel")
    tree = 'EFG 2 R "t" { "A" "B" }\np "" 1 1 "s" { "x" "y" } 0\n'
    tree += 't "" 1 "" { 1 2 }\nt "" 2 "" { 0 0 }\n'
    (tmp_path / "own.efg").write_text(tree)
    text = f"efg_game(filename={tmp_path / 'own.efg'})"
    data = {"coopsim": 1, "game": {"use": "openspiel", "name": text}}
    (tmp_path / "x.yaml").write_text(yamlfile.dump(data))
    assert cli("check", "x.yaml").code == 2
    said = cli("check", "x.yaml", "--trust", text, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["scenario"]["game"]["name"] == text
