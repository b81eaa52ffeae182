"""What a register would have changed about a child's guardians: read in as proposals, answered one by one.

Reading a file changes nobody. Each proposal is accepted or refused by a person who keeps the case; a block that a
person has put stops it, also one that was put since (ADR 0054). Proposals are the own notes of the service that read
the file.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.errors import RuleBroken
from bti.domain.guardians import (
    KnownGuardian,
    ProposalKind,
    Proposed,
    RegisterLine,
    Source,
    check_accept,
    is_kept_out,
    proposals,
)
from bti.domain.protection import AddressGrade
from bti.domain.register_file import read_register
from bti.workflows import directory, guardian
from bti.workflows.case_file import (
    Kind,
    case_row,
    child_of,
    entries,
    of_kind,
    ops_of,
    persons,
    write_entry,
)
from bti.workflows.child_search import checked_number, person_token
from bti.workflows.errors import NotFound
from bti.workflows.level import own_compartment
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.domain.register_file import RegisterFile
    from bti.keyd.broker import Opened
    from bti.workflows.case_file import Record
    from bti.workflows.context import Context

READ: Final = "read"
ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLine:
    """One proposal. ``now`` is the guardian's name here, empty for somebody new; ``answer`` is empty while it waits."""

    place: int
    kind: ProposalKind
    name: str = field(repr=False)
    now: str = field(repr=False)
    relation: str
    decides: bool
    stopped: bool
    unsure: bool
    answer: str
    answered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one file, newest first."""

    id: uuid.UUID
    drawn_on: date
    read_on: date
    read_by: str
    lines: tuple[ProposalLine, ...]
    #: What the register says of the child's address where nothing is protected here; None else.
    address: AddressGrade | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPage:
    """The files that were read, and what became of what they propose."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    batches: tuple[Batch, ...]


def proposal_page(context: Context, *, case_id: uuid.UUID) -> ProposalPage:
    """Return what was proposed; logged as a reading."""
    opened = context.verbs.open(case_id, Action.CHANGE_CHILD, entry=Act.CASE_OPEN_READ)
    records = of_kind(entries(context, case_id, opened=opened), Kind.PROPOSAL)
    return ProposalPage(
        case_id=case_id,
        version=case_row(context, case_id).version,
        child=child_of(context, case_id).first_name,
        batches=tuple(
            _batch(context, case_id, one, records)
            for one in reversed(records)
            if one.meta["event"] == READ and one.readable
        ),
    )


def read_in(
    context: Context, *, case_id: uuid.UUID, text: str, submission: uuid.UUID, version: int | None
) -> uuid.UUID:
    """Read a file and keep what it proposes. Changes nobody. Returns the id of what was read.

    Raises ``RuleBroken`` as ``bti.domain.register_file.read_register``, with a national_id code,
    register.another_child and register.nothing_new; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.CHANGE_CHILD, entry=None)
    batch_id = row_id(context, "register", submission)
    if context.session.get(Entry, batch_id) is not None:
        found_done(context, opened)
        return batch_id
    case = case_row(context, case_id)
    unchanged(case, version)
    said = read_register(text, today=context.today)
    _same_child(context, case_id, said)
    lines = [
        RegisterLine(
            name=one.name,
            relation=one.relation,
            decides=one.decides,
            token=person_token(context, one.national_id).hex(),
        )
        for one in said.guardians
    ]
    found = proposals(_known(context, case_id), lines, said.drawn_on)
    address = said.address if ops_of(case).protection is None else None
    if not found and address is None:
        raise RuleBroken("register.nothing_new")
    write_entry(
        context,
        case_id,
        kind=Kind.PROPOSAL,
        compartment=own_compartment(context, opened),
        meta={"event": READ, "drawn_on": said.drawn_on},
        body={
            "lines": [_stored(one) for one in found],
            "address": address.value if address is not None else None,
        },
        entry_id=batch_id,
    )
    case.ops = ops_of(case).to_json()
    _record(context, Act.GUARDIAN_PROPOSAL_CREATE, opened, batch_id)
    return batch_id


def answer(
    context: Context,
    *,
    case_id: uuid.UUID,
    batch_id: uuid.UUID,
    place: int,
    accept: bool,
    version: int | None,
) -> None:
    """Accept one proposal, which then stands with the register as its source; or refuse it.

    Twice is the same as once. Raises ``RuleBroken`` with guardian.blocked and register.answered (another answer
    stands); ``Conflict``; ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.CHANGE_CHILD, entry=None)
    records = of_kind(entries(context, case_id, opened=opened), Kind.PROPOSAL)
    batch = next(
        (
            one
            for one in records
            if one.id == batch_id and one.meta["event"] == READ and one.readable
        ),
        None,
    )
    if batch is None or not 0 <= place < len(batch.body["lines"]):
        raise NotFound
    event = ACCEPTED if accept else REFUSED
    before = _answer_to(records, batch_id, place)
    if before is not None and before.meta["event"] == event:
        found_done(context, opened)
        return
    if before is not None:
        raise RuleBroken("register.answered")
    case = case_row(context, case_id)
    unchanged(case, version)
    stored = batch.body["lines"][place]
    lapsed: list[uuid.UUID] = []
    if accept:
        proposed = _as_it_stands(context, case_id, stored)
        check_accept(proposed)
        lapsed = _accept(context, case_id, proposed, date.fromisoformat(batch.meta["drawn_on"]))
    write_entry(
        context,
        case_id,
        kind=Kind.PROPOSAL,
        compartment=batch.compartment,
        meta={"event": event, "place": place},
        body={},
        beside=batch_id,
    )
    if not lapsed:
        # A new version; where consents stopped, the row has had one already.
        case.ops = ops_of(case).to_json()
    act = Act.GUARDIAN_PROPOSAL_ACCEPT if accept else Act.GUARDIAN_PROPOSAL_REFUSE
    _record(context, act, opened, batch_id, *lapsed)


