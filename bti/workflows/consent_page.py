"""What pages show of consent: the table in a case, one question with its signers, and the form.

That a service knows a child is itself confidential: who may not know it meets "another service".
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.db.models import Consent
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import day_in_norway
from bti.domain.codes import InfoType, Sector
from bti.domain.consent import (
    ENDED,
    LATE,
    OPENING,
    Answer,
    ConsentStatus,
    Scope,
    agreed_cells,
    attorneys,
    default_valid_to,
    may_withdraw,
)
from bti.domain.legal import LegalBasis
from bti.domain.levels import InvitedService
from bti.domain.relations import Relation, relations_of
from bti.domain.signers import Hearing, hearing_needed
from bti.workflows import directory
from bti.workflows.case_file import case_row, child_of, ops_of, persons
from bti.workflows.consent_file import Asked, Way, asked_in
from bti.workflows.consent_lines import (
    FlowLine,
    Receipt,
    SignerLine,
    bases,
    open_flows,
    receipts,
    signer_lines,
)
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context

# The team has the case to make the services work together, and the family is told so when asked.
_KNOWS_SERVICES: Final = frozenset(
    {Relation.HOLDER, Relation.FOLLOWER, Relation.LEAD, Relation.TEAM}
)
_WAITING: Final = frozenset({ConsentStatus.ASKED})
_OVER: Final = frozenset({ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED, ConsentStatus.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A line of the table. ``service`` is empty for the opening of the log.

    One that is ``masked`` says neither what is shared nor until when: that would tell the service.
    """

    id: uuid.UUID
    scope: Scope
    service: str
    masked: bool
    status: ConsentStatus
    given_by: tuple[str, ...] = field(repr=False)
    waiting_for: tuple[str, ...] = field(repr=False)
    shares: tuple[InfoType, ...]
    until: date | None
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class ConsentSection:
    """The consents of a case, newest first."""

    rows: tuple[ConsentRow, ...]
    may_ask: bool
    #: Whether the reader may share without consent, where the law names a way.
    may_share: bool


# A service the family has said no to is not waited for: it reads nothing and is not invited.
_NOT_COMING: Final = frozenset(
    {ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED}
)


