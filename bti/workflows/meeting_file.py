"""The meetings of a case as entries: what was decided about each, and what stands ahead.

Entries are added and never changed: a meeting that is moved has one more, with the next number.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bti.domain import meetings as rules
from bti.domain.access import Action
from bti.domain.meetings import MeetingEvent, MeetingFact, MeetingKind, MinutesFact, Slot
from bti.workflows.case_file import Kind, Record, case_row, entries, of_kind, ops_of, to_date
from bti.workflows.errors import NotFound
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

STAFF: Final = "staff"
PERSON: Final = "person"


def enter(
    context: Context, case_id: uuid.UUID, version: int | None, action: Action
) -> tuple[Case, Opened]:
    """Hold a case, open it for an act and return it. Raises ``AccessDenied`` and ``Conflict``."""
    hold(context, case_id)
    opened = context.verbs.open(case_id, action, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    return case, opened


def fact_of(record: Record) -> MeetingFact:
    """Return an entry about a meeting as the rules see it."""
    meta = record.meta
    return MeetingFact(
        meeting_id=uuid.UUID(meta["meeting"]),
        sequence=meta["sequence"],
        event=MeetingEvent(meta["event"]),
        starts_at=datetime.fromisoformat(meta["starts_at"]),
    )


def facts_in(records: tuple[Record, ...]) -> tuple[MeetingFact, ...]:
    """Return every entry about meetings."""
    return tuple(fact_of(one) for one in of_kind(records, Kind.MEETING))


def minutes_in(records: tuple[Record, ...]) -> tuple[MinutesFact, ...]:
    """Return that minutes were approved, whoever may read them."""
    return tuple(
        MinutesFact(uuid.UUID(one.meta["meeting"]), one.at, to_date(one.meta["next_on"]))
        for one in of_kind(records, Kind.MINUTES)
    )


def newest_in(records: tuple[Record, ...], meeting_id: uuid.UUID) -> Record:
    """Return the entry that counts of one meeting. Raises ``NotFound``."""
    found = [
        one for one in of_kind(records, Kind.MEETING) if one.meta["meeting"] == str(meeting_id)
    ]
    if not found:
        raise NotFound
    return max(found, key=lambda one: one.meta["sequence"])


def minutes_of(records: tuple[Record, ...], meeting_id: uuid.UUID) -> Record | None:
    """Return the approved minutes of a meeting, also where they cannot be read."""
    kept = of_kind(records, Kind.MINUTES)
    return next((one for one in kept if one.meta["meeting"] == str(meeting_id)), None)


def refresh(context: Context, case: Case) -> None:
    """Keep what worklists read of what is ahead; also moves the case's version."""
    context.session.flush()
    records = entries(context, case.id)
    found = rules.ahead(facts_in(records), minutes_in(records))
    case.ops = replace(
        ops_of(case),
        meeting=_slot(records, found.meeting.meeting_id) if found.meeting is not None else None,
        meeting_wanted=found.wanted_by,
    ).to_json()


def _slot(records: tuple[Record, ...], meeting_id: uuid.UUID) -> Slot:
    return slot_of(newest_in(records, meeting_id).meta)


def slot_of(meta: Mapping[str, Any]) -> Slot:
    """Return when a meeting is, as one entry about it says."""
    return Slot(
        uuid.UUID(meta["meeting"]),
        MeetingKind(meta["purpose"]),
        datetime.fromisoformat(meta["starts_at"]),
        meta["minutes"],
    )


def staff_key(account_id: uuid.UUID, unit_id: uuid.UUID) -> str:
    """Return how somebody from a service stands in the list of those invited."""
    return f"{STAFF}:{account_id}:{unit_id}"


def person_key(person_id: uuid.UUID) -> str:
    """Return how the child or a guardian stands there."""
    return f"{PERSON}:{person_id}"


def staff_in(keys: Iterable[str]) -> Iterable[tuple[uuid.UUID, uuid.UUID]]:
    """Return the (account, unit) of those from services among the keys."""
    for key in keys:
        kind, *ids = key.split(":")
        if kind == STAFF:
            yield uuid.UUID(ids[0]), uuid.UUID(ids[1])
