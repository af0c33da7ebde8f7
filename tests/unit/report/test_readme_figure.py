from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from coopsim.report import readme_figure


def test_a_picture_file(make: Callable[..., Any]) -> None:
    run = make()
    out = run.folder / "figure.svg"
    readme_figure.write(run.folder, out)
    first = out.read_bytes()
    root = ElementTree.fromstring(first)
    assert root.tag.endswith("svg")
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"more synergy", "nash", "social optimum", "low", "any"} <= set(texts)
    assert b"<script" not in first
    readme_figure.write(run.folder, out)
    assert out.read_bytes() == first
