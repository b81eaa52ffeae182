"""One's own account: roles, sessions, language and password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account, RoleGrant, Unit, WebSession
from bti.domain.codes import Role
from bti.domain.errors import RuleBroken
from bti.identity.password import check_new
from bti.workflows import account_person, account_reset
from bti.workflows.errors import NotFound
from bti.workflows.sign_in import is_live, my_roles

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.workflows.context import Context
    from bti.workflows.sign_in import RoleChoice


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser. ``current`` is the one that asks."""

    session_id: uuid.UUID
    role: Role
    unit_name: str
    started_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What a person may see of their own account."""

    name: str
    title: str
    username: str
    language: str
    has_password: bool
    roles: tuple[RoleChoice, ...]
    sessions: tuple[SessionRow, ...]
    #: When it last began anew with what others gave: when, who asked and who said yes.
    anew: tuple[datetime, str, str] | None
    #: When it was registered who the person is, None for never.
    noted: datetime | None


def show(context: Context) -> OwnAccount:
    """Return the person's own account."""
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id)
    return OwnAccount(
        name=account.profile["name"],
        title=account.profile["title"],
        username=account.profile["username"],
        language=context.person.language,
        has_password=context.person.strength != "demo",
        roles=my_roles(context),
        sessions=_sessions(context),
        anew=account_reset.last_of(context, context.person.account_id),
        noted=account_person.noted(context, context.person.account_id).get(
            context.person.account_id
        ),
    )


def change_password(context: Context, *, old: str, new: str) -> bool:
    """Replace the password and end every other session; returns whether ``old`` was right.

    A wrong one is returned and not raised, so that its entry is committed. Raises
    ``PasswordRefusedError``, and ``RuleBroken("account.password_same")``.
    """
    context.verbs.subject()
    account = context.session.get_one(Account, context.person.account_id)
    if not context.passwords.verify(account.password_hash, old).right:
        context.recorder.record(
            Action.ACCOUNT_PASSWORD_CHANGE,
            tenant=account.tenant_id,
            by=context.by,
            about=[Reference("account", account.id)],
            allowed=False,
            rule="password.wrong",
        )
        return False
    check_new(new, context=[account.profile["username"], account.profile["name"]])
    if context.passwords.verify(account.password_hash, new).right:
        raise RuleBroken("account.password_same")
    account.password_hash = context.passwords.hash(new)
    _end(context, _others(context))
    context.record(Action.ACCOUNT_PASSWORD_CHANGE, Reference("account", account.id))
    return True


def end_session(context: Context, *, session_id: uuid.UUID) -> None:
    """End one of one's own other sessions. Raises ``NotFound`` for any other."""
    context.verbs.subject()
    rows = [row for row in _others(context) if row.id == session_id]
    if not rows:
        raise NotFound
    _end(context, rows)
    context.record(Action.SESSION_SIGN_OUT_RUN, Reference("account", context.person.account_id))


def end_other_sessions(context: Context) -> int:
    """End every session but this one; returns how many there were."""
    context.verbs.subject()
    count = end_others(context)
    context.record(Action.SESSION_SIGN_OUT_RUN, Reference("account", context.person.account_id))
    return count


def end_others(context: Context) -> int:
    """End every session but this one, for an act that has an entry of its own."""
    rows = _others(context)
    _end(context, rows)
    return len(rows)


def _end(context: Context, rows: list[WebSession]) -> None:
    for row in rows:
        row.revoked_at = context.now


def _live(context: Context) -> list[WebSession]:
    rows = context.session.scalars(
        select(WebSession)
        .where(WebSession.account_id == context.person.account_id, WebSession.revoked_at.is_(None))
        .order_by(WebSession.created_at.desc(), WebSession.id)
    )
    idle = context.settings.session_idle_minutes
    return [row for row in rows if is_live(row, context.now, idle)]


def _others(context: Context) -> list[WebSession]:
    return [row for row in _live(context) if row.id != context.person.session_id]


def _sessions(context: Context) -> tuple[SessionRow, ...]:
    found = []
    for row in _live(context):
        grant = context.session.get_one(RoleGrant, row.role_grant_id)
        unit = context.session.get_one(Unit, grant.unit_id)
        current = row.id == context.person.session_id
        found.append(
            SessionRow(
                row.id, Role(grant.role), unit.name, row.created_at, row.last_seen_at, current
            )
        )
    return tuple(found)
