"""A real server for as long as a test needs it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress import wasyncore

from bti.cli.serve import listen
from bti.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waitress.server import BaseWSGIServer

    from tests.world import World


@contextmanager
def answering(server: BaseWSGIServer) -> Iterator[None]:
    """Let a server answer in a thread of its own for some lines.

    Its workers end first, and then its loop closes what it watches. A worker that outlived the
    server would wake the loop by writing to a descriptor that only its number is left of, and by
    then that number may be somebody's connection to the database.
    """
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        assert not server.task_dispatcher.threads, "a worker of the server does not end"
        # The loop ends when this map is empty; there is no other way in.
        watched = server._map
        server.trigger.pull_trigger(lambda: wasyncore.close_all(watched))
        running.join(timeout=10)
        assert not running.is_alive(), "the server does not end"


@contextmanager
def served(world: World) -> Iterator[tuple[str, int]]:
    """The application as `bti serve` puts it, on a free port; gives its address."""
    settings = world.runtime.settings.model_copy(update={"port": 0})
    server = listen(create_app(settings, runtime=world.runtime), settings)
    address = server.socket.getsockname()
    with answering(server):
        yield address
