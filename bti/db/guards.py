"""What no transaction may forget: sealing, MACs, and an audit entry for every change."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import event, inspect

from bti.crypto.errors import Locked
from bti.db.base import AuthorityRow, Base, TenantRow, digest_of, stored_columns
from bti.db.sealed import forget_plaintext, next_version, seal_row
from bti.db.sealed_value import Sealed
from bti.db.types import stored_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker


#: A row that grants authority has been changed outside the program.
FORGED = "access.forged_row"


class UnauditedChangeError(Exception):
    """A transaction tried to commit a change without an audit entry. A fault in the program."""


class UnauditedReadError(Exception):
    """A transaction opened content and said nothing of it. A fault in the program."""


class WrittenTwiceError(Exception):
    """A row that grants authority was written twice in one transaction. A fault in the program.

    The key broker in a process of its own sees what is committed, and makes a MAC for the next version alone.
    """


@dataclass(frozen=True, slots=True)
class Stood:
    """An authority row as it stands in the database, before this flush."""

    version: int
    columns: Mapping[str, bytes | None] = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Writing:
    """An authority row about to be written. ``columns`` are what the MAC covers.

    ``beyond`` are sealed columns this process has no key for: an encoded value to seal, or None
    for the value that stands. They are not among ``columns``.
    """

    tenant: uuid.UUID
    table: str
    row_id: uuid.UUID
    version: int
    columns: Mapping[str, bytes | None] = field(repr=False)
    beyond: Mapping[str, bytes | None] = field(repr=False)
    stood: Stood | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """The MAC (32 bytes) of a row, and the columns that the broker sealed for it."""

    mac: bytes
    sealed: Mapping[str, bytes]


class Grant(Protocol):
    """Makes the MACs of the authority rows of one flush; given by the key broker.

    Raises ``AccessDenied`` when a row may not be written, or is not genuine as it stands:
    otherwise one planted or edited in SQL would get a right MAC from the program itself.
    """

    def __call__(self, rows: Sequence[Writing]) -> Sequence[Granted]:
        """Return one answer for each row, in their order."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A written row as the audit leaf names it; ``digest`` is None for a deleted row."""

    table: str
    row_id: uuid.UUID
    version: int
    digest: bytes | None


def changes_of(session: Session) -> list[RowChange]:
    """Return the audited changes flushed so far in this transaction."""
    changes: list[RowChange] = session.info.setdefault("changes", [])
    return changes


def note_changes(session: Session, changes: Iterable[RowChange]) -> None:
    """Account for rows that were written by a plain statement, many at once.

    The guards see objects only. Whoever writes past them tells here what was written, and the
    transaction then needs an entry as for any other change.
    """
    changes_of(session).extend(changes)


def mark_audited(session: Session) -> None:
    """Say that every change flushed so far is covered by an entry in this transaction."""
    session.info["changes"] = []


def when_committed(session: Session, act: Callable[[], None]) -> None:
    """Do ``act`` when this transaction has been committed, and never if it is rolled back."""
    session.info.setdefault("when_committed", []).append(act)


def note_opened(session: Session, case_id: uuid.UUID | None) -> None:
    """Remember that content was released: of this case, or (None) of a list or own record."""
    session.info.setdefault("opened", set()).add(case_id)


def opened_in(session: Session) -> frozenset[uuid.UUID | None]:
    """Return what was released in this transaction; each must be told in an audit entry."""
    return frozenset(session.info.get("opened", ()))


def install_guards(sessions: sessionmaker[Session]) -> None:
    """Attach the guards to every session of this factory."""
    event.listen(sessions, "before_flush", _seal_and_mac)
    event.listen(sessions, "after_flush", _collect)
    event.listen(sessions, "do_orm_execute", _refuse_bulk_change)
    event.listen(sessions, "before_commit", _refuse_unaudited)
    event.listen(sessions, "after_commit", _tell_committed)
    # Not after_begin: that one fires after do_orm_execute and would wipe a pending refusal.
    event.listen(sessions, "after_transaction_end", _reset)


