"""The page of one case: everything the person may read, and what can be done next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bti.audit import seen
from bti.audit.actions import READS
from bti.audit.actions import Action as Act
from bti.domain.access import Action, Allowed, decide
from bti.domain.ages import age
from bti.domain.closing import ClosingNote
from bti.domain.errors import RuleBroken
from bti.domain.levels import CaseStatus, Level, LogStatus, Requirement, Step, requirements_for
from bti.domain.measures import suggest_evaluation
from bti.domain.of_age import warning_days
from bti.workflows import (
    attachment_page,
    baton_page,
    consent_page,
    correction,
    directory,
    guardian,
    level_facts,
    plan_view,
    referral_view,
    timeline,
)
from bti.workflows.case_file import (
    Kind,
    PersonRecord,
    Record,
    case_row,
    entries,
    of_kind,
    ops_of,
    persons,
)
from bti.workflows.case_rules import rules_at, rules_of
from bti.workflows.guide import guide_of, in_languages
from bti.workflows.level import CLOSED
from bti.workflows.participant import live_places
from bti.workflows.protection import hides_place

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from bti.db.models import Case
    from bti.domain.levels import CaseFacts
    from bti.domain.protection import ProtectionStanding
    from bti.keyd.broker import Opened
    from bti.profiles import Profile
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context
    from bti.workflows.correction import Beside
    from bti.workflows.guardian import Earlier
    from bti.workflows.guide import Guide
    from bti.workflows.timeline import Background, Happening

ACCESS_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stage:
    """One lane of the level track. ``status`` is done, now or ahead."""

    level: int
    label: Mapping[str, str]
    status: str
    step: int
    since: date | None


@dataclass(frozen=True, slots=True)
class ConcernNote:
    """A concern as its service reads it."""

    id: uuid.UUID
    at: datetime
    by: str
    categories: tuple[str, ...]
    since: str
    tried: tuple[str, ...]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """Somebody in the case."""

    id: uuid.UUID
    name: str
    title: str
    relation: str
    #: Somebody from a service the reader may not know of; name and title are empty.
    masked: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A move that exists from here and what it needs."""

    to_level: int | None
    direction: str
    requirements: tuple[Requirement, ...]

    @property
    def ready(self) -> bool:
        """Whether everything but the reason is in place; the reason is written in the form."""
        return all(
            one.met for one in self.requirements if one.code not in level_facts.GIVEN_IN_FORM
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Everything on the page of a case."""

    case_id: uuid.UUID
    number: str
    version: int
    child: PersonRecord
    child_age: int
    guardians: tuple[PersonRecord, ...]
    #: What stood before about a guardian, by the guardian's id.
    earlier: Mapping[uuid.UUID, tuple[Earlier, ...]]
    #: Empty where an address is protected and the reader works elsewhere, or it is for paper.
    unit: str
    level: int
    status: str
    log: str
    ops: Ops
    protection: ProtectionStanding | None
    stages: tuple[Stage, ...]
    guide: Guide
    moves: tuple[Move, ...]
    opening: tuple[Requirement, ...]
    backgrounds: tuple[Background, ...]
    concerns: tuple[ConcernNote, ...]
    happenings: tuple[Happening, ...]
    #: What stands beside an entry, by the entry's id.
    beside: Mapping[uuid.UUID, tuple[Beside, ...]]
    participants: tuple[ParticipantRow, ...]
    #: When a measure that begins today should be evaluated.
    suggested_evaluation: date
    #: Of a closed case, where the reader may read how it was closed.
    closing: ClosingNote | None
    accesses: int
    accessed_by: int
    #: Whether what happens at 18 is to be settled, or was.
    of_age: bool
    can: frozenset[Action]
    baton: baton_page.BatonCard | None
    consents: consent_page.ConsentSection
    plan: plan_view.Plan
    attachments: attachment_page.AttachmentSection
    referral: referral_view.ReferralPart | None

    def __repr__(self) -> str:
        """Leave content out of logs."""
        return f"<CasePage {self.case_id}>"


def show_case(context: Context, *, case_id: uuid.UUID) -> CasePage:
    """Return the page of a case; the reading is logged before anything leaves the process."""
    return read_case(context, case_id=case_id, entry=Act.CASE_OPEN_READ)


def print_case(context: Context, *, case_id: uuid.UUID) -> CasePage:
    """Return the same page for print, logged as such."""
    context.verbs.open(case_id, Action.PRINT_CASE, entry=None)
    return read_case(context, case_id=case_id, entry=Act.CASE_PAGE_PRINT)


def read_case(context: Context, *, case_id: uuid.UUID, entry: Act) -> CasePage:
    """Open a case and gather what its page shows."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=entry)
    case = case_row(context, case_id)
    ops = ops_of(case)
    records = entries(context, case_id, opened=opened)
    facts = level_facts.facts_of(context, case)
    people = persons(context, case_id)
    child = next(person for person in people if person.kind == "child")
    hidden = hides_place(context, case, printed=entry is Act.CASE_PAGE_PRINT)
    looked = _accesses(context, case_id)
    can = _allowed(context, opened)
    correctable: frozenset[uuid.UUID] = frozenset()
    if Action.CORRECT_ENTRY in can:
        correctable = correction.correctable_in(context, opened, records)
    return CasePage(
        case_id=case_id,
        number=case.number,
        version=case.version,
        child=replace(child, group="") if hidden else child,
        child_age=age(ops.birth_date, context.now),
        guardians=tuple(person for person in people if person.kind == "guardian"),
        earlier=guardian.earlier(context, people),
        unit="" if hidden else directory.units(context)[case.unit_id].name,
        level=ops.level,
        status=ops.status,
        log=ops.log,
        ops=ops,
        protection=ops.protection.standing(context.today) if ops.protection else None,
        stages=_stages(context, ops),
        guide=guide_of(context, ops, records, facts),
        moves=tuple(
            one
            for one in _moves(facts, rules_of(context, ops))
            if one.to_level is None or not ops.set_aside
        ),
        opening=_opening(ops, facts),
        backgrounds=timeline.backgrounds_in(records, correctable),
        concerns=_concerns(context, records),
        happenings=timeline.happenings_in(context, records, correctable),
        beside=correction.beside_in(context, records),
        participants=_participants(context, opened, case),
        suggested_evaluation=suggest_evaluation(context.today, rules_of(context, ops)),
        closing=_closing(ops, records),
        accesses=looked[0],
        accessed_by=looked[1],
        of_age=context.today >= warning_days(ops.birth_date, context.profile)[0],
        can=can,
        baton=baton_page.card_of(context, opened),
        consents=consent_page.section_of(context, opened),
        plan=plan_view.plan_of(context, opened, records),
        attachments=attachment_page.section_of(context, opened),
        referral=referral_view.part_of(context, opened, records),
    )


def _closing(ops: Ops, records: tuple[Record, ...]) -> ClosingNote | None:
    """Return the note of the last closing, as far as its compartment is open to the reader."""
    if ops.status != CaseStatus.CLOSED:
        return None
    closings = [one for one in of_kind(records, Kind.DECISION) if one.meta["to"] == CLOSED]
    readable = closings[-1:] if closings and closings[-1].readable else []
    return next((ClosingNote.from_entry(one.meta, one.body) for one in readable), None)


def _allowed(context: Context, opened: Opened) -> frozenset[Action]:
    subject = context.verbs.subject()
    return frozenset(
        action
        for action in Action
        if isinstance(decide(subject, action, opened.facts, context.now), Allowed)
    )


def _stages(context: Context, ops: Ops) -> tuple[Stage, ...]:
    done = ops.status == CaseStatus.CLOSED
    reached = {level_: day for day, level_ in ops.trail if level_ >= 0}
    stages = []
    for number in Level:
        label = in_languages(rules_at(context, ops, number).guide(number).label)
        status = "done" if number < ops.level or (done and number in reached) else "ahead"
        if number == ops.level and not done:
            status = "now"
        stages.append(
            Stage(int(number), label, status, step=_lane(ops), since=reached.get(int(number)))
        )
    return tuple(stages)


def _lane(ops: Ops) -> int:
    """Return how far into its lane the baton is drawn (1-5)."""
    if ops.log == LogStatus.ACTIVE:
        return 4 if ops.next_evaluation else 3
    return 2


def _moves(facts: CaseFacts, rules: Profile) -> tuple[Move, ...]:
    start = None if facts.status is CaseStatus.CLOSED else facts.level
    moves = []
    for target in (*Level, None):
        try:
            step = Step(start, target)
            direction = step.direction
        except RuleBroken:
            continue
        moves.append(
            Move(
                None if target is None else int(target),
                direction.value,
                requirements_for(step, facts, rules),
            )
        )
    return tuple(moves)


def _opening(ops: Ops, facts: CaseFacts) -> tuple[Requirement, ...]:
    return () if ops.log == LogStatus.ACTIVE else level_facts.opening_requirements(facts)


def _concerns(context: Context, records: tuple[Record, ...]) -> tuple[ConcernNote, ...]:
    return tuple(
        ConcernNote(
            record.id,
            record.at,
            directory.name_of(context, record.by),
            tuple(record.meta["categories"]),
            record.meta.get("since") or "",
            tuple(record.meta.get("tried", ())),
            record.body,
        )
        for record in of_kind(records, Kind.CONCERN)
        if record.readable
    )


def _participants(context: Context, opened: Opened, case: Case) -> tuple[ParticipantRow, ...]:
    sees_all = consent_page.knows_services(context, opened)
    near = {case.unit_id, context.person.unit_id}
    found = []
    for row in live_places(context, case.id):
        masked = not sees_all and row.unit_id not in near
        colleague = directory.colleague(context, row.account_id, row.unit_id)
        found.append(
            ParticipantRow(
                row.id,
                "" if masked else directory.name_of(context, row.account_id),
                "" if masked or colleague is None else colleague.title,
                row.relation,
                masked,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.relation != "follower", one.name)))


def _accesses(context: Context, case_id: uuid.UUID) -> tuple[int, int]:
    """Return how often and by how many the case was read in the last thirty days."""
    since = context.now - ACCESS_WINDOW
    tenant = context.person.tenant_id
    times, who = seen.readings(
        context.session,
        tenant,
        [
            seen.about(tenant, [case_id]),
            lambda entry: entry.at >= since,
            lambda entry: entry.act.in_([act.value for act in READS]),
            lambda entry: entry.dec == "allow",
        ],
    )
    return times, len(who)
