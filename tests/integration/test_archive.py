"""The package of a closed case: by two people, the same bytes again, whole or found broken, and what it leaves out."""

import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bti.archive.verify import verify
from bti.audit.note import VerifierKey
from bti.cli import main, wiring
from bti.cli.archive_files import write_note, write_package
from bti.db.base import Base
from bti.db.models import Case
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import ClosingCause, InfoType
from bti.domain.consent import Scope
from bti.domain.errors import AccessDenied, BaitTaken
from bti.workflows import archive, archive_content, audit_check, bait, case
from bti.workflows.archive import ArchiveRefused
from bti.workflows.errors import NotFound
from tests.approvals import freshly, two_say_yes
from tests.attaching import attach
from tests.files import pdf
from tests.integration.workflows.cases import guardians
from tests.integration.workflows.test_family import ABSENT, KEPT, MONEY, put_mark, told
from tests.integration.workflows.test_guardian_block import kept_out
from tests.story import Story
from tests.world import ADMIN


@pytest.fixture
def closed(world):
    """A case that went all the way and was closed, with a file of the school's and a note of its own."""
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
    attach(world, story.case_id)
    story.decide(None, cause=ClosingCause.FAMILY_ENDED)
    return story


def number_of(world, story):
    with world.looking() as session:
        return session.scalars(select(Case.number).where(Case.id == story.case_id)).one()


def pack(world, story, out: Path):
    """Make a package as the command does."""
    number = number_of(world, story)
    words = {"tenant_id": world.tenant_id}
    yes = two_say_yes(world, ApprovalAct.CASE_EXPORT, archive.archive_params(number))
    material = world.system(archive.open_whole, number=number, approval_id=yes, **words)
    manifest = write_package(out, material)
    write_note(out, world.system(archive.sign, material=material, manifest=manifest, **words))
    return material


def key_of(world):
    return VerifierKey.parse(world.system(archive.public_key, tenant_id=world.tenant_id))


