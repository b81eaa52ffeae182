"""Address protection on a case: setting and renewing it, naming who may read, and lifting it.

Setting closes the case at once to everybody who is not named; nothing but a leader's act opens it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Log, Participant
from bti.domain import protection as rules
from bti.domain.codes import Role
from bti.domain.policy import Action
from bti.domain.protection import AddressGrade, ProtectedPerson, Protection, ProtectionStanding
from bti.workflows import baton, directory
from bti.workflows.case_file import Kind, case_row, ops_of, write_entry
from bti.workflows.errors import NotFound
from bti.workflows.level import own_compartment
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionPage:
    """How the protection of a case stands, for those who may set or renew it."""

    case_id: uuid.UUID
    number: str
    version: int
    protection: Protection | None
    standing: ProtectionStanding | None
    is_leader: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who works with the case, or could; ``named`` says whether they may open it."""

    account_id: uuid.UUID
    name: str = field(repr=False)
    title: str
    unit: str
    named: bool
    is_holder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersPage:
    """Who may open a protected case, for the leader. Nothing of the case itself."""

    case_id: uuid.UUID
    number: str
    version: int
    protection: Protection
    standing: ProtectionStanding
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class Protect:
    """What is to be protected, how strictly, and until when."""

    case_id: uuid.UUID
    version: int | None
    grade: AddressGrade
    of: ProtectedPerson
    until: date


@dataclass(frozen=True, slots=True)
class Unled:
    """A protected case of a unit in which its leader is not named: a number and nothing more."""

    case_id: uuid.UUID
    number: str


