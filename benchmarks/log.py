"""The audit log inline: what one entry adds to a commit, and how fast a log is verified."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from benchmarks import sequenced
from benchmarks.plain import prepare, write
from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.note import Checkpoint, VerifierKey, sign_checkpoint
from bti.audit.record import Reference, origin_of
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import verify_leaves
from bti.audit.verify.tree import Tree
from bti.audit.verify.tree import leaf_hash as entry_hash
from tests.world import build, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bti.workflows.context import Context
    from tests.world import World

LEAVES = 20_000
COMMITS = 20


def figures(directory: Path) -> Iterator[Figure]:
    """One writer on SQLite, verification, and what `sequenced` measures."""
    world = build(settings_for(directory / "log"))
    prepare(world.runtime.engine)
    person = world.actor("ingrid")

    def audited() -> int:
        for _ in range(COMMITS):
            world.runtime.doorway.perform(_with_entry, person)
        return COMMITS

    def bare() -> int:
        for _ in range(COMMITS):
            world.runtime.doorway.perform(_without_entry, person)
        return COMMITS

    rates = compare(audited, bare, rounds=25)
    yield Figure("SQLite commit with entry and checkpoint / plain", "tx/s", *rates, 0.5)
    yield from _verification(world)
    world.close()
    yield from sequenced.figures(directory)


def _with_entry(context: Context) -> None:
    write(context.session)
    context.record(Act.WORKLIST_OWN_READ, Reference("account", context.person.account_id))


def _without_entry(context: Context) -> None:
    write(context.session)


def _verification(world: World) -> Iterator[Figure]:
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

    def growing() -> int:
        grown = Tree()
        for _ in range(LEAVES):
            grown.add(entry_hash(leaf))
        if grown.root() != tree.root():
            raise RuntimeError("another root")
        return LEAVES

    rates = compare(growing, hashing, rounds=9)
    yield Figure("The root of the log from its entries / bare SHA-256", "leaves/s", *rates, 0.30)
    ours, control, ratio = compare(verifying, hashing, rounds=9)
    # With the form of every entry, which takes longer than its hash where the processor knows SHA-256.
    name = "Verify the log, form and chains too / bare SHA-256"
    yield Figure(name, "leaves/s", ours, control, ratio, 0.30, binding=False)
    rate = LEAVES / min(_processor_seconds(verifying) for _ in range(3))
    name = "Verify the log / 80,000 in a second of the processor"
    yield Figure(name, "leaves/s", rate, 80_000, rate / 80_000, 1.0)


def _processor_seconds(work: Callable[[], int]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def _some_leaf(context: Context) -> bytes:
    return (
        context.session.scalars(
            select(AuditEvent.leaf).where(AuditEvent.act == Act.SESSION_SIGN_IN_ALLOW)
        ).first()
        or context.session.scalars(select(AuditEvent.leaf)).one()
    )
