"""Keys made for rows that are not committed yet, and keys to be destroyed once their row is gone.

The broker commits before its caller does; here it finds out what became of it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.inline import FIRST_EPOCH
from bti.audit.models import AuditHead
from bti.audit.record import By, Reference, origin_of
from bti.db.models import (
    BrokerNote,
    Case,
    CaseKey,
    ControlFinding,
    EmergencyAccess,
    OwnRecord,
    Suspension,
)
from bti.db.models.own_record import OWN_COMPARTMENT
from bti.domain.errors import AccessDenied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.orm import Session

    from bti.audit.record import Recorder
    from bti.domain.relations import Subject

#: Longer than any transaction of a caller can last.
ABANDONED: Final = timedelta(hours=1)
#: What has a key of its own and somebody who must look at it.
REVIEWED: Final = (Suspension, EmergencyAccess, ControlFinding)
_BY: Final = By("system:keyd")


def begin(session: Session, subject: Subject, record: uuid.UUID, at: datetime) -> None:
    """Note that keys are made for a record that is yet to be written, and for whom.

    Raises ``AccessDenied`` for one that is there, or that somebody else has begun.
    """
    begin_for(session, subject.tenant_id, subject.account_id, record, at)


def begin_for(
    session: Session, tenant: uuid.UUID, account: uuid.UUID, record: uuid.UUID, at: datetime
) -> None:
    """Note the same of a record about an account, that the program writes. Raises ``AccessDenied``."""
    other = session.get(BrokerNote, (record, "new"))
    begun = other is not None and other.account_id != account
    if begun or is_there(session, record):
        raise AccessDenied("access.not_a_new_case")
    _note(session, tenant, account, record, "new", at)


def forget(session: Session, subject: Subject, record: uuid.UUID, at: datetime) -> None:
    """Note that the keys of a record are to be destroyed when its row is gone."""
    _note(session, subject.tenant_id, subject.account_id, record, "forget", at)


def settle(
    session: Session, recorder: Recorder, account: uuid.UUID, records: Collection[uuid.UUID]
) -> int:
    """Look what became of an account's own notes, whose transaction has ended; returns how many."""
    noted = session.scalars(
        select(BrokerNote)
        .where(BrokerNote.record_id.in_(records), BrokerNote.account_id == account)
        .with_for_update()
    )
    return _resolve(session, recorder, noted)


def sweep(session: Session, recorder: Recorder, at: datetime) -> int:
    """Look what became of all that was noted long ago; returns how many were settled."""
    noted = session.scalars(
        select(BrokerNote).where(BrokerNote.made_at <= at - ABANDONED).with_for_update()
    )
    return _resolve(session, recorder, noted)


def require_growth(session: Session, tenant: uuid.UUID, origin: str, size: int) -> None:
    """Raise ``AccessDenied`` for a checkpoint that is no larger than what is committed.

    Whoever asks holds the head of the log while it asks, so anything else is a second history. An
    epoch that is not begun is begun by a command on two people's word, and never through here.
    """
    head = session.get(AuditHead, tenant)
    epoch = head.epoch if head is not None else FIRST_EPOCH
    if origin != origin_of(tenant, epoch) or (head is not None and size <= head.size):
        raise AccessDenied("grant.checkpoint")


def is_there(session: Session, record: uuid.UUID) -> bool:
    """Tell whether a row with this id is committed."""
    tables = (Case, OwnRecord, *REVIEWED)
    return any(
        session.scalars(select(table.id).where(table.id == record)).first() for table in tables
    )


def as_id(stored: bytes) -> uuid.UUID:
    """Return an id from its stored bytes. Raises ``AccessDenied`` for anything else."""
    try:
        return uuid.UUID(bytes=stored)
    except ValueError:
        raise AccessDenied("grant.columns") from None


def _note(
    session: Session,
    tenant: uuid.UUID,
    account: uuid.UUID,
    record: uuid.UUID,
    kind: str,
    at: datetime,
) -> None:
    session.merge(
        BrokerNote(
            record_id=record,
            kind=kind,
            tenant_id=tenant,
            account_id=account,
            made_at=at,
        )
    )


def _resolve(session: Session, recorder: Recorder, noted: Iterable[BrokerNote]) -> int:
    settled = 0
    for note in list(noted):
        if not is_there(session, note.record_id):
            _destroy(session, recorder, note)
        session.delete(note)
        settled += 1
    return settled


def _destroy(session: Session, recorder: Recorder, note: BrokerNote) -> None:
    keys = list(session.scalars(select(CaseKey).where(CaseKey.case_id == note.record_id)))
    for key in keys:
        session.delete(key)
    if not keys:
        return
    own = any(key.compartment == OWN_COMPARTMENT for key in keys)
    act = Action.OWN_RECORD_DELETE if own else Action.KEY_DATA_DESTROY
    about = Reference("own" if own else "case", note.record_id)
    recorder.record(act, tenant=note.tenant_id, by=_BY, about=[about])
