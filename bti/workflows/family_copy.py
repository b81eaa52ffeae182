"""A copy for one of the family: exactly what that person may read, and nothing that tells of the rest.

Guardians and the young cannot sign in. What reaches them is paper, made by whoever is in the case, of what
that person can read. The rules are in ``domain.family``; what is in no case is in no copy.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action
from bti.domain.family import StaysOut, check_copy, stays_out
from bti.workflows.case_file import Kind, case_row, entries, ops_of, write_entry
from bti.workflows.consent_file import sectors_in
from bti.workflows.errors import NotFound
from bti.workflows.family import FAMILY, page_of
from bti.workflows.level import own_compartment
from bti.workflows.once import found_done, hold, row_id
from bti.workflows.sheet import copy_in, lines_of, pieces_in

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context
    from bti.workflows.family import FamilyPage, Member
    from bti.workflows.sheet import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCopy:
    """One person's copy. ``out`` is for the one who makes it alone: it never goes on the paper."""

    case_id: uuid.UUID
    number: str
    child: str = field(repr=False)
    reader: str = field(repr=False)
    of_child: bool
    on: date
    lines: tuple[Line, ...] = field(repr=False)
    out: tuple[tuple[StaysOut, int], ...]
    protected: bool


def preview(context: Context, *, case_id: uuid.UUID, person_id: uuid.UUID) -> FamilyCopy:
    """Return what a copy would hold, to look at before it is made; logged as a reading.

    Raises ``RuleBroken`` as ``domain.family.check_copy`` and ``NotFound``.
    """
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=Act.CASE_OPEN_READ)
    return _copy(context, opened, person_id)


def make(
    context: Context, *, case_id: uuid.UUID, person_id: uuid.UUID, submission: uuid.UUID | None
) -> uuid.UUID:
    """Make the copy: an entry in the case and in the log of what it holds and for whom; its id.

    A second sending of the same form makes no other. Raises as ``preview``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=None)
    copy_id = row_id(context, "copy", submission or uuid.uuid4())
    if context.session.get(Entry, copy_id) is not None:
        found_done(context, opened)
        return copy_id
    made = _copy(context, opened, person_id)
    write_entry(
        context,
        case_id,
        kind=Kind.COPY,
        compartment=own_compartment(context, opened),
        meta={"for": FAMILY, "person": person_id},
        body={"entries": [line.id for line in made.lines]},
        entry_id=copy_id,
    )
    context.record(
        Act.FAMILY_COPY_PRINT,
        Reference("case", case_id),
        Reference("person", person_id),
        ground=opened.ground,
    )
    return copy_id


def show(context: Context, *, case_id: uuid.UUID, copy_id: uuid.UUID) -> FamilyCopy:
    """Return a copy that was made, for the paper; each time is a printing in the log.

    What may no longer be given is left out. Raises ``NotFound`` for another service's, and as ``preview``.
    """
    opened = context.verbs.open(case_id, Action.PRINT_CASE, entry=Act.CASE_PAGE_PRINT)
    record = copy_in(entries(context, case_id, opened=opened), copy_id)
    if record.meta["for"] != FAMILY:
        raise NotFound
    made = _copy(context, opened, uuid.UUID(record.meta["person"]))
    kept = set(record.body["entries"])
    return replace(made, lines=tuple(line for line in made.lines if str(line.id) in kept))


def _copy(context: Context, opened: Opened, person_id: uuid.UUID) -> FamilyCopy:
    records = entries(context, opened.case_id, opened=opened)
    page = page_of(context, opened, records)
    member = page.member(person_id)
    chosen, out = _chosen(context, page, member, records)
    return FamilyCopy(
        case_id=page.case_id,
        number=page.number,
        child=page.child,
        reader=member.person.name,
        of_child=member.reader.is_child,
        on=context.today,
        lines=lines_of(context, records, chosen, hide_place=page.protected),
        out=tuple((reason, out[reason]) for reason in StaysOut if out[reason]),
        protected=page.protected,
    )


def _chosen(
    context: Context, page: FamilyPage, member: Member, records: tuple[Record, ...]
) -> tuple[frozenset[uuid.UUID], Counter[StaysOut]]:
    birth_date = ops_of(case_row(context, page.case_id)).birth_date
    judgement = check_copy(
        member.reader,
        member.now.facts if member.now is not None else None,
        birth_date,
        context.now,
        protected=page.protected,
    )
    chosen: set[uuid.UUID] = set()
    out: Counter[StaysOut] = Counter()
    for record, piece in pieces_in(records, sectors_in(context)):
        why = stays_out(member.reader, judgement, piece, birth_date, context.now)
        if why is None:
            chosen.add(record.id)
        else:
            out[why] += 1
    return frozenset(chosen), out
