"""The cases a person works with, as lines: who holds the baton, what comes next and when.

Asks the database a fixed number of questions, however many cases there are.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Account, Case, Log, Participant
from bti.domain.ages import day_in_norway
from bti.domain.codes import Role
from bti.domain.levels import CaseStatus, Level, LogStatus
from bti.domain.of_age import guardian_talk_due
from bti.workflows import directory
from bti.workflows.case_file import children_of, ops_of
from bti.workflows.plan_facts import broken_follow_up

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.domain.relations import Subject
    from bti.workflows.baton import OfferToMe
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context


class Relation(StrEnum):
    """Why a case is on the list. UNIT: only because the person leads the unit."""

    HOLDER = "holder"
    OFFERED = "offered"
    FOLLOWER = "follower"
    PARTICIPANT = "participant"
    UNIT = "unit"


class TaskKind(StrEnum):
    """What is to be done."""

    BROKEN = "broken"
    GAP = "gap"
    FOLLOW_UP = "follow_up"
    EVALUATION = "evaluation"
    DUTY = "duty"
    TALK = "talk"
    MEETING = "meeting"
    MEETING_WANTED = "meeting_wanted"
    DECISION = "decision"
    INVITATION = "invitation"
    REQUEST = "request"
    CORRECTED = "corrected"
    OF_AGE = "of_age"
    FAMILY = "family"
    PROTECTION_ENDING = "protection_ending"
    PROTECTION_UNLED = "protection_unled"
    OFFER = "offer"
    #: The same, and the case goes along.
    MOVE = "move"
    DOUBLE = "double"
    #: Another log: asked whether it may be continued in this one, agreed to, and one that has closed meanwhile.
    JOIN = "join"
    #: No task: nothing is done in a log that is set aside.
    SET_ASIDE = "set_aside"
    EMERGENCY = "emergency"
    REVIEW = "review"
    CONSENT_MISSING = "consent_missing"
    CONSENT_ENDING = "consent_ending"
    RETURNED = "returned"
    QUEUE = "queue"
    CONSULTATION = "consultation"
    STAND_IN = "stand_in"
    LEAVING = "leaving"
    LEAVER = "leaver"
    PLAN = "plan"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line in the table of cases. ``child`` and ``group`` are empty where names are hidden."""

    case_id: uuid.UUID
    number: str
    child: str = field(repr=False)
    group: str = field(repr=False)
    level: int
    relation: Relation
    holder: str
    next_step: TaskKind
    due_on: date | None
    follow_up_broken: bool
    in_own_unit: bool
    ops: Ops = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines, and every case that the list is about."""

    rows: tuple[Row, ...]
    ids: frozenset[uuid.UUID]


def read_lines(
    context: Context,
    subject: Subject,
    offers: tuple[OfferToMe, ...],
    *,
    names_hidden: bool,
    whole_unit: bool = True,
) -> Lines:
    """Return the person's open cases, soonest due first; with ``whole_unit`` a leader's unit too.

    A case whose consent has ended is not there: the broker says for each whether it is open.
    """
    relations = _relations(context, subject, offers, whole_unit=whole_unit)
    cases = context.session.scalars(select(Case).where(Case.id.in_(relations))).all()
    states = {case.id: ops_of(case) for case in cases}
    allowed = context.verbs.open_core(
        [case.id for case in cases if states[case.id].status == CaseStatus.OPEN]
    )
    shown = [case for case in cases if case.id in allowed]
    ids = [case.id for case in shown]
    logs = {
        row.case_id: row for row in context.session.scalars(select(Log).where(Log.case_id.in_(ids)))
    }
    children = {} if names_hidden else _children(context, ids)
    names = _names(context, [log.holder_id for log in logs.values()])
    working = [one for one in ids if not states[one].set_aside]
    active = [one for one in working if states[one].log == LogStatus.ACTIVE]
    broken = broken_follow_up(context, active)
    answer_by = {one.case_id: day_in_norway(one.expires_at) for one in offers}
    rows = []
    for case in shown:
        log = logs.get(case.id)
        relation = relations[case.id]
        step, due = _next(states[case.id], relation, answer_by.get(case.id), context.today)
        name, group = children.get(case.id, ("", ""))
        if states[case.id].protection is not None:
            group = ""
        rows.append(
            Row(
                case_id=case.id,
                number=case.number,
                child=name,
                group=group,
                level=states[case.id].level,
                relation=relation,
                holder=names.get(log.holder_id, "") if log is not None else "",
                next_step=step,
                due_on=due,
                follow_up_broken=case.id in broken,
                in_own_unit=case.unit_id == subject.unit_id,
                ops=states[case.id],
            )
        )
    rows.sort(key=lambda row: (row.due_on or date.max, row.number))
    return Lines(tuple(rows), frozenset(ids) | frozenset(one.case_id for one in offers))


def _relations(
    context: Context, subject: Subject, offers: tuple[OfferToMe, ...], *, whole_unit: bool
) -> dict[uuid.UUID, Relation]:
    """Return how the person stands to each case, the closest relation last and winning."""
    found: dict[uuid.UUID, Relation] = {}
    if whole_unit and subject.role is Role.UNIT_LEAD:
        led = context.session.scalars(
            select(Case.id).where(
                Case.tenant_id == subject.tenant_id, Case.unit_id == subject.unit_id
            )
        )
        found.update(dict.fromkeys(led, Relation.UNIT))
    places = context.session.execute(
        select(Participant.case_id, Participant.relation).where(
            Participant.tenant_id == subject.tenant_id,
            Participant.account_id == subject.account_id,
            Participant.unit_id == subject.unit_id,
            Participant.revoked_at.is_(None),
        )
    )
    for case_id, relation in sorted(places, key=lambda row: row[1], reverse=True):
        found[case_id] = Relation(relation)
    for offer in offers:
        found[offer.case_id] = Relation.OFFERED
    held = context.session.scalars(
        select(Log.case_id).where(
            Log.tenant_id == subject.tenant_id,
            Log.holder_id == subject.account_id,
            Log.holder_unit_id == subject.unit_id,
        )
    )
    found.update(dict.fromkeys(held, Relation.HOLDER))
    return found


def _children(context: Context, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    children = children_of(context, ids)
    return {case_id: (child.name, child.group) for case_id, child in children.items()}


def _names(context: Context, accounts: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    wanted = frozenset(accounts)
    # Loaded together, so that asking for each name costs nothing more.
    held = context.session.scalars(select(Account).where(Account.id.in_(wanted))).all()
    return {account.id: directory.name_of(context, account.id) for account in held}


def _next(
    ops: Ops, relation: Relation, answer_by: date | None, today: date
) -> tuple[TaskKind, date | None]:
    """Return what comes next in a case, and by when."""
    if relation is Relation.OFFERED:
        return TaskKind.OFFER, answer_by
    if ops.set_aside:
        return TaskKind.SET_ASIDE, None
    if ops.level == Level.WONDER:
        both = [
            (guardian_talk_due(ops.talk_due, ops.birth_date, today), TaskKind.TALK),
            (ops.decision_due, TaskKind.DECISION),
        ]
        dated = [(day, kind) for day, kind in both if day is not None]
        due, kind = min(dated, default=(None, TaskKind.DECISION))
        return kind, due
    if ops.log == LogStatus.SUSPENDED:
        return TaskKind.CONSENT_MISSING, None
    if ops.next_evaluation is not None:
        return TaskKind.EVALUATION, ops.next_evaluation
    return TaskKind.PLAN, None
