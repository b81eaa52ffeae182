"""Whether the case side can work: the database answers and the key provider opens its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bti.crypto.errors import SealError
from bti.db.models import Municipality
from bti.domain.errors import AccessDenied, Unavailable
from bti.workflows.actor import SystemActor

if TYPE_CHECKING:
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway


def is_ready(doorway: Doorway) -> bool:
    """Tell whether a request could be served now; says nothing about why not."""
    try:
        doorway.perform(_use_every_key, SystemActor("readiness"))
    except (SQLAlchemyError, SealError, AccessDenied, Unavailable):
        return False
    return True


def _use_every_key(context: Context) -> None:
    for tenant in context.session.scalars(select(Municipality.id)):
        context.verbs.verifier_key(tenant)
