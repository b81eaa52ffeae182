"""One-time codes, checked where their secret can be read: with the broker, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.identity import totp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.db.models import Account
    from bti.keyd.keystore import KeyStore


def unused_step(
    session: Session, keys: KeyStore, account: Account, code: str, at: datetime
) -> int | None:
    """Return the step of a right code that was not used before, or None. The row is genuine."""
    blob = account.totp_ct.blob
    key = keys.tenant_key_by_id(
        session, account.tenant_id, TenantPurpose.DIRECTORY, key_id_of(blob)
    )
    table, row_id = account.__tablename__, account.id
    place = Place(account.tenant_id, TENANT_WIDE, table, "totp_ct", row_id, account.version)
    secret = bytes.fromhex(str(json_from_bytes(open_sealed(key, place, blob))))
    return totp.matched_step(secret, code, at, after=account.totp_last_step)
