"""Seals values anew under the active generation of the ops or directory key, row by row, as a whole.

Through the normal sealed columns: a row's other sealed columns are opened and sealed again under their own keys, so
this runs where those keys are, and nowhere else. Every row gets its next version, its MAC and its place in an entry.
What lay under the ops key before it got a key of its own is moved with it (``moved``).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import flag_modified

from bti.crypto.blind_index import username_token
from bti.crypto.provider import TenantPurpose
from bti.db.base import AuthorityRow
from bti.db.guards import note_opened
from bti.db.hold import hold_tokens
from bti.db.models import Account, OwnRecord
from bti.db.sealed import sealed_attributes
from bti.db.vault import Vault
from bti.keyd.directory_rows import DirectoryRows, authority_tables, username_of
from bti.keyd.keystore import ACTIVE
from bti.keyd.moved import misplaced, put_right
from bti.keyd.usage import names_key, sealed_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.db.base import TenantRow
    from bti.keyd.keystore import KeyStore

    Behind = Callable[[type[TenantRow], uuid.UUID | None], tuple[list[uuid.UUID], uuid.UUID | None]]

_SEALING = (TenantPurpose.OPS, TenantPurpose.DIRECTORY)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pass over the tables has come to: a table, and the last row of it that was looked at."""

    table: str
    row: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one batch did: how many rows it sealed anew, and where to go on; None at the end of the tables."""

    count: int
    at: Position | None


def reseal_batch(
    session: Session,
    keys: KeyStore,
    tenant: uuid.UUID,
    purpose: TenantPurpose,
    most: int,
    at: Position | None = None,
) -> Resealed:
    """Seal at most ``most`` rows of ``tenant`` anew under its active ops or directory key, going on from ``at``.

    A pass that began at None and came to the end with nothing sealed: none is left. Raises ``SealError`` for a row
    that does not open, and ``AccessDenied`` for one that was forged: neither gets a right seal from us.
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
        if ids:
            seal_anew(session, keys, tenant, locked(session, mapped, ids))
        if last is not None:
            return Resealed(len(ids), Position(mapped.__tablename__, last))
        if ids:
            rest = tables[place + 1 :]
            return Resealed(len(ids), Position(rest[0].__tablename__) if rest else None)
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


def locked(
    session: Session, mapped: type[TenantRow], ids: Sequence[uuid.UUID]
) -> Sequence[TenantRow]:
    """Return these rows as they stand now, held against everybody else."""
    return session.scalars(
        select(mapped)
        .where(mapped.id.in_(ids))
        .order_by(mapped.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def seal_anew(
    session: Session, keys: KeyStore, tenant: uuid.UUID, rows: Sequence[TenantRow]
) -> None:
    """Write the rows of ``tenant`` as their next version: every seal, and the MAC, is made under the active keys.

    Raises ``SealError`` for a value that does not open.
    """
    before = session.info.get("vault")
    vault = Vault()
    session.info["vault"] = vault
    note_opened(session, None)
    try:
        for purpose in _SEALING:
            vault.put_tenant(purpose, keys.tenant_key(session, tenant, purpose))
            for older in keys.older_tenant_keys(session, tenant, purpose):
                vault.put_tenant(purpose, older, active=False)
        name_key = keys.tenant_key(session, tenant, TenantPurpose.DIRECTORY)
        for row in rows:
            _release(session, keys, vault, row)
            put_right(session, row, vault)
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


def _release(session: Session, keys: KeyStore, vault: Vault, row: TenantRow) -> None:
    """Put the keys of the row's case, or of what has a key of its own, into the vault."""
    owner: uuid.UUID = getattr(row, "key_owner", getattr(row, "case_id", row.id))
    for held in keys.compartments(session, row.tenant_id, owner):
        key = keys.unwrap(session, held)
        vault.put_case(owner, held.compartment, key, active=held.state == ACTIVE)
