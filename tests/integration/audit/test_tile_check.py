"""A tile that is not what the entries say is named, whichever way the log is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, select, update

from bti.audit import store
from bti.audit.actions import Action
from bti.audit.models import AuditTile
from bti.audit.record import Reference
from bti.audit.single import prove
from bti.audit.tiles import WIDTH
from bti.audit.verify import Policy
from bti.db.walls import EVERYWHERE, stand
from bti.workflows import audit_check

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from sqlalchemy import Connection

    from bti.workflows.context import Context
    from tests.world import World

TILES = AuditTile.__table__


@pytest.fixture(params=["world", "sequenced_world"])
def tiled(request) -> World:
    """A log with a full tile, one at the right edge, and one above them."""
    world: World = request.getfixturevalue(request.param)
    world.system(_fill, world=world)
    world.system(_prove_one, world=world)
    return world


def _fill(context: Context, world: World) -> None:
    for _ in range(WIDTH):
        context.record(
            Action.INSIGHT_LOG_SEARCH, Reference("tenant", world.tenant_id), tenant=world.tenant_id
        )


def _prove_one(context: Context, world: World) -> None:
    """Inline, this makes the tiles."""
    prove(context.session, world.tenant_id, 0)
    context.record(Action.INSIGHT_LOG_SEARCH, tenant=world.tenant_id)


def _found(world: World, tamper: Callable[[Connection], object]) -> tuple[str, ...]:
    keys = world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)
    with world.runtime.doorway.sessions() as session, session.begin() as transaction:
        stand(session, EVERYWHERE)
        tamper(session.connection())
        found = store.examine(session, world.tenant_id, Policy(keys))
        transaction.rollback()
    assert found.report.intact
    return found.findings


def _stored(connection: Connection) -> dict[tuple[int, int], bytes]:
    rows = connection.execute(select(TILES.c.level, TILES.c.n, TILES.c.hashes))
    return {(row.level, row.n): bytes(row.hashes) for row in rows}


def _at(level: int, n: int) -> tuple[object, object]:
    return TILES.c.level == level, TILES.c.n == n


def _flip(place: tuple[int, int]) -> Callable[[Connection], object]:
    def flip(connection: Connection) -> None:
        hashes = _stored(connection)[place]
        spoilt = hashes[:-1] + bytes([hashes[-1] ^ 1])
        connection.execute(update(TILES).where(*_at(*place)).values(hashes=spoilt))

    return flip


def _take_away(place: tuple[int, int]) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(delete(TILES).where(*_at(*place)))


def _add(connection: Connection, tenant_id: uuid.UUID) -> None:
    edge = _stored(connection)[0, 1]
    grown = edge + bytes((WIDTH + 1) * 32 - len(edge))
    connection.execute(update(TILES).where(*_at(0, 1)).values(hashes=grown))
    made_up = {"tenant_id": tenant_id, "epoch": 1, "level": 3, "n": 0, "hashes": bytes(32)}
    connection.execute(insert(TILES).values(made_up))


def _cut_the_edge(connection: Connection) -> None:
    edge = _stored(connection)[0, 1]
    connection.execute(update(TILES).where(*_at(0, 1)).values(hashes=edge[:-32]))


def test_each_tile_that_is_not_what_the_entries_say_is_named_and_no_other(tiled):
    stored: dict[tuple[int, int], bytes] = {}
    assert _found(tiled, lambda connection: stored.update(_stored(connection))) == ()
    assert sorted(stored) == [(0, 0), (0, 1), (1, 0)]
    for level, n in stored:
        assert _found(tiled, _flip((level, n))) == (f"changed: audit_tiles 1/{level}/{n}",)
    for level, n in ((0, 0), (1, 0)):
        assert _found(tiled, _take_away((level, n))) == (f"missing: audit_tiles 1/{level}/{n}",)
    assert _found(tiled, lambda connection: _add(connection, tiled.tenant_id)) == (
        "changed: audit_tiles 1/0/1",
        "changed: audit_tiles 1/3/0",
    )
    # Inline, the edge is filled up when a proof needs it; a sequencer leaves none behind.
    sequenced = tiled.runtime.settings.audit_log == "sequenced"
    cut = ("changed: audit_tiles 1/0/1",) if sequenced else ()
    assert _found(tiled, _cut_the_edge) == cut
