"""A database of before: own records under the ops key, requests without a clock. One command moves them."""

import uuid

import pytest
from sqlalchemy import select, text

from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.errors import Locked, SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.models import DeskMatter, DeskStep, OwnRecord, TenantKey
from bti.db.sealed_value import Sealed
from bti.db.types import stored_bytes
from bti.db.vault import Vault
from bti.domain.rights_request import Requester, RequestStepKind
from bti.keyd.usage import names_key, sealed_columns, sealed_under
from bti.workflows import breach, duty, keys, rights_request
from tests.key_ring import key_store
from tests.story import Story
from tests.world import ADMIN

OPS = TenantPurpose.OPS


@pytest.fixture
def before(world):
    """A report and a request as they lay before, and a breach, which never had a clock."""
    story = Story(world)
    story.tell()
    asks = rights_request.ReceiveRequest(
        submission=uuid.uuid4(),
        received_on=story.today,
        requester=Requester.GUARDIAN,
        name="Mor som spør",
        language="nb",
        number=story.page().number,
    )
    made = world.run("anne", rights_request.receive, asks)
    note = {"submission": uuid.uuid4(), "version": 0, "kind": RequestStepKind.NOTE, "text": "x"}
    world.run("anne", rights_request.add, rights_request.AddToRequest(request_id=made, **note))
    opened = breach.OpenBreach(submission=uuid.uuid4(), text="x", known_at=world.clock.now())
    world.run("anne", breach.open_breach, opened)
    with world.as_administrator() as connection:
        for table in ("desk_matters", "desk_steps"):
            connection.execute(text(f"UPDATE {table} SET clock_ct = NULL"))
    world.system(_as_it_lay, tenant_id=world.tenant_id)
    return world


def _as_it_lay(context, *, tenant_id):
    """Write the own records as an earlier program would have, MAC and all."""
    session, verbs = context.session, context.verbs
    wanted = select(TenantKey).where(TenantKey.purpose == OPS.value, TenantKey.state == "active")
    ops = verbs.tenant_key(tenant_id, OPS, session.scalars(wanted).one().key_id)
    table = OwnRecord.__table__
    for row in session.scalars(select(OwnRecord)).all():
        vault = session.info["vault"] = Vault()
        for key in verbs._keys.compartments(session, tenant_id, row.id):
            vault.put_case(row.id, key.compartment, verbs._keys.unwrap(session, key))
        meta, body, version = json_to_bytes(row.meta), json_to_bytes(row.body), row.version + 1
        place = (table.name, "meta_ct", row.id, version)
        sealed = {"meta_ct": Sealed(seal(ops, Place(tenant_id, TENANT_WIDE, *place), meta, 256))}
        place = (table.name, "body_ct", row.id, version)
        own = vault.case_key(row.id, "own")
        sealed["body_ct"] = Sealed(seal(own, Place(tenant_id, row.id, *place), body, 2048))
        columns = {"id": row.id, "tenant_id": tenant_id, "account_id": row.account_id} | sealed
        stored = {name: stored_bytes(value) for name, value in columns.items()}
        mac = verbs.macs.mac(tenant_id, table.name, row.id, version, stored)
        change = table.update().where(table.c.id == row.id)
        session.connection().execute(change.values(version=version, mac=mac, **sealed))


def rotate(world):
    return keys.rotate_sealing(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id, purpose=OPS)


def test_what_lay_under_the_ops_key_is_moved_and_no_new_key_is_made_for_it(before):
    world = before
    world.forget("per")
    with pytest.raises((SealError, Locked)):
        world.run("per", duty.my_records)
    done = rotate(world)
    assert (done.generation, done.fresh) == (1, False)
    assert done.moved >= 4  # the report, the draft that may be there, the request and its note
    assert world.run("per", duty.my_records)
    with world.looking() as session:
        for mapped in (DeskMatter, DeskStep):
            clocks = session.scalars(select(mapped.clock_ct)).all()
            assert sum(one is not None for one in clocks) == 1
    # Nothing is left: the next call is a rotation.
    assert (rotate(world).generation, rotate(world).generation) == (2, 3)
    assert world.run("per", duty.my_records)


def test_an_own_record_that_lies_under_an_ops_key_keeps_it_from_being_destroyed(before):
    with before.looking() as session:
        key_id = session.scalars(
            select(TenantKey.key_id).where(TenantKey.purpose == OPS.value)
        ).one()
        elsewhere = sum(
            len(session.scalars(select(mapped.id).where(names_key(column, key_id))).all())
            for mapped, column in sealed_columns("ops")
        )
        own = len(session.scalars(select(OwnRecord.id)).all())

    def held(context, *, tenant_id):
        key = key_store(context).tenant_key_by_id(context.session, tenant_id, OPS, key_id)
        return sealed_under(context.session, tenant_id, key)

    assert before.system(held, tenant_id=before.tenant_id) == elsewhere + own > elsewhere
