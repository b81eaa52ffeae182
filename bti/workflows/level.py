"""Moving a case between levels: conversations, decisions, closing, reopening, opening the log."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Entry, Log
from bti.domain import baton as baton_rules
from bti.domain import deadlines
from bti.domain.access import Action
from bti.domain.baton import AccountFacts
from bti.domain.closing import closing_note
from bti.domain.codes import (
    Arena,
    ClosingCause,
    InfoType,
    MeasureType,
    Party,
    RemainingNeed,
)
from bti.domain.errors import RuleBroken
from bti.domain.levels import (
    CaseStatus,
    Level,
    LogStatus,
    change_level,
    close_case,
    reopen_case,
)
from bti.domain.protection import check_open_log
from bti.workflows import consent_cells, directory, measure
from bti.workflows.case_file import (
    Kind,
    Ops,
    case_row,
    compartment_of,
    ops_of,
    write_entry,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.double import note_opened
from bti.workflows.goal import next_evaluation
from bti.workflows.level_facts import DANGER_STEP, With, facts_of, opening_requirements
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

CLOSED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConversation:
    """A talk that was held, or the reason why it was not. The same ``submission`` is one talk."""

    case_id: uuid.UUID
    with_whom: With
    held: bool
    on: date
    #: For guardians: whether both were there.
    both: bool = False
    summary: str = ""
    reason: str = ""
    submission: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A decision about the way on. ``to_level`` None closes the case."""

    case_id: uuid.UUID
    version: int | None
    to_level: Level | None
    reason: str
    cause: ClosingCause | None = None
    #: What the child still needs when the case closes, and who goes on with what.
    needs: tuple[RemainingNeed, ...] = ()
    remains: str = ""
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
    kind: MeasureType = MeasureType.OTHER
    party: Party = Party.STAFF
    responsible: str
    start_on: date
    evaluate_on: date


def record_conversation(context: Context, command: RecordConversation) -> None:
    """Record a talk with guardians, child or leader, or why it has not been held.

    Raises ``RuleBroken`` with conversation.future or conversation.reason_missing.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.RECORD_CONVERSATION, entry=None)
    entry_id = row_id(context, "conversation", command.submission or uuid.uuid4())
    if context.session.get(Entry, entry_id) is not None:
        found_done(context, opened)
        return
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
        entry_id=entry_id,
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
    ops = ops_of(case)
    rules = rules_of(context, ops)
    guide = rules.guide(ops.level, context.person.sector)
    if step not in {one.code for one in guide.steps}:
        code = "step.unknown"
        raise RuleBroken(code)
    write_entry(
        context,
        case_id,
        kind=Kind.STEP,
        compartment=own_compartment(context, opened),
        meta={"step": step, "on": context.today, "made_under": rules.key},
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
    rules = rules_of(context, ops)
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
    _write_decision(context, opened, ops, after, command)
    if after.status == CaseStatus.CLOSED:
        consent_cells.stop_all(context, case)
    # Last: the row of a case is written once, since the key broker gives it one version more and no second.
    case.ops = after.to_json()
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
    check_open_log(ops.protection, context.verbs.subject().role)
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
    write_entry(
        context,
        case.id,
        kind=Kind.BACKGROUND,
        compartment=plan_compartment(context, opened),
        meta={},
        body={"text": command.background},
    )
    measure.add_first_plan(context, opened, command)
    level = Level.OWN_SERVICE if ops.level == Level.WONDER else Level(ops.level)
    # Last, as in ``move``.
    moved = _moved(context, ops, level)
    note_opened(context, case)
    active = replace(moved, log=LogStatus.ACTIVE.value)
    case.ops = next_evaluation(context, case.id, active).to_json()
    context.record(Act.LOG_OPEN_WRITE, Reference("case", case.id), ground=opened.ground)


def is_closed(context: Context, case_id: uuid.UUID) -> bool:
    """Tell whether a case of the person's municipality is closed; False for one that is not."""
    context.verbs.subject()
    case = context.session.get(Case, case_id)
    mine = case is not None and case.tenant_id == context.person.tenant_id
    return case is not None and mine and ops_of(case).status == CaseStatus.CLOSED


def plan_compartment(context: Context, opened: Opened) -> str:
    """Return where the person's unit writes what belongs to goals and measures."""
    name = compartment_of(context.person.unit_id, InfoType.MEASURES)
    context.verbs.new_compartments(opened, [name])
    return name


def own_compartment(context: Context, opened: Opened) -> str:
    """Return the person's own unit's notes compartment in this case, made at first use."""
    name = compartment_of(context.person.unit_id, InfoType.OWN)
    context.verbs.new_compartments(opened, [name])
    return name


def _give_first_baton(
    context: Context, case: Case, holder_id: uuid.UUID, unit_id: uuid.UUID
) -> None:
    directory.hold_account(context, holder_id)
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
    after = replace(ops, level=int(to_level), level_since=since, decision_due=None)
    return _begun(context, after, int(to_level)) if changed else after


def _begun(context: Context, ops: Ops, level: int) -> Ops:
    """From here on the case follows the local rules that are in force today."""
    return replace(
        ops,
        trail=(*ops.trail, (context.today, level)),
        made_under=(*ops.made_under, context.profile.key),
    )


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
        # It closes as it was: its page goes on calling things what they were called.
        made_under=(*ops.made_under, rules_of(context, ops).key),
    )


def _reopened(context: Context, ops: Ops, to_level: Level) -> Ops:
    due = (
        deadlines.level_0_decision(context.today, context.profile)
        if to_level is Level.WONDER
        else None
    )
    opened = replace(
        ops,
        status=CaseStatus.OPEN.value,
        level=int(to_level),
        level_since=context.now,
        closed_at=None,
        closing_cause="",
        # What the archive has stays what it was; the case closes anew, and is packed anew.
        archive=None,
        decision_due=due,
    )
    return _begun(context, opened, int(to_level))


def _write_decision(
    context: Context, opened: Opened, before: Ops, after: Ops, command: Decide
) -> None:
    body = {"reason": command.reason}
    if after.status == CaseStatus.CLOSED:
        note = closing_note(command.cause, command.needs, command.reason, command.remains)
        body |= note.to_body()
    # A decision in an open log is for those who may read its plan; before that it is the
    # service's own. Never core: that is open to everybody a consent lets in, for whatever.
    shared = LogStatus.ACTIVE.value in {before.log, after.log}
    write_entry(
        context,
        command.case_id,
        kind=Kind.DECISION,
        compartment=plan_compartment(context, opened)
        if shared
        else own_compartment(context, opened),
        meta={
            "from": CLOSED if before.status == CaseStatus.CLOSED else before.level,
            "to": CLOSED if command.to_level is None else int(command.to_level),
            "cause": command.cause.value if command.cause and command.to_level is None else "",
            "on": context.today,
        },
        body=body,
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
