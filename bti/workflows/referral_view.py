"""Where a referral to the upbringing team stands, and what was found about the family's rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bti.domain import deadlines
from bti.domain.access import Action, Allowed, decide
from bti.domain.levels import Level
from bti.domain.rights import (
    Criterion,
    Finding,
    IndividualPlan,
    conclusion,
)
from bti.workflows import consent, directory
from bti.workflows.case_file import (
    Kind,
    Ops,
    Record,
    case_row,
    of_kind,
    ops_of,
    to_date,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.consent_page import knows_services

if TYPE_CHECKING:
    from bti.domain.consent import ConsentStatus
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


class ReferralState(StrEnum):
    """Where a referral stands; also what an entry of the kind tells has happened."""

    NONE = ""
    WAITING = "waiting"
    TAKEN = "taken"
    RETURNED = "returned"


OPEN_STATES: Final = frozenset({ReferralState.WAITING, ReferralState.TAKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What was last recorded. ``criteria`` is empty where its compartment is not open."""

    on: date
    by: str
    told_on: date | None
    individual_plan: IndividualPlan
    criteria: dict[Criterion, Finding] = field(repr=False)
    note: str = field(repr=False)

    @property
    def entitled(self) -> Finding:
        """Whether the family has a right to a child coordinator."""
        return conclusion(self.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPart:
    """The referral on the case page."""

    state: ReferralState
    team: str
    referred_on: date | None
    answer_due: date | None
    why: str = field(repr=False)
    question: str = field(repr=False)
    returned_reason: str = field(repr=False)
    consent: ConsentStatus | None
    team_let_in: bool
    rights: Rights | None
    may_refer: bool
    may_answer: bool
    may_record_rights: bool
    #: Whether a plan that is made ends the log, by the rules the case follows.
    plan_ends_log: bool


def part_of(context: Context, opened: Opened, records: tuple[Record, ...]) -> ReferralPart | None:
    """Return the referral for the case page; None below level 2 with nothing to tell."""
    ops = ops_of(case_row(context, opened.case_id))
    asked = newest_referral(records)
    may_refer = (
        may(context, opened, Action.REFER) and ReferralState(ops.referral) not in OPEN_STATES
    )
    if ops.level < Level.SEVERAL_SERVICES and asked is None:
        return None
    return describe(context, opened, records, ops, may_refer=may_refer)


def newest_referral(records: tuple[Record, ...]) -> Record | None:
    """Return the last time the case was brought to a team; ``records`` oldest first."""
    asked = [
        one
        for one in of_kind(records, Kind.REFERRAL)
        if one.meta["event"] == ReferralState.WAITING.value
    ]
    return asked[-1] if asked else None


def rights_in(context: Context, records: tuple[Record, ...]) -> Rights | None:
    """Return what was last recorded about the family's rights."""
    found = of_kind(records, Kind.RIGHTS)
    if not found:
        return None
    last = found[-1]
    criteria = {
        Criterion(one): Finding(finding) for one, finding in last.body.get("criteria", {}).items()
    }
    return Rights(
        on=date.fromisoformat(last.meta["on"]),
        by=directory.name_of(context, last.by),
        told_on=to_date(last.meta["told_on"]),
        individual_plan=IndividualPlan(last.meta["individual_plan"]),
        criteria=criteria,
        note=last.body.get("note", ""),
    )


def describe(
    context: Context,
    opened: Opened,
    records: tuple[Record, ...],
    ops: Ops,
    *,
    may_refer: bool,
) -> ReferralPart:
    """Return where the referral stands, as far as core and the open compartments tell."""
    asked = newest_referral(records)
    team = ops.team_unit
    # That the family is to have the team's help is for those who may know of other services.
    knows = team == context.person.unit_id or knows_services(context, opened)
    unit = directory.units(context).get(team) if team is not None and knows else None
    state = ReferralState(ops.referral)
    on = to_date(asked.meta["on"]) if asked is not None else None
    known = consent.statuses_for(context, opened.case_id).invited
    back = [
        one
        for one in of_kind(records, Kind.REFERRAL)
        if one.meta["event"] == ReferralState.RETURNED.value
    ]
    return ReferralPart(
        state=state,
        team=unit.name if unit is not None else "",
        referred_on=on,
        answer_due=deadlines.team_answer(on, rules_of(context, ops))
        if on is not None and state is ReferralState.WAITING
        else None,
        why=str(asked.body.get("why", "")) if asked is not None else "",
        question=str(asked.body.get("question", "")) if asked is not None else "",
        returned_reason=str(back[-1].body.get("reason", ""))
        if back and state is ReferralState.RETURNED
        else "",
        consent=next((one.consent for one in known if knows and one.unit_id == team), None),
        team_let_in=any(
            cell.to_unit == team and cell.is_live(context.now) for cell in opened.facts.cells
        ),
        rights=rights_in(context, records),
        may_refer=may_refer,
        may_answer=state in OPEN_STATES and may(context, opened, Action.TAKE_REFERRAL),
        may_record_rights=may(context, opened, Action.RECORD_RIGHTS),
        plan_ends_log=rules_of(context, ops).plan_ends_log,
    )


def may(context: Context, opened: Opened, action: Action) -> bool:
    """Whether the person may do this to the opened case now."""
    return isinstance(decide(context.verbs.subject(), action, opened.facts, context.now), Allowed)
