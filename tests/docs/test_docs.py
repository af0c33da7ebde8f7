"""Every example of the manual and the README runs, and prints what the page says it prints.

A page is worked through from top to bottom, in a folder of its own and with one Python
process of its own:

- ```python blocks run in one namespace. A ```text block straight after one is what it printed.
- ```python, ```yaml and ```toml blocks with a `title` are files, written before what follows.
  A `pyproject.toml` with entry points counts as installed.
- ```yaml blocks that hold a scenario load, once all files of the page are there; files whose
  name begins with `broken` need not.
- ```console and ```sh blocks: a line `$ coopsim ...` runs, and the lines under it are what it
  printed (on the standard error where it failed). `$ echo $?` shows how the last one ended, and
  must follow where that was not 0. `^C` stops the command while it plays. `$ rm`, `$ cp`, `$ ls`
  and `$ mkdir` run too; other commands are for reading.

In what is printed, `...` stands for any text, and for any lines where it stands alone. Numbers
below 1e-9 are rounding, which differs between machines: all of them count as equal.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coopsim import yamlfile

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_FENCE = re.compile(r"^```(\w*)(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +\{#([\w-]+)\})?$", re.MULTILINE)
_PROGRESS = re.compile(r"^(points|cells): .*\n", re.MULTILINE)
_RUN = ("coopsim", "rm", "cp", "ls", "mkdir")
_TINY = re.compile(r"[-+]?\b(\d(\.\d+)?e-(09|[1-9]\d)|0(\.0+)?e\+00)\b")

# reads blocks of Python as lines of JSON; answers with what each printed, or how it failed
_SERVER = """
import contextlib, io, json, sys, traceback, warnings
warnings.simplefilter("error")
sys.path.insert(0, "")
names = {"__name__": "__main__"}
for line in sys.stdin:
    printed, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(json.loads(line), "<block>", "exec"), names)
        except BaseException:
            failed = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failed]), flush=True)
