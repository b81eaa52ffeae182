"""`bti attachments`: the folder of sealed files, compared with the database and swept."""

from __future__ import annotations

import click

from bti.cli.wiring import runtime
from bti.workflows import attachment_sweep


@click.group(name="attachments", help="Look after the sealed files of cases.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.option(
    "--even-many", is_flag=True, help="Also when more than a tenth of all files have no row."
)
def sweep(*, even_many: bool) -> None:
    """Delete files that no row names, that were never finished, or whose key is destroyed."""
    with runtime() as opened:
        try:
            swept = attachment_sweep.sweep(opened.doorway, even_many=even_many)
        except attachment_sweep.TooManyLeftOver as fault:
            raise click.ClickException(
                f"{fault.count} files have no row or no key. Was the database put back from an older copy? "
                "Nothing is deleted. If they are to go: --even-many."
            ) from None
    click.echo(
        f"Deleted: {swept.orphans} without a row, {swept.unfinished} never finished, "
        f"{swept.keyless} whose key is gone."
    )


@command.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Read every sealed file and compare it with its row. Exit status 0 when all are whole, else 1."""
    found = 0
    with runtime() as opened:
        for one in attachment_sweep.compare(opened.doorway):
            found += 1
            click.echo(f"{one.how}: attachment {one.attachment_id} of case {one.case_id}")
    click.echo("All files are whole." if not found else f"{found} files are not whole.")
    ctx.exit(1 if found else 0)
