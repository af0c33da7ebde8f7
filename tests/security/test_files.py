"""What a file names is confined, and no message shows a line of a file that is not coopsim's."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

import coopsim
from coopsim import catalogue, content, yamlfile
from coopsim.errors import CoopsimError, UserError
from coopsim.study.run import open_run

SECRET = "hunter2"
# what other programs write, under names that end like ours
OTHERS = {
    "config.yaml": f"users:\n- name: admin\n  password: {SECRET}\n",
    "broken.yaml": f"password: [{SECRET}\nother: {SECRET}\n",
    "tabs.yaml": f"\tpassword: {SECRET}\n",
    "text.yaml": f"{SECRET}\n",
    "list.yaml": f"- {SECRET}\n",
    "binary.yaml": f"\x00{SECRET}\n",
    "versioned.yaml": f"version: 1\nuse: {SECRET}\n",
    "nested.yaml": f"a:\n  coopsim: 1\n  b: [{SECRET}\n",
    "first-word.nfg": f"{SECRET} root:x:0:0\n",
    "passwd.efg": f"root:{SECRET}:0:0\n",
    "close.nfg": f"NFG {SECRET}\n",
    "pem.efg": f"-----BEGIN {SECRET}\n",
}
OUTSIDE = "a file that this file may not name"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, and a folder beside it that is nobody's business."""
    project, beside = tmp_path / "project", tmp_path / "beside"
    for folder in (project / "games", project / "scenarios", beside):
        folder.mkdir(parents=True)
    (beside / "game.yaml").write_text(f"coopsim: 1\nuse: coopetition/stage\ngama: {SECRET}\n")
    for name, text in OTHERS.items():
        (beside / name).write_text(text)
        (project / name).write_text(text)
    return project


def scenario(project: Path, use: str, part: str = "game") -> str:
    """The path of a scenario that uses something."""
    data: dict[str, Any] = {"coopsim": 1, "game": {"use": use}}
    if part == "agent":
        data = {"coopsim": 1, "game": {"use": "coopetition/stage"}, "agents": {"a": {"use": use}},
                "seats": {"1-": "a"}}  # fmt: skip
    if part == "policy":
        data = {"coopsim": 1, "game": {"use": "coopetition/stage"},
                "policies": {"a": {}, "b": {"game.use": use}}}  # fmt: skip
    if part == "sweep":
        data = {"coopsim": 1, "game": {"use": "coopetition/stage"},
                "study": {"vary": {"game.use": ["coopetition/stage", use]}}}  # fmt: skip
    path = project / "scenarios" / "x.yaml"
    path.write_text(yamlfile.dump(data))
    return str(path)


def refused(said: Any) -> str:
    """The one sentence that a refusal is."""
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert SECRET not in said.err
    return str(said.err)


@pytest.mark.parametrize("part", ["game", "agent", "policy", "sweep"])
@pytest.mark.parametrize("name", OTHERS)
def test_no_line_of_a_file_that_is_not_ours_is_shown(
    name: str, part: str, project: Path, cli: Any
) -> None:
    """Inside the project, where files may be named: they are read, and not quoted."""
    told = refused(cli("check", scenario(project, f"../{name}", part)))
    if part == "agent" and not name.endswith(".yaml"):
        assert "unknown agent" in told
    else:
        assert "not a coopsim file" in told or "missing" in told