"""


# runs each command line in a copy of itself, so that what is slow to import is imported once;
# answers with the copy's process number, and when it has ended with its exit code
_COMMANDS = """
import json, os, signal, sys
import coopsim.cli.app, coopsim.study.runner
import jinja2, joblib, matplotlib.backends.backend_svg, polars, scipy.optimize, scipy.stats
signal.signal(signal.SIGINT, signal.default_int_handler)
for line in sys.stdin:
    job = json.loads(line)
    pid = os.fork()
    if pid == 0:
        for number, path in ((0, os.devnull), (1, job["out"]), (2, job["err"])):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
        os.chdir(job["cwd"])
        os.environ.update(job["env"])
        sys.path.insert(0, job["cwd"])
        coopsim.cli.main(job["argv"])
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title (a file name) and the line where it begins."""

    language: str
    title: str
    text: str
    line: int
    follows: str  # the language of the block straight before it, "" where prose is between


def blocks(page: Path) -> Iterator[Block]:
    source = page.read_text(encoding="utf-8")
    before, end = "", 0
    for match in _FENCE.finditer(source):
        title = _TITLE.search(match[2])
        follows = before if not source[end : match.start()].strip() else ""
        line = source.count("\n", 0, match.start()) + 2
        yield Block(match[1], title[1] if title else "", match[3], line, follows)
        before, end = match[1], match.end()


def runnable() -> list[Path]:
    kinds = ("python", "yaml", "console", "sh")
    return [page for page in PAGES if any(block.language in kinds for block in blocks(page))]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def warm() -> Iterator[Process]:
    process = Process(_COMMANDS)
    yield process
    process.close()


@pytest.mark.skipif(os.name != "posix", reason="commands run in copies of a process")
@pytest.mark.timeout(300)  # the longest, the tutorial, takes some twenty seconds on an idle machine
@pytest.mark.parametrize("page", runnable(), ids=name)
def test_examples(page: Path, tmp_path: Path, warm: Process) -> None:
    with Reader(page, tmp_path, warm) as reader:
        for block in blocks(page):
            reader.read(block)
        reader.load()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_internal_links(page: Path) -> None:
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert not broken, f"{name(page)} links to what is not there: {broken}"


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def test_the_manual_asks_nothing_of_the_network() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in text
    assert not re.search(r"extra_(javascript|css):[^:]*//", text)
    remote = re.compile(r"!\[[^\]]*\]\(http|<(script|img|iframe|link)\b")
    assert not [page for page in PAGES if remote.search(page.read_text(encoding="utf-8"))]


def links(page: Path) -> Iterator[str]:
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for match in _LINK.finditer(prose):
        target = match[1] or match[2]
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    if page.suffix != ".md":
        return set()
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    plain = set()
    for title, given in _HEADING.findall(prose):
        text = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower())
        plain.add(given or re.sub(r"[-\s]+", "-", text.strip()))
    return plain | set(re.findall(r"^::: ([\w.]+)$", prose, re.MULTILINE))


class Process:
    """A Python process that takes a line of JSON, and answers with one or more."""

    def __init__(self, code: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], text=True, encoding="utf-8", start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options,
        )  # fmt: skip

    def ask(self, question: Any) -> Any:
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        for end in (self.process.stdin, self.process.stdout):
            assert end is not None
            end.close()
        self.process.wait(timeout=10)


class Reader:
    """Works through the blocks of one page."""

    def __init__(self, page: Path, folder: Path, warm: Process) -> None:
        self.page, self.folder, self.warm = page, folder, warm
        self.code = 0
        self.printed = ""
        self.scenarios: list[Block] = []
        self.named: set[str] = set()
        self.python: Process | None = None
        bin_ = os.path.dirname(sys.executable)
        inherited = {key: value for key, value in os.environ.items() if key != "FORCE_COLOR"}
        self.env = inherited | {
            "PATH": f"{bin_}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(folder),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "POLARS_FMT_MAX_ROWS": "30",
        }

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self.python is not None:
            self.python.close()

    def read(self, block: Block) -> None:
        if block.title and "." in block.title:
            self.write(block)
        if block.language == "python" and not block.title.endswith(".py"):
            self.execute(block)
        elif block.language == "text" and block.follows == "python":
            self.compare(block.text, self.printed, block.line)
        elif block.language == "yaml":
            self.scenarios.append(block)
        elif block.language in ("console", "sh"):
            self.console(block)
        self.need(self.code == 0 or block.language == "console", block.line, "a command failed")

    def write(self, block: Block) -> None:
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        if path.name == "pyproject.toml":
            self.install(path)

    def install(self, path: Path) -> None:
        """What pip would note of a package: its name and its entry points."""
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        lines = []
        for group, points in project.get("entry-points", {}).items():
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items()), ""]
        info = self.folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        shutil.rmtree(info, ignore_errors=True)
        info.mkdir()
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (info / "METADATA").write_text(head, encoding="utf-8")

    def execute(self, block: Block) -> None:
        if self.python is None:
            self.python = Process(_SERVER, cwd=self.folder, env=self.env)
        self.printed, failed = self.python.ask(block.text)
        self.need(not failed, block.line, failed)

    def load(self) -> None:
        """Load every scenario of the page that no command has, now that all its files are there."""
        code = ["import coopsim"]
        for block in self.scenarios:
            if block.title.startswith("broken") or block.title in self.named:
                continue
            data = yamlfile.parse(block.text).data
            if "coopsim" in data and "game" in data:
                code.append(f"coopsim.load({block.title or dict(data)!r})  # line {block.line}")
        if len(code) == 1:
            return
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(code)],
            cwd=self.folder, env=self.env, text=True, encoding="utf-8", capture_output=True,
        )  # fmt: skip
        self.need(done.returncode == 0, self.scenarios[0].line, done.stderr + "\n".join(code))

    def console(self, block: Block) -> None:
        for command, expected, line in commands(block):
            words = command.split()
            if command == "echo $?":
                self.compare(expected, f"{self.code}\n", line)
                self.code = 0
                continue
            self.need(self.code == 0, line, "the command before this one failed")
            if words[0] not in _RUN:
                continue
            self.named |= set(words)
            stop = expected.startswith("^C\n")
            out, err = self.shell(command, stop)
            shown = expected.removeprefix("^C\n")
            printed = out or (_PROGRESS.sub("", err) if self.code else "")
            if shown.strip():
                # how far a run got when it was stopped differs from one to the next
                self.compare(shown, printed, line, numbers=not stop, also=err)
            elif self.code:
                self.need(False, line, f"{command} ended with {self.code}: {err}")

    def shell(self, command: str, stop: bool) -> tuple[str, str]:
        if command.split()[0] == "coopsim":
            return self.coopsim(shlex.split(command)[1:], stop)
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.env, text=True, capture_output=True
        )
        self.code = done.returncode
        return done.stdout, done.stderr

    def coopsim(self, argv: list[str], stop: bool) -> tuple[str, str]:
        before = self.cells()
        out, err = self.folder / ".out", self.folder / ".err"
        job = {"argv": argv, "cwd": str(self.folder), "env": self.env}
        pid = self.warm.ask({**job, "out": str(out), "err": str(err)})
        if stop:
            until = time.monotonic() + 60
            while self.cells() <= before + 3 and time.monotonic() < until:
                time.sleep(0.01)
            os.kill(pid, signal.SIGINT)
        self.code = self.warm.answer()
        return out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")

    def cells(self) -> int:
        return sum(1 for _ in self.folder.rglob("cells/*.parquet"))

    def compare(
        self, expected: str, printed: str, line: int, *, numbers: bool = True, also: str = ""
    ) -> None:
        """Whether what was printed is what the page shows."""
        pattern = pattern_of(_TINY.sub("<tiny>", expected), numbers)
        printed = _TINY.sub("<tiny>", printed)
        text = "\n".join(row.rstrip() for row in printed.strip("\n").splitlines()) + "\n"
        if not re.fullmatch(pattern, text, re.DOTALL):
            shown = textwrap.indent(expected.strip("\n"), "    ")
            got = textwrap.indent(text.strip("\n"), "    ")
            extra = f"\n  standard error:\n{textwrap.indent(also, '    ')}" if also else ""
            differ = f"the page shows\n{shown}\n  and what is printed is\n{got}{extra}"
            self.need(False, line, differ)

    def need(self, holds: bool, line: int, problem: str) -> None:
        if not holds:
            pytest.fail(f"{name(self.page)}:{line}: {problem}", pytrace=False)


def commands(block: Block) -> Iterator[tuple[str, str, int]]:
    """Each command of a console block, what the page shows under it, and its line."""
    command, shown, begun = "", [], block.line
    for number, row in enumerate(block.text.splitlines(), block.line):
        if row.startswith("$ "):
            if command:
                yield command, "\n".join(shown) + "\n", begun
            command, shown, begun = row[2:].strip(), [], number
        elif command.endswith("\\"):
            command = command[:-1] + row.strip()
        else:
            shown.append(row)
    if command:
        yield command, "\n".join(shown) + "\n", begun


def pattern_of(expected: str, numbers: bool = True) -> str:
    """A regular expression for what a page shows."""
    rows = []
    for row in expected.strip("\n").splitlines():
        if row.strip() == "...":
            rows.append(r"(?:[^\n]*\n)*?")
            continue
        pattern = re.escape(row.rstrip()).replace(re.escape("..."), "[^\n]*?")
        rows.append((pattern if numbers else re.sub(r"\d+", r"\\d+", pattern)) + r"\n")
    return "".join(rows)
