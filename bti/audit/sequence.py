"""The sequencer: gives pending entries their places in the tree, and has the tree signed.

One transaction places a batch: entries, search columns, tiles, head. The signature follows in a
second one, because the signer remembers what it signs: signing what is not committed yet would,
after a crash, leave it with a tree that never came to be. Until the checkpoint is stored, the
next turn asks for it again. PostgreSQL only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.exc import DataError

from bti.audit.glance import Glance, glance
from bti.audit.inline import FIRST_EPOCH, Head, begin_epoch, store_head
from bti.audit.leaf import LeafError, instant
from bti.audit.models import AuditCheckpoint, AuditEpoch, AuditHead
from bti.audit.proof import consistency_path
from bti.audit.signer import SignerRefusedError
from bti.audit.state import StaleError
from bti.audit.tile_store import load_tiles, store_tiles
from bti.audit.tree import Frontier, leaf_hash
from bti.db.walls import everywhere

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from bti.audit.signer import LogSigner
    from bti.clock import Clock

BATCH: Final = 5000


_log: Final = logging.getLogger(__name__)

_LEAD: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
_TAKE: Final = """
WITH taken AS (
  DELETE FROM audit_pending WHERE id IN (
    SELECT id FROM audit_pending WHERE tenant_id = %(tenant)s AND id <> ALL(%(left)s::bigint[])
    ORDER BY id LIMIT %(batch)s)
  RETURNING id, tenant_id, leaf, at, act, who, dec, obj
), placed AS MATERIALIZED (
  SELECT *, %(place)s - 1 + row_number() OVER (ORDER BY id) AS idx FROM taken
), events AS (
  INSERT INTO audit_events (tenant_id, idx, leaf, at, act, who, dec)
  SELECT tenant_id, idx, leaf, at, act, who, dec FROM placed
), subjects AS (
  INSERT INTO audit_subjects (tenant_id, idx, kind, object_id)
  SELECT tenant_id, idx, split_part(one, ':', 1), split_part(one, ':', 2)::uuid
  FROM placed, unnest(string_to_array(btrim(obj), ' ')) AS one WHERE one <> ''
)
SELECT id, leaf, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       act, who, dec, obj FROM placed ORDER BY idx
"""


class _PlantedError(Exception):
    """Pending rows that the program did not write; they are left where they are."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__(f"{len(rows)} pending entries are not as the program writes them")
        self.rows = rows


