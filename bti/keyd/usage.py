"""How much a key is used, counted from what stands in the tables: rows, versions and key ids.

Every sealing gives its row a new version, so versions count seals. Rows that were deleted are no
longer there to be counted: the figures are «at least».
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from bti.crypto.envelope import TENANT_WIDE, Place, open_sealed
from bti.crypto.errors import SealError
from bti.db.base import Base, TenantRow
from bti.db.models import CaseKey, OwnRecord
from bti.db.sealed import sealed_attributes

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.db.sealed_value import Sealed

#: Where a sealed value names its key: after the format and algorithm bytes, counted from one.
_KEY_ID_AT: Final = 3
_KEY_ID_BYTES: Final = 16
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Usage:
    """The most-used key of a kind: how often it has sealed or wrapped, at least."""

    wraps: int
    tenant_seals: int
    case_seals: int


def usage(session: Session, tenant: uuid.UUID, kek_id: bytes) -> Usage:
    """Return how far a municipality's keys are used up: the kek, the ops key, the busiest data key."""
    wraps = select(func.count()).select_from(CaseKey)
    under = wraps.where(CaseKey.tenant_id == tenant, CaseKey.kek_id == kek_id)
    return Usage(
        wraps=session.scalars(under).one(),
        tenant_seals=max(_sums(session, tenant, "ops"), default=0),
        case_seals=max(_sums(session, tenant, "case"), default=0),
    )


def wrapped_under(session: Session, tenant: uuid.UUID, key_id: bytes) -> int:
    """Return how many data keys cannot be opened without this generation of the kek."""
    count = select(func.count()).select_from(CaseKey)
    query = count.where(CaseKey.tenant_id == tenant, CaseKey.kek_id == key_id)
    return session.scalars(query).one()


def sealed_under(session: Session, tenant: uuid.UUID, key: DataKey) -> int:
    """Return how many values cannot be opened without this generation of the ops key.

    Each that names it is opened: one that does not open needs no key, and must not keep this one for ever.
    """
    columns: list[tuple[type[TenantRow], ColumnElement[Any]]] = [*sealed_columns("ops")]
    columns.append((OwnRecord, OwnRecord.meta_ct.expression))  # until it is moved: see moved
    return sum(
        _opens(
            key,
            Place(tenant, TENANT_WIDE, table.__tablename__, str(column.key), row.id, row.version),
            row[2],
        )
        for table, column in columns
        for row in session.execute(
            select(table.id, table.version, column)
            .where(table.tenant_id == tenant, names_key(column, key.key_id))
            .execution_options(yield_per=_AT_ONCE)
        )
    )


def _opens(key: DataKey, place: Place, stored: Sealed) -> bool:
    try:
        open_sealed(key, place, stored.blob)
    except SealError:
        return False
    return True


def sealed_columns(scope: str) -> Iterator[tuple[type[TenantRow], ColumnElement[bytes]]]:
    """Give every column that is sealed under ``scope`` (case, ops or directory), with its table."""
    for mapper in sorted(Base.registry.mappers, key=lambda one: one.class_.__name__):
        for attribute in sealed_attributes(mapper.class_).values():
            if attribute.scope == scope:
                yield mapper.class_, getattr(mapper.class_, attribute.column)


def names_key(column: ColumnElement[Any], key_id: bytes) -> ColumnElement[bool]:
    """Return the condition that a sealed column was sealed under the key with this id."""
    return func.substr(column, _KEY_ID_AT, _KEY_ID_BYTES) == key_id


def _sums(session: Session, tenant: uuid.UUID, scope: str) -> Iterator[int]:
    for table, _ in sealed_columns(scope):
        total = func.sum(table.version)
        query = select(total).where(table.tenant_id == tenant)
        if scope == "case":
            case_id = getattr(table, "case_id", table.id)
            query = query.group_by(case_id).order_by(total.desc()).limit(1)
        yield session.scalars(query).one_or_none() or 0
