"""The life of keys: a new generation takes over, data keys are moved to it, the old one ends.

Every step is one short transaction that leaves all content readable, so the work may be cut off
at any point and taken up again. Entries in the log are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import func, or_, select

from bti.crypto.provider import TenantPurpose, WrappedTenantKey, rewrap_tenant_key
from bti.db.hold import hold_tokens
from bti.db.models import CaseKey, EmergencyAccess, TenantKey
from bti.domain.approval import ApprovalAct
from bti.domain.errors import Conflict
from bti.keyd.archiving import archive_params, open_whole, package_key, sign_package
from bti.keyd.directory_rows import DirectoryRows
from bti.keyd.keystore import ACTIVE, DESTROYED, OPEN_ONLY, KeyStore
from bti.keyd.log_keys import write_down_public_keys
from bti.keyd.proof import CaseProof, prove_case
from bti.keyd.reseal import Position, Resealed, reseal_batch
from bti.keyd.retoken import end_tokens, retoken_batch, tokens_under
from bti.keyd.rewrap import Moved, rewrap_batch
from bti.keyd.usage import sealed_under, wrapped_under

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.archive.package import Statement
    from bti.db.models import Case
    from bti.domain.approval import Params

#: How long a retired generation is kept: as long as dumps of the key store are (see operations.md).
KEEP_RETIRED: Final = timedelta(days=30)

#: What can be given a new generation by itself. The audit key signs the log: its successor comes with
#: a new epoch.
ROTATABLE: Final = frozenset(
    {TenantPurpose.KEK, TenantPurpose.OPS, TenantPurpose.DIRECTORY, TenantPurpose.INDEX}
)
#: What may be destroyed when it is retired.
DESTROYABLE: Final = ROTATABLE | {TenantPurpose.AUDIT}
#: Tokens are made with these: whoever looks for one holds the generations there are.
_MAKE_TOKENS: Final = frozenset({TenantPurpose.DIRECTORY, TenantPurpose.INDEX})


class UseApproval(Protocol):
    """Uses up two people's approval, or raises ``ApprovalRefused``."""

    def __call__(
        self, tenant: uuid.UUID, approval_id: uuid.UUID | None, act: ApprovalAct, params: Params
    ) -> None:
        """Use it up for exactly this."""


def destroy_params(purpose: TenantPurpose, generation: int) -> Params:
    """Return what an approval to destroy a generation must name."""
    return {"purpose": purpose.value, "generation": generation}


def erase_params(number: str, permission: str) -> Params:
    """Return what an approval to erase a case must name."""
    return {"case": number, "permission": permission}


class KeyHeldError(Exception):
    """A key may not be changed or destroyed now. ``code`` says why; nothing was done."""

    def __init__(self, code: str, **facts: object) -> None:
        """Name the reason and what it rests on."""
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a tenant key: everything but the key."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    key_id: bytes
    purpose: TenantPurpose
    generation: int
    state: str
    provider: str
    root_ref: str
    made_at: datetime
    retired_at: datetime | None
    destroy_after: datetime | None
    destroyed_at: datetime | None


