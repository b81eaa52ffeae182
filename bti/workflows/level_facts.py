"""A case as the level rules see it: what has been talked about, planned and agreed to.

Reads only what the ops key opens: whether words were written, never the words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Case, Log
from bti.domain.ages import day_in_norway, is_adult
from bti.domain.codes import ContactWithGuardians, Role, TalkedWithChild, Who
from bti.domain.consent import OPENING
from bti.domain.errors import RuleBroken
from bti.domain.levels import (
    CaseFacts,
    CaseStatus,
    Level,
    LogStatus,
    Requirement,
    leaving_wonder,
    log_in_place,
)
from bti.workflows import consent_page, plan_facts
from bti.workflows.case_file import Kind, Record, entries, of_kind, ops_of, to_date

if TYPE_CHECKING:
    from datetime import date

    from bti.workflows.context import Context

#: The step that records that «is the child in danger?» was asked again; not one of the guide's.
DANGER_STEP = "danger"
#: Requirements that the decision form itself fills in.
GIVEN_IN_FORM = frozenset(
    {"level.reason", "level.cooperation_not_enough", "level.danger_assessed_again"}
)


class With(StrEnum):
    """Whom a conversation was with."""

    GUARDIANS = "guardians"
    CHILD = "child"
    LEADER = "leader"


def facts_of(
    context: Context, case: Case, *, reason: str = "", danger_assessed: bool = False
) -> CaseFacts:
    """Return the case as the level rules see it; reads only what the ops key opens."""
    ops = ops_of(case)
    records = entries(context, case.id)
    plan = plan_facts.plan_facts(context, records)
    asked = consent_page.statuses_for(context, case.id)
    log = context.session.scalars(select(Log).where(Log.case_id == case.id)).one_or_none()
    asked_again = [
        to_date(record.meta["on"])
        for record in of_kind(records, Kind.STEP)
        if record.meta["step"] == DANGER_STEP
    ]
    return CaseFacts(
        level=Level(ops.level),
        status=CaseStatus(ops.status),
        level_since=day_in_norway(ops.level_since),
        concern_written=bool(of_kind(records, Kind.CONCERN)),
        danger_assessed_on=context.today
        if danger_assessed
        else max((day for day in asked_again if day is not None), default=None),
        guardian_contact=_guardian_contact(records),
        # About somebody who is of age it is for them to say whether their parents know.
        guardian_reason_written=_reason_given(records, With.GUARDIANS)
        or is_adult(ops.birth_date, context.now),
        child_contact=_child_contact(records),
        child_reason_written=_reason_given(records, With.CHILD),
        leader_informed_on=_held_on(records, With.LEADER),
        log_status=LogStatus(ops.log),
        opening_consent=asked.opening,
        holder_id=log.holder_id if log else None,
        goal_ids=plan.goal_ids,
        measures=plan.measures,
        standings=plan.standings,
        invited=asked.invited,
        rights_told=any(record.meta["told_on"] for record in of_kind(records, Kind.RIGHTS)),
        acting_as=_acting_as(context, log),
        reason_written=bool(reason.strip()),
    )


def require_working_log(context: Context, case: Case) -> None:
    """Raise ``RuleBroken("log.resting")`` when a log exists and the consent to it is not in force.

    Nothing more is shared then. The service's own notes, closing and the danger path stay open.
    """
    log = ops_of(case).log
    if log == LogStatus.NONE:
        return
    standing = consent_page.statuses_for(context, case.id).opening
    if log != LogStatus.ACTIVE or (standing is not None and standing not in OPENING):
        code = "log.resting"
        raise RuleBroken(code)


def opening_requirements(facts: CaseFacts) -> tuple[Requirement, ...]:
    """Return what must be in place before a log can open (the holder comes with the opening)."""
    before = leaving_wonder(facts) if facts.level is Level.WONDER else ()
    consented = [one for one in log_in_place(facts) if one.code == "level.opening_consent"]
    return (*before, *consented)


def _acting_as(context: Context, log: Log | None) -> frozenset[Who]:
    """Return what the person is in this case, among those a profile can name as closing it."""
    person = context.person
    also = {
        Who.LEAD: person.role is Role.UNIT_LEAD,
        Who.TEAM_LEAD: person.role is Role.TEAM_LEAD,
        Who.HOLDER: log is not None and log.holder_id == person.account_id,
    }
    return frozenset({Who.EMPLOYEE, *(who for who, right in also.items() if right)})


def _talks(records: tuple[Record, ...], with_whom: With) -> list[Record]:
    return [r for r in of_kind(records, Kind.CONVERSATION) if r.meta["with"] == with_whom.value]


def _guardian_contact(records: tuple[Record, ...]) -> ContactWithGuardians | None:
    held = [talk for talk in _talks(records, With.GUARDIANS) if talk.meta["held"]]
    if held:
        both = any(talk.meta["both"] for talk in held)
        return ContactWithGuardians.BOTH if both else ContactWithGuardians.ONE
    said = [
        ContactWithGuardians(r.meta["contact_with_guardians"])
        for r in of_kind(records, Kind.CONCERN)
    ]
    best = (ContactWithGuardians.BOTH, ContactWithGuardians.ONE, ContactWithGuardians.UNSAFE)
    return next((one for one in best if one in said), said[-1] if said else None)


def _child_contact(records: tuple[Record, ...]) -> TalkedWithChild | None:
    if any(talk.meta["held"] for talk in _talks(records, With.CHILD)):
        return TalkedWithChild.YES
    said = [TalkedWithChild(r.meta["talked_with_child"]) for r in of_kind(records, Kind.CONCERN)]
    return TalkedWithChild.YES if TalkedWithChild.YES in said else (said[-1] if said else None)


def _reason_given(records: tuple[Record, ...], with_whom: With) -> bool:
    return any(not talk.meta["held"] for talk in _talks(records, with_whom))


def _held_on(records: tuple[Record, ...], with_whom: With) -> date | None:
    days = [to_date(talk.meta["on"]) for talk in _talks(records, with_whom) if talk.meta["held"]]
    return max((day for day in days if day is not None), default=None)
