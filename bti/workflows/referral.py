"""Level 3: a case is brought to the upbringing team, which takes it or gives it back with a reason.

Without a live consent cell the team learns that a case waits, and nothing about whom. The level
itself moves by the level rules, when the team takes the case.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain.access import Action
from bti.domain.codes import InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.levels import Level, Step, requirements_for
from bti.domain.rights import Criterion, Finding, IndividualPlan, check_plan
from bti.workflows import baton, directory, level, level_facts
from bti.workflows.case_file import (
    CORE,
    Kind,
    case_row,
    compartment_of,
    entries,
    ops_of,
    write_entry,
)
from bti.workflows.case_rules import rules_of
from bti.workflows.once import hold, unchanged
from bti.workflows.referral_page import ReferPage, ReferralPage, refer_page, team_page
from bti.workflows.referral_queue import Queue, QueueRow, queue
from bti.workflows.referral_view import (
    ReferralPart,
    ReferralState,
    Rights,
    newest_referral,
    part_of,
)

if TYPE_CHECKING:
    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

__all__ = [
    "Appoint",
    "Criterion",
    "Finding",
    "IndividualPlan",
    "Queue",
    "QueueRow",
    "RecordRights",
    "Refer",
    "ReferPage",
    "ReferralPage",
    "ReferralPart",
    "ReferralState",
    "Rights",
    "appoint_holder",
    "part_of",
    "queue",
    "record_rights",
    "refer",
    "refer_page",
    "return_",
    "take",
    "team_page",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Why cooperation so far is not enough, and what the team is asked.

    ``danger_assessed``: "Is the child in danger?" was asked again and answered with no.
    """

    case_id: uuid.UUID
    version: int | None
    team_unit: uuid.UUID
    why: str = field(repr=False)
    question: str = field(repr=False)
    danger_assessed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRights:
    """What was found about the family's rights, and that they were told."""

    case_id: uuid.UUID
    version: int | None
    told: bool
    criteria: tuple[tuple[Criterion, Finding], ...]
    individual_plan: IndividualPlan
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint:
    """Who the team asks to take the baton."""

    case_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    account_id: uuid.UUID
    unit_id: uuid.UUID
    message: str = field(default="", repr=False)


def refer(context: Context, command: Refer) -> None:
    """Bring a case to the team. It keeps its level until the team takes it.

    Raises ``RuleBroken`` with referral.no_team, referral.open, referral.question_missing,
    level.no_such_step (from below level 2) and level.requirements; and ``Conflict``.
    """
    case, opened = _enter(context, command.case_id, command.version, Action.REFER)
    ops = ops_of(case)
    if ops.referral in {ReferralState.WAITING, ReferralState.TAKEN}:
        code = "referral.open"
        raise RuleBroken(code)
    if not command.question.strip():
        code = "referral.question_missing"
        raise RuleBroken(code)
    team = directory.units(context).get(command.team_unit)
    if team is None or team.sector is not Sector.TEAM:
        code = "referral.no_team"
        raise RuleBroken(code)
    if ops.level != Level.TEAM:
        _require_level_3(context, case, command)
    write_entry(
        context,
        case.id,
        kind=Kind.REFERRAL,
        # In core: whoever a cell lets in at the team must be able to read what they are asked.
        compartment=CORE,
        meta={"event": ReferralState.WAITING.value, "team": team.id, "on": context.today},
        body={"why": command.why, "question": command.question},
    )
    write_entry(
        context,
        case.id,
        kind=Kind.STEP,
        compartment=level.own_compartment(context, opened),
        meta={"step": level_facts.DANGER_STEP, "on": context.today},
        body={"note": ""},
    )
    case.ops = replace(ops, referral=ReferralState.WAITING.value, team_unit=team.id).to_json()
    context.record(
        Act.REFERRAL_REQUEST_CREATE,
        Reference("case", case.id),
        Reference("unit", team.id),
        ground=opened.ground,
    )


def take(context: Context, *, case_id: uuid.UUID, version: int | None) -> None:
    """Take a waiting case; a case on level 2 moves to level 3.

    Raises ``RuleBroken`` with referral.not_waiting and level.requirements (what has come to be
    missing since it was referred), and ``Conflict``.
    """
    case, opened = _enter(context, case_id, version, Action.TAKE_REFERRAL)
    ops = ops_of(case)
    if ops.referral != ReferralState.WAITING:
        code = "referral.not_waiting"
        raise RuleBroken(code)
    asked = newest_referral(entries(context, case_id, opened=opened))
    if ops.level != Level.TEAM:
        why = str(asked.body.get("why", "")) if asked is not None else ""
        _move(context, opened, case, Level.TEAM, why)
    _write_event(context, case, ReferralState.TAKEN, "")
    case.ops = replace(ops_of(case), referral=ReferralState.TAKEN.value).to_json()
    context.record(Act.REFERRAL_REQUEST_TAKE, Reference("case", case_id), ground=opened.ground)


