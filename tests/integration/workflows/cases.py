"""Cases to test sharing and the baton on, made through the workflows."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.reconcile import reconcile
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.db.models import Log
from bti.domain.access import Action
from bti.domain.codes import (
    ConcernCategory,
    ContactWithGuardians,
    HeardMethod,
    InfoType,
    Kept,
    TalkedWithChild,
)
from bti.domain.consent import Answer, ConsentStatus, Form, Scope
from bti.workflows import audit_check, baton, concern, consent, participant
from bti.workflows.case_file import (
    Kind,
    Ops,
    case_row,
    compartment_of,
    entries,
    ops_of,
    persons,
    write_entry,
)

if TYPE_CHECKING:
    from bti.workflows.context import Context
    from tests.world import World

BORN = date(2013, 5, 4)
CHECKED = date(2026, 8, 20)
BOTH = (("Maria Hansen", True), ("Tor Berg", True))
TEXT = consent.ShownText("1", (("Who gets to know?", "The service."),))
ATTENDANCE = frozenset({InfoType.ATTENDANCE})


def new_case(
    world: World,
    who: str = "ingrid",
    born: date = BORN,
    guardians: tuple[tuple[str, bool], ...] = BOTH,
    number: str = "",
) -> uuid.UUID:
    """A case at level 0, followed by the one who logged the concern."""
    command = concern.LogConcern(
        submission=uuid.uuid4(),
        child=concern.NewChild(
            name="Jonas Berg Hansen", birth_date=born, group="8B", national_id=number
        ),
        observation=concern.Observation(
            seen="Jonas kommer sent.",
            categories=(ConcernCategory.ABSENCE,),
            talked_with_child=TalkedWithChild.YES,
            contact_with_guardians=ContactWithGuardians.BOTH,
        ),
        guardians=tuple(
            concern.NewGuardian(
                name=name, relation="parent", parental_responsibility=decides, checked_on=CHECKED
            )
            for name, decides in guardians
        ),
    )
    return world.run(who, concern.log_concern, command=command).case_id


def heard(world: World, weight: str = "Vi har lagt vekt på det.") -> consent.Heard:
    return consent.Heard(
        on=norwegian_date(world.clock.now()),
        method=HeardMethod.CONVERSATION,
        words="Det er greit hvis det hjelper.",
        weight=weight,
        kept=Kept.NOTHING,
    )


def ask(
    world: World, case_id: uuid.UUID, who: str = "ingrid", unit: str | None = None, **more: Any
) -> uuid.UUID:
    """Ask about bringing in a unit, or about opening the log without one."""
    values: dict[str, Any] = {
        "case_id": case_id,
        "submission": uuid.uuid4(),
        "version": None,
        "scope": Scope.OPEN_LOG if unit is None else Scope.BRING_IN_SERVICE,
        "to_unit": None if unit is None else world.units[unit],
        "info_types": frozenset() if unit is None else ATTENDANCE,
        "purpose": "For at skolen skal få råd.",
        "heard": heard(world),
        "text": TEXT,
    }
    return world.run(who, consent.ask, command=consent.AskConsent(**{**values, **more}))


def say(
    world: World,
    case_id: uuid.UUID,
    consent_id: uuid.UUID,
    person_id: uuid.UUID,
    answer: Answer = Answer.YES,
    who: str = "ingrid",
    **more: Any,
) -> ConsentStatus:
    """One signer's answer."""
    values: dict[str, Any] = {
        "case_id": case_id,
        "consent_id": consent_id,
        "person_id": person_id,
        "submission": uuid.uuid4(),
        "answer": answer,
        "form": Form.PAPER,
        "on": norwegian_date(world.clock.now()),
    }
    return world.run(who, consent.answer, command=consent.RecordAnswer(**{**values, **more}))


def agreed(
    world: World, case_id: uuid.UUID, unit: str | None = None, who: str = "ingrid", **more: Any
) -> uuid.UUID:
    """A consent that every guardian has said yes to."""
    consent_id = ask(world, case_id, who, unit, **more)
    for person_id in guardians(world, case_id).values():
        say(world, case_id, consent_id, person_id, who=who)
    return consent_id


def log_open(world: World, case_id: uuid.UUID, who: str = "ingrid") -> None:
    """A log with ``who`` as its first holder. Only what this needs is written."""
    world.run(who, _open_log, case_id)