@dataclass(slots=True)
class Sequencer:
    """Places entries for every municipality of one database. One leads at a time for each."""

    engine: Engine
    signer: LogSigner
    clock: Clock
    batch: int = BATCH
    _confirmed: set[uuid.UUID] = field(default_factory=set)
    _planted: dict[uuid.UUID, list[int]] = field(default_factory=dict)
    _keys: dict[tuple[uuid.UUID, int], str] = field(default_factory=dict)

    def turn(self) -> int:
        """Place what waits, at most one batch for each municipality; return how many.

        A municipality whose signer refuses is left alone: its entries wait, and are late.
        """
        placed = 0
        for tenant in self._waiting():
            try:
                placed += self._turn_for(tenant)
            except SignerRefusedError as refusal:
                self._confirmed.discard(tenant)
                _log.critical("log of %s: not signed: %s", tenant, refusal)
        return placed

    def _waiting(self) -> list[uuid.UUID]:
        """Return who has entries without a place, or places without a signature."""
        with everywhere(self.engine) as connection:
            pending = connection.exec_driver_sql("SELECT DISTINCT tenant_id FROM audit_pending")
            found = {row[0] for row in pending}
            newest = (
                select(AuditCheckpoint.tenant_id, func.max(AuditCheckpoint.size).label("size"))
                .group_by(AuditCheckpoint.tenant_id)
                .subquery()
            )
            unsigned = connection.scalars(
                select(AuditHead.tenant_id)
                .outerjoin(newest, newest.c.tenant_id == AuditHead.tenant_id)
                .where(AuditHead.base + AuditHead.size > func.coalesce(newest.c.size, 0))
            )
            found.update(unsigned)
        return sorted(found, key=str)

    def _turn_for(self, tenant: uuid.UUID) -> int:
        if tenant not in self._confirmed:
            # Before anything is added: a log that was put back is left as it stands.
            self._sign(tenant)
        placed = None
        while placed is None:
            placed = self._try_to_place(tenant)
        self._sign(tenant)
        return placed

    def _try_to_place(self, tenant: uuid.UUID) -> int | None:
        """Place a batch; None when rows had to be set aside first."""
        try:
            with everywhere(self.engine) as connection:
                return self._place(connection, tenant)
        except _PlantedError as found:
            self._planted.setdefault(tenant, []).extend(found.rows)
            _log.critical("log of %s: %s", tenant, found)
        except DataError:
            self._find_planted(tenant)
        return None

    def _place(self, connection: Connection, tenant: uuid.UUID) -> int:
        if not connection.exec_driver_sql(_LEAD, (str(tenant),)).scalar():
            return 0
        head = self._head(connection, tenant)
        taken = connection.exec_driver_sql(
            _TAKE,
            {
                "tenant": tenant,
                "left": self._planted.get(tenant, []),
                "batch": self.batch,
                "place": head.place,
            },
        ).all()
        if not taken:
            return 0
        looks = [_look(row, tenant) for row in taken]
        bad = [row[0] for row, look in zip(taken, looks, strict=True) if look is None]
        if bad:
            raise _PlantedError(bad)
        hashes = [leaf_hash(bytes(row[1])) for row in taken]
        tiles = load_tiles(connection, tenant, head.epoch)
        tiles.extend(head.frontier.size, hashes)
        for one in hashes:
            head.frontier.append(one)
        newest = max(look.t for look in looks if look is not None)
        if instant(head.last_at) < newest:
            head.last_at = datetime.fromisoformat(newest)
        store_tiles(connection, tenant, head.epoch, tiles)
        store_head(connection, tenant, head)
        return len(taken)

    def _head(self, connection: Connection, tenant: uuid.UUID) -> Head:
        row = connection.execute(
            select(AuditHead.epoch, AuditHead.base, AuditHead.frontier, AuditHead.last_at).where(
                AuditHead.tenant_id == tenant
            )
        ).one_or_none()
        if row is not None:
            self._require_own(connection, tenant, row.epoch)
            return Head(row.epoch, row.base, Frontier.from_bytes(bytes(row.frontier)), row.last_at)
        now = self.clock.now()
        # The head's time is that of its newest entry, and every entry here is older than now.
        head = Head(FIRST_EPOCH, 0, Frontier(), datetime.fromtimestamp(0, UTC))
        key = self._key(tenant, FIRST_EPOCH)
        begin_epoch(connection, tenant, head, verifier_key=key, now=now)
        return head

    def _require_own(self, connection: Connection, tenant: uuid.UUID, epoch: int) -> None:
        """Refuse an epoch that another key signs: a log changes its key only by beginning anew."""
        stated = connection.scalar(
            select(AuditEpoch.verifier_key).where(
                AuditEpoch.tenant_id == tenant, AuditEpoch.epoch == epoch
            )
        )
        if stated != self._key(tenant, epoch):
            raise SignerRefusedError(
                f"epoch {epoch} is signed with another key: begin a new one (bti audit new-epoch)"
            )

    def _key(self, tenant: uuid.UUID, epoch: int) -> str:
        if (tenant, epoch) not in self._keys:
            self._keys[tenant, epoch] = self.signer.verifier_key(tenant, epoch)
        return self._keys[tenant, epoch]

    def _sign(self, tenant: uuid.UUID) -> None:
        """Have the tree as it is committed signed, and keep the checkpoint."""
        with everywhere(self.engine) as connection:
            if not connection.exec_driver_sql(_LEAD, (str(tenant),)).scalar():
                return
            row = connection.execute(
                select(AuditHead.epoch, AuditHead.base, AuditHead.frontier).where(
                    AuditHead.tenant_id == tenant
                )
            ).one_or_none()
            if row is None:
                return
            self._require_own(connection, tenant, row.epoch)
            frontier = Frontier.from_bytes(bytes(row.frontier))
            known = connection.scalar(
                select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.tenant_id == tenant)
            )
            signed = max((known or 0) - row.base, 0)
            if tenant in self._confirmed and signed == frontier.size:
                return
            note = self._ask(connection, tenant, row.epoch, frontier, signed)
            self._confirmed.add(tenant)
            if signed < frontier.size:
                connection.execute(
                    insert(AuditCheckpoint).values(
                        tenant_id=tenant, size=row.base + frontier.size, note=note
                    )
                )

    def _ask(
        self,
        connection: Connection,
        tenant: uuid.UUID,
        epoch: int,
        frontier: Frontier,
        signed: int,
    ) -> str:
        node = load_tiles(connection, tenant, epoch).node
        state = (frontier.size, frontier.root())
        try:
            path = consistency_path(node, signed, frontier.size)
            return self.signer.sign(tenant, epoch, state, signed, path)
        except StaleError as stale:
            # It signed more than was stored here: a crash came between.
            if stale.size > frontier.size:
                raise SignerRefusedError(str(stale)) from stale
            path = consistency_path(node, stale.size, frontier.size)
            return self.signer.sign(tenant, epoch, state, stale.size, path)

    def _find_planted(self, tenant: uuid.UUID) -> None:
        """Set aside rows that the database itself could not take."""
        with everywhere(self.engine) as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, leaf, to_char(at AT TIME ZONE 'UTC', "
                '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'), act, who, dec, obj '
                "FROM audit_pending WHERE tenant_id = %s ORDER BY id",
                (tenant,),
            )
            bad = [row[0] for row in rows if _look(row, tenant) is None]
        before = self._planted.get(tenant, [])
        if set(bad) <= set(before):
            raise SignerRefusedError("the database does not take the pending entries")
        self._planted[tenant] = bad
        _log.critical("log of %s: %s", tenant, _PlantedError(bad))


def _look(row: Sequence[Any], tenant: uuid.UUID) -> Glance | None:
    """Return what an entry says, or None unless it is well-formed and its columns say the same."""
    _id, leaf, at, act, who, dec, obj = row
    try:
        found = glance(bytes(leaf))
    except LeafError:
        return None
    said = (found.tenant, found.t, found.act, found.who, found.dec, found.obj)
    held = (str(tenant), at, act, who, dec, tuple(sorted(obj.split())))
    return found if said == held and found.writer else None
