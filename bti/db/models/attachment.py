"""Files attached to a case: what they are, where their sealed content lies, and the key to it."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import CaseWall, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType


class Attachment(CaseWall, TenantRow):
    """One file of one unit and one kind of information. Never replaced: a new version supersedes.

    Name, kind, size and who attached it are sealed under the compartment's key: even that there is an
    assessment of something is content. ``blob`` names the file on disk.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("length(blob) = 32", "blob"),
        CheckConstraint("length(blob_sha256) = 32", "blob_sha256"),
    )
    compartment: Mapped[str] = mapped_column(String(60))
    #: Unique: of two who give the same file a new version at once, one is told.
    supersedes: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("attachments.id"), unique=True)
    blob: Mapped[str] = mapped_column(String(32), unique=True)
    #: Of the sealed file; under the row's digest, and so in the log.
    blob_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    key_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"title", "name", "file_kind", "document", "size", "at", "by", "unit", "submission", "removed"}
    meta = Encrypted("meta_ct", "case", 512)
    #: {"key"}: the file's own key in hex. Apart from meta, so that a list never opens it.
    key = Encrypted("key_ct", "case", 128)
