"""`bti backup`: the key backups are sealed to, and making, proving, putting back and clearing them away."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bti.audit.guard import RolledBackError
from bti.cli.paper import gather, hand_out, shares_option
from bti.cli.wiring import OPERATOR, runtime, settings
from bti.clock import SystemClock, norwegian_date
from bti.crypto.backup_key import BackupKeyRefused, BackupPrivateKey, BackupPublicKey
from bti.crypto.errors import SealError
from bti.db.blobs import BlobStore
from bti.db.dump_load import DumpRefused
from bti.db.engine import make_engine
from bti.workflows import audit_check, backup, keys
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from bti.bootstrap import Runtime
    from bti.db.dump_load import DumpContent

    Command = TypeVar("Command", bound=Callable[..., object])

PUBLIC_NAME: Final = "backup.pub"
PRIVATE_NAME: Final = "backup.secret"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(name="backup", help="Make backups, prove them and put them back.")
def command() -> None:
    """Group the commands."""


def opened_with(command: Command) -> Command:
    """Give a command the options that lead to the private backup key."""
    command = shares_option(command)
    return click.option(
        "--secret", type=_FILE, help="The private backup key in a file, instead of shares."
    )(command)


def private_key(secret: Path | None, share_files: Sequence[Path]) -> BackupPrivateKey:
    """Return the private backup key from a file, or from shares. Raises ``click.ClickException``."""
    try:
        if secret is not None:
            return BackupPrivateKey.parse(secret.read_text("utf-8", "replace"))
        return BackupPrivateKey.recovered(gather(share_files, what="the backup key"))
    except BackupKeyRefused as refused:
        raise click.ClickException(str(refused)) from None


@command.command("key")
@click.option("--out", required=True, type=_FOLDER, help="Where the new key is written.")
@click.option("--shares", type=int, default=0, help="How many shares to make of the private half.")
@click.option("--threshold", type=int, default=0, help="How many of them are needed.")
def make_key(out: Path, shares: int, threshold: int) -> None:
    """Make the pair: backup.pub stays with the database, the private half goes away from it."""
    private = BackupPrivateKey.generate()
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_new(out / PUBLIC_NAME, private.public.encode())
    if shares or threshold:
        on = norwegian_date(SystemClock().now())
        secret = private.for_shares()
        hand_out(secret, what="backup", needed=threshold, made=shares, on=on, directory=out)
    else:
        _write_new(out / PRIVATE_NAME, private.encode())
        click.echo(f"The private half is in {out / PRIVATE_NAME}. Take it off this machine now.")
    click.echo(f"Backups are sealed to {private.public.key_id}: {out / PUBLIC_NAME}")


@command.command()
@click.option("--out", required=True, type=_FOLDER, help="The directory the two files go to.")
@click.option("--key", "public_file", type=_FILE, help=f"Default: {{var_dir}}/keys/{PUBLIC_NAME}.")
def make(out: Path, public_file: Path | None) -> None:
    """Write data and key store of this instant into two sealed files."""
    public = _public_key(public_file or settings().var_dir / "keys" / PUBLIC_NAME)
    with runtime() as opened, _explained():
        for tenant, _, _ in opened.doorway.perform(keys.municipalities, OPERATOR):
            opened.doorway.perform(backup.note_made, OPERATOR, tenant_id=tenant)
        blobs = BlobStore(opened.settings.blobs())
        made = backup.make(opened.engine, public, out, at=opened.clock.now(), blobs=blobs)
    for one in made:
        click.echo(f"{one.head.kind:5} {one.size:>12} bytes  {one.path}")
    if made[0].absent:
        click.echo(
            f"{made[0].absent} attachments were not there to be saved: look before you rely on it."
        )
    click.echo(
        f"Keep the key-store file {backup.KEEP_KEYS.days} days at most, apart from the data."
    )


@command.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@opened_with
def verify(files: tuple[Path, ...], secret: Path | None, share_files: tuple[Path, ...]) -> None:
    """Open backups and read them to their end. Nothing is written."""
    private = private_key(secret, share_files)
    for path in files:
        with _explained(str(path)):
            click.echo(f"{path}: whole, {_told(backup.verify(private, path))}")


@command.command()
@click.option("--data", required=True, type=_FILE, help="The data file.")
@click.option("--keys", "key_store", required=True, type=_FILE, help="The key-store file.")
@opened_with
def restore(
    data: Path, key_store: Path, secret: Path | None, share_files: tuple[Path, ...]
) -> None:
    """Put a backup into an empty database, and check the log if the root key is there."""
    private = private_key(secret, share_files)
    chosen = settings()
    chosen.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    side = chosen.case_side()
    engine = make_engine(side.database_url)
    try:
        with _explained():
            blobs = BlobStore(side.blob_dir)
            found = backup.restore(engine, private, data, key_store, blobs=blobs)
    finally:
        engine.dispose()
    click.echo(f"data: {_told(found.data)}")
    click.echo(f"keys: {_told(found.keys)}")
    if found.keyless:
        click.echo(f"{found.keyless} cases were erased since the data was saved; they stay closed.")
    if not side.root_key_file.exists():
        click.echo("There is no root key here yet: bti keys recover, then bti audit verify.")
        return
    with runtime() as opened:
        _check(opened)
    click.echo("Where anybody has signed or witnessed more of the log: bti audit new-epoch")


@command.command()
@click.option("--dir", "directory", required=True, type=_FOLDER)
@click.option("--data-days", type=click.IntRange(min=1), default=3650, show_default=True)
@click.option(
    "--keys-days",
    type=click.IntRange(min=1, max=backup.KEEP_KEYS.days),
    default=backup.KEEP_KEYS.days,
    show_default=True,
)
def prune(directory: Path, data_days: int, keys_days: int) -> None:
    """Delete backups that have been kept long enough; the newest of each kind stays."""
    found = backup.outlived(
        backup.files_in(directory),
        at=SystemClock().now(),
        keep_data=timedelta(days=data_days),
        keep_keys=timedelta(days=keys_days),
    )
    for one in found:
        one.path.unlink()
        click.echo(f"deleted {one.path}")


def _check(opened: Runtime) -> None:
    for tenant, number, name in opened.doorway.perform(keys.municipalities, OPERATOR):
        try:
            proven = opened.doorway.perform(audit_check.verify, OPERATOR, tenant_id=tenant)
        except NotFound:
            raise click.ClickException("The root key here does not open these keys.") from None
        try:
            opened.doorway.perform(backup.note_restored, OPERATOR, tenant_id=tenant)
        except RolledBackError:
            # Right so: this machine has signed more of the log than the backup holds.
            click.echo(f"{number} {name}: entries are missing here. Next: bti audit new-epoch")
        state = "intact" if proven.intact else "NOT intact"
        click.echo(f"{number} {name}: {state}, {proven.size} entries until {proven.until}")
        for line in proven.findings:
            click.echo(f"  {line}")


@contextmanager
def _explained(what: str = "The backup") -> Iterator[None]:
    try:
        yield
    except SealError:
        raise click.ClickException(
            f"{what}: not opened. It is damaged, or sealed to another key."
        ) from None
    except (backup.BackupRefused, DumpRefused) as refused:
        raise click.ClickException(str(refused)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or what}: {fault.strerror}") from None


def _public_key(path: Path) -> BackupPublicKey:
    try:
        return BackupPublicKey.parse(path.read_text("utf-8", "replace"))
    except OSError:
        raise click.ClickException(f"There is no backup key at {path}: bti backup key.") from None
    except BackupKeyRefused as refused:
        raise click.ClickException(f"{path}: {refused}") from None


def _write_new(path: Path, line: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{line}\n")


def _told(content: DumpContent) -> str:
    files = f" and {content.files} files" if content.files else ""
    return f"{content.total} rows of {len(content.rows)} tables{files} from {content.title.at}"
