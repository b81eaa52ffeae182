"""`bti accounts`: municipalities, units, accounts and roles."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click
import segno

from bti import papers
from bti.cli.two_people import approved, explained, two_people
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import STAFF_SIDE, Role, Sector
from bti.domain.errors import AccessDenied, RuleBroken
from bti.identity import totp
from bti.identity.password import MIN_LENGTH, PasswordRefusedError
from bti.papers import Papers
from bti.profiles import available
from bti.workflows import account, leaving, lookup, register
from bti.workflows import municipality as towns

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from bti.bootstrap import Runtime

_SECRET_BYTES: Final = 15
_LANGUAGES: Final = click.Choice(["nb", "nn", "en"])
_ROLES: Final = click.Choice(sorted(role.value for role in STAFF_SIDE))

_number = click.option("--municipality", "number", metavar="NUMBER", required=True)
_username = click.option("--username", required=True)
_unit = click.option("--unit", required=True, help="The unit's name, as it was added.")
_role = click.option("--role", required=True, type=_ROLES)


_PAPERS: Final = {
    "agreement": "the agreement on who is responsible (joint controllers or one), with reference and date",
    "statement": "the address of the registered accessibility statement",
    "feedback": "where to tell that something does not work",
}


@click.group(name="accounts", help="Decide who may sign in, and as what.")
def command() -> None:
    """Group the commands."""


@command.command("create-municipality")
@click.option("--name", required=True)
@click.option("--number", required=True, help="Four digits.")
@click.option("--profile", default="standard", show_default=True, type=click.Choice(available()))
@click.option("--language", default="nb", show_default=True, type=_LANGUAGES)
def create_municipality(name: str, number: str, profile: str, language: str) -> None:
    """Register a municipality and make its keys."""
    _four_digits(number, "--number")
    with runtime() as opened:
        perform = opened.doorway.perform
        if perform(account.municipality_by_number, OPERATOR, number=number) is not None:
            raise click.ClickException(f"Municipality {number} is there already.")
        perform(
            account.create_municipality,
            OPERATOR,
            name=name,
            number=number,
            profile=profile,
            language=language,
        )
        missing = papers.read(opened.settings.papers_file).get(number, Papers(name=name)).missing
    click.echo(f"{number} {name} is ready.")
    for code in missing:
        click.echo(f"Not given yet: {_PAPERS[code]}. Write it in BTI_PAPERS_FILE.")


@command.command("change-municipality")
@_number
@click.option("--name", help="Its name from now on.")
@click.option("--new-number", help="Its number from now on: four digits.")
@click.option("--profile", type=click.Choice(available()), help="Its local rules from now on.")
@click.option("--language", type=_LANGUAGES)
@two_people
def change_municipality(
    number: str,
    name: str | None,
    new_number: str | None,
    profile: str | None,
    language: str | None,
    approval_id: uuid.UUID | None,
    ask_as: str,
) -> None:
    """Change a municipality's name, number, local rules or language. Needs two people."""
    _four_digits(new_number or number, "--new-number")
    with runtime() as opened:
        tenant = municipality(opened, number)
        perform = opened.doorway.perform
        there = None
        if new_number is not None and new_number != number:
            there = perform(account.municipality_by_number, OPERATOR, number=new_number)
        if there is not None:
            raise click.ClickException(f"Municipality {new_number} is there already.")
        try:
            wanted = perform(towns.stands, OPERATOR, tenant_id=tenant) | {
                key: value
                for key, value in {
                    "name": name,
                    "number": new_number,
                    "profile": profile,
                    "language": language,
                }.items()
                if value is not None
            }
            params, act = towns.change_params(**wanted), ApprovalAct.PROFILE_CHANGE
            chosen = approved(opened, tenant, act, params, ask_as=ask_as, approval_id=approval_id)
            perform(towns.change, OPERATOR, tenant_id=tenant, approval_id=chosen, **wanted)
        except ApprovalRefused as refused:
            raise explained(refused) from None
        except AccessDenied:
            raise click.ClickException(
                "What the municipality has decided was changed in SQL, or this is not the broker's "
                "own environment. Run bti audit verify."
            ) from None
    click.echo(f"{wanted['number']} {wanted['name']}: {wanted['profile']}, {wanted['language']}.")


def _four_digits(number: str, option: str) -> None:
    if not (len(number) == 4 and number.isascii() and number.isdigit()):  # noqa: PLR2004 - Kartverket's form
        raise click.BadParameter("four digits", param_hint=option)


@command.command("add-unit")
@_number
@click.option("--name", required=True)
@click.option("--sector", required=True, type=click.Choice([sector.value for sector in Sector]))
@click.option("--phone", default="")
def add_unit(number: str, name: str, sector: str, phone: str) -> None:
    """Register a school, kindergarten, service or team."""
    with runtime() as opened:
        opened.doorway.perform(
            account.create_unit,
            OPERATOR,
            tenant_id=municipality(opened, number),
            name=name,
            sector=Sector(sector),
            phone=phone,
        )
    click.echo(f"{name} is ready.")


