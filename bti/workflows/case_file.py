"""What is written in a case, added and read back as plain records. Decides nothing and opens no keys."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.db.models import Case, Entry, Person
from bti.domain.archive import ArchiveState
from bti.domain.goals import Looked
from bti.domain.join import CONTINUED, Continuation
from bti.domain.meetings import Slot
from bti.domain.own_secrets import Mark
from bti.domain.partiality import KeptOut, kept_out_in
from bti.domain.protection import Protection
from bti.workflows import entry_marks
from bti.workflows.guardian_file import block_in, source_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bti.domain.guardians import Source
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context
    from bti.workflows.guardian_file import Block

CORE = "core"


class Kind(StrEnum):
    """Kinds of entry. The kind is sealed too."""

    CONCERN = "concern"
    CONVERSATION = "conversation"
    STEP = "step"
    BACKGROUND = "background"
    GOAL = "goal"
    GOAL_EVALUATION = "goal_evaluation"
    MEASURE = "measure"
    EVALUATION = "evaluation"
    DECISION = "decision"
    REFERRAL = "referral"
    RIGHTS = "rights"
    NOTE = "note"
    MEETING = "meeting"
    PREPARATION = "preparation"
    MINUTES = "minutes"
    PROTECTION = "protection"
    #: Stands beside another entry: the right information, or the family's view.
    CORRECTION = "correction"
    #: Stands beside another entry: how that one is shared.
    MARK = "mark"
    #: What one of the family may read, as a named person has decided.
    JUDGEMENT = "judgement"
    #: That a copy was made on paper or as a file, for whom and of what.
    COPY = "copy"
    #: Where something is kept, and nothing of what it says.
    REFERENCE = "reference"
    #: What a register would have changed about the guardians, and what was answered.
    PROPOSAL = "proposal"
    #: That the case went to another service with the child.
    MOVE = "move"
    OF_AGE = "of_age"  # what is to become of the case when the child is of age
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Ops:
    """The working state of a case, sealed under the tenant's ops key.

    Dates are Norwegian days. ``trail``, all that statistics read: (day, level or -1 for closed) of each change.
    """

    level: int
    status: str
    log: str
    opened_at: datetime
    level_since: datetime
    birth_date: date
    sector: str
    categories: tuple[str, ...]
    decision_due: date | None = None
    talk_due: date | None = None
    next_evaluation: date | None = None
    #: What that day is for, as ``bti.domain.goals.Looked``.
    evaluation_of: str = Looked.MEASURES.value
    closed_at: datetime | None = None
    closing_cause: str = ""
    referral: str = ""
    team_unit: uuid.UUID | None = None
    trail: tuple[tuple[date, int], ...] = field(default=())
    #: The version of the local rules that each part of the trail was begun under, in its order.
    made_under: tuple[str, ...] = field(default=())
    protection: Protection | None = None
    #: Of a closed case: the package that was made of it, and whether the archive has it.
    archive: ArchiveState | None = None
    #: The meeting that waits to be held, and the day that another one should be by.
    meeting: Slot | None = None
    meeting_wanted: date | None = None
    #: The birthday on which somebody must judge anew what the family may read.
    family_look: date | None = None
    of_age_look: date | None = None  # when it was last written what becomes of the case at 18
    kept_out: tuple[KeptOut, ...] = ()  # employees who are partial
    continued: Continuation | None = None

    @property
    def set_aside(self) -> bool:
        """Whether the log is continued in another, and takes nothing new."""
        return self.continued is not None and self.continued.lasts

    def to_json(self) -> dict[str, Any]:
        """Return the sealed form."""
        return {
            "level": self.level,
            "status": self.status,
            "log": self.log,
            "opened_at": self.opened_at,
            "level_since": self.level_since,
            "birth_date": self.birth_date,
            "sector": self.sector,
            "categories": list(self.categories),
            "decision_due": self.decision_due,
            "talk_due": self.talk_due,
            "next_evaluation": self.next_evaluation,
            "evaluation_of": self.evaluation_of,
            "closed_at": self.closed_at,
            "closing_cause": self.closing_cause,
            "referral": self.referral,
            "team_unit": self.team_unit,
            "trail": [[day, level] for day, level in self.trail],
            "made_under": list(self.made_under),
            "protection": self.protection.to_json() if self.protection is not None else None,
            "archive": self.archive.to_json() if self.archive is not None else None,
            "meeting": self.meeting.to_json() if self.meeting is not None else None,
            "meeting_wanted": self.meeting_wanted,
            "family_look": self.family_look,
            "of_age_look": self.of_age_look,
            CONTINUED: self.continued.to_json() if self.continued is not None else None,
            "kept_out": [one.to_json() for one in self.kept_out],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Ops:
        """Read the sealed form back."""
        return cls(
            level=value["level"],
            status=value["status"],
            log=value["log"],
            opened_at=datetime.fromisoformat(value["opened_at"]),
            level_since=datetime.fromisoformat(value["level_since"]),
            birth_date=date.fromisoformat(value["birth_date"]),
            sector=value["sector"],
            categories=tuple(value["categories"]),
            decision_due=to_date(value["decision_due"]),
            talk_due=to_date(value["talk_due"]),
            next_evaluation=to_date(value["next_evaluation"]),
            evaluation_of=value.get("evaluation_of", Looked.MEASURES.value),
            closed_at=datetime.fromisoformat(at) if (at := value["closed_at"]) else None,
            closing_cause=value["closing_cause"],
            referral=value["referral"],
            team_unit=uuid.UUID(value["team_unit"]) if value["team_unit"] else None,
            trail=tuple((date.fromisoformat(day), level) for day, level in value["trail"]),
            made_under=tuple(value.get("made_under", ())),
            protection=Protection.from_json(stored)
            if (stored := value.get("protection"))
            else None,
            archive=ArchiveState.from_json(packed) if (packed := value.get("archive")) else None,
            meeting=Slot.from_json(slot) if (slot := value.get("meeting")) else None,
            meeting_wanted=to_date(value.get("meeting_wanted")),
            family_look=to_date(value.get("family_look")),
            of_age_look=to_date(value.get("of_age_look")),
            continued=Continuation.from_json(kept) if (kept := value.get(CONTINUED)) else None,
            kept_out=kept_out_in(value.get("kept_out", ())),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it reads. ``body`` is empty when its compartment was not released."""

    id: uuid.UUID
    kind: Kind
    compartment: str
    at: datetime
    by: uuid.UUID
    unit_id: uuid.UUID
    meta: Mapping[str, Any]
    body: Mapping[str, Any]
    readable: bool
    #: The entry this one stands beside.
    beside: uuid.UUID | None = None
    #: How it is shared.
    mark: Mark = Mark()  # noqa: RUF009 - frozen

    def __repr__(self) -> str:
        """Leave content out of logs."""
        return f"<Record {self.kind.value}>"


