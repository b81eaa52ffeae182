"""Backups are sealed to a hybrid key whose private half comes back from 32 bytes, and opens nothing else."""

import io
import pickle
from hashlib import shake_256

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.crypto.backup_key import (
    SEALED_KEY_BYTES,
    BackupKeyRefused,
    BackupPrivateKey,
    BackupPublicKey,
)
from bti.crypto.errors import SealError
from bti.crypto.root_recovery import RecoveryRefused, recovered_keys, recovery_secret
from bti.crypto.sealed_dump import DumpHead, open_dump, read_head, seal_dump

PRIVATE = BackupPrivateKey(bytes(range(32)))
OTHER = BackupPrivateKey.generate()
HEAD = DumpHead("data", "2026-11-22T04:00:00+00:00", "0123456789abcdef", PRIVATE.public.key_id)
ROWS = [b"first piece\n", b"", b"x" * 70_000, b"last\n"]


def sealed(head=HEAD, public=PRIVATE.public, pieces=ROWS):
    file = io.BytesIO()
    assert seal_dump(public, head, pieces, file) == len(file.getvalue())
    return file.getvalue()


def opened(blob, private=PRIVATE):
    head, pieces = open_dump(private, io.BytesIO(blob))
    return head, b"".join(pieces)


def test_both_halves_come_from_the_seed_as_in_x_wing():
    stretched = shake_256(bytes(range(32))).digest(96)
    kem = MLKEM768PrivateKey.from_seed_bytes(stretched[:64]).public_key().public_bytes_raw()
    curve = X25519PrivateKey.from_private_bytes(stretched[64:]).public_key().public_bytes_raw()
    assert BackupPublicKey(kem + curve).encode() == PRIVATE.public.encode()


def test_a_sealed_key_comes_back_for_its_own_purpose_only():
    blob = PRIVATE.public.seal(b"k" * 32, b"info")
    assert len(blob) == SEALED_KEY_BYTES
    assert PRIVATE.open(blob, b"info") == b"k" * 32
    for private, info in ((OTHER, b"info"), (PRIVATE, b"other")):
        with pytest.raises(SealError):
            private.open(blob, info)


@pytest.mark.parametrize("at", [0, 1087, 1088, 1119, 1120, 1167])
def test_a_flipped_bit_in_either_half_is_refused(at):
    blob = bytearray(PRIVATE.public.seal(b"k" * 32, b""))
    blob[at] ^= 1
    with pytest.raises(SealError):
        PRIVATE.open(bytes(blob), b"")


def test_keys_are_read_from_their_lines_and_from_shares():
    assert BackupPublicKey.parse(PRIVATE.public.encode() + "\n").key_id == PRIVATE.public.key_id
    assert BackupPrivateKey.parse(PRIVATE.encode()).public.key_id == PRIVATE.public.key_id
    assert BackupPrivateKey.recovered(PRIVATE.for_shares()).encode() == PRIVATE.encode()


@pytest.mark.parametrize("spoil", ["cut", "id", "name", "base64", "other-half", "empty"])
def test_a_damaged_line_is_refused(spoil):
    for key, kind in ((PRIVATE, BackupPrivateKey), (PRIVATE.public, BackupPublicKey)):
        line = key.encode()
        name, key_id, body = line.split("|")
        spoilt = {
            "cut": line[:-8],
            "id": f"{name}|{'0' * 16}|{body}",
            "name": f"x{line}",
            "base64": f"{name}|{key_id}|{body[:-4]}!!!!",
            "other-half": (PRIVATE.public if key is PRIVATE else PRIVATE).encode(),
            "empty": "",
        }[spoil]
        with pytest.raises(BackupKeyRefused):
            kind.parse(spoilt)


def test_the_private_half_shows_and_copies_nothing():
    assert repr(PRIVATE) == f"<BackupPrivateKey {PRIVATE.public.key_id}>"
    with pytest.raises(TypeError):
        pickle.dumps(PRIVATE)


def test_a_backup_tells_what_it_is_without_a_key_and_the_rest_with_it():
    blob = sealed()
    assert read_head(io.BytesIO(blob)) == HEAD
    assert opened(blob) == (HEAD, b"".join(ROWS))
    assert b"piece" not in blob


def test_two_backups_of_the_same_share_nothing_but_the_head():
    first, second = sealed(), sealed()
    start = first.index(b"}") + 1
    assert first[:start] == second[:start]
    assert first[start : start + 64] != second[start : start + 64]


@settings(max_examples=60)
@given(st.data())
def test_any_changed_byte_and_any_cut_is_refused(data):
    blob = bytearray(sealed(pieces=[b"row\n"]))
    if data.draw(st.booleans()):
        del blob[data.draw(st.integers(0, len(blob) - 1)) :]
    else:
        blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        opened(bytes(blob))


def test_a_backup_for_another_key_and_a_head_that_lies_are_refused():
    with pytest.raises(SealError):
        opened(sealed(), OTHER)
    with pytest.raises(ValueError, match="must name"):
        sealed(public=OTHER.public)
    older = sealed().replace(b'"made_at":"2026', b'"made_at":"2025', 1)
    assert read_head(io.BytesIO(older)).made_at.startswith("2025")
    with pytest.raises(SealError):
        opened(older)


@pytest.mark.parametrize(
    "head",
    [b"{}", b"[]", b"null", b"x", b'{"kind":"data"}', b"[" * 4000],
    ids=["empty", "list", "null", "no-json", "part", "deep"],
)
def test_a_head_that_is_none_is_refused(head):
    blob = b"stafett-backup-v1\n" + len(head).to_bytes(4, "big") + head + bytes(2000)
    with pytest.raises(SealError):
        read_head(io.BytesIO(blob))


def test_a_head_longer_than_any_is_not_read():
    with pytest.raises(SealError):
        read_head(io.BytesIO(b"stafett-backup-v1\n" + b"\xff" * 100))


def test_root_keys_come_back_with_their_names_in_order():
    keys = {"stafett/root/2": b"b" * 32, "stafett/root/1": b"a" * 32}
    secret = recovery_secret(keys)
    assert len(secret) == 1 + 2 * (32 + 1 + 14)
    assert list(recovered_keys(secret).items()) == list(keys.items())


@given(st.binary(max_size=120))
def test_what_no_root_key_can_be_rebuilt_from_is_refused(noise):
    for secret in (noise, b"\x02" + noise, b"\x01" + noise[:40]):
        try:
            keys = recovered_keys(secret)
        except RecoveryRefused:
            continue
        assert recovery_secret(keys) == secret


@pytest.mark.parametrize("keys", [{}, {"": b"k" * 32}, {"a": b"short"}, {"x" * 256: b"k" * 32}])
def test_what_is_no_root_key_is_not_written_down(keys):
    with pytest.raises(ValueError, match="root key"):
        recovery_secret(keys)
