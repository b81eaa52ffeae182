"""People who leave: planned ends that wait for empty hands, and access that is cut at once.

An administrator says who and when, and learns counts; what is in hand is told to the person and to
the leaders of the units, by case number. Nobody takes anything over without a yes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import (
    Account,
    BatonOffer,
    Case,
    Departure,
    Log,
    Participant,
    RoleGrant,
)
from bti.domain import leaving as rules
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.domain.leaving import DepartureState, ItemKind
from bti.domain.levels import CaseStatus, LogStatus
from bti.domain.relations import Relation
from bti.workflows import account, directory, gaps
from bti.workflows.case_file import ops_of
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from bti.workflows.context import Context

_RUNNING = frozenset({LogStatus.ACTIVE.value, LogStatus.SUSPENDED.value})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing somebody has in hand. ``case_id`` is None where the reader has no part in the case."""

    kind: ItemKind
    number: str
    case_id: uuid.UUID | None
    offered_to: str


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who leaves a unit, or who cannot act any more (``gone``), and what they have in hand."""

    account_id: uuid.UUID
    name: str
    leaves_on: date | None
    gone: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, as an administrator sees it. ``own``: it is the administrator's."""

    leaves_on: date | None
    suspended: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What a night's work came to: ends that took effect, and those that wait for empty hands."""

    ended: tuple[uuid.UUID, ...]
    waiting: tuple[uuid.UUID, ...]


# -- the administrator ---------------------------------------------------------------------------


def plan(
    context: Context,
    *,
    account_id: uuid.UUID,
    leaves_on: date,
    grant_id: uuid.UUID | None = None,
) -> None:
    """Plan the end of an account, or of one role, after this day. Raises as ``check_plan``.

    It takes effect by ``settle`` when the hands are empty. Raises ``NotFound``, and
    ``RuleBroken("account.own")``: the last administrator must not lock everybody out by a slip.
    """
    row = _somebody_else(context, account_id)
    if grant_id is not None:
        grant = context.session.get(RoleGrant, grant_id)
        if grant is None or grant.account_id != account_id or grant.valid_to is not None:
            raise NotFound
    planned = _planned(context, row.tenant_id, [account_id])
    rules.check_plan(
        leaves_on,
        today=context.today,
        planned_already=any(one.grant_id in {None, grant_id} for one in planned),
    )
    context.session.add(
        Departure(
            tenant_id=row.tenant_id,
            account_id=account_id,
            grant_id=grant_id,
            leaves_on=leaves_on,
            state=DepartureState.PLANNED.value,
            asked_by_id=context.person.account_id,
            settled_at=None,
        )
    )
    context.record(Act.ACCOUNT_DEPARTURE_PLAN, Reference("account", account_id))


def withdraw(context: Context, *, account_id: uuid.UUID) -> None:
    """Take back every planned end of an account: the person stays. Raises ``NotFound``."""
    row = _somebody_else(context, account_id)
    planned = _planned(context, row.tenant_id, [account_id])
    if not planned:
        raise NotFound
    for one in planned:
        one.state = DepartureState.WITHDRAWN.value
        one.settled_at = context.now
    context.record(Act.ACCOUNT_DEPARTURE_WITHDRAW, Reference("account", account_id))


def suspend(context: Context, *, account_id: uuid.UUID) -> None:
    """Cut somebody's access at once. What they have in hand stays, as a gap their leader sees.

    Raises ``RuleBroken`` with account.own or account.not_active, and ``NotFound``.
    """
    row = _somebody_else(context, account_id)
    if not row.can_sign_in:
        raise RuleBroken("account.not_active")
    row.suspended_at = context.now
    account.end_sessions(context, account_id)
    context.record(Act.ACCOUNT_ACCESS_SUSPEND, Reference("account", account_id))


def restore(context: Context, *, account_id: uuid.UUID) -> None:
    """Give access back. Raises ``NotFound`` where it was not cut, ``RuleBroken("account.own")``."""
    row = _somebody_else(context, account_id)
    if row.suspended_at is None or not row.active:
        raise NotFound
    row.suspended_at = None
    context.record(Act.ACCOUNT_ACCESS_RESTORE, Reference("account", account_id))


