"""Cases: published rubrics item by item, beside their score under random parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coopsim.report.grid import Cell, Head, Row, Table, stretched, text_row
from coopsim.report.numerals import count, listing, number, short

if TYPE_CHECKING:
    from coopsim.measure.rubrics.assessment import Assessment, Scorecard

_MARKS = {"informative": "", "constant": "warn", "cannot fail": "warn"}


def sentences(case: Assessment) -> list[str]:
    """What a rubric's score is worth, in a few sentences."""
    made = []
    for card in case.cards:
        free = card.most_of("constant") + card.most_of("cannot fail")
        made.append(
            f"{card.variant.capitalize()}: {card.sentence()} "
            f"(mean {number(card.null.mean, 3)}, 95 % of draws from {short(card.null.low)} to "
            f"{short(card.null.high)})"
            + (f"; {card.claim:g} was published" if card.claim is not None else "")
            + f". {free:g} of the {card.most:g} points are constants or conditions that cannot "
            "fail."
        )
    lost = [item for item in case.figures if not item.follows]
    if lost:
        named = listing(list(dict.fromkeys(item.name for item in lost)), 6)
        made.append(
            f"Of {count(len(case.figures), 'published figure')}, {len(lost)} "
            f"{'does' if len(lost) == 1 else 'do'} not follow from the published model: {named}."
        )
    if case.fit is not None:
        known = [item.name for item in case.fit.estimates if item.identified]
        made.append(
            f"Fitted parameters bring the root mean square error from {number(case.fit.before, 3)} "
            f"to {number(case.fit.after, 3)} on {count(case.fit.targets, 'target')}; the targets "
            f"identify {listing(known) if known else 'none of them'}."
        )
    return made


def items(case: Assessment, card: Scorecard) -> Table:
    """Every criterion with its points."""
    rows: list[Row] = []
    for group, (points, most) in card.groups().items():
        lines = [item for item in card.items if item.group == group]
        heads = stretched(Cell(group, f"{points:g} of {most:g}", "head"), len(lines))
        for first, item in zip(heads, lines, strict=True):
            rows.append(
                (
                    first,
                    Cell(item.name, item.said),
                    Cell(f"{item.points:g}"),
                    Cell(f"{item.most:g}"),
                    Cell(number(item.random, 3)),
                    Cell(item.kind, mark=_MARKS[item.kind]),
                )
            )
    head = (
        Head("category"), Head("criterion"), Head("points", number=True),
        Head("of", number=True), Head("random", "mean points", number=True), Head("kind"),
    )  # fmt: skip
    return Table(
        f"{case.title}, {card.variant}: {card.points:g} of {card.most:g}", head, tuple(rows),
        (
            f"Random parameters: {card.null.draws:,} draws, {card.null.said}.",
            "Constant: the same points whatever is simulated. Cannot fail: holds for all "
            "parameters in their documented ranges.",
        ),
    )  # fmt: skip


def metrics(case: Assessment) -> Table:
    """Further numbers of each simulation."""
    names = dict.fromkeys(name for card in case.cards for name in card.metrics)
    rows = tuple(
        text_row(name, *(number(card.metrics.get(name), 4) for card in case.cards))
        for name in names
    )
    head = (Head("measure"), *(Head(card.variant, number=True) for card in case.cards))
    return Table(f"{case.title}: what is simulated", head, rows)


def figures(case: Assessment) -> Table:
    """Published figures beside those that the published model gives."""
    rows = tuple(
        (
            Cell(item.name, item.said, "head"),
            Cell(item.source),
            Cell(short(item.published)),
            Cell(number(item.measured, 5)),
            Cell("yes") if item.follows else Cell("no", mark="warn"),
        )
        for item in case.figures
    )
    head = (Head("figure"), Head("published in"), Head("published", number=True),
            Head("here", number=True), Head("follows"))  # fmt: skip
    return Table(f"{case.title}: published figures", head, rows)


def fit(case: Assessment) -> Table:
    """Fitted parameters with their intervals. Only where there is a fit."""
    assert case.fit is not None  # the template asks first
    rows = tuple(
        text_row(
            item.name, short(item.published), number(item.value, 3),
            f"{number(item.low, 3)} to {number(item.high, 3)}",
            f"{short(item.least)} to {short(item.highest)}", "yes" if item.identified else "no",
        )
        for item in case.fit.estimates
    )  # fmt: skip
    head = (Head("parameter"), Head("published", number=True), Head("best fit", number=True),
            Head("95 % interval", "profile likelihood", number=True),
            Head("searched", number=True), Head("identified"))  # fmt: skip
    return Table(f"{case.title}: parameters fitted to published targets", head, rows,
                 (case.fit.said,))  # fmt: skip
