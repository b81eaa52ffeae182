import hmac
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bti.crypto.envelope import DataKey
from bti.crypto.errors import SealError
from bti.crypto.pae import pae
from bti.crypto.wrapping import unwrap_key, wrap_key

KEK = DataKey.generate()
DEK = DataKey.generate()
TENANT, CASE = uuid4(), uuid4()


def unwrap(
    wrapped: bytes,
    kek: DataKey = KEK,
    tenant: UUID = TENANT,
    case: UUID = CASE,
    compartment: str = "core",
    key_id: bytes = DEK.key_id,
):
    return unwrap_key(kek, tenant, case, compartment, key_id, wrapped)


def wrapped_dek():
    return wrap_key(KEK, TENANT, CASE, "core", DEK)


def test_a_wrapped_key_comes_back_as_it_was():
    key = unwrap(wrapped_dek())
    assert key.key_id == DEK.key_id
    assert key.secret_for_wrapping() == DEK.secret_for_wrapping()


def test_a_wrapped_key_takes_110_bytes_in_the_written_order():
    wrapped = wrapped_dek()
    secret = DEK.secret_for_wrapping()
    commit = hmac.digest(secret, b"stafett/commit/v1" + DEK.key_id, "sha256")
    header = b"\x01\x01" + KEK.key_id
    context = pae(header, b"dek", b"core", TENANT.bytes, CASE.bytes, DEK.key_id, commit)
    assert len(wrapped) == 110
    assert wrapped[:18] == header
    assert wrapped[78:] == commit
    assert (
        AESGCM(KEK.secret_for_wrapping()).decrypt(wrapped[18:30], wrapped[30:78], context) == secret
    )
    assert secret not in wrapped


def test_the_same_key_is_never_wrapped_to_the_same_bytes():
    assert len({wrapped_dek() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "otherwise",
    [
        {"tenant": uuid4()},
        {"case": uuid4()},
        {"compartment": "sealed"},
        {"compartment": ""},
        {"key_id": bytes(16)},
        {"key_id": b""},
        {"key_id": DEK.key_id + b"\0"},
        {"tenant": CASE, "case": TENANT},
        {"kek": DataKey.generate()},
        {"kek": DataKey(KEK.key_id, bytes(32))},
    ],
    ids="-".join,  # never the values: they differ from run to run
)
def test_a_key_wrapped_for_something_else_is_refused(otherwise: dict[str, Any]):
    with pytest.raises(SealError):
        unwrap(wrapped_dek(), **otherwise)


def test_every_single_flipped_bit_is_refused():
    wrapped = wrapped_dek()
    for position in range(len(wrapped)):
        for bit in range(8):
            flipped = bytearray(wrapped)
            flipped[position] ^= 1 << bit
            with pytest.raises(SealError):
                unwrap(bytes(flipped))


def test_every_other_length_is_refused():
    wrapped = wrapped_dek()
    for attempt in (*(wrapped[:length] for length in range(110)), wrapped + b"\0", wrapped * 2):
        with pytest.raises(SealError):
            unwrap(attempt)


def test_a_key_that_does_not_match_its_commitment_is_refused_even_when_the_cipher_accepts_it():
    wrapped = wrapped_dek()
    header, nonce, commit = wrapped[:18], wrapped[18:30], wrapped[78:]
    context = pae(header, b"dek", b"core", TENANT.bytes, CASE.bytes, DEK.key_id, commit)
    forged_body = AESGCM(KEK.secret_for_wrapping()).encrypt(
        nonce, b"another key, of thirty-two bytes", context
    )
    with pytest.raises(SealError):
        unwrap(header + nonce + forged_body + commit)


def test_a_key_whose_id_is_too_short_is_refused_even_when_everything_else_fits():
    secret, short, nonce = DEK.secret_for_wrapping(), DEK.key_id[:-1], bytes(12)
    header = b"\x01\x01" + KEK.key_id
    commit = hmac.digest(secret, b"stafett/commit/v1" + short, "sha256")
    context = pae(header, b"dek", b"core", TENANT.bytes, CASE.bytes, short, commit)
    body = AESGCM(KEK.secret_for_wrapping()).encrypt(nonce, secret, context)
    with pytest.raises(SealError):
        unwrap(header + nonce + body + commit, key_id=short)
