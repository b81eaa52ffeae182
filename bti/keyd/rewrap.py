"""Moves data keys from an old kek to the active one, many at once and without opening content.

Plain statements instead of objects: a municipality has a hundred thousand of these, and nothing
in them is sealed to its row version. What is written is told to the guards all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm.exc import StaleDataError

from bti.crypto.provider import TenantPurpose
from bti.crypto.wrapping import unwrap_key
from bti.db.base import Base, digest_of_columns
from bti.db.guards import RowChange, note_changes
from bti.db.models import CaseKey

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.orm import Session

    from bti.crypto.envelope import DataKey
    from bti.keyd.keystore import KeyStore

_TABLE = Base.metadata.tables[CaseKey.__tablename__]
_CHANGE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"), _TABLE.c.version == bindparam("before"))
    .values(kek_id=bindparam("kek"), wrapped=bindparam("blob"), version=bindparam("after"))
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one batch did: how many data keys it moved, and where it came to."""

    count: int
    last: uuid.UUID | None


def rewrap_batch(
    session: Session, keys: KeyStore, tenant: uuid.UUID, most: int, after: uuid.UUID | None = None
) -> Moved:
    """Move at most ``most`` data keys of ``tenant`` to its active kek; a count of 0: none is left.

    ``after`` is where the batch before came to: rows are taken in order of id, so that nobody
    reads again what is done. Rows that another transaction is moving are passed over as long as
    there are others, and waited for at the end, so that 0 means what it says. Raises
    ``SealError`` for a key that does not open.
    """
    kek = keys.wrapping_key(session, tenant)
    # What this transaction has written itself must be seen by the plain statements below.
    session.flush()
    rows = _taken(session, tenant, kek, most, after)
    if not rows:
        rows = _taken(session, tenant, kek, most, None, wait=True)
    if not rows:
        return Moved(0, None)
    olds = {
        key_id: keys.tenant_key_by_id(session, tenant, TenantPurpose.KEK, key_id)
        for key_id in {row["kek_id"] for row in rows}
    }
    moved = [_moved(keys, olds[row["kek_id"]], kek, row) for row in rows]
    done = session.connection().execute(_CHANGE, [parameters for parameters, _ in moved])
    if done.rowcount != len(moved):
        # Cannot be under the lock; if it were, the log would say what does not stand.
        raise StaleDataError
    note_changes(session, (change for _, change in moved))
    return Moved(len(moved), rows[-1]["id"])


def _taken(
    session: Session,
    tenant: uuid.UUID,
    kek: DataKey,
    most: int,
    after: uuid.UUID | None,
    *,
    wait: bool = False,
) -> Sequence[RowMapping]:
    query = (
        select(*_TABLE.c)
        .where(_TABLE.c.tenant_id == tenant, _TABLE.c.kek_id != kek.key_id)
        .order_by(_TABLE.c.id)
        .limit(most)
        .with_for_update(skip_locked=not wait)
    )
    if after is not None:
        query = query.where(_TABLE.c.id > after)
    return session.connection().execute(query).mappings().all()


def _moved(
    keys: KeyStore, old: DataKey, kek: DataKey, row: RowMapping
) -> tuple[dict[str, Any], RowChange]:
    place = row["tenant_id"], row["case_id"], row["compartment"]
    key = unwrap_key(old, *place, row["key_id"], row["wrapped"])
    version = row["version"] + 1
    wrapped = keys.wrap(kek, *place, key)
    stands = {**row, "kek_id": kek.key_id, "wrapped": wrapped, "version": version}
    digest = digest_of_columns(CaseKey.__tablename__, row["id"], version, stands)
    parameters = {
        "row": row["id"],
        "before": row["version"],
        "after": version,
        "kek": kek.key_id,
        "blob": wrapped,
    }
    return parameters, RowChange(CaseKey.__tablename__, row["id"], version, digest)
