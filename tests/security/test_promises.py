"""The page on other people's files promises nothing that no test looks at."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_promise_has_a_test() -> None:
    page = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    promised = page.split("## What is promised")[1].split("## What is not promised")[0]
    tests = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )
    known = set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))
    items = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^\*\*|^## |\Z)", promised, re.MULTILINE | re.DOTALL)
    assert len(items) >= 13
    for item in items:
        named = re.findall(r"`(test_\w+)`", item)
        assert named, item
        assert set(named) <= known, item
    assert set(re.findall(r"`(test_\w+)`", promised)) <= known