def _changed(session: Session) -> list[TenantRow]:
    rows = [*session.new, *(row for row in session.dirty if session.is_modified(row))]
    return [row for row in rows if isinstance(row, TenantRow)]


def _seal_and_mac(session: Session, _context: Any, _instances: Any) -> None:
    waiting: list[tuple[AuthorityRow, Writing]] = []
    written: set[tuple[str, uuid.UUID]] = session.info.setdefault("written", set())
    for row in _changed(session):
        stood = _stood(row) if isinstance(row, AuthorityRow) else None
        beyond = seal_row(row, session)
        if isinstance(row, AuthorityRow):
            place = (row.__tablename__, row.id)
            if place in written:
                raise WrittenTwiceError(row.__tablename__)
            written.add(place)
            waiting.append((row, _writing(row, stood, beyond)))
        elif beyond:
            raise Locked("directory")
    if not waiting:
        return
    # Together: with the broker in a process of its own, each question is a journey.
    grant: Grant = session.info["grant"]
    answers = grant([writing for _, writing in waiting])
    for (row, _), granted in zip(waiting, answers, strict=True):
        for column, blob in granted.sealed.items():
            setattr(row, column, Sealed(blob))
        row.mac = granted.mac


def _writing(row: AuthorityRow, stood: Stood | None, beyond: Mapping[str, bytes | None]) -> Writing:
    return Writing(
        tenant=row.tenant_id,
        table=row.__tablename__,
        row_id=row.id,
        version=next_version(row),
        columns=stored_columns(row, without=NOT_UNDER_MAC | frozenset(beyond)),
        beyond=beyond,
        stood=stood,
    )


def _stood(row: AuthorityRow) -> Stood | None:
    """Return a changed row as it was read; None for a new one."""
    state = inspect(row)
    if not state.persistent:
        return None
    stood = {}
    for attribute in inspect(type(row)).column_attrs:
        name = attribute.columns[0].name
        if name not in NOT_UNDER_MAC:
            before = state.attrs[attribute.key].load_history().deleted
            stood[name] = stored_bytes(before[0] if before else getattr(row, attribute.key))
    return Stood(row.version, stood, row.mac)


def mac_columns(row: AuthorityRow) -> dict[str, bytes | None]:
    """Return the columns a MAC covers: all but itself, the version, and what only ages."""
    return stored_columns(row, without=NOT_UNDER_MAC)


# last_seen_at moves at every request and grants nothing: the absolute limit is under the MAC.
NOT_UNDER_MAC = frozenset({"mac", "version", "last_seen_at"})


def _collect(session: Session, _context: Any) -> None:
    changes = changes_of(session)
    for row in _changed(session):
        if row.__audited__:
            changes.append(RowChange(row.__tablename__, row.id, row.version, digest_of(row)))
    changes.extend(
        RowChange(row.__tablename__, row.id, row.version, None)
        for row in session.deleted
        if isinstance(row, TenantRow) and row.__audited__
    )


def _refuse_bulk_change(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    table = getattr(state.statement, "table", None)
    if _is_audited(table):
        message = f"bulk change of {table} bypasses sealing and audit"
        raise UnauditedChangeError(message)


@cache
def _is_audited(table: Any) -> bool:
    """Return whether one of our mapped classes that is audited keeps its rows in ``table``."""
    # A statement of the ORM holds the table as a copy with notes: equal to it, and not the same object.
    return table in {one.local_table for one in Base.registry.mappers if one.class_.__audited__}


def _refuse_unaudited(session: Session) -> None:
    session.flush()
    if changes_of(session):
        tables = sorted({change.table for change in changes_of(session)})
        message = f"change without audit entry: {', '.join(tables)}"
        raise UnauditedChangeError(message)


def _tell_committed(session: Session) -> None:
    for act in session.info.pop("when_committed", ()):
        act()


def _reset(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("when_committed", None)
        session.info.pop("changes", None)
        session.info.pop("opened", None)
        session.info.pop("written", None)
        for row in session.identity_map.values():
            if isinstance(row, TenantRow):
                forget_plaintext(row)
