"""Releases on the network side: the receiving end of the one-way gate, and reading them.

Nothing here can ask the case side for more. What is published stays as it was published.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bti.clock import norwegian_date
from bti.disclosure.release import Release
from bti.disclosure.tables import HalfYear, ProtectedTable
from bti.slt.models import NAME_LENGTH, REASON_LENGTH, ReleaseRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

# Numbers about a period that is still in everyone's mind are easier to see through.
DELAY = timedelta(days=30)
_SHORTEST_REASON = 10


class PublishRefusedError(Exception):
    """A release was not taken in.

    `code` is `release.` followed by `too_early`, `frozen`, `unknown`, `reason`, `publisher`,
    `other_pattern` or `small_change`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReleaseDamagedError(Exception):
    """A stored release is not what was published."""


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One published half-year in the list."""

    period: str
    version: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release as readers see it."""

    id: uuid.UUID
    period: HalfYear
    version: int
    table: ProtectedTable
    method: tuple[str, ...]
    sha256: str
    published_at: datetime
    published_by: str
    correction_reason: str | None


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """What one page shows; `release` is None until something has been published."""

    municipality_name: str
    release: PublishedRelease | None
    periods: tuple[PeriodRow, ...]


def earliest_publication(period: HalfYear) -> date:
    """The first day a half-year may be published."""
    return period.last_day + DELAY


def publish_release(runtime: SltRuntime, release: Release, *, by: str) -> uuid.UUID:
    """Take in a release and return its id; sending the same one again changes nothing.

    `by` is the name of the person who decided. Raises PublishRefusedError, also for other numbers
    about a period that has been published: that needs `correct_release`.
    """
    try:
        return perform(runtime, _publish, release, by)
    except IntegrityError:
        # Another process published the same period at the same moment: now it can be seen.
        return perform(runtime, _publish, release, by)


def correct_release(runtime: SltRuntime, release: Release, *, by: str, reason: str) -> uuid.UUID:
    """Replace the standing release of a period by a new version; the old one is withdrawn.

    Readers may have kept the old one, so the two must not tell more together than apart: the same
    positions are hidden, and a number is unchanged or changed by the threshold at least. Raises
    PublishRefusedError.
    """
    return perform(runtime, _correct, release, by, reason)


def withdraw_release(runtime: SltRuntime, number: str, period: HalfYear, *, reason: str) -> None:
    """Take the standing release of a period away; raises PublishRefusedError if there is none."""
    perform(runtime, _withdraw, number, period, reason)


def show_release(
    runtime: SltRuntime, reader: Coordinator, period: str | None = None
) -> ReleasePage:
    """The latest release of the reader's municipality, or that of a period.

    The reading is recorded. Raises AccessDenied for a period that is not published, and
    ReleaseDamagedError if what is stored does not match its fingerprint.
    """
    return perform(runtime, _show, reader, period)


def _publish(context: Context, release: Release, by: str) -> uuid.UUID:
    _check_publisher(by)
    if norwegian_date(context.at) < earliest_publication(release.period):
        raise PublishRefusedError("release.too_early")
    earlier = context.session.scalars(
        select(ReleaseRow).where(
            ReleaseRow.municipality_number == release.municipality_number,
            ReleaseRow.period == str(release.period),
        )
    ).all()
    for row in earlier:
        if row.withdrawn_at is None and row.sha256 == release.sha256():
            return row.id
    if earlier:
        raise PublishRefusedError("release.frozen")
    row = _add(context, release, by=by, version=1, reason=None)
    context.record(Happening.RELEASE_PUBLISHED, release_id=row.id)
    return row.id


def _correct(context: Context, release: Release, by: str, reason: str) -> uuid.UUID:
    _check_publisher(by)
    reason = _checked_reason(reason)
    standing = _standing(context, release.municipality_number, str(release.period))
    if standing is None:
        raise PublishRefusedError("release.unknown")
    if standing.sha256 == release.sha256():
        raise PublishRefusedError("release.frozen")
    _check_together(_reopened(standing).table, release.table)
    standing.withdrawn_at, standing.withdrawal_reason = context.at, reason
    # Flushed alone: only one release of a period may stand at any moment.
    context.session.flush()
    row = _add(context, release, by=by, version=standing.version + 1, reason=reason)
    context.record(Happening.RELEASE_CORRECTED, release_id=row.id)
    return row.id


