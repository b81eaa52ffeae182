"""A municipality in memory with genuine rows and a real broker, and no workflow: each test writes its own rows."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import update

from bti.clock import FixedClock
from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.provider import TenantPurpose
from bti.crypto.software_root import SoftwareRoot
from bti.crypto.values import json_to_bytes
from bti.db.base import AuthorityRow, Base
from bti.db.guards import mac_columns
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.db.walls import EVERYWHERE, stand
from bti.identity.tokens import digest_of_proof
from bti.keyd.broker import Rules
from bti.keyd.keystore import KeyStore
from bti.keyd.local import LocalBroker
from bti.keyd.quota import Meter
from bti.keyd.row_macs import RowMacs
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NOON,
    NURSE,
    OTHER_TENANT,
    SCHOOL,
    TEACHER,
    TENANT,
    an_id,
)
from tests.unit.keyd.asked import Rows

STATE = {"status": "open", "referral": "", "team_unit": None, "protection": None}


class InMemory(SoftwareRoot):
    """A root key of these tests alone."""

    name = "file"


class Town(Rows):
    """The database, and a broker that holds its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(NOON)
        self.provider = InMemory({"file:1": b"r" * 32})
        self.keys = KeyStore(self.provider, clock=self.clock)
        stand(self, EVERYWHERE)
        for tenant in (TENANT, OTHER_TENANT):
            self.keys.create_tenant(self, tenant)
        self.commit()

    def begin_anew(self) -> None:
        """Forget what a test has written."""
        self.rollback()
        self.info.clear()
        self.clock.set(NOON)
        stand(self, EVERYWHERE)

    def genuine(self, table, **values):
        """Put a row in as the program does: with its MAC."""
        self.put(table, **values)
        mapped = next(
            one.class_
            for one in Base.registry.mappers
            if issubclass(one.class_, AuthorityRow) and one.class_.__tablename__ == table
        )
        row = self.get_one(mapped, values["id"])
        macs = RowMacs(self, self.keys)
        made = macs.mac(row.tenant_id, table, row.id, row.version, mac_columns(row))
        self.execute(update(mapped.__table__).where(mapped.id == row.id).values(mac=made))
        self.expire(row)
        return row

    def person(self, account, unit, role="staff", tenant=TENANT, *, of_account=None, **session):
        """Sign somebody in; returns the proof of the session."""
        grant, proof = an_id(account.int % 2**32 + 1000), account.bytes * 2
        of = {"tenant_id": tenant}
        known = {"active": True, "username_token": account.bytes} | (of_account or {})
        self.genuine("accounts", id=account, **known, **of)
        given = {"account_id": account, "unit_id": unit, "role": role}
        self.genuine("role_grants", id=grant, **given, **of)
        signed = {"account_id": account, "role_grant_id": grant, "strength": "password+totp"}
        signed |= {"token_hash": digest_of_proof(proof), "expires_at": NOON.replace(hour=20)}
        signed |= {"last_seen_at": NOON, "proven_at": NOON, "revoked_at": None}
        self.genuine("web_sessions", id=an_id(grant.int % 2**32 + 1000), **of, **(signed | session))
        return proof

    def case(self, case, unit, tenant=TENANT, **state):
        """Put a case in."""
        place = Place(tenant, TENANT_WIDE, "cases", "ops_ct", case, 1)
        key = self.keys.tenant_key(self, tenant, TenantPurpose.OPS)
        blob = Sealed(seal(key, place, json_to_bytes(STATE | state)))
        number = case.hex[-9:]
        of = {"tenant_id": tenant, "unit_id": unit, "number": number}
        return self.genuine("cases", id=case, ops_ct=blob, **of)

    def with_a_baton(self, keys, bait):
        """Put in two cases of the school's with these keys: the teacher has the baton in one, the other is a bait.

        The nurse, who is signed in too, has nothing to do with either.
        """
        for account, unit in ((TEACHER, SCHOOL), (NURSE, HEALTH)):
            self.person(account, unit)
        for case in (CASE, bait):
            self.case(case, SCHOOL)
            self.keys.create_case_keys(self, TENANT, case, keys)
        holder = {"holder_id": TEACHER, "holder_unit_id": SCHOOL}
        self.genuine("logs", id=an_id(51), tenant_id=TENANT, case_id=CASE, **holder)
        self.verbs("job").mark_baits(TENANT, [bait])
        self.flush()

    def verbs(self, credential, *, entered=None, limits=None, peer=""):
        """Return the verbs of a new transaction's caller; entries go to ``entered``."""
        rules = Rules(60) if limits is None else Rules(60, limits)
        told = [] if entered is None else entered
        recorder = SimpleNamespace(record=lambda act, **given: told.append((act, given)))
        broker = LocalBroker(self.provider, self.clock, rules)
        meter = Meter(self, self.clock, rules.limits, peer=peer)
        return broker.verbs(self, recorder, credential, meter, Vault())
