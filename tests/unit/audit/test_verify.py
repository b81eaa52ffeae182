import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bti.audit.note import Checkpoint, NoteError, VerifierKey, open_note, sign_checkpoint, sign_note
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import Kind, Report, verify_leaves
from tests.unit.audit.logs import KEY, ORIGIN, TENANT, VERIFIER_KEY, a_leaf, entries, signed

COUNT = 24
LEAVES = entries(COUNT)
EACH = signed(LEAVES, range(1, COUNT + 1))  # one checkpoint per entry, as most transactions make
FEW = signed(LEAVES, [0, 5, 6, 16, COUNT])
ENDS_OF_FEW = [0, 5, 6, 16, COUNT]
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
POSITIONS = st.integers(0, COUNT - 1)


def check(leaves: list[bytes], notes: list[str] = EACH, **options: str) -> Report:
    return verify_leaves(enumerate(leaves), notes, VERIFIER_KEY, **options)


def found(leaves: list[bytes], notes: list[str] = EACH) -> tuple[Kind, int, int]:
    finding = check(leaves, notes).finding
    assert finding is not None
    return finding.kind, finding.first, finding.last


def window(position: int) -> tuple[int, int]:
    """The entries that the checkpoints in FEW prove together with this one."""
    end = next(size for size in ENDS_OF_FEW if size > position)
    return max(size for size in ENDS_OF_FEW if size <= position), end - 1


def flipped(entry: bytes, bit: int) -> bytes:
    raw = bytearray(entry)
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(raw)


@pytest.mark.parametrize("notes", [EACH, FEW, EACH[-1:]])
def test_an_untouched_log_is_intact(notes: list[str]):
    report = check(LEAVES, notes, tenant=TENANT)
    assert report.intact
    assert (report.size, report.until) == (COUNT, a_leaf(COUNT - 1).t)
    assert report.root == open_note(EACH[-1], [VerifierKey.parse(VERIFIER_KEY)]).root
    assert str(report).startswith(f"intact: {COUNT} entries, root ")
    assert report.checkpoints == len(notes)


def test_an_empty_log_with_its_checkpoint_is_intact():
    report = check([], signed([], [0]))
    assert (report.intact, report.size, report.until) == (True, 0, "")


@given(POSITIONS, st.integers(0))
def test_a_flipped_bit_is_named(position: int, bit: int):
    tampered = [*LEAVES]
    tampered[position] = flipped(LEAVES[position], bit)
    assert found(tampered) == (Kind.EDITED, position, position)
    assert found(tampered, FEW) == (Kind.EDITED, *window(position))


@given(POSITIONS, st.sampled_from(["who", "t", "act"]))
def test_a_well_formed_forgery_is_named(position: int, field: str):
    forged = {"who": "system:nobody", "t": a_leaf(position).t[:-2] + "1Z", "act": "case:list:read"}
    tampered = [*LEAVES]
    tampered[position] = a_leaf(position, **{field: forged[field]}).to_bytes()
    assert found(tampered) == (Kind.EDITED, position, position)


@given(POSITIONS)
def test_a_deleted_entry_is_named(position: int):
    tampered = [*LEAVES[:position], *LEAVES[position + 1 :]]
    assert found(tampered) == (Kind.MISSING, position, position)
    kind, first, last = found(tampered, FEW)
    assert kind == Kind.MISSING
    assert first <= position <= last
    assert first == window(position)[0]


@given(st.integers(0, COUNT), st.integers(0, COUNT - 1))
def test_an_inserted_entry_is_named(position: int, source: int):
    stranger = a_leaf(source, who="system:nobody").to_bytes()
    tampered = [*LEAVES[:position], stranger, *LEAVES[position:]]
    assert found(tampered) == (Kind.INSERTED, position, position)
    assert found(tampered, FEW) == (Kind.INSERTED, position, position)


@given(POSITIONS, POSITIONS)
def test_two_swapped_entries_are_named(one: int, other: int):
    first, second = sorted((one, other))
    tampered = [*LEAVES]
    tampered[first], tampered[second] = LEAVES[second], LEAVES[first]
    for notes in (EACH, FEW, EACH[-1:]):
        if first == second:
            assert check(tampered, notes).intact
        else:
            assert found(tampered, notes) == (Kind.REORDERED, first, first)


@given(st.permutations(range(COUNT)))
def test_any_other_order_is_found_where_it_begins(order: list[int]):
    tampered = [LEAVES[number] for number in order]
    first_wrong = next((place for place, number in enumerate(order) if place != number), None)
    if first_wrong is None:
        assert check(tampered).intact
    else:
        assert found(tampered) == (Kind.REORDERED, first_wrong, first_wrong)
        _, first, last = found(tampered, FEW)
        assert first <= first_wrong <= last


@given(st.lists(st.tuples(POSITIONS, st.integers(0)), min_size=2, max_size=6))
def test_of_many_changes_the_first_is_named(flips: list[tuple[int, int]]):
    tampered = [*LEAVES]
    for position, bit in flips:
        tampered[position] = flipped(tampered[position], bit)
    changed = [place for place in range(COUNT) if tampered[place] != LEAVES[place]]
    if changed:
        assert found(tampered) == (Kind.EDITED, changed[0], changed[0])
    else:
        assert check(tampered).intact


