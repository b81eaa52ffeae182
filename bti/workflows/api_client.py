"""Professional systems as administrators and the data protection officer see them: made, ended, looked after.

A key is asked for by one, agreed to by another, and shown once to the one who asked. Its digest is all
that is kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.clock import NORWAY
from bti.db.models import ApiAgreement, ApiClient
from bti.domain import clients
from bti.domain.access import Action as Act
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClientScope, Role
from bti.domain.errors import AccessDenied
from bti.identity import client_keys
from bti.workflows import approval, directory, insight
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.domain.approval import Params
    from bti.workflows.context import Context
    from bti.workflows.insight import Access

_DAY: Final = timedelta(days=1)
MOST_CALLS: Final = 100
"""How many of its latest acts the page of a client shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForClient:
    """A system that is to have a key: what it is called, what it may do, and its last day."""

    name: str
    scopes: frozenset[ClientScope]
    ends_on: date
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A new client. The key is shown once and kept nowhere in clear."""

    client_id: uuid.UUID
    name: str
    key: str = field(repr=False)
    ends_on: date


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One client. ``people`` is how many let it act for them now."""

    client_id: uuid.UUID
    name: str
    scopes: tuple[ClientScope, ...]
    ends_on: date
    live: bool
    revoked_at: datetime | None
    made_by: str
    made_at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class ClientPage:
    """A client, who lets it act, and what it did last."""

    client: ClientLine
    #: A name and until which day, of those whose yes holds now.
    people: tuple[tuple[str, date], ...]
    calls: tuple[Access, ...]


def ask(context: Context, *, command: AskForClient) -> uuid.UUID:
    """Ask for a colleague's yes to a key; returns the approval's id.

    Raises ``RuleBroken`` (client.*, approval.waiting) and ``StepUpNeeded``.
    """
    require(context, Act.MANAGE_CLIENTS)
    clients.check_client(command.name, command.scopes, command.ends_on, today=context.today)
    params: Params = {
        "name": command.name.strip(),
        "scopes": clients.spelt(command.scopes).split(" "),
        "ends_on": command.ends_on.isoformat(),
    }
    known = approval.given_for(context, ApprovalAct.CLIENT_MAKE, params)
    if known is not None:
        return known
    return approval.ask(context, ApprovalAct.CLIENT_MAKE, params, reason=command.reason.strip())


def make(context: Context, *, approval_id: uuid.UUID) -> MadeClient:
    """Make the client as it was agreed to, and its key.

    Raises ``StepUpNeeded``, ``ApprovalRefused``, and ``RuleBroken("client.ends_on")`` when its last day
    has come meanwhile.
    """
    require(context, Act.MANAGE_CLIENTS)
    approval.require_fresh(context)
    params = approval.params_of(context, approval_id, ApprovalAct.CLIENT_MAKE)
    name, spelt = str(params["name"]), params["scopes"]
    scopes = clients.read(" ".join(spelt if isinstance(spelt, list) else ()))
    ends_on = date.fromisoformat(str(params["ends_on"]))
    clients.check_client(name, scopes, ends_on, today=context.today)
    approval.use(context, approval_id, ApprovalAct.CLIENT_MAKE, params)
    key = client_keys.new_key()
    row = ApiClient(
        tenant_id=context.person.tenant_id,
        key_hash=key.digest,
        scopes=clients.spelt(scopes),
        made_by_id=context.person.account_id,
        made_at=context.clock.now(),
        ends_at=datetime.combine(ends_on + _DAY, time(), NORWAY).astimezone(UTC),
        revoked_at=None,
    )
    row.profile = {"name": name}
    context.session.add(row)
    context.record(Action.CLIENT_KEY_MAKE, Reference("client", row.id), ground="gate:client_make")
    return MadeClient(row.id, name, key.text, ends_on)


def revoke(context: Context, *, client_id: uuid.UUID) -> None:
    """End a client now: its key opens nothing from the next call on. Raises ``NotFound``."""
    require(context, Act.SEE_CLIENTS)
    row = _row(context, client_id)
    if row.revoked_at is None:
        row.revoked_at = context.now
    context.record(Action.CLIENT_KEY_REVOKE, Reference("client", row.id))


def listed(context: Context) -> tuple[ClientLine, ...]:
    """Return every client of the municipality, those that work first. Raises ``AccessDenied``."""
    require(context, Act.SEE_CLIENTS)
    context.record(Action.CLIENT_LIST_READ)
    return lines(context)


def show(context: Context, *, client_id: uuid.UUID) -> ClientPage:
    """Return one client with the people behind it and its latest acts. Raises ``NotFound``.

    Case numbers and what was done, never what was written; no numbers for an administrator.
    """
    subject = require(context, Act.SEE_CLIENTS)
    row = _row(context, client_id)
    agreements = _live_agreements(context, [row])
    context.record(Action.CLIENT_LIST_READ, Reference("client", row.id))
    people = sorted(
        (directory.name_of(context, one.account_id), clients.last_day(one.ends_at))
        for one in agreements
    )
    calls = insight.about_client(context, row.id, most=MOST_CALLS)
    if subject.role is Role.ADMINISTRATOR:
        # How much and what, but not in which cases: whoever runs accounts learns of no case.
        calls = tuple(replace(one, numbers=()) for one in calls)
    return ClientPage(_line(context, row, len(people)), tuple(people), calls)


def lines(context: Context) -> tuple[ClientLine, ...]:
    """Return the municipality's clients; whoever asks has asked for permission."""
    rows = genuine(
        context,
        context.session.scalars(
            select(ApiClient).where(ApiClient.tenant_id == context.person.tenant_id)
        ),
    )
    agreed = _live_agreements(context, rows)
    found = [
        _line(context, row, sum(1 for one in agreed if one.client_id == row.id)) for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (not one.live, one.name, one.made_at)))


def genuine(context: Context, rows: Iterable[ApiClient]) -> list[ApiClient]:
    """Leave out what was planted in SQL: it opens nothing, and must not look as if it did."""
    return [row for row in rows if is_genuine(context, row)]


def is_genuine(context: Context, row: ApiClient | ApiAgreement) -> bool:
    """Tell whether a row was written through the program."""
    try:
        context.verbs.check(row)
    except AccessDenied:
        return False
    return True


def _row(context: Context, client_id: uuid.UUID) -> ApiClient:
    row = context.session.get(ApiClient, client_id, with_for_update=True, populate_existing=True)
    if row is None or row.tenant_id != context.person.tenant_id:
        raise NotFound
    context.verbs.check(row)
    return row


def _live_agreements(context: Context, rows: Iterable[ApiClient]) -> list[ApiAgreement]:
    found = context.session.scalars(
        select(ApiAgreement).where(
            ApiAgreement.client_id.in_([row.id for row in rows]),
            ApiAgreement.revoked_at.is_(None),
            ApiAgreement.ends_at > context.now,
        )
    ).all()
    return [row for row in found if is_genuine(context, row)]


def _line(context: Context, row: ApiClient, people: int) -> ClientLine:
    return ClientLine(
        client_id=row.id,
        name=row.profile["name"],
        scopes=tuple(sorted(clients.read(row.scopes))),
        ends_on=clients.last_day(row.ends_at),
        live=row.is_live(context.now),
        revoked_at=row.revoked_at,
        made_by=directory.name_of(context, row.made_by_id),
        made_at=row.made_at,
        people=people,
    )
