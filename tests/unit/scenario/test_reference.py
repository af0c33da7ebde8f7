"""The reference page in the manual is the one that the classes make, and leaves nothing out."""

from __future__ import annotations

import inspect
from pathlib import Path

from coopsim import catalogue, parameters, registry
from coopsim.scenario import reference
from coopsim.scenario.schema import KEYS, SECTIONS

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/scenario-keys.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.markdown(), inspect.cleandoc(
        reference.__doc__ or ""
    )


def test_the_page_has_every_key_and_name() -> None:
    page = reference.markdown()
    for key in KEYS:
        assert f"| `{key}` |" in page
    for section, cls in SECTIONS.items():
        for name in parameters.names(cls):
            assert f"| `{section}.{name}` |" in page
    for kind in ("game", "agent"):
        for name in catalogue.known(kind):
            assert name in page


def test_brackets_in_a_description_are_no_links() -> None:
    (row,) = [line for line in reference.markdown().splitlines() if line.startswith("| `payoffs`")]
    assert r"payoffs\[a1\]\[a2\] is \[first player's" in row


def test_every_parameter_has_a_meaning() -> None:
    classes = [
        item.load() for kind in ("game", "agent") for item in registry.registrations(kind).values()
    ]
    for cls in [*classes, *SECTIONS.values()]:
        for row in reference.rows(cls):
            assert row.meaning, (cls, row.path)


def test_rows_go_into_parameter_classes() -> None:
    entry = catalogue.entry("game", "coopetition/samsung-sony")
    rows = {row.path: row for row in reference.rows(entry.cls, entry.resolve({}))}
    assert rows["gamma"] == reference.Row(
        "gamma",
        "number",
        "at least 0",
        "0.65",
        "complementarity, the weight of the synergy that only joint effort creates",
    )
    assert (rows["trust"].type, rows["trust"].default) == ("mapping or null", "")
    assert (rows["trust.build"].default, rows["trust.build"].range) == (
        "0.08",
        "above 0 and at most 1",
    )
    assert rows["interdependence.#.depender"].default == reference.REQUIRED
    assert rows["shares"].default == "[0.55, 0.45]"
