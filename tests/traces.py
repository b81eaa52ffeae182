"""A municipality's life with every command that writes something, and all places where that may have left a trace."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import psycopg
from click.testing import CliRunner
from sqlalchemy import make_url, select

from bti.cli import main, release_file
from bti.cli.backup import PRIVATE_NAME, PUBLIC_NAME
from bti.cli.release_file import CHECKLIST
from bti.clock import SystemClock
from bti.db.models import Case
from bti.disclosure.menu import AGE, DIMENSIONS
from bti.disclosure.tables import HalfYear
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClosingCause
from bti.domain.consent import Scope
from bti.workflows import audit_check, erasure, release
from tests.approvals import two_say_yes
from tests.attaching import attach
from tests.integration.workflows.release_children import child, make
from tests.keyd_world import ROOT
from tests.searching import files_below, open_files_of, told_about
from tests.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import PostgresServer
    from tests.world import World

NUMBER = ("--municipality", "9901")
PERIOD = HalfYear(2026, 1)
_PERMISSION = "NA-2026/1234"
# So many others that there is something to tell of.
_OTHERS = 12
_IN_PERIOD = date(2026, 3, 2)
_SEEN_BY_THE_SERVER = (
    "SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity"
)


@dataclass(slots=True)
class Traces:
    """Runs commands as an operator does, and gives what lies in each place afterwards."""

    world: World
    folder: Path
    server: PostgresServer | None
    said: list[str] = field(default_factory=list)
    removed: dict[str, bytes] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)

    def bti(self, *words: object) -> str:
        """Run a command in this process; fails when it does."""
        done = CliRunner().invoke(main, [str(word) for word in words])
        self.said.append(done.output)
        assert done.exit_code == 0, f"{done.output} {done.exception!r}"
        return done.output

    def place(self, name: str) -> Path:
        """Where one kind of paper goes."""
        return self.folder / name

    def everything(self) -> dict[str, dict[str, bytes]]:
        """Place → name → what is there."""
        settings = self.world.runtime.settings
        papers = ("export", "proof", "backup", "erasure", "drill", "tmp")
        found = {one: files_below(self.place(one)) for one in papers}
        found["release"] = files_below(self.place("release"))
        found["removed"] = self.removed
        found["database"] = files_below(settings.var_dir)
        found["open files"] = open_files_of(os.getpid())
        found["process list"] = {
            name: told for pid in family() for name, told in told_about(pid).items()
        }
        found["logged"] = {"logged": "\n".join(self.records).encode()}
        found["said"] = {"said": "\n".join(self.said).encode()}
        if self.server is not None:
            self.server.flush()
            found["database"] |= files_below(self.server.data_dir)
            found["server's log"] = {"log": (self.server.folder / "log").read_bytes()}
            found["server's views"] = {
                "views": "\n".join(self.in_sql(_SEEN_BY_THE_SERVER)).encode()
            }
        return found

    def in_sql(self, statement: str) -> list[str]:
        """Ask the server, as its administrator: its views tell of every database."""
        assert self.server is not None
        with psycopg.connect(
            host=str(self.server.folder), user="postgres", dbname="postgres", autocommit=True
        ) as line:
            asked = line.execute(statement)  # type: ignore[arg-type]  # text of the tests alone
            return [str(row[0]) for row in asked] if asked.description else []

    # -- the life ----------------------------------------------------------------------------

    def live(self, story: Story, other: Story) -> None:
        """Tell both stories, and write every paper there is about them; ``other`` is erased."""
        story.tell()
        attach(self.world, story.case_id, text=story.marks("vedlegg"))
        other.wonder()
        other.talk_with_leader()
        other.consent_to(Scope.OPEN_LOG)
        other.open_log()
        attach(self.world, other.case_id, text=other.marks("vedlegg"))
        other.decide(None, cause=ClosingCause.FAMILY_ENDED)
        # The commands go by the machine's clock.
        self.world.clock.advance(SystemClock().now() - self.world.clock.now())
        self._save()
        self._erase(other)
        self._export()
        self._release()

    def _save(self) -> None:
        backup = self.place("backup")
        self.bti("backup", "key", "--out", self.place("drill") / "key")
        key = self.place("drill") / "key"
        public = key / PUBLIC_NAME
        self.bti("backup", "make", "--out", backup, "--key", public)
        paper = self.place("drill") / "paper"
        self.bti("keys", "export-recovery", "--shares", 3, "--threshold", 2, "--out", paper)
        words = ["keys", "drill", "--data", *backup.glob("stafett-data-*")]
        words += ["--keys", *backup.glob("stafett-keys-*")]
        shares = sorted(paper.glob("*-of-*"))[:2]
        words += [word for share in shares for word in ("--share-file", share)]
        words += ["--secret", key / PRIVATE_NAME]
        self._elsewhere(self.place("drill") / "machine", *words)

    def _elsewhere(self, var: Path, *words: object) -> None:
        """Run a command on another machine, as far as its settings go."""
        own = {"BTI_MODE": "test", "BTI_VAR_DIR": str(var), "TMPDIR": str(self.place("tmp"))}
        done = subprocess.run(
            [sys.executable, "-m", "bti", *map(str, words)],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **own},
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        assert done.returncode == 0, done.stdout + done.stderr

    def _erase(self, story: Story) -> None:
        with self.world.looking() as session:
            number = session.scalars(select(Case.number).where(Case.id == story.case_id)).one()
        words = ("--case", number, "--permission", _PERMISSION, "--out", self.place("erasure"))
        params = erasure.erase_params(number, _PERMISSION)
        yes = two_say_yes(self.world, ApprovalAct.ERASURE, params)
        self.bti("erasure", "case", *NUMBER, *words, "--approval", yes)

    def _export(self) -> None:
        out = self.place("export") / "log"
        out.parent.mkdir()
        yes = two_say_yes(self.world, ApprovalAct.AUDIT_EXPORT, audit_check.export_params(out))
        self.bti("audit", "export", *NUMBER, "--out", out, "--approval", yes)
        proof = self.place("proof")
        proof.mkdir()
        self.bti("audit", "proof", *NUMBER, "--entry", 9, "--out", proof / "entry.tlog-proof")
        self.bti("audit", "checkpoint", *NUMBER)

    def _release(self) -> None:
        words = (*NUMBER, "--period", PERIOD)
        self.bti("db", "upgrade")
        people = self.place("population")
        people.write_text("".join(f"{band};400\n" for band in DIMENSIONS[AGE]))
        make(self.world, *[child("10-12", (_IN_PERIOD, 0), categories=["LEA"])] * _OTHERS)
        asked = ("--by", "Arne Vik", "--population", people)
        self.bti("release", "prepare", *words, *asked)
        path = release_file.path_of(Path(os.environ["BTI_VAR_DIR"]), "9901", PERIOD)
        ticked = [word for point in CHECKLIST for word in ("--tick", point)]
        self.bti("release", "approve", *words, "--by", "Hege Moen", *ticked)
        kept = self.place("release")
        kept.mkdir()
        (kept / path.name).write_bytes(path.read_bytes())
        ready = release_file.load(path).ready()
        params = release.publish_params(release.PUBLISH, str(ready.period), ready.sha256())
        yes = two_say_yes(self.world, ApprovalAct.RELEASE_PUBLISH, params)
        self.bti("release", "publish", *words, "--approval", yes)


def family() -> Iterator[int]:
    """This process, and those it has started."""
    yield os.getpid()
    for task in Path("/proc/self/task").iterdir():
        yield from map(int, (task / "children").read_text(encoding="ascii").split())


class _Keeping(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")


@contextmanager
def watching(world: World, folder: Path, server: PostgresServer | None) -> Iterator[Traces]:
    """Let temporary files, logs and the server's own be kept while the block runs."""
    traces = Traces(world, folder, server)
    tmp = traces.place("tmp")
    tmp.mkdir(parents=True)
    url = world.admin_url or world.runtime.settings.database_url
    own = {
        "BTI_MODE": "test",
        "BTI_VAR_DIR": str(world.runtime.settings.var_dir),
        "BTI_DATABASE_URL": str(url),
        "TMPDIR": str(tmp),
    }
    handler, root = _Keeping(traces.records), logging.getLogger()
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, own))
        stack.enter_context(mock.patch.object(tempfile, "tempdir", str(tmp)))
        _kept_of_removed[tmp] = traces.removed
        stack.callback(_kept_of_removed.pop, tmp)
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        stack.callback(root.setLevel, level)
        stack.callback(root.removeHandler, handler)
        if server is not None:
            name = make_url(world.admin_url or "").database
            traces.in_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            # What an administrator turns on who looks for a fault: every statement with its values.
            traces.in_sql(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
            world.runtime.engine.dispose()
        yield traces


#: Folder of temporary files → what they held when they were removed.
_kept_of_removed: dict[Path, dict[str, bytes]] = {}


def _keep_what_is_removed(event: str, arguments: tuple[object, ...]) -> None:
    """Whoever removes a file, by whichever name: Python says so before it is done."""
    if event != "os.remove" or not _kept_of_removed:
        return
    name, folder = arguments
    path = Path(os.fsdecode(name))  # type: ignore[arg-type]  # a path, by os.unlink's contract
    if isinstance(folder, int) and folder >= 0:
        path = Path(f"/proc/self/fd/{folder}").readlink() / path
    for tmp, kept in _kept_of_removed.items():
        if tmp in path.parents and path.is_file():
            kept[str(path)] = path.read_bytes()


sys.addaudithook(_keep_what_is_removed)
