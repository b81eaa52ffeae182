"""A protected address closes the case to everybody who is not named, and ends by a person's act only."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.audit.actions import Action as Act
from bti.crypto.values import json_from_bytes, json_to_bytes
from bti.db.models import Case
from bti.domain.codes import Arena, InfoType
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.policy import Action
from bti.domain.protection import AddressGrade, ProtectedPerson, Protection
from bti.workflows import (
    baton,
    breach_extent,
    case,
    child_search,
    emergency,
    insight,
    insight_days,
    level,
    protection,
    worklist,
)
from bti.workflows.errors import NotFound
from bti.workflows.insight_question import Group, Question
from bti.workflows.permission import require
from bti.workflows.worklist import TaskKind
from tests.approvals import freshly
from tests.integration.workflows.cases import (
    agreed,
    compartments,
    holds_together,
    invite,
    log_open,
    new_case,
    offered,
    rows,
    write,
)

YEAR = timedelta(days=365)


def today(world):
    return world.clock.now().date()


def protect(world, case_id, who="ingrid", grade=AddressGrade.CONFIDENTIAL, until=None):
    world.run(
        who,
        protection.protect,
        protection.Protect(
            case_id=case_id,
            version=None,
            grade=grade,
            of=ProtectedPerson.HOUSEHOLD,
            until=until or today(world) + YEAR,
        ),
    )


def name(world, case_id, *people, by="siv"):
    freshly(world, by)
    readers = frozenset(world.accounts[one] for one in people)
    world.run(by, protection.name_readers, case_id=case_id, version=None, readers=readers)


def lift(world, case_id, by="siv", reason="Registeret har avsluttet graderingen."):
    freshly(world, by)
    world.run(by, protection.lift, case_id=case_id, version=None, reason=reason)


def reads(world, who, case_id):
    try:
        return bool(compartments(world, who, case_id))
    except AccessDenied:
        return False


def tasks(world, who):
    return {one.kind for one in world.run(who, worklist.my_day).tasks}


def shared_case(world):
    """A case with an open log in which a colleague of another service takes part."""
    case_id = new_case(world)
    log_open(world, case_id)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    write(world, "ingrid", case_id, InfoType.ATTENDANCE, "fravær")
    return case_id


def test_it_closes_at_once_to_everybody_but_setter_holder_and_leader(world):
    case_id = shared_case(world)
    assert reads(world, "nina", case_id)

    protect(world, case_id)

    assert {one for one in ("ingrid", "siv", "nina", "per") if reads(world, one, case_id)} == {
        "ingrid",
        "siv",
    }
    holds_together(world)


def test_the_leader_lets_others_in_one_by_one_and_out_again(world):
    case_id = shared_case(world)
    protect(world, case_id)

    name(world, case_id, "ingrid", "nina")
    assert {one for one in ("ingrid", "siv", "nina") if reads(world, one, case_id)} == {
        "ingrid",
        "nina",
    }
    # A leader who is not named still decides who is, and opens nothing by it.
    page = world.run("siv", protection.readers_page, case_id=case_id)
    assert {one.name for one in page.readers if one.named} == {"Ingrid Solberg", "Nina Holm"}
    assert not reads(world, "siv", case_id)
    name(world, case_id, "ingrid", "siv")
    assert not reads(world, "nina", case_id)
    holds_together(world)


def test_being_named_gives_nothing_that_one_did_not_have(world):
    case_id = shared_case(world)
    protect(world, case_id)

    with pytest.raises(NotFound):
        name(world, case_id, "ingrid", "odd")
    name(world, case_id, "ingrid", "nina")

    assert not reads(world, "odd", case_id)
    school = world.units["school"].hex
    assert compartments(world, "nina", case_id) == {"core", f"svc:{school}:attendance"}


def test_nobody_but_the_leader_names_or_lifts_and_not_without_a_fresh_proof(world):
    case_id = shared_case(world)
    protect(world, case_id)
    world.clock.advance(timedelta(minutes=16))

    for who in ("ingrid", "nina", "hege", "asta", "anne"):
        with pytest.raises(AccessDenied):
            world.run(who, protection.readers_page, case_id=case_id)
    world.actor("siv")
    world.clock.advance(timedelta(minutes=16))
    with pytest.raises(AccessDenied) as refused:
        world.run("siv", protection.lift, case_id=case_id, version=None, reason="x" * 30)
    assert refused.value.rule == "access.stale_factor"


def test_the_baton_cannot_be_in_hands_that_cannot_open_the_case(world):
    case_id = shared_case(world)
    protect(world, case_id)

    with pytest.raises(RuleBroken, match=r"protection\.holder_unnamed"):
        name(world, case_id, "siv")
    with pytest.raises(RuleBroken, match=r"protection\.nobody"):
        name(world, case_id)
    with pytest.raises(RuleBroken, match=r"protection\.not_named"):
        offered(world, case_id, "nina", "pps")


def test_an_open_offer_to_somebody_outside_falls(world):
    case_id = shared_case(world)
    offered(world, case_id, "nina", "pps")
    assert world.run("nina", worklist.my_day).tasks

    protect(world, case_id)

    assert TaskKind.OFFER not in tasks(world, "nina")
    assert world.run("nina", baton.offers_to_me) == ()
    holds_together(world)


def test_a_strictly_confidential_log_is_opened_by_the_leader(world):
    case_id = new_case(world)
    protect(world, case_id, grade=AddressGrade.STRICTLY_CONFIDENTIAL)

    with pytest.raises(RuleBroken, match=r"protection\.leader_opens"):
        world.run("ingrid", _open_log, case_id)


def _open_log(context, case_id):
    level.open_log(
        context,
        level.OpenLog(
            case_id=case_id,
            version=None,
            background="Hvorfor",
            goal="Mål",
            title="Tiltak",
            description="",
            arena=Arena.SCHOOL,
            responsible="Kontaktlærer",
            start_on=context.today,
            evaluate_on=context.today + timedelta(days=30),
        ),
    )


def test_nobody_opens_it_in_an_emergency(world):
    case_id = shared_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    protect(world, case_id)
    freshly(world, "vera")

    taken = world.run(
        "vera",
        emergency.take,
        emergency.TakeAccess(
            number=number,
            reason=emergency.EmergencyReason.MISSING,
            text="Barnet er borte fra hjemmet siden i går.",
        ),
    )

    assert taken is None


def test_an_address_that_is_protected_ends_the_emergency_access_that_is_open(world):
    case_id = shared_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    freshly(world, "vera")
    sought = emergency.TakeAccess(
        number=number,
        reason=emergency.EmergencyReason.MISSING,
        text="Barnet er borte fra hjemmet siden i går.",
    )
    assert world.run("vera", emergency.take, sought) == case_id
    assert world.run("vera", emergency.read_core, case_id=case_id).number == number

    protect(world, case_id)

    with pytest.raises(AccessDenied, match=r"access\.protected"):
        world.run("vera", emergency.read_core, case_id=case_id)
    assert world.run("vera", emergency.take, sought) is None


def test_it_stays_after_its_last_day_and_warns_two_months_before(world):
    case_id = shared_case(world)
    last = today(world) + timedelta(days=100)
    protect(world, case_id, until=last)
    assert TaskKind.PROTECTION_ENDING not in tasks(world, "ingrid")

    world.clock.advance(timedelta(days=40))
    assert TaskKind.PROTECTION_ENDING in tasks(world, "ingrid")
    world.clock.advance(timedelta(days=90))

    assert TaskKind.PROTECTION_ENDING in tasks(world, "siv")
    assert not reads(world, "nina", case_id)
    assert reads(world, "ingrid", case_id)


def test_renewing_keeps_the_readers_and_a_past_day_is_refused(world):
    case_id = shared_case(world)
    protect(world, case_id)
    name(world, case_id, "ingrid", "nina")

    protect(world, case_id, until=today(world) + 2 * YEAR)

    assert reads(world, "nina", case_id)
    assert not reads(world, "siv", case_id)
    with pytest.raises(RuleBroken, match=r"protection\.until_past"):
        protect(world, case_id, until=today(world) - timedelta(days=1))
    with pytest.raises(RuleBroken, match=r"protection\.until_far"):
        protect(world, case_id, until=date(2099, 1, 1))


def test_lifting_needs_a_reason_and_opens_the_case_as_it_was(world):
    case_id = shared_case(world)
    protect(world, case_id)

    with pytest.raises(RuleBroken, match=r"protection\.reason"):
        lift(world, case_id, reason="fordi")
    lift(world, case_id)

    assert reads(world, "nina", case_id)
    texts = [one.text for one in world.run("siv", case.show_case, case_id=case_id).happenings]
    assert "Registeret har avsluttet graderingen." in texts
    shown = [one.text for one in world.run("nina", case.show_case, case_id=case_id).happenings]
    assert "Registeret har avsluttet graderingen." not in shown


def test_a_leader_who_is_not_named_is_told_of_the_number_and_lifts_nothing(world):
    case_id = shared_case(world)
    protect(world, case_id)
    name(world, case_id, "ingrid")

    (told,) = (
        one
        for one in world.run("siv", worklist.my_day).tasks
        if one.kind is TaskKind.PROTECTION_UNLED
    )
    assert (told.case_id, told.child) == (case_id, "")
    with pytest.raises(AccessDenied):
        lift(world, case_id)


def test_school_and_class_stay_out_of_lists_paper_and_other_services_pages(world):
    case_id = shared_case(world)
    before = world.run("ingrid", case.print_case, case_id=case_id)
    assert before.unit
    protect(world, case_id)
    name(world, case_id, "ingrid", "nina")

    printed = world.run("ingrid", case.print_case, case_id=case_id)
    theirs = world.run("nina", case.show_case, case_id=case_id)
    (row,) = world.run("ingrid", worklist.my_day).rows

    assert (printed.unit, printed.child.group) == ("", "")
    assert (theirs.unit, theirs.child.group) == ("", "")
    assert row.group == ""
    assert world.run("ingrid", case.show_case, case_id=case_id).unit == before.unit


def test_the_officers_search_does_not_tell_which_school_it_is(world):
    case_id = shared_case(world)
    protect(world, case_id)
    world.run("ingrid", case.show_case, case_id=case_id)
    number = world.run("ingrid", case.show_case, case_id=case_id).number

    found = world.run("anne", insight.search, Question(number=number)).rows

    assert found
    assert {one.unit for one in found} == {""}


def test_a_day_of_many_cases_does_not_tell_the_school_of_the_protected_one(world):
    case_id, open_case = shared_case(world), shared_case(world)
    protect(world, case_id)
    world.clock.advance(timedelta(days=1))
    world.forget("ingrid")
    for one in (case_id, open_case):
        world.run("ingrid", case.show_case, case_id=one)
    number = world.run("ingrid", case.show_case, case_id=case_id).number

    newest, *_ = world.run("anne", insight_days.search_days, Question(group=Group.READ)).days

    assert {row.name for row in newest.rows} == {"Ingrid Solberg"}
    assert number in {one for row in newest.rows for one in row.numbers}
    assert "Lindvik ungdomsskole" in {row.unit for row in newest.rows}
    assert newest.unit == ""


def test_trying_the_schools_one_by_one_in_the_officers_search_tells_nothing(world):
    case_id = shared_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number

    def tried():
        units = ("Lindvik ungdomsskole", "Solbakken barnehage", "Fritidsklubben")
        return [
            world.run("anne", insight.search, Question(number=number, who=unit)).total
            for unit in units
        ]

    assert sum(tried()) > 0
    protect(world, case_id)
    assert tried() == [0, 0, 0]
    school = world.run("anne", insight.search, Question(who="Lindvik ungdomsskole"))
    assert school.total > 0
    assert number not in {one for row in school.rows for one in row.numbers}
    assert world.run("anne", insight.search, Question(number=number, who="Ingrid")).total > 0


def test_a_search_for_the_child_meets_no_case(world):
    case_id = shared_case(world)
    child = world.run("ingrid", case.show_case, case_id=case_id).child
    asked = {"name": child.name, "birth_date": child.birth_date}
    assert world.run("nina", child_search.search_child, **asked)

    protect(world, case_id)

    assert world.run("nina", child_search.search_child, **asked) == ()
    assert world.run("ingrid", child_search.search_child, **asked)


def test_a_search_does_not_tell_the_class_of_a_child_with_a_protected_address(world):
    case_id = shared_case(world)
    child = world.run("ingrid", case.show_case, case_id=case_id).child
    asked = {"name": child.name, "birth_date": child.birth_date}
    (before,) = world.run("nina", child_search.search_child, **asked)
    assert before.group == child.group

    protect(world, case_id)
    name(world, case_id, "ingrid", "nina")

    for who in ("ingrid", "nina"):
        (found,) = world.run(who, child_search.search_child, **asked)
        assert found.group == ""


def test_a_damaged_protection_closes_the_case_to_all(world):
    case_id = shared_case(world)
    protect(world, case_id)

    world.system(_damage, world.tenant_id, case_id)

    assert not any(reads(world, one, case_id) for one in ("ingrid", "siv", "nina"))


def _damage(context, tenant_id, case_id):
    context.enter(tenant_id)
    context.verbs.open_ops(tenant_id)
    row = context.session.get_one(Case, case_id)
    row.ops = {**row.ops, "protection": {"grade": "attic"}}
    context.record(Act.CASE_PROTECTION_SET, tenant=tenant_id)


def test_every_act_is_entered(world):
    case_id = shared_case(world)
    protect(world, case_id)
    name(world, case_id, "ingrid", "siv", "nina")
    lift(world, case_id)
    number = world.run("ingrid", case.show_case, case_id=case_id).number

    acts = {one.action for one in world.run("anne", insight.search, Question(number=number)).rows}

    assert {Act.CASE_PROTECTION_SET, Act.CASE_PROTECTION_NAME, Act.CASE_PROTECTION_LIFT} <= acts


def test_the_dump_does_not_tell_that_an_address_is_protected(world):
    case_id = shared_case(world)
    sizes = {len(row.ops_ct.blob) for row in rows(world, Case)}

    protect(world, case_id)

    assert {len(row.ops_ct.blob) for row in rows(world, Case)} == sizes


DAYS = st.dates(date(2026, 1, 1), date(2031, 1, 1))


@settings(deadline=None)
@given(until=DAYS, at=DAYS)
def test_no_day_ends_a_protection(until, at):
    stands = Protection(
        grade=AddressGrade.CONFIDENTIAL,
        of=ProtectedPerson.CHILD,
        until=until,
        checked_on=at,
        readers=frozenset(),
    )

    assert Protection.from_json(stands.to_json()) == stands
    assert stands.standing(at).value in {"holds", "ends_soon", "past"}
    assert (stands.standing(at).value == "past") is (at > until)


def test_the_officers_desk_does_not_tell_which_school_it_is(world):
    case_id = shared_case(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    question = Question(number=number)
    assert {one.unit for one in _extent(world, question).cases} == {"Lindvik ungdomsskole"}

    protect(world, case_id)
    extent = _extent(world, question)

    assert {(one.unit, one.holder) for one in extent.cases} == {("", "")}
    assert {one.unit for one in extent.people} == {""}


def _extent(world, question):
    return world.run("anne", _frozen, question)


def _frozen(context, question):
    require(context, Action.SEARCH_AUDIT)
    context.record(Act.INSIGHT_LOG_SEARCH)
    made = breach_extent.make(context, question)
    # As it is kept: sealed as JSON, with times as text.
    return breach_extent.read(json_from_bytes(json_to_bytes(made)))
