"""Whatever is changed in the raw database, by an owner who first drops the triggers, is named.

Attacks 23 (edit), 24 (delete), 25 (reorder), 26 (insert) and 28 (the owner disables the triggers) of
docs/attacks.md: `test_a_changed_entry_is_named_by_its_place` tries each.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.orm import Session

from bti.audit import store
from bti.audit.actions import Action
from bti.audit.models import AuditCheckpoint, AuditEvent, AuditHead, AuditSubject
from bti.audit.reconcile import audited_tables
from bti.audit.record import Reference
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import verify_export
from bti.db import forward
from bti.db.models import Account, OwnRecord, Unit
from bti.db.sealed_value import Sealed
from bti.db.walls import EVERYWHERE, stand
from bti.domain.approval import ApprovalAct
from bti.workflows import account, audit_check, case_file, sign_in
from bti.workflows.context import Context
from tests.approvals import two_say_yes
from tests.world import World, build, copy_of, settings_for

EVENTS, SUBJECTS = AuditEvent.__table__, AuditSubject.__table__
CHECKPOINTS, HEADS = AuditCheckpoint.__table__, AuditHead.__table__
PLACE = 7
"""An entry in the middle of the log."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def lived_in(request, tmp_path_factory) -> Iterator[World]:
    """A municipality where something has happened, on each engine; no test commits to it."""
    directory = tmp_path_factory.mktemp("tampered")
    if request.param == "sqlite":
        image, image_dir = request.getfixturevalue("world_image")
        world = copy_of(image, image_dir, directory / "world")
        yield _live(world)
        world.close()
        return
    with request.getfixturevalue("postgres_server").database() as url:
        world = build(settings_for(directory, url))
        yield _live(world)
        world.close()


def _live(world: World) -> World:
    world.run("ingrid", sign_in.choose_language, language="nn")
    world.run("ingrid", _write_case)
    world.run("ingrid", _forget_draft, record_id=world.run("ingrid", _keep_draft))
    return world


def _write_case(context: Context) -> None:
    case = case_file.Case(
        tenant_id=context.person.tenant_id, unit_id=context.person.unit_id, number="1234-5678"
    )
    context.verbs.subject()
    context.verbs.new_case(case.id, ["core"])
    case.ops = {"level": 0, "log": "none"}
    context.session.add(case)
    context.session.flush()
    case_file.add_person(context, case.id, {"kind": "child", "name": "Oda Oppdiktet"})
    case_file.write_entry(
        context, case.id, kind=case_file.Kind.CONCERN, compartment="core", meta={}, body={"a": "b"}
    )
    context.record(Action.CASE_CONCERN_CREATE, Reference("case", case.id))


def _keep_draft(context: Context) -> uuid.UUID:
    row = OwnRecord(tenant_id=context.person.tenant_id, account_id=context.person.account_id)
    context.verbs.new_own_record(row.id)
    row.meta, row.body = {"kind": "draft"}, {"text": "half a sentence"}
    context.session.add(row)
    context.record(Action.OWN_RECORD_WRITE)
    return row.id


def _forget_draft(context: Context, *, record_id: uuid.UUID) -> None:
    context.verbs.forget_own_record(record_id)
    context.session.delete(context.session.get_one(OwnRecord, record_id))
    context.record(Action.OWN_RECORD_DELETE)


def _examined(
    world: World, tamper: Callable[[Connection], None], known: list[str] | None = None
) -> store.Examination:
    key = world.system(audit_check.verifier_key, tenant_id=world.tenant_id)
    session: Session = world.runtime.doorway.sessions()
    with session, session.begin() as transaction:
        stand(session, EVERYWHERE)
        connection = session.connection()
        _drop_guards(connection)
        tamper(connection)
        session.expire_all()
        found = store.examine(session, world.tenant_id, key, known=known or [])
        transaction.rollback()
    return found


def _drop_guards(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        query = text(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) "
            "FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
            " AND connamespace = 'public'::regnamespace"
        )
        for statement in connection.scalars(query).all():
            connection.execute(text(statement))
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for name in list(connection.scalars(query)):
        connection.execute(text(f'DROP TRIGGER "{name}"'))


def _leaf(connection: Connection, place: int) -> bytes:
    return connection.scalars(select(EVENTS.c.leaf).where(EVENTS.c.idx == place)).one()


def _put_leaf(connection: Connection, place: int, leaf: bytes) -> None:
    connection.execute(update(EVENTS).where(EVENTS.c.idx == place).values(leaf=leaf))


