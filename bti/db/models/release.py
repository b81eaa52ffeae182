"""What the case side keeps of its releases: the keys, what each was counted from, and which were published.

Rows are added and never changed. Readers keep every release, so whoever makes the next one must know
which children each number stood for; this is about persons and never leaves the case side.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType


class ReleaseRecord(TenantRow):
    """One thing known of releases. Which one is sealed with it, but for its kind."""

    __tablename__ = "release_records"
    __table_args__ = (CheckConstraint("kind IN ('keys','basis','published')", "kind"),)
    kind: Mapped[str] = mapped_column(String(10))
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: keys: {"signing", "rounding"}; basis: {"sha256", "children"}; published: {"sha256"}
    body = Encrypted("body_ct", "ops", 4096)
