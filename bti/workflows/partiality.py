"""Keeping an employee out of a case in which they are partial: declared by themselves, or by somebody who keeps the case.

From the same transaction on the case is to them as one that is not there: the key broker reads who is kept out. Whoever
is a guardian by a registered national id it keeps out by itself, declared or not.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Log
from bti.domain import partiality as rules
from bti.domain.access import Action, Allowed, decide
from bti.domain.partiality import KeptOut, Tie
from bti.workflows import baton, directory, participant
from bti.workflows.case_file import case_row, child_of, ops_of
from bti.workflows.errors import NotFound
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from datetime import date

    from bti.db.models import Case
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarePartial:
    """Who is partial in which case, and why in a word."""

    case_id: uuid.UUID
    version: int | None
    account_id: uuid.UUID
    tie: Tie


@dataclass(frozen=True, slots=True)
class KeptOutLine:
    """One who is kept out."""

    account_id: uuid.UUID
    name: str = field(repr=False)
    tie: Tie
    by: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialityPage:
    """Who is kept out, and who can be. ``people`` begins with the reader; ``may_lift``: the leader of the service."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    kept_out: tuple[KeptOutLine, ...] = field(repr=False)
    people: tuple[tuple[uuid.UUID, str], ...] = field(repr=False)
    me: uuid.UUID
    may_lift: bool


def page(context: Context, *, case_id: uuid.UUID) -> PartialityPage:
    """Return how it stands; logged as a reading."""
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    return PartialityPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        kept_out=tuple(
            KeptOutLine(
                one.account_id,
                directory.name_of(context, one.account_id),
                one.tie,
                directory.name_of(context, one.by),
                one.on,
            )
            for one in ops_of(case).kept_out
        ),
        people=tuple(_people(context, opened, case).items()),
        me=context.person.account_id,
        may_lift=_may(context, opened, Action.LIFT_BLOCK),
    )


def declare(context: Context, command: DeclarePartial) -> None:
    """Keep somebody out from this transaction on: oneself, or as one who keeps the case a colleague.

    Places end and an open offer falls. Raises ``RuleBroken`` as ``domain.partiality.keep_out``, ``NotFound`` for
    somebody whom one does not choose among, ``Conflict``.
    """
    hold(context, command.case_id)
    mine = command.account_id == context.person.account_id
    action = Action.READ_CASE if mine else Action.CHANGE_CHILD
    opened = context.verbs.open(command.case_id, action, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    if command.account_id not in _people(context, opened, case):
        raise NotFound
    log = context.session.scalars(select(Log).where(Log.case_id == case.id)).one_or_none()
    ops = ops_of(case)
    now = rules.keep_out(
        ops.kept_out,
        KeptOut(
            account_id=command.account_id,
            tie=command.tie,
            by=context.person.account_id,
            on=context.today,
        ),
        holder=log.holder_id if log is not None else None,
    )
    for place in participant.live_places(context, case.id):
        if place.account_id == command.account_id:
            place.revoked_at = context.now
    baton.drop_offer_to(context, case, command.account_id)
    case.ops = replace(ops, kept_out=now).to_json()
    case.access_epoch += 1
    _record(context, Act.CASE_PARTIALITY_DECLARE, opened, command.account_id)


def lift(
    context: Context, *, case_id: uuid.UUID, account_id: uuid.UUID, version: int | None
) -> None:
    """Let somebody in again, as the leader, freshly proven. A place they had is not given back.

    Raises ``RuleBroken`` as ``domain.partiality.let_in``; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.LIFT_BLOCK, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    ops = ops_of(case)
    now = rules.let_in(ops.kept_out, account_id, by=context.person.account_id)
    case.ops = replace(ops, kept_out=now).to_json()
    case.access_epoch += 1
    _record(context, Act.CASE_PARTIALITY_LIFT, opened, account_id)


def _people(context: Context, opened: Opened, case: Case) -> dict[uuid.UUID, str]:
    """Return whom one may declare: oneself, and for who keeps the case: their own service's, whoever has a place, and who says yes to what takes two."""
    me = context.person.account_id
    found = {me: directory.name_of(context, me)}
    if not _may(context, opened, Action.CHANGE_CHILD):
        return found
    mine = context.person.unit_id
    others = {one.account_id: one.name for one in directory.colleagues(context, mine)}
    for place in participant.live_places(context, case.id):
        if place.unit_id in {mine, case.unit_id}:
            others[place.account_id] = directory.name_of(context, place.account_id)
    others |= directory.second_people(context)
    out = {one.account_id for one in ops_of(case).kept_out}
    rest = sorted((name, one) for one, name in others.items() if one != me and one not in out)
    return found | {one: name for name, one in rest}


def _may(context: Context, opened: Opened, action: Action) -> bool:
    answer = decide(context.verbs.subject(), action, opened.facts, context.now)
    return isinstance(answer, Allowed) or answer.rule == "access.stale_factor"


def _record(context: Context, act: Act, opened: Opened, account_id: uuid.UUID) -> None:
    context.record(
        act,
        Reference("case", opened.case_id),
        Reference("account", account_id),
        ground=opened.ground,
    )
