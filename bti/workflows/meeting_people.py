"""Who can be invited to a meeting about a child, and what each is called for the one who looks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.domain.ages import is_adult
from bti.workflows import directory
from bti.workflows.case_file import case_row, entries, ops_of, persons
from bti.workflows.consent_page import knows_services
from bti.workflows.meeting_file import person_key, staff_in, staff_key
from bti.workflows.of_age_file import let_come
from bti.workflows.participant import live_places
from bti.workflows.referral_view import OPEN_STATES, ReferralState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody invited. ``name`` and ``title`` are empty for a service the reader may not know of.

    ``role`` is staff, child or guardian; ``title`` of a guardian is a code or a word of their own.
    """

    key: str
    role: str
    name: str = field(repr=False)
    title: str = field(repr=False)
    masked: bool = False


def invitable(context: Context, opened: Opened) -> tuple[Invited, ...]:
    """Return those who can be invited: the family, and whoever has a place in the case now.

    The core compartment must be open. Nobody is invited to a child who may not know of it, and no guardian
    who is kept out; when the child is of age none but those the child lets come.
    """
    case = case_row(context, opened.case_id)
    places = {(row.account_id, row.unit_id) for row in live_places(context, case.id)}
    facts = opened.facts
    if facts.holder_id is not None and facts.holder_unit is not None:
        places.add((facts.holder_id, facts.holder_unit))
    places.add((context.person.account_id, context.person.unit_id))
    ops = ops_of(case)
    let_in = {cell.to_unit for cell in facts.cells if cell.is_live(context.now)}
    if ReferralState(ops.referral) in OPEN_STATES and ops.team_unit in let_in:
        places |= {
            (one.account_id, one.unit_id) for one in directory.colleagues(context, ops.team_unit)
        }
    known = knows_services(context, opened)
    near = {case.unit_id, context.person.unit_id}
    staff = [_staff(context, *place) for place in places if known or place[1] in near]
    out = {person_key(one.id) for one in persons(context, opened.case_id) if one.block}
    if is_adult(ops.birth_date, context.now):
        agreed = let_come(entries(context, opened.case_id))
        out |= {person_key(one) for one in guardians_of(context, opened) - agreed}
    family = [one for one in _family(context, opened.case_id) if one.key not in out]
    return (*family, *sorted(staff, key=lambda one: one.name))


def guardians_of(context: Context, opened: Opened) -> frozenset[uuid.UUID]:
    """Return the guardians of a case whose core compartment is open."""
    people = persons(context, opened.case_id)
    return frozenset(one.id for one in people if one.kind == "guardian")


def named(context: Context, opened: Opened, keys: Iterable[str]) -> tuple[Invited, ...]:
    """Return those invited, in the order they were written, masked where the reader may not know."""
    wanted = list(keys)
    known = knows_services(context, opened)
    near = {case_row(context, opened.case_id).unit_id, context.person.unit_id}
    found = {one.key: one for one in _family(context, opened.case_id)}
    for account_id, unit_id in staff_in(wanted):
        one = _staff(context, account_id, unit_id)
        shown = known or unit_id in near
        found[one.key] = one if shown else Invited(one.key, one.role, "", "", masked=True)
    return tuple(found[key] for key in wanted if key in found)


def _family(context: Context, case_id: uuid.UUID) -> tuple[Invited, ...]:
    return tuple(
        Invited(person_key(one.id), one.kind, one.name, one.relation)
        for one in persons(context, case_id)
    )


def _staff(context: Context, account_id: uuid.UUID, unit_id: uuid.UUID) -> Invited:
    key = staff_key(account_id, unit_id)
    colleague = directory.colleague(context, account_id, unit_id)
    title = colleague.title if colleague is not None else ""
    return Invited(key, "staff", directory.name_of(context, account_id), title)
