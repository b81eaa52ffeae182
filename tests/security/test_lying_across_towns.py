"""A web process that was taken over turns what its people may do in one municipality on another."""

import uuid
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.db.guards import mac_columns
from bti.db.models import RoleGrant, WebSession
from bti.domain.codes import Sector
from bti.identity import totp
from bti.identity.tokens import digest_of_proof
from bti.keyd.wire import pack
from bti.workflows import account
from tests.keyd_world import asked, remote_world
from tests.lying import proof, refused


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("towns")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


@pytest.fixture(scope="module")
def neighbour(remote):
    """Another municipality with the same broker, and a unit in it."""
    town = {"name": "Vestby kommune", "number": "9902", "profile": "standard", "language": "nb"}
    tenant = remote.embedded.system(account.create_municipality, **town)
    school = {"name": "Vestby skole", "sector": Sector.SCHOOL}
    return tenant, remote.embedded.system(account.create_unit, tenant_id=tenant, **school)


def granted_there(remote, credential, row):
    wanted = {"tenant": row.tenant_id.hex, "table": row.__tablename__, "row_id": row.id.hex}
    wanted["columns"] = {name: pack(value) for name, value in mac_columns(row).items()}
    return asked(remote, "grant", credential, rows=[wanted | {"version": 1, "beyond": {}}])


def test_an_administrator_decides_nothing_next_door(remote, neighbour):
    world, (tenant, unit) = remote.world, neighbour
    asta = proof(remote, "asta")
    given = {"account_id": world.accounts["per"], "unit_id": unit, "role": "staff"}
    given |= {"granted_by_id": world.accounts["asta"], "valid_from": world.clock.now()}
    for there in (world.tenant_id, tenant):
        row = RoleGrant(id=uuid.uuid4(), tenant_id=there, valid_to=None, **given)
        answer = granted_there(remote, asta, row)
        assert refused(answer, "grant.other_tenant") == (there == tenant), answer


def a_session_next_door(remote, neighbour, **changes):
    with remote.world.looking() as session:
        row = session.get_one(WebSession, remote.world.actor("asta").session_id)
        values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    values |= {"id": uuid.uuid4(), "tenant_id": neighbour[0], "mac": b""} | changes
    return WebSession(**values)


def test_a_code_shown_at_home_opens_no_session_next_door(remote, neighbour):
    world = remote.world
    asta = world.actor("asta")
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    show = {"account": asta.account_id.hex}
    show["code"] = totp.code_at(world.seeds["asta"], world.clock.now())
    assert asked(remote, "prove_code", None, **show)["ok"]["right"]
    now = {"proven_at": world.clock.now()}
    for tenant, answers in ((neighbour[0], "no"), (world.tenant_id, "ok")):
        new = {"token_hash": uuid.uuid4().bytes * 2, "tenant_id": tenant}
        row = a_session_next_door(remote, neighbour, **now, **new)
        answer = granted_there(remote, None, row)
        assert answers in answer, answer
    # Nor does a session at home go on there.
    row = a_session_next_door(remote, neighbour, token_hash=uuid.uuid4().bytes * 2)
    assert refused(granted_there(remote, asta.proof, row), "grant.other_tenant")


def test_a_session_that_was_made_next_door_is_nobodys(remote, neighbour):
    """Each of its rows is genuine in its own municipality."""
    shown = uuid.uuid4().bytes * 2
    row = a_session_next_door(remote, neighbour, token_hash=digest_of_proof(shown))

    def make(context):
        context.session.add(row)
        context.record(Act.SESSION_SIGN_IN_ALLOW, tenant=neighbour[0])

    remote.embedded.system(make)
    assert refused(asked(remote, "subject", shown), "access.no_session")
