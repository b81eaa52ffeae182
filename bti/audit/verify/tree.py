"""The Merkle tree of RFC 9162, as far as checking needs it."""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if index >= size or any(len(step) != HASH_BYTES for step in path):
        return False
    node, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = hashlib.sha256(b"\x01" + step + reached).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = hashlib.sha256(b"\x01" + reached + step).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


class Tree:
    """RFC 9162, 2.1.1: one hash per complete subtree, widest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)

    def add(self, entry_hash: bytes) -> None:
        """Append one entry by its hash."""
        self.peaks.append(entry_hash)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(hashlib.sha256(b"\x01" + left + right).digest())

    def root(self) -> bytes:
        """The root over all entries so far."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for left in self.peaks[-2::-1]:
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root

    def root_with(self, hashes: Iterable[bytes]) -> bytes:
        """The root there would be with these entries added."""
        grown = Tree(self.size, self.peaks)
        for entry_hash in hashes:
            grown.add(entry_hash)
        return grown.root()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry: its prefix keeps it apart from a node."""
    return hashlib.sha256(b"\x00" + entry).digest()
