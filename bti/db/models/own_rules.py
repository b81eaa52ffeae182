"""The municipality's own versions of the local rules, the texts they are, and what somebody is writing on.

A version is a number and the digest of a text, under a MAC: what two people agreed to. The text lies beside
it and is found by its digest, so that it may be longer than what fits through the key broker's socket.
"""

from __future__ import annotations

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType


class OwnRules(AuthorityRow):
    """A published version. Never changed: cases go on by it."""

    __tablename__ = "own_rules"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)
    number: Mapped[int]
    #: SHA-256 of the text, in hexadecimal.
    sha256: Mapped[str] = mapped_column(String(64))


class RulesText(TenantRow):
    """A text that was asked for or published. A file of rules is public, and says nothing about anybody."""

    __tablename__ = "rules_texts"
    __table_args__ = (UniqueConstraint("tenant_id", "sha256"),)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)


class RulesDraft(TenantRow):
    """What is being written, one for a municipality; its id is the municipality's own."""

    __tablename__ = "rules_drafts"
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {} where nothing is being written, else as ``bti.profiles.draft.Draft.stored``
    body = Encrypted("body_ct", "ops", 4096)
