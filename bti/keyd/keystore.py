"""Wrapped keys in the database: making, opening and finding them. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.crypto.envelope import DataKey
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose, unwrap_tenant_key, wrap_tenant_key
from bti.crypto.wrapping import unwrap_key, wrap_key
from bti.db.models import CaseKey, TenantKey
from bti.domain.compartments import CORE

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from bti.crypto.provider import KeyProvider

ROOT_REF = "stafett/root/1"
#: Where a transaction keeps the tenant keys it has found; emptied with the vault.
FOUND = "tenant_keys"


class KeyStore:
    """Opens wrapped keys with a key provider. Tenant keys are kept for the process's life.

    In one embedded process that is the best there is; in production this object lives in its
    own process (see ADR 0006).
    """

    def __init__(self, provider: KeyProvider) -> None:
        """Use ``provider`` for the root key."""
        self._provider = provider
        self._tenant_keys: dict[bytes, DataKey] = {}

    def create_tenant(self, session: Session, tenant: uuid.UUID) -> None:
        """Make one key per purpose for a new municipality."""
        for purpose in TenantPurpose:
            key = DataKey.generate()
            wrapped = wrap_tenant_key(self._provider, ROOT_REF, tenant, purpose, 1, key)
            session.add(
                TenantKey(
                    tenant_id=tenant,
                    key_id=key.key_id,
                    purpose=purpose.value,
                    generation=1,
                    state="active",
                    provider=self._provider.name,
                    root_ref=ROOT_REF,
                    wrapped=wrapped,
                )
            )
            self._tenant_keys[key.key_id] = key
        session.flush()

    def tenant_key(self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose) -> DataKey:
        """Return the active key of a purpose. Raises ``SealError`` when there is none.

        Found once per transaction: every MAC and every case key asks for one.
        """
        found: dict[tuple[uuid.UUID, TenantPurpose], DataKey] = session.info.setdefault(FOUND, {})
        if (tenant, purpose) not in found:
            found[tenant, purpose] = self._active(session, tenant, purpose)
        return found[tenant, purpose]

    def _active(self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose) -> DataKey:
        row = session.scalars(
            select(TenantKey).where(
                TenantKey.tenant_id == tenant,
                TenantKey.purpose == purpose.value,
                TenantKey.state == "active",
            )
        ).one_or_none()
        if row is None:
            raise SealError
        return self._unwrap_tenant(row, purpose)

    def _unwrap_tenant(self, row: TenantKey, purpose: TenantPurpose) -> DataKey:
        known = self._tenant_keys.get(row.key_id)
        if known is not None:
            return known
        if row.wrapped is None:
            raise SealError
        key = unwrap_tenant_key(
            self._provider,
            row.root_ref,
            row.tenant_id,
            purpose,
            row.generation,
            row.key_id,
            row.wrapped,
        )
        self._tenant_keys[row.key_id] = key
        return key

    def create_case_keys(
        self, session: Session, tenant: uuid.UUID, case: uuid.UUID, compartments: Collection[str]
    ) -> dict[str, DataKey]:
        """Make and store a data key for each compartment that has none yet."""
        kek = self.tenant_key(session, tenant, TenantPurpose.KEK)
        made: dict[str, DataKey] = {}
        for compartment in sorted(compartments):
            key = DataKey.generate()
            session.add(
                CaseKey(
                    tenant_id=tenant,
                    key_id=key.key_id,
                    case_id=case,
                    compartment=compartment,
                    generation=1,
                    kek_id=kek.key_id,
                    wrapped=wrap_key(kek, tenant, case, compartment, key),
                    state="active",
                )
            )
            made[compartment] = key
        return made

    def compartments(self, session: Session, tenant: uuid.UUID, case: uuid.UUID) -> list[CaseKey]:
        """Return the stored keys of a case, still wrapped."""
        return list(
            session.scalars(
                select(CaseKey)
                .where(CaseKey.tenant_id == tenant, CaseKey.case_id == case)
                .order_by(CaseKey.compartment, CaseKey.generation)
            )
        )

    def core_keys(
        self, session: Session, tenant: uuid.UUID, cases: Collection[uuid.UUID]
    ) -> list[CaseKey]:
        """Return the stored keys of the core compartments of these cases, still wrapped."""
        return list(
            session.scalars(
                select(CaseKey)
                .where(
                    CaseKey.tenant_id == tenant,
                    CaseKey.case_id.in_(cases),
                    CaseKey.compartment == CORE,
                )
                .order_by(CaseKey.generation)
            )
        )

    def unwrap(self, session: Session, row: CaseKey) -> DataKey:
        """Open one compartment key. Raises ``SealError`` when it was tampered with."""
        kek = self.tenant_key(session, row.tenant_id, TenantPurpose.KEK)
        if kek.key_id != row.kek_id:
            raise SealError
        return unwrap_key(kek, row.tenant_id, row.case_id, row.compartment, row.key_id, row.wrapped)
