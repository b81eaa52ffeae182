"""Who sits in the teams one may ask without names: named by a leader or the administrator, and entered.

A seat is a row sealed as a whole, so nobody gets one by writing in the database. It counts as long as the person has
worked here without a break in a role that may answer, and as long as the profile has the team. Whoever left and comes back
is named anew.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, ConsultationQuestion, ConsultationSeat, RoleGrant
from bti.domain.access import Action
from bti.domain.codes import CASE_WORKERS, Role, Sector
from bti.domain.consultation import ConsultationState
from bti.domain.errors import RuleBroken
from bti.workflows import directory
from bti.workflows.errors import NotFound
from bti.workflows.permission import require
from bti.workflows.readable import that_open

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from bti.domain.relations import Subject
    from bti.profiles import Profile, Team
    from bti.workflows.context import Context
    from bti.workflows.directory import Colleague

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in a team since ``at``. ``title`` is what they are there."""

    seat_id: uuid.UUID
    team: str
    account_id: uuid.UUID
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatLine:
    """A place as those who name people see it."""

    seat_id: uuid.UUID
    name: str
    title: str
    may_end: bool


@dataclass(frozen=True, slots=True)
class TeamSeats:
    """A team, who sits in it, and how many questions there are in each state. Nothing of what is asked."""

    team: Team
    seats: tuple[SeatLine, ...]
    counts: Mapping[ConsultationState, int]


@dataclass(frozen=True, slots=True)
class SeatsPage:
    """``people`` are those one may name: a leader's own unit, for the administrator everybody who does case work."""

    teams: tuple[TeamSeats, ...]
    people: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class NameMember:
    """``title`` is what the person is in the team."""

    team: str
    account_id: uuid.UUID
    title: str


def show(context: Context) -> SeatsPage:
    """Return the teams, their members and counts. Raises ``AccessDenied`` for who names nobody."""
    subject = require(context, Action.NAME_CONSULTANTS)
    people = _people(context, subject)
    mine = {one.account_id for one in people}
    there = seats(context, subject.tenant_id, context.profile)
    states = _states(context, subject.tenant_id)
    context.record(Act.CONSULTATION_LIST_READ)
    return SeatsPage(
        teams=tuple(
            TeamSeats(
                team,
                tuple(
                    SeatLine(
                        one.seat_id,
                        directory.name_of(context, one.account_id),
                        one.title,
                        one.account_id in mine,
                    )
                    for one in there
                    if one.team == team.code
                ),
                {state: states[team.code, state] for state in ConsultationState},
            )
            for team in context.profile.consulted
        ),
        people=people,
    )


def name_member(context: Context, *, command: NameMember) -> uuid.UUID:
    """Give somebody a place in a team and return its id.

    Raises ``NotFound`` for a team that cannot be asked; ``RuleBroken`` with consultation.not_colleague for somebody
    whom one may not name, and consultation.named_already.
    """
    subject = require(context, Action.NAME_CONSULTANTS)
    if command.team not in {one.code for one in context.profile.consulted}:
        raise NotFound
    if command.account_id not in {one.account_id for one in _people(context, subject)}:
        raise RuleBroken("consultation.not_colleague")
    directory.hold_account(context, command.account_id)
    there = seats(context, subject.tenant_id, context.profile)
    if any((one.team, one.account_id) == (command.team, command.account_id) for one in there):
        raise RuleBroken("consultation.named_already")
    row = ConsultationSeat(tenant_id=subject.tenant_id)
    row.body = {
        "team": command.team,
        "account": str(command.account_id),
        "title": command.title,
        "at": context.now,
    }
    context.session.add(row)
    context.record(Act.CONSULTATION_SEAT_SET, Reference("account", command.account_id))
    return row.id


def end_seat(context: Context, *, seat_id: uuid.UUID) -> None:
    """Take somebody out of a team; the row is deleted, and the log keeps who it was. Raises ``NotFound``."""
    subject = require(context, Action.NAME_CONSULTANTS)
    row = context.session.get(ConsultationSeat, seat_id)
    if row is None or row.tenant_id != subject.tenant_id:
        raise NotFound
    account_id = _seat(row).account_id
    if subject.role is not Role.ADMINISTRATOR and account_id not in {
        one.account_id for one in _people(context, subject)
    }:
        raise NotFound
    context.session.delete(row)
    context.record(Act.CONSULTATION_SEAT_END, Reference("account", account_id))


