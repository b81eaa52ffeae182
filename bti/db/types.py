"""Column types, and the one way a stored value becomes bytes for digests and MACs."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.types import TypeDecorator

from bti.db.sealed_value import Sealed


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC; naive datetimes are refused because they hide a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store as UTC; SQLite keeps no zone, so it is stored naive there."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime refused"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return an aware UTC instant."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SealedType(TypeDecorator[Sealed]):
    """A column that takes sealed values only: plaintext cannot reach the driver through it."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Any) -> bytes | None:
        """Refuse anything that is not a sealed value."""
        del dialect
        if value is None:
            return None
        if type(value) is not Sealed:
            message = "refusing to store an unsealed value"
            raise TypeError(message)
        return value.blob

    def process_result_value(self, value: bytes | None, dialect: Any) -> Sealed | None:
        """Wrap the stored bytes without opening them."""
        del dialect
        return None if value is None else Sealed(bytes(value))


def stored_bytes(value: object) -> bytes | None:  # noqa: PLR0911 - one return for each stored type
    """Return the bytes that stand for a stored value in row digests and row MACs."""
    if value is None:
        return None
    if isinstance(value, Sealed):
        return value.blob
    if isinstance(value, bytes):
        return value
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").encode()
    if isinstance(value, date):
        return value.isoformat().encode()
    if isinstance(value, str):
        return value.encode()
    message = f"no stored form for {type(value).__name__}"
    raise TypeError(message)
