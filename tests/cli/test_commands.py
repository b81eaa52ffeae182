"""What an operator types, and what comes back."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
from click.testing import CliRunner, Result

from bti.cli import main
from bti.clock import SystemClock
from bti.domain.approval import ApprovalAct
from bti.domain.codes import Role
from bti.identity import totp
from bti.workflows import account, approval, audit_check, own_account, register
from tests.approvals import two_say_yes
from tests.world import SECRET as WORLD_SECRET
from tests.world import World

SECRET = "gule ugler fyrer på et tak"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty installation of the test's own."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.fixture
def lived_in(world: World, monkeypatch) -> World:
    """The test municipality, as the command line finds it."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    return world


def bti(*words: str, typed: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [*words], input=typed)


def raw(world: World, *statements: str) -> None:
    """Change the database file as its owner could: without triggers, behind the product's back."""
    file = world.runtime.settings.var_dir / "stafett.sqlite"
    world.runtime.engine.dispose()
    connection = sqlite3.connect(file)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f'DROP TRIGGER "{name}"')
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A machine where new files are readable by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_what_is_older_than_a_rule_is_counted_and_nothing_is_removed(lived_in):
    told = bti("audit", "age", "--municipality", "9901", "--years", "1")
    assert told.exit_code == 0, told.output
    assert "Older than 1 years: " in told.output
    assert "Nothing is removed." in told.output
    assert bti("audit", "age", "--municipality", "9901", "--years", "0").exit_code == 2


def test_everything_a_command_makes_is_for_its_owner_alone(folder, open_umask):
    assert bti("db", "upgrade").exit_code == 0
    made = {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    assert {"stafett.sqlite", "slt.sqlite"} <= set(made)
    assert {name for name, mode in made.items() if mode & 0o077} == set()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_database_that_others_could_read_is_closed_to_them_and_an_open_folder_is_told(
    folder, caplog
):
    assert bti("db", "upgrade").exit_code == 0
    folder.chmod(0o755)
    database = folder / "stafett.sqlite"
    database.chmod(0o644)
    assert bti("db", "upgrade").exit_code == 0
    assert database.stat().st_mode & 0o777 == 0o600
    assert "0755" in caplog.text


def test_what_was_deleted_is_gone_from_the_file_beside_the_database(folder):
    assert bti("db", "upgrade").exit_code == 0
    beside = folder / "stafett.sqlite-wal"
    open_elsewhere = sqlite3.connect(folder / "stafett.sqlite")  # as `bti serve` keeps it open
    open_elsewhere.execute("PRAGMA journal_mode=WAL")
    open_elsewhere.execute("CREATE TABLE scratch (secret TEXT)")
    open_elsewhere.execute("INSERT INTO scratch VALUES ('wrapped key')")
    open_elsewhere.execute("DELETE FROM scratch")
    open_elsewhere.commit()
    assert beside.stat().st_size > 0
    assert bti("db", "checkpoint").exit_code == 0
    assert beside.stat().st_size == 0
    open_elsewhere.close()


def test_a_municipality_is_set_up_from_nothing(folder):
    assert bti("db", "upgrade").exit_code == 0
    assert bti("db", "current").output.strip()
    made = bti("accounts", "create-municipality", "--name", "Lindvik", "--number", "9901")
    assert made.exit_code == 0, made.output
    bti("accounts", "add-unit", "--municipality", "9901", "--name", "Skolen", "--sector", "school")
    added = bti(
        *("accounts", "add", "--municipality", "9901", "--username", "ola"),
        *("--name", "Ola Nordmann", "--title", "Lærer"),
        typed=f"{SECRET}\n{SECRET}\n",
    )
    assert added.exit_code == 0, added.output
    assert "otpauth://totp/Stafett:ola?" in added.output
    assert SECRET not in added.output
    granted = bti(
        *("accounts", "grant", "--municipality", "9901", "--username", "ola"),
        *("--unit", "Skolen", "--role", "staff"),
    )
    assert granted.exit_code == 0, granted.output
    listed = bti("accounts", "list", "--municipality", "9901").output
    assert "ola: Ola Nordmann, Lærer: staff in Skolen" in listed
    assert bti("audit", "verify").exit_code == 0


def test_a_guessable_password_is_refused_and_nothing_is_made(lived_in):
    words = ("accounts", "add", "--municipality", "9901", "--username", "ny", "--name", "Ny Person")
    refused = bti(*words, "--title", "Lærer", typed="passordpassord1\npassordpassord1\n")
    assert refused.exit_code == 1
    assert "password" in refused.output
    assert "ny:" not in bti("accounts", "list", "--municipality", "9901").output


def test_a_generated_password_is_shown_once(lived_in):
    words = ("accounts", "add", "--municipality", "9901", "--username", "ny", "--name", "Ny Person")
    shown = bti(*words, "--title", "Lærer", "--generate").output
    assert re.search(r"Password: \S{20}\n", shown)


def test_a_role_is_ended_once(lived_in):
    words = ("accounts", "end-role", "--municipality", "9901", "--username", "per")
    where = ("--unit", "Lindvik ungdomsskole", "--role", "staff")
    assert bti(*words, *where).exit_code == 0
    assert bti(*words, *where).exit_code == 1
    rows = lived_in.system(account.list_accounts, tenant_id=lived_in.tenant_id)
    assert next(row for row in rows if row.username == "per").roles == ()


def test_an_intact_log_is_told_with_its_root(lived_in):
    told = bti("audit", "verify")
    assert told.exit_code == 0
    assert "9901 Lindvik kommune: intact: 3" in told.output


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM audit_events WHERE idx = 9", "9"),
        ("UPDATE audit_events SET leaf = CAST(x'00' || leaf AS BLOB) WHERE idx = 9", "9"),
        ("UPDATE units SET name = 'Planted' WHERE sector = 'leisure'", "changed: units"),
        ("DELETE FROM role_grants WHERE role = 'dpo'", "missing: role_grants"),
        (
            (
                "UPDATE accounts SET profile_ct = (SELECT b.profile_ct FROM accounts b "
                "WHERE b.id <> accounts.id LIMIT 1)"
            ),
            "changed: accounts",
        ),
        ("UPDATE role_grants SET valid_from = 'yesterday' WHERE role = 'dpo'", "role_grants"),
        ("UPDATE audit_heads SET size = size - 1", "changed: audit_heads"),
        ("DELETE FROM tenant_keys WHERE purpose = 'audit'", "signing key"),
    ],
)
def test_tampering_in_the_file_is_named_and_gives_exit_status_1(lived_in, statement, named):
    raw(lived_in, statement)
    told = bti("audit", "verify")
    assert told.exit_code == 1, told.output
    assert "NOT intact" in told.output
    assert named in told.output


