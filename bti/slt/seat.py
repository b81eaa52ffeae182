"""Accounts that are ended, and seats: by which function somebody sits in a body. An operator's acts, entered in the log.

A seat is the one tie between a person and a function on this side. It ends with a command or with the account.
"""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select, update

from bti.slt.account import known_as
from bti.slt.body_models import BodyRow, BodySeatRow
from bti.slt.body_stored import body_of
from bti.slt.meeting import functions_of
from bti.slt.models import SltAccount, SltSession
from bti.slt.perform import Context, Happening, perform
from bti.slt.region_models import ReleaseGrantRow
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.year_mail_models import YearMailChoiceRow, YearMailRow
from bti.slt.year_models import YearFeedRow


class SeatRefusedError(Exception):
    """Nothing was done.

    `code` is `seat.` followed by `account` (no such account in use), `role` (not a body member's), `body` (the municipality
    has no body with that code) or `function` (nobody sits there by that function).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def give_seat(runtime: SltRuntime, username: str, body: str, function: str) -> None:
    """Let a member sit in the body with a code, by a function or a deputy's; one seat in each body.

    Raises SeatRefusedError.
    """
    perform(runtime, _give, username, body, function)


def end_seat(runtime: SltRuntime, username: str, body: str) -> None:
    """End a member's seat in the body with a code. Raises SeatRefusedError."""
    perform(runtime, _end, username, body)


def end_account(runtime: SltRuntime, username: str) -> None:
    """Shut an account for good, end its sessions, its seats and what it reads of others. Raises SeatRefusedError."""
    perform(runtime, _end_account, username)


def _give(context: Context, username: str, code: str, function: str) -> None:
    account = _account(context, username)
    if account.role != NetworkRole.MEMBER:
        raise SeatRefusedError("seat.role")
    body = _body(context, account, code)
    known = {one.casefold(): one for one in functions_of(body_of(body))}
    if function.strip().casefold() not in known:
        raise SeatRefusedError("seat.function")
    _take(context, account.id, body.id)
    context.session.add(
        BodySeatRow(
            account_id=account.id,
            body_id=body.id,
            function=known[function.strip().casefold()],
            created_at=context.at,
        )
    )
    context.record(Happening.SEAT_GIVEN, account_id=account.id, code=code)


def _end(context: Context, username: str, code: str) -> None:
    account = _account(context, username)
    _take(context, account.id, _body(context, account, code).id)
    context.record(Happening.SEAT_ENDED, account_id=account.id, code=code)


def _end_account(context: Context, username: str) -> None:
    account = _account(context, username)
    account.active = False
    context.session.execute(
        update(SltSession)
        .where(SltSession.account_id == account.id, SltSession.revoked_at.is_(None))
        .values(revoked_at=context.at)
    )
    context.session.execute(delete(BodySeatRow).where(BodySeatRow.account_id == account.id))
    _forget_letters(context, account.id)
    context.session.execute(
        update(ReleaseGrantRow)
        .where(ReleaseGrantRow.account_id == account.id, ReleaseGrantRow.ended_at.is_(None))
        .values(ended_at=context.at, ended_why="The account was ended.")
    )
    context.record(Happening.ACCOUNT_ENDED, account_id=account.id)


def _forget_letters(context: Context, account_id: uuid.UUID) -> None:
    """Nobody else can: the address of e-mail goes, and what waits or is read at a secret address ends."""
    session = context.session
    session.execute(delete(YearMailChoiceRow).where(YearMailChoiceRow.account_id == account_id))
    waits = (YearMailRow.account_id == account_id) & (YearMailRow.open_slot == 1)
    session.execute(update(YearMailRow).where(waits).values(state="moot", open_slot=None))
    read = (YearFeedRow.account_id == account_id) & YearFeedRow.ended_at.is_(None)
    session.execute(update(YearFeedRow).where(read).values(ended_at=context.at))


def _take(context: Context, account_id: uuid.UUID, body_id: uuid.UUID) -> None:
    seat = (BodySeatRow.account_id == account_id) & (BodySeatRow.body_id == body_id)
    context.session.execute(delete(BodySeatRow).where(seat))


def _account(context: Context, username: str) -> SltAccount:
    # Held until the commit, so that an account that is being ended gets no seat.
    named = select(SltAccount).where(SltAccount.username == known_as(username), SltAccount.active)
    account = context.session.scalar(named.with_for_update())
    if account is None:
        raise SeatRefusedError("seat.account")
    return account


def _body(context: Context, account: SltAccount, code: str) -> BodyRow:
    own = BodyRow.municipality_number == account.municipality_number
    body = context.session.scalar(select(BodyRow).where(own, BodyRow.code == code))
    if body is None:
        raise SeatRefusedError("seat.body")
    return body
