"""The tables of the network side. Records only; no table has a column for a child or a guardian."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bti.slt.store import UTCDateTime

NAME_LENGTH = 120
REASON_LENGTH = 500


class NetworkBase(DeclarativeBase):
    """Base of every table here; its metadata is separate from the case side's."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {uuid.UUID: Uuid(), datetime: UTCDateTime()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class SltAccount(NetworkBase):
    """An SLT coordinator of one municipality."""

    __tablename__ = "slt_accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    municipality_number: Mapped[str] = mapped_column(String(4))
    municipality_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    language: Mapped[str] = mapped_column(String(2))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class SltSession(NetworkBase):
    """One sign-in. The token itself is only in the browser."""

    __tablename__ = "slt_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SltThrottle(NetworkBase):
    """Failed sign-ins in a row, by a digest of the username or the address."""

    __tablename__ = "slt_throttles"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    last_failure_at: Mapped[datetime]


class ReleaseRow(NetworkBase):
    """A published release. Its content is frozen; a correction is a new version."""

    __tablename__ = "releases"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    municipality_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    period: Mapped[str] = mapped_column(String(6))
    version: Mapped[int]
    table_json: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    method_codes: Mapped[str] = mapped_column(String(400))
    #: The case side's public key and its signature of ``table_json``, in hex.
    signer: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(NAME_LENGTH))
    correction_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        UniqueConstraint("municipality_number", "period", "version"),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint(
            "(version = 1) = (correction_reason IS NULL)", name="correction_has_a_reason"
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawal_has_a_reason"
        ),
        Index(
            "uq_releases_one_standing",
            "municipality_number",
            "period",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )


class SltEvent(NetworkBase):
    """Who signed in, read, published or was turned away. Append-only by trigger."""

    __tablename__ = "slt_events"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    release_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("releases.id"))
    code: Mapped[str | None] = mapped_column(String(60))
