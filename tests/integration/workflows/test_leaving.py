"""Nobody leaves with a baton in hand, whatever is done in which order; and cut access leaves a gap."""

import uuid
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bti.db.models import Account, Log, RoleGrant
from bti.db.walls import EVERYWHERE, stand
from bti.domain.codes import Role
from bti.domain.consent import Scope
from bti.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken
from bti.domain.leaving import HolderFacts, ItemKind
from bti.workflows import (
    account,
    audit_check,
    baton,
    directory,
    leaving,
    register,
    sign_in,
    worklist,
)
from bti.workflows.worklist import TaskKind
from tests.story import Story
from tests.world import add_person, copy_of

WORKERS = ("ingrid", "per", "siv")


def with_log(world):
    """A case of the school, whose baton Ingrid has."""
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    return story


@pytest.fixture
def story(world):
    """The case on SQLite."""
    return with_log(world)


@pytest.fixture(params=["world", "postgres_world"], ids=["sqlite", "postgresql"])
def told(request):
    """The case on each engine."""
    return with_log(request.getfixturevalue(request.param))


def offer(world, case_id, to, by="ingrid", act=baton.offer):
    command = baton.OfferBaton(
        case_id=case_id,
        submission=uuid.uuid4(),
        version=None,
        to_id=world.accounts[to],
        to_unit_id=world.units["school"],
        message="",
    )
    return world.run(by, act, command=command)


def pass_on(world, case_id, to, by="ingrid"):
    offer_id = offer(world, case_id, to, by)
    world.run(to, baton.accept, case_id=case_id, offer_id=offer_id)


def reassign(world, case_id, to):
    world.run(
        "siv",
        baton.reassign,
        case_id=case_id,
        to_id=world.accounts[to],
        to_unit_id=world.units["school"],
        reason="kan ikke logge inn",
        version=None,
    )


def plan(world, who, days=0, **more):
    world.run(
        "asta",
        leaving.plan,
        account_id=world.accounts[who],
        leaves_on=world.clock.now().date() + timedelta(days=days),
        **more,
    )


def settle(world):
    return world.system(leaving.settle, tenant_id=world.tenant_id)


def kinds(world, who):
    return [task.kind for task in world.run(who, worklist.my_day).tasks]


def holders_that_cannot_be(world):
    """Running logs whose holder's account has ended, or has no role in the unit any more."""
    now = world.clock.now()
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        wrong = []
        for log in session.scalars(select(Log)):
            ended = not session.get_one(Account, log.holder_id).active
            roles = session.scalars(
                select(RoleGrant).where(
                    RoleGrant.account_id == log.holder_id, RoleGrant.unit_id == log.holder_unit_id
                )
            )
            roleless = not any(one.valid_to is None or one.valid_to > now for one in roles)
            if ended or roleless:
                wrong.append(log.case_id)
        return wrong


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("suspended", [True, False])
@pytest.mark.parametrize("role", [True, False])
def test_a_holder_can_act_only_with_an_open_account_and_a_role(active, suspended, role):
    can = HolderFacts(active=active, suspended=suspended, role_in_unit=role).can_act
    assert can == (active and role and not suspended)


def test_a_planned_end_waits_until_others_have_said_yes(told):
    world = told.world
    plan(world, "ingrid", days=7)
    assert TaskKind.LEAVING in kinds(world, "ingrid")
    assert TaskKind.LEAVER in kinds(world, "siv")
    own = world.run("ingrid", leaving.mine)
    assert [(one.kind, one.case_id) for one in own.items] == [(ItemKind.BATON, told.case_id)]
    assert settle(world) == leaving.Settled((), ())
    world.clock.advance(timedelta(days=8))
    assert settle(world).waiting == (world.accounts["ingrid"],)
    assert world.run("ingrid", worklist.my_day)
    pass_on(world, told.case_id, "per")
    assert settle(world).ended == (world.accounts["ingrid"],)
    world.forget("ingrid")
    with pytest.raises(AssertionError, match="could not sign in"):
        world.run("ingrid", worklist.my_day)
    assert world.system(audit_check.verify, tenant_id=world.tenant_id).intact


