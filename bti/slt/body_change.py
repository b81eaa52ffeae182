"""What happens to a body: it is taken in from a file, made, changed and dissolved. Everything is tracked.

Each call is one transaction. A text that seems to name somebody is kept only with a reason, which stands in the history.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.body import FACTS, Body, BodyKind, fault_of, texts_of
from bti.slt.body_file import MOST_BODIES, BodyFile
from bti.slt.body_models import BodyRow
from bti.slt.body_stored import add_change, body_of, own_body, put
from bti.slt.own_codes import CODE_LENGTH, codes_of, has_coordinator, next_own
from bti.slt.perform import Context, Happening, perform
from bti.slt.plan_names import names_in, persons_in
from bti.slt.plan_rows import lines
from bti.slt.positions import made_before
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator


class BodyRefusedError(Exception):
    """A body was not changed.

    `code` is one of ``BodyFault``, or `body.` followed by `changed` (somebody was first), `names` (with the words in
    `found`; give a reason), `exists`, `full`, `over` (it is dissolved) or `municipality`.
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class WriteBody:
    """A body as the coordinator wants it. ``version`` is the one that was read; None for a new body."""

    version: int | None
    name: str
    kind: BodyKind
    purpose: str
    mandate: tuple[str, ...]
    seats: tuple[str, ...]
    leader: tuple[str, ...]
    limits: tuple[str, ...]
    decides_to: int | None
    decides_above: int | None
    frequency: tuple[str, ...]
    meetings_a_year: int | None
    individuals: tuple[str, ...]
    individuals_forbidden: bool | None
    neighbours: tuple[str, ...]
    ends: date | None
    reason: str


def import_bodies(runtime: SltRuntime, file: BodyFile, number: str, *, reason: str = "") -> int:
    """Take bodies in for the municipality with a number, which must have a coordinator; an operator's act.

    Returns how many. Raises BodyRefusedError: a body that is there is never written over.
    """
    return perform(runtime, _import, file, number, reason)


def make_body(
    runtime: SltRuntime, who: Coordinator, command: WriteBody, once: uuid.UUID | None = None
) -> uuid.UUID:
    """Make a body and return its id, ``once`` if the form's number is given. Raises BodyRefusedError."""
    return perform(runtime, _make, who, command, once)


def change_body(
    runtime: SltRuntime, who: Coordinator, body_id: uuid.UUID, command: WriteBody
) -> bool:
    """Change a body, and say whether anything was. Raises AccessDenied and BodyRefusedError."""
    return perform(runtime, _change, who, body_id, command)


def dissolve_body(
    runtime: SltRuntime, who: Coordinator, body_id: uuid.UUID, version: int | None
) -> None:
    """End a body today. Nothing of it is taken away. Raises AccessDenied and BodyRefusedError."""
    perform(runtime, _dissolve, who, body_id, version)


def _import(context: Context, file: BodyFile, number: str, reason: str) -> int:
    if not has_coordinator(context, number):
        raise BodyRefusedError("body.municipality")
    found = persons_in(text for body in file.bodies for text in texts_of(body))
    if found and not reason.strip():
        raise BodyRefusedError("body.names", found)
    there = codes_of(context, BodyRow.code, BodyRow.municipality_number, number)
    if there & {body.code for body in file.bodies}:
        raise BodyRefusedError("body.exists")
    if len(there) + len(file.bodies) > MOST_BODIES:
        raise BodyRefusedError("body.full")
    for at, body in enumerate(file.bodies):
        row = _add(context, number, body, len(there) + at)
        kept = reason.strip() if persons_in(texts_of(body)) else ""
        add_change(context, row.id, "imported", body.document, reason=kept)
    context.record(Happening.BODY_IMPORTED, code=file.key[:CODE_LENGTH])
    return len(file.bodies)


def _make(
    context: Context, who: Coordinator, command: WriteBody, once: uuid.UUID | None
) -> uuid.UUID:
    only_coordinator(who)
    if once is not None and made_before(context, who.account_id, BodyRow, once):
        return once
    there = codes_of(context, BodyRow.code, BodyRow.municipality_number, who.municipality_number)
    if len(there) >= MOST_BODIES:
        raise BodyRefusedError("body.full")
    empty = Body(code=next_own(there), name="", kind=command.kind, language=who.language)
    body = _wanted(empty, command)
    reason = _checked(context, who, body, (), command.reason)
    row = _add(context, who.municipality_number, body, len(there), once)
    add_change(context, row.id, "body", body.name, account_id=who.account_id, reason=reason)
    context.record(Happening.BODY_CHANGED, account_id=who.account_id, code=body.code)
    return row.id