def return_(context: Context, *, case_id: uuid.UUID, version: int | None, reason: str) -> None:
    """Give a case back with a reason. One that was taken goes down to level 2 with it.

    The team's way into the case through the referral ends here. Raises ``RuleBroken`` with
    referral.not_open and referral.reason_missing, and ``Conflict``.
    """
    case, opened = _enter(context, case_id, version, Action.RETURN_REFERRAL)
    ops = ops_of(case)
    if ops.referral not in {ReferralState.WAITING, ReferralState.TAKEN}:
        code = "referral.not_open"
        raise RuleBroken(code)
    if not reason.strip():
        code = "referral.reason_missing"
        raise RuleBroken(code)
    if ops.referral == ReferralState.TAKEN and ops.level == Level.TEAM:
        _move(context, opened, case, Level.SEVERAL_SERVICES, reason)
    _write_event(context, case, ReferralState.RETURNED, reason)
    case.ops = replace(ops_of(case), referral=ReferralState.RETURNED.value).to_json()
    context.record(Act.REFERRAL_REQUEST_RETURN, Reference("case", case_id), ground=opened.ground)


def record_rights(context: Context, command: RecordRights) -> None:
    """Record that the family was told of child coordinator and individual plan, and what was found.

    What was found says something about health: it stands in the recording unit's health
    compartment. That they were told, and what became of the plan, everybody in the case may know.

    Raises ``RuleBroken`` with referral.criteria_missing (one of the five is not answered at all) or
    referral.plan_untold, and ``Conflict``. Source: helse- og omsorgstjenesteloven §§ 7-1, 7-2 a; pasient- og
    brukerrettighetsloven § 2-5 c.
    """
    case, opened = _enter(context, command.case_id, command.version, Action.RECORD_RIGHTS)
    answered = dict(command.criteria)
    if frozenset(answered) != frozenset(Criterion):
        code = "referral.criteria_missing"
        raise RuleBroken(code)
    check_plan(command.individual_plan, told=command.told)
    own = compartment_of(context.person.unit_id, InfoType.HEALTH)
    context.verbs.new_compartments(opened, [own])
    write_entry(
        context,
        case.id,
        kind=Kind.RIGHTS,
        compartment=own,
        meta={
            "told_on": context.today if command.told else None,
            "individual_plan": command.individual_plan.value,
            "on": context.today,
        },
        body={
            "criteria": {one.value: answered[one].value for one in Criterion},
            "note": command.note,
        },
    )
    # A new version, so that a form from before this does not overwrite what was decided on it.
    case.ops = ops_of(case).to_json()
    context.record(Act.REFERRAL_RIGHTS_RECORD, Reference("case", case.id), ground=opened.ground)


def appoint_holder(context: Context, command: Appoint) -> None:
    """Offer the baton on the team's behalf. The holder has it until the new one has said yes.

    Raises ``RuleBroken`` with referral.not_taken and as ``domain.baton.offer``; and ``Conflict``.
    """
    case, _opened = _enter(context, command.case_id, command.version, Action.APPOINT_HOLDER)
    if ops_of(case).referral != ReferralState.TAKEN:
        code = "referral.not_taken"
        raise RuleBroken(code)
    baton.offer_by_team(
        context,
        command=baton.OfferBaton(
            case_id=command.case_id,
            submission=command.submission,
            version=command.version,
            to_id=command.account_id,
            to_unit_id=command.unit_id,
            message=command.message,
        ),
    )


def _enter(
    context: Context, case_id: uuid.UUID, version: int | None, action: Action
) -> tuple[Case, Opened]:
    hold(context, case_id)
    opened = context.verbs.open(case_id, action, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    if action is Action.REFER:
        level_facts.require_working_log(context, case)
    return case, opened


def _require_level_3(context: Context, case: Case, command: Refer) -> None:
    """Raise with everything that is missing, so that the team is not sent what it cannot take."""
    facts = level_facts.facts_of(
        context, case, reason=command.why, danger_assessed=command.danger_assessed
    )
    wanted = requirements_for(Step(facts.level, Level.TEAM), facts, rules_of(context, ops_of(case)))
    unmet = tuple(one for one in wanted if not one.met)
    if unmet:
        code = "level.requirements"
        raise RuleBroken(code, unmet=unmet)


def _move(context: Context, opened: Opened, case: Case, to: Level, reason: str) -> None:
    level.move(
        context,
        opened,
        case,
        level.Decide(case_id=case.id, version=case.version, to_level=to, reason=reason),
    )


def _write_event(context: Context, case: Case, event: ReferralState, reason: str) -> None:
    write_entry(
        context,
        case.id,
        kind=Kind.REFERRAL,
        compartment=CORE,
        meta={"event": event.value, "team": context.person.unit_id, "on": context.today},
        body={"reason": reason},
    )