def _same_child(context: Context, case_id: uuid.UUID, said: RegisterFile) -> None:
    """Raise ``RuleBroken("register.another_child")`` for a file about somebody else.

    By the number; where none is registered, by the name. Nothing is derived from the digits, and no file changes
    the birth date of a case.
    """
    child = child_of(context, case_id)
    number = checked_number(context, said.child_id).digits
    if child.national_id:
        same = child.national_id == number
    else:
        same = child.name.casefold().split() == said.child_name.casefold().split()
    if not same:
        raise RuleBroken("register.another_child")


def _known(context: Context, case_id: uuid.UUID) -> list[KnownGuardian]:
    tokens = guardian.tokens_of(context, case_id)
    return [
        KnownGuardian(
            person_id=one.id,
            name=one.name,
            decides=one.parental_responsibility,
            checked_on=one.checked_on,
            token=tokens[one.id],
            blocked=one.block is not None,
        )
        for one in persons(context, case_id)
        if one.kind == "guardian"
    ]


def _as_it_stands(context: Context, case_id: uuid.UUID, stored: dict[str, Any]) -> Proposed:
    """Return a proposal as it is now: a block may have been put since the file was read."""
    line = stored["line"]
    person_id = uuid.UUID(stored["person"]) if stored["person"] else None
    read = RegisterLine(**line) if line is not None else None
    return Proposed(
        kind=ProposalKind(stored["kind"]),
        line=read,
        person_id=person_id,
        stopped=stored["stopped"] or is_kept_out(_known(context, case_id), person_id, read),
        unsure=stored["unsure"],
    )


def _accept(
    context: Context, case_id: uuid.UUID, proposed: Proposed, drawn_on: date
) -> list[uuid.UUID]:
    """Write what was accepted; returns the consents that stop with it."""
    line = proposed.line
    said: dict[str, Any] = {
        "checked_on": drawn_on.isoformat(),
        "source": Source.REGISTER.value,
        "parental_responsibility": line.decides if line is not None else False,
    }
    if line is not None and line.token:
        said["token"] = line.token
    if proposed.person_id is None:
        if line is None:
            raise NotFound
        said |= {"name": line.name, "relation": line.relation}
    _, lapsed = guardian.write(context, case_row(context, case_id), proposed.person_id, said)
    return lapsed


def _batch(
    context: Context, case_id: uuid.UUID, record: Record, records: tuple[Record, ...]
) -> Batch:
    names = {one.id: one.name for one in persons(context, case_id)}
    lines = []
    for place, stored in enumerate(record.body["lines"]):
        found = _answer_to(records, record.id, place)
        one = _as_it_stands(context, case_id, stored)
        lines.append(
            ProposalLine(
                place=place,
                kind=one.kind,
                name=one.line.name if one.line is not None else "",
                now=names.get(one.person_id, "") if one.person_id is not None else "",
                relation=one.line.relation if one.line is not None else "",
                decides=one.line.decides if one.line is not None else False,
                stopped=one.stopped,
                unsure=one.unsure,
                answer=str(found.meta["event"]) if found is not None else "",
                answered_by=directory.name_of(context, found.by) if found is not None else "",
            )
        )
    protected = ops_of(case_row(context, case_id)).protection is not None
    address = record.body["address"]
    return Batch(
        id=record.id,
        drawn_on=date.fromisoformat(record.meta["drawn_on"]),
        read_on=day_in_norway(record.at),
        read_by=directory.name_of(context, record.by),
        lines=tuple(lines),
        address=AddressGrade(address) if address and not protected else None,
    )


def _answer_to(records: tuple[Record, ...], batch_id: uuid.UUID, place: int) -> Record | None:
    for one in records:
        if one.beside == batch_id and one.meta.get("place") == place:
            return one
    return None


def _stored(one: Proposed) -> dict[str, Any]:
    line = one.line
    return {
        "kind": one.kind.value,
        "person": one.person_id,
        "line": None
        if line is None
        else {
            "name": line.name,
            "relation": line.relation,
            "decides": line.decides,
            "token": line.token,
        },
        "stopped": one.stopped,
        "unsure": one.unsure,
    }


def _record(
    context: Context, act: Act, opened: Opened, batch_id: uuid.UUID, *consents: uuid.UUID
) -> None:
    context.record(
        act,
        Reference("case", opened.case_id),
        Reference("entry", batch_id),
        more=[Reference("consent", one) for one in consents],
        ground=opened.ground,
    )
