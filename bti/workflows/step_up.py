"""Proving password and code once more before a grave act. The strength lasts a quarter of an hour.

Counted and slowed like a sign-in, under the same account and address: a stolen browser must not
become a place to guess passwords in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, WebSession
from bti.domain.step_up import is_fresh
from bti.workflows import attempts, sign_in
from bti.workflows.demo_sign_in import STRENGTH_DEMO
from bti.workflows.errors import NotFound, SignInRefused

if TYPE_CHECKING:
    from bti.workflows.actor import Actor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the session is freshly proven, and whether the demonstration asks for no proof."""

    fresh: bool
    demo: bool


@dataclass(frozen=True, slots=True)
class _Begun:
    counted: attempts.Counted
    password_hash: str = field(repr=False)


def standing(context: Context) -> Standing:
    """Return how fresh the session's proof is."""
    subject = context.verbs.subject()
    return Standing(is_fresh(subject.proven_at, context.now), subject.strength == STRENGTH_DEMO)


def prove_again(
    doorway: Doorway, actor: Actor, *, secret: str, code: str, address: str
) -> str | SignInRefused:
    """Check password and code of whoever is signed in; returns the token of the session anew.

    The old token is worth nothing after it, and no limit of the session is moved. Returns the
    refusal instead of raising it, so that its entry is committed.
    """
    begun = doorway.perform(_begin, actor, address=address)
    if isinstance(begun, SignInRefused):
        return begun
    # Between the transactions, as at sign-in: argon2 would hold up every writer.
    right = doorway.passwords.verify(begun.password_hash, secret).right
    # By itself: the code is used up here, and what follows may be tried again when it loses a race.
    right = right and doorway.perform(_code_is_right, actor, code=code)
    return doorway.perform(_finish, actor, begun=begun, right=right)


def confirm_in_demo(context: Context) -> str:
    """Renew the strength of a demonstration's session, which has no password. ``NotFound`` else."""
    subject = context.verbs.subject()
    if context.settings.mode != "demo" or subject.strength != STRENGTH_DEMO:
        raise NotFound
    return _raise(context, context.session.get_one(Account, subject.account_id))


def _begin(context: Context, *, address: str) -> _Begun | SignInRefused:
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id)
    keys = attempts.keys_of(account.tenant_id, account.username_token, address)
    counted = attempts.count(context, keys)
    if isinstance(counted, attempts.Waiting):
        if counted.first:
            _refuse(context, account, "sign_in.wait")
        return SignInRefused(counted.seconds)
    return _Begun(counted, account.password_hash)


def _code_is_right(context: Context, *, code: str) -> bool:
    return context.verbs.prove_code(context.verbs.subject().account_id, code)


def _finish(context: Context, *, begun: _Begun, right: bool) -> str | SignInRefused:
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id, with_for_update=True)
    if not right or account.password_hash != begun.password_hash:
        _refuse(context, account, "sign_in.not_proven")
        return SignInRefused()
    attempts.forgive(context, begun.counted)
    return _raise(context, account)


def _raise(context: Context, account: Account) -> str:
    old = context.session.get_one(WebSession, context.person.session_id)
    return sign_in.new_session(
        context,
        account,
        old.role_grant_id,
        old.strength,
        before=old,
        entry=Action.SESSION_STRENGTH_RAISE,
    )


def _refuse(context: Context, account: Account, rule: str) -> None:
    context.record(Action.SESSION_STRENGTH_RAISE, Reference("account", account.id), refused=rule)
