"""Runs the case database's migrations without an ini file, on a connection handed in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bti.db import forward, policies, rights, row_forms
from bti.db.ddl import carry_out
from bti.db.row_forms import FormError
from bti.db.walls import EVERYWHERE, settings_for, tell
from bti.paths import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from bti.db.rights import Deployment
    from bti.db.row_forms import Renewal


_CHECK = "PRAGMA foreign_key_check"


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration bound to an open connection."""
    config = _scripts()
    config.attributes["connection"] = connection
    return config


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "case"))
    return config


def upgrade(
    engine: Engine,
    revision: str = "head",
    *,
    deployment: Deployment | None = None,
    renewal: Renewal | None = None,
) -> None:
    """Bring the database to ``revision`` and put walls and triggers up again; all steps or none.

    Walls stand at the newest revision only: an older one, on the way of a restore, has other
    tables. With ``deployment`` the processes get their rights too, where the roles have been made
    (`bti db roles --apply`); the tables then belong to the owning role. ``renewal`` has the keys: rows
    under a MAC whose columns change on the way need it, and ``FormError`` is raised without it.
    """
    whole = revision in {"head", newest()}
    after_commit = None
    with _changing(engine) as connection:
        prepared = _become_owner(connection)
        tell(connection, settings_for(EVERYWHERE))
        revision_before = MigrationContext.configure(connection).get_current_revision()
        before = row_forms.columns_now(connection) if whole else {}
        told = row_forms.changes_since(_scripts(), revision_before) if whole else ()
        changes = [one for one in told if one.table in before]
        if changes and renewal is None:
            raise FormError("rows under a MAC are changed, and the keys are not here")
        if changes and renewal is not None:
            row_forms.hold(connection, changes)
            renewal.look(connection, changes)
        command.upgrade(config_for(connection), revision)
        if not whole:
            return
        if revision_before is not None:
            now = row_forms.columns_now(connection)
            row_forms.require_said(revision_before, changes, before, now)
        policies.apply(connection)
        forward.apply(connection)
        if prepared and deployment is not None:
            rights.give(connection, deployment)
        if changes and renewal is not None:
            # Last: what it has signed is not remembered before it is committed.
            after_commit = renewal.renew(connection)
    if after_commit is not None:
        after_commit()


def changes_rows_under_mac(revision: str) -> bool:
    """Tell whether rows under a MAC of this revision have another form in this program."""
    return bool(row_forms.changes_since(_scripts(), revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``; before 0005 there are no walls."""
    with _changing(engine) as connection:
        _become_owner(connection)
        tell(connection, settings_for(EVERYWHERE))
        command.downgrade(config_for(connection), revision)


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """Begin one transaction for all steps. SQLite makes a changed table anew and drops the old one.

    Rows that refer to it would hinder that, so it looks after references at the end instead, as its
    makers advise (sqlite.org/lang_altertable.html, 7). Raises ``RuntimeError`` for a broken one.
    """
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        # It listens to this only outside a transaction, and SQLAlchemy would begin one.
        driver = connection.connection.driver_connection
        if sqlite and driver is not None:
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql(_CHECK).all() if sqlite else []
                if broken:
                    raise RuntimeError(f"a migration left {len(broken)} rows that refer to nothing")
        finally:
            if sqlite and driver is not None:
                driver.execute("PRAGMA foreign_keys = ON")


def _become_owner(connection: Connection) -> bool:
    """Act as the owning role where it may make tables here; tell whether it may."""
    if connection.dialect.name != "postgresql":
        return False
    made = connection.execute(
        text(
            "SELECT has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles WHERE rolname = :n"
        ),
        {"n": rights.OWNER},
    ).scalar_one_or_none()
    if not made:
        return False
    carry_out(connection, [f"SET LOCAL ROLE {rights.OWNER}"])
    return True


def current(engine: Engine) -> str | None:
    """Return the revision the database is at, or None for an empty one."""
    with engine.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the newest revision this program knows."""
    head = ScriptDirectory.from_config(_scripts()).get_current_head()
    if head is None:
        message = "there are no migrations"
        raise RuntimeError(message)
    return head
