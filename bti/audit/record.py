"""The only writer of the log.

Entries are collected during a transaction and written, with the digests of every changed row,
just before it commits; so act and entry cannot part. Which way they take from there is `way`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.audit.actions import READS, Action
from bti.audit.event import By, Event, Reference, Signer, origin_of, row_lines
from bti.audit.inline import append_inline
from bti.audit.pending import append_pending
from bti.audit.way import way_of
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

    from sqlalchemy.orm import Session

    from bti.clock import Clock
    from bti.db.guards import RowChange

__all__ = ["COVERING", "By", "Event", "Recorder", "Reference", "Signer", "origin_of"]

# What may stand for a change of rows: every act that is not a mere look or a refusal.
COVERING = (
    frozenset(Action)
    - READS
    - {
        Action.SESSION_SIGN_IN_DENY,
        Action.ACCESS_REQUEST_DENY,
        Action.ALARM_BROKER_RAISE,
        Action.AUTHORITY_ROW_GRANT,
        Action.AUDIT_LOG_VERIFY,
        Action.CASE_ATTACHMENT_REFUSE,
        Action.CASE_ATTACHMENT_ERASE,
        Action.KEY_SHARE_REFUSE,
        Action.KEY_START_OPEN,
    }
)


class Recorder:
    """Collects the entries of one transaction."""

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
        if by.client is not None:
            about = (*about, Reference("client", by.client))
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

    def cases(self) -> frozenset[uuid.UUID]:
        """Return every case that the entries name."""
        return frozenset(
            ref.id for _, event in self._events for ref in event.about if ref.kind == "case"
        )

    def close(self, sign: Signer) -> None:
        """Flush the rows and write the entries; inline, sign the new head with ``sign``.

        Raises ``UnauditedChangeError`` when rows changed and no writing act was recorded,
        ``UnauditedReadError`` when a case was opened and no entry names it, and
        ``RolledBackError`` when the log is not the one this machine signed.
        """
        self._session.flush()
        changes = list(changes_of(self._session))
        tenants = {tenant for tenant, _ in self._events}
        if changes:
            self._require_write_entry(changes)
        self._require_read_entries()
        way = way_of(self._session)
        for tenant in sorted(tenants, key=str):
            entries = self._entries(tenant, row_lines(changes))
            if way.sequenced:
                append_pending(self._session, way, tenant, entries)
            else:
                append_inline(self._session, way, tenant, entries, sign)
        mark_audited(self._session)
        self._events.clear()

    def _entries(
        self, tenant: uuid.UUID, rows: tuple[str, ...]
    ) -> list[tuple[Event, tuple[str, ...]]]:
        """Return the events of a municipality; the last writing one answers for the rows."""
        events = [event for owner, event in self._events if owner == tenant]
        last_write = max(
            (i for i, e in enumerate(events) if e.action in COVERING and e.allowed), default=-1
        )
        return [(event, rows if at == last_write else ()) for at, event in enumerate(events)]

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
