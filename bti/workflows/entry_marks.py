"""Marks beside entries, put in force as entries are read: the one place where that is done.

The key broker releases a compartment, which holds more than one entry. So a mark is kept here, in the
process that draws the page, and not by a key (ADR 0048).
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.db.models import Consent
from bti.domain.compartments import parse
from bti.domain.own_secrets import Mark, opens_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context

#: ``case_file.Kind`` builds on this module, so kinds are compared by their codes.
_MARK: Final = "mark"
_CORRECTION: Final = "correction"
_EVALUATION: Final = "evaluation"
_MEASURE: Final = "measure"
_GOAL_EVALUATION: Final = "goal_evaluation"


def applied(
    context: Context, records: tuple[Record, ...], opened: Opened | None
) -> tuple[Record, ...]:
    """Return the records with their marks; what a mark closes to this person reads as unreleased.

    ``records`` oldest first. What stands beside a marked entry, an evaluation of a marked measure or goal, and a
    measure that was agreed on in marked minutes follow it.
    """
    marks = {one.beside: read(one.meta) for one in records if one.kind == _MARK}
    if not marks:
        return records
    by_id = {one.id: one for one in records}
    marked = tuple(replace(one, mark=_of(one, by_id, marks)) for one in records)
    if opened is None or not any(_is_elsewhere(context, one) for one in marked):
        return marked
    abouts = abouts_in(context, opened.case_id)
    cells, unit = opened.facts.cells, context.person.unit_id
    return tuple(
        one
        if not _is_elsewhere(context, one)
        or one.mark.about is None
        or opens_to(unit, one.mark.about, one.compartment, cells, abouts, context.now)
        else replace(one, body={}, readable=False)
        for one in marked
    )


def stored(mark: Mark) -> dict[str, Any]:
    """Return a mark as it is sealed."""
    return {"about": mark.about, "agreed_on": mark.agreed_on, "kept": mark.kept}


def read(meta: Mapping[str, Any]) -> Mark:
    """Return a mark from what is stored of it."""
    return Mark(
        about=uuid.UUID(meta["about"]) if meta["about"] else None,
        agreed_on=date.fromisoformat(meta["agreed_on"]) if meta["agreed_on"] else None,
        kept=meta["kept"],
    )


def abouts_in(context: Context, case_id: uuid.UUID) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Return whose own secrets each question of a case asked about, by the consent."""
    rows: Iterable[Consent] = context.session.scalars(
        select(Consent).where(Consent.case_id == case_id)
    )
    return {row.id: frozenset(uuid.UUID(one) for one in row.meta.get("about", ())) for row in rows}


def _of(
    record: Record, by_id: Mapping[uuid.UUID, Record], marks: Mapping[uuid.UUID | None, Mark]
) -> Mark:
    """Return the mark of an entry: its own, or else that of the nearest one it follows."""
    followed: Record | None = record
    # Beside a measure's evaluation, the evaluation, the measure, its minutes: no way is longer.
    for _step in range(4):
        if followed is None:
            break
        if followed.id in marks:
            return marks[followed.id]
        followed = by_id.get(_followed(followed) or followed.id)
    return Mark()


def _followed(record: Record) -> uuid.UUID | None:
    if record.kind in {_CORRECTION, _MARK}:
        return record.beside
    if record.kind == _EVALUATION:
        return uuid.UUID(record.meta["measure"])
    if record.kind == _GOAL_EVALUATION:
        return uuid.UUID(record.meta["goal"])
    if record.kind == _MEASURE and record.meta.get("point"):
        return uuid.UUID(record.meta["point"][0])
    return None


def _is_elsewhere(context: Context, record: Record) -> bool:
    """Whether it is readable, tells of somebody's own circumstances, and another unit wrote it."""
    owner = parse(record.compartment)
    unit = record.unit_id if owner is None else owner[0]
    return record.readable and record.mark.about is not None and unit != context.person.unit_id
