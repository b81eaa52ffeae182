"""Who is away and who stands in. It moves reminders and opens nothing, so it is under no MAC."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


class AbsencePeriod(TenantRow):
    """Somebody is away for some days. When, and who stands in, is sealed: it may be an illness."""

    __tablename__ = "absence_periods"
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    #: {"substitute", "from_on", "to_on"}
    body = Encrypted("body_ct", "ops", 128)
