"""The declarative base: naming of constraints, and what every tenant row has in common."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ForeignKey, Integer, LargeBinary, MetaData, Uuid, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from bti.crypto.row_mac import row_digest
from bti.db.types import UTCDateTime, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Base(DeclarativeBase):
    """Base of every case-side table.

    ``__audited__`` tells the guard whether a change needs an audit entry in its transaction.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {uuid.UUID: Uuid()}
    __audited__: ClassVar[bool] = True

    def __repr__(self) -> str:
        """Show the kind of row only: ids and contents stay out of logs."""
        return f"<{type(self).__name__}>"


class TenantWall:
    """Rows that are met from inside their municipality only (see ``bti.db.walls``)."""

    @declared_attr
    def tenant_id(self) -> Mapped[uuid.UUID]:
        """Return the municipality that owns the row."""
        return mapped_column(ForeignKey("municipalities.id"), index=True)


class CaseWall:
    """What is written in a case: a person meets it once the broker has opened the case."""

    @declared_attr
    def case_id(self) -> Mapped[uuid.UUID]:
        """Return the case it is written in."""
        return mapped_column(ForeignKey("cases.id"), index=True)


class AuthorWall:
    """What only its author meets."""

    @declared_attr
    def account_id(self) -> Mapped[uuid.UUID]:
        """Return the author."""
        return mapped_column(ForeignKey("accounts.id"), index=True)


class TenantRow(TenantWall, Base):
    """A row of one municipality with its own id and version.

    The id is made by the application so that the associated data of a seal is known before the
    flush; UUIDv4 because version 7 would leak when the row was made.
    """

    __abstract__ = True
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    version: Mapped[int] = mapped_column(Integer)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy passes the class
        """Use the version for optimistic locking; it is also part of every seal."""
        return {"version_id_col": cls.__table__.c.version}

    def __init__(self, **values: Any) -> None:
        """Give the row its id and defaults at once: seals and MACs are bound to them."""
        values.setdefault("id", uuid.uuid4())
        for attribute in inspect(type(self)).column_attrs:
            default = attribute.columns[0].default
            # Applied now, not at the flush: the seal and the MAC are made before it.
            if default is not None and default.is_scalar:
                values.setdefault(attribute.key, default.arg)
        super().__init__(**values)


class AuthorityRow(TenantRow):
    """A row that grants authority and therefore carries a keyed MAC over all its columns.

    A row edited or planted in SQL has no valid MAC, so the broker denies and reports it
    (decision D17: rows in the same database must not be believed by themselves).
    """

    __abstract__ = True
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


def stored_columns(row: Base, *, without: frozenset[str] = frozenset()) -> dict[str, bytes | None]:
    """Return each stored column of ``row`` in the form digests and MACs are made of."""
    return {
        attribute.columns[0].name: stored_bytes(getattr(row, attribute.key))
        for attribute in inspect(type(row)).column_attrs
        if attribute.columns[0].name not in without
    }


def digest_of(row: TenantRow) -> bytes:
    """Return the digest (32 bytes) that the audit leaf carries for this version of the row."""
    return row_digest(row.__tablename__, row.id, row.version, stored_columns(row))


def digest_of_columns(
    table: str, row_id: uuid.UUID, version: int, columns: Mapping[str, object]
) -> bytes:
    """Return the same digest from values read with a plain select (used by reconciliation)."""
    return row_digest(
        table, row_id, version, {name: stored_bytes(value) for name, value in columns.items()}
    )


__all__ = [
    "AuthorWall",
    "AuthorityRow",
    "Base",
    "CaseWall",
    "TenantRow",
    "TenantWall",
    "UTCDateTime",
    "digest_of",
    "digest_of_columns",
    "stored_columns",
]