def _flip_entry(connection: Connection) -> None:
    leaf = bytearray(_leaf(connection, PLACE))
    leaf[40] ^= 1
    _put_leaf(connection, PLACE, bytes(leaf))


def _delete_entry(connection: Connection) -> None:
    connection.execute(delete(EVENTS).where(EVENTS.c.idx == PLACE))


def _close_the_gap(connection: Connection) -> None:
    _delete_entry(connection)
    query = select(EVENTS.c.idx).where(EVENTS.c.idx > PLACE).order_by(EVENTS.c.idx)
    for idx in connection.scalars(query).all():
        connection.execute(update(EVENTS).where(EVENTS.c.idx == idx).values(idx=idx - 1))


def _insert_entry(connection: Connection) -> None:
    query = select(EVENTS.c.idx).where(EVENTS.c.idx >= PLACE).order_by(EVENTS.c.idx.desc())
    for idx in connection.scalars(query).all():
        connection.execute(update(EVENTS).where(EVENTS.c.idx == idx).values(idx=idx + 1))
    copied = connection.execute(select(EVENTS).where(EVENTS.c.idx == PLACE - 1)).one()
    connection.execute(insert(EVENTS).values({**copied._mapping, "idx": PLACE}))


def _swap_entries(connection: Connection) -> None:
    one, other = _leaf(connection, PLACE), _leaf(connection, PLACE + 1)
    _put_leaf(connection, PLACE, other)
    _put_leaf(connection, PLACE + 1, one)


def _rotate_entries(connection: Connection) -> None:
    leaves = [_leaf(connection, PLACE + step) for step in range(4)]
    for step in range(4):
        _put_leaf(connection, PLACE + step, leaves[(step + 1) % 4])


@pytest.mark.parametrize(
    "tamper",
    [
        _flip_entry,
        _delete_entry,
        _close_the_gap,
        _insert_entry,
        _swap_entries,
        _rotate_entries,
    ],
)
def test_a_changed_entry_is_named_by_its_place(lived_in, tamper):
    found = _examined(lived_in, tamper)
    assert not found.intact
    finding = found.report.finding
    assert finding.first <= PLACE <= finding.last + 1
    assert finding.last - finding.first <= 4


def test_an_untouched_log_is_whole(lived_in):
    found = _examined(lived_in, lambda _connection: None)
    assert found.intact, found
    assert found.report.size > PLACE + 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("who", "system:somebody"),
        ("act", "case:open:read"),
        ("dec", "deny"),
        ("at", datetime.fromisoformat("2020-01-01T00:00:00+00:00")),
    ],
)
def test_a_searchable_copy_that_differs_from_its_entry_is_named(lived_in, column, value):
    found = _examined(
        lived_in,
        lambda c: c.execute(update(EVENTS).where(EVENTS.c.idx == PLACE).values({column: value})),
    )
    assert found.findings == (f"misquoted: audit_events {PLACE}",)


def test_taking_a_case_out_of_who_has_seen_it_is_named(lived_in):
    def hide(connection: Connection) -> None:
        connection.execute(delete(SUBJECTS).where(SUBJECTS.c.kind == "case"))

    found = _examined(lived_in, hide)
    assert found.findings
    assert all(line.startswith("misquoted: audit_events") for line in found.findings)


def _head(**values: Any) -> Callable[[Connection], None]:
    return lambda connection: connection.execute(update(HEADS).values(**values))


@pytest.mark.parametrize(
    "tamper",
    [
        _head(size=3),
        _head(frontier=Frontier().to_bytes()),
        _head(frontier=b"nonsense"),
        _head(last_at=datetime.fromisoformat("2030-01-01T00:00:00+00:00")),
        lambda connection: connection.execute(delete(HEADS)),
    ],
)
def test_a_changed_head_is_named(lived_in, tamper):
    found = _examined(lived_in, tamper)
    assert [line.partition(":")[2].strip() for line in found.findings] == [
        f"audit_heads {lived_in.tenant_id}"
    ]


def _largest(connection: Connection) -> int:
    return max(connection.scalars(select(CHECKPOINTS.c.size)))


def _spoil_signature(connection: Connection) -> None:
    size = _largest(connection)
    note = connection.scalars(select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == size)).one()
    spoilt = note[:-8] + ("A" if note[-8] != "A" else "B") + note[-7:]
    connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.size == size).values(note=spoilt))


def _drop_last_checkpoint(connection: Connection) -> None:
    connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.size == _largest(connection)))


