"""Wrapped keys in the database: making, opening and finding them by generation. Decides nothing.

How a key gets a successor, and how it ends, is in ``generations`` and ``rewrap``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Uuid, bindparam, select

from bti.clock import SystemClock
from bti.crypto.envelope import DataKey
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose, unwrap_tenant_key, wrap_tenant_key
from bti.crypto.wrapping import unwrap_key, wrap_key
from bti.db.models import CaseKey, TenantKey
from bti.db.straight import run
from bti.db.walls import meets
from bti.domain.compartments import CORE
from bti.keyd.key_cache import KeyCache
from bti.keyd.plain_rows import ask

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from bti.clock import Clock
    from bti.crypto.provider import KeyProvider

#: Where a transaction keeps the tenant keys it has found; emptied with the vault.
FOUND = "tenant_keys"

ACTIVE: Final = "active"
OPEN_ONLY: Final = "open-only"
DESTROYED: Final = "destroyed"

#: Random nonces of 96 bits under one key: after this many the odds of a repeat leave 2**-32 behind
#: (NIST SP 800-38D, 8.3, with a margin of sixteen).
MOST_WRAPS: Final = 2**28
#: Seals under one sub-key (one column under one data key): the odds of a repeat stay below 2**-49.
MOST_SEALS: Final = 2**24


class KeyWornOutError(Exception):
    """A key has wrapped as often as it may. Rotate it; nothing is lost."""


class StoredKey(NamedTuple):
    """What opening a tenant key needs of its row."""

    key_id: bytes
    state: str
    root_ref: str
    purpose: str
    generation: int
    wrapped: bytes | None
    tenant_id: uuid.UUID


class StoredDataKey(NamedTuple):
    """What opening a data key needs of its row."""

    key_id: bytes
    case_id: uuid.UUID
    compartment: str
    generation: int
    kek_id: bytes
    wrapped: bytes
    state: str
    tenant_id: uuid.UUID


# Asked in every transaction. Of the columns only, and without the ORM, which takes six times as long.
_KEYS: Final = TenantKey.__table__.c
_WHOSE: Final = bindparam("tenant", type_=Uuid())
_OF_TENANT: Final = select(*(_KEYS[name] for name in StoredKey._fields)).where(
    _KEYS.tenant_id == _WHOSE
)
# The same on SQLite, past SQLAlchemy's own values: each entry of the log is signed with one of them.
_OF_TENANT_APART: Final = (
    f"SELECT {', '.join(StoredKey._fields)} FROM tenant_keys WHERE tenant_id = ?"  # noqa: S608 - names of ours
)
_DATA_KEYS: Final = CaseKey.__table__.c
_OF_CASE: Final = (
    select(*(_DATA_KEYS[name] for name in StoredDataKey._fields))
    .where(_DATA_KEYS.tenant_id == _WHOSE, _DATA_KEYS.case_id == bindparam("case", type_=Uuid()))
    .order_by(_DATA_KEYS.compartment, _DATA_KEYS.generation)
)


class KeyStore:
    """Opens wrapped keys with a key provider, and keeps tenant keys while they are in use.

    A destroyed generation opens nothing, also when its key was in use a moment ago: every
    transaction reads the row before it takes a key from memory.
    """

    def __init__(
        self, provider: KeyProvider, *, clock: Clock | None = None, cache: KeyCache | None = None
    ) -> None:
        """Use ``provider`` for the root key and ``clock`` for the times keys are made."""
        self.provider = provider
        self.clock = clock or SystemClock()
        self.cache = cache or KeyCache()
        self._wraps: Counter[bytes] = Counter()
        #: Which audit key signs an epoch of a log, by its id, once it was looked for.
        self.signers: dict[tuple[uuid.UUID, int], bytes] = {}

    def create_tenant(self, session: Session, tenant: uuid.UUID) -> None:
        """Make one key per purpose for a new municipality."""
        for purpose in TenantPurpose:
            self.add_generation(session, tenant, purpose, 1)
        session.flush()

    def add_generation(
        self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose, generation: int
    ) -> TenantKey:
        """Make a key of this purpose and return its row, active. The one before must be retired."""
        key = DataKey.generate()
        root_ref = self.provider.root_ref
        row = TenantKey(
            tenant_id=tenant,
            key_id=key.key_id,
            purpose=purpose.value,
            generation=generation,
            state=ACTIVE,
            provider=self.provider.name,
            root_ref=root_ref,
            wrapped=wrap_tenant_key(self.provider, root_ref, tenant, purpose, generation, key),
            made_at=self.clock.now(),
            retired_at=None,
            destroy_after=None,
            destroyed_at=None,
        )
        session.add(row)
        self.changed(session, tenant)
        self.cache.put(key)
        return row

    def tenant_key(self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose) -> DataKey:
        """Return the active key of a purpose. Raises ``SealError`` when there is none.

        All keys of a municipality are found once per transaction: every MAC and every case key
        asks for one.
        """
        for row in self._found(session, tenant):
            if row.purpose == purpose.value and row.state == ACTIVE:
                return self.open_tenant_key(row)
        raise SealError

    def tenant_key_by_id(
        self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose, key_id: bytes
    ) -> DataKey:
        """Return the key called ``key_id``, active or open-only. ``SealError`` for any other."""
        for again in (False, True):
            # A second time: another transaction may have made it since.
            for row in self._found(session, tenant, again=again):
                if row.purpose == purpose.value and row.key_id == key_id:
                    return self.open_tenant_key(row)
        raise SealError

    def older_tenant_keys(
        self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose
    ) -> list[DataKey]:
        """Return the open-only generations of a purpose: they open what was sealed before."""
        return [
            self.open_tenant_key(row)
            for row in self._found(session, tenant)
            if row.purpose == purpose.value and row.state == OPEN_ONLY
        ]

    def remember(self, session: Session, tenant: uuid.UUID, keys: Sequence[StoredKey]) -> None:
        """Take all keys of a municipality that were found beside something else.

        None were found: whoever asked may not see them, and they are asked for when needed.
        """
        if keys:
            session.info.setdefault(FOUND, {}).setdefault(tenant, keys)

    def opening_keys(
        self, session: Session, tenant: uuid.UUID, purpose: TenantPurpose, *, again: bool = False
    ) -> list[DataKey]:
        """Return every generation that still opens, the active one first and then the newest.

        ``again``: as it stands now, not as this transaction first found it.
        """
        rows = [
            row
            for row in self._found(session, tenant, again=again)
            if row.purpose == purpose.value and row.state != DESTROYED
        ]
        rows.sort(key=lambda row: (row.state != ACTIVE, -row.generation))
        return [self.open_tenant_key(row) for row in rows]

    def changed(self, session: Session, tenant: uuid.UUID) -> None:
        """Say that this transaction has changed a municipality's keys: they are to be read anew."""
        session.info.get(FOUND, {}).pop(tenant, None)

    def open_tenant_key(self, row: TenantKey | StoredKey) -> DataKey:
        """Unwrap a tenant key, or take it from memory. ``SealError`` for a destroyed one."""
        if row.wrapped is None or row.state == DESTROYED:
            self.cache.forget(row.key_id)
            raise SealError
        known = self.cache.get(row.key_id)
        if known is not None:
            return known
        key = unwrap_tenant_key(
            self.provider,
            row.root_ref,
            row.tenant_id,
            TenantPurpose(row.purpose),
            row.generation,
            row.key_id,
            row.wrapped,
        )
        self.cache.put(key)
        return key

    def wrapping_key(self, session: Session, tenant: uuid.UUID) -> DataKey:
        """Return the active kek and hold its generation active until the transaction ends.

        Without that a rotation could finish between the wrap and its commit, and what was
        wrapped would stay behind under a key that is about to be destroyed.
        """
        for _ in range(2):
            # A second time: whoever held the row before may have retired it.
            row = session.scalars(
                select(TenantKey)
                .where(
                    TenantKey.tenant_id == tenant,
                    TenantKey.purpose == TenantPurpose.KEK.value,
                    TenantKey.state == ACTIVE,
                )
                .with_for_update(read=True)
                .execution_options(populate_existing=True)
            ).one_or_none()
            if row is not None:
                return self.open_tenant_key(row)
        raise SealError

    def wrap(
        self, kek: DataKey, tenant: uuid.UUID, case: uuid.UUID, compartment: str, key: DataKey
    ) -> bytes:
        """Wrap a data key for its place. Raises ``KeyWornOutError`` when ``kek`` has done enough.

        What this process has wrapped is counted; ``usage`` tells how much stands in the tables.
        """
        if self._wraps[kek.key_id] >= MOST_WRAPS:
            raise KeyWornOutError
        self._wraps[kek.key_id] += 1
        return wrap_key(kek, tenant, case, compartment, key)

    def create_case_keys(
        self, session: Session, tenant: uuid.UUID, case: uuid.UUID, compartments: Collection[str]
    ) -> dict[str, DataKey]:
        """Make and store a data key for each compartment that has none yet."""
        return {
            compartment: self.add_case_key(session, tenant, case, compartment, 1)
            for compartment in sorted(compartments)
        }

    def add_case_key(
        self,
        session: Session,
        tenant: uuid.UUID,
        case: uuid.UUID,
        compartment: str,
        generation: int,
    ) -> DataKey:
        """Make and store one data key, active."""
        kek = self.wrapping_key(session, tenant)
        key = DataKey.generate()
        session.add(
            CaseKey(
                tenant_id=tenant,
                key_id=key.key_id,
                case_id=case,
                compartment=compartment,
                generation=generation,
                kek_id=kek.key_id,
                wrapped=self.wrap(kek, tenant, case, compartment, key),
                state=ACTIVE,
            )
        )
        return key

    def compartments(self, session: Session, tenant: uuid.UUID, case: uuid.UUID) -> list[CaseKey]:
        """Return the stored keys of a case, still wrapped."""
        return list(
            session.scalars(
                select(CaseKey)
                .where(CaseKey.tenant_id == tenant, CaseKey.case_id == case)
                .order_by(CaseKey.compartment, CaseKey.generation)
            )
        )

    def wrapped(self, session: Session, tenant: uuid.UUID, case: uuid.UUID) -> list[StoredDataKey]:
        """Return the same as plain columns, for whoever only opens them."""
        rows = ask(session, _OF_CASE, {"tenant": tenant, "case": case})
        return [StoredDataKey._make(row) for row in rows]

    def core_keys(
        self,
        session: Session,
        tenant: uuid.UUID,
        cases: Collection[uuid.UUID],
        compartment: str = CORE,
    ) -> list[CaseKey]:
        """Return the stored keys of the core, or another one compartment, of these cases, still wrapped."""
        return list(
            session.scalars(
                select(CaseKey)
                .where(
                    CaseKey.tenant_id == tenant,
                    CaseKey.case_id.in_(cases),
                    CaseKey.compartment == compartment,
                )
                .order_by(CaseKey.generation)
            )
        )

    def unwrap(self, session: Session, row: CaseKey | StoredDataKey) -> DataKey:
        """Open one compartment key under whichever generation of the kek wrapped it.

        Raises ``SealError`` when it was tampered with or that generation is destroyed.
        """
        kek = self.tenant_key_by_id(session, row.tenant_id, TenantPurpose.KEK, row.kek_id)
        return unwrap_key(kek, row.tenant_id, row.case_id, row.compartment, row.key_id, row.wrapped)

    def _found(
        self, session: Session, tenant: uuid.UUID, *, again: bool = False
    ) -> Sequence[StoredKey]:
        """Return what is stored of a municipality's keys, as this transaction first found it."""
        found: dict[uuid.UUID, Sequence[StoredKey]] = session.info.setdefault(FOUND, {})
        if again or tenant not in found:
            found[tenant] = self._stored(session, tenant) if meets(session, tenant) else []
        return found[tenant]

    def _stored(self, session: Session, tenant: uuid.UUID) -> list[StoredKey]:
        # Nothing is flushed first: a MAC is made while a flush goes on, and whoever makes a key flushes it.
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            rows = ask(session, _OF_TENANT, {"tenant": tenant}, flush=False)
            return [StoredKey._make(row) for row in rows]
        found = run(connection, _OF_TENANT_APART, (tenant.hex,))
        return [StoredKey._make((*row[:-1], tenant)) for row in found]
