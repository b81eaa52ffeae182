"""Bodies, accounts and seats of the network side from the command line."""

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from bti.cli import main, meetings
from bti.identity.password import Argon2Cost, Passwords
from bti.slt import migrate, runtime
from bti.slt.body_file import BODIES
from bti.slt.meeting_export import MANIFEST
from bti.slt.year_file import YEARS


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on an empty network side of its own."""
    cheap = Passwords(Argon2Cost(memory_kib=8, passes=1))
    monkeypatch.setattr(runtime, "Passwords", lambda: cheap)
    address = f"sqlite:///{tmp_path}/slt.sqlite"
    migrate.upgrade(address)
    env = {"BTI_MODE": "test", "BTI_SERVE": "network", "BTI_VAR_DIR": str(tmp_path)}

    def asked(*words):
        done = CliRunner().invoke(main, words, env={**env, "BTI_SLT_DATABASE_URL": address})
        return done.exit_code, done.output

    asked.engine = create_engine(address)
    return asked


def add(run, username, role):
    where = ("--municipality", "9901", "--municipality-name", "Lindvik kommune")
    who = ("--username", username, "--name", "Rita Rud", "--role", role, "--generate")
    return run("network", "add-account", *who, *where)


def test_bodies_are_listed_checked_and_taken_in_for_a_coordinator(run, tmp_path):
    assert "nordre_land  Nordre Land kommune  Styringsgruppe/politiråd" in run("bodies", "list")[1]
    assert (
        run("bodies", "check", str(BODIES / "aukra.toml"))[1] == "aukra: Aukra kommune, 3 bodies.\n"
    )
    broken = tmp_path / "her.toml"
    broken.write_text(
        (BODIES / "aukra.toml").read_text("utf-8").replace("form = 1", "form = 2"), "utf-8"
    )
    assert run("bodies", "check", str(broken)) == (
        1,
        "Error: her.toml: form: expected form 1, found 2\n",
    )
    take = ("bodies", "import", "moss", "--municipality", "9901")
    assert "No coordinator" in run(*take)[1]
    assert add(run, "olav", "coordinator")[0] == 0
    assert run(*take) == (0, "Moss kommune: 4 bodies.\n")
    assert "there already" in run(*take)[1]


def test_a_member_is_made_gets_a_seat_and_is_shut_out(run):
    add(run, "olav", "coordinator")
    run("bodies", "import", "nordre_land", "--municipality", "9901")
    made = add(run, "mina", "member")
    assert "Code for the app: " in made[1]
    assert "There is an account with that username." in add(run, "mina", "member")[1]
    seat = ("--username", "mina", "--body", "steering")
    assert "Nobody sits in that body" in run("network", "give-seat", *seat, "--function", "X")[1]
    assert run("network", "give-seat", *seat, "--function", "Ordfører")[0] == 0
    assert run("network", "end-seat", *seat)[1] == "mina no longer sits in steering.\n"
    assert run("network", "end-account", "--username", "mina")[1] == "mina can no longer sign in.\n"
    with run.engine.begin() as connection:
        kinds = connection.execute(text("SELECT kind FROM slt_events ORDER BY at")).scalars().all()
    assert set(kinds) == {"account:create", "body:import", "seat:give", "seat:end", "account:end"}


def test_releases_of_another_municipality_are_opened_and_closed_with_a_reason(run):
    add(run, "olav", "coordinator")
    other = ("--username", "olav", "--municipality", "9902")
    grant = ("network", "grant-releases", *other, "--municipality-name", "Furuvik kommune")
    assert "10 to 500" in run(*grant, "--reason", "kort")[1]
    assert run(*grant, "--reason", "Felles koordinator.")[1] == "olav reads what Furuvik kommune has published.\n"  # fmt: skip
    end = ("network", "end-releases", *other, "--reason", "Stillingen er delt.")
    assert run(*end) == (0, "olav no longer reads releases of 9902.\n")
    assert "does not read" in run(*end)[1]


def test_finished_minutes_are_written_once_and_found_the_same_again(run, tmp_path, monkeypatch):
    out = ("--municipality", "9901", "--out", str(tmp_path / "archive"))
    assert "No meeting of that municipality" in run("meetings", "export", *out)[1]
    files = {"a.txt": b"A", "a.json": b"{}", MANIFEST: b"x"}
    monkeypatch.setattr(meetings, "export_minutes", lambda *_: dict(files))
    until = ("--until", "2026-11-20")
    folder = tmp_path / "archive" / "minutes-9901-2026-11-20"
    assert "1 meetings" in run("meetings", "export", *out, *until)[1]
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == files
    assert "holds the same" in run("meetings", "export", *out, *until)[1]
    (folder / "a.txt").write_bytes(b"B")
    assert run("meetings", "export", *out, *until) == (
        1,
        f"Error: {folder} is there, and is not the same: a.txt.\n",
    )


def test_a_year_is_listed_checked_and_taken_in_for_a_coordinator(run, tmp_path):
    assert "aukra  Aukra kommune  SLT Handlingsplan 2026  6 tasks" in run("year", "list")[1]
    assert run("year", "check", str(YEARS / "aukra.toml"))[1] == "aukra: Aukra kommune, 6 tasks.\n"
    broken = tmp_path / "her.toml"
    shipped = (YEARS / "aukra.toml").read_text("utf-8")
    broken.write_text(shipped.replace("day = 11", "day = 0"), "utf-8")
    assert "tasks.seminar_2026.day" in run("year", "check", str(broken))[1]
    take = ("year", "import", "aukra", "--municipality", "9901")
    assert "No coordinator" in run(*take)[1]
    add(run, "olav", "coordinator")
    assert run(*take) == (0, "Aukra kommune: 6 tasks.\n")
    assert "there already" in run(*take)[1]
