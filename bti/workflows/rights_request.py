"""Requests for access and correction: the data protection officer follows the clock to the answer.

No content of a case passes here. What is given or corrected is made by those in the case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, Case, Log, Municipality
from bti.domain.access import Action
from bti.domain.errors import NotFound, RuleBroken
from bti.domain.legal import LegalBasis, basis_on
from bti.domain.levels import LogStatus
from bti.domain.rights_request import (
    ExceptionLetter,
    Requester,
    RequestFacts,
    RequestStep,
    RequestStepKind,
    Right,
    check_received,
    check_request_step,
    days_left,
)
from bti.profiles import legal_bases
from bti.workflows import desk_matter, directory
from bti.workflows.case_file import ops_of
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from bti.workflows.context import Context
    from bti.workflows.desk_matter import Clock, Matter

_REFERENCE: Final = "rights_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveRequest:
    """A request that has come. ``number`` is the case it is about; empty when there is none."""

    submission: uuid.UUID
    right: Right = Right.ACCESS
    received_on: date
    requester: Requester
    name: str = field(repr=False)
    language: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToRequest:
    """An addition. ``version`` is how many there were when the form was shown."""

    request_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    kind: RequestStepKind
    text: str = field(repr=False)
    letter: ExceptionLetter | None = None
    told_on: date | None = None
    representative: str = field(default="", repr=False)
    recipients: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in a list. ``days`` are left to the last day, negative once it is over."""

    request_id: uuid.UUID
    right: Right
    name: str = field(repr=False)
    requester: Requester
    number: str
    received_on: date
    due_on: date
    days: int
    answered: bool


