"""Finding a child: by national id among a million, and by name among one's own cases."""

from __future__ import annotations

import gc
import random
import uuid
from datetime import timedelta
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Final

from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.compiler import compiles

from benchmarks.side_by_side import Figure
from bti.crypto.blind_index import national_id_token
from bti.crypto.envelope import DataKey
from bti.db.walls import Standpoint, settings_for, tell
from bti.workflows.child_search import cases_by_token, search_child
from tests.integration.workflows.cases import BORN, new_case
from tests.postgres_server import running_server, stop_server
from tests.world import build
from tests.world import settings_for as world_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql.compiler import SQLCompiler

    from bti.db.models import Case
    from tests.world import World

MILLION: Final = 1_000_000
INDEXES: Final = ("ix_child_index_lookup", "uq_child_index_token_case_id")
"""Either leads to the one row; which one is cheaper is the database's to say."""
KIND: Final = "fnr"
LOOKS: Final = 2_000
SLOWEST: Final = 0.001
"""Seconds, in the middle."""

OWN_CASES: Final = 500
BIRTHDAYS: Final = 25
SEARCHES: Final = 100
SLOWEST_SEARCH: Final = 0.1
"""Seconds, at the 95th percentile."""

# In rising order, because a million random keys in four indexes take minutes to write. Read at
# random: a tree of this size is equally deep however it grew.
_FILL: Final = {
    "sqlite": """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :million)
INSERT INTO child_index (id, tenant_id, version, kind, token, case_id)
SELECT printf('%032x', i), :tenant, 1, :kind, CAST(printf('%016d', i) AS BLOB), :case FROM n""",
    "postgresql": """
INSERT INTO child_index (id, tenant_id, version, kind, token, case_id)
SELECT CAST(lpad(to_hex(i), 32, '0') AS uuid), CAST(:tenant AS uuid), 1, :kind,
       convert_to(lpad(CAST(i AS text), 16, '0'), 'UTF8'), CAST(:case AS uuid)
FROM generate_series(1, :million) AS i""",
}


class _Explained(Executable, ClauseElement):
    """A question that is not answered: the database says how it would go about it."""

    inherit_cache = False

    def __init__(self, query: Select[Case]) -> None:
        self.query = query


@compiles(_Explained)
def _explain(element: _Explained, compiler: SQLCompiler, **more: object) -> str:
    how = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{how} {compiler.process(element.query, **more)}"


def figures(directory: Path) -> Iterator[Figure]:
    """By national id on both engines, with the index that is used; by name on SQLite."""
    world = build(world_settings(directory / "children"))
    yield from _by_national_id(world, "SQLite")
    yield _by_name(world)
    world.close()
    folder = directory / "children-server"
    folder.mkdir()
    server = running_server(folder)
    try:
        with server.database() as url:
            world = build(world_settings(directory / "children-many", url))
            yield from _by_national_id(world, "PostgreSQL")
            world.close()
    finally:
        stop_server(folder)


def _by_national_id(world: World, engine: str) -> Iterator[Figure]:
    case_id = new_case(world)
    here = Standpoint(tenant=world.tenant_id, account=world.accounts["ingrid"])
    with world.runtime.engine.begin() as connection:
        _fill(connection, world.tenant_id, case_id)
    if connection.dialect.name == "postgresql":
        with world.runtime.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as apart:
            apart.execute(text("ANALYZE child_index"))
    with world.runtime.engine.begin() as connection:
        tell(connection, settings_for(here, {case_id}))
        plan = _plan(connection, world.tenant_id)
        seconds = _middle(connection, world.tenant_id)
    used = float(any(index in plan for index in INDEXES))
    name = f"National id among {MILLION:,}, {engine}"
    rate = 1 / seconds
    yield Figure(f"{name} / 1 ms", "per s", rate, 1 / SLOWEST, SLOWEST * rate, 1.0)
    yield Figure(f"{name}: its plan uses the index", "plans", used, 1, used, 1.0)


def _fill(connection: Connection, tenant: uuid.UUID, case_id: uuid.UUID) -> None:
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    plain = [str(one) if dialect == "postgresql" else one.hex for one in (tenant, case_id)]
    values = {"million": MILLION, "kind": KIND, "tenant": plain[0], "case": plain[1]}
    connection.execute(text(_FILL[dialect]), values)


def _plan(connection: Connection, tenant: uuid.UUID) -> str:
    """How the database says it will answer the program's own question."""
    answer = connection.execute(_Explained(cases_by_token(tenant, KIND, (_token(1),))))
    # As it comes from the driver: these are no longer the columns that were asked for.
    return "\n".join(str(row) for row in answer.cursor.fetchall()) if answer.cursor else ""


def _middle(connection: Connection, tenant: uuid.UUID) -> float:
    """Seconds for making a token and looking one up, in the middle of many."""
    key, taken, chance = DataKey.generate(), [], random.Random(1)
    for number in range(LOOKS):
        known = _token(chance.randrange(1, MILLION + 1))
        begun = perf_counter()
        national_id_token(key, KIND, f"{number:011}")
        found = connection.execute(cases_by_token(tenant, KIND, (known,))).all()
        taken.append(perf_counter() - begun)
        if len(found) != 1:
            raise RuntimeError("not the one row was found")
    return median(taken)


def _token(number: int) -> bytes:
    return f"{number:016}".encode()


def _by_name(world: World) -> Figure:
    """A whole search, from the question to the entry that is committed."""
    for number in range(OWN_CASES):
        new_case(world, born=BORN + timedelta(days=number % BIRTHDAYS))
    person, taken = world.actor("ingrid"), []
    # As `bti serve` does before its first request: what was there before is not gone through again.
    gc.collect()
    gc.freeze()
    for number in range(SEARCHES):
        birthday = BORN + timedelta(days=number % BIRTHDAYS)
        begun = perf_counter()
        found = world.runtime.doorway.perform(
            search_child, person, name="Jonas Hansen", birth_date=birthday
        )
        taken.append(perf_counter() - begun)
        if len(found) < OWN_CASES // BIRTHDAYS:
            raise RuntimeError("a case was not found")
    gc.unfreeze()
    slow = quantiles(taken, n=20)[-1]
    name = f"Search a name in {OWN_CASES} own cases, 95th / 100 ms"
    ratio = SLOWEST_SEARCH / slow
    return Figure(name, "per s", 1 / slow, 1 / SLOWEST_SEARCH, ratio, 1.0)
