"""The same answers on another processor, and byte for byte on any number of threads.

Libraries choose their kernels by the processor: OpenBLAS its matrix products, numpy its
exponentials and sums, the C library its logarithms, numba its instructions. Here a study runs
in processes that are told to take those of older processors, which this one can run as well.
Statuses, methods, scores, choices and counts must be the same; numbers must agree to `WITHIN`
of the largest of their kind. Residuals are compared with payoffs: they are rounding themselves.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))
WITHIN = 1e-6
"""Relative: next to a top a payoff changes by less than rounding over some 1e-8 of the range,
so that searches end that far apart, and what follows from an action follows it."""
FITTED = 1e-4
"""The same for fitted parameters: their intervals are read off an interpolated profile."""
ALONG = 1e-4
"""The same for actions where many pay the same in sum, as in the social optimum of a common pool:
along those nothing holds a search, and what each player gets moves with it."""

# what ran is told, so that no two equal kernels are compared
PROGRAM = """
import dataclasses, json, sys
import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_info

job, out = json.loads(sys.argv[1]), sys.argv[2]
kernels = sorted({str(item.get("architecture")) for item in threadpool_info()
                  if item["internal_api"] == "openblas"})
told = {"openblas": kernels}
if job["do"] == "run":
    import coopsim
    coopsim.run(job["data"], out, workers=job["workers"], report=False)
elif job["do"] == "file":
    from coopsim.cli import main
    sys.argv = ["coopsim", job["command"], job["file"], "--out", out, "--workers", "1",
                "--no-report", "-q"]
    try:
        main()
    except SystemExit as ended:
        if ended.code not in (0, 1, None):  # 1: an answer could not be proved
            raise
elif job["do"] == "rubrics":
    from coopsim.measure.rubrics import apache, app_store, renault_nissan, samsung_sony
    from coopsim.measure.rubrics.rubric import assess, points
    told["scores"] = {}
    for module in (samsung_sony, renault_nissan, apache, app_store):
        rubric = dataclasses.replace(module.RUBRIC, fit=None)
        told["scores"][rubric.name] = assess(rubric, draws=300).to_dict()
    for name, (share, first, second) in samsung_sony.FURTHER.items():
        for form in (samsung_sony.LOGARITHMIC, samsung_sony.POWER):
            case = dataclasses.replace(form, share=share, first=first, second=second)
            given = points(samsung_sony.CRITERIA, samsung_sony.by_suite(case))
            told["scores"][f"{name} {case.form}"] = given.tolist()
else:
    import coopsim
    from coopsim.errors import CoopsimError
    told["solved"] = {}
    for name in job["games"]:
        game = coopsim.make_game(name)
        for concept in job["concepts"]:
            try:
                found = coopsim.solve(game, concept)
            except CoopsimError as error:
                told["solved"][f"{name}: {concept}"] = {"refused": type(error).__name__}
                continue
            told["solved"][f"{name}: {concept}"] = {
                "status": str(found.status), "method": found.method, "found": found.found,
                "selection": found.selection, "values": found.values.tolist(),
                "profile": [np.asarray(part).ravel().tolist() for part in found.profile],
            }
print(json.dumps(told))
"""


def older() -> dict[str, dict[str, str]]:
    """Environments that make libraries take the kernels of older processors, by name.

    Empty where nothing is known of the processor's family.
    """
    try:
        from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    except ImportError:
        return {}
    chosen = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    least = {"NPY_DISABLE_CPU_FEATURES": " ".join(chosen)} if chosen else {}
    if platform.machine().lower() not in ("x86_64", "amd64"):
        core = {"aarch64": "ARMV8", "arm64": "ARMV8"}.get(platform.machine().lower())
        made = {**least, **({"OPENBLAS_CORETYPE": core} if core else {})}
        return {"least": made} if made else {}
    found = {
        "Nehalem": {
            **least,
            "OPENBLAS_CORETYPE": "Nehalem",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable",
        }
    }
    if {"X86_V3", "AVX2"} & set(chosen):
        wide = [name for name in chosen if "512" in name or name == "X86_V4"]
        found["Haswell"] = {"OPENBLAS_CORETYPE": "Haswell"}
        if wide:
            found["Haswell"]["NPY_DISABLE_CPU_FEATURES"] = " ".join(wide)
    return found


def carry_out(
    job: dict[str, Any], out: Path, processor: str = "", **environment: str
) -> dict[str, Any]:
    """Do a job in a process of its own, on one of the processors of `older` or as it is."""
    known = older()
    told = {**os.environ, **known.get(processor, {}), **environment}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(job), str(out)],
        capture_output=True, text=True, check=False, env=told, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if processor in ("Nehalem", "Haswell") and said["openblas"]:
        assert said["openblas"] == [processor]
    return said


def close(one: Any, other: Any, scale: Any, within: float = WITHIN) -> bool:
    """Whether numbers agree to a part of a scale; NaN agrees with NaN."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    alike = np.abs(one - other) <= within * np.maximum(scale, 1e-3)
    return bool((alike | (np.isnan(one) & np.isnan(other)) | (one == other)).all())