def test_the_leader_asks_a_new_holder_who_must_say_yes(story):
    world = story.world
    with pytest.raises(RuleBroken, match="not_leaving"):
        offer(world, story.case_id, "per", by="siv", act=baton.offer_for_leaver)
    plan(world, "ingrid")
    offer_id = offer(world, story.case_id, "per", by="siv", act=baton.offer_for_leaver)
    leaver = next(one for one in world.run("siv", leaving.of_unit) if one.name == "Ingrid Solberg")
    assert leaver.items[0].offered_to == "Per Dahl"
    assert settle(world).waiting
    world.run("per", baton.accept, case_id=story.case_id, offer_id=offer_id)
    assert settle(world).ended


def test_only_the_leader_of_the_cases_unit_asks_for_the_leaver(story):
    world = story.world
    plan(world, "ingrid")
    with pytest.raises(AccessDenied):
        offer(world, story.case_id, "per", by="per", act=baton.offer_for_leaver)


def test_access_is_cut_at_once_and_the_leader_sees_the_gap(told):
    world = told.world
    token = world.token("ingrid")
    actor = world.actor("ingrid")
    world.run("asta", leaving.suspend, account_id=world.accounts["ingrid"])
    assert world.runtime.doorway.perform(sign_in.identify, None, token=token) is None
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(worklist.my_day, actor)
    world.forget("ingrid")
    with pytest.raises(AssertionError, match="could not sign in"):
        world.token("ingrid")
    gap = next(t for t in world.run("siv", worklist.my_day).tasks if t.kind is TaskKind.GAP)
    assert (gap.case_id, gap.urgent) == (told.case_id, True)
    reassign(world, told.case_id, "per")
    assert TaskKind.GAP not in kinds(world, "siv")


def test_whoever_is_cut_off_is_nobodys_colleague_until_access_is_back(story):
    world = story.world
    world.run("asta", leaving.suspend, account_id=world.accounts["per"])
    assert not world.run("siv", directory.works_here, world.accounts["per"])
    with pytest.raises(RuleBroken, match="not_active"):
        offer(world, story.case_id, "per")
    world.run("asta", leaving.restore, account_id=world.accounts["per"])
    assert world.run("siv", directory.works_here, world.accounts["per"])
    pass_on(world, story.case_id, "per")


def test_an_administrator_learns_counts_and_no_case(story):
    world = story.world
    plan(world, "ingrid")
    for look in (leaving.mine, leaving.of_unit):
        with pytest.raises(AccessDenied):
            world.run("asta", look)
    standing = world.run("asta", leaving.standing, account_id=world.accounts["ingrid"])
    assert str(story.case_id) not in repr(standing)


@pytest.mark.parametrize("who", ["ingrid", "per", "kari", "anne"])
def test_nobody_else_plans_ends_or_cuts(story, who):
    world = story.world
    for act in (leaving.suspend, leaving.restore, leaving.withdraw):
        with pytest.raises(AccessDenied):
            world.run(who, act, account_id=world.accounts["siv"])


def test_nobody_plans_their_own_end_or_one_in_the_past_or_twice(story):
    world = story.world
    with pytest.raises(RuleBroken, match="own"):
        plan(world, "asta")
    with pytest.raises(RuleBroken, match="past"):
        plan(world, "ingrid", days=-1)
    plan(world, "ingrid")
    with pytest.raises(RuleBroken, match="planned"):
        plan(world, "ingrid", days=3)
    world.run("asta", leaving.withdraw, account_id=world.accounts["ingrid"])
    with pytest.raises(NotFound):
        world.run("asta", leaving.withdraw, account_id=world.accounts["ingrid"])
    assert settle(world) == leaving.Settled((), ())
    assert TaskKind.LEAVING not in kinds(world, "ingrid")


def test_another_services_leader_sees_the_number_and_has_no_way_in(story):
    world = story.world
    add_person(world, "helga", "Helga Vik", "Leder", "health", Role.UNIT_LEAD)
    plan(world, "kari")
    world.run("helga", leaving.of_unit)
    assert all(
        item.case_id is None for one in world.run("helga", leaving.of_unit) for item in one.items
    )