def _open_log(context: Context, case_id: uuid.UUID) -> None:
    context.verbs.open(case_id, Action.OPEN_LOG, entry=None)
    case, me = case_row(context, case_id), context.person
    context.session.add(
        Log(
            tenant_id=me.tenant_id,
            case_id=case_id,
            holder_id=me.account_id,
            holder_unit_id=me.unit_id,
        )
    )
    case.ops = replace(ops_of(case), log="active", level=1).to_json()
    context.record(Act.LOG_OPEN_WRITE, Reference("case", case_id))


def log_status(world: World, case_id: uuid.UUID) -> str:
    """Where the log stands."""
    return world.run("siv", lambda context: _ops(context, case_id).log)


def _ops(context: Context, case_id: uuid.UUID) -> Ops:
    context.verbs.subject()
    return ops_of(case_row(context, case_id))


def compartments(world: World, who: str, case_id: uuid.UUID) -> frozenset[str]:
    """What the broker releases to somebody who opens the case."""
    return world.run(who, _compartments, case_id)


def _compartments(context: Context, case_id: uuid.UUID) -> frozenset[str]:
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return opened.compartments


def write(world: World, who: str, case_id: uuid.UUID, info_type: InfoType, text: str) -> None:
    """A note in one's own unit's compartment of this type."""
    world.run(who, _write, case_id, info_type, text)


def _write(context: Context, case_id: uuid.UUID, info_type: InfoType, text: str) -> None:
    opened = context.verbs.open(case_id, Action.WRITE_NOTE, entry=None)
    name = compartment_of(context.person.unit_id, info_type)
    context.verbs.new_compartments(opened, [name])
    write_entry(context, case_id, kind=Kind.NOTE, compartment=name, meta={}, body={"text": text})
    context.record(Act.LOG_NOTE_CREATE, Reference("case", case_id))


def texts(world: World, who: str, case_id: uuid.UUID) -> set[str]:
    """Every note somebody can read."""
    return world.run(who, _texts, case_id)


def _texts(context: Context, case_id: uuid.UUID) -> set[str]:
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return {
        record.body["text"]
        for record in entries(context, case_id, opened=opened)
        if record.kind is Kind.NOTE and record.readable
    }


def offered(
    world: World, case_id: uuid.UUID, to: str, unit: str = "school", who: str = "ingrid"
) -> uuid.UUID:
    """An offer of the baton."""
    command = baton.OfferBaton(
        case_id=case_id,
        submission=uuid.uuid4(),
        version=None,
        to_id=world.accounts[to],
        to_unit_id=world.units[unit],
        message="Ring mor før møtet.",
    )
    return world.run(who, baton.offer, command=command)


def guardians(world: World, case_id: uuid.UUID, who: str = "siv") -> dict[str, uuid.UUID]:
    """The guardians' ids by first name, as the leader of the owner's unit reads them."""
    return world.run(who, _guardians, case_id)


def _guardians(context: Context, case_id: uuid.UUID) -> dict[str, uuid.UUID]:
    context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return {p.first_name: p.id for p in persons(context, case_id) if p.kind == "guardian"}


def rows(world: World, mapped: type, *where: Any) -> list[Any]:
    """Plain rows, read beside the workflows."""
    with world.looking() as session:
        found = list(session.scalars(select(mapped).where(*where)))
        session.expunge_all()
    return found


def holder(world: World, case_id: uuid.UUID) -> uuid.UUID:
    """The one holder; more or fewer rows is a failure."""
    (log,) = rows(world, Log, Log.case_id == case_id)
    return log.holder_id


def holds_together(world: World) -> None:
    """The log verifies, and every row stands as its last entry says."""
    outcome = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert outcome.intact, outcome.findings
    with world.looking() as session:
        assert list(reconcile(session, world.tenant_id)) == []


def section(world, case_id, who="ingrid"):
    """The consent table of a case as somebody sees it."""

    def read(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return consent.section_of(context, opened)

    return world.run(who, read)


def statuses(world, case_id, who="ingrid"):
    """Where consent stands for the level rules."""

    def read(context):
        context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return consent.statuses_for(context, case_id)

    return world.run(who, read)


def invite(world, case_id, who="nina", unit="pps", by="ingrid"):
    """Let a person of another service in."""
    world.run(
        by,
        participant.invite,
        case_id=case_id,
        account_id=world.accounts[who],
        unit_id=world.units[unit],
        version=None,
    )
