"""Server-side sessions and sign-in throttling."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, Base
from bti.db.types import UTCDateTime


class WebSession(AuthorityRow):
    """A signed-in browser. Only the SHA-256 of its token is stored."""

    __tablename__ = "web_sessions"
    # Its birth and end are audited as sign-in and sign-out; last_seen_at moves at each request.
    __audited__ = False
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    role_grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("role_grants.id"))
    strength: Mapped[str] = mapped_column(String(20))
    #: When the second factor was last proven in this session: at sign-in, and at each step-up.
    proven_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Throttle(Base):
    """Failed sign-ins per account, address and overall. ``key`` is a hash, never a name."""

    __tablename__ = "throttles"
    __audited__ = False
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_failure_at: Mapped[datetime] = mapped_column(UTCDateTime)
