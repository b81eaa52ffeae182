"""Attack 18 and what else somebody can do who has the disk or the database but not the keys."""

import os
import shutil
import sqlite3
import uuid
from contextlib import closing
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.crypto.errors import SealError
from bti.crypto.stream import CHUNK_BYTES, HEADER_BYTES
from bti.db.blobs import BlobStore
from bti.db.models import Attachment, CaseKey
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied
from bti.workflows import attachment, attachment_sweep
from bti.workflows.attachment import FileDamaged
from bti.workflows.attachment_sweep import GRACE, Swept, TooManyLeftOver
from tests.files import pdf
from tests.integration.workflows import cases
from tests.integration.workflows.states import invite, share, with_log
from tests.integration.workflows.test_attachment import (
    acts,
    attached,
    blob_of,
    read,
    uploaded,
)

CHUNK = CHUNK_BYTES + 16
LONG = pdf("x" * 40_000)

TAMPERING = {
    "cut at the edge of a chunk": lambda blob, _: blob[: HEADER_BYTES + 2 * CHUNK],
    "cut by its last byte": lambda blob, _: blob[:-1],
    "emptied": lambda _blob, _other: b"",
    "extended by a byte": lambda blob, _: blob + b"\0",
    "extended by its own last chunk": lambda blob, _: blob + blob[HEADER_BYTES + 2 * CHUNK :],
    "two chunks swapped": lambda blob, _: (
        blob[:HEADER_BYTES]
        + blob[HEADER_BYTES + CHUNK : HEADER_BYTES + 2 * CHUNK]
        + blob[HEADER_BYTES : HEADER_BYTES + CHUNK]
        + blob[HEADER_BYTES + 2 * CHUNK :]
    ),
    "a bit flipped": lambda blob, _: blob[:100] + bytes([blob[100] ^ 1]) + blob[101:],
    "another file of the case put in its place": lambda _blob, other: other,
}


def sqlite(world):
    """The database behind the program's back."""
    return closing(sqlite3.connect(world.runtime.settings.var_dir / "stafett.sqlite"))


def differences(world):
    return [(one.how, one.attachment_id) for one in attachment_sweep.compare(world.runtime.doorway)]


@pytest.mark.parametrize("how", TAMPERING)
def test_a_file_that_was_tampered_with_is_refused_whole_and_found_without_a_key(world, how):
    case_id = with_log(world)
    file_id, other = attached(world, case_id, data=LONG), attached(world, case_id, data=LONG)
    path = blob_of(world, file_id)
    assert differences(world) == []
    path.write_bytes(TAMPERING[how](path.read_bytes(), blob_of(world, other).read_bytes()))

    file = world.run("ingrid", attachment.open_file, case_id=case_id, attachment_id=file_id)
    with pytest.raises(FileDamaged):
        file.verified()
    assert read(world, case_id, other) == LONG
    assert differences(world) == [("changed", file_id)]


def test_a_file_that_is_gone_or_a_link_is_refused(world, tmp_path):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    path = blob_of(world, file_id)
    away = tmp_path / "away"
    path.rename(away)
    for put_a_link in (False, True):
        if put_a_link:
            path.symlink_to(away)
        file = world.run("ingrid", attachment.open_file, case_id=case_id, attachment_id=file_id)
        with pytest.raises(FileDamaged):
            file.verified()
        assert differences(world) == [("gone", file_id)]


def test_a_file_changed_between_checking_and_sending_ends_in_an_error(world):
    case_id = with_log(world)
    file_id = attached(world, case_id, data=LONG)
    file = world.run("ingrid", attachment.open_file, case_id=case_id, attachment_id=file_id)
    blob = file.verified()
    path = blob_of(world, file_id)
    with path.open("r+b") as changed:
        changed.seek(HEADER_BYTES + 2 * CHUNK + 5)
        changed.write(b"\0\0")
    with pytest.raises(SealError):
        list(file.content(blob))