def seats(context: Context, tenant_id: uuid.UUID, profile: Profile) -> tuple[Seat, ...]:
    """Return the places that count today, by team and title. The ops key must be released."""
    rows = context.session.scalars(
        select(ConsultationSeat).where(ConsultationSeat.tenant_id == tenant_id)
    )
    asked = {one.code for one in profile.consulted}
    found = [one for _, one in that_open(context, rows, _seat) if one.team in asked]
    since = _at_work_since(context, tenant_id, {one.account_id for one in found})
    return tuple(
        sorted(
            (one for one in found if one.at >= since.get(one.account_id, _NEVER)),
            key=lambda one: (one.team, one.title, str(one.seat_id)),
        )
    )


def service_size(
    context: Context, tenant_id: uuid.UUID, sector: Sector, without: AbstractSet[uuid.UUID]
) -> int:
    """Return how many do case work in a kind of service today, ``without`` some."""
    units = {one.id for one in directory.units(context).values() if one.sector is sector}
    grants = _working(tenant_id, RoleGrant.account_id).where(
        RoleGrant.unit_id.in_(units),
        (RoleGrant.valid_from <= context.now)
        & (RoleGrant.valid_to.is_(None) | (RoleGrant.valid_to > context.now)),
    )
    return len(set(context.session.scalars(grants)) - without)


def _at_work_since(
    context: Context, tenant_id: uuid.UUID, accounts: set[uuid.UUID]
) -> Mapping[uuid.UUID, datetime]:
    """Return from when each has had a case worker's role without a break; who has none today is left out."""
    if not accounts:
        return {}
    grants = context.session.execute(
        _working(tenant_id, RoleGrant.account_id, RoleGrant.valid_from, RoleGrant.valid_to).where(
            RoleGrant.account_id.in_(accounts), RoleGrant.valid_from <= context.now
        )
    ).all()
    since: dict[uuid.UUID, datetime] = {}
    # The one that lasts longest first, and back in time as long as each reaches the one after it.
    for account_id, begins, ends in sorted(grants, key=lambda one: one[2] or _NEVER, reverse=True):
        reached = since.get(account_id)
        lasts = ends or _NEVER
        if lasts > context.now if reached is None else lasts >= reached:
            since[account_id] = begins if reached is None else min(begins, reached)
    return since


def _working(tenant_id: uuid.UUID, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns
    """The case workers' roles of those whose accounts are in use."""
    return (
        select(*columns)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.tenant_id == tenant_id,
            RoleGrant.role.in_([role.value for role in CASE_WORKERS]),
            Account.active.is_(True),
            Account.suspended_at.is_(None),
        )
    )


def _people(context: Context, subject: Subject) -> tuple[Colleague, ...]:
    if subject.role is not Role.ADMINISTRATOR:
        return directory.colleagues(context, subject.unit_id)
    everybody = {
        one.account_id: one
        for unit_id in directory.units(context)
        for one in directory.colleagues(context, unit_id)
    }
    return tuple(sorted(everybody.values(), key=lambda one: (one.name, str(one.account_id))))


def _states(context: Context, tenant_id: uuid.UUID) -> Counter[tuple[str, ConsultationState]]:
    rows = context.session.scalars(
        select(ConsultationQuestion).where(ConsultationQuestion.tenant_id == tenant_id)
    )
    return Counter(key for _, key in that_open(context, rows, _state))


def _state(row: ConsultationQuestion) -> tuple[str, ConsultationState]:
    return row.body["team"], ConsultationState(row.body["state"])


def _seat(row: ConsultationSeat) -> Seat:
    body = row.body
    return Seat(
        row.id,
        body["team"],
        uuid.UUID(body["account"]),
        body["title"],
        datetime.fromisoformat(body["at"]),
    )
