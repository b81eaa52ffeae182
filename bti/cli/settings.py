"""`bti settings`: every setting with the value in force, its default and what it is for."""

from __future__ import annotations

import click

from bti.cli.wiring import settings


@click.command(name="settings", help="Show every setting and the value in force.")
def command() -> None:
    """Print the table; passwords in addresses are hidden."""
    for row in settings().describe():
        click.echo(f"{row.name} = {row.value}")
        click.echo(f"    {row.meaning}")
        click.echo(f"    Default: {row.default}")
