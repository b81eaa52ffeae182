"""What the broker promises, in the process and behind its socket: the same tests over both."""

import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.db.models import BrokerNote, CaseKey
from bti.db.walls import EVERYWHERE, stand
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.consent import Scope
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.levels import Level
from bti.identity import totp
from bti.workflows import account, baton, case, consent, duty, own_record, register, sign_in
from tests.keyd_world import remote_world
from tests.story import Story
from tests.world import SECRET, build, settings_for

FORGED = "access.forged_row"


@pytest.fixture(scope="module", params=["in the process", "behind the socket"])
def municipality(request, postgres_server, tmp_path_factory):
    """The municipality on PostgreSQL, its keys here or with `bti keyd`, and a case at level 2."""
    directory = tmp_path_factory.mktemp("both")
    with postgres_server.database() as url:
        if request.param == "in the process":
            world = build(settings_for(directory, url))
            yield with_case(world)
            world.close()
            return
        with remote_world(directory, url) as remote:
            yield with_case(remote.world)


def with_case(world):
    """The world, and Ingrid's case with PPT brought in."""
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
    return world, story


@pytest.fixture
def world(municipality):
    made = municipality[0]
    # Old enough that what other tests have opened is no longer counted.
    made.clock.advance(timedelta(hours=2))
    return made


@pytest.fixture
def story(municipality, world):
    return municipality[1]


@contextmanager
def changed(world, table, column, value, where="true", **values):
    """Change one column behind the program's back, and put it back."""
    with world.runtime.engine.begin() as connection:
        rows = connection.execute(
            text(f"SELECT id, {column} FROM {table} WHERE {where}"), values
        ).all()
        assert rows
        connection.execute(text(f"UPDATE {table} SET {column} = {value} WHERE {where}"), values)
    try:
        yield
    finally:
        with world.runtime.engine.begin() as connection:
            for row_id, before in rows:
                connection.execute(
                    text(f"UPDATE {table} SET {column} = :before WHERE id = :id"),
                    {"before": before, "id": row_id},
                )


def leaves(world, act=None):
    """Entries of the log, newest last."""
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        query = select(AuditEvent.leaf).order_by(AuditEvent.idx)
        if act is not None:
            query = query.where(AuditEvent.act == act.value)
        return [bytes(leaf).decode() for leaf in session.scalars(query)]


@pytest.mark.parametrize(
    ("table", "column", "value", "who"),
    [
        ("consent_cells", "info_type", "'health'", "nina"),
        ("consent_cells", "valid_to", "'2099-01-01'", "nina"),
        ("participants", "valid_to", "'2099-01-01'", "ingrid"),
        ("logs", "holder_id", ":per", "per"),
        ("role_grants", "role", "'unit_lead'", "ingrid"),
        ("cases", "unit_id", ":unit", "ingrid"),
        ("accounts", "language", "'nn'", "ingrid"),
        ("web_sessions", "expires_at", "'2099-01-01'", "ingrid"),
    ],
)
def test_an_authority_row_edited_in_sql_opens_nothing_and_is_an_alarm(
    world, story, table, column, value, who
):
    actor = world.actor(who)
    every = {"per": world.accounts["per"], "unit": world.units["kindergarten"]}
    values = {name: one for name, one in every.items() if f":{name}" in value}
    with (
        changed(world, table, column, value, **values),
        pytest.raises(AccessDenied) as refused,
    ):
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)
    assert refused.value.rule == FORGED
    assert FORGED in leaves(world, Act.ACCESS_REQUEST_DENY)[-1]


def test_a_token_nobody_was_given_opens_nothing(world, story):
    actor = replace(world.actor("per"), proof=b"x" * 32)
    with pytest.raises(AccessDenied) as refused:
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)
    assert refused.value.rule == "access.no_session"


def test_what_the_sessions_table_holds_proves_no_session(world, story):
    actor = world.actor("ingrid")
    stolen = replace(actor, proof=actor.token_hash)
    with pytest.raises(AccessDenied) as refused:
        world.runtime.doorway.perform(case.show_case, stolen, case_id=story.case_id)
    assert refused.value.rule == "access.no_session"


def test_a_session_that_was_ended_opens_nothing(world, story):
    actor = world.actor("ingrid")
    world.runtime.doorway.perform(sign_in.sign_out, actor)
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)


def test_a_session_that_ran_out_keeps_a_draft_and_opens_no_case(world, story):
    actor = replace(world.actor("ingrid"), ran_out=True)
    world.clock.advance(timedelta(minutes=121))
    perform = world.runtime.doorway.perform
    perform(own_record.save_draft, actor, form="concern", fields={"seen": ["kept"]})
    with pytest.raises(AccessDenied):
        perform(case.show_case, actor, case_id=story.case_id)
    assert world.run("ingrid", own_record.load_draft, form="concern").fields["seen"] == ["kept"]


def test_another_persons_own_record_stays_closed(world):
    record = Story(world).report_danger("per")

    def peek(context):
        context.verbs.open_own_record(record)

    with pytest.raises(AccessDenied):
        world.run("ingrid", peek)
    assert world.run("per", duty.show_record, record_id=record).record_id == record


def test_keys_for_a_new_case_are_never_made_in_one_that_exists(world, story):
    def break_in(context):
        own = f"svc:{context.person.unit_id.hex}:own"
        context.verbs.new_case(story.case_id, ["core", own])

    with pytest.raises(AccessDenied) as refused:
        world.run("per", break_in)
    assert refused.value.rule == "access.not_a_new_case"


