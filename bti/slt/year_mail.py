"""Reminders of the year by e-mail: who wants them, and an outbox with one place for each person.

Off until somebody gives an address. Nothing of a task is kept in the outbox: what waits is found out anew when a letter is
sent. Sent at least once: a letter is handed over first and marked afterwards, always under the same Message-ID.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Final

from sqlalchemy import delete, select

from bti.clock import NORWAY, norwegian_date
from bti.domain.reminders import check_address, pause_after
from bti.slt.body_models import BodySeatRow
from bti.slt.models import SltAccount
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.secret_box import E_MAIL
from bti.slt.sign_in import Coordinator
from bti.slt.year import Standing, is_told
from bti.slt.year_feed import title_outside
from bti.slt.year_mail_models import YearMailChoiceRow, YearMailRow
from bti.slt.year_stored import YearLine, task_lines

BATCH: Final = 50
"""Letters opened at once."""
KEPT: Final = timedelta(days=90)
"""So long it can be seen that a letter was sent."""
#: From then on in the day, in Norway.
_MORNING: Final = time(6, 30)
#: What is later than this stands on the page alone.
_LATEST: Final = timedelta(days=60)
_REMINDED: Final = frozenset({NetworkRole.COORDINATOR, NetworkRole.MEMBER})


@dataclass(frozen=True, slots=True)
class MailStanding:
    """Whether somebody is reminded, the day of the last letter, and how often one failed. The address is not here."""

    has_address: bool
    sent_on: date | None
    failing: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. ``waits`` are days with a title, which is empty where a neutral one is to stand."""

    mail_id: uuid.UUID
    message_id: str
    address: str = field(repr=False)
    language: str
    waits: tuple[tuple[date, str], ...] = field(repr=False)


def show_choice(runtime: SltRuntime, who: Coordinator) -> MailStanding:
    """Whether the person is reminded. Raises AccessDenied for who never is."""
    return perform(runtime, _show, who)


def choose(runtime: SltRuntime, who: Coordinator, address: str) -> None:
    """Remind the person at an address. Raises AccessDenied, and RuleBroken with reminder.address for what is none."""
    check_address(address)
    perform(runtime, _choose, who, address)


def stop(runtime: SltRuntime, who: Coordinator) -> None:
    """Forget the person's address and what waits for it. Raises AccessDenied."""
    perform(runtime, _stop, who)


def plan_letters(runtime: SltRuntime, host: str) -> int:
    """Put today's letters in the outbox, under message ids of a host, and return how many. Again adds none.

    One that waits is not joined by another, and is taken away when nothing waits for the person any more.
    """
    return perform(runtime, _plan, host)


def letters(runtime: SltRuntime) -> tuple[Letter, ...]:
    """What is to be sent now, oldest first, at most ``BATCH``."""
    return perform(runtime, _letters)


def mark_sent(runtime: SltRuntime, mail_id: uuid.UUID) -> None:
    """Mark that the server has taken a letter. A second time changes nothing."""
    perform(runtime, _sent, mail_id)


def mark_failed(runtime: SltRuntime, mail_id: uuid.UUID, fault: str) -> None:
    """Have a letter tried again, later each time; it is never given up."""
    perform(runtime, _failed, mail_id, fault)


def _show(context: Context, who: Coordinator) -> MailStanding:
    _only_reminded(who)
    own = YearMailRow.account_id == who.account_id
    rows = context.session.scalars(select(YearMailRow).where(own)).all()
    sent = [norwegian_date(one.sent_at) for one in rows if one.sent_at is not None]
    return MailStanding(
        has_address=context.session.get(YearMailChoiceRow, who.account_id) is not None,
        sent_on=max(sent, default=None),
        failing=max((one.attempts for one in rows if one.open_slot), default=0),
    )


def _choose(context: Context, who: Coordinator, address: str) -> None:
    _only_reminded(who)
    sealed = context.box.seal(address.encode(), account_id=who.account_id, purpose=E_MAIL)
    row = context.session.get(YearMailChoiceRow, who.account_id, with_for_update=True)
    if row is None:
        row = YearMailChoiceRow(account_id=who.account_id, created_at=context.at)
        context.session.add(row)
    row.address_sealed = sealed
    context.record(Happening.MAIL_CHOSEN, account_id=who.account_id)


def _stop(context: Context, who: Coordinator) -> None:
    _only_reminded(who)
    row = context.session.get(YearMailChoiceRow, who.account_id, with_for_update=True)
    if row is None:
        return
    context.session.delete(row)
    own = (YearMailRow.account_id == who.account_id) & (YearMailRow.open_slot == 1)
    for mail in context.session.scalars(select(YearMailRow).where(own)):
        mail.state, mail.open_slot = "moot", None
    context.record(Happening.MAIL_STOPPED, account_id=who.account_id)


