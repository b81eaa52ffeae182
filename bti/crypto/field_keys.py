"""Sub-keys of a key that itself stays elsewhere: enough to read and write named columns, and no more.

What the key broker gives the web process of a tenant key. The key cannot be found from them, so
neither MACs nor other columns' keys can be made.
"""

from collections.abc import Collection, Mapping
from typing import NoReturn, SupportsIndex, final

from bti.crypto.envelope import (
    KEY_BYTES,
    KEY_ID_BYTES,
    DataKey,
    FieldCipher,
    field_key,
    header_of,
)
from bti.crypto.errors import Locked

Column = tuple[str, str]
"""Table and column."""


@final
class FieldKeys:
    """The sub-keys of one key for some columns. Shows, copies and pickles nothing."""

    __slots__ = ("_ciphers", "_header", "_key_id")

    def __init__(self, key_id: bytes, keys: Mapping[Column, bytes]) -> None:
        """Take the sub-keys by table and column; ValueError unless each is 32 bytes, the id 16."""
        if len(key_id) != KEY_ID_BYTES or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError("A sub-key is 32 bytes and the key's id 16 bytes.")
        self._key_id = bytes(key_id)
        self._header = header_of(self._key_id)
        self._ciphers = {
            (table, column): FieldCipher(self._header, table, column, key)
            for (table, column), key in keys.items()
        }

    @property
    def key_id(self) -> bytes:
        """The 16 public bytes that name the key these were derived from."""
        return self._key_id

    @property
    def header(self) -> bytes:
        """The 18 bytes that open everything sealed under that key."""
        return self._header

    def field_cipher(self, table: str, column: str) -> FieldCipher:
        """Give the cipher of a column; ``Locked`` for one that was not given."""
        try:
            return self._ciphers[table, column]
        except KeyError:
            raise Locked("column") from None

    def __repr__(self) -> str:
        """Show the first byte of the public id."""
        return f"<FieldKeys {self._key_id[:1].hex()}..>"

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Refuse to be pickled or copied (TypeError)."""
        raise TypeError("Sub-keys are never copied or pickled.")


def field_keys_of(key: DataKey, columns: Collection[Column]) -> dict[Column, bytes]:
    """Derive the sub-keys (32 bytes each) of ``key`` for these columns, for the broker's wire."""
    return {column: field_key(key, *column) for column in columns}
