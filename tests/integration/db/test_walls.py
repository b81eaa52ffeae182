"""A filter somebody forgot finds nothing of another municipality, and nothing unopened."""

import uuid

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.db.models import Account, Entry, Municipality, OwnRecord, Person, Unit, WebSession
from bti.db.walls import EVERYWHERE, NOWHERE, NowhereError, OutsideError, Standpoint, stand
from bti.domain.access import Action
from bti.domain.codes import Role, Sector
from bti.workflows import account, own_record, sign_in
from tests.integration.workflows.cases import new_case
from tests.world import SECRET


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request):
    """A municipality with a neighbour, on each engine."""
    world = request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")
    neighbour = world.system(
        account.create_municipality,
        name="Vestby kommune",
        number="9902",
        profile="standard",
        language="nb",
    )
    there = world.system(
        account.create_unit, tenant_id=neighbour, name="Vestby skole", sector=Sector.SCHOOL
    )
    made = world.system(
        account.create_account,
        tenant_id=neighbour,
        username="vera",
        name="Vera Vest",
        title="Rektor",
        secret=SECRET,
    )
    world.system(
        account.grant_role,
        tenant_id=neighbour,
        account_id=made.account_id,
        unit_id=there,
        role=Role.UNIT_LEAD,
    )
    return world, neighbour, there


def ids(context, mapped):
    return set(context.session.scalars(select(mapped.id)))


def test_a_query_without_a_filter_finds_the_persons_municipality_alone(town):
    world, neighbour, there = town

    def look(context):
        context.verbs.subject()
        tenants = set(context.session.scalars(select(Account.tenant_id)))
        return ids(context, Unit), tenants, context.session.get(Unit, there)

    units, tenants, got = world.run("ingrid", look)
    assert units == set(world.units.values())
    assert tenants == {world.tenant_id}
    assert got is None
    assert neighbour not in tenants


def test_counts_subqueries_and_joins_stop_at_the_wall_too(town):
    world, _neighbour, there = town

    def look(context):
        context.verbs.subject()
        counted = context.session.scalars(select(func.count()).select_from(Unit)).one()
        inner = select(Unit.id).where(Unit.sector == Sector.SCHOOL.value)
        through = context.session.scalars(select(Unit.id).where(Unit.id.in_(inner))).all()
        log = context.session.scalars(select(AuditEvent.tenant_id).distinct()).all()
        return counted, set(through), set(log)

    counted, through, log = world.run("ingrid", look)
    assert counted == len(world.units)
    assert through == {world.units["school"]}
    assert there not in through
    assert log == {world.tenant_id}


def test_a_visitor_meets_municipalities_and_nothing_in_them(town):
    world, neighbour, _there = town

    def look(context):
        return ids(context, Municipality), [
            ids(context, one) for one in (Unit, Account, WebSession)
        ]

    municipalities, rows = world.runtime.doorway.perform(look, None)
    assert municipalities == {world.tenant_id, neighbour}
    assert rows == [set(), set(), set()]


def test_a_token_shows_its_own_session_and_nothing_else(town):
    world, _neighbour, _there = town
    token = world.token("ingrid")
    world.token("siv")
    here = Standpoint(tenant=world.tenant_id)
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, here)
        assert len(session.scalars(select(WebSession)).all()) == 2
    assert world.runtime.doorway.perform(sign_in.identify, None, token=token) is not None
    assert world.runtime.doorway.perform(sign_in.identify, None, token=token[:-1] + "x") is None


def test_a_person_meets_what_is_written_in_a_case_once_it_is_open(town):
    world, _neighbour, _there = town
    case_id = new_case(world)

    def look(context):
        context.verbs.subject()
        before = ids(context, Entry) | ids(context, Person)
        context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return before, ids(context, Entry), ids(context, Person)

    before, entries, people = world.run("ingrid", look)
    assert before == set()
    assert entries
    assert people


def test_nothing_of_an_opened_case_is_met_in_the_next_transaction(town):
    world, _neighbour, _there = town
    case_id = new_case(world)

    def read(context):
        context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return ids(context, Entry)

    def look(context):
        context.verbs.subject()
        return ids(context, Entry)

    assert world.run("ingrid", read)
    assert world.run("ingrid", look) == set()


def test_an_own_record_is_its_authors_alone(town):
    world, _neighbour, _there = town
    world.run("ingrid", own_record.save_draft, form=own_record.Form.CONCERN, fields={"seen": ["x"]})

    def look(context):
        context.verbs.subject()
        return ids(context, OwnRecord)

    assert len(world.run("ingrid", look)) == 1
    assert world.run("siv", look) == set()
    assert world.run("asta", look) == set()


