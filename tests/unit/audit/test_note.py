import base64
from dataclasses import FrozenInstanceError
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bti.audit.note import (
    COSIGNATURE_TYPE,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    open_cosignature,
    open_note,
    open_text,
    sign_checkpoint,
    sign_note,
    text_of,
)
from tests.unit.audit.logs import KEY, ORIGIN

# The example that golang.org/x/mod/sumdb/note, the origin of the format, is documented with.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SECRET = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_NOTE = (
    NEUMANN_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX"
    "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
CHECKPOINT = Checkpoint(ORIGIN, 20852163, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, KEY)
OWN = VerifierKey.of(ORIGIN, KEY)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
WITNESS = VerifierKey.of("witness.example", OTHER, COSIGNATURE_TYPE)
SEEN = 1_700_000_000
COSIGNED = cosign(CHECKPOINT.text, WITNESS.name, OTHER, SEEN)
SIGNATURE = "— name AAAAAAA=\n"


def test_the_published_note_opens_with_its_published_key():
    key = VerifierKey.parse(NEUMANN)
    assert open_text(NEUMANN_NOTE, [key]) == (NEUMANN_TEXT, frozenset({"PeterNeumann"}))
    assert key.encode() == NEUMANN


def test_signing_the_published_text_gives_the_published_note():
    key = Ed25519PrivateKey.from_private_bytes(NEUMANN_SECRET)
    assert sign_note(NEUMANN_TEXT, "PeterNeumann", key) == NEUMANN_NOTE


def test_a_checkpoint_reads_as_specified():
    assert CHECKPOINT.text == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert open_note(NOTE, [OWN]) == CHECKPOINT


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_what_is_opened(size: int, root: bytes):
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert open_note(sign_checkpoint(checkpoint, KEY), [OWN]) == checkpoint


@given(st.data())
def test_a_changed_byte_anywhere_is_refused(data: st.DataObject):
    raw = bytearray(NOTE.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NoteError):
        open_note(raw.decode("utf-8", "replace"), [OWN])


def test_signatures_of_unknown_keys_are_ignored():
    witness = sign_note(CHECKPOINT.text, "witness.example", OTHER).rsplit("\n\n", 1)[1]
    assert open_note(NOTE + witness, [OWN]) == CHECKPOINT
    with pytest.raises(NoteError, match="none of the given keys"):
        open_note(NOTE, [VerifierKey.of("witness.example", OTHER)])


def test_another_key_under_the_same_name_does_not_count():
    with pytest.raises(NoteError, match="none of the given keys"):
        open_note(sign_checkpoint(CHECKPOINT, OTHER), [OWN])


def test_a_false_signature_spoils_a_true_one():
    false = sign_note("other text\n", ORIGIN, KEY).rsplit("\n\n", 1)[1]
    with pytest.raises(NoteError, match="does not match"):
        open_note(NOTE + false, [OWN])


