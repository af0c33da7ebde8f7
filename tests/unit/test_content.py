"""Content files are found by name, nearest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coopsim import content, permissions
from coopsim.errors import UserError


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed coopsim with an empty library, and a working directory without content."""
    package = tmp_path / "site-packages" / "coopsim"
    elsewhere = tmp_path / "elsewhere"
    package.mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setattr(content, "_PACKAGE", package)
    monkeypatch.chdir(elsewhere)
    return package


@pytest.fixture(autouse=True)
def grants() -> Iterator[None]:
    """What a test grants is forgotten after it."""
    with permissions.scope():
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    write(
        project,
        "games/coopetition/samsung-sony.yaml",
        "games/coopetition/renault-nissan.yaml",
        "games/matrix.nfg",
        "agents/patient.yaml",
        "agents/prompts/negotiator.md",
        "scenarios/coopetition/samsung-sony.yaml",
    )
    return project


def write(base: Path, *files: str) -> None:
    for file in files:
        path = base / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {file}\n")


def test_a_project_is_found_from_any_file_in_it(project: Path) -> None:
    scenario = project / "scenarios/coopetition/samsung-sony.yaml"
    for near in (scenario, scenario.parent, project, project / "games/matrix.nfg"):
        assert content.folders("games", near) == [project / "games"]
        assert set(content.names("games", near)) == {
            "coopetition/renault-nissan",
            "coopetition/samsung-sony",
            "matrix",
        }


def test_without_a_scenario_only_the_working_directory_counts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert content.folders("games") == []
    monkeypatch.chdir(project)
    assert content.folders("games") == [project / "games"]
    monkeypatch.chdir(project / "scenarios")
    assert content.folders("games") == []


def test_earlier_folders_win(
    project: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "coopetition/samsung-sony"
    working, checkout, library = tmp_path / "working", package.parent, package / "library"
    own = project / "scenarios/coopetition"
    write(checkout, "pyproject.toml")
    for base in (own, working, checkout, library):
        write(base, f"games/{name}.yaml")
    monkeypatch.chdir(working)
    near = own / "samsung-sony.yaml"
    bases = [own, project, working, checkout, library]
    assert content.folders("games", near) == [base / "games" for base in bases]
    for base in bases:
        file = base / f"games/{name}.yaml"
        assert content.find("games", name, near) == content.names("games", near)[name] == file
        file.unlink()
    assert content.find("games", name, near) is None


def test_a_folder_beside_an_installed_package_is_not_a_checkout(package: Path) -> None:
    write(package.parent, "games/someone-elses.yaml")
    write(package, "library/games/ours.yaml")
    assert list(content.names("games")) == ["ours"]


def test_a_folder_reached_twice_is_listed_once(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert content.folders("games", project / "study.yaml") == [project / "games"]


def test_parents_without_a_project_are_not_searched(tmp_path: Path) -> None:
    lonely = tmp_path / "a" / "b" / "study.yaml"
    write(tmp_path, "a/b/study.yaml")
    assert content.folders("games", lonely) == []


@pytest.mark.parametrize(
    "name",
    [
        "coopetition/samsung-sony",
        "coopetition/samsung-sony.yaml",
        "games/coopetition/samsung-sony",
        "games/coopetition/samsung-sony.yaml",
        "./games/coopetition/samsung-sony.yaml",
        "samsung-sony",
        "samsung-sony.yaml",
    ],
)
def test_ways_to_write_a_name(project: Path, name: str) -> None:
    file = project / "games/coopetition/samsung-sony.yaml"
    # from the scenario of the same name, which must not be taken for its own game
    for near in (project / "scenarios/coopetition/samsung-sony.yaml", project):
        found = content.find("games", name, near)
        assert found is not None
        assert found.resolve() == file


def test_a_path_that_a_user_gives_may_lead_anywhere(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside.yaml", "elsewhere/here.yaml")
    assert content.find("games", str(tmp_path / "outside.yaml")) == tmp_path / "outside.yaml"
    assert content.find("games", "here.yaml") == Path("here.yaml")


def test_a_path_in_a_file_leads_no_further_than_its_project(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside.yaml", "project/inside.yaml", "elsewhere/here.yaml")
    near = project / "scenarios/study.yaml"
    assert content.find("games", "../inside.yaml", near) == near.parent / "../inside.yaml"
    assert content.find("games", str(project / "inside.yaml"), near) == project / "inside.yaml"
    assert content.find("games", "here.yaml", near) is None
    for name in (str(tmp_path / "outside.yaml"), "../../outside.yaml", "/nowhere/at-all.yaml"):
        with pytest.raises(UserError, match="a file that this file may not name"):
            content.find("games", name, near)
    permissions.grant(str(tmp_path / "outside.yaml"))
    assert content.find("games", "../../outside.yaml", near) is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../matrix",
        "../games/matrix",
        "../agents/patient",
        "coopetition/../matrix",
        "coopetition",
        "coopetition/",
        "patient",
        "matrix.efg",
        "samsung",
        "x" * 5000 + ".yaml",
        "nul\0.yaml",
    ],
)
def test_what_is_not_a_name(project: Path, name: str) -> None:
    assert content.find("games", name, project / "scenarios/coopetition/samsung-sony.yaml") is None


def test_a_last_part_must_be_unique(project: Path) -> None:
    write(project, "games/auction/samsung-sony.yaml")
    assert content.find("games", "samsung-sony", project) is None
    assert content.find("games", "renault-nissan", project) is not None


def test_a_last_part_hidden_further_down_is_still_unique(project: Path, package: Path) -> None:
    write(package, "library/games/coopetition/samsung-sony.yaml")
    found = content.find("games", "samsung-sony", project)
    assert found == project / "games/coopetition/samsung-sony.yaml"


def test_a_full_name_comes_before_a_last_part(project: Path) -> None:
    write(project, "games/old/matrix.yaml")
    assert content.find("games", "matrix", project) == project / "games/matrix.nfg"


def test_one_name_two_suffixes(project: Path) -> None:
    write(project, "games/matrix.yaml")
    assert content.find("games", "matrix", project) == project / "games/matrix.yaml"
    assert content.find("games", "matrix.nfg", project) == project / "games/matrix.nfg"


def test_readme_drafts_and_hidden_files_are_ignored(project: Path) -> None:
    before = content.names("games", project)
    write(
        project,
        "games/README.md",
        "games/_draft.yaml",
        "games/.hidden.yaml",
        "games/_drafts/a.yaml",
        "games/.git/a.yaml",
        "games/notes.txt",
    )
    assert content.names("games", project) == before
    assert list(content.names("agents", project)) == ["patient"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: games, solvers, agents, scenarios"):
        content.folders("game")