def test_a_row_of_another_municipality_cannot_be_written(town):
    world, neighbour, _there = town

    def write(context):
        context.verbs.subject()
        row = Unit(tenant_id=neighbour, name="x", sector="school", organ="x", phone="")
        context.session.add(row)
        context.record(Act.UNIT_REGISTER_CREATE)

    with pytest.raises(OutsideError):
        world.run("asta", write)


def test_what_belongs_to_a_case_that_is_not_open_cannot_be_written(town):
    world, _neighbour, _there = town
    case_id = new_case(world)

    def write(context):
        context.verbs.subject()
        context.session.add(Entry(tenant_id=world.tenant_id, case_id=case_id, compartment="core"))
        context.session.flush()

    with pytest.raises(OutsideError):
        world.run("ingrid", write)


def test_a_change_of_many_rows_stops_at_the_wall(town):
    world, neighbour, _there = town
    moved = Standpoint(tenant=neighbour)
    world.token("ingrid")
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, moved)
        changed = session.execute(update(WebSession).values(strength="x"))
        assert changed.rowcount == 0
    with world.looking() as session:
        assert "x" not in set(session.scalars(select(WebSession.strength)))


def test_a_person_does_not_enter_another_municipality(town):
    world, neighbour, _there = town

    def cross(context):
        context.enter(neighbour)

    with pytest.raises(OutsideError):
        world.run("asta", cross)


def test_a_person_stays_at_home_whatever_the_workflow_is_given(town):
    world, neighbour, _there = town

    def look(context, *, tenant_id):
        assert tenant_id == neighbour
        return ids(context, Unit)

    assert world.run("ingrid", look, tenant_id=neighbour) == set(world.units.values())


def test_the_wider_view_ends_with_its_lines(town):
    world, _neighbour, there = town
    new_case(world)

    def look(context):
        context.verbs.subject()
        with context.whole_municipality():
            wider = ids(context, Entry), ids(context, Unit)
        return wider, ids(context, Entry)

    (entries, units), after = world.run("ingrid", look)
    assert entries
    assert there not in units
    assert after == set()


def test_a_session_that_has_not_said_where_it_stands_is_refused(town):
    world, _neighbour, _there = town
    with world.runtime.doorway.sessions() as session, session.begin():
        with pytest.raises(NowhereError):
            session.scalars(select(Unit)).all()
        session.add(Unit(tenant_id=world.tenant_id, name="x", sector="school", organ="", phone=""))
        with pytest.raises(NowhereError):
            session.flush()
        session.rollback()


def test_the_program_without_a_municipality_meets_them_all(town):
    world, neighbour, there = town

    def look(context):
        return ids(context, Unit)

    assert world.system(look) == {*world.units.values(), there}
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, NOWHERE)
        assert session.scalars(select(Unit)).all() == []
        stand(session, EVERYWHERE.within(neighbour))
        assert list(session.scalars(select(Unit.id))) == [there]


def test_a_pooled_connection_forgets_where_it_stood(postgres_world):
    world = postgres_world
    engine = world.runtime.engine

    def look(context):
        context.verbs.subject()
        pid = context.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return pid, context.session.execute(text("SELECT count(*) FROM units")).scalar_one()

    pid, seen = world.run("ingrid", look)
    assert seen == len(world.units)
    pids = set()
    for _ in range(engine.pool.checkedin() + 1):
        with engine.begin() as raw:
            pids.add(raw.execute(text("SELECT pg_backend_pid()")).scalar_one())
            assert not raw.execute(text("SELECT current_setting('app.tenant', true)")).scalar_one()
            assert raw.execute(text("SELECT count(*) FROM units")).scalar_one() == 0
    assert pid in pids


def test_a_failed_transaction_leaves_nothing_behind_either(postgres_world):
    world = postgres_world

    def fail(context):
        context.verbs.subject()
        ids(context, Unit)
        raise LookupError

    with pytest.raises(LookupError):
        world.run("ingrid", fail)
    with world.runtime.engine.begin() as raw:
        assert raw.execute(text("SELECT count(*) FROM units")).scalar_one() == 0


def test_an_id_made_up_is_answered_as_one_behind_the_wall(town):
    world, _neighbour, there = town

    def look(context):
        context.verbs.subject()
        return [context.session.get(Unit, one) for one in (there, uuid.uuid4())]

    assert world.run("ingrid", look) == [None, None]


def test_a_change_whose_entry_cannot_be_written_does_not_happen(postgres_world):
    world = postgres_world
    with world.as_administrator() as connection:
        connection.execute(text("REVOKE INSERT ON audit_events FROM stafett_web"))
    with pytest.raises(DBAPIError, match="permission denied"):
        new_case(world)
    with world.as_administrator() as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 0
        connection.execute(text("GRANT INSERT ON audit_events TO stafett_web"))
    assert new_case(world)
