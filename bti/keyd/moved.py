"""What lay under the ops key before it got a key, or a clock, of its own: found, and put where it belongs.

Own records told under the ops key which of them are reports, and the clocks of requests lay among the
officer's words. Whoever seals values anew (``reseal``) moves them first. Made for upgrades: a database of
this version has none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, false, or_, select

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.models import DeskMatter, DeskStep, OwnRecord, TenantKey
from bti.keyd.usage import names_key

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from bti.db.base import TenantRow
    from bti.db.vault import Vault

_BREACH = "breach"


def misplaced(session: Session, tenant: uuid.UUID, mapped: type[TenantRow]) -> ColumnElement[bool]:
    """Return the condition for rows of a table whose values lie where they lay before."""
    requests = select(DeskMatter.id).where(
        DeskMatter.tenant_id == tenant, DeskMatter.kind != _BREACH
    )
    if mapped is OwnRecord:
        ids = _generations(session, tenant)
        return or_(*(names_key(OwnRecord.meta_ct.expression, one) for one in ids))
    if mapped is DeskMatter:
        return and_(DeskMatter.kind != _BREACH, DeskMatter.clock_ct.is_(None))
    if mapped is DeskStep:
        return and_(DeskStep.matter_id.in_(requests), DeskStep.clock_ct.is_(None))
    return false()


def put_right(session: Session, row: TenantRow, vault: Vault) -> None:
    """Give a row the values that lay elsewhere. Raises ``SealError`` when they do not open.

    Rows that lie where they belong stay as they are.
    """
    if isinstance(row, OwnRecord):
        if key_id_of(row.meta_ct.blob) in _generations(session, row.tenant_id):
            row.meta = _as_it_lay(row, vault)
    elif isinstance(row, DeskMatter) and row.clock is None and row.kind != _BREACH:
        row.clock = {"received_on": row.body["received_on"]}
    elif isinstance(row, DeskStep) and row.clock is None:
        matter = session.get_one(DeskMatter, row.matter_id)
        if matter.kind != _BREACH:
            row.clock = {"kind": row.body["kind"]}


def _as_it_lay(row: OwnRecord, vault: Vault) -> object:
    blob = row.meta_ct.blob
    place = Place(row.tenant_id, TENANT_WIDE, row.__tablename__, "meta_ct", row.id, row.version)
    return json_from_bytes(open_sealed(vault.by_id(key_id_of(blob)), place, blob))


def _generations(session: Session, tenant: uuid.UUID) -> frozenset[bytes]:
    """Return the ids of every ops key there has been."""
    ops = select(TenantKey.key_id).where(
        TenantKey.tenant_id == tenant, TenantKey.purpose == TenantPurpose.OPS.value
    )
    return frozenset(session.scalars(ops))
