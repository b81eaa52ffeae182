"""Stands for what a rule may ask the broker: who it is, what they may do, and what stands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from types import SimpleNamespace

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, seal
from bti.crypto.values import json_to_bytes
from bti.db.base import Base
from bti.db.guards import FORGED, Stood, Writing
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType, UTCDateTime, stored_bytes
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.relations import ObjectFacts, ObjectKind
from bti.keyd.grants import RULES
from tests.unit.domain.samples import CASE, NOON, SCHOOL, TEACHER, TENANT, a_subject, an_id

ROW = an_id(70)
OPS = DataKey(b"o" * 16, bytes(32))


def stored(**columns):
    """Columns as a MAC covers them."""
    return {name: stored_bytes(value) for name, value in columns.items()}


def ops(row=ROW, version=2, **state):
    """The sealed state of a case, as it stands in its row."""
    state = {"status": "open", "referral": "", "team_unit": None, "protection": None} | state
    place = Place(TENANT, TENANT_WIDE, "cases", "ops_ct", row, version)
    return seal(OPS, place, json_to_bytes(state))


def said(row=ROW, version=2, **meta):
    """What is sealed of an offer, as it stands in its row."""
    place = Place(TENANT, TENANT_WIDE, "baton_offers", "meta_ct", row, version)
    return seal(OPS, place, json_to_bytes({"state": "open"} | meta))


@cache
def _empty() -> bytes:
    """A database with every table, made once: that takes longer than most tests."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    connection = engine.raw_connection()
    made = connection.driver_connection.serialize()
    connection.close()
    engine.dispose()
    return made


class Rows(Session):
    """An empty database in memory. Rows are put in by table, with something in every other column."""

    def __init__(self) -> None:
        engine = create_engine("sqlite://")
        # The one connection that this thread has to it.
        connection = engine.raw_connection()
        connection.driver_connection.deserialize(_empty())
        connection.close()
        super().__init__(engine, autobegin=True)

    def put(self, table, **values):
        """Put a row in, whoever may."""
        columns = Base.metadata.tables[table].columns
        filled = {column.name: self._any(column) for column in columns if not column.nullable}
        filled |= {"tenant_id": TENANT} if "tenant_id" in columns else {}
        self.connection().execute(insert(Base.metadata.tables[table]), filled | values)

    def end(self) -> None:
        """Throw the database away."""
        self.close()
        self.get_bind().dispose()

    def _any(self, column):
        if isinstance(column.type, SealedType):
            return Sealed(b"sealed")
        if isinstance(column.type, UTCDateTime):
            return NOON
        kinds = {uuid.UUID: an_id(99), date: NOON.date(), str: "x", bytes: b"x" * 32}
        return kinds.get(column.type.python_type, 1)


#: What is said of an emergency that has a reason.
REASON = {"reason": "missing", "text": "not seen since noon, near the river"}


@dataclass
class Asked:
    """One who asks, with the powers a test gives. ``can`` is in CASE, ``can_at_all`` anywhere."""

    session: Rows
    can: tuple = ()
    can_at_all: tuple = ()
    reviews: tuple = ()
    operator: bool = False
    has_begun: tuple = ()
    about: uuid.UUID | None = None
    said: object = field(default_factory=lambda: dict(REASON))
    shown: tuple = ()
    signed_in: bool = True
    role: Role = Role.STAFF
    unit: uuid.UUID = SCHOOL
    strength: str = "password+totp"
    proven_at: datetime = NOON
    ends_at: datetime | None = None
    forged: tuple = ()
    facts_known: dict = field(default_factory=dict)
    now: datetime = NOON
    used: list = field(default_factory=list)
    approvals: object = None
    secrets_shown: dict = field(default_factory=dict)

    @property
    def verbs(self):
        """What of the verbs a rule reaches for."""
        return SimpleNamespace(
            credential=b"proof" if self.signed_in else None,
            authority=SimpleNamespace(genuine=self._genuine, ends_at=self.ends_at),
            macs=SimpleNamespace(require_genuine=self._require_genuine),
            tenant_key=lambda *_: OPS,
            approvals=self.approvals,
            reviewed=self._reviewed,
        )

    @property
    def evidence(self):
        """Whose codes have just been shown."""
        return SimpleNamespace(
            stands=lambda account, _at: account in self.shown,
            use=lambda account, _at: account in self.shown and not self.used.append(account),
        )

    def _reviewed(self, _row):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def _genuine(self, rows):
        found = list(rows)
        if any(row.id in self.forged for row in found):
            raise AccessDenied(FORGED)
        return found

    def _require_genuine(self, row, _stood):
        if row.row_id in self.forged or row.tenant != TENANT:
            raise AccessDenied(FORGED)

    def subject(self):
        """The person who asks; nobody who is not signed in has a session."""
        if not self.signed_in:
            raise AccessDenied("access.no_session")
        known = {"strength": self.strength, "proven_at": self.proven_at}
        return a_subject(self.role, unit=self.unit, **known)

    def shown_secret(self, account, column):
        """The secret a test says that a code was shown of."""
        return self.secrets_shown.get((account.id, column))

    def may(self, action, case_id):
        """As the test says, and in no other case."""
        return action in (self.can_at_all if case_id is None else self.can) and case_id in {
            None,
            CASE,
        }

    def may_any(self, actions, case_id):
        """One of them."""
        return any(self.may(action, case_id) for action in actions)

    def may_review(self, row, action):
        """A reviewer settles what others in the school did."""
        return action in self.reviews and row["unit_id"] == SCHOOL.bytes

    def facts(self, case_id):
        """How things stand in a case of the school's."""
        known = {
            "owner_unit": SCHOOL,
            "holder_id": TEACHER,
            "holder_unit": SCHOOL,
        } | self.facts_known
        return ObjectFacts(kind=ObjectKind.CASE, tenant_id=TENANT, case_id=case_id, **known)

    def begun(self, record_id):
        """Whether keys were given for what is not there yet."""
        return record_id in self.has_begun

    def begun_for(self, record_id, account):
        """Whether that was about this account."""
        return record_id in self.has_begun and account == self.about


def asks(rows, table, new, old=None, *, row=ROW, beyond=None, **powers):
    """Say whether one with these powers gets a MAC for ``new`` where ``old`` stands."""
    stands = stored(**old) if old is not None else None
    stood = Stood(1, stands, b"") if stands is not None else None
    writing = Writing(TENANT, table, row, 2, stored(**new), beyond or {}, stood)
    answer = RULES[table](Asked(rows, **powers), writing, stands)
    assert isinstance(answer, bool)
    return answer
