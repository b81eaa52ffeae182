"""Matters on the data protection officer's desk as rows: made once, added to, never changed.

What a step means, and whether it may be added, is for ``breach`` and its siblings.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.db.models import DeskMatter, DeskStep
from bti.workflows import directory, once
from bti.workflows.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter, opened: what it was made with, and what was added, in order."""

    matter_id: uuid.UUID
    kind: str
    case_id: uuid.UUID | None
    body: Mapping[str, Any] = field(repr=False)
    steps: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Clock:
    """Of a request about a case: which right, when it came, and of which kinds what was added is."""

    kind: str
    case_id: uuid.UUID
    facts: Mapping[str, Any]
    steps: tuple[str, ...]


def create(
    context: Context,
    kind: str,
    body: Mapping[str, Any],
    *,
    submission: uuid.UUID,
    case_id: uuid.UUID | None = None,
    clock: Mapping[str, Any] | None = None,
) -> tuple[uuid.UUID, bool]:
    """Add a matter and return its id, and whether it is new: a form sent twice makes one.

    ``clock`` is what the worklists of others are made from; the body is the officer's alone.
    """
    row_id = once.row_id(context, f"desk-{kind}", submission)
    if context.session.get(DeskMatter, row_id) is not None:
        return row_id, False
    row = DeskMatter(id=row_id, tenant_id=context.person.tenant_id, kind=kind, case_id=case_id)
    row.body = {**body, "made_at": context.now, "made_by": str(context.person.account_id)}
    row.clock = clock
    context.session.add(row)
    context.session.flush()
    return row_id, True


def add(
    context: Context,
    matter: Matter,
    body: Mapping[str, Any],
    *,
    submission: uuid.UUID | None = None,
    clock: Mapping[str, Any] | None = None,
) -> None:
    """Add a step after those of ``matter``; ``clock`` as for ``create``.

    Two who add at once get the same number; the later one is told ``Conflict`` by the doorway.
    """
    row = DeskStep(
        tenant_id=context.person.tenant_id,
        matter_id=matter.matter_id,
        number=len(matter.steps) + 1,
        case_id=matter.case_id,
    )
    if submission is not None:
        row.id = once.row_id(context, "desk-step", submission)
    row.body = {**body, "made_at": context.now, "made_by": str(context.person.account_id)}
    row.clock = clock
    context.session.add(row)
    context.session.flush()


def done_already(context: Context, submission: uuid.UUID) -> bool:
    """Whether the step this form makes is there: it was sent twice."""
    row_id = once.row_id(context, "desk-step", submission)
    return context.session.get(DeskStep, row_id) is not None


def unchanged(matter: Matter, version: int | None) -> None:
    """Raise ``Conflict`` when something was added since ``version`` steps were shown."""
    if version is not None and version != len(matter.steps):
        raise Conflict


def one(context: Context, *kinds: str, matter_id: uuid.UUID) -> Matter:
    """Return one matter of the person's municipality, of one of the kinds. Raises ``NotFound``."""
    row = context.session.get(DeskMatter, matter_id)
    if row is None or row.tenant_id != context.person.tenant_id or row.kind not in kinds:
        raise NotFound
    return _matters(context, [row])[0]


def every(context: Context, kind: str) -> tuple[Matter, ...]:
    """Return every matter of a kind."""
    wanted = select(DeskMatter).where(
        DeskMatter.tenant_id == context.person.tenant_id, DeskMatter.kind == kind
    )
    return _matters(context, context.session.scalars(wanted).all())


def clocks(context: Context, case_ids: Sequence[uuid.UUID]) -> tuple[Clock, ...]:
    """Return the clocks of the matters about these cases: what others than the officer may know."""
    rows = context.session.scalars(
        select(DeskMatter).where(
            DeskMatter.tenant_id == context.person.tenant_id, DeskMatter.case_id.in_(case_ids)
        )
    ).all()
    steps = _steps(context, rows)
    return tuple(
        Clock(row.kind, row.case_id, row.clock, tuple(step.clock["kind"] for step in steps[row.id]))
        for row in rows
        if row.case_id is not None
    )


def made_by(context: Context, body: Mapping[str, Any]) -> str:
    """Return the name of who made a matter or added a step."""
    return directory.name_of(context, uuid.UUID(body["made_by"]))


def _matters(context: Context, rows: Sequence[DeskMatter]) -> tuple[Matter, ...]:
    steps = _steps(context, rows)
    return tuple(
        Matter(row.id, row.kind, row.case_id, row.body, tuple(one.body for one in steps[row.id]))
        for row in rows
    )


def _steps(context: Context, rows: Sequence[DeskMatter]) -> dict[uuid.UUID, list[DeskStep]]:
    steps: dict[uuid.UUID, list[DeskStep]] = {row.id: [] for row in rows}
    found = context.session.scalars(
        select(DeskStep)
        .where(
            DeskStep.tenant_id == context.person.tenant_id,
            DeskStep.matter_id.in_([row.id for row in rows]),
        )
        .order_by(DeskStep.number)
    )
    for step in found:
        steps[step.matter_id].append(step)
    return steps