def words(text: str | None) -> str | None:
    """A sentence without its numbers, which are residuals."""
    return text if text is None else re.sub(r"\d+(\.\d+)?(e[-+]?\d+)?", "#", text)


def numbers(text: str | None) -> list[float]:
    """The numbers of a profile as tables write it."""
    return [float(x) for x in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text or "")]


def assert_tables_agree(one: Path, other: Path) -> int:
    """All tables of two run folders; returns how many rows were compared."""
    names = sorted(path.name for path in one.glob("*.parquet"))
    assert names == sorted(path.name for path in other.glob("*.parquet")) != []
    rows = 0
    for name in names:
        mine, theirs = pl.read_parquet(one / name), pl.read_parquet(other / name)
        assert mine.schema == theirs.schema
        assert mine.height == theirs.height
        rows += mine.height
        kinds = np.array(mine["measure"] if "measure" in mine.columns else [""] * mine.height)
        floats = [c for c, kind in mine.schema.items() if kind == pl.Float64]
        for column in set(mine.columns) - set(floats) - {"sentence", "profile"}:
            assert mine[column].to_list() == theirs[column].to_list(), (name, column)
        if "sentence" in mine.columns:
            said, heard = mine["sentence"].to_list(), theirs["sentence"].to_list()
            assert [words(text) for text in said] == [words(text) for text in heard]
        if "profile" in mine.columns:
            for a, b in zip(mine["profile"].to_list(), theirs["profile"].to_list(), strict=True):
                mixed, others = numbers(a), numbers(b)
                assert len(mixed) == len(others)
                assert close(mixed, others, max(map(abs, mixed), default=0.0)), (a, b)
        # what is small beside others of its kind is compared with those
        groups = [floats] if name in ("comparison.parquet",) else [[c] for c in floats]
        for columns in groups:
            a, b = (table.select(columns).to_numpy().astype(float) for table in (mine, theirs))
            for kind in np.unique(kinds):
                here = kinds == kind
                scale = np.nanmax(np.abs(a[here]), initial=0.0)
                assert close(a[here], b[here], scale), (name, columns, kind)
    return rows


