"""What happens to indicators: a file is brought in, corrected by a new one, or ended. Nothing is written over.

Each call is one transaction, and each version says who, when and why: the versions are the history.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import func, select

from bti.clock import norwegian_date
from bti.slt.indicator import SHORT, IndicatorFile, is_formula, is_line
from bti.slt.indicator_file import About, read_file
from bti.slt.indicator_models import IndicatorFileRow, IndicatorReadingRow
from bti.slt.models import REASON_LENGTH, SltAccount
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_file import LANGUAGES
from bti.slt.plan_names import persons_in
from bti.slt.plan_rows import hundredths
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator

MOST_FILES: Final = 200
_WEB: Final = ("https://", "http://")
_CODE_LENGTH: Final = 60
_SHORTEST_REASON: Final = 10


class IndicatorRefusedError(Exception):
    """Nothing was brought in, or ended.

    `code` is `indicator.` followed by `title`, `source`, `address` or `text` (missing, or not one line of at most 200 signs
    that is no formula), `correction` (a file with this title stands here with other numbers: say why), `names` (with
    the words in `found`: say why), `reason`, `full`, `over` or `municipality`.
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class BringIn:
    """A file as text, what is said of it, and why where it corrects one. An empty title or source is the file's own."""

    text: str
    about: About
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """The version that stands now. ``new`` is False where it stood already."""

    id: uuid.UUID
    title: str
    readings: int
    new: bool


def bring_in(runtime: SltRuntime, who: Coordinator, command: BringIn) -> BroughtIn:
    """Bring a file in; the same again changes nothing.

    Raises AccessDenied, IndicatorFileError and IndicatorRefusedError: nothing is brought in by halves.
    """
    return perform(runtime, _by_coordinator, who, command)


def import_indicators(runtime: SltRuntime, command: BringIn, number: str) -> BroughtIn:
    """As `bring_in`, for the municipality with a number, which must have a coordinator; an operator's act."""
    return perform(runtime, _by_operator, command, number)


def end_indicators(runtime: SltRuntime, who: Coordinator, file_id: uuid.UUID, reason: str) -> None:
    """Take a file out of use, with a reason; it stays in the history.

    Raises AccessDenied and IndicatorRefusedError.
    """
    perform(runtime, _end, who, file_id, reason)


def _by_coordinator(context: Context, who: Coordinator, command: BringIn) -> BroughtIn:
    only_coordinator(who)
    return _bring_in(context, command, who.municipality_number, who.account_id)


def _by_operator(context: Context, command: BringIn, number: str) -> BroughtIn:
    return _bring_in(context, command, number, None)


def _bring_in(
    context: Context, command: BringIn, number: str, account_id: uuid.UUID | None
) -> BroughtIn:
    found = read_file(command.text, number, today=norwegian_date(context.at))
    about = _checked(command.about, found)
    _hold(context, number)
    versions = _versions(context, number, about.title)
    last = versions[-1] if versions else None
    if last is not None and last.ended_at is None and _same(last, about, found):
        return BroughtIn(last.id, about.title, len(found.readings), new=False)
    if last is None and _how_many(context, number) >= MOST_FILES:
        raise IndicatorRefusedError("indicator.full")
    row = IndicatorFileRow(
        id=uuid.uuid4(),
        municipality_number=number,
        version=len(versions) + 1,
        sha256=found.sha256,
        account_id=account_id,
        brought_in_at=context.at,
        reason=_reason(command.reason, about, found, corrects=last is not None),
        **_said(about),
    )
    context.session.add(row)
    context.session.flush()
    _add_readings(context, row.id, found)
    context.record(
        Happening.INDICATORS_BROUGHT_IN, account_id=account_id, code=about.title[:_CODE_LENGTH]
    )
    return BroughtIn(row.id, about.title, len(found.readings), new=True)


