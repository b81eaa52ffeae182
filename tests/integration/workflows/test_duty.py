"""The danger path: always open, its author's alone, and no trace of it for anybody else."""

import threading
import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bti.audit.leaf import Leaf
from bti.audit.models import AuditEvent, AuditSubject
from bti.db.models import CaseKey, OwnRecord
from bti.domain.codes import ConcernCategory, ContactWithGuardians, TalkedWithChild
from bti.domain.duties import CaseLetter, Channel, Duty, DutyState, GuardiansKnow
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import child_search, concern, duty, own_record
from tests.world import PEOPLE, build, settings_for

TODAY = date(2026, 9, 1)
DRAFT = {"about": ["Oda Vik"], "known": ["Blåmerker"]}


def report(**changes):
    made = duty.FileRecord(
        submission=uuid.uuid4(),
        about="Oda Vik, 8B",
        duty=Duty.REPORT_CHILD_WELFARE,
        letter=CaseLetter.A,
        known="Blåmerker på begge armer.",
        assessed_on=TODAY,
        reported_on=TODAY,
        reported_to="Barnevernstjenesten, Odd Ness",
        channel=Channel.PHONE,
        receipt="2026/123",
        guardians_know=GuardiansKnow.UNSAFE,
    )
    return replace(made, **changes)


def file(world, who="ingrid", **changes):
    return world.run(who, duty.file_record, command=report(**changes))


def leaves(world):
    with world.looking() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.tenant_id, AuditEvent.idx))
        return [Leaf.parse(row.leaf) for row in rows]


def count(world, model):
    with world.looking() as session:
        return len(session.scalars(select(model)).all())


def shape(leaf):
    """A leaf without what is different in every entry: time, session, ids and digests."""
    rows = [(row.split("/")[0], row.split("/")[2]) for row in leaf.rows]
    refs = [ref.split(":")[0] for ref in leaf.obj]
    return leaf.act, refs, leaf.grd, leaf.pur, leaf.dec, leaf.rule, rows


# -- always open ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_employed_can_record_a_report_without_case_or_consent(world, who):
    record_id = file(world, who)
    page = world.run(who, duty.show_record, record_id=record_id)

    assert page.filed.about == "Oda Vik, 8B"
    assert page.filed.known == "Blåmerker på begge armer."
    assert page.filed.letter is CaseLetter.A
    assert page.state is DutyState.AWAITING_CONFIRMATION


def test_the_page_has_the_numbers_to_call_and_the_letters_of_the_law(world):
    page = world.run("ingrid", duty.open_report)

    assert {phone.number for phone in page.phones} == {"112", "116 111"}
    assert page.child_welfare == (("Barnevernstjenesten", "00 00 00 00"),)
    assert len(page.letters) == 5
    assert len(world.run("mona", duty.open_report).letters) == 4


@pytest.mark.parametrize("one", [Duty.AVERT, Duty.POLICE, Duty.EMERGENCY])
def test_other_duties_have_no_letter_and_no_confirmation_to_wait_for(world, one):
    record_id = file(world, duty=one, letter=None)

    page = world.run("ingrid", duty.show_record, record_id=record_id)
    assert page.state is DutyState.DONE
    assert page.due_on is None
    assert world.run("ingrid", duty.my_due) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"letter": None}, "duty.letter_missing"),
        ({"duty": Duty.AVERT}, "duty.letter_not_needed"),
        ({"reported_on": TODAY + timedelta(days=2)}, "duty.in_future"),
        ({"assessed_on": TODAY + timedelta(days=2)}, "duty.in_future"),
        ({"about": "  "}, "duty.nobody"),
        ({"case_number": "1234-5670"}, "duty.case_number"),
        ({"case_number": "hei"}, "duty.case_number"),
    ],
)
def test_a_slip_in_the_form_is_named_and_writes_nothing(world, changes, code):
    with pytest.raises(RuleBroken) as refused:
        file(world, **changes)
    assert refused.value.code == code
    assert count(world, OwnRecord) == 0


