"""Whether the case side can work: the database answers, keys open, and no log was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bti.audit import store
from bti.audit.guard import RolledBackError
from bti.audit.late import is_late
from bti.crypto.errors import SealError
from bti.db.models import Municipality
from bti.domain.errors import AccessDenied, Unavailable
from bti.workflows import audit_check, work
from bti.workflows.actor import SystemActor

if TYPE_CHECKING:
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway


def is_ready(doorway: Doorway) -> bool:
    """Tell whether a request could be served now; says nothing about why not."""
    try:
        doorway.perform(_use_every_key, SystemActor("readiness"))
    except (SQLAlchemyError, SealError, AccessDenied, Unavailable, RolledBackError):
        return False
    return True


def notices(doorway: Doorway) -> tuple[str, ...]:
    """Return what an operator should look at though requests can be served; codes, no names.

    ``log-late``: entries of the access log wait for longer than ten seconds. ``log-unwitnessed``:
    witnesses are named, and none has signed some log for a day. ``work-late``: a job of `bti work`
    should have been done an hour ago.
    """
    try:
        return doorway.perform(_notices, SystemActor("readiness"))
    except (SQLAlchemyError, SealError, AccessDenied, Unavailable):
        return ()


def _notices(context: Context) -> tuple[str, ...]:
    found = []
    if is_late(context.session, context.now):
        found.append("log-late")
    tenants = context.session.scalars(select(Municipality.id)).all()
    if any(audit_check.is_unwitnessed(context, tenant) for tenant in tenants):
        found.append("log-unwitnessed")
    if work.is_late(context.session, context.now):
        found.append("work-late")
    return tuple(found)


def _use_every_key(context: Context) -> None:
    for tenant in context.session.scalars(select(Municipality.id)):
        context.verbs.verifier_key(tenant)
        store.require_continued(context.session, tenant)
