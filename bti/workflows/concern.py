"""Logging a concern: a new case at level 0, or one more observation in a case one follows.

A child that another service already works with is a new case here, and nobody is told: that a
service knows a child is itself confidential.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Case, ChildIndex, Entry, Participant
from bti.domain import deadlines
from bti.domain.access import Action as Act
from bti.domain.codes import ConcernCategory, ContactWithGuardians, InfoType, Role, Sector
from bti.domain.errors import RuleBroken
from bti.domain.levels import CaseStatus, Level, LogStatus
from bti.domain.relations import Relation
from bti.workflows import blind_tokens, case_file, directory, own_record
from bti.workflows.case_file import CORE, Kind, Ops
from bti.workflows.case_number import new_number
from bti.workflows.child_search import Found, checked_number, open_case
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.domain.codes import TalkedWithChild, TriedThing
    from bti.domain.national_id import NationalId
    from bti.workflows.context import Context
    from bti.workflows.own_record import Draft

#: BTI is for those under 24 (the age bands of the statistics end there).
OLDEST: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChild:
    """Who a new case is about. ``national_id`` may be empty."""

    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    national_id: str = field(default="", repr=False)
    group: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGuardian:
    """A guardian, and who has been seen to hold parental responsibility and when."""

    name: str = field(repr=False)
    relation: str = ""
    parental_responsibility: bool = False
    checked_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen, said and tried."""

    seen: str = field(repr=False)
    categories: tuple[ConcernCategory, ...]
    since: date | None = None
    talked_with_child: TalkedWithChild
    child_says: str = field(default="", repr=False)
    contact_with_guardians: ContactWithGuardians
    contact_on: date | None = None
    guardians_say: str = field(default="", repr=False)
    tried: tuple[TriedThing, ...] = ()
    tried_text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConcern:
    """A concern to log: in ``case_id`` if given, else about ``child`` in a new case.

    The same ``submission`` sent twice by the same person is one concern. ``sent`` is the digest of what
    a professional system sent. Without ``own_form`` it was written elsewhere, and the person's own draft stays.
    """

    submission: uuid.UUID
    observation: Observation
    child: NewChild | None = None
    case_id: uuid.UUID | None = None
    guardians: tuple[NewGuardian, ...] = ()
    sent: str = ""
    own_form: bool = True


