"""`bti signer`: the access log's signer as a process and OS user of its own."""

from __future__ import annotations

from pathlib import Path

import click
from waitress import create_server  # type: ignore[import-untyped]  # it ships no annotations

from bti.audit.signer import StatefulSigner
from bti.jobs.signer import signer_app


@click.group(name="signer", help="Sign the access log in a process of its own.")
def command() -> None:
    """Group the commands. None of them opens a database or reads a setting."""


@command.command()
@click.option(
    "--dir",
    "directory",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Its own folder: a key for each epoch, and what it signed last.",
)
@click.option(
    "--socket",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The socket file that `bti logd` asks at (BTI_SIGNER_SOCKET).",
)
def serve(directory: Path, path: Path) -> None:
    """Answer `bti logd` until stopped. Only the socket's owner and group may ask."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = create_server(
        signer_app(StatefulSigner(directory)),
        unix_socket=str(path),
        unix_socket_perms="660",
        threads=2,
        ident=None,
    )
    click.echo(f"The signer answers at {path}")
    try:
        server.run()
    finally:
        server.close()
        path.unlink(missing_ok=True)
