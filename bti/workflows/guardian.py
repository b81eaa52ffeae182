"""The guardians of a case: who they are, and who has been seen to hold parental responsibility."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Person
from bti.domain.access import Action
from bti.domain.guardians import Source, check_guardian
from bti.workflows import consent_cells, directory
from bti.workflows.case_file import add_person, case_row, child_of, persons
from bti.workflows.child_search import person_token
from bti.workflows.errors import NotFound
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.db.models import Case
    from bti.workflows.case_file import PersonRecord, Replaced
    from bti.workflows.context import Context

_KEPT: Final = (
    "name",
    "relation",
    "parental_responsibility",
    "checked_on",
    "source",
    "language",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveGuardian:
    """A guardian to add, or to correct when ``person_id`` is given.

    ``checked_on`` is when somebody looked parental responsibility up in a source: a relation alone
    decides nothing (barnelova §§ 30, 47).
    """

    case_id: uuid.UUID
    version: int | None
    person_id: uuid.UUID | None = None
    name: str = field(repr=False)
    relation: str
    parental_responsibility: bool
    checked_on: date | None
    #: Who said so.
    source: Source | None
    language: str = ""
    #: Kept as a keyed token alone. Empty leaves what is registered.
    national_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What stood about a guardian before, and who wrote something else beside it."""

    was: Replaced
    by: str


@dataclass(frozen=True, slots=True)
class GuardianPage:
    """What the form needs. ``guardian`` is None for a new one."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    guardian: PersonRecord | None
    earlier: tuple[Earlier, ...]


def guardian_page(
    context: Context, *, case_id: uuid.UUID, person_id: uuid.UUID | None = None
) -> GuardianPage:
    """Return what the form needs. Raises ``NotFound`` for somebody who is not a guardian here."""
    context.verbs.open(case_id, Action.CHANGE_CHILD, entry=Act.CASE_OPEN_READ)
    known = _guardian(context, case_id, person_id) if person_id is not None else None
    return GuardianPage(
        case_id,
        case_row(context, case_id).version,
        child_of(context, case_id).first_name,
        known,
        () if known is None else earlier(context, [known]).get(known.id, ()),
    )


def save_guardian(context: Context, *, command: SaveGuardian) -> uuid.UUID:
    """Add or correct a guardian; returns the person's id. What stood before is kept beside it.

    Raises ``RuleBroken`` as ``bti.domain.guardians.check_guardian`` or with a national_id code; ``Conflict``.
    Where this changes who must sign, consents that were given stop in this transaction, with the
    cells, places and offers that rest on them, and are asked anew.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.CHANGE_CHILD, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    check_guardian(
        decides=command.parental_responsibility,
        source=command.source,
        checked_on=command.checked_on,
        today=context.today,
    )
    person_id, lapsed = write(context, case, command.person_id, _written(context, command))
    context.record(
        Act.CASE_CHILD_CHANGE,
        Reference("case", case.id),
        Reference("person", person_id),
        more=[Reference("consent", one) for one in lapsed],
        ground=opened.ground,
    )
    return person_id


def write(
    context: Context, case: Case, person_id: uuid.UUID | None, body: Mapping[str, Any]
) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Write what is said of a guardian, with what stood kept beside; returns who, and the consents that stop.

    ``person_id`` None adds somebody. The caller has opened the case and records why. Raises ``NotFound``.
    """
    before = consent_cells.standing_in(context, case)
    if person_id is None:
        person_id = add_person(context, case.id, {"kind": "guardian", "language": "", **body})
    else:
        person_id = _guardian(context, case.id, person_id).id
        row = context.session.get_one(Person, person_id)
        row.body = _beside(context, row.body, body)
    context.session.flush()
    return person_id, consent_cells.lapse_changed(context, case, before)


def tokens_of(context: Context, case_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """Return the keyed token (hex) of each guardian of an open case; empty where no number is registered."""
    rows = context.session.scalars(select(Person).where(Person.case_id == case_id))
    return {row.id: row.body.get("token", "") for row in rows if row.body["kind"] == "guardian"}


def earlier(
    context: Context, people: Iterable[PersonRecord]
) -> dict[uuid.UUID, tuple[Earlier, ...]]:
    """Return what stood before about each guardian where something did, newest first."""
    return {
        person.id: tuple(
            Earlier(was, directory.name_of(context, was.by)) for was in reversed(person.replaced)
        )
        for person in people
        if person.replaced
    }


def _written(context: Context, command: SaveGuardian) -> dict[str, Any]:
    """Return what the command says, as it is sealed; what it leaves empty is not among it."""
    body: dict[str, Any] = {
        "name": command.name,
        "relation": command.relation,
        "parental_responsibility": command.parental_responsibility,
        "checked_on": command.checked_on and command.checked_on.isoformat(),
        "source": command.source and command.source.value,
    }
    if command.language:
        body["language"] = command.language
    if command.national_id.strip():
        body["token"] = person_token(context, command.national_id).hex()
    return body


def _beside(context: Context, before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a guardian reads as now, with what stood before kept beside it (ADR 0032)."""
    new = {**before, **body}
    if new == before:
        return new
    was = {name: before.get(name) for name in _KEPT}
    if new.get("token") != before.get("token"):
        was["token"] = before.get("token", "")
    was |= {"at": context.now, "by": context.person.account_id}
    return {**new, "replaced": [*before.get("replaced", ()), was]}


def _guardian(context: Context, case_id: uuid.UUID, person_id: uuid.UUID) -> PersonRecord:
    found = [
        one for one in persons(context, case_id) if one.id == person_id and one.kind == "guardian"
    ]
    if not found:
        raise NotFound
    return found[0]
