"""What `bti db roles` shows and does."""

import pytest
from click.testing import CliRunner

from bti.cli import main
from tests.server_rights import facts
from tests.walled import sql


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An installation of the test's own."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(tmp_path / "var"))


def bti(*words):
    """Run the command in this process."""
    return CliRunner().invoke(main, [*words])


def test_sqlite_has_no_roles_and_says_so(folder):
    done = bti("db", "roles")
    assert done.exit_code == 1
    assert "SQLite has one user" in done.output


def test_the_sql_is_shown_and_nothing_is_done(folder, monkeypatch, postgres_url):
    monkeypatch.setenv("BTI_DATABASE_URL", postgres_url)
    with sql(postgres_url) as connection:
        before = facts(connection)
    shown = bti("db", "roles")
    assert shown.exit_code == 0
    assert "CREATE ROLE stafett_web" in shown.output
    assert "GRANT SELECT, INSERT ON TABLE entries TO stafett_web;" in shown.output
    assert "SELECT, INSERT, UPDATE ON TABLE tenant_keys TO stafett_web;" in shown.output
    with sql(postgres_url) as connection:
        assert facts(connection) == before


def test_apart_leaves_the_web_no_wrapped_key(folder, monkeypatch, postgres_url):
    monkeypatch.setenv("BTI_DATABASE_URL", postgres_url)
    shown = bti("db", "roles", "--deployment", "apart").output
    assert "ON TABLE tenant_keys TO stafett_keyd;" in shown
    assert "ON TABLE tenant_keys TO stafett_web;" not in shown


def test_roles_come_before_the_tables_and_the_rights_with_them(
    folder, monkeypatch, postgres_url, postgres_server
):
    monkeypatch.setenv("BTI_DATABASE_URL", postgres_url)
    with postgres_server.roles_alone():
        first = bti("db", "roles", "--apply")
        assert "given at the next bti db upgrade" in first.output
        assert bti("db", "upgrade").exit_code == 0
        with sql(postgres_url) as connection:
            given = facts(connection)
        again = bti("db", "roles", "--apply")
    assert "rights: given, one-process" in again.output
    with sql(postgres_url) as connection:
        assert facts(connection) == given
    assert "table entries stafett_web: INSERT SELECT" in given
