"""Manifests changed at random: read as what they say, or refused in one sentence, and kept."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coopsim.errors import UserError
from coopsim.report import html
from coopsim.report.sections import runs, versions
from coopsim.scenario.load import Scenario, load
from coopsim.study import manifest, record
from coopsim.study.claim import claimed, require_usable
from coopsim.study.plan import make_plan
from coopsim.study.run import open_run
from coopsim.study.store import MANIFEST

SCENARIO = {"coopsim": 1, "game": {"use": "coopetition/stage", "players": ["A", "B"]}}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([10**30, -1, 2**63, 1e308, "coopsim run 1", "\ud800", "0" * 16]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in plain data."""
    inner: Any = ()
    if isinstance(node, dict):
        inner = node.items()
    elif isinstance(node, list):
        inner = enumerate(node)
    return [above, *(path for key, item in inner for path in places(item, (*above, key)))]


@st.composite
def changed(draw: Any, said: dict[str, Any]) -> bytes:
    """The bytes of a manifest in which some values, keys or bytes are others, or gone."""
    data: Any = copy.deepcopy(said)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(data)))
        if not path:
            continue
        node = data
        for key in path[:-1]:
            node = node[key]
        kind = draw(st.sampled_from(("value", "value", "gone", "key", "twice")))
        if kind == "gone":
            del node[path[-1]]
        elif kind == "key" and isinstance(node, dict):
            node[draw(st.text(max_size=8))] = node.pop(path[-1])
        elif kind == "twice" and isinstance(node, list):
            node.append(copy.deepcopy(node[path[-1]]))
        else:
            node[path[-1]] = draw(values)
    raw = json.dumps(data, indent=draw(st.sampled_from((None, 2)))).encode()
    if draw(st.integers(0, 3)) == 0:
        place, length = draw(st.integers(0, len(raw))), draw(st.integers(0, 4))
        raw = raw[:place] + draw(st.binary(max_size=4)) + raw[place + length :]
    return raw


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(SCENARIO)


@pytest.fixture(scope="module")
def folder(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("manifests") / "run"
    with claimed(path, scenario) as made:
        manifest.begin(made, scenario, make_plan(scenario))
        manifest.finish(made, points_run=1, cells_run=0)
    return path


@given(data=st.data())
@settings(
    max_examples=400, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_a_changed_manifest_is_read_or_refused(
    folder: Path, scenario: Scenario, original: dict[str, Any], data: st.DataObject
) -> None:
    raw = data.draw(changed(original))
    file = folder / MANIFEST
    file.write_bytes(raw)
    try:
        run = open_run(folder)
    except UserError as error:
        message = str(error)
        assert message.startswith(f"{file}: ")
        assert "\n" not in message
        with pytest.raises(UserError):
            require_usable(folder, scenario.hash, fresh=True)
        with pytest.raises(UserError):
            html.write(folder)
    else:
        said = run.manifest
        assert said == record.read(json.dumps(said).encode(), MANIFEST)
        # whatever passes can be shown
        facts = html.Facts(run)
        assert runs(facts).rows
        assert versions(facts)
    assert file.read_bytes() == raw
    assert not (folder / "lock.json").exists()


@pytest.fixture(scope="module")
def original(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return found
