"""The directory key gets a successor while people work: names, codes, user names and every MAC of a right."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bti.crypto.provider import TenantPurpose
from bti.db.models import Account, Participant
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied, RuleBroken
from bti.keyd.directory_rows import DirectoryRows, authority_tables
from bti.keyd.generations import KeyHeldError
from bti.workflows import account, audit_check, case, keys, lookup
from tests.approvals import two_say_yes
from tests.key_ring import key_store
from tests.keyd_world import remote_world
from tests.story import Story
from tests.world import ADMIN, SECRET

DIRECTORY = TenantPurpose.DIRECTORY


@pytest.fixture(params=["sqlite", "postgresql"])
def everywhere(request):
    """The test municipality on each engine."""
    return request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")


def rotate(world):
    return keys.rotate_sealing(
        world.runtime.doorway, ADMIN, tenant_id=world.tenant_id, purpose=DIRECTORY
    )


def begin(world, seen=1):
    return world.system(
        keys.begin_generation, tenant_id=world.tenant_id, purpose=DIRECTORY, seen=seen
    )


def destroy(world, generation=1):
    params = keys.destroy_params(DIRECTORY, generation)
    return world.system(
        keys.destroy,
        tenant_id=world.tenant_id,
        purpose=DIRECTORY,
        generation=generation,
        approval_id=two_say_yes(world, ApprovalAct.KEY_DESTROY, params),
    )


def under(world, generation):
    """How many rows need a generation: for their MAC, a sealed column or the user name."""

    def count(context):
        store = key_store(context)
        found = {
            one.generation: one.key_id
            for one in context.verbs.key_life().generations(world.tenant_id)
            if one.purpose is DIRECTORY
        }
        key = store.tenant_key_by_id(context.session, world.tenant_id, DIRECTORY, found[generation])
        return DirectoryRows(context.session, store, world.tenant_id).count_under(key)

    return world.system(count)


def intact(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()


def new_account(world, username):
    return world.system(
        account.create_account,
        tenant_id=world.tenant_id,
        username=username,
        name="Ny Person",
        title="Lærer",
        secret=SECRET,
    )


def test_everybody_works_on_and_nothing_is_left_under_the_old_key(everywhere):
    story = Story(everywhere)
    story.wonder()
    asked = two_say_yes(everywhere, ApprovalAct.KEY_DESTROY, keys.destroy_params(DIRECTORY, 1))
    before = under(everywhere, 1)
    assert before > len(everywhere.accounts) * 2
    done = rotate(everywhere)
    assert (done.generation, done.fresh, done.moved >= before) == (2, True, True)
    assert (under(everywhere, 1), under(everywhere, 2) >= before) == (0, True)
    # The session from before, a new one with name, password and code, and a case.
    assert everywhere.run("ingrid", case.show_case, case_id=story.case_id)
    everywhere.forget("ingrid")
    assert everywhere.run("ingrid", case.show_case, case_id=story.case_id)
    assert intact(everywhere)
    # What two people agreed to before is good after.
    with pytest.raises(KeyHeldError) as held:
        everywhere.system(
            keys.destroy,
            tenant_id=everywhere.tenant_id,
            purpose=DIRECTORY,
            generation=1,
            approval_id=asked,
        )
    assert held.value.code == "keys.too_early"


def test_every_kind_of_row_that_carries_a_right_is_moved(world):
    Story(world).tell()
    rotate(world)
    with world.looking() as session:
        held = {
            mapped.__tablename__
            for mapped in authority_tables()
            if session.scalars(select(mapped)).all()
        }
    assert {
        "accounts",
        "baton_offers",
        "cases",
        "consent_cells",
        "logs",
        "own_records",
        "participants",
    } <= held
    assert under(world, 1) == 0
    assert intact(world)


def test_while_it_lasts_rows_of_both_generations_are_good(everywhere, monkeypatch):
    monkeypatch.setattr(keys, "RESEAL_BATCH", 4)
    story = Story(everywhere)
    story.wonder()
    begin(everywhere)
    some = everywhere.system(
        keys.reseal_some, tenant_id=everywhere.tenant_id, purpose=DIRECTORY, at=None
    )
    assert 0 < some.count < len(everywhere.accounts)
    for who in ("ingrid", "siv", "asta", "anne", "per"):
        everywhere.forget(who)
        everywhere.token(who)  # whichever of the two the row is under
    assert everywhere.run("ingrid", case.show_case, case_id=story.case_id)
    with pytest.raises(RuleBroken, match="username_taken"):
        new_account(everywhere, "turid")
    made = new_account(everywhere, "ny")
    words = {"tenant_id": everywhere.tenant_id, "username": "ny"}
    assert everywhere.system(lookup.account_named, **words) == made.account_id
    assert rotate(everywhere).fresh is False
    assert everywhere.system(lookup.account_named, **words) == made.account_id
    assert under(everywhere, 1) == 0
    assert intact(everywhere)


def test_a_row_that_was_written_meanwhile_still_has_its_user_name_moved(world):
    begin(world)
    world.forget("ingrid")
    world.token("ingrid")  # her row now has seals and MAC of the new key, and her name's old token
    rotate(world)
    assert under(world, 1) == 0
    world.forget("ingrid")
    world.token("ingrid")


def test_the_old_key_ends_when_nothing_is_under_it_and_older_rows_end_with_it(world):
    story = Story(world)
    story.wonder()
    with world.as_administrator() as connection:
        row = connection.execute(select(Participant.__table__)).mappings().first()
    begin(world)
    world.clock.advance(timedelta(days=31))
    with pytest.raises(KeyHeldError) as held:
        destroy(world)
    assert held.value.code == "keys.in_use"
    rotate(world)
    assert destroy(world).state == "destroyed"
    assert world.run("ingrid", case.show_case, case_id=story.case_id)
    # Whole, with its own MAC, by somebody who took the trigger off: the key it was made with is gone.
    with world.as_administrator() as connection:
        connection.execute(text("DROP TRIGGER participants_forward"))
        table = Participant.__table__
        connection.execute(table.update().where(table.c.id == row["id"]).values(dict(row)))
    with pytest.raises(AccessDenied, match="forged_row"):
        world.run("ingrid", case.show_case, case_id=story.case_id)


def test_rows_edited_in_sql_are_gone_round_and_get_no_right_mac(world):
    Story(world).wonder()
    with world.as_administrator() as connection:
        one = "SELECT id FROM role_grants WHERE role = 'administrator'"
        kept = connection.execute(text(one)).scalar_one()
        connection.execute(text("UPDATE role_grants SET role = 'administrator'"))
        stood = connection.execute(
            text("SELECT id, version, mac FROM role_grants WHERE id <> :kept ORDER BY id"),
            {"kept": kept},
        ).all()
    done = rotate(world)
    assert len(done.left) == len(stood)
    assert {one.table for one in done.left} == {"role_grants"}
    with world.as_administrator() as connection:
        every = connection.execute(text("SELECT id, version, mac FROM role_grants ORDER BY id"))
        now = [row for row in every if row.id != kept]
    assert now == stood


def test_two_at_once_share_the_work_and_lose_nothing(postgres_world, monkeypatch):
    monkeypatch.setattr(keys, "RESEAL_BATCH", 5)
    Story(postgres_world).wonder()
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(rotate, postgres_world) for _ in range(2)]
        generations = {one.result().generation for one in done}
    assert generations <= {2, 3}
    assert [under(postgres_world, one) for one in range(1, max(generations))] == [0] * (
        max(generations) - 1
    )
    for who in ("ingrid", "kari"):
        postgres_world.forget(who)
        postgres_world.token(who)
    assert intact(postgres_world)


def test_nobody_takes_a_user_name_under_the_old_key_while_it_is_changed(postgres_world):
    """Whoever has asked for a name's tokens keeps the key as it is until they have written it."""

    def begin_without_waiting(context):
        context.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        keys.begin_generation(
            context, tenant_id=postgres_world.tenant_id, purpose=DIRECTORY, seen=1
        )

    def take_a_name(context):
        made = account.create_account(
            context,
            tenant_id=postgres_world.tenant_id,
            username="ny",
            name="Ny Person",
            title="Lærer",
            secret=SECRET,
        )
        with pytest.raises(OperationalError, match="lock timeout"):
            postgres_world.system(begin_without_waiting)
        return made

    postgres_world.system(take_a_name)
    begin(postgres_world)
    with pytest.raises(RuleBroken, match="username_taken"):
        new_account(postgres_world, "ny")
    assert rotate(postgres_world).fresh is False


def test_a_transaction_that_began_before_reads_what_was_sealed_after(postgres_server, tmp_path):
    """Also behind a broker of its own, which gives the pages no more than keys of columns."""
    with postgres_server.database() as url, remote_world(tmp_path, url) as remote:
        story = Story(remote.world)
        story.wonder()

        def look_twice(context):
            context.verbs.subject()
            mine = context.session.get(Account, context.person.account_id)
            before = mine.profile
            rotate(remote.embedded)
            context.session.refresh(mine)
            assert mine.profile == before
            return case.show_case(context, case_id=story.case_id)

        assert remote.world.run("ingrid", look_twice)
        remote.world.forget("ingrid")
        assert remote.world.run("ingrid", case.show_case, case_id=story.case_id)
        assert under(remote.embedded, 1) == 0
        assert intact(remote.embedded)
