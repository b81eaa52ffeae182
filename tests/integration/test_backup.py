"""What is saved comes back on either engine; what was erased or cut does not; a session stays ended."""

import json
import shutil
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from bti.bootstrap import open_runtime
from bti.crypto.backup_key import BackupPrivateKey
from bti.crypto.errors import SealError
from bti.crypto.file_provider import FileProvider
from bti.crypto.sealed_dump import DumpHead, open_dump, seal_dump
from bti.db import dump, dump_load
from bti.db.base import Base
from bti.db.blobs import BlobStore
from bti.db.dump import KEY_TABLES, LEFT_OUT, PLAIN_TYPES, kind_of, plain_table, tables_of
from bti.db.dump_load import DumpRefused, check_dump
from bti.db.engine import make_engine
from bti.db.models import CaseKey, Entry, WebSession
from bti.db.walls import EVERYWHERE, settings_for, tell
from bti.workflows import audit_check, backup, case, drill
from bti.workflows.actor import SystemActor
from tests.attaching import attach, blob_of, content_of
from tests.story import Story
from tests.world import CHEAP
from tests.world import settings_for as installation

PRIVATE = BackupPrivateKey(b"s" * 32)
OPERATOR = SystemActor("operator")


@pytest.fixture
def told(world):
    """A case at level 0."""
    story = Story(world)
    story.wonder()
    return story


def blobs_of(world):
    return BlobStore(world.runtime.settings.case_side().blob_dir)


def save(world, directory):
    at = world.clock.now()
    return backup.make(
        world.runtime.engine, PRIVATE.public, directory, at=at, blobs=blobs_of(world)
    )


def put_back(world, folder, data, keys, url=None):
    """Restore onto another machine: a new folder and database, with the root key brought along."""
    chosen = installation(folder, url)
    folder.mkdir(parents=True)
    engine = make_engine(chosen.case_side().database_url)
    blobs = BlobStore(chosen.case_side().blob_dir)
    found = backup.restore(engine, PRIVATE, data.path, keys.path, blobs=blobs)
    engine.dispose()
    chosen.root_key_file.parent.mkdir(parents=True)
    shutil.copy(world.runtime.settings.root_key_file, chosen.root_key_file)
    provider = FileProvider(chosen.root_key_file)
    return found, open_runtime(chosen, clock=world.clock, provider=provider, cost=CHEAP)


def rows(engine):
    """Every row of every table that is saved, as it is stored."""
    found = {}
    with engine.begin() as connection:
        tell(connection, settings_for(EVERYWHERE))
        for table in (*tables_of("data"), *tables_of("keys")):
            plain = plain_table(table.name, [(one.name, kind_of(one)) for one in table.columns])
            found[table.name] = sorted(map(repr, connection.execute(select(plain))))
    return found


def corrected(world):
    """Make, in SQL, a correction whose row is saved before the one it corrects; the log will tell."""
    with world.runtime.engine.begin() as connection:
        ids = sorted(connection.scalars(select(Entry.id)))
        plain = plain_table("entries", [("id", "uuid"), ("supersedes", "uuid")])
        change = plain.update().where(plain.c.id == ids[0]).values(supersedes=ids[-1])
        connection.execute(change)
    return (f"changed: entries {ids[0]}",)


@pytest.mark.parametrize(
    ("from_engine", "to_engine"),
    [("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite")],
)
def test_every_row_comes_back_and_the_log_still_proves(request, tmp_path, from_engine, to_engine):
    world = request.getfixturevalue("world" if from_engine == "sqlite" else "postgres_world")
    for _ in range(2):
        Story(world).wonder()
    expected = corrected(world) if from_engine == "sqlite" else ()
    data, keys = save(world, tmp_path / "saved")
    url = request.getfixturevalue("postgres_url") if to_engine == "postgresql" else None
    found, restored = put_back(world, tmp_path / "other", data, keys, url)
    assert rows(restored.engine) == rows(world.runtime.engine)
    assert found.keyless == 0
    proven = restored.doorway.perform(audit_check.verify, OPERATOR, tenant_id=world.tenant_id)
    assert proven.findings == expected
    restored.close()


def test_after_a_restore_people_sign_in_anew_and_read_what_was_there(world, told, tmp_path):
    token_before = world.token("ingrid")
    data, keys = save(world, tmp_path / "saved")
    _, restored = put_back(world, tmp_path / "other", data, keys)
    with restored.engine.begin() as connection:
        assert connection.scalars(select(func.count()).select_from(WebSession)).one() == 0
    world.runtime.close()
    world.runtime = restored
    assert world.token("ingrid") != token_before
    assert world.run("ingrid", case.show_case, case_id=told.case_id)


