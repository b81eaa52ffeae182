"""Signing in and out on the network side: password and one-time code, sessions in the database.

How passwords, codes and waiting work is `bti.identity`'s; the cookie is the web's.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bti.identity.password import MAX_LENGTH, Verdict
from bti.identity.throttle import (
    PER_ACCOUNT,
    PER_ADDRESS,
    Failures,
    ThrottleRule,
    after_failure,
    remaining_wait,
)
from bti.identity.tokens import new_token, token_digest
from bti.identity.totp import matched_step
from bti.slt.account import known_as
from bti.slt.models import SltAccount, SltSession, SltThrottle
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime

# Often enough for an honest idle limit, seldom enough that reading is not writing.
_SEEN_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and where from. `address` only slows guessing down and is never stored."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token for the browser's cookie, when it stops working at the latest, and whose role it opens."""

    token: str = field(repr=False)
    expires_at: datetime
    role: NetworkRole = NetworkRole.COORDINATOR


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """`sign_in.wrong`, or `sign_in.wait` with how long. Never says which part was wrong."""

    code: str
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Coordinator:
    """Someone signed in on the network side. Most are the coordinator; ``role`` says."""

    account_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    municipality_number: str
    municipality_name: str
    language: str
    role: NetworkRole = NetworkRole.COORDINATOR


@dataclass(frozen=True, slots=True)
class _Candidate:
    account_id: uuid.UUID
    password_hash: str = field(repr=False)


def only_coordinator(who: Coordinator) -> None:
    """Raise AccessDenied for everybody who only reads."""
    if who.role is not NetworkRole.COORDINATOR:
        raise AccessDenied("role.reads", account_id=who.account_id)


def sign_in(runtime: SltRuntime, attempt: Attempt) -> SignedIn | SignInRefused:
    """Check password and code and open a session.

    Every attempt is counted as failed before the password is looked at, so that many at once are
    not cheaper than one by one; a right one is taken off again. A code works once.
    """
    begun = perform(runtime, _begin, attempt)
    if isinstance(begun, SignInRefused):
        return begun
    # Outside the transaction: checking takes a third of a second and would hold up everyone.
    if begun is None:
        verdict = runtime.passwords.verify_nobody()
    else:
        verdict = runtime.passwords.verify(begun.password_hash, attempt.password[: MAX_LENGTH + 1])
    new_hash = runtime.passwords.hash(attempt.password) if verdict.rehash else None
    return perform(runtime, _finish, attempt, begun, verdict, new_hash, runtime.absolute)


def demo_sign_in(runtime: SltRuntime) -> SignedIn:
    """Open a session for the demonstration's coordinator without proof.

    Raises AccessDenied outside demo mode and when there is no coordinator.
    """
    return perform(runtime, _demo, runtime.absolute, demo=runtime.demo)


def who_is(runtime: SltRuntime, token: str) -> Coordinator | None:
    """The coordinator whose session the token opens, or None; notes that the session is in use."""
    return perform(runtime, _who_is, token, runtime.idle)


def sign_out(runtime: SltRuntime, token: str) -> None:
    """End the session. Does nothing if it has ended already."""
    perform(runtime, _sign_out, token)


def _begin(context: Context, attempt: Attempt) -> _Candidate | SignInRefused | None:
    keys = _throttle_keys(attempt)
    rows = [(_throttle(context, key), rule) for key, rule in keys]
    wait = max(remaining_wait(_failures(row), context.at, rule) for row, rule in rows)
    account = _account(context, attempt)
    if wait > timedelta(0):
        context.record(
            Happening.SIGN_IN_REFUSED,
            account_id=None if account is None else account.id,
            code="sign_in.wait",
        )
        return SignInRefused("sign_in.wait", wait)
    for row, rule in rows:
        after = after_failure(_failures(row), context.at, rule)
        row.failures, row.last_failure_at = after.count, after.last_at
    if account is None or not account.active:
        return None
    return _Candidate(account.id, account.password_hash)


def _finish(
    context: Context,
    attempt: Attempt,
    candidate: _Candidate | None,
    verdict: Verdict,
    new_hash: str | None,
    absolute: timedelta,
) -> SignedIn | SignInRefused:
    account = None if candidate is None else context.session.get(SltAccount, candidate.account_id)
    if account is None or not verdict.right or not _use_code(context, account, attempt.code):
        context.record(
            Happening.SIGN_IN_REFUSED,
            account_id=None if account is None else account.id,
            code="sign_in.wrong",
        )
        return SignInRefused("sign_in.wrong")
    _forgive(context, attempt)
    if new_hash is not None:
        account.password_hash = new_hash
    return _open_session(context, account, absolute)


