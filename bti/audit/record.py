"""The only writer of the log.

Entries are collected during a transaction and appended, with the digests of every changed row,
just before it commits; so act and entry cannot part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select

from bti.audit.actions import READS, Action
from bti.audit.leaf import Leaf, instant, row_deleted, row_written
from bti.audit.models import AuditCheckpoint, AuditEvent, AuditHead, AuditSubject
from bti.audit.note import Checkpoint
from bti.audit.tree import Frontier, leaf_hash
from bti.db.guards import (
    UnauditedChangeError,
    UnauditedReadError,
    changes_of,
    mark_audited,
    opened_in,
)

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.clock import Clock
    from bti.db.guards import RowChange


# What may stand for a change of rows: every act that is not a mere look or a refusal.
COVERING = (
    frozenset(Action)
    - READS
    - {Action.SESSION_SIGN_IN_DENY, Action.ACCESS_REQUEST_DENY, Action.AUDIT_LOG_VERIFY}
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An object an entry is about: a kind and a random id, never a name."""

    kind: str
    id: uuid.UUID

    def __str__(self) -> str:
        """Return the form the leaf holds."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class By:
    """Who acted: an account with its session and unit, or a named part of the system."""

    who: str
    session: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Ids and codes only."""

    action: Action
    by: By
    at: datetime
    about: tuple[Reference, ...] = ()
    ground: str = ""
    purpose: str = "follow-up"
    allowed: bool = True
    rule: str = ""


class Signer(Protocol):
    """Signs a checkpoint for a municipality; the key stays with the broker."""

    def __call__(self, tenant: uuid.UUID, checkpoint: Checkpoint) -> str:
        """Return the signed note."""


def origin_of(tenant: uuid.UUID, epoch: int = 1) -> str:
    """Return the log's name in checkpoints: one log per municipality and epoch."""
    return f"stafett/{tenant}/{epoch}"


class Recorder:
    """Collects the entries of one transaction for one municipality."""

    def __init__(self, session: Session, clock: Clock) -> None:
        """Record into ``session``; times come from ``clock``."""
        self._session = session
        self._clock = clock
        self._events: list[tuple[uuid.UUID, Event]] = []

    def record(
        self,
        action: Action,
        *,
        tenant: uuid.UUID,
        by: By,
        about: Iterable[Reference] = (),
        ground: str = "",
        purpose: str = "follow-up",
        allowed: bool = True,
        rule: str = "",
    ) -> None:
        """Add an entry; it is written when the transaction closes."""
        event = Event(
            action,
            by,
            self._clock.now(),
            tuple(dict.fromkeys(about)),
            ground,
            purpose,
            allowed,
            rule,
        )
        self._events.append((tenant, event))

    @property
    def written(self) -> bool:
        """Tell whether any entry was recorded."""
        return bool(self._events)

    def close(self, sign: Signer) -> None:
        """Flush the rows, append the leaves and sign the new head.

        Raises ``UnauditedChangeError`` when rows changed and no writing act was recorded, and
        ``UnauditedReadError`` when a case was opened and no entry names it.
        """
        self._session.flush()
        changes = list(changes_of(self._session))
        tenants = {tenant for tenant, _ in self._events}
        if changes:
            self._require_write_entry(changes)
        self._require_read_entries()
        for tenant in sorted(tenants, key=str):
            events = [event for owner, event in self._events if owner == tenant]
            self._append(tenant, events, changes, sign)
        mark_audited(self._session)
        self._events.clear()

    def _require_write_entry(self, changes: list[RowChange]) -> None:
        writing = [t for t, event in self._events if event.action in COVERING and event.allowed]
        if not writing:
            tables = ", ".join(sorted({change.table for change in changes}))
            message = f"change without a writing audit entry: {tables}"
            raise UnauditedChangeError(message)
        if len({*writing}) > 1:
            message = "one transaction wrote in two municipalities"
            raise UnauditedChangeError(message)

    def _require_read_entries(self) -> None:
        opened = opened_in(self._session)
        named = {ref.id for _, event in self._events for ref in event.about if ref.kind == "case"}
        silent = {case_id for case_id in opened if case_id is not None} - named
        if silent or (opened and not self._events):
            message = f"{len(silent)} cases opened without an audit entry"
            raise UnauditedReadError(message)

    def _append(
        self, tenant: uuid.UUID, events: list[Event], changes: list[RowChange], sign: Signer
    ) -> None:
        head = self._locked_head(tenant)
        frontier = Frontier.from_bytes(head.frontier)
        last_write = max(
            (i for i, e in enumerate(events) if e.action in COVERING and e.allowed), default=-1
        )
        for position, recorded in enumerate(events):
            # Under the lock: of two writers the one that commits last may have started first,
            # and a log whose times run backwards would look tampered with.
            event = replace(recorded, at=max(recorded.at, head.last_at))
            rows = _row_lines(changes) if position == last_write else ()
            leaf = _leaf(tenant, event, rows).to_bytes()
            self._store(tenant, frontier.size, event, leaf)
            frontier.append(leaf_hash(leaf))
            head.last_at = event.at
        head.size = frontier.size
        head.frontier = frontier.to_bytes()
        checkpoint = Checkpoint(origin_of(tenant), frontier.size, frontier.root())
        self._session.add(
            AuditCheckpoint(tenant_id=tenant, size=frontier.size, note=sign(tenant, checkpoint))
        )
        self._session.flush()

    def _locked_head(self, tenant: uuid.UUID) -> AuditHead:
        # The lock is taken last and held to the commit: one municipality appends in one line.
        head = self._session.scalars(
            select(AuditHead).where(AuditHead.tenant_id == tenant).with_for_update()
        ).one_or_none()
        if head is None:
            head = AuditHead(
                tenant_id=tenant,
                size=0,
                frontier=Frontier().to_bytes(),
                last_at=self._clock.now(),
            )
            self._session.add(head)
            self._session.flush()
        else:
            # Another transaction may have moved it since this session last read it.
            self._session.refresh(head)
        return head

    def _store(self, tenant: uuid.UUID, idx: int, event: Event, leaf: bytes) -> None:
        self._session.add(
            AuditEvent(
                tenant_id=tenant,
                idx=idx,
                leaf=leaf,
                at=event.at,
                act=event.action.value,
                who=event.by.who,
                dec="allow" if event.allowed else "deny",
            )
        )
        self._session.add_all(
            AuditSubject(tenant_id=tenant, idx=idx, kind=ref.kind, object_id=ref.id)
            for ref in event.about
        )


def _leaf(tenant: uuid.UUID, event: Event, rows: tuple[str, ...]) -> Leaf:
    return Leaf(
        ten=str(tenant),
        t=instant(event.at),
        act=event.action.value,
        who=event.by.who,
        sid=event.by.session,
        srv=event.by.unit,
        obj=tuple(sorted(str(reference) for reference in event.about)),
        grd=event.ground,
        pur=event.purpose,
        dec="allow" if event.allowed else "deny",
        rule=event.rule,
        dc="",
        rows=rows,
    )


def _row_lines(changes: list[RowChange]) -> tuple[str, ...]:
    """Return one line per changed row; the last flush of a row in the transaction counts."""
    latest = {(change.table, change.row_id): change for change in changes}
    return tuple(sorted(_row_line(change) for change in latest.values()))


def _row_line(change: RowChange) -> str:
    if change.digest is None:
        return row_deleted(change.table, change.row_id)
    return row_written(change.table, change.row_id, version=change.version, digest=change.digest)
