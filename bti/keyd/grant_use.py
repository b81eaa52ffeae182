"""Emergency access: whether a reason is given, and how often, counted where nobody else writes.

A row that was deleted in SQL is still counted: what the broker has granted it remembers itself, and only
a genuine row that says it was settled takes a use off again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bti.crypto.errors import SealError
from bti.db.hold import hold_uses
from bti.db.models import BrokerUse, EmergencyAccess
from bti.domain.emergency import MOST_UNREVIEWED, WINDOW, EmergencyReason, checked_reason
from bti.domain.errors import RuleBroken

if TYPE_CHECKING:
    from bti.db.guards import Writing
    from bti.keyd.asking import Asking


def is_reasoned(asking: Asking, row: Writing) -> bool:
    """Tell whether a reason of the right form is sealed in the row: a known kind, and long enough words.

    Whether it is true, the one who reviews it must ask.
    """
    try:
        said = asking.verbs.reviewed(row)
        checked_reason(said["text"])
        return said["reason"] in set(EmergencyReason)
    except (SealError, RuleBroken, KeyError, TypeError, AttributeError):
        return False


def has_room(asking: Asking, row: Writing) -> bool:
    """Tell whether the person may take it once more, and count it if so.

    What is granted counts although its transaction may come to nothing: a MAC cannot be taken back.
    """
    hold_uses(asking.session, asking.subject().account_id)
    me, since = asking.subject().account_id, asking.now - WINDOW
    stand = asking.verbs.authority.genuine(
        asking.session.scalars(
            select(EmergencyAccess).where(
                EmergencyAccess.account_id == me, EmergencyAccess.opened_at > since
            )
        )
    )
    given = asking.session.scalars(
        select(BrokerUse.record_id).where(BrokerUse.account_id == me, BrokerUse.opened_at > since)
    )
    settled = {one.id for one in stand if one.settled_at is not None}
    waiting = ({one.id for one in stand} | set(given)) - settled - {row.row_id}
    if len(waiting) >= MOST_UNREVIEWED:
        return False
    asking.session.execute(delete(BrokerUse).where(BrokerUse.opened_at <= since))
    use = BrokerUse(record_id=row.row_id, account_id=me, opened_at=asking.now)
    use.tenant_id = row.tenant
    asking.session.merge(use)
    return True
