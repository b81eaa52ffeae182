"""Each role over a real connection: what it must be able to do, and what it must not."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bti.audit.sequence import Sequencer
from bti.audit.signer import StatefulSigner
from bti.cli.db import apply_roles
from bti.db import migrate, walls
from bti.db.base import Base
from bti.db.engine import make_engine
from bti.db.policies import WITHOUT_WALL
from bti.db.rights import FUNCTIONS
from bti.db.walls import EVERYWHERE, Standpoint, tell
from bti.disclosure.tables import HalfYear
from bti.workflows import audit_check, own_record, release_count
from tests.integration.workflows.cases import new_case
from tests.server_rights import facts
from tests.walled import OWNER, Deployment, Process, freshly_made, sql, walled
from tests.world import build, settings_for

GOLDEN = Path(__file__).parent / "golden"
NO_RIGHT = "42501"  # insufficient_privilege, also for a row that a policy refuses


@pytest.mark.parametrize("deployment", Deployment)
def test_the_server_says_what_the_golden_matrix_says(postgres_server, deployment):
    with freshly_made(postgres_server, deployment) as made, sql(made.admin) as connection:
        found = facts(connection)
    golden = (GOLDEN / f"rights-{deployment.value}.txt").read_text(encoding="utf-8").splitlines()
    assert found == golden, "look at the difference, then run: python -m tools.render_rights"


@pytest.fixture(scope="module")
def lived_in(postgres_server, tmp_path_factory):
    """A municipality with a case and a draft, its processes apart; where its rows are."""
    with walled(postgres_server, Deployment.APART) as made:
        # Filled by the server's superuser: the web process alone could not make keys.
        settings = settings_for(tmp_path_factory.mktemp("roles"), made.admin)
        world = build(settings, migrated=True)
        case_id = new_case(world)
        world.run(
            "siv", own_record.save_draft, form=own_record.Form.CONCERN, fields={"seen": ["x"]}
        )
        yield made, world, case_id
        world.close()


class RefusedError(Exception):
    """The server said no; ``state`` is its SQLSTATE."""

    def __init__(self, state) -> None:
        super().__init__(state)
        self.state = state


def ask(made, role, statement, standpoint=None, cases=(), **values):
    """Run one statement as a role in a transaction that is rolled back; return its rows."""
    with sql(made.url(role), each=False) as connection:
        if standpoint is not None:
            tell(connection, walls.settings_for(standpoint, cases))
        try:
            done = connection.execute(text(statement), values)
            return done.all() if done.returns_rows else done.rowcount
        except DBAPIError as fault:
            raise RefusedError(fault.orig.sqlstate) from None


WALLED = sorted({table.name for table in Base.metadata.sorted_tables} - set(WITHOUT_WALL))


@pytest.mark.parametrize("table", [one for one in WALLED if one != "municipalities"])
def test_without_a_standpoint_no_row_is_met_by_anybody(lived_in, table):
    made, _world, _case = lived_in
    met = {
        (role, where): _count(made, role, table, where)
        for role in (OWNER, *Process)
        for where in (None, Standpoint(tenant=uuid.uuid4()))
    }
    assert met[OWNER, None] == 0  # who owns a table is bound too
    assert set(met.values()) <= {0, "no right"}


def _count(made, role, table, where):
    """Count as a role. The owner cannot sign in, so the server's superuser becomes it."""
    entered = "postgres" if role == OWNER else role
    with sql(made.url(entered), each=False) as connection:
        connection.execute(text(f"SET ROLE {role}"))
        if where is not None:
            tell(connection, walls.settings_for(where))
        try:
            return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        except DBAPIError as fault:
            return "no right" if fault.orig.sqlstate == NO_RIGHT else fault.orig.sqlstate


CAN = [
    (Process.WEB, "SELECT id FROM cases"),
    (Process.WEB, "SELECT name FROM municipalities"),
    (Process.WEB, "SELECT id FROM accounts FOR UPDATE"),
    (Process.WEB, "SELECT leaf FROM audit_events"),
    (Process.KEYD, "SELECT wrapped FROM case_keys"),
    (Process.KEYD, "SELECT wrapped FROM tenant_keys FOR UPDATE"),
    (Process.KEYD, "SELECT account_id, mac FROM participants UNION SELECT id, mac FROM cases"),
    (Process.LOGD, "SELECT size FROM audit_heads FOR UPDATE"),
    (Process.WORK, "SELECT id, tenant_id, version, ops_ct FROM cases"),
    (Process.AUDIT, "SELECT leaf FROM audit_events"),
    (Process.AUDIT, "SELECT note FROM audit_checkpoints"),
]


