"""What was read and written is not kept by the process that serves pages, once it has answered."""

import json
import os
import re
import subprocess
import sys
import uuid
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bti.__main__ import OVERWRITING
from tests.keyd_world import ROOT, remote_world, wait_for
from tests.searching import files_below, found, memory_of, open_files_of, told_about
from tests.story import Story

MARK = r"zq[0-9a-p]{12}"
#: The same in the one, two or four bytes that Python gives each sign of a text.
WIDTHS = (
    rb"zq[0-9a-p]{12}",
    rb"z\0q\0(?:[0-9a-p]\0){12}",
    rb"z\0\0\0q\0\0\0(?:[0-9a-p]\0\0\0){12}",
)


class Web:
    """`bti serve` in a process of its own, and somebody signed in to it."""

    def __init__(self, process: subprocess.Popen[str], token: str) -> None:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        assert said[:1] == ["answers"]
        self.process, self._port = process, int(said[1])
        self._cookies = {"st_session": token}
        # As a browser does: each connection stays open for the next page.
        self._lines: list[HTTPConnection] = []

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None):
        """Return status and body."""
        line = HTTPConnection("127.0.0.1", self._port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        line.request(method, path, fields and urlencode(fields), {"Cookie": cookies} | kind)
        answer = line.getresponse()
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        body = answer.read().decode()
        self._lines.append(line)
        return answer.status, body

    def leave(self) -> None:
        """Close every connection."""
        for line in self._lines:
            line.close()

    def held(self, pattern: str) -> dict[str, list[str]]:
        """Return what its live objects hold that fits."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(pattern + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def web_of(remote, folder: Path):
    """Serve the municipality's pages in a process that has no root key."""
    settings = remote.world.runtime.settings
    folder.mkdir()
    (folder / "tmp").mkdir()
    environment = {
        "TMPDIR": str(folder / "tmp"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "BTI_MODE": "test",
        "BTI_SERVE": "case",
        "BTI_PORT": "1",  # the launcher takes a free one
        "BTI_VAR_DIR": str(folder),
        "BTI_DATABASE_URL": settings.database_url,
        "BTI_KEYD_SOCKET": str(remote.keyd.socket),
        **OVERWRITING,
    }
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "web_process.py"), str(remote.clock_file)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        web = Web(process, remote.world.token("ingrid"))
        yield web
        web.leave()
        assert process.stdin is not None
        process.stdin.close()


def hidden_fields(page: str) -> dict[str, str]:
    """Return what the form of a page sends along unseen."""
    found = {}
    for field in re.findall(r'<input[^>]*type="hidden"[^>]*>', page):
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name and value:
            found[name[1]] = unescape(value[1])
    return found


def marks_in(pid: int) -> list[bytes]:
    """What is marked in the whole memory of a process, freed pieces included."""
    memory = memory_of(pid)
    return [one for form in WIDTHS for one in re.findall(form, memory)]


def test_nothing_holds_what_was_read_or_written_once_it_is_answered(postgres_server, tmp_path):
    if os.geteuid() != 0:
        pytest.fail("searching another process's memory needs root", pytrace=False)
    with (
        postgres_server.database() as url,
        remote_world(tmp_path, url) as remote,
    ):
        story = Story(remote.world)
        story.marks("first")  # from here on also the child's name is one that can be searched for
        story.wonder()
        with web_of(remote, tmp_path / "pages") as web:
            case = f"/cases/{story.case_id}"
            status, body = web.ask("GET", case)
            assert status == 200
            assert re.search(MARK, body)
            _, form = web.ask("GET", f"{case}/notes/new")
            text = f"zq{uuid.uuid4().hex[:12]} was written"
            sent = hidden_fields(form) | {"info_type": "own", "text": text}
            assert web.ask("POST", f"{case}/notes/new", sent)[0] == 303
            assert web.ask("POST", f"{case}/notes/new", sent | {"info_type": "zq"})[0] in {400, 422}
            assert text in web.ask("GET", case)[1]
            assert web.ask("GET", f"/nowhere?q=zq{uuid.uuid4().hex[:12]}")[0] == 404
            # Nobody has asked the collector yet: what was left in circles is given back by itself.
            wait_for(lambda: marks_in(web.process.pid) == [], seconds=60)
            assert web.held(MARK) == {}
            pid, marks = web.process.pid, [*story.marks.made, text.split(maxsplit=1)[0]]
            beside = files_below(tmp_path / "pages") | open_files_of(pid) | told_about(pid)
            assert found(beside, marks) == []
            # The controls: the same searches find what is there.
            assert web.held("frame-ancestors") != {}
            asked = f"zq{uuid.uuid4().hex[:12]}"
            assert web.held(asked) != {}
            assert asked.encode() in marks_in(web.process.pid)


FREED = """
import re, sys
where = int(sys.argv[1])
text = "".join(["zq", "freed", "text" * where])
at, length = id(text), sys.getsizeof(text)
del text
with open("/proc/self/mem", "rb", buffering=0) as memory:
    memory.seek(at)
    print(memory.read(length).count(b"text"))
"""


@pytest.mark.parametrize("repeated", [30, 100, 2000])
def test_what_the_process_gives_back_is_overwritten_with_the_units_settings(repeated):
    def left(environment: dict[str, str]) -> int:
        done = subprocess.run(
            [sys.executable, "-c", FREED, str(repeated)],
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    # The last eight bytes of a piece are the allocator's own and are not overwritten.
    assert left(OVERWRITING) <= 2
    # The control: without them it lies there to be read.
    assert left({}) > repeated // 2
