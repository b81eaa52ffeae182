"""The record of a breach: opened by the data protection officer, and added to until it is closed.

GDPR art. 33 (5): what happened, its effects and what was done are documented. Nothing is changed
afterwards, and who looked is kept as the log told it then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain.access import Action
from bti.domain.breach import (
    AuthorityState,
    BreachFacts,
    BreachStep,
    BreachStepKind,
    NotToldGround,
    authority_state,
    check_opening,
    check_step,
    hours_left,
)
from bti.domain.errors import RuleBroken
from bti.workflows import breach_extent, desk_matter
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from bti.workflows.breach_extent import Extent
    from bti.workflows.context import Context
    from bti.workflows.desk_matter import Matter
    from bti.workflows.insight_question import Question

KIND: Final = "breach"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBreach:
    """A new record. ``question`` is the selection of the log that shows whom it reaches, if any."""

    submission: uuid.UUID
    text: str = field(repr=False)
    known_at: datetime
    question: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToBreach:
    """An addition. ``version`` is how many there were when the form was shown."""

    breach_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    kind: BreachStepKind
    text: str = field(default="", repr=False)
    reference: str = field(default="", repr=False)
    at: datetime | None = None
    ground: NotToldGround | None = None
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class BreachLine:
    """A record in a list. ``hours`` are left of the 72, negative once they are over."""

    breach_id: uuid.UUID
    text: str = field(repr=False)
    known_at: datetime
    due_at: datetime
    hours: int
    authority: AuthorityState
    people_settled: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Added:
    """One addition as it was made."""

    kind: BreachStepKind
    text: str = field(repr=False)
    reference: str = field(repr=False)
    at: datetime | None
    ground: NotToldGround | None
    made_at: datetime
    made_by: str
    extent: Extent | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class BreachPage:
    """One record whole. ``version`` counts the additions."""

    line: BreachLine
    opened_at: datetime
    opened_by: str
    steps: tuple[Added, ...]
    version: int


def open_breach(context: Context, command: OpenBreach) -> uuid.UUID:
    """Open a record and return its id. Raises ``AccessDenied`` and ``RuleBroken``."""
    require(context, Action.KEEP_BREACHES)
    text = command.text.strip()
    check_opening(known_at=command.known_at, has_text=bool(text), now=context.now)
    breach_id, new = desk_matter.create(
        context, KIND, {"text": text, "known_at": command.known_at}, submission=command.submission
    )
    about = Reference(KIND, breach_id)
    if not new:
        context.record(Act.BREACH_RECORD_READ, about)
        return breach_id
    if command.question is not None and not _says_nothing(command.question):
        step = {
            "kind": BreachStepKind.EXTENT.value,
            "extent": breach_extent.make(context, command.question),
        }
        desk_matter.add(context, desk_matter.one(context, KIND, matter_id=breach_id), step)
    context.record(Act.BREACH_RECORD_CREATE, about)
    return breach_id


def add(context: Context, command: AddToBreach) -> None:
    """Add to a record. Raises ``AccessDenied``, ``NotFound``, ``RuleBroken`` and ``Conflict``."""
    require(context, Action.KEEP_BREACHES)
    matter = desk_matter.one(context, KIND, matter_id=command.breach_id)
    about = Reference(KIND, matter.matter_id)
    if desk_matter.done_already(context, command.submission):
        context.record(Act.BREACH_RECORD_READ, about)
        return
    desk_matter.unchanged(matter, command.version)
    text, reference = command.text.strip(), command.reference.strip()
    check_step(
        _facts(matter),
        BreachStep(
            kind=command.kind,
            has_text=bool(text),
            has_reference=bool(reference),
            at=command.at,
            ground=command.ground,
        ),
        context.now,
    )
    if command.kind is BreachStepKind.EXTENT and _says_nothing(command.question):
        raise RuleBroken("breach.no_selection")
    # Whatever was typed is kept, also where the kind does not ask for it.
    body: dict[str, Any] = {"kind": command.kind.value, "text": text, "reference": reference}
    if command.at is not None:
        body["at"] = command.at
    if command.ground is not None:
        body["ground"] = command.ground.value
    if command.kind is BreachStepKind.EXTENT and command.question is not None:
        body["extent"] = breach_extent.make(context, command.question)
    desk_matter.add(context, matter, body, submission=command.submission)
    context.record(Act.BREACH_RECORD_ADD, about)


def lines(context: Context) -> tuple[BreachLine, ...]:
    """Return every record, open ones first, soonest due first. Raises ``AccessDenied``.

    Whoever shows them enters it.
    """
    require(context, Action.KEEP_BREACHES)
    found = [_line(context, one) for one in desk_matter.every(context, KIND)]
    return tuple(sorted(found, key=lambda one: (one.closed, one.due_at)))


def show(context: Context, *, breach_id: uuid.UUID) -> BreachPage:
    """Return one record; the look is entered. Raises ``AccessDenied`` and ``NotFound``."""
    require(context, Action.KEEP_BREACHES)
    matter = desk_matter.one(context, KIND, matter_id=breach_id)
    context.record(Act.BREACH_RECORD_READ, Reference(KIND, breach_id))
    return BreachPage(
        line=_line(context, matter),
        opened_at=datetime.fromisoformat(matter.body["made_at"]),
        opened_by=desk_matter.made_by(context, matter.body),
        steps=tuple(_added(context, step) for step in matter.steps),
        version=len(matter.steps),
    )


def _says_nothing(question: Question | None) -> bool:
    return question is None or question.is_empty


def _facts(matter: Matter) -> BreachFacts:
    return BreachFacts(
        datetime.fromisoformat(matter.body["known_at"]),
        tuple(BreachStepKind(step["kind"]) for step in matter.steps),
    )


def _line(context: Context, matter: Matter) -> BreachLine:
    facts = _facts(matter)
    return BreachLine(
        breach_id=matter.matter_id,
        text=matter.body["text"],
        known_at=facts.known_at,
        due_at=facts.due_at,
        hours=hours_left(facts, context.now),
        authority=authority_state(facts, context.now),
        people_settled=facts.people_settled,
        closed=facts.closed,
    )


def _added(context: Context, step: Mapping[str, Any]) -> Added:
    at, ground = step.get("at"), step.get("ground")
    extent = step.get("extent")
    return Added(
        kind=BreachStepKind(step["kind"]),
        text=step.get("text", ""),
        reference=step.get("reference", ""),
        at=datetime.fromisoformat(at) if at else None,
        ground=NotToldGround(ground) if ground else None,
        made_at=datetime.fromisoformat(step["made_at"]),
        made_by=desk_matter.made_by(context, step),
        extent=breach_extent.read(extent) if extent else None,
    )