def assert_values_agree(one: Any, other: Any, where: str = "", within: float = WITHIN) -> None:
    """Plain data: text, truth and whole numbers equal, numbers close."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            wide = FITTED if key == "fit" else within
            assert_values_agree(one[key], other[key], f"{where}.{key}", wide)
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for place, pair in enumerate(zip(one, other, strict=True)):
            assert_values_agree(*pair, f"{where}[{place}]", within)
    elif isinstance(one, float) and not where.endswith(".points"):
        assert close(one, other, abs(one), within), (where, one, other)
    else:  # points are numbers that a rubric gives: equal
        assert one == other, where


SMALL: dict[str, Any] = {
    "coopsim": 1,
    "title": "A study that takes seconds",
    "game": {"use": "coopetition/samsung-sony", "horizon": 10},
    "agents": {
        "coopetitive": {"use": "equilibrium", "concept": "coopetitive"},
        "tit for tat": {"use": "tit-for-tat"},
        "random": {"use": "random"},
        "best response": {"use": "best-response", "to": "tit for tat"},
    },
    "seats": [
        {"1-2": "tit for tat"},
        {"Samsung": "best response", "Sony": "tit for tat"},
        {"Samsung": "coopetitive", "Sony": "random"},
    ],
    "policies": {"status quo": {}, "equal": {"game.shares": [0.5, 0.5]}},
    "study": {"episodes": 2, "seeds": 3},
    "compare": {"to": ["nash", "social optimum"]},
}


@cache
def processors() -> list[str]:
    """Names of what can be compared here, at most two."""
    return list(older())


pytestmark = pytest.mark.timeout(300)  # several processes, each of which imports everything
needs_another = pytest.mark.skipif(not older(), reason="no other kernels known for this processor")


@needs_another
def test_a_small_study_says_the_same_on_an_older_processor(tmp_path: Path) -> None:
    job = {"do": "run", "data": SMALL, "workers": 1}
    carry_out(job, tmp_path / "here")
    carry_out(job, tmp_path / "there", processors()[0])
    assert assert_tables_agree(tmp_path / "here", tmp_path / "there") > 200


@needs_another
def test_rubrics_score_the_same_on_an_older_processor(tmp_path: Path) -> None:
    """Points of every criterion, of the published cases and of the suite's further ones."""
    said = [carry_out({"do": "rubrics"}, tmp_path, name)["scores"] for name in ("", *processors())]
    for other in said[1:]:
        for name, given in said[0].items():
            if isinstance(given, list):  # points of a further case
                assert other[name] == given, name
            else:
                assert_values_agree(given, other[name], name)


def test_threads_change_no_byte_of_a_table(tmp_path: Path) -> None:
    """One thread of arithmetic or two, one worker or two: the same tables."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")
    found = []
    for threads, workers in (("1", 1), ("2", 2)):
        out = tmp_path / threads
        job = {"do": "run", "data": SMALL, "workers": workers}
        carry_out(job, out, **dict.fromkeys(names, threads))
        found.append({path.name: path.read_bytes() for path in out.glob("*.parquet")})
    assert len(found[0]) == 3
    assert found[0] == found[1]


@needs_another
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_say_the_same_on_older_processors(
    tmp_path: Path, file: Path, record_property: Any
) -> None:
    """Every table and every score of every scenario that comes with coopsim."""
    sweep = any(line.startswith("experiment:") for line in file.read_text().splitlines())
    job = {"do": "file", "command": "study" if sweep else "run", "file": str(file)}
    carry_out(job, tmp_path / "here")
    for name in processors():
        there = tmp_path / name
        carry_out(job, there, name)
        rows = assert_tables_agree(tmp_path / "here", there)
        record_property("counts", f"{file.stem}: {rows} rows agree with those of a {name}")
        if (there / "rubrics.json").exists():
            here, scored = (
                json.loads((folder / "rubrics.json").read_text())["data"]
                for folder in (tmp_path / "here", there)
            )
            assert_values_agree(here, scored)


@needs_another
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_shipped_games_are_solved_alike_on_older_processors(tmp_path: Path) -> None:
    """Statuses, methods, counts and choices among equals; sums of values to `WITHIN`."""
    games = sorted(
        path.relative_to(ROOT / "games").with_suffix("").as_posix()
        for path in (ROOT / "games").rglob("*")
        if path.suffix in (".yaml", ".nfg", ".efg")
    )
    concepts = ["nash", "social optimum"]
    job = {"do": "solve", "games": games, "concepts": concepts}
    said = [carry_out(job, tmp_path, name)["solved"] for name in ("", *processors())]
    assert sum("refused" not in found for found in said[0].values()) >= 60
    for other in said[1:]:
        for name, found in said[0].items():
            there = other[name]
            assert found.keys() == there.keys(), name
            for key in found.keys() - {"values", "profile"}:
                assert found[key] == there[key], (name, key)
            if "values" in found:
                size = max(map(abs, found["values"]), default=0.0)
                assert close(sum(found["values"]), sum(there["values"]), size), name
                assert close(found["values"], there["values"], size, ALONG), name
                for mine, theirs in zip(found["profile"], there["profile"], strict=True):
                    assert close(mine, theirs, max(map(abs, [1.0, *mine])), ALONG), name
