"""The upbringing team's queue.

A case without a live cell to the team has a number and a waiting time, nothing else.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Entry, Log
from bti.domain import deadlines
from bti.domain.access import Action
from bti.domain.ages import age, day_in_norway
from bti.domain.levels import CaseStatus
from bti.workflows import consent, directory
from bti.workflows.case_file import Kind, child_of, ops_of
from bti.workflows.case_rules import rules_of
from bti.workflows.guide import in_languages
from bti.workflows.permission import require
from bti.workflows.referral_view import OPEN_STATES, ReferralState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bti.domain.consent import ConsentStatus
    from bti.workflows.context import Context
    from bti.workflows.directory import UnitFact


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A case in the team's queue. Without a live cell everything about the child is empty."""

    case_id: uuid.UUID
    number: str
    state: ReferralState
    days: int
    over: bool
    let_in: bool
    consent: ConsentStatus | None
    child: str = field(default="", repr=False)
    age: int | None = None
    question: str = field(default="", repr=False)
    holder: str = ""
    holder_unit: str = ""
    level: int | None = None
    level_since: date | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """The team's queue, longest waiting first."""

    rows: tuple[QueueRow, ...]
    most_days: int
    today: date
    #: What the municipality calls the team, by language.
    team: Mapping[str, str]

    @property
    def waiting(self) -> tuple[QueueRow, ...]:
        """Those nobody has answered yet."""
        return tuple(row for row in self.rows if row.state is ReferralState.WAITING)

    @property
    def taken(self) -> tuple[QueueRow, ...]:
        """Those the team works with."""
        return tuple(row for row in self.rows if row.state is ReferralState.TAKEN)


def queue(context: Context) -> Queue:
    """Return the cases brought to the person's team; the look is one entry that names them all.

    Which cases wait is sealed, so every case's state is read (ops key); names and questions only
    where a live cell leads to the team.
    """
    subject = require(context, Action.SEE_TEAM_QUEUE)
    cases = cases_of(context, subject.unit_id)
    ids = [case.id for case in cases]
    allowed = context.verbs.open_core(ids)
    asked = _newest_by_case(context, ids, allowed)
    logs = {
        row.case_id: row for row in context.session.scalars(select(Log).where(Log.case_id.in_(ids)))
    }
    units = directory.units(context)
    rows = [
        _row(context, case, asked.get(case.id), logs.get(case.id), units, let_in=case.id in allowed)
        for case in cases
    ]
    context.record(Act.TEAM_QUEUE_READ, more=[Reference("case", one) for one in ids])
    return Queue(
        tuple(sorted(rows, key=lambda row: (-row.days, row.number))),
        context.profile.team_wait_days,
        context.today,
        in_languages(context.profile.team.name),
    )


def cases_of(context: Context, team: uuid.UUID) -> list[Case]:
    """Return the open cases brought to a team, by number; the workflow has asked for permission."""
    return [case for case in _all_open(context) if _is_for(case, team)]


def count_waiting(context: Context, team: uuid.UUID) -> int:
    """Return how many cases wait for an answer from this team; tells nothing about which."""
    return sum(
        1 for case in cases_of(context, team) if ops_of(case).referral == ReferralState.WAITING
    )


def _all_open(context: Context) -> list[Case]:
    rows = context.session.scalars(
        select(Case).where(Case.tenant_id == context.person.tenant_id).order_by(Case.number)
    )
    return [case for case in rows if ops_of(case).status == CaseStatus.OPEN]


def _is_for(case: Case, team: uuid.UUID) -> bool:
    ops = ops_of(case)
    return ops.team_unit == team and ReferralState(ops.referral) in OPEN_STATES


@dataclass(frozen=True, slots=True)
class _Asked:
    on: date
    question: str = field(repr=False)


def _newest_by_case(
    context: Context, ids: Collection[uuid.UUID], readable: Collection[uuid.UUID]
) -> dict[uuid.UUID, _Asked]:
    """Return the newest referral of each case; the question only where core was released."""
    found: dict[uuid.UUID, _Asked] = {}
    # How long a case has waited is the team's to know before anybody has consented.
    with context.whole_municipality():
        rows = context.session.scalars(select(Entry).where(Entry.case_id.in_(ids))).all()
    asked = [row for row in rows if row.meta["kind"] == Kind.REFERRAL.value]
    for row in sorted(asked, key=lambda one: str(one.meta["at"])):
        if row.meta["event"] == ReferralState.WAITING.value:
            question = row.body["question"] if row.case_id in readable else ""
            found[row.case_id] = _Asked(date.fromisoformat(row.meta["on"]), question)
    return found


def _row(
    context: Context,
    case: Case,
    asked: _Asked | None,
    log: Log | None,
    units: dict[uuid.UUID, UnitFact],
    *,
    let_in: bool,
) -> QueueRow:
    ops = ops_of(case)
    since = asked.on if asked is not None else context.today
    statuses = consent.statuses_for(context, case.id).invited
    bare = QueueRow(
        case_id=case.id,
        number=case.number,
        state=ReferralState(ops.referral),
        days=(context.today - since).days,
        over=ops.referral == ReferralState.WAITING
        and context.today > deadlines.team_answer(since, rules_of(context, ops)),
        let_in=let_in,
        consent=next((one.consent for one in statuses if one.unit_id == ops.team_unit), None),
    )
    if not let_in:
        return bare
    unit = units.get(log.holder_unit_id) if log is not None else None
    return replace(
        bare,
        child=child_of(context, case.id).name,
        age=age(ops.birth_date, context.now),
        question=asked.question if asked is not None else "",
        holder=directory.name_of(context, log.holder_id) if log is not None else "",
        holder_unit=unit.name if unit is not None else "",
        level=ops.level,
        level_since=day_in_norway(ops.level_since),
    )