@given(st.integers(0, COUNT - 1))
def test_a_cut_log_is_missing_its_end(kept: int):
    assert found(LEAVES[:kept]) == (Kind.MISSING, kept, kept)


def test_a_gap_in_the_numbering_is_named_exactly():
    numbered = [(n, entry) for n, entry in enumerate(LEAVES) if n not in (7, 8)]
    finding = verify_leaves(numbered, FEW, VERIFIER_KEY).finding
    assert finding is not None
    assert (finding.kind, finding.first, finding.last) == (Kind.MISSING, 7, 8)


def test_a_number_that_comes_twice_is_named():
    numbered = [*enumerate(LEAVES[:9]), (3, LEAVES[3])]
    finding = verify_leaves(numbered, FEW, VERIFIER_KEY).finding
    assert finding is not None
    assert (finding.kind, finding.first) == (Kind.REORDERED, 9)


def test_a_long_stretch_without_a_checkpoint_is_still_checked():
    leaves = entries(300)
    notes = signed(leaves, [100, 300])
    leaves[200] = flipped(leaves[200], 1)
    assert found(leaves, notes) == (Kind.EDITED, 100, 299)


@given(st.integers(0, COUNT - 1))
def test_a_checkpoint_by_a_wrong_key_is_named(number: int):
    checkpoint = open_note(EACH[number], [VerifierKey.parse(VERIFIER_KEY)])
    forged = [*EACH]
    forged[number] = sign_checkpoint(checkpoint, OTHER)
    assert found(LEAVES, forged) == (Kind.SIGNATURE, number, number)


def test_a_rewritten_log_with_forged_checkpoints_is_refused():
    rewritten = [a_leaf(number, who="system:nobody").to_bytes() for number in range(COUNT)]
    root = root_over(rewritten)
    true_signature = EACH[-1].rsplit("\n\n", 1)[1]
    forged = f"{Checkpoint(ORIGIN, COUNT, root).text}\n{true_signature}"
    assert found(rewritten, [forged]) == (Kind.SIGNATURE, 0, 0)


def root_over(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    for entry in leaves:
        frontier.append(leaf_hash(entry))
    return frontier.root()


def test_a_checkpoint_of_another_log_is_refused():
    other = Checkpoint("other.example", COUNT, root_over(LEAVES))
    assert found(LEAVES, [sign_checkpoint(other, KEY)]) == (Kind.SIGNATURE, 0, 0)
    assert found(LEAVES, [sign_note(other.text, ORIGIN, KEY)]) == (Kind.SIGNATURE, 0, 0)


@given(st.data())
def test_a_changed_byte_in_a_checkpoint_is_refused(data: st.DataObject):
    raw = bytearray(EACH[-1].encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    note = raw.decode("utf-8", "replace")
    assert not check(LEAVES, [note]).intact
    with pytest.raises(NoteError):
        open_note(note, [VerifierKey.parse(VERIFIER_KEY)])


def test_a_log_without_checkpoints_proves_nothing():
    assert found(LEAVES, []) == (Kind.CHECKPOINT, 0, 0)


def test_two_signed_roots_for_one_size_contradict_each_other():
    fork = signed([*LEAVES[:-1], a_leaf(99).to_bytes()], [COUNT])
    assert found(LEAVES, [*EACH, *fork]) == (Kind.CHECKPOINT, COUNT, COUNT)


def test_checkpoints_that_shrink_contradict_each_other():
    assert found(LEAVES, [EACH[9], EACH[4], EACH[-1]]) == (Kind.CHECKPOINT, 10, 10)


def test_a_node_of_the_tree_does_not_pass_as_an_entry():
    pair = leaf_hash(LEAVES[0]) + leaf_hash(LEAVES[1])
    assert not check(
        [pair], [sign_checkpoint(Checkpoint(ORIGIN, 1, root_over(LEAVES[:2])), KEY)]
    ).intact


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (b"{}", Kind.MALFORMED),
        (a_leaf(5).to_bytes() + b" ", Kind.MALFORMED),
        (a_leaf(5, ten="00000000-0000-0000-0000-000000000001").to_bytes(), Kind.TENANT),
        (a_leaf(1).to_bytes(), Kind.TIME),
    ],
)
def test_what_should_never_have_been_signed_is_named(entry: bytes, kind: Kind):
    leaves = [*LEAVES[:5], entry, *LEAVES[6:]]
    assert found(leaves, signed(leaves, range(1, COUNT + 1))) == (kind, 5, 5)


def test_a_log_of_another_tenant_than_asked_for_is_named():
    finding = check(LEAVES, tenant="00000000-0000-0000-0000-000000000001").finding
    assert finding is not None
    assert (finding.kind, finding.first) == (Kind.TENANT, 0)


def test_what_stands_before_the_first_fault_stays_proven():
    report = check([*LEAVES[:9], *LEAVES[10:]])
    assert (report.size, report.root, report.until) == (9, root_over(LEAVES[:9]), a_leaf(8).t)


@pytest.mark.parametrize("key", ["", "name", VERIFIER_KEY[:-1], VERIFIER_KEY.replace("+", " ")])
def test_something_else_than_a_verifier_key_is_refused(key: str):
    with pytest.raises(ValueError, match=r"verifier key|base64"):
        verify_leaves([], [], key)
