"""Every `bti` process overwrites what it gives back, and leaves no image of its memory on disk."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bti.__main__ import OVERWRITING
from tests.keyd_world import ROOT

WAITS = ("-c", "import sys; print('It answers', flush=True); sys.stdin.read()")


@contextmanager
def started(folder: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that answers, and may leave as large an image as the machine allows."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),  # noqa: PLW1509 - no thread holds a lock here
    ) as process:
        try:
            assert process.stdout is not None
            assert "answers" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def leaves_an_image(process: subprocess.Popen[str]) -> bool:
    """Let a process fail as badly as one can; tell whether the kernel wrote its memory down."""
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == -signal.SIGABRT
    return os.WCOREDUMP(status)


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def test_the_pages_process_overwrites_and_leaves_no_image_however_it_ends(world, tmp_path):
    own = {
        "BTI_MODE": "test",
        "BTI_SERVE": "case",
        "BTI_PORT": str(free_port()),
        "BTI_VAR_DIR": str(world.runtime.settings.var_dir),
    }
    folder = tmp_path / "folder"
    folder.mkdir()
    with started(folder, "-m", "bti", "serve", **own) as process:
        # The C library cuts its own settings apart where they stand.
        told = Path(f"/proc/{process.pid}/environ").read_bytes().replace(b"\0", b":").decode()
        assert [one for one in OVERWRITING.items() if "=".join(one) not in told] == []
        assert not leaves_an_image(process)
    assert list(folder.iterdir()) == []


def test_another_process_leaves_one(tmp_path):
    with started(tmp_path, *WAITS) as process:
        assert leaves_an_image(process), "this machine writes none, so that nothing is shown"