def test_attached_files_come_back_and_open(world, told, tmp_path):
    large = "x" * 120_000  # several pieces
    files = [attach(world, told.case_id, text) for text in ("Hei", large)]
    before = [content_of(world, told.case_id, one) for one in files]
    data, keys = save(world, tmp_path / "saved")
    found, restored = put_back(world, tmp_path / "other", data, keys)
    assert (found.data.files, found.keys.files, data.absent) == (2, 0, 0)
    world.runtime.close()
    shutil.rmtree(world.runtime.settings.case_side().blob_dir)
    world.runtime = restored
    assert [content_of(world, told.case_id, one) for one in files] == before
    assert {blob_of(world, one).stat().st_mode & 0o777 for one in files} == {0o600}


def test_an_attached_file_that_is_not_there_is_told_and_the_rest_saved(world, told, tmp_path):
    gone, kept = (attach(world, told.case_id, text) for text in ("a", "b"))
    blob_of(world, gone).unlink()
    data, _ = save(world, tmp_path / "saved")
    assert data.absent == 1
    assert backup.verify(PRIVATE, data.path).files == 1
    words = {"tenant_id": world.tenant_id, "case_id": told.case_id}
    with pytest.raises(drill.DrillFailedError, match="not there"):
        world.system(drill.prove, **words)
    blob_of(world, gone).parent.mkdir(exist_ok=True)
    shutil.copy(blob_of(world, kept), blob_of(world, gone))
    with pytest.raises(drill.DrillFailedError, match="not the one"):
        world.system(drill.prove, **words)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "x" * 32, "0" * 31, "A" * 32, ""])
def test_a_file_in_a_dump_lies_where_attachments_lie_and_nowhere_else(world, tmp_path, name):
    whole = lines(world, tmp_path)
    forged = [*whole[:-1], json.dumps({"file": name}).encode() + b"\n", b'"QUJD"\n', whole[-1]]
    with pytest.raises(DumpRefused, match="not described"):
        check_dump(forged)


def test_a_backup_is_one_instant_although_people_go_on_writing(world, told, tmp_path, monkeypatch):
    def write_meanwhile(*arguments):
        if monkeypatch.meanwhile:
            monkeypatch.meanwhile.pop()()
        return original(*arguments)

    original = backup._write
    monkeypatch.meanwhile = [Story(world).wonder, Story(world).wonder]
    monkeypatch.setattr(backup, "_write", write_meanwhile)
    before = rows(world.runtime.engine)
    data, keys = save(world, tmp_path / "saved")
    assert rows(world.runtime.engine) != before
    _, restored = put_back(world, tmp_path / "other", data, keys)
    assert rows(restored.engine) == before
    restored.close()


def test_the_two_files_hold_what_they_should_and_no_sign_in(world, told, tmp_path):
    data, keys = save(world, tmp_path / "saved")
    names = {one.name for one in Base.metadata.sorted_tables}
    in_data, in_keys = (set(backup.verify(PRIVATE, one.path).rows) for one in (data, keys))
    assert in_keys == KEY_TABLES
    assert in_data == names - KEY_TABLES - LEFT_OUT
    assert names >= LEFT_OUT
    assert not in_data & in_keys


def test_no_saved_table_refers_to_one_that_is_left_out():
    for table in Base.metadata.sorted_tables:
        referred = {key.column.table.name for key in table.foreign_keys}
        assert table.name in LEFT_OUT or not referred & LEFT_OUT, table.name


def test_every_column_has_a_stored_form():
    assert {
        kind_of(column) for table in Base.metadata.sorted_tables for column in table.columns
    } <= set(PLAIN_TYPES)


def test_a_value_of_every_kind_comes_back_as_it_was(tmp_path):
    values = {
        "uuid": uuid.UUID(int=7),
        "bytes": bytes(range(256)),
        "time": datetime(2026, 11, 22, 9, 30, 1, 5, tzinfo=UTC),
        "date": date(2026, 11, 22),
        "bool": False,
        "int": -(2**40),
        "text": "linje\nog «æøå» \u2028",
    }
    assert set(values) == set(PLAIN_TYPES)
    table = plain_table("things", [(kind, kind) for kind in values])
    engine = make_engine(f"sqlite:///{tmp_path}/things.sqlite")
    with engine.begin() as connection:
        table.metadata.create_all(connection)
        section = dump_load._Section("things", tuple((kind, kind) for kind in values))
        for row in (values, dict.fromkeys(values)):
            line = json.loads(json.dumps([dump._written(value) for value in row.values()]))
            connection.execute(
                table.insert(), [dict(zip(values, dump_load._read_row(section, line), strict=True))]
            )
        found = [row._asdict() for row in connection.execute(select(table))]
    engine.dispose()
    assert found == [values, dict.fromkeys(values)]


def test_a_saved_file_shows_no_row_and_is_its_owners_alone(world, told, tmp_path):
    data, keys = save(world, tmp_path / "saved")
    for one in (data, keys):
        blob = one.path.read_bytes()
        assert b"Lindvik" not in blob
        assert b"municipalities" not in blob
        assert one.path.stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "saved").glob("*.unfinished"))


def test_nothing_is_put_back_over_what_is_there(world, told, tmp_path):
    data, keys = save(world, tmp_path / "saved")
    before = rows(world.runtime.engine)
    with pytest.raises(backup.BackupRefused, match="not empty"):
        backup.restore(world.runtime.engine, PRIVATE, data.path, keys.path, blobs=blobs_of(world))
    assert rows(world.runtime.engine) == before


