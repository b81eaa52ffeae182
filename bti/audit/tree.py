"""The Merkle tree of RFC 9162: hashes, the compact right edge that grows by one leaf, and both kinds of proof.

Pure arithmetic on hashes. What a leaf holds is in `leaf`, who signs a root is in `note`.
"""

import hashlib
from collections.abc import Sequence
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_FORMAT = b"\x01"
_HEADER_BYTES = 1 + 8
_MAX_SIZE = 2**53  # sizes are written as JSON integers elsewhere, which are exact only up to here


class TreeError(ValueError):
    """Bytes, hashes or sizes that cannot belong to a tree."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash the exact bytes of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children (RFC 9162, 2.1.1). The other prefix is what keeps a node from passing as a leaf."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: its size and one hash for each complete subtree, widest first.

    This is all that is needed to append and to know the root; it holds one hash per set bit of the size.
    """

    __slots__ = ("_edge", "_size")

    def __init__(self) -> None:
        """Start with the empty tree."""
        self._size = 0
        self._edge: list[bytes] = []

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @classmethod
    def of(cls, size: int, edge: Sequence[bytes]) -> Self:
        """Return the edge made of these hashes, widest first. Raise TreeError unless they fit ``size``."""
        return cls.from_bytes(_FORMAT + size.to_bytes(8, "big") + b"".join(edge))

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its hash (32 bytes), not by its content. Raise TreeError for any other length."""
        _check_hash(leaf)
        if self._size >= _MAX_SIZE:
            raise TreeError("the tree is full")
        carried, size = leaf, self._size
        while size & 1:
            carried = node_hash(self._edge.pop(), carried)
            size >>= 1
        self._edge.append(carried)
        self._size += 1

    def root(self) -> bytes:
        """Return the root hash over all leaves so far (32 bytes)."""
        if not self._edge:
            return EMPTY_ROOT
        *wider, root = self._edge
        for subtree in reversed(wider):
            root = node_hash(subtree, root)
        return root

    def copy(self) -> Self:
        """Return an independent frontier with the same leaves."""
        return self.from_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the stored form: format byte, size as eight bytes big-endian, then the hashes."""
        return _FORMAT + self._size.to_bytes(8, "big") + b"".join(self._edge)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote. Raise TreeError unless every byte is accounted for."""
        if len(stored) < _HEADER_BYTES or stored[:1] != _FORMAT:
            raise TreeError("not a stored frontier")
        size = int.from_bytes(stored[1:_HEADER_BYTES], "big")
        if size > _MAX_SIZE or len(stored) != _HEADER_BYTES + HASH_BYTES * size.bit_count():
            raise TreeError("the stored frontier's length does not fit its size")
        frontier = cls()
        frontier._size = size
        frontier._edge = [
            stored[start : start + HASH_BYTES]
            for start in range(_HEADER_BYTES, len(stored), HASH_BYTES)
        ]
        return frontier

    def __eq__(self, other: object) -> bool:
        """Two frontiers are equal when they describe the same tree."""
        if not isinstance(other, Frontier):
            return NotImplemented
        return self._size == other._size and self._edge == other._edge

    __hash__ = None  # type: ignore[assignment]  # it changes with every append

    def __repr__(self) -> str:
        """Show the size; the hashes say nothing to a reader."""
        return f"Frontier(size={self._size})"


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes straight from the definition of MTH (RFC 9162, 2.1.1). Slow on purpose."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from leaf `index` (from 0) to the root over `leaves` (RFC 9162, 2.1.3.1).

    Raise TreeError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise TreeError("no such leaf")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether `proof` shows that leaf hash `leaf` is number `index` of `size` under `root` (2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes((leaf, root, *proof)):
        return False
    node, last, reached = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = node_hash(step, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, step)
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


def consistency_proof(leaves: Sequence[bytes], earlier: int, later: int) -> tuple[bytes, ...]:
    """Return the hashes that show the first `earlier` leaves to be a prefix of the first `later` (2.1.4.1).

    The proof is empty when the sizes are equal or the earlier tree is empty.
    Raise TreeError unless 0 <= earlier <= later <= len(leaves).
    """
    if not 0 <= earlier <= later <= len(leaves):
        raise TreeError("no such pair of trees")
    if earlier in (0, later):
        return ()
    return _subproof(leaves[:later], earlier, whole=True)


def verify_consistency(
    earlier: int, later: int, earlier_root: bytes, later_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows that the later tree only added leaves to the earlier (RFC 9162, 2.1.4.2)."""
    if not 0 <= earlier <= later or not _all_hashes((earlier_root, later_root, *proof)):
        return False
    if earlier == 0:
        return not proof and earlier_root == EMPTY_ROOT and (later > 0 or later_root == EMPTY_ROOT)
    if earlier == later:
        return not proof and earlier_root == later_root
    # A complete earlier tree is itself a node of the later one, so the proof leaves its root out.
    path = proof if earlier & (earlier - 1) else (earlier_root, *proof)
    if not path:
        return False
    node, last = earlier - 1, later - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == earlier_root and new == later_root


def _subproof(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> tuple[bytes, ...]:
    """SUBPROOF of RFC 9162, 2.1.4.1: `whole` while the earlier tree is the one the proof began with."""
    if earlier == len(leaves):
        return () if whole else (root_of(leaves),)
    split = _split(len(leaves))
    if earlier <= split:
        return (*_subproof(leaves[:split], earlier, whole=whole), root_of(leaves[split:]))
    return (*_subproof(leaves[split:], earlier - split, whole=False), root_of(leaves[:split]))


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _check_hash(value: bytes) -> None:
    if len(value) != HASH_BYTES:
        raise TreeError("not a SHA-256 hash")


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
