"""A witness as C2SP tlog-witness and tlog-cosignature describe it, over a log made here."""

from __future__ import annotations

import base64
import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from waitress import create_server

from bti.audit.asking import BodyError, body_of, read_body
from bti.audit.note import (
    COSIGNATURE_TYPE,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    open_cosignature,
    sign_checkpoint,
)
from bti.audit.proof import consistency_path, node_of, range_hash
from bti.audit.tree import leaf_hash
from bti.audit.verify import Policy, verify_leaves
from bti.audit.witness import Witness, WitnessError
from bti.clock import FixedClock
from bti.jobs.witness import post, witness_app
from tests.serving import answering
from tests.unit.audit.logs import KEY, ORIGIN, START, VERIFIER_KEY, entries, signed

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LEAVES = entries(40)
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
NODE = node_of(HASHES)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def note(size, root=None, key=KEY, origin=ORIGIN):
    """A signed checkpoint over the first entries."""
    return sign_checkpoint(Checkpoint(origin, size, root or range_hash(NODE, 0, size)), key)


def asked(old, size, **changes):
    """The body a log would send."""
    path = consistency_path(NODE, old, size) if old <= size else ()
    return body_of(old, path, note(size, **changes))


@pytest.fixture
def witness(tmp_path):
    """A witness that signs for the log from its beginning."""
    made = Witness.create(tmp_path / "witness", "vitne.example/w1", FixedClock(NOW))
    assert made.watch(VERIFIER_KEY) == ORIGIN
    return made


def test_a_cosignature_has_the_bytes_that_c2sp_describes():
    text = note(3).rpartition("\n\n")[0] + "\n"
    time = int(NOW.timestamp())
    line = cosign(text, "vitne.example/w1", OTHER, time)
    dash, name, encoded = line.rstrip("\n").split(" ")
    public = OTHER.public_key().public_bytes_raw()
    raw = base64.b64decode(encoded)
    assert (dash, name) == ("\N{EM DASH}", "vitne.example/w1")
    assert raw[:4] == hashlib.sha256(b"vitne.example/w1\n\x04" + public).digest()[:4]
    assert raw[4:12] == time.to_bytes(8, "big")
    OTHER.public_key().verify(raw[12:], f"cosignature/v1\ntime {time}\n{text}".encode())


def test_a_growing_log_is_signed_each_time_and_remembered(witness):
    key = VerifierKey.parse(witness.verifier_key, COSIGNATURE_TYPE)
    for old, size in [(0, 3), (3, 3), (3, 17), (17, 40)]:
        answer = witness.add_checkpoint(asked(old, size))
        assert answer.status == 200
        text = note(size).rpartition("\n\n")[0] + "\n"
        assert open_cosignature(text, answer.body, key) == int(NOW.timestamp())
    assert [(log.origin, log.size) for log in witness.logs()] == [(ORIGIN, 40)]


def test_a_witness_that_starts_again_remembers(witness, tmp_path):
    assert witness.add_checkpoint(asked(0, 9)).status == 200
    again = Witness(tmp_path / "witness", FixedClock(NOW))
    answer = again.add_checkpoint(asked(0, 12))
    assert (answer.status, answer.body, answer.content_type) == (409, "9\n", "text/x.tlog.size")
    assert again.add_checkpoint(asked(9, 12)).status == 200


def test_attack_31_a_second_tree_of_the_same_size_is_not_signed(witness):
    assert witness.add_checkpoint(asked(0, 9)).status == 200
    answer = witness.add_checkpoint(body_of(9, (), note(9, root=b"x" * 32)))
    assert (answer.status, answer.body) == (409, "9\n")


@pytest.mark.parametrize("root", [b"x" * 32, range_hash(NODE, 0, 11)])
def test_attack_31_a_tree_that_does_not_continue_the_last_is_not_signed(witness, root):
    assert witness.add_checkpoint(asked(0, 9)).status == 200
    path = consistency_path(NODE, 9, 12)
    assert witness.add_checkpoint(body_of(9, path, note(12, root=root))).status == 422
    assert witness.add_checkpoint(asked(9, 12)).status == 200


def test_attack_29_a_shorter_tree_is_not_signed(witness):
    assert witness.add_checkpoint(asked(0, 20)).status == 200
    assert witness.add_checkpoint(asked(0, 9)).status == 409
    assert witness.add_checkpoint(asked(20, 9)).status == 400
    assert witness.add_checkpoint(asked(9, 9)).status == 409


def test_attack_32_another_key_for_the_same_log_is_refused(witness):
    assert witness.add_checkpoint(asked(0, 5, key=OTHER)).status == 403
    with pytest.raises(WitnessError, match="watched already"):
        witness.watch(VerifierKey.of(ORIGIN, OTHER).encode())


