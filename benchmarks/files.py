"""Sealing and opening a file as a stream, beside bare AES-256-GCM in calls of 16 KiB, and its memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.side_by_side import Figure, compare
from bti.crypto.stream import CHUNK_BYTES, decrypt_stream, encrypt_stream, verify_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
SIZE = 64 * MIB
LEAST_MIB = 150.0
MOST_MEMORY_MIB = 8.0
_CONTEXT = b"benchmark"

_GIBIBYTE = """
import resource, sys
from bti.crypto.stream import decrypt_stream, encrypt_stream, verify_stream
key, mib = bytes(32), 1 << 20

class Zeros:
    def __init__(self, left): self.left = left
    def read(self, size):
        size = min(size, self.left); self.left -= size
        return bytes(size)

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def through(length, path):
    with open(path, "wb") as out: encrypt_stream(key, b"c", Zeros(length), out)
    with open(path, "rb") as blob: assert verify_stream(key, b"c", blob) == length
    with open(path, "rb") as blob: assert sum(map(len, decrypt_stream(key, b"c", blob))) == length

before = peak()
through(1024 * mib, sys.argv[1]); print(peak() - before)
"""


class _Nowhere:
    """Takes everything and keeps nothing."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def figures(directory: Path) -> Iterator[Figure]:
    """Yield the rates beside the bare cipher and beside the floor, and the memory of a gibibyte."""
    key, data = os.urandom(32), os.urandom(SIZE)
    out = io.BytesIO()
    encrypt_stream(key, _CONTEXT, io.BytesIO(data), out)
    sealed = out.getvalue()  # bytes, which a reader over them does not copy
    bare, nonce, view = AESGCM(key), bytes(12), memoryview(data)
    chunks = [view[at : at + CHUNK_BYTES] for at in range(0, SIZE, CHUNK_BYTES)]
    hidden = [bare.encrypt(nonce, chunk, None) for chunk in chunks]

    def sealing() -> int:
        encrypt_stream(key, _CONTEXT, io.BytesIO(data), _Nowhere())
        return SIZE // MIB

    def verifying() -> int:
        verify_stream(key, _CONTEXT, io.BytesIO(sealed))
        return SIZE // MIB

    def opening() -> int:
        for _ in decrypt_stream(key, _CONTEXT, io.BytesIO(sealed)):
            pass
        return SIZE // MIB

    def encrypting() -> int:
        for chunk in chunks:
            bare.encrypt(nonce, chunk, None)
        return SIZE // MIB

    def decrypting() -> int:
        for chunk in hidden:
            bare.decrypt(nonce, chunk, None)
        return SIZE // MIB

    for name, ours, control in (
        ("Seal a file / AES-GCM in 16 KiB calls", sealing, encrypting),
        ("Open a file / AES-GCM in 16 KiB calls", opening, decrypting),
        ("Verify a file / AES-GCM in 16 KiB calls", verifying, decrypting),
    ):
        rate, other, ratio = compare(ours, control)
        yield Figure(name, "MiB per s", rate, other, ratio, 0.55)
        floor = name.split(" /")[0] + f" / floor of {LEAST_MIB:.0f} MiB/s"
        yield Figure(floor, "MiB per s", rate, LEAST_MIB, rate / LEAST_MIB, 1.0)
    used = _memory(directory)
    yield Figure(
        f"Memory for a file of 1 GiB: {used:.1f} MiB / most",
        "MiB",
        used,
        MOST_MEMORY_MIB,
        MOST_MEMORY_MIB / max(used, 0.1),
        1.0,
    )


def _memory(directory: Path) -> float:
    """How much (MiB) a process grows while it seals, verifies and opens a gibibyte."""
    path = directory / "gibibyte"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _GIBIBYTE, str(path)], capture_output=True, text=True, check=True
    )
    path.unlink()
    return int(done.stdout) / 1024