def settle(context: Context, *, tenant_id: uuid.UUID) -> Settled:
    """Carry out the planned ends whose day has come and whose hands are empty (system only)."""
    context.verbs.open_directory(tenant_id)
    ended, waiting = [], []
    for row in _planned(context, tenant_id):
        if context.today < row.leaves_on:
            continue
        context.verbs.check(row)
        try:
            _end(context, row)
        except RuleBroken:
            waiting.append(row.account_id)
            continue
        row.state = DepartureState.DONE.value
        row.settled_at = context.now
        ended.append(row.account_id)
    return Settled(tuple(ended), tuple(waiting))


def _end(context: Context, row: Departure) -> None:
    if row.grant_id is not None:
        account.end_role(context, tenant_id=row.tenant_id, grant_id=row.grant_id)
    else:
        account.disable_account(context, tenant_id=row.tenant_id, account_id=row.account_id)


def standing(context: Context, *, account_id: uuid.UUID) -> Standing:
    """Return how an account stands, for the administrator. Raises ``NotFound``."""
    row = _somebody(context, account_id)
    planned = _planned(context, row.tenant_id, [account_id])
    return Standing(
        leaves_on=min((one.leaves_on for one in planned), default=None),
        suspended=row.suspended_at is not None,
        own=account_id == context.person.account_id,
    )


# -- the person and the leaders ------------------------------------------------------------------


def mine(context: Context) -> Leaver | None:
    """Return what the person has in hand before they leave this unit; None when they stay."""
    subject = require(context, Action.SEE_WORKLIST)
    planned = gaps.leaving_on(context, [subject.account_id])
    day = gaps.last_day(planned, subject.account_id, subject.unit_id)
    if day is None:
        return None
    pairs = [(subject.account_id, subject.unit_id)]
    return Leaver(
        subject.account_id,
        directory.name_of(context, subject.account_id),
        day,
        gone=False,
        items=tuple(item for _, item in _items(context, pairs, own=True)),
    )


def of_unit(context: Context) -> tuple[Leaver, ...]:
    """Return who leaves the leader's unit, or holds a baton of it and cannot act, soonest first.

    Raises ``NotFound`` for others than leaders of units.
    """
    subject = require(context, Action.SEE_WORKLIST)
    if subject.role is not Role.UNIT_LEAD:
        raise NotFound
    pairs = _holders_near(context, subject.unit_id) | _colleagues(context, subject.unit_id)
    acting = gaps.can_act(context, pairs)
    planned = gaps.leaving_on(context, [account_id for account_id, _ in pairs])
    days = {one: gaps.last_day(planned, *one) for one in pairs}
    wanted = [one for one in pairs if days[one] is not None or not acting[one]]
    found: dict[tuple[uuid.UUID, uuid.UUID], list[Item]] = {one: [] for one in wanted}
    for one, item in _items(context, wanted, own=False):
        found[one].append(item)
    leavers = [
        Leaver(
            one[0],
            directory.name_of(context, one[0]),
            days[one],
            gone=not acting[one],
            items=tuple(items),
        )
        for one, items in found.items()
        if items or (days[one] is not None and acting[one])
    ]
    context.record(Act.LEAVING_LIST_READ)
    return tuple(
        sorted(leavers, key=lambda one: (not one.gone, one.leaves_on or context.today, one.name))
    )


