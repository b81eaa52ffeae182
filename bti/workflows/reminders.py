"""Who is reminded today that something waits, and how somebody chooses to be.

What waits is found out anew each morning; the reminder says nothing of it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, Mail, MailChoice, Municipality, RoleGrant
from bti.domain.absence import who_is_told
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import Role
from bti.domain.deadlines import Due, DueKind, is_for_leader
from bti.domain.reminders import Pace, Waiting, check_address, is_reminded, waiting_for
from bti.workflows import own_rules
from bti.workflows.absence import absences
from bti.workflows.consultation_tasks import consultation_waiting
from bti.workflows.due import CaseDates, dates_in
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bti.domain.absence import Absence
    from bti.workflows.context import Context

#: Reminders older than this say nothing about whether one is due.
_LATELY: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class OwnChoice:
    """How somebody is reminded. ``sent_on`` is the day of the last one; ``failing`` how often one failed.

    The address itself is not here: the pages cannot read it.
    """

    pace: Pace
    has_address: bool
    sent_on: date | None
    failing: int
    served: bool


@dataclass(frozen=True, slots=True)
class ChooseReminders:
    """``address`` empty keeps the one that is there; ``forget`` takes it away."""

    pace: Pace
    address: str = field(repr=False)
    forget: bool


# -- the person ----------------------------------------------------------------------------------


def mine(context: Context) -> OwnChoice:
    """Return how the person is reminded. Raises ``AccessDenied``."""
    subject = require(context, Action.SEE_WORKLIST)
    row = _choice(context, subject.account_id)
    mails = context.session.execute(
        select(Mail.sent_at, Mail.open_slot, Mail.attempts).where(
            Mail.account_id == subject.account_id, Mail.tenant_id == subject.tenant_id
        )
    ).all()
    sent = [day_in_norway(one.sent_at) for one in mails if one.sent_at is not None]
    return OwnChoice(
        pace=Pace(row.pace) if row is not None else Pace.DAILY,
        has_address=row is not None and row.address_ct is not None,
        sent_on=max(sent, default=None),
        failing=max((one.attempts for one in mails if one.open_slot), default=0),
        served=bool(context.settings.smtp_host),
    )


def choose(context: Context, *, command: ChooseReminders) -> None:
    """Keep how the person wants to be reminded.

    Raises ``RuleBroken`` with reminder.address for what is no address.
    """
    subject = require(context, Action.SEE_WORKLIST)
    address = command.address.strip()
    if address:
        check_address(address)
    row = _choice(context, subject.account_id)
    if row is None:
        row = MailChoice(
            tenant_id=subject.tenant_id, account_id=subject.account_id, address_ct=None
        )
        context.session.add(row)
    row.pace = command.pace.value
    if command.forget:
        row.address = None
    elif address:
        row.address = address
    context.record(Act.REMINDER_CHOICE_SET, Reference("account", subject.account_id))


def _choice(context: Context, account_id: uuid.UUID) -> MailChoice | None:
    return context.session.scalars(
        select(MailChoice).where(MailChoice.account_id == account_id)
    ).one_or_none()


# -- the program ---------------------------------------------------------------------------------


def plan(context: Context, *, tenant_id: uuid.UUID) -> int:
    """Put today's reminders in the outbox and return how many (system only).

    A second time in a day adds none. One that waits still is not joined by another, and is taken
    away when nothing waits for the person any more.
    """
    context.verbs.open_ops(tenant_id)
    waiting = _waiting(context, tenant_id)
    open_rows, last = _mails(context, tenant_id)
    for account_id, row in open_rows.items():
        if not any(one.from_on <= context.today for one in waiting.get(account_id, ())):
            row.state, row.open_slot = "moot", None
    fresh = [
        account_id
        for account_id, pace in _reachable(context, tenant_id).items()
        if account_id not in open_rows
        and is_reminded(
            waiting.get(account_id, ()),
            pace,
            today=context.today,
            last_on=last.get(account_id),
        )
    ]
    for account_id in sorted(fresh, key=str):
        context.session.add(_mail(context, tenant_id, account_id))
    if fresh:
        about = [Reference("account", one) for one in sorted(fresh, key=str)]
        context.record(Act.REMINDER_MAIL_PLAN, *about, tenant=tenant_id)
    return len(fresh)


def _mail(context: Context, tenant_id: uuid.UUID, account_id: uuid.UUID) -> Mail:
    host = urlsplit(context.settings.base_url).hostname or "localhost"
    return Mail(
        tenant_id=tenant_id,
        account_id=account_id,
        day=context.today,
        state="waiting",
        open_slot=1,
        message_id=f"<{uuid.uuid4()}@{host}>",
        attempts=0,
        due_at=context.now,
        sent_at=None,
        fault="",
    )


def _waiting(context: Context, tenant_id: uuid.UUID) -> Mapping[uuid.UUID, list[Waiting]]:
    """Return what waits for whom. A case with a protected address waits for named readers alone."""
    town = context.session.get_one(Municipality, tenant_id)
    profile = own_rules.in_force(context, tenant_id, town.profile)
    away = absences(context, tenant_id)
    leaders = _leaders(context, tenant_id)
    found: dict[uuid.UUID, list[Waiting]] = defaultdict(list)
    for case in dates_in(context, tenant_id, profile):
        for due in case.dates:
            one = waiting_for(due, case.rules)
            for account_id in _told(context, case, due, leaders):
                found[_instead(context, case, account_id, away)].append(one)
    for account_id, one in consultation_waiting(context, tenant_id, profile):
        found[account_id].append(one)
    return found


def _told(
    context: Context,
    case: CaseDates,
    due: Due,
    leaders: Mapping[uuid.UUID, frozenset[uuid.UUID]],
) -> Iterator[uuid.UUID]:
    """Who should act on a date: whose it is, and the leader where it is nobody's or passed long ago."""
    acts = case.asked if due.kind is DueKind.OFFER else case.acts
    if acts is not None:
        yield acts
    if acts is None or is_for_leader(due.on, context.today, case.rules):
        yield from (
            one for one in leaders.get(case.unit_id, frozenset()) if case.may_be_told_to(one)
        )