def _misfile_checkpoint(connection: Connection) -> None:
    size = _largest(connection)
    connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.size == size).values(size=size + 5))


@pytest.mark.parametrize("tamper", [_spoil_signature, _drop_last_checkpoint, _misfile_checkpoint])
def test_a_changed_checkpoint_is_found(lived_in, tamper):
    assert not _examined(lived_in, tamper).intact


def test_a_log_cut_back_with_its_head_is_found_by_its_rows_and_by_a_kept_checkpoint(lived_in):
    kept: list[str] = []

    def cut_back(connection: Connection) -> None:
        sizes = sorted(connection.scalars(select(CHECKPOINTS.c.size)))
        newest = connection.scalars(
            select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == sizes[-1])
        ).one()
        kept[:] = [newest]
        size = sizes[len(sizes) // 2]
        frontier = Frontier()
        for leaf in connection.scalars(
            select(EVENTS.c.leaf).where(EVENTS.c.idx < size).order_by(EVENTS.c.idx)
        ):
            frontier.append(leaf_hash(leaf))
        last = connection.scalars(select(EVENTS.c.at).where(EVENTS.c.idx == size - 1)).one()
        connection.execute(delete(SUBJECTS).where(SUBJECTS.c.idx >= size))
        connection.execute(delete(EVENTS).where(EVENTS.c.idx >= size))
        connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.size > size))
        connection.execute(
            update(HEADS).values(size=size, frontier=frontier.to_bytes(), last_at=last)
        )

    found = _examined(lived_in, cut_back)
    assert found.report.intact
    assert any(line.startswith("unlogged:") for line in found.findings)
    assert not _examined(lived_in, cut_back, known=kept).report.intact


def _other(value: Any) -> Any:  # noqa: PLR0911 - one return for each stored type
    """Another value of the same kind: what a careful forger would write."""
    match value:
        case Sealed():
            return Sealed(value.blob[:-1] + bytes([value.blob[-1] ^ 1]))
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1])
        case bool():
            return not value
        case int():
            return value + 1
        case uuid.UUID():
            return uuid.uuid4()
        case datetime():
            return value + timedelta(seconds=1)
        case str():
            return value[:-1] + ("y" if value.endswith("x") else "x")
    return None


def test_every_column_of_every_row_kind_is_proven(lived_in):
    tried = set()
    for mapped in audited_tables():
        table = mapped.__table__
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            row: list[Any] = []

            def change(
                connection: Connection, table: Any = table, column: Any = column, row: Any = row
            ) -> None:
                query = select(table).where(column.is_not(None)).order_by(table.c.id).limit(1)
                found = connection.execute(query).one_or_none()
                if found is None:
                    return
                row.append(found._mapping)
                changed = {column.name: _other(found._mapping[column.name])}
                connection.execute(update(table).where(table.c.id == found.id).values(changed))

            found = _examined(lived_in, change)
            if not row:
                continue
            tried.add(name)
            named = f"{table.name} {row[0]['id']}"
            assert any(named in line for line in found.findings), name
    assert {"entries.body_ct", "cases.ops_ct", "units.name", "role_grants.valid_from"} <= tried
    assert {"accounts.password_hash", "case_keys.wrapped", "tenant_keys.state"} <= tried


def test_a_planted_row_is_named(lived_in):
    units, planted = Unit.__table__, uuid.uuid4()

    def plant(connection: Connection) -> None:
        row = connection.execute(select(units).limit(1)).one()
        connection.execute(insert(units).values({**row._mapping, "id": planted}))

    assert _examined(lived_in, plant).findings == (f"unlogged: units {planted}",)


def test_a_removed_row_is_named(lived_in):
    gone = lived_in.units["leisure"]
    found = _examined(
        lived_in, lambda c: c.execute(delete(Unit.__table__).where(Unit.__table__.c.id == gone))
    )
    assert found.findings == (f"missing: units {gone}",)


def test_an_older_version_put_back_is_named(lived_in):
    accounts, whose = Account.__table__, lived_in.accounts["ingrid"]
    older: list[Any] = []

    def read(connection: Connection) -> None:
        query = select(accounts).where(accounts.c.id == whose)
        older.append(dict(connection.execute(query).one()._mapping))

    _examined(lived_in, read)
    lived_in.run("ingrid", sign_in.choose_language, language="en")
    found = _examined(
        lived_in,
        lambda c: c.execute(update(accounts).where(accounts.c.id == whose).values(older[0])),
    )
    assert found.findings == (f"changed: accounts {whose}",)


