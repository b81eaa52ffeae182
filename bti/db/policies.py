"""Row policies of PostgreSQL, written from the models: the walls of ``bti.db.walls`` once more.

They are made anew after every migration, so a new table has its walls before anybody meets it.
FORCE: they bind the owner of the tables as well, also where one user owns everything.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

import bti.db.models  # noqa: F401 - the tables of the metadata
from bti.db.base import AuthorWall, Base, CaseWall, TenantWall
from bti.db.ddl import carry_out, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WITHOUT_WALL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alembic_version": "which revision the database is at",
        "broker_marks": "the key broker's own counts; ids of accounts and cases, no content",
        "broker_counts": "the key broker's own counts, also over all municipalities",
        "work_jobs": "when the program's own jobs are due; nothing of a municipality",
        "throttles": "counts failed sign-ins before anybody knows a municipality; keys are hashes",
    }
)
"""Tables without row policies, and why."""


def _told(name: str, form: str = "") -> str:
    # In a sub-select of its own, so that PostgreSQL asks once per query and not once per row.
    return f"(SELECT nullif(current_setting('app.{name}', true), ''){form})"


_EVERYWHERE: Final = f"{_told('everywhere')} = 'on'"
_TENANT: Final = _told("tenant", "::uuid")
_ACCOUNT: Final = _told("account", "::uuid")
_SHOWN: Final = "(SELECT decode(nullif(current_setting('app.token', true), ''), 'hex'))"
_CASES: Final = (
    "(SELECT string_to_array(nullif(current_setting('app.cases', true), ''), ',')::uuid[])"
)

WITHIN: Final = f"{_EVERYWHERE} OR tenant_id = {_TENANT}"
OPENED: Final = f"{_ACCOUNT} IS NULL OR case_id = ANY ({_CASES}::uuid[])"
AUTHOR: Final = f"{_ACCOUNT} IS NULL OR account_id = {_ACCOUNT}"
SELF: Final = f"{_EVERYWHERE} OR id = {_TENANT}"

PRESENTED: Final[Mapping[str, str]] = MappingProxyType(
    {"api_clients": "key_hash", "web_sessions": "token_hash"}
)
"""Tables of which whoever shows a digest meets the one row that has it in this column."""


def walls_of(mapped: type[Base]) -> dict[str, str]:
    """Return the restrictive policies of a mapped class as (name, SQL); none: no wall."""
    walls = {}
    if issubclass(mapped, TenantWall):
        walls["wall_tenant"] = WITHIN
    if issubclass(mapped, CaseWall):
        walls["wall_case"] = OPENED
    if issubclass(mapped, AuthorWall):
        walls["wall_author"] = AUTHOR
    return walls


def statements() -> Iterator[str]:
    """Yield the SQL that makes every policy anew; may be run any number of times."""
    for mapper in sorted(Base.registry.mappers, key=lambda one: str(one.local_table)):
        table = str(mapper.local_table)
        if table in WITHOUT_WALL:
            continue
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        # Restrictive ones are joined by AND: a policy that somebody adds later opens nothing.
        yield from _policy(table, "wall_open", "PERMISSIVE FOR ALL", "true", "true")
        if table == "municipalities":
            # Public facts, needed by whoever chooses where to sign in; not to be written by them.
            for verb in ("INSERT", "UPDATE", "DELETE"):
                name = f"wall_{verb.lower()}"
                using = None if verb == "INSERT" else SELF
                check = None if verb == "DELETE" else SELF
                yield from _policy(table, name, f"RESTRICTIVE FOR {verb}", using, check)
            continue
        for name, rule in walls_of(mapper.class_).items():
            shown = rule
            if table in PRESENTED and name == "wall_tenant":
                shown = f"{rule} OR {PRESENTED[table]} = {_SHOWN}"
            yield from _policy(table, name, "RESTRICTIVE FOR ALL", shown, rule)


def apply(connection: Connection) -> None:
    """Make the policies on PostgreSQL; other engines have the same walls in the ORM alone."""
    if connection.dialect.name != "postgresql":
        return
    carry_out(connection, statements())


def remove(connection: Connection) -> None:
    """Take every policy down again, of whichever table has one."""
    if connection.dialect.name != "postgresql":
        return
    found = connection.execute(
        text(
            "SELECT tablename, policyname FROM pg_policies"
            " WHERE schemaname = current_schema() AND policyname LIKE 'wall\\_%'"
        )
    ).all()
    carry_out(
        connection, (f"DROP POLICY {quoted(name)} ON {quoted(table)}" for table, name in found)
    )
    for table in sorted({quoted(table) for table, _ in found}):
        carry_out(connection, [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"])
        carry_out(connection, [f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"])


def _policy(
    table: str, name: str, kind: str, using: str | None, check: str | None
) -> Iterator[str]:
    yield f"DROP POLICY IF EXISTS {name} ON {table}"
    shown = f" USING ({using})" if using else ""
    written = f" WITH CHECK ({check})" if check else ""
    yield f"CREATE POLICY {name} ON {table} AS {kind} TO PUBLIC{shown}{written}"
