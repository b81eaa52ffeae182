"""The municipality (tenant) and its units. Public facts about public bodies, so in plain."""

from __future__ import annotations

import uuid

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import Base, TenantRow


class Municipality(Base):
    """A tenant. Its id is random: municipality numbers change when municipalities merge."""

    __tablename__ = "municipalities"
    # Reconciliation starts from tenant rows; the municipality is named in its own first leaf.
    __audited__ = False
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(4), unique=True)
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
