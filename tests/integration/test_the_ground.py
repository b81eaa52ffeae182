"""The ground that other tests stand on holds: databases are apart, the network is closed."""

import socket
import urllib.request

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.conftest import NetworkUsedError
from tests.searching import files_below

MARKER = "b1d0a5e2-marker-in-the-raw-files"


def rows(url, statement):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(statement)).scalars().all()
    engine.dispose()
    return found


def write_marker(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (words text)"))
        connection.execute(text("INSERT INTO kept VALUES (:words)"), {"words": MARKER})
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_database(postgres_url, turn):
    assert rows(postgres_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    write_marker(postgres_url)


def test_the_server_speaks_plpgsql(postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DO $$ BEGIN PERFORM 1; END $$ LANGUAGE plpgsql"))
    engine.dispose()


def test_a_template_is_prepared_once_and_copied_whole(postgres_server):
    prepared = []

    def prepare(url):
        prepared.append(url)
        write_marker(url)

    for _ in range(2):
        name = postgres_server.template("ground", prepare)
        with postgres_server.database(name) as url:
            assert rows(url, "SELECT words FROM kept") == [MARKER]
    assert len(prepared) <= 1


def test_a_database_is_gone_after_its_test(postgres_server):
    with postgres_server.database() as url:
        pass
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url.replace("+psycopg", ""))


def test_what_is_written_is_found_in_the_raw_files(
    postgres_server, postgres_url, postgres_data_dir
):
    write_marker(postgres_url)
    postgres_server.flush()

    assert any(MARKER.encode() in held for held in files_below(postgres_data_dir).values())


def test_no_test_reaches_another_machine():
    with pytest.raises(NetworkUsedError), socket.socket() as reaching:
        reaching.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkUsedError):
        urllib.request.urlopen("http://stafett.example/")


def test_this_machine_is_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_a_page_is_seen_in_a_real_browser(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.set_content("<!doctype html><html lang=nb><title>Stafett</title><h1>Min dag</h1>")

    assert page.get_by_role("heading", level=1).inner_text() == "Min dag"
    context.close()
