"""The writing and the verifying code are two implementations on purpose: they must agree."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.audit import leaf as leaf_module
from bti.audit import verify
from bti.audit.leaf import Leaf, LeafError
from bti.audit.note import sign_note
from bti.audit.tree import leaf_hash, root_of
from bti.audit.verify import Kind, verify_leaves
from bti.audit.verify.tree import Tree
from tests.unit.audit.logs import KEY, ORIGIN, VERIFIER_KEY, entries, signed

COUNT = 24
LEAVES = entries(COUNT)
EACH = signed(LEAVES, range(1, COUNT + 1))
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def test_both_know_the_same_form_of_an_entry():
    assert verify.PATTERNS == leaf_module.PATTERNS
    assert verify.KEYS == leaf_module.KEYS
    assert verify.MAX_LEAF_BYTES == leaf_module.MAX_LEAF_BYTES


MUTATIONS = st.one_of(
    st.tuples(st.sampled_from([*leaf_module.PATTERNS, "v", "x"]), st.text(max_size=6)),
    st.tuples(
        st.sampled_from([*leaf_module.PATTERNS, "v", "x"]),
        st.sampled_from(
            [None, True, 1, 1.0, 2, [], [1], [""], {}, ["a", "a"], "2026-02-30T00:00:00.000000Z"]
        ),
    ),
    st.tuples(
        st.just("rows"),
        st.lists(
            st.builds(
                "a/00000000-0000-0000-0000-00000000000{}/{}".format,
                st.integers(0, 9),
                st.sampled_from(["-/deleted", f"1/{'A' * 43}=", f"9007199254740993/{'A' * 43}="]),
            )
        ),
    ),
)


@given(MUTATIONS)
@settings(max_examples=300)
def test_both_accept_and_refuse_the_same_entries(mutation: tuple[str, object]):
    fields = json.loads(LEAVES[0]) | dict([mutation])
    entry = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    try:
        accepted = Leaf.parse(entry).to_bytes() == entry
    except LeafError:
        accepted = False
    assert verify_leaves([(0, entry)], signed([entry], [1]), VERIFIER_KEY).intact == accepted


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_both_grow_the_same_tree(contents: list[bytes]):
    tree = Tree()
    for content in contents:
        tree.add(leaf_hash(content))
    assert (tree.size, tree.root()) == (
        len(contents),
        root_of([leaf_hash(content) for content in contents]),
    )


def test_both_ignore_unknown_signatures_and_refuse_false_ones():
    witness = sign_note(EACH[-1].rsplit("\n\n", 1)[0] + "\n", "witness.example", OTHER).rsplit(
        "\n\n", 1
    )[1]
    false = sign_note("other text\n", ORIGIN, KEY).rsplit("\n\n", 1)[1]
    assert verify_leaves(enumerate(LEAVES), [EACH[-1] + witness], VERIFIER_KEY).intact
    finding = verify_leaves(enumerate(LEAVES), [EACH[-1] + false], VERIFIER_KEY).finding
    assert finding is not None
    assert finding.kind == Kind.SIGNATURE