@pytest.mark.parametrize("columns", ["blob", "blob, blob_sha256"])
def test_rows_that_point_to_each_others_files_open_neither(world, columns):
    """Two files swapped in the database, with their digests or without."""
    case_id = with_log(world)
    one, other = attached(world, case_id, data=LONG), attached(world, case_id, data=pdf("y"))
    values = {row.id: (row.blob, row.blob_sha256) for row in cases.rows(world, Attachment)}
    names = columns.split(", ")
    with sqlite(world) as raw:
        for file_id in (one, other):
            raw.execute(
                "UPDATE attachments SET blob=? WHERE id=?",
                ["0" * 31 + "1" if file_id == one else "0" * 31 + "2", file_id.hex],
            )
        for file_id, source in ((one, other), (other, one)):
            changed = dict(zip(("blob", "blob_sha256"), values[source], strict=True))
            for name in names:
                raw.execute(
                    f"UPDATE attachments SET {name}=? WHERE id=?", [changed[name], file_id.hex]
                )
        raw.commit()
    for file_id in (one, other):
        file = world.run("ingrid", attachment.open_file, case_id=case_id, attachment_id=file_id)
        with pytest.raises(FileDamaged):
            file.verified()


@pytest.mark.parametrize("name", ["../../keys/root.key", "/etc/passwd", "A" * 32, "x" * 32])
def test_a_row_that_names_another_file_of_the_machine_opens_nothing(world, name):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    with sqlite(world) as raw:
        raw.execute("PRAGMA ignore_check_constraints=1")
        raw.execute("UPDATE attachments SET blob=? WHERE id=?", [name, file_id.hex])
        raw.commit()
    file = world.run("ingrid", attachment.open_file, case_id=case_id, attachment_id=file_id)
    with pytest.raises(FileDamaged):
        file.verified()


def moved(world, file_id, column, value):
    """Change one plain column behind the program's back."""
    with sqlite(world) as raw:
        raw.execute(f"UPDATE attachments SET {column}=? WHERE id=?", [value, file_id.hex])
        raw.commit()


@pytest.mark.parametrize("name", ["../stafett.sqlite", "/etc/passwd", "", "A" * 32, "0" * 33])
def test_the_store_gives_nothing_but_its_own_files(world, name):
    with pytest.raises(FileNotFoundError):
        BlobStore(world.runtime.settings.blob_dir).open(name)


def test_a_row_moved_to_another_case_opens_nothing_there(world):
    case_id, other = with_log(world), with_log(world)
    file_id = attached(world, case_id)
    attached(world, other)
    moved(world, file_id, "case_id", other.hex)
    with pytest.raises(FileDamaged):
        read(world, other, file_id)
    with pytest.raises(AccessDenied):
        read(world, case_id, file_id)


def test_a_row_moved_to_a_shared_compartment_lets_nobody_in(world):
    case_id = with_log(world)
    share(world, case_id, "pps", InfoType.LEARNING)
    invite(world, case_id, "nina")
    attached(world, case_id, info_type=InfoType.LEARNING)
    secret = attached(world, case_id, info_type=InfoType.HEALTH)
    moved(world, secret, "compartment", f"svc:{world.units['school'].hex}:learning")
    with pytest.raises(FileDamaged):
        read(world, case_id, secret, "nina")