@dataclass(frozen=True, slots=True)
class RequestAdded:
    """One addition as it was made. ``basis`` is the provision as it was in force that day."""

    kind: RequestStepKind
    text: str = field(repr=False)
    letter: ExceptionLetter | None
    basis: LegalBasis | None
    told_on: date | None
    representative: str = field(repr=False)
    recipients: str = field(repr=False)
    made_on: date
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request whole, and whom to ask for what is to be given."""

    line: RequestLine
    language: str
    holder: str
    unit: str
    municipality: str
    steps: tuple[RequestAdded, ...]
    version: int


def receive(context: Context, command: ReceiveRequest) -> uuid.UUID:
    """Write down a request and return its id. Raises ``AccessDenied`` and ``RuleBroken``."""
    require(context, Action.KEEP_RIGHTS_REQUESTS)
    check_received(command.received_on, context.today)
    name = command.name.strip()
    if not name:
        raise RuleBroken("rights_request.name_missing")
    body = {
        "received_on": command.received_on,
        "requester": command.requester.value,
        "name": name,
        "language": command.language,
        "number": command.number,
    }
    request_id, new = desk_matter.create(
        context,
        command.right.value,
        body,
        submission=command.submission,
        case_id=_case_id(context, command.number) if command.number else None,
        clock={"received_on": command.received_on},
    )
    act = Act.REQUEST_RECORD_CREATE if new else Act.REQUEST_RECORD_READ
    context.record(act, Reference(_REFERENCE, request_id))
    return request_id


def add(context: Context, command: AddToRequest) -> None:
    """Add to a request. Raises ``AccessDenied``, ``NotFound``, ``RuleBroken`` and ``Conflict``."""
    require(context, Action.KEEP_RIGHTS_REQUESTS)
    matter = _matter(context, command.request_id)
    about = Reference(_REFERENCE, matter.matter_id)
    if desk_matter.done_already(context, command.submission):
        context.record(Act.REQUEST_RECORD_READ, about)
        return
    desk_matter.unchanged(matter, command.version)
    text, representative = command.text.strip(), command.representative.strip()
    recipients = command.recipients.strip()
    step = RequestStep(
        kind=command.kind,
        has_text=bool(text),
        letter=command.letter,
        told_on=command.told_on,
        representative=bool(representative),
        recipients=bool(recipients),
    )
    check_request_step(facts_of(matter), step, context.today)
    body: dict[str, Any] = {
        "kind": command.kind.value,
        "text": text,
        "representative": representative,
        "recipients": recipients,
        "made_on": context.today,
    }
    if command.letter is not None:
        body["letter"] = command.letter.value
    if command.told_on is not None:
        body["told_on"] = command.told_on
    clock = {"kind": command.kind.value}
    desk_matter.add(context, matter, body, submission=command.submission, clock=clock)
    context.record(Act.REQUEST_RECORD_ADD, about)


def lines(context: Context) -> tuple[RequestLine, ...]:
    """Return every request, unanswered first, soonest due first. Raises ``AccessDenied``.

    Whoever shows them enters it.
    """
    require(context, Action.KEEP_RIGHTS_REQUESTS)
    found = [
        _line(context, one) for right in Right for one in desk_matter.every(context, right.value)
    ]
    return tuple(sorted(found, key=lambda one: (one.answered, one.due_on)))


def show(context: Context, *, request_id: uuid.UUID) -> RequestPage:
    """Return one request; the look is entered. Raises ``AccessDenied`` and ``NotFound``."""
    require(context, Action.KEEP_RIGHTS_REQUESTS)
    matter = _matter(context, request_id)
    context.record(Act.REQUEST_RECORD_READ, Reference(_REFERENCE, request_id))
    holder, unit = _contact(context, matter.case_id)
    town = context.session.get_one(Municipality, context.person.tenant_id)
    return RequestPage(
        line=_line(context, matter),
        language=matter.body["language"],
        holder=holder,
        unit=unit,
        municipality=town.name,
        steps=tuple(_added(context, step) for step in matter.steps),
        version=len(matter.steps),
    )


def answer(context: Context, *, request_id: uuid.UUID) -> tuple[RequestPage, RequestAdded]:
    """Return a request with its answer, for the letter. Raises ``NotFound`` before there is one."""
    page = show(context, request_id=request_id)
    given = [one for one in page.steps if one.kind is not RequestStepKind.NOTE]
    if not given:
        raise NotFound
    return page, given[-1]


def answering(context: Context, case: Case) -> Log | None:
    """Return the log whose holder puts together what is given; None: the leader of the case's unit does.

    A baton of a closed log, or of somebody who cannot sign in, is nobody's to act with.
    """
    log = context.session.scalar(select(Log).where(Log.case_id == case.id))
    if log is None or ops_of(case).log not in {LogStatus.ACTIVE, LogStatus.SUSPENDED}:
        return None
    return log if context.session.get_one(Account, log.holder_id).can_sign_in else None


def _case_id(context: Context, number: str) -> uuid.UUID:
    found = context.session.scalar(
        select(Case.id).where(Case.tenant_id == context.person.tenant_id, Case.number == number)
    )
    if found is None:
        raise RuleBroken("rights_request.no_case")
    return found


def _contact(context: Context, case_id: uuid.UUID | None) -> tuple[str, str]:
    """Return who has the baton, and the unit that owns the case; neither of a protected one."""
    if case_id is None:
        return "", ""
    case = context.session.get_one(Case, case_id)
    if ops_of(case).protection is not None:
        return "", ""
    log = answering(context, case)
    holder = directory.name_of(context, log.holder_id) if log is not None else ""
    return holder, directory.units(context)[case.unit_id].name


def _matter(context: Context, request_id: uuid.UUID) -> Matter:
    return desk_matter.one(context, *Right, matter_id=request_id)


def facts_of(matter: Matter) -> RequestFacts:
    """Return a request as the rules see it."""
    return RequestFacts(
        date.fromisoformat(matter.body["received_on"]),
        tuple(RequestStepKind(step["kind"]) for step in matter.steps),
        Right(matter.kind),
    )


def facts_of_clock(clock: Clock) -> RequestFacts:
    """Return the same of a request as those know it who are to answer it."""
    return RequestFacts(
        date.fromisoformat(clock.facts["received_on"]),
        tuple(map(RequestStepKind, clock.steps)),
        Right(clock.kind),
    )


def _line(context: Context, matter: Matter) -> RequestLine:
    facts = facts_of(matter)
    return RequestLine(
        request_id=matter.matter_id,
        right=facts.right,
        name=matter.body["name"],
        requester=Requester(matter.body["requester"]),
        number=matter.body["number"],
        received_on=facts.received_on,
        due_on=facts.due_on,
        days=days_left(facts, context.today),
        answered=facts.answered,
    )


def _added(context: Context, step: Mapping[str, Any]) -> RequestAdded:
    letter, told_on = step.get("letter"), step.get("told_on")
    made_on = date.fromisoformat(step["made_on"])
    return RequestAdded(
        kind=RequestStepKind(step["kind"]),
        text=step["text"],
        letter=ExceptionLetter(letter) if letter else None,
        basis=basis_on(legal_bases(), f"pol-16-{letter}", made_on) if letter else None,
        told_on=date.fromisoformat(told_on) if told_on else None,
        representative=step.get("representative", ""),
        recipients=step.get("recipients", ""),
        made_on=made_on,
        made_at=datetime.fromisoformat(step["made_at"]),
        made_by=desk_matter.made_by(context, step),
    )