def _demo(context: Context, absolute: timedelta, *, demo: bool) -> SignedIn:
    keeps = SltAccount.role == NetworkRole.COORDINATOR
    found = select(SltAccount).where(SltAccount.active, keeps).order_by(SltAccount.created_at)
    account = context.session.scalars(found).first() if demo else None
    if account is None:
        raise AccessDenied("sign_in.no_demo", account_id=None)
    return _open_session(context, account, absolute)


def _open_session(context: Context, account: SltAccount, absolute: timedelta) -> SignedIn:
    token = new_token()
    expires_at = context.at + absolute
    context.session.add(
        SltSession(
            account_id=account.id,
            token_digest=token.digest,
            created_at=context.at,
            last_seen_at=context.at,
            expires_at=expires_at,
        )
    )
    context.record(Happening.SIGNED_IN, account_id=account.id)
    return SignedIn(token=token.text, expires_at=expires_at, role=NetworkRole(account.role))


def _use_code(context: Context, account: SltAccount, code: str) -> bool:
    """Whether the code is right and was not used before; uses it up."""
    secret = context.box.open(account.totp_sealed, account_id=account.id)
    step = matched_step(secret, code, context.at, after=account.last_step)
    if step is None or not account.active:
        return False
    unused = or_(SltAccount.last_step.is_(None), SltAccount.last_step < step)
    # Asked of the database and not of the object: two at once must not both succeed.
    used = context.session.execute(
        update(SltAccount)
        .where(SltAccount.id == account.id, unused)
        .values(last_step=step)
        .returning(SltAccount.id)
    )
    return used.first() is not None


def _who_is(context: Context, token: str, idle: timedelta) -> Coordinator | None:
    found = context.session.execute(
        select(SltSession, SltAccount)
        .join(SltAccount, SltAccount.id == SltSession.account_id)
        .where(SltSession.token_digest == token_digest(token))
    ).first()
    if found is None:
        return None
    session, account = found
    ended = session.revoked_at is not None or session.expires_at <= context.at
    if ended or session.last_seen_at + idle <= context.at or not account.active:
        return None
    if context.at - session.last_seen_at >= _SEEN_EVERY:
        session.last_seen_at = context.at
    return Coordinator(
        account_id=account.id,
        session_id=session.id,
        name=account.display_name,
        municipality_number=account.municipality_number,
        municipality_name=account.municipality_name,
        language=account.language,
        role=NetworkRole(account.role),
    )


def _sign_out(context: Context, token: str) -> None:
    session = context.session.scalar(
        select(SltSession).where(
            SltSession.token_digest == token_digest(token), SltSession.revoked_at.is_(None)
        )
    )
    if session is not None:
        session.revoked_at = context.at
        context.record(Happening.SIGNED_OUT, account_id=session.account_id)


def _account(context: Context, attempt: Attempt) -> SltAccount | None:
    name = known_as(attempt.username)
    # PostgreSQL refuses NUL in text; nobody has it in a name.
    if "\x00" in name:
        return None
    return context.session.scalar(select(SltAccount).where(SltAccount.username == name))


def _throttle_keys(attempt: Attempt) -> tuple[tuple[bytes, ThrottleRule], ...]:
    username = b"account " + known_as(attempt.username).encode("utf-8", "surrogatepass")
    address = b"address " + attempt.address.encode("utf-8", "surrogatepass")
    return (
        (sha256(username).digest(), PER_ACCOUNT),
        (sha256(address).digest(), PER_ADDRESS),
    )


def _throttle(context: Context, key: bytes) -> SltThrottle:
    """The row for a key, locked; made if missing, also when two make it at once."""
    dialect = context.session.get_bind().dialect.name
    values = {"key": key, "failures": 0, "last_failure_at": context.at}
    if dialect == "postgresql":
        context.session.execute(
            postgresql.insert(SltThrottle).values(values).on_conflict_do_nothing()
        )
    else:
        context.session.execute(sqlite.insert(SltThrottle).values(values).on_conflict_do_nothing())
    return context.session.scalars(
        select(SltThrottle).where(SltThrottle.key == key).with_for_update()
    ).one()


def _failures(row: SltThrottle) -> Failures | None:
    return Failures(row.failures, row.last_failure_at) if row.failures else None


def _forgive(context: Context, attempt: Attempt) -> None:
    """Clear the account's count; take only this attempt off the address, which others share."""
    (account_key, _), (address_key, _) = _throttle_keys(attempt)
    account_row = _throttle(context, account_key)
    address_row = _throttle(context, address_key)
    account_row.failures = 0
    address_row.failures = max(0, address_row.failures - 1)
