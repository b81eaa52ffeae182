"""Drafts: one per person and form, theirs alone, gone with their key."""

import unicodedata
import uuid
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bti.audit.leaf import Leaf
from bti.audit.models import AuditEvent
from bti.crypto.errors import SealError
from bti.db.models import CaseKey, OwnRecord
from bti.domain.errors import AccessDenied
from bti.workflows import own_record

FIELDS = {"seen": ["Borte fra første time"], "categories": ["ABS", "SOC"]}


def leaves(world):
    """Every audit entry so far, oldest first."""
    with world.looking() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.tenant_id, AuditEvent.idx))
        return [Leaf.parse(row.leaf) for row in rows]


def count(world, model):
    with world.looking() as session:
        return len(session.scalars(select(model)).all())


def test_a_draft_comes_back_as_it_was_typed(world):
    saved_at = world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)

    draft = world.run("ingrid", own_record.load_draft, form="concern")
    assert draft.fields == FIELDS
    assert draft.saved_at == saved_at


def test_there_is_one_draft_per_person_and_form(world):
    for words in ("én", "to"):
        world.run("ingrid", own_record.save_draft, form="concern", fields={"seen": [words]})
    world.run("ingrid", own_record.save_draft, form="duty", fields={"known": ["tre"]})

    assert count(world, OwnRecord) == 2
    draft = world.run("ingrid", own_record.load_draft, form="concern")
    assert draft.fields == {"seen": ["to"]}


def test_one_step_leaves_the_others_as_they_were(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)
    world.run(
        "ingrid", own_record.save_draft, form="concern", fields={"categories": []}, keep_others=True
    )

    draft = world.run("ingrid", own_record.load_draft, form="concern")
    assert draft.fields == {**FIELDS, "categories": []}


@pytest.mark.parametrize("other", ["per", "siv", "hege", "anne", "asta", "arne"])
def test_a_draft_is_its_authors_alone(world, other):
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)

    assert world.run(other, own_record.load_draft, form="concern") is None
    assert world.run(other, own_record.my_drafts) == ()
    assert not world.run(other, own_record.delete_draft, form="concern")
    assert world.run("ingrid", own_record.load_draft, form="concern") is not None


def test_the_broker_gives_nobody_elses_key(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)
    with world.looking() as session:
        record_id = session.scalars(select(OwnRecord.id)).one()

    with pytest.raises(AccessDenied):
        world.run("siv", lambda context: context.verbs.open_own_record(record_id))
    with pytest.raises(AccessDenied):
        world.run("siv", lambda context: context.verbs.forget_own_record(record_id))


def test_deleting_a_draft_destroys_its_key(world):
    before = count(world, CaseKey)
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)
    assert count(world, CaseKey) == before + 1

    assert world.run("ingrid", own_record.delete_draft, form="concern")
    assert count(world, CaseKey) == before
    assert count(world, OwnRecord) == 0
    assert not world.run("ingrid", own_record.delete_draft, form="concern")


def test_a_list_of_drafts_says_only_which_and_when(world):
    world.run("ingrid", own_record.save_draft, form="duty", fields={})
    world.clock.advance(timedelta(minutes=5))
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)

    lines = world.run("ingrid", own_record.my_drafts)
    assert [line.form for line in lines] == ["concern", "duty"]
    assert world.run("per", own_record.my_drafts) == ()


def test_every_act_on_a_draft_is_logged_without_a_case(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)
    world.run("ingrid", own_record.load_draft, form="concern")
    world.run("ingrid", own_record.delete_draft, form="concern")

    acts = [leaf for leaf in leaves(world) if leaf.act.startswith("own:")]
    assert [leaf.act for leaf in acts] == [
        "own:record:write",
        "own:record:read",
        "own:record:delete",
    ]
    assert len({leaf.obj for leaf in acts}) == 1
    assert all(ref.startswith("own:") for leaf in acts for ref in leaf.obj)


def test_an_unknown_form_keeps_nothing(world):
    with pytest.raises(ValueError, match="unknown"):
        world.run("ingrid", own_record.save_draft, form="unknown", fields={})
    assert count(world, OwnRecord) == 0


def test_a_row_moved_to_another_author_stays_closed(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=FIELDS)
    with world.as_administrator() as connection:
        # The owner of the table: nobody else could.
        connection.execute(text("DROP TRIGGER own_records_forward"))
        connection.execute(text("UPDATE own_records SET id = :id"), {"id": uuid.uuid4().hex})

    with pytest.raises((SealError, AccessDenied)):
        world.run("ingrid", own_record.load_draft, form="concern")


STORABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=300).map(
    partial(unicodedata.normalize, "NFC")
)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(st.sampled_from(["seen", "name", "đuođđi"]), st.lists(STORABLE, max_size=3)))
def test_whatever_can_be_stored_comes_back_unchanged(world, fields):
    world.run("ingrid", own_record.save_draft, form="concern", fields=fields)
    assert world.run("ingrid", own_record.load_draft, form="concern").fields == fields
