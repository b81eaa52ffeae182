"""Makes the MACs of rows anew whose columns a migration changes, in the migration's own transaction.

Never of a row that it has not first found good in the form it stood in, and never for anything else than what the
program's own revisions make of that form. The rest is left as it is: named, entered, and refused at use.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Recorder, Reference
from bti.audit.way import WAY
from bti.crypto.row_mac import row_digest
from bti.db.engine import make_sessions
from bti.db.guards import FORGED, mac_columns
from bti.db.row_forms import AT_ONCE, FormError, authority_table, columns_under_mac, rows_before
from bti.db.vault import Vault
from bti.db.walls import EVERYWHERE, stand
from bti.keyd.quota import Limits, Meter
from bti.keyd.reseal import locked, seal_anew
from bti.keyd.row_macs import RowMacs

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from bti.audit.way import LogWay
    from bti.clock import Clock
    from bti.db.base import AuthorityRow
    from bti.db.guards import Granted, Writing
    from bti.db.row_forms import Change
    from bti.keyd.local import LocalBroker, LocalVerbs

#: Rows sealed anew under one entry.
_BATCH: Final = 200
#: Rows named in one entry of those that were not good.
_NAMED: Final = 100
_WHO: Final = "operator"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not good before the migration, or is not what the migration was to make of it.

    Or one in which something does not open.
    """

    tenant: uuid.UUID
    table: str
    row_id: uuid.UUID


class MacRenewal:
    """One migration's renewal. After it, ``renewed`` counts rows by table and ``refused`` names the rest."""

    def __init__(self, broker: LocalBroker, clock: Clock, way: LogWay) -> None:
        """Work with the keys of ``broker``; entries are dated by ``clock`` and go ``way``."""
        self._broker = broker
        self._clock = clock
        self._way = way
        #: Table → id → digest of the row that the migration is to make of a good one.
        self._expected: dict[str, dict[uuid.UUID, bytes]] = {}
        self.renewed: Counter[str] = Counter()
        self.refused: list[Refused] = []

    def look(self, connection: Connection, changes: Sequence[Change]) -> None:
        """See which rows are good as they stand. Raises ``SealError`` when their key does not open.

        ``FormError`` for a revision that does not say what every column of the new form holds.
        """
        with make_sessions(connection)() as session, session.begin():
            stand(session, EVERYWHERE)
            macs = RowMacs(session, self._broker.key_store)
            for change in changes:
                now = columns_under_mac(change.table)
                good = self._expected[change.table] = {}
                for row in rows_before(connection, change.table):
                    known = row.tenant, change.table, row.id, row.version
                    if not macs.genuine(*known, row.columns, row.mac):
                        continue
                    after = change.turned(row.columns)
                    if after.keys() != now:
                        raise FormError(
                            f"UNDER_MAC does not say what a row of {change.table} holds"
                        )
                    good[row.id] = row_digest(change.table, row.id, row.version, after)

    def renew(self, connection: Connection) -> Callable[[], None]:
        """Give each good row its next version and a MAC, and enter it; returns what follows the commit."""
        sessions = make_sessions(connection, **{WAY: self._way})
        with sessions() as session, session.begin():
            stand(session, EVERYWHERE)
            for table in self._expected:
                self._renew_table(session, authority_table(table))
            self._name_refused(session)
            session.flush()
            # This session ends before the migration does: what is remembered of a log waits for that.
            later: list[Callable[[], None]] = session.info.pop("when_committed", [])

        def after_commit() -> None:
            for act in later:
                act()

        return after_commit

    def _renew_table(self, session: Session, mapped: type[AuthorityRow]) -> None:
        after: uuid.UUID | None = None
        while True:
            query = select(mapped).order_by(mapped.id).limit(AT_ONCE)
            if after is not None:
                query = query.where(mapped.id > after)
            rows = session.scalars(query).all()
            good: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
            for row in rows:
                if self._as_expected(row):
                    good[row.tenant_id].append(row.id)
                else:
                    self._refuse(row)
            after = rows[-1].id if len(rows) == AT_ONCE else None
            session.expunge_all()
            for tenant, ids in good.items():
                for begin in range(0, len(ids), _BATCH):
                    some = ids[begin : begin + _BATCH]
                    self._renew_some(session, mapped, tenant, some)
            if after is None:
                return

    def _as_expected(self, row: AuthorityRow) -> bool:
        table = row.__tablename__
        digest = row_digest(table, row.id, row.version, mac_columns(row))
        return self._expected[table].get(row.id) == digest

    def _refuse(self, row: AuthorityRow) -> None:
        self.refused.append(Refused(row.tenant_id, row.__tablename__, row.id))

    def _renew_some(
        self,
        session: Session,
        mapped: type[AuthorityRow],
        tenant: uuid.UUID,
        ids: Sequence[uuid.UUID],
    ) -> None:
        good = []
        for row in locked(session, mapped, ids):
            # Looked at again: what a trigger makes of a row once an entry is written is no better.
            if self._as_expected(row):
                good.append(row)
            else:
                self._refuse(row)

        def act(verbs: LocalVerbs, recorder: Recorder) -> None:
            session.info["grant"] = _granting(verbs.macs)
            left = seal_anew(session, self._broker.key_store, tenant, good, checked=True)
            self.refused += [Refused(tenant, one.table, one.row_id) for one in left]
            self.renewed[mapped.__tablename__] += len(good) - len(left)
            recorder.record(
                Action.KEY_ROW_RENEW,
                tenant=tenant,
                by=verbs.by(),
                about=[Reference("tenant", tenant)],
            )

        if good:
            self._entered(session, act)
        session.expunge_all()

    def _name_refused(self, session: Session) -> None:
        """Enter which rows got no MAC, as the refusals that they are, in each municipality's log."""
        by_tenant: dict[uuid.UUID, list[Refused]] = defaultdict(list)
        for row in self.refused:
            by_tenant[row.tenant].append(row)
        for tenant, rows in by_tenant.items():
            for begin in range(0, len(rows), _NAMED):
                about = [Reference("row", row.row_id) for row in rows[begin : begin + _NAMED]]
                self._entered(session, _refusing(tenant, about))

    def _entered(self, session: Session, act: Callable[[LocalVerbs, Recorder], None]) -> None:
        recorder = Recorder(session, self._clock)
        meter = Meter(session, self._clock, Limits())
        verbs = self._broker.verbs(session, recorder, _WHO, meter, Vault())
        try:
            act(verbs, recorder)
            recorder.close(verbs.sign)
        finally:
            verbs.close()


def _granting(macs: RowMacs) -> Callable[[Sequence[Writing]], list[Granted]]:
    """Return what makes MACs without looking at the old ones: they are of a form that is gone."""
    return lambda rows: macs.grant([replace(row, stood=None) for row in rows])


def _refusing(tenant: uuid.UUID, about: list[Reference]) -> Callable[[Any, Recorder], None]:
    return lambda verbs, recorder: recorder.record(
        Action.KEY_ROW_RENEW, tenant=tenant, by=verbs.by(), about=about, allowed=False, rule=FORGED
    )
