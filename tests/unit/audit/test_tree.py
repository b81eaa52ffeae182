import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    TreeError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves that RFC 6962 implementations have tested each other with since 2013.
RFC_6962_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
RFC_6962_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes([number])) for number in range(64)]
ROOTS = [root_of(LEAVES[:size]) for size in range(65)]


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int):
    leaves = [leaf_hash(leaf) for leaf in RFC_6962_LEAVES[:size]]
    assert root_of(leaves).hex() == RFC_6962_ROOTS[size - 1]
    assert frontier_of(leaves).root().hex() == RFC_6962_ROOTS[size - 1]


def test_the_published_inclusion_proof_comes_out():
    leaves = [leaf_hash(leaf) for leaf in RFC_6962_LEAVES]
    assert [step.hex() for step in inclusion_proof(leaves, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_the_published_consistency_proof_comes_out():
    leaves = [leaf_hash(leaf) for leaf in RFC_6962_LEAVES]
    assert [step.hex() for step in consistency_proof(leaves, 2, 5)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest() == root_of([])


@pytest.mark.parametrize("size", range(65))
def test_the_growing_edge_agrees_with_the_definition(size: int):
    frontier = frontier_of(LEAVES[:size])
    assert (frontier.size, frontier.root()) == (size, ROOTS[size])


@given(st.lists(st.binary(max_size=8), max_size=200), st.integers(0, 200))
def test_a_stored_edge_goes_on_where_it_stopped(entries: list[bytes], cut: int):
    leaves = [leaf_hash(entry) for entry in entries]
    resumed = Frontier.from_bytes(frontier_of(leaves[:cut]).to_bytes())
    for leaf in leaves[cut:]:
        resumed.append(leaf)
    assert resumed == frontier_of(leaves)
    assert resumed.root() == root_of(leaves)


def test_a_copy_grows_by_itself():
    original = frontier_of(LEAVES[:5])
    copy = original.copy()
    copy.append(LEAVES[5])
    assert (original.root(), copy.root()) == (ROOTS[5], ROOTS[6])


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\x01",
        b"\x02" + bytes(8),
        b"\x01" + bytes(8) + b"\x00",
        b"\x01" + bytes(7) + b"\x03" + bytes(32),
        b"\x01" + bytes(7) + b"\x03" + bytes(65),
        b"\x01" + bytes(7) + b"\x03" + bytes(96),
        b"\x01" + b"\xff" * 8 + bytes(32 * 64),
        # The empty tree but for one bit, far above any size.
        b"\x01\x01" + bytes(7),
    ],
)
def test_stored_bytes_that_do_not_add_up_are_refused(stored: bytes):
    with pytest.raises(TreeError):
        Frontier.from_bytes(stored)


def test_only_hashes_are_appended():
    with pytest.raises(TreeError):
        Frontier().append(b"an entry itself")


def test_a_tree_is_full_before_its_size_stops_being_exact():
    edge = [bytes(32)]
    full = Frontier.of(2**53, edge)
    assert full.size == 2**53
    with pytest.raises(TreeError, match="full"):
        full.append(LEAVES[0])
    with pytest.raises(TreeError, match="does not fit"):
        Frontier.of(2**53 + 1, edge * 2)


def test_an_edge_is_made_of_its_hashes_widest_first():
    one, two, three = LEAVES[:3]
    assert Frontier.of(3, [node_hash(one, two), three]) == frontier_of(LEAVES[:3])


def test_an_edge_is_equal_to_edges_only_and_shows_its_size():
    assert Frontier() != 0
    assert Frontier().__eq__(0) is NotImplemented
    one, other = LEAVES[:2]
    assert Frontier.of(1, [one]) == Frontier.of(1, [one])
    assert Frontier.of(1, [one]) != Frontier.of(2, [one])
    assert Frontier.of(1, [one]) != Frontier.of(1, [other])
    assert repr(frontier_of(LEAVES[:5])) == "Frontier(size=5)"


def test_every_leaf_of_every_small_tree_is_proven():
    for size in range(1, 65):
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


def test_every_pair_of_small_trees_is_proven_consistent():
    for earlier, later in itertools.combinations_with_replacement(range(65), 2):
        proof = consistency_proof(LEAVES, earlier, later)
        assert verify_consistency(earlier, later, ROOTS[earlier], ROOTS[later], proof)


@given(st.data())
def test_an_inclusion_proof_proves_nothing_else(data: st.DataObject):
    size = data.draw(st.integers(1, 64))
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_proof(LEAVES[:size], index))
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not verify_inclusion(LEAVES[index], other, size, proof, ROOTS[size])
        assert not verify_inclusion(LEAVES[other], index, size, proof, ROOTS[size])
    assert not verify_inclusion(LEAVES[index], index, size, [*proof, LEAVES[0]], ROOTS[size])
    assert not verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size - 1])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        proof[place] = flipped(proof[place], data.draw(st.integers(0, 255)))
        assert not verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        assert not verify_inclusion(LEAVES[index], index, size, proof[:-1], ROOTS[size])


