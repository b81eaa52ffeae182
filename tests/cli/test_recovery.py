"""Losing everything, and coming back from paper and two files: what the operator types."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.cli import main
from bti.db.models import Case
from bti.workflows import audit_check
from tests.story import CHILD, Story
from tests.world import World

ROOT = Path(__file__).parents[2]


def bti(*words: object, typed: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], input=typed)


def elsewhere(var: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own that knows nothing but ``var`` and its words."""
    return subprocess.run(
        [sys.executable, "-c", "from bti.cli import main; main()", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=var.parent,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "BTI_MODE": "test",
            "BTI_VAR_DIR": str(var),
        },
    )


@pytest.fixture
def lived_in(world: World, monkeypatch) -> World:
    """The test municipality, as the command line finds it."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    return world


@pytest.fixture
def paper(lived_in, tmp_path) -> Path:
    """Five shares of the root key, three of which are needed."""
    done = bti(
        "keys", "export-recovery", "--shares", 5, "--threshold", 3, "--out", tmp_path / "paper"
    )
    assert done.exit_code == 0, done.output
    return tmp_path / "paper"


def some(paper: Path, *numbers: int) -> list[object]:
    """The options that name these shares."""
    found = {int(re.search(r"-(\d)-of-", path.name)[1]): path for path in paper.glob("*-of-*")}
    return [word for number in numbers for word in ("--share-file", found[number])]


def acts(world: World) -> list[str]:
    """The acts in the log."""
    with world.runtime.engine.begin() as connection:
        return [*connection.scalars(select(AuditEvent.act).order_by(AuditEvent.idx))]


def test_three_of_five_shares_rebuild_the_very_same_root_key(lived_in, paper, tmp_path):
    key_file = lived_in.runtime.settings.root_key_file
    files = sorted(paper.iterdir())
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 5
    done = bti("keys", "recover", "--out", tmp_path / "new.key", *some(paper, 4, 1, 5))
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "new.key").read_text()) == json.loads(key_file.read_text())
    assert (tmp_path / "new.key").stat().st_mode & 0o777 == 0o600
    assert acts(lived_in)[-1] == "key:recovery:export"


@pytest.mark.parametrize("numbers", [(1,), (2, 5), (3, 3, 3), (1, 2, 2)])
def test_too_few_shares_rebuild_nothing(paper, tmp_path, numbers):
    done = bti("keys", "recover", "--out", tmp_path / "new.key", *some(paper, *numbers))
    assert done.exit_code == 1
    assert "Too few" in done.output or "twice" in done.output
    assert not (tmp_path / "new.key").exists()


def test_shares_of_two_sets_and_a_slip_of_the_pen_are_told(lived_in, paper, tmp_path):
    again = ("keys", "export-recovery", "--shares", 3, "--threshold", 3, "--out")
    assert bti(*again, tmp_path / "second").exit_code == 0
    words = ("keys", "recover", "--out", tmp_path / "new.key")
    mixed = bti(*words, *some(paper, 1, 2), *some(tmp_path / "second", 3))
    assert "different sets" in mixed.output
    share = next(paper.glob("*-2-of-5.txt"))
    share.write_text(
        re.sub(r"\|3\|(.)", lambda m: "|3|" + ("B" if m[1] == "A" else "A"), share.read_text())
    )
    assert "sign by sign" in bti(*words, *some(paper, 1, 2, 3)).output
    assert not (tmp_path / "new.key").exists()


def test_shares_are_typed_in_from_paper_and_a_wrong_one_is_asked_for_again(paper, tmp_path):
    def line(number):
        page = next(paper.glob(f"*-{number}-of-5.txt")).read_text()
        return "".join(page.partition("\n\n")[2].split("end of share")[0].split())

    typed = "\n".join([line(1).lower(), "stafett-share-v1|oops", line(4), line(2), ""])
    done = bti("keys", "recover", "--out", tmp_path / "new.key", typed=typed)
    assert done.exit_code == 0, done.output
    assert "3 of 3" in done.output


def test_without_a_directory_every_share_is_shown_once_and_nothing_is_kept(lived_in, tmp_path):
    shown = bti("keys", "export-recovery", "--shares", 3, "--threshold", 2).output
    assert shown.count("stafett-share-v1|") == 3
    assert not list(lived_in.runtime.settings.var_dir.rglob("*share*"))


def test_a_root_key_that_is_there_is_never_written_over(lived_in, paper):
    key_file = lived_in.runtime.settings.root_key_file
    before = key_file.read_bytes()
    done = bti("keys", "recover", *some(paper, 1, 2, 3))
    assert done.exit_code == 1
    assert "never overwritten" in done.output
    assert key_file.read_bytes() == before


@pytest.mark.parametrize(("shares", "threshold"), [(3, 4), (3, 1), (256, 3), (0, 0)])
def test_numbers_that_make_no_sense_are_told(lived_in, shares, threshold):
    done = bti("keys", "export-recovery", "--shares", shares, "--threshold", threshold)
    assert done.exit_code == 1
    assert "stafett-share" not in done.output


def saved(tmp_path: Path) -> dict[str, Path]:
    """A backup key as three shares, and a backup sealed to it."""
    key = tmp_path / "backup-key"
    assert bti("backup", "key", "--out", key, "--shares", 3, "--threshold", 2).exit_code == 0
    made = bti("backup", "make", "--out", tmp_path / "saved", "--key", key / "backup.pub")
    assert made.exit_code == 0, made.output
    return {
        "key": key,
        "data": next((tmp_path / "saved").glob("stafett-data-*")),
        "keys": next((tmp_path / "saved").glob("stafett-keys-*")),
    }


@pytest.fixture
def safe(lived_in, paper, tmp_path) -> dict[str, object]:
    """What lies in the safes: two files, shares of two keys, and the number of one case."""
    story = Story(lived_in)
    story.wonder()
    with lived_in.runtime.engine.begin() as connection:
        number = connection.scalars(select(Case.number)).one()
    return {**saved(tmp_path), "paper": paper, "number": number}


def test_the_drill_brings_a_case_back_on_an_empty_machine(lived_in, safe, tmp_path):
    words = ("--data", safe["data"], "--keys", safe["keys"], "--case", safe["number"])
    shares = [*some(safe["paper"], 2, 3, 5), *some(safe["key"], 3, 1)]
    lived_in.runtime.settings.var_dir.rename(tmp_path / "burnt")  # nothing of it can be reached
    new = tmp_path / "new-machine" / "var"
    new.parent.mkdir()
    done = elsewhere(new, "keys", "drill", *words, *shares)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((new / "drill.json").read_text())
    assert report["passed"] is True
    assert [step["what"] for step in report["steps"]] == [
        "nothing is here yet",
        "shares",
        "root key file",
        "backup put back",
        "a case is opened",
        "the log is proven",
    ]
    opened = re.match(r"(\d+) values in (\d+) rows under (\d+) keys", report["steps"][4]["result"])
    assert min(map(int, opened.groups())) > 1
    assert "PASSED" in (new / "drill.txt").read_text()
    everything = done.stdout + (new / "drill.json").read_text() + (new / "drill.txt").read_text()
    assert not [word for word in (*CHILD.split(), safe["number"]) if word in everything]
    checked = elsewhere(new, "audit", "verify")
    assert checked.returncode == 0, checked.stdout
    # The restored log says that a case was opened; the real one is told by --record.
    (tmp_path / "burnt").rename(lived_in.runtime.settings.var_dir)
    assert bti("keys", "drill", "--record", new / "drill.json").exit_code == 0
    assert acts(lived_in)[-1] == "key:drill:run"
    proven = lived_in.system(audit_check.verify, tenant_id=lived_in.tenant_id)
    assert proven.findings == ()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("not-empty", "is not empty"),
        ("two-shares", "Too few shares"),
        ("cut", "could not be opened"),
        ("other-case", "no such case"),
    ],
)
def test_a_drill_that_fails_says_where_and_is_not_entered_as_held(
    lived_in, safe, tmp_path, monkeypatch, what, said
):
    new = tmp_path / "new"
    monkeypatch.setenv("BTI_VAR_DIR", str(new))
    numbers = (1, 2) if what == "two-shares" else (1, 2, 3)
    shares = [*some(safe["paper"], *numbers), *some(safe["key"], 1, 2)]
    if what == "not-empty":
        new.mkdir()
        (new / "stafett.sqlite").write_bytes(b"")
    if what == "cut":
        safe["data"].write_bytes(safe["data"].read_bytes()[:-1])
    number = "0000-0000" if what == "other-case" else safe["number"]
    words = ("--data", safe["data"], "--keys", safe["keys"], "--case", number)
    place = tmp_path / "report"
    done = bti("keys", "drill", *words, *shares, "--report", place)
    assert done.exit_code == 1
    report = json.loads(place.with_suffix(".json").read_text())
    assert report["passed"] is False
    assert said in report["steps"][-1]["result"]
    monkeypatch.setenv("BTI_VAR_DIR", str(lived_in.runtime.settings.var_dir))
    refused = bti("keys", "drill", "--record", place.with_suffix(".json"))
    assert refused.exit_code == 1
    assert "key:drill:run" not in acts(lived_in)


def test_a_backup_is_proven_put_back_and_cleared_away_by_command(
    lived_in, paper, tmp_path, monkeypatch
):
    kept = saved(tmp_path)
    shares = some(kept["key"], 1, 3)
    proven = bti("backup", "verify", kept["data"], kept["keys"], *shares)
    assert proven.output.count(": whole, ") == 2, proven.output
    assert acts(lived_in)[-1] == "backup:dump:make"
    assert bti("backup", "prune", "--dir", kept["data"].parent).output == ""
    monkeypatch.setenv("BTI_VAR_DIR", str(tmp_path / "var2"))
    files = ("--data", kept["data"], "--keys", kept["keys"])
    done = bti("backup", "restore", *files, *shares)
    assert "There is no root key here yet" in done.output, done.output
    assert bti("keys", "recover", *some(paper, 1, 2, 4)).exit_code == 0
    assert bti("audit", "verify").exit_code == 0
    over = bti("backup", "restore", *files, *shares)
    assert (over.exit_code, "not empty" in over.output) == (1, True)


def test_a_backup_without_its_key_or_with_a_strangers_is_told_in_a_line(lived_in, tmp_path):
    kept = saved(tmp_path)
    none = bti("backup", "make", "--out", tmp_path / "x")
    assert (none.exit_code, "bti backup key" in none.output) == (1, True)
    assert bti("backup", "key", "--out", tmp_path / "other").exit_code == 0
    other = tmp_path / "other" / "backup.secret"
    assert other.stat().st_mode & 0o777 == 0o600
    refused = bti("backup", "verify", kept["data"], "--secret", other)
    assert (refused.exit_code, "sealed to another key" in refused.output) == (1, True)


@pytest.fixture(autouse=True)
def own_umask():
    """Commands set a mask; give the test run its own back."""
    before = os.umask(0o022)
    yield
    os.umask(before)
