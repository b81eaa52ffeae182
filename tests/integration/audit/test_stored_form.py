"""Entries are written past the tables' types on SQLite: what lies there is what the types would write."""

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select, text

from bti.audit.models import AuditCheckpoint, AuditEvent, AuditHead, AuditSubject
from tests.integration.workflows.cases import new_case

TABLES = (AuditEvent, AuditSubject, AuditCheckpoint, AuditHead)


def _raw(connection, table):
    """Return the rows as the driver gives them, each value with the type it is stored as."""
    columns = ", ".join(f"{column.name}, typeof({column.name})" for column in table.columns)
    return sorted(connection.execute(text(f"SELECT {columns} FROM {table.name}")))


@pytest.mark.parametrize("mapped", TABLES, ids=lambda mapped: mapped.__tablename__)
def test_what_is_written_past_the_types_is_what_they_would_have_written(world, mapped):
    new_case(world)
    table = mapped.__table__
    twin = Table("twin", MetaData(), *(Column(one.name, one.type) for one in table.columns))
    with world.as_administrator() as connection:
        twin.create(connection)
        read = [dict(row._mapping) for row in connection.execute(select(table))]
        connection.execute(insert(twin), read)
        assert _raw(connection, twin) == _raw(connection, table) != []
        connection.rollback()