@command.command()
@_number
@_username
@click.option("--name", required=True)
@click.option("--title", required=True)
@click.option("--phone", default="")
@click.option("--language", type=_LANGUAGES)
@click.option("--generate", is_flag=True, help="Make a password and show it once.")
def add(
    number: str,
    username: str,
    name: str,
    title: str,
    phone: str,
    language: str | None,
    *,
    generate: bool,
) -> None:
    """Make an account and show once what its app needs."""
    secret = secrets.token_urlsafe(_SECRET_BYTES) if generate else _ask()
    with runtime() as opened, _explained():
        made = opened.doorway.perform(
            account.create_account,
            OPERATOR,
            tenant_id=municipality(opened, number),
            username=username,
            name=name,
            title=title,
            secret=secret,
            language=language,
            phone=phone,
        )
    click.echo(f"{username} is ready. This is shown only now:")
    if generate:
        click.echo(f"Password: {secret}")
    uri = totp.provisioning_uri(made.totp_secret, account=username, issuer="Stafett")
    click.echo(f"Code for the app: {totp.spelt(made.totp_secret)}")
    click.echo(uri)
    segno.make(uri, error="m").terminal(sys.stdout, compact=True)


@command.command()
@_number
@_username
@_unit
@_role
@two_people
def grant(
    number: str, username: str, unit: str, role: str, approval_id: uuid.UUID | None, ask_as: str
) -> None:
    """Give an account a role in a unit.

    Every role but staff needs two people, once there are two who could agree.
    """
    with runtime() as opened:
        tenant, account_id, unit_id = _found(opened, number, username, unit)
        wanted = Role(role)
        chosen = None
        if opened.doorway.perform(register.needs_two, OPERATOR, tenant_id=tenant, role=wanted):
            params = register.role_params(account_id, unit_id, wanted)
            act = ApprovalAct.ROLE_GRANT
            chosen = approved(opened, tenant, act, params, ask_as=ask_as, approval_id=approval_id)
        try:
            opened.doorway.perform(
                register.grant_by_operator,
                OPERATOR,
                tenant_id=tenant,
                account_id=account_id,
                unit_id=unit_id,
                role=wanted,
                approval_id=chosen,
            )
        except ApprovalRefused as refused:
            raise explained(refused) from None
    click.echo(f"{username} is {role} in {unit}.")


@command.command("end-role")
@_number
@_username
@_unit
@_role
def end_role(number: str, username: str, unit: str, role: str) -> None:
    """End a role now. Refused while the person has a baton in that unit."""
    with runtime() as opened, _explained():
        tenant, account_id, unit_id = _found(opened, number, username, unit)
        held = opened.doorway.perform(
            lookup.grant_held, OPERATOR, account_id=account_id, unit_id=unit_id, role=Role(role)
        )
        opened.doorway.perform(account.end_role, OPERATOR, tenant_id=tenant, grant_id=held)
    click.echo(f"{username} is no longer {role} in {unit}.")


@command.command("settle")
@_number
def settle(number: str) -> None:
    """End the accounts whose last day has come and whose hands are empty. Run it every night."""
    with runtime() as opened:
        done = opened.doorway.perform(
            leaving.settle, OPERATOR, tenant_id=municipality(opened, number)
        )
    click.echo(f"{len(done.ended)} ended, {len(done.waiting)} wait for batons to be handed over.")


@command.command("list")
@_number
def list_accounts(number: str) -> None:
    """List accounts with their roles."""
    with runtime() as opened:
        rows = opened.doorway.perform(
            account.list_accounts, OPERATOR, tenant_id=municipality(opened, number)
        )
    for row in rows:
        roles = "; ".join(f"{role.value} in {unit}" for role, unit in row.roles) or "no roles"
        closed = "" if row.active else " (closed)"
        click.echo(f"{row.username}: {row.name}, {row.title}{closed}: {roles}")


def _found(
    opened: Runtime, number: str, username: str, unit: str
) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    tenant = municipality(opened, number)
    perform = opened.doorway.perform
    return (
        tenant,
        perform(lookup.account_named, OPERATOR, tenant_id=tenant, username=username),
        perform(lookup.unit_named, OPERATOR, tenant_id=tenant, name=unit),
    )


def _ask() -> str:
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


@contextmanager
def _explained() -> Iterator[None]:
    texts = {
        "password.too_short": f"The password is too short: at least {MIN_LENGTH} signs.",
        "password.too_long": "The password is too long.",
        "password.control": "The password has signs that cannot be used.",
        "password.guessable": "The password is easy to guess.",
        "account.username_taken": "Somebody has that username.",
    }
    try:
        yield
    except PasswordRefusedError as refused:
        raise click.ClickException(texts[refused.code]) from None
    except RuleBroken as broken:
        count = broken.facts.get("count")
        held = f"The person has {count} batons in hand: pass them on first."
        raise click.ClickException(
            held if count is not None else texts.get(broken.code, broken.code)
        ) from None
