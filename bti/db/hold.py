"""Locks by name, on what no single row stands for. SQLite has one transaction at a time and needs none.

Blind tokens are kept where they are while somebody looks for one, or writes one, by its value. A token
says under which generation of its key it was made to nobody but that key. So whoever asks for the tokens
of a value holds what is there until their transaction ends, and whoever makes tokens anew waits for them:
nothing is looked for under one generation and written under another meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import TextClause
    from sqlalchemy.orm import Session

_TOGETHER: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def hold_tokens(session: Session, tenant: uuid.UUID, *, alone: bool = False) -> None:
    """Hold a municipality's tokens until the transaction ends; any number may, unless ``alone``.

    SQLite has one transaction at a time and needs no hold. The key broker's own process takes none: it would wait
    behind whoever waits for its caller.
    """
    _hold(session, f"stafett/tokens/{tenant.hex}", _ALONE if alone else _TOGETHER)


def hold_uses(session: Session, account: uuid.UUID) -> None:
    """Hold one person's emergency accesses until the transaction ends: two at once are counted in turn."""
    _hold(session, f"stafett/uses/{account.hex}", _ALONE)


def _hold(session: Session, name: str, how: TextClause) -> None:
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(how, {"name": name})
