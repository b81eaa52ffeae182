"""`bti control`: the monthly control of look-ups."""

from __future__ import annotations

import click

from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.domain.control import month_before
from bti.domain.errors import RuleBroken
from bti.workflows import control


@click.group(name="control", help="Point out look-ups that somebody should look at.")
def command() -> None:
    """Group the commands."""


@command.command("run")
@click.option("--municipality", "number", metavar="NUMBER", required=True)
@click.option(
    "--month", metavar="YYYY-MM", help="A month that is over; the last one when left out."
)
def run(number: str, month: str | None) -> None:
    """Go through a month of the log by rules; the data protection officer finds the result on a page.

    Prints how many findings there are, never whom they are about.
    """
    with runtime() as opened:
        doorway = opened.doorway
        wanted = month or month_before(doorway.clock.now())
        try:
            count = doorway.perform(
                control.run, OPERATOR, tenant_id=municipality(opened, number), month=wanted
            )
        except ValueError:
            raise click.BadParameter("write it as 2026-11", param_hint="--month") from None
        except RuleBroken:
            raise click.ClickException(f"{wanted} is not over yet.") from None
    click.echo(f"{wanted}: {count} findings.")
