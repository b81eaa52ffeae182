"""Data keys, and single values sealed to the one place where they belong (field format v1).

Wrapping a data key under another is in ``wrapping``; who may hold a key at all is decided elsewhere.

    01 | alg | key_id(16) | nonce(12) | AES-256-GCM(padded value) with its 16-byte tag
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final, NoReturn, Protocol, Self, SupportsIndex, final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bti.crypto.entropy import random_bytes
from bti.crypto.errors import SealError
from bti.crypto.padding import MINIMUM, is_padded_length, pad, strip_mark
from bti.crypto.pae import le64, pae_beginning

KEY_BYTES = 32
KEY_ID_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 2 + KEY_ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES

TENANT_WIDE = UUID(int=0)
"""Stands for the case where a value belongs to the whole municipality (ops, directory and audit keys)."""

_VERSION_1 = 0x01
_AES_256_GCM = 0x01
# 02 (AES-256-GCM-SIV) and 03 (ChaCha20-Poly1305) are reserved by the format and refused until somebody needs them.
_PREFIX = bytes((_VERSION_1, _AES_256_GCM))
_FIELD_LABEL = "stafett/field/v1"
_BODY_AT = HEADER_BYTES + NONCE_BYTES
_PARTS: Final = 7
_ROW_ID_BYTES: Final = 16
_VERSION_BYTES: Final = 8
_ROW: Final = Struct(f"<Q{_ROW_ID_BYTES}sQQ")
"""The end of the PAE: row id and version, each after its length."""


@dataclass(frozen=True, slots=True)
class Place:
    """The only place where a sealed value opens: every part is authenticated with it.

    ``row_version`` is the version the row has once the value is stored in it (0 to 2**64 - 1, else ValueError).
    ``case`` is :data:`TENANT_WIDE` for values of the municipality itself.
    """

    tenant: UUID
    case: UUID
    table: str
    column: str
    row_id: UUID
    row_version: int

    def __post_init__(self) -> None:
        """Refuse a version that the format cannot carry."""
        le64(self.row_version)


class SealingKey(Protocol):
    """What sealing and opening need: a whole data key, or its sub-keys for some columns."""

    @property
    def key_id(self) -> bytes:
        """The 16 public bytes that name the key."""
        ...

    @property
    def header(self) -> bytes:
        """The 18 bytes that open everything sealed under it."""
        ...

    def field_cipher(self, table: str, column: str) -> "FieldCipher":
        """Give the cipher for one column of one table."""
        ...


@final
class FieldCipher:
    """What seals and opens one column under one key: the sub-key, and what its places have in common.

    A page opens hundreds of fields that differ in row and version only. So the rest of what is authenticated with
    them is encoded once for each municipality and case, and of these the last is kept.
    """

    __slots__ = ("_beginning", "_cipher", "_column", "_header", "_table")

    def __init__(self, header: bytes, table: str, column: str, key: bytes) -> None:
        """Take the 32-byte sub-key of this column, and the header of the key it was derived from."""
        self._header = header
        self._table, self._column = table.encode(), column.encode()
        self._cipher = AESGCM(key)
        # One object, so that a thread never sees the beginning of another's place.
        self._beginning = (-1, -1, b"")

    def seal(self, value: bytes, minimum: int, place: Place) -> bytes:
        """See :func:`seal`; the place must be in this column."""
        nonce = random_bytes(NONCE_BYTES)
        hidden = self._cipher.encrypt(nonce, pad(value, minimum), self._associated(place))
        return self._header + nonce + hidden

    def open(self, blob: bytes, place: Place) -> bytes:
        """See :func:`open_sealed`; the place must be in this column."""
        if not is_padded_length(len(blob) - OVERHEAD_BYTES) or not blob.startswith(self._header):
            raise SealError
        nonce, hidden = blob[HEADER_BYTES:_BODY_AT], blob[_BODY_AT:]
        try:
            padded = self._cipher.decrypt(nonce, hidden, self._associated(place))
        except InvalidTag:
            raise SealError from None
        return strip_mark(padded)

    def _associated(self, place: Place) -> bytes:
        """PAE of header, tenant, case, table, column, row id and le64(version)."""
        tenant, case, beginning = self._beginning
        # Compared as numbers: comparing two UUID takes longer than encrypting a name.
        if place.case.int != case or place.tenant.int != tenant:
            beginning = self._begin(place)
        row_id = place.row_id.int.to_bytes(_ROW_ID_BYTES, "big")
        return beginning + _ROW.pack(_ROW_ID_BYTES, row_id, _VERSION_BYTES, place.row_version)

    def _begin(self, place: Place) -> bytes:
        beginning = pae_beginning(
            _PARTS, self._header, place.tenant.bytes, place.case.bytes, self._table, self._column
        )
        self._beginning = (place.tenant.int, place.case.int, beginning)
        return beginning

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "<FieldCipher>"

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Refuse to be pickled or copied (TypeError)."""
        raise TypeError("A sub-key is never copied or pickled.")


