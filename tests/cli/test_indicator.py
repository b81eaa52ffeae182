"""Indicators from the command line: what is shipped, what is wrong in a file, and bringing one in."""

import pytest
from click.testing import CliRunner

from bti.cli import main
from bti.identity.password import Argon2Cost, Passwords
from bti.slt import migrate, runtime

HEAD = "Kode;Indikator;Enhet;År;Verdi\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    cheap = Passwords(Argon2Cost(memory_kib=8, passes=1))
    monkeypatch.setattr(runtime, "Passwords", lambda: cheap)
    address = f"sqlite:///{tmp_path}/slt.sqlite"
    migrate.upgrade(address)
    env = {"BTI_MODE": "test", "BTI_SERVE": "network", "BTI_VAR_DIR": str(tmp_path)}

    def asked(*words, **more):
        env_now = {**env, "BTI_SLT_DATABASE_URL": address, **more}
        done = CliRunner().invoke(main, list(map(str, words)), env=env_now)
        return done.exit_code, done.output

    return asked


def test_what_is_shipped_is_brought_in_once_and_corrected_for_a_reason(run, tmp_path):
    assert "aukra-ungdata-2024  Ungdata 2024 i Aukra" in run("indicator", "list")[1]
    take = ("indicator", "import", "aukra-ungdata-2024", "--municipality", "9901")
    assert "No coordinator" in run(*take)[1]
    where = ("--municipality", "9901", "--municipality-name", "Lindvik kommune", "--generate")
    run("network", "add-account", "--username", "olav", "--name", "Olav", "--role", "coordinator", *where)  # fmt: skip
    assert run(*take) == (0, "Ungdata 2024 i Aukra: 45 numbers.\n")
    assert run(*take) == (0, "Ungdata 2024 i Aukra: 45 numbers, as before.\n")
    own = tmp_path / "eget.csv"
    own.write_text(HEAD + "a;b;antall;2024;5\n", "utf-8-sig")
    mine = ("indicator", "import", own, "--municipality", "9901")
    assert "--title" in run(*mine)[1]
    mine = (*mine, "--title", "Ungdata 2024 i Aukra", "--source", "Kommunen")
    assert "--reason" in run(*mine)[1]
    assert run(*mine, "--reason", "Tallene er rettet.") == (0, "Ungdata 2024 i Aukra: 1 numbers.\n")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "eget.csv: 2: Verdi: This cannot be a number of its unit."),
        ("nb", "eget.csv: 2: Verdi: Dette kan ikke være et tall i denne enheten."),
        ("nn", "eget.csv: 2: Verdi: Dette kan ikkje vere eit tal i denne eininga."),
    ],
)
def test_a_broken_file_is_told_in_the_users_language(run, tmp_path, language, words):
    own = tmp_path / "eget.csv"
    own.write_text(HEAD + "a;b;prosent;2024;105\n", "utf-8")
    take = ("indicator", "import", own, "--municipality", "9901", "--title", "T", "--source", "S")
    for asked in (("indicator", "check", own), take):
        assert run(*asked, BTI_LANGUAGE=language) == (1, f"Error: {words}\n")
    own.write_text(HEAD + "a;b;prosent;2024;10\n", "utf-8")
    assert run("indicator", "check", own)[1].startswith("eget.csv: 1 numbers, sha256 ")
    assert run("indicator", "check", tmp_path / "nei.csv")[0] == 1
