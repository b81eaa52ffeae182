"""The first sign-in with what somebody else made: a password and a code of one's own come first.

Until then the session is weak: the access table refuses everything but the duty to report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, WebSession
from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.identity.password import check_new
from bti.workflows import own_account, sign_in
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from bti.workflows.actor import Actor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The secret for the person's own app. It is shown to nobody else, and to them only here."""

    username: str
    totp_secret: bytes = field(repr=False)


def show(context: Context) -> FirstPage:
    """Return the secret for the person's app, made at the first look. ``NotFound`` when not due."""
    account = _account(context)
    if account.totp_next is None:
        account.totp_next = totp.new_secret().hex()
        context.record(Action.ACCOUNT_TOTP_ENROL, Reference("account", account.id))
    return FirstPage(account.profile["username"], bytes.fromhex(account.totp_next))


def finish(doorway: Doorway, actor: Actor, *, new: str, code: str) -> str:
    """Take the person's own password and app into use; returns the token of a full session.

    Whoever else has a session in this account loses it. Raises ``PasswordRefusedError``, and
    ``RuleBroken`` with account.password_same or account.code_wrong.

    Each step is committed before the next: the key broker grants an account its owner's secret for
    a code it has seen, and a full session for an account it has seen in its owner's hands.
    """
    doorway.perform(_check_password, actor, new=new)
    if not doorway.perform(_code_is_right, actor, code=code):
        raise RuleBroken("account.code_wrong")
    doorway.perform(_make_own, actor, new=new)
    return doorway.perform(_enter, actor)


def _check_password(context: Context, *, new: str) -> None:
    # Before the code, which is used up when it is looked at.
    account = _account(context)
    check_new(new, context=[account.profile["username"], account.profile["name"]])
    if context.passwords.verify(account.password_hash, new).right:
        raise RuleBroken("account.password_same")


def _code_is_right(context: Context, *, code: str) -> bool:
    return context.verbs.prove_own_code(code)


def _make_own(context: Context, *, new: str) -> None:
    account = _account(context)
    if account.totp_next is None:
        raise NotFound
    account.password_hash = context.passwords.hash(new)
    account.totp_secret = account.totp_next
    account.totp_next = None
    account.first_code = None
    account.must_renew = False
    own_account.end_others(context)
    context.record(Action.ACCOUNT_PASSWORD_CHANGE, Reference("account", account.id))


def _enter(context: Context) -> str:
    """Go on in a full session, where the weak one ends."""
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id)
    before = context.session.get_one(WebSession, context.person.session_id)
    return sign_in.new_session(
        context,
        account,
        before.role_grant_id,
        sign_in.STRENGTH_TWO_FACTORS,
        before=before,
        entry=Action.SESSION_STRENGTH_RAISE,
    )


def _account(context: Context) -> Account:
    """Return the person's account, held. Raises ``NotFound`` when it is theirs already."""
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id, with_for_update=True)
    if not account.must_renew or context.person.strength != sign_in.STRENGTH_FIRST:
        raise NotFound
    return account
