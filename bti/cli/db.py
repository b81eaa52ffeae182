"""`bti db`: brings the databases of this process's sides to the newest revision."""

from __future__ import annotations

import click

from bti.bootstrap import upgrade_database
from bti.cli.wiring import settings
from bti.db import migrate
from bti.db.engine import make_engine
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
