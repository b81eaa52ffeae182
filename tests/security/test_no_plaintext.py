"""No sealed text is found in any place that a run leaves behind, and the same search finds what is planted there."""

import base64
import gzip
import logging
import subprocess
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from io import BytesIO
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import Sector
from bti.workflows import account
from tests.searching import found
from tests.story import Marks, Story, by_chance
from tests.traces import watching

# A number with the month raised by 80: nobody has it.
SYNTHETIC_ID = "24836395774"
PEOPLE = ["Ingrid Solberg", "Helsesykepleier", "Kari Lund"]
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=30)


@pytest.fixture(params=["sqlite", "postgresql"])
def traces(request, tmp_path):
    """A world on each engine, and everything its life leaves behind."""
    on_sqlite = request.param == "sqlite"
    world = request.getfixturevalue("world" if on_sqlite else "postgres_world")
    server = None if on_sqlite else request.getfixturevalue("postgres_server")
    with watching(world, tmp_path / "left", server) as made:
        yield made


def test_no_sealed_text_reaches_files_logs_or_process_listing(traces):
    # One stem for all marks, so that one search finds any of them.
    stem = f"zq{by_chance(10)}"
    story, other = (Story(traces.world, Marks(prefix=stem)) for _ in range(2))
    story.national_id = SYNTHETIC_ID
    traces.live(story, other)
    assert len(story.marks.made) + len(other.marks.made) > 50
    left = traces.everything()
    sought = [stem, SYNTHETIC_ID, *PEOPLE]
    assert {
        place: hits for place, content in left.items() if (hits := found(content, sought))
    } == {}
    empty = {place for place, content in left.items() if not any(content.values())}
    assert empty <= {"removed", "open files", "tmp"}, "nothing was looked at there"

    control = f"zq{by_chance(10)}"
    with ExitStack() as stack:
        plant(traces, control, stack)
        left = traces.everything()
    missed = [place for place, content in left.items() if not found(content, [control])]
    assert missed == []


def plant(traces, control, stack):
    """Leave a text in every place, each time in another spelling."""
    spelt = {
        "export": b"#!/usr/bin/env python3\n" + archive_of(control.encode("utf-16")),
        "proof": base64.b64encode(b"a proof of " + control.encode()),
        "backup": gzip.compress(control.encode()),
        "erasure": control.encode().hex().upper().encode(),
        "drill": f"FAILED: {control}".encode(),
        "release": control.encode("utf-16-be"),
        "tmp": "".join(f"%{one:02x}" for one in control.encode()).encode(),
    }
    for place, content in spelt.items():
        (traces.place(place) / "planted").write_bytes(content)
    with tempfile.NamedTemporaryFile() as short_lived:
        short_lived.write(control.encode())
        short_lived.flush()
    nameless = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed by the stack
    nameless.write(control.encode())
    nameless.flush()
    logging.getLogger("bti").debug("seen: %s", control)
    traces.said.append(control)
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()", control]
    stack.enter_context(subprocess.Popen(waits, stdin=subprocess.PIPE))
    traces.world.system(
        account.create_unit,
        tenant_id=traces.world.tenant_id,
        name=control,
        sector=Sector.SCHOOL,
    )
    if traces.server is not None:
        traces.in_sql(f'SELECT 1 AS "{control}"')


@given(text=TEXTS, before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_a_text_is_found_however_it_is_written_and_wherever_it_begins(text, before, after):
    plain = text.encode()
    ways = {
        "plain": before + plain + after,
        "utf-16": before + text.encode("utf-16-be") + after,
        "hex": (before + plain + after).hex().encode(),
        "base64": base64.b64encode(before + plain + after),
        "for addresses": base64.urlsafe_b64encode(before + text.encode("utf-16-le") + after),
        "percent": quote(text, safe="").encode(),
        "gzip": gzip.compress(gzip.compress(before + plain + after)),
        "archive": archive_of(before + plain + after),
    }
    assert {place.partition("!")[0] for place, _ in found(ways, [text])} == {*ways}


def archive_of(content):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", content)
    return packed.getvalue()