@dataclass(frozen=True, slots=True)
class Replaced:
    """What stood about a guardian until ``at``, when ``by`` wrote something else beside it."""

    name: str = field(repr=False)
    relation: str = field(repr=False)
    parental_responsibility: bool
    checked_on: date | None
    #: Another national id was registered, or the first one.
    number_changed: bool
    at: datetime
    by: uuid.UUID
    source: Source | None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """The child or a guardian as the case knows them."""

    id: uuid.UUID
    kind: str
    name: str
    birth_date: date | None
    relation: str
    parental_responsibility: bool
    checked_on: date | None
    language: str
    national_id: str
    group: str
    #: Of a guardian: whether a national id is registered, as a token nobody reads.
    registered: bool
    replaced: tuple[Replaced, ...]  # of a guardian: what stood before, oldest first
    #: Of a guardian: who said what stands, None where it was not written.
    source: Source | None
    block: Block | None  # the one that stands

    def __repr__(self) -> str:
        """Leave content out of logs."""
        return f"<PersonRecord {self.kind}>"

    @property
    def first_name(self) -> str:
        """Return the name one speaks to the person with."""
        return self.name.split(" ")[0]


def compartment_of(unit_id: uuid.UUID, info_type: str) -> str:
    """Return the compartment that holds a unit's information of one type."""
    return f"svc:{unit_id.hex}:{info_type}"


