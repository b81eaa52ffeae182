"""Bringing a case to the upbringing team: what the team learns, and what it may do with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import consent, referral
from bti.workflows.case_file import entries
from bti.workflows.errors import Conflict
from bti.workflows.referral import Criterion, Finding, IndividualPlan, ReferralState
from bti.workflows.referral_view import conclusion
from tests.integration.workflows import cases
from tests.integration.workflows.states import (
    change_ops,
    invite,
    ops,
    planned,
    ready_for_team,
    share,
    today,
    version_of,
    with_log,
)


def command(world, case_id, **changes):
    whole = referral.Refer(
        case_id=case_id,
        version=version_of(world, case_id),
        team_unit=world.units["team"],
        why="Tiltakene på nivå 2 har ikke hjulpet nok.",
        question="Fire tjenester er inne. Hvem skal samordne?",
        danger_assessed=True,
    )
    return replace(whole, **changes)


def referred(world, *types, let_in=True):
    case_id = ready_for_team(world)
    consent_id = share(world, case_id, "team", *types) if let_in else None
    world.run("ingrid", referral.refer, command(world, case_id))
    return case_id, consent_id


def part(world, case_id, who="ingrid"):
    def read(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return referral.part_of(context, opened, entries(context, case_id, opened=opened))

    return world.run(who, read)


def rights(world, case_id, **changes):
    whole = referral.RecordRights(
        case_id=case_id,
        version=version_of(world, case_id),
        told=True,
        criteria=tuple((one, Finding.YES) for one in Criterion),
        individual_plan=IndividualPlan.OFFERED,
    )
    return replace(whole, **changes)


def test_a_referred_case_keeps_its_level_and_waits(world):
    case_id, _ = referred(world)
    assert (ops(world, case_id).level, ops(world, case_id).referral) == (2, "waiting")
    shown = part(world, case_id)
    assert shown.state is ReferralState.WAITING
    assert shown.team == "Oppvekstteamet"
    assert shown.question == "Fire tjenester er inne. Hvem skal samordne?"
    assert shown.answer_due == today(world) + timedelta(days=14)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"why": " "}, "level.cooperation_not_enough"),
        ({"danger_assessed": False}, "level.danger_assessed_again"),
    ],
)
def test_what_level_3_asks_for_must_be_in_place_before_the_team_is_asked(world, changes, code):
    case_id = ready_for_team(world)
    with pytest.raises(RuleBroken, match=r"level\.requirements") as refused:
        world.run("ingrid", referral.refer, command(world, case_id, **changes))
    assert [one.code for one in refused.value.facts["unmet"]] == [code]
    assert ops(world, case_id).referral == ""


def test_level_1_cannot_jump_to_the_team(world):
    case_id = with_log(world, level=1)
    with pytest.raises(RuleBroken, match=r"level\.no_such_step"):
        world.run("ingrid", referral.refer, command(world, case_id))


def test_a_case_is_brought_to_a_team_and_to_no_other_service(world):
    case_id = ready_for_team(world)
    other = command(world, case_id, team_unit=world.units["health"])
    with pytest.raises(RuleBroken, match=r"referral\.no_team"):
        world.run("ingrid", referral.refer, other)


def test_a_question_must_be_asked(world):
    case_id = ready_for_team(world)
    with pytest.raises(RuleBroken, match=r"referral\.question_missing"):
        world.run("ingrid", referral.refer, command(world, case_id, question=""))


def test_one_referral_at_a_time(world):
    case_id, _ = referred(world)
    with pytest.raises(RuleBroken, match=r"referral\.open"):
        world.run("ingrid", referral.refer, command(world, case_id))


def test_without_consent_the_team_sees_a_number_and_a_waiting_time_and_nothing_else(world):
    case_id, _ = referred(world, let_in=False)
    world.clock.advance(timedelta(days=9))

    (row,) = world.run("hege", referral.queue).rows
    assert row.days == 9
    assert not row.let_in
    assert (row.child, row.age, row.question, row.holder, row.level) == ("", None, "", "", None)
    with pytest.raises(AccessDenied):
        world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))


def test_with_consent_the_team_sees_whom_it_is_about_and_what_is_asked(world):
    referred(world)
    world.clock.advance(timedelta(days=15))
    (row,) = world.run("turid", referral.queue).rows
    assert row.let_in
    assert row.child == "Jonas Berg Hansen"
    assert row.question == "Fire tjenester er inne. Hvem skal samordne?"
    assert (row.holder, row.holder_unit) == ("Ingrid Solberg", "Lindvik ungdomsskole")
    assert row.over


def test_withdrawn_consent_takes_the_case_out_of_the_queue(world):
    case_id, consent_id = referred(world)
    person_id = next(iter(cases.guardians(world, case_id).values()))
    world.run(
        "ingrid", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=person_id
    )
    assert world.run("hege", referral.queue).rows == ()
    assert ops(world, case_id).referral == "returned"


def test_only_the_team_sees_its_queue(world):
    referred(world)
    for who in ("ingrid", "siv", "anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, referral.queue)


def test_looking_at_the_queue_is_one_entry_that_names_every_case(world):
    case_id, _ = referred(world)
    world.run("hege", referral.queue)
    entries_ = cases.rows(world, AuditEvent, AuditEvent.act == Act.TEAM_QUEUE_READ.value)
    subjects = cases.rows(world, AuditSubject, AuditSubject.idx == entries_[-1].idx)
    assert [one.object_id for one in subjects if one.kind == "case"] == [case_id]


def test_taking_a_case_moves_it_to_level_3(world):
    case_id, _ = referred(world)
    world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))
    assert (ops(world, case_id).level, ops(world, case_id).referral) == (3, "taken")
    cases.holds_together(world)


def test_a_member_of_the_team_cannot_take_a_case(world):
    case_id, _ = referred(world)
    with pytest.raises(AccessDenied):
        world.run("turid", referral.take, case_id=case_id, version=version_of(world, case_id))


def test_what_has_come_to_be_missing_while_it_waited_stops_the_team(world):
    case_id, _ = referred(world)
    planned(world, case_id, evaluate_on=today(world))
    world.clock.advance(timedelta(days=3))
    with pytest.raises(RuleBroken, match=r"level\.requirements"):
        world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))
    assert (ops(world, case_id).level, ops(world, case_id).referral) == (2, "waiting")


def test_only_those_who_may_know_of_other_services_are_told_which_team_and_which_services(world):
    case_id, _ = referred(world)
    share(world, case_id, "pps")
    share(world, case_id, "child_welfare")
    invite(world, case_id, "nina")
    shown = part(world, case_id, "nina")
    assert (shown.team, shown.consent) == ("", None)
    assert part(world, case_id, "siv").team == "Oppvekstteamet"
    page = world.run("hege", referral.team_page, case_id=case_id, action=Action.TAKE_REFERRAL)
    assert {"Barnevernstjenesten", "PP-tjenesten", "Oppvekstteamet"} <= set(page.services)


def test_a_returned_case_says_why_and_the_teams_way_in_is_closed(world):
    case_id, _ = referred(world)
    with pytest.raises(RuleBroken, match=r"referral\.reason_missing"):
        world.run(
            "hege", referral.return_, case_id=case_id, version=version_of(world, case_id), reason=""
        )
    world.run(
        "hege",
        referral.return_,
        case_id=case_id,
        version=version_of(world, case_id),
        reason="Prøv PP-tjenesten først.",
    )
    assert part(world, case_id).returned_reason == "Prøv PP-tjenesten først."
    assert world.run("hege", referral.queue).rows == ()
    with pytest.raises(AccessDenied):
        part(world, case_id, "hege")


def test_a_case_that_was_taken_goes_back_to_level_2(world):
    case_id, _ = referred(world)
    world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))
    world.run(
        "hege",
        referral.return_,
        case_id=case_id,
        version=version_of(world, case_id),
        reason="Nå går det bedre.",
    )
    assert (ops(world, case_id).level, ops(world, case_id).referral) == (2, "returned")


def test_a_returned_case_can_be_brought_again(world):
    case_id, _ = referred(world)
    world.run(
        "hege", referral.return_, case_id=case_id, version=version_of(world, case_id), reason="Vent"
    )
    world.run("ingrid", referral.refer, command(world, case_id, question="Hva nå?"))
    assert part(world, case_id).question == "Hva nå?"


def test_the_new_holder_must_say_yes_before_the_baton_moves(world):
    case_id, _ = referred(world)
    world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))
    appoint = referral.Appoint(
        case_id=case_id,
        submission=case_id,
        version=version_of(world, case_id),
        account_id=world.accounts["turid"],
        unit_id=world.units["team"],
        message="Du kjenner familien.",
    )
    world.run("hege", referral.appoint_holder, appoint)
    assert cases.holder(world, case_id) == world.accounts["ingrid"]


def test_a_holder_is_appointed_only_in_a_case_the_team_has_taken(world):
    case_id, _ = referred(world)
    appoint = referral.Appoint(
        case_id=case_id,
        submission=case_id,
        version=version_of(world, case_id),
        account_id=world.accounts["turid"],
        unit_id=world.units["team"],
    )
    with pytest.raises(RuleBroken, match=r"referral\.not_taken"):
        world.run("hege", referral.appoint_holder, appoint)


def test_that_the_family_was_told_is_seen_by_all_and_what_was_found_only_by_consent(world):
    case_id, _ = referred(world, InfoType.MEASURES)
    world.run("hege", referral.record_rights, rights(world, case_id))

    own = part(world, case_id, "hege").rights
    assert own.entitled is Finding.YES
    at_school = part(world, case_id, "ingrid").rights
    assert at_school.told_on == today(world)
    assert at_school.individual_plan is IndividualPlan.OFFERED
    assert at_school.criteria == {}


def test_all_five_criteria_are_answered_if_only_with_unresolved(world):
    case_id, _ = referred(world)
    some = tuple((one, Finding.YES) for one in Criterion if one is not Criterion.FAMILY_WANTS)
    with pytest.raises(RuleBroken, match=r"referral\.criteria_missing"):
        world.run("hege", referral.record_rights, rights(world, case_id, criteria=some))


@pytest.mark.parametrize(
    ("last", "found"),
    [
        (Finding.YES, Finding.YES),
        (Finding.NO, Finding.NO),
        (Finding.UNRESOLVED, Finding.UNRESOLVED),
    ],
)
def test_all_five_criteria_must_hold(last, found):
    answered = dict.fromkeys(Criterion, Finding.YES) | {Criterion.FAMILY_WANTS: last}
    assert conclusion(answered) is found


def test_one_no_is_an_answer_also_while_others_are_unresolved():
    answered = dict.fromkeys(Criterion, Finding.UNRESOLVED) | {Criterion.UNDER_18: Finding.NO}
    assert conclusion(answered) is Finding.NO


def test_the_case_page_says_nothing_of_a_team_below_level_2(world):
    assert part(world, with_log(world, level=1)) is None


def test_an_old_form_from_the_team_is_a_conflict(world):
    case_id, _ = referred(world)
    old = version_of(world, case_id)
    change_ops(world, case_id, talk_due=today(world))
    with pytest.raises(Conflict):
        world.run("hege", referral.take, case_id=case_id, version=old)


def test_a_case_travels_to_level_3_and_back_on_postgresql(postgres_world):
    world = postgres_world
    case_id, _ = referred(world)
    world.run("hege", referral.take, case_id=case_id, version=version_of(world, case_id))
    world.run("hege", referral.record_rights, rights(world, case_id))
    world.run(
        "hege",
        referral.return_,
        case_id=case_id,
        version=version_of(world, case_id),
        reason="Takk.",
    )
    assert (ops(world, case_id).level, ops(world, case_id).referral) == (2, "returned")