@dataclass(frozen=True, slots=True)
class FormPage:
    """What the form needs around its fields.

    ``chosen`` is the open own case that the draft names; ``leads`` are those who will see it too.
    """

    draft: Draft | None
    chosen: Found | None
    leads: tuple[str, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Logged:
    """Where the concern is now. ``fresh`` is false when it was already there."""

    case_id: uuid.UUID
    fresh: bool


def open_form(context: Context) -> FormPage:
    """Return the person's draft and who will see the concern when it is logged."""
    require(context, Act.LOG_CONCERN)
    draft = own_record.load_draft(context, form=own_record.Form.CONCERN)
    named = _as_id(next(iter(draft.fields.get("case", [])), "")) if draft else None
    unit_id = context.person.unit_id
    leads = tuple(
        one.name
        for one in directory.colleagues(context, unit_id)
        if one.role is Role.UNIT_LEAD and one.account_id != context.person.account_id
    )
    chosen = open_case(context, named) if named is not None else None
    return FormPage(draft, chosen, leads, context.today)


def sent_before(context: Context, *, submission: uuid.UUID) -> uuid.UUID | None:
    """Return the case that this sending is in already, or None."""
    require(context, Act.LOG_CONCERN)
    return _case_of(context, entry_of(context.person.account_id, submission))


def _case_of(context: Context, entry_id: uuid.UUID) -> uuid.UUID | None:
    # Nobody else's entry can have this id, and its case need not be open to be told apart.
    with context.whole_municipality():
        entry = context.session.get(Entry, entry_id)
    return entry.case_id if entry is not None else None


def _as_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def log_concern(context: Context, *, command: LogConcern) -> Logged:
    """Log a concern at level 0 and delete its draft. No consent is needed in one's own service.

    Raises ``RuleBroken`` (concern.*, national_id.*) and, for a case that is not open to the
    person, ``AccessDenied``. Source: forvaltningsloven § 13 b nr. 3.
    """
    require(context, Act.LOG_CONCERN)
    own_record.lock_author(context)
    entry_id = entry_of(context.person.account_id, command.submission)
    before = _case_of(context, entry_id)
    if before is not None:
        return Logged(before, fresh=False)
    _check(context, command)
    if command.case_id is not None:
        case_id = _add_to_case(context, command.case_id, entry_id, command)
    elif command.child is not None:
        case_id = _new_case(context, command.child, entry_id, command)
    else:
        raise RuleBroken("concern.no_child")
    if command.own_form:
        own_record.delete_draft(context, form=own_record.Form.CONCERN)
    return Logged(case_id, fresh=True)


def entry_of(account_id: uuid.UUID, submission: uuid.UUID) -> uuid.UUID:
    """Return the id of the entry that a sending makes, so that a second sending meets the first.

    Looks like every other id: a version of its own would tell how the row came to be.
    """
    digest = hashlib.sha256(b"concern" + account_id.bytes + submission.bytes).digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def _check(context: Context, command: LogConcern) -> None:
    seen = command.observation
    if not seen.seen.strip():
        raise RuleBroken("concern.nothing_seen")
    if not seen.categories:
        raise RuleBroken("concern.no_category")
    days = [seen.since, seen.contact_on, *(one.checked_on for one in command.guardians)]
    if any(day is not None and day > context.today for day in days):
        raise RuleBroken("concern.day_in_future")
    child = command.child
    if child is not None and command.case_id is None:
        if not child.name.strip():
            raise RuleBroken("concern.no_child")
        if child.birth_date > context.today:
            raise RuleBroken("concern.birth_date_in_future")
        if context.today.year - child.birth_date.year > OLDEST:
            raise RuleBroken("concern.too_old")


def _new_case(
    context: Context, child: NewChild, entry_id: uuid.UUID, command: LogConcern
) -> uuid.UUID:
    person = context.person
    own = case_file.compartment_of(person.unit_id, InfoType.OWN)
    number = checked_number(context, child.national_id) if child.national_id.strip() else None
    case = Case(tenant_id=person.tenant_id, unit_id=person.unit_id, number=new_number())
    context.verbs.new_case(case.id, {CORE, own})
    case.ops = _first_state(context, child, command.observation).to_json()
    context.session.add(case)
    # The case first: what follows refers to it, and a number already taken shows here.
    context.session.flush()
    _add_people(context, case.id, child, number, command.guardians)
    context.session.add(
        Participant(
            tenant_id=person.tenant_id,
            case_id=case.id,
            account_id=person.account_id,
            unit_id=person.unit_id,
            relation=Relation.FOLLOWER.value,
            valid_from=context.now,
            valid_to=None,
            revoked_at=None,
        )
    )
    _write(context, case.id, own, entry_id, command)
    ground = f"role:{person.role.value}"
    context.record(Action.CASE_CONCERN_CREATE, Reference("case", case.id), ground=ground)
    return case.id


def _add_people(
    context: Context,
    case_id: uuid.UUID,
    child: NewChild,
    number: NationalId | None,
    guardians: Iterable[NewGuardian],
) -> None:
    case_file.add_person(
        context,
        case_id,
        {
            "kind": "child",
            "name": child.name,
            "birth_date": child.birth_date,
            "national_id": number.digits if number else "",
            "group": child.group,
        },
    )
    for guardian in guardians:
        case_file.add_person(
            context,
            case_id,
            {
                "kind": "guardian",
                "name": guardian.name,
                "relation": guardian.relation,
                "parental_responsibility": guardian.parental_responsibility,
                "checked_on": guardian.checked_on,
            },
        )
    if number is not None:
        tenant = context.person.tenant_id
        token = _token(context, tenant, number)
        context.session.add(
            ChildIndex(tenant_id=tenant, kind=number.kind.value, token=token, case_id=case_id)
        )


def _token(context: Context, tenant_id: uuid.UUID, number: NationalId) -> bytes:
    """Return the token to write: one child's cases have one, or counts would take it for two."""
    known = blind_tokens.of_national_id(context, tenant_id, number)
    held = context.session.scalars(
        select(ChildIndex.token).where(
            ChildIndex.tenant_id == tenant_id,
            ChildIndex.kind == number.kind.value,
            ChildIndex.token.in_(known),
        )
    ).first()
    return known[0] if held is None else held


def _first_state(context: Context, child: NewChild, seen: Observation) -> Ops:
    return Ops(
        level=Level.WONDER,
        status=CaseStatus.OPEN,
        log=LogStatus.NONE,
        opened_at=context.now,
        level_since=context.now,
        birth_date=child.birth_date,
        sector=context.person.sector,
        categories=seen.categories,
        decision_due=deadlines.level_0_decision(context.today, context.profile),
        talk_due=_talk_due(context, seen),
        trail=((context.today, Level.WONDER),),
        made_under=(context.profile.key,),
    )


def _talk_due(context: Context, seen: Observation) -> date | None:
    """When guardians should have been talked with; never a reminder to do what is unsafe."""
    if seen.contact_with_guardians in {ContactWithGuardians.BOTH, ContactWithGuardians.UNSAFE}:
        return None
    in_school = context.person.sector is Sector.SCHOOL
    return deadlines.guardian_talk(
        context.today,
        context.profile,
        # Opplæringslova § 12-4: the duty to act when a pupil is not safe at school.
        school_environment=in_school and ConcernCategory.BULLYING in seen.categories,
    )


def _add_to_case(
    context: Context, case_id: uuid.UUID, entry_id: uuid.UUID, command: LogConcern
) -> uuid.UUID:
    seen = command.observation
    opened = context.verbs.open(case_id, Act.WRITE_NOTE, entry=None)
    own = case_file.compartment_of(context.person.unit_id, InfoType.OWN)
    context.verbs.new_compartments(opened, {own})
    case = case_file.case_row(context, case_id, lock=True)
    ops = case.ops
    known = list(ops["categories"])
    case.ops = {**ops, "categories": known + [c for c in seen.categories if c not in known]}
    _write(context, case_id, own, entry_id, command)
    context.record(Action.CASE_CONCERN_CREATE, Reference("case", case_id), ground=opened.ground)
    return case_id


def _write(
    context: Context, case_id: uuid.UUID, compartment: str, entry_id: uuid.UUID, command: LogConcern
) -> None:
    person, seen = context.person, command.observation
    entry = Entry(id=entry_id, tenant_id=person.tenant_id, case_id=case_id, compartment=compartment)
    entry.meta = {
        "kind": Kind.CONCERN,
        "at": context.now,
        "by": person.account_id,
        "unit": person.unit_id,
        "categories": seen.categories,
        "since": seen.since,
        "tried": seen.tried,
        "talked_with_child": seen.talked_with_child,
        "contact_with_guardians": seen.contact_with_guardians,
        "contact_on": seen.contact_on,
        **({"sent": command.sent} if command.sent else {}),
    }
    entry.body = {
        "seen": seen.seen,
        "child_says": seen.child_says,
        "tried_text": seen.tried_text,
        "guardians_say": seen.guardians_say,
    }
    context.session.add(entry)
