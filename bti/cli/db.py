"""`bti db`: brings the databases of this process's sides to the newest revision."""

from __future__ import annotations

import click

from bti.bootstrap import upgrade_database
from bti.cli.wiring import settings
from bti.db import migrate
from bti.db.engine import empty_write_ahead_log, make_engine
from bti.slt import migrate as network_migrate


@click.group(name="db", help="Migrate the databases.")
def command() -> None:
    """Group the commands."""


@command.command()
def upgrade() -> None:
    """Bring the databases to the newest revision; does nothing when they are there."""
    chosen = settings()
    chosen.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if chosen.serve != "network":
        click.echo(f"case database: {upgrade_database(chosen)}")
    if chosen.serve != "case":
        network_migrate.upgrade(chosen.slt_database_url)
        click.echo("network database: newest revision")


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
