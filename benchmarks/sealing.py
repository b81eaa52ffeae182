"""Sealing and opening one field, beside bare AES-256-GCM."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.side_by_side import Figure, compare
from bti.crypto.envelope import DataKey, Place, open_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = 4_000
ROUNDS = 25
FIELD_BYTES = 300
BARE_BYTES = 256
LEAST_SEALED, LEAST_OPENED = 60_000, 80_000


def figures() -> Iterator[Figure]:
    """Seal and open a field of 300 bytes; bare encryption and decryption of 256."""
    key = DataKey.generate()
    place = Place(uuid.uuid4(), uuid.uuid4(), "entries", "body_ct", uuid.uuid4(), 1)
    text = os.urandom(FIELD_BYTES)
    blob = seal(key, place, text)
    bare, nonce, beside = AESGCM(os.urandom(32)), os.urandom(12), os.urandom(64)
    short = os.urandom(BARE_BYTES)
    hidden = bare.encrypt(nonce, short, beside)

    def sealing() -> int:
        for _ in range(TIMES):
            seal(key, place, text)
        return TIMES

    def opening() -> int:
        for _ in range(TIMES):
            open_sealed(key, place, blob)
        return TIMES

    def encrypting() -> int:
        for _ in range(TIMES):
            bare.encrypt(os.urandom(12), short, beside)
        return TIMES

    def decrypting() -> int:
        for _ in range(TIMES):
            bare.decrypt(nonce, hidden, beside)
        return TIMES

    sealed = compare(sealing, encrypting, rounds=ROUNDS)
    yield Figure(
        "Seal a field of 300 B / AES-GCM of 256 B",
        "per s",
        *sealed,
        0.25,
    )
    yield Figure(
        f"Seal a field / {LEAST_SEALED:,} a second",
        "per s",
        sealed[0],
        LEAST_SEALED,
        sealed[0] / LEAST_SEALED,
        1.0,
    )
    opened = compare(opening, decrypting, rounds=ROUNDS)
    yield Figure(
        "Open a field of 300 B / AES-GCM of 256 B",
        "per s",
        *opened,
        0.25,
    )
    yield Figure(
        f"Open a field / {LEAST_OPENED:,} a second",
        "per s",
        opened[0],
        LEAST_OPENED,
        opened[0] / LEAST_OPENED,
        1.0,
    )
