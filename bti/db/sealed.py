"""Sealed attributes: plaintext on the object, ciphertext in the column, bound to its place.

A column type never sees its row, so it could not bind a ciphertext to one; therefore an
attribute descriptor seals just before the flush, when id and next version are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from sqlalchemy import inspect
from sqlalchemy.orm import object_session

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed, seal
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes, json_to_bytes
from bti.db.sealed_value import Sealed, Unsealed

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import SealingKey
    from bti.db.base import TenantRow
    from bti.db.vault import Vault

Scope = Literal["case", "ops", "directory"]
_PURPOSE = {"ops": TenantPurpose.OPS, "directory": TenantPurpose.DIRECTORY}
_PLAIN = "_plain_of_sealed"


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Typed access to a sealed column.

    ``column`` is the mapped attribute that holds the ciphertext, ``scope`` says which key seals
    it, ``minimum`` is the smallest padded length in bytes.
    """

    column: str
    scope: Scope
    minimum: int = 64

    @overload
    def __get__(self, row: None, owner: type) -> Encrypted: ...
    @overload
    def __get__(self, row: TenantRow, owner: type) -> Any: ...
    def __get__(self, row: TenantRow | None, owner: type) -> Any:
        """Return the opened value; raise ``Locked`` when its key was not released."""
        if row is None:
            return self
        plain = _plain(row)
        if self.column not in plain:
            stored = getattr(row, self.column)
            if stored is None:
                return None
            plain[self.column] = self._open(row, stored)
        return plain[self.column]

    def __set__(self, row: TenantRow, value: Any) -> None:
        """Keep the value until the flush, where it is sealed under the row's next version."""
        # Refuses what cannot be stored while the caller can still be told; and what is read back in
        # the same transaction looks as it will in the next one.
        _plain(row)[self.column] = json_from_bytes(json_to_bytes(value))
        setattr(row, self.column, None if value is None else Unsealed(self.column))

    def reseal(self, row: TenantRow, vault: Vault, version: int) -> None:
        """Seal the value again for ``version``; a row is always sealed as a whole."""
        value = self.__get__(row, type(row))
        if value is None:
            setattr(row, self.column, None)
            return
        place = self._place(row, version)
        key = self._key(row, vault)
        setattr(row, self.column, Sealed(seal(key, place, json_to_bytes(value), self.minimum)))

    def waiting(self, row: TenantRow) -> bytes | None:
        """Return the encoded value that waits to be sealed, or None when it was not set anew."""
        if not isinstance(getattr(row, self.column), Unsealed):
            return None
        return json_to_bytes(_plain(row)[self.column])

    def _open(self, row: TenantRow, stored: Sealed) -> Any:
        session = object_session(row)
        if session is None:
            raise Locked(self.column)
        vault, key_id = vault_of(session), key_id_of(stored.blob)
        key = (
            vault.by_id(key_id)
            if self.scope == "case"
            else vault.tenant_key_by_id(row.tenant_id, _PURPOSE[self.scope], key_id)
        )
        return json_from_bytes(open_sealed(key, self._place(row, row.version), stored.blob))

    def _key(self, row: TenantRow, vault: Vault) -> SealingKey:
        if self.scope == "case":
            return vault.case_key(_case_of(row), row.compartment)  # type: ignore[attr-defined]
        return vault.tenant_key(_PURPOSE[self.scope])

    def _place(self, row: TenantRow, version: int) -> Place:
        case = _case_of(row) if self.scope == "case" else TENANT_WIDE
        return Place(row.tenant_id, case, row.__tablename__, self.column, row.id, version)


def _case_of(row: TenantRow) -> uuid.UUID:
    own: uuid.UUID | None = getattr(row, "key_owner", None)
    case_id: uuid.UUID = getattr(row, "case_id", row.id)
    return own or case_id


def _plain(row: TenantRow) -> dict[str, Any]:
    plain: dict[str, Any] = row.__dict__.setdefault(_PLAIN, {})
    return plain


def forget_plaintext(row: TenantRow) -> None:
    """Drop what was opened, so that a refreshed row is opened anew."""
    row.__dict__.pop(_PLAIN, None)


def sealed_attributes(mapped: type) -> dict[str, Encrypted]:
    """Return the sealed attributes of a mapped class by attribute name."""
    return {
        name: value
        for base in reversed(mapped.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, Encrypted)
    }


def vault_of(session: Session) -> Vault:
    """Return the vault of this transaction, or raise ``Locked`` when there is none."""
    vault: Vault | None = session.info.get("vault")
    if vault is None:
        raise Locked("vault")
    return vault


def seal_row(row: TenantRow, session: Session) -> dict[str, bytes | None]:
    """Seal every sealed column of a new or changed row under its next version.

    Returns the directory columns whose key is not in this process: the broker seals those with
    the MAC, a new value (encoded) or, for None, the one that stands. Raises ``Locked`` for any
    other column whose key was not released.
    """
    beyond: dict[str, bytes | None] = {}
    for attribute in sealed_attributes(type(row)).values():
        try:
            attribute.reseal(row, vault_of(session), next_version(row))
        except Locked:
            if attribute.scope != "directory":
                raise
            beyond[attribute.column] = attribute.waiting(row)
    return beyond


def next_version(row: TenantRow) -> int:
    """Return the version the row has once it is flushed."""
    return ((row.version if inspect(row).persistent else None) or 0) + 1
