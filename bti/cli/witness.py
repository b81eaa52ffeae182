"""`bti witness`: a small server that signs other people's logs for as long as they only grow."""

from __future__ import annotations

from pathlib import Path

import click
from waitress import create_server  # type: ignore[import-untyped]  # it ships no annotations

from bti.audit.witness import Witness, WitnessError
from bti.clock import SystemClock
from bti.jobs.witness import witness_app

_directory = click.option(
    "--dir",
    "directory",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The witness's own folder: key, logs, and how far it has seen them.",
)


@click.group(name="witness", help="Witness the access log of another municipality.")
def command() -> None:
    """Group the commands. None of them opens a database or reads a setting."""


@command.command()
@_directory
@click.option("--name", required=True, help="Its name, such as vitne.nabo.kommune.no.")
def init(directory: Path, name: str) -> None:
    """Make a witness with a key of its own, and show the public key."""
    try:
        click.echo(Witness.create(directory, name, SystemClock()).verifier_key)
    except (WitnessError, OSError) as fault:
        raise click.ClickException(str(fault)) from None


@command.command()
@_directory
def key(directory: Path) -> None:
    """Show the public key, to be given to the log's owner and to whoever checks."""
    click.echo(_opened(directory).verifier_key)


@command.command()
@_directory
@click.option("--key", "verifier_key", required=True, help="As `bti audit key` shows it.")
def watch(directory: Path, verifier_key: str) -> None:
    """Sign for one more log, or for a new epoch of one."""
    try:
        click.echo(f"Signs for {_opened(directory).watch(verifier_key)} from now on.")
    except (WitnessError, OSError) as fault:
        raise click.ClickException(str(fault)) from None


@command.command()
@_directory
def logs(directory: Path) -> None:
    """List the logs it signs for, and how far it has seen each."""
    for one in _opened(directory).logs():
        click.echo(f"{one.origin}: {one.size} entries")


@command.command()
@_directory
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=5010, show_default=True)
def serve(directory: Path, host: str, port: int) -> None:
    """Answer logs until stopped (C2SP tlog-witness: POST /add-checkpoint)."""
    witness = _opened(directory)
    server = create_server(witness_app(witness), host=host, port=port, threads=2, ident=None)
    click.echo(f"{witness.name} witnesses on http://{host}:{server.effective_port}")
    try:
        server.run()
    finally:
        server.close()


def _opened(directory: Path) -> Witness:
    try:
        return Witness(directory, SystemClock())
    except WitnessError as fault:
        raise click.ClickException(str(fault)) from None
