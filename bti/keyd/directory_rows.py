"""Which authority rows need which generation of the directory key: for their MAC, a sealed column or a user name.

The MAC and the blind token name no generation, so a row is looked at with the key itself. Plain columns, many at
once: a municipality has a hundred thousand such rows, and only those that are behind become objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.crypto.blind_index import username_token
from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import check_row_mac
from bti.crypto.values import json_from_bytes
from bti.db.base import AuthorityRow, Base
from bti.db.models import Account
from bti.keyd.plain_rows import Side, ask
from bti.keyd.row_macs import directory_columns

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.keyd.keystore import KeyStore
    from bti.keyd.plain_rows import PlainRow

#: Rows looked at in one transaction: about a tenth of a second, which is how long others wait on SQLite.
MOST_LOOKED_AT: Final = 2000


def authority_tables() -> list[type[AuthorityRow]]:
    """Return every table whose rows carry a MAC, by name."""
    mapped = [
        mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, AuthorityRow)
    ]
    return sorted(mapped, key=lambda one: one.__tablename__)


class DirectoryRows:
    """Looks at a municipality's authority rows with the generations of its directory key."""

    def __init__(self, session: Session, keys: KeyStore, tenant: uuid.UUID) -> None:
        """Read through ``session`` with ``keys``."""
        self._session = session
        self._keys = keys
        self._tenant = tenant

    def behind(
        self, mapped: type[AuthorityRow], active: DataKey, after: uuid.UUID | None
    ) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        """Return the ids of rows that are not wholly under ``active``, and the last row looked at.

        At most ``MOST_LOOKED_AT`` are looked at, in order of id and after ``after``; None when there are no more.
        Raises ``SealError`` for a user name that does not open.
        """
        rows = self._rows(mapped, after)
        ids = [row["id"] for row in rows if not self._wholly_under(row, active)]
        return ids, rows[-1]["id"] if len(rows) == MOST_LOOKED_AT else None

    def count_under(self, key: DataKey) -> int:
        """Return how many rows are good for nothing, or not found, without this generation."""
        return sum(1 for row in self._all() if self._needs(row, key))

    def _all(self) -> Iterator[PlainRow]:
        for mapped in authority_tables():
            after: uuid.UUID | None = None
            while rows := self._rows(mapped, after):
                yield from rows
                after = rows[-1]["id"]

    def _rows(self, mapped: type[AuthorityRow], after: uuid.UUID | None) -> list[PlainRow]:
        table, side = mapped.__table__, Side(mapped)
        query = select(*side.columns).where(table.c.tenant_id == self._tenant)
        if after is not None:
            query = query.where(table.c.id > after)
        found = ask(self._session, query.order_by(table.c.id).limit(MOST_LOOKED_AT), {})
        return [row for row in map(side.of, found) if row is not None]

    def _wholly_under(self, row: PlainRow, active: DataKey) -> bool:
        named = all(key_id_of(blob) == active.key_id for blob in _sealed(row).values())
        return (
            named
            and _has_mac(row, active)
            and self._name_token(row, active) in {None, row_token(row)}
        )

    def _needs(self, row: PlainRow, key: DataKey) -> bool:
        if _has_mac(row, key):
            return True
        if any(key_id_of(blob) == key.key_id for blob in _sealed(row).values()):
            return True
        token = self._name_token(row, key)
        return token is not None and token == row_token(row)

    def _name_token(self, row: PlainRow, key: DataKey) -> bytes | None:
        """Return what the token of an account would be under ``key``; None for a row without one."""
        if row.table != Account.__tablename__:
            return None
        return username_token(key, username_of(self._opened(row, "profile_ct")))

    def _opened(self, row: PlainRow, column: str) -> Any:  # noqa: ANN401 - JSON
        blob = row[column].blob
        key = self._keys.tenant_key_by_id(
            self._session, self._tenant, TenantPurpose.DIRECTORY, key_id_of(blob)
        )
        place = Place(self._tenant, TENANT_WIDE, row.table, column, row["id"], row["version"])
        return json_from_bytes(open_sealed(key, place, blob))


def username_of(profile: Any) -> str:  # noqa: ANN401 - JSON
    """Return the user name in what is sealed of an account. Raises ``SealError`` when there is none."""
    name = profile.get("username") if isinstance(profile, dict) else None
    if not isinstance(name, str) or not name:
        raise SealError
    return name


def row_token(row: PlainRow) -> bytes | None:
    """Return the token a row stands under; None for a row without one."""
    return row.columns.get("username_token")


def _sealed(row: PlainRow) -> dict[str, bytes]:
    return {
        column: row[column].blob
        for table, column in directory_columns()
        if table == row.table and row[column] is not None
    }


def _has_mac(row: PlainRow, key: DataKey) -> bool:
    return check_row_mac(key, row.table, row["id"], row["version"], row.under_mac(), row["mac"])
