"""`bti keys`: how the keys stand. Never shows one."""

from __future__ import annotations

import click

from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.domain.errors import AccessDenied
from bti.workflows import lookup


@click.group(name="keys", help="See how the keys stand.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.option("--municipality", "number", metavar="NUMBER", required=True)
def status(number: str) -> None:
    """List a municipality's keys by purpose, after opening one."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        try:
            found = opened.doorway.perform(lookup.key_status, OPERATOR, tenant_id=tenant)
        except AccessDenied:
            raise click.ClickException("The root key does not open the keys.") from None
    for row in found.keys:
        click.echo(
            f"{row.purpose:10} generation {row.generation}  {row.state:10} "
            f"{row.provider} {row.root_ref}"
        )
    click.echo(f"{found.data_keys} data keys")
