"""A PostgreSQL database with roles, rights and walls, made as an operator makes it.

The server is the run's own. Roles belong to the whole server, so they are made by one worker at a
time.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, create_engine, make_url, text

from bti.cli.db import apply_roles
from bti.db import migrate
from bti.db.engine import make_engine
from bti.db.rights import OWNER, Deployment, Process, entrance
from tests.postgres_server import PostgresServer


@dataclass(frozen=True, slots=True)
class Walled:
    """A database of the test's own. ``admin`` is the address of the server's superuser."""

    admin: str

    def url(self, role: str = Process.WEB) -> str:
        """The address of the database for one role."""
        return make_url(self.admin).set(username=str(role)).render_as_string(hide_password=False)


def prepare(url: str, deployment: Deployment) -> None:
    """First the roles, then the tables, and the roles again: applying twice must be harmless."""
    engine = make_engine(url)
    apply_roles(engine, deployment)
    migrate.upgrade(engine, deployment=deployment)
    apply_roles(engine, deployment)
    engine.dispose()


@contextlib.contextmanager
def walled(
    server: PostgresServer, deployment: Deployment = Deployment.ONE_PROCESS
) -> Iterator[Walled]:
    """A new database, a copy of one prepared once per run."""
    name = f"walled_{deployment.name.lower()}"
    server.template(name, lambda url: prepare(url, deployment))
    with server.database(name) as url:
        with sql(url) as connection:
            # Rights to the database itself are not copied with it.
            for statement in entrance(make_url(url).database or ""):
                connection.execute(text(statement))
        yield Walled(url)


@contextlib.contextmanager
def freshly_made(server: PostgresServer, deployment: Deployment) -> Iterator[Walled]:
    """The same made from nothing, as the golden matrix is."""
    with server.database() as url, server.roles_alone():
        prepare(url, deployment)
        yield Walled(url)


@contextlib.contextmanager
def sql(url: str, *, each: bool = True) -> Iterator[Connection]:
    """A connection of its own. ``each``: every statement commits; else nothing ever does."""
    level = "AUTOCOMMIT" if each else "READ COMMITTED"
    engine = create_engine(url, hide_parameters=True, isolation_level=level)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


__all__ = ["OWNER", "Deployment", "Process", "Walled", "freshly_made", "prepare", "sql", "walled"]
