"""The same work without sealing or log: tables of the benchmark's own in the same database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import Engine, Text, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WORDS = "Jonas har kommet for sent de siste ukene, og sier at han ikke får sove. " * 4


class PlainBase(DeclarativeBase):
    """Apart from the product's tables."""


class PlainNote(PlainBase):
    """What an entry would be without encryption."""

    __tablename__ = "benchmark_notes"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    meta: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


def prepare(engine: Engine) -> None:
    """Make the tables."""
    PlainBase.metadata.create_all(engine)


def write(session: Session, meta: str = "{}") -> None:
    """Insert one row without the ORM, as cheaply as can be."""
    session.execute(insert(PlainNote).values(id=uuid.uuid4(), meta=meta, body=WORDS))
