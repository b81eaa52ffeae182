"""Consent: what was asked, what each signer answered, and the cells that open compartments."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, CaseWall, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class Consent(CaseWall, TenantRow):
    """A question put to those who must consent. Append-only; refusals are records too."""

    __tablename__ = "consents"
    compartment: Mapped[str] = mapped_column(String(60), default="core")
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"scope", "asked_at", "valid_to", "to_unit"}: enough for reminders without content keys
    meta = Encrypted("meta_ct", "ops", 256)
    #: purpose, text version and hash, language, interpreter, child heard, required signers
    body = Encrypted("body_ct", "case", 512)


class ConsentAnswer(CaseWall, TenantRow):
    """One signer's answer or withdrawal. Never overwritten: the newest counts."""

    __tablename__ = "consent_answers"
    consent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("consents.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("persons.id"))
    compartment: Mapped[str] = mapped_column(String(60), default="core")
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"answer", "at"}
    meta = Encrypted("meta_ct", "ops", 128)
    #: {"form", "minuted_by", "present", "note", "recorded_by"}
    body = Encrypted("body_ct", "case", 256)


class ConsentCell(AuthorityRow):
    """Service × service × information type, for a time: the row that releases a key.

    In plain because the key broker decides on it; it tells which services share, not about whom.
    """

    __tablename__ = "consent_cells"
    __table_args__ = (
        CheckConstraint("basis IN ('consent','law')", "basis"),
        CheckConstraint("valid_to > valid_from", "valid_period"),
        Index("ix_consent_cells_case_to", "case_id", "to_unit_id"),
    )
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    consent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("consents.id"), index=True)
    from_unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    to_unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    info_type: Mapped[str] = mapped_column(String(20))
    basis: Mapped[str] = mapped_column(String(10))
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
