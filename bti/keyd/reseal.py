"""Seals values anew under the active generation of the ops or directory key, row by row, as a whole.

Through the normal sealed columns: a row's other sealed columns are opened and sealed again under their own keys, so
this runs where those keys are, and nowhere else. Every row gets its next version, its MAC and its place in an entry.
What lay under the ops key before it got a key of its own is moved with it (``moved``).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import flag_modified

from bti.crypto.blind_index import username_token
from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose
from bti.db.base import AuthorityRow
from bti.db.guards import mac_columns, note_opened
from bti.db.hold import hold_tokens
from bti.db.models import Account, OwnRecord
from bti.db.sealed import sealed_attributes
from bti.db.vault import Vault
from bti.keyd.directory_rows import DirectoryRows, authority_tables, username_of
from bti.keyd.keystore import ACTIVE
from bti.keyd.moved import misplaced, put_right
from bti.keyd.row_macs import RowMacs
from bti.keyd.usage import names_key, sealed_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.db.base import TenantRow
    from bti.keyd.keystore import KeyStore

    Behind = Callable[[type[TenantRow], uuid.UUID | None], tuple[list[uuid.UUID], uuid.UUID | None]]

Held = TypeVar("Held", bound="TenantRow")

_SEALING = (TenantPurpose.OPS, TenantPurpose.DIRECTORY)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pass over the tables has come to: a table, and the last row of it that was looked at."""

    table: str
    row: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A row that was left as it is: something in it does not open, or it was changed in SQL."""

    table: str
    row_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one batch did: how many rows it sealed anew, and where to go on; None at the end of the tables.

    ``left`` are rows that it went round.
    """

    count: int
    at: Position | None
    left: tuple[Left, ...] = ()


def reseal_batch(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    purpose: TenantPurpose,
    most: int,
    at: Position | None = None,
) -> Resealed:
    """Seal at most ``most`` rows of ``tenant`` anew under its active ops or directory key, going on from ``at``.

    A pass that began at None and came to the end with nothing sealed: none is left. A row that does not open, or
    was forged, is gone round as a whole: it gets no right seal from us, and what is good in it stays as it is.
    """
    if purpose is TenantPurpose.DIRECTORY:
        # Before any row is read: the tokens of user names move with their rows.
        hold_tokens(session, tenant, alone=True)
    active = keys.tenant_key(session, tenant, purpose)
    tables = _tables(purpose)
    behind = _behind(session, keys, tenant, purpose, active, most)
    begin = 0 if at is None else [one.__tablename__ for one in tables].index(at.table)
    after = None if at is None else at.row
    for place, mapped in enumerate(tables[begin:], begin):
        ids, last = behind(mapped, after)
        if len(ids) > most:
            ids = ids[:most]
            last = ids[-1]
        after = None
        left = seal_anew(session, keys, tenant, locked(session, mapped, ids)) if ids else ()
        done = len(ids) - len(left)
        if last is not None:
            return Resealed(done, Position(mapped.__tablename__, last), left)
        if ids:
            rest = tables[place + 1 :]
            return Resealed(done, Position(rest[0].__tablename__) if rest else None, left)
    return Resealed(0, None)


def _tables(purpose: TenantPurpose) -> Sequence[type[TenantRow]]:
    if purpose is TenantPurpose.DIRECTORY:
        return authority_tables()
    return list(dict.fromkeys((OwnRecord, *(mapped for mapped, _ in sealed_columns("ops")))))


def _behind(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    purpose: TenantPurpose,
    active: DataKey,
    most: int,
) -> Behind:
    if purpose is TenantPurpose.DIRECTORY:
        rows = DirectoryRows(session, keys, tenant)
        return lambda mapped, after: rows.behind(mapped, active, after)  # type: ignore[arg-type] # authority rows
    return lambda mapped, after: _under_older_ops(session, tenant, active, mapped, after, most)