@dataclass(frozen=True, slots=True)
class Statuses:
    """What the level rules ask: the log's own consent, and that of each service."""

    opening: ConsentStatus | None
    invited: tuple[InvitedService, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """One question: who answers and why, and the text the family was shown."""

    case_id: uuid.UUID
    version: int
    row: ConsentRow
    child: str = field(repr=False)
    asker: str
    types: tuple[InfoType, ...]
    direction: Way
    valid_to: date
    purpose: str = field(repr=False)
    asked_on: date
    language: str
    interpreter: str
    signers: tuple[SignerLine, ...]
    #: The acts that consent itself rests on, and by which the child was heard first.
    why: tuple[LegalBasis, ...]
    heard_why: tuple[LegalBasis, ...]
    #: Why it stands as it stands, when it is stopped or somebody has said no.
    stands: tuple[LegalBasis, ...]
    disagree: bool
    late: bool
    #: Whether an authority's decision that this stays secret is in force.
    blocked: bool
    may_block: bool
    #: What is shared by it now, and what each withdrawal stopped.
    flows: tuple[FlowLine, ...]
    receipts: tuple[Receipt, ...]
    text_version: str
    text_sha256: str
    text: tuple[tuple[str, str], ...] = field(repr=False)
    may_answer: bool
    may_take_back: tuple[tuple[uuid.UUID, str], ...] = field(repr=False)
    colleagues: tuple[tuple[uuid.UUID, str], ...]
    #: Who might sign for the other with a power of attorney.
    attorneys: tuple[tuple[uuid.UUID, str], ...] = field(repr=False)
    me: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """What the form for a new question needs."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    asker: str
    services: tuple[tuple[uuid.UUID, str], ...]
    guardians: tuple[PersonRecord, ...]
    hearing: Hearing
    until: date
    language: str
    log_consented: bool


def section_of(context: Context, opened: Opened) -> ConsentSection:
    """Return the table of an opened case."""
    people = persons(context, opened.case_id)
    asked = asked_in(context, opened.case_id, people)
    return ConsentSection(
        rows=tuple(row_of(context, opened, one, people) for one in reversed(asked)),
        may_ask=_may(context, opened, Action.ASK_CONSENT),
        may_share=opened.facts.owner_unit == context.person.unit_id
        and _may(context, opened, Action.SHARE_BY_LAW),
    )


def statuses_for(context: Context, case_id: uuid.UUID) -> Statuses:
    """Return where consent stands for the level rules; enough with the ops key.

    Of several questions about the same, one that is in force counts, else the newest.
    """
    asked = asked_in(context, case_id)
    opening = [one for one in asked if one.facts.scope is Scope.OPEN_LOG]
    by_unit: dict[uuid.UUID, list[Asked]] = {}
    for one in asked:
        if one.facts.scope is Scope.BRING_IN_SERVICE and one.to_unit is not None:
            by_unit.setdefault(one.to_unit, []).append(one)
    return Statuses(
        opening=_standing(opening),
        invited=tuple(
            InvitedService(unit_id, standing)
            for unit_id, several in by_unit.items()
            if (standing := _standing(several)) is not None and standing not in _NOT_COMING
        ),
    )


def show(context: Context, *, case_id: uuid.UUID, consent_id: uuid.UUID) -> ConsentPage:
    """Return one question with signers and text. ``NotFound`` for one whose service is hidden."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    people = persons(context, case_id)
    asked = one_asked(context, case_id, consent_id)
    row = row_of(context, opened, asked, people)
    if row.masked:
        raise NotFound
    stored = context.session.get_one(Consent, consent_id)
    body, day = stored.body, day_in_norway(asked.facts.asked_at)
    case = case_row(context, case_id)
    return ConsentPage(
        case_id=case_id,
        version=case.version,
        row=row,
        child=next(one.first_name for one in people if one.kind == "child"),
        asker=directory.units(context)[case.unit_id].name,
        types=asked.types,
        direction=asked.direction,
        valid_to=day_in_norway(asked.facts.valid_to),
        purpose=body["purpose"],
        asked_on=day_in_norway(asked.facts.asked_at),
        language=asked.language,
        interpreter=body["interpreter"],
        signers=signer_lines(context, asked, people, stored.meta),
        why=bases(("fvl-13a", "gdpr-7"), day),
        heard_why=bases(stored.meta["heard_why"], day),
        stands=bases(asked.verdict.why, context.today),
        disagree=asked.verdict.disagree,
        late=asked.status in LATE,
        blocked=asked.block_in_force,
        may_block=_may(context, opened, Action.ASK_CONSENT),
        flows=open_flows(context, asked),
        receipts=receipts(context, asked, people),
        text_version=body["text"]["version"],
        text_sha256=body["text"]["sha256"],
        text=tuple((question, answer) for question, answer in body["text"]["lines"]),
        may_answer=_may(context, opened, Action.RECORD_ANSWER)
        and asked.status not in OPENING | (ENDED - LATE),
        may_take_back=tuple(
            (one.id, one.name) for one in people if one.id in may_withdraw(asked.facts, context.now)
        ),
        colleagues=tuple(
            (one.account_id, one.name)
            for one in directory.colleagues(context, context.person.unit_id)
        ),
        attorneys=tuple((one.id, one.name) for one in people if one.id in attorneys(asked.facts)),
        me=context.person.account_id,
    )


def ask_page(context: Context, *, case_id: uuid.UUID) -> AskPage:
    """Return what the form for a new question needs."""
    context.verbs.open(case_id, Action.ASK_CONSENT, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    units = directory.units(context)
    return AskPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        asker=units[case.unit_id].name,
        services=tuple((unit.id, unit.name) for unit in invitable(context, case.unit_id)),
        guardians=tuple(p for p in persons(context, case_id) if p.kind == "guardian"),
        hearing=hearing_needed(ops_of(case).birth_date, context.now),
        until=day_in_norway(default_valid_to(context.now, context.profile)),
        language=context.profile.default_language,
        log_consented=statuses_for(context, case_id).opening in OPENING,
    )


def may_read(context: Context, *, case_id: uuid.UUID) -> bool:
    """Tell whether the person may still read the case, without opening it."""
    return context.verbs.may_see(case_id, Action.READ_CASE)


def invitable(context: Context, owner: uuid.UUID) -> tuple[directory.UnitFact, ...]:
    """Return the services that a case can be shared with."""
    return tuple(
        unit
        for unit in directory.units(context).values()
        if unit.id != owner and unit.sector is not Sector.ADMINISTRATION
    )


def one_asked(context: Context, case_id: uuid.UUID, consent_id: uuid.UUID) -> Asked:
    """Return one question of this case. Raises ``NotFound``."""
    found = next((one for one in asked_in(context, case_id) if one.id == consent_id), None)
    if found is None:
        raise NotFound
    return found


def knows_services(context: Context, opened: Opened) -> bool:
    """Tell whether the reader may know which other services the child has to do with.

    Sources: forvaltningsloven § 13, barnevernsloven § 13-1 (being a client is itself secret).
    """
    held = relations_of(context.verbs.subject(), opened.facts, context.now)
    return bool(held & _KNOWS_SERVICES)


def row_of(
    context: Context, opened: Opened, asked: Asked, people: tuple[PersonRecord, ...]
) -> ConsentRow:
    """Return a question as one line."""
    said = [
        (one.first_name, asked.newest(one.id)) for one in people if one.id in asked.facts.required
    ]
    unit = directory.units(context).get(asked.to_unit) if asked.to_unit else None
    own = asked.to_unit in {None, context.person.unit_id}
    masked = not own and not knows_services(context, opened)
    waits = asked.status in _WAITING
    return ConsentRow(
        id=asked.id,
        scope=asked.facts.scope,
        service="" if masked or unit is None else unit.name,
        masked=masked,
        status=asked.status,
        given_by=tuple(
            name
            for name, given in said
            if given is not None and given.answer in {Answer.YES, Answer.PARTLY}
        ),
        waiting_for=tuple(
            name
            for name, given in said
            if waits and (given is None or given.answer is Answer.TALK_FIRST)
        ),
        shares=() if masked else _shares(context, asked),
        until=None if masked else _until(opened, asked),
        may_withdraw=not masked
        and asked.status not in _OVER
        and _may(context, opened, Action.WITHDRAW_CONSENT),
    )


def _shares(context: Context, asked: Asked) -> tuple[InfoType, ...]:
    if asked.status in OPENING:
        agreed = {cell.info_type for cell in agreed_cells(asked.facts, context.now)}
        return tuple(one for one in asked.types if one in agreed)
    return asked.types if asked.status in _WAITING else ()


def _until(opened: Opened, asked: Asked) -> date:
    if asked.status is ConsentStatus.WITHDRAWN and asked.withdrawn_at is not None:
        return day_in_norway(asked.withdrawn_at)
    # Cells may end before the consent: on the birthday that changes who must sign.
    ends = [cell.valid_to for cell in opened.facts.cells if cell.consent_id == asked.id]
    return day_in_norway(min([asked.facts.valid_to, *ends]))


def _standing(several: list[Asked]) -> ConsentStatus | None:
    in_force = [one for one in several if one.status in OPENING]
    newest = in_force or several
    return newest[-1].status if newest else None


def _may(context: Context, opened: Opened, action: Action) -> bool:
    subject = context.verbs.subject()
    return isinstance(decide(subject, action, opened.facts, context.now), Allowed)


__all__ = [
    "AskPage",
    "ConsentPage",
    "ConsentRow",
    "ConsentSection",
    "SignerLine",
    "Statuses",
    "ask_page",
    "invitable",
    "knows_services",
    "may_read",
    "one_asked",
    "row_of",
    "section_of",
    "show",
    "statuses_for",
]
