"""The ground of an opening, as the access log writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain.consent_facts import CellBasis
from bti.domain.gates import BY_LAW
from bti.domain.relations import Relation

if TYPE_CHECKING:
    from datetime import datetime

    from bti.domain.relations import ObjectFacts, Subject


def ground_of(relation: str, subject: Subject, facts: ObjectFacts, at: datetime) -> str:
    """Return the ground as the log writes it: the consent that let another unit in is named.

    Where the law let it in without one, that is what stands; the case tells by which gate.
    """
    if relation == Relation.EMERGENCY.value:
        return "gate:emergency"
    if relation in {Relation.HOLDER.value, Relation.FOLLOWER.value, Relation.AUTHOR.value}:
        if subject.unit_id == facts.owner_unit:
            return relation
    elif relation != Relation.PARTICIPANT.value:
        return f"role:{subject.role.value}"
    live = [one for one in facts.cells if one.to_unit == subject.unit_id and one.is_live(at)]
    consented = next((one for one in live if one.basis is CellBasis.CONSENT), None)
    if consented is not None:
        return f"cell:{consented.consent_id}"
    return f"gate:{BY_LAW}" if live else f"role:{subject.role.value}"
