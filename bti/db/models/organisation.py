"""The municipality (tenant) and its units. Public facts about public bodies, so in plain."""

from __future__ import annotations

import uuid

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import AuthorityRow, Base, TenantRow


class Municipality(Base):
    """A tenant. Its id is random: municipality numbers change when municipalities merge.

    Public, and read before anybody has signed in. What counts is the row of ``LocalRules``.
    """

    __tablename__ = "municipalities"
    # Not a tenant's row; it is compared with the one that is.
    __audited__ = False
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(4), unique=True)
    profile: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))


class LocalRules(AuthorityRow):
    """What the municipality has decided about itself: the same as its public row, under a MAC.

    Its id is the municipality's own. Changed by two people alone.
    """

    __tablename__ = "local_rules"
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(4))
    profile: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))


class Unit(TenantRow):
    """A school, kindergarten, health station or other body with its own confidentiality rules.

    ``organ`` groups units that count as the same body; by default each unit is its own.
    """

    __tablename__ = "units"
    name: Mapped[str] = mapped_column(String(120))
    sector: Mapped[str] = mapped_column(String(30))
    organ: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(20))
