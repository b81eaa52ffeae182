"""Releases on the network side: the receiving end of the one-way gate, and reading them.

Nothing here can ask the case side for more. What is published stays as it was published.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bti.clock import norwegian_date
from bti.disclosure.release import (
    SIGNED_AS,
    Release,
    ReleaseError,
    Signed,
    checked_reason,
)
from bti.disclosure.tables import HalfYear
from bti.slt.models import NAME_LENGTH, ReleaseRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

# Numbers about a period that is still in everyone's mind are easier to see through.
DELAY = timedelta(days=30)
# Whoever publishes for a municipality waits for the others: "releases" and its number.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('releases ' || :number))"


class PublishRefusedError(Exception):
    """A release was not taken in, or not taken away.

    `code` is `release.` followed by `too_early`, `frozen` (other numbers stand, or the version is not
    the next), `not_seen` (something was published after this was prepared), `signature`, `signer`
    (another key than before), `unknown`, `reason` or `publisher`.
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
    release: Release
    sha256: str
    signer: str
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


def publish_release(runtime: SltRuntime, signed: Signed, *, by: str) -> uuid.UUID:
    """Take in a release and return its id; sending the same one again changes nothing.

    `by` is the name of the person who decided. A new version withdraws the one before, with the
    reason it carries. Raises PublishRefusedError: nothing is taken in that was not proven together
    with everything that is here, so whoever publishes between preparing and publishing comes first.
    """
    try:
        return perform(runtime, _publish, signed, by)
    except IntegrityError:
        # Another process published the same period at the same moment: now it can be seen.
        return perform(runtime, _publish, signed, by)


def withdraw_release(
    runtime: SltRuntime, number: str, period: HalfYear, *, reason: str, sha256: str
) -> uuid.UUID:
    """Take away the standing release of a period if it is this one; asked again it changes nothing.

    Raises PublishRefusedError if another or none stands. It stays in the database with the reason, since readers may have kept it.
    """
    return perform(runtime, _withdraw, number, period, reason, sha256)


def published_releases(runtime: SltRuntime, number: str) -> tuple[Release, ...]:
    """Everything ever published of a municipality, withdrawn versions too, oldest first.

    Raises ReleaseDamagedError if one is not what was signed.
    """
    return perform(runtime, _published_all, number)


def standing_release(runtime: SltRuntime, number: str, period: HalfYear) -> Release | None:
    """What readers see of a half-year. Raises ReleaseDamagedError."""
    return perform(runtime, _standing_release, number, period)


def show_release(
    runtime: SltRuntime, reader: Coordinator, period: str | None = None
) -> ReleasePage:
    """The latest release of the reader's municipality, or that of a period.

    The reading is recorded. Raises AccessDenied for a period that is not published, and
    ReleaseDamagedError if what is stored is not what was signed.
    """
    return perform(runtime, _show, reader, period)


def show_releases(runtime: SltRuntime, reader: Coordinator) -> tuple[PublishedRelease, ...]:
    """Return what stands of each half-year of the reader's municipality, the oldest first.

    Each reading is recorded. Raises ReleaseDamagedError if one is not what was signed.
    """
    return perform(runtime, _show_all, reader)


def _publish(context: Context, signed: Signed, by: str) -> uuid.UUID:
    _check_publisher(by)
    try:
        release = Release.reopen(signed.text)
    except ReleaseError:
        raise PublishRefusedError("release.unknown") from None
    if not _is_signed(signed):
        raise PublishRefusedError("release.signature")
    if norwegian_date(context.at) < earliest_publication(release.period):
        raise PublishRefusedError("release.too_early")
    number = release.edition.municipality_number
    if context.session.get_bind().dialect.name == "postgresql":
        context.session.execute(text(_LOCK), {"number": number})
    earlier = _all_of(context, number)
    for row in earlier:
        if row.withdrawn_at is None and row.sha256 == release.sha256():
            return row.id
    _check_next(release, signed, earlier)
    for row in earlier:
        if row.period == str(release.period) and row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawal_reason = context.at, release.edition.reason
            context.record(Happening.RELEASE_WITHDRAWN, release_id=row.id)
    # The old one first: only one release of a period may stand at any moment.
    context.session.flush()
    made = _add(context, release, signed, by=by)
    first = release.edition.version == 1
    context.record(
        Happening.RELEASE_PUBLISHED if first else Happening.RELEASE_CORRECTED, release_id=made.id
    )
    return made.id


def _check_next(release: Release, signed: Signed, earlier: Sequence[ReleaseRow]) -> None:
    if any(row.signer != signed.signer for row in earlier):
        raise PublishRefusedError("release.signer")
    versions = [row.version for row in earlier if row.period == str(release.period)]
    if release.edition.version != max(versions, default=0) + 1:
        raise PublishRefusedError("release.frozen")
    if release.edition.known != tuple(sorted(row.sha256 for row in earlier)):
        raise PublishRefusedError("release.not_seen")


