"""The report on a sweep: its grid, its targets and the spread of every measure, as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coopsim import parameters
from coopsim.errors import shorten
from coopsim.report.grid import Cell, Head, Row, Table
from coopsim.report.html import keep, page
from coopsim.report.numerals import short
from coopsim.study import files
from coopsim.study.sweep import SweepRun

if TYPE_CHECKING:
    import polars

_TEMPLATE = "sweep.html.jinja"


def write(folder: Path) -> Path:
    """Make `report.html` in a finished sweep's folder, from that folder only.

    The same folder gives the same bytes.

    Raises:
        UserError: it is no run folder, or the sweep in it is not finished.
    """
    return keep(Path(folder), render(SweepRun(Path(folder))))


def render(done: SweepRun) -> str:
    """The report on a sweep as HTML, with its seal."""
    sweep = done.sweep
    used = sweep.resolved["experiment"]["use"]
    filled = page(
        _TEMPLATE,
        title=sweep.title,
        description=sweep.description,
        summary=_sentences(done),
        used=used,
        card=sweep.experiment.card,
        grid=_grid(done),
        targets=_targets(done.targets),
        measures=_measures(done),
        provenance=_provenance(done),
    )
    return files.pack_text(filled, sweep.hash, html=True)


def _sentences(done: SweepRun) -> list[str]:
    """What the targets say, counted."""
    table = done.targets
    made = [f"{done.sweep.count:,} configurations were measured."]
    for column, asked, yes in (
        ("met", "have a threshold", "reach it"),
        ("follows", "can be compared with a published figure", "agree with it"),
    ):
        known = table[column].drop_nulls()
        if len(known):
            made.append(f"{len(known)} targets {asked}; {int(known.sum())} {yes}.")
    lost = table.filter(table["follows"].not_()).to_dicts()
    made += [
        f"{item['target']} ({item['statistic']}): {short(item['measured'])} here, "
        f"{short(item['published'])} in {item['source'] or 'print'}."
        for item in lost
    ]
    return made


def _targets(table: polars.DataFrame) -> Table:
    head = (
        *(Head("target"), Head("statistic"), Head("over", number=True)),
        *(Head("measured", number=True), Head("threshold"), Head("met")),
        *(Head("published", number=True), Head("in"), Head("follows")),
    )
    rows = [
        (
            Cell(item["target"], item["measure"], "head"),
            Cell(item["statistic"], "" if item["where"] == "{}" else item["where"]),
            Cell(f"{item['configurations']:,}"),
            Cell(_number(item["measured"])),
            Cell(_threshold(item["at_least"], item["at_most"])),
            _answer(item["met"]),
            Cell(_number(item["published"]), _margin(item)),
            Cell(item["source"]),
            _answer(item["follows"]),
        )
        for item in table.to_dicts()
    ]
    return Table("Targets: what was measured, asked for and published", head, tuple(rows))


def _grid(done: SweepRun) -> Table:
    """Every parameter with its values."""
    sweep = done.sweep
    rows: list[Row] = []
    for row in parameters.summary(type(sweep.experiment)):
        name = row["name"]
        values = sweep.axes.get(name)
        told = shorten(list(values), 100) if values else str(getattr(sweep.experiment, name))
        rows.append(
            (
                Cell(name, "", "head"),
                Cell(told, f"{len(values):,} values" if values else ""),
                Cell(row["description"]),
            )
        )
    head = (Head("parameter"), Head("values"), Head("meaning"))
    return Table("Parameters of the configurations", head, tuple(rows))


def _measures(done: SweepRun) -> Table:
    """The spread of every measure."""
    import polars as pl

    rows = []
    for name, meaning in done.sweep.experiment.measures.items():
        values = done.configurations[name]
        label = Cell(name, meaning, "head")
        if values.dtype == pl.Boolean:
            share = 100 * float(values.sum()) / max(values.len(), 1)
            rows.append((label, *[Cell("")] * 5, Cell(f"{share:.2f}")))
        elif values.dtype.is_numeric():
            known = values.cast(pl.Float64).drop_nans().drop_nulls()
            stats = [known.min(), known.median(), known.max(), known.mean(), known.std(ddof=0)]
            rows.append((label, *(Cell(_number(value)) for value in stats), Cell("")))
    head = (
        Head("measure"),
        *(Head(name, number=True) for name in ("lowest", "median", "highest", "mean")),
        Head("standard deviation", number=True),
        Head("true", "percent", number=True),
    )
    notes = ("Every configuration is in configurations.parquet.",)
    return Table("Measures over all configurations", head, tuple(rows), notes)


def _provenance(done: SweepRun) -> list[tuple[str, str]]:
    """What is needed to make the tables again; nothing that differs between runs of one file."""
    said = done.manifest
    return [
        ("coopsim", str(said["coopsim"])),
        ("experiment", said["experiment"]),
        ("hash", said["scenario"]["hash"]),
        ("configurations", f"{said['counts']['configurations']:,}"),
        ("blocks", f"{said['counts']['cells']:,}"),
    ]


def _answer(value: bool | None) -> Cell:
    return Cell("-") if value is None else Cell("yes") if value else Cell("no", "", "warn")


def _number(value: Any) -> str:
    return "" if value is None else short(float(value))


def _margin(item: dict[str, Any]) -> str:
    return f"within {short(item['within'])}" if item["within"] else ""


def _threshold(low: float | None, high: float | None) -> str:
    bounds = (("at least", low), ("at most", high))
    return " and ".join(f"{word} {short(value)}" for word, value in bounds if value is not None)
