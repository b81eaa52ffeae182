"""Moving a case between levels: conversations, decisions, closing, reopening, opening the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Log
from bti.domain import baton as baton_rules
from bti.domain import deadlines
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.baton import AccountFacts
from bti.domain.codes import Arena, ClosingCause, ContactWithGuardians, InfoType, TalkedWithChild
from bti.domain.errors import RuleBroken
from bti.domain.levels import (
    CaseFacts,
    CaseStatus,
    Level,
    LogStatus,
    Requirement,
    change_level,
    close_case,
    leaving_wonder,
    log_in_place,
    reopen_case,
)
from bti.workflows import consent_page, measure, plan_facts
from bti.workflows.case_file import (
    CORE,
    Kind,
    Ops,
    Record,
    case_row,
    compartment_of,
    entries,
    of_kind,
    ops_of,
    to_date,
    write_entry,
)
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    import uuid

    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

CLOSED = -1
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConversation:
    """A talk that was held, or the reason why it was not."""

    case_id: uuid.UUID
    with_whom: With
    held: bool
    on: date
    #: For guardians: whether both were there.
    both: bool = False
    summary: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A decision about the way on. ``to_level`` None closes the case."""

    case_id: uuid.UUID
    version: int | None
    to_level: Level | None
    reason: str
    cause: ClosingCause | None = None
    #: "Is the child in danger?" was asked again and answered with no.
    danger_assessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLog:
    """What a log opens with: why, one goal and one measure."""

    case_id: uuid.UUID
    version: int | None
    background: str
    goal: str
    title: str
    description: str
    arena: Arena
    responsible: str
    start_on: date
    evaluate_on: date


def record_conversation(context: Context, command: RecordConversation) -> None:
    """Record a talk with guardians, child or leader, or why it has not been held.

    Raises ``RuleBroken`` with conversation.future or conversation.reason_missing.
    """
    opened = context.verbs.open(command.case_id, Action.RECORD_CONVERSATION, entry=None)
    if command.on > context.today:
        code = "conversation.future"
        raise RuleBroken(code)
    if not command.held and not command.reason.strip():
        code = "conversation.reason_missing"
        raise RuleBroken(code)
    write_entry(
        context,
        command.case_id,
        kind=Kind.CONVERSATION,
        compartment=own_compartment(context, opened),
        meta={
            "with": command.with_whom.value,
            "held": command.held,
            "both": command.both,
            "on": command.on,
        },
        body={"summary": command.summary, "reason": command.reason},
    )
    case = case_row(context, command.case_id)
    ops = ops_of(case)
    if command.with_whom is With.GUARDIANS and ops.talk_due is not None:
        case.ops = replace(ops, talk_due=None).to_json()
    context.record(
        Act.CASE_CONVERSATION_RECORD, Reference("case", command.case_id), ground=opened.ground
    )


def record_step(context: Context, *, case_id: uuid.UUID, step: str, note: str) -> None:
    """Record that a step of the action guide is done."""
    opened = context.verbs.open(case_id, Action.RECORD_STEP, entry=None)
    case = case_row(context, case_id)
    if step not in {one.code for one in context.profile.guide(ops_of(case).level).steps}:
        code = "step.unknown"
        raise RuleBroken(code)
    write_entry(
        context,
        case_id,
        kind=Kind.STEP,
        compartment=own_compartment(context, opened),
        meta={"step": step, "on": context.today},
        body={"note": note},
    )
    context.record(Act.CASE_STEP_RECORD, Reference("case", case_id), ground=opened.ground)


