"""A page with many entries, beside the same page from plain columns; and a long worklist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from benchmarks.plain import WORDS, PlainNote, prepare
from benchmarks.side_by_side import Figure, compare
from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Entry
from bti.domain.access import Action
from bti.workflows import worklist
from bti.workflows.case_file import Kind, write_entry
from tests.integration.workflows.cases import new_case
from tests.world import build, settings_for

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

    from bti.workflows.context import Context
    from tests.world import World

ENTRIES = 200
FEW, MANY = 20, 200
MOST_ADDED = 0.015
"""Seconds that sealing may add to such a page."""
META = {"on": "2026-09-01", "responsible": "Ingrid Solberg"}


def figures(directory: Path) -> Iterator[Figure]:
    """Both comparisons, on SQLite."""
    yield from _list_page(build(settings_for(directory / "list")))
    yield _worklist(build(settings_for(directory / "few")), build(settings_for(directory / "many")))


def _list_page(world: World) -> Iterator[Figure]:
    prepare(world.runtime.engine)
    case_id = new_case(world)
    world.run("ingrid", _fill, case_id)
    rates = world.run("ingrid", _read, case_id)
    world.close()
    name = f"Read {ENTRIES} entries of 2 sealed fields"
    yield Figure(f"{name} / plain", "rows/s", *rates, 1 / 3.5)
    added = ENTRIES / rates[0] - ENTRIES / rates[1]
    yield Figure(
        f"{name} / 15 ms added", "per s", 1 / added, 1 / MOST_ADDED, MOST_ADDED / added, 1.0
    )


def _fill(context: Context, case_id: uuid.UUID) -> None:
    context.verbs.open(case_id, Action.RECORD_CONVERSATION, entry=None)
    for _ in range(ENTRIES):
        write_entry(
            context,
            case_id,
            kind=Kind.CONVERSATION,
            compartment="core",
            meta=META,
            body={"text": WORDS},
        )
        note = PlainNote(meta=json.dumps(META), body=json.dumps({"text": WORDS}))
        context.session.add(note)
    context.record(Act.CASE_CONVERSATION_RECORD, Reference("case", case_id))


def _read(context: Context, case_id: uuid.UUID) -> tuple[float, float, float]:
    context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)

    def sealed() -> int:
        context.session.expunge_all()
        rows = context.session.scalars(select(Entry).where(Entry.case_id == case_id)).all()
        return len([(row.meta, row.body) for row in rows])

    def plain() -> int:
        context.session.expunge_all()
        rows = context.session.scalars(select(PlainNote)).all()
        return len([(json.loads(row.meta), json.loads(row.body)) for row in rows])

    return compare(sealed, plain)


def _worklist(few: World, many: World) -> Figure:
    for world, size in ((few, FEW), (many, MANY)):
        for _ in range(size):
            new_case(world)

    def long() -> int:
        many.run("ingrid", worklist.my_day)
        return MANY

    def short() -> int:
        few.run("ingrid", worklist.my_day)
        return FEW

    rates = compare(long, short)
    few.close()
    many.close()
    return Figure(f"My day with {MANY} cases / with {FEW}, per case", "cases/s", *rates, 0.8)
