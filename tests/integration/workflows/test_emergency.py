"""Emergency access: one case, two hours, the core alone, and nobody can use it unseen."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.crypto.errors import Locked
from bti.db.models import EmergencyAccess, Entry
from bti.domain.access import Action
from bti.domain.codes import Role
from bti.domain.emergency import EmergencyReason, ReviewOutcome
from bti.domain.errors import AccessDenied, NotFound, RuleBroken
from bti.domain.national_id import made_up
from bti.keyd import authority
from bti.workflows import account, audit_check, case, emergency, insight, review, sign_in, worklist
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases
from tests.integration.workflows.states import planned, today, with_log
from tests.world import World, add_person

WHY = "Barnet er funnet alene ute etter midnatt."
CHILD = "Jonas Berg Hansen"
BOTH_ENGINES = pytest.mark.parametrize("world_name", ["world", "postgres_world"])


@pytest.fixture
def night(request, world_name) -> World:
    return request.getfixturevalue(world_name)


def number_of(world, case_id, who="ingrid"):
    return world.run(who, case.show_case, case_id=case_id).number


def asked(world, case_id, **changes):
    values = {
        "number": number_of(world, case_id),
        "reason": EmergencyReason.LIFE_AND_HEALTH,
        "text": WHY,
    }
    return emergency.TakeAccess(**(values | changes))


def take(world, case_id, who="vera", **changes):
    world.forget(who)
    return world.run(who, emergency.take, asked(world, case_id, **changes))


def uses(world, who="anne"):
    return world.run(who, review.list_reviews)


def entries(world, action):
    def read(context):
        rows = context.session.scalars(
            select(AuditEvent).where(AuditEvent.act == action.value).order_by(AuditEvent.idx)
        )
        return [(row.who, row.dec, bytes(row.leaf).decode()) for row in rows]

    return world.system(read)


@BOTH_ENGINES
def test_one_on_call_opens_the_core_of_one_case_and_sees_whom_to_call(night):
    case_id = with_log(night)
    other = with_log(night)
    assert take(night, case_id) == case_id

    page = night.run("vera", emergency.read_core, case_id=case_id)

    assert page.child.name == CHILD
    assert [one.name for one in page.guardians] == ["Maria Hansen", "Tor Berg"]
    assert page.holder.name == "Ingrid Solberg"
    assert page.expires_at - night.clock.now() <= timedelta(hours=2)
    for hidden in (case.show_case, case.print_case, insight.case_accesses):
        argument = {"case_id": case_id} if hidden is not insight.case_accesses else {}
        positional = () if argument else (case_id,)
        with pytest.raises(AccessDenied):
            night.run("vera", hidden, *positional, **argument)
    with pytest.raises(AccessDenied):
        night.run("vera", emergency.read_core, case_id=other)


@BOTH_ENGINES
def test_a_case_is_found_by_national_id_as_well(night):
    number = made_up(cases.BORN, range(500, 1000))
    case_id = cases.new_case(night, number=number)
    assert take(night, case_id, number="", national_id=number) == case_id
    assert night.run("vera", emergency.read_core, case_id=case_id).child.name == CHILD


def test_nothing_but_the_key_of_the_core_is_released(world):
    case_id = with_log(world)
    planned(world, case_id, evaluate_on=today(world) + timedelta(days=20))
    take(world, case_id)

    def look(context):
        opened = context.verbs.open(case_id, Action.READ_CORE, entry=Act.EMERGENCY_CASE_READ)
        closed = 0
        for row in context.session.scalars(select(Entry).where(Entry.case_id == case_id)):
            if row.compartment == "core":
                continue
            with pytest.raises(Locked):
                assert row.body
            closed += 1
        return opened.compartments, closed

    compartments, closed = world.run("vera", look)
    assert compartments == {"core"}
    assert closed > 0


@BOTH_ENGINES
def test_it_closes_by_itself_after_two_hours(night):
    case_id = with_log(night)
    take(night, case_id)
    night.clock.advance(timedelta(hours=2))
    night.forget("vera")
    with pytest.raises(AccessDenied):
        night.run("vera", emergency.read_core, case_id=case_id)
    assert night.run("vera", emergency.seek).open_now == ()


def test_without_a_reason_of_twenty_signs_nothing_is_even_looked_up(world):
    case_id = with_log(world)
    before = entries(world, Act.EMERGENCY_CASE_SEEK)
    for reason in ("", "kort", "x" * 19, " \n" * 40, "a" + " " * 60 + "b"):
        with pytest.raises(RuleBroken, match=r"emergency\.reason_short"):
            take(world, case_id, text=reason)
    assert entries(world, Act.EMERGENCY_CASE_SEEK) == before
    assert uses(world).waiting == ()


def test_nobody_else_can_take_it(world):
    command = asked(world, with_log(world))
    for who in ("ingrid", "siv", "odd", "hege", "anne", "arne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, emergency.seek)
        with pytest.raises(AccessDenied):
            world.run(who, emergency.take, command)


def test_a_proof_that_is_no_longer_fresh_is_asked_for_again(world):
    case_id = with_log(world)
    command = asked(world, case_id)
    actor = world.actor("vera")
    world.clock.advance(timedelta(minutes=16))
    with pytest.raises(AccessDenied, match=r"access\.stale_factor"):
        world.runtime.doorway.perform(emergency.take, actor, command)


def test_no_such_case_and_one_that_is_closed_to_it_are_answered_alike_and_both_entered(
    world, monkeypatch
):
    case_id = with_log(world)
    assert world.run("vera", emergency.take, asked(world, case_id, number="1234-5678")) is None
    real = authority._facts

    def protected(*arguments):
        return replace(real(*arguments), protected=True)

    command = asked(world, case_id)
    monkeypatch.setattr(authority, "_facts", protected)
    assert world.run("vera", emergency.take, command) is None
    monkeypatch.undo()
    denied = [dec for _, dec, _ in entries(world, Act.EMERGENCY_CASE_SEEK)]
    assert denied == ["deny", "deny"]
    assert uses(world).waiting == ()


@BOTH_ENGINES
def test_the_holder_the_leader_the_officer_and_the_family_are_told_in_the_same_transaction(night):
    case_id = with_log(night)
    take(night, case_id)
    page = night.run("ingrid", worklist.my_day)
    told = [one for one in page.tasks if one.kind is TaskKind.EMERGENCY]
    assert [(one.case_id, one.about, one.urgent) for one in told] == [(case_id, "Vera Natt", True)]
    assert [one.name for one in uses(night).waiting] == ["Vera Natt"]
    seen = night.run("ingrid", insight.case_accesses, case_id)
    rows = [row for row in seen.rows if row.action == Act.EMERGENCY_ACCESS_OPEN.value]
    assert [row.ground for row in rows] == ["gate:emergency"]


def test_where_the_notice_cannot_be_written_nothing_is_opened(world):
    """The row is the right and the notice: there is no mail to be stopped, and no second writing."""
    case_id = with_log(world)
    with world.runtime.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER unseen BEFORE INSERT ON emergency_accesses "
                "BEGIN SELECT RAISE(ABORT, 'no notice'); END"
            )
        )
    with pytest.raises(IntegrityError, match="no notice"):
        take(world, case_id)
    with world.runtime.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER unseen"))
    with pytest.raises(AccessDenied):
        world.run("vera", emergency.read_core, case_id=case_id)
    assert entries(world, Act.EMERGENCY_ACCESS_OPEN) == []
    assert uses(world).waiting == ()


def test_a_notice_that_is_taken_away_takes_the_access_with_it_and_is_missed(world):
    case_id = with_log(world)
    take(world, case_id)
    row_id = uses(world).waiting[0].row_id
    with world.runtime.engine.begin() as connection:
        connection.execute(text("DELETE FROM emergency_accesses"))
    with pytest.raises(AccessDenied):
        world.run("vera", emergency.read_core, case_id=case_id)
    # The family and the officer still read in the log that it was opened.
    seen = world.run("ingrid", insight.case_accesses, case_id).rows
    assert Act.EMERGENCY_ACCESS_OPEN.value in {row.action for row in seen}
    outcome = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert f"missing: emergency_accesses {row_id}" in outcome.findings


def test_a_leader_of_the_unit_that_used_it_gets_the_review_as_a_task(world):
    add_person(world, "liv", "Liv Strand", "Leder", "child_welfare", Role.UNIT_LEAD)
    take(world, with_log(world))
    page = world.run("liv", worklist.my_day)
    assert [(one.kind, one.count) for one in page.tasks] == [(TaskKind.REVIEW, 1)]
    assert len(uses(world, "liv").waiting) == 1
    assert uses(world, "siv").waiting == ()
    row_id = uses(world, "liv").waiting[0].row_id
    with pytest.raises(AccessDenied):
        world.run("siv", review.show_use, row_id=row_id)


@BOTH_ENGINES
def test_the_third_time_is_refused_until_somebody_has_reviewed(night):
    first, second, third = (with_log(night) for _ in range(3))
    take(night, first)
    take(night, second)
    with pytest.raises(RuleBroken, match=r"emergency\.blocked"):
        take(night, third)
    night.forget("vera")
    assert night.run("vera", emergency.seek).blocked
    row_id = uses(night).waiting[0].row_id
    night.run(
        "anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.ASK, found="Jeg spør Vera."
    )
    with pytest.raises(RuleBroken, match=r"emergency\.blocked"):
        take(night, third)
    night.run(
        "anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.FINE, found="Nødvendig."
    )
    assert take(night, third) == third


def test_the_same_case_again_while_it_is_open_is_no_second_use(world):
    case_id = with_log(world)
    for _ in range(4):
        assert take(world, case_id) == case_id
    assert len(uses(world).waiting) == 1


def test_an_old_use_that_nobody_reviewed_blocks_for_thirty_days_and_stays_on_the_list(world):
    for _ in range(2):
        take(world, with_log(world))
    late = with_log(world)
    world.clock.advance(timedelta(days=30))
    assert take(world, late) == late
    assert [one.overdue for one in uses(world).waiting] == [True, True, False]


def test_nobody_reviews_their_own_use_in_another_hat(world):
    take(world, with_log(world))
    row_id = uses(world).waiting[0].row_id
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=world.accounts["vera"],
        unit_id=world.units["administration"],
        role=Role.DPO,
    )
    actor = world.actor("vera")
    grant = next(
        one
        for one in world.runtime.doorway.perform(sign_in.my_roles, actor)
        if one.role is Role.DPO
    )
    entered = world.runtime.doorway.perform(sign_in.enter_role, actor, grant_id=grant.grant_id)
    officer = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    assert world.runtime.doorway.perform(review.list_reviews, officer).waiting == ()
    for workflow, more in (
        (review.show_use, {}),
        (review.settle_use, {"outcome": ReviewOutcome.FINE, "found": "Helt greit."}),
    ):
        with pytest.raises(AccessDenied):
            world.runtime.doorway.perform(workflow, officer, row_id=row_id, **more)


def test_the_reason_is_read_by_the_reviewer_and_by_no_key_that_others_hold(world):
    take(world, with_log(world))
    row_id = uses(world).waiting[0].row_id
    assert world.run("anne", review.show_use, row_id=row_id).text == WHY

    def peek(context):
        context.verbs.subject()
        row = context.session.get_one(EmergencyAccess, row_id)
        with pytest.raises(Locked):
            assert row.body

    for who in ("ingrid", "siv", "asta", "vera"):
        world.run(who, peek)
    assert all(
        WHY.split(maxsplit=1)[0] not in leaf
        for _, _, leaf in entries(world, Act.EMERGENCY_ACCESS_OPEN)
    )


def test_a_review_needs_words_and_is_settled_once(world):
    take(world, with_log(world))
    row_id = uses(world).waiting[0].row_id
    with pytest.raises(RuleBroken, match=r"emergency\.review_reason"):
        world.run("anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.FINE, found=" ")
    world.run(
        "anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.BREACH, found="Nysgjerrig."
    )
    with pytest.raises(NotFound):
        world.run(
            "anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.FINE, found="Likevel."
        )
    page = world.run("anne", review.show_use, row_id=row_id)
    assert (page.outcome, page.found, page.settled_by) == (
        ReviewOutcome.BREACH,
        "Nysgjerrig.",
        "Anne Ruud",
    )


FORGERIES = {
    "prolonged": "UPDATE emergency_accesses SET expires_at = '2030-01-01 00:00:00.000000'",
    "moved": "UPDATE emergency_accesses SET case_id = (SELECT id FROM cases WHERE id <> case_id)",
    "settled": "UPDATE emergency_accesses SET settled_at = opened_at",
}


@pytest.mark.parametrize("how", sorted(FORGERIES))
def test_a_row_that_was_changed_in_sql_opens_nothing_and_makes_no_room(world, how):
    case_id, other = with_log(world), with_log(world)
    take(world, case_id)
    with world.runtime.engine.begin() as connection:
        connection.execute(text(FORGERIES[how]))
    for one in (case_id, other):
        with pytest.raises(AccessDenied):
            world.run("vera", emergency.read_core, case_id=one)
    with pytest.raises(AccessDenied, match=r"access\.forged_row"):
        world.run("vera", emergency.seek)


def test_the_log_and_the_tables_agree_after_all_of_it(world):
    take(world, with_log(world))
    row_id = uses(world).waiting[0].row_id
    world.run("anne", review.show_use, row_id=row_id)
    world.run(
        "anne", review.settle_use, row_id=row_id, outcome=ReviewOutcome.FINE, found="Nødvendig."
    )
    cases.holds_together(world)
