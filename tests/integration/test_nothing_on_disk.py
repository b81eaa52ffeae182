"""With the real server in front, no plaintext of a file touches the disk on its way in or out.

The open files of this process are looked into while a request waits, nameless ones included.
"""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from bti.cli.spool import SealedSpool
from bti.web.identity import cookie_name
from tests.files import pdf
from tests.integration.workflows.states import with_log
from tests.integration.workflows.test_attachment import attached
from tests.serving import served
from tests.web.multipart import CONTENT_TYPE, SentFile, multipart
from tests.web.plan_site import client_for
from tests.web.test_attachment import left, path_of

MARK = b"zqhemmeligzq"
PIECE = 65_536


def large(mark: bytes = MARK, times: int = 250_000) -> bytes:
    """A PDF of some megabytes with the mark all over it."""
    return pdf((mark * times).decode())


def readable_marks() -> list[str]:
    """Open regular files of this process, also deleted ones, that hold the mark in plain."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = str(handle.readlink())
            on_disk = target.startswith("/") and not target.startswith(("/dev", "/proc"))
            if on_disk and MARK in handle.read_bytes():
                found.append(target)
        except OSError:
            continue
    return found


def spooled() -> int:
    """How many bytes lie in deleted files that are still open."""
    total = 0
    for handle in Path("/proc/self/fd").iterdir():
        try:
            if str(handle.readlink()).endswith("(deleted)"):
                total += handle.stat().st_size
        except OSError:
            continue
    return total


def head(world, who, method, path, **more):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    cookies = f"{cookie_name(world.runtime.settings)}={world.token(who)}"
    return "\r\n".join([*lines, f"Cookie: {more.pop('cookie', '')}{cookies}", "", ""]).encode()


def test_a_file_that_is_coming_in_waits_sealed(world, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    fields = {
        **client.get(path_of(case_id)).form(path_of(case_id)),
        "title": "Stor",
        "document": "other",
        "info_type": "own",
    }
    body = multipart([*fields.items(), ("file", SentFile("stor.pdf", large()))])
    form_cookie = client.client.get_cookie("st_form")
    assert form_cookie is not None
    with served(world) as address, socket.create_connection(address) as line:
        asked = head(
            world,
            "ingrid",
            "POST",
            path_of(case_id),
            Content_Type=CONTENT_TYPE,
            Content_Length=len(body),
        ).replace(b"Cookie: ", f"Cookie: st_form={form_cookie.value}; ".encode())
        line.sendall(asked + body[:-PIECE])
        while spooled() < len(body) - 2 * PIECE:
            assert readable_marks() == []
        assert readable_marks() == []
        assert [p for p in tmp_path.rglob("*") if p.is_file() and MARK in p.read_bytes()] == []
        line.sendall(body[-PIECE:])
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 303"), answer[:300]
    assert len(left(world)) == 1


def test_a_file_that_goes_out_to_a_slow_reader_is_not_written_down(world, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def written(*_args, **_kwargs):
        pytest.fail("an answer was to be written down")

    case_id = with_log(world)
    data = large(times=700_000)
    file_id = attached(world, case_id, data=data)
    with served(world) as address, socket.socket() as line:
        monkeypatch.setattr(tempfile, "TemporaryFile", written)
        monkeypatch.setattr("waitress.buffers.TempfileBasedBuffer.newfile", written)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(address)
        line.sendall(head(world, "ingrid", "GET", f"/cases/{case_id}/attachments/{file_id}"))
        begun = line.recv(1024)
        assert begun.startswith(b"HTTP/1.1 200")
        assert readable_marks() == []
        whole = begun + line.makefile("rb").read()
    assert whole.endswith(data)


def test_more_than_any_address_takes_is_refused_before_it_is_read(world):
    case_id = with_log(world)
    most = world.runtime.settings.attachment_mib << 20
    with served(world) as address, socket.create_connection(address) as line:
        line.sendall(
            head(world, "ingrid", "POST", path_of(case_id), Content_Length=most * 4 + (2 << 20))
        )
        assert line.makefile("rb").read().startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("length", [0, 1, 10, 11, 200_000])
def test_what_waits_comes_out_as_it_went_in(length):
    data = os.urandom(length)
    spool = SealedSpool(10)
    for at in range(0, length, 7_001):
        spool.append(data[at : at + 7_001])
    assert len(spool) == length
    file = spool.getfile()
    assert spool.getfile() is file
    assert file.read(5) + file.readline() + file.read() == data
    spool.close()
