"""The report as a browser sees it: nothing is fetched, nothing goes wrong, everything is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import coopsim

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
SCENARIO = {
    "coopsim": 1,
    "title": "Seen by a <browser>",
    "game": {"use": "coopetition/stage", "players": ["Ann", "Bob"]},
    "agents": {"low": {"use": "constant", "level": 0.2}, "any": {"use": "random"}},
    "seats": [{"1-": "low"}, {"1-": "any"}],
    "policies": {"status quo": {}, "more synergy": {"game.gamma": 0.9}},
    "study": {"seeds": 2, "episodes": 2},
    "compare": {"to": ["nash"], "measure": ["cooperation rate", "payoff"]},
}
SAFE = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    # whatever the page asked for would fail, and say so on the console
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
    "--enable-logging=stderr", "--v=0", "--virtual-time-budget=2000",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coopsim.run(SCENARIO, out=tmp_path_factory.mktemp("report") / "run").report


def browse(path: Path, folder: Path, *options: str) -> tuple[str, str]:
    """What Chromium prints, and what it complains of."""
    # a container's root has no sandbox
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    done = subprocess.run(
        [str(CHROMIUM), *SAFE, *root, f"--user-data-dir={folder}", *options, path.as_uri()],
        capture_output=True, text=True, timeout=110, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_sections_and_figures(report: Path, tmp_path: Path) -> None:
    page, said = browse(report, tmp_path, "--dump-dom")
    assert "CONSOLE" not in said
    assert "Seen by a &lt;browser&gt;</h1>" in page
    for name in ("short", "asked", "equilibria", "agents", "effects", "provenance"):
        assert re.search(rf'<section id="{name}">\s*<h2>', page)
    # panels with their drawings inside: rates, payoffs, effects on both, in two policies
    assert len(re.findall(r'<div class="panel">.*?<svg role="img".*?</svg>', page, re.DOTALL)) == 6
    assert "Solutions under status quo" in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_looked_at(report: Path, tmp_path: Path, width: int) -> None:
    picture = tmp_path / "report.png"
    size = f"--window-size={width},2000"
    browse(report, tmp_path / "profile", f"--screenshot={picture}", size)
    assert picture.stat().st_size > 20_000


def test_it_prints(report: Path, tmp_path: Path) -> None:
    paper = tmp_path / "report.pdf"
    browse(report, tmp_path / "profile", f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")
