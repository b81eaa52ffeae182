"""Both proofs of RFC 9162, made from hashes of ranges, whoever keeps those: tiles or an edge.

The definitions in `tree` need every leaf; these need a handful of hashes. Tests hold them equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit.tree import EMPTY_ROOT, TreeError, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # The hash of the complete subtree over leaves `index << level` to `(index + 1) << level`.
    Node = Callable[[int, int], bytes]


def range_hash(node: Node, start: int, end: int) -> bytes:
    """Return MTH over leaves ``start`` to ``end``; ``start`` is where a subtree of that size begins."""
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    level = size.bit_length() - 1
    if size == 1 << level:
        return node(level, start >> level)
    split = start + _split(size)
    return node_hash(range_hash(node, start, split), range_hash(node, split, end))


def inclusion_path(node: Node, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes from leaf ``index`` to the root over ``size`` leaves (2.1.3.1)."""
    if not 0 <= index < size:
        raise TreeError("no such leaf")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(range_hash(node, split, end))
            end = split
        else:
            path.append(range_hash(node, start, split))
            start = split
    return tuple(reversed(path))


def consistency_path(node: Node, earlier: int, later: int) -> tuple[bytes, ...]:
    """Return the hashes that show the first ``earlier`` of ``later`` leaves unchanged (2.1.4.1)."""
    if not 0 <= earlier <= later:
        raise TreeError("no such pair of trees")
    if earlier in (0, later):
        return ()
    path: list[bytes] = []
    start, end, whole = 0, later, True
    while end != earlier:
        split = start + _split(end - start)
        if earlier <= split:
            path.append(range_hash(node, split, end))
            end = split
        else:
            path.append(range_hash(node, start, split))
            start, whole = split, False
    if not whole:
        path.append(range_hash(node, start, end))
    return tuple(reversed(path))


def node_of(leaves: Sequence[bytes]) -> Node:
    """Return the source of hashes over leaf hashes held in memory."""

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
