"""Many data keys in a test municipality, and whether each still opens to the key it was."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import CaseKey
from bti.keyd.directory_rows import DirectoryRows

if TYPE_CHECKING:
    from bti.crypto.provider import TenantPurpose
    from bti.keyd.keystore import KeyStore
    from bti.workflows.context import Context
    from tests.world import World


def key_store(context: Context) -> KeyStore:
    """The key store behind the broker's verbs."""
    return context.verbs._keys


def add_keys(context: Context, *, tenant_id: uuid.UUID, count: int) -> dict[uuid.UUID, bytes]:
    """Make ``count`` data keys through the key store and return each secret by row id."""
    keys = key_store(context)
    made = {}
    for _ in range(count):
        case = uuid.uuid4()
        made[case] = keys.create_case_keys(context.session, tenant_id, case, ["core"])["core"]
    context.record(Action.KEY_TENANT_CREATE, Reference("tenant", tenant_id), tenant=tenant_id)
    context.session.flush()
    return {case: key.secret_for_wrapping() for case, key in made.items()}


def opened_keys(context: Context, *, tenant_id: uuid.UUID) -> dict[uuid.UUID, bytes]:
    """Every data key's secret by case, opened from what is stored. ``SealError`` if one is not."""
    keys = key_store(context)
    rows = context.session.scalars(select(CaseKey).where(CaseKey.tenant_id == tenant_id))
    return {row.case_id: keys.unwrap(context.session, row).secret_for_wrapping() for row in rows}


def keks_in_use(context: Context, *, tenant_id: uuid.UUID) -> set[bytes]:
    """The ids of the keks that data keys are under."""
    return set(
        context.session.scalars(
            select(CaseKey.kek_id).where(CaseKey.tenant_id == tenant_id).distinct()
        )
    )


def fill(world: World, count: int) -> dict[uuid.UUID, bytes]:
    """Give the test municipality ``count`` data keys."""
    return world.system(add_keys, tenant_id=world.tenant_id, count=count)


def needing(context: Context, *, tenant_id: uuid.UUID, purpose: TenantPurpose) -> int:
    """How many rows need a generation of the directory key that is no longer the active one."""
    keys = key_store(context)
    rows = DirectoryRows(context.session, keys, tenant_id)
    older = keys.older_tenant_keys(context.session, tenant_id, purpose)
    return sum(rows.count_under(key) for key in older)
