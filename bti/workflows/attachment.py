"""Files of a case: attaching, giving a new version, opening, taking away.

A file stands in the compartment of the unit that attached it, for one kind of information; consent decides
who else has the key. Nothing is overwritten and nothing destroyed here (arkivforskrifta § 11, arkivlova
§ 13): a correction is a new version, and what is taken away is closed to everybody and stays.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.crypto.errors import Locked, SealError
from bti.db.blobs import BlobStore
from bti.db.models import Attachment
from bti.domain import attachments as rules
from bti.domain.access import Action
from bti.domain.attachments import DocumentKind, RemovalReason
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied
from bti.domain.file_kinds import FileKind
from bti.workflows.attachment_file import FileContext, FileDamaged, OpenedFile, Upload
from bti.workflows.case_file import case_row, compartment_of
from bti.workflows.errors import NotFound
from bti.workflows.level_facts import require_working_log
from bti.workflows.once import found_done, hold

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.settings import Settings
    from bti.workflows.actor import Actor
    from bti.workflows.context import Context

__all__ = [
    "Attach",
    "DocumentKind",
    "FileDamaged",
    "OpenedFile",
    "RemovalReason",
    "Upload",
    "attach",
    "begin_upload",
    "closed_file",
    "open_file",
    "remove",
    "report_damage",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """A file and what it is for. ``replaces`` is the file that this is a newer version of."""

    case_id: uuid.UUID
    submission: uuid.UUID | None
    title: str = field(repr=False)
    document: DocumentKind
    info_type: InfoType
    replaces: uuid.UUID | None = None


def begin_upload(settings: Settings, actor: Actor, case_id: uuid.UUID, name: str) -> Upload:
    """Begin to take a file. Not an act on a case: whether it may be attached is asked by ``attach``."""
    return Upload(settings, FileContext(actor.tenant_id, case_id, uuid.uuid4()), name)


def attach(context: Context, command: Attach, file: Upload) -> uuid.UUID:
    """Attach a file that has arrived; returns its id. A second sending of the same form does nothing.

    Raises ``RuleBroken``: attachment.too_many, log.resting, and as ``Upload.complete``; ``Conflict`` when
    somebody else gave the file a new version first; ``AccessDenied``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.ATTACH_FILE, entry=None)
    case = case_row(context, command.case_id)
    require_working_log(context, case)
    compartment = compartment_of(context.person.unit_id, command.info_type)
    if command.replaces is not None:
        compartment = _replaceable(context, opened, command.replaces).compartment
    sent_before = _sent_before(context, opened, command.submission)
    if sent_before is not None:
        found_done(context, opened)
        return sent_before
    rules.check_room(_count(context, command.case_id), context.settings.case_attachments)
    context.verbs.new_compartments(opened, [compartment])
    row = _new_row(context, command, file, compartment)
    context.session.add(row)
    context.session.flush()
    context.record(
        Act.CASE_ATTACHMENT_CREATE,
        Reference("case", command.case_id),
        Reference("attachment", row.id),
        ground=opened.ground,
    )
    # Last, and before the commit: a row without its file would be worse than a file without a row.
    file.keep()
    return row.id


def open_file(context: Context, *, case_id: uuid.UUID, attachment_id: uuid.UUID) -> OpenedFile:
    """Let somebody read a file: decides, logs, and gives the key to this one file.

    Raises ``AccessDenied`` in the same way for a file that does not exist, is closed to the reader, is
    another case's or has been taken away; ``FileDamaged`` for a row that was moved or changed.
    """
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=None)
    try:
        row = _readable(context, opened, attachment_id)
        file = _opened_file(context, row)
    except (Locked, SealError):
        # Somebody has moved or changed the row: the key it asks for is another one.
        raise FileDamaged from None
    context.record(
        Act.CASE_ATTACHMENT_READ,
        Reference("case", case_id),
        Reference("attachment", row.id),
        ground=opened.ground,
    )
    return file


def report_damage(context: Context, *, case_id: uuid.UUID, attachment_id: uuid.UUID) -> None:
    """Enter that a file somebody was let in to is not what was stored, and was not shown."""
    context.verbs.subject()
    context.record(
        Act.CASE_ATTACHMENT_REFUSE,
        Reference("case", case_id),
        Reference("attachment", attachment_id),
        refused="attachment.damaged",
    )


