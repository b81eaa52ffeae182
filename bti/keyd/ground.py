"""The ground of an opening, as the access log writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain.relations import Relation

if TYPE_CHECKING:
    from datetime import datetime

    from bti.domain.relations import ObjectFacts, Subject


def ground_of(relation: str, subject: Subject, facts: ObjectFacts, at: datetime) -> str:
    """Return the ground as the log writes it: the consent that let another unit in is named."""
    if relation == Relation.EMERGENCY.value:
        return "gate:emergency"
    if relation in {Relation.HOLDER.value, Relation.FOLLOWER.value, Relation.AUTHOR.value}:
        if subject.unit_id == facts.owner_unit:
            return relation
    elif relation != Relation.PARTICIPANT.value:
        return f"role:{subject.role.value}"
    cell = next(
        (one for one in facts.cells if one.to_unit == subject.unit_id and one.is_live(at)), None
    )
    return f"cell:{cell.consent_id}" if cell is not None else f"role:{subject.role.value}"