def test_a_log_that_is_not_watched_is_unknown(witness):
    body = body_of(0, (), note(5, origin="stafett.example.no/other/1"))
    assert witness.add_checkpoint(body).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"\xff\xfe",
        b"old -1\n\n" + note(3).encode(),
        b"old 00\n\n" + note(3).encode(),
        b"new 0\n\n" + note(3).encode(),
        b"old 0\nnot base64\n\n" + note(3).encode(),
        b"old 0\nAAAA\n\n" + note(3).encode(),
        b"old 0\n" + b"\n".join([base64.b64encode(bytes(32))] * 64) + b"\n\n" + note(3).encode(),
        b"old 0\n\n" + b"x" * 70_000,
        b"old 0\n\nno note",
    ],
)
def test_what_is_not_a_question_is_answered_with_400(witness, body):
    assert witness.add_checkpoint(body).status == 400


def test_a_body_reads_back_as_it_was_written():
    path = consistency_path(NODE, 9, 33)
    assert read_body(body_of(9, path, note(33))) == (9, path, note(33))
    with pytest.raises(BodyError):
        read_body(body_of(9, path, note(33)).replace(b"old 9", b"old x"))


def test_a_state_that_is_lost_or_spoilt_signs_nothing(witness, tmp_path):
    assert witness.add_checkpoint(asked(0, 5)).status == 200
    state = next((tmp_path / "witness" / "logs").glob("*/state.json"))
    state.write_text("{")
    assert witness.add_checkpoint(asked(5, 9)).status == 500
    state.unlink()
    assert witness.add_checkpoint(asked(0, 9)).status == 404
    with pytest.raises(WitnessError, match="watched already"):
        witness.watch(VERIFIER_KEY)


def test_a_key_that_others_can_read_is_refused(witness, tmp_path):
    (tmp_path / "witness" / "key").chmod(0o644)
    with pytest.raises(WitnessError, match="others can read"):
        Witness(tmp_path / "witness", FixedClock(NOW))


def test_two_who_ask_at_once_get_no_two_trees(witness):
    answers = []
    other = body_of(0, (), note(9, root=b"y" * 32))
    threads = [
        threading.Thread(target=lambda one=one: answers.append(witness.add_checkpoint(one).status))
        for one in (asked(0, 9), other) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(200) == 1


def test_over_http_only_one_address_and_one_method_answer(witness):
    server = create_server(witness_app(witness), host="127.0.0.1", port=0, threads=1)
    address = f"http://127.0.0.1:{server.effective_port}"
    with answering(server):
        assert post(f"{address}/add-checkpoint", asked(0, 9))[0] == 200
        assert post(f"{address}/add-checkpoint", asked(0, 12)) == (409, "9\n")
        assert post(f"{address}/", asked(9, 12))[0] == 404
        assert post(f"{address}/add-checkpoint", b"x" * 200_000)[0] == 400
    with pytest.raises(ConnectionRefusedError):
        post(f"{address}/add-checkpoint", b"")


def test_the_verifier_counts_cosignatures_and_refuses_false_ones(witness):
    line = witness.add_checkpoint(asked(0, 40)).body
    policy = Policy((VERIFIER_KEY,), (witness.verifier_key,))
    report = verify_leaves(enumerate(LEAVES), [note(40) + line], policy)
    assert report.intact, report
    assert report.cosigned == (40, "2026-11-22T09:00:00.000000Z")
    assert not verify_leaves(enumerate(LEAVES), [note(40)], policy).intact
    text = note(39).rpartition("\n\n")[0] + "\n"
    stolen = cosign(text, witness.name, witness._key, int(NOW.timestamp()))
    finding = verify_leaves(enumerate(LEAVES), [note(40) + stolen], policy).finding
    assert "signature is false" in str(finding)


def test_attack_37_a_clock_that_disagrees_with_a_witness_is_named(witness):
    policy = Policy((VERIFIER_KEY,), (witness.verifier_key,))
    for seen, detail in [
        (START - timedelta(days=1), "before the time it states"),
        (START + timedelta(days=1), "much earlier"),
    ]:
        text = note(20).rpartition("\n\n")[0] + "\n"
        line = cosign(text, witness.name, witness._key, int(seen.timestamp()))
        notes = [note(20) + line, *signed(LEAVES, [40])]
        report = verify_leaves(enumerate(LEAVES), notes, policy)
        assert detail in str(report.finding)


def test_a_line_by_somebody_else_is_no_cosignature(witness):
    key = VerifierKey.parse(witness.verifier_key, COSIGNATURE_TYPE)
    text = note(3).rpartition("\n\n")[0] + "\n"
    for line in ["", "x\n", cosign(text, "other.example", OTHER, 1), "a\nb\n"]:
        with pytest.raises(NoteError):
            open_cosignature(text, line, key)
