"""The index key gets a successor: a child is found at every step, one child is never two, and baits stay baits."""

import uuid
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bti.audit.models import AuditEvent
from bti.crypto.blind_index import PERSON
from bti.crypto.provider import TenantPurpose
from bti.db.models import AccountPerson, BaitMark, ChildIndex
from bti.domain.approval import ApprovalAct
from bti.domain.codes import Role
from bti.domain.control import Kin
from bti.domain.errors import BaitTaken
from bti.domain.national_id import made_up
from bti.keyd.generations import KeyHeldError
from bti.keyd.retoken import tokens_under
from bti.workflows import account_person, audit_check, bait, blind_tokens, child_search, keys
from tests.approvals import two_say_yes
from tests.integration.workflows import cases
from tests.integration.workflows.test_control import known_as, registered
from tests.key_ring import key_store
from tests.keyd_world import remote_world
from tests.world import ADMIN, add_person

INDEX = TenantPurpose.INDEX
BORN = date(2013, 4, 17)
NUMBERS = [made_up(BORN, range(start, start + 40)) for start in (500, 600, 700)]


@pytest.fixture(params=["sqlite", "behind the socket"])
def both(request, tmp_path):
    """The municipality as the pages meet it, and as the operator's commands do."""
    if request.param == "sqlite":
        yield SimpleNamespace(world=(made := request.getfixturevalue("world")), embedded=made)
        return
    server = request.getfixturevalue("postgres_server")
    with server.database() as url, remote_world(tmp_path, url) as remote:
        yield remote


def rotate(world):
    return keys.rotate_sealing(
        world.runtime.doorway, ADMIN, tenant_id=world.tenant_id, purpose=INDEX
    )


def begin(world, seen=1):
    return world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=INDEX, seen=seen)


def destroy(both, generation=1):
    params = keys.destroy_params(INDEX, generation)
    return both.embedded.system(
        keys.destroy,
        tenant_id=both.embedded.tenant_id,
        purpose=INDEX,
        generation=generation,
        approval_id=two_say_yes(both.world, ApprovalAct.KEY_DESTROY, params),
    )


def under(world, generation):
    def count(context):
        store = key_store(context)
        [key] = [
            store.tenant_key_by_id(context.session, world.tenant_id, INDEX, one.key_id)
            for one in context.verbs.key_life().generations(world.tenant_id)
            if (one.purpose, one.generation) == (INDEX, generation)
        ]
        return tokens_under(context.session, store, world.tenant_id, key)

    return world.system(count)


def found(world, number, who="per"):
    return {one.case_id for one in world.run(who, child_search.search_child, number=number)}


def tokens(world):
    with world.looking() as session:
        rows = session.execute(select(ChildIndex.case_id, ChildIndex.token))
        return dict(tuple(row) for row in rows)


def test_a_child_is_found_before_during_and_after_and_the_old_key_can_end(both, monkeypatch):
    monkeypatch.setattr(keys, "RESEAL_BATCH", 1)
    first, second, other = (
        cases.new_case(both.world, "per", number=number, born=BORN)
        for number in (NUMBERS[0], NUMBERS[0], NUMBERS[1])
    )
    begin(both.embedded)
    assert found(both.world, NUMBERS[0]) == {first, second}
    # A case made now about a child of before: one child has one token, whichever key it is under.
    third = cases.new_case(both.world, "per", number=NUMBERS[0], born=BORN)
    fresh = cases.new_case(both.world, "per", number=NUMBERS[2], born=BORN)
    at, steps = None, 0
    while True:
        some = both.embedded.system(
            keys.reseal_some, tenant_id=both.embedded.tenant_id, purpose=INDEX, at=at
        )
        held = tokens(both.embedded)
        assert held[first] == held[second] == held[third]
        assert len({held[first], held[other], held[fresh]}) == 3
        assert found(both.world, NUMBERS[0]) == {first, second, third}
        both.world.clock.advance(timedelta(minutes=1))  # who looks so often is stopped otherwise
        at, steps = some.at, steps + 1
        if at is None:
            break
    assert steps > 3
    assert (under(both.embedded, 1), under(both.embedded, 2)) == (0, 5)
    both.world.clock.advance(timedelta(days=31))
    assert destroy(both).state == "destroyed"
    assert found(both.world, NUMBERS[0]) == {first, second, third}
    assert found(both.world, NUMBERS[2]) == {fresh}
    log = both.embedded.system(audit_check.verify, tenant_id=both.embedded.tenant_id)
    assert log.findings == ()


def test_the_old_key_does_not_end_while_a_token_is_under_it(world):
    case_id = cases.new_case(world, "per", number=NUMBERS[0], born=BORN)
    begin(world)
    world.clock.advance(timedelta(days=31))
    both = SimpleNamespace(world=world, embedded=world)
    with pytest.raises(KeyHeldError) as held:
        destroy(both)
    assert (held.value.code, held.value.facts) == ("keys.in_use", {"count": 1})
    assert rotate(world) == keys.Rotated(generation=2, fresh=False, moved=1)
    with world.looking() as session:
        assert "key:index:renew" in session.scalars(select(AuditEvent.act)).all()
    destroy(both)
    assert found(world, NUMBERS[0]) == {case_id}


