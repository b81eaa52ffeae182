"""What needs the person: made from lines, offers, consents, the team's queue and own records.

The order is by how much it hurts a child that it lies: a broken follow-up before everything.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.db.models import Consent, ConsentAnswer
from bti.domain import deadlines, of_age
from bti.domain.ages import day_in_norway
from bti.domain.consent import OPENING, ConsentStatus, Scope, latest_end
from bti.domain.deadlines import Pressing
from bti.domain.gates import BY_LAW
from bti.domain.levels import Level, LogStatus
from bti.domain.protection import ProtectionStanding
from bti.workflows import directory, protection
from bti.workflows.consent_file import asked_in
from bti.workflows.of_age_file import of_age_warned
from bti.workflows.worklist_rows import TaskKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bti.workflows.baton import OfferToMe
    from bti.workflows.consent_file import Asked
    from bti.workflows.context import Context
    from bti.workflows.duty import DueLine
    from bti.workflows.emergency import Notice
    from bti.workflows.own_record import DraftLine
    from bti.workflows.protection import Unled
    from bti.workflows.worklist_rows import Lines, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do. ``about`` is a service, a person or a form's code; never closed text.

    ``child`` is empty where names are hidden or the case is not open; ``count`` is for tasks that
    stand for several.
    """

    kind: TaskKind
    pressing: Pressing
    due_on: date | None = None
    days_over: int = 0
    case_id: uuid.UUID | None = None
    item_id: uuid.UUID | None = None
    number: str = ""
    child: str = field(default="", repr=False)
    group: str = field(default="", repr=False)
    about: str = ""
    words: str = field(default="", repr=False)
    count: int = 0
    at: datetime | None = None

    @property
    def urgent(self) -> bool:
        """Whether it should not wait until another day."""
        return self.kind in _NEVER_WAITS or self.pressing in {Pressing.OVERDUE, Pressing.TODAY}


_NEVER_WAITS: Final = frozenset(
    {TaskKind.BROKEN, TaskKind.GAP, TaskKind.OFFER, TaskKind.MOVE, TaskKind.EMERGENCY}
)
_ORDER: Final = {kind: place for place, kind in enumerate(TaskKind)}
_NOW: Final = frozenset({Pressing.OVERDUE, Pressing.TODAY})
_SHOWN: Final = frozenset({Pressing.OVERDUE, Pressing.TODAY, Pressing.SOON})


def tasks_of(
    context: Context,
    lines: Lines,
    *,
    offers: tuple[OfferToMe, ...],
    drafts: tuple[DraftLine, ...],
    duties: tuple[DueLine, ...],
    waiting: int,
    emergencies: tuple[Notice, ...],
    reviews: int,
) -> tuple[Task, ...]:
    """Return the person's tasks, what hurts most first; ``waiting`` is the team's queue."""
    groups = {row.case_id: row.group for row in lines.rows}
    steering = [row for row in lines.rows if row.relation in {"holder", "follower"}]
    found = [
        *(task for row in steering for task in _of_row(context, row)),
        *(task for row in steering for task in _of_meeting(context, row)),
        *(task for row in steering for task in _of_family(context, row)),
        *(task for row in steering for task in _of_age(context, row)),
        *(task for row in lines.rows for task in _of_protection(context, row)),
        *(_of_unled(one) for one in protection.unled(context)),
        *(_of_offer(context, one, groups.get(one.case_id, "")) for one in offers),
        *_of_consents(context, steering),
        *(_returned(row) for row in lines.rows if _is_back(row)),
        *(_of_duty(context, one) for one in duties),
        *(_of_draft(one) for one in drafts),
    ]
    rows = {row.case_id: row for row in steering}
    found += [_of_emergency(rows[one.case_id], one) for one in emergencies if one.case_id in rows]
    if reviews:
        found.append(Task(kind=TaskKind.REVIEW, pressing=Pressing.SOON, count=reviews))
    if waiting:
        found.append(Task(kind=TaskKind.QUEUE, pressing=Pressing.SOON, count=waiting))
    return in_order(found)


