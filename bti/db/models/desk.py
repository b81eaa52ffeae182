"""What the data protection officer keeps: matters with a clock, and what was added to each.

Rows are added and never changed: where a matter stands is a fold over its steps. Everything but
which kind it is, and which case a request is about, is sealed. Names and words are for the officer's
sessions alone (``bti.keyd.parcel.RESERVED``); of a request others have its clock, for their worklists.
"""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType


class DeskMatter(TenantRow):
    """A breach, or a request for access or correction. Only a request may be about one case."""

    __tablename__ = "desk_matters"
    __table_args__ = (
        CheckConstraint("kind IN ('breach','access','correction')", "kind"),
        CheckConstraint("kind <> 'breach' OR case_id IS NULL", "about"),
    )
    kind: Mapped[str] = mapped_column(String(10))
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)
    clock_ct: Mapped[Sealed | None] = mapped_column(SealedType)

    body = Encrypted("body_ct", "ops", 1024)
    #: {"received_on"} of a request; a breach is nobody else's task.
    clock = Encrypted("clock_ct", "ops")


class DeskStep(TenantRow):
    """One addition to a matter. Its number makes two who add at once take turns."""

    __tablename__ = "desk_steps"
    __table_args__ = (
        UniqueConstraint("matter_id", "number"),
        CheckConstraint("number > 0", "number"),
    )
    matter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("desk_matters.id"), index=True)
    #: The matter's own: when a case is erased, what was said about it goes too.
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    body_ct: Mapped[Sealed] = mapped_column(SealedType)
    clock_ct: Mapped[Sealed | None] = mapped_column(SealedType)

    body = Encrypted("body_ct", "ops", 1024)
    #: {"kind"} of what was added to a request
    clock = Encrypted("clock_ct", "ops")
