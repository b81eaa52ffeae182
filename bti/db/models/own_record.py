"""What belongs to its author alone: drafts, and the sealed compartment of duty records.

Both live in one table with one shape, so that neither the database nor the audit leaf tells a
report to child welfare from a half-written concern.
"""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, AuthorWall
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType

OWN_COMPARTMENT = "own"


class OwnRecord(AuthorWall, AuthorityRow):
    """A draft or a duty record. Its data key is stored under its own id."""

    __tablename__ = "own_records"
    meta_ct: Mapped[Sealed] = mapped_column(SealedType)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"kind", "form", "saved_at", "confirmation_due"}
    #: Under the record's own key, so that nobody else can tell a report from a draft. The author's
    #: lists are given a sub-key for this column alone.
    meta = Encrypted("meta_ct", "case", 256)
    #: what was typed; padded generously so that lengths do not tell a draft from a report
    body = Encrypted("body_ct", "case", 2048)

    @property
    def compartment(self) -> str:
        """Return the one compartment an own record has."""
        return OWN_COMPARTMENT