def _under_older_ops(
    session: Session,
    tenant: uuid.UUID,
    active: DataKey,
    mapped: type[TenantRow],
    after: uuid.UUID | None,
    most: int,
) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    columns = [column for owner, column in sealed_columns("ops") if owner is mapped]
    older = (~names_key(column, active.key_id) for column in columns)
    other = or_(misplaced(session, tenant, mapped), *older)
    query = select(mapped.id).where(mapped.tenant_id == tenant, other)
    if after is not None:
        query = query.where(mapped.id > after)
    ids = list(session.scalars(query.order_by(mapped.id).limit(most)))
    return ids, ids[-1] if len(ids) == most else None


def locked(session: Session, mapped: type[Held], ids: Sequence[uuid.UUID]) -> Sequence[Held]:
    """Return these rows as they stand now, held against everybody else."""
    return session.scalars(
        select(mapped)
        .where(mapped.id.in_(ids))
        .order_by(mapped.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def seal_anew(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    rows: Sequence[TenantRow],
    *,
    checked: bool = False,
) -> tuple[Left, ...]:
    """Write the rows of ``tenant`` as their next version: every seal, and the MAC, is made under the active keys.

    The rows are held. Returns those that were left as they are. ``checked``: their MACs were looked at before.
    """
    # Read after the rows were held: whatever key one of them is under now is among them.
    keys.changed(session, tenant)
    before = session.info.get("vault")
    vault = Vault()
    session.info["vault"] = vault
    try:
        for purpose in _SEALING:
            vault.put_tenant(purpose, keys.tenant_key(session, tenant, purpose))
            for older in keys.older_tenant_keys(session, tenant, purpose):
                vault.put_tenant(purpose, older, active=False)
        name_key = keys.tenant_key(session, tenant, TenantPurpose.DIRECTORY)
        macs = None if checked else RowMacs(session, keys)
        with session.no_autoflush:  # each is written once, when all of them have been looked at
            good = [row for row in rows if _is_whole(session, keys, vault, macs, row)]
        left = tuple(Left(row.__tablename__, row.id) for row in rows if row not in good)
        for row in rows:
            if row not in good:
                session.expunge(row)
        if good:
            note_opened(session, None)
        for row in good:
            for name in sealed_attributes(type(row)):
                setattr(row, name, getattr(row, name))
            if isinstance(row, Account):
                row.username_token = username_token(name_key, username_of(row.profile))
            if isinstance(row, AuthorityRow):
                # Also one in which nothing is sealed gets its next version, and with it its MAC.
                flag_modified(row, "mac")
        session.flush()
    finally:
        vault.close()
        session.info["vault"] = before
    return left


def _is_whole(
    session: Session, keys: KeyStore, vault: Vault, macs: RowMacs | None, row: TenantRow
) -> bool:
    """Tell whether all that is sealed in a row opens and has its form, and its MAC is right; put it right if so.

    Pages write what does not open, or opens to nothing of ours, into columns that no broker looks at first.
    """
    try:
        if macs is not None and isinstance(row, AuthorityRow):
            known = row.tenant_id, row.__tablename__, row.id, row.version
            if not macs.genuine(*known, mac_columns(row), row.mac):
                return False
        _release(session, keys, vault, row)
        put_right(session, row, vault)
        for name in sealed_attributes(type(row)):
            getattr(row, name)
        if isinstance(row, Account):
            username_of(row.profile)
    except (SealError, Locked, ValueError, KeyError, TypeError):
        return False
    return True


def _release(session: Session, keys: KeyStore, vault: Vault, row: TenantRow) -> None:
    """Put the keys of the row's case, or of what has a key of its own, into the vault."""
    owner: uuid.UUID = getattr(row, "key_owner", getattr(row, "case_id", row.id))
    for held in keys.compartments(session, row.tenant_id, owner):
        key = keys.unwrap(session, held)
        vault.put_case(owner, held.compartment, key, active=held.state == ACTIVE)
