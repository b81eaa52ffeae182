"""MACs of authority rows, and the sealing of directory columns whose key stays with the broker.

Makes and checks; whether somebody may have a row written is decided in ``grants``.
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import TYPE_CHECKING

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed, seal
from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import check_row_mac, row_mac
from bti.db.base import Base
from bti.db.guards import FORGED, Granted
from bti.db.sealed import sealed_attributes
from bti.domain.errors import AccessDenied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from bti.db.guards import Stood, Writing
    from bti.db.sealed import Encrypted
    from bti.keyd.keystore import KeyStore


class RowMacs:
    """The MAC maker of one transaction."""

    def __init__(self, session: Session, keys: KeyStore) -> None:
        """Take the directory keys from ``keys`` through ``session``."""
        self._session = session
        self._keys = keys

    def mac(
        self,
        tenant: uuid.UUID,
        table: str,
        row_id: uuid.UUID,
        version: int,
        columns: Mapping[str, bytes | None],
    ) -> bytes:
        """Return the MAC (32 bytes) of a row, under the active generation."""
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY)
        return row_mac(key, table, row_id, version, columns)

    def genuine(
        self,
        tenant: uuid.UUID,
        table: str,
        row_id: uuid.UUID,
        version: int,
        columns: Mapping[str, bytes | None],
        mac: bytes,
    ) -> bool:
        """Tell whether a row as it stands was written by the program: under a generation that opens.

        While the directory key is changed, rows stand under two of them.
        """
        over = (table, row_id, version, columns, mac)
        active = self._keys.tenant_key(self._session, tenant, TenantPurpose.DIRECTORY)
        if check_row_mac(active, *over):
            return True
        # As the keys stand now: another transaction may have changed them, and then this row, since.
        others = self._keys.opening_keys(self._session, tenant, TenantPurpose.DIRECTORY, again=True)
        return any(check_row_mac(key, *over) for key in others if key is not active)

    def grant(self, rows: Sequence[Writing]) -> list[Granted]:
        """Seal what is beyond the caller, and make the MAC of each row.

        Raises ``AccessDenied`` for a row that is not genuine as it stands.
        """
        return [self._granted(row) for row in rows]

    def require_genuine(self, row: Writing, stood: Stood) -> None:
        """Raise ``AccessDenied`` when the row as it stands was not written through the program."""
        if not self.genuine(
            row.tenant, row.table, row.row_id, stood.version, stood.columns, stood.mac
        ):
            raise AccessDenied(FORGED, case_id=case_of(row))

    def _granted(self, row: Writing) -> Granted:
        if row.stood is not None:
            self.require_genuine(row, row.stood)
        sealed = {name: self._sealed(row, name, value) for name, value in row.beyond.items()}
        self._require_openable(row)
        columns = {**row.columns, **sealed}
        made = self.mac(row.tenant, row.table, row.row_id, row.version, columns)
        return Granted(made, sealed)

    def _require_openable(self, row: Writing) -> None:
        """Raise ``AccessDenied`` when the caller has sealed what would not open where it is to stand.

        One such row would keep the directory key from ever being changed.
        """
        for name in row.columns.keys() & {
            column for table, column in directory_columns() if table == row.table
        }:
            blob = row.columns[name]
            if blob is None:
                continue
            try:
                key = self._keys.tenant_key_by_id(
                    self._session, row.tenant, TenantPurpose.DIRECTORY, key_id_of(blob)
                )
                open_sealed(key, _place(row, name, row.version), blob)
            except SealError:
                raise AccessDenied("grant.sealed", case_id=case_of(row)) from None

    def _sealed(self, row: Writing, column: str, value: bytes | None) -> bytes:
        attribute = directory_columns().get((row.table, column))
        if attribute is None:
            raise Locked(column)
        key = self._keys.tenant_key(self._session, row.tenant, TenantPurpose.DIRECTORY)
        if value is None:
            stood = row.stood.columns.get(column) if row.stood is not None else None
            if row.stood is None or stood is None:
                raise Locked(column)
            older = self._keys.tenant_key_by_id(
                self._session, row.tenant, TenantPurpose.DIRECTORY, key_id_of(stood)
            )
            value = open_sealed(older, _place(row, column, row.stood.version), stood)
        return seal(key, _place(row, column, row.version), value, attribute.minimum)


@cache
def directory_columns() -> dict[tuple[str, str], Encrypted]:
    """Return the columns sealed under the directory key, by table and column."""
    return {
        (mapper.class_.__tablename__, attribute.column): attribute
        for mapper in Base.registry.mappers
        for attribute in sealed_attributes(mapper.class_).values()
        if attribute.scope == "directory"
    }


def case_of(row: Writing) -> uuid.UUID | None:
    """Return the case a row belongs to, or None."""
    if row.table == "cases":
        return row.row_id
    stored = row.columns.get("case_id")
    return uuid.UUID(bytes=stored) if stored is not None else None


def _place(row: Writing, column: str, version: int) -> Place:
    return Place(row.tenant, TENANT_WIDE, row.table, column, row.row_id, version)