def test_a_kindergarten_has_four_letters(world):
    with pytest.raises(RuleBroken) as refused:
        file(world, "mona", letter=CaseLetter.E)
    assert refused.value.code == "duty.letter_not_in_law"


# -- three weeks ----------------------------------------------------------------------------------


def test_the_author_is_reminded_after_three_weeks_until_it_is_confirmed(world):
    record_id = file(world)
    [line] = world.run("ingrid", duty.my_due)
    assert (line.due_on, line.overdue) == (TODAY + timedelta(weeks=3), False)

    world.clock.advance(timedelta(days=21))
    assert not world.run("ingrid", duty.my_due)[0].overdue
    world.clock.advance(timedelta(days=1))
    assert world.run("ingrid", duty.my_due)[0].overdue
    assert world.run("ingrid", duty.my_records)[0].state is DutyState.CONFIRMATION_OVERDUE

    day = TODAY + timedelta(days=20)
    world.run("ingrid", duty.confirm, record_id=record_id, confirmed_on=day)
    assert world.run("ingrid", duty.my_due) == ()
    page = world.run("ingrid", duty.show_record, record_id=record_id)
    assert (page.state, page.confirmed_on) == (DutyState.CONFIRMED, day)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (TODAY - timedelta(days=1), "duty.confirmed_early"),
        (TODAY + timedelta(days=1), "duty.in_future"),
    ],
)
def test_a_confirmation_has_a_day_that_can_be(world, day, code):
    record_id = file(world)
    with pytest.raises(RuleBroken) as refused:
        world.run("ingrid", duty.confirm, record_id=record_id, confirmed_on=day)
    assert refused.value.code == code


# -- sent twice -----------------------------------------------------------------------------------


def test_the_same_sending_twice_is_one_record(world):
    command = report()
    first = world.run("ingrid", duty.file_record, command=command)
    assert world.run("ingrid", duty.file_record, command=command) == first
    assert count(world, OwnRecord) == 1
    assert world.run("per", duty.file_record, command=command) != first


def test_two_clicks_at_once_on_postgresql_make_one_record(postgres_url, tmp_path):
    world = build(settings_for(tmp_path, postgres_url))
    actor, command, made = world.actor("ingrid"), report(), []

    def click():
        made.append(world.runtime.doorway.perform(duty.file_record, actor, command=command))

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert count(world, OwnRecord) == 1
    world.close()


# -- no trace -------------------------------------------------------------------------------------


def test_filing_looks_like_saving_a_draft_in_the_log(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=DRAFT)
    first_draft = shape(leaves(world)[-1])
    world.run("ingrid", own_record.save_draft, form="concern", fields=DRAFT)
    saved_again = shape(leaves(world)[-1])

    file(world)
    assert shape(leaves(world)[-1]) == first_draft

    world.run("per", own_record.save_draft, form="duty", fields=DRAFT)
    record_id = file(world, "per")
    assert shape(leaves(world)[-1]) == saved_again
    world.run("per", duty.confirm, record_id=record_id, confirmed_on=TODAY)
    act, refs, *rest, rows = shape(leaves(world)[-1])
    assert (act, refs, *rest) == saved_again[:-1]
    assert rows == [("own_records", "3")]


def test_reading_looks_like_opening_a_form(world):
    world.run("ingrid", own_record.load_draft, form="concern")
    no_draft = shape(leaves(world)[-1])
    world.run("ingrid", own_record.save_draft, form="concern", fields=DRAFT)
    world.run("ingrid", own_record.load_draft, form="concern")
    a_draft = shape(leaves(world)[-1])

    record_id = file(world)
    world.run("ingrid", duty.show_record, record_id=record_id)
    assert shape(leaves(world)[-1]) == a_draft
    world.run("ingrid", duty.my_records)
    assert shape(leaves(world)[-1]) == no_draft


