"""Finished minutes as files for the archive: text for people, JSON for machines, and the digest of each.

What is exported never changes: finished meetings are frozen, additions are append-only, and the day it is exported until
is over. So the same day gives the same bytes, whenever it is asked for. How an action went stands in later minutes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.body import Body
from bti.slt.body_models import BodyRow
from bti.slt.body_stored import body_of
from bti.slt.meeting import Action, ActionStatus, Addition, Meeting, MeetingState
from bti.slt.meeting_models import MeetingRow
from bti.slt.meeting_stored import actions_of, additions_of, carried_to, meeting_of
from bti.slt.models import SltAccount
from bti.slt.perform import Context, Happening, perform
from bti.slt.runtime import SltRuntime

MANIFEST: Final = "manifest.sha256"
_FORM: Final = "stafett-minutes/1"
_WORDS: Final = {
    "nb": {
        "held": "Møtedato",
        "present": "Til stede",
        "agenda": "Saksliste",
        "carried": "Fra tidligere møter",
        "minutes": "Referat",
        "agreed": "Avtalt",
        "by": "frist",
        "finished": "Gjort ferdig",
        "added": "Tillegg",
        "kept": "Teksten ble beholdt fordi",
        ActionStatus.OPEN: "ikke begynt",
        ActionStatus.STARTED: "begynt",
        ActionStatus.DONE: "ferdig",
        ActionStatus.DROPPED: "frafalt",
    },
    "nn": {
        "held": "Møtedato",
        "present": "Til stades",
        "agenda": "Saksliste",
        "carried": "Frå tidlegare møte",
        "minutes": "Referat",
        "agreed": "Avtalt",
        "by": "frist",
        "finished": "Gjort ferdig",
        "added": "Tillegg",
        "kept": "Teksten blei behalden fordi",
        ActionStatus.OPEN: "ikkje byrja",
        ActionStatus.STARTED: "byrja",
        ActionStatus.DONE: "ferdig",
        ActionStatus.DROPPED: "fråfalle",
    },
}


class ExportRefusedError(Exception):
    """Nothing was exported. `code` is `export.` followed by `day` (it is not over) or `nothing`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Finished:
    body: Body
    meeting: Meeting
    actions: tuple[Action, ...]
    carried: tuple[Action, ...]
    additions: tuple[Addition, ...]
    names: Mapping[uuid.UUID, str]


def export_minutes(runtime: SltRuntime, number: str, until: date) -> dict[str, bytes]:
    """Every finished meeting of a municipality until a day that is over, as files by name, with their manifest.

    An operator's act, entered in the log. Raises ExportRefusedError.
    """
    return perform(runtime, _export, number, until)


def _export(context: Context, number: str, until: date) -> dict[str, bytes]:
    if until >= norwegian_date(context.at):
        raise ExportRefusedError("export.day")
    files: dict[str, bytes] = {}
    for one in _finished(context, number, until):
        meeting = one.meeting
        name = f"{meeting.held_on.isoformat()}_{one.body.code}_{meeting.id.hex[:12]}"
        files[f"{name}.txt"] = _text(one).encode()
        files[f"{name}.json"] = _json(one)
    if not files:
        raise ExportRefusedError("export.nothing")
    context.record(Happening.MEETINGS_EXPORTED, code=f"{number} {until.isoformat()}")
    files[MANIFEST] = manifest(files)
    return files


def manifest(files: Mapping[str, bytes]) -> bytes:
    """The digest of every file, as ``sha256sum -c`` reads it."""
    rows = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(rows).encode()