def test_one_log_cannot_vouch_for_another():
    with pytest.raises(NoteError, match="its own log"):
        open_note(
            sign_note(CHECKPOINT.text, "other.example", KEY), [VerifierKey.of("other.example", KEY)]
        )


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n05\n{'A' * 43}=\n",
        f"{ORIGIN}\n-5\n{'A' * 43}=\n",
        f"{ORIGIN}\n٥\n{'A' * 43}=\n",
        f"{ORIGIN}\n9007199254740993\n{'A' * 43}=\n",
        f"{ORIGIN}\n5\n{'A' * 43}=\nan extension\n",
        f"{ORIGIN}\n5\n{'A' * 42}B=\n",
        f"{ORIGIN}\n5\n{'A' * 44}\n",
        f"{ORIGIN}\n5\n{'-' * 43}=\n",
        f"{ORIGIN}\n5\n{'A' * 43}=",
        f"{ORIGIN}\n5\n{'A' * 43}=\nan extension",
        f"\n5\n{'A' * 43}=\n",
        f"two words\n5\n{'A' * 43}=\n",
        f"plus+plus\n5\n{'A' * 43}=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str):
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        CHECKPOINT.text,
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("—", "-"),
        NOTE.replace("— ", "—"),
        NOTE + "\n",
        NOTE + "— name\n",
        NOTE + "— name AAAA extra\n",
        NOTE + "— name AAAAAA==\n",
        NOTE.replace("\n", "\r\n"),
        NOTE + "— \ud800 AAAAAAA=\n",
        NOTE + "— name AAAAAAA=\n" * 100,
        "a" * (1 << 20) + NOTE,
    ],
)
def test_a_malformed_note_is_refused(note: str):
    with pytest.raises(NoteError):
        open_note(note, [OWN])


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "PeterNeumann",
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("c74f20a3", "C74F20A3"),
        NEUMANN.replace("Peter", "Peter "),
        NEUMANN.replace("Peter", ""),
        NEUMANN + "=",
        NEUMANN + "\n",
        NEUMANN[:-4],
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_verifier_key_has_one_spelling(encoded: str):
    with pytest.raises(NoteError):
        VerifierKey.parse(encoded)


def test_a_text_without_a_last_newline_is_not_signed():
    with pytest.raises(NoteError, match="newline"):
        sign_note("no newline", ORIGIN, KEY)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\x00b"])
def test_a_name_that_is_none_signs_nothing(name: str):
    with pytest.raises(NoteError):
        sign_note("a text\n", name, KEY)


def test_a_checkpoint_and_a_key_never_become_others():
    with pytest.raises(FrozenInstanceError):
        CHECKPOINT.size = 5
    with pytest.raises(FrozenInstanceError):
        OWN.name = "other.example"


@pytest.mark.parametrize("size", [-1, 2**53 + 1])
def test_a_size_that_cannot_be_written_exactly_is_refused(size: int):
    assert Checkpoint(ORIGIN, 2**53, CHECKPOINT.root).size == 2**53
    with pytest.raises(NoteError, match="out of range"):
        Checkpoint(ORIGIN, size, CHECKPOINT.root)


@pytest.mark.parametrize("root", [b"", bytes(31), bytes(33)])
def test_a_root_that_is_no_hash_is_refused(root: bytes):
    with pytest.raises(NoteError, match="not 32 bytes"):
        Checkpoint(ORIGIN, 5, root)


def test_control_characters_are_neither_signed_nor_read():
    for refused in (
        lambda: sign_note("a\x00text\n", ORIGIN, KEY),
        lambda: cosign("a\x00text\n", WITNESS.name, OTHER, SEEN),
        lambda: text_of(f"a\ttext\n\n{SIGNATURE}"),
        lambda: Checkpoint("a\x01log", 5, bytes(32)),
    ):
        with pytest.raises(NoteError, match="control characters"):
            refused()


def test_the_text_of_a_note_is_read_whoever_signed_it():
    assert text_of(NOTE) == CHECKPOINT.text
    assert text_of(f"two\n\nparts\n\n{SIGNATURE}") == "two\n\nparts\n"


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (SIGNATURE, "a blank line"),
        (f"\n{SIGNATURE}", "a blank line"),
        (NOTE[:-1], "a blank line"),
        (f"{NOTE}— na+me AAAAAAA=\n", "neither spaces nor plus signs"),
        (f"{NOTE}— name AAAAAA==\n", "too short"),
        (f"{NOTE}— name AAAA!AAA=\n", "not base64"),
        (f"{NOTE}— name AAAAAAB=\n", "not canonical"),
        (f"{NOTE}— name\n", "a dash, a name and base64"),
    ],
)
def test_a_refusal_of_a_note_says_what_is_wrong(note: str, reason: str):
    with pytest.raises(NoteError, match=reason):
        text_of(note)