def decide(context: Context, command: Decide) -> None:
    """Carry out a decision: up, down, close or reopen. Raises ``RuleBroken`` and ``Conflict``."""
    hold(context, command.case_id)
    action = Action.CHANGE_LEVEL if command.to_level is not None else Action.CLOSE_CASE
    if is_closed(context, command.case_id):
        action = Action.REOPEN_CASE
    opened = context.verbs.open(command.case_id, action, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    move(context, opened, case, command)


def move(context: Context, opened: Opened, case: Case, command: Decide) -> None:
    """Apply a decision to an open, locked case. The referral workflow comes in here too."""
    ops = ops_of(case)
    facts = facts_of(context, case, reason=command.reason, danger_assessed=command.danger_assessed)
    rules = context.profile
    by = context.person.account_id
    if ops.status == CaseStatus.CLOSED:
        if command.to_level is None:
            code = "level.case_closed"
            raise RuleBroken(code)
        reopen_case(facts, command.to_level, rules=rules, at=context.now, by=by)
        after = _reopened(context, ops, command.to_level)
        act = Act.CASE_STATUS_REOPEN
    elif command.to_level is None:
        close_case(facts, command.cause or ClosingCause.OTHER, rules=rules, at=context.now, by=by)
        after = _closed(context, ops, command.cause or ClosingCause.OTHER)
        act = Act.CASE_STATUS_CLOSE
    else:
        change_level(facts, command.to_level, rules=rules, at=context.now, by=by)
        after = _moved(context, ops, command.to_level)
        act = Act.CASE_LEVEL_CHANGE
    case.ops = after.to_json()
    _write_decision(context, opened, ops, after, command)
    context.record(act, Reference("case", case.id), ground=opened.ground)


def open_log(context: Context, command: OpenLog) -> None:
    """Open the stafettlogg: consent complete, the opener takes the baton, goal and measure.

    From level 0 this is also the move to level 1. Raises ``RuleBroken`` with
    level.requirements (what is missing), log.already_open and the rules of baton and measure.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.OPEN_LOG, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    ops = ops_of(case)
    if ops.log == LogStatus.ACTIVE:
        code = "log.already_open"
        raise RuleBroken(code)
    facts = facts_of(context, case, reason=command.background)
    person = context.person
    taken = baton_rules.open_log(
        AccountFacts(
            person.account_id,
            person.unit_id,
            person.role,
            active=True,
            same_tenant=True,
            unit_let_in=True,
        ),
        at=context.now,
        by=person.account_id,
    )
    unmet = tuple(one for one in opening_requirements(facts) if not one.met)
    if unmet:
        code = "level.requirements"
        raise RuleBroken(code, unmet=unmet)
    _give_first_baton(context, case, taken.holder_id, taken.holder_unit_id)
    # Bring the case up before the plan: the plan's own rules read its level and log.
    level = Level.OWN_SERVICE if ops.level == Level.WONDER else Level(ops.level)
    case.ops = replace(_moved(context, ops, level), log=LogStatus.ACTIVE.value).to_json()
    write_entry(
        context,
        case.id,
        kind=Kind.BACKGROUND,
        compartment=CORE,
        meta={},
        body={"text": command.background},
    )
    measure.add_first_plan(context, opened, case, command)
    context.record(Act.LOG_OPEN_WRITE, Reference("case", case.id), ground=opened.ground)


def opening_requirements(facts: CaseFacts) -> tuple[Requirement, ...]:
    """Return what must be in place before a log can open (the holder comes with the opening)."""
    before = leaving_wonder(facts) if facts.level is Level.WONDER else ()
    consented = [one for one in log_in_place(facts) if one.code == "level.opening_consent"]
    return (*before, *consented)


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
        guardian_reason_written=_reason_given(records, With.GUARDIANS),
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
        reason_written=bool(reason.strip()),
    )


def is_closed(context: Context, case_id: uuid.UUID) -> bool:
    """Tell whether a case of the person's municipality is closed; False for one that is not."""
    context.verbs.subject()
    case = context.session.get(Case, case_id)
    mine = case is not None and case.tenant_id == context.person.tenant_id
    return case is not None and mine and ops_of(case).status == CaseStatus.CLOSED


def own_compartment(context: Context, opened: Opened) -> str:
    """Return the person's own unit's notes compartment in this case, made at first use."""
    name = compartment_of(context.person.unit_id, InfoType.OWN)
    context.verbs.new_compartments(opened, [name])
    return name


def _give_first_baton(
    context: Context, case: Case, holder_id: uuid.UUID, unit_id: uuid.UUID
) -> None:
    log = context.session.scalars(select(Log).where(Log.case_id == case.id)).one_or_none()
    if log is None:
        context.session.add(
            Log(
                tenant_id=case.tenant_id,
                case_id=case.id,
                holder_id=holder_id,
                holder_unit_id=unit_id,
            )
        )
        return
    # A log that was closed and opens again keeps its row: still one holder, never two.
    log.holder_id, log.holder_unit_id = holder_id, unit_id


def _moved(context: Context, ops: Ops, to_level: Level) -> Ops:
    changed = to_level != ops.level
    since = context.now if changed else ops.level_since
    trail = (*ops.trail, (context.today, int(to_level))) if changed else ops.trail
    return replace(ops, level=int(to_level), level_since=since, trail=trail, decision_due=None)


def _closed(context: Context, ops: Ops, cause: ClosingCause) -> Ops:
    return replace(
        ops,
        status=CaseStatus.CLOSED.value,
        log=LogStatus.NONE.value if ops.log == LogStatus.NONE else LogStatus.CLOSED.value,
        closed_at=context.now,
        closing_cause=cause.value,
        decision_due=None,
        talk_due=None,
        next_evaluation=None,
        referral="",
        trail=(*ops.trail, (context.today, CLOSED)),
    )


def _reopened(context: Context, ops: Ops, to_level: Level) -> Ops:
    due = (
        deadlines.level_0_decision(context.today, context.profile)
        if to_level is Level.WONDER
        else None
    )
    return replace(
        ops,
        status=CaseStatus.OPEN.value,
        level=int(to_level),
        level_since=context.now,
        closed_at=None,
        closing_cause="",
        decision_due=due,
        trail=(*ops.trail, (context.today, int(to_level))),
    )


def _write_decision(
    context: Context, opened: Opened, before: Ops, after: Ops, command: Decide
) -> None:
    # A decision in an open log is for everybody in it; before that it is the service's own.
    shared = LogStatus.ACTIVE.value in {before.log, after.log}
    write_entry(
        context,
        command.case_id,
        kind=Kind.DECISION,
        compartment=CORE if shared else own_compartment(context, opened),
        meta={
            "from": CLOSED if before.status == CaseStatus.CLOSED else before.level,
            "to": CLOSED if command.to_level is None else int(command.to_level),
            "cause": command.cause.value if command.cause and command.to_level is None else "",
            "on": context.today,
        },
        body={"reason": command.reason},
    )
    if command.danger_assessed:
        write_entry(
            context,
            command.case_id,
            kind=Kind.STEP,
            compartment=own_compartment(context, opened),
            meta={"step": DANGER_STEP, "on": context.today},
            body={"note": ""},
        )


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
