import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bti.audit.note import (
    Checkpoint,
    NoteError,
    VerifierKey,
    open_note,
    open_text,
    sign_checkpoint,
    sign_note,
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
