"""A guardian who is also staff, and a colleague who declares to be partial: the case is to them as none."""

import pytest

from bti.db.models import BatonOffer, Participant
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.partiality import Tie
from bti.keyd.archiving import archive_params
from bti.workflows import (
    approval,
    baton,
    case,
    consent_page,
    follow_up,
    partiality,
    participant,
    worklist,
)
from bti.workflows.errors import NotFound
from tests.approvals import freshly
from tests.integration.workflows import cases
from tests.integration.workflows.states import change_ops, today
from tests.integration.workflows.test_control import MARIA, known_as, registered
from tests.web.case_site import acts

MEASURES = frozenset({InfoType.MEASURES})


def declare(world, case_id, who, about=None, tie=Tie.RELATIVE):
    command = partiality.DeclarePartial(
        case_id=case_id, version=None, account_id=world.accounts[about or who], tie=tie
    )
    world.run(who, partiality.declare, command)


def refusal(world, who, case_id):
    with pytest.raises(AccessDenied) as refused:
        world.run(who, case.show_case, case_id=case_id)
    return refused.value.rule


def listed(world, who):
    day = world.run(who, worklist.my_day)
    return {row.case_id for row in day.rows} | {task.case_id for task in day.tasks} - {None}


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_a_guardian_by_a_registered_number_opens_no_case_about_the_own_child_in_any_role(
    request, engine
):
    world = request.getfixturevalue(engine)
    own = cases.new_case(world, guardians=(("M. Vik", True),))
    other = cases.new_case(world)
    registered(world, own, MARIA)
    # The leader of the very service: nothing but who she is keeps her out.
    world.run("siv", case.show_case, case_id=own)
    known_as(world, "siv", MARIA)
    assert refusal(world, "siv", own) == "access.partial"
    assert not world.run("siv", consent_page.may_read, case_id=own)
    assert own not in listed(world, "siv")
    world.run("siv", case.show_case, case_id=other)
    # Colleagues meet no hindrance, and a namesake without a number meets none.
    world.run("ingrid", case.show_case, case_id=own)
    cases.holds_together(world)


def test_whoever_holds_the_baton_is_out_too_and_the_leader_moves_it(world):
    own = cases.new_case(world, guardians=(("M. Vik", True),))
    cases.log_open(world, own)
    registered(world, own, MARIA)
    known_as(world, "ingrid", MARIA)
    assert refusal(world, "ingrid", own) == "access.partial"
    assert own not in listed(world, "ingrid")
    world.run(
        "siv",
        baton.reassign,
        case_id=own,
        to_id=world.accounts["per"],
        to_unit_id=world.units["school"],
        reason="Inhabil.",
        version=None,
    )
    assert cases.holder(world, own) == world.accounts["per"]


def test_whoever_declares_to_be_partial_is_out_at_once_and_is_given_nothing_more(world):
    made = cases.new_case(world)
    cases.log_open(world, made)
    cases.agreed(world, made, "pps", info_types=MEASURES)
    cases.invite(world, made)
    cases.write(world, "nina", made, InfoType.MEASURES, "Utredet.")
    offer = cases.offered(world, made, "nina", "pps")
    with pytest.raises(AccessDenied):
        # Whoever does not keep the case declares nobody but herself.
        declare(world, made, "nina", "per")
    declare(world, made, "nina")
    assert refusal(world, "nina", made) == "access.partial"
    assert made not in listed(world, "nina")
    (row,) = cases.rows(world, BatonOffer, BatonOffer.id == offer)
    assert row.open_slot is None
    places = cases.rows(world, Participant, Participant.account_id == world.accounts["nina"])
    assert [one.revoked_at for one in places] == [world.clock.now()]
    for again in (
        lambda: cases.invite(world, made),
        lambda: cases.offered(world, made, "nina", "pps"),
    ):
        with pytest.raises(RuleBroken, match=r"baton\.partial"):
            again()
    candidates = world.run("ingrid", participant.people_page, case_id=made).candidates
    assert world.accounts["nina"] not in {one.account_id for one in candidates}
    # What she wrote stays, and is read by those who read it before.
    assert "Utredet." in cases.texts(world, "ingrid", made)
    assert acts(world).count(("case:partiality:declare", "allow")) == 1
    cases.holds_together(world)


def test_the_holder_hands_over_first_and_a_leader_who_is_partial_is_told_of_nothing(world):
    made = cases.new_case(world)
    cases.log_open(world, made)
    with pytest.raises(RuleBroken, match=r"partial\.holder"):
        declare(world, made, "ingrid")
    before = world.run("siv", follow_up.of_unit).open_cases
    declare(world, made, "ingrid", "siv", Tie.PARTNER)
    change_ops(world, made, next_evaluation=today(world).replace(year=2025))
    after = world.run("siv", follow_up.of_unit)
    assert (after.open_cases, after.total) == (before - 1, 0)
    assert refusal(world, "siv", made) == "access.partial"
    with pytest.raises(AccessDenied):
        world.run("siv", partiality.page, case_id=made)


def test_the_leader_lets_one_in_again_and_no_place_comes_back_by_that(world):
    made = cases.new_case(world)
    declare(world, made, "ingrid", "per", Tie.OTHER)
    shown = world.run("siv", partiality.page, case_id=made)
    assert [(one.name, one.by) for one in shown.kept_out] == [("Per Dahl", "Ingrid Solberg")]
    freshly(world, "siv")
    per = world.accounts["per"]
    world.run("siv", partiality.lift, case_id=made, account_id=per, version=None)
    assert not world.run("siv", partiality.page, case_id=made).kept_out
    assert refusal(world, "per", made) == "access.no_relation"
    with pytest.raises(RuleBroken, match=r"partial\.not_kept_out"):
        world.run("siv", partiality.lift, case_id=made, account_id=per, version=None)
    with pytest.raises(AccessDenied):
        world.run("ingrid", partiality.lift, case_id=made, account_id=per, version=None)
    with pytest.raises(NotFound):
        declare(world, made, "ingrid", "nina")


def test_whoever_is_partial_is_not_the_second_of_two_people(world):
    made = cases.new_case(world)
    number = world.run("ingrid", case.show_case, case_id=made).number
    declare(world, made, "ingrid", "anne")
    freshly(world, "arne")
    asked = world.run(
        "arne", approval.ask, ApprovalAct.CASE_EXPORT, archive_params(number), reason="Avsluttet."
    )
    freshly(world, "anne")
    with pytest.raises(ApprovalRefused, match=r"approval\.role"):
        world.run("anne", approval.give, approval_id=asked)
