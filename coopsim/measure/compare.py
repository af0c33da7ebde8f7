"""Policies against the reference: the effect theory predicts beside the effect agents show.

Cells of one seed drew the same random numbers under every policy, so effects are means
of paired differences and their intervals are bootstrapped over seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coopsim.measure.statistics import interval

if TYPE_CHECKING:
    import polars

KEYS = ("at", "source", "name", "player", "measure")
COLUMNS = (
    "policy", "reference", *KEYS, "level", "reference_level", "effect", "low", "high", "seeds",
)  # fmt: skip
"""Columns of the comparison table. `level` is the mean under the policy, `effect` the mean
paired difference from the reference, `low` and `high` its interval (null for theory and for
a single seed)."""


def compare(
    measures: polars.DataFrame,
    policies: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> polars.DataFrame:
    """One row for each policy, sweep point, line-up or concept, player and measure.

    Args:
        measures: the long table of all cells and of theory (columns policy, at, seed,
            source, name, player, measure, value).
        policies: in order; the first is the reference.
        confidence, resamples: of the bootstrap.
    """
    import polars as pl

    reference = policies[0]
    # theory has no seed; one made-up seed lets it be paired like the rest
    table = measures.with_columns(pl.col("seed").fill_null(-1))
    base = table.filter(pl.col("policy") == reference).drop("policy")
    joined = table.join(base, on=[*KEYS, "seed"], how="inner", suffix="_base").sort(
        ["policy", *KEYS, "seed"]
    )
    rows = []
    for group, part in joined.group_by(["policy", *KEYS], maintain_order=True):
        name = dict(zip(["policy", *KEYS], map(str, group), strict=True))
        values, held = part["value"].to_numpy(), part["value_base"].to_numpy()
        with np.errstate(invalid="ignore"):  # infinite less infinite is no number
            effect = values - held
        ends = None
        if name["source"] == "agents":
            ends = interval(
                effect, confidence=confidence, resamples=resamples, key="|".join(name.values())
            )
        rows.append(
            {
                **name,
                "reference": reference,
                "level": float(np.mean(values)),
                "reference_level": float(np.mean(held)),
                "effect": float(np.mean(effect)),
                "low": ends[0] if ends else None,
                "high": ends[1] if ends else None,
                "seeds": len(values) if name["source"] == "agents" else None,
            }
        )
    made = pl.DataFrame(rows, schema=schema())
    order = {policy: place for place, policy in enumerate(policies)}
    place = pl.col("policy").replace_strict(order, return_dtype=pl.Int64)
    return made.sort([place, *KEYS])


def schema() -> dict[str, Any]:
    """Columns and types of the comparison table."""
    import polars as pl

    numbers = dict.fromkeys(COLUMNS, pl.Float64())
    texts = dict.fromkeys(("policy", "reference", *KEYS), pl.String())
    return {**numbers, **texts, "seeds": pl.Int64()}