def remove(
    context: Context, *, case_id: uuid.UUID, attachment_id: uuid.UUID, reason: RemovalReason
) -> None:
    """Take a file away: from now on nobody opens it. That it was there, who took it away and why stays.

    Raises ``AccessDenied`` for a file one may not read or may not take away.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.REMOVE_FILE, entry=None)
    row = _readable(context, opened, attachment_id)
    if not _may_remove(context, row):
        rule = "access.not_own_unit"
        raise AccessDenied(rule, case_id=case_id)
    row.meta = {
        **row.meta,
        "removed": {"at": context.now, "by": context.person.account_id, "reason": reason.value},
    }
    context.record(
        Act.CASE_ATTACHMENT_REMOVE,
        Reference("case", case_id),
        Reference("attachment", row.id),
        ground=opened.ground,
    )


def closed_file(context: Context, *, case_id: uuid.UUID, attachment_id: uuid.UUID) -> str:
    """Return the title of a file one may take away, for the page that asks why; logged as a reading.

    Raises ``AccessDenied``.
    """
    opened = context.verbs.open(case_id, Action.REMOVE_FILE, entry=Act.CASE_OPEN_READ)
    row = _readable(context, opened, attachment_id)
    if not _may_remove(context, row):
        rule = "access.not_own_unit"
        raise AccessDenied(rule, case_id=case_id)
    title: str = row.meta["title"]
    return title


# -- within ------------------------------------------------------------------------------------


def rows_of(context: Context, case_id: uuid.UUID) -> list[Attachment]:
    """Return the rows of a case, whatever compartment they stand in."""
    return list(
        context.session.scalars(
            select(Attachment).where(
                Attachment.case_id == case_id, Attachment.tenant_id == context.person.tenant_id
            )
        )
    )


def _readable(context: Context, opened: Opened, attachment_id: uuid.UUID) -> Attachment:
    row = context.session.get(Attachment, attachment_id)
    if row is None or row.case_id != opened.case_id or row.compartment not in opened.compartments:
        raise _closed(opened)
    if row.meta["removed"] is not None:
        raise _closed(opened)
    return row


def _opened_file(context: Context, row: Attachment) -> OpenedFile:
    return OpenedFile(
        where=FileContext(row.tenant_id, row.case_id, row.id),
        name=row.meta["name"],
        kind=FileKind(row.meta["file_kind"]),
        size=row.meta["size"],
        store=BlobStore(context.settings.blobs()),
        blob=row.blob,
        blob_sha256=row.blob_sha256,
        key=bytes.fromhex(row.key["key"]),
    )


def _closed(opened: Opened) -> AccessDenied:
    return AccessDenied("access.no_attachment", case_id=opened.case_id)


def _replaceable(context: Context, opened: Opened, attachment_id: uuid.UUID) -> Attachment:
    row = _readable(context, opened, attachment_id)
    if uuid.UUID(row.meta["unit"]) != context.person.unit_id:
        rule = "access.not_own_unit"
        raise AccessDenied(rule, case_id=opened.case_id)
    return row


def _may_remove(context: Context, row: Attachment) -> bool:
    return rules.may_remove(
        context.verbs.subject(), compartment=row.compartment, author=uuid.UUID(row.meta["by"])
    )


def _sent_before(
    context: Context, opened: Opened, submission: uuid.UUID | None
) -> uuid.UUID | None:
    if submission is None:
        return None
    sending = (str(context.person.account_id), str(submission))
    for row in rows_of(context, opened.case_id):
        readable = row.compartment in opened.compartments
        if readable and (row.meta["by"], row.meta["submission"]) == sending:
            return row.id
    return None


def _count(context: Context, case_id: uuid.UUID) -> int:
    counted = select(func.count()).select_from(Attachment).where(Attachment.case_id == case_id)
    return context.session.scalars(counted).one()


def _new_row(context: Context, command: Attach, file: Upload, compartment: str) -> Attachment:
    arrived = file.complete()
    if (file.where.case_id, file.where.tenant_id) != (command.case_id, context.person.tenant_id):
        raise NotFound
    row = Attachment(
        id=file.where.attachment_id,
        tenant_id=context.person.tenant_id,
        case_id=command.case_id,
        compartment=compartment,
        supersedes=command.replaces,
        blob=arrived.blob,
        blob_sha256=arrived.blob_sha256,
    )
    row.meta = {
        "title": command.title or arrived.name,
        "name": arrived.name,
        "file_kind": arrived.kind.value,
        "document": command.document.value,
        "size": arrived.size,
        "at": context.now,
        "by": context.person.account_id,
        "unit": context.person.unit_id,
        "submission": command.submission,
        "removed": None,
    }
    row.key = {"key": arrived.key.hex()}
    return row
