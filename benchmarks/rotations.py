"""Rotations of keys that die on the way, and what must be so of the key store whenever they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from bti.bootstrap import open_runtime
from bti.crypto.errors import SealError
from bti.db.models import CaseKey
from bti.domain.errors import AccessDenied
from bti.workflows.actor import SystemActor
from tests.key_ring import key_store
from tests.world import CHEAP

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from bti.settings import Settings
    from bti.workflows.context import Context

#: What is killed: a new generation with the moving of the data keys, and the moving alone.
COMMANDS: Final = (("keys", "rotate"), ("keys", "rewrap"))
#: Data keys moved in one transaction here, so that a rotation has many steps to die at.
BATCH: Final = 2
#: More data keys in the store than the one log has.
OTHER_CASES: Final = 3
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM tenant_keys WHERE purpose = 'kek'),
        (SELECT count(*) FROM audit_events WHERE act = 'key:tenant:rotate' AND dec = 'allow'),
        (SELECT count(*) FROM case_keys WHERE kek_id NOT IN (
            SELECT key_id FROM tenant_keys WHERE purpose = 'kek' AND state = 'active'))"""
_ACTOR: Final = SystemActor("crash")


def kept(settings: Settings, tenant: uuid.UUID) -> dict[uuid.UUID, bytes]:
    """Return every data key by its row, opened from what is stored. Raises ``SealError`` if one does not open."""
    runtime = open_runtime(settings, cost=CHEAP)
    try:
        found: dict[uuid.UUID, bytes] = runtime.doorway.perform(_kept, _ACTOR, tenant_id=tenant)
    finally:
        runtime.close()
    return found


def _kept(context: Context, *, tenant_id: uuid.UUID) -> dict[uuid.UUID, bytes]:
    store = key_store(context)
    rows = context.session.scalars(select(CaseKey).where(CaseKey.tenant_id == tenant_id))
    return {row.id: store.unwrap(context.session, row).secret_for_wrapping() for row in rows}


def faults(
    settings: Settings, tenant: uuid.UUID, before: dict[uuid.UUID, bytes], engine: Engine
) -> Iterator[str]:
    """Return what is wrong with the key store, given the data keys that it held: one line each."""
    try:
        if not before.items() <= kept(settings, tenant).items():
            yield "a data key was lost or is another"
    except (SealError, AccessDenied):
        yield "a data key does not open"
    with engine.begin() as connection:
        made, entered, left = connection.execute(text(_COUNTS)).one()
    if made != 1 + entered:
        yield f"{made} generations and {entered} entries of a new one"
    if left:
        yield f"{left} data keys were left under an older key"
