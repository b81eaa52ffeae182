"""The key broker's process: one journey over its socket, and one case opened with its entry."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.side_by_side import Figure
from bti.identity.tokens import proof_of
from bti.keyd.client import Channel
from tests.keyd_world import remote_world
from tests.postgres_server import running_server, stop_server
from tests.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOURNEYS = 2_000
OPENINGS = 300


def figures(directory: Path) -> Iterator[Figure]:
    """A journey without the database, and openings with policy, counts and entry on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="bti-bench-pg-") as name:
        root = Path(name)
        server = running_server(root)
        try:
            with (
                server.database() as url,
                remote_world(
                    directory / "broker",
                    url,
                    quota_peer_minute=10**6,
                    quota_tenant_minute=10**6,
                ) as remote,
            ):
                story = Story(remote.world)
                story.wonder()
                remote.world.clock.advance(timedelta(hours=2))
                channel = Channel(remote.keyd.socket)
                proof = proof_of(remote.world.token("ingrid"))
                args = {
                    "case": story.case_id.hex,
                    "action": "read_case",
                    "entry": "case:open:read",
                    "purpose": None,
                }

                def journey() -> None:
                    # Refused for its verb, before the database is asked anything.
                    channel.ask("status", proof, {})

                def opening() -> None:
                    if "ok" not in channel.ask("open", proof, args):
                        raise RuntimeError("the broker did not open the case")

                yield _middle("Ask the broker, no database: p50 in 0.2 ms", journey, JOURNEYS, 5000)
                times = _times(opening, OPENINGS)
                yield _figure("Open a case through the broker: p50 in 3 ms", times, 0.5, 1 / 0.003)
                yield _figure("Open a case through the broker: p99 in 20 ms", times, 0.99, 50)
                rate = len(times) / sum(times)
                yield Figure(
                    "Open cases through the broker: 300 per s",
                    "per s",
                    rate,
                    300,
                    rate / 300,
                    1.0,
                    binding=False,
                )
                channel.close()
        finally:
            stop_server(root)


def _middle(name: str, once: Callable[[], None], count: int, wanted: float) -> Figure:
    return _figure(name, _times(once, count), 0.5, wanted)


def _figure(name: str, times: list[float], share: float, wanted: float) -> Figure:
    """Return how many would fit into a second at this percentile, beside how many must."""
    place = min(len(times) - 1, int(len(times) * share))
    ours = 1 / sorted(times)[place]
    # Times, not ratios: shown to hold on an idle machine only, and there is none to run it on yet.
    return Figure(name, "per s", ours, wanted, ours / wanted, 1.0, binding=False)


def _times(once: Callable[[], None], count: int) -> list[float]:
    for _ in range(count // 10):
        once()
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        once()
        taken.append(time.perf_counter() - start)
    return taken
