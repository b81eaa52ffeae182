"""Opens everything that is sealed in one case and gives none of it away: proof that keys and rows fit.

For a drill and for whoever has restored a backup. It needs no person's right, because nobody learns anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.crypto.provider import TenantPurpose
from bti.db.base import Base, TenantRow
from bti.db.guards import note_opened
from bti.db.models import Case
from bti.db.sealed import forget_plaintext, sealed_attributes
from bti.db.vault import Vault
from bti.keyd.keystore import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from bti.keyd.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class CaseProof:
    """How much of a case was opened: data keys, rows and sealed values. Nothing of what they say."""

    data_keys: int
    rows: int
    values: int


def prove_case(session: Session, keys: KeyStore, case: Case) -> CaseProof:
    """Open every sealed value of ``case`` and forget it at once. Raises ``SealError`` or ``Locked``.

    The transaction must name the case in an entry, as for any opening.
    """
    before = session.info.get("vault")
    vault = Vault()
    session.info["vault"] = vault
    note_opened(session, case.id)
    try:
        held = keys.compartments(session, case.tenant_id, case.id)
        for row in held:
            opened = keys.unwrap(session, row)
            vault.put_case(case.id, row.compartment, opened, active=row.state == ACTIVE)
        vault.put_tenant(
            TenantPurpose.OPS, keys.tenant_key(session, case.tenant_id, TenantPurpose.OPS)
        )
        for older in keys.older_tenant_keys(session, case.tenant_id, TenantPurpose.OPS):
            vault.put_tenant(TenantPurpose.OPS, older, active=False)
        counts = [_values_opened(row) for row in _rows(session, case)]
    finally:
        vault.close()
        session.info["vault"] = before
    return CaseProof(len(held), len(counts), sum(counts))


def tables_of_a_case() -> list[type[TenantRow]]:
    """Return the mapped classes whose rows are written in a case, the case itself first."""
    mapped = sorted(
        (mapper.class_ for mapper in Base.registry.mappers), key=lambda one: one.__tablename__
    )
    return [Case, *(one for one in mapped if hasattr(one, "case_id") and sealed_attributes(one))]


def _rows(session: Session, case: Case) -> Iterator[TenantRow]:
    for mapped in tables_of_a_case():
        if mapped is Case:
            yield case
            continue
        own = getattr(mapped, "case_id") == case.id  # noqa: B009 - the attribute is not TenantRow's
        yield from session.scalars(select(mapped).where(own))


def _values_opened(row: TenantRow) -> int:
    forget_plaintext(row)
    opened = [getattr(row, name) is not None for name in sealed_attributes(type(row))]
    forget_plaintext(row)
    return sum(opened)