def _instead(
    context: Context, case: CaseDates, account_id: uuid.UUID, away: list[Absence]
) -> uuid.UUID:
    instead = who_is_told(account_id, away, context.today)
    return instead if case.may_be_told_to(instead) else account_id


def _leaders(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    rows = context.session.execute(
        select(RoleGrant.unit_id, RoleGrant.account_id).where(
            RoleGrant.tenant_id == tenant_id,
            RoleGrant.role == Role.UNIT_LEAD.value,
            RoleGrant.valid_from <= context.now,
            or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > context.now),
        )
    )
    found: dict[uuid.UUID, frozenset[uuid.UUID]] = {}
    for unit_id, account_id in rows:
        found[unit_id] = found.get(unit_id, frozenset()) | {account_id}
    return found


def _mails(
    context: Context, tenant_id: uuid.UUID
) -> tuple[dict[uuid.UUID, Mail], dict[uuid.UUID, date]]:
    """Return the reminders that wait, and the day of each person's last one."""
    rows = context.session.scalars(
        select(Mail).where(
            Mail.tenant_id == tenant_id,
            or_(Mail.open_slot == 1, Mail.day >= context.today - _LATELY),
        )
    )
    open_rows: dict[uuid.UUID, Mail] = {}
    last: dict[uuid.UUID, date] = {}
    for row in rows:
        if row.open_slot:
            open_rows[row.account_id] = row
        sent = _day(row.sent_at)
        last[row.account_id] = max(filter(None, (row.day, sent, last.get(row.account_id))))
    return open_rows, last


def _day(at: datetime | None) -> date | None:
    return None if at is None else day_in_norway(at)


def _reachable(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, Pace]:
    """Return who can sign in and has said where to be reminded, with how often."""
    rows = context.session.execute(
        select(MailChoice.account_id, MailChoice.pace)
        .join(Account, Account.id == MailChoice.account_id)
        .where(
            MailChoice.tenant_id == tenant_id,
            MailChoice.address_ct.is_not(None),
            Account.active.is_(True),
            Account.suspended_at.is_(None),
        )
    )
    return {account_id: Pace(pace) for account_id, pace in rows}
