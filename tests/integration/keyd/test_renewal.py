"""An upgrade that changes the columns of a row that grants authority: what was good before is good after, and no more.

The older version is made from this one: accounts lose a column and have one that is gone now, and their MACs are
made as that version would have made them. A revision of the test's own leads from there to here.
"""

import os
import shutil
import signal
import uuid
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select, text

from bti.audit.models import AuditEvent
from bti.bootstrap import upgrade_database
from bti.cli import main
from bti.crypto.provider import TenantPurpose
from bti.crypto.row_mac import row_mac
from bti.db import migrate, row_forms
from bti.db.models import Account
from bti.db.row_forms import FormError
from bti.keyd import renewal
from bti.paths import MIGRATIONS
from bti.workflows import audit_check, worklist
from tests.key_ring import key_store
from tests.story import Story
from tests.world import settings_for

REVISION = '''
"""Accounts say since when they are cut off, and no longer in which house their owner works."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = {before!r}
branch_labels = None
depends_on = None

UNDER_MAC = {{
    "accounts": lambda row: {{
        **{{name: value for name, value in row.items() if name != "house"}}, {says}
    }}
}}


def upgrade():
    op.drop_column("accounts", "house")
    op.add_column("accounts", sa.Column("suspended_at", sa.DateTime(timezone=True)))
    {besides}
'''


@dataclass
class Older:
    """A municipality whose database an older version has made."""

    world: object
    settings: object

    def upgrade(self):
        return upgrade_database(self.settings)

    def command(self, monkeypatch, **more):
        """What an operator types, and what comes back."""
        told = {"BTI_MODE": "test", "BTI_VAR_DIR": str(self.settings.var_dir), **more}
        for name, value in {**told, "BTI_DATABASE_URL": self.settings.database_url}.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["db", "upgrade"])

    def accounts(self):
        with self.world.as_administrator() as connection:
            rows = connection.execute(text("SELECT id, version, mac FROM accounts ORDER BY id"))
            return [(row.id, row.version, bytes(row.mac)) for row in rows]

    def columns(self):
        with self.world.as_administrator() as connection:
            return {one["name"] for one in inspect(connection).get_columns("accounts")}

    def sql(self, statement):
        with self.world.as_administrator() as connection:
            connection.execute(text(statement))


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request, tmp_path, monkeypatch):
    world = request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")
    Story(world).wonder()
    set_back(world)
    follow(tmp_path, monkeypatch)
    return Older(world, settings_for(tmp_path / "world", world.admin_url))


def follow(tmp_path, monkeypatch, *, says='"suspended_at": None', besides="", to=MIGRATIONS):
    """Let a revision of the test's own stand after the newest of the program's."""
    folder = tmp_path / "migrations"
    shutil.copytree(to, folder, dirs_exist_ok=True)
    before = max(path.name[:4] for path in (to / "case" / "versions").glob("0*.py"))
    revision = REVISION.format(before=before, says=says, besides=besides)
    (folder / "case" / "versions" / "9999_cut_off.py").write_text(revision)
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)


def written(tmp_path):
    return (tmp_path / "migrations" / "case" / "versions" / "9999_cut_off.py").read_text()


def set_back(world):
    """Give accounts the columns, and the MACs, that the older version gave them."""
    postgresql = world.runtime.engine.dialect.name == "postgresql"
    key = world.system(directory_key, tenant_id=world.tenant_id)
    with world.as_administrator() as connection:
        on = " ON accounts" if postgresql else ""
        connection.execute(text(f"DROP TRIGGER accounts_forward{on}"))
        connection.execute(text("ALTER TABLE accounts DROP COLUMN suspended_at"))
        connection.execute(text("ALTER TABLE accounts ADD COLUMN house CHAR(32)"))
        connection.execute(text("UPDATE accounts SET house = '00000000000000000000000000000007'"))
        if postgresql:
            connection.execute(text("ALTER TABLE accounts ALTER house TYPE uuid USING house::uuid"))
        for row in row_forms.rows_before(connection, "accounts"):
            assert row.columns["house"] == b"\0" * 15 + b"\7"
            mac = row_mac(key, "accounts", row.id, row.version, row.columns)
            table = Account.__table__
            connection.execute(table.update().where(table.c.id == row.id).values(mac=mac))


def directory_key(context, *, tenant_id):
    return key_store(context).tenant_key(context.session, tenant_id, TenantPurpose.DIRECTORY)


def works(world, who):
    world.forget(who)
    return world.run(who, worklist.my_day) is not None


def entered(world):
    """Decisions of the entries about renewed rows."""
    with world.looking() as session:
        query = select(AuditEvent.dec).where(AuditEvent.act == "key:row:renew")
        return list(session.scalars(query.order_by(AuditEvent.idx)))