def _only_reminded(who: Coordinator) -> None:
    if who.role not in _REMINDED:
        raise AccessDenied("role.reads", account_id=who.account_id)


def _plan(context: Context, host: str) -> int:
    today = norwegian_date(context.at)
    old = YearMailRow.open_slot.is_(None) & (YearMailRow.day < today - KEPT)
    context.session.execute(delete(YearMailRow).where(old))
    if context.at.astimezone(NORWAY).time() < _MORNING:
        return 0
    # Held until the commit: whoever plans at the same time waits here, and finds what was planned.
    rows = context.session.execute(
        select(SltAccount, YearMailChoiceRow)
        .join(YearMailChoiceRow, YearMailChoiceRow.account_id == SltAccount.id)
        .where(SltAccount.active)
        .order_by(SltAccount.id)
        .with_for_update()
    ).all()
    return sum(_plan_for(context, account, today, host) for account, _ in rows)


def _plan_for(context: Context, account: SltAccount, today: date, host: str) -> int:
    told = [one.told_from for one in _waiting(context, account) if one.told_from is not None]
    own = YearMailRow.account_id == account.id
    mails = context.session.scalars(select(YearMailRow).where(own)).all()
    waits = next((one for one in mails if one.open_slot), None)
    if waits is not None:
        if not told:
            waits.state, waits.open_slot = "moot", None
        return 0
    days = [one.day for one in mails]
    days += [norwegian_date(one.sent_at) for one in mails if one.sent_at is not None]
    if not is_told(told, today=today, last_on=max(days, default=None)):
        return 0
    context.session.add(
        YearMailRow(
            account_id=account.id,
            day=today,
            state="waiting",
            open_slot=1,
            message_id=f"<{uuid.uuid4()}@{host}>",
            attempts=0,
            due_at=context.at,
            fault="",
        )
    )
    return 1


def _waiting(context: Context, account: SltAccount) -> tuple[YearLine, ...]:
    """What waits for somebody: everything for the coordinator, what is given to the own functions for a member."""
    if account.role not in _REMINDED:
        return ()
    today = norwegian_date(context.at)
    lines = (
        line
        for year in (today.year - 1, today.year, today.year + 1)
        for line in task_lines(context, account.municipality_number, year)
        if line.standing in {Standing.LATE, Standing.NOW} and line.due >= today - _LATEST
    )
    if account.role == NetworkRole.COORDINATOR:
        return tuple(lines)
    own = BodySeatRow.account_id == account.id
    seats = context.session.scalars(select(BodySeatRow.function).where(own))
    functions = {one.casefold() for one in seats}
    return tuple(line for line in lines if line.responsible.casefold() in functions)


def _letters(context: Context) -> tuple[Letter, ...]:
    rows = context.session.execute(
        select(YearMailRow, YearMailChoiceRow, SltAccount)
        .join(YearMailChoiceRow, YearMailChoiceRow.account_id == YearMailRow.account_id)
        .join(SltAccount, SltAccount.id == YearMailRow.account_id)
        .where(YearMailRow.open_slot == 1, YearMailRow.due_at <= context.at, SltAccount.active)
        .order_by(YearMailRow.due_at, YearMailRow.id)
        .limit(BATCH)
    ).all()
    return tuple(
        Letter(
            mail_id=mail.id,
            message_id=mail.message_id,
            address=context.box.open(
                choice.address_sealed, account_id=account.id, purpose=E_MAIL
            ).decode(),
            language=account.language,
            waits=tuple((one.due, title_outside(one)) for one in waits),
        )
        for mail, choice, account in rows
        if (waits := _waiting(context, account))
    )


def _sent(context: Context, mail_id: uuid.UUID) -> None:
    row = _open(context, mail_id)
    if row is not None:
        row.state, row.open_slot, row.fault = "sent", None, ""
        row.sent_at = context.at
        row.attempts += 1


def _failed(context: Context, mail_id: uuid.UUID, fault: str) -> None:
    row = _open(context, mail_id)
    if row is not None:
        row.attempts += 1
        row.due_at = context.at + pause_after(row.attempts)
        row.fault = fault[:60]


def _open(context: Context, mail_id: uuid.UUID) -> YearMailRow | None:
    asked = select(YearMailRow).where(YearMailRow.id == mail_id, YearMailRow.open_slot == 1)
    return context.session.scalar(asked.with_for_update())
