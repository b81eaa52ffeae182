"""The keys that the broker has released for one transaction; nothing outlives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.crypto.errors import Locked
from bti.crypto.field_keys import FieldKeys, field_keys_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from bti.crypto.envelope import DataKey, SealingKey
    from bti.crypto.field_keys import Column
    from bti.crypto.provider import TenantPurpose


class Vault:
    """Holds opened keys. Asking for a key that was not released raises ``Locked``."""

    __slots__ = ("_by_id", "_case", "_cases", "_learn", "_learnt", "_tenant")

    def __init__(self) -> None:
        """Start empty: a workflow holds nothing until the broker says so."""
        self._by_id: dict[bytes, SealingKey] = {}
        self._case: dict[tuple[UUID, str], DataKey] = {}
        self._cases: frozenset[UUID] = frozenset()
        self._tenant: dict[TenantPurpose, SealingKey] = {}
        self._learn: Callable[[UUID, TenantPurpose], None] | None = None
        self._learnt: set[TenantPurpose] = set()

    def learn_from(self, learn: Callable[[UUID, TenantPurpose], None]) -> None:
        """Ask here for a generation that took over after the tenant key was released."""
        self._learn = learn

    def put_case(self, case: UUID, compartment: str, key: DataKey, *, active: bool = True) -> None:
        """Add a released compartment key; only an active one seals new values."""
        self._by_id[key.key_id] = key
        if case not in self._cases:
            self._cases |= {case}
        if active:
            self._case[case, compartment] = key

    def put_tenant(
        self,
        purpose: TenantPurpose,
        key: SealingKey,
        *,
        active: bool = True,
        reserved: bool = False,
        program: bool = False,
    ) -> None:
        """Add a released tenant key or its sub-keys; only the active generation seals new values.

        ``reserved`` says that whoever asks may have the columns too that are not for everybody, ``program``
        that no person asks. In one process the key is here anyway.
        """
        del reserved, program
        self._by_id[key.key_id] = key
        if active:
            self._tenant[purpose] = key

    def put_some(self, key: DataKey, columns: list[Column]) -> None:
        """Add of a compartment key no more than these columns."""
        self.put_columns(FieldKeys(key.key_id, field_keys_of(key, columns)))

    def put_columns(self, key: FieldKeys) -> None:
        """Add sub-keys that read named columns. A whole key that was released stays as it is."""
        self._by_id.setdefault(key.key_id, key)

    def case_key(self, case: UUID, compartment: str) -> DataKey:
        """Return the key that seals in this compartment, or raise ``Locked``."""
        try:
            return self._case[case, compartment]
        except KeyError:
            raise Locked("compartment") from None

    def tenant_key(self, purpose: TenantPurpose) -> SealingKey:
        """Return the tenant key for this purpose, or raise ``Locked``."""
        try:
            return self._tenant[purpose]
        except KeyError:
            raise Locked(purpose.value) from None

    def by_id(self, key_id: bytes) -> SealingKey:
        """Return the key named in a ciphertext, or raise ``Locked``."""
        try:
            return self._by_id[key_id]
        except KeyError:
            raise Locked("value") from None

    def tenant_key_by_id(self, tenant: UUID, purpose: TenantPurpose, key_id: bytes) -> SealingKey:
        """Return the generation named in a ciphertext, or raise ``Locked``.

        One that is not known of a purpose that was released is asked for once: the key may have
        been changed, and the row sealed anew, while this transaction went on.
        """
        unknown = key_id not in self._by_id and purpose in self._tenant
        if unknown and self._learn is not None and purpose not in self._learnt:
            self._learnt.add(purpose)
            self._learn(tenant, purpose)
        return self.by_id(key_id)

    @property
    def cases(self) -> frozenset[UUID]:
        """Return the cases (and own records) of which something was released."""
        return self._cases

    def holds(self, case: UUID, compartment: str) -> bool:
        """Tell whether this compartment was released."""
        return (case, compartment) in self._case

    def close(self) -> None:
        """Forget every key."""
        self._by_id.clear()
        self._case.clear()
        self._cases = frozenset()
        self._tenant.clear()

    def __repr__(self) -> str:
        """Show nothing: reprs end up in logs."""
        return "<Vault>"
