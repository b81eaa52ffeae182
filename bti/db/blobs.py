"""Sealed files on disk, beside the database: each under a random name, whole or not there at all.

Holds ciphertext only and knows neither keys nor cases. The rows that name the files are what counts: a
file that no row names is left over, and a sweep deletes it.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME_LENGTH: Final = 32
_NAME: Final = re.compile(r"[0-9a-f]{32}")
_INCOMING: Final = "incoming"
_SHELF_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A file that lies in the folder; ``complete`` when it has its place, not while it is written."""

    name: str
    changed_at: datetime
    complete: bool


class NewBlob:
    """A file that is being written, under a name that nothing refers to yet. For its owner alone (0600)."""

    __slots__ = ("_file", "_path", "_store", "name")

    def __init__(self, store: BlobStore) -> None:
        """Begin an empty file in ``store``."""
        self._store = store
        self.name = secrets.token_hex(NAME_LENGTH // 2)
        self._path = store.incoming / self.name
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(handle, "wb")

    def write(self, data: bytes, /) -> int:
        """Add bytes at the end."""
        return self._file.write(data)

    def close(self) -> None:
        """Finish writing: what was written is on the disk when this returns."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def keep(self) -> None:
        """Give the file its place, also after a power cut. To be called just before the row commits.

        A second call does nothing: the transaction around it may be tried again.
        """
        self.close()
        place = self._store.path(self.name)
        if place.exists():
            return
        self._store.make_shelf(place.parent)
        self._path.rename(place)
        _sync(place.parent)
        _sync(self._path.parent)

    def discard(self) -> None:
        """Delete the file unless it has been given its place; from then on only the sweep may."""
        with suppress(OSError):
            self._file.close()  # what could not be written is not wanted any more
        self._path.unlink(missing_ok=True)


class BlobStore:
    """A folder of sealed files, made at first use, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        """Keep files under ``folder``."""
        self._folder = folder

    @property
    def incoming(self) -> Path:
        """Where files lie while they are written: on the same file system, so that moving is atomic."""
        path = self._folder / _INCOMING
        self.make_shelf(path)
        return path

    def make_shelf(self, path: Path) -> None:
        """Make a folder in the store, with its name on the disk."""
        if path.is_dir():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync(self._folder)

    def new(self) -> NewBlob:
        """Begin a file."""
        return NewBlob(self)

    def path(self, name: str) -> Path:
        """Return where a file lies. ``FileNotFoundError`` for a name this store never gives.

        Names come from the database, where somebody may have written the path of another file.
        """
        if _NAME.fullmatch(name) is None:
            raise FileNotFoundError
        return self._folder / name[:_SHELF_LETTERS] / name

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. ``FileNotFoundError`` when it is not there or is a link."""
        try:
            handle = os.open(self.path(name), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            raise FileNotFoundError from None
        return os.fdopen(handle, "rb")

    def delete(self, blob: StoredBlob) -> None:
        """Delete a file; one that is gone already is no error."""
        path = self.path(blob.name) if blob.complete else self._folder / _INCOMING / blob.name
        path.unlink(missing_ok=True)

    def everything(self) -> Iterator[StoredBlob]:
        """Yield every file of the store's own making, also those half written."""
        for path in sorted(self._folder.glob("*/*")):
            shelf = path.parent.name
            mine = _NAME.fullmatch(path.name) is not None and not path.is_symlink()
            if mine and shelf in {_INCOMING, path.name[:_SHELF_LETTERS]}:
                with suppress(FileNotFoundError):
                    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield StoredBlob(path.name, changed, shelf != _INCOMING)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