def write_entry(
    context: Context,
    case_id: uuid.UUID,
    *,
    kind: Kind,
    compartment: str,
    meta: Mapping[str, Any],
    body: Mapping[str, Any],
    beside: uuid.UUID | None = None,
    entry_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Add an entry to a compartment whose key is open; returns its id, a new one unless given.

    ``beside`` is the entry it corrects or comments on, which stays as it is.
    """
    person = context.person
    entry = Entry(
        id=entry_id or uuid.uuid4(),
        tenant_id=person.tenant_id,
        case_id=case_id,
        compartment=compartment,
        supersedes=beside,
    )
    entry.meta = {
        **meta,
        "kind": kind.value,
        "at": context.now,
        "by": person.account_id,
        "unit": person.unit_id,
    }
    entry.body = dict(body)
    context.session.add(entry)
    return entry.id


def entries(
    context: Context, case_id: uuid.UUID, *, opened: Opened | None = None
) -> tuple[Record, ...]:
    """Return the entries of a case, oldest first, those that are corrected too.

    Bodies are opened only for the compartments in ``opened``, and by the marks beside them.
    """
    rows = list(context.session.scalars(select(Entry).where(Entry.case_id == case_id)))
    readable = opened.compartments if opened is not None else frozenset()
    records = [_record(row, readable) for row in rows]
    in_order = tuple(sorted(records, key=lambda record: (record.at, str(record.id))))
    return entry_marks.applied(context, in_order, opened)


def _record(row: Entry, readable: frozenset[str]) -> Record:
    meta = row.meta
    may_read = row.compartment in readable
    return Record(
        id=row.id,
        kind=Kind(meta["kind"]),
        compartment=row.compartment,
        at=datetime.fromisoformat(meta["at"]),
        by=uuid.UUID(meta["by"]),
        unit_id=uuid.UUID(meta["unit"]),
        meta=meta,
        body=row.body if may_read else {},
        readable=may_read,
        beside=row.supersedes,
    )


def of_kind(records: tuple[Record, ...], *kinds: Kind) -> tuple[Record, ...]:
    """Return the records of these kinds."""
    return tuple(record for record in records if record.kind in kinds)


def persons(context: Context, case_id: uuid.UUID) -> tuple[PersonRecord, ...]:
    """Return child first, then guardians; the core compartment must be open."""
    rows = context.session.scalars(select(Person).where(Person.case_id == case_id))
    found = [_person(row) for row in rows]
    return tuple(sorted(found, key=lambda p: (p.kind != "child", p.name)))


def child_of(context: Context, case_id: uuid.UUID) -> PersonRecord:
    """Return the child; the core compartment must be open."""
    return next(person for person in persons(context, case_id) if person.kind == "child")


def children_of(context: Context, case_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PersonRecord]:
    """Return the child of each case, in one question; their core compartments must be open."""
    rows = context.session.scalars(select(Person).where(Person.case_id.in_(case_ids)))
    read = [(row.case_id, _person(row)) for row in rows]
    return {case_id: person for case_id, person in read if person.kind == "child"}


def add_person(context: Context, case_id: uuid.UUID, body: Mapping[str, Any]) -> uuid.UUID:
    """Add the child or a guardian to a case whose core compartment is open."""
    row = Person(tenant_id=context.person.tenant_id, case_id=case_id, compartment=CORE)
    row.body = dict(body)
    context.session.add(row)
    return row.id


def _person(row: Person) -> PersonRecord:
    body = row.body
    return PersonRecord(
        id=row.id,
        kind=body["kind"],
        name=body["name"],
        birth_date=to_date(body.get("birth_date")),
        relation=body.get("relation", ""),
        parental_responsibility=body.get("parental_responsibility", False),
        checked_on=to_date(body.get("checked_on")),
        language=body.get("language", ""),
        national_id=body.get("national_id", ""),
        group=body.get("group", ""),
        registered=bool(body.get("token")),
        replaced=tuple(_replaced(one) for one in body.get("replaced", ())),
        source=source_in(body),
        block=block_in(body),
    )


def _replaced(stored: Mapping[str, Any]) -> Replaced:
    return Replaced(
        name=stored["name"],
        relation=stored["relation"],
        parental_responsibility=stored["parental_responsibility"],
        checked_on=to_date(stored["checked_on"]),
        number_changed="token" in stored,
        at=datetime.fromisoformat(stored["at"]),
        by=uuid.UUID(stored["by"]),
        source=source_in(stored),
    )


def case_row(context: Context, case_id: uuid.UUID, *, lock: bool = False) -> Case:
    """Return the case; with ``lock`` other writers of it wait (PostgreSQL; SQLite has one writer)."""
    query = select(Case).where(Case.id == case_id)
    return context.session.scalars(query.with_for_update() if lock else query).one()


def ops_of(case: Case) -> Ops:
    """Return the working state of a case."""
    return Ops.from_json(case.ops)


def to_date(value: object) -> date | None:
    """Read a day that may be missing."""
    return date.fromisoformat(value) if isinstance(value, str) and value else None
