"""The ops key gets a successor: every row is sealed anew, reads as before, and the old key can end."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.models import AuditEvent, AuditSubject
from bti.crypto.provider import TenantPurpose
from bti.db.models import Case, Entry
from bti.domain.approval import ApprovalAct
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


CHANGES = {
    "forged": "UPDATE cases SET unit_id = (SELECT id FROM units WHERE name = 'Fritidsklubben')",
    "moved": "UPDATE entries SET meta_ct = (SELECT meta_ct FROM entries ORDER BY id LIMIT 1)"
    " WHERE id = (SELECT max(id) FROM entries)",
    "garbage": "UPDATE entries SET meta_ct = x'00' WHERE id = (SELECT max(id) FROM entries)",
    "unreadable beside": "UPDATE entries SET body_ct = (SELECT body_ct FROM entries ORDER BY id LIMIT 1)"
    " WHERE id = (SELECT max(id) FROM entries)",
    "named": "UPDATE entries SET meta_ct = CAST(substr(meta_ct, 1, length(meta_ct) - 1) || x'00' AS BLOB)"
    " WHERE id = (SELECT max(id) FROM entries)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_changed_in_sql_is_gone_round_named_and_gets_no_right_seal(world, story, change):
    old = active(world).key_id
    table, mapped = ("cases", Case) if change == "forged" else ("entries", Entry)
    with world.runtime.engine.begin() as connection:
        connection.execute(text(CHANGES[change]))
        stood = connection.execute(select(mapped.__table__).order_by(mapped.id)).all()
    held = under(world, old)
    done = rotate(world)
    assert [one.table for one in done.left] == [table]
    with world.runtime.engine.begin() as connection:
        now = connection.execute(select(mapped.__table__).order_by(mapped.id)).all()
        same = [one.id for one, before in zip(now, stood, strict=True) if one == before]
    # That row stands as it stood, all the others were made anew, and it is told once.
    assert same == [one.row_id for one in done.left]
    assert under(world, old) == (0 if change == "garbage" else 1) < held
    assert told(world, done.left[0].row_id) == 1
    assert rotate(world).left == done.left
    # What does not open keeps no key; a good value beside what does not, or in a forged row, does.
    world.clock.advance(timedelta(days=31))
    if change in {"garbage", "moved", "named"}:
        assert destroy(world).state == "destroyed"
    else:
        with pytest.raises(KeyHeldError, match="in_use"):
            destroy(world)


def told(world, row_id):
    """How often the log says that a row was gone round."""
    with world.runtime.engine.begin() as connection:
        query = select(AuditEvent.idx).join(
            AuditSubject,
            (AuditSubject.idx == AuditEvent.idx) & (AuditSubject.tenant_id == AuditEvent.tenant_id),
        )
        refused = query.where(AuditEvent.act == "key:value:reseal", AuditEvent.dec == "deny")
        return len(connection.scalars(refused.where(AuditSubject.object_id == row_id)).all())
