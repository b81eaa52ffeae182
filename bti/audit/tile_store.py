"""Tiles in the database, and the making of those that the inline way did not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from bti.audit.inline import leaves_from
from bti.audit.models import AuditTile
from bti.audit.tiles import WIDTH, Tiles
from bti.audit.tree import HASH_BYTES, leaf_hash

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection

    from bti.audit.inline import Head


def load_tiles(connection: Connection, tenant: uuid.UUID, epoch: int) -> Tiles:
    """Return the tiles of an epoch; each is read when it is asked for."""

    def load(level: int, n: int) -> bytes:
        stored = connection.scalar(
            select(AuditTile.hashes).where(
                AuditTile.tenant_id == tenant,
                AuditTile.epoch == epoch,
                AuditTile.level == level,
                AuditTile.n == n,
            )
        )
        return bytes(stored or b"")

    return Tiles(load)


def store_tiles(connection: Connection, tenant: uuid.UUID, epoch: int, tiles: Tiles) -> None:
    """Write the tiles that grew. A partial tile is replaced by the fuller one."""
    if not tiles.changed:
        return
    on_sqlite = connection.dialect.name == "sqlite"
    # Both engines have "insert, or replace", each in a dialect of its own.
    made = sqlite.insert(AuditTile) if on_sqlite else postgresql.insert(AuditTile)
    connection.execute(
        made.on_conflict_do_update(
            index_elements=["tenant_id", "epoch", "level", "n"],
            set_={"hashes": made.excluded.hashes},
        ),
        [
            {"tenant_id": tenant, "epoch": epoch, "level": level, "n": n, "hashes": hashes}
            for (level, n), hashes in tiles.changed.items()
        ],
    )
    tiles.changed.clear()


def filled_tiles(connection: Connection, tenant: uuid.UUID, head: Head) -> Tiles:
    """Return tiles over the whole tree at ``head``, after writing those that are not there yet."""
    tiles = load_tiles(connection, tenant, head.epoch)
    size = filled_size(connection, tenant, head.epoch)
    if size < head.frontier.size:
        leaves = leaves_from(connection, tenant, head.base + size)
        tiles.extend(size, (leaf_hash(leaf) for leaf in leaves))
        store_tiles(connection, tenant, head.epoch, tiles)
    return tiles


def filled_size(connection: Connection, tenant: uuid.UUID, epoch: int) -> int:
    """Return how many leaves the tiles of the lowest level hold."""
    newest = connection.execute(
        select(AuditTile.n, AuditTile.hashes)
        .where(AuditTile.tenant_id == tenant, AuditTile.epoch == epoch, AuditTile.level == 0)
        .order_by(AuditTile.n.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return 0
    return int(newest.n) * WIDTH + len(newest.hashes) // HASH_BYTES
