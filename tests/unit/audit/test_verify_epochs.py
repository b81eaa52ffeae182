"""What a new epoch says of the old one is compared with what stands there and what was signed."""

from base64 import b64encode

import pytest

from bti.audit.leaf import encode_digest
from bti.audit.note import Checkpoint, VerifierKey, sign_checkpoint
from bti.audit.tree import leaf_hash, root_of
from bti.audit.verify import Kind, Policy, verify_leaves
from tests.unit.audit.logs import KEY, ORIGIN, VERIFIER_KEY, a_leaf, entries, signed

SECOND = ORIGIN[:-1] + "2"
POLICY = Policy((VERIFIER_KEY, VerifierKey.of(SECOND, KEY).encode()))
OLD = entries(5)
ROOT = root_of([leaf_hash(leaf) for leaf in OLD])
NOTES = signed(entries(9), [3, 9])


def log(epoch=2, signed_size=9, found=5, root=ROOT, note=NOTES[1]):
    """Five entries that were left of nine signed ones, and the first of the next epoch."""
    ended = f"{epoch}/restore/{signed_size}/{found}/{encode_digest(root)}/"
    first = a_leaf(9, epo=ended + b64encode(note.encode()).decode()).to_bytes()
    state = Checkpoint(SECOND, 1, leaf_hash(first))
    return verify_leaves(enumerate([*OLD, first]), [NOTES[0], sign_checkpoint(state, KEY)], POLICY)


def test_a_true_beginning_proves_also_what_had_no_checkpoint_of_its_own():
    report = log()
    assert report.intact, report
    assert (report.size, report.epoch, report.base, report.lost) == (6, 2, 5, ((2, 4),))


@pytest.mark.parametrize("signed_size", [4, 5], ids=["and more", "as many"])
def test_entries_that_stand_where_signed_ones_stood_count_as_lost(signed_size):
    """The log was put back to its third entry and written on before anybody noticed."""
    others = [*OLD[:3], *(a_leaf(number).to_bytes() for number in range(90, 95))]
    (was_signed,) = signed(others, [signed_size])
    report = log(signed_size=signed_size, note=was_signed)
    assert report.intact, report
    assert report.lost == ((2, 1),)
    assert "epoch 2 began without 1 or more entries" in str(report)


def test_a_log_that_grew_beyond_what_was_signed_has_lost_nothing():
    (was_signed,) = signed(OLD, [4])
    report = log(signed_size=4, note=was_signed)
    assert report.lost == ((2, 0),)
    assert "epoch 2 began with all entries" in str(report)


def test_a_signature_over_less_than_one_that_was_kept_is_not_the_newest():
    (older,) = signed(OLD, [2])
    finding = log(signed_size=2, note=older).finding
    assert finding is not None
    assert finding.kind == Kind.EPOCH


@pytest.mark.parametrize(
    "false",
    [
        {"found": 4},
        {"found": 6},
        {"root": bytes(32)},
        {"epoch": 3},
        {"signed_size": 8},
        {"note": NOTES[0]},
        {"note": NOTES[1].replace("\n9\n", "\n8\n"), "signed_size": 8},
        {"note": ""},
    ],
    ids=range(8),
)
def test_a_false_beginning_is_named(false):
    finding = log(**false).finding
    assert finding is not None
    assert finding.kind == Kind.EPOCH


def test_an_epoch_that_begins_in_the_middle_of_another_is_named():
    first = a_leaf(9, epo=f"2/restore/0/0/{encode_digest(ROOT)}/").to_bytes()
    leaves = [*OLD, first]
    finding = verify_leaves(enumerate(leaves), signed(leaves, [6]), POLICY).finding
    assert finding is not None
    assert (finding.kind, finding.first) == (Kind.EPOCH, 5)


def test_a_second_epoch_without_its_beginning_is_named():
    state = Checkpoint(SECOND, 1, leaf_hash(OLD[3]))
    notes = [*signed(OLD, [3]), sign_checkpoint(state, KEY)]
    finding = verify_leaves(enumerate(OLD[:4]), notes, POLICY).finding
    assert finding is not None
    assert finding.kind == Kind.MISSING
