"""The rules for a case that goes to another service: the broker looks at what was asked and by whom itself.

A case lies in the service that has it, and nothing else in its row says who leads it. So it changes hands in two
transactions, by two people: one of the service that has it asks, in an offer that is committed, and the one who was
asked takes it into the service they were asked in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.models import BatonOffer
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.domain.move import FROM_UNIT
from bti.keyd.grant_facts import Columns, ident, let_in

if TYPE_CHECKING:
    import uuid

    from bti.db.guards import Writing
    from bti.keyd.asking import Asking

_COLUMN: Final = "meta_ct"


def is_asked(asking: Asking, row: Writing) -> bool:
    """Tell whether a new offer says nothing of the case, or that its own service asks another to take it."""
    left = _left(asking, row, row.row_id, row.columns, row.version)
    if left is None:
        return True
    case_id = ident(row.columns, "case_id")
    owner = asking.facts(case_id).owner_unit
    ours = left == str(owner) and asking.subject().unit_id == owner
    return ours and asking.may(Action.MOVE_CASE, case_id)


def is_kept(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether an offer that stands says of the case what it said: no answer makes a move of it."""
    before = row.stood.version if row.stood is not None else row.version - 1
    stood = _left(asking, row, row.row_id, old, before)
    return _left(asking, row, row.row_id, row.columns, row.version) == stood


def is_taken(asking: Asking, row: Writing, old: Columns) -> bool:
    """Tell whether the person was asked by the service that has the case to take it into their own."""
    subject, case_id = asking.subject(), row.row_id
    if ident(row.columns, "unit_id") != subject.unit_id:
        return False
    if let_in(asking.facts(case_id), subject.unit_id, asking.now) is False:
        return False
    offer = _open_offer(asking, case_id)
    if offer is None or (offer.to_id, offer.to_unit_id) != (subject.account_id, subject.unit_id):
        return False
    columns = {_COLUMN: offer.meta_ct.blob}
    asked_from = _left(asking, row, offer.id, columns, offer.version)
    return asked_from == str(ident(old, "unit_id")) and asking.may(Action.ANSWER_OFFER, case_id)


def _open_offer(asking: Asking, case_id: uuid.UUID) -> BatonOffer | None:
    found = asking.session.scalars(
        select(BatonOffer).where(BatonOffer.case_id == case_id, BatonOffer.open_slot == 1)
    )
    genuine: list[BatonOffer] = asking.verbs.authority.genuine(found)
    return genuine[0] if genuine else None


def _left(
    asking: Asking, row: Writing, offer_id: uuid.UUID, columns: Columns, version: int
) -> str | None:
    """Return the service an offer says that the case goes from; None where the case stays."""
    blob = columns.get(_COLUMN)
    if blob is None:
        raise AccessDenied("grant.columns")
    place = Place(row.tenant, TENANT_WIDE, BatonOffer.__tablename__, _COLUMN, offer_id, version)
    try:
        key = asking.verbs.tenant_key(row.tenant, TenantPurpose.OPS, key_id_of(blob))
        said: Any = json_from_bytes(open_sealed(key, place, blob))
    except SealError:
        raise AccessDenied("grant.sealed") from None
    if not isinstance(said, dict):
        raise AccessDenied("grant.columns")
    left = said.get(FROM_UNIT)
    return None if left is None else str(left)