def page(context: Context, *, case_id: uuid.UUID) -> ProtectionPage:
    """Return how the case stands. Raises ``AccessDenied``."""
    context.verbs.open(case_id, Action.PROTECT_CASE, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    now = ops_of(case).protection
    return ProtectionPage(
        case_id=case_id,
        number=case.number,
        version=case.version,
        protection=now,
        standing=now.standing(context.today) if now is not None else None,
        is_leader=context.verbs.subject().role is Role.UNIT_LEAD,
    )


def protect(context: Context, command: Protect) -> None:
    """Set or renew the protection. From this transaction on only the named open the case.

    Whoever was named stays so; the one who sets it, the baton holder and the leaders of the owner
    unit are named. An open offer of the baton to somebody else falls. Raises ``RuleBroken`` as
    ``bti.domain.protection.protect``; ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.PROTECT_CASE, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    ops = ops_of(case)
    before = ops.protection.readers if ops.protection is not None else _leaders(context, case)
    wanted = Protection(
        grade=command.grade,
        of=command.of,
        until=command.until,
        checked_on=context.today,
        readers=before,
    )
    now = rules.protect(
        wanted,
        today=context.today,
        by=context.person.account_id,
        holder=_holder(context, command.case_id),
    )
    _keep(case, now)
    baton.drop_offer_to_unnamed(context, case, now.readers)
    context.record(
        Act.CASE_PROTECTION_SET,
        Reference("case", command.case_id),
        more=[Reference("account", one) for one in now.readers],
        ground=opened.ground,
    )


def readers_page(context: Context, *, case_id: uuid.UUID) -> ReadersPage:
    """Return who may open the case, for the leader of its unit, also one who is not named.

    Raises ``AccessDenied``, ``NotFound`` for a case without protection.
    """
    opened = context.verbs.open(case_id, Action.MANAGE_PROTECTION, entry=Act.CASE_PROTECTION_READ)
    case = case_row(context, case_id)
    now = ops_of(case).protection
    if now is None:
        raise NotFound
    return ReadersPage(
        case_id=case_id,
        number=case.number,
        version=case.version,
        protection=now,
        standing=now.standing(context.today),
        readers=_readers(context, opened, case, now),
    )


def name_readers(
    context: Context, *, case_id: uuid.UUID, version: int | None, readers: Collection[uuid.UUID]
) -> None:
    """Say who may open the case from now on.

    Raises ``RuleBroken`` as ``bti.domain.protection.name_readers``, ``NotFound`` for somebody who
    has no part in it; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.MANAGE_PROTECTION, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    before = ops_of(case).protection
    if before is None:
        raise NotFound
    possible = {one.account_id for one in _readers(context, opened, case, before)}
    if not set(readers) <= possible:
        raise NotFound
    now = rules.name_readers(before, frozenset(readers), holder=_holder(context, case_id))
    _keep(case, now)
    baton.drop_offer_to_unnamed(context, case, now.readers)
    context.record(
        Act.CASE_PROTECTION_NAME,
        Reference("case", case_id),
        more=[Reference("account", one) for one in now.readers ^ before.readers],
        ground=opened.ground,
    )


def lift(context: Context, *, case_id: uuid.UUID, version: int | None, reason: str) -> None:
    """End the protection: the leader's decision, with a reason that is kept in the case.

    Only a leader who is named: the reason is written in the case. Raises
    ``RuleBroken("protection.reason")``, ``AccessDenied``, ``NotFound``, ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.MANAGE_PROTECTION, entry=None)
    context.verbs.open(case_id, Action.READ_CASE, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    if ops_of(case).protection is None:
        raise NotFound
    rules.check_lift(reason)
    _keep(case, None)
    # The service's own: those whom consent lets in later need not know that there was a secret.
    write_entry(
        context,
        case_id,
        kind=Kind.PROTECTION,
        compartment=own_compartment(context, opened),
        meta={"on": context.today},
        body={"reason": reason},
    )
    context.record(Act.CASE_PROTECTION_LIFT, Reference("case", case_id), ground=opened.ground)


def hides_place(context: Context, case: Case, *, printed: bool) -> bool:
    """Whether school and class stay out: where a child is every weekday is the address, too.

    Shown on the screen of those who work there, and nowhere else.
    """
    elsewhere = context.person.unit_id != case.unit_id
    return ops_of(case).protection is not None and (printed or elsewhere)


def unled(context: Context) -> tuple[Unled, ...]:
    """Return the protected cases of the unit one leads and is not named in; none for others."""
    subject = context.verbs.subject()
    if subject.role is not Role.UNIT_LEAD:
        return ()
    rows = context.session.scalars(
        select(Case).where(Case.tenant_id == subject.tenant_id, Case.unit_id == subject.unit_id)
    )
    me = subject.account_id
    return tuple(
        Unled(case.id, case.number)
        for case in rows
        if (now := ops_of(case).protection) is not None and me not in now.readers
    )


def _keep(case: Case, now: Protection | None) -> None:
    case.ops = replace(ops_of(case), protection=now).to_json()
    case.access_epoch += 1  # pages shown before are stale: the readers have changed


def _holder(context: Context, case_id: uuid.UUID) -> uuid.UUID | None:
    return context.session.scalars(
        select(Log.holder_id).where(Log.case_id == case_id)
    ).one_or_none()


def _leaders(context: Context, case: Case) -> frozenset[uuid.UUID]:
    return frozenset(
        one.account_id
        for one in directory.colleagues(context, case.unit_id)
        if one.role is Role.UNIT_LEAD
    )


def _readers(context: Context, opened: Opened, case: Case, now: Protection) -> tuple[Reader, ...]:
    """Return those with a part in the case, those already named, and the leaders of its unit."""
    places = context.session.scalars(
        select(Participant).where(Participant.case_id == case.id, Participant.revoked_at.is_(None))
    )
    units = {row.account_id: row.unit_id for row in places}
    holder, holder_unit = opened.facts.holder_id, opened.facts.holder_unit
    if holder is not None and holder_unit is not None:
        units[holder] = holder_unit
    for one in (*_leaders(context, case), *now.readers, context.person.account_id):
        units.setdefault(one, case.unit_id)
    known = {
        colleague.account_id: colleague
        for unit in set(units.values())
        for colleague in directory.colleagues(context, unit)
    }
    found = [
        Reader(
            account_id=one,
            name=known[one].name if one in known else directory.name_of(context, one),
            title=known[one].title if one in known else "",
            unit=known[one].unit_name if one in known else "",
            named=one in now.readers,
            is_holder=one == holder,
        )
        for one in units
    ]
    return tuple(sorted(found, key=lambda one: (not one.named, one.name)))