@pytest.mark.parametrize("spoil", ["cut", "flipped", "swapped", "stranger"])
def test_a_spoilt_backup_writes_no_row(world, told, tmp_path, spoil):
    data, keys = save(world, tmp_path / "saved")
    blob = bytearray(keys.path.read_bytes())
    if spoil == "cut":
        keys.path.write_bytes(blob[:-1])
    elif spoil == "flipped":
        blob[-20] ^= 1
        keys.path.write_bytes(blob)
    private = BackupPrivateKey.generate() if spoil == "stranger" else PRIVATE
    first, second = (keys, data) if spoil == "swapped" else (data, keys)
    engine = make_engine(f"sqlite:///{tmp_path}/fresh.sqlite")
    with pytest.raises((SealError, backup.BackupRefused)):
        backup.restore(
            engine, private, first.path, second.path, blobs=BlobStore(tmp_path / "blobs")
        )
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
    engine.dispose()


def lines(world, tmp_path):
    data, _ = save(world, tmp_path / "lines")
    with data.path.open("rb") as file:
        return b"".join(open_dump(PRIVATE, file)[1]).splitlines(keepends=True)


@pytest.mark.parametrize(
    "spoil", ["row-gone", "row-twice", "changed", "no-end", "after-end", "swapped", "no-title"]
)
def test_a_dump_that_is_not_what_was_written_is_refused(world, tmp_path, spoil):
    whole = lines(world, tmp_path)
    assert check_dump(whole).total > 10
    middle = next(at for at, line in enumerate(whole) if line.startswith(b"["))
    spoilt = {
        "row-gone": whole[:middle] + whole[middle + 1 :],
        "row-twice": whole[: middle + 1] + whole[middle:],
        "changed": [*whole[:middle], whole[middle].replace(b'"', b'"x', 1), *whole[middle + 1 :]],
        "no-end": whole[:-1],
        "after-end": [*whole, b"[]\n"],
        "swapped": [*whole[:middle], whole[middle + 1], whole[middle], *whole[middle + 2 :]],
        "no-title": whole[1:],
    }[spoil]
    with pytest.raises(DumpRefused):
        check_dump(spoilt)


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["table", "columns", "end", "sha256"]), inner)
                ),
                max_leaves=6,
            ).map(lambda value: json.dumps(value).encode() + b"\n"),
        ),
        max_size=6,
    )
)
def test_noise_is_refused_and_nothing_else_happens(noise):
    title = (
        b'{"stafett-dump":1,"kind":"data","set":"0","revision":"0001","at":"2026-11-22T00:00:00"}\n'
    )
    for pieces in (noise, [title, *noise]):
        with pytest.raises(DumpRefused):
            check_dump(pieces)


def test_a_file_whose_inside_is_another_than_it_says_is_refused(world, tmp_path):
    data, _ = save(world, tmp_path / "saved")
    with data.path.open("rb") as file:
        pieces = list(open_dump(PRIVATE, file)[1])
    lying = DumpHead("data", "2027-01-01T00:00:00+00:00", data.head.set_id, PRIVATE.public.key_id)
    forged = tmp_path / "forged.sealed"
    with forged.open("wb") as file:
        seal_dump(PRIVATE.public, lying, pieces, file)
    with pytest.raises(SealError):
        backup.verify(PRIVATE, forged)


def test_a_newer_key_store_opens_older_data_but_for_what_has_been_erased_since(
    world, told, tmp_path
):
    older, _ = save(world, tmp_path / "before")
    with world.runtime.engine.begin() as connection:
        connection.execute(text("DELETE FROM case_keys"))  # as an erasure does, without the rest
    _, newer = save(world, tmp_path / "after")
    found, restored = put_back(world, tmp_path / "other", older, newer)
    assert found.keyless == 1
    with restored.engine.begin() as connection:
        assert connection.scalars(select(func.count()).select_from(CaseKey)).one() == 0
    restored.close()


def test_old_backups_are_cleared_away_but_never_the_newest_of_its_kind(world, tmp_path):
    saved = []
    for _ in range(3):
        saved += save(world, tmp_path / "saved")
        world.clock.advance(timedelta(days=20))
    (tmp_path / "saved" / "stray.sealed").write_bytes(b"not ours")
    found = backup.outlived(
        backup.files_in(tmp_path / "saved"),
        at=world.clock.now(),
        keep_data=timedelta(days=365),
        keep_keys=backup.KEEP_KEYS,
    )
    assert [one.path for one in found] == [saved[1].path, saved[3].path]
    world.clock.advance(timedelta(days=4000))
    found = backup.outlived(
        backup.files_in(tmp_path / "saved"),
        at=world.clock.now(),
        keep_data=timedelta(days=365),
        keep_keys=backup.KEEP_KEYS,
    )
    assert {one.path for one in saved} - {one.path for one in found} == {
        saved[4].path,
        saved[5].path,
    }
