"""The family's rights at level 3: what must hold for a child coordinator, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bti.domain.errors import RuleBroken


class Criterion(StrEnum):
    """What must hold for a right to a child coordinator (hol. § 7-2 a, pbrl. § 2-5 c)."""

    UNDER_18 = "under_18"
    SERIOUS_CONDITION = "serious_condition"
    LASTING_SERVICES = "lasting_services"
    OTHER_SERVICES = "other_services"
    FAMILY_WANTS = "family_wants"


class Finding(StrEnum):
    """What was found about a criterion."""

    YES = "yes"
    NO = "no"
    UNRESOLVED = "unresolved"


class IndividualPlan(StrEnum):
    """What became of the individual plan (hol. § 7-1). It is the family's choice.

    MADE takes over: its coordinator goes on with the work, and the log has nothing more to hold together.
    """

    MADE = "made"
    OFFERED = "offered"
    DECLINED = "declined"
    NOT_RELEVANT = "not_relevant"


def check_plan(plan: IndividualPlan, *, told: bool) -> IndividualPlan:
    """Check what is said of the plan; returns it. There is none that the family has not agreed to.

    Raises ``RuleBroken("referral.plan_untold")``. Source: FOR-2022-06-22-1110 § 5.
    """
    if plan is IndividualPlan.MADE and not told:
        raise RuleBroken("referral.plan_untold")
    return plan


def conclusion(criteria: Mapping[Criterion, Finding]) -> Finding:
    """Return whether the family has the right: all five must hold, and one no is enough."""
    found = {criteria.get(one, Finding.UNRESOLVED) for one in Criterion}
    if Finding.NO in found:
        return Finding.NO
    return Finding.UNRESOLVED if Finding.UNRESOLVED in found else Finding.YES
