"""Failed sign-ins as rows: counted before the proof is looked at, forgiven after a right one.

How long a count makes one wait is `bti.identity.throttle`'s; what is said of it is `sign_in`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from bti.db.models import Throttle
from bti.identity.throttle import (
    FROM_ANYWHERE,
    PER_ADDRESS,
    PER_PAIR,
    Failures,
    after_failure,
    remaining_wait,
)

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.identity.throttle import ThrottleRule
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Keys:
    """Hashes (32 bytes) an attempt is counted under: account at this address, account, address."""

    pair: bytes
    account: bytes
    address: bytes

    def rules(self) -> tuple[tuple[bytes, ThrottleRule], ...]:
        """Return each key with its rule, always in the order the rows are locked in."""
        return (
            (self.pair, PER_PAIR),
            (self.account, FROM_ANYWHERE),
            (self.address, PER_ADDRESS),
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """An attempt that may go on, counted as failed until it is forgiven."""

    keys: Keys
    at: datetime
    address_before: Failures | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt that came too early. ``first``: nobody was told so in this wait before."""

    seconds: int
    first: bool


def keys_of(tenant_id: uuid.UUID, username_token: bytes, address: str) -> Keys:
    """Return what an attempt is counted under. Names and addresses are stored as hashes only."""
    account = sha256(b"account" + tenant_id.bytes + username_token).digest()
    place = sha256(b"address" + address.encode("utf-8", "surrogatepass")).digest()
    return Keys(sha256(b"pair" + account + place).digest(), account, place)


def count(context: Context, keys: Keys) -> Counted | Waiting:
    """Count an attempt as failed, or say how long it must wait. A waiting one is not counted."""
    now = context.now
    before = [(key, rule, _failures(context, key)) for key, rule in keys.rules()]
    wait, key, failures = max(
        ((remaining_wait(found, now, rule), key, found) for key, rule, found in before),
        key=lambda one: one[0],
    )
    if failures is not None and wait.total_seconds() > 0:
        return Waiting(math.ceil(wait.total_seconds()), _first_told(context, key, failures))
    for key, rule, found in before:
        _store(context, key, after_failure(found, now, rule))
    return Counted(keys, now, before[-1][2])


def forgive(context: Context, counted: Counted) -> None:
    """Clear the account's counts; take only this attempt off the address, which others share."""
    for key in (counted.keys.pair, counted.keys.account):
        row = _row(context, key)
        if row is not None:
            context.session.delete(row)
    shared = _row(context, counted.keys.address)
    if shared is None:
        return
    if shared.failures <= 1:
        context.session.delete(shared)
        return
    shared.failures -= 1
    if counted.address_before is not None and shared.last_failure_at == counted.at:
        # Otherwise each right sign-in would begin the wait of a shared address anew.
        shared.last_failure_at = counted.address_before.last_at


def _first_told(context: Context, key: bytes, failures: Failures) -> bool:
    """Tell whether this wait has had no entry yet, and note that it has one now.

    A wait is known by the failure that began it. The log only grows, so whoever hammers on a
    closed door must not be able to fill it.
    """
    told = sha256(b"told" + key).digest()
    if _failures(context, told) == failures:
        return False
    _store(context, told, failures)
    return True


def _row(context: Context, key: bytes) -> Throttle | None:
    # Locked: two at once must not both read the same count.
    return context.session.get(Throttle, key, with_for_update=True)


def _failures(context: Context, key: bytes) -> Failures | None:
    row = _row(context, key)
    return None if row is None else Failures(row.failures, row.last_failure_at)


def _store(context: Context, key: bytes, failures: Failures) -> None:
    context.session.merge(
        Throttle(key=key, failures=failures.count, last_failure_at=failures.last_at)
    )