@pytest.mark.parametrize(("role", "statement"), CAN)
def test_each_process_reads_what_it_needs(lived_in, role, statement):
    made, world, _case = lived_in
    assert ask(made, role, statement, Standpoint(tenant=world.tenant_id))


def test_counting_reads_no_more_of_a_case_than_its_own_role_may(lived_in):
    made, world, _case = lived_in
    asked = []

    def note(_connection, _cursor, statement, parameters, *_more):
        if " cases" in statement or "child_index" in statement:
            asked.append((statement, parameters))

    event.listen(world.runtime.engine, "before_cursor_execute", note)
    world.system(release_count.counts, tenant_id=world.tenant_id, period=HalfYear(2026, 1))
    event.remove(world.runtime.engine, "before_cursor_execute", note)

    assert len(asked) == 2
    with sql(made.url(Process.WORK), each=False) as connection:
        tell(connection, walls.settings_for(Standpoint(tenant=world.tenant_id)))
        for statement, parameters in asked:
            assert connection.exec_driver_sql(statement, parameters).all() or "child" in statement


def test_the_sequencer_places_entries_with_the_rights_of_its_own_role(postgres_walls, tmp_path):
    settings = settings_for(tmp_path / "world", postgres_walls.url(), audit_log="sequenced")
    world = build(settings, migrated=True)
    engine = make_engine(postgres_walls.url(Process.LOGD))
    signer = StatefulSigner(world.runtime.settings.signer_dir)
    waiting = "SELECT count(*) FROM audit_pending"

    with sql(postgres_walls.admin) as connection:
        before = connection.execute(text(waiting)).scalar_one()
        placed = Sequencer(engine, signer, world.clock).turn()
        after = connection.execute(text(waiting)).scalar_one()

    assert (before, after) == (placed, 0)
    assert placed
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).intact
    engine.dispose()
    world.close()


def test_a_member_of_the_owner_migrates_and_puts_walls_and_rights_up_again(postgres_server):
    with freshly_made(postgres_server, Deployment.APART) as made:
        with sql(made.admin) as connection:
            before = facts(connection)
            connection.execute(text("DROP ROLE IF EXISTS stafett_admin"))
            connection.execute(text(f"CREATE ROLE stafett_admin LOGIN IN ROLE {OWNER}"))
            connection.execute(text("DROP POLICY wall_tenant ON cases"))
            connection.execute(text("ALTER TABLE cases NO FORCE ROW LEVEL SECURITY"))
            connection.execute(text("GRANT DELETE ON entries TO stafett_web, PUBLIC"))
            connection.execute(text("REVOKE SELECT ON cases FROM stafett_web"))
        engine = make_engine(made.url("stafett_admin"))
        migrate.upgrade(engine, deployment=Deployment.APART)
        engine.dispose()
        with sql(made.admin) as connection:
            connection.execute(text("DROP ROLE stafett_admin"))
            assert facts(connection) == before


def test_what_is_anothers_in_the_same_schema_keeps_its_owner_and_its_rights(postgres_server):
    owned = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'strangers'"
    may = "SELECT has_function_privilege('public', '{}', 'execute')"
    with walled(postgres_server, Deployment.APART) as made, sql(made.admin) as connection:

        def says(question):
            return connection.execute(text(question)).scalar_one()

        connection.execute(text("CREATE EXTENSION pg_stat_statements"))
        connection.execute(text("CREATE TABLE strangers (id integer)"))
        connection.execute(text("CREATE FUNCTION strange() RETURNS integer RETURN 1"))
        connection.execute(text("GRANT EXECUTE ON FUNCTION append_only() TO PUBLIC"))
        owner = says(owned)
        engine = make_engine(made.admin)
        apply_roles(engine, Deployment.APART)
        migrate.upgrade(engine, deployment=Deployment.APART)
        engine.dispose()
        assert owner == says(owned) != OWNER
        assert says(may.format("strange()"))
        assert says(may.format("pg_stat_statements(boolean)"))
        assert not says(may.format("append_only()"))
        made_here = (
            "SELECT array_agg(DISTINCT proname::text) FROM pg_proc"
            " WHERE pg_get_userbyid(proowner) = '{}' AND pronamespace = 'public'::regnamespace"
        )
        assert set(says(made_here.format(OWNER))) == set(FUNCTIONS)