@pytest.mark.parametrize("part", ["game", "agent", "policy", "sweep"])
def test_files_outside_are_not_named(part: str, project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    for use in (
        str(beside / "game.yaml"),
        "../../beside/game.yaml",
        "../games/../../beside/game.yaml",
        str(project / "scenarios" / ".." / ".." / "beside" / "game.yaml"),
        "/nowhere/at/all.yaml",  # the same is said of what is not there
        "/proc/self/environ.yaml",
    ):
        told = refused(cli("check", scenario(project, use, part)))
        assert OUTSIDE in told
        assert str(project) in told


@pytest.mark.parametrize(
    "use",
    ["/etc/passwd", "/etc/hosts", "/dev/zero", "/dev/stdin", "/proc/self/environ", "/etc/ssl/x.cnf",
     "../../beside/key.pem", "../x.YAML", "..", "/", ".", "../x.yaml/", "x\0.yaml", "~/x.txt"],
)  # fmt: skip
def test_other_suffixes_name_nothing(use: str, project: Path, cli: Any) -> None:
    (project.parent / "beside" / "key.pem").write_text(SECRET)
    (project / "x.YAML").write_text(SECRET)
    assert "unknown game" in refused(cli("check", scenario(project, use)))


def test_links_lead_nowhere(project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    (project.parent / "plain.txt").write_text(f"coopsim: 1\nuse: {SECRET}\n")
    (project / "link.yaml").symlink_to(beside / "game.yaml")
    (project / "suffix.yaml").symlink_to(project.parent / "plain.txt")
    (project / "inside.yaml").symlink_to("/etc/passwd")
    (project / "folder").symlink_to(beside)
    for use in ("../link.yaml", "../suffix.yaml", "../inside.yaml", "../folder/game.yaml"):
        assert OUTSIDE in refused(cli("check", scenario(project, use)))


def test_links_in_content_folders_are_not_content(
    project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = project.parent / "beside"
    (project / "games" / "linked.yaml").symlink_to(beside / "game.yaml")
    (project / "games" / "own.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    (project / "games" / "alias.yaml").symlink_to("own.yaml")
    (project / "agents").symlink_to(beside)
    near = project / "scenarios" / "x.yaml"
    assert "linked" not in content.names("games", near)
    assert {"own", "alias"} <= set(content.names("games", near))
    assert beside not in {folder.resolve() for folder in content.folders("agents", near)}
    assert "unknown game" in refused(cli("check", scenario(project, "linked")))
    monkeypatch.chdir(project)
    assert SECRET not in cli("list").out


def test_a_link_that_the_user_types_is_not_quoted(project: Path, cli: Any) -> None:
    """An archive can hold links; whoever unpacks it sees a scenario."""
    for name in OTHERS:
        link = project / "games" / f"typed{Path(name).suffix}"
        link.unlink(missing_ok=True)
        link.symlink_to(project.parent / "beside" / name)
        for verb in ("check", "run", "solve", "study"):
            told = refused(cli(verb, str(link)))
            assert "not a coopsim file" in told or "missing" in told


def test_a_run_folder_holds_no_link(project: Path, cli: Any) -> None:
    path = scenario(project, "coopetition/stage")
    assert cli("run", path, "--out", "done", "-q", "--set", "title=mine").code == 0
    kept = project.parent / "done" / "scenario.yaml"
    kept.rename(project.parent / "elsewhere.yaml")
    kept.symlink_to(project.parent / "elsewhere.yaml")
    assert "it is a link, not a file" in refused(cli("report", "done"))


def test_an_experiment_names_no_file(project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    data = {"coopsim": 1, "experiment": {"use": "coopetition/audit"}}
    for name in ("broken.yaml", "game.yaml", "pem.efg"):
        for use in (str(beside / name), f"project/{name}", f"../{name}"):
            (project / "x.yaml").write_text(
                yamlfile.dump(
                    {**data, "experiment": {**data["experiment"], "environment": use}}  # type: ignore[dict-item]
                )
            )
            assert "unknown game" in refused(cli("study", "project/x.yaml"))


def test_devices_and_pipes_are_not_opened(project: Path, cli: Any) -> None:
    """A pipe would wait for ever, a device never end."""
    os.mkfifo(project / "pipe.yaml")
    (project / "zero.yaml").symlink_to("/dev/zero")
    assert "unknown game" in refused(cli("check", scenario(project, "../pipe.yaml")))
    assert OUTSIDE in refused(cli("check", scenario(project, "../zero.yaml")))


@pytest.fixture
def piped(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that holds a pipe under the name of every kind of content."""
    for file in ("games/pipe.yaml", "games/wood.efg", "games/bimatrix.nfg", "agents/pipe.yaml",
                 "scenarios/piped.yaml"):  # fmt: skip
        (project / file).parent.mkdir(exist_ok=True)
        os.mkfifo(project / file)
    monkeypatch.chdir(project)
    return project


@pytest.mark.timeout(60)
def test_pipes_in_content_folders_are_not_content(
    piped: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(piped)
    for kind in ("games", "agents", "scenarios"):
        assert not {"pipe", "wood", "bimatrix", "piped"} & set(content.names(kind))
    for verb in (("list",), ("list", "games"), ("list", "agents"), ("schema",)):
        said = cli(*verb)
        assert (said.code, said.err) == (0, "")
        assert "piped" not in said.out
    for verb in (("describe", "pipe"), ("check", "piped"), ("run", "piped"), ("solve", "wood"),
                 ("new", "scenario", "x", "--game", "bimatrix")):  # fmt: skip
        assert "unknown" in refused(cli(*verb))
    for use, part in (("pipe", "game"), ("bimatrix.nfg", "game"), ("../games/pipe.yaml", "game"),
                      ("pipe", "agent"), ("wood.efg", "policy")):  # fmt: skip
        assert "unknown" in refused(cli("check", scenario(piped, use, part)))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("file", ["pipe.yaml", "wood.efg", "bimatrix.nfg"])
def test_a_file_swapped_for_a_pipe_before_it_is_opened(
    piped: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no look at a path can close: the file itself is opened without waiting."""
    with monkeypatch.context() as patch:
        patch.setattr(content, "find", lambda *_: piped / "games" / file)
        with pytest.raises(UserError, match="a pipe or a device"):
            catalogue.entry("game", "anything")


@pytest.mark.timeout(60)
def test_a_pipe_that_the_caller_names_is_read(piped: Path) -> None:
    path = piped / "games" / "pipe.yaml"
    writer = threading.Thread(target=path.write_text, args=("a: 1\n",))
    writer.start()
    assert yamlfile.read_once(path).data == {"a": 1}
    writer.join()


@pytest.mark.parametrize("link", ["l", "deep/l", "games/l", "l/further"])
def test_nobody_is_told_through_a_link_what_lies_outside(
    project: Path, cli: Any, link: str
) -> None:
    """Law: of a file outside, the same is said whether it is there or not."""
    beside = project.parent / "beside"
    (beside / "further").mkdir()
    for folder in (beside, beside / "further"):
        (folder / "there.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    place = project / link.removesuffix("/further")
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(beside)
    for start in ("../", "./../"):
        told = {
            name: refused(cli("check", scenario(project, f"{start}{link}/{name}.yaml")))
            for name in ("there", "absent", "absent/there")
        }
        for name, said in told.items():
            assert said.replace(f"{name}.yaml", "") == told["there"].replace("there.yaml", "")
            assert OUTSIDE in said
    # without a way up, from a scenario beside the link
    path = project / "x.yaml"
    for name in ("there", "absent"):
        path.write_text(yamlfile.dump({"coopsim": 1, "game": {"use": f"{link}/{name}.yaml"}}))
        assert OUTSIDE in refused(cli("check", str(path)))


def test_a_file_that_is_named_may_name_no_more(project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    (project / "games" / "first.yaml").write_text("coopsim: 1\nuse: second.yaml\n")
    (project / "games" / "second.yaml").write_text(
        yamlfile.dump({"coopsim": 1, "use": str(beside / "game.yaml")})
    )
    told = refused(cli("check", scenario(project, "first")))
    assert told.startswith(str(project / "games" / "second.yaml") + ":2: use: " + OUTSIDE)


def test_a_scenario_on_its_own_reaches_its_folder(tmp_path: Path, cli: Any) -> None:
    own = tmp_path / "downloads"
    (own / "deep").mkdir(parents=True)
    for path in (tmp_path / "above.yaml", own / "beside.yaml", own / "deep" / "below.yaml"):
        path.write_text("coopsim: 1\nuse: coopetition/stage\n")
    for use, code in (("beside.yaml", 0), ("deep/below.yaml", 0), ("../above.yaml", 2),
                      ("above.yaml", 2)):  # fmt: skip
        (own / "x.yaml").write_text(yamlfile.dump({"coopsim": 1, "game": {"use": use}}))
        assert cli("check", "downloads/x.yaml").code == code, use


def test_a_path_that_the_user_types_is_read_wherever_it_lies(project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    (beside / "good.yaml").write_text("coopsim: 1\nuse: coopetition/stage\ninterdependence: 0.2\n")
    path = scenario(project, "coopetition/stage")
    assert cli("check", str(beside / "good.yaml")).code == 0
    assert "gama" in cli("check", str(beside / "game.yaml")).err  # the own file is quoted
    assert cli("check", path, "--set", f"game.use={beside / 'good.yaml'}").code == 0
    assert cli("check", scenario(project, str(beside / "good.yaml"))).code == 2


def test_a_folder_that_the_user_trusts(project: Path, cli: Any) -> None:
    beside = project.parent / "beside"
    (beside / "good.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    path = scenario(project, "../../beside/good.yaml")
    assert cli("check", path).code == 2
    assert cli("check", path, "--trust", str(project)).code == 2
    for trusted in (beside, beside / "good.yaml", project.parent):
        assert cli("check", path, "--trust", str(trusted)).code == 0
    assert cli("check", path).code == 2
    # trusted or not, what is not coopsim's is not quoted
    for name in OTHERS:
        told = refused(cli("check", scenario(project, str(beside / name)), "--trust", str(beside)))
        assert "not a coopsim file" in told or "missing" in told


def test_a_run_is_reported_again_where_it_was_made(project: Path, cli: Any) -> None:
    """A run folder holds the scenario's own paths, which are those of the working directory."""
    here = project.parent
    (here / "own.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    data = {"coopsim": 1, "game": {"use": "own.yaml"}, "solve": {"concepts": ["nash"]}}
    (here / "x.yaml").write_text(yamlfile.dump(data))
    assert cli("run", "x.yaml", "--out", "done", "-q").code == 0
    assert cli("report", "done").code == 0
    (here / "done/scenario.yaml").write_text(
        yamlfile.dump({**data, "game": {"use": str(here.parent / "other.yaml")}})
    )
    with pytest.raises(UserError, match=OUTSIDE):
        _ = open_run(here / "done").scenario


def test_no_parameter_of_a_game_or_an_agent_is_a_path() -> None:
    """Texts that files give are names, labels and trees; whoever adds a path adds a check."""
    from coopsim import parameters, registry

    known = {
        "players", "actions", "routes", "closed", "efg", "name", "env", "firms", "to", "concept",
        "method", "depender", "dependee", "dependum", "environment", "truster", "trusted", "player",
    }  # fmt: skip
    found = set()
    for kind in ("game", "agent", "experiment"):
        for item in registry.registrations(kind).values():
            if item.source == "coopsim":
                schema = parameters.json_schema(item.load())
                for node in (schema, *schema.get("$defs", {}).values()):
                    for key, child in node.get("properties", {}).items():
                        found |= {key} if _free_text(child) else set()
    assert found <= known


def _free_text(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_free_text, node))
    if not isinstance(node, dict):
        return False
    free = node.get("type") == "string" and "enum" not in node and "const" not in node
    inner = (node.get(key) for key in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"))
    return free or any(map(_free_text, inner))


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]><graphml>&x;</graphml>',
        '<!DOCTYPE g SYSTEM "http://127.0.0.1:1/x.dtd"><graphml></graphml>',
        f"root:{SECRET}:0:0",
        f"<graphml><key id='a' for='edge' attr.name='x' attr.type='{SECRET}'/></graphml>",
    ],
)
def test_a_network_reaches_no_other_file(text: str, tmp_path: Path) -> None:
    from coopsim.games.coopetition import network

    (tmp_path / "n.graphml").write_text(text)
    with pytest.raises(CoopsimError) as caught:
        network.read(tmp_path / "n.graphml")
    assert "root:x" not in str(caught.value)


def test_python_callers_name_what_they_like(project: Path) -> None:
    beside = project.parent / "beside"
    (beside / "good.yaml").write_text("coopsim: 1\nuse: coopetition/stage\n")
    assert coopsim.make_game(str(beside / "good.yaml")).n == 2
