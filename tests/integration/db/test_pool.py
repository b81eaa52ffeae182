"""A pooled connection is used as it is while it is fresh, and never after the server has closed it."""

import pytest
from sqlalchemy import text

from bti.db.engine import make_engine
from bti.db.walls import EVERYWHERE, Standpoint, settings_for, stand_always, tell

TOLD = text("SELECT current_setting('app.everywhere', true), current_setting('app.tenant', true)")


@pytest.fixture
def engine(postgres_url):
    made = make_engine(postgres_url)
    yield made
    made.dispose()


def _number(engine):
    with engine.begin() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


def _pings(engine, monkeypatch):
    pings = []
    ping = engine.dialect.do_ping

    def counted(connection):
        pings.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", counted)
    return pings


def _close(other, number):
    """End a connection from the server's side, and wait until it is gone."""
    with other.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": number})


def test_a_connection_in_use_a_moment_ago_is_not_asked_whether_it_answers(engine, monkeypatch):
    pings = _pings(engine, monkeypatch)
    first = _number(engine)
    assert [_number(engine) for _ in range(3)] == [first] * 3
    assert pings == []


def test_one_that_lay_quiet_is_asked(engine, monkeypatch):
    first = _number(engine)
    pings = _pings(engine, monkeypatch)
    monkeypatch.setattr("bti.db.engine._QUIET", 0.0)
    assert _number(engine) == first
    assert len(pings) == 1


def test_one_that_the_server_has_closed_is_replaced_before_anybody_meets_it(engine, postgres_url):
    other = make_engine(postgres_url)
    numbers = [_number(engine)]
    for _ in range(2):
        _close(other, numbers[-1])
        numbers.append(_number(engine))
    other.dispose()
    assert len(set(numbers)) == 3


def test_a_process_that_always_stands_everywhere_says_so_once(engine):
    stand_always(engine, EVERYWHERE)
    for _ in range(2):
        with engine.begin() as connection:
            assert tuple(connection.execute(TOLD).one()) == ("on", "")


def test_what_is_said_within_a_transaction_is_forgotten_at_its_end(engine):
    stand_always(engine, EVERYWHERE)
    tenant = "6e0b3d5e-0000-4000-8000-000000000001"
    with engine.begin() as connection:
        number = connection.scalar(text("SELECT pg_backend_pid()"))
        tell(connection, settings_for(Standpoint()) | {"app.tenant": tenant})
        assert tuple(connection.execute(TOLD).one()) == ("", tenant)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) == number
        assert tuple(connection.execute(TOLD).one()) == ("on", "")
