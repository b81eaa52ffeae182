"""`bti canary`: bait cases that nobody has a reason to open."""

from __future__ import annotations

import click

from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.domain.codes import CASE_WORKERS
from bti.workflows import bait, sign_in
from bti.workflows.errors import SignInRefused

_MOST = 20


@click.group(name="canary", help="Plant made-up cases that raise an alarm when they are opened.")
def command() -> None:
    """Group the commands."""


@command.command("plant")
@click.option("--municipality", "number", metavar="NUMBER", required=True)
@click.option("--author", required=True, help="Username of the case worker who writes them.")
@click.option(
    "--count", default=bait.FEWEST, show_default=True, type=click.IntRange(bait.FEWEST, _MOST)
)
@click.option("--password", prompt="Password of the author", hide_input=True)
@click.option("--code", prompt="Code from the author's app")
def plant(number: str, author: str, count: int, password: str, code: str) -> None:
    """Write closed cases about children who do not exist, in the author's unit, and mark them.

    The author signs in here: the log must not tell these cases from others, and it must be true.
    Which cases they are is not printed, and whoever runs this cannot find out.
    """
    with runtime() as opened:
        doorway = opened.doorway
        signed = sign_in.sign_in(
            doorway,
            tenant_id=municipality(opened, number),
            username=author,
            secret=password,
            code=code,
            address="bti canary",
        )
        if isinstance(signed, SignInRefused):
            raise click.ClickException("The author could not be signed in.")
        actor = doorway.perform(sign_in.identify, None, token=signed.token)
        if actor is None or actor.role not in CASE_WORKERS:
            raise click.ClickException("The author's first role must be a case worker's.")
        bait.plant(doorway, actor, OPERATOR, count=count)
        doorway.perform(sign_in.sign_out, actor)
    click.echo(f"{count} bait cases are planted. Nobody is told which they are.")
