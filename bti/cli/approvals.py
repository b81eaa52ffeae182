"""`bti approvals`: what waits for a second person. Asking is done by the command that needs it."""

from __future__ import annotations

import json

import click

from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.workflows import approval


@click.group(name="approvals", help="See what waits for a second person.")
def command() -> None:
    """Group the commands."""


@command.command("list")
@click.option("--municipality", "number", metavar="NUMBER", required=True)
@click.option("--all", "whole", is_flag=True, help="Also what is used, refused or run out.")
def list_approvals(number: str, *, whole: bool) -> None:
    """List approvals with what exactly was asked for."""
    with runtime() as opened:
        lines = opened.doorway.perform(
            approval.listed, OPERATOR, tenant_id=municipality(opened, number)
        )
    for one in lines:
        if whole or one.state.value in approval.OPEN:
            answered = f", answered by {one.answered_by}" if one.answered_by else ""
            click.echo(
                f"{one.approval_id} {one.state.value}: {one.act.value}, asked by "
                f"{one.requested_by}{answered}, until {one.expires_at:%Y-%m-%d %H:%M} UTC"
            )
            click.echo(f"  {json.dumps(dict(one.params), ensure_ascii=False, sort_keys=True)}")
