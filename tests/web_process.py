"""`bti serve` for tests: the same server, and whoever runs it may ask what its live objects hold.

A line on standard input with a regular expression is answered by one line of JSON: what was found, and
in objects of which kinds. The expression must not itself be what it looks for.
"""

import gc
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from bti.bootstrap import open_runtime
from bti.cli.serve import listen
from bti.cli.sweeping import sweeping
from bti.settings import load_settings
from bti.web.app import create_app
from tests.keyd_process import ToldClock

_TEXTS = (str, bytes, bytearray)


def _all_locals(frame: FrameType | None) -> Iterator[dict[str, object]]:
    """The variables of a thread, from where it stands and outwards."""
    while frame is not None:
        yield frame.f_locals
        frame = frame.f_back


def held(pattern: str) -> dict[str, list[str]]:
    """Every text that any object still reaches and that fits: what it is, and who has it."""
    text, raw = re.compile(pattern), re.compile(pattern.encode())
    gc.collect()
    found: dict[str, list[str]] = {}
    frames = [locals_ for top in sys._current_frames().values() for locals_ in _all_locals(top)]
    tracked = gc.get_objects()
    seen = {id(one) for one in tracked}
    waiting = [(one, type(one).__qualname__) for one in [*tracked, *frames]]
    while waiting:
        owner, way = waiting.pop()
        for one in gc.get_referents(owner):
            if id(one) in seen:
                continue
            seen.add(id(one))
            # The collector does not list what cannot be part of a circle, as a tuple of texts.
            waiting.append((one, f"{type(one).__qualname__} in {way}"))
            if isinstance(one, _TEXTS):
                for mark in text.findall(one) if isinstance(one, str) else raw.findall(one):
                    name = mark if isinstance(mark, str) else mark.decode()
                    above = sorted({type(each).__qualname__ for each in gc.get_referrers(owner)})
                    found.setdefault(name, []).append(f"{type(one).__name__} in {way} in {above}")
    return found


def main() -> None:
    """Serve until standard input ends."""
    chosen = load_settings()
    with ExitStack() as stack:
        runtime = open_runtime(chosen, clock=ToldClock(Path(sys.argv[1])), writer="web")
        stack.callback(runtime.close)
        app = create_app(chosen, runtime=runtime)
        server = listen(app, chosen)
        stack.enter_context(sweeping(app))
        threading.Thread(target=server.run, daemon=True).start()
        sys.stdout.write(f"answers {server.socket.getsockname()[1]}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(held(line.strip())) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
