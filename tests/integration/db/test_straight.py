"""Statements on SQLite's own connection: part of the same transaction, with the same errors."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError, OperationalError

from bti.db.straight import run

PUT = "INSERT INTO things (name) VALUES (?)"
READ = "SELECT name FROM things WHERE name >= ? ORDER BY name"


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name TEXT PRIMARY KEY)")
        connection.commit()
        connection.begin()
        yield connection
    engine.dispose()


def test_what_was_written_is_read_and_goes_with_the_transaction(connection):
    run(connection, PUT, ("a",), ("b",))
    run(connection, PUT, ("c",))
    assert run(connection, READ, ("b",)) == [("b",), ("c",)]
    connection.rollback()
    with pytest.raises(RuntimeError):
        run(connection, READ, ("",))
    connection.begin()
    assert run(connection, READ, ("",)) == []


def test_nothing_is_run_for_no_rows(connection):
    run(connection, PUT)
    assert run(connection, READ, ("",)) == []


def test_a_fault_is_told_as_by_sqlalchemy_and_shows_no_values(connection):
    run(connection, PUT, ("secret",))
    with pytest.raises(IntegrityError) as told:
        run(connection, PUT, ("secret",))
    assert "secret" not in str(told.value)
    with pytest.raises(OperationalError):
        run(connection, "SELECT nothing FROM nowhere", ())


def test_another_database_is_refused():
    class Other:
        connection = type("Proxy", (), {"driver_connection": object()})()

        @staticmethod
        def in_transaction() -> bool:
            return True

    with pytest.raises(TypeError):
        run(Other(), READ, ("",))