def everything_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_all_of_the_case_is_in_the_package_and_the_same_bytes_come_again(world, closed, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    pack(world, closed, first)
    world.clock.advance(timedelta(days=2))
    world.run("ingrid", case.show_case, case_id=closed.case_id)
    pack(world, closed, second)
    found = everything_in(first)
    assert found == everything_in(second)
    report = verify(first, [key_of(world)])
    assert report.holds, report.faults
    assert report.statement.number == number_of(world, closed)
    whole = b"".join(found.values()).decode("utf-8", errors="ignore")
    assert [mark for mark in closed.marks.made if mark not in whole] == []
    [file] = [content for path, content in found.items() if "/files/" in path]
    assert file == pdf("Hei")
    assert intact(world)

    # What one service keeps to itself is no part of the family's log, in neither form.
    log = found["log/log.html"] + found["log/log.json"] + found["log/consents.json"]
    own = found["own/own.html"] + found["own/own.json"]
    seen = next(mark for mark in closed.marks.made if mark.endswith("sett")).encode()
    assert (seen in own, seen in log) == (True, False)
    rows = json.loads(found["own/own.json"])["rows"]["entries"]
    assert {row["compartment"].rpartition(":")[2] for row in rows} == {InfoType.OWN.value}
    for page in (found["log/log.html"], found["own/own.html"]):
        html5lib.HTMLParser(strict=True).parse(page)
        assert page.startswith(b'<!doctype html>\n<html lang="nb">')
        # Nothing is fetched from anywhere: a link leads within the page, or to a file beside it.
        led = re.findall(rb'(?:href|src)="([^"]*)"', page)
        assert [one for one in led if not one.startswith((b"#e-", b"files/"))] == []
    accesses = [json.loads(line) for line in found["access/accesses.jsonl"].splitlines()]
    acts = {json.loads(one["entry"])["act"] for one in accesses if "entry" in one}
    assert {"case:concern:create", "case:status:close"} <= acts


def test_nobody_packs_alone_or_on_a_yes_for_another_case_or_twice_on_one(world, closed, tmp_path):
    words = {"tenant_id": world.tenant_id, "number": number_of(world, closed)}
    other = Story(world)
    other.wonder()
    elsewhere = two_say_yes(
        world, ApprovalAct.CASE_EXPORT, archive.archive_params(number_of(world, other))
    )
    for approval_id in (None, elsewhere, uuid.uuid4()):
        with pytest.raises(ApprovalRefused):
            world.system(archive.open_whole, approval_id=approval_id, **words)
    once = two_say_yes(world, ApprovalAct.CASE_EXPORT, archive.archive_params(words["number"]))
    world.system(archive.open_whole, approval_id=once, **words)
    with pytest.raises(ApprovalRefused) as refused:
        world.system(archive.open_whole, approval_id=once, **words)
    assert refused.value.code == "approval.used"
    # A person's session may not do what the command does, whoever it is.
    freshly(world, "arne")
    with pytest.raises(AccessDenied):
        world.run("arne", archive.open_whole, approval_id=once, **words)
    with pytest.raises(ArchiveRefused) as is_open:
        world.system(
            archive.check_request, tenant_id=world.tenant_id, number=number_of(world, other)
        )
    assert is_open.value.code == "archive.open_case"
    with pytest.raises(NotFound):
        world.system(archive.check_request, tenant_id=world.tenant_id, number="0000-0000")


def test_once_the_archive_has_it_fewer_open_it_and_the_list_says_where_each_case_is(
    world, closed, tmp_path
):
    number, words = number_of(world, closed), {"tenant_id": world.tenant_id}
    [row] = world.run("arne", archive.waiting)
    assert (row.number, row.packed_at, row.entries > 5, row.files) == (number, None, True, 1)
    with pytest.raises(AccessDenied):
        world.run("siv", archive.waiting)
    with pytest.raises(ArchiveRefused):
        world.system(archive.receive, number=number, manifest=b"", reference="ARK 26/1", **words)
    pack(world, closed, tmp_path / "package")
    assert closed.page().closing is not None  # packed, and open as before
    manifest = verify(tmp_path / "package", [key_of(world)]).statement.manifest
    for wrong, reference in ((b"x" * 32, "ARK 26/1"), (manifest, "\n")):
        with pytest.raises(ArchiveRefused):
            world.system(
                archive.receive, number=number, manifest=wrong, reference=reference, **words
            )
    world.system(archive.receive, number=number, manifest=manifest, reference="ARK 26/1", **words)
    [row] = world.run("arne", archive.waiting)
    assert (row.reference, row.received_at) == ("ARK 26/1", world.clock.now())
    with pytest.raises(AccessDenied):
        closed.page("ingrid")
    freshly(world, "siv")
    assert closed.page("siv").status == "closed"
    world.clock.advance(timedelta(minutes=30))
    with pytest.raises(AccessDenied):
        closed.page("siv")
    # The same package can still be made, and the case narrows no less.
    pack(world, closed, tmp_path / "again")
    assert everything_in(tmp_path / "again") == everything_in(tmp_path / "package")
    with pytest.raises(AccessDenied):
        closed.page("ingrid")
    assert intact(world)


def test_a_case_made_up_to_catch_somebody_is_listed_packed_and_received_as_any_other(
    world, tmp_path
):
    ordinary = Story(world)
    ordinary.wonder()
    ordinary.decide(None, cause=ClosingCause.CONCERN_GONE)
    made_up, *_ = bait.plant(world.runtime.doorway, world.actor("per"), ADMIN)
    told = []
    for place, case_id in (("first", ordinary.case_id), ("second", made_up)):
        packed = tmp_path / place
        pack(world, replace(ordinary, case_id=case_id), packed)
        report = verify(packed, [key_of(world)])
        assert report.holds, report.faults
        world.system(
            archive.receive,
            tenant_id=world.tenant_id,
            number=report.statement.number,
            manifest=report.statement.manifest,
            reference="ARK 26/1",
        )
        told.append({path for path in everything_in(packed) if "/files/" not in path})
    assert told[0] == told[1]
    rows = [row for row in world.run("arne", archive.waiting) if row.received_at is not None]
    assert len(rows) == len(told)
    # Whoever comes near it is caught as before.
    with pytest.raises(BaitTaken):
        world.run("siv", case.show_case, case_id=made_up)


def test_what_is_kept_from_one_of_the_family_is_not_in_the_log_that_all_of_them_may_be_given(
    world, tmp_path
):
    case_id = told(world)
    put_mark(world, case_id, KEPT, kept=True)
    put_mark(world, case_id, MONEY, about=guardians(world, case_id)["Maria"])
    ruling = "Kjennelse av 3. august."
    kept_out(world, case_id, guardians(world, case_id)["Tor"], reason=ruling)
    story = Story(world, case_id=case_id)
    story.decide(None, cause=ClosingCause.FAMILY_ENDED)
    pack(world, story, tmp_path / "package")
    found = everything_in(tmp_path / "package")
    log, own = (
        "".join(found[f"{part}/{part}.{form}"].decode() for form in ("html", "json"))
        for part in ("log", "own")
    )
    assert [(words in log, words in own) for words in (ABSENT, KEPT, MONEY, ruling)] == [
        (True, False),
        (False, True),
        (False, True),
        (False, True),
    ]
    # Nor that there is something.
    assert '"mark"' not in log
    assert '"blocks"' not in log


def test_each_table_with_rows_of_a_case_is_in_the_package_or_left_out_for_a_reason():
    names = {one.__tablename__ for one in archive_content.tables_of_a_case()}
    of_a_case = {table.name for table in Base.metadata.sorted_tables if "case_id" in table.columns}
    assert of_a_case == names | archive_content.LEFT_OUT.keys()


def test_the_commands_pack_check_and_mark(world, closed, monkeypatch, tmp_path):
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    opened = wiring.open_runtime
    monkeypatch.setattr(
        wiring, "open_runtime", lambda chosen, **more: opened(chosen, clock=world.clock, **more)
    )
    number, out = number_of(world, closed), tmp_path / "package"
    place = ["--municipality", "9901"]
    export = ["archive", "export", *place, "--case", number, "--out", str(out)]
    alone = run(export)
    assert (alone.exit_code, "two people" in alone.output) == (1, True)
    yes = two_say_yes(world, ApprovalAct.CASE_EXPORT, archive.archive_params(number))
    done = run([*export, "--approval", str(yes)])
    assert done.exit_code == 0, done.output
    key = run(["archive", "key", *place]).output.strip()
    check = ["archive", "verify", str(out), "--key", key]
    assert f"Whole: case {number}" in run(check).output
    received = ["archive", "received", *place, "--case", number, "--package", str(out)]
    marked = run([*received, "--reference", "2026/1234"])
    assert marked.exit_code == 0, marked.output
    (out / "log" / "log.html").write_bytes(b"")
    broken = run(check)
    assert (broken.exit_code, "a file was changed: log/log.html" in broken.output) == (1, True)


def run(words):
    return CliRunner().invoke(main, words)


def intact(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()
