"""A whole older row of authority, put back with its own MAC, by the role that may update the table."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bti.db import forward
from bti.db.base import AuthorityRow, Base
from bti.db.models import Case, ConsentCell, Participant, WebSession
from bti.workflows import sign_in
from tests.integration.workflows.test_protection import protect, reads, shared_case

FORWARD = "goes forward only"


@pytest.fixture(params=["world", "postgres_world"])
def municipality(request):
    """On each engine; on PostgreSQL as the web's own role, with no right but its own."""
    return request.getfixturevalue(request.param)


def stored(world, mapped):
    """The rows of a table as they stand, in plain SQL."""
    with world.as_administrator() as connection:
        return connection.execute(select(mapped.__table__)).mappings().all()


def put_back(world, mapped, row):
    """Write a row over the one that stands, as the web's role may in SQL."""
    table = mapped.__table__
    values = {column.name: row[column.name] for column in table.columns}
    with world.runtime.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL app.everywhere = 'on'"))
        connection.execute(table.update().where(table.c.id == row["id"]).values(values))


def test_a_case_from_before_its_address_was_protected_is_not_put_back(municipality):
    world = municipality
    case_id = shared_case(world)
    assert reads(world, "nina", case_id)
    before = stored(world, Case)[0]
    protect(world, case_id)
    with pytest.raises(DBAPIError, match=FORWARD):
        put_back(world, Case, before)
    assert not reads(world, "nina", case_id)


def test_a_session_that_was_ended_does_not_live_again(municipality):
    world = municipality
    token = world.token("ingrid")
    lived = {row["id"]: row for row in stored(world, WebSession)}
    actor = world.runtime.doorway.perform(sign_in.identify, None, token=token)
    world.runtime.doorway.perform(sign_in.sign_out, actor)
    ended = [row["id"] for row in stored(world, WebSession) if row["revoked_at"] is not None]
    for row_id in ended:
        with pytest.raises(DBAPIError, match=FORWARD):
            put_back(world, WebSession, lived[row_id])
    assert ended
    assert world.runtime.doorway.perform(sign_in.identify, None, token=token) is None


@pytest.mark.parametrize("mapped", [Case, ConsentCell, Participant])
def test_no_earlier_version_no_other_mac_and_no_other_id_is_written_over_a_row(
    municipality, mapped
):
    world = municipality
    shared_case(world)
    row = dict(stored(world, mapped)[0])
    table = mapped.__table__
    put_back(world, mapped, row)  # as it stands: nothing is undone
    for change in (
        {"version": row["version"] - 1},
        {"mac": bytes(32)},
        {"version": row["version"] - 1, "mac": bytes(32)},
        {"id": row["tenant_id"]},
    ):
        with (
            pytest.raises(DBAPIError, match=FORWARD),
            world.as_administrator() as connection,
        ):
            connection.execute(table.update().where(table.c.id == row["id"]).values(change))


def test_every_table_of_authority_goes_forward_only(municipality):
    authority = {
        str(mapper.local_table)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, AuthorityRow)
    }
    assert (
        set(forward.tables())
        == authority
        == {str(table) for table in Base.metadata.sorted_tables if "mac" in table.columns}
    )
    with municipality.as_administrator() as connection:
        asked = (
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_forward'"
            if connection.dialect.name == "postgresql"
            else "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
            " AND name LIKE '%_forward'"
        )
        assert set(connection.scalars(text(asked))) == authority


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE cases DISABLE TRIGGER cases_forward",
        "DROP TRIGGER cases_forward ON cases",
        "DROP FUNCTION authority_goes_forward() CASCADE",
        "ALTER FUNCTION authority_goes_forward() RENAME TO other",
        "SET session_replication_role = replica",
        "DELETE FROM participants",
        "TRUNCATE participants",
    ],
)
def test_the_webs_role_switches_nothing_of_it_off(postgres_world, statement):
    with (
        pytest.raises(DBAPIError, match=r"must be owner|permission denied"),
        postgres_world.runtime.engine.begin() as connection,
    ):
        connection.execute(text(statement))
