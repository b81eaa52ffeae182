"""`bti db`: brings the databases of this process's sides to the newest revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bti.audit import models as _log  # noqa: F401 - its tables have rights and walls too
from bti.bootstrap import deployment_of, upgrade_database
from bti.cli.unseal import open_here
from bti.cli.wiring import settings
from bti.crypto.errors import SealError
from bti.crypto.file_provider import KeyFileRefused
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.db import migrate, policies, rights
from bti.db.ddl import carry_out
from bti.db.engine import empty_write_ahead_log, make_engine
from bti.db.rights import Deployment
from bti.db.row_forms import FormError
from bti.domain.errors import KeysUnavailable
from bti.key_provider import key_provider
from bti.settings import SettingsError
from bti.slt import migrate as network_migrate

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bti.crypto.provider import KeyProvider
    from bti.settings import Settings


@click.group(name="db", help="Migrate the databases.")
def command() -> None:
    """Group the commands."""


@command.command()
def upgrade() -> None:
    """Bring the databases to the newest revision; does nothing when they are there."""
    chosen = settings()
    chosen.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if chosen.serve != "network":
        _upgrade_cases(chosen)
    if chosen.serve != "case":
        network_migrate.upgrade(chosen.slt_database_url)
        click.echo("network database: newest revision")


def _upgrade_cases(chosen: Settings) -> None:
    try:
        done = upgrade_database(chosen, provider=lambda: _opened(chosen))
    except SealError:
        raise click.ClickException(
            "The keys do not open here, and this version changes rows that grant authority. Nothing was done."
        ) from None
    except KeysUnavailable as fault:
        raise click.ClickException(
            f"The keys cannot be had now: {fault.reason}. Nothing was done."
        ) from None
    except (SettingsError, KeyFileRefused, FormError) as fault:
        raise click.ClickException(f"{fault} Nothing was done.") from None
    click.echo(f"case database: {done.revision}")
    for table, count in sorted(done.renewed.items()):
        click.echo(f"{table}: {count} rows have a MAC of their new form")
    for row in done.refused:
        click.echo(f"not renewed, it was not good before: {row.table} {row.row_id}", err=True)
    if done.refused:
        click.echo("Run bti audit verify. These rows open nothing.", err=True)


def _opened(chosen: Settings) -> KeyProvider:
    """Return the keys; where they start sealed, shares are asked for."""
    provider = key_provider(chosen)
    if isinstance(provider, UnsealingProvider):
        open_here(provider)
    return provider


@command.command()
def current() -> None:
    """Tell which revision the case database is at."""
    engine = make_engine(settings().case_side().database_url)
    try:
        click.echo(migrate.current(engine) or "empty")
    finally:
        engine.dispose()


@command.command()
def checkpoint() -> None:
    """Empty SQLite's write-ahead log, so that what was deleted is gone from disk too."""
    engine = make_engine(settings().case_side().database_url)
    try:
        if not empty_write_ahead_log(engine):
            raise click.ClickException("Somebody was using the database. Try again.")
    finally:
        engine.dispose()
    click.echo("case database: nothing deleted is left beside it")


@command.command()
@click.option(
    "--apply", "now", is_flag=True, help="Carry it out, as an administrator of the server."
)
@click.option(
    "--deployment",
    "spread",
    type=click.Choice([one.value for one in Deployment]),
    help="How the processes are spread out.  [default: apart with BTI_KEYD_SOCKET]",
)
def roles(*, now: bool, spread: str | None) -> None:
    """Print the SQL that gives each process a role with least rights; PostgreSQL only.

    May be applied any number of times. The tables are handed over to the owning role, and
    whoever migrates must be a member of it.
    """
    chosen = settings()
    deployment = Deployment(spread) if spread else deployment_of(chosen)
    engine = make_engine(chosen.case_side().database_url)
    try:
        if engine.dialect.name != "postgresql":
            raise click.ClickException("Roles are for PostgreSQL. SQLite has one user: its file's.")
        if not now:
            name = engine.url.database or ""
            for statement in (
                *rights.roles(name),
                *policies.statements(),
                *rights.grants(deployment),
            ):
                click.echo(f"{statement};")
            return
        given = apply_roles(engine, deployment)
        click.echo(f"roles: {rights.OWNER}, {', '.join(rights.Process)}")
        told = f"given, {deployment.value}" if given else "given at the next bti db upgrade"
        click.echo(f"rights: {told}")
    except SQLAlchemyError as fault:
        reason = str(fault.args[0] if fault.args else fault).splitlines()[0]
        raise click.ClickException(f"The database did not do as asked: {reason}") from None
    finally:
        engine.dispose()


def apply_roles(engine: Engine, deployment: Deployment) -> bool:
    """Make the roles, hand the tables over and give the rights, all or nothing.

    Returns False when there are no tables yet: then the next migration gives the rights.
    """
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        carry_out(connection, rights.roles(name))
        if not rights.tables_are_there(connection):
            return False
        policies.apply(connection)
        rights.give(connection, deployment)
    return True
