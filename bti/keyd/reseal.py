"""Seals values anew under the active generation of the ops key, row by row and through the normal sealed columns.

A row is always sealed as a whole, so its other sealed columns are opened and sealed again under their own keys: this
runs where those keys are, and nowhere else. Every row gets its next version, its MAC and its place in an entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bti.crypto.provider import TenantPurpose
from bti.db.guards import note_opened
from bti.db.sealed import sealed_attributes
from bti.db.vault import Vault
from bti.keyd.keystore import ACTIVE
from bti.keyd.usage import names_key, sealed_columns

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.db.base import TenantRow
    from bti.keyd.keystore import KeyStore


def reseal_batch(session: Session, keys: KeyStore, tenant: uuid.UUID, most: int) -> int:
    """Seal at most ``most`` rows of ``tenant`` anew under its active ops key; 0: none is left.

    Raises ``SealError`` for a row that does not open, and ``AccessDenied`` for one that was forged: neither gets
    a right seal from us.
    """
    active = keys.tenant_key(session, tenant, TenantPurpose.OPS)
    rows = _under_older(session, tenant, active, most)
    if not rows:
        return 0
    before = session.info.get("vault")
    vault = Vault()
    session.info["vault"] = vault
    note_opened(session, None)
    try:
        vault.put_tenant(TenantPurpose.OPS, active)
        for older in keys.older_tenant_keys(session, tenant, TenantPurpose.OPS):
            vault.put_tenant(TenantPurpose.OPS, older, active=False)
        for row in rows:
            _release(session, keys, vault, row)
            for name in sealed_attributes(type(row)):
                setattr(row, name, getattr(row, name))
        session.flush()
    finally:
        vault.close()
        session.info["vault"] = before
    return len(rows)


def left_under_older(session: Session, keys: KeyStore, tenant: uuid.UUID) -> int:
    """Return how many rows are sealed under an older generation of the ops key."""
    active = keys.tenant_key(session, tenant, TenantPurpose.OPS)
    return sum(
        len(session.scalars(_ids(mapped, tenant, active)).all()) for mapped in _tables_under_ops()
    )


def _under_older(
    session: Session, tenant: uuid.UUID, active: DataKey, most: int
) -> Sequence[TenantRow]:
    for mapped in _tables_under_ops():
        ids = _ids(mapped, tenant, active).order_by(mapped.id).limit(most)
        query = (
            select(mapped)
            .where(mapped.id.in_(session.scalars(ids).all()))
            .order_by(mapped.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        rows = session.scalars(query).all()
        if rows:
            return rows
    return ()


def _tables_under_ops() -> list[type[TenantRow]]:
    return list(dict.fromkeys(mapped for mapped, _ in sealed_columns("ops")))


def _ids(mapped: type[TenantRow], tenant: uuid.UUID, active: DataKey) -> Select[uuid.UUID]:
    columns = [column for owner, column in sealed_columns("ops") if owner is mapped]
    other = or_(*(~names_key(column, active.key_id) for column in columns))
    return select(mapped.id).where(mapped.tenant_id == tenant, other)


def _release(session: Session, keys: KeyStore, vault: Vault, row: TenantRow) -> None:
    """Put the keys of the row's case, or of the own record it is, into the vault."""
    case_id: uuid.UUID = getattr(row, "case_id", row.id)
    for held in keys.compartments(session, row.tenant_id, case_id):
        key = keys.unwrap(session, held)
        vault.put_case(case_id, held.compartment, key, active=held.state == ACTIVE)
