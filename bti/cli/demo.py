"""`bti demo`: a synthetic municipality on this machine, ready to sign in to.

Exists in demo mode only, on the loopback address only. What it made it can throw away; nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from bti.bootstrap import open_runtime, upgrade_database
from bti.cli.demo_load import SignInWay, load
from bti.cli.demo_people import PASSWORD
from bti.cli.serve import build, listen
from bti.cli.sweeping import sweeping
from bti.cli.wiring import OPERATOR, settings
from bti.clock import FixedClock
from bti.crypto.errors import SealError
from bti.crypto.file_provider import KeyFileRefused
from bti.identity import totp
from bti.slt import migrate
from bti.slt.runtime import open_runtime as open_network
from bti.slt.secret_box import KeyFileError
from bti.workflows import audit_check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bti.settings import Settings

_MARKER: Final = "demo.json"
_DATABASES: Final = ("stafett.sqlite", "slt.sqlite")
_BESIDE_DATABASE: Final = ("", "-wal", "-shm", "-journal")
_KEYS: Final = ("root.key", "network.key", "csrf.key")
_DAYS: Final = 731


@dataclass(frozen=True, slots=True)
class Made:
    """What the marker file says: whether loading came to its end, and how to sign in."""

    loaded: bool
    ways: tuple[SignInWay, ...] = ()


@click.command(name="demo", help="Serve a synthetic municipality on this machine.")
@click.option(
    "--reset", is_flag=True, help="Throw away what the demonstration made, and begin anew."
)
@click.option("--code", "username", metavar="USERNAME", help="Print somebody's one-time code.")
def command(*, reset: bool, username: str | None) -> None:
    """Migrate, load if empty, print how to sign in, and serve until stopped."""
    chosen = settings()
    _only_embedded(chosen)
    if username is not None:
        click.echo(_code_of(chosen, username))
        return
    try:
        prepare(chosen, reset=reset)
        with ExitStack() as stack:
            app = build(chosen, stack)
            server = listen(app, chosen)
            stack.callback(server.close)
            stack.enter_context(sweeping(app))
            _tell(chosen)
            server.run()
    except (SealError, KeyFileRefused, KeyFileError, OSError) as fault:
        raise click.ClickException(str(fault)) from None


def prepare(chosen: Settings, *, reset: bool = False) -> None:
    """Bring both databases up to date and fill them if they are empty. A second time keeps all.

    What an interrupted loading left is thrown away first.
    """
    made = _read_marker(chosen)
    if reset or (made is not None and not made.loaded):
        throw_away(chosen)
        made = None
    upgrade_database(chosen)
    migrate.upgrade(chosen.slt_database_url)
    if made is None and _is_empty(chosen):
        _load(chosen)


def throw_away(chosen: Settings) -> None:
    """Delete what the demonstration made in var/, and nothing else.

    Raises ``ClickException`` outside demo mode, and for files it has not made.
    """
    _only_embedded(chosen)
    var = chosen.var_dir
    if _read_marker(chosen) is None:
        if any((var / name).exists() for name in _DATABASES):
            raise click.ClickException(
                f"{var} was not made by the demonstration. Nothing is deleted."
            )
        return
    for path in _own_files(var):
        path.unlink(missing_ok=True)


def _own_files(var: Path) -> Iterator[Path]:
    for name in _DATABASES:
        yield from (var / f"{name}{end}" for end in _BESIDE_DATABASE)
    yield from (var / "keys" / name for name in _KEYS)
    yield from sorted((var / "signer").glob("*.state"))
    yield from sorted((var / "blobs").glob("[0-9a-f][0-9a-f]/" + "[0-9a-f]" * 32))
    yield from sorted((var / "releases").glob("99[0-9][0-9]-20??H?.json"))
    # Last: as long as something is left, it is known whose it is.
    yield var / _MARKER


def _only_embedded(chosen: Settings) -> None:
    if chosen.mode != "demo":
        raise click.ClickException("The demonstration runs in demo mode only: set BTI_MODE=demo.")
    expected = {f"sqlite:///{chosen.var_dir / name}" for name in _DATABASES}
    keys = chosen.var_dir / "keys" / "root.key"
    if {chosen.database_url, chosen.slt_database_url} != expected or chosen.root_key_file != keys:
        raise click.ClickException(
            "The demonstration keeps everything in its own folder: set BTI_VAR_DIR, and neither "
            "databases nor key file."
        )


def _is_empty(chosen: Settings) -> bool:
    opened = open_runtime(chosen)
    try:
        return not opened.doorway.perform(audit_check.logs, OPERATOR)
    finally:
        opened.close()


def _load(chosen: Settings) -> None:
    now = datetime.now(UTC)
    clock = FixedClock(now)
    _write_marker(chosen, Made(loaded=False))
    with ExitStack() as stack:
        case_side = open_runtime(chosen, clock=clock)
        stack.callback(case_side.close)
        network = open_network(chosen, clock)
        stack.callback(network.close)
        days = stack.enter_context(
            click.progressbar(length=_DAYS, label="Two years in a municipality", file=sys.stderr)
        )
        start = now - timedelta(days=_DAYS)
        loaded = load(
            case_side,
            network,
            clock,
            progress=lambda at: days.update(max(0, (at - start).days - days.pos)),
        )
        days.update(_DAYS - days.pos)
    _write_marker(chosen, Made(loaded=True, ways=(*loaded.staff, loaded.network, *loaded.readers)))


def _tell(chosen: Settings) -> None:
    made = _read_marker(chosen)
    click.echo(f"\nStafett answers on {chosen.base_url}/  (stop with Ctrl+C)")
    click.echo("The sign-in page offers these people with one click. None of them exist.\n")
    for way in made.ways if made else ():
        code = totp.code_at(way.totp_secret, datetime.now(UTC))
        click.echo(
            f"  {way.username:<8} {way.name:<15} {way.title:<24} {way.municipality:<16} {code}"
        )
    click.echo(f"\nWith username: the password is «{PASSWORD}», and the codes above last a minute.")
    click.echo("A new code: bti demo --code USERNAME, or the secret in an authenticator app:")
    for way in made.ways[:1] if made else ():
        uri = totp.provisioning_uri(way.totp_secret, account=way.username, issuer="Stafett demo")
        click.echo(f"  {way.username}: {uri}")
    sys.stdout.flush()


def _code_of(chosen: Settings, username: str) -> str:
    made = _read_marker(chosen)
    for way in made.ways if made else ():
        if way.username == username:
            return totp.code_at(way.totp_secret, datetime.now(UTC))
    raise click.ClickException(f"There is no {username} in the demonstration.")


def _read_marker(chosen: Settings) -> Made | None:
    try:
        content = json.loads((chosen.var_dir / _MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    ways = (
        SignInWay(**{**way, "totp_secret": bytes.fromhex(way["totp_secret"])})
        for way in content["ways"]
    )
    return Made(content["loaded"], tuple(ways))


def _write_marker(chosen: Settings, made: Made) -> None:
    """Secrets of people who do not exist; still for the owner only, as every secret here is."""
    chosen.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ways = [{**asdict(way), "totp_secret": way.totp_secret.hex()} for way in made.ways]
    path = chosen.var_dir / _MARKER
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"loaded": made.loaded, "ways": ways}, out, ensure_ascii=False, indent=1)