def _check_together(old: ProtectedTable, new: ProtectedTable) -> None:
    described = (old.rows, old.columns, old.structural, old.threshold, old.hidden())
    if described != (new.rows, new.columns, new.structural, new.threshold, new.hidden()):
        raise PublishRefusedError("release.other_pattern")
    for spot in old.shape.positions():
        before, after = old.value(spot), new.value(spot)
        if before is not None and after is not None and 0 < abs(after - before) < new.threshold:
            raise PublishRefusedError("release.small_change")


def _withdraw(context: Context, number: str, period: HalfYear, reason: str) -> None:
    reason = _checked_reason(reason)
    standing = _standing(context, number, str(period))
    if standing is None:
        raise PublishRefusedError("release.unknown")
    standing.withdrawn_at, standing.withdrawal_reason = context.at, reason
    context.record(Happening.RELEASE_WITHDRAWN, release_id=standing.id)


def _add(
    context: Context, release: Release, *, by: str, version: int, reason: str | None
) -> ReleaseRow:
    row = ReleaseRow(
        id=uuid.uuid4(),
        municipality_number=release.municipality_number,
        municipality_name=release.municipality_name,
        period=str(release.period),
        version=version,
        table_json=release.canonical_json(),
        sha256=release.sha256(),
        method_codes=" ".join(release.method),
        published_at=context.at,
        published_by=by.strip(),
        correction_reason=reason,
    )
    context.session.add(row)
    return row


def _show(context: Context, reader: Coordinator, period: str | None) -> ReleasePage:
    rows = context.session.scalars(
        select(ReleaseRow)
        .where(
            ReleaseRow.municipality_number == reader.municipality_number,
            ReleaseRow.withdrawn_at.is_(None),
        )
        .order_by(ReleaseRow.period.desc())
    ).all()
    chosen = _chosen(rows, period, reader)
    if chosen is not None:
        context.record(Happening.RELEASE_READ, account_id=reader.account_id, release_id=chosen.id)
    return ReleasePage(
        municipality_name=reader.municipality_name,
        release=None if chosen is None else _published(chosen),
        periods=tuple(PeriodRow(row.period, row.version, row.published_at) for row in rows),
    )


def _chosen(
    rows: Sequence[ReleaseRow], period: str | None, reader: Coordinator
) -> ReleaseRow | None:
    if period is None:
        return rows[0] if rows else None
    for row in rows:
        if row.period == period:
            return row
    raise AccessDenied("release.unknown", account_id=reader.account_id)


def _standing(context: Context, number: str, period: str) -> ReleaseRow | None:
    return context.session.scalar(
        select(ReleaseRow)
        .where(
            ReleaseRow.municipality_number == number,
            ReleaseRow.period == period,
            ReleaseRow.withdrawn_at.is_(None),
        )
        .with_for_update()
    )


def _reopened(row: ReleaseRow) -> Release:
    release = Release.reopen(row.table_json)
    described = (release.sha256(), release.municipality_number, str(release.period))
    if described != (row.sha256, row.municipality_number, row.period):
        raise ReleaseDamagedError(f"{row.municipality_number} {row.period} version {row.version}")
    return release


def _published(row: ReleaseRow) -> PublishedRelease:
    release = _reopened(row)
    return PublishedRelease(
        id=row.id,
        period=release.period,
        version=row.version,
        table=release.table,
        method=release.method,
        sha256=row.sha256,
        published_at=row.published_at,
        published_by=row.published_by,
        correction_reason=row.correction_reason,
    )


def _check_publisher(by: str) -> None:
    if not by.strip() or len(by) > NAME_LENGTH or not by.isprintable():
        raise PublishRefusedError("release.publisher")


def _checked_reason(reason: str) -> str:
    text = reason.strip()
    if not _SHORTEST_REASON <= len(text) <= REASON_LENGTH or not text.isprintable():
        raise PublishRefusedError("release.reason")
    return text