def test_a_deleted_row_put_back_is_named(lived_in):
    records, kept = OwnRecord.__table__, lived_in.run("ingrid", _keep_draft)
    older: list[Any] = []

    def read(connection: Connection) -> None:
        older.append(
            dict(connection.execute(select(records).where(records.c.id == kept)).one()._mapping)
        )

    _examined(lived_in, read)
    lived_in.run("ingrid", _forget_draft, record_id=kept)
    found = _examined(lived_in, lambda c: c.execute(insert(records).values(older[0])))
    assert found.findings == (f"returned: own_records {kept}",)


def test_an_older_version_put_back_and_then_written_honestly_is_still_named(world):
    accounts, whose = Account.__table__, world.accounts["ingrid"]
    here = accounts.c.id == whose
    with world.as_administrator() as connection:
        older = dict(connection.execute(select(accounts).where(here)).one()._mapping)
    world.run("ingrid", sign_in.choose_language, language="en")
    assert _examined(world, lambda _connection: None).intact
    with world.as_administrator() as connection:
        forward.remove(connection)  # as whoever owns the table may
        connection.execute(update(accounts).where(here).values(older))
    for language in ("nn", "en"):
        world.run("ingrid", sign_in.choose_language, language=language)
    found = _examined(world, lambda _connection: None)
    assert found.findings == (f"returned: accounts {whose}",)


def test_a_deleted_row_written_again_is_still_named(world):
    unit_id = uuid.uuid4()

    def write(context: Context) -> None:
        context.session.add(
            Unit(
                id=unit_id,
                tenant_id=world.tenant_id,
                name="Nebba",
                sector="school",
                organ=str(unit_id),
                phone="",
            )
        )
        context.record(Action.UNIT_REGISTER_CREATE, tenant=world.tenant_id)

    def remove(context: Context) -> None:
        context.session.delete(context.session.get_one(Unit, unit_id))
        context.record(Action.UNIT_REGISTER_CREATE, tenant=world.tenant_id)

    for act in (write, remove):
        world.system(act)
    assert _examined(world, lambda _connection: None).intact
    world.system(write)
    found = _examined(world, lambda _connection: None)
    assert found.findings == (f"returned: units {unit_id}",)


def test_another_municipalitys_key_does_not_vouch_for_this_log(lived_in):
    other = lived_in.system(audit_check.verifier_key, tenant_id=_second_municipality(lived_in))
    with lived_in.looking() as session:
        assert not store.examine(session, lived_in.tenant_id, other).intact


def _second_municipality(world: World) -> uuid.UUID:
    known = world.system(account.municipality_by_number, number="9902")
    return known or world.system(
        account.create_municipality,
        name="Fjelldal",
        number="9902",
        profile="standard",
        language="nn",
    )


def test_a_removed_municipality_does_not_take_its_log_out_of_sight(lived_in):
    session: Session = lived_in.runtime.doorway.sessions()
    with session, session.begin() as transaction:
        stand(session, EVERYWHERE)
        connection = session.connection()
        _drop_guards(connection)
        connection.execute(text("DELETE FROM municipalities"))
        assert lived_in.tenant_id in store.logs(session)
        transaction.rollback()


def test_an_export_proves_offline_and_refuses_an_existing_directory(lived_in, tmp_path: Path):
    key = lived_in.system(audit_check.verifier_key, tenant_id=lived_in.tenant_id)
    out = tmp_path / "out"
    yes = two_say_yes(lived_in, ApprovalAct.AUDIT_EXPORT, audit_check.export_params(out))
    export = {"tenant_id": lived_in.tenant_id, "directory": out}
    count = lived_in.system(audit_check.export, **export, approval_id=yes)
    report = verify_export(out, key, tenant=str(lived_in.tenant_id))
    assert report.intact
    assert report.size == count
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.iterdir())
    yes = two_say_yes(lived_in, ApprovalAct.AUDIT_EXPORT, audit_check.export_params(out))
    with pytest.raises(FileExistsError):
        lived_in.system(audit_check.export, **export, approval_id=yes)


def test_checking_and_exporting_are_entered(lived_in):
    lived_in.system(audit_check.verify, tenant_id=lived_in.tenant_id)
    with lived_in.looking() as session:
        newest = session.scalars(
            select(AuditEvent.act)
            .where(AuditEvent.tenant_id == lived_in.tenant_id)
            .order_by(AuditEvent.idx.desc())
        ).first()
    assert newest == Action.AUDIT_LOG_VERIFY
