"""What each of the family may read, on record, and the copy that follows from it."""

import uuid
from datetime import date, timedelta

import pytest

from bti.domain.codes import Arena, GuardianAccess, InfoType
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.family import StaysOut
from bti.domain.own_secrets import Mark
from bti.domain.protection import AddressGrade, ProtectedPerson
from bti.workflows import (
    case,
    family,
    family_copy,
    insight,
    mark,
    measure,
    protection,
    reference,
    worklist,
)
from bti.workflows.errors import Conflict, NotFound
from bti.workflows.worklist_rows import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.cases import ask, guardians, new_case, say
from tests.integration.workflows.states import today
from tests.web.case_site import acts

FULL, LIMITED, NONE = GuardianAccess.FULL, GuardianAccess.LIMITED, GuardianAccess.NONE
ABSENT, NURSE, MONEY, KEPT = "Borte 12 dager.", "Sover dårlig.", "Mor er syk.", "Han er redd."
OWN = "Bare for oss."


def told(world, born=cases.BORN, who="ingrid"):
    """A case with an open log and a note of each of three kinds."""
    case_id = new_case(world, born=born)
    cases.log_open(world, case_id)
    for info_type, words in (
        (InfoType.ATTENDANCE, ABSENT),
        (InfoType.HEALTH, NURSE),
        (InfoType.FAMILY, MONEY),
        (InfoType.WELLBEING, KEPT),
        (InfoType.OWN, OWN),
    ):
        cases.write(world, who, case_id, info_type, words)
    return case_id


def judge(world, case_id, person_id, access=FULL, kinds=(), who="ingrid", **more):
    values = {"version": None, "submission": uuid.uuid4(), "reason": "Vurdert i samtale.", **more}
    command = family.Judge(
        case_id=case_id, person_id=person_id, access=access, kinds=frozenset(kinds), **values
    )
    world.run(who, family.judge, command)


def put_mark(world, case_id, words, who="ingrid", **marked):
    page = world.run(who, case.show_case, case_id=case_id)
    entry_id = next(one.id for one in page.happenings if one.text == words)
    command = mark.PutMark(
        case_id=case_id,
        entry_id=entry_id,
        submission=uuid.uuid4(),
        mark=Mark(**marked),
        why="Vi har snakket om det.",
    )
    world.run(who, mark.put, command)


def copied(world, case_id, person_id, who="ingrid"):
    copy_id = world.run(
        who, family_copy.make, case_id=case_id, person_id=person_id, submission=None
    )
    made = world.run(who, family_copy.show, case_id=case_id, copy_id=copy_id)
    return {words for line in made.lines for _, words in line.parts}, dict(made.out)


def a_measure(world, case_id):
    return measure.AddMeasure(
        case_id=case_id,
        version=None,
        goal_id=None,
        new_goal="Kommer i tide",
        title="Fast voksen",
        description="",
        arena=Arena.SCHOOL,
        responsible="Kontaktlærer, Lindvik",
        start_on=today(world),
        evaluate_on=today(world) + timedelta(days=14),
    )


def child_id(world, case_id):
    page = world.run("ingrid", family.family_page, case_id=case_id)
    return next(one.person.id for one in page.members if one.reader.is_child)


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_copy_holds_what_was_decided_and_the_log_tells_the_family_that_it_was_made(
    request, engine
):
    world = request.getfixturevalue(engine)
    case_id = told(world)
    who = guardians(world, case_id)
    with pytest.raises(RuleBroken, match=r"family\.no_judgement"):
        copied(world, case_id, who["Maria"])
    judge(world, case_id, who["Maria"])
    judge(world, case_id, who["Tor"], LIMITED, [InfoType.ATTENDANCE])
    put_mark(world, case_id, MONEY, about=who["Maria"])
    put_mark(world, case_id, KEPT, kept=True)
    maria, out = copied(world, case_id, who["Maria"])
    assert maria == {ABSENT, NURSE, MONEY}
    assert out == {StaysOut.OWN: 1, StaysOut.KEPT: 1}
    tor, out = copied(world, case_id, who["Tor"])
    assert tor == {ABSENT}
    assert out == {StaysOut.OWN: 1, StaysOut.KEPT: 1, StaysOut.SECRET: 1, StaysOut.JUDGED: 1}
    listed = world.run("ingrid", insight.case_accesses, case_id, whole=True)
    seen = [one.action for one in listed.rows]
    assert seen.count("family:copy:print") == 2
    assert seen.count("family:access:judge") == 2
    # Printed, it reaches the guardians: that something was marked is not theirs to know.
    assert "case:entry:mark" not in seen
    assert acts(world).count(("case:entry:mark", "allow")) == 2
    cases.holds_together(world)


def test_what_one_has_agreed_to_is_read_by_the_others_until_it_is_taken_back(world):
    case_id = told(world)
    who = guardians(world, case_id)
    judge(world, case_id, who["Tor"])
    put_mark(world, case_id, MONEY, about=who["Maria"], agreed_on=date(2026, 9, 1))
    assert MONEY in copied(world, case_id, who["Tor"])[0]
    world.clock.advance(timedelta(minutes=1))
    put_mark(world, case_id, MONEY, about=who["Maria"])
    assert MONEY not in copied(world, case_id, who["Tor"])[0]


def test_the_young_read_what_is_kept_from_the_guardians_and_no_parents_secrets(world):
    case_id = told(world)
    who = guardians(world, case_id)
    young = child_id(world, case_id)
    judge(world, case_id, young)
    put_mark(world, case_id, MONEY, about=who["Maria"])
    put_mark(world, case_id, KEPT, kept=True)
    assert copied(world, case_id, young)[0] == {ABSENT, NURSE, KEPT}


