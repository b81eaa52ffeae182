"""The sequenced way: entries wait, chained to their writer, until `bti logd` gives them a place.

A writer is one database connection of one process, so no writer ever waits for another. The
chain shows when a waiting entry is taken away: the writer's next one names what is missing.
PostgreSQL only.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bti.audit.event import Link, leaf_of
from bti.audit.leaf import encode_digest
from bti.audit.tree import leaf_hash
from bti.db.guards import when_committed

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.event import Event
    from bti.audit.way import LogWay

_CHAINS: Final = "audit_chains"
_AHEAD: Final = "audit_chains_ahead"

# One statement and one round trip. Numbers are given in the order of the list.
INSERT_WAITING: Final = """
WITH waiting AS (
  INSERT INTO audit_pending (tenant_id, leaf, at, act, who, dec, obj)
  SELECT %(tenant)s, leaf, at, act, who, dec, obj
  FROM unnest(%(leaf)s::bytea[], %(at)s::timestamptz[], %(act)s::text[], %(who)s::text[],
              %(dec)s::text[], %(obj)s::text[])
       WITH ORDINALITY AS given(leaf, at, act, who, dec, obj, place)
  ORDER BY place
)
INSERT INTO audit_writers (tenant_id, writer, number, last_hash)
VALUES (%(tenant)s, %(writer)s, %(number)s, %(hash)s)
ON CONFLICT (tenant_id, writer)
DO UPDATE SET number = excluded.number, last_hash = excluded.last_hash
"""


@dataclass(frozen=True, slots=True)
class _Chain:
    """The end of a writer's chain, and the process it belongs to."""

    writer: str
    process: int
    number: int = 0
    last_hash: bytes = b""
    last_at: datetime | None = None


@dataclass(slots=True)
class _Ahead:
    """What this transaction has added and nobody may build on before it is committed."""

    transaction: object
    chains: dict[uuid.UUID, _Chain]


def append_pending(
    session: Session,
    way: LogWay,
    tenant: uuid.UUID,
    entries: Sequence[tuple[Event, tuple[str, ...]]],
) -> None:
    """Leave the entries, each with the rows it answers for, in the transaction of ``session``."""
    connection = session.connection()
    known: dict[uuid.UUID, _Chain] = connection.info.setdefault(_CHAINS, {})
    ahead = _ahead(session, known)
    chain = ahead.chains.get(tenant) or known.get(tenant)
    if chain is None or chain.process != os.getpid():
        chain = _Chain(f"{way.writer}-{secrets.token_hex(8)}", os.getpid())
    leaves, times = [], []
    for event, rows in entries:
        at = max(event.at, chain.last_at or event.at)
        chain, leaf = _add(chain, tenant, replace(event, at=at), rows)
        leaves.append(leaf)
        times.append(at)
    ahead.chains[tenant] = chain
    events = [event for event, _ in entries]
    connection.exec_driver_sql(
        INSERT_WAITING,
        {
            "tenant": tenant,
            "leaf": leaves,
            "at": times,
            "act": [event.action.value for event in events],
            "who": [event.by.who for event in events],
            "dec": [event.decision for event in events],
            "obj": [_objects(event) for event in events],
            "writer": chain.writer,
            "number": chain.number,
            "hash": chain.last_hash,
        },
    )


def _ahead(session: Session, known: dict[uuid.UUID, _Chain]) -> _Ahead:
    """Return what this transaction adds; after a rollback the same numbers are given again."""
    transaction = session.get_transaction()
    found = session.info.get(_AHEAD)
    if isinstance(found, _Ahead) and found.transaction is transaction:
        return found
    made = session.info[_AHEAD] = _Ahead(transaction, {})
    when_committed(session, lambda: known.update(made.chains))
    return made


def _add(
    chain: _Chain, tenant: uuid.UUID, event: Event, rows: tuple[str, ...]
) -> tuple[_Chain, bytes]:
    previous = encode_digest(chain.last_hash) if chain.last_hash else ""
    link = Link(chain.writer, chain.number + 1, previous)
    leaf = leaf_of(tenant, event, rows, link=link).to_bytes()
    grown = replace(chain, number=link.number, last_hash=leaf_hash(leaf), last_at=event.at)
    return grown, leaf


def _objects(event: Event) -> str:
    """Return what the entry is about, each between spaces: one pattern finds one object."""
    return "".join(f" {reference}" for reference in event.about) + " "
