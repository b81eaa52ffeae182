"""Approvals as rows: two people, exact parameters, once, within a day; every refusal is entered."""

import uuid
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bti.audit.models import AuditEvent, AuditSubject
from bti.domain.approval import ApprovalAct, ApprovalRefused, ApprovalState, StepUpNeeded
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied, Conflict, NotFound
from bti.workflows import account, approval, audit_check
from tests.approvals import freshly, two_say_yes
from tests.world import ADMIN, add_person

ACT = ApprovalAct.AUDIT_EXPORT
PARAMS = {"what": "whole log", "to": "/mnt/archive"}


@pytest.fixture(params=["world", "postgres_world"], ids=["sqlite", "postgresql"])
def town(request):
    """A municipality on each engine."""
    return request.getfixturevalue(request.param)


def use(world, approval_id, params=PARAMS, act=ACT):
    """Use it as the command line does."""
    world.system(approval.use, approval_id, act, params, tenant_id=world.tenant_id)


def denied(world):
    """The rules of the refusals that are entered, with the approvals they name."""
    with world.looking() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.dec == "deny")).all()
        named = {}
        for row in session.scalars(select(AuditSubject).where(AuditSubject.kind == "approval")):
            named[row.idx] = row.object_id
        return [
            (row.leaf.decode().split('"rule":"')[1].split('"')[0], named.get(row.idx))
            for row in rows
        ]


def test_two_people_let_one_act_happen_once(town):
    given = two_say_yes(town, ACT, PARAMS)
    use(town, given)
    with pytest.raises(ApprovalRefused, match="used"):
        use(town, given)
    assert ("approval.used", given) in denied(town)
    assert town.system(audit_check.verify, tenant_id=town.tenant_id).intact


def test_an_altered_an_expired_and_another_act_are_refused_and_entered(town):
    given = two_say_yes(town, ACT, PARAMS)
    with pytest.raises(ApprovalRefused, match="changed"):
        use(town, given, {**PARAMS, "to": "/mnt/elsewhere"})
    with pytest.raises(ApprovalRefused, match="other_act"):
        use(town, given, act=ApprovalAct.KEY_DESTROY)
    with pytest.raises(ApprovalRefused, match="unknown"):
        use(town, None)
    town.clock.advance(timedelta(hours=24))
    with pytest.raises(ApprovalRefused, match="expired"):
        use(town, given)
    rules = [rule for rule, one in denied(town) if one == given]
    assert rules == ["approval.changed", "approval.other_act", "approval.expired"]


def test_nobody_approves_their_own_request_nor_with_a_second_account(world):
    add_person(world, "asta2", "Berg, Asta", "Leder", "administration", Role.ADMINISTRATOR)
    freshly(world, "asta")
    asked = world.run("asta", approval.ask, ACT, PARAMS)
    for who, rule in (("asta", "approval.self"), ("asta2", "approval.same_person")):
        with pytest.raises(ApprovalRefused, match=rule):
            world.run(who, approval.give, approval_id=asked)
        assert (rule, asked) in denied(world)
    assert world.run("asta2", approval.page).to_answer == ()
    with pytest.raises(ApprovalRefused, match="not_given"):
        use(world, asked)


def test_an_account_the_asker_has_let_in_cannot_answer(world):
    made = add_person(world, "eva", "Eva Lie", "Leder", "leisure", Role.STAFF)
    freshly(world, "asta")
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=made,
        unit_id=world.units["administration"],
        role=Role.ADMINISTRATOR,
        granted_by=world.accounts["asta"],
    )
    asked = world.run("asta", approval.ask, ACT, PARAMS)
    from bti.workflows import sign_in  # noqa: PLC0415 - only this test changes hats

    roles = world.run("eva", sign_in.my_roles)
    hat = next(one.grant_id for one in roles if one.role is Role.ADMINISTRATOR)
    entered = world.run("eva", sign_in.enter_role, grant_id=hat)
    eva = world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)
    with pytest.raises(ApprovalRefused, match="made_by_requester"):
        world.runtime.doorway.perform(approval.give, eva, approval_id=asked)


def test_without_a_fresh_second_factor_nothing_is_asked_or_given(world):
    freshly(world, "anne")
    asked = world.run("anne", approval.ask, ACT, PARAMS)
    freshly(world, "asta")
    world.clock.advance(timedelta(minutes=15))
    for who, act in (
        ("anne", lambda: world.run("anne", approval.ask, ACT, PARAMS)),
        ("asta", lambda: world.run("asta", approval.give, approval_id=asked)),
    ):
        with pytest.raises(StepUpNeeded):
            act()
        freshly(world, who)
        act()
    assert [rule for rule, _ in denied(world)].count("access.stale_factor") == 2