def findings(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings


def test_rows_that_were_good_are_good_after_and_a_forged_one_stays_refused(older):
    world = older.world
    forged = world.accounts["mona"]
    older.sql(f"UPDATE accounts SET language = 'nn' WHERE id = '{as_stored(world, forged)}'")
    before = older.accounts()
    done = older.upgrade()
    assert done.renewed == {"accounts": len(before) - 1}
    assert [(row.tenant, row.table, row.row_id) for row in done.refused] == [
        (world.tenant_id, "accounts", forged)
    ]
    assert works(world, "ingrid")
    with pytest.raises(AssertionError, match="mona could not sign in"):
        works(world, "mona")
    assert entered(world) == ["allow", "deny"]
    assert [str(one) for one in findings(world)] == [f"changed: accounts {forged}"]
    # There is nothing left to do, and nobody is asked for the keys.
    again = upgrade_database(older.settings, provider=lambda: pytest.fail("asked for keys"))
    assert (again.revision, again.renewed, again.refused) == ("9999", {}, ())


def as_stored(world, one):
    return one if world.runtime.engine.dialect.name == "postgresql" else one.hex


def test_killed_in_the_middle_it_begins_again_and_loses_nothing(older, monkeypatch):
    before, columns = older.accounts(), older.columns()
    monkeypatch.setattr(renewal, "_BATCH", 4)
    seal_anew, times = renewal.seal_anew, []

    def killed(*given, **checked):
        if len(times) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        times.append(1)
        return seal_anew(*given, **checked)

    older.world.runtime.engine.dispose()
    child = os.fork()
    if not child:
        renewal.seal_anew = killed
        try:
            older.upgrade()
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert (older.accounts(), older.columns()) == (before, columns)
    assert older.upgrade().renewed == {"accounts": len(before)}
    assert works(older.world, "ingrid")
    assert entered(older.world) == ["allow"] * -(-len(before) // 4)
    assert not findings(older.world)


def test_what_the_database_makes_of_a_row_besides_gets_no_mac(older, tmp_path, monkeypatch):
    # As a trigger would that somebody has planted for the migration to set off.
    besides = "op.execute(\"UPDATE accounts SET language = 'nn' WHERE must_renew = 'f'\")"
    if older.world.runtime.engine.dialect.name == "sqlite":
        besides = besides.replace("'f'", "0")
    follow(tmp_path, monkeypatch, besides=besides)
    before = older.accounts()
    done = older.command(monkeypatch)
    assert done.exit_code == 0
    assert "have a MAC of their new form" not in done.output
    for row_id, _, _ in before:
        assert f"it was not good before: accounts {uuid.UUID(str(row_id))}" in done.output
    assert older.accounts() == before
    assert entered(older.world) == ["deny"]


def test_what_is_changed_while_rows_are_renewed_gets_no_mac_either(world, tmp_path, monkeypatch):
    Story(world).wonder()
    set_back(world)
    # Set off by the entry of the first batch, when the rows of the next were seen to be good.
    planted = (
        "CREATE TRIGGER planted AFTER INSERT ON audit_events"
        " BEGIN UPDATE accounts SET language = 'nn'; END"
    )
    follow(tmp_path, monkeypatch, besides=f'op.execute("{planted}")')
    monkeypatch.setattr(renewal, "_BATCH", 4)
    older = Older(world, settings_for(tmp_path / "world", world.admin_url))
    before = older.accounts()
    done = older.upgrade()
    assert done.renewed == {"accounts": 4}
    changed = {row.row_id for row in done.refused}
    assert len(changed) == len(before) - 4
    assert {row for row in older.accounts() if uuid.UUID(row[0]) in changed} <= set(before)


def test_without_the_keys_or_with_others_nothing_is_done(older, tmp_path, monkeypatch):
    before, columns = older.accounts(), older.columns()
    if older.world.admin_url:
        apart = older.command(monkeypatch, BTI_KEYD_SOCKET=str(tmp_path / "keyd.sock"))
        assert (apart.exit_code, "the key broker's settings" in apart.output) == (1, True)
        monkeypatch.delenv("BTI_KEYD_SOCKET")
    strange = older.command(monkeypatch, BTI_ROOT_KEY_FILE=str(tmp_path / "keys" / "root.key"))
    assert (strange.exit_code, "The keys do not open here" in strange.output) == (1, True)
    follow(tmp_path, monkeypatch, says='"since": None')
    with pytest.raises(FormError, match="does not say"):
        older.upgrade()
    (tmp_path / "migrations" / "case" / "versions" / "9999_cut_off.py").write_text(
        written(tmp_path).replace("UNDER_MAC", "FORGOTTEN")
    )
    with pytest.raises(FormError, match="accounts without saying"):
        older.upgrade()
    assert (older.accounts(), older.columns()) == (before, columns)