def _checked(about: About, found: IndicatorFile) -> About:
    whole = replace(
        about,
        title=about.title.strip() or found.title,
        source=about.source.strip() or found.source,
        compared_with=about.compared_with.strip() or found.compared_with,
    )
    for name in ("title", "source"):
        if not getattr(whole, name):
            raise IndicatorRefusedError(f"indicator.{name}")
    for text in (whole.title, whole.source, whole.terms, whole.compared_with):
        if not is_line(text, SHORT) or is_formula(text):
            raise IndicatorRefusedError("indicator.text")
    if whole.address and not (whole.address.startswith(_WEB) and is_line(whole.address, SHORT)):
        raise IndicatorRefusedError("indicator.address")
    if whole.language not in LANGUAGES:
        raise IndicatorRefusedError("indicator.text")
    return whole


def _said(about: About) -> dict[str, str]:
    return {name: getattr(about, name) for name in About.__slots__}


def _same(row: IndicatorFileRow, about: About, found: IndicatorFile) -> bool:
    stands = {name: getattr(row, name) for name in About.__slots__}
    return row.sha256 == found.sha256 and stands == _said(about)


def _reason(reason: str, about: About, found: IndicatorFile, *, corrects: bool) -> str:
    """Why it is brought in, where that must be said; empty where not."""
    texts = {text for one in found.readings for text in (one.name, one.population, one.note)}
    named = persons_in([*_said(about).values(), *sorted(texts)])
    if named and not reason.strip():
        raise IndicatorRefusedError("indicator.names", named)
    if not corrects and not named:
        return ""
    if not reason.strip():
        raise IndicatorRefusedError("indicator.correction")
    return _checked_reason(reason)


def _checked_reason(reason: str) -> str:
    text = reason.strip()
    if not _SHORTEST_REASON <= len(text) <= REASON_LENGTH or not text.isprintable():
        raise IndicatorRefusedError("indicator.reason")
    return text


def _hold(context: Context, number: str) -> None:
    """Wait for whoever else brings in for the same municipality, so that versions are counted once."""
    keeps = SltAccount.role == NetworkRole.COORDINATOR
    same = (SltAccount.municipality_number == number) & keeps
    first = select(SltAccount.id).where(same).order_by(SltAccount.id).limit(1)
    if context.session.scalar(first.with_for_update()) is None:
        raise IndicatorRefusedError("indicator.municipality")


def _versions(context: Context, number: str, title: str) -> Sequence[IndicatorFileRow]:
    same = (IndicatorFileRow.municipality_number == number) & (IndicatorFileRow.title == title)
    asked = select(IndicatorFileRow).where(same).order_by(IndicatorFileRow.version)
    return context.session.scalars(asked).all()


def _how_many(context: Context, number: str) -> int:
    of_number = IndicatorFileRow.municipality_number == number
    titles = select(func.count(IndicatorFileRow.title.distinct())).where(of_number)
    return context.session.scalar(titles) or 0


def _add_readings(context: Context, file_id: uuid.UUID, found: IndicatorFile) -> None:
    context.session.add_all(
        IndicatorReadingRow(
            file_id=file_id,
            position=position,
            code=one.code,
            name=one.name,
            measured_in=str(one.unit),
            population=one.population,
            period=one.period.text,
            value=hundredths(one.value.value),
            value_sign=one.value.sign,
            comparison=hundredths(one.comparison.value),
            comparison_sign=one.comparison.sign,
            base=one.base,
            note=one.note,
        )
        for position, one in enumerate(found.readings)
    )


def _end(context: Context, who: Coordinator, file_id: uuid.UUID, reason: str) -> None:
    only_coordinator(who)
    row = context.session.scalar(
        select(IndicatorFileRow).where(IndicatorFileRow.id == file_id).with_for_update()
    )
    if row is None or row.municipality_number != who.municipality_number:
        raise AccessDenied("indicator.unknown", account_id=who.account_id)
    last = _versions(context, row.municipality_number, row.title)[-1]
    if last.id != row.id or row.ended_at is not None:
        raise IndicatorRefusedError("indicator.over")
    row.ended_why = _checked_reason(reason)
    row.ended_at, row.ended_by = context.at, who.account_id
    context.record(
        Happening.INDICATORS_ENDED, account_id=who.account_id, code=row.title[:_CODE_LENGTH]
    )