@given(st.data())
def test_a_tampered_consistency_proof_is_refused(data: st.DataObject):
    later = data.draw(st.integers(2, 64))
    earlier = data.draw(st.integers(1, later - 1))
    proof = list(consistency_proof(LEAVES, earlier, later))
    old, new = ROOTS[earlier], ROOTS[later]
    bit = data.draw(st.integers(0, 255))
    place = data.draw(st.integers(0, len(proof) - 1))
    tampered = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
    assert not verify_consistency(earlier, later, old, new, tampered)
    assert not verify_consistency(earlier, later, old, new, proof[:-1])
    assert not verify_consistency(earlier, later, old, new, [*proof, proof[-1]])
    assert not verify_consistency(earlier, later, flipped(old, bit), new, proof)
    assert not verify_consistency(earlier, later, old, flipped(new, bit), proof)
    assert not verify_consistency(later, earlier, new, old, proof)


@given(st.data())
def test_a_rewritten_history_has_no_consistency_proof(data: st.DataObject):
    later = data.draw(st.integers(2, 64))
    earlier = data.draw(st.integers(1, later))
    rewritten = list(LEAVES[:later])
    rewritten[data.draw(st.integers(0, earlier - 1))] = leaf_hash(b"rewritten")
    proof = consistency_proof(rewritten, earlier, later)
    assert not verify_consistency(earlier, later, ROOTS[earlier], root_of(rewritten), proof)


def test_nothing_is_consistent_with_an_empty_tree_but_by_an_empty_proof():
    assert not verify_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [LEAVES[0]])
    assert not verify_consistency(0, 5, ROOTS[1], ROOTS[5], [])
    assert not verify_consistency(0, 0, EMPTY_ROOT, ROOTS[1], [])
    assert not verify_consistency(4, 4, ROOTS[4], ROOTS[3], [])
    assert verify_consistency(3, 5, ROOTS[3], ROOTS[5], []) is False


def test_a_node_does_not_pass_as_a_leaf():
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"\x01" + left + right) != node_hash(left, right)
    assert root_of([leaf_hash(left + right)]) != root_of([left, right])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_proof_for_a_leaf_that_is_not_there_is_refused(index: int):
    with pytest.raises(TreeError):
        inclusion_proof(LEAVES[:3], index)
    assert not verify_inclusion(LEAVES[0], index, 3, [], ROOTS[3])


@pytest.mark.parametrize(("earlier", "later"), [(-1, 2), (3, 2), (2, 65)])
def test_a_proof_between_trees_that_are_not_there_is_refused(earlier: int, later: int):
    with pytest.raises(TreeError):
        consistency_proof(LEAVES, earlier, later)


def test_proofs_of_something_else_than_hashes_are_refused():
    assert not verify_inclusion(b"short", 0, 1, [], b"short")
    assert not verify_consistency(1, 2, LEAVES[0], ROOTS[2], [b"short"])


ONE, TWO, SHORT = LEAVES[0], LEAVES[1], b"short"


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root"),
    [
        # No such leaf, also where hash and root would fit.
        (ONE, 1, 1, [], ONE),
        (ONE, -1, 1, [], ONE),
        (ONE, 0, 0, [], ONE),
        # Something else than a hash, put where it would be hashed.
        (SHORT, 0, 2, [TWO], node_hash(SHORT, TWO)),
        (ONE, 0, 2, [SHORT], node_hash(ONE, SHORT)),
        # A step more than the tree is high.
        (ONE, 0, 1, [TWO], node_hash(TWO, ONE)),
        (ONE, 0, 2, [TWO, TWO], node_hash(TWO, node_hash(ONE, TWO))),
        # A step less.
        (ONE, 0, 2, [], ONE),
    ],
)
def test_an_inclusion_that_only_adds_up_is_not_shown(leaf, index, size, proof, root):
    assert verify_inclusion(leaf, index, size, proof, root) is False


@pytest.mark.parametrize(
    ("earlier", "later", "earlier_root", "later_root", "proof"),
    [
        # The later tree is the smaller one, or the earlier one is no tree.
        (2, 1, ONE, ONE, []),
        (-1, 1, ONE, ONE, [ONE]),
        # Something else than a hash, put where it would be hashed or is not looked at.
        (1, 2, SHORT, node_hash(SHORT, TWO), [TWO]),
        (1, 2, ONE, node_hash(ONE, SHORT), [SHORT]),
        (0, 5, EMPTY_ROOT, SHORT, []),
        # The same tree, and a proof beside it.
        (3, 3, ROOTS[3], ROOTS[3], [ONE]),
        # A step more than the trees are high.
        (
            3,
            4,
            node_hash(ONE, ROOTS[3]),
            node_hash(ONE, ROOTS[4]),
            [*consistency_proof(LEAVES, 3, 4), ONE],
        ),
        # A step less.
        (4, 8, ROOTS[4], ROOTS[4], []),
    ],
)
def test_a_consistency_that_only_adds_up_is_not_shown(
    earlier, later, earlier_root, later_root, proof
):
    assert verify_consistency(earlier, later, earlier_root, later_root, proof) is False


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")
