"""What the coordinator does with a meeting: prepare it, share it, write minutes, agree on actions, finish it, add to it.

Each call is one transaction. A text that seems to name somebody is kept only with a reason, which stands beside the text for
whoever reads it. A private note has no history: it is its author's, and may be thrown away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import delete

from bti.clock import norwegian_date
from bti.slt.body_change import words_of
from bti.slt.body_models import BodyRow
from bti.slt.body_stored import body_of, own_body, stored_body
from bti.slt.history import add_line
from bti.slt.meeting import (
    Meeting,
    MeetingState,
    finish_fault,
    may_write,
    texts_of,
)
from bti.slt.meeting_models import (
    MeetingActionRow,
    MeetingCarriedRow,
    MeetingChangeRow,
    MeetingRow,
)
from bti.slt.meeting_stored import (
    actions_of,
    carried_to,
    may_write_at_all,
    meeting_of,
    own_meeting,
    reader_of,
)
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_names import names_in
from bti.slt.plan_rows import lines
from bti.slt.positions import made_before
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

MOST_ACTIONS = 60
_LISTS = ("agenda", "present", "guests")


class MeetingRefusedError(Exception):
    """A meeting was not changed.

    `code` is one of ``MeetingFault``, or `meeting.` followed by `changed` (somebody was first), `names` (with the words
    in `found`; give a reason), `over` (the body has ended), `due` (a day before the meeting) or `full`.
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class WriteMeeting:
    """A meeting as it is wanted. ``version`` is the one that was read; None for a new one."""

    version: int | None
    held_on: date
    title: str
    agenda: tuple[str, ...]
    present: tuple[str, ...]
    guests: tuple[str, ...]
    minutes: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgreeAction:
    """What is agreed on: what, by which function, by when."""

    what: str
    responsible: str
    due: date
    reason: str


def prepare_meeting(
    runtime: SltRuntime,
    who: Coordinator,
    body_id: uuid.UUID,
    command: WriteMeeting,
    once: uuid.UUID | None = None,
) -> uuid.UUID:
    """Begin a meeting as a private note and return its id, ``once`` if the form's number is given.

    Raises AccessDenied and MeetingRefusedError.
    """
    return perform(runtime, _prepare, who, body_id, command, once)


def write_meeting(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, command: WriteMeeting
) -> bool:
    """Change a meeting that is not finished, and say whether anything was. Raises as above."""
    return perform(runtime, _write, who, meeting_id, command)


def share_meeting(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, version: int | None
) -> None:
    """Let the body read a private note: the meeting is in progress. Raises as above."""
    perform(runtime, _share, who, meeting_id, version)


def finish_meeting(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, version: int | None
) -> None:
    """Close the minutes for ever, with earlier actions as they stand now. Raises as above."""
    perform(runtime, _finish, who, meeting_id, version)


def discard_meeting(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, version: int | None
) -> None:
    """Throw a private note away. Raises as above."""
    perform(runtime, _discard, who, meeting_id, version)


def agree_action(
    runtime: SltRuntime, who: Coordinator, meeting_id: uuid.UUID, command: AgreeAction
) -> None:
    """Add an action to a meeting that is not finished. Raises as above."""
    perform(runtime, _agree, who, meeting_id, command)


def _prepare(
    context: Context,
    who: Coordinator,
    body_id: uuid.UUID,
    command: WriteMeeting,
    once: uuid.UUID | None,
) -> uuid.UUID:
    body = own_body(context, who, body_id)
    if not may_write_at_all(reader_of(context, who, body)):
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    if stored_body(context, body).over:
        raise MeetingRefusedError("meeting.over")
    if once is not None and made_before(context, who.account_id, MeetingRow, once):
        return once
    made = once or uuid.uuid4()
    empty = Meeting(
        made, body_id, who.account_id, MeetingState.PRIVATE, command.held_on, command.title
    )
    meeting = _wanted(empty, command)
    reason = checked(context, who, texts_of(meeting), (), command.reason)
    row = MeetingRow(
        id=meeting.id,
        body_id=body_id,
        author_id=who.account_id,
        state=MeetingState.PRIVATE,
        kept_because=reason,
        created_at=context.at,
    )
    _put(row, meeting)
    context.session.add(row)
    context.record(Happening.MEETING_CHANGED, account_id=who.account_id, code=body.code)
    return meeting.id


def _write(
    context: Context, who: Coordinator, meeting_id: uuid.UUID, command: WriteMeeting
) -> bool:
    row, body = open_meeting(context, who, meeting_id, command.version)
    before = meeting_of(row)
    after = _wanted(before, command)
    was, is_now = _said(before), _said(after)
    changed = [part for part in was if was[part] != is_now[part]]
    if not changed:
        return False
    reason = checked(context, who, texts_of(after), texts_of(before), command.reason)
    _put(row, after)
    row.kept_because = lines([*before.kept_because, *([reason] if reason else [])])
    row.version += 1
    for part in changed:
        _add_change(context, who, row, part, is_now[part], old=was[part], reason=reason)
    context.record(Happening.MEETING_CHANGED, account_id=who.account_id, code=body.code)
    return True


