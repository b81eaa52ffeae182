"""What was written about the 18th birthday of the child in a case, as it reads."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from bti.domain.ages import day_in_norway
from bti.domain.of_age import warned_on
from bti.workflows.case_file import Kind, of_kind

if TYPE_CHECKING:
    from bti.domain.local_rules import ProfileRules
    from bti.workflows.case_file import Ops, Record


def of_age_warned(ops: Ops, today: date, rules: ProfileRules) -> date | None:
    """Return the warning of the 18th birthday that nobody has answered."""
    begun = day_in_norway(ops.opened_at)
    return warned_on(ops.birth_date, ops.of_age_look, today, rules, begun_on=begun)


def let_come(records: tuple[Record, ...]) -> frozenset[uuid.UUID]:
    """Return the guardians whom the grown child lets come along, by the newest that was written; oldest first."""
    newest = next(iter(reversed(of_kind(records, Kind.OF_AGE))), None)
    return frozenset(uuid.UUID(one) for one in newest.meta["guardians"]) if newest else frozenset()
