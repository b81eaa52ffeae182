"""Signing in and out, and turning a session token into an actor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import By, Reference
from bti.db.models import Account, LocalRules, Municipality, RoleGrant, Unit, WebSession
from bti.db.walls import session_by_token
from bti.domain.codes import Role, Sector
from bti.domain.errors import AccessDenied
from bti.identity import tokens
from bti.keyd.authority import RAN_OUT_GRACE
from bti.workflows import attempts, blind_tokens, municipality
from bti.workflows.actor import Actor
from bti.workflows.errors import NotFound, SignInRefused

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

STRENGTH_TWO_FACTORS = "password+totp"
#: With a password and code that somebody else made: weak, see ``first_sign_in``.
STRENGTH_FIRST = "first"
MAX_SESSIONS = 3


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that somebody may enter a session with."""

    grant_id: uuid.UUID
    role: Role
    unit_name: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the token goes into the cookie and is stored nowhere."""

    token: str
    roles: tuple[RoleChoice, ...]


@dataclass(frozen=True, slots=True)
class _Begun:
    """An attempt between its two steps. No account: nobody has that name."""

    tenant_id: uuid.UUID
    counted: attempts.Counted
    account_id: uuid.UUID | None
    password_hash: str | None = field(repr=False)


def sign_in(
    doorway: Doorway,
    *,
    tenant_id: uuid.UUID,
    username: str,
    secret: str,
    code: str,
    address: str,
) -> SignedIn | SignInRefused:
    """Open a session for a user name, a password and a one-time code.

    Every attempt is counted as failed before its proof is looked at, so that many at once are
    not cheaper than one by one; a right one is taken off again. Returns the refusal instead of
    raising it, so that its entry is committed. Unknown user, wrong password and wrong code cannot
    be told apart, in text or in work done. Raises ``NotFound`` for an unknown municipality.
    """
    begun = doorway.perform(_begin, None, tenant_id=tenant_id, username=username, address=address)
    if isinstance(begun, SignInRefused):
        return begun
    # Between the transactions: argon2 takes a third of a second and would hold up every writer.
    passwords = doorway.passwords
    if begun.password_hash is None:
        verdict = passwords.verify_nobody()
    else:
        verdict = passwords.verify(begun.password_hash, secret)
    new_hash = passwords.hash(secret) if verdict.rehash else None
    # By itself: the code is used up here, and what follows may be tried again when it loses a race.
    right = verdict.right and doorway.perform(_code_is_right, None, begun=begun, code=code)
    return doorway.perform(_finish, None, begun=begun, right=right, new_hash=new_hash)


def _begin(
    context: Context, *, tenant_id: uuid.UUID, username: str, address: str
) -> _Begun | SignInRefused:
    """Count the attempt and find what to check it against, or say that it must wait."""
    if context.session.get(Municipality, tenant_id) is None:
        raise NotFound
    known = blind_tokens.of_username(context, tenant_id, username)
    account = context.session.scalars(
        select(Account).where(Account.username_token.in_(known), Account.tenant_id == tenant_id)
    ).one_or_none()
    # Under the token that stands: the count must not begin anew because a key is being changed.
    token = known[0] if account is None else account.username_token
    counted = attempts.count(context, attempts.keys_of(tenant_id, token, address))
    if isinstance(counted, attempts.Waiting):
        if counted.first:
            context.record(Action.SESSION_SIGN_IN_DENY, tenant=tenant_id, refused="sign_in.wait")
        return SignInRefused(counted.seconds)
    if account is None:
        return _Begun(tenant_id, counted, None, None)
    # A planted row is nobody's, at the price of somebody's; the second step tells why.
    stored = account.password_hash if forged_by(context, account) is None else None
    return _Begun(tenant_id, counted, account.id, stored)


def _code_is_right(context: Context, *, begun: _Begun, code: str) -> bool:
    """Have the code looked at after a right password, and used up."""
    context.enter(begun.tenant_id)
    account = context.session.get(Account, begun.account_id) if begun.account_id else None
    if account is None or account.password_hash != begun.password_hash:
        return False
    return forged_by(context, account) is None and context.verbs.prove_code(account.id, code)


def _finish(
    context: Context, *, begun: _Begun, right: bool, new_hash: str | None
) -> SignedIn | SignInRefused:
    """Open the session for a right password and code, or write that it was refused."""
    tenant = begun.tenant_id
    context.enter(tenant)
    account = (
        context.session.get(Account, begun.account_id, with_for_update=True)
        if begun.account_id is not None
        else None
    )
    if account is None:
        context.record(Action.SESSION_SIGN_IN_DENY, tenant=tenant, refused="sign_in.not_proven")
        return SignInRefused()
    about = Reference("account", account.id)
    forged = forged_by(context, account)
    proven = right and forged is None and account.password_hash == begun.password_hash
    if not proven or not account.can_sign_in:
        # Told apart in the log only: a planted password must look like a wrong one.
        rule = forged or "sign_in.not_proven"
        context.record(Action.SESSION_SIGN_IN_DENY, about, tenant=tenant, refused=rule)
        return SignInRefused()
    if account.first_too_late(context.now):
        rule = "sign_in.first_too_late"
        context.record(Action.SESSION_SIGN_IN_DENY, about, tenant=tenant, refused=rule)
        return SignInRefused()
    strength = STRENGTH_FIRST if account.must_renew else STRENGTH_TWO_FACTORS
    opened = open_session(context, account, strength)
    if isinstance(opened, SignedIn):
        if new_hash is not None:
            account.password_hash = new_hash
        attempts.forgive(context, begun.counted)
    return opened


def open_session(context: Context, account: Account, strength: str) -> SignedIn | SignInRefused:
    """Make a session for a proven account in its first role. Keeps at most three alive."""
    roles = _roles(context, account.id)
    if not roles:
        context.record(
            Action.SESSION_SIGN_IN_DENY,
            Reference("account", account.id),
            tenant=account.tenant_id,
            refused="access.no_role",
        )
        return SignInRefused()
    token = new_session(context, account, roles[0].grant_id, strength)
    return SignedIn(token, roles)


def enter_role(context: Context, *, grant_id: uuid.UUID) -> SignedIn:
    """Go on in another of one's own roles: a new session and a new token, the old one ends."""
    person = context.person
    context.verbs.subject()
    grant = context.session.get(RoleGrant, grant_id)
    if grant is None or grant.account_id != person.account_id or not _in_force(grant, context.now):
        raise NotFound
    account = context.session.get_one(Account, person.account_id)
    old = context.session.get_one(WebSession, person.session_id)
    token = new_session(context, account, grant.id, old.strength, before=old, proven=False)
    return SignedIn(token, _roles(context, account.id))


