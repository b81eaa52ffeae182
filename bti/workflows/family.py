"""What each of the family may read: the judgement on record, what the law proposes, and what stood before.

A judgement is an entry of its own and is never written over. Who, what and when is in its meta, so that
whoever makes a copy follows it; the reason is the own note of the service that decided (ADR 0048).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import age
from bti.domain.codes import GuardianAccess, InfoType
from bti.domain.family import (
    FamilyReader,
    JudgementFacts,
    Proposal,
    check_judgement,
    is_over,
    next_look,
    proposal,
)
from bti.workflows import directory
from bti.workflows.case_file import (
    Kind,
    case_row,
    entries,
    of_kind,
    ops_of,
    persons,
    write_entry,
)
from bti.workflows.errors import NotFound
from bti.workflows.level import own_compartment
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Ops, PersonRecord, Record
    from bti.workflows.context import Context

FAMILY: Final = "family"
"""What a copy for one of the family is for, as it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What one of the family may read from now on, and why."""

    case_id: uuid.UUID
    version: int | None
    person_id: uuid.UUID
    submission: uuid.UUID | None
    access: GuardianAccess
    kinds: frozenset[InfoType]
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A judgement as it stands. ``reason`` is empty for whoever is of another service."""

    facts: JudgementFacts
    reason: str = field(repr=False)
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The child or a guardian. ``judgements`` newest first; ``copied`` is when copies were made."""

    person: PersonRecord
    reader: FamilyReader
    proposal: Proposal
    judgements: tuple[Judgement, ...]
    #: Whether the newest must be made anew before a copy.
    over: bool
    copied: tuple[datetime, ...]

    @property
    def now(self) -> Judgement | None:
        """The judgement in force."""
        return self.judgements[0] if self.judgements else None

    @property
    def may_copy(self) -> bool:
        """Whether a copy can be made as things stand."""
        now = self.now
        stands = now is not None and not self.over and not self.reader.blocked
        return stands and now is not None and now.facts.access is not GuardianAccess.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyPage:
    """The page of what the family may read."""

    case_id: uuid.UUID
    number: str
    version: int
    child: str = field(repr=False)
    child_age: int
    members: tuple[Member, ...]
    next_look: date | None
    protected: bool
    may_judge: bool
    may_copy: bool

    def member(self, person_id: uuid.UUID) -> Member:
        """Return one of them. Raises ``NotFound``."""
        for one in self.members:
            if one.person.id == person_id:
                return one
        raise NotFound


def family_page(context: Context, *, case_id: uuid.UUID) -> FamilyPage:
    """Return who is in the family and what each may read; logged as a reading."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return page_of(context, opened, entries(context, case_id, opened=opened))


def page_of(context: Context, opened: Opened, records: tuple[Record, ...]) -> FamilyPage:
    """Return the same for a case that is open."""
    case = case_row(context, opened.case_id)
    ops = ops_of(case)
    members = members_of(context, ops, persons(context, opened.case_id), records)
    return FamilyPage(
        case_id=case.id,
        number=case.number,
        version=case.version,
        child=next(one.person for one in members if one.reader.is_child).name,
        child_age=age(ops.birth_date, context.now),
        members=members,
        next_look=next_look(ops.birth_date, context.now),
        protected=ops.protection is not None,
        may_judge=_may(context, opened, Action.CHANGE_CHILD),
        may_copy=_may(context, opened, Action.PRINT_CASE),
    )


def judge(context: Context, command: Judge) -> None:
    """Write down what one of the family may read. A second sending of the same form does nothing.

    Raises ``RuleBroken`` as ``domain.family.check_judgement``, ``NotFound`` and ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CHANGE_CHILD, entry=None)
    new_id = row_id(context, "judgement", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    ops = ops_of(case)
    people = persons(context, command.case_id)
    reader = next(
        (one for one in map(reader_of, people) if one.person_id == command.person_id), None
    )
    if reader is None:
        raise NotFound
    check_judgement(
        reader,
        command.access,
        command.kinds,
        ops.birth_date,
        context.now,
        has_reason=bool(command.reason.strip()),
    )
    limited = command.access is GuardianAccess.LIMITED
    write_entry(
        context,
        command.case_id,
        kind=Kind.JUDGEMENT,
        compartment=own_compartment(context, opened),
        meta={
            "person": command.person_id,
            "access": command.access.value,
            "kinds": sorted(command.kinds) if limited else [],
        },
        body={"reason": command.reason},
        entry_id=new_id,
    )
    context.session.flush()
    # After the judgement is there, and once: the case's own row is under a MAC.
    case.ops = replace(ops, family_look=_look(context, ops, command.case_id, people)).to_json()
    context.record(
        Act.FAMILY_ACCESS_JUDGE,
        Reference("case", command.case_id),
        Reference("person", command.person_id),
        ground=opened.ground,
    )


def members_of(
    context: Context, ops: Ops, people: Iterable[PersonRecord], records: tuple[Record, ...]
) -> tuple[Member, ...]:
    """Return the child and the guardians with what was decided about each; ``records`` oldest first."""
    copies = [one for one in of_kind(records, Kind.COPY) if one.meta["for"] == FAMILY]
    found = []
    for person in people:
        reader = reader_of(person)
        judged = _judgements(context, records, person.id)
        found.append(
            Member(
                person=person,
                reader=reader,
                proposal=proposal(reader, ops.birth_date, context.now),
                judgements=judged,
                over=bool(judged) and _is_over(context, ops, judged[0].facts),
                copied=tuple(
                    one.at for one in reversed(copies) if one.meta["person"] == str(person.id)
                ),
            )
        )
    return tuple(found)


def reader_of(person: PersonRecord) -> FamilyReader:
    """Return one of the family as the rules see them."""
    return FamilyReader(
        person_id=person.id,
        is_child=person.kind == "child",
        parental_responsibility=person.parental_responsibility,
        blocked=person.block is not None,
    )


def _is_over(context: Context, ops: Ops, facts: JudgementFacts) -> bool:
    return is_over(facts, ops.birth_date, context.now, protected=ops.protection is not None)


def _judgements(
    context: Context, records: tuple[Record, ...], person_id: uuid.UUID
) -> tuple[Judgement, ...]:
    return tuple(
        Judgement(
            facts=_facts(record),
            reason=record.body.get("reason", ""),
            by=directory.name_of(context, record.by),
        )
        for record in reversed(of_kind(records, Kind.JUDGEMENT))
        if record.meta["person"] == str(person_id)
    )


def _facts(record: Record) -> JudgementFacts:
    return JudgementFacts(
        access=GuardianAccess(record.meta["access"]),
        at=record.at,
        kinds=frozenset(InfoType(one) for one in record.meta["kinds"]),
    )


def _look(
    context: Context, ops: Ops, case_id: uuid.UUID, people: Iterable[PersonRecord]
) -> date | None:
    """Return the first birthday after the oldest judgement that still stands: read by worklists."""
    judged = of_kind(entries(context, case_id), Kind.JUDGEMENT)
    newest = {one.meta["person"]: one.at for one in judged}
    known = [newest[str(one.id)] for one in people if str(one.id) in newest]
    return next_look(ops.birth_date, min(known)) if known else None


def _may(context: Context, opened: Opened, action: Action) -> bool:
    return isinstance(decide(context.verbs.subject(), action, opened.facts, context.now), Allowed)
