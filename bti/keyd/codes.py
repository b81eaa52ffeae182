"""One-time codes, checked where their secret can be read, and each right once: with the broker alone."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.models import BrokerCode
from bti.domain.step_up import is_fresh
from bti.identity import totp
from bti.keyd.grant_facts import SLOWEST

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.db.models import Account
    from bti.keyd.keystore import KeyStore

_KEPT: Final = timedelta(days=1)
_MARK_BYTES: Final = 16


def accept(
    session: Session,
    keys: KeyStore,
    account: Account,
    code: str,
    at: datetime,
    *,
    column: str = "totp_ct",
) -> bool:
    """Tell whether a code is right and was not used before, and use it up. The row is genuine.

    ``column`` holds the secret: the one that is signed in with, or the one that waits to be.
    """
    secret = _opened(session, keys, account, column)
    mark = _mark_of(secret)
    # Held: a code sent twice at once must not be right twice.
    last = session.get(BrokerCode, (account.id, mark), with_for_update=True, populate_existing=True)
    step = totp.matched_step(secret, code, at, after=last.last_step if last is not None else None)
    if step is None:
        return False
    if last is None:
        last = BrokerCode(account_id=account.id, secret_mark=mark, tenant_id=account.tenant_id)
        session.add(last)
    last.last_step, last.shown_at, last.spent_on = step, at, None
    session.flush()
    session.execute(
        delete(BrokerCode).where(
            BrokerCode.account_id == account.id, BrokerCode.shown_at <= at - _KEPT
        )
    )
    return True


def shown_secret(
    session: Session, keys: KeyStore, account: Account, at: datetime, *, column: str
) -> bytes | None:
    """Return the secret in a column when a code of it was shown just now; None otherwise.

    The row is genuine. Just now: within a caller's longest transaction.
    """
    if getattr(account, column) is None:
        return None
    secret = _opened(session, keys, account, column)
    last = session.get(BrokerCode, (account.id, _mark_of(secret)), populate_existing=True)
    return secret if last is not None and last.shown_at > at - SLOWEST else None


def spend(session: Session, account: uuid.UUID, made: uuid.UUID, at: datetime) -> bool:
    """Use a fresh proof of ``account`` up for making the account ``made``; tells whether there was one."""
    last = session.scalars(
        select(BrokerCode)
        .where(BrokerCode.account_id == account)
        .order_by(BrokerCode.shown_at.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if last is None or last.spent_on is not None or not is_fresh(last.shown_at, at):
        return False
    last.spent_on = made
    session.flush()
    return True


def is_spent_on(session: Session, account: uuid.UUID, made: uuid.UUID, at: datetime) -> bool:
    """Tell whether a proof of ``account`` that is still fresh was used up for this one account."""
    spent = select(BrokerCode.shown_at).where(
        BrokerCode.account_id == account, BrokerCode.spent_on == made
    )
    return any(is_fresh(shown_at, at) for shown_at in session.scalars(spent))


def _mark_of(secret: bytes) -> bytes:
    return sha256(secret).digest()[:_MARK_BYTES]


def _opened(session: Session, keys: KeyStore, account: Account, column: str) -> bytes:
    """Return a secret that an app makes codes from."""
    blob = getattr(account, column).blob
    key = keys.tenant_key_by_id(
        session, account.tenant_id, TenantPurpose.DIRECTORY, key_id_of(blob)
    )
    table, row_id = account.__tablename__, account.id
    place = Place(account.tenant_id, TENANT_WIDE, table, column, row_id, account.version)
    return bytes.fromhex(str(json_from_bytes(open_sealed(key, place, blob))))
