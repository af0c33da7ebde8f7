"""Results: the tables of levels and effects."""

from __future__ import annotations

from collections.abc import Sequence

from coopsim.measure.measures import GROUP
from coopsim.report.facts import Effect, Facts, Level, Who
from coopsim.report.grid import Cell, Head, Table, stretched
from coopsim.report.numerals import NOTHING, column, number, signed
from coopsim.report.readings import Reading, read, sign
from coopsim.tolerance import exceeds, same

MOST_PLAYERS = 8
"""How many players a table lists one by one."""

MOST_ROWS = 800
"""How many rows a table has at most."""


def levels(facts: Facts, policy: str, at: str) -> Table:
    """What every concept and line-up reaches, for everybody and for each player."""
    who = (*facts.concepts, *facts.lineups)
    players = _listed(facts)
    rows = [
        [name, Cell(player or "everybody")]
        for item in who
        for name, player in zip(
            stretched(Cell(item.name, item.source, "head"), len(players) + 1),
            (GROUP, *players),
            strict=True,
        )
    ]
    head = [Head("who"), Head("player")]
    for measure in facts.measures:
        head.append(Head(measure, facts.measure(measure).unit, number=True))
        found = [
            facts.levels.get((policy, at, item, measure))
            if not player
            else facts.player_levels.get(((policy, at, item, measure), player))
            for item in who
            for player in (GROUP, *players)
        ]
        for row, cell in zip(rows, _level_cells(found), strict=True):
            row.append(cell)
    notes = ["Means over seeds; below them the lowest and the highest seed where they differ."]
    if len(facts.players) > len(players):
        notes.append(f"{len(facts.players)} players: one by one they are in measures.parquet.")
    made = Table(f"Levels under {policy}{facts.suffix(at)}", tuple(head), tuple(rows), tuple(notes))
    return made.cut(MOST_ROWS, "measures.parquet")


def effects(facts: Facts, measure: str) -> Table:
    """What each line-up shows of each policy, and what each concept predicts."""
    unit = facts.measure(measure).unit
    keys = [(p, at, who) for p in facts.changes for at in facts.points for who in facts.lineups]
    if not facts.lineups:
        keys = [(p, at, Who("", "")) for p in facts.changes for at in facts.points]
    sweep = len(facts.points) > 1
    head = [Head("policy"), *([Head("at")] if sweep else [])]
    rows: list[list[Cell]] = [
        [Cell(policy, mark="head"), *([Cell(facts.title_of(at))] if sweep else [])]
        for policy, at, _ in keys
    ]
    if facts.lineups:
        head += [Head("line-up"), Head("shown", unit, True), Head("interval", number=True)]
        _add_shown(facts, measure, keys, rows)
    for concept in facts.concepts:
        head.append(Head(f"predicted: {concept.name}", unit, number=True))
        _add_predicted(facts, measure, keys, concept, rows)
    if facts.lineups:
        head.append(Head("reading"))
        for row, (policy, at, who) in zip(rows, keys, strict=True):
            reading = read(facts, policy, at, measure, who)
            warn = reading in (Reading.OPPOSITE, Reading.DIVIDED)
            row.append(Cell(str(reading), mark="differs" if warn else "quiet"))
    notes = (f"Change of {measure} from {facts.reference}, for everybody together. "
             "A prediction of the opposite sign is marked ≠.",)  # fmt: skip
    made = Table(f"Effects on {measure}", tuple(head), tuple(rows), notes)
    return made.cut(MOST_ROWS, "comparison.parquet")


def comparison(facts: Facts) -> Table:
    """Every row of the comparison table but those of the reference itself."""
    import polars as pl

    table = facts.run.comparison.filter(pl.col("policy") != facts.reference)
    sweep = len(facts.points) > 1
    head = [
        Head("policy"), *([Head("at")] if sweep else []), Head("who"), Head("player"),
        Head("measure"), Head("level", number=True), Head("reference", number=True),
        Head("effect", number=True), Head("interval", number=True), Head("seeds", number=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(row["policy"], mark="head"),
            *([Cell(facts.title_of(row["at"]))] if sweep else []),
            Cell(row["name"], row["source"]), Cell(row["player"] or "everybody"),
            Cell(row["measure"]), Cell(number(row["level"])), Cell(number(row["reference_level"])),
            Cell(signed(number(row["effect"], 4))),
            Cell(interval(Effect(row["effect"], row["low"], row["high"], row["level"]))),
            Cell(NOTHING if row["seeds"] is None else str(row["seeds"])),
        ]
        for row in table.head(MOST_ROWS).iter_rows(named=True)
    ]  # fmt: skip
    notes: tuple[str, ...] = (
        f"Effects are changes from {facts.reference}, in each measure's own unit.",
    )
    if len(table) > MOST_ROWS:
        notes += (f"The first {MOST_ROWS:,} of {len(table):,} rows; comparison.parquet holds all.",)
    return Table("Every comparison", tuple(head), tuple(rows), notes)


def interval(effect: Effect, digits: int = 4) -> str:
    """An interval over seeds: "−0.48 to −0.44"."""
    if effect.low is None or effect.high is None:
        return NOTHING
    # paired differences that agree but for rounding
    if same(effect.high, effect.low, scale=abs(effect.level)):
        return "all seeds agree"
    low, high = column([effect.low, effect.high], digits)
    return f"{signed(low)} to {signed(high)}"


def _listed(facts: Facts) -> tuple[str, ...]:
    return facts.players if len(facts.players) <= MOST_PLAYERS else ()


def _level_cells(found: Sequence[Level | None]) -> list[Cell]:
    means = column([level and level.mean for level in found])
    cells = []
    for level, mean in zip(found, means, strict=True):
        spread = level is not None and exceeds(level.high, level.low, scale=abs(level.mean))
        ends = f"{number(level.low, 4)} to\u00a0{number(level.high, 4)}" if level else ""
        cells.append(Cell(mean, ends if spread else ""))
    return cells


Keys = Sequence[tuple[str, str, Who]]


def _add_shown(facts: Facts, measure: str, keys: Keys, rows: list[list[Cell]]) -> None:
    found = [facts.effects.get((policy, at, who, measure)) for policy, at, who in keys]
    texts = column([effect and effect.effect for effect in found], 4)
    for row, (_, _, who), effect, text in zip(rows, keys, found, texts, strict=True):
        row += [
            Cell(who.name),
            Cell(signed(text)),
            Cell(NOTHING if effect is None else interval(effect)),
        ]


def _add_predicted(
    facts: Facts, measure: str, keys: Keys, concept: Who, rows: list[list[Cell]]
) -> None:
    found = [facts.effects.get((policy, at, concept, measure)) for policy, at, _ in keys]
    texts = column([effect and effect.effect for effect in found], 4)
    for row, (policy, at, who), told, text in zip(rows, keys, found, texts, strict=True):
        shown = facts.effects.get((policy, at, who, measure))
        against = (
            told is not None
            and shown is not None
            and sign(facts, at, measure, told) * sign(facts, at, measure, shown) < 0
        )
        row.append(Cell(f"≠ {signed(text)}" if against else signed(text),
                        mark="differs" if against else ""))  # fmt: skip
