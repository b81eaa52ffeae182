"""What this machine remembers of the logs it signs inline, so that none is put back unseen.

In the inline way the process that writes also holds the signing key, so this does not stop
whoever controls the process. It notices a database file that was put back or rewritten, and then
nothing is signed any more until a new epoch is begun by name.
"""

from __future__ import annotations

import json
import os
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bti.audit.tree import Frontier, TreeError, leaf_hash

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable
    from pathlib import Path

_SLOT: Final = 4096
_PRIVATE: Final = 0o600


class RolledBackError(Exception):
    """The log in the database is not a continuation of the one that was signed here before."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How far a log was signed here: its epoch and the right edge of its tree."""

    epoch: int
    frontier: Frontier


class Guard:
    """Remembers each municipality's log, in memory and, with a ``directory``, in a file each.

    The files are written after the commit and not forced to the disk: they may be behind the
    database, never ahead of it, so a crash cannot lock the log. Losing power may put the memory
    back by the seconds that the system had not written yet.
    """

    def __init__(self, directory: Path | None = None) -> None:
        """Keep the files in ``directory``, which is made when the first one is written."""
        self._directory = directory
        self._memories: dict[uuid.UUID, Memory] = {}
        self._written: dict[uuid.UUID, int] = {}
        #: To put a name together takes as long as to write the file.
        self._names: dict[uuid.UUID, str] = {}

    def check(
        self,
        tenant: uuid.UUID,
        epoch: int,
        frontier: Frontier,
        since: Callable[[int], Iterable[bytes]],
    ) -> None:
        """Raise RolledBackError unless the log standing at ``frontier`` continues what is remembered.

        ``since(size)`` gives the entries of this epoch from number ``size`` on: those that other
        processes have added.
        """
        memory = self._memories.get(tenant)
        if memory is None or memory.epoch != epoch or memory.frontier.size > frontier.size:
            # The command line may have begun a new epoch, or another process knows better.
            memory = self._read(tenant)
        if memory is None:
            return
        if memory.epoch != epoch:
            raise RolledBackError(f"epoch {epoch} stands where epoch {memory.epoch} was signed")
        if memory.frontier.size > frontier.size:
            raise RolledBackError(
                f"{frontier.size} entries stand where {memory.frontier.size} were signed"
            )
        grown = memory.frontier.copy()
        if grown.size < frontier.size:
            for leaf in since(grown.size):
                grown.append(leaf_hash(leaf))
        if grown != frontier:
            raise RolledBackError(
                f"the entries up to {memory.frontier.size} are not those that were signed"
            )

    def remember(self, tenant: uuid.UUID, epoch: int, frontier: Frontier) -> None:
        """Remember a state that is committed."""
        self._memories[tenant] = Memory(epoch, frontier)
        if self._directory is not None:
            self._write(self._directory, tenant, Memory(epoch, frontier))

    def memory(self, tenant: uuid.UUID) -> Memory | None:
        """Return what is remembered of a log, or None for one that is new here."""
        return self._read(tenant) or self._memories.get(tenant)

    def _file(self, directory: Path, tenant: uuid.UUID) -> Path:
        return directory / f"{tenant}.state"

    def _write(self, directory: Path, tenant: uuid.UUID, memory: Memory) -> None:
        """Write the older of two slots: a torn write leaves the other one standing."""
        turn = self._written.get(tenant)
        if turn is None:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            turn = max((at for at, _ in self._slots(tenant)), default=0)
        turn = self._written[tenant] = turn + 1
        edge = b64encode(memory.frontier.to_bytes())
        record = b'{"turn": %d, "epoch": %d, "edge": "%s"}' % (turn, memory.epoch, edge)
        framed = b"%08x " % zlib.crc32(record) + record
        file = self._names.get(tenant) or self._names.setdefault(
            tenant, str(self._file(directory, tenant))
        )
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, _PRIVATE)
        try:
            os.pwrite(descriptor, framed.ljust(_SLOT, b"\n"), _SLOT * (turn % 2))
        finally:
            os.close(descriptor)

    def _read(self, tenant: uuid.UUID) -> Memory | None:
        """Return the newest whole slot; a file with none is refused, not taken for a new log."""
        if self._directory is None or not self._file(self._directory, tenant).exists():
            return self._memories.get(tenant)
        slots = self._slots(tenant)
        if not slots:
            raise RolledBackError("what this machine remembers of the log cannot be read")
        return max(slots, key=lambda slot: slot[0])[1]

    def _slots(self, tenant: uuid.UUID) -> list[tuple[int, Memory]]:
        if self._directory is None or not self._file(self._directory, tenant).exists():
            return []
        stored = self._file(self._directory, tenant).read_bytes()
        read = (_slot(stored[at : at + _SLOT]) for at in range(0, len(stored), _SLOT))
        return [slot for slot in read if slot is not None]


def _slot(stored: bytes) -> tuple[int, Memory] | None:
    check, _, record = stored.rstrip(b"\n\0").partition(b" ")
    if check != b"%08x" % zlib.crc32(record):
        return None
    try:
        fields = json.loads(record)
        frontier = Frontier.from_bytes(b64decode(fields["edge"]))
        return int(fields["turn"]), Memory(int(fields["epoch"]), frontier)
    except (ValueError, KeyError, TypeError, TreeError, RecursionError):
        return None