def test_damage_is_entered_in_the_log_as_a_refusal(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    world.run("ingrid", attachment.report_damage, case_id=case_id, attachment_id=file_id)
    assert acts(world, "attachment", file_id)[-1] == Act.CASE_ATTACHMENT_REFUSE.value


# -- left over ----------------------------------------------------------------------------------


def sweep(world, **how):
    return attachment_sweep.sweep(world.runtime.doorway, **how)


def age(world, path, more=timedelta(minutes=1)):
    """Make a file older than the grace, by the world's clock."""
    then = (world.clock.now() - GRACE - more).timestamp()
    os.utime(path, (then, then))


def left_over(world, count=1, *, kept=True):
    """Files that were sent and never attached, as after a crash before the commit."""
    case_id = with_log(world)
    found = []
    for _ in range(count):
        upload = uploaded(world, "ingrid", case_id, pdf())
        arrived = upload.complete()
        if kept:
            upload.keep()
        folder = arrived.blob[:2] if kept else "incoming"
        path = world.runtime.settings.blob_dir / folder / arrived.blob
        age(world, path)
        found.append(path)
    return found


def test_what_no_row_names_is_swept_and_what_a_row_names_stays(world):
    case_id = with_log(world)
    kept = blob_of(world, attached(world, case_id))
    age(world, kept)
    [orphan], [half] = left_over(world), left_over(world, kept=False)
    stranger = world.runtime.settings.blob_dir / orphan.name[:2] / "readme.txt"
    stranger.write_text("not ours")
    assert sweep(world) == Swept(orphans=1, unfinished=1, keyless=0)
    assert (kept.exists(), orphan.exists(), half.exists(), stranger.exists()) == (
        True,
        False,
        False,
        True,
    )
    assert sweep(world) == Swept(0, 0, 0), "a second time there is nothing"


def test_a_file_that_is_just_being_sent_is_left_alone(world):
    [orphan], [half] = left_over(world), left_over(world, kept=False)
    for path in (orphan, half):
        age(world, path, timedelta(minutes=-2))
    assert sweep(world) == Swept(0, 0, 0)
    assert orphan.exists()
    assert half.exists()


def test_when_very_many_have_no_row_the_rows_are_doubted_and_nothing_is_deleted(world):
    """As after a database was put back from an older copy: the files are newer than the rows."""
    files = left_over(world, count=11)
    with pytest.raises(TooManyLeftOver):
        sweep(world)
    assert all(path.exists() for path in files)
    assert sweep(world, even_many=True) == Swept(11, 0, 0)


def test_a_file_whose_key_is_destroyed_goes_and_the_log_says_so_first(world):
    case_id = with_log(world)
    gone = attached(world, case_id, info_type=InfoType.HEALTH)
    stays = attached(world, case_id)
    paths = blob_of(world, gone), blob_of(world, stays)
    with sqlite(world) as raw:
        raw.execute("DELETE FROM case_keys WHERE compartment LIKE '%:health'")
        raw.commit()
    assert sweep(world) == Swept(orphans=0, unfinished=0, keyless=1)
    assert [path.exists() for path in paths] == [False, True]
    assert acts(world, "attachment", gone)[-1] == Act.CASE_ATTACHMENT_ERASE.value
    assert sweep(world) == Swept(0, 0, 0)
    assert differences(world) == []


def test_a_sweeper_who_sees_no_keys_at_all_deletes_nothing(world):
    case_id = with_log(world)
    path = blob_of(world, attached(world, case_id))
    assert cases.rows(world, CaseKey)
    with sqlite(world) as raw:
        raw.execute("DELETE FROM case_keys")
        raw.commit()
    with pytest.raises(TooManyLeftOver):
        sweep(world)
    assert path.exists()


def test_a_crash_before_the_commit_leaves_a_file_that_nobody_can_open(world, monkeypatch):
    case_id = with_log(world)
    upload = uploaded(world, "ingrid", case_id, pdf())
    keep = type(upload).keep

    def killed(self):
        keep(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(upload), "keep", killed)
    command = attachment.Attach(
        case_id=case_id,
        submission=uuid.uuid4(),
        title="",
        document=attachment.DocumentKind.OTHER,
        info_type=InfoType.OWN,
    )
    with pytest.raises(KeyboardInterrupt):
        world.run("ingrid", attachment.attach, command, upload)
    upload.discard()
    [path] = world.runtime.settings.blob_dir.glob("??/*")
    assert cases.rows(world, Attachment) == []
    age(world, path)
    assert sweep(world) == Swept(1, 0, 0)


def test_the_folder_can_be_copied_and_put_back(world, tmp_path):
    case_id = with_log(world)
    file_id = attached(world, case_id, data=LONG)
    blobs = world.runtime.settings.blob_dir
    shutil.copytree(blobs, tmp_path / "copy")
    shutil.rmtree(blobs)
    shutil.copytree(tmp_path / "copy", blobs)
    assert read(world, case_id, file_id) == LONG


def test_nobody_is_let_in_to_a_file_by_a_changed_row_of_another_municipality(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    with sqlite(world) as raw:
        raw.execute(
            "UPDATE attachments SET tenant_id=? WHERE id=?", [uuid.uuid4().hex, file_id.hex]
        )
        raw.commit()
    with pytest.raises((AccessDenied, FileDamaged)):
        read(world, case_id, file_id)
