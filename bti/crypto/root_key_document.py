"""The written form of a software root key: one line of JSON.

Plain:  {"v":1,"kid":name,"alg":"AES-256-GCM","key_b64":32 bytes}
Locked: the same with "kdf", and key_b64 is nonce(12) | AES-256-GCM(key)(48) under the key that argon2id
makes of a passphrase, with PAE("root-key", kid, salt, le64(passes), le64(memory), le64(lanes)) beside it.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from bti.crypto.pae import le64, pae

ALGORITHM: Final = "AES-256-GCM"

_SALT_BYTES = 16
_LOCKED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_MEMBERS = {"v", "kid", "alg", "key_b64"}
_KDF_MEMBERS = {"alg", "passes", "memory_kib", "lanes", "salt_b64"}


class DocumentRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """The text is no whole root key. Carries nothing of it."""


class PassphraseRefused(DocumentRefused):
    """The key is locked and the passphrase is missing or wrong, or one was given for a key that is not locked."""


@dataclass(frozen=True, slots=True)
class LockCost:
    """What opening a locked key costs, and so what each guess costs a thief."""

    passes: int = 3
    memory_kib: int = 256 * 1024
    lanes: int = 4


# What is read from a file may not make the program allocate without end.
_DEAREST: Final = LockCost(passes=16, memory_kib=1024 * 1024, lanes=16)


def write_key(root_ref: str, key: bytes, passphrase: str | None, cost: LockCost) -> bytes:
    """One line for a root key of 32 bytes, locked when there is a passphrase."""
    document: dict[str, Any] = {"v": 1, "kid": root_ref, "alg": ALGORITHM}
    if passphrase is not None:
        salt = secrets.token_bytes(_SALT_BYTES)
        document["kdf"] = {
            "alg": "argon2id",
            "passes": cost.passes,
            "memory_kib": cost.memory_kib,
            "lanes": cost.lanes,
            "salt_b64": b64encode(salt).decode(),
        }
        nonce = random_bytes(NONCE_BYTES)
        locked = _lock_key(passphrase, salt, cost).encrypt(
            nonce, key, _beside(root_ref, salt, cost)
        )
        key = nonce + locked
    document["key_b64"] = b64encode(key).decode()
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def read_key(text: bytes, passphrase: str | None) -> tuple[str, bytes]:
    """The root key's name and its 32 bytes. DocumentRefused, PassphraseRefused."""
    try:
        document = json.loads(text)
        members = set(document) - {"kdf"}
        kid, key = document["kid"], b64decode(document["key_b64"], validate=True)
        whole = members == _MEMBERS and document["v"] == 1 and document["alg"] == ALGORITHM
        lock = _lock_of(document["kdf"]) if "kdf" in document else None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DocumentRefused from None
    if not whole or not isinstance(kid, str) or not kid.isprintable() or not kid:
        raise DocumentRefused
    if len(key) != (_LOCKED_BYTES if lock else KEY_BYTES):
        raise DocumentRefused
    if (lock is None) != (passphrase is None):
        raise PassphraseRefused
    if lock is None or passphrase is None:
        return kid, key
    salt, cost = lock
    try:
        opened = _lock_key(passphrase, salt, cost).decrypt(
            key[:NONCE_BYTES], key[NONCE_BYTES:], _beside(kid, salt, cost)
        )
    except InvalidTag:
        raise PassphraseRefused from None
    return kid, opened


def _lock_of(kdf: dict[str, Any]) -> tuple[bytes, LockCost]:
    """Salt and cost; ValueError, KeyError or TypeError when they are not whole or not sensible."""
    if set(kdf) != _KDF_MEMBERS or kdf["alg"] != "argon2id":
        raise ValueError
    salt = b64decode(kdf["salt_b64"], validate=True)
    numbers = (kdf["passes"], kdf["memory_kib"], kdf["lanes"])
    dearest = (_DEAREST.passes, _DEAREST.memory_kib, _DEAREST.lanes)
    if len(salt) != _SALT_BYTES or not _sensible(numbers, dearest):
        raise ValueError
    cost = LockCost(*numbers)
    if cost.memory_kib < 8 * cost.lanes:
        raise ValueError
    return salt, cost


def _sensible(numbers: Iterable[object], dearest: Iterable[int]) -> bool:
    return all(
        type(number) is int and 1 <= number <= most
        for number, most in zip(numbers, dearest, strict=True)
    )


def _lock_key(passphrase: str, salt: bytes, cost: LockCost) -> AESGCM:
    return AESGCM(
        hash_secret_raw(
            passphrase.encode(),
            salt,
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    )


def _beside(kid: str, salt: bytes, cost: LockCost) -> bytes:
    return pae(
        b"root-key",
        kid.encode(),
        salt,
        le64(cost.passes),
        le64(cost.memory_kib),
        le64(cost.lanes),
    )
