"""The cursor on PostgreSQL: it tells what its result looks like, to whoever asks, and to nobody else."""

import psycopg
import pytest
from sqlalchemy import Integer, bindparam, literal, select

from bti.db.driver import QuietCursor
from bti.db.engine import make_engine

QUESTION = "SELECT 1::bigint AS one, 'two'::varchar(7) AS two, 3.5::numeric(6, 2) AS three"


@pytest.fixture
def engine(postgres_url):
    made = make_engine(postgres_url)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine):
    with engine.connect() as made:
        yield made.connection.driver_connection


def test_a_result_is_described_as_the_driver_describes_it(connection):
    quiet = QuietCursor(connection)
    own = psycopg.Cursor(connection)
    told = [list(cursor.execute(QUESTION).description) for cursor in (quiet, own)]
    assert [[tuple(each) for each in one] for one in told] == [
        [tuple(each) for each in told[1]]
    ] * 2
    assert quiet.description[1].name == "two"
    assert [each.name for each in quiet.description[1:]] == ["two", "three"]
    assert len(quiet.description) == 3


def test_what_is_no_table_is_not_described_and_one_without_columns_is(connection):
    cursor = QuietCursor(connection)
    assert cursor.description is None
    assert cursor.execute("CREATE TEMPORARY TABLE gone ()").description is None
    assert cursor.execute("SELECT FROM gone").description == []


def test_the_columns_of_one_result_are_never_told_for_another(connection):
    cursor = QuietCursor(connection)
    known, unread = cursor.execute(QUESTION).description, cursor.description
    assert [each.name for each in known] == ["one", "two", "three"]
    cursor.execute("SELECT 1 AS other")
    assert [each.name for each in known] == ["one", "two", "three"]
    with pytest.raises(RuntimeError, match="after the next one"):
        len(unread)


def test_a_statement_that_is_known_is_not_described_again(engine, monkeypatch):
    number = bindparam("number", type_=Integer)
    question = select(number.label("given"), literal("x").label("also"))
    with engine.connect() as connection:
        first = connection.execute(question, {"number": 0}).one()
        monkeypatch.setattr(QuietCursor, "columns", lambda _: pytest.fail("described again"))
        again = connection.execute(question, {"number": 1}).one()
    assert (first.given, first.also) == (0, "x")
    assert (again.given, again.also) == (1, "x")