def test_attack_30_a_database_put_back_in_time_is_found_and_not_signed(lived_in, tmp_path):
    directory = lived_in.runtime.settings.var_dir
    file = directory / "stafett.sqlite"
    raw(lived_in, "PRAGMA user_version = 0")
    older = file.read_bytes()
    bti("accounts", "add-unit", "--municipality", "9901", "--name", "Ny", "--sector", "school")
    kept = tmp_path / "kept"
    kept.write_text(bti("audit", "checkpoint", "--municipality", "9901").output)
    for rest in file.parent.glob("stafett.sqlite-*"):
        rest.unlink()
    file.write_bytes(older)
    told = bti("audit", "verify")
    assert told.exit_code == 1
    assert "NOT intact: put back: 35 entries stand where 36 were signed" in told.output
    told = bti(
        "accounts", "add-unit", "--municipality", "9901", "--name", "X", "--sector", "school"
    )
    assert told.exit_code == 1
    assert "not the one that was signed here" in told.output
    # With the memory of this machine put back too, only what was kept elsewhere tells.
    shutil.rmtree(directory / "signer")
    assert bti("audit", "verify").exit_code == 0
    told = bti("audit", "verify", "--known", str(kept))
    assert told.exit_code == 1
    assert "NOT intact" in told.output


def test_an_export_is_proven_without_the_application(lived_in, tmp_path):
    out = tmp_path / "out"
    export = ("audit", "export", "--municipality", "9901", "--out", str(out), "--approval")
    params = audit_check.export_params(out)
    # The command goes by the machine's clock.
    lived_in.clock.advance(SystemClock().now() - lived_in.clock.now())
    yes = two_say_yes(lived_in, ApprovalAct.AUDIT_EXPORT, params)
    assert bti(*export, str(yes)).exit_code == 0
    key = bti("audit", "key", "--municipality", "9901").output.strip()
    check = [sys.executable, "-m", "bti.audit.verify", str(out), "--key", key]
    bare = {name: text for name, text in os.environ.items() if not name.startswith("BTI_")}
    proven = subprocess.run(check, capture_output=True, text=True, env=bare, check=False)
    assert proven.returncode == 0, proven.stdout
    yes = two_say_yes(lived_in, ApprovalAct.AUDIT_EXPORT, params)
    again = bti(*export, str(yes))
    assert again.exit_code == 1
    assert "File exists" in again.output


