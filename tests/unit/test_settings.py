"""Settings come whole, agree with each other, and never print a password."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bti.settings import Settings, SettingsError, load_settings


@pytest.fixture
def env(monkeypatch, tmp_path):
    """Set BTI_* names by keyword, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)

    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"BTI_{name.upper()}", value)

    return put


def test_defaults_keep_everything_under_one_folder(env, tmp_path):
    env(mode="demo")
    settings = load_settings()

    case = settings.case_side()
    assert case.database_url == f"sqlite:///{tmp_path}/var/stafett.sqlite"
    assert settings.slt_database_url == f"sqlite:///{tmp_path}/var/slt.sqlite"
    assert case.root_key_file == tmp_path / "var" / "keys" / "root.key"
    assert settings.base_url == "http://127.0.0.1:5000"


def test_an_unknown_name_stops_the_program(env):
    env(mode="demo", databse_url="sqlite:///x")
    with pytest.raises(SettingsError, match="BTI_DATABSE_URL: no such setting"):
        load_settings()


def test_an_empty_variable_counts_as_unset(env):
    env(mode="demo", port="")
    assert load_settings().port == 5000


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "base_url must be set and begin with https"),
        ({"base_url": "http://stafett.example"}, "base_url must be set and begin with https"),
        ({"base_url": "https://stafett.example/under"}, "BTI_BASE_URL: must be http"),
        ({"mode": "demo", "host": "0.0.0.0"}, "host must be a loopback address"),  # noqa: S104 - it is refused
        ({"mode": "demo", "port": "70000"}, "BTI_PORT"),
        ({"mode": "demo", "database_url": "mysql://h/d"}, "BTI_DATABASE_URL: must begin with"),
        ({"mode": "demo", "session_absolute_minutes": "10"}, "may not be shorter"),
        ({"mode": "demo", "serve": "network", "root_key_file": "k"}, "root_key_file may not"),
        (
            {"mode": "demo", "database_url": "sqlite:///a", "slt_database_url": "sqlite:///a"},
            "must be two databases",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(env, values, said):
    env(**values)
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_a_network_process_has_neither_case_database_nor_key(env):
    env(mode="demo", serve="network")
    settings = load_settings()

    assert settings.database_url is None
    assert settings.root_key_file is None
    with pytest.raises(SettingsError, match="no case database"):
        settings.case_side()


def test_a_refused_value_is_not_repeated_in_the_message(env):
    env(mode="demo", serve="network", database_url="postgresql+psycopg://u:hemmelig@db/stafett")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "hemmelig" not in str(refused.value)


def test_a_password_is_shown_nowhere(env):
    env(mode="demo", database_url="postgresql+psycopg://u:hemmelig@db:5432/stafett")
    settings = load_settings()

    assert "hemmelig" not in repr(settings)
    shown = {row.name: row.value for row in settings.describe()}
    assert shown["BTI_DATABASE_URL"] == "postgresql+psycopg://u:***@db:5432/stafett"


def test_files_in_the_secrets_directory_are_read_and_the_environment_wins(env, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "bti_database_url").write_text("sqlite:////srv/a.sqlite\n", encoding="utf-8")
    (secrets / "bti_port").write_text("6000", encoding="utf-8")
    (secrets / "another-program").write_text("x", encoding="utf-8")
    env(mode="demo", secrets_dir=str(secrets), port="7000")
    settings = load_settings()

    assert settings.database_url == "sqlite:////srv/a.sqlite"
    assert settings.port == 7000


def test_an_unknown_file_in_the_secrets_directory_stops_the_program(env, tmp_path):
    (tmp_path / "bti_databse_url").write_text("x", encoding="utf-8")
    env(mode="demo", secrets_dir=str(tmp_path))
    with pytest.raises(SettingsError, match="bti_databse_url: no such setting"):
        load_settings()


def test_a_missing_secrets_directory_stops_the_program(env):
    env(mode="demo", secrets_dir="/nowhere/at/all")
    with pytest.raises(SettingsError, match="not a directory"):
        load_settings()


def test_settings_never_change_after_start():
    settings = Settings(mode="test", var_dir=Path("var"))
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1
