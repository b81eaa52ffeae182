"""A new epoch: how a log goes on when it cannot continue, so that everybody can see that it did not.

After a restore the log is shorter than what was signed. Its signer refuses for good; a new epoch
is a new tree with a new name, whose first entry quotes the last checkpoint of the old one, both
sizes and the reason. What is lost stays visible as a number.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from bti.audit.event import By, Event, Reference, leaf_of, origin_of
from bti.audit.inline import BEGUN, Head, begin_epoch, locked_head, store_events, store_head
from bti.audit.leaf import encode_digest
from bti.audit.models import AuditCheckpoint, AuditHead
from bti.audit.note import Checkpoint
from bti.audit.signer import epoch_of
from bti.audit.tile_store import filled_tiles
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.way import way_of
from bti.db.guards import when_committed

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action
    from bti.audit.event import Signer
    from bti.audit.signer import LogSigner


class EpochReason(StrEnum):
    """Why a log does not continue."""

    RESTORE = "restore"
    SIGNER = "signer"
    KEY = "key"
    OTHER = "other"


class NoLogError(Exception):
    """There is no log that could end."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Who answers for a new epoch, why, and when it begins. ``act`` is what the log calls it."""

    act: Action
    reason: EpochReason
    asked_by: str
    approved_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """What has begun: its number, how many entries were signed before, and how many stood here."""

    epoch: int
    signed: int
    found: int


def begin_inline_epoch(
    session: Session, tenant: uuid.UUID, beginning: Beginning, sign: Signer
) -> NewEpoch:
    """Begin an epoch of a log that is signed in its own transactions. Raises ``NoLogError``."""
    head = _head(session, tenant, beginning.at)
    guard = way_of(session).guard
    memory = guard.memory(tenant)
    old = head.epoch
    signed = Checkpoint(origin_of(tenant, old), head.frontier.size, head.frontier.root())
    if memory is not None and memory.frontier.size:
        # The key is the municipality's own and signs alike: this is the note that was made then.
        signed = Checkpoint(
            origin_of(tenant, memory.epoch), memory.frontier.size, memory.frontier.root()
        )
        old = max(old, memory.epoch)
    quoted = sign(tenant, signed)
    # The tree that ends keeps its tiles: its entries can be proven after it has ended.
    filled_tiles(session.connection(), tenant, head)
    new = _begin(session, tenant, head, old + 1, beginning, (signed.size, quoted), "")
    state = Checkpoint(origin_of(tenant, head.epoch), head.frontier.size, head.frontier.root())
    session.connection().execute(
        insert(AuditCheckpoint).values(tenant_id=tenant, size=head.place, note=sign(tenant, state))
    )
    begun, stands = head.epoch, head.frontier.copy()
    session.info[BEGUN] = tenant, begun
    when_committed(session, lambda: guard.remember(tenant, begun, stands))
    return new


def begin_sequenced_epoch(
    session: Session, tenant: uuid.UUID, beginning: Beginning, signer: LogSigner
) -> NewEpoch:
    """Begin an epoch with a new key of the signer; the sequencer has it signed at its next turn.

    Raises ``NoLogError``, and ``SignerRefusedError`` when the signer's memory is lost.
    """
    head = _head(session, tenant, beginning.at)
    known = signer.remembered(tenant)
    epoch = head.epoch + 1
    if known is not None and epoch_of(known.origin) >= epoch:
        # Asked again after a crash it is the same one; else the lost log had begun it already.
        epoch = epoch_of(known.origin) + (1 if known.size else 0)
    begun = signer.begin(tenant, epoch)
    last = (begun.before.size, begun.before.note) if begun.before else _newest(session, tenant)
    new = _begin(session, tenant, head, epoch, beginning, last, begun.verifier_key)
    filled_tiles(session.connection(), tenant, head)
    return new


def _head(session: Session, tenant: uuid.UUID, now: datetime) -> Head:
    known = session.connection().scalar(select(AuditHead.size).where(AuditHead.tenant_id == tenant))
    if known is None:
        raise NoLogError
    return locked_head(session.connection(), tenant, now)


def _newest(session: Session, tenant: uuid.UUID) -> tuple[int, str]:
    """Return what was signed last, as far as the database knows."""
    note = session.connection().scalar(
        select(AuditCheckpoint.note)
        .where(AuditCheckpoint.tenant_id == tenant)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    )
    return (int(note.split("\n")[1]), note) if note else (0, "")


def _begin(
    session: Session,
    tenant: uuid.UUID,
    head: Head,
    epoch: int,
    beginning: Beginning,
    last: tuple[int, str],
    verifier_key: str,
) -> NewEpoch:
    """Move the head to a new tree whose first entry says how the old one ended."""
    connection = session.connection()
    signed, note = last
    found = head.frontier.size
    ended = "/".join(
        (
            str(epoch),
            beginning.reason.value,
            str(signed),
            str(found),
            encode_digest(head.frontier.root()),
            b64encode(note.encode()).decode(),
        )
    )
    head.base, head.epoch, head.frontier = head.place, epoch, Frontier()
    head.last_at = max(head.last_at, beginning.at)
    event = Event(
        beginning.act,
        By("system:operator"),
        head.last_at,
        (Reference("tenant", tenant),),
        purpose="control",
    )
    leaf = leaf_of(tenant, event, epoch=ended).to_bytes()
    store_events(connection, tenant, [(head.place, event, leaf)])
    begin_epoch(
        connection,
        tenant,
        head,
        verifier_key=verifier_key,
        now=head.last_at,
        reason=beginning.reason.value,
        asked_by=beginning.asked_by,
        approved_by=beginning.approved_by,
    )
    head.frontier.append(leaf_hash(leaf))
    store_head(connection, tenant, head)
    return NewEpoch(epoch, signed, found)
