"""Professional systems with a key of their own, and the people who have let them act."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class ApiClient(AuthorityRow):
    """One system of one municipality. Only a digest of its key is stored.

    Under a MAC that the key broker makes on two people's word; ``profile`` is what it is called.
    """

    __tablename__ = "api_clients"
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    #: As ``bti.domain.clients.spelt`` writes them.
    scopes: Mapped[str] = mapped_column(String(100))
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    profile_ct: Mapped[Sealed] = mapped_column(SealedType)

    profile = Encrypted("profile_ct", "directory", 256)

    def is_live(self, at: datetime) -> bool:
        """Whether its key opens anything."""
        return self.made_at <= at < self.ends_at and self.revoked_at is None


class ApiAgreement(AuthorityRow):
    """That a colleague lets one system act for them in one of their roles, until they take it back."""

    __tablename__ = "api_agreements"
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_clients.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    role_grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("role_grants.id"))
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def is_live(self, at: datetime) -> bool:
        """Whether the person still lets it."""
        return self.agreed_at <= at < self.ends_at and self.revoked_at is None
