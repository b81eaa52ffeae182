"""A closed case on its way to the archive: who waits, the package by two people's word, and the receipt."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bti.archive.package import Statement
from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Attachment, Case, Entry
from bti.domain.access import Action as Act
from bti.domain.approval import ApprovalAct
from bti.domain.archive import ArchiveState
from bti.domain.levels import CaseStatus
from bti.keyd.archiving import archive_params
from bti.workflows.archive_content import Material, gather
from bti.workflows.case_file import Ops, ops_of
from bti.workflows.errors import NotFound
from bti.workflows.permission import require
from bti.workflows.readable import that_open

if TYPE_CHECKING:
    from bti.workflows.context import Context

__all__ = ["archive_params"]

_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{2,79}")


class ArchiveRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """The case is not packed or marked now. ``code`` says why; nothing was done."""

    def __init__(self, code: str) -> None:
        """Name the reason."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Waiting:
    """A closed case as the archivist's list knows it: numbers and days, and nothing of what it says."""

    number: str
    closed_at: datetime
    entries: int
    files: int
    packed_at: datetime | None
    received_at: datetime | None
    reference: str


def waiting(context: Context) -> tuple[Waiting, ...]:
    """Return the closed cases of the municipality, those the archive does not have first, then the oldest.

    Opens no case. Raises ``AccessDenied`` for everybody but the archivist.
    """
    require(context, Act.ARCHIVE_LIST)
    tenant = context.person.tenant_id
    with context.whole_municipality():
        cases = context.session.scalars(select(Case).where(Case.tenant_id == tenant)).all()
        counts = [_counted(context, tenant, mapped) for mapped in (Entry, Attachment)]
        closed = [
            (case, ops)
            for case, ops in that_open(context, cases, ops_of)
            if ops.closed_at is not None
        ]
        rows = [
            _waiting(case, ops, *(one.get(case.id, 0) for one in counts)) for case, ops in closed
        ]
    context.record(Action.ARCHIVE_LIST_READ, Reference("tenant", tenant))
    return tuple(sorted(rows, key=lambda one: (one.received_at is not None, one.closed_at)))


def check_request(context: Context, *, tenant_id: uuid.UUID, number: str) -> None:
    """Raise ``ArchiveRefused`` or ``NotFound`` when asking for approval would be in vain."""
    _closed(context, tenant_id, number)


def open_whole(
    context: Context, *, tenant_id: uuid.UUID, number: str, approval_id: uuid.UUID | None
) -> Material:
    """Open all of a closed case for its package. Two people have approved exactly this, once.

    Raises ``ArchiveRefused``, ``ApprovalRefused``, ``NotFound``, and ``SealError`` when something of it does not open.
    """
    case = _closed(context, tenant_id, number)
    context.verbs.key_life().open_for_archive(case, approval_id)
    context.record(
        Action.CASE_ARCHIVE_EXPORT,
        Reference("case", case.id),
        ground=f"gate:{ApprovalAct.CASE_EXPORT}",
        tenant=tenant_id,
    )
    return gather(context, case, ops_of(case))


def sign(context: Context, *, tenant_id: uuid.UUID, material: Material, manifest: str) -> str:
    """Sign the manifest of a package that was just made, and note in the case which one it is.

    Returns the signed note. The same manifest of the same content has the same note and changes nothing.
    """
    case = _closed(context, tenant_id, material.number)
    statement = Statement.about(tenant_id, material.number, manifest)
    ops, digest = ops_of(case), statement.manifest.hex()
    if ops.archive is None or ops.archive.manifest != digest:
        made = ArchiveState(
            cut=material.accesses.cut,
            content=material.content,
            manifest=digest,
            packed_at=context.now,
            # Another edition: the archive does not have it yet, and nobody is let in again for that.
            received_at=ops.archive.received_at if ops.archive else None,
        )
        case.ops = replace(ops, archive=made).to_json()
    context.record(Action.CASE_ARCHIVE_SIGN, Reference("case", case.id), tenant=tenant_id)
    return context.verbs.key_life().sign_package(statement)


def receive(
    context: Context, *, tenant_id: uuid.UUID, number: str, manifest: bytes, reference: str
) -> None:
    """Note that the archive has the package with this manifest, under its own reference. The case narrows.

    Raises ``ArchiveRefused`` with archive.reference, archive.not_packed or archive.other_package.
    """
    if not _REFERENCE.fullmatch(reference):
        raise ArchiveRefused("archive.reference")
    case = _closed(context, tenant_id, number)
    ops = ops_of(case)
    if ops.archive is None:
        raise ArchiveRefused("archive.not_packed")
    if ops.archive.manifest != manifest.hex():
        raise ArchiveRefused("archive.other_package")
    case.ops = replace(ops, archive=ops.archive.received(reference, context.now)).to_json()
    context.record(Action.CASE_ARCHIVE_RECEIVE, Reference("case", case.id), tenant=tenant_id)


def public_key(context: Context, *, tenant_id: uuid.UUID) -> str:
    """Return the public key that the municipality's packages are verified with, in one line."""
    return context.verbs.key_life().package_key(tenant_id)


def _closed(context: Context, tenant_id: uuid.UUID, number: str) -> Case:
    case = context.session.scalars(
        select(Case).where(Case.tenant_id == tenant_id, Case.number == number)
    ).one_or_none()
    if case is None:
        raise NotFound
    context.verbs.open_directory(tenant_id)
    context.verbs.open_ops(tenant_id)
    context.verbs.check(case)
    if ops_of(case).status != CaseStatus.CLOSED:
        raise ArchiveRefused("archive.open_case")
    # A case that was made up to catch somebody goes the same way as any other: a refusal would tell which it is.
    return case


def _counted(
    context: Context, tenant: uuid.UUID, mapped: type[Entry | Attachment]
) -> dict[uuid.UUID, int]:
    many = func.count().label("many")
    query = select(mapped.case_id, many).where(mapped.tenant_id == tenant).group_by(mapped.case_id)
    return {row.case_id: row.many for row in context.session.execute(query)}


def _waiting(case: Case, ops: Ops, entries: int, files: int) -> Waiting:
    state = ops.archive
    return Waiting(
        number=case.number,
        closed_at=ops.closed_at or ops.opened_at,
        entries=entries,
        files=files,
        packed_at=state.packed_at if state else None,
        received_at=state.received_at if state else None,
        reference=state.reference if state else "",
    )
