"""Published rubrics in a run folder: assessed where a scenario names them, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coopsim import registry
from coopsim.scenario.load import Scenario
from coopsim.study import files
from coopsim.study.store import RunFolder

if TYPE_CHECKING:
    from coopsim.measure.rubrics.assessment import Assessment


def keep(folder: RunFolder, scenario: Scenario) -> None:
    """Assess the rubrics that a scenario names, unless the folder holds them whole."""
    names = scenario.compare.rubric
    if not names:
        return
    from coopsim.measure.rubrics.rubric import assess

    try:
        folder.read_rubrics(scenario.hash)
    except files.Damaged:
        found = [assess(registry.lookup("rubric", name).load()).to_dict() for name in names]
        folder.write_rubrics(found, scenario.hash)


def held(folder: RunFolder, scenario: Scenario) -> tuple[Assessment, ...]:
    """The assessments in a run folder; none where the scenario names none.

    Raises:
        Damaged: the file is not what was written, or the run is not finished.
    """
    if not scenario.compare.rubric:
        return ()
    from coopsim.measure.rubrics.assessment import Assessment

    return tuple(Assessment.from_dict(item) for item in folder.read_rubrics(scenario.hash))
