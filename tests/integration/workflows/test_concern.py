"""Logging a concern: the child is looked for among one's own cases, and nothing else is told."""

import re
import threading
import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from bti.audit.actions import Action as Act
from bti.audit.leaf import Leaf
from bti.audit.models import AuditEvent
from bti.db.models import Case, ChildIndex, Entry, OwnRecord
from bti.domain.access import Action
from bti.domain.codes import (
    ConcernCategory,
    ContactWithGuardians,
    Role,
    Sector,
    TalkedWithChild,
    TriedThing,
)
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.national_id import validate
from bti.workflows import account, case_file, case_number, child_search, concern, own_record
from tests.world import SECRET, build, settings_for

BORN = date(2013, 4, 1)
ODA = concern.NewChild(name="Oda Marie Vik", birth_date=BORN, group="8B")
SEEN = concern.Observation(
    seen="Borte fra første time seks ganger på tre uker.",
    categories=(ConcernCategory.ABSENCE,),
    since=date(2026, 8, 20),
    talked_with_child=TalkedWithChild.YES,
    child_says="«Jeg får ikke sove.»",
    contact_with_guardians=ContactWithGuardians.NOT_YET,
    tried=(TriedThing.TALKED_ALONE,),
    tried_text="Vi snakket en gang.",
)


def synthetic_number(individual=500):
    """A made-up national id (month + 80) whose check digits hold."""
    for candidate in range(individual, 1000):
        for tail in range(100):
            digits = f"018413{candidate:03d}{tail:02d}"
            try:
                validate(digits, today=date(2026, 9, 1), synthetic="only")
            except RuleBroken:
                continue
            return digits
    raise AssertionError


NUMBER = synthetic_number()


def command(**changes):
    made = concern.LogConcern(submission=uuid.uuid4(), observation=SEEN, child=ODA)
    return replace(made, **changes)


def log(world, who="ingrid", **changes):
    return world.run(who, concern.log_concern, command=command(**changes)).case_id


def look(world, who, **asked):
    asked = asked or {"name": "Oda Vik", "birth_date": BORN}
    return [one.case_id for one in world.run(who, child_search.search_child, **asked)]


def leaves(world):
    with world.looking() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.tenant_id, AuditEvent.idx))
        return [Leaf.parse(row.leaf) for row in rows]


def count(world, model):
    with world.looking() as session:
        return len(session.scalars(select(model)).all())