@final
class DataKey:
    """A 32-byte key with its 16-byte public id. Shows, copies and pickles nothing; equal only to itself.

    Sub-keys are derived once for each name and kept with the key, so they vanish when it does.
    """

    __slots__ = (
        *("_derived", "_field_ciphers", "_header", "_key", "_key_id"),
        *("_signing_keys", "_wrapping_cipher"),
    )

    def __init__(self, key_id: bytes, key: bytes) -> None:
        """Take a key that was unwrapped or given; ValueError unless it is 16 and 32 bytes."""
        if len(key_id) != KEY_ID_BYTES or len(key) != KEY_BYTES:
            raise ValueError("A data key is 32 bytes and its id 16 bytes.")
        self._key_id = bytes(key_id)
        self._key = bytes(key)
        self._header = header_of(self._key_id)
        self._derived: dict[tuple[str, ...], bytes] = {}
        self._field_ciphers: dict[tuple[str, str], FieldCipher] = {}
        self._signing_keys: dict[tuple[str, ...], Ed25519PrivateKey] = {}
        self._wrapping_cipher: AESGCM | None = None

    @classmethod
    def generate(cls) -> Self:
        """Make a new key and id from the kernel's random source."""
        return cls(random_bytes(KEY_ID_BYTES), random_bytes(KEY_BYTES))

    @property
    def key_id(self) -> bytes:
        """The 16 public bytes that name this key."""
        return self._key_id

    @property
    def header(self) -> bytes:
        """The 18 bytes that open everything sealed under this key: version, algorithm, key id."""
        return self._header

    def derive(self, label: str, *parts: str) -> bytes:
        """Derive a 32-byte sub-key: HKDF-Expand-SHA-256 (RFC 5869) over label and parts joined by 00.

        ValueError when a part is empty or holds the joining character, for then two uses could share a key.
        """
        named = (label, *parts)
        known = self._derived.get(named)
        if known is not None:
            return known
        if any(not part or "\0" in part for part in named):
            raise ValueError(
                "The parts of a sub-key's name must not be empty or hold a zero character."
            )
        info = "\0".join(named).encode()
        made = HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=info).derive(self._key)
        self._derived[named] = made
        return made

    def field_cipher(self, table: str, column: str) -> FieldCipher:
        """Give the cipher for one column of one table, derived at first use."""
        cipher = self._field_ciphers.get((table, column))
        if cipher is None:
            cipher = FieldCipher(self._header, table, column, field_key(self, table, column))
            self._field_ciphers[table, column] = cipher
        return cipher

    def signing_key(self, label: str, *parts: str) -> Ed25519PrivateKey:
        """Give the Ed25519 key (RFC 8032) whose seed is the sub-key of this name. ValueError as `derive`."""
        named = (label, *parts)
        key = self._signing_keys.get(named)
        if key is None:
            key = Ed25519PrivateKey.from_private_bytes(self.derive(*named))
            self._signing_keys[named] = key
        return key

    def wrapping_cipher(self) -> AESGCM:
        """Give the cipher for wrapping other keys: the key itself, so it must serve no other purpose."""
        if self._wrapping_cipher is None:
            self._wrapping_cipher = AESGCM(self._key)
        return self._wrapping_cipher

    def secret_for_wrapping(self) -> bytes:
        """Give the 32 secret bytes, for wrapping modules and the broker's wire only."""
        return self._key

    def __repr__(self) -> str:
        """Show the first byte of the public id, enough to tell two keys apart in a debugger."""
        return f"<DataKey {self._key_id[:1].hex()}..>"

    def _refuse_copying(self) -> NoReturn:
        raise TypeError("A data key is never copied or pickled.")

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled (TypeError)."""
        self._refuse_copying()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Refuse to be pickled (TypeError)."""
        self._refuse_copying()

    def __getstate__(self) -> NoReturn:
        """Refuse to give the state away (TypeError)."""
        self._refuse_copying()

    def __copy__(self) -> NoReturn:
        """Refuse to be copied (TypeError)."""
        self._refuse_copying()

    def __deepcopy__(self, memo: dict[int, object]) -> NoReturn:
        """Refuse to be copied as a part of something else (TypeError)."""
        self._refuse_copying()


def header_of(key_id: bytes) -> bytes:
    """Give the 18 bytes that open what is sealed under the key called ``key_id``."""
    return _PREFIX + key_id


def field_key(key: DataKey, table: str, column: str) -> bytes:
    """Derive the 32-byte sub-key of a column: reads and writes that column and nothing else."""
    return key.derive(_FIELD_LABEL, table, column)


def seal(key: SealingKey, place: Place, value: bytes, minimum: int = MINIMUM) -> bytes:
    """Seal ``value`` so that it opens with ``key`` at ``place`` only.

    The result is 46 bytes longer than the padded value and at least 110 bytes. ``minimum`` is the least padded
    length in bytes: 64 for names, ids and titles, 256 for texts. ValueError when it is not a Padmé length.
    """
    return key.field_cipher(place.table, place.column).seal(value, minimum, place)


def open_sealed(key: SealingKey, place: Place, blob: bytes) -> bytes:
    """Give back the value sealed under ``key`` at ``place``; SealError for every reason why it cannot."""
    return key.field_cipher(place.table, place.column).open(blob, place)


def key_id_of(blob: bytes) -> bytes:
    """Read which key sealed ``blob`` (16 bytes); SealError unless it has the form of a sealed value."""
    if not is_padded_length(len(blob) - OVERHEAD_BYTES) or blob[: len(_PREFIX)] != _PREFIX:
        raise SealError
    return blob[len(_PREFIX) : HEADER_BYTES]
