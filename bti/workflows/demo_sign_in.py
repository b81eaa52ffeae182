"""Entering as one of the made-up persons, without proof. Exists in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Account, Municipality
from bti.domain import step_up
from bti.workflows import sign_in
from bti.workflows.errors import NotFound, SignInRefused

if TYPE_CHECKING:
    import uuid

    from bti.workflows.context import Context

STRENGTH_DEMO = step_up.DEMO


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A made-up person the sign-in page offers in demo mode."""

    account_id: uuid.UUID
    name: str
    title: str

    @property
    def first_name(self) -> str:
        """Return the name the button shows."""
        return self.name.split(" ")[0]


def demo_sign_in(context: Context, *, account_id: uuid.UUID) -> sign_in.SignedIn | SignInRefused:
    """Open a session for a demo account without proof. Exists in demo mode only."""
    if context.settings.mode != "demo":
        raise NotFound
    account = _somewhere(context, account_id)
    if account is None:
        raise NotFound
    context.verbs.open_directory(account.tenant_id)
    if not account.profile.get("demo") or not account.can_sign_in:
        raise NotFound
    return sign_in.open_session(context, account, STRENGTH_DEMO)


def demo_accounts(context: Context) -> tuple[DemoAccount, ...]:
    """Return the accounts whose profile says demo, in the order it says.

    Raises ``NotFound`` outside demo mode.
    """
    if context.settings.mode != "demo":
        raise NotFound
    found = []
    for tenant in context.session.scalars(
        select(Municipality.id).order_by(Municipality.name)
    ).all():
        context.enter(tenant)
        context.verbs.open_directory(tenant)
        for row in context.session.scalars(select(Account).where(Account.tenant_id == tenant)):
            profile = row.profile
            if profile.get("demo") and row.can_sign_in:
                order = str(profile.get("order", ""))
                found.append((order, DemoAccount(row.id, profile["name"], profile["title"])))
    return tuple(row for _, row in sorted(found, key=lambda one: (one[0], one[1].name)))


def _somewhere(context: Context, account_id: uuid.UUID) -> Account | None:
    """Return the account, standing in its municipality; the button does not say which that is."""
    for tenant in context.session.scalars(select(Municipality.id)).all():
        context.enter(tenant)
        account = context.session.get(Account, account_id)
        if account is not None:
            return account
    return None
