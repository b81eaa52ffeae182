"""Codes over whole rows: a keyed one for rows that are themselves authority, an open one for the audit log.

A participant, consent or session row edited behind the program's back has the wrong keyed code; a row that
differs from its last entry in the log has the wrong digest. Turning columns into bytes is the caller's part.
"""

from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from bti.crypto.envelope import DataKey
from bti.crypto.pae import le64, pae

_MAC_LABEL = "stafett/row-mac/v1"
_DIGEST_LABEL = "stafett/row-digest/v1"
_ABSENT = b"\x00"
_PRESENT = b"\x01"


def row_mac(
    key: DataKey, table: str, row_id: UUID, version: int, columns: Mapping[str, bytes | None]
) -> bytes:
    """Give the 32-byte HMAC-SHA-256 of a row under a sub-key of ``key`` made for ``table``.

    Order of ``columns`` does not matter; their names, and the difference between None and empty, do.
    """
    content = _encoded(_MAC_LABEL, table, row_id, version, columns)
    return hmac_digest(key.derive(_MAC_LABEL, table), content, "sha256")


def check_row_mac(
    key: DataKey,
    table: str,
    row_id: UUID,
    version: int,
    columns: Mapping[str, bytes | None],
    mac: bytes,
) -> bool:
    """Tell in constant time whether ``mac`` is the row's."""
    return compare_digest(row_mac(key, table, row_id, version, columns), mac)


def row_digest(
    table: str, row_id: UUID, version: int, columns: Mapping[str, bytes | None]
) -> bytes:
    """Give the 32-byte SHA-256 of a row as stored (ciphertext, never plaintext: a digest can be guessed at)."""
    return sha256(_encoded(_DIGEST_LABEL, table, row_id, version, columns)).digest()


def _encoded(
    label: str, table: str, row_id: UUID, version: int, columns: Mapping[str, bytes | None]
) -> bytes:
    parts = [label.encode(), table.encode(), row_id.bytes, le64(version)]
    for name in sorted(columns):
        value = columns[name]
        parts += (name.encode(), _ABSENT if value is None else _PRESENT + value)
    return pae(*parts)
