"""Bodies as they stand in the database, and who reaches which. Nothing is decided here but that."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.slt.body import COUNCILS, FACTS, Body, BodyKind, Said, is_over
from bti.slt.body_models import BodyChangeRow, BodyRow, BodySeatRow
from bti.slt.history import HistoryLine, add_line, history_of
from bti.slt.models import SltAccount
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_rows import lines, split
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

_SAME = ("name", "purpose", "decides_to", "decides_above", "meetings_a_year", "ends")


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A body with its id, the version to change it from, and whether it is over."""

    id: uuid.UUID
    version: int
    body: Body
    dissolved_on: date | None
    over: bool


@dataclass(frozen=True, slots=True)
class BodyPage:
    """A body with its history, newest first, for the coordinator, and the names behind the accounts in it."""

    stored: StoredBody
    changes: tuple[HistoryLine, ...]
    names: dict[uuid.UUID, str]
    today: date


def show_bodies(runtime: SltRuntime, who: Coordinator) -> tuple[StoredBody, ...]:
    """The bodies of the person's municipality, by level and then as they were made; the ended last."""
    return perform(runtime, _list, who)


def show_body(runtime: SltRuntime, who: Coordinator, body_id: uuid.UUID) -> BodyPage:
    """One body. Raises AccessDenied."""
    return perform(runtime, _show, who, body_id)


def own_bodies(context: Context, who: Coordinator) -> tuple[BodyRow, ...]:
    """The rows of the bodies the person may see, as they were made."""
    same = BodyRow.municipality_number == who.municipality_number
    rows = context.session.scalars(select(BodyRow).where(same).order_by(BodyRow.position)).all()
    return tuple(row for row in rows if _may_see(context, who, row))


def _list(context: Context, who: Coordinator) -> tuple[StoredBody, ...]:
    context.record(Happening.BODY_READ, account_id=who.account_id)
    levels = list(BodyKind)
    found = [stored_body(context, row) for row in own_bodies(context, who)]
    return tuple(sorted(found, key=lambda one: (one.over, levels.index(one.body.kind))))


def _show(context: Context, who: Coordinator, body_id: uuid.UUID) -> BodyPage:
    row = own_body(context, who, body_id)
    context.record(Happening.BODY_READ, account_id=who.account_id, code=row.code)
    keeps = who.role is NetworkRole.COORDINATOR
    return BodyPage(
        stored=stored_body(context, row),
        changes=changes_of(context, row.id) if keeps else (),
        names=names_of(context, who),
        today=norwegian_date(context.at),
    )


def own_body(
    context: Context, who: Coordinator, body_id: uuid.UUID, *, held: bool = False
) -> BodyRow:
    """The row of a body the person may see, held until the commit if asked; AccessDenied for any other.

    The coordinator sees those of the municipality, a member those with a seat, a politiråd reader the councils.
    """
    asked = select(BodyRow).where(BodyRow.id == body_id)
    row = context.session.scalar(asked.with_for_update() if held else asked)
    if row is None or not _may_see(context, who, row):
        raise AccessDenied("body.unknown", account_id=who.account_id)
    return row


def _may_see(context: Context, who: Coordinator, row: BodyRow) -> bool:
    if row.municipality_number != who.municipality_number:
        return False
    if who.role is NetworkRole.MEMBER:
        return bool(seats_of(context, who, row.id))
    return who.role is NetworkRole.COORDINATOR or BodyKind(row.kind) in COUNCILS


def seats_of(context: Context, who: Coordinator, body_id: uuid.UUID) -> frozenset[str]:
    """The functions by which somebody sits in a body."""
    own = (BodySeatRow.account_id == who.account_id) & (BodySeatRow.body_id == body_id)
    return frozenset(context.session.scalars(select(BodySeatRow.function).where(own)))


def stored_body(context: Context, row: BodyRow) -> StoredBody:
    """The body of a row, as of now."""
    body = body_of(row)
    over = is_over(body, norwegian_date(context.at), row.dissolved_on)
    return StoredBody(row.id, row.version, body, row.dissolved_on, over)


def body_of(row: BodyRow) -> Body:
    """The body of a row."""
    facts: dict[str, Any] = {
        fact: Said(split(getattr(row, fact)), getattr(row, f"{fact}_place")) for fact in FACTS
    }
    return Body(
        code=row.code,
        kind=BodyKind(row.kind),
        language=row.language,
        individuals_forbidden=row.individuals_forbidden,
        neighbours=split(row.neighbours),
        document=row.document,
        **{name: getattr(row, name) for name in _SAME},
        **facts,
    )


def put(row: BodyRow, body: Body) -> None:
    """Write what may change in a body on its row."""
    for name in _SAME:
        setattr(row, name, getattr(body, name))
    row.kind, row.individuals_forbidden = str(body.kind), body.individuals_forbidden
    row.neighbours = lines(body.neighbours)
    for fact in FACTS:
        said: Said = getattr(body, fact)
        setattr(row, fact, lines(said.lines))
        setattr(row, f"{fact}_place", said.place)


def add_change(
    context: Context,
    body_id: uuid.UUID,
    part: str,
    new: str,
    *,
    old: str = "",
    account_id: uuid.UUID | None = None,
    reason: str = "",
) -> None:
    """Add to the history, in the same transaction as what it tells of."""
    row = BodyChangeRow(
        body_id=body_id, account_id=account_id, part=part, old=old, new=new, reason=reason
    )
    add_line(context, row, BodyChangeRow.body_id, BodyRow.id)


def changes_of(context: Context, body_id: uuid.UUID) -> tuple[HistoryLine, ...]:
    """The history of a body, newest first."""
    return history_of(context, BodyChangeRow, BodyChangeRow.body_id, body_id)


def names_of(context: Context, who: Coordinator) -> dict[uuid.UUID, str]:
    """Everybody with an account of the municipality, also those who have left."""
    same = SltAccount.municipality_number == who.municipality_number
    found = context.session.execute(select(SltAccount.id, SltAccount.display_name).where(same))
    return {row.id: row.display_name for row in found}
