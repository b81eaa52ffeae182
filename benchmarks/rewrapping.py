"""Giving a municipality a new key-encryption key: its data keys moved, beside the cryptography alone."""

from __future__ import annotations

import uuid
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.crypto.envelope import DataKey
from bti.crypto.provider import TenantPurpose
from bti.crypto.wrapping import unwrap_key, wrap_key
from bti.db.models import CaseKey
from bti.workflows import keys
from tests.postgres_server import running_server, stop_server
from tests.world import ADMIN, build, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bti.workflows.context import Context
    from tests.world import World

KEYS = 10_000
#: 100,000 keys in 15 seconds; unwrapping and wrapping them alone takes one second of this kind of processor.
FLOOR = 1 / 15


def figures(directory: Path) -> Iterator[Figure]:
    """On SQLite and on PostgreSQL; one rotation each time, entries, row digests and commits included."""
    world = build(settings_for(directory / "rewrap"))
    yield _figure(world, "SQLite")
    world.close()
    (directory / "rewrap-server").mkdir()
    server = running_server(directory / "rewrap-server")
    try:
        with server.database() as url:
            world = build(settings_for(directory / "rewrap-many", url))
            yield _figure(world, "PostgreSQL")
            world.close()
    finally:
        stop_server(directory / "rewrap-server")


def _figure(world: World, engine: str) -> Figure:
    world.system(_fill, tenant_id=world.tenant_id)
    old, new = DataKey.generate(), DataKey.generate()
    place = world.tenant_id, uuid.uuid4(), "core"
    key = DataKey.generate()
    wrapped = wrap_key(old, *place, key)

    def moving() -> int:
        done = keys.rotate(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id)
        if done.moved != KEYS:
            raise RuntimeError(f"{done.moved} keys were moved")
        return done.moved

    def bare() -> int:
        for _ in range(KEYS):
            wrap_key(new, *place, unwrap_key(old, *place, key.key_id, wrapped))
        return KEYS

    if engine == "SQLite":
        # All of it is in this process, so its processor time says it all, however busy the machine.
        rates = _by_processor(moving, bare)
        return Figure("Move data keys to a new kek / cryptography, CPU", "keys/s", *rates, FLOOR)
    name = f"Move data keys to a new kek, {engine} / cryptography"
    return Figure(name, "keys/s", *compare(moving, bare, rounds=3), FLOOR, binding=False)


def _by_processor(
    ours: Callable[[], int], control: Callable[[], int]
) -> tuple[float, float, float]:
    pairs = [(_rate(ours), _rate(control)) for _ in range(3)]
    return (
        median(one for one, _ in pairs),
        median(other for _, other in pairs),
        median(one / other for one, other in pairs),
    )


def _rate(work: Callable[[], int]) -> float:
    begun = process_time()
    done = work()
    return done / (process_time() - begun)


def _fill(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Make data keys in plain statements: making them is not what is measured."""
    store = context.verbs._keys  # type: ignore[attr-defined]  # noqa: SLF001 - the store behind the verbs
    kek = store.tenant_key(context.session, tenant_id, TenantPurpose.KEK)
    rows = []
    for _ in range(KEYS):
        key, case = DataKey.generate(), uuid.uuid4()
        rows.append(
            {
                "id": uuid.uuid4(),
                "version": 1,
                "tenant_id": tenant_id,
                "key_id": key.key_id,
                "case_id": case,
                "compartment": "core",
                "generation": 1,
                "kek_id": kek.key_id,
                "wrapped": wrap_key(kek, tenant_id, case, "core", key),
                "state": "active",
            }
        )
    context.session.connection().execute(CaseKey.__table__.insert(), rows)
    context.record(Act.KEY_TENANT_CREATE, Reference("tenant", tenant_id), tenant=tenant_id)
