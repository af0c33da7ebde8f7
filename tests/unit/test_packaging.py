"""The built packages hold what they should, and an installed wheel works from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


def test_the_wheel_holds_the_package_and_its_content(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel).namelist()
    assert "coopsim/__init__.py" in files
    assert "coopsim/py.typed" in files
    assert "coopsim/library/scenarios/coopetition/samsung-sony.yaml" in files
    assert "coopsim/library/games/coopetition/samsung-sony.yaml" in files
    assert any(file.endswith(".dist-info/licenses/LICENSE") for file in files)
    tops = {file.split("/")[0] for file in files}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"coopsim"}


def test_the_wheel_holds_all_content_of_the_checkout(wheel: Path) -> None:
    files = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("games", "solvers", "agents", "scenarios"):
        for path in (ROOT / kind).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                assert f"coopsim/library/{path.relative_to(ROOT).as_posix()}" in files


def test_the_sdist_holds_no_stray_folder(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert {"coopsim", "tests", "Makefile", "constraints.txt", "LICENSE"} <= tops
    assert not tops & {".venv", ".git", "dist", "site", "runs"}


def test_a_scenario_runs_by_name_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    # unpacked and put first on the path, so that neither the checkout nor an
    # editable installation of it can lend a file
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    code = """
import sys
import coopsim
assert coopsim.__file__.startswith(sys.argv[1]), coopsim.__file__
from coopsim.cli import main
sys.exit(main(["run", "coopetition/samsung-sony"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(site)],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(elsewhere.rglob("report.html")), "the run wrote no report"
