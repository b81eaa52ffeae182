"""Published vectors through our own faces, so that a faulty build of the library is noticed here first."""

import hmac
from collections.abc import Iterator

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag

from bti.crypto.envelope import DataKey


def blocks(path: str) -> Iterator[dict[str, str]]:
    """Read a vector file: each count begins a block, heads in brackets hold for all blocks below."""
    section: dict[str, str] = {}
    block: dict[str, str] = {}
    with cryptography_vectors.open_vector_file(path, "r") as lines:
        for line in filter(None, map(str.strip, lines)):
            name, _, value = (word.strip() for word in line.strip("[]").partition("="))
            if block and (line.startswith("[") or name.lower() == "count"):
                yield section | block
                block = {}
            if line.startswith("["):
                section[name] = value
            elif not line.startswith("#"):
                block[name] = value
    yield section | block


def gcm_vectors(path: str) -> list[dict[str, str]]:
    """Keep those with our lengths of nonce (96 bits) and tag (128 bits)."""
    return [v for v in blocks(path) if (v["IVlen"], v["Taglen"]) == ("96", "128")]


def test_aes_256_gcm_encrypts_as_nist_says():
    vectors = gcm_vectors("ciphers/AES/GCM/gcmEncryptExtIV256.rsp")
    assert len(vectors) == 375
    for v in vectors:
        cipher = DataKey(bytes(16), bytes.fromhex(v["Key"])).wrapping_cipher()
        sealed = cipher.encrypt(
            bytes.fromhex(v["IV"]), bytes.fromhex(v["PT"]), bytes.fromhex(v["AAD"])
        )
        assert sealed.hex() == v["CT"] + v["Tag"]


def test_aes_256_gcm_refuses_what_nist_says_it_must():
    vectors = [v for v in gcm_vectors("ciphers/AES/GCM/gcmDecrypt256.rsp") if "FAIL" in v]
    assert len(vectors) > 100
    for v in vectors:
        cipher = DataKey(bytes(16), bytes.fromhex(v["Key"])).wrapping_cipher()
        with pytest.raises(InvalidTag):
            cipher.decrypt(
                bytes.fromhex(v["IV"]), bytes.fromhex(v["CT"] + v["Tag"]), bytes.fromhex(v["AAD"])
            )


def expand(pseudo_random_key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand as RFC 5869, 2.3 has it, from HMAC alone."""
    output = block = b""
    for counter in range(1, 256):
        block = hmac.digest(pseudo_random_key, block + info + bytes((counter,)), "sha256")
        output += block
        if len(output) >= length:
            break
    return output[:length]


def test_sub_keys_are_derived_as_the_rfc_says():
    vectors = list(blocks("KDF/rfc-5869-HKDF-SHA256.txt"))
    assert len(vectors) >= 3
    for v in vectors:
        prk, info = bytes.fromhex(v["PRK"]), bytes.fromhex(v["info"])
        assert expand(prk, info, int(v["L"])).hex() == v["OKM"]
        assert DataKey(bytes(16), prk).derive("label", "part") == expand(prk, b"label\0part", 32)
