"""No sealed text is found in the raw files of a database, in logs or in the process listing."""

import base64
import logging
from pathlib import Path

import pytest

from bti.domain.codes import Sector
from bti.workflows import account
from tests.story import Story

# A number with the month raised by 80: nobody has it.
SYNTHETIC_ID = "24836395774"


@pytest.fixture(params=["sqlite", "postgresql"])
def raw(request, tmp_path):
    """A world on each engine, and how to read everything its database has written."""
    if request.param == "sqlite":
        world = request.getfixturevalue("world")
        directory = world.runtime.settings.var_dir
        return world, lambda: files(directory)
    world = request.getfixturevalue("postgres_world")
    server = request.getfixturevalue("postgres_server")
    own = world.runtime.settings.var_dir

    def read():
        server.flush()
        return {**files(server.data_dir), **files(own)}

    return world, read


def files(directory: Path) -> dict[str, bytes]:
    """Every file below a folder, by name."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.is_socket()
    }


def spellings(text: str) -> list[bytes]:
    """The forms in which a text might lie in a file."""
    plain = text.encode()
    return [
        plain,
        plain.hex().encode(),
        base64.b64encode(plain).rstrip(b"=")[:-1],
        text.encode("utf-16-le"),
    ]


def hits(content: dict[str, bytes], marks: list[str]) -> list[tuple[str, str]]:
    """Where any mark is found."""
    return [
        (name, mark)
        for name, data in content.items()
        for mark in marks
        if any(spelling in data for spelling in spellings(mark))
    ]


def test_no_sealed_text_reaches_files_logs_or_process_listing(raw, caplog):
    world, read = raw
    caplog.set_level(logging.DEBUG)
    story = Story(world)
    story.national_id = SYNTHETIC_ID
    story.tell()
    people = ["Ingrid Solberg", "Helsesykepleier", "Kari Lund"]
    marks = [*story.marks.made, *people, SYNTHETIC_ID]
    assert len(marks) > 40
    assert hits(read(), marks) == []
    assert [mark for mark in marks if mark in caplog.text] == []
    process = Path("/proc/self")
    listing = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert [mark for mark in marks if mark.encode() in listing] == []


def test_the_search_finds_what_is_written_in_plain(raw):
    world, read = raw
    world.system(
        account.create_unit,
        tenant_id=world.tenant_id,
        name="zqplaintextcontrol",
        sector=Sector.SCHOOL,
    )
    assert hits(read(), ["zqplaintextcontrol"]) != []
