"""People from the services in a case: letting them in and taking their place away.

Consent is given to a service; which of its people take part is decided here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import ConsentCell, Participant
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.codes import SHAREABLE
from bti.domain.errors import RuleBroken
from bti.domain.relations import Relation
from bti.workflows import directory
from bti.workflows.case_file import case_row, child_of, ops_of
from bti.workflows.consent_page import knows_services
from bti.workflows.errors import NotFound
from bti.workflows.once import found_done, hold, unchanged

if TYPE_CHECKING:
    from bti.db.models import Case
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somebody's place in the case. ``service`` and ``name`` are empty when hidden."""

    id: uuid.UUID
    name: str
    title: str
    service: str
    masked: bool
    relation: str
    until: date | None
    may_end: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who can be let in: a colleague in a service that consent has let in."""

    account_id: uuid.UUID
    unit_id: uuid.UUID
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Who takes part, and who can be let in."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    places: tuple[Place, ...]
    candidates: tuple[Candidate, ...]


def people_page(context: Context, *, case_id: uuid.UUID) -> PeoplePage:
    """Return who takes part in a case, for those who may change it."""
    opened = context.verbs.open(case_id, Action.INVITE_PARTICIPANT, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    rows = live_places(context, case_id)
    units = directory.units(context)
    inside = {(row.account_id, row.unit_id) for row in rows}
    inside.add((opened.facts.holder_id, opened.facts.holder_unit))  # type: ignore[arg-type]  # compared only
    sees_all = knows_services(context, opened)
    return PeoplePage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        places=tuple(
            _place(context, row, units, owner=case.unit_id, sees_all=sees_all) for row in rows
        ),
        candidates=tuple(
            Candidate(one.account_id, unit_id, f"{one.name}, {one.title}, {one.unit_name}")
            for unit_id in units_let_in(context, case)
            for one in directory.colleagues(context, unit_id)
            if (one.account_id, unit_id) not in inside and not is_kept_out(case, one.account_id)
        ),
    )


def invite(
    context: Context,
    *,
    case_id: uuid.UUID,
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
    version: int | None,
) -> None:
    """Let a colleague in for as long as consent lets their service in.

    Somebody who is in already stays as they are. Raises ``RuleBroken`` with participant.not_let_in,
    participant.not_colleague or baton.partial; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.INVITE_PARTICIPANT, entry=None)
    case = case_row(context, case_id)
    if place_of(context, case_id, account_id, unit_id) is not None:
        found_done(context, opened)
        return
    unchanged(case, version)
    ends = units_let_in(context, case)
    if unit_id not in ends:
        raise RuleBroken("participant.not_let_in")
    if directory.colleague(context, account_id, unit_id) is None:
        raise RuleBroken("participant.not_colleague")
    if is_kept_out(case, account_id):
        raise RuleBroken("baton.partial")
    add_place(context, case, account_id, unit_id, until=ends[unit_id])
    context.record(
        Act.PARTICIPANT_ACCESS_INVITE,
        Reference("case", case_id),
        Reference("account", account_id),
        ground=opened.ground,
    )


def revoke(context: Context, *, case_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    """Take a participant's place away now; twice is the same as once.

    Followers of the owner's service stay: they have opened or inherited the case. Raises
    ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.REVOKE_PARTICIPANT, entry=None)
    row = context.session.get(Participant, participant_id)
    if row is None or row.case_id != case_id or row.relation != Relation.PARTICIPANT.value:
        raise NotFound
    if row.revoked_at is not None:
        found_done(context, opened)
        return
    row.revoked_at = context.now
    case_row(context, case_id).access_epoch += 1
    context.record(
        Act.PARTICIPANT_ACCESS_REVOKE,
        Reference("case", case_id),
        Reference("account", row.account_id),
        ground=opened.ground,
    )


def add_place(
    context: Context,
    case: Case,
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
    *,
    until: datetime | None,
) -> None:
    """Write a participant's place. The caller records why."""
    context.session.add(
        Participant(
            tenant_id=case.tenant_id,
            case_id=case.id,
            account_id=account_id,
            unit_id=unit_id,
            relation=Relation.PARTICIPANT.value,
            valid_from=context.now,
            valid_to=until,
            revoked_at=None,
        )
    )
    case.access_epoch += 1


def is_kept_out(case: Case, account_id: uuid.UUID) -> bool:
    """Whether somebody is partial in a case, as was declared."""
    return any(one.account_id == account_id for one in ops_of(case).kept_out)


def shut_out(context: Context, case: Case) -> int:
    """End the places of everybody whose service no live cell lets in any more; returns how many."""
    inside = units_let_in(context, case)
    outside = [row for row in live_places(context, case.id) if row.unit_id not in inside]
    for row in outside:
        row.revoked_at = context.now
    return len(outside)


def units_let_in(context: Context, case: Case) -> dict[uuid.UUID, datetime | None]:
    """Return the units in the case and when consent ends for each; None for the owner."""
    rows = context.session.scalars(select(ConsentCell).where(ConsentCell.case_id == case.id))
    types = {one.value for one in SHAREABLE}
    ends: dict[uuid.UUID, datetime | None] = {}
    for row in rows:
        live = row.withdrawn_at is None and row.valid_from <= context.now < row.valid_to
        if live and row.info_type in types:
            known = ends.get(row.to_unit_id)
            ends[row.to_unit_id] = row.valid_to if known is None else max(known, row.valid_to)
    ends[case.unit_id] = None
    return ends


def live_places(context: Context, case_id: uuid.UUID) -> tuple[Participant, ...]:
    """Return the rows of those who take part now."""
    rows = context.session.scalars(
        select(Participant)
        .where(Participant.case_id == case_id, Participant.revoked_at.is_(None))
        .order_by(Participant.valid_from, Participant.id)
    )
    return tuple(row for row in rows if row.valid_to is None or row.valid_to > context.now)


def place_of(
    context: Context, case_id: uuid.UUID, account_id: uuid.UUID, unit_id: uuid.UUID
) -> Participant | None:
    """Return somebody's live place, or None."""
    wanted = (account_id, unit_id)
    rows = live_places(context, case_id)
    return next((row for row in rows if (row.account_id, row.unit_id) == wanted), None)


def _place(
    context: Context,
    row: Participant,
    units: dict[uuid.UUID, directory.UnitFact],
    *,
    owner: uuid.UUID,
    sees_all: bool,
) -> Place:
    masked = not sees_all and row.unit_id not in {owner, context.person.unit_id}
    colleague = directory.colleague(context, row.account_id, row.unit_id)
    return Place(
        id=row.id,
        name="" if masked else directory.name_of(context, row.account_id),
        title="" if masked or colleague is None else colleague.title,
        service="" if masked else units[row.unit_id].name,
        masked=masked,
        relation=row.relation,
        until=day_in_norway(row.valid_to) if row.valid_to is not None else None,
        may_end=row.relation == Relation.PARTICIPANT.value,
    )
