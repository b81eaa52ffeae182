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
    from bti.workflows.context import Context


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


def finish(context: Context, *, new: str, code: str) -> str:
    """Take the person's own password and app into use; returns the token of a full session.

    Whoever else has a session in this account loses it. Raises ``PasswordRefusedError``, and
    ``RuleBroken`` with account.password_same or account.code_wrong.
    """
    account = _account(context)
    if account.totp_next is None:
        raise NotFound
    step = totp.matched_step(bytes.fromhex(account.totp_next), code, context.now)
    if step is None:
        raise RuleBroken("account.code_wrong")
    check_new(new, context=[account.profile["username"], account.profile["name"]])
    if context.passwords.verify(account.password_hash, new).right:
        raise RuleBroken("account.password_same")
    account.password_hash = context.passwords.hash(new)
    account.totp_secret = account.totp_next
    account.totp_next = None
    account.first_code = None
    account.totp_last_step = step
    account.must_renew = False
    own_account.end_others(context)
    context.record(Action.ACCOUNT_PASSWORD_CHANGE, Reference("account", account.id))
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