def test_who_may_not_ask_or_answer_meets_nothing(world):
    freshly(world, "anne")
    asked = world.run("anne", approval.ask, ACT, PARAMS)
    with pytest.raises(AccessDenied):
        world.run("ingrid", approval.ask, ACT, PARAMS)
    with pytest.raises(AccessDenied):
        world.run("ingrid", approval.page)
    with pytest.raises(NotFound):
        world.run("siv", approval.show, approval_id=asked)
    with pytest.raises(NotFound):
        world.run("siv", approval.show, approval_id=uuid.uuid4())
    with pytest.raises(ApprovalRefused, match="role"):
        world.run("arne", approval.ask, ACT, PARAMS)
    with pytest.raises(ApprovalRefused, match="role"):
        world.run("arne", approval.give, approval_id=asked)


def test_a_no_is_final_and_a_request_can_be_taken_back(world):
    freshly(world, "anne")
    asked = world.run("anne", approval.ask, ACT, PARAMS)
    freshly(world, "asta")
    world.run("asta", approval.refuse, approval_id=asked)
    for change in (approval.give, approval.refuse):
        with pytest.raises(ApprovalRefused, match="not_waiting"):
            world.run("asta", change, approval_id=asked)
    freshly(world, "anne")
    second = world.run("anne", approval.ask, ACT, PARAMS)
    with pytest.raises(NotFound):
        world.run("asta", approval.withdraw, approval_id=second)
    world.run("anne", approval.withdraw, approval_id=second)
    with pytest.raises(ApprovalRefused, match="not_waiting"):
        world.run("asta", approval.give, approval_id=second)


def test_a_yes_falls_when_one_of_the_two_is_gone(world):
    given = two_say_yes(world, ACT, PARAMS, asker="asta", giver="anne")
    world.system(
        account.disable_account, tenant_id=world.tenant_id, account_id=world.accounts["anne"]
    )
    with pytest.raises(ApprovalRefused, match="person_gone"):
        use(world, given)


def test_only_the_asker_uses_it_on_a_page(world):
    given = two_say_yes(world, ACT, PARAMS, asker="anne", giver="asta")
    with pytest.raises(ApprovalRefused, match="not_requester"):
        world.run("asta", approval.use, given, ACT, PARAMS)
    world.run("anne", approval.use, given, ACT, PARAMS)


def test_the_approver_sees_what_exactly_and_the_database_does_not(town):
    freshly(town, "anne")
    asked = town.run("anne", approval.ask, ACT, PARAMS, reason="til arkivet")
    (line,) = town.run("asta", approval.page).to_answer
    assert (line.approval_id, dict(line.params), line.reason) == (asked, PARAMS, "til arkivet")
    with town.as_administrator() as connection:
        stored = connection.execute(text("SELECT params_ct FROM approvals")).scalar_one()
    assert b"archive" not in bytes(stored)
    assert b"arkivet" not in bytes(stored)


def test_what_ran_out_is_told_and_entered_once(world):
    freshly(world, "anne")
    world.run("anne", approval.ask, ACT, PARAMS)
    world.clock.advance(timedelta(hours=25))
    for _ in range(2):
        page = world.run("anne", approval.page)
        assert [one.state for one in page.asked] == [ApprovalState.EXPIRED]
    with world.looking() as session:
        acts = session.scalars(select(AuditEvent.act)).all()
    assert acts.count("approval:request:expire") == 1


def test_a_row_edited_or_planted_in_sql_lets_nothing_happen(town):
    freshly(town, "anne")
    asked = town.run("anne", approval.ask, ACT, PARAMS)
    asta = town.accounts["asta"]
    shown = asta.hex if town.runtime.engine.dialect.name == "sqlite" else str(asta)
    with town.as_administrator() as connection:
        connection.execute(
            text("UPDATE approvals SET state = 'given', answered_by_id = :who"), {"who": shown}
        )
    with pytest.raises(AccessDenied, match="forged_row"):
        use(town, asked)
    assert town.run("asta", approval.page).to_answer == ()


def test_the_database_itself_refuses_one_person_as_both(town):
    freshly(town, "anne")
    town.run("anne", approval.ask, ACT, PARAMS)
    with pytest.raises(IntegrityError), town.as_administrator() as connection:
        connection.execute(text("UPDATE approvals SET answered_by_id = requested_by_id"))


def test_of_two_who_use_it_at_once_one_does(town):
    given = two_say_yes(town, ACT, PARAMS)
    outcomes = []
    start = Barrier(2)

    def go():
        start.wait(timeout=30)
        try:
            use(town, given)
            outcomes.append("used")
        except (ApprovalRefused, Conflict):
            outcomes.append("refused")

    threads = [Thread(target=go) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert sorted(outcomes) == ["refused", "used"]


def test_another_municipalitys_approval_is_unknown(world):
    given = two_say_yes(world, ACT, PARAMS)
    elsewhere = world.system(
        account.create_municipality,
        name="Vågen kommune",
        number="9902",
        profile="standard",
        language="nb",
    )
    with pytest.raises(ApprovalRefused, match="unknown"):
        world.runtime.doorway.perform(approval.use, ADMIN, given, ACT, PARAMS, tenant_id=elsewhere)
