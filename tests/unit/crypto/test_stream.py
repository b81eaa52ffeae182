"""Streams against the published vectors, against a second reading of the written format, and against tampering."""

import hashlib
import hmac
import io
import json
import subprocess
import sys
import zlib
from base64 import b64decode
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.crypto.errors import SealError
from bti.crypto.stream import (
    CHUNK_BYTES,
    HEADER_BYTES,
    READ_BYTES,
    StreamSealer,
    decrypt_stream,
    encrypt_stream,
    verify_stream,
)

KEY = bytes(range(32))
CONTEXT = b"backup of Nordre Eksempel"
SEALED_CHUNK = CHUNK_BYTES + 16
EDGES = sorted(
    {near + step for near in (0, CHUNK_BYTES, 2 * CHUNK_BYTES, READ_BYTES) for step in (0, 1, 15)}
)


def content(length: int) -> bytes:
    return hashlib.shake_256(b"content").digest(length)


def sealed(data: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    out = io.BytesIO()
    assert encrypt_stream(key, context, io.BytesIO(data), out) == len(out.getvalue())
    return out.getvalue()


def opened(blob: bytes, key: bytes = KEY, context: bytes = CONTEXT, **part: int) -> bytes:
    return b"".join(decrypt_stream(key, context, io.BytesIO(blob), **part))


def expand(key: bytes, info: bytes, length: int, hash_name: str) -> bytes:
    """HKDF-Expand as RFC 5869, 2.3 has it, from HMAC alone."""
    output = block = b""
    for counter in range(1, 256):
        if len(output) >= length:
            break
        block = hmac.digest(key, block + info + bytes([counter]), hash_name)
        output += block
    return output[:length]


def derived(key: bytes, context: bytes, salt: bytes, hash_name: str) -> tuple[bytes, int, bytes]:
    """Message key, base nonce as a number, commitment."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + context
    secret = expand(key, info, 32 + 12 + 32, hash_name)
    return secret[:32], int.from_bytes(secret[32:44], "big"), secret[44:]


def sealed_by_the_written_format(data: bytes, key: bytes, context: bytes, salt: bytes) -> bytes:
    """Cobblestone-256 put together from the specification, sharing no code with the product."""
    message_key, base, commitment = derived(key, context, salt, "sha512")
    out = salt + commitment
    for number in range(len(data) // CHUNK_BYTES + 1):
        chunk = data[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
        nonce = (base ^ number).to_bytes(12, "big")
        encryptor = Cipher(algorithms.AES(message_key), modes.GCM(nonce)).encryptor()
        out += encryptor.update(chunk) + encryptor.finalize() + encryptor.tag
    return out


def opened_by_the_written_format(blob: bytes, key: bytes, context: bytes, hash_name: str) -> bytes:
    message_key, base, commitment = derived(key, context, blob[:24], hash_name)
    assert blob[24:HEADER_BYTES] == commitment
    out = b""
    for number, chunk in enumerate(parts(blob)[1]):
        nonce = (base ^ number).to_bytes(12, "big")
        decryptor = Cipher(algorithms.AES(message_key), modes.GCM(nonce, chunk[-16:])).decryptor()
        out += decryptor.update(chunk[:-16]) + decryptor.finalize()
    return out


def vectors() -> list[dict[str, str]]:
    text = Path(__file__).with_name("cobblestone_256.json").read_text(encoding="utf-8")
    return json.loads(text)["tests"]


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: f"{v['tcId']} {v['comment']}")
def test_the_published_vectors_open_or_are_refused_as_they_say(vector: dict[str, str]):
    blob = zlib.decompress(bytes.fromhex(vector["ct"]))
    key, context = bytes.fromhex(vector["key"]), bytes.fromhex(vector["ctx"])
    given = bytearray()
    try:
        for piece in decrypt_stream(key, context, Dripping(blob, [SEALED_CHUNK])):
            given += piece
        result = "valid"
    except SealError:
        result = "invalid"

    assert result == vector["result"]
    assert len(given) == vector["msgLength"], "what was authentic before the fault"
    assert hashlib.sha512(given).hexdigest() == vector["msgSha512"]


def test_the_second_reading_agrees_with_the_published_vectors_of_the_format():
    """Those with SHA-256 instead of SHA-512: the same format, which the product must not take for its own."""
    with cryptography_vectors.open_vector_file("chunked-encryption/vectors.json", "r") as lines:
        every = json.load(lines)["vectors"]
    valid = [v for v in every if (v["aead"], v["expect"]) == ("AEAD_AES_256_GCM", "success")]
    assert len(valid) == 9
    for v in valid:
        blob = b64decode(v["ciphertext"])
        blob = zlib.decompress(blob) if v.get("compressed") else blob
        key, context = bytes.fromhex(v["key"]), v["context"].encode()
        data = opened_by_the_written_format(blob, key, context, "sha256")
        assert hashlib.sha256(data).hexdigest() == v["payload_sha256"]
        with pytest.raises(SealError):
            opened(blob, key, context)


@pytest.mark.parametrize("length", EDGES)
def test_a_stream_is_what_the_written_format_says(length: int):
    blob = sealed(content(length))
    assert blob == sealed_by_the_written_format(content(length), KEY, CONTEXT, blob[:24])
    assert opened(blob) == content(length)


def test_the_same_content_is_never_sealed_the_same_way():
    assert len({sealed(b"the same")[:24] for _ in range(50)}) == 50


class Dripping:
    """A reader that gives what a slow line gives: some bytes, never as many as asked for."""

    def __init__(self, data: bytes, steps: list[int]) -> None:
        self.inner, self.steps, self.at = io.BytesIO(data), steps, 0

    def read(self, size: int, /) -> bytes:
        self.at += 1
        return self.inner.read(min(size, self.steps[self.at % len(self.steps)]))


@given(
    st.integers(0, 3 * CHUNK_BYTES),
    st.lists(st.integers(1, 2 * CHUNK_BYTES), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_in_what_pieces_bytes_come(length: int, steps: list[int]):
    if length // min(steps) > 500:
        steps = [step + CHUNK_BYTES // 8 for step in steps]
    out = io.BytesIO()
    encrypt_stream(KEY, CONTEXT, Dripping(content(length), steps), out)
    pieces = decrypt_stream(KEY, CONTEXT, Dripping(out.getvalue(), steps))
    assert b"".join(pieces) == content(length)


@given(st.integers(0, 60_000), st.integers(0, 60_000), st.integers(0, 60_000))
@settings(max_examples=60, deadline=None)
def test_a_range_is_that_part_of_the_content(length: int, one: int, other: int):
    start, stop = sorted((one, other))
    blob = sealed(content(length))
    assert opened(blob, start=start, stop=stop) == content(length)[start:stop]
    assert opened(blob, start=start) == content(length)[start:]


def test_a_range_of_a_cut_stream_does_not_end_well():
    cut = sealed(content(3 * CHUNK_BYTES))[: HEADER_BYTES + 2 * SEALED_CHUNK]
    pieces = decrypt_stream(KEY, CONTEXT, io.BytesIO(cut), stop=10)
    with pytest.raises(SealError):
        list(pieces)


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (5, 4), (0, -1)])
def test_a_range_that_runs_backwards_is_a_mistake_of_the_caller(start: int, stop: int | None):
    with pytest.raises(ValueError, match="range"):
        decrypt_stream(KEY, CONTEXT, io.BytesIO(sealed(b"x")), start=start, stop=stop)


def parts(blob: bytes) -> tuple[bytes, list[bytes]]:
    rest = blob[HEADER_BYTES:]
    return blob[:HEADER_BYTES], [
        rest[at : at + SEALED_CHUNK] for at in range(0, len(rest), SEALED_CHUNK)
    ]


def tampered() -> dict[str, bytes]:
    """Every way of spoiling a stream of two full chunks and a short one, and one that ends with an empty chunk."""
    blob = sealed(content(2 * CHUNK_BYTES + 100))
    header, (first, second, last) = parts(blob)
    even = sealed(content(2 * CHUNK_BYTES))
    other = sealed(content(2 * CHUNK_BYTES + 100))
    _, (_, other_second, other_last) = parts(other)
    places = {
        "in the salt": 3,
        "in the commitment": 30,
        "in the first chunk": HEADER_BYTES,
        "in the first tag": HEADER_BYTES + CHUNK_BYTES,
        "at the last byte of a chunk": HEADER_BYTES + SEALED_CHUNK - 1,
        "in a middle chunk": HEADER_BYTES + SEALED_CHUNK + 77,
        "in the last chunk": HEADER_BYTES + 2 * SEALED_CHUNK + 5,
        "in the last tag": len(blob) - 1,
    }
    flipped = {
        f"one bit flipped {where}": blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        for where, at in places.items()
    }
    return flipped | {
        "empty": b"",
        "only the salt": blob[:24],
        "only the header": header,
        "cut at the first edge of a chunk": header + first,
        "cut at the second edge of a chunk": header + first + second,
        "cut inside a chunk": blob[: HEADER_BYTES + SEALED_CHUNK + 9],
        "cut inside a tag": blob[:-5],
        "the empty last chunk dropped": even[:-16],
        "the last chunk shortened to a tag": header + first + second + last[-16:],
        "the first chunk dropped": header + second + last,
        "two chunks swapped": header + second + first + last,
        "a chunk doubled": header + first + first + second + last,
        "a chunk put in another's place": header + first + first + last,
        "the last chunk twice": blob + last,
        "a byte appended": blob + b"\0",
        "a chunk of zeros appended": blob + bytes(SEALED_CHUNK),
        "another stream appended": blob + other,
        "a chunk of another stream": header + first + other_second + last,
        "the end of another stream": header + first + second + other_last,
        "another stream's header": other[:HEADER_BYTES] + first + second + last,
        "a byte put in front": b"\0" + blob,
    }


@pytest.mark.parametrize("how", tampered())
def test_a_stream_that_was_tampered_with_is_refused(how: str):
    blob = tampered()[how]
    with pytest.raises(SealError):
        verify_stream(KEY, CONTEXT, io.BytesIO(blob))
    with pytest.raises(SealError):
        opened(blob)


@given(st.integers(0, 2**31), st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_no_flipped_bit_passes(where: int, bit: int):
    blob = bytearray(sealed(content(CHUNK_BYTES + 50)))
    blob[where % len(blob)] ^= 1 << bit
    with pytest.raises(SealError):
        verify_stream(KEY, CONTEXT, io.BytesIO(blob))


def test_nothing_is_given_of_a_stream_under_another_key_or_context():
    blob = sealed(content(4 * CHUNK_BYTES))
    for key, context in ((bytes(32), CONTEXT), (KEY, CONTEXT + b"s"), (KEY, b"")):
        with pytest.raises(SealError):
            next(decrypt_stream(key, context, io.BytesIO(blob)))


def test_a_refusal_says_no_more_than_that_it_was_refused():
    with pytest.raises(SealError) as caught:
        opened(sealed(b"secret")[:-1])
    assert not caught.value.args[0].count("secret")
    assert caught.value.__suppress_context__
    assert isinstance(caught.value.__context__, InvalidTag)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_a_mistake_of_the_caller(length: int):
    with pytest.raises(ValueError, match="32 bytes"):
        StreamSealer(bytes(length), CONTEXT)
    with pytest.raises(ValueError, match="32 bytes"):
        verify_stream(bytes(length), CONTEXT, io.BytesIO(sealed(b"x")))


def test_a_stream_that_was_never_finished_is_refused():
    sealer = StreamSealer(KEY, CONTEXT)
    begun = sealer.update(content(3 * CHUNK_BYTES))
    with pytest.raises(SealError):
        opened(begun)
    assert opened(begun + sealer.finish()) == content(3 * CHUNK_BYTES)


MEASURE = """
import resource, sys
from bti.crypto.stream import decrypt_stream, encrypt_stream, verify_stream
key, mib = bytes(32), 1 << 20

class Zeros:
    def __init__(self, left): self.left = left
    def read(self, size):
        size = min(size, self.left); self.left -= size
        return bytes(size)

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def pass_through(length, path):
    with open(path, "wb") as out: encrypt_stream(key, b"c", Zeros(length), out)
    with open(path, "rb") as blob: assert verify_stream(key, b"c", blob) == length
    with open(path, "rb") as blob: assert sum(map(len, decrypt_stream(key, b"c", blob))) == length

pass_through(mib, sys.argv[1]); small = peak()
pass_through(64 * mib, sys.argv[1]); print(peak() - small)
"""


def test_memory_does_not_grow_with_the_stream(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "blob")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 2 * 1024, "kibibytes more for 64 MiB than for one"