def test_nothing_in_the_log_names_a_case_or_a_report(world):
    file(world, case_number="")
    world.run("ingrid", duty.my_records)
    written = [leaf for leaf in leaves(world) if leaf.act.startswith("own:")]

    assert all(ref.startswith("own:") for leaf in written for ref in leaf.obj)
    assert "duty" not in str(written)
    assert "danger" not in str(written)


def test_a_row_of_a_report_looks_like_a_row_of_a_draft(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields=DRAFT)
    file(world)
    with world.looking() as session:
        rows = list(session.scalars(select(OwnRecord)))
        assert len({len(row.meta_ct.blob) for row in rows}) == 1
        assert len({len(row.body_ct.blob) for row in rows}) == 1
        keys = list(session.scalars(select(CaseKey)))
        assert {key.compartment for key in keys} == {"own"}


def test_filing_takes_the_drafts_own_row(world):
    world.run("ingrid", own_record.save_draft, form="duty", fields=DRAFT)
    file(world)

    assert count(world, OwnRecord) == 1
    assert world.run("ingrid", own_record.load_draft, form="duty") is None
    assert world.run("ingrid", own_record.my_drafts) == ()


def test_a_record_is_not_deleted_as_a_draft(world):
    file(world)
    assert not world.run("ingrid", own_record.delete_draft, form="duty")
    assert count(world, OwnRecord) == 1


@pytest.mark.parametrize("other", [who for who in PEOPLE if who != "ingrid"])
def test_nobody_else_gets_anything_not_even_that_it_exists(world, other):
    record_id = file(world)
    refusals = []
    for asked in (record_id, uuid.uuid4()):
        with pytest.raises(AccessDenied) as refused:
            world.run(other, duty.show_record, record_id=asked)
        refusals.append((refused.value.rule, refused.value.case_id, shape(leaves(world)[-1])))
        with pytest.raises(AccessDenied):
            world.run(other, duty.confirm, record_id=asked, confirmed_on=TODAY)

    assert refusals[0] == refusals[1]
    assert world.run(other, duty.my_records) == ()
    assert world.run(other, duty.my_due) == ()
    assert world.run(other, own_record.my_drafts) == ()
    assert world.run(other, own_record.load_draft, form="duty") is None


def test_ones_own_draft_is_not_a_record(world):
    world.run("ingrid", own_record.save_draft, form="duty", fields=DRAFT)
    with world.looking() as session:
        draft_id = session.scalars(select(OwnRecord.id)).one()
    with pytest.raises(AccessDenied):
        world.run("ingrid", duty.show_record, record_id=draft_id)


def test_the_child_is_not_found_by_a_report_about_it(world):
    file(world, about="Oda Vik")
    for who in ("ingrid", "siv"):
        found = world.run(
            who, child_search.search_child, name="Oda Vik", birth_date=date(2013, 4, 1)
        )
        assert found == ()


def test_a_case_named_in_a_report_has_no_trace_of_it(world):
    seen = concern.Observation(
        seen="Trist",
        categories=(ConcernCategory.MENTAL_HEALTH,),
        talked_with_child=TalkedWithChild.YES,
        contact_with_guardians=ContactWithGuardians.BOTH,
    )
    child = concern.NewChild(name="Oda Vik", birth_date=date(2013, 4, 1))
    command = concern.LogConcern(submission=uuid.uuid4(), observation=seen, child=child)
    case_id = world.run("ingrid", concern.log_concern, command=command).case_id
    [found] = world.run(
        "ingrid", child_search.search_child, name="Oda Vik", birth_date=date(2013, 4, 1)
    )
    before = _about(world, case_id)

    record_id = file(world, case_number=found.number)
    page = world.run("ingrid", duty.show_record, record_id=record_id)
    assert page.filed.case_number == found.number
    assert _about(world, case_id) == before


def _about(world, case_id):
    with world.looking() as session:
        rows = session.scalars(select(AuditSubject).where(AuditSubject.object_id == case_id))
        return [(row.kind, row.idx) for row in rows]