class KeyLife:
    """What makes, moves and ends keys, in one transaction of the key store's own process."""

    def __init__(self, session: Session, keys: KeyStore, use_approval: UseApproval) -> None:
        """Work in ``session`` with the keys of ``keys``; what cannot be undone takes an approval."""
        self._session = session
        self._keys = keys
        self._use_approval = use_approval

    def generations(self, tenant: uuid.UUID) -> tuple[Generation, ...]:
        """Return every generation of every purpose, the oldest first."""
        rows = self._session.scalars(
            select(TenantKey)
            .where(TenantKey.tenant_id == tenant)
            .order_by(TenantKey.purpose, TenantKey.generation)
        )
        return tuple(_facts(row) for row in rows)

    def rotate(self, tenant: uuid.UUID, purpose: TenantPurpose, seen: int) -> Generation | None:
        """Let a new generation take over from generation ``seen``; the old one then only opens.

        None when ``seen`` is no longer active: somebody else has rotated in the meantime.
        Raises ``KeyHeldError`` for a purpose that cannot be rotated.
        """
        if purpose not in ROTATABLE:
            raise KeyHeldError("keys.not_rotatable", purpose=purpose.value)
        return self._succeed(tenant, purpose, seen)

    def change_log_key(self, tenant: uuid.UUID) -> Generation:
        """Let a new generation of the audit key take over, in the transaction that begins a new epoch.

        The epochs there are keep their keys, and say which. Raises ``Conflict`` when somebody else was doing so.
        """
        write_down_public_keys(self._session, self._keys, tenant)
        now = next(
            one
            for one in self.generations(tenant)
            if (one.purpose, one.state) == (TenantPurpose.AUDIT, ACTIVE)
        )
        made = self._succeed(tenant, TenantPurpose.AUDIT, now.generation)
        if made is None:
            raise Conflict
        return made

    def _succeed(self, tenant: uuid.UUID, purpose: TenantPurpose, seen: int) -> Generation | None:
        if purpose in _MAKE_TOKENS:
            # Waits for whoever looks for a name or a number, or writes one, under those there are.
            hold_tokens(self._session, tenant, alone=True)
        row = self._session.scalars(
            select(TenantKey)
            .where(
                TenantKey.tenant_id == tenant,
                TenantKey.purpose == purpose.value,
                TenantKey.generation == seen,
                TenantKey.state == ACTIVE,
            )
            # Waits for whoever is wrapping under it just now, and for another rotation.
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            return None
        now = self._keys.clock.now()
        row.state = OPEN_ONLY
        row.retired_at = now
        row.destroy_after = now + KEEP_RETIRED
        # Before the new one: at no instant are two active.
        self._session.flush()
        made = self._keys.add_generation(self._session, tenant, purpose, seen + 1)
        self._session.flush()
        return _facts(made)

    def rewrap(self, tenant: uuid.UUID, most: int, after: uuid.UUID | None = None) -> Moved:
        """Move at most ``most`` data keys to the active kek; a count of 0: none is left.

        ``after`` is where the batch before came to. Two at once share the work. A key that does
        not open raises ``SealError``: none is skipped in silence.
        """
        return rewrap_batch(self._session, self._keys, tenant, most, after)

    def reseal(
        self, tenant: uuid.UUID, purpose: TenantPurpose, most: int, at: Position | None
    ) -> Resealed:
        """Seal at most ``most`` rows anew under the active ops or directory key, going on from ``at``."""
        return reseal_batch(self._session, self._keys, tenant, purpose, most, at)

    def left_behind(self, tenant: uuid.UUID) -> int:
        """Return how many data keys are not under the active kek."""
        active = select(TenantKey.key_id).where(
            TenantKey.tenant_id == tenant,
            TenantKey.purpose == TenantPurpose.KEK.value,
            TenantKey.state == ACTIVE,
        )
        count = select(func.count()).select_from(CaseKey)
        query = count.where(
            CaseKey.tenant_id == tenant, CaseKey.kek_id.not_in(active.scalar_subquery())
        )
        return self._session.scalars(query).one()

    def destroy(
        self,
        tenant: uuid.UUID,
        purpose: TenantPurpose,
        generation: int,
        approval_id: uuid.UUID | None,
    ) -> Generation:
        """Destroy a retired generation: its wrapped key is deleted, the row stays as its stone.

        Two people have approved exactly this: ``ApprovalRefused`` otherwise. Raises
        ``KeyHeldError`` while it is active, while anything is still under it, before its date, and
        when it is destroyed already; the approval is then not used up.
        """
        self._use_approval(
            tenant, approval_id, ApprovalAct.KEY_DESTROY, destroy_params(purpose, generation)
        )
        if purpose in _MAKE_TOKENS:
            # Waits for whoever writes a token under the oldest generation: it would outlive its key.
            hold_tokens(self._session, tenant, alone=True)
        row = self._session.scalars(
            select(TenantKey)
            .where(
                TenantKey.tenant_id == tenant,
                TenantKey.purpose == purpose.value,
                TenantKey.generation == generation,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            raise KeyHeldError("keys.no_such")
        if row.state != OPEN_ONLY or row.destroy_after is None:
            raise KeyHeldError(f"keys.{row.state}")
        now = self._keys.clock.now()
        if now < row.destroy_after:
            raise KeyHeldError("keys.too_early", when=row.destroy_after)
        under = self._count_under(tenant, purpose, row.key_id)
        if under:
            raise KeyHeldError("keys.in_use", count=under)
        if purpose is TenantPurpose.INDEX:
            key = self._keys.tenant_key_by_id(self._session, tenant, purpose, row.key_id)
            end_tokens(self._session, self._keys, tenant, key)
        row.wrapped = None
        row.state = DESTROYED
        row.destroyed_at = now
        self._session.flush()
        self._keys.changed(self._session, tenant)
        self._keys.cache.forget(row.key_id)
        return _facts(row)

    def retoken(self, tenant: uuid.UUID, most: int, at: Position | None) -> Resealed:
        """Make the tokens of at most ``most`` rows anew under the active index key, going on from ``at``."""
        return retoken_batch(self._session, self._keys, tenant, most, at)

    def _count_under(self, tenant: uuid.UUID, purpose: TenantPurpose, key_id: bytes) -> int:
        if purpose is TenantPurpose.AUDIT:
            return 0  # the epochs it signed say their public keys, and only the active one signs
        if purpose is TenantPurpose.KEK:
            return wrapped_under(self._session, tenant, key_id)
        key = self._keys.tenant_key_by_id(self._session, tenant, purpose, key_id)
        if purpose is TenantPurpose.OPS:
            return sealed_under(self._session, tenant, key)
        if purpose is TenantPurpose.INDEX:
            return tokens_under(self._session, self._keys, tenant, key)
        return DirectoryRows(self._session, self._keys, tenant).count_under(key)

    def shred(
        self, case: Case, permission: str, approval_id: uuid.UUID | None
    ) -> tuple[CaseKey, ...]:
        """Delete every data key of a case, on two people's word for it and for the permission.

        Also those of what was written when somebody used emergency access to it.

        Returns what was deleted. Raises ``ApprovalRefused``. Rows of the case are the caller's.
        """
        params = erase_params(case.number, permission)
        self._use_approval(case.tenant_id, approval_id, ApprovalAct.ERASURE, params)
        emergencies = select(EmergencyAccess.id).where(EmergencyAccess.case_id == case.id)
        about = or_(CaseKey.case_id == case.id, CaseKey.case_id.in_(emergencies))
        held = self._session.scalars(
            select(CaseKey).where(CaseKey.tenant_id == case.tenant_id, about)
        ).all()
        for row in held:
            self._session.delete(row)
        self._session.flush()
        return tuple(held)

    def open_for_archive(self, case: Case, approval_id: uuid.UUID | None) -> frozenset[str]:
        """Release the whole of a case, on two people's word for a package of exactly this one.

        Returns its compartments. Raises ``ApprovalRefused``. The caller enters it, naming the case.
        """
        params = archive_params(case.number)
        self._use_approval(case.tenant_id, approval_id, ApprovalAct.CASE_EXPORT, params)
        return open_whole(self._session, self._keys, case)

    def sign_package(self, statement: Statement) -> str:
        """Return the signed note of an archive package."""
        return sign_package(self._session, self._keys, statement)

    def package_key(self, tenant: uuid.UUID) -> str:
        """Return the public key that a municipality's packages are verified with."""
        return package_key(self._session, self._keys, tenant)

    def prove(self, case: Case) -> CaseProof:
        """Open all that is sealed in a case, show nothing of it, and say how much it was.

        Raises ``SealError`` or ``Locked``. The caller enters it, naming the case.
        """
        return prove_case(self._session, self._keys, case)

    def on_other_roots(self, tenant: uuid.UUID, root_ref: str) -> int:
        """Return how many tenant keys hang under another root key than ``root_ref``."""
        count = select(func.count()).select_from(TenantKey)
        query = count.where(
            TenantKey.tenant_id == tenant,
            TenantKey.root_ref != root_ref,
            TenantKey.state != DESTROYED,
        )
        return self._session.scalars(query).one()

    @property
    def root_ref(self) -> str:
        """Return the root key under which everything new is wrapped."""
        return self._keys.provider.root_ref

    def move_to_root(self, tenant: uuid.UUID, root_ref: str, *, again: bool = False) -> int:
        """Wrap a municipality's tenant keys under ``root_ref`` and return how many were moved.

        ``again`` also wraps anew what is under it already, for a provider with versions of a key.
        """
        query = select(TenantKey).where(TenantKey.tenant_id == tenant, TenantKey.state != DESTROYED)
        if not again:
            query = query.where(TenantKey.root_ref != root_ref)
        rows = self._session.scalars(
            query.order_by(TenantKey.id).with_for_update().execution_options(populate_existing=True)
        ).all()
        for row in rows:
            if row.wrapped is None:
                continue
            stored = WrappedTenantKey(
                row.root_ref,
                row.tenant_id,
                TenantPurpose(row.purpose),
                row.generation,
                row.key_id,
                row.wrapped,
            )
            row.wrapped = rewrap_tenant_key(self._keys.provider, stored, root_ref)
            row.root_ref = root_ref
            # Opened from what was just written, not from memory: a root that cannot give back
            # what it took must be found before the old one is put away.
            self._keys.cache.forget(row.key_id)
            self._keys.open_tenant_key(row)
        self._session.flush()
        return len(rows)


def _facts(row: TenantKey) -> Generation:
    return Generation(
        id=row.id,
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        purpose=TenantPurpose(row.purpose),
        generation=row.generation,
        state=row.state,
        provider=row.provider,
        root_ref=row.root_ref,
        made_at=row.made_at,
        retired_at=row.retired_at,
        destroy_after=row.destroy_after,
        destroyed_at=row.destroyed_at,
    )
