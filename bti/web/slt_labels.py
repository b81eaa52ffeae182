"""The vocabularies of a plan as people read them; loaded with the network side alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from flask import Flask
from flask_babel import lazy_gettext as _l

from bti.slt.appendix import Removal
from bti.slt.plan import (
    Decision,
    EvaluationKind,
    MeasureStatus,
    PreventionLevel,
    Strand,
    Unit,
)
from bti.slt.plan_follow_up import Missing

STATUS: Final[Mapping[StrEnum, Any]] = {
    MeasureStatus.PLANNED: _l("Planned"),
    MeasureStatus.TO_BE_DEVELOPED: _l("To be developed"),
    MeasureStatus.STARTED: _l("Started"),
    MeasureStatus.PAUSED: _l("On hold"),
    MeasureStatus.STOPPED: _l("Stopped"),
    MeasureStatus.DONE: _l("Done"),
}

LEVEL: Final[Mapping[StrEnum, Any]] = {
    PreventionLevel.UNIVERSAL: _l("Universal"),
    PreventionLevel.SELECTIVE: _l("Selective"),
    PreventionLevel.INDICATED: _l("Indicated"),
    PreventionLevel.SYSTEM: _l("The services themselves"),
}

STRAND: Final[Mapping[StrEnum, Any]] = {
    Strand.GENERAL: _l("General"),
    Strand.BUILDING: _l("Building"),
    Strand.PREVENTING: _l("Preventing"),
    Strand.CRIME_PREVENTING: _l("Crime preventing"),
}

KIND: Final[Mapping[StrEnum, Any]] = {
    EvaluationKind.EFFECT: _l("Effect: did it work?"),
    EvaluationKind.PROCESS: _l("Process: was it done as planned?"),
    EvaluationKind.DEVELOPMENTAL: _l("Developmental: what is it becoming?"),
}

DECISION: Final[Mapping[StrEnum, Any]] = {
    Decision.CARRY_ON: _l("Carry on"),
    Decision.CHANGE: _l("Carry on, changed"),
    Decision.END: _l("End"),
}

UNIT: Final[Mapping[StrEnum, Any]] = {
    Unit.PERCENT: _l("Per cent"),
    Unit.COUNT: _l("Number"),
    Unit.DAYS: _l("Days"),
}

MISSING: Final[Mapping[StrEnum, Any]] = {
    Missing.RESPONSIBLE: _l("Nobody is responsible"),
    Missing.STATUS: _l("No status"),
    Missing.EVALUATION: _l("Not evaluated this year"),
    Missing.READING: _l("No reading this year"),
    Missing.NOT_ENDED: _l("Decided to end, and still under way"),
}

#: What a line of the history is about.
PART: Final[Mapping[str, Any]] = {
    "title": _l("Name"),
    "description": _l("Description"),
    "actions": _l("Sub-actions"),
    "responsible": _l("Responsible"),
    "when": _l("When"),
    "status": _l("Status"),
    "status_own": _l("The document's word for the status"),
    "level": _l("Prevention level"),
    "level_own": _l("The document's word for the prevention level"),
    "strand": _l("Strand"),
    "strand_own": _l("The document's word for the strand"),
    "measure": _l("New measure"),
    "area": _l("Focus area"),
    "challenges": _l("Challenges"),
    "goals": _l("Goals"),
    "approach": _l("Approach"),
    "evaluation": _l("Evaluation"),
    "indicator": _l("Indicator"),
    "reading": _l("Reading"),
    "imported": _l("Brought in from a file"),
    "rolled_over": _l("Begun from the plan before"),
    "carried": _l("From the plan before"),
    "appendix": _l("New appendix"),
    "appendix_removed": _l("Appendix taken away"),
}

REMOVAL: Final[Mapping[StrEnum, Any]] = {
    Removal.NAMES: _l("It tells of somebody"),
    Removal.OUTDATED: _l("It is out of date"),
    Removal.WRONG: _l("It is the wrong one"),
}

_INFERRED: Final = _l("inferred")
_IN_CODES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "status": STATUS,
    "level": LEVEL,
    "strand": STRAND,
    "evaluation": {**KIND, **DECISION},
    "carried": DECISION,
    "appendix_removed": REMOVAL,
}
VOCABULARIES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "status": STATUS,
    "level": LEVEL,
    "strand": STRAND,
    "kind": KIND,
    "decision": DECISION,
    "unit": UNIT,
    "missing": MISSING,
    "part": PART,
    "removal": REMOVAL,
}


def choices(vocabulary: str) -> list[tuple[str, Any]]:
    """Pairs of value and label for a form, in the order of the vocabulary."""
    return [(str(code), text) for code, text in VOCABULARIES[vocabulary].items()]


def plan_label(value: str, vocabulary: str) -> str:
    """The label of a code: the template filter ``code|plan_label("status")``."""
    return str(VOCABULARIES[vocabulary][value])


def plan_change(value: str, part: str) -> str:
    """What stands in a line of the history: codes in words, texts as they are."""
    known = _IN_CODES.get(part)
    if known is None:
        return value
    return ", ".join(str(known.get(code, _INFERRED)) for code in value.split())


def register(app: Flask) -> None:
    """Add the filters."""
    app.add_template_filter(plan_label)
    app.add_template_filter(plan_change)
