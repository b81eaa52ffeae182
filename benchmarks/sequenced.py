"""The audit log sequenced: its writers, the sequencer behind them, its signer, proofs, comparison.

PostgreSQL with every commit safe on disk, as in production; the tests run theirs without.
"""

from __future__ import annotations

import threading
import tracemalloc
import uuid
from hashlib import sha256
from itertools import count
from statistics import quantiles
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from psycopg import sql
from sqlalchemy import text

from benchmarks import writers
from benchmarks.plain import prepare
from benchmarks.side_by_side import Figure
from bti.audit.actions import Action as Act
from bti.audit.proof import consistency_path, inclusion_path
from bti.audit.reconcile import reconcile
from bti.audit.record import Reference
from bti.audit.sequence import BATCH
from bti.audit.signer import StatefulSigner
from bti.audit.tiles import loaded
from bti.audit.tree import Frontier, verify_consistency, verify_inclusion
from bti.db.walls import EVERYWHERE, stand
from tests.postgres_server import running_server, stop_server
from tests.sequenced import sequencer_of
from tests.world import build, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bti.workflows.context import Context
    from tests.postgres_server import PostgresServer
    from tests.world import World

BACKLOG = 4 * BATCH
PROOFS = 2_000
SIGNED = 60
LIVE_RATE = 300
LIVE_SECONDS = 4
MILLION = 1_000_000
MEBIBYTE = 1 << 20
MOST_MEBIBYTES = 1024
"""What the comparison of a million entries may take of memory."""


def figures(directory: Path) -> Iterator[Figure]:
    """Everything about the sequenced way."""
    server = running_server(directory)
    make_durable(server)
    try:
        with server.database() as url:
            settings = settings_for(directory / "many", url, audit_log="sequenced")
            world = build(settings)
            prepare(world.runtime.engine)
            yield writers.with_and_without(world)
            yield from _sequencer(world)
            yield from _comparison(world)
            yield from writers.beside_one_chain(world, url)
            world.close()
    finally:
        stop_server(directory)
    yield from _proofs()
    yield _signer(directory)


def make_durable(server: PostgresServer) -> None:
    """Make every commit safe on disk, as in production."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        server.execute(sql.SQL("ALTER SYSTEM SET {} = on").format(sql.Identifier(name)))
    server.execute(sql.SQL("SELECT pg_reload_conf()"))


def _sequencer(world: World) -> Iterator[Figure]:
    sequencer = sequencer_of(world)
    while sequencer.turn():
        pass
    _fill(world)
    begun, placed = perf_counter(), 0
    while done := sequencer.turn():
        placed += done
    rate = placed / (perf_counter() - begun)
    yield Figure(
        "Sequencer from a backlog / 20,000 a second", "leaves/s", rate, 20_000, rate / 20_000, 1.0
    )
    lag = _lag(world, sequencer.turn)
    yield Figure(
        f"1 s / 99th lag at {LIVE_RATE} entries a second", "per s", 1 / lag, 1, 1 / lag, 1.0
    )


def _fill(world: World) -> None:
    """Leave many true entries pending, as one writer would in many transactions."""

    def many(context: Context) -> None:
        for _ in range(100):
            context.record(
                Act.WORKLIST_OWN_READ,
                Reference("account", world.accounts["ingrid"]),
                tenant=world.tenant_id,
            )

    for _ in range(BACKLOG // 100):
        world.system(many)


def _lag(world: World, turn: Callable[[], int]) -> float:
    """Return the 99th percentile of seconds from a commit to the signed place, at a steady rate."""
    committed: list[float] = []
    placed: list[float] = []
    stop = threading.Event()

    def sequencing() -> None:
        while not stop.is_set():
            done = turn()
            placed.extend([perf_counter()] * done)
            if not done:
                sleep(0.1)

    thread = threading.Thread(target=sequencing)
    thread.start()
    begun = perf_counter()
    for number in range(LIVE_RATE * LIVE_SECONDS // 10):
        sleep(max(begun + number * 10 / LIVE_RATE - perf_counter(), 0))
        world.system(_ten, tenant_id=world.tenant_id)
        committed.extend([perf_counter()] * 10)
    while len(placed) < len(committed):
        sleep(0.01)
    stop.set()
    thread.join()
    # In the order of one writer, so the n-th that was committed is the n-th that was placed.
    return quantiles((there - then for there, then in zip(placed, committed, strict=True)), n=100)[
        98
    ]


def _ten(context: Context, tenant_id: uuid.UUID) -> None:
    for _ in range(10):
        context.record(Act.WORKLIST_OWN_READ, Reference("tenant", tenant_id), tenant=tenant_id)


def _comparison(world: World) -> Iterator[Figure]:
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        begun = perf_counter()
        found = list(reconcile(session, world.tenant_id))
        seconds = perf_counter() - begun
        entries = session.execute(text("SELECT count(*) FROM audit_events")).scalar_one()
    if found:
        raise RuntimeError(found[0])
    rate = entries / seconds
    yield Figure(
        "Compare rows and entries / 10,000 a second", "per s", rate, 10_000, rate / 10_000, 1.0
    )
    tracemalloc.start()
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        before, _ = tracemalloc.get_traced_memory()
        list(reconcile(session, world.tenant_id))
        _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown = (most - before) / entries * MILLION / MEBIBYTE
    ratio = MOST_MEBIBYTES / grown
    yield Figure("1 GiB / memory to compare 1,000,000", "MiB", grown, MOST_MEBIBYTES, ratio, 1.0)


def _proofs() -> Iterator[Figure]:
    hashes = [sha256(number.to_bytes(4, "big")).digest() for number in range(50_000)]
    tiles, edge = loaded({}), Frontier()
    tiles.extend(0, hashes)
    for one in hashes:
        edge.append(one)
    root = edge.root()
    held = loaded(tiles.changed)
    paths = [(at, inclusion_path(held.node, at, 50_000)) for at in range(0, 50_000, 50_000 // 200)]

    def included() -> int:
        done = 0
        while done < PROOFS:
            for at, path in paths:
                if not verify_inclusion(hashes[at], at, 50_000, path, root):
                    raise RuntimeError(at)
            done += len(paths)
        return done

    yield _per_second("Check an inclusion proof", included, 15_000)
    early = Frontier()
    for one in hashes[:33_333]:
        early.append(one)
    path = consistency_path(held.node, 33_333, 50_000)

    def consistent() -> int:
        for _ in range(PROOFS):
            if not verify_consistency(33_333, 50_000, early.root(), root, path):
                raise RuntimeError("not consistent")
        return PROOFS

    yield _per_second("Check a consistency proof", consistent, 12_000)


def _per_second(name: str, work: Callable[[], int], target: int) -> Figure:
    work()
    begun = perf_counter()
    rate = work() / (perf_counter() - begun)
    return Figure(f"{name} / {target:,} a second", "per s", rate, target, rate / target, 1.0)


def _signer(directory: Path) -> Figure:
    signer, tenant = StatefulSigner(directory / "signer-alone"), uuid.uuid4()
    signer.verifier_key(tenant, 1)
    tiles, edge, numbers = loaded({}), Frontier(), count()

    def signing() -> int:
        for _ in range(SIGNED):
            old, leaf = edge.size, sha256(next(numbers).to_bytes(4, "big")).digest()
            tiles.extend(old, [leaf])
            edge.append(leaf)
            path = consistency_path(tiles.node, old, edge.size)
            signer.sign(tenant, 1, (edge.size, edge.root()), old, path)
        return SIGNED

    return _per_second("Signer, safe on disk each time", signing, 50)