def identify(context: Context, *, token: str) -> Actor | None:
    """Return the actor of a live session, or None. Moves its idle limit."""
    row = session_by_token(context.session, tokens.token_digest(token))
    if row is None or not is_live(row, context.now, context.settings.session_idle_minutes):
        return None
    actor = _genuine_actor(context, row, token)
    if actor is not None and context.now - row.last_seen_at > timedelta(seconds=30):
        # Only after the check: this write makes the row's MAC anew, over whatever stands there.
        row.last_seen_at = context.now
    return actor


def expired_actor(context: Context, *, token: str) -> Actor | None:
    """Return whose session ran out by itself, so that a draft can still be kept for them.

    Not for one that was ended by sign-out or revoked. How long after its end, and what for, is
    the broker's decision: keeping what was typed must not keep a door open.
    """
    row = session_by_token(context.session, tokens.token_digest(token))
    if row is None or row.revoked_at is not None or row.expires_at + RAN_OUT_GRACE <= context.now:
        return None
    return _genuine_actor(context, row, token, ran_out=True)


def _genuine_actor(
    context: Context, row: WebSession, token: str, *, ran_out: bool = False
) -> Actor | None:
    """Return whose session this is, or None when it or what it rests on was changed in SQL.

    Of one that ran out it is not told what its owner is called: no key of the municipality goes to it.
    """
    context.enter(row.tenant_id)
    grant = context.session.get_one(RoleGrant, row.role_grant_id)
    account = context.session.get_one(Account, row.account_id)
    try:
        rules = municipality.found(context, row.tenant_id)
    except AccessDenied as denied:
        _refuse_municipality(context, row, denied.rule)
        return None
    try:
        # Together: with the broker in a process of its own, each question is a journey.
        context.verbs.check(row, grant, account, rules)
    except AccessDenied as denied:
        if forged_by(context, rules) is not None:
            _refuse_municipality(context, row, denied.rule)
            return None
        context.record(
            Action.ACCESS_REQUEST_DENY,
            Reference("account", account.id),
            tenant=row.tenant_id,
            refused=denied.rule,
        )
        return None
    if not account.can_sign_in or not _in_force(grant, context.now):
        return None
    if ran_out:
        return replace(_actor(context, row, account, grant, token, {}), ran_out=True)
    context.verbs.open_directory(row.tenant_id, proof=tokens.proof_of(token))
    return _actor(context, row, account, grant, token, account.profile)


