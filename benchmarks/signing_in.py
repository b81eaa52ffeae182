"""Signing in: what one password costs, and whether fifty at once hold up everybody else."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from statistics import median, quantiles
from time import perf_counter, process_time, sleep
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from benchmarks.side_by_side import Figure
from bti.identity.password import Passwords
from bti.web.identity import cookie_name
from tests.serving import served
from tests.world import build, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world import World

FASTEST: Final = 0.25
SLOWEST: Final = 0.5
"""Seconds of the processor for one password."""
AT_ONCE: Final = 50
SLOWEST_PAGE: Final = 1.0
"""Seconds, at the 95th percentile."""
_TOKEN: Final = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def figures(directory: Path) -> Iterator[Figure]:
    """One password by itself, then a morning at a school."""
    passwords = Passwords()
    seconds = median(_seconds_for(passwords) for _ in range(5))
    name = "One password in 250 to 500 ms"
    slow, fast = seconds / FASTEST, SLOWEST / seconds
    yield Figure(f"{name}: not cheaper", "per s", 1 / seconds, 1 / FASTEST, slow, 1.0)
    yield Figure(f"{name}: not dearer", "per s", 1 / seconds, 1 / SLOWEST, fast, 1.0)
    world = build(settings_for(directory / "morning"))
    doorway = replace(world.runtime.doorway, passwords=passwords)
    yield _morning(replace(world, runtime=replace(world.runtime, doorway=doorway)))
    world.close()


def _seconds_for(passwords: Passwords) -> float:
    begun = process_time()
    passwords.verify_nobody()
    return process_time() - begun


def _morning(world: World) -> Figure:
    cookie = f"{cookie_name(world.runtime.settings)}={world.token('ingrid')}"
    with served(world) as address, ThreadPoolExecutor(AT_ONCE) as pool:
        _page(address, cookie)
        ready = threading.Barrier(AT_ONCE + 1)
        tries = [pool.submit(_sign_in, address, f"127.0.1.{n + 1}", ready) for n in range(AT_ONCE)]
        ready.wait()
        taken = []
        while not all(one.done() for one in tries):
            taken.append(_page(address, cookie))
            sleep(0.05)
        answers = {one.result() for one in tries}
    if answers != {401}:
        raise RuntimeError(f"not every password was looked at: {answers}")
    late = quantiles(taken, n=20)[-1]
    name = f"A page while {AT_ONCE} sign in, 95th / 1 s"
    return Figure(name, "per s", 1 / late, 1 / SLOWEST_PAGE, SLOWEST_PAGE / late, 1.0)


def _page(address: tuple[str, int], cookie: str) -> float:
    begun = perf_counter()
    connection = HTTPConnection(*address, timeout=60)
    connection.request("GET", "/worklist", headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:  # noqa: PLR2004 - the number has a name: it is all right
        raise RuntimeError(f"the worklist answered {answer.status}")
    return perf_counter() - begun


def _sign_in(address: tuple[str, int], own: str, ready: threading.Barrier) -> int:
    """Try a name that nobody has, at the price of a real one; from an address of one's own."""
    connection = HTTPConnection(*address, timeout=120, source_address=(own, 0))
    connection.request("GET", "/sign-in")
    shown = connection.getresponse()
    token = _TOKEN.search(shown.read().decode())
    cookies = "; ".join(
        line.split(";")[0] for name, line in shown.getheaders() if name == "Set-Cookie"
    )
    if token is None:
        raise RuntimeError("the page has no token")
    fields = {"csrf_token": token[1], "username": own, "password": own * 2, "code": "123456"}
    ready.wait()
    connection.request(
        "POST",
        "/sign-in",
        urlencode(fields),
        {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"},
    )
    status = connection.getresponse().status
    connection.close()
    return status
