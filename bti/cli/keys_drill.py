"""`bti keys drill`: on an empty machine, from backup files and shares alone, back to one case."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

import click

from bti.cli.paper import gather_sets
from bti.cli.wiring import OPERATOR, runtime, settings
from bti.crypto.backup_key import BackupKeyRefused, BackupPrivateKey
from bti.crypto.errors import SealError
from bti.crypto.file_provider import KeyFileRefused
from bti.crypto.root_files import rebuild
from bti.crypto.root_recovery import RecoveryRefused
from bti.db.blobs import BlobStore
from bti.db.dump_load import DumpRefused
from bti.db.engine import make_engine
from bti.workflows import audit_check, backup, drill
from bti.workflows.drill import DrillFailedError, DrillReport, Step
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from bti.settings import Settings

    Result = TypeVar("Result")

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WHAT_FAILS: Final = (
    BackupKeyRefused,
    DrillFailedError,
    DumpRefused,
    KeyFileRefused,
    OSError,
    RecoveryRefused,
    SealError,
    backup.BackupRefused,
    click.ClickException,
)


@click.command("drill")
@click.option("--data", type=_FILE, help="The data file of the backup.")
@click.option("--keys", "key_store", type=_FILE, help="The key-store file of the backup.")
@click.option(
    "--share-file",
    "share_files",
    type=_FILE,
    multiple=True,
    help="A file with one share of the root key or of the backup key, in any order.",
)
@click.option("--secret", type=_FILE, help="The private backup key in a file, instead of shares.")
@click.option("--case", "number", metavar="NUMBER", help="The case to open; else any one.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the report goes: this name with .json and .txt. Default: {var_dir}/drill.",
)
@click.option("--record", type=_FILE, help="Enter a report (.json) from elsewhere in this log.")
@click.pass_context
def command(
    ctx: click.Context,
    data: Path | None,
    key_store: Path | None,
    share_files: tuple[Path, ...],
    secret: Path | None,
    number: str | None,
    report: Path | None,
    record: Path | None,
) -> None:
    """Rehearse the loss of everything: bring one case back on an empty machine. Yearly."""
    if record is not None:
        _record(record)
        return
    if data is None or key_store is None:
        raise click.UsageError("Give --data and --keys, or --record a report.")
    chosen = settings()
    held = _Drill(chosen, datetime.now(UTC))
    try:
        held.run(data, key_store, share_files, secret, number)
    except _WHAT_FAILS as fault:
        held.failed(fault)
    place = report or chosen.var_dir / "drill"
    _write(place.with_suffix(".json"), held.report().to_json())
    _write(place.with_suffix(".txt"), held.report().to_text())
    click.echo(held.report().to_text())
    click.echo(f"This machine now holds a copy of everything: destroy {chosen.var_dir}")
    click.echo(f"In the real installation: bti keys drill --record {place.with_suffix('.json')}")
    ctx.exit(0 if held.report().passed else 1)


class _Drill:
    """The steps and what they showed."""

    def __init__(self, chosen: Settings, began: datetime) -> None:
        self._settings = chosen
        self._began = began
        self._steps: list[Step] = []
        self._data_from = ""
        self._case = (uuid.UUID(int=0), uuid.UUID(int=0))
        self._passed = False
        self._doing = "begin"

    def run(
        self,
        data: Path,
        key_store: Path,
        share_files: tuple[Path, ...],
        secret: Path | None,
        number: str | None,
    ) -> None:
        """Do every step; each raises when it fails."""
        side = self._settings.case_side()
        with self._step("nothing is here yet") as told:
            told(_emptiness(self._settings))
        with self._step("shares") as told:
            root, private = _secrets(share_files, secret)
            told("root key and backup key restored")
        with self._step("root key file") as told:
            told(", ".join(rebuild(side.root_key_file, root)))
        engine = make_engine(side.database_url)
        try:
            with self._step("backup put back") as told:
                blobs = BlobStore(side.blob_dir)
                found = backup.restore(engine, private, data, key_store, blobs=blobs)
                self._data_from = found.data.title.at
                told(
                    f"{found.data.total} rows, {found.data.files} files and {found.keys.total} keys"
                )
        finally:
            engine.dispose()
        self._prove(number)
        self._passed = True

    def failed(self, fault: Exception) -> None:
        """Keep why the drill ended."""
        reason = fault.message if isinstance(fault, click.ClickException) else str(fault)
        if isinstance(fault, SealError):
            reason = "a backup could not be opened: it is damaged, or sealed to another key"
        self._steps.append(Step(self._doing, 0.0, f"FAILED: {reason}"))

    def report(self) -> DrillReport:
        """Return what was shown so far."""
        tenant, case = self._case
        return DrillReport(
            passed=self._passed,
            began_at=self._began.isoformat(timespec="seconds"),
            data_from=self._data_from,
            tenant_id=str(tenant),
            case_id=str(case),
            steps=tuple(self._steps),
        )

    def _prove(self, number: str | None) -> None:
        with runtime() as opened:
            perform = opened.doorway.perform
            with self._step("a case is opened") as told:
                try:
                    tenant, case = perform(drill.choose_case, OPERATOR, number=number)
                except NotFound:
                    raise DrillFailedError("there is no such case with keys") from None
                proven = perform(drill.prove, OPERATOR, tenant_id=tenant, case_id=case)
                self._case = (tenant, case)
                proof = proven.proof
                told(
                    f"{proof.values} values in {proof.rows} rows under {proof.data_keys} keys, "
                    f"{proven.files} files whole"
                )
            with self._step("the log is proven") as told:
                log = perform(audit_check.verify, OPERATOR, tenant_id=tenant)
                if not log.intact:
                    raise DrillFailedError("; ".join(log.findings) or "the log is not intact")
                told(f"intact, {log.size} entries until {log.until}")

    @contextmanager
    def _step(self, what: str) -> Iterator[Callable[[str], None]]:
        self._doing = what
        begun = monotonic()
        results: list[str] = []
        yield results.append
        self._steps.append(Step(what, round(monotonic() - begun, 3), results[0]))


def _emptiness(chosen: Settings) -> str:
    """Say that nothing is here, or raise: a drill beside what is there proves nothing."""
    side = chosen.case_side()
    if side.root_key_file.exists():
        raise DrillFailedError(f"there is a root key at {side.root_key_file}")
    if chosen.var_dir.exists() and any(chosen.var_dir.iterdir()):
        raise DrillFailedError(f"{chosen.var_dir} is not empty")
    chosen.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return "no root key, no files"


def _secrets(share_files: tuple[Path, ...], secret: Path | None) -> tuple[bytes, BackupPrivateKey]:
    """Return what the root key is rebuilt from, and the private backup key."""
    found = gather_sets(share_files)
    roots = [one for one in found if one[:1] == b"\x01"]
    if len(roots) != 1:
        raise DrillFailedError("the shares must be of one root key")
    if secret is not None:
        return roots[0], BackupPrivateKey.parse(secret.read_text("utf-8", "replace"))
    keys = [one for one in found if one[:1] == b"\x02"]
    if len(keys) != 1:
        raise DrillFailedError("the shares must be of one backup key, or give --secret")
    return roots[0], BackupPrivateKey.recovered(keys[0])


def _record(path: Path) -> None:
    try:
        found = DrillReport.parse(path.read_text("utf-8", "replace"))
        tenant = uuid.UUID(found.tenant_id)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None
    if not found.passed:
        raise click.ClickException("That drill failed. Mend what it names and hold it again.")
    with runtime() as opened:
        opened.doorway.perform(drill.record_report, OPERATOR, tenant_id=tenant)
    click.echo("The drill is entered in the log.")


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