def _refuse_municipality(context: Context, row: WebSession, rule: str) -> None:
    """Enter that nobody is let in: what the municipality has decided was changed in SQL."""
    for act in (Action.ACCESS_REQUEST_DENY, Action.ALARM_BROKER_RAISE):
        context.record(act, Reference("tenant", row.tenant_id), tenant=row.tenant_id, refused=rule)


def sign_out(context: Context) -> None:
    """End the session now."""
    person = context.person
    row = context.session.get_one(WebSession, person.session_id)
    row.revoked_at = context.now
    context.record(Action.SESSION_SIGN_OUT_RUN, Reference("account", person.account_id))


def my_roles(context: Context) -> tuple[RoleChoice, ...]:
    """Return the roles the person may go on in."""
    return _roles(context, context.person.account_id)


def choose_language(context: Context, *, language: str) -> None:
    """Keep the person's language."""
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id)
    account.language = language
    context.record(Action.ACCOUNT_PROFILE_CHANGE, Reference("account", account.id))


def is_live(row: WebSession, now: datetime, idle_minutes: int) -> bool:
    """Tell whether a session may still be used."""
    return (
        row.revoked_at is None
        and now < row.expires_at
        and now - row.last_seen_at <= timedelta(minutes=idle_minutes)
    )


def new_session(
    context: Context,
    account: Account,
    grant_id: uuid.UUID,
    strength: str,
    *,
    before: WebSession | None = None,
    proven: bool = True,
    entry: Action = Action.SESSION_SIGN_IN_ALLOW,
) -> str:
    """Make a session, end the oldest above three, and return its token.

    ``before`` is the session it goes on from, which ends: its absolute limit is kept, and with
    ``proven`` false also the time its factors were proven. ``entry`` is what the log calls it.
    """
    token = tokens.new_token()
    now = context.now
    expires_at = now + timedelta(minutes=context.settings.session_absolute_minutes)
    if before is not None:
        before.revoked_at = now
        expires_at = before.expires_at
    alive = context.session.scalars(
        select(WebSession)
        .where(
            WebSession.account_id == account.id,
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now,
        )
        .order_by(WebSession.created_at.desc())
        .offset(MAX_SESSIONS - 1)
    )
    for old in alive:
        # A forged one opens nothing, and must not get a right MAC by being ended.
        if forged_by(context, old) is None:
            old.revoked_at = now
    context.session.add(
        WebSession(
            tenant_id=account.tenant_id,
            token_hash=token.digest,
            account_id=account.id,
            role_grant_id=grant_id,
            strength=strength,
            proven_at=now if proven or before is None else before.proven_at,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
    )
    grant = context.session.get_one(RoleGrant, grant_id)
    context.recorder.record(
        entry,
        tenant=account.tenant_id,
        # The visitor has become somebody: the entry is theirs.
        by=By(str(account.id), token.digest.hex()[:8], str(grant.unit_id)),
        about=[Reference("account", account.id)],
    )
    return token.text


def _actor(
    context: Context,
    row: WebSession,
    account: Account,
    grant: RoleGrant,
    token: str,
    profile: dict[str, str],
) -> Actor:
    unit = context.session.get_one(Unit, grant.unit_id)
    town = context.session.get_one(Municipality, row.tenant_id)
    return Actor(
        account_id=account.id,
        tenant_id=row.tenant_id,
        session_id=row.id,
        token_hash=row.token_hash,
        proof=tokens.proof_of(token),
        name=profile.get("name", ""),
        title=profile.get("title", ""),
        role=Role(grant.role),
        unit_id=unit.id,
        unit_name=unit.name,
        sector=Sector(unit.sector),
        municipality=town.name,
        profile=town.profile,
        language=account.language or town.language,
        strength=row.strength,
    )


def _roles(context: Context, account_id: uuid.UUID) -> tuple[RoleChoice, ...]:
    grants = context.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.account_id == account_id)
        .order_by(RoleGrant.valid_from, RoleGrant.id)
    )
    return tuple(
        RoleChoice(grant.id, Role(grant.role), context.session.get_one(Unit, grant.unit_id).name)
        for grant in grants
        if _in_force(grant, context.now)
    )


def _in_force(grant: RoleGrant, at: datetime) -> bool:
    return grant.valid_from <= at and (grant.valid_to is None or at < grant.valid_to)


def forged_by(context: Context, row: Account | LocalRules | WebSession) -> str | None:
    """Return the rule that says the row was changed in SQL, or None for a genuine one."""
    try:
        context.verbs.check(row)
    except AccessDenied as denied:
        return denied.rule
    return None
