"""Keeping the folder of sealed files and the rows together: deleting what is left over, finding what is lost.

Needs no key: names and digests are enough. Runs beside people at work and may be run at any time, twice
or killed half-way.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.blobs import BlobStore, StoredBlob
from bti.db.models import Attachment, CaseKey
from bti.workflows.actor import SystemActor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

SWEEPER: Final = SystemActor("sweeper")
GRACE: Final = timedelta(hours=24)
"""A younger file may belong to somebody who is just sending it."""

_FEW: Final = 10
_PART: Final = 10
_READ_BYTES: Final = 1 << 20


class TooManyLeftOver(Exception):  # noqa: N818 - a state of the installation, to be looked into
    """So many files have no row that the rows are more likely to be wrong than the files.

    As after a database was put back from an older copy, or with a role that cannot see its rows.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} files have no row or no key")
        self.count = count


@dataclass(frozen=True, slots=True)
class Swept:
    """What was deleted: files that no row names, half-sent ones, and those whose key is gone."""

    orphans: int
    unfinished: int
    keyless: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A row whose file is not what the row says: ``gone`` or ``changed``."""

    attachment_id: uuid.UUID
    case_id: uuid.UUID
    how: str


@dataclass(frozen=True, slots=True)
class _Row:
    attachment_id: uuid.UUID
    tenant_id: uuid.UUID
    case_id: uuid.UUID
    blob: str
    blob_sha256: bytes
    has_key: bool


def sweep(doorway: Doorway, *, even_many: bool = False) -> Swept:
    """Delete files that nobody can ever open: no row, never finished, or the key destroyed.

    Raises ``TooManyLeftOver`` when more than a tenth of all files (and more than ten) have no row, or no
    key at all of a municipality is to be seen, unless ``even_many``.
    """
    store = _store(doorway)
    # Files first: a row that is committed in between is then seen with its file.
    files = list(store.everything())
    rows = {row.blob: row for row in doorway.perform(_rows, SWEEPER)}
    seeing = {row.tenant_id for row in rows.values() if row.has_key}
    ripe = doorway.clock.now() - GRACE
    old = [one for one in files if one.changed_at < ripe]
    unfinished = [one for one in old if not one.complete]
    orphans = [one for one in old if one.complete and one.name not in rows]
    keyless = [one for one in files if one.complete and _is_keyless(rows.get(one.name))]
    unseen = sum(rows[one.name].tenant_id not in seeing for one in keyless)
    if (len(orphans) > max(_FEW, len(files) // _PART) or unseen) and not even_many:
        raise TooManyLeftOver(len(orphans) + unseen)
    for tenant_id in sorted({rows[one.name].tenant_id for one in keyless}):
        lost = [row for one in keyless if (row := rows[one.name]).tenant_id == tenant_id]
        doorway.perform(_enter_erased, SWEEPER, tenant_id=tenant_id, lost=lost)
    for one in (*unfinished, *orphans, *keyless):
        store.delete(one)
    return Swept(len(orphans), len(unfinished), len(keyless))


def compare(doorway: Doorway) -> Iterator[Difference]:
    """Read every sealed file, and yield those that are gone or not what their rows say."""
    store = _store(doorway)
    for row in doorway.perform(_rows, SWEEPER):
        if not row.has_key:
            continue  # deleted with its key, or about to be
        try:
            digest = _digest(store, row.blob)
        except FileNotFoundError:
            yield Difference(row.attachment_id, row.case_id, "gone")
            continue
        if digest != row.blob_sha256:
            yield Difference(row.attachment_id, row.case_id, "changed")


def _store(doorway: Doorway) -> BlobStore:
    return BlobStore(doorway.settings.blobs())


def _is_keyless(row: _Row | None) -> bool:
    return row is not None and not row.has_key


def _rows(context: Context) -> tuple[_Row, ...]:
    held = {
        (case_id, compartment)
        for case_id, compartment in context.session.execute(
            select(CaseKey.case_id, CaseKey.compartment)
        )
    }
    # By column: the process that sweeps may read no more of a row than this.
    rows = context.session.execute(
        select(
            Attachment.id,
            Attachment.tenant_id,
            Attachment.case_id,
            Attachment.compartment,
            Attachment.blob,
            Attachment.blob_sha256,
        )
    )
    return tuple(
        _Row(
            attachment_id=row.id,
            tenant_id=row.tenant_id,
            case_id=row.case_id,
            blob=row.blob,
            blob_sha256=row.blob_sha256,
            has_key=(row.case_id, row.compartment) in held,
        )
        for row in rows
    )


def _enter_erased(context: Context, tenant_id: uuid.UUID, lost: list[_Row]) -> None:
    """Say in the log which files went; before they go, so that none is missing without a word."""
    for row in lost:
        context.record(
            Act.CASE_ATTACHMENT_ERASE,
            Reference("case", row.case_id),
            Reference("attachment", row.attachment_id),
            tenant=tenant_id,
        )


def _digest(store: BlobStore, name: str) -> bytes:
    digest = hashlib.sha256()
    with store.open(name) as blob:
        while data := blob.read(_READ_BYTES):
            digest.update(data)
    return digest.digest()


__all__ = [
    "GRACE",
    "SWEEPER",
    "Difference",
    "StoredBlob",
    "Swept",
    "TooManyLeftOver",
    "compare",
    "sweep",
]
