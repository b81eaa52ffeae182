"""The key broker's process: one journey over its socket, and one case opened with its entry.

Every commit is safe on disk, as in production. Beside the clock, processor time is measured: that
of the broker, and of the database's processes that serve it. It says what an opening costs also
where the machine is not idle.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

from benchmarks.sequenced import make_durable
from benchmarks.side_by_side import Figure
from bti.identity.tokens import proof_of
from bti.keyd.client import Channel
from tests.keyd_world import remote_world
from tests.postgres_server import running_server, stop_server
from tests.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOURNEYS = 2_000
OPENINGS = 600
#: Seconds: what the clock may show, and what the processor may be busy of it.
MIDDLE, TAIL, BUSY = 0.003, 0.020, 0.003
RATE = 300
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class _Asker:
    """A connection to a running broker, with a case to open, and who does the work behind it."""

    channel: Channel
    proof: bytes
    case: str
    broker: int
    database: list[int] = field(default_factory=list)

    def journey(self) -> None:
        """There and back: refused for its verb, before the database is asked anything."""
        self.channel.ask("status", self.proof, {})

    def opening(self) -> None:
        """Open the case: rights, limits, entry and commit, and then the keys."""
        args = {"case": self.case, "action": "read_case", "entry": "case:open:read"}
        if "ok" not in self.channel.ask("open", self.proof, args | {"purpose": None}):
            raise RuntimeError("the broker did not open the case")


def figures(directory: Path) -> Iterator[Figure]:
    """A journey without the database, and openings with policy, counts and entry on PostgreSQL."""
    with _asker(directory / "broker-sequenced", "sequenced") as asker:
        times = _times(asker.journey, JOURNEYS)
        yield _figure(
            "Ask the broker, no database: p50 in 0.2 ms", times, 0.5, 0.0002, binding=True
        )
        yield from _openings(asker, "Open through the broker")
    with _asker(directory / "broker-inline", "inline") as asker:
        yield from _openings(asker, "The same, entries inline")


def _openings(asker: _Asker, name: str) -> Iterator[Figure]:
    times = _times(asker.opening, OPENINGS)  # also opens the connections that are looked at below
    before = [_busy(asker.broker), sum(map(_busy, asker.database))]
    again = _times(asker.opening, OPENINGS, warm=0)
    after = [_busy(asker.broker), sum(map(_busy, asker.database))]
    broker, database = ((b - a) / OPENINGS for a, b in zip(before, after, strict=True))
    times += again
    # The middle ones lie so near their targets that the machine decides (ADR 0043).
    yield _figure(f"{name}: p50 in 3 ms", times, 0.5, MIDDLE, binding=False)
    yield _figure(f"{name}: p99 in 20 ms", times, 0.99, TAIL, binding=True)
    rate = len(times) / sum(times)
    yield Figure(f"{name}: 300 per s", "per s", rate, RATE, rate / RATE, 1.0, binding=False)
    busy = broker + database
    each = f"broker {broker * 1000:.1f} ms, database {database * 1000:.1f} ms"
    yield Figure(
        f"{name}: CPU {each}", "per s", 1 / busy, 1 / BUSY, BUSY / busy, 1.0, binding=False
    )


@contextmanager
def _asker(directory: Path, audit_log: str) -> Iterator[_Asker]:
    directory.mkdir()
    most = 10**6
    with tempfile.TemporaryDirectory(prefix="bti-bench-pg-") as name:
        root = Path(name)
        server = running_server(root)
        make_durable(server)
        try:
            with (
                server.database() as url,
                remote_world(
                    directory,
                    url,
                    audit_log=audit_log,
                    quota_peer_minute=most,
                    quota_tenant_minute=most,
                ) as remote,
            ):
                story = Story(remote.world)
                story.wonder()
                remote.world.clock.advance(timedelta(hours=2))
                channel = Channel(remote.keyd.socket)
                proof = proof_of(remote.world.token("ingrid"))
                asker = _Asker(channel, proof, story.case_id.hex, remote.keyd.pid)
                asker.opening()
                asker.database = _serving(url)
                yield asker
                channel.close()
        finally:
            stop_server(root)


def _serving(url: str) -> list[int]:
    """Return the database's processes that serve this database: all but our own are the program's."""
    place = make_url(url)
    with psycopg.connect(
        host=str(place.query["host"]), user=place.username, dbname=place.database
    ) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in found]


def _busy(pid: int) -> float:
    """Return the seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _figure(name: str, times: list[float], share: float, wanted: float, *, binding: bool) -> Figure:
    """Return how many would fit into a second at this percentile, beside how many must."""
    place = min(len(times) - 1, int(len(times) * share))
    ours = 1 / sorted(times)[place]
    return Figure(name, "per s", ours, 1 / wanted, ours * wanted, 1.0, binding=binding)


def _times(once: Callable[[], None], count: int, *, warm: int | None = None) -> list[float]:
    for _ in range(count // 10 if warm is None else warm):
        once()
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        once()
        taken.append(time.perf_counter() - start)
    return taken