def test_what_the_cell_does_not_cover_has_no_key(world, story):
    def released(context):
        opened = context.verbs.open(story.case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return opened.compartments

    pps = world.units["pps"].hex
    seen = world.run("nina", released)
    assert "core" in seen
    assert {name for name in seen if name.split(":")[-1] in {"own", "measures"}} <= {
        f"svc:{pps}:own",
        f"svc:{pps}:measures",
    }


def test_another_services_compartment_is_not_made_by_naming_it(world, story):
    def break_in(context):
        opened = context.verbs.open(story.case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        context.verbs.new_compartments(opened, [f"svc:{world.units['health'].hex}:health"])

    with pytest.raises(AccessDenied):
        world.run("nina", break_in)


def test_every_opening_is_in_the_log_even_when_the_work_is_given_up(world, story):
    before = len([leaf for leaf in leaves(world) if str(story.case_id) in leaf])
    world.run("ingrid", case.show_case, case_id=story.case_id)
    after = [leaf for leaf in leaves(world) if str(story.case_id) in leaf]
    assert len(after) == before + 1
    assert "case:open:read" in after[-1]


@pytest.mark.parametrize("who", ["per", "asta", "anne", "arne"])
def test_who_has_no_business_in_the_case_is_refused_and_it_is_entered_once(world, story, who):
    before = len(leaves(world, Act.ACCESS_REQUEST_DENY))
    with pytest.raises(AccessDenied):
        world.run(who, case.show_case, case_id=story.case_id)
    entered = leaves(world, Act.ACCESS_REQUEST_DENY)[before:]
    assert len(entered) == 1
    assert f"case:{story.case_id}" in entered[0]
    assert str(world.accounts[who]) in entered[0]


def test_a_draft_that_is_deleted_takes_its_key_along(world):
    world.run("kari", own_record.save_draft, form="concern", fields={"seen": ["x"]})
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        before = {row.case_id for row in session.scalars(select(CaseKey))}
    assert world.run("kari", own_record.delete_draft, form="concern")
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        after = {row.case_id for row in session.scalars(select(CaseKey))}
        assert len(before - after) == 1
        assert not session.scalars(select(BrokerNote)).all()


def test_a_case_that_is_given_up_leaves_no_key(world):
    made = uuid.uuid4()

    def give_up(context):
        context.verbs.new_case(made, ["core"])
        raise RuleBroken("concern.no_child")

    with pytest.raises(RuleBroken):
        world.run("ingrid", give_up)
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        assert not session.scalars(select(CaseKey).where(CaseKey.case_id == made)).all()


def test_a_draft_whose_deletion_is_given_up_can_still_be_read(world):
    world.run("mona", own_record.save_draft, form="concern", fields={"seen": ["kept"]})

    def give_up(context):
        own_record.delete_draft(context, form="concern")
        raise RuleBroken("concern.no_child")

    with pytest.raises(RuleBroken):
        world.run("mona", give_up)
    assert world.run("mona", own_record.load_draft, form="concern").fields["seen"] == ["kept"]


def test_a_code_is_right_once_and_a_wrong_one_opens_no_session(world):
    world.forget("per")
    world.clock.advance(timedelta(minutes=5))
    code = totp.code_at(world.seeds["per"], world.clock.now())

    def attempt(given):
        return sign_in.sign_in(
            world.runtime.doorway,
            tenant_id=world.tenant_id,
            username="per",
            secret=SECRET,
            code=given,
            address="127.0.0.1",
        )

    assert isinstance(attempt(code), sign_in.SignedIn)
    world.clock.advance(timedelta(seconds=1))
    assert isinstance(attempt(code), sign_in.SignInRefused)


def test_the_administrator_makes_an_account_that_signs_in(world):
    world.run("asta", sign_in.my_roles)
    made = world.run(
        "asta",
        register.welcome,
        name="Ny Ansatt",
        title="Lærer",
        username=f"ny{uuid.uuid4().hex[:6]}",
        phone="",
        unit_id=world.units["school"],
        role=account.Role.STAFF,
    )
    world.clock.advance(timedelta(minutes=2))
    signed = sign_in.sign_in(
        world.runtime.doorway,
        tenant_id=world.tenant_id,
        username=made.username,
        secret=made.secret,
        code=totp.code_at(made.totp_secret, world.clock.now()),
        address="127.0.0.1",
    )
    assert isinstance(signed, sign_in.SignedIn)
    world.run("asta", register.disable, account_id=made.account_id)
    found = world.runtime.doorway.perform(sign_in.identify, None, token=signed.token)
    assert found is None


def test_a_case_from_level_0_to_3_and_back_by_withdrawal(world):
    told = Story(world)
    told.tell()
    assert told.page().level == Level.TEAM
    told.page("nina")
    page = told.page("ingrid")
    for row in page.consents.rows:
        if row.scope is Scope.BRING_IN_SERVICE:
            world.run(
                "ingrid",
                consent.withdraw,
                case_id=told.case_id,
                consent_id=row.id,
                person_id=page.guardians[0].id,
            )
    with pytest.raises(AccessDenied):
        told.page("nina")


def test_the_baton_goes_from_hand_to_hand(world):
    told = Story(world)
    told.wonder()
    told.talk_with_leader()
    told.consent_to(Scope.OPEN_LOG)
    told.open_log()
    told.pass_baton("ingrid", "per", "school")
    assert told.page("per").baton is not None
    world.run(
        "siv",
        baton.reassign,
        case_id=told.case_id,
        to_id=world.accounts["ingrid"],
        to_unit_id=world.units["school"],
        reason="Per er borte",
        version=None,
    )
    assert told.page("ingrid").level == Level.OWN_SERVICE