def _items(
    context: Context, pairs: Iterable[tuple[uuid.UUID, uuid.UUID]], *, own: bool
) -> list[tuple[tuple[uuid.UUID, uuid.UUID], Item]]:
    """Return what each (account, unit) has in hand, by case number."""
    wanted = set(pairs)
    ids = {account_id for account_id, _ in wanted}
    found = []
    held = context.session.execute(
        select(Log, Case).join(Case, Case.id == Log.case_id).where(Log.holder_id.in_(ids))
    ).all()
    offered = _offered(context, [case.id for _, case in held])
    for log, case in held:
        one = (log.holder_id, log.holder_unit_id)
        ops = ops_of(case)
        if one in wanted and ops.log in _RUNNING and not ops.set_aside:
            shown = own or case.unit_id == context.person.unit_id
            to = offered.get(case.id, "")
            item = Item(ItemKind.BATON, case.number, case.id if shown else None, to)
            found.append((one, item))
    for one, case in _followed_alone(context, wanted):
        shown = own or case.unit_id == context.person.unit_id
        found.append((one, Item(ItemKind.FOLLOWS, case.number, case.id if shown else None, "")))
    return sorted(found, key=lambda row: (row[1].kind, row[1].number))


def _offered(context: Context, cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = context.session.scalars(
        select(BatonOffer).where(BatonOffer.case_id.in_(list(cases)), BatonOffer.open_slot == 1)
    )
    return {row.case_id: directory.name_of(context, row.to_id) for row in rows}


def _followed_alone(
    context: Context, wanted: set[tuple[uuid.UUID, uuid.UUID]]
) -> list[tuple[tuple[uuid.UUID, uuid.UUID], Case]]:
    """Return open cases without a running log that one of these follows and nobody else does."""
    ids = {account_id for account_id, _ in wanted}
    theirs = select(Participant.case_id).where(
        Participant.account_id.in_(ids), Participant.relation == Relation.FOLLOWER.value
    )
    live: dict[uuid.UUID, set[tuple[uuid.UUID, uuid.UUID]]] = {}
    for row in context.session.scalars(
        select(Participant).where(
            Participant.case_id.in_(theirs),
            Participant.relation == Relation.FOLLOWER.value,
            Participant.revoked_at.is_(None),
        )
    ):
        if row.valid_to is None or row.valid_to > context.now:
            live.setdefault(row.case_id, set()).add((row.account_id, row.unit_id))
    alone = {case_id: next(iter(who)) for case_id, who in live.items() if len(who) == 1}
    cases = context.session.scalars(
        select(Case).where(Case.id.in_([key for key, one in alone.items() if one in wanted]))
    )
    return [
        (alone[case.id], case)
        for case in cases
        if ops_of(case).status == CaseStatus.OPEN and case.ops["log"] not in _RUNNING
    ]


def _holders_near(context: Context, unit_id: uuid.UUID) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return the holders of the unit's cases, and the unit's own people who hold others'."""
    rows = context.session.execute(
        select(Log.holder_id, Log.holder_unit_id)
        .join(Case, Case.id == Log.case_id)
        .where(
            Log.tenant_id == context.person.tenant_id,
            or_(Log.holder_unit_id == unit_id, Case.unit_id == unit_id),
        )
    )
    return {(holder, unit) for holder, unit in rows}


def _colleagues(context: Context, unit_id: uuid.UUID) -> set[tuple[uuid.UUID, uuid.UUID]]:
    rows = context.session.scalars(
        select(RoleGrant.account_id).where(
            RoleGrant.tenant_id == context.person.tenant_id, RoleGrant.unit_id == unit_id
        )
    )
    return {(account_id, unit_id) for account_id in rows}


def _planned(
    context: Context, tenant_id: uuid.UUID, accounts: Iterable[uuid.UUID] | None = None
) -> list[Departure]:
    query = select(Departure).where(
        Departure.tenant_id == tenant_id, Departure.state == DepartureState.PLANNED.value
    )
    if accounts is not None:
        query = query.where(Departure.account_id.in_(list(accounts)))
    return list(context.session.scalars(query.order_by(Departure.leaves_on, Departure.id)))


def _somebody_else(context: Context, account_id: uuid.UUID) -> Account:
    row = _somebody(context, account_id)
    if account_id == context.person.account_id:
        raise RuleBroken("account.own")
    return row


def _somebody(context: Context, account_id: uuid.UUID) -> Account:
    subject = require(context, Action.MANAGE_ACCOUNTS)
    row = context.session.get(Account, account_id)
    if row is None or row.tenant_id != subject.tenant_id:
        raise NotFound
    return row