def _share(context: Context, who: Coordinator, meeting_id: uuid.UUID, version: int | None) -> None:
    row, body = open_meeting(context, who, meeting_id, version)
    if row.state != MeetingState.PRIVATE:
        raise MeetingRefusedError("meeting.state")
    row.state = MeetingState.IN_PROGRESS
    row.version += 1
    _add_change(context, who, row, "state", MeetingState.IN_PROGRESS)
    context.record(Happening.MEETING_CHANGED, account_id=who.account_id, code=body.code)


def _finish(context: Context, who: Coordinator, meeting_id: uuid.UUID, version: int | None) -> None:
    row, body = open_meeting(context, who, meeting_id, version)
    fault = finish_fault(meeting_of(row), norwegian_date(context.at))
    if fault is not None:
        raise MeetingRefusedError(fault)
    for one in carried_to(context, row):
        context.session.add(
            MeetingCarriedRow(
                meeting_id=row.id,
                action_id=one.id,
                status=one.status,
                note=one.note,
                reason=one.note_kept_because,
            )
        )
    _add_change(context, who, row, "state", MeetingState.FINISHED, old=row.state)
    row.state = MeetingState.FINISHED
    row.finished_at, row.finished_by = context.at, who.account_id
    row.version += 1
    context.record(Happening.MEETING_FINISHED, account_id=who.account_id, code=body.code)


def _discard(
    context: Context, who: Coordinator, meeting_id: uuid.UUID, version: int | None
) -> None:
    row, body = open_meeting(context, who, meeting_id, version)
    if row.state != MeetingState.PRIVATE:
        raise MeetingRefusedError("meeting.state")
    context.session.execute(
        delete(MeetingActionRow).where(MeetingActionRow.meeting_id == meeting_id)
    )
    context.session.delete(row)
    context.record(Happening.MEETING_DISCARDED, account_id=who.account_id, code=body.code)


def _agree(context: Context, who: Coordinator, meeting_id: uuid.UUID, command: AgreeAction) -> None:
    row, body = open_meeting(context, who, meeting_id)
    if command.due < row.held_on:
        raise MeetingRefusedError("meeting.due")
    there = actions_of(context, [meeting_id])
    wanted = (command.what, command.responsible, command.due)
    if wanted in {(one.what, one.responsible, one.due) for one in there}:
        return  # sent twice
    if len(there) >= MOST_ACTIONS:
        raise MeetingRefusedError("meeting.full")
    reason = checked(context, who, (command.what, command.responsible), (), command.reason)
    context.session.add(
        MeetingActionRow(
            id=uuid.uuid4(),
            meeting_id=meeting_id,
            position=len(there) + 1,
            what=command.what,
            responsible=command.responsible,
            due=command.due,
            kept_because=reason,
        )
    )
    _add_change(context, who, row, "action", command.what, reason=reason)
    context.record(Happening.MEETING_CHANGED, account_id=who.account_id, code=body.code)


def open_meeting(
    context: Context, who: Coordinator, meeting_id: uuid.UUID, version: int | None = -1
) -> tuple[MeetingRow, BodyRow]:
    """A meeting the person may write in, held until the commit, in the version that was read."""
    row, body = own_meeting(context, who, meeting_id, held=True)
    if not may_write_at_all(reader_of(context, who, body)):
        raise AccessDenied("meeting.unknown", account_id=who.account_id)
    if not may_write(reader_of(context, who, body), meeting_of(row), body_of(body)):
        raise MeetingRefusedError("meeting.state")
    if version not in (-1, row.version):
        raise MeetingRefusedError("meeting.changed")
    return row, body


def _wanted(before: Meeting, command: WriteMeeting) -> Meeting:
    names = ("held_on", "title", "agenda", "present", "guests", "minutes")
    return replace(before, **{name: getattr(command, name) for name in names})


def _put(row: MeetingRow, meeting: Meeting) -> None:
    row.held_on, row.title, row.minutes = meeting.held_on, meeting.title, meeting.minutes
    for name in _LISTS:
        setattr(row, name, lines(getattr(meeting, name)))


def _said(meeting: Meeting) -> dict[str, str]:
    """What the history compares."""
    said = {name: lines(getattr(meeting, name)) for name in _LISTS}
    plain = {"title": meeting.title, "minutes": meeting.minutes}
    return {**plain, "held_on": meeting.held_on.isoformat(), **said}


def checked(
    context: Context, who: Coordinator, texts: Sequence[str], before: Sequence[str], reason: str
) -> str:
    """The reason to keep beside the text: empty where no text seems to name anybody."""
    found = names_in(texts, before=before, plan=words_of(context, who))
    if found and not reason.strip():
        raise MeetingRefusedError("meeting.names", found)
    return " ".join(reason.split()) if found else ""


def _add_change(
    context: Context,
    who: Coordinator,
    row: MeetingRow,
    part: str,
    new: str,
    *,
    old: str = "",
    reason: str = "",
) -> None:
    """Add to the history of a meeting, which is held; a private note has none."""
    if row.state == MeetingState.PRIVATE:
        return
    change = MeetingChangeRow(
        meeting_id=row.id,
        account_id=who.account_id,
        part=part,
        old=old,
        new=new,
        reason=reason,
    )
    add_line(context, change, MeetingChangeRow.meeting_id, MeetingRow.id)
