"""My day: what needs the person now, ordered by how much it hurts to let it lie, and their cases.

Read from the cases' sealed state; of what is written only the children's names are opened. The
whole list is one entry in the log, which names every case in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.deadlines import Pressing, pressing
from bti.domain.levels import Level
from bti.workflows import baton, duty, emergency, own_record, review
from bti.workflows.consultation_tasks import consultation_tasks
from bti.workflows.correction import corrected_tasks
from bti.workflows.double_tasks import double_tasks
from bti.workflows.due_tasks import due_tasks
from bti.workflows.join_tasks import join_tasks
from bti.workflows.leaving_tasks import leaving_tasks
from bti.workflows.permission import require
from bti.workflows.referral_queue import count_waiting
from bti.workflows.request_tasks import request_tasks
from bti.workflows.worklist_rows import Lines, Relation, Row, TaskKind, read_lines
from bti.workflows.worklist_tasks import Task, in_order, tasks_of

if TYPE_CHECKING:
    from bti.workflows.baton import OfferToMe
    from bti.workflows.context import Context

__all__ = [
    "Relation",
    "Row",
    "Show",
    "Task",
    "TaskKind",
    "UnitOverview",
    "WeekDay",
    "Worklist",
    "my_day",
]

_WEEK: Final = timedelta(days=7)
_TEAM: Final = frozenset({Role.TEAM_LEAD, Role.TEAM_MEMBER})


class Show(StrEnum):
    """Which of the person's cases the table shows."""

    ALL = "all"
    HOLDER = "holder"
    PARTICIPANT = "participant"
    WONDER = "wonder"


@dataclass(frozen=True, slots=True)
class WeekDay:
    """Something that is due within a week. ``child`` is empty where names are hidden."""

    on: date
    kind: TaskKind
    number: str
    child: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnitOverview:
    """A leader's view of their unit: open cases per level, and those where a date has passed."""

    levels: tuple[tuple[int, int], ...]
    total: int
    overdue: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """Everything on the page. ``counts`` tells how many cases each choice of the table shows."""

    today: date
    tasks: tuple[Task, ...]
    rows: tuple[Row, ...]
    counts: dict[Show, int]
    show: Show
    names_hidden: bool
    week: tuple[WeekDay, ...]
    unit: UnitOverview | None

    @property
    def is_new(self) -> bool:
        """Whether the person has nothing at all yet."""
        return not self.counts[Show.ALL] and not self.tasks

    @property
    def urgent(self) -> int:
        """How many tasks should not wait."""
        return sum(1 for task in self.tasks if task.urgent)


def my_day(context: Context, *, show: Show = Show.ALL, names_hidden: bool = False) -> Worklist:
    """Return the person's tasks and cases. Raises ``AccessDenied`` for who does no case work.

    A unit leader also gets the unit's open cases. With ``names_hidden`` no name leaves this call.
    """
    subject = require(context, Action.SEE_WORKLIST)
    offers = baton.offers_to_me(context)
    lines = read_lines(context, subject, offers, names_hidden=names_hidden)
    # Nothing is done in a log that is set aside; the family's questions about it are answered all the same.
    working = replace(lines, rows=tuple(row for row in lines.rows if not row.ops.set_aside))
    mine = [row for row in lines.rows if row.relation is not Relation.UNIT]
    tasks = tasks_of(
        context,
        working,
        offers=_hidden(offers) if names_hidden else offers,
        drafts=own_record.my_drafts(context),
        duties=duty.my_due(context),
        waiting=count_waiting(context, subject.unit_id) if subject.role in _TEAM else 0,
        emergencies=emergency.notices(context, lines.ids),
        reviews=review.count_waiting(context, subject) if subject.role is Role.UNIT_LEAD else 0,
    )
    context.record(
        Act.WORKLIST_OWN_READ, more=[Reference("case", one) for one in sorted(lines.ids, key=str)]
    )
    return Worklist(
        today=context.today,
        tasks=in_order(
            [
                *tasks,
                *leaving_tasks(context, subject),
                *request_tasks(context, subject, lines.rows),
                *double_tasks(context, subject, working.rows),
                *join_tasks(context, subject, lines.rows),
                *corrected_tasks(context, lines.rows),
                *consultation_tasks(context, subject),
                *due_tasks(context, subject, working.rows),
            ]
        ),
        rows=tuple(row for row in mine if _shown(row, show)),
        counts={one: sum(1 for row in mine if _shown(row, one)) for one in Show},
        show=show,
        names_hidden=names_hidden,
        week=_week(context, mine),
        unit=_overview(context, working) if subject.role is Role.UNIT_LEAD else None,
    )


def _hidden(offers: tuple[OfferToMe, ...]) -> tuple[OfferToMe, ...]:
    return tuple(
        baton.OfferToMe(
            case_id=one.case_id,
            offer_id=one.offer_id,
            number=one.number,
            child="",
            from_name=one.from_name,
            # Somebody may have written the name in it.
            message="",
            expires_at=one.expires_at,
            moves=one.moves,
        )
        for one in offers
    )


def _shown(row: Row, show: Show) -> bool:
    match show:
        case Show.ALL:
            return True
        case Show.HOLDER:
            return row.relation is Relation.HOLDER
        case Show.WONDER:
            return row.level == Level.WONDER
        case Show.PARTICIPANT:
            return row.relation is not Relation.HOLDER and row.level != Level.WONDER


def _week(context: Context, mine: list[Row]) -> tuple[WeekDay, ...]:
    until = context.today + _WEEK
    found = [
        WeekDay(row.due_on, row.next_step, row.number, row.child)
        for row in mine
        if row.due_on is not None and context.today <= row.due_on < until
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.number)))


def _overview(context: Context, lines: Lines) -> UnitOverview:
    own = [row for row in lines.rows if row.in_own_unit]
    levels = Counter(row.level for row in own)
    overdue = [
        row
        for row in own
        if row.follow_up_broken
        or (
            row.due_on is not None
            and pressing(row.due_on, context.today, context.profile) is Pressing.OVERDUE
        )
    ]
    return UnitOverview(
        levels=tuple((int(level), levels[int(level)]) for level in Level),
        total=len(own),
        overdue=tuple(sorted(overdue, key=lambda row: (row.due_on or date.min, row.number))),
    )
