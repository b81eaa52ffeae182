"""Backups of the case database: made as two sealed files, read to prove them, and put back.

The data and the key store are apart, because the key store is kept for a month at most: an old copy of the
data then opens only what has not been erased since. Where files lie and how long is the operator's choice.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from sqlalchemy import func, inspect, select

import bti.audit.models
import bti.db.models
from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.errors import SealError
from bti.crypto.sealed_dump import DumpHead, open_dump, read_head, seal_dump
from bti.db import migrate
from bti.db.dump import DumpTitle, lines_of, snapshot
from bti.db.dump_load import check_dump, load_dump
from bti.db.models import Attachment, Case, CaseKey
from bti.db.walls import EVERYWHERE, settings_for, tell

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from bti.crypto.backup_key import BackupPrivateKey, BackupPublicKey
    from bti.db.blobs import BlobStore
    from bti.db.dump_load import DumpContent
    from bti.workflows.context import Context

#: Named so that a linter sees why they are imported: a backup has every table there is.
ALL_TABLES: Final = (bti.audit.models.AuditEvent, bti.db.models.Case)
ENDING: Final = ".sealed"
#: How long dumps of the key store are kept. Longer, and erased cases stay readable longer.
KEEP_KEYS: Final = timedelta(days=30)


class BackupRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """A backup cannot be made, or may not be put back here. The text says why."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One sealed file: what it says of itself, and how many bytes it has."""

    path: Path
    head: DumpHead
    size: int
    #: Files that a row names and that were not there to be saved.
    absent: int = 0

    @property
    def made_at(self) -> datetime:
        """Return when it was made."""
        return datetime.fromisoformat(self.head.made_at)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. ``keyless``: cases whose keys are gone, erased since the data was saved."""

    data: DumpContent
    keys: DumpContent
    keyless: int


class _Saved:
    """The sealed files that rows of the snapshot name, one after the other."""

    def __init__(self, connection: Connection, blobs: BlobStore) -> None:
        self._names = connection.scalars(select(Attachment.blob).order_by(Attachment.blob)).all()
        self._blobs = blobs
        self.absent = 0

    def __iter__(self) -> Iterator[tuple[str, BinaryIO]]:
        for name in self._names:
            try:
                yield name, self._blobs.open(name)
            except FileNotFoundError:
                # Told, and no reason to save nothing: `bti attachments check` says whose it is.
                self.absent += 1


class _Shelf:
    """Puts the files of a backup where attachments lie."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def begin(self, name: str) -> BinaryIO:
        """Open a new file of this name, for its owner alone."""
        path = self._blobs.path(name)
        self._blobs.make_shelf(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        return os.fdopen(handle, "wb")


def make(
    engine: Engine,
    public: BackupPublicKey,
    directory: Path,
    *,
    at: datetime,
    blobs: BlobStore,
) -> tuple[BackupFile, BackupFile]:
    """Write data (attachments included) and key store of one instant into two new files (0600).

    A file that is not finished never gets its name. Raises ``BackupRefused`` and ``OSError``.
    """
    revision = migrate.current(engine)
    if revision is None or revision != migrate.newest():
        raise BackupRefused("The database is not at this program's revision: run bti db upgrade.")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_id = secrets.token_hex(8)
    with snapshot(engine) as connection:
        saved = _Saved(connection, blobs)
        title = DumpTitle("data", set_id, revision, at.isoformat())
        data = _write(connection, public, directory, title, saved)
        keys = _write(connection, public, directory, replace(title, kind="keys"), ())
    return replace(data, absent=saved.absent), keys


def files_in(directory: Path) -> tuple[BackupFile, ...]:
    """Return the backups in a directory, the oldest first; what is none is passed over."""
    found = []
    for path in directory.glob(f"*{ENDING}"):
        try:
            found.append(describe(path))
        except SealError:
            continue
    return tuple(sorted(found, key=lambda one: (one.made_at, one.head.kind)))


def describe(path: Path) -> BackupFile:
    """Return what a file says of itself, unproven. Raises ``SealError``, ``OSError``."""
    with path.open("rb") as file:
        return BackupFile(path, read_head(file), path.stat().st_size)


def verify(private: BackupPrivateKey, path: Path) -> DumpContent:
    """Open a backup and read it to its end. Raises ``SealError`` or ``DumpRefused``."""
    with path.open("rb") as file:
        head, pieces = open_dump(private, file)
        return _same(head, check_dump(pieces))


def restore(
    engine: Engine, private: BackupPrivateKey, data: Path, keys: Path, *, blobs: BlobStore
) -> Restored:
    """Put data and key store into an empty database, and attachments into their folder.

    Ends at this program's revision. Both are read to their end before the first row is written. The key store may be newer than
    the data: what was erased in between then stays closed. Raises ``BackupRefused``,
    ``SealError``, ``DumpRefused``.
    """
    if inspect(engine).get_table_names():
        raise BackupRefused("The database is not empty. Nothing is put back over what is there.")
    if (describe(data).head.kind, describe(keys).head.kind) != ("data", "keys"):
        raise BackupRefused("A backup is a data file and a key-store file, given as such.")
    found = verify(private, data), verify(private, keys)
    first, second = (one.title.revision for one in found)
    if second < first or max(first, second) > migrate.newest():
        raise BackupRefused(
            "The key store is from an older program than the data, or both from a newer one."
        )
    if migrate.changes_rows_under_mac(first):
        # Their MACs need the keys and a log to enter it in, and neither is there yet.
        raise BackupRefused(
            "The version that made it had other rows that grant authority: restore with that version, begin the"
            " log's new epoch, and then run bti db upgrade with this one."
        )
    migrate.upgrade(engine, first)
    _load(engine, private, data, _Shelf(blobs))
    migrate.upgrade(engine, second)
    _load(engine, private, keys)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        tell(connection, settings_for(EVERYWHERE))
        keyed = select(CaseKey.case_id)
        query = select(func.count()).select_from(Case).where(Case.id.not_in(keyed))
        keyless = connection.execute(query).scalar_one()
    return Restored(*found, keyless)


def outlived(
    files: tuple[BackupFile, ...], *, at: datetime, keep_data: timedelta, keep_keys: timedelta
) -> tuple[BackupFile, ...]:
    """Return the backups that have been kept long enough; never the newest of its kind."""
    limits = {"data": keep_data, "keys": keep_keys}
    newest = {one.head.kind: one for one in files}
    return tuple(
        one
        for one in files
        if at - one.made_at > limits[one.head.kind] and newest[one.head.kind] is not one
    )


def note_made(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Enter that a municipality's rows are being copied into a backup."""
    context.record(Action.BACKUP_DUMP_MAKE, Reference("tenant", tenant_id), tenant=tenant_id)


def note_restored(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Enter that a municipality's rows were put back from a backup."""
    context.record(Action.BACKUP_DUMP_RESTORE, Reference("tenant", tenant_id), tenant=tenant_id)


def _write(
    connection: Connection,
    public: BackupPublicKey,
    directory: Path,
    title: DumpTitle,
    files: Iterable[tuple[str, BinaryIO]],
) -> BackupFile:
    head = DumpHead(title.kind, title.at, title.set_id, public.key_id)
    when = datetime.fromisoformat(title.at)
    path = directory / f"stafett-{title.kind}-{when:%Y%m%dT%H%M%SZ}-{title.set_id[:8]}{ENDING}"
    unfinished = path.with_suffix(".unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = seal_dump(public, head, lines_of(connection, title, files), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return BackupFile(path, head, size)


def _load(
    engine: Engine, private: BackupPrivateKey, path: Path, shelf: _Shelf | None = None
) -> None:
    with path.open("rb") as file, engine.begin() as connection:
        _, pieces = open_dump(private, file)
        load_dump(connection, pieces, shelf)


def _same(head: DumpHead, content: DumpContent) -> DumpContent:
    """The dump inside says the same as the head outside, or somebody has built the file by hand."""
    title = content.title
    if (head.kind, head.set_id, head.made_at) != (title.kind, title.set_id, title.at):
        raise SealError
    return content
