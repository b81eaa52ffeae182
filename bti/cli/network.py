"""`bti network`: accounts on the network side, and who sits in which body."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click
import segno
from sqlalchemy.exc import SQLAlchemyError

from bti.cli.chosen import settings
from bti.clock import SystemClock
from bti.identity import totp
from bti.identity.password import PasswordRefusedError
from bti.slt import region, seat
from bti.slt.account import AccountRefusedError, NewAccount, create_account
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime, open_runtime
from bti.slt.secret_box import KeyFileError
from bti.slt.year_send import remind
from bti.smtp import ServerAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET_BYTES: Final = 15
_ROLES: Final = {
    "coordinator": NetworkRole.COORDINATOR,
    "member": NetworkRole.MEMBER,
    "council-reader": NetworkRole.COUNCIL_READER,
}
_REFUSED: Final = {
    "account.taken": "There is an account with that username.",
    "account.username": "A username is at most 60 signs without spaces.",
    "account.name": "A name is at most 120 signs.",
    "account.municipality": "A municipality has four digits and a name.",
    "account.language": "The language is nb, nn or en.",
    "password.too_short": "The password is too short.",
    "password.too_long": "The password is too long.",
    "password.control": "There are signs in the password that cannot be typed.",
    "password.guessable": "The password is too easy to guess.",
    "seat.account": "There is no such account in use.",
    "seat.role": "Only a member of bodies has a seat.",
    "seat.body": "That municipality has no body with that code.",
    "grant.account": "There is no such account in use.",
    "grant.role": "Only a coordinator reads releases of more municipalities.",
    "grant.municipality": "A municipality has four digits and a name, and is another than the account's own.",
    "grant.reason": "Say why in 10 to 500 signs.",
    "grant.there": "The account reads the releases of that municipality already.",
    "grant.full": "There is no room for more municipalities.",
    "grant.unknown": "The account does not read the releases of that municipality.",
    "seat.function": "Nobody sits in that body by that function. Add it to the body first.",
}
_username = click.option("--username", required=True)
_other = click.option("--municipality", "number", required=True, help="Four digits.")
_why = click.option("--reason", required=True, help="Kept, in 10 to 500 signs.")
_body = click.option("--body", required=True, help="The body's code, such as police_council.")


@click.group(name="network", help="Decide who may sign in on the network side, and as what.")
def command() -> None:
    """Group the commands."""


@command.command("add-account")
@_username
@click.option("--name", required=True)
@click.option("--municipality", "number", required=True, help="Four digits.")
@click.option("--municipality-name", "town", required=True)
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--language", type=click.Choice(["nb", "nn", "en"]), default="nb", show_default=True)
@click.option("--generate", is_flag=True, help="Make a password and show it once.")
def add_account(
    username: str, name: str, number: str, town: str, role: str, language: str, *, generate: bool
) -> None:
    """Make an account and show once what its app needs."""
    password = secrets.token_urlsafe(_SECRET_BYTES) if generate else _ask()
    new = NewAccount(username, name, number, town, password, language, _ROLES[role])
    with opened() as runtime:
        made = create_account(runtime, new)
    click.echo(f"{username} is ready. This is shown only now:")
    if generate:
        click.echo(f"Password: {password}")
    click.echo(f"Code for the app: {totp.spelt(made.totp_secret)}")
    click.echo(made.totp_uri)
    segno.make(made.totp_uri, error="m").terminal(sys.stdout, compact=True)


@command.command("end-account")
@_username
def end_account(username: str) -> None:
    """Shut an account for good, with its sessions and seats."""
    with opened() as runtime:
        seat.end_account(runtime, username)
    click.echo(f"{username} can no longer sign in.")


@command.command("give-seat")
@_username
@_body
@click.option("--function", required=True, help="A function or a deputy, as the body names it.")
def give_seat(username: str, body: str, function: str) -> None:
    """Let a member read the minutes and actions of a body, and follow up those of the function."""
    with opened() as runtime:
        seat.give_seat(runtime, username, body, function)
    click.echo(f"{username} sits in {body}.")


@command.command("grant-releases")
@_username
@_other
@click.option("--municipality-name", "town", required=True)
@_why
def grant_releases(username: str, number: str, town: str, reason: str) -> None:
    """Let a coordinator read the published releases of one municipality more, and nothing else of it."""
    with opened() as runtime:
        region.grant_releases(runtime, username, number, town, reason)
    click.echo(f"{username} reads what {town} has published.")


@command.command("end-releases")
@_username
@_other
@_why
def end_releases(username: str, number: str, reason: str) -> None:
    """End what grant-releases gave."""
    with opened() as runtime:
        region.end_grant(runtime, username, number, reason)
    click.echo(f"{username} no longer reads releases of {number}.")


@command.command("end-seat")
@_username
@_body
def end_seat(username: str, body: str) -> None:
    """End a member's seat in a body."""
    with opened() as runtime:
        seat.end_seat(runtime, username, body)
    click.echo(f"{username} no longer sits in {body}.")


@command.command("remind")
@click.pass_context
def remind_them(ctx: click.Context) -> None:
    """Put today's reminders of the year in the outbox, and send what is due."""
    with opened() as runtime:
        try:
            count = remind(runtime, settings())
        except ServerAwayError as away:
            # What waits is kept, and goes at one of the next rounds.
            click.echo(f"The server is away ({away}). What waits is kept.")
            ctx.exit(1)
    click.echo(f"{count} sent.")


def _ask() -> str:
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


@contextmanager
def opened() -> Iterator[SltRuntime]:
    """The network side for one command; what it may meet becomes one line."""
    try:
        runtime = open_runtime(settings(), SystemClock())
    except (KeyFileError, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    try:
        yield runtime
    except (AccountRefusedError, region.GrantRefusedError, seat.SeatRefusedError) as refused:
        raise click.ClickException(_REFUSED[refused.code]) from None
    except PasswordRefusedError as refused:
        raise click.ClickException(_REFUSED[refused.code]) from None
    except SQLAlchemyError as fault:
        reason = str(fault.args[0] if fault.args else fault).splitlines()[0]
        raise click.ClickException(
            f"The database did not do as asked. Is it migrated (bti db upgrade)? {reason}"
        ) from None
    finally:
        runtime.close()
