"""What no transaction may forget is refused by the session itself."""

import uuid

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import InvalidRequestError, StatementError

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.errors import Locked
from bti.db.guards import UnauditedChangeError
from bti.db.models import Account, Unit
from bti.db.walls import EVERYWHERE, stand


def silent_change(context):
    context.verbs.open_directory(context.person.tenant_id)
    context.session.scalars(select(Unit)).first().name = "Changed in silence"


def covered_by_a_mere_look(context):
    silent_change(context)
    context.record(Action.CASE_OPEN_READ)


def bulk_change(context):
    context.session.execute(update(Unit).values(name="All at once"))


def core_change(context):
    context.session.execute(Unit.__table__.update().values(name="All at once"))


def bulk_delete(context):
    context.session.execute(delete(Unit))


def core_insert(context):
    context.session.execute(insert(Unit).values(id=uuid.uuid4(), version=1, name="Planted"))


@pytest.mark.parametrize(
    "workflow",
    [silent_change, covered_by_a_mere_look, bulk_change, core_change, bulk_delete, core_insert],
)
def test_a_change_without_an_entry_is_refused_and_rolled_back(world, workflow):
    before = names(world)
    with pytest.raises(UnauditedChangeError):
        world.run("ingrid", workflow)
    assert names(world) == before


def names(world):
    """The units' names as they stand."""
    with world.as_administrator() as connection:
        return sorted(connection.execute(text("SELECT name FROM units")).scalars())


def test_plaintext_cannot_be_stored_in_a_sealed_column(world):
    def store(context):
        row = context.session.get_one(Account, context.person.account_id)
        row.profile_ct = b"Ingrid Solberg"
        context.record(Action.ACCOUNT_PROFILE_CHANGE, Reference("account", row.id))

    with pytest.raises((StatementError, AttributeError, TypeError)):
        world.run("ingrid", store)


def test_content_is_locked_until_the_broker_releases_its_key(world):
    def peek(context):
        return context.session.get_one(Account, context.person.account_id).profile

    with pytest.raises(Locked):
        world.run("ingrid", peek)


def test_rows_cannot_be_used_after_the_transaction(world):
    def keep(context):
        return context.session.scalars(select(Unit)).first()

    row = world.run("ingrid", keep)
    with pytest.raises((InvalidRequestError, Exception)) as raised:
        _ = row.name
    assert "not bound" in str(raised.value) or "Detached" in type(raised.value).__name__


def test_a_query_outside_the_doorway_is_refused(world):
    with world.runtime.doorway.sessions() as session:
        stand(session, EVERYWHERE)
        with pytest.raises(InvalidRequestError):
            session.scalars(select(Unit)).all()


def test_keys_are_forgotten_when_the_transaction_ends(world):
    kept = []

    def hold(context):
        context.verbs.subject()
        kept.append(context.session.info["vault"])

    world.run("ingrid", hold)
    with pytest.raises(Locked):
        kept[0].by_id(b"0" * 16)
    assert kept[0]._by_id == {}