def test_a_bait_is_one_at_every_step(world):
    case_id = cases.new_case(world, "per", number=NUMBERS[0], born=BORN)
    world.system(bait.arm, tenant_id=world.tenant_id, case_ids=[case_id])

    def is_caught():
        def look(context):
            context.verbs.watch([case_id])

        with pytest.raises(BaitTaken):
            world.runtime.doorway.perform(look, world.actor("per"))
        world.forget("per")

    begin(world)
    assert bait_among(world, case_id)
    rotate(world)
    assert bait_among(world, case_id)
    with world.looking() as session:
        # The older mark stays for transactions that know the older key alone.
        assert len(session.scalars(select(BaitMark)).all()) == 2
    world.clock.advance(timedelta(days=31))
    destroy(SimpleNamespace(world=world, embedded=world))
    with world.looking() as session:
        assert len(session.scalars(select(BaitMark)).all()) == 1
    assert bait_among(world, case_id)
    is_caught()


def bait_among(world, case_id):
    def ask(context):
        return context.verbs.baits_among(world.tenant_id, [case_id, uuid.uuid4()])

    return world.system(ask) == {case_id}


def test_a_token_that_is_not_the_childs_is_gone_round_named_and_entered(world):
    """Else one row of a page that was taken over would keep the key from ever being changed."""
    spoilt, whole = (cases.new_case(world, "per", number=one, born=BORN) for one in NUMBERS[:2])
    with world.as_administrator() as connection:
        garbage = text("UPDATE child_index SET token = :token WHERE case_id = :case")
        connection.execute(garbage, {"token": b"t" * 16, "case": spoilt.hex})
    before = tokens(world)
    done = rotate(world)
    assert (done.fresh, done.moved, [one.table for one in done.left]) == (True, 1, ["child_index"])
    after = tokens(world)
    assert {one for one in (spoilt, whole) if after[one] == before[one]} == {spoilt}
    with world.looking() as session:
        asked = select(AuditEvent.leaf).where(
            AuditEvent.dec == "deny", AuditEvent.act == "key:index:renew"
        )
        [entry] = [bytes(one).decode() for one in session.scalars(asked)]
    assert f"row:{done.left[0].row_id}" in entry
    world.clock.advance(timedelta(days=31))
    destroy(SimpleNamespace(world=world, embedded=world))
    assert found(world, NUMBERS[1]) == {whole}


def test_nobody_looks_for_a_child_under_the_old_key_while_it_is_changed(postgres_world):
    """Whoever has asked for a number's tokens keeps them where they are until the answer is there."""
    world = postgres_world

    def begin_without_waiting(context):
        context.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        keys.begin_generation(context, tenant_id=world.tenant_id, purpose=INDEX, seen=1)

    def look(context):
        number = child_search.checked_number(context, NUMBERS[0])
        known = blind_tokens.of_national_id(context, world.tenant_id, number)
        with pytest.raises(OperationalError, match="lock timeout"):
            world.system(begin_without_waiting)
        return known

    assert len(world.run("per", look)) == 1
    begin(world)
    assert len(world.run("per", look)) == 2


def test_who_people_are_stays_under_the_oldest_key_and_ends_with_it(world):
    """Their digits are kept nowhere: a colleague and a guardian must have one token all the while."""

    def person(context):
        context.verbs.subject()
        return context.verbs.national_id_tokens(world.tenant_id, PERSON, NUMBERS[0])

    before = world.run("per", person)
    world.run(
        "asta",
        account_person.note,
        account_id=world.accounts["per"],
        national_id=NUMBERS[0],
        submission=uuid.uuid4(),
    )
    rotate(world)
    assert world.run("per", person) == before
    world.clock.advance(timedelta(days=31))
    destroy(SimpleNamespace(world=world, embedded=world))
    after = world.run("per", person)
    assert (len(after), after == before) == (1, False)
    with world.looking() as session:
        assert session.scalars(select(AccountPerson)).all() == []


def test_no_key_ends_while_somebody_is_registered_under_it(postgres_server, tmp_path):
    """What was written a moment later would stand under a key that is gone, and compare with nothing."""
    with postgres_server.database() as url, remote_world(tmp_path, url) as remote:
        world, operator = remote.world, remote.embedded
        rotate(operator)
        world.clock.advance(timedelta(days=31))
        which = {"tenant_id": world.tenant_id, "purpose": INDEX, "generation": 1}
        params = keys.destroy_params(INDEX, 1)
        which["approval_id"] = two_say_yes(world, ApprovalAct.KEY_DESTROY, params)

        def end(context):
            context.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            keys.destroy(context, **which)

        def register(context):
            who = {"account_id": world.accounts["per"], "national_id": NUMBERS[0]}
            account_person.note(context, **who, submission=uuid.uuid4())
            with pytest.raises(OperationalError, match="lock timeout"):
                operator.system(end)

        world.run("asta", register)
        operator.system(end)
        with operator.looking() as session:
            assert session.scalars(select(AccountPerson)).all() == []


def test_a_guardians_token_of_a_key_that_is_gone_proves_nobody_a_stranger(world):
    """It stays sealed in the case, where nothing can find it: the name is asked again."""
    add_person(world, "maria", "Maria Hansen", "Assistent", "school", Role.STAFF)
    case_id = cases.new_case(world, "maria", guardians=(("Maria Hansen", True),))
    registered(world, case_id, NUMBERS[0], "maria")
    rotate(world)
    world.clock.advance(timedelta(days=31))
    destroy(SimpleNamespace(world=world, embedded=world))
    world.forget("asta")
    known_as(world, "maria", NUMBERS[0])
    pair = (world.accounts["maria"], case_id)
    found = world.system(lambda context: context.verbs.kin(world.tenant_id, {pair}))
    assert found == {pair: frozenset({Kin.GUARDIAN})}
