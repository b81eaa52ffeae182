"""Reading a case through PostgreSQL's row policies, beside the same by a role they do not bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.bootstrap import open_runtime
from bti.db.walls import Standpoint, settings_for, tell
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.workflows import case
from bti.workflows.case_file import Kind, write_entry
from tests import world as testing
from tests.integration.workflows.cases import new_case
from tests.postgres_server import running_server, stop_server
from tests.walled import walled

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway
    from tests.world import World

ENTRIES = 20
CASES = 50
READS = 20
TARGET = 1 / 1.4
"""At most 40 % more time."""


def figures(directory: Path) -> Iterator[Figure]:
    """The page of a case, and the one query most of it rests on."""
    folder = directory / "walls"
    folder.mkdir()
    server = running_server(folder)
    try:
        with walled(server) as made:
            world = testing.build(testing.settings_for(folder, made.url()), migrated=True)
            free = open_runtime(
                testing.settings_for(folder, made.admin), clock=world.clock, cost=testing.CHEAP
            )
            case_id = _filled(world)
            person = world.actor("ingrid")

            def page(doorway: Doorway) -> Callable[[], int]:
                def read() -> int:
                    for _ in range(READS):
                        doorway.perform(case.show_case, person, case_id=case_id)
                    return READS

                return read

            rates = compare(page(world.runtime.doorway), page(free.doorway))
            yield Figure("PostgreSQL: page of a case, walled / not", "pages/s", *rates, TARGET)
            where = Standpoint(tenant=world.tenant_id, account=person.account_id)
            yield _query(made.url(), made.admin, where, case_id)
            free.close()
            world.close()
    finally:
        stop_server(folder)


def _filled(world: World) -> uuid.UUID:
    """Make one case with many entries among others."""
    wanted, *_others = [new_case(world) for _ in range(CASES)]
    world.run("ingrid", _write, wanted)
    return wanted


def _write(context: Context, case_id: uuid.UUID) -> None:
    context.verbs.open(case_id, Action.RECORD_CONVERSATION, entry=None)
    for _ in range(ENTRIES):
        meta = {"on": "2026-09-01", "info_type": InfoType.ATTENDANCE.value}
        body = {"text": "Borte i første time"}
        write_entry(context, case_id, kind=Kind.NOTE, compartment="core", meta=meta, body=body)
    context.record(Act.CASE_CONVERSATION_RECORD, Reference("case", case_id))


def _query(walled_url: str, free_url: str, where: Standpoint, case_id: uuid.UUID) -> Figure:
    told = settings_for(where, {case_id})
    engines = [create_engine(url) for url in (walled_url, free_url)]

    def read(engine: Engine) -> Callable[[], int]:
        def once() -> int:
            for _ in range(READS):
                with engine.begin() as connection:
                    tell(connection, told)
                    query = text("SELECT * FROM entries WHERE case_id = :id")
                    if len(connection.execute(query, {"id": case_id}).all()) < ENTRIES:
                        raise RuntimeError("rows are missing")
            return READS

        return once

    rates = compare(read(engines[0]), read(engines[1]), rounds=15)
    for engine in engines:
        engine.dispose()
    return Figure("PostgreSQL: entries of a case, walled / not", "reads/s", *rates, TARGET)