def test_a_note_may_have_a_hundred_signatures_and_a_mebi_of_characters():
    assert text_of("text\n\n" + SIGNATURE * 100) == "text\n"
    with pytest.raises(NoteError, match="too many signatures"):
        text_of("text\n\n" + SIGNATURE * 101)
    longest = "a" * ((1 << 20) - len(SIGNATURE) - 2)
    assert text_of(f"{longest}\n\n{SIGNATURE}") == f"{longest}\n"
    with pytest.raises(NoteError, match="too long"):
        text_of(f"a{longest}\n\n{SIGNATURE}")


def test_a_key_has_a_name_and_is_a_point_of_the_curve():
    with pytest.raises(NoteError, match="neither spaces nor plus signs"):
        VerifierKey("two words", OWN.public)
    with pytest.raises(NoteError, match="not an Ed25519 public key"):
        VerifierKey(ORIGIN, OWN.public[:-1])


def test_every_key_comes_back_from_its_one_line():
    keys = [
        VerifierKey.of("log", Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)))
        for n in range(24)
    ]
    assert any(key.encode().count("+") > 3 for key in keys), "base64 has plus signs too"
    for key in keys:
        assert VerifierKey.parse(key.encode()) == key


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (NEUMANN.replace("c74f20a3", "C74F20A3"), "the form"),
        (NEUMANN.replace("c74f20a3", "c74f20a4"), "does not match"),
        (WITNESS.encode(), "of the asked kind"),
    ],
)
def test_a_refusal_of_a_key_says_what_is_wrong(encoded: str, reason: str):
    with pytest.raises(NoteError, match=reason):
        VerifierKey.parse(encoded)
    assert VerifierKey.parse(WITNESS.encode(), COSIGNATURE_TYPE) == WITNESS


def test_a_cosignature_is_the_line_that_is_specified():
    # C2SP tlog-cosignature: key id over type 04, eight bytes of time, and what is signed.
    key_id = sha256(b"witness.example\n\x04" + WITNESS.public).digest()[:4]
    signed = OTHER.sign(b"cosignature/v1\ntime 1700000000\n" + CHECKPOINT.text.encode())
    stamped = base64.b64encode(key_id + SEEN.to_bytes(8, "big") + signed).decode()
    line = cosign(CHECKPOINT.text, "witness.example", OTHER, SEEN)
    assert line == COSIGNED == f"— witness.example {stamped}\n"
    assert open_cosignature(CHECKPOINT.text, COSIGNED, WITNESS) == SEEN


def cosignature(payload: bytes) -> str:
    """A line that names the witness's key, whatever it holds."""
    return f"— {WITNESS.name} {base64.b64encode(WITNESS.id + payload).decode()}\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "one line"),
        (COSIGNED[:-1], "one line"),
        ("\n" + COSIGNED[:-1], "one line"),
        (COSIGNED * 2, "one line"),
        (COSIGNED + "\n", "one line"),
        (cosign(CHECKPOINT.text, "other.example", OTHER, SEEN), "by the given key"),
        (cosign(CHECKPOINT.text, WITNESS.name, KEY, SEEN), "by the given key"),
        (cosignature(bytes(71)), "by the given key"),
        (cosignature(bytes(73)), "by the given key"),
        (cosignature(bytes(72)), "does not match"),
        (cosign("another text\n", WITNESS.name, OTHER, SEEN), "does not match"),
    ],
)
def test_what_a_witness_did_not_cosign_is_refused(line: str, reason: str):
    with pytest.raises(NoteError, match=reason):
        open_cosignature(CHECKPOINT.text, line, WITNESS)


@given(st.integers(0, 2**64 - 1))
def test_the_time_of_a_cosignature_cannot_be_moved(time: int):
    payload = base64.b64decode(COSIGNED.split(" ")[2])[12:]
    line = cosignature(time.to_bytes(8, "big") + payload)
    if time == SEEN:
        assert line == COSIGNED
    else:
        with pytest.raises(NoteError, match="does not match"):
            open_cosignature(CHECKPOINT.text, line, WITNESS)
