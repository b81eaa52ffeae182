"""The year as a calendar at a secret address, which anybody who has the address reads without signing in.

So it holds little: titles of tasks that name nobody, and that a meeting is held. Only a digest of the secret is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.identity.tokens import new_token, token_digest
from bti.slt.body import BodyKind
from bti.slt.models import SltAccount
from bti.slt.perform import Context, Happening, perform
from bti.slt.plan_names import persons_in
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator
from bti.slt.year_models import YearFeedRow
from bti.slt.year_stored import YearLine, meeting_lines, task_lines

#: This year and the next.
_YEARS: Final = 2


@dataclass(frozen=True, slots=True)
class FeedStanding:
    """A person's address: since when, how often it was read, and when last. The address itself is not here."""

    created_at: datetime
    reads: int
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One day of the calendar. ``title`` is empty where a neutral one is to stand; ``body_kind`` is of a meeting."""

    uid: str
    day: date
    title: str
    body_kind: BodyKind | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Feed:
    """What is read at an address."""

    municipality: str
    language: str
    at: datetime
    entries: tuple[FeedEntry, ...] = field(repr=False)


def show_feed(runtime: SltRuntime, who: Coordinator) -> FeedStanding | None:
    """How the person's own address stands; None without one."""
    return perform(runtime, _show, who)


def make_feed(runtime: SltRuntime, who: Coordinator) -> str:
    """Make an address for the person and return its secret, which is never told again. One there was ends."""
    return perform(runtime, _make, who)


def end_feed(runtime: SltRuntime, who: Coordinator) -> bool:
    """End the person's address, and say whether there was one."""
    return perform(runtime, _end, who)


def read_feed(runtime: SltRuntime, secret: str) -> Feed | None:
    """What stands at an address. None for a wrong secret, one that has ended, and one of an account that is shut."""
    return perform(runtime, _read, secret)


def _show(context: Context, who: Coordinator) -> FeedStanding | None:
    row = _open(context, who)
    return None if row is None else FeedStanding(row.created_at, row.reads, row.last_read_at)


def _make(context: Context, who: Coordinator) -> str:
    # Held until the commit, so that of two who press at once the second ends the first.
    own = select(SltAccount.id).where(SltAccount.id == who.account_id)
    context.session.execute(own.with_for_update())
    _end(context, who)
    token = new_token()
    context.session.add(
        YearFeedRow(
            account_id=who.account_id, token_digest=token.digest, created_at=context.at, reads=0
        )
    )
    context.record(Happening.FEED_MADE, account_id=who.account_id)
    return token.text


def _end(context: Context, who: Coordinator) -> bool:
    row = _open(context, who)
    if row is None:
        return False
    row.ended_at = context.at
    context.record(Happening.FEED_ENDED, account_id=who.account_id)
    return True


def _open(context: Context, who: Coordinator) -> YearFeedRow | None:
    own = (YearFeedRow.account_id == who.account_id) & YearFeedRow.ended_at.is_(None)
    return context.session.scalar(select(YearFeedRow).where(own).with_for_update())


def _read(context: Context, secret: str) -> Feed | None:
    row = context.session.scalar(
        select(YearFeedRow)
        .where(YearFeedRow.token_digest == token_digest(secret), YearFeedRow.ended_at.is_(None))
        .with_for_update()
    )
    if row is None:
        return None
    account = context.session.get_one(SltAccount, row.account_id)
    if not account.active:
        return None
    row.reads += 1
    row.last_read_at = context.at
    who = Coordinator(
        account_id=account.id,
        session_id=row.id,
        name=account.display_name,
        municipality_number=account.municipality_number,
        municipality_name=account.municipality_name,
        language=account.language,
        role=NetworkRole(account.role),
    )
    first = norwegian_date(context.at).year
    lines = (
        line
        for year in range(first, first + _YEARS)
        for line in (
            *task_lines(context, who.municipality_number, year),
            *meeting_lines(context, who, year),
        )
    )
    entries = tuple(_entry(one) for one in lines if one.month and not one.private)
    return Feed(account.municipality_name, account.language, context.at, entries)


def _entry(line: YearLine) -> FeedEntry:
    """A meeting has one day, whichever it is moved to; a task one in each month of a year."""
    if line.body_kind is not None:
        return FeedEntry(str(line.id), line.due, "", line.body_kind, 0)
    return FeedEntry(
        uid=f"{line.id}-{line.due.year}-{line.month:02}",
        day=line.due,
        title=title_outside(line),
        body_kind=None,
        sequence=line.version - 1,
    )


def title_outside(line: YearLine) -> str:
    """The title of a task as it may leave this side: empty where it may name somebody, also with a reason."""
    named = line.kept_because or persons_in((line.title,))
    return "" if named else line.title
