"""Accounts of staff and the roles granted to them per unit."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime


def stands(*, active: bool, suspended_at: datetime | None) -> bool:
    """Tell whether there is somebody behind an account, from two of its columns."""
    return active and suspended_at is None


class Account(AuthorityRow):
    """Somebody who signs in. Who works where is itself sealed, under the directory key."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("username_token"),)
    username_token: Mapped[bytes] = mapped_column(LargeBinary(16))
    profile_ct: Mapped[Sealed] = mapped_column(SealedType)
    totp_ct: Mapped[Sealed] = mapped_column(SealedType)
    password_hash: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(2))
    active: Mapped[bool] = mapped_column(default=True)
    #: Password and code were made by somebody else: the person makes their own before all else.
    must_renew: Mapped[bool] = mapped_column(default=False)
    #: Until when a first password and code that took the place of lost ones are good. It stays when
    #: they have been renewed: the same yes lets the account begin anew once.
    first_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    totp_next_ct: Mapped[Sealed | None] = mapped_column(SealedType)
    first_code_ct: Mapped[Sealed | None] = mapped_column(SealedType)

    #: Access was cut at once; what the person has in hand stays there, as a gap.
    suspended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def can_sign_in(self) -> bool:
        """Whether there is somebody behind the account now."""
        return stands(active=self.active, suspended_at=self.suspended_at)

    def first_too_late(self, now: datetime) -> bool:
        """Whether what took the place of a lost password or phone has run out before it was used."""
        return self.must_renew and self.first_until is not None and now >= self.first_until

    #: {"name", "username", "title", "phone"}
    profile = Encrypted("profile_ct", "directory", 128)
    #: base32 secret
    totp_secret = Encrypted("totp_ct", "directory")
    #: the secret that a person is about to take into use
    totp_next = Encrypted("totp_next_ct", "directory")
    #: base32 secret that took the place of a lost one, until it is renewed: for who said yes to it.
    #: The one in ``totp_secret`` never leaves the broker.
    first_code = Encrypted("first_code_ct", "directory")


class RoleGrant(AuthorityRow):
    """A role in a unit for a time. One is entered per session."""

    __tablename__ = "role_grants"
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("units.id"))
    role: Mapped[str] = mapped_column(String(20))
    #: The administrator who gave it, None for the command line. A fact for approvals, not a join.
    granted_by_id: Mapped[uuid.UUID | None]
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AccountPerson(AuthorityRow):
    """Who the person behind an account is, as a keyed token of their national id.

    Added to, never changed: every one that was registered counts, so that none is hidden by another. The
    digits are kept nowhere.
    """

    __tablename__ = "account_persons"
    __table_args__ = (CheckConstraint("length(token) = 16", "token"),)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(16))
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)
