"""What questions without names put on worklists and in reminders: that something waits, never what or about whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bti.domain.ages import day_in_norway
from bti.domain.consultation import ConsultationState
from bti.domain.deadlines import Pressing
from bti.domain.reminders import Waiting
from bti.workflows.consultation_file import asked_of
from bti.workflows.worklist_rows import TaskKind
from bti.workflows.worklist_tasks import Task

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from bti.domain.relations import Subject
    from bti.profiles import Profile
    from bti.workflows.context import Context

TO_ANSWER: Final = "to_answer"
_A_DAY: Final = timedelta(days=1)


def consultation_tasks(context: Context, subject: Subject) -> Iterator[Task]:
    """Yield what waits for the person: questions to answer, answers to read, and what was sent back."""
    waiting: dict[str, int] = {}
    for about, account_id, _ in _each(context, subject.tenant_id, context.profile):
        if account_id == subject.account_id:
            waiting[about] = waiting.get(about, 0) + 1
    for about, count in sorted(waiting.items()):
        yield Task(kind=TaskKind.CONSULTATION, pressing=Pressing.SOON, about=about, count=count)


def consultation_waiting(
    context: Context, tenant_id: uuid.UUID, profile: Profile
) -> Iterator[tuple[uuid.UUID, Waiting]]:
    """Yield who is to be reminded, and from when: the day after something came (system only)."""
    for _, account_id, on in _each(context, tenant_id, profile):
        yield account_id, Waiting(on + _A_DAY)


def _each(
    context: Context, tenant_id: uuid.UUID, profile: Profile
) -> Iterator[tuple[str, uuid.UUID, date]]:
    for question in asked_of(context, tenant_id, profile):
        on = day_in_norway(question.last_at)
        match question.state:
            case ConsultationState.ASKED:
                yield from ((TO_ANSWER, one, on) for one in sorted(question.members, key=str))
            case ConsultationState.ANSWERED | ConsultationState.SENT_BACK:
                yield question.state.value, question.asker, on
            case ConsultationState.DONE:
                continue
