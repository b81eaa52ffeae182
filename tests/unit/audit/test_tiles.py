"""Proofs from tiles and from ranges are those of the definition, for every pair of small trees."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.audit import proof, tiles
from bti.audit.tree import (
    Frontier,
    TreeError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

HASHES = [leaf_hash(str(number).encode()) for number in range(131)]
RFC_6962_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]


def _tiled(hashes, *sizes):
    """Tiles that grew in the given steps, each written and read again."""
    stored = {}
    size = 0
    for until in (*sizes, len(hashes)):
        grown = tiles.loaded(stored)
        size = grown.extend(size, hashes[size:until])
        stored |= grown.changed
    return stored


def test_the_eight_leaves_of_rfc_6962_have_the_known_root():
    hashes = [leaf_hash(leaf) for leaf in RFC_6962_LEAVES]
    node = tiles.loaded(_tiled(hashes)).node
    known = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert proof.range_hash(node, 0, 8).hex() == known
    assert proof.range_hash(proof.node_of(hashes), 0, 8).hex() == known


def test_every_consistency_proof_up_to_130_is_that_of_the_definition():
    node = proof.node_of(HASHES)
    roots = [proof.range_hash(node, 0, size) for size in range(131)]
    for later in range(131):
        for earlier in range(later + 1):
            path = proof.consistency_path(node, earlier, later)
            assert verify_consistency(earlier, later, roots[earlier], roots[later], path)
            if later % 7 == 0:
                assert path == consistency_proof(HASHES, earlier, later)


def test_every_inclusion_proof_up_to_130_is_that_of_the_definition():
    node = proof.node_of(HASHES)
    for size in range(1, 131):
        root = proof.range_hash(node, 0, size)
        for index in range(size):
            path = proof.inclusion_path(node, index, size)
            assert verify_inclusion(HASHES[index], index, size, path, root)
            if size % 9 == 0:
                assert path == inclusion_proof(HASHES[:size], index)


@given(st.integers(1, 1400), st.lists(st.integers(0, 1400), max_size=4), st.data())
def test_tiles_that_grow_in_steps_give_the_same_hashes_as_the_leaves(size, steps, data):
    hashes = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size)]
    stored = _tiled(hashes, *sorted(step for step in steps if step <= size))
    assert {place: len(found) // 32 for place, found in stored.items()} == {
        (level, n): count for level, n, count in tiles.expected(size)
    }
    held = tiles.loaded(stored)
    index, earlier = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert proof.range_hash(held.node, 0, size) == root_of(hashes)
    assert proof.inclusion_path(held.node, index, size) == inclusion_proof(hashes, index)
    assert proof.consistency_path(held.node, earlier, size) == consistency_proof(
        hashes, earlier, size
    )


def test_a_third_level_of_tiles_is_reached_after_65536_leaves():
    hashes = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(65_537)]
    stored = _tiled(hashes, 65_535)
    assert {level for level, _ in stored} == {0, 1, 2}
    edge = Frontier()
    for one in hashes:
        edge.append(one)
    assert proof.range_hash(tiles.loaded(stored).node, 0, 65_537) == edge.root()


def test_missing_tiles_and_leaves_are_refused():
    held = tiles.loaded(_tiled(HASHES))
    with pytest.raises(TreeError):
        held.node(0, 131)
    with pytest.raises(TreeError):
        tiles.loaded({}).extend(3, HASHES[:1])
    with pytest.raises(TreeError):
        proof.inclusion_path(held.node, 5, 5)
    with pytest.raises(TreeError):
        proof.inclusion_path(held.node, -1, 5)
    with pytest.raises(TreeError):
        proof.consistency_path(held.node, 6, 5)
    with pytest.raises(TreeError):
        proof.consistency_path(held.node, -1, 5)


def test_a_changed_tile_makes_a_proof_that_does_not_verify():
    stored = _tiled(HASHES)
    spoilt = stored | {(0, 0): bytes([stored[0, 0][0] ^ 1]) + stored[0, 0][1:]}
    path = proof.inclusion_path(tiles.loaded(spoilt).node, 1, 131)
    assert not verify_inclusion(HASHES[1], 1, 131, path, root_of(HASHES))
