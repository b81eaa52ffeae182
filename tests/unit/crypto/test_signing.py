import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.crypto.envelope import DataKey
from bti.crypto.signing import signing_key_from

ORIGIN = "stafett.example/11111111-1111-4111-8111-111111111111/1"


def test_the_signer_is_the_same_after_a_restart(key: DataKey):
    again = DataKey(key.key_id, key.secret_for_wrapping())
    signature = signing_key_from(key, ORIGIN).sign(b"checkpoint")
    signing_key_from(again, ORIGIN).public_key().verify(signature, b"checkpoint")


def test_another_origin_or_another_key_is_another_signer(key: DataKey):
    signature = signing_key_from(key, ORIGIN).sign(b"checkpoint")
    for other in (
        signing_key_from(key, ORIGIN[:-1] + "2"),
        signing_key_from(DataKey.generate(), ORIGIN),
    ):
        with pytest.raises(InvalidSignature):
            other.public_key().verify(signature, b"checkpoint")


def test_the_signer_follows_the_written_derivation(key: DataKey):
    seed = hmac.digest(
        bytes(range(32)), b"stafett/checkpoint-signer/v1\x00" + ORIGIN.encode() + b"\x01", "sha256"
    )
    assert (
        signing_key_from(key, ORIGIN).public_key()
        == Ed25519PrivateKey.from_private_bytes(seed).public_key()
    )


@pytest.mark.parametrize("origin", ["", "a\0b"])
def test_an_origin_that_could_be_read_in_two_ways_is_refused(key: DataKey, origin: str):
    with pytest.raises(ValueError, match="zero character"):
        signing_key_from(key, origin)
