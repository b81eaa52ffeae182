"""The log's signer: what it remembers is on disk before a signature leaves it."""

from __future__ import annotations

import os
import uuid
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from waitress import create_server

from bti.audit.event import origin_of
from bti.audit.guard import Guard, RolledBackError
from bti.audit.note import VerifierKey, open_note
from bti.audit.proof import consistency_path, node_of, range_hash
from bti.audit.signer import SignerRefusedError, StatefulSigner
from bti.audit.state import Remembered, StaleError
from bti.audit.tree import Frontier, leaf_hash
from bti.jobs.signer import SocketSigner, signer_app
from tests.serving import answering

TENANT = uuid.UUID(int=7)
HASHES = [leaf_hash(str(number).encode()) for number in range(60)]
NODE = node_of(HASHES)
FORKED = node_of([*HASHES[:9], leaf_hash(b"another"), *HASHES[10:]])


@pytest.fixture(params=["here", "behind a socket"])
def signer(request, tmp_path):
    """A signer of a log that nobody knows yet, in this process and behind its socket."""
    own = StatefulSigner(tmp_path / "signer")
    if request.param == "here":
        yield own
        return
    path = tmp_path / "s"
    server = create_server(signer_app(own), unix_socket=str(path))
    with answering(server):
        yield SocketSigner(path)


def ask(signer, old, size, node=NODE, *, epoch=1):
    """Ask for a signature as the sequencer does."""
    root = range_hash(node, 0, size)
    return signer.sign(TENANT, epoch, (size, root), old, consistency_path(node, old, size))


def test_what_grows_is_signed_with_the_key_that_was_told(signer):
    key = VerifierKey.parse(signer.verifier_key(TENANT, 1))
    for old, size in [(0, 5), (5, 5), (5, 12), (12, 60)]:
        note = ask(signer, old, size)
        assert open_note(note, [key]).size == size
        assert signer.remembered(TENANT).note == note
    assert signer.remembered(TENANT).origin == origin_of(TENANT)


def test_a_log_that_nobody_told_of_is_not_signed(signer):
    with pytest.raises(SignerRefusedError, match="no such log"):
        ask(signer, 0, 5)


def test_attack_29_newest_entries_cut_off_are_refused(signer):
    signer.verifier_key(TENANT, 1)
    ask(signer, 0, 20)
    with pytest.raises(SignerRefusedError, match="19 entries stand where 20 were signed"):
        ask(signer, 19, 19)
    with pytest.raises(SignerRefusedError, match="19 entries stand where 20 were signed"):
        ask(signer, 0, 19)


def test_a_rewritten_log_is_refused_at_the_same_size_and_later(signer):
    signer.verifier_key(TENANT, 1)
    ask(signer, 0, 20)
    with pytest.raises(SignerRefusedError, match="two roots"):
        ask(signer, 20, 20, FORKED)
    with pytest.raises(SignerRefusedError, match="not those that were signed"):
        ask(signer, 20, 30, FORKED)
    ask(signer, 20, 30)


def test_another_old_size_is_answered_with_the_remembered_one(signer):
    signer.verifier_key(TENANT, 1)
    ask(signer, 0, 20)
    with pytest.raises(StaleError) as told:
        ask(signer, 5, 30)
    assert told.value.size == 20


def test_a_new_epoch_has_a_key_of_its_own_and_one_beginning(signer):
    first = signer.verifier_key(TENANT, 1)
    note = ask(signer, 0, 20)
    begun = signer.begin(TENANT, 2)
    assert begun.verifier_key != first
    assert (begun.before.size, begun.before.note) == (20, note)
    assert signer.begin(TENANT, 2) == begun
    ask(signer, 0, 3, epoch=2)
    with pytest.raises(SignerRefusedError, match="not after"):
        signer.begin(TENANT, 2)
    with pytest.raises(SignerRefusedError, match="the epoch here"):
        ask(signer, 20, 21)


def test_a_later_epoch_may_be_the_first_that_is_known_here(signer):
    assert signer.remembered(TENANT) is None
    begun = signer.begin(TENANT, 3)
    assert begun.before is None
    assert begun.verifier_key == signer.verifier_key(TENANT, 3)
    assert (signer.remembered(TENANT).origin, signer.remembered(TENANT).note) == (
        origin_of(TENANT, 3),
        "",
    )
    ask(signer, 0, 5, epoch=3)


def test_a_later_epoch_has_no_key_before_it_is_begun(signer):
    with pytest.raises(SignerRefusedError, match="no key"):
        signer.verifier_key(TENANT, 2)
    assert signer.remembered(TENANT) is None