def _change(context: Context, who: Coordinator, body_id: uuid.UUID, command: WriteBody) -> bool:
    only_coordinator(who)
    row = own_body(context, who, body_id, held=True)
    before = body_of(row)
    if row.version != command.version:
        raise BodyRefusedError("body.changed")
    after = _wanted(before, command)
    was, is_now = said_of(before), said_of(after)
    changed = [part for part in was if was[part] != is_now[part]]
    if not changed:
        return False
    if row.dissolved_on is not None:
        raise BodyRefusedError("body.over")
    reason = _checked(context, who, after, texts_of(before), command.reason)
    put(row, after)
    row.version += 1
    for part in changed:
        add_change(
            context,
            row.id,
            part,
            is_now[part],
            old=was[part],
            account_id=who.account_id,
            reason=reason,
        )
    context.record(Happening.BODY_CHANGED, account_id=who.account_id, code=row.code)
    return True


def _dissolve(context: Context, who: Coordinator, body_id: uuid.UUID, version: int | None) -> None:
    only_coordinator(who)
    row = own_body(context, who, body_id, held=True)
    if row.version != version:
        raise BodyRefusedError("body.changed")
    if row.dissolved_on is not None:
        raise BodyRefusedError("body.over")
    row.dissolved_on = norwegian_date(context.at)
    row.version += 1
    add_change(
        context, row.id, "dissolved", row.dissolved_on.isoformat(), account_id=who.account_id
    )
    context.record(Happening.BODY_CHANGED, account_id=who.account_id, code=row.code)


def _wanted(before: Body, command: WriteBody) -> Body:
    facts = {fact: getattr(before, fact).rewritten(getattr(command, fact)) for fact in FACTS}
    body = replace(
        before,
        name=command.name,
        kind=command.kind,
        purpose=command.purpose,
        decides_to=command.decides_to,
        decides_above=command.decides_above,
        meetings_a_year=command.meetings_a_year,
        individuals_forbidden=command.individuals_forbidden,
        neighbours=command.neighbours,
        ends=command.ends,
        **facts,
    )
    fault = fault_of(body)
    if fault is not None:
        raise BodyRefusedError(fault)
    return body


def said_of(body: Body) -> dict[str, str]:
    """What the history compares."""
    numbers = ("decides_to", "decides_above", "meetings_a_year")
    said = {"name": body.name, "kind": str(body.kind), "purpose": body.purpose}
    said |= {fact: lines(getattr(body, fact).lines) for fact in FACTS}
    for name in numbers:
        value = getattr(body, name)
        said[name] = "" if value is None else str(value)
    said["individuals_forbidden"] = {None: "", True: "yes", False: "no"}[body.individuals_forbidden]
    said["neighbours"] = lines(body.neighbours)
    said["ends"] = body.ends.isoformat() if body.ends else ""
    return said


def _checked(
    context: Context, who: Coordinator, body: Body, before: Sequence[str], reason: str
) -> str:
    """The reason to keep in the history: empty where no text seems to name anybody."""
    found = names_in(texts_of(body), before=before, plan=words_of(context, who))
    if found and not reason.strip():
        raise BodyRefusedError("body.names", found)
    return reason.strip() if found else ""


def words_of(context: Context, who: Coordinator) -> tuple[str, ...]:
    """The texts of every body of the municipality: their names of services and schools are no news."""
    same = BodyRow.municipality_number == who.municipality_number
    rows = context.session.scalars(select(BodyRow).where(same)).all()
    return (who.municipality_name, *(text for row in rows for text in texts_of(body_of(row))))


def _add(
    context: Context, number: str, body: Body, position: int, once: uuid.UUID | None = None
) -> BodyRow:
    row = BodyRow(
        id=once or uuid.uuid4(),
        municipality_number=number,
        position=position,
        code=body.code,
        language=body.language,
        document=body.document,
        created_at=context.at,
    )
    put(row, body)
    context.session.add(row)
    context.session.flush()
    return row
