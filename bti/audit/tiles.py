"""The tree in tiles as C2SP tlog-tiles lays it out: 256 hashes of one level, partial at the edge.

Any proof reads a few tiles instead of every entry. Tiles are a convenience: a wrong one makes a
proof that does not verify, and `tile_check` names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bti.audit.tree import HASH_BYTES, TreeError, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH: Final = 256
_LEVELS: Final = 8  # the heights of the tree that one tile spans


@dataclass(slots=True)
class Tiles:
    """The tiles of one tree, loaded when asked for.

    ``load`` returns the hashes of tile ``n`` of a level, or no bytes when it is not stored.
    ``changed`` are those that grew since this object was made.
    """

    load: Callable[[int, int], bytes]
    _held: dict[tuple[int, int], bytes] = field(default_factory=dict)
    changed: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tile(self, level: int, n: int) -> bytes:
        """Return what is stored of a tile."""
        if (level, n) not in self._held:
            self._held[level, n] = self.load(level, n)
        return self._held[level, n]

    def extend(self, size: int, hashes: Iterable[bytes]) -> int:
        """Add leaf hashes to the tree that has ``size`` leaves; return its new size."""
        n, have = divmod(size, WIDTH)
        grown = bytearray(self.tile(0, n) if have else b"")
        if len(grown) != have * HASH_BYTES:
            raise TreeError("the tiles do not end where the tree does")
        for leaf in hashes:
            grown += leaf
            size += 1
            if len(grown) == WIDTH * HASH_BYTES:
                self._put(0, n, bytes(grown))
                self._carry(1, n, _root(grown))
                n, grown = n + 1, bytearray()
        if grown:
            self._put(0, n, bytes(grown))
        return size

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree. Raise TreeError when its tile is not there."""
        above, height = divmod(level, _LEVELS)
        n, within = divmod(index << height, WIDTH)
        stored = self.tile(above, n)
        part = stored[within * HASH_BYTES : (within + (1 << height)) * HASH_BYTES]
        if len(part) != HASH_BYTES << height:
            raise TreeError("a tile is missing")
        return _root(part)

    def _carry(self, level: int, index: int, root: bytes) -> None:
        """Write the root of a full tile into the level above."""
        n, within = divmod(index, WIDTH)
        grown = (self.tile(level, n) if within else b"") + root
        if len(grown) != (within + 1) * HASH_BYTES:
            raise TreeError("the tiles do not end where the tree does")
        self._put(level, n, grown)
        if within + 1 == WIDTH:
            self._carry(level + 1, n, _root(grown))

    def _put(self, level: int, n: int, hashes: bytes) -> None:
        self._held[level, n] = self.changed[level, n] = hashes


def expected(size: int) -> Iterable[tuple[int, int, int]]:
    """Yield level, number and count of hashes of every tile a tree of ``size`` leaves has."""
    level, count = 0, size
    while count:
        for n in range(-(-count // WIDTH)):
            yield level, n, min(WIDTH, count - n * WIDTH)
        level, count = level + 1, count // WIDTH


def loaded(stored: Mapping[tuple[int, int], bytes]) -> Tiles:
    """Return tiles that are held in memory."""
    return Tiles(lambda level, n: stored.get((level, n), b""))


def _root(hashes: bytes | bytearray) -> bytes:
    """Return the root over a power of two of hashes."""
    row = [bytes(hashes[at : at + HASH_BYTES]) for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
