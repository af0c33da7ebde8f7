"""What one block of a sweep computes, and what a whole sweep adds up to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coopsim import hashing, parameters
from coopsim.measure.experiment import Columns
from coopsim.measure.targets.target import Finding, judge
from coopsim.scenario.sweepfile import Sweep
from coopsim.study.columns import Column
from coopsim.study.plan import RESULTS, BlockTask

if TYPE_CHECKING:
    import polars


def plan_blocks(sweep: Sweep) -> tuple[BlockTask, ...]:
    """The blocks of a sweep, in the order of the grid."""
    shared = {
        "results": RESULTS,
        "experiment": sweep.resolved["experiment"]["use"],
        "given": parameters.dump(sweep.experiment),
        "axes": [[name, list(values)] for name, values in sweep.axes.items()],
    }
    root = hashing.digest(shared)
    return tuple(
        BlockTask(hashing.digest({"sweep": root, "start": start, "stop": stop}), start, stop)
        for start, stop in sweep.blocks()
    )


def run_block(sweep: Sweep, task: BlockTask) -> polars.DataFrame:
    """The configurations of a block and their measures: one row each."""
    import polars as pl

    columns = sweep.columns(task.start, task.stop)
    measured = sweep.experiment.run(columns)
    # arrays of texts are lists to polars
    return pl.DataFrame(
        {
            name: values.tolist() if values.dtype.kind in "UO" else values
            for name, values in {**columns, **measured}.items()
        }
    )


def findings(sweep: Sweep, configurations: polars.DataFrame) -> tuple[Finding, ...]:
    """The targets of a sweep beside what was measured, in the order of the file."""
    columns: Columns = {name: configurations[name].to_numpy() for name in configurations.columns}
    for name in {key for target in sweep.targets for key in target.where} - set(columns):
        # what is not varied is the same everywhere
        columns[name] = configurations.select(
            value=_literal(getattr(sweep.experiment, name), configurations.height)
        )["value"].to_numpy()
    return tuple(judge(target, columns) for target in sweep.targets)


def target_table(found: Sequence[Finding]) -> polars.DataFrame:
    """`targets.parquet`: one row a target."""
    import polars as pl

    rows = [
        (
            *(item.target.name, item.target.measure, item.target.statistic),
            hashing.canonical(item.target.where),
            *(item.count, None if math.isnan(item.measured) else item.measured),
            *(item.target.at_least, item.target.at_most, item.met),
            *(item.target.published, item.target.within, item.follows, item.target.source),
        )
        for item in found
    ]
    return pl.DataFrame(rows, schema=target_schema(), orient="row")


def target_schema() -> dict[str, Any]:
    """Columns and types of `targets.parquet`."""
    import polars as pl

    text, number, yes = pl.String(), pl.Float64(), pl.Boolean()
    return {
        "target": text, "measure": text, "statistic": text, "where": text,
        "configurations": pl.Int64(), "measured": number, "at_least": number, "at_most": number,
        "met": yes, "published": number, "within": number, "follows": yes, "source": text,
    }  # fmt: skip


def target_columns(sweep: Sweep) -> dict[str, Column]:
    """What `targets.parquet` may hold for this sweep."""
    names = {target.name for target in sweep.targets}
    limits: dict[str, dict[str, Any]] = {
        "target": {"allowed": names},
        "where": {"allowed": {hashing.canonical(target.where) for target in sweep.targets}},
        **{name: {"null": True} for name in ("at_least", "at_most", "met", "follows", "within")},
        "published": {"null": True, "along": "follows"},
    }
    return {name: Column(kind, **limits.get(name, {})) for name, kind in target_schema().items()}


def configuration_columns(sweep: Sweep) -> dict[str, Column]:
    """What `configurations.parquet` and the table of a block may hold.

    Their types are those of the first configuration, which is measured again for that.
    """
    held = run_block(sweep, BlockTask("", 0, 1)).schema
    return {name: Column(kind, loose=True) for name, kind in held.items()}


def _literal(value: object, count: int) -> polars.Series:
    import polars as pl

    return pl.Series([value] * count)
