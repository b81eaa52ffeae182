"""The broker as in a process of its own, without its socket: it commits, and a test's town forgets it all the same."""

from __future__ import annotations

import json

from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.audit.way import WAY, LogWay
from bti.db.engine import make_sessions
from bti.keyd.broker import Rules
from bti.keyd.handler import Handler
from bti.keyd.local import LocalBroker
from bti.keyd.peers import Peer, Side
from bti.keyd.quota import Limits
from bti.keyd.wire import Request


class Apart:
    """Asks a handler whose sessions are savepoints of what the test has put in the town."""

    def __init__(self, town, *, provider=None, limits=None, sequenced=False) -> None:
        limits = limits or Limits()
        self._town = town
        self.sessions = make_sessions(town.connection(), **{WAY: LogWay(sequenced)})
        self.sessions.configure(join_transaction_mode="create_savepoint")
        broker = LocalBroker(town.provider, town.clock, Rules(60, limits))
        self.handler = Handler(self.sessions, broker, town.clock, limits, provider)

    def ask(self, verb, credential=None, side=Side.WEB, **args):
        """Return the answer to one request."""
        return self.handler.answer(Peer(1000, 1, side), Request(verb, credential, args), 0)

    def entered(self):
        """Return act, objects and rule of every entry, the oldest first."""
        told = [json.loads(leaf) for leaf in self.look(AuditEvent.leaf)]
        return [(one["act"], *one["obj"], *filter(None, [one["rule"]])) for one in told]

    def look(self, column):
        """Return every value of a column, as it stands in the table."""
        table = column.class_.__table__
        return self._town.connection().scalars(select(column).order_by(*table.primary_key)).all()
