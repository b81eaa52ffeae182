"""The audit log: what one entry adds to a commit, and how fast a log is verified."""

from __future__ import annotations

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from benchmarks.plain import prepare, write
from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.note import Checkpoint, VerifierKey, sign_checkpoint
from bti.audit.record import Reference, origin_of
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import verify_leaves
from tests.postgres_server import running_server, stop_server
from tests.world import build, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bti.workflows.context import Context
    from tests.world import World

LEAVES = 20_000
COMMITS = 100
CLIENTS = 16
EACH = 20


def figures(directory: Path) -> Iterator[Figure]:
    """One writer on SQLite, sixteen on PostgreSQL, and verification."""
    world = build(settings_for(directory / "log"))
    prepare(world.runtime.engine)
    person = world.actor("ingrid")

    def audited() -> int:
        for _ in range(COMMITS):
            world.runtime.doorway.perform(_with_entry, person)
        return COMMITS

    def bare() -> int:
        for _ in range(COMMITS):
            _bare(world)
        return COMMITS

    rates = compare(audited, bare, rounds=5)
    yield Figure("SQLite commit with entry and checkpoint / plain", "tx/s", *rates, 0.5)
    yield _verification(world)
    world.close()
    yield _sixteen(directory)


def _with_entry(context: Context) -> None:
    write(context.session)
    context.record(Act.WORKLIST_OWN_READ, Reference("account", context.person.account_id))


def _bare(world: World) -> None:
    with world.looking() as session:
        write(session)


def _verification(world: World) -> Figure:
    leaf = world.system(_some_leaf)
    key = Ed25519PrivateKey.generate()
    origin = origin_of(world.tenant_id)
    tree = Frontier()
    for _ in range(LEAVES):
        tree.append(leaf_hash(leaf))
    note = sign_checkpoint(Checkpoint(origin, tree.size, tree.root()), key)
    verifier = VerifierKey.of(origin, key).encode()

    def verifying() -> int:
        report = verify_leaves(enumerate(itertools.repeat(leaf, LEAVES)), [note], verifier)
        if not report.intact:
            raise RuntimeError(str(report))
        return LEAVES

    def hashing() -> int:
        for _ in range(LEAVES):
            hashlib.sha256(leaf).digest()
        return LEAVES

    rates = compare(verifying, hashing)
    return Figure(
        "Verify the log / bare SHA-256 of its entries", "leaves/s", *rates, 0.30, binding=False
    )


def _some_leaf(context: Context) -> bytes:
    return (
        context.session.scalars(
            select(AuditEvent.leaf).where(AuditEvent.act == Act.SESSION_SIGN_IN_ALLOW)
        ).first()
        or context.session.scalars(select(AuditEvent.leaf)).one()
    )


def _sixteen(directory: Path) -> Figure:
    server = running_server(directory)
    try:
        with server.database() as url:
            world = build(settings_for(directory / "many", url))
            prepare(world.runtime.engine)
            person = world.actor("ingrid")

            def audited(_number: int) -> None:
                for _ in range(EACH):
                    world.runtime.doorway.perform(_with_entry, person)

            def bare(_number: int) -> None:
                for _ in range(EACH):
                    _bare(world)

            with ThreadPoolExecutor(CLIENTS) as pool:
                rates = compare(_at_once(pool, audited), _at_once(pool, bare), rounds=3)
            world.close()
    finally:
        stop_server(directory)
    name = f"PostgreSQL, {CLIENTS} clients, with entry / plain"
    return Figure(name, "tx/s", *rates, 0.55, binding=False)


def _at_once(pool: ThreadPoolExecutor, act: Callable[[int], None]) -> Callable[[], int]:
    def work() -> int:
        list(pool.map(act, range(CLIENTS)))
        return CLIENTS * EACH

    return work
