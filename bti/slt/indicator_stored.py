"""Indicators as they stand in the database, for those who may read them. Nothing is decided here but that."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from bti.slt.body_stored import names_of
from bti.slt.indicator import Figure, IndicatorReading, Period, code_of
from bti.slt.indicator_file import About
from bti.slt.indicator_models import IndicatorFileRow, IndicatorReadingRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan import Unit
from bti.slt.plan_rows import of_hundredths
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One version of a file: what is said of it, who brought it in, and how it ended. ``stands`` if it is in use."""

    id: uuid.UUID
    about: About
    version: int
    sha256: str
    account_id: uuid.UUID | None
    brought_in_at: datetime
    reason: str
    ended_at: datetime | None
    ended_by: uuid.UUID | None
    ended_why: str
    stands: bool


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A number with the file it is from."""

    file: StoredFile
    reading: IndicatorReading


@dataclass(frozen=True, slots=True)
class Indicators:
    """Every number in use, and the files it is from, newest first."""

    files: tuple[StoredFile, ...]
    readings: tuple[StoredReading, ...]


@dataclass(frozen=True, slots=True)
class FilePage:
    """A file with its numbers and every version of it, newest first, and the names behind the accounts."""

    file: StoredFile
    readings: tuple[IndicatorReading, ...]
    versions: tuple[StoredFile, ...]
    names: dict[uuid.UUID, str]


def show_indicators(runtime: SltRuntime, who: Coordinator) -> Indicators:
    """What is in use for the person's municipality. The reading is recorded. Raises AccessDenied."""
    return perform(runtime, _show, who, None)


def show_indicator(runtime: SltRuntime, who: Coordinator, code: str) -> Indicators:
    """As `show_indicators`, of one indicator. Raises AccessDenied for a code that is not there."""
    return perform(runtime, _show, who, code)


def show_file(runtime: SltRuntime, who: Coordinator, file_id: uuid.UUID) -> FilePage:
    """One version of a file, also one that is not in use. The reading is recorded. Raises AccessDenied."""
    return perform(runtime, _show_file, who, file_id)


def _show(context: Context, who: Coordinator, code: str | None) -> Indicators:
    only_council(who)
    if code is not None and code_of(code) is None:
        # PostgreSQL would not even be asked: it takes no text with a NUL in it.
        raise AccessDenied("indicator.unknown", account_id=who.account_id)
    files = _files(context, who)
    standing = {one.id: one for one in files if one.stands}
    asked = select(IndicatorReadingRow).where(IndicatorReadingRow.file_id.in_(standing))
    if code is not None:
        asked = asked.where(IndicatorReadingRow.code == code)
    rows = context.session.scalars(asked.order_by(IndicatorReadingRow.position)).all()
    if code is not None and not rows:
        raise AccessDenied("indicator.unknown", account_id=who.account_id)
    context.record(Happening.INDICATORS_READ, account_id=who.account_id, code=code)
    found = {one: [row for row in rows if row.file_id == one] for one in standing}
    return Indicators(
        files=tuple(standing.values()),
        readings=tuple(
            StoredReading(standing[file_id], _reading(row))
            for file_id, of_file in found.items()
            for row in of_file
        ),
    )


def _show_file(context: Context, who: Coordinator, file_id: uuid.UUID) -> FilePage:
    only_council(who)
    files = _files(context, who)
    chosen = next((one for one in files if one.id == file_id), None)
    if chosen is None:
        raise AccessDenied("indicator.unknown", account_id=who.account_id)
    rows = context.session.scalars(
        select(IndicatorReadingRow)
        .where(IndicatorReadingRow.file_id == file_id)
        .order_by(IndicatorReadingRow.position)
    )
    context.record(Happening.INDICATORS_READ, account_id=who.account_id)
    return FilePage(
        file=chosen,
        readings=tuple(_reading(row) for row in rows),
        versions=tuple(one for one in files if one.about.title == chosen.about.title),
        names=names_of(context, who),
    )


def only_council(who: Coordinator) -> None:
    """Raise AccessDenied for a member of bodies, who reads no numbers."""
    if who.role is NetworkRole.MEMBER:
        raise AccessDenied("role.reads", account_id=who.account_id)


def _files(context: Context, who: Coordinator) -> tuple[StoredFile, ...]:
    """Every version of every file, newest first."""
    same = IndicatorFileRow.municipality_number == who.municipality_number
    order = (IndicatorFileRow.brought_in_at.desc(), IndicatorFileRow.version.desc())
    rows = context.session.scalars(
        select(IndicatorFileRow).where(same).order_by(*order, IndicatorFileRow.title)
    ).all()
    return tuple(_file(row, rows) for row in rows)


def _file(row: IndicatorFileRow, rows: Sequence[IndicatorFileRow]) -> StoredFile:
    last = max(one.version for one in rows if one.title == row.title)
    return StoredFile(
        id=row.id,
        about=About(**{name: getattr(row, name) for name in About.__slots__}),
        version=row.version,
        sha256=row.sha256,
        account_id=row.account_id,
        brought_in_at=row.brought_in_at,
        reason=row.reason,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        ended_why=row.ended_why or "",
        stands=row.version == last and row.ended_at is None,
    )


def _reading(row: IndicatorReadingRow) -> IndicatorReading:
    # It had begun when it was brought in.
    period = Period.parse(row.period, date.max)
    if period is None:
        raise ValueError("a stored period is none")
    return IndicatorReading(
        code=row.code,
        name=row.name,
        unit=Unit(row.measured_in),
        population=row.population,
        period=period,
        value=Figure(of_hundredths(row.value), row.value_sign),
        comparison=Figure(of_hundredths(row.comparison), row.comparison_sign),
        base=row.base,
        note=row.note,
    )