def _finished(context: Context, number: str, until: date) -> list[_Finished]:
    asked = (
        select(MeetingRow, BodyRow)
        .join(BodyRow, BodyRow.id == MeetingRow.body_id)
        .where(BodyRow.municipality_number == number, MeetingRow.state == MeetingState.FINISHED)
        .order_by(MeetingRow.held_on, MeetingRow.id)
    )
    accounts = select(SltAccount.id, SltAccount.display_name).where(
        SltAccount.municipality_number == number
    )
    names = {row.id: row.display_name for row in context.session.execute(accounts)}
    return [
        _Finished(
            body=body_of(body),
            meeting=meeting_of(row),
            actions=actions_of(context, [row.id]),
            carried=carried_to(context, row),
            additions=tuple(
                one for one in additions_of(context, row.id) if norwegian_date(one.at) <= until
            ),
            names=names,
        )
        for row, body in context.session.execute(asked)
        if row.finished_at is not None and norwegian_date(row.finished_at) <= until
    ]


def _text(one: _Finished) -> str:
    """The minutes for people, in the language of the body."""
    meeting = one.meeting
    words = _WORDS["nn" if one.body.language == "nn" else "nb"]
    parts = [
        f"{one.body.name}\n{meeting.title}\n{words['held']}: {meeting.held_on.isoformat()}",
        f"{words['present']}:\n{_list((*meeting.present, *meeting.guests))}",
    ]
    if meeting.agenda:
        parts.append(f"{words['agenda']}:\n{_list(meeting.agenda)}")
    if one.carried:
        told = (f"{_action(a, words['by'])}: {_stands(a, words)}" for a in one.carried)
        parts.append(f"{words['carried']}:\n{_list(tuple(told))}")
    kept = "".join(f"\n({words['kept']}: {reason})" for reason in meeting.kept_because)
    parts.append(f"{words['minutes']}:\n{meeting.minutes}{kept}")
    if one.actions:
        agreed = tuple(_action(a, words["by"]) + _kept(a.kept_because, words) for a in one.actions)
        parts.append(f"{words['agreed']}:\n{_list(agreed)}")
    parts.append(f"{words['finished']}: {_who(one, meeting.finished_at, meeting.finished_by)}")
    for added in one.additions:
        said = added.text + _kept(added.reason, words)
        parts.append(f"{words['added']}, {_who(one, added.at, added.account_id)}:\n{said}")
    return "\n\n".join(parts) + "\n"


def _list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _action(action: Action, by: str) -> str:
    return f"{action.what} ({action.responsible}, {by} {action.due.isoformat()})"


def _stands(action: Action, words: Mapping[str, str]) -> str:
    note = f". {action.note}" if action.note else ""
    return words[action.status] + note + _kept(action.note_kept_because, words)


def _kept(reason: str, words: Mapping[str, str]) -> str:
    return f" ({words['kept']}: {reason})" if reason else ""


def _who(one: _Finished, at: datetime | None, account_id: uuid.UUID | None) -> str:
    day = norwegian_date(at).isoformat() if at else ""
    name = one.names.get(account_id, "") if account_id else ""
    return f"{day}, {name}" if name else day


def _json(one: _Finished) -> bytes:
    """The same whole, for machines."""
    meeting = one.meeting
    content = {
        "form": _FORM,
        "body": {"code": one.body.code, "name": one.body.name, "kind": one.body.kind},
        "id": str(meeting.id),
        "title": meeting.title,
        "held_on": meeting.held_on.isoformat(),
        "present": meeting.present,
        "guests": meeting.guests,
        "agenda": meeting.agenda,
        "minutes": meeting.minutes,
        "kept_because": meeting.kept_because,
        "carried": [
            {**_agreed(a), "status": a.status, "note": a.note, "reason": a.note_kept_because}
            for a in one.carried
        ],
        "agreed": [_agreed(a) for a in one.actions],
        "finished_at": _instant(meeting.finished_at),
        "finished_by": str(meeting.finished_by),
        "additions": [
            {
                "at": _instant(added.at),
                "by": str(added.account_id),
                "text": added.text,
                "reason": added.reason,
            }
            for added in one.additions
        ],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def _agreed(action: Action) -> dict[str, str]:
    return {
        "id": str(action.id),
        "what": action.what,
        "responsible": action.responsible,
        "due": action.due.isoformat(),
        "kept_because": action.kept_because,
    }


def _instant(at: datetime | None) -> str:
    return at.isoformat(timespec="microseconds") if at else ""