def test_what_nobody_else_follows_is_told_by_number(world):
    story = Story(world)
    story.wonder()
    plan(world, "ingrid")
    items = world.run("ingrid", leaving.mine).items
    assert [one.kind for one in items] == [ItemKind.FOLLOWS]
    shown = world.run("siv", leaving.of_unit)[0].items
    assert [one.number for one in shown] == [items[0].number]


def test_the_leaders_look_is_entered(story):
    story.world.run("siv", leaving.of_unit)
    with story.world.runtime.engine.connect() as connection:
        acts = connection.execute(text("SELECT act FROM audit_events")).scalars().all()
    assert "leaving:list:read" in acts


def test_taking_the_baton_and_closing_the_account_at_once_never_both_happen(told):
    world = told.world
    offer_id = offer(world, told.case_id, "per")
    per = world.actor("per")
    asta = world.actor("asta")
    start = Barrier(2)
    done = []

    def run(name, actor, workflow, **arguments):
        start.wait(timeout=30)
        try:
            world.runtime.doorway.perform(workflow, actor, **arguments)
            done.append(name)
        except (RuleBroken, AccessDenied, Conflict):
            pass

    threads = [
        Thread(
            target=run,
            args=("took", per, baton.accept),
            kwargs={"case_id": told.case_id, "offer_id": offer_id},
        ),
        Thread(
            target=run,
            args=("closed", asta, register.disable),
            kwargs={"account_id": world.accounts["per"]},
        ),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert len(done) == 1
    assert holders_that_cannot_be(world) == []


MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["offer", "accept", "reassign", "close", "end_role", "plan", "settle", "cut", "back"]
        ),
        st.sampled_from(WORKERS),
        st.sampled_from(WORKERS),
    ),
    min_size=4,
    max_size=12,
)


@pytest.fixture(scope="module")
def lived_in(world_image, tmp_path_factory):
    """A prepared case, copied for every try."""
    directory_ = tmp_path_factory.mktemp("leaving")
    image, source = world_image
    world = copy_of(image, source, directory_)
    story = with_log(world)
    world.close()
    return world, directory_, story.case_id


@given(moves=MOVES)
@settings(
    max_examples=15,
    # A try is a municipality of its own: making it smaller would take longer than reading it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_in_no_order_of_acts_does_an_ended_account_hold_an_active_log(
    lived_in, tmp_path_factory, moves
):
    image, source, case_id = lived_in
    world = copy_of(image, source, tmp_path_factory.mktemp("try"))
    offers = {}
    try:
        for move in moves:
            _try(world, case_id, offers, *move)
            assert holders_that_cannot_be(world) == []
    finally:
        world.close()


def _try(world, case_id, offers, act, who, other):
    them = {"account_id": world.accounts[who]}
    acts = {
        "offer": lambda: offers.update({other: offer(world, case_id, other, by=who)}),
        "accept": lambda: world.run(
            who, baton.accept, case_id=case_id, offer_id=offers.get(who, uuid.uuid4())
        ),
        "reassign": lambda: reassign(world, case_id, other),
        "close": lambda: world.run("asta", register.disable, **them),
        "end_role": lambda: world.system(
            _end_roles, tenant_id=world.tenant_id, who=world.accounts[who]
        ),
        "plan": lambda: plan(world, who),
        "settle": lambda: settle(world),
        "cut": lambda: world.run("asta", leaving.suspend, **them),
        "back": lambda: world.run("asta", leaving.restore, **them),
    }
    # AssertionError: the world says so of people who cannot sign in any more.
    with suppress(RuleBroken, AccessDenied, NotFound, AssertionError):
        acts[act]()
    world.forget(who)


def _end_roles(context, *, tenant_id, who):
    grants = context.session.scalars(
        select(RoleGrant.id).where(RoleGrant.account_id == who, RoleGrant.valid_to.is_(None))
    ).all()
    for one in grants:
        account.end_role(context, tenant_id=tenant_id, grant_id=one)