def in_order(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Return the tasks with what hurts a child most first."""
    return tuple(sorted(tasks, key=_pain))


def _pain(task: Task) -> tuple[bool, bool, int, date, str]:
    return (
        task.kind is not TaskKind.BROKEN,
        not task.urgent,
        _ORDER[task.kind],
        task.due_on or date.max,
        task.number,
    )


def _of_row(context: Context, row: Row) -> Iterator[Task]:
    if row.follow_up_broken:
        yield task_of(context, TaskKind.BROKEN, row, row.ops.next_evaluation)
        return
    dated = (
        (TaskKind.EVALUATION, row.ops.next_evaluation),
        (
            TaskKind.TALK,
            of_age.guardian_talk_due(row.ops.talk_due, row.ops.birth_date, context.today),
        ),
        (TaskKind.DECISION, row.ops.decision_due if row.level == Level.WONDER else None),
    )
    for kind, day in dated:
        if day is not None and deadlines.pressing(day, context.today, context.profile) in _SHOWN:
            about = row.ops.evaluation_of if kind is TaskKind.EVALUATION else ""
            yield task_of(context, kind, row, day, about)


def _of_meeting(context: Context, row: Row) -> Iterator[Task]:
    """A meeting stands here until its minutes are locked; one that is wanted, until it is planned."""
    slot, wanted = row.ops.meeting, row.ops.meeting_wanted
    if slot is not None:
        day = day_in_norway(slot.starts_at)
        if deadlines.pressing(day, context.today, context.profile) in _SHOWN:
            task = task_of(context, TaskKind.MEETING, row, day)
            yield replace(task, item_id=slot.meeting_id, at=slot.starts_at)
    if wanted is not None:
        yield task_of(context, TaskKind.MEETING_WANTED, row, wanted)


def task_of(
    context: Context, kind: TaskKind, row: Row, due_on: date | None, about: str = ""
) -> Task:
    """Return a task about one case of the list."""
    return Task(
        kind=kind,
        pressing=Pressing.LATER
        if due_on is None
        else deadlines.pressing(due_on, context.today, context.profile),
        due_on=due_on,
        days_over=deadlines.days_over(due_on, context.today) if due_on is not None else 0,
        case_id=row.case_id,
        number=row.number,
        child=row.child,
        group=row.group,
        about=about,
    )


def _of_family(context: Context, row: Row) -> Iterator[Task]:
    """What the family may read is decided anew on a birthday, whatever else is late."""
    day = row.ops.family_look
    if day is not None and deadlines.pressing(day, context.today, context.profile) in _SHOWN:
        yield task_of(context, TaskKind.FAMILY, row, day)


def _of_age(context: Context, row: Row) -> Iterator[Task]:
    """What is to become of a case at 18, at each warning of the day."""
    ops = row.ops
    if of_age_warned(ops, context.today, context.profile) is not None:
        task = task_of(context, TaskKind.OF_AGE, row, of_age.of_age_on(ops.birth_date))
        yield replace(task, about="grown") if task.pressing in _NOW else task


def _of_protection(context: Context, row: Row) -> Iterator[Task]:
    """Renewing takes weeks and is somebody else's decision: told to everybody who is named."""
    now = row.ops.protection
    if now is not None and now.standing(context.today) is not ProtectionStanding.HOLDS:
        yield task_of(context, TaskKind.PROTECTION_ENDING, row, now.until)


def _of_unled(case: Unled) -> Task:
    return Task(
        kind=TaskKind.PROTECTION_UNLED,
        pressing=Pressing.SOON,
        case_id=case.case_id,
        number=case.number,
    )


def _of_emergency(row: Row, notice: Notice) -> Task:
    return Task(
        kind=TaskKind.EMERGENCY,
        pressing=Pressing.SOON,
        case_id=row.case_id,
        number=row.number,
        child=row.child,
        group=row.group,
        about=notice.name,
        words=notice.unit,
        at=notice.at,
    )


def _of_offer(context: Context, offer: OfferToMe, group: str) -> Task:
    last = day_in_norway(offer.expires_at)
    return Task(
        kind=TaskKind.MOVE if offer.moves else TaskKind.OFFER,
        pressing=deadlines.pressing(last, context.today, context.profile),
        due_on=last,
        case_id=offer.case_id,
        item_id=offer.offer_id,
        number=offer.number,
        child=offer.child,
        group=group if offer.child else "",
        about=offer.from_name,
        words=offer.message,
    )


def _of_draft(draft: DraftLine) -> Task:
    # Of minutes: the case and the meeting, as the author's own row says them.
    case, _, meeting = draft.about.partition(":")
    return Task(
        kind=TaskKind.DRAFT,
        pressing=Pressing.LATER,
        about=draft.form.value,
        at=draft.saved_at,
        case_id=uuid.UUID(case) if case else None,
        item_id=uuid.UUID(meeting) if meeting else None,
    )


def _of_duty(context: Context, due: DueLine) -> Task:
    return Task(
        kind=TaskKind.DUTY,
        about="" if due.sent else "not_sent",
        pressing=deadlines.pressing(due.due_on, context.today, context.profile),
        due_on=due.due_on,
        days_over=deadlines.days_over(due.due_on, context.today),
        item_id=due.record_id,
    )


def _is_back(row: Row) -> bool:
    return row.ops.referral == "returned" and row.relation in {"holder", "unit"}


def _returned(row: Row) -> Task:
    return Task(
        kind=TaskKind.RETURNED,
        pressing=Pressing.LATER,
        case_id=row.case_id,
        number=row.number,
        child=row.child,
        group=row.group,
    )


def _of_consents(context: Context, rows: Iterable[Row]) -> Iterator[Task]:
    by_case = {row.case_id: row for row in rows}
    units = directory.units(context)
    for case_id in sorted(_worth_asking(context, by_case), key=str):
        everything = asked_in(context, case_id)
        lapsed = _log_lapsed(by_case[case_id], everything)
        if lapsed is not None:
            yield task_of(context, TaskKind.CONSENT_MISSING, by_case[case_id], lapsed, "")
        for asked in everything:
            unit = units.get(asked.to_unit) if asked.to_unit is not None else None
            about = unit.name if unit is not None else ""
            kind, day = _consent_task(context, asked)
            if kind is not None:
                yield task_of(context, kind, by_case[case_id], day, about)


def _log_lapsed(row: Row, everything: Iterable[Asked]) -> date | None:
    """Return the day the consent to an open log ran out, when no other is in force."""
    opening = [one for one in everything if one.facts.scope is Scope.OPEN_LOG]
    over = [one.facts.valid_to for one in opening if one.status is ConsentStatus.EXPIRED]
    standing = any(one.status in OPENING for one in opening)
    if row.ops.log != LogStatus.ACTIVE or standing or not over:
        return None
    return day_in_norway(max(over))


def _consent_task(context: Context, asked: Asked) -> tuple[TaskKind | None, date | None]:
    if asked.status in {ConsentStatus.ASKED, ConsentStatus.NEEDS_RENEWAL}:
        return TaskKind.CONSENT_MISSING, None
    if asked.status in OPENING:
        # It may end before it runs out: on a birthday from which others must answer.
        ends = latest_end(asked.facts, context.now, asked.rules)
        if context.today >= deadlines.consent_reminder(ends, context.profile):
            return TaskKind.CONSENT_ENDING, day_in_norway(ends)
    return None, None


def _worth_asking(context: Context, cases: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return the cases where a consent may lack an answer or end soon: two questions for them all.

    Where it really stands is asked of the rules, case by case, for these few.
    """
    ids = list(cases)
    if not ids:
        return frozenset()
    answered: dict[uuid.UUID, set[str]] = {}
    for answer in context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.case_id.in_(ids))
    ):
        if answer.meta["answer"] in {"yes", "partly", "no", "withdrawn"}:
            answered.setdefault(answer.consent_id, set()).add(str(answer.person_id))
    found = set()
    for row in context.session.scalars(select(Consent).where(Consent.case_id.in_(ids))):
        if row.meta["scope"] == BY_LAW:
            continue
        ends_at = datetime.fromisoformat(row.meta["ends_at"])
        lacks = set(row.meta["required"]) - answered.get(row.id, set())
        ends = context.today >= deadlines.consent_reminder(ends_at, context.profile)
        if lacks or ends:
            found.add(row.case_id)
    return frozenset(found)
