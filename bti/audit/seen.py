"""Entries as a search sees them: those with a place in the tree and those that wait for one.

An entry that waits is as true as any other; a page that left it out would show too little for
as long as the sequencer is behind. What is asked for is said once, for both tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from bti.audit.models import AuditEvent, AuditPending, AuditSubject

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

Entries = type[AuditEvent] | type[AuditPending]
Condition = Callable[[Entries], ColumnElement[bool]]
"""Says what is asked for, on the columns both tables have: at, act, who, dec."""


def about(tenant: uuid.UUID, objects: Collection[uuid.UUID], kind: str = "case") -> Condition:
    """Return the condition that an entry is about one of the objects."""

    def condition(entries: Entries) -> ColumnElement[bool]:
        if issubclass(entries, AuditPending):
            # Few rows wait, so reading them all is cheaper than an index for every writer.
            return or_(false(), *(entries.obj.contains(f" {kind}:{one} ") for one in objects))
        return exists().where(
            AuditSubject.tenant_id == tenant,
            AuditSubject.idx == entries.idx,
            AuditSubject.kind == kind,
            AuditSubject.object_id.in_(objects),
        )

    return condition


def count(session: Session, tenant: uuid.UUID, wanted: Sequence[Condition]) -> int:
    """Return how many entries meet every condition."""
    return _count(session, AuditPending, tenant, wanted) + _count(
        session, AuditEvent, tenant, wanted
    )


def newest(
    session: Session, tenant: uuid.UUID, wanted: Sequence[Condition], *, skip: int, most: int
) -> list[bytes]:
    """Return at most ``most`` entries that meet every condition, newest first, after ``skip``.

    Those that wait come first: they will have a later place than all the others.
    """
    found = _leaves(session, AuditPending, tenant, wanted, skip=skip, most=most)
    if len(found) == most:
        return found
    waiting = skip + len(found) if found else _count(session, AuditPending, tenant, wanted)
    rest = _leaves(
        session,
        AuditEvent,
        tenant,
        wanted,
        skip=max(skip - waiting, 0),
        most=most - len(found),
    )
    # One that got its place between the two questions is in both answers.
    return [*found, *(leaf for leaf in rest if leaf not in found)]


def readings(
    session: Session, tenant: uuid.UUID, wanted: Sequence[Condition]
) -> tuple[int, frozenset[str]]:
    """Return how many entries meet every condition, and who made them."""
    counted, who = 0, set()
    for entries in (AuditPending, AuditEvent):
        rows = session.execute(
            select(entries.who, func.count())
            .where(entries.tenant_id == tenant, *(one(entries) for one in wanted))
            .group_by(entries.who)
        )
        for name, times in rows:
            counted += times
            who.add(name)
    return counted, frozenset(who)


def _count(
    session: Session, entries: Entries, tenant: uuid.UUID, wanted: Sequence[Condition]
) -> int:
    return session.scalars(
        select(func.count())
        .select_from(entries)
        .where(entries.tenant_id == tenant, *(one(entries) for one in wanted))
    ).one()


def _leaves(
    session: Session,
    entries: Entries,
    tenant: uuid.UUID,
    wanted: Sequence[Condition],
    *,
    skip: int,
    most: int,
) -> list[bytes]:
    place = entries.id if issubclass(entries, AuditPending) else entries.idx
    leaves = session.scalars(
        select(entries.leaf)
        .where(entries.tenant_id == tenant, *(one(entries) for one in wanted))
        .order_by(place.desc())
        .limit(most)
        .offset(skip)
    )
    return [bytes(leaf) for leaf in leaves]
