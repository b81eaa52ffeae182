"""Bait cases: which of some cases are ones that nobody has a reason to open.

Only here, where the index key is, can a mark be told to belong to a case. Nothing but a refusal
ever leaves, except to a job of the system that counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Uuid, bindparam, select

from bti.crypto import blind_index
from bti.crypto.provider import TenantPurpose
from bti.db.models import BaitMark
from bti.db.walls import meets
from bti.keyd.plain_rows import ask

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.keyd.keystore import KeyStore

_KIND: Final = "bait"
_MARKS: Final = select(BaitMark.__table__.c.token).where(
    BaitMark.__table__.c.tenant_id == bindparam("tenant", type_=Uuid())
)


class Baits:
    """The marks of one transaction's municipality, read once."""

    def __init__(self, session: Session, keys: KeyStore) -> None:
        """Read from ``session`` with the index key in ``keys``."""
        self._session = session
        self._keys = keys
        self._marks: dict[uuid.UUID, frozenset[bytes]] = {}

    def among(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Return those of the cases that are baits."""
        if tenant not in self._marks:
            told = {"tenant": tenant if meets(self._session, tenant) else None}
            rows = ask(self._session, _MARKS, told)
            self._marks[tenant] = frozenset(row.token for row in rows)
        marks = self._marks[tenant]
        return frozenset(one for one in case_ids if self.is_one(tenant, one, marks))

    def is_one(self, tenant: uuid.UUID, case_id: uuid.UUID, marks: frozenset[bytes]) -> bool:
        """Tell whether a case is a bait by the municipality's marks, found beside something else."""
        if not marks:
            return False
        keys = self._keys.opening_keys(self._session, tenant, TenantPurpose.INDEX)
        return any(mark_of(key, case_id) in marks for key in keys)

    def mark(self, tenant: uuid.UUID, case_ids: Collection[uuid.UUID]) -> None:
        """Make these cases baits from the end of this transaction on."""
        self._session.add_all(
            BaitMark(tenant_id=tenant, token=self.token(tenant, one)) for one in case_ids
        )
        self._marks.pop(tenant, None)

    def token(self, tenant: uuid.UUID, case_id: uuid.UUID) -> bytes:
        """Return the keyed mark of a case."""
        key = self._keys.tenant_key(self._session, tenant, TenantPurpose.INDEX)
        return mark_of(key, case_id)


def mark_of(key: DataKey, case_id: uuid.UUID) -> bytes:
    """Return the mark (16 bytes) that makes a case a bait, under one generation of the index key."""
    return blind_index.case_token(key, _KIND, case_id)