def _withdraw(
    context: Context, number: str, period: HalfYear, reason: str, sha256: str
) -> uuid.UUID:
    try:
        reason = checked_reason(reason)
    except ReleaseError:
        raise PublishRefusedError("release.reason") from None
    for row in _all_of(context, number):
        # A transaction of the other side that lost a race asks a second time.
        if row.sha256 == sha256 and row.withdrawn_at is not None:
            return row.id
    standing = _standing(context, number, str(period))
    if standing is None or standing.sha256 != sha256:
        raise PublishRefusedError("release.unknown")
    standing.withdrawn_at, standing.withdrawal_reason = context.at, reason
    context.record(Happening.RELEASE_WITHDRAWN, release_id=standing.id)
    return standing.id


def _published_all(context: Context, number: str) -> tuple[Release, ...]:
    rows = _all_of(context, number)
    return tuple(_reopened(row, rows[0].signer) for row in rows)


def _standing_release(context: Context, number: str, period: HalfYear) -> Release | None:
    row = _standing(context, number, str(period))
    return None if row is None else _reopened(row, row.signer)


def _all_of(context: Context, number: str) -> Sequence[ReleaseRow]:
    return context.session.scalars(
        select(ReleaseRow)
        .where(ReleaseRow.municipality_number == number)
        .order_by(ReleaseRow.published_at, ReleaseRow.period, ReleaseRow.version)
    ).all()


def _add(context: Context, release: Release, signed: Signed, *, by: str) -> ReleaseRow:
    edition = release.edition
    row = ReleaseRow(
        id=uuid.uuid4(),
        municipality_number=edition.municipality_number,
        municipality_name=edition.municipality_name,
        period=str(release.period),
        version=edition.version,
        table_json=signed.text,
        sha256=release.sha256(),
        method_codes=str(release.content["method"]),
        signer=signed.signer,
        signature=signed.signature,
        published_at=context.at,
        published_by=by.strip(),
        correction_reason=edition.reason,
    )
    context.session.add(row)
    return row


def _show(context: Context, reader: Coordinator, period: str | None) -> ReleasePage:
    number = reader.municipality_number
    rows = context.session.scalars(
        select(ReleaseRow)
        .where(
            ReleaseRow.municipality_number == number,
            ReleaseRow.withdrawn_at.is_(None),
        )
        .order_by(ReleaseRow.period.desc())
    ).all()
    chosen = _chosen(rows, period, reader)
    if chosen is not None:
        context.record(Happening.RELEASE_READ, account_id=reader.account_id, release_id=chosen.id)
    return ReleasePage(
        municipality_name=reader.municipality_name,
        release=None if chosen is None else _published(chosen, _all_of(context, number)[0].signer),
        periods=tuple(PeriodRow(row.period, row.version, row.published_at) for row in rows),
    )


def _show_all(context: Context, reader: Coordinator) -> tuple[PublishedRelease, ...]:
    found = standing_of(context, reader)
    for one in found:
        context.record(Happening.RELEASE_READ, account_id=reader.account_id, release_id=one.id)
    return found


def standing_of(context: Context, reader: Coordinator) -> tuple[PublishedRelease, ...]:
    """As ``show_releases``, within a transaction; whoever asks enters what is read."""
    return standing_releases(context, reader.municipality_number)


def standing_releases(context: Context, number: str) -> tuple[PublishedRelease, ...]:
    """What stands of each half-year of a municipality, the oldest first. Whether it may be read is for the caller.

    Raises ReleaseDamagedError.
    """
    rows = _all_of(context, number)
    standing = sorted((row for row in rows if row.withdrawn_at is None), key=lambda row: row.period)
    return tuple(_published(row, rows[0].signer) for row in standing)


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


def _reopened(row: ReleaseRow, signer: str) -> Release:
    where = f"{row.municipality_number} {row.period} version {row.version}"
    try:
        release = Release.reopen(row.table_json)
    except ReleaseError as fault:
        raise ReleaseDamagedError(where) from fault
    edition = release.edition
    described = (
        release.sha256(),
        edition.municipality_number,
        str(release.period),
        edition.version,
        edition.reason,
    )
    stored = (row.sha256, row.municipality_number, row.period, row.version, row.correction_reason)
    signed = Signed(row.table_json, row.signer, row.signature)
    if described != stored or row.signer != signer or not _is_signed(signed):
        raise ReleaseDamagedError(where)
    return release


def _is_signed(signed: Signed) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.signer))
        key.verify(bytes.fromhex(signed.signature), SIGNED_AS + signed.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _published(row: ReleaseRow, signer: str) -> PublishedRelease:
    release = _reopened(row, signer)
    return PublishedRelease(
        id=row.id,
        period=release.period,
        version=row.version,
        release=release,
        sha256=row.sha256,
        signer=row.signer,
        published_at=row.published_at,
        published_by=row.published_by,
        correction_reason=row.correction_reason,
    )


def _check_publisher(by: str) -> None:
    if not by.strip() or len(by) > NAME_LENGTH or not by.isprintable():
        raise PublishRefusedError("release.publisher")
