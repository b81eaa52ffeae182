"""What pages show of attached files: the list of a case, and what the form for a new one tells beforehand.

What stands in a compartment that is not open is left out as if it did not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.domain import attachments as rules
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import day_in_norway
from bti.domain.attachments import DocumentKind, RemovalReason
from bti.domain.codes import InfoType
from bti.domain.compartments import parse
from bti.domain.errors import AccessDenied
from bti.domain.file_kinds import FileKind
from bti.workflows import consent_page, directory
from bti.workflows.attachment import rows_of
from bti.workflows.case_file import child_of

if TYPE_CHECKING:
    from bti.db.models import Attachment
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may read: the unit that attached it, and those a live consent lets in.

    ``others`` is empty when nobody else reads, and has no names for a reader who may not know which
    services are in the case. ``until`` is the day the first of them stops reading.
    """

    unit: str
    others: tuple[str, ...]
    hidden: bool
    until: date | None


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """A version that a newer one has taken the place of. It can still be read."""

    id: uuid.UUID
    name: str = field(repr=False)
    size: int
    at: datetime
    by: str
    may_remove: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """That a file was taken away. The title goes with it: it may name another child."""

    at: datetime
    by: str
    reason: RemovalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentLine:
    """A file as the list shows it. ``title`` and ``name`` are empty for one that was taken away."""

    id: uuid.UUID
    title: str = field(repr=False)
    name: str = field(repr=False)
    kind: FileKind
    document: DocumentKind
    info_type: InfoType
    size: int
    at: datetime
    by: str
    audience: Audience
    earlier: tuple[EarlierVersion, ...]
    removal: Removal | None
    may_replace: bool
    may_remove: bool


@dataclass(frozen=True, slots=True)
class AttachmentSection:
    """The files of a case that the reader may know of, newest first."""

    lines: tuple[AttachmentLine, ...]
    may_attach: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPage:
    """What the form for a new file tells before anything is chosen."""

    case_id: uuid.UUID
    child: str = field(repr=False)
    audiences: dict[InfoType, Audience]
    most_mib: int
    replaced: AttachmentLine | None


def section_of(context: Context, opened: Opened) -> AttachmentSection:
    """Return the files of an opened case."""
    return AttachmentSection(
        lines=_lines(context, opened), may_attach=_may(context, opened, Action.ATTACH_FILE)
    )


def attach_page(
    context: Context, *, case_id: uuid.UUID, replaces: uuid.UUID | None = None
) -> AttachPage:
    """Return what the form needs. Raises ``AccessDenied``, also for a file one may not replace."""
    opened = context.verbs.open(case_id, Action.ATTACH_FILE, entry=Act.CASE_OPEN_READ)
    replaced = None
    if replaces is not None:
        lines = {line.id: line for line in _lines(context, opened) if line.may_replace}
        replaced = lines.get(replaces)
        if replaced is None:
            rule = "access.no_attachment"
            raise AccessDenied(rule, case_id=case_id)
    return AttachPage(
        case_id=case_id,
        child=child_of(context, case_id).first_name,
        audiences={
            one: _audience(context, opened, context.person.unit_id, one) for one in InfoType
        },
        most_mib=context.settings.attachment_mib,
        replaced=replaced,
    )


def _lines(context: Context, opened: Opened) -> tuple[AttachmentLine, ...]:
    rows = [
        row for row in rows_of(context, opened.case_id) if row.compartment in opened.compartments
    ]
    by_id = {row.id: row for row in rows}
    replaced = {row.supersedes for row in rows}
    newest = [row for row in rows if row.id not in replaced]
    lines = [_line(context, opened, row, by_id) for row in newest]
    return tuple(sorted(lines, key=lambda line: (line.at, str(line.id)), reverse=True))


def _line(
    context: Context, opened: Opened, row: Attachment, by_id: dict[uuid.UUID, Attachment]
) -> AttachmentLine:
    meta = row.meta
    unit_id, info_type = _owner(row)
    removal = _removal(context, row)
    own = unit_id == context.person.unit_id
    return AttachmentLine(
        id=row.id,
        title="" if removal else meta["title"],
        name="" if removal else meta["name"],
        kind=FileKind(meta["file_kind"]),
        document=DocumentKind(meta["document"]),
        info_type=info_type,
        size=meta["size"],
        at=datetime.fromisoformat(meta["at"]),
        by=directory.name_of(context, uuid.UUID(meta["by"])),
        audience=_audience(context, opened, unit_id, info_type),
        earlier=tuple(_earlier(context, opened, row, by_id)),
        removal=removal,
        may_replace=own and removal is None and _may(context, opened, Action.ATTACH_FILE),
        may_remove=removal is None and _may_remove(context, opened, row),
    )


def _may(context: Context, opened: Opened, action: Action) -> bool:
    subject = context.verbs.subject()
    return isinstance(decide(subject, action, opened.facts, context.now), Allowed)


def _may_remove(context: Context, opened: Opened, row: Attachment) -> bool:
    """Return whether a button may be offered; the act itself is decided anew."""
    author = uuid.UUID(row.meta["by"])
    allowed = rules.may_remove(context.verbs.subject(), compartment=row.compartment, author=author)
    return allowed and _may(context, opened, Action.REMOVE_FILE)


def _earlier(
    context: Context, opened: Opened, row: Attachment, by_id: dict[uuid.UUID, Attachment]
) -> list[EarlierVersion]:
    """Return the versions before this one, newest first, without those that were taken away."""
    found = []
    before = row.supersedes
    while before is not None and before in by_id:
        old = by_id[before]
        if old.meta["removed"] is None:
            found.append(
                EarlierVersion(
                    old.id,
                    old.meta["name"],
                    old.meta["size"],
                    datetime.fromisoformat(old.meta["at"]),
                    directory.name_of(context, uuid.UUID(old.meta["by"])),
                    _may_remove(context, opened, old),
                )
            )
        before = old.supersedes
    return found


def _removal(context: Context, row: Attachment) -> Removal | None:
    removed = row.meta["removed"]
    if removed is None:
        return None
    return Removal(
        at=datetime.fromisoformat(removed["at"]),
        by=directory.name_of(context, uuid.UUID(removed["by"])),
        reason=RemovalReason(removed["reason"]),
    )


def _owner(row: Attachment) -> tuple[uuid.UUID, InfoType]:
    owner = parse(row.compartment)
    if owner is None:
        message = "an attachment stands in a unit's compartment"
        raise ValueError(message)
    return owner


def _audience(
    context: Context, opened: Opened, unit_id: uuid.UUID, info_type: InfoType
) -> Audience:
    """Return who reads. A reader who may not know the services learns of their own unit only."""
    units = directory.units(context)
    shared = rules.shared_with(opened.facts, unit_id, info_type, context.now)
    knows = consent_page.knows_services(context, opened)
    mine = context.person.unit_id
    named = [one for one in shared if knows or one.unit_id == mine]
    near = knows or mine == unit_id or any(one.unit_id == mine for one in shared)
    return Audience(
        unit=units[unit_id].name if near and unit_id in units else "",
        others=tuple(units[one.unit_id].name for one in named if one.unit_id in units),
        hidden=len(named) < len(shared),
        until=day_in_norway(named[0].valid_to) if named else None,
    )