def read(world, who, case_id):
    def workflow(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        case = case_file.case_row(context, case_id)
        return (
            case_file.ops_of(case),
            case_file.persons(context, case_id),
            case_file.entries(context, case_id, opened=opened),
        )

    return world.run(who, workflow)


# -- a new case -----------------------------------------------------------------------------------


def test_a_concern_opens_a_case_at_level_0_with_its_deadlines(world):
    ops, persons, entries = read(world, "ingrid", log(world))

    today = world.clock.now().date()
    assert (ops.level, ops.status, ops.log, ops.sector) == (0, "open", "none", "school")
    assert ops.trail == ((today, 0),)
    assert ops.decision_due > today
    assert ops.talk_due > today
    assert (persons[0].name, persons[0].birth_date, persons[0].group) == (
        "Oda Marie Vik",
        BORN,
        "8B",
    )
    [entry] = entries
    assert entry.kind == "concern"
    assert entry.compartment == f"svc:{world.units['school'].hex}:own"
    assert entry.body == {
        "seen": SEEN.seen,
        "child_says": SEEN.child_says,
        "tried_text": SEEN.tried_text,
        "guardians_say": "",
    }
    assert entry.meta["categories"] == ["ABS"]
    assert entry.meta["since"] == "2026-08-20"


def test_guardians_are_kept_with_who_holds_responsibility_and_when_it_was_checked(world):
    mother = concern.NewGuardian(
        name="Tone Vik",
        relation="mor",
        parental_responsibility=True,
        checked_on=date(2026, 8, 30),
    )
    _, persons, _ = read(world, "ingrid", log(world, guardians=(mother,)))

    assert persons[1].name == "Tone Vik"
    assert persons[1].parental_responsibility
    assert persons[1].checked_on == date(2026, 8, 30)


@pytest.mark.parametrize("contact", [ContactWithGuardians.BOTH, ContactWithGuardians.UNSAFE])
def test_nobody_is_reminded_to_talk_when_it_is_done_or_unsafe(world, contact):
    seen = replace(SEEN, contact_with_guardians=contact)
    ops, _, _ = read(world, "ingrid", log(world, observation=seen))
    assert ops.talk_due is None


def test_bullying_at_school_hastens_the_talk_with_guardians(world):
    bullied = replace(SEEN, categories=(ConcernCategory.BULLYING,))
    plain, _, _ = read(world, "ingrid", log(world))
    school, _, _ = read(world, "ingrid", log(world, observation=bullied))
    kindergarten, _, _ = read(world, "mona", log(world, "mona", observation=bullied))

    assert school.talk_due < plain.talk_due
    assert kindergarten.talk_due == plain.talk_due


def test_the_author_and_the_units_leader_see_it_and_nobody_else(world):
    case_id = log(world)

    assert read(world, "ingrid", case_id)
    assert read(world, "siv", case_id)
    for other in ("per", "kari", "mona", "nina", "odd", "hege", "turid", "anne", "arne", "asta"):
        with pytest.raises(AccessDenied):
            read(world, other, case_id)


@pytest.mark.parametrize("who", ["anne", "arne", "asta"])
def test_those_who_do_not_work_with_children_log_nothing(world, who):
    with pytest.raises(AccessDenied):
        log(world, who)
    assert count(world, Case) == 0


def test_logging_deletes_the_draft(world):
    world.run("ingrid", own_record.save_draft, form="concern", fields={"seen": ["x"]})
    log(world)
    assert count(world, OwnRecord) == 0


def test_the_entry_in_the_log_names_the_case_and_no_person(world):
    case_id = log(world, child=replace(ODA, national_id=NUMBER))
    leaf = leaves(world)[-1]

    assert leaf.act == "case:concern:create"
    assert leaf.obj == (f"case:{case_id}",)
    assert "Vik" not in str(leaf)
    assert NUMBER not in str(leaf)


# -- sent twice -----------------------------------------------------------------------------------


def test_the_same_sending_twice_is_one_concern(world):
    sent = command()
    first = world.run("ingrid", concern.log_concern, command=sent)
    second = world.run("ingrid", concern.log_concern, command=sent)

    assert first.fresh
    assert not second.fresh
    assert second.case_id == first.case_id
    assert count(world, Case) == count(world, Entry) == 1
    assert world.run("ingrid", concern.sent_before, submission=sent.submission) == first.case_id


def test_somebody_elses_sending_number_neither_collides_nor_tells(world):
    sent = command()
    first = world.run("ingrid", concern.log_concern, command=sent)

    assert world.run("kari", concern.sent_before, submission=sent.submission) is None
    second = world.run("kari", concern.log_concern, command=sent)
    assert second.fresh
    assert second.case_id != first.case_id


def test_two_clicks_at_once_on_postgresql_make_one_case(postgres_url, tmp_path):
    world = build(settings_for(tmp_path, postgres_url))
    actor, sent, made = world.actor("ingrid"), command(), []

    def click():
        made.append(world.runtime.doorway.perform(concern.log_concern, actor, command=sent).case_id)

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert count(world, Case) == 1
    world.close()


def test_a_case_number_that_is_taken_is_drawn_again(world, monkeypatch):
    drawn = iter(["0000-0012", "0000-0012", "0000-0020"])
    monkeypatch.setattr(concern, "new_number", lambda: next(drawn))

    log(world)
    log(world)
    with world.looking() as session:
        numbers = set(session.scalars(select(Case.number)))
    assert numbers == {"0000-0012", "0000-0020"}


# -- in a case one follows already ----------------------------------------------------------------


def test_a_second_concern_is_added_to_a_case_one_follows(world):
    case_id = log(world)
    more = replace(SEEN, categories=(ConcernCategory.SOCIAL, ConcernCategory.ABSENCE))
    assert log(world, case_id=case_id, child=None, observation=more) == case_id

    ops, _, entries = read(world, "ingrid", case_id)
    assert ops.categories == ("ABS", "SOC")
    assert len(entries) == 2
    assert count(world, Case) == 1


def test_a_leader_can_add_a_concern_to_the_units_case(world):
    case_id = log(world)
    assert log(world, "siv", case_id=case_id, child=None) == case_id


@pytest.mark.parametrize("who", ["per", "kari", "hege", "odd"])
def test_nobody_adds_to_a_case_they_do_not_see(world, who):
    case_id = log(world)
    with pytest.raises(AccessDenied):
        log(world, who, case_id=case_id, child=None)
    with pytest.raises(AccessDenied):
        log(world, who, case_id=uuid.uuid4(), child=None)
    assert count(world, Entry) == 1


# -- looking for the child ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Oda Vik", "ODA VIK", "vik, oda", "Oda Marie Vik", "Óda  Vik"])
def test_a_child_is_found_however_the_name_is_typed(world, name):
    case_id = log(world)
    assert look(world, "ingrid", name=name, birth_date=BORN) == [case_id]


@pytest.mark.parametrize(
    ("name", "born"),
    [("Oda Vik", BORN + timedelta(days=1)), ("Oda Vike", BORN), ("", BORN), ("Oda Vik", None)],
)
def test_another_name_or_birth_date_finds_nothing(world, name, born):
    log(world)
    assert look(world, "ingrid", name=name, birth_date=born) == []


@pytest.mark.parametrize("who", ["per", "kari", "mona", "nina", "odd", "hege", "turid"])
def test_the_answer_for_a_hidden_case_is_the_answer_for_none(world, who):
    before = look(world, who), look(world, who, number=NUMBER)
    log(world, child=replace(ODA, national_id=NUMBER))

    assert (look(world, who), look(world, who, number=NUMBER)) == before == ([], [])


@pytest.mark.parametrize("who", ["per", "kari", "odd"])
def test_a_hidden_hit_costs_the_same_questions_as_none(world, who):
    look(world, who, number=NUMBER)  # whose session it is, and what is counted, is there already
    none = statements(world, who)
    for by in ("ingrid", "nina"):
        log(world, by, child=replace(ODA, national_id=NUMBER))
        assert statements(world, who) == none
    assert look(world, "ingrid", number=NUMBER)


def statements(world, who):
    """The statements that a look-up costs, without their values."""
    actor, asked, engine = world.actor(who), [], world.runtime.engine

    def note(_connection, _cursor, statement, *_rest):
        asked.append(re.sub(r"IN \([^()]*\)", "IN (…)", " ".join(statement.split())))

    world.clock.advance(timedelta(minutes=10))
    event.listen(engine, "before_cursor_execute", note)
    try:
        world.runtime.doorway.perform(child_search.search_child, actor, number=NUMBER)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return asked


def test_a_hidden_hit_leaves_no_trace_in_the_log(world):
    case_id = log(world, child=replace(ODA, national_id=NUMBER))
    look(world, "kari", number=NUMBER)
    hidden = leaves(world)[-1]
    look(world, "ingrid", number=NUMBER)
    shown = leaves(world)[-1]

    assert hidden.act == shown.act == "search:national-id:run"
    assert hidden.obj == ()
    assert shown.obj == (f"case:{case_id}",)


def test_a_leader_finds_the_units_cases_and_a_colleague_does_not(world):
    case_id = log(world)
    assert look(world, "siv") == [case_id]
    assert look(world, "per") == []


@pytest.mark.parametrize("who", ["anne", "arne", "asta"])
def test_those_who_do_not_work_with_children_may_not_search(world, who):
    with pytest.raises(AccessDenied):
        look(world, who)
    assert leaves(world)[-1].act == "access:request:deny"


def test_two_services_with_the_same_child_have_a_case_each_and_are_not_told(world):
    child = replace(ODA, national_id=NUMBER)
    school, health = log(world, child=child), log(world, "kari", child=child)

    assert school != health
    assert count(world, ChildIndex) == 2
    assert look(world, "ingrid", number=NUMBER) == [school]
    assert look(world, "kari", number=NUMBER) == [health]


def test_a_role_in_another_municipality_finds_and_opens_nothing(world):
    case_id = log(world, child=replace(ODA, national_id=NUMBER))
    tenant = world.system(
        account.create_municipality, name="Nabo", number="9902", profile="standard", language="nb"
    )
    unit = world.system(
        account.create_unit, tenant_id=tenant, name="Naboskolen", sector=Sector.SCHOOL, phone=""
    )
    made = world.system(
        account.create_account,
        tenant_id=tenant,
        username="nils",
        name="Nils Nes",
        title="Rektor",
        secret=SECRET,
        must_renew=False,
    )
    world.system(
        account.grant_role,
        tenant_id=tenant,
        account_id=made.account_id,
        unit_id=unit,
        role=Role.UNIT_LEAD,
    )
    world.seeds["nils"] = made.totp_secret
    here, world.tenant_id = world.tenant_id, tenant
    assert look(world, "nils") == look(world, "nils", number=NUMBER) == []
    with pytest.raises(AccessDenied):
        log(world, "nils", case_id=case_id, child=None)
    world.tenant_id = here


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"child": replace(ODA, birth_date=date(2027, 1, 1))}, "concern.birth_date_in_future"),
        ({"child": replace(ODA, birth_date=date(1999, 1, 1))}, "concern.too_old"),
        ({"child": replace(ODA, name="  ")}, "concern.no_child"),
        ({"child": None}, "concern.no_child"),
        ({"observation": replace(SEEN, seen=" \n")}, "concern.nothing_seen"),
        ({"observation": replace(SEEN, categories=())}, "concern.no_category"),
        ({"observation": replace(SEEN, since=date(2026, 9, 2))}, "concern.day_in_future"),
        ({"observation": replace(SEEN, contact_on=date(2030, 1, 1))}, "concern.day_in_future"),
        ({"child": replace(ODA, national_id="12345")}, "national_id.form"),
        ({"child": replace(ODA, national_id="01841350000")}, "national_id.check_digits"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code_and_nothing_is_written(world, changes, code):
    with pytest.raises(RuleBroken) as refused:
        log(world, **changes)
    assert refused.value.code == code
    assert count(world, Case) == count(world, Entry) == 0


def test_a_real_number_never_enters_a_test_installation(world):
    real = next(
        f"010413{individual:03d}{tail:02d}"
        for individual in range(500, 1000)
        for tail in range(100)
        if _holds(f"010413{individual:03d}{tail:02d}")
    )
    with pytest.raises(RuleBroken) as refused:
        look(world, "ingrid", number=real)
    assert refused.value.code == "national_id.not_synthetic"


def _holds(digits):
    try:
        validate(digits, today=date(2026, 9, 1), synthetic="never")
    except RuleBroken:
        return False
    return True


# -- case numbers ---------------------------------------------------------------------------------


@given(st.integers(0, 9_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_in_a_case_number_is_noticed(body, place, off):
    digits = f"{body:07d}"
    whole = f"{digits}{case_number.check_digit(digits)}"
    number = f"{whole[:4]}-{whole[4:]}"
    assert case_number.can_be_number(number)

    wrong = whole[:place] + str((int(whole[place]) + off) % 10) + whole[place + 1 :]
    assert not case_number.can_be_number(f"{wrong[:4]}-{wrong[4:]}")


@given(st.text(max_size=12))
def test_only_the_form_of_a_case_number_is_taken(text):
    if case_number.can_be_number(text):
        assert len(text) == 9
        assert text[4] == "-"


def test_case_numbers_are_drawn_at_random():
    drawn = {case_number.new_number() for _ in range(200)}
    assert len(drawn) > 190
    assert all(case_number.can_be_number(one) for one in drawn)