def test_a_judgement_is_kept_beside_the_next_and_its_reason_is_the_services_own(world):
    case_id = told(world)
    cases.agreed(world, case_id, "pps")
    cases.invite(world, case_id)
    who = guardians(world, case_id)
    judge(world, case_id, who["Maria"], FULL, reason="Ingen grunn til noe annet.")
    world.clock.advance(timedelta(minutes=1))
    judge(world, case_id, who["Maria"], NONE, reason="Jonas er redd for henne.")
    member = world.run("ingrid", family.family_page, case_id=case_id).member(who["Maria"])
    assert [(one.facts.access, one.reason) for one in member.judgements] == [
        (NONE, "Jonas er redd for henne."),
        (FULL, "Ingen grunn til noe annet."),
    ]
    elsewhere = world.run("nina", family.family_page, case_id=case_id).member(who["Maria"])
    assert [(one.facts.access, one.reason) for one in elsewhere.judgements] == [
        (NONE, ""),
        (FULL, ""),
    ]
    with pytest.raises(RuleBroken, match=r"family\.closed"):
        copied(world, case_id, who["Maria"])
    with pytest.raises(AccessDenied):
        judge(world, case_id, who["Maria"], who="nina")


def test_an_old_form_a_stranger_and_a_second_click_change_nothing(world):
    case_id = told(world)
    who = guardians(world, case_id)
    with pytest.raises(NotFound):
        judge(world, case_id, uuid.uuid4())
    with pytest.raises(Conflict):
        judge(world, case_id, who["Maria"], version=1)
    submission = uuid.uuid4()
    judge(world, case_id, who["Maria"], submission=submission)
    judge(world, case_id, who["Maria"], NONE, submission=submission)
    member = world.run("ingrid", family.family_page, case_id=case_id).member(who["Maria"])
    assert [one.facts.access for one in member.judgements] == [FULL]


def test_on_a_birthday_it_is_a_task_to_decide_anew_and_no_copy_is_made_before(world):
    case_id = told(world, born=date(2010, 10, 20))
    who = guardians(world, case_id)
    judge(world, case_id, who["Maria"])
    kinds = {task.kind for task in world.run("ingrid", worklist.my_day).tasks}
    assert TaskKind.FAMILY not in kinds
    world.clock.advance(timedelta(days=60))
    (task,) = (
        one for one in world.run("ingrid", worklist.my_day).tasks if one.kind is TaskKind.FAMILY
    )
    assert task.due_on == date(2026, 10, 20)
    with pytest.raises(RuleBroken, match=r"family\.over"):
        copied(world, case_id, who["Maria"])
    judge(world, case_id, who["Maria"])
    assert TaskKind.FAMILY not in {one.kind for one in world.run("ingrid", worklist.my_day).tasks}
    words, out = copied(world, case_id, who["Maria"])
    assert NURSE not in words
    assert out[StaysOut.HEALTH] == 1


def test_where_an_address_is_protected_no_name_and_no_service_is_in_the_copy(world):
    case_id = told(world)
    who = guardians(world, case_id)
    judge(world, case_id, who["Maria"])
    command = protection.Protect(
        case_id=case_id,
        version=None,
        grade=AddressGrade.CONFIDENTIAL,
        of=ProtectedPerson.CHILD,
        until=date(2027, 8, 1),
    )
    world.run("ingrid", protection.protect, command)
    world.run("ingrid", measure.add_measure, a_measure(world, case_id))
    kept = reference.PointTo(
        case_id=case_id,
        submission=None,
        info_type=InfoType.ATTENDANCE,
        system="Arkivet på Lindvik ungdomsskole",
        number="8B-12",
    )
    world.run("ingrid", reference.point_to, kept)
    made = world.run("ingrid", family_copy.preview, case_id=case_id, person_id=who["Maria"])
    assert made.protected
    assert {(line.by, line.unit) for line in made.lines} == {("", "")}
    said = {words for line in made.lines for _, words in line.parts}
    assert "Fast voksen" in said
    assert not said & {"Kontaktlærer, Lindvik", kept.system, kept.number}
    world.clock.advance(timedelta(days=1))
    with pytest.raises(RuleBroken, match=r"family\.over"):
        copied(world, case_id, who["Maria"])


def test_a_note_about_a_parent_opens_to_another_service_by_that_parents_yes_alone(world):
    case_id = told(world)
    who = guardians(world, case_id)
    types = frozenset({InfoType.FAMILY})
    cases.agreed(world, case_id, "pps", info_types=types)
    cases.invite(world, case_id)
    assert MONEY in cases.texts(world, "nina", case_id)
    put_mark(world, case_id, MONEY, about=who["Tor"])
    assert MONEY not in cases.texts(world, "nina", case_id)
    assert MONEY in cases.texts(world, "siv", case_id)
    shown = world.run("nina", case.show_case, case_id=case_id).happenings
    assert MONEY not in {one.text for one in shown}
    asked = ask(world, case_id, unit="pps", info_types=types, about=frozenset({who["Tor"]}))
    say(world, case_id, asked, who["Maria"])
    assert MONEY not in cases.texts(world, "nina", case_id)
    say(world, case_id, asked, who["Tor"])
    assert MONEY in cases.texts(world, "nina", case_id)


def test_only_who_keeps_the_case_or_wrote_it_marks_an_entry(world):
    case_id = told(world)
    cases.agreed(world, case_id, "pps")
    cases.invite(world, case_id)
    with pytest.raises(AccessDenied):
        put_mark(world, case_id, ABSENT, who="nina", kept=True)
    with pytest.raises(RuleBroken, match=r"mark\.stranger"):
        put_mark(world, case_id, ABSENT, about=uuid.uuid4())
    assert not any(
        one.mark.kept or one.mark.about
        for one in world.run("ingrid", case.show_case, case_id=case_id).happenings
    )
