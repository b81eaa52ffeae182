"""Sixteen clients at once: what an entry costs an act, and what one chain for all would cost.

The first is measured with the whole program. The second with bare clients that send the program's
own statements: sixteen threads of one Python process wait for each other more than for a lock, and
would hide what the lock does.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import psycopg
from sqlalchemy import text

from benchmarks.plain import WORDS, write
from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.pending import INSERT_WAITING
from bti.audit.record import Reference
from bti.db.walls import EVERYWHERE, stand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bti.workflows.context import Context
    from tests.world import World

CLIENTS: Final = 16
EACH: Final = 20
STANDBY_SECONDS: Final = 0.002
_WRITE: Final = "INSERT INTO benchmark_notes (id, meta, body) VALUES (%s, '{}', %s)"
_CHAIN: Final = (
    "CREATE TABLE benchmark_chain (last bytea NOT NULL)",
    "CREATE TABLE benchmark_chain_entries (id uuid PRIMARY KEY, leaf bytea NOT NULL)",
    "INSERT INTO benchmark_chain VALUES ('')",
)


def with_and_without(world: World) -> Figure:
    """What an entry costs an act, on a sequenced log in PostgreSQL."""
    person, doorway = world.actor("ingrid"), world.runtime.doorway
    with ThreadPoolExecutor(CLIENTS) as pool:
        rates = compare(
            _at_once(pool, lambda _client: doorway.perform(with_entry, person)),
            _at_once(pool, lambda _client: doorway.perform(without_entry, person)),
            rounds=7,
        )
    return Figure(f"PostgreSQL, {CLIENTS} clients, with entry / plain", "tx/s", *rates, 0.55)


def with_entry(context: Context) -> None:
    """An act: one plain row and one entry."""
    write(context.session)
    context.record(Act.WORKLIST_OWN_READ, Reference("account", context.person.account_id))


def without_entry(context: Context) -> None:
    """The same act without an entry."""
    write(context.session)


def beside_one_chain(world: World, url: str) -> Iterator[Figure]:
    """What one chain for all would cost. Leaves entries that no sequencer takes: measure it last.

    How much depends on how long a commit takes, for that is how long the one chain is locked. So it
    is measured on the disk that is here, which may be safe in no time and leave only the processors
    to wait for, and with commits that take two milliseconds more, as with a standby elsewhere that
    must have them too.
    """
    leaf = _some_leaf(world)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        bare = url.replace("+psycopg", "")
        clients = [
            _Client(stack.enter_context(psycopg.connect(bare)), world.tenant_id, leaf)
            for _ in range(CLIENTS)
        ]
        clients[0].prepare()
        for name, seconds in (("", 0.0), (", standby", STANDBY_SECONDS)):
            for client in clients:
                client.standby = seconds
            rates = compare(
                _at_once(pool, lambda number: clients[number].with_entry()),
                _at_once(pool, lambda number: clients[number].with_one_chain()),
                rounds=5,
            )
            told = f"The same statements / one chain for all {CLIENTS}{name}"
            yield Figure(told, "tx/s", *rates, 2.5, binding=bool(seconds))


class _Client:
    """One connection that sends what the program sends, and nothing of Python's in between."""

    def __init__(
        self, connection: psycopg.Connection[tuple[object, ...]], tenant: uuid.UUID, leaf: bytes
    ) -> None:
        self._connection, self._tenant, self._leaf = connection, tenant, leaf
        #: Seconds that a standby takes to have a commit too.
        self.standby = 0.0
        self._writer, self._number = f"bench-{uuid.uuid4().hex[:16]}", 0

    def prepare(self) -> None:
        """Make the control: one hash chain, whose end every writer locks to its commit."""
        for statement in _CHAIN:
            self._connection.execute(statement)
        self._connection.commit()

    def with_entry(self) -> None:
        """One plain row, and an entry in a chain of this client's own."""
        self._number += 1
        self._connection.execute(_WRITE, (uuid.uuid4(), WORDS))
        self._connection.execute(
            INSERT_WAITING,
            {
                "tenant": self._tenant,
                "leaf": [self._leaf],
                "at": [datetime.now(UTC)],
                "act": [Act.WORKLIST_OWN_READ.value],
                "who": ["system:bench"],
                "dec": ["allow"],
                "obj": [f" tenant:{self._tenant} "],
                "writer": self._writer,
                "number": self._number,
                "hash": sha256(self._leaf).digest(),
            },
        )
        self._commit()

    def with_one_chain(self) -> None:
        """The same row, and an entry in the one chain."""
        execute = self._connection.execute
        execute(_WRITE, (uuid.uuid4(), WORDS))
        (last,) = execute("SELECT last FROM benchmark_chain FOR UPDATE").fetchall()[0]
        if not isinstance(last, bytes):
            raise TypeError(last)
        execute("INSERT INTO benchmark_chain_entries VALUES (%s, %s)", (uuid.uuid4(), self._leaf))
        digest = sha256(last + self._leaf).digest()
        execute("UPDATE benchmark_chain SET last = %s", (digest,))
        self._commit()

    def _commit(self) -> None:
        if self.standby:
            self._connection.execute("SELECT pg_sleep(%s)", (self.standby,))
        self._connection.commit()


def _some_leaf(world: World) -> bytes:
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        return bytes(session.execute(text("SELECT leaf FROM audit_events LIMIT 1")).scalar_one())


def _at_once(pool: ThreadPoolExecutor, act: Callable[[int], object]) -> Callable[[], int]:
    def some(number: int) -> None:
        for _ in range(EACH):
            act(number)

    def work() -> int:
        list(pool.map(some, range(CLIENTS)))
        return CLIENTS * EACH

    return work