CANNOT = [
    # the log
    *((one, "DELETE FROM audit_events") for one in Process),
    *((one, "UPDATE audit_events SET who = 'x'") for one in Process),
    *((one, "TRUNCATE audit_checkpoints") for one in Process),
    (Process.WEB, "ALTER TABLE audit_events DISABLE TRIGGER ALL"),
    (Process.WEB, "SET session_replication_role = replica"),
    (Process.AUDIT, "INSERT INTO audit_events SELECT * FROM audit_events"),
    # the walls
    *((one, "ALTER TABLE cases DISABLE ROW LEVEL SECURITY") for one in Process),
    *((one, "ALTER TABLE cases NO FORCE ROW LEVEL SECURITY") for one in Process),
    (Process.WEB, "DROP POLICY wall_tenant ON cases"),
    (Process.WEB, "CREATE POLICY mine ON cases USING (true)"),
    (Process.WEB, "ALTER ROLE stafett_web BYPASSRLS"),
    (Process.WEB, "ALTER ROLE stafett_web SUPERUSER"),
    # somebody else's rights
    *((one, f"SET ROLE {OWNER}") for one in Process),
    (Process.WEB, "SET ROLE stafett_keyd"),
    (Process.WEB, "SET SESSION AUTHORIZATION stafett_keyd"),
    (Process.WEB, "GRANT SELECT ON tenant_keys TO stafett_web"),
    (Process.WEB, "CREATE ROLE friend"),
    (Process.WEB, "SELECT rolpassword FROM pg_authid"),
    # keys
    (Process.WEB, "SELECT wrapped FROM tenant_keys"),
    (Process.WEB, "SELECT wrapped FROM case_keys"),
    (Process.LOGD, "SELECT wrapped FROM tenant_keys"),
    (Process.WORK, "SELECT wrapped FROM tenant_keys"),
    (Process.KEYD, "DELETE FROM tenant_keys"),
    # texts
    (Process.KEYD, "SELECT body_ct FROM entries"),
    (Process.KEYD, "UPDATE persons SET compartment = 'core'"),
    (Process.LOGD, "SELECT ops_ct FROM cases"),
    (Process.WORK, "SELECT mac FROM cases"),
    (Process.WORK, "SELECT * FROM cases"),
    (Process.WORK, "SELECT body_ct FROM entries"),
    (Process.AUDIT, "SELECT id FROM cases"),
    (Process.AUDIT, "SELECT profile_ct FROM accounts"),
    # authority is asked for by the broker and written through the web
    (Process.KEYD, "UPDATE participants SET revoked_at = NULL"),
    (Process.KEYD, "INSERT INTO role_grants SELECT * FROM role_grants"),
    (Process.WORK, "UPDATE cases SET version = version"),
    # nothing written is written over or taken away
    (Process.WEB, "UPDATE entries SET version = version"),
    (Process.WEB, "DELETE FROM entries"),
    (Process.WEB, "DELETE FROM cases"),
    (Process.WEB, "DELETE FROM participants"),
    (Process.WEB, "DELETE FROM accounts"),
    (Process.WEB, "DELETE FROM municipalities"),
    # out of the database
    (Process.WEB, "SELECT pg_read_file('/etc/passwd')"),
    (Process.WEB, "SELECT pg_ls_dir('/')"),
    (Process.WEB, "SELECT lo_import('/etc/passwd')"),
    (Process.WEB, "COPY cases TO '/tmp/cases'"),
    (Process.WEB, "COPY (SELECT 1) TO PROGRAM 'id'"),
    (Process.WEB, "COPY units FROM '/etc/passwd'"),
    (Process.WEB, "CREATE FOREIGN DATA WRAPPER away"),
    (Process.WEB, "CREATE TABLE mine (id int)"),
    (Process.WEB, "CREATE TEMP TABLE mine (id int)"),
    (Process.WEB, "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    (Process.WEB, "CREATE SCHEMA mine"),
    (Process.WEB, "ALTER TABLE cases ADD COLUMN mine int"),
    (Process.WEB, "SELECT * FROM pg_hba_file_rules"),
    (Process.WEB, "SET log_statement = 'all'"),
]


def _named(one):
    return one.replace("stafett_", "") if isinstance(one, Process) else one[:60]


@pytest.mark.parametrize(("role", "statement"), CANNOT, ids=_named)
def test_the_server_refuses_what_a_process_must_not_do(lived_in, role, statement):
    made, world, _case = lived_in
    with pytest.raises(RefusedError) as refused:
        ask(made, role, statement, Standpoint(tenant=world.tenant_id))
    assert refused.value.state == NO_RIGHT


def test_leaving_row_security_out_is_an_error_and_not_all_rows(lived_in):
    made, _world, _case = lived_in
    with sql(made.url()) as connection:
        connection.execute(text("SET row_security = off"))
        with pytest.raises(DBAPIError) as fault:
            connection.execute(text("SELECT id FROM cases"))
    assert fault.value.orig.sqlstate == NO_RIGHT


def test_copying_a_table_out_stops_at_the_wall(lived_in):
    made, _world, _case = lived_in
    with sql(made.url()) as connection:
        cursor = connection.connection.cursor()
        with cursor.copy("COPY cases TO STDOUT") as copied:
            assert b"".join(bytes(part) for part in copied) == b""


def test_a_row_of_another_municipality_is_refused_by_the_server(lived_in):
    made, world, _case = lived_in
    add = (
        "INSERT INTO units (id, tenant_id, version, name, sector, organ, phone)"
        " VALUES (:id, :tenant, 1, 'x', 'school', 'x', '')"
    )
    own = Standpoint(tenant=world.tenant_id)
    assert ask(made, Process.WEB, add, own, id=uuid.uuid4(), tenant=world.tenant_id) == 1
    for where in (None, Standpoint(tenant=uuid.uuid4())):
        with pytest.raises(RefusedError) as refused:
            ask(made, Process.WEB, add, where, id=uuid.uuid4(), tenant=world.tenant_id)
        assert refused.value.state == NO_RIGHT


def test_sql_put_into_a_statement_can_cross_the_wall_and_meets_sealed_rows(lived_in):
    """Residual risk 20 of the threat model: whoever can say SQL can say where they stand."""
    made, world, _case = lived_in
    with sql(made.url(), each=False) as connection:
        tell(connection, walls.settings_for(Standpoint(tenant=uuid.uuid4())))
        wanted = text("SELECT ops_ct FROM cases")
        assert connection.execute(wanted).all() == []
        forged = text("SELECT set_config('app.tenant', :tenant, true)")
        connection.execute(forged, {"tenant": str(world.tenant_id)})
        rows = connection.execute(wanted).all()
    assert rows
    assert not any(b"level" in bytes(sealed) for (sealed,) in rows)


def test_a_row_is_not_moved_to_another_municipality(lived_in):
    made, world, _case = lived_in
    move = "UPDATE accounts SET tenant_id = :other"
    with pytest.raises(RefusedError) as refused:
        ask(made, Process.WEB, move, Standpoint(tenant=world.tenant_id), other=uuid.uuid4())
    assert refused.value.state == NO_RIGHT


def test_the_server_shows_a_person_what_is_written_in_opened_cases_alone(lived_in):
    made, world, case_id = lived_in
    person = Standpoint(tenant=world.tenant_id, account=world.accounts["ingrid"])
    for table in ("entries", "persons"):
        wanted = f"SELECT case_id FROM {table}"
        assert ask(made, Process.WEB, wanted, person) == []
        assert ask(made, Process.WEB, wanted, person, {uuid.uuid4()}) == []
        assert {one for (one,) in ask(made, Process.WEB, wanted, person, {case_id})} == {case_id}


def test_the_server_shows_own_records_to_their_author_alone(lived_in):
    made, world, _case = lived_in
    wanted = "SELECT id FROM own_records"
    mine = Standpoint(tenant=world.tenant_id, account=world.accounts["siv"])
    others = Standpoint(tenant=world.tenant_id, account=world.accounts["asta"])
    assert len(ask(made, Process.WEB, wanted, mine)) == 1
    assert ask(made, Process.WEB, wanted, others) == []


def test_the_server_shows_a_session_to_whoever_shows_its_token(lived_in):
    made, _world, _case = lived_in
    wanted = "SELECT token_hash FROM web_sessions"
    every = [bytes(one) for (one,) in ask(made, Process.WEB, wanted, EVERYWHERE)]
    assert len(every) > 1
    shown = ask(made, Process.WEB, wanted, Standpoint(token=every[0]))
    assert [bytes(one) for (one,) in shown] == every[:1]
    assert ask(made, Process.WEB, wanted, Standpoint(token=b"x" * 32)) == []


def test_the_network_sides_role_does_not_even_get_in(postgres_server):
    with freshly_made(postgres_server, Deployment.APART) as made:
        with sql(made.admin) as connection:
            connection.execute(text("DROP ROLE IF EXISTS network_side"))
            connection.execute(text("CREATE ROLE network_side LOGIN"))
        stranger = create_engine(made.url("network_side"))
        with pytest.raises(OperationalError, match="permission denied for database"):
            stranger.connect()
        stranger.dispose()
        with sql(made.admin) as connection:
            connection.execute(text("DROP ROLE network_side"))


def test_the_owner_can_make_tables_and_a_new_table_is_nobodys(lived_in):
    made, world, _case = lived_in
    with sql(made.admin) as connection:
        connection.execute(text(f"SET ROLE {OWNER}"))
        connection.execute(text("CREATE TABLE later (id int)"))
        connection.execute(text("CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'"))
        connection.execute(text("RESET ROLE"))
    for role in Process:
        for wanted in ("SELECT * FROM later", "SELECT later()"):
            with pytest.raises(RefusedError) as refused:
                ask(made, role, wanted, Standpoint(tenant=world.tenant_id))
            assert refused.value.state == NO_RIGHT