def test_an_epoch_that_is_over_or_has_nothing_before_it_is_not_begun_again(signer):
    signer.begin(TENANT, 1)
    with pytest.raises(SignerRefusedError, match="not after"):
        signer.begin(TENANT, 1)
    signer.begin(TENANT, 2)
    signer.begin(TENANT, 3)
    with pytest.raises(SignerRefusedError, match="not after"):
        signer.begin(TENANT, 2)


def test_what_is_no_state_of_a_log_is_refused(tmp_path):
    signer = StatefulSigner(tmp_path)
    signer.verifier_key(TENANT, 1)
    with pytest.raises(SignerRefusedError, match="32 bytes"):
        signer.sign(TENANT, 1, (5, b"short"), 0, [])


def test_what_is_remembered_never_becomes_something_else(tmp_path):
    begun = StatefulSigner(tmp_path).begin(TENANT, 1)
    with pytest.raises(FrozenInstanceError):
        begun.before = None
    with pytest.raises(FrozenInstanceError):
        Remembered("log").size = 5


def test_a_lost_or_spoilt_state_signs_nothing_and_is_not_a_new_log(tmp_path):
    signer = StatefulSigner(tmp_path)
    signer.verifier_key(TENANT, 1)
    ask(signer, 0, 5)
    state = tmp_path / str(TENANT) / "state.json"
    for spoilt in ["", "{}", "[]", '{"origin":"x","size":-1,"root":"","note":""}']:
        state.write_text(spoilt)
        with pytest.raises(SignerRefusedError):
            ask(signer, 5, 6)
    state.unlink()
    with pytest.raises(SignerRefusedError):
        ask(signer, 0, 6)
    with pytest.raises(SignerRefusedError):
        signer.begin(TENANT, 2)


def test_a_key_that_is_gone_or_readable_by_others_is_refused(tmp_path):
    signer = StatefulSigner(tmp_path)
    signer.verifier_key(TENANT, 1)
    key = tmp_path / str(TENANT) / "key-1"
    key.chmod(0o640)
    with pytest.raises(SignerRefusedError, match="0600"):
        ask(signer, 0, 5)
    key.chmod(0o601)
    with pytest.raises(SignerRefusedError, match="0600"):
        ask(signer, 0, 5)
    key.chmod(0o600)
    for spoilt, refusal in (("00" * 31, "not a key"), ("no hex", "no key")):
        key.write_text(spoilt)
        with pytest.raises(SignerRefusedError, match=refusal):
            ask(signer, 0, 5)
    key.unlink()
    with pytest.raises(SignerRefusedError, match="no key"):
        signer.verifier_key(TENANT, 1)


def test_the_state_is_forced_to_the_disk_before_the_note_is_given(tmp_path, monkeypatch):
    signer, done = StatefulSigner(tmp_path), []
    signer.verifier_key(TENANT, 1)
    real = os.fsync

    def watched(descriptor: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    ask(signer, 0, 5)
    folder = tmp_path / str(TENANT)
    assert done == [str(folder / ".state.json.new"), str(folder)]
    assert not (folder / ".state.json.new").exists()


def edge(size, hashes=HASHES):
    """The right edge over the first entries."""
    made = Frontier()
    for one in hashes[:size]:
        made.append(one)
    return made


def leaves_since(size):
    """The entries from a number on, as another process wrote them."""
    return (str(number).encode() for number in range(size, 30))


def test_the_guard_follows_what_others_add_and_refuses_what_was_put_back(tmp_path):
    guard = Guard(tmp_path / "guard")
    guard.check(TENANT, 1, edge(5), leaves_since)
    for size in range(5, 12):
        guard.remember(TENANT, 1, edge(size))
    again = Guard(tmp_path / "guard")
    again.check(TENANT, 1, edge(11), leaves_since)
    again.check(TENANT, 1, edge(30), leaves_since)
    for size, hashes in [(10, HASHES), (0, HASHES), (11, HASHES[::-1])]:
        with pytest.raises(RolledBackError):
            again.check(TENANT, 1, edge(size, hashes), leaves_since)
    with pytest.raises(RolledBackError, match="epoch 2"):
        again.check(TENANT, 2, edge(30), leaves_since)


@pytest.mark.parametrize("torn", [0, 1])
def test_a_torn_write_of_the_guard_leaves_the_slot_before(tmp_path, torn):
    guard = Guard(tmp_path)
    for size in (3, 4):
        guard.remember(TENANT, 1, edge(size))
    file = tmp_path / f"{TENANT}.state"
    stored = bytearray(file.read_bytes())
    stored[4096 * torn + 20] ^= 1
    file.write_bytes(stored)
    assert Guard(tmp_path).memory(TENANT).frontier.size in {3, 4}
    file.write_bytes(b"")
    with pytest.raises(RolledBackError, match="cannot be read"):
        Guard(tmp_path).check(TENANT, 1, edge(4), leaves_since)
