"""Runs the case database's migrations without an ini file, on a connection handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

from bti.paths import MIGRATIONS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "case"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to ``revision``; all steps or none."""
    with engine.begin() as connection:
        command.upgrade(config_for(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``."""
    with engine.begin() as connection:
        command.downgrade(config_for(connection), revision)


def current(engine: Engine) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    with engine.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()
