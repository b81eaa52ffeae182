"""The ops key gets a successor: every row is sealed anew, reads as before, and the old key can end."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.models import AuditEvent
from bti.crypto.provider import TenantPurpose
from bti.db.models import Case, Entry
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied
from bti.keyd.generations import KeyHeldError
from bti.keyd.reseal import Position
from bti.keyd.usage import names_key, sealed_columns
from bti.workflows import audit_check, case, keys
from tests.approvals import two_say_yes
from tests.story import Story
from tests.world import ADMIN

OPS = TenantPurpose.OPS


@pytest.fixture
def story(world):
    """A case with everything in it, a draft and a duty record among it."""
    told = Story(world)
    told.tell()
    return told


def rotate(world):
    return keys.rotate_sealing(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id, purpose=OPS)


def active(world):
    stands = world.system(keys.status, tenant_id=world.tenant_id)
    return stands.active(OPS)


def under(world, key_id):
    """How many sealed values name this key, in every table."""
    with world.runtime.engine.begin() as connection:
        return sum(
            len(connection.execute(select(mapped.id).where(names_key(column, key_id))).all())
            for mapped, column in sealed_columns("ops")
        )


def intact(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()


def begin(world, seen=1):
    world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=OPS, seen=seen)


def destroy(world, generation=1):
    return world.system(
        keys.destroy,
        tenant_id=world.tenant_id,
        purpose=OPS,
        generation=generation,
        approval_id=two_say_yes(
            world, ApprovalAct.KEY_DESTROY, keys.destroy_params(OPS, generation)
        ),
    )


def test_every_row_is_sealed_anew_and_reads_as_before(world, story):
    old = active(world).key_id
    before = story.page()
    held = under(world, old)
    assert held > 10
    done = rotate(world)
    assert (done.generation, done.fresh) == (2, True)
    assert done.moved >= held
    assert under(world, old) == 0
    assert under(world, active(world).key_id) == held
    after = story.page()
    assert (after.level, after.plan, after.child) == (before.level, before.plan, before.child)
    assert intact(world)


def test_what_is_under_the_older_key_is_read_and_written_while_it_lasts(world, story):
    begin(world)
    assert story.page()
    story.evaluate()  # seals under the new one beside rows of the old
    assert world.run("ingrid", case.show_case, case_id=story.case_id)
    assert under(world, active(world).key_id) > 0
    done = rotate(world)
    assert (done.generation, done.fresh, done.moved > 0) == (2, False, True)
    assert rotate(world).generation == 3
    assert intact(world)


def test_it_goes_on_batch_by_batch_with_an_entry_for_each(world, story, monkeypatch):
    monkeypatch.setattr(keys, "RESEAL_BATCH", 3)
    begin(world)
    first = world.system(keys.reseal_some, tenant_id=world.tenant_id, purpose=OPS, at=None)
    assert (first.count, first.at) == (1, Position("cases"))  # the one offer; then the next table
    rotate(world)
    with world.runtime.engine.begin() as connection:
        acts = connection.scalars(select(AuditEvent.act)).all()
    assert acts.count("key:value:reseal") > 5
    assert intact(world)


def test_the_old_key_ends_only_when_nothing_is_under_it(world, story):
    old = active(world).key_id
    begin(world)
    world.clock.advance(timedelta(days=31))
    with pytest.raises(KeyHeldError) as held:
        destroy(world)
    assert held.value.code == "keys.in_use"
    rotate(world)
    assert destroy(world).state == "destroyed"
    assert under(world, old) == 0
    assert story.page()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET unit_id = (SELECT id FROM units WHERE name = 'Fritidsklubben')",
        "UPDATE entries SET meta_ct = (SELECT meta_ct FROM entries ORDER BY id LIMIT 1)",
    ],
    ids=["forged", "moved"],
)
def test_a_row_changed_in_sql_gets_no_right_seal_from_us(world, story, statement):
    with world.runtime.engine.begin() as connection:
        connection.execute(text(statement))
        stood = connection.execute(select(Case.version, Case.mac)).all()
        entries = connection.execute(select(Entry.version, Entry.meta_ct)).all()
    with pytest.raises(Exception) as fault:  # noqa: PT011 - which of the two depends on the row
        rotate(world)
    assert isinstance(fault.value, AccessDenied) or "could not be opened" in str(fault.value)
    with world.runtime.engine.begin() as connection:
        if "cases" in statement:
            assert connection.execute(select(Case.version, Case.mac)).all() == stood
        else:
            now = connection.execute(select(Entry.version, Entry.meta_ct)).all()
            assert [one.version for one in now] == [one.version for one in entries]
