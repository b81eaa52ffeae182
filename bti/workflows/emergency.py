"""Emergency access: somebody on call opens the core of one named case, for two hours, with a reason.

The row is at once the right, the notice to those who work with the child, and the task for the one
who reviews it; so none of the three can be there without the others. Reviewing is in ``review``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, Case, ChildIndex, EmergencyAccess, Log
from bti.domain.access import Action
from bti.domain.emergency import LASTS, EmergencyReason, UseFacts, checked_reason, is_blocked
from bti.domain.errors import RuleBroken
from bti.domain.levels import CaseStatus, LogStatus
from bti.workflows import blind_tokens, case_file, directory
from bti.workflows.child_search import checked_number
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context

NOTICE_FOR: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAccess:
    """What somebody on call asks for: a case number, or else the child's national id, and why."""

    number: str = ""
    national_id: str = field(default="", repr=False)
    reason: EmergencyReason
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """Emergency access of one's own that has not run out."""

    case_id: uuid.UUID
    number: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SeekPage:
    """What the form needs: what is open already, and whether a new one must wait for a review."""

    open_now: tuple[OpenAccess, ...]
    blocked: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call about the case, and where."""

    name: str
    unit: str
    phone: str


@dataclass(frozen=True, slots=True)
class CorePage:
    """The core of a case, as emergency access shows it, and when it closes."""

    case_id: uuid.UUID
    number: str
    expires_at: datetime
    child: PersonRecord
    guardians: tuple[PersonRecord, ...]
    level: int
    is_open: bool
    holder: Contact | None
    owner: Contact

    def __repr__(self) -> str:
        """Leave content out of logs."""
        return f"<CorePage {self.number}>"


@dataclass(frozen=True, slots=True)
class Notice:
    """That somebody has used emergency access, for those who work with the child."""

    case_id: uuid.UUID
    name: str
    unit: str
    at: datetime


def seek(context: Context) -> SeekPage:
    """Return what the form needs. Raises ``AccessDenied``; asks for a fresh sign-in."""
    require(context, Action.SEEK_EMERGENCY)
    mine = _mine(context)
    numbers = _numbers(context, [row.case_id for row in mine])
    return SeekPage(
        tuple(
            OpenAccess(row.case_id, numbers[row.case_id], row.expires_at)
            for row in mine
            if row.expires_at > context.now
        ),
        is_blocked(_uses(mine), context.now),
    )


def take(context: Context, command: TakeAccess) -> uuid.UUID | None:
    """Open the core of one case and return its id; None where there is none to open.

    None is said alike for a case that does not exist and one that may not be opened so; the log
    knows. Raises ``RuleBroken`` with an emergency or national_id code, before anything is looked up.
    """
    require(context, Action.SEEK_EMERGENCY)
    text = checked_reason(command.text)
    # Locked: of two at once, the second must count the first.
    context.session.get_one(Account, context.person.account_id, with_for_update=True)
    mine = _mine(context)
    if is_blocked(_uses(mine), context.now):
        raise RuleBroken("emergency.blocked")
    case = _sought(context, command)
    if case is None:
        context.record(Act.EMERGENCY_CASE_SEEK, refused="emergency.nothing")
        return None
    if not context.verbs.may_see(case.id, Action.OPEN_EMERGENCY):
        # Returned and not raised: the answer is the same as for no case, and the entry stays.
        refused = "emergency.closed_to"
        context.record(Act.EMERGENCY_CASE_SEEK, Reference("case", case.id), refused=refused)
        return None
    if any(row.case_id == case.id and row.expires_at > context.now for row in mine):
        context.record(Act.EMERGENCY_CASE_SEEK, Reference("case", case.id))
        return case.id
    _grant(context, case, command.reason, text)
    return case.id


def _grant(context: Context, case: Case, reason: EmergencyReason, text: str) -> None:
    person = context.person
    row = EmergencyAccess(
        tenant_id=person.tenant_id,
        case_id=case.id,
        account_id=person.account_id,
        unit_id=person.unit_id,
        opened_at=context.now,
        expires_at=context.now + LASTS,
        settled_at=None,
        settled_by=None,
    )
    context.verbs.new_review(row.id)
    row.body = {"reason": reason.value, "text": text}
    context.session.add(row)
    context.record(
        Act.EMERGENCY_ACCESS_OPEN,
        Reference("case", case.id),
        Reference("emergency", row.id),
        ground="gate:emergency",
    )


def read_core(context: Context, *, case_id: uuid.UUID) -> CorePage:
    """Return the core of a case that the person has emergency access to. Raises ``AccessDenied``."""
    opened = context.verbs.open(case_id, Action.READ_CORE, entry=Act.EMERGENCY_CASE_READ)
    case = case_file.case_row(context, case_id)
    ops = case_file.ops_of(case)
    people = case_file.persons(context, case_id)
    units = directory.units(context)
    owner = units[case.unit_id]
    return CorePage(
        case_id=case_id,
        number=case.number,
        expires_at=max(
            one.expires_at
            for one in opened.facts.emergencies
            if one.account_id == context.person.account_id
        ),
        child=next(one for one in people if one.kind == "child"),
        guardians=tuple(one for one in people if one.kind == "guardian"),
        level=ops.level,
        is_open=ops.status == CaseStatus.OPEN,
        holder=_holder(context, case_id) if ops.log == LogStatus.ACTIVE else None,
        owner=Contact("", owner.name, owner.phone),
    )


def notices(context: Context, case_ids: Collection[uuid.UUID]) -> tuple[Notice, ...]:
    """Return the uses in these cases of the last two weeks, newest first."""
    rows = context.session.scalars(
        select(EmergencyAccess)
        .where(
            EmergencyAccess.tenant_id == context.person.tenant_id,
            EmergencyAccess.case_id.in_(case_ids),
            EmergencyAccess.opened_at > context.now - NOTICE_FOR,
        )
        .order_by(EmergencyAccess.opened_at.desc())
    ).all()
    units = directory.units(context) if rows else {}
    return tuple(
        Notice(
            row.case_id,
            directory.name_of(context, row.account_id),
            units[row.unit_id].name,
            row.opened_at,
        )
        for row in rows
    )


def _holder(context: Context, case_id: uuid.UUID) -> Contact | None:
    log = context.session.scalars(select(Log).where(Log.case_id == case_id)).one_or_none()
    if log is None:
        return None
    unit = directory.units(context)[log.holder_unit_id]
    return Contact(directory.name_of(context, log.holder_id), unit.name, unit.phone)


def _mine(context: Context) -> list[EmergencyAccess]:
    rows = list(
        context.session.scalars(
            select(EmergencyAccess)
            .where(
                EmergencyAccess.tenant_id == context.person.tenant_id,
                EmergencyAccess.account_id == context.person.account_id,
            )
            .order_by(EmergencyAccess.opened_at.desc())
        )
    )
    for row in rows:
        # One settled in SQL must not make room for another; one deleted does: see the threat model, 5.
        context.verbs.check(row)
    return rows


def _uses(rows: list[EmergencyAccess]) -> list[UseFacts]:
    return [UseFacts(row.opened_at, row.settled_at is not None) for row in rows]


def _numbers(context: Context, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = context.session.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    return {row.id: row.number for row in rows}


def _sought(context: Context, command: TakeAccess) -> Case | None:
    """Return the one case that is meant: of several about a child, the open one with a log."""
    tenant = context.person.tenant_id
    if command.number:
        wanted = Case.number == command.number
    elif command.national_id:
        number = checked_number(context, command.national_id)
        known = blind_tokens.of_national_id(context, tenant, number)
        wanted = Case.id.in_(
            select(ChildIndex.case_id).where(
                ChildIndex.tenant_id == tenant,
                ChildIndex.kind == number.kind.value,
                ChildIndex.token.in_(known),
            )
        )
    else:
        raise RuleBroken("emergency.nothing_said")
    found = context.session.scalars(select(Case).where(Case.tenant_id == tenant, wanted)).all()
    return min(found, key=_closeness, default=None)


def _closeness(case: Case) -> tuple[bool, bool, str]:
    ops = case_file.ops_of(case)
    return ops.status != CaseStatus.OPEN, ops.log != LogStatus.ACTIVE, case.number