def test_an_export_by_one_person_is_refused_and_says_how_to_go_on(lived_in, tmp_path):
    out = tmp_path / "out"
    export = ("audit", "export", "--municipality", "9901", "--out", str(out))
    alone = bti(*export)
    assert alone.exit_code == 1
    assert "--ask-as USERNAME" in alone.output
    lived_in.clock.advance(SystemClock().now() - lived_in.clock.now())
    code = totp.code_at(lived_in.seeds["asta"], lived_in.clock.now())
    asked = bti(*export, "--ask-as", "asta", typed=f"{WORLD_SECRET}\n{code}\n")
    assert asked.exit_code == 0, asked.output
    made = re.search(r"--approval ([0-9a-f-]{36})", asked.output).group(1)
    assert made in bti("approvals", "list", "--municipality", "9901").output
    early = bti(*export, "--approval", made)
    assert early.exit_code == 1
    assert "Nobody has said yes" in early.output
    lived_in.run("anne", approval.give, approval_id=uuid.UUID(made))
    elsewhere = bti(*export[:-1], str(tmp_path / "other"), "--approval", made)
    assert elsewhere.exit_code == 1
    assert "exactly the same" in elsewhere.output
    assert bti(*export, "--approval", made).exit_code == 0
    assert out.is_dir()


def test_who_may_not_ask_is_told_so_and_leaves_no_session(lived_in, tmp_path):
    lived_in.clock.advance(SystemClock().now() - lived_in.clock.now())
    code = totp.code_at(lived_in.seeds["ingrid"], lived_in.clock.now())
    out = str(tmp_path / "out")
    told = bti(
        *("audit", "export", "--municipality", "9901", "--out", out, "--ask-as", "ingrid"),
        typed=f"{WORLD_SECRET}\n{code}\n",
    )
    assert told.exit_code == 1
    assert "This role cannot ask" in told.output
    assert lived_in.run("ingrid", own_account.show).sessions == (
        *(one for one in lived_in.run("ingrid", own_account.show).sessions if one.current),
    )


def test_key_status_shows_every_purpose_and_no_key(lived_in):
    shown = bti("keys", "status", "--municipality", "9901").output
    for purpose in ("audit", "directory", "index", "kek", "ops"):
        assert purpose in shown
    assert not re.search(r"[0-9a-f]{32}", shown)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "verify", "--municipality", "0000"),
        ("keys", "status", "--municipality", "0000"),
        ("accounts", "create-municipality", "--name", "X", "--number", "9901"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_status_1(lived_in, words):
    told = bti(*words)
    assert told.exit_code == 1
    assert told.output.startswith("Error: ")
    assert "Traceback" not in told.output


def test_a_database_that_is_not_migrated_is_explained(folder):
    told = bti("accounts", "list", "--municipality", "9901")
    assert told.exit_code == 1
    assert "bti db upgrade" in told.output


def test_a_misspelt_setting_stops_every_command(folder, monkeypatch):
    monkeypatch.setenv("BTI_PROT", "5000")
    told = bti("settings")
    assert told.exit_code == 1
    assert "BTI_PROT: no such setting" in told.output


def test_settings_are_shown_with_their_values(folder):
    assert "BTI_MODE = test" in bti("settings").output


@pytest.mark.parametrize("side", ["all", "network"])
def test_serve_prints_its_address_and_answers(folder, monkeypatch, side):
    monkeypatch.setenv("BTI_SERVE", side)
    assert bti("db", "upgrade").exit_code == 0
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bti", "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            assert line.strip() == f"Stafett answers on http://127.0.0.1:{port}"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                assert answer.read() == b"ready\n"
        finally:
            server.terminate()  # not SIGINT: a shell's background jobs ignore it


def test_the_first_who_watch_come_from_the_command_line_and_the_next_need_two(lived_in):
    grant = ("accounts", "grant", "--municipality", "9901", "--username", "ingrid")
    grant = (*grant, "--unit", "Administrasjonen", "--role")
    alone = bti(*grant, "administrator")
    assert alone.exit_code == 1
    assert "--ask-as USERNAME" in alone.output
    assert bti(*grant, "staff").exit_code == 0
    lived_in.clock.advance(SystemClock().now() - lived_in.clock.now())
    params = register.role_params(
        lived_in.accounts["ingrid"], lived_in.units["administration"], Role.DPO
    )
    yes = two_say_yes(lived_in, ApprovalAct.ROLE_GRANT, params, giver="anne")
    assert bti(*grant, "administrator", "--approval", str(yes)).exit_code == 1
    assert bti(*grant, "dpo", "--approval", str(yes)).exit_code == 0
    assert "dpo in Administrasjonen" in bti("accounts", "list", "--municipality", "9901").output
