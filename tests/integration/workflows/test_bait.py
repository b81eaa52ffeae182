"""Bait cases: whoever comes near one is stopped at once, and nobody can tell which they are."""

import uuid
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.audit.record import Reference
from bti.db.models import Account, BaitMark, Case, Suspension, WebSession
from bti.disclosure.tables import HalfYear
from bti.domain.codes import ClosingCause, Role
from bti.domain.emergency import EmergencyReason, ReviewOutcome
from bti.domain.errors import AccessDenied, BaitTaken, NotFound, RuleBroken
from bti.domain.national_id import made_up, validate
from bti.workflows import (
    bait,
    case,
    child_search,
    emergency,
    level,
    release_count,
    review,
    sign_in,
    worklist,
)
from bti.workflows.actor import SystemActor
from tests.integration.workflows import cases
from tests.integration.workflows.states import with_log
from tests.world import ADMIN, World, add_person

SYSTEM = SystemActor("test")
TODAY = date(2026, 9, 1)


def planted(world: World, author: str = "per", count: int = 3) -> list[uuid.UUID]:
    return list(bait.plant(world.runtime.doorway, world.actor(author), SYSTEM, count=count))


def read(world, question):
    return world.system(lambda context: list(context.session.scalars(question)))


def active(world, who):
    question = select(Account.active).where(Account.id == world.accounts[who])
    return read(world, question)[0]


def live_sessions(world, who):
    question = select(WebSession.id).where(
        WebSession.account_id == world.accounts[who], WebSession.revoked_at.is_(None)
    )
    return read(world, question)


def assert_caught(world, who):
    assert not active(world, who)
    assert not live_sessions(world, who)
    names = [one.name for one in world.run("anne", review.list_reviews).suspensions]
    assert names == [world.runtime.doorway.perform(_name, ADMIN, world.accounts[who])]


def _name(context, account_id):
    account = context.session.get_one(Account, account_id)
    context.verbs.open_directory(account.tenant_id)
    return account.profile["name"]


def number_of(world, case_id):
    return read(world, select(Case.number).where(Case.id == case_id))[0]


def child_of(world, case_id):
    """The invented child, read with the author's own right before the cases are armed."""
    return world.run("per", case.show_case, case_id=case_id).child


@pytest.fixture
def written(world, monkeypatch):
    """Bait cases with what is written in them, which nobody can read any more afterwards."""
    children = {}

    def arm(context, *, tenant_id, case_ids):
        real(context, tenant_id=tenant_id, case_ids=case_ids)

    real = bait.arm
    monkeypatch.setattr(bait, "arm", lambda *_, **__: None)
    made = planted(world)
    monkeypatch.undo()
    for one in made:
        children[one] = child_of(world, one)
    world.system(arm, tenant_id=world.tenant_id, case_ids=made)
    return children


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_opening_a_bait_by_its_address_closes_the_account_at_once(request, engine):
    world = request.getfixturevalue(engine)
    one, *_ = planted(world)
    with pytest.raises(BaitTaken):
        world.run("odd", case.show_case, case_id=one)
    assert_caught(world, "odd")
    for innocent in ("per", "siv", "ingrid"):
        assert active(world, innocent)


def test_its_own_author_and_leader_are_caught_as_well(world):
    one, two, _ = planted(world)
    for who, target in (("per", one), ("siv", two)):
        with pytest.raises(BaitTaken):
            world.run(who, case.show_case, case_id=target)
        assert not active(world, who)


def test_a_search_that_finds_a_bait_is_caught_and_shows_nothing(world, written):
    case_id, child = next(iter(written.items()))
    with pytest.raises(BaitTaken):
        world.run("siv", child_search.search_child, name=child.name, birth_date=child.birth_date)
    assert_caught(world, "siv")
    assert number_of(world, case_id)


def test_a_search_for_another_child_born_the_same_day_catches_nobody(world, written):
    child = next(iter(written.values()))
    found = world.run(
        "siv", child_search.search_child, name="Et Annet Barn", birth_date=child.birth_date
    )
    assert found == ()
    assert active(world, "siv")


@pytest.mark.parametrize("who", ["odd", "siv", "per"])
def test_a_search_by_national_id_is_caught_by_whoever_makes_it(world, written, who):
    child = next(iter(written.values()))
    with pytest.raises(BaitTaken):
        world.run(who, child_search.search_child, number=child.national_id)
    assert_caught(world, who)


def test_emergency_access_by_national_id_is_caught(world, written):
    child = next(iter(written.values()))
    command = emergency.TakeAccess(
        national_id=child.national_id,
        reason=EmergencyReason.MISSING,
        text="Meldt savnet av hjemmet i kveld.",
    )
    with pytest.raises(BaitTaken):
        world.run("vera", emergency.take, command)
    assert_caught(world, "vera")


def test_in_production_a_made_up_child_has_no_national_id_that_could_be_somebodys():
    for _ in range(50):
        made = bait.invent(TODAY, numbered=False)
        assert made.national_id == ""
        number = bait.invent(TODAY, numbered=True).national_id
        with pytest.raises(RuleBroken, match=r"national_id\.synthetic"):
            validate(number, today=TODAY, synthetic="never")
        assert validate(number, today=TODAY, synthetic="only").synthetic


def test_emergency_access_to_a_bait_is_caught(world):
    one, *_ = planted(world)
    world.forget("vera")
    command = emergency.TakeAccess(
        number=number_of(world, one),
        reason=EmergencyReason.MISSING,
        text="Meldt savnet av hjemmet i kveld.",
    )
    with pytest.raises(BaitTaken):
        world.run("vera", emergency.take, command)
    assert_caught(world, "vera")
    assert world.run("anne", review.list_reviews).waiting == ()


def test_keys_asked_for_in_bulk_are_caught(world):
    baits = planted(world)
    others = [with_log(world) for _ in range(2)]

    def ask(context):
        return context.verbs.open_core([*others, *baits])

    with pytest.raises(BaitTaken):
        world.run("odd", ask)
    assert_caught(world, "odd")


def test_whatever_is_shown_and_named_is_watched_by_whichever_way_it_came(world):
    """A list that a later feature makes, of closed cases too, is caught by its own entry."""
    one, *_ = planted(world)

    def list_closed(context):
        context.verbs.open_core([one])
        context.record(Act.CASE_LIST_READ, Reference("case", one))

    with pytest.raises(BaitTaken):
        world.run("siv", list_closed)
    assert_caught(world, "siv")


def test_ordinary_work_meets_no_bait(world):
    planted(world)
    case_id = with_log(world)
    for who in ("per", "siv", "ingrid"):
        world.run(who, worklist.my_day)
    world.run("ingrid", case.show_case, case_id=case_id)
    assert all(active(world, who) for who in ("per", "siv", "ingrid"))
    assert world.run("anne", review.list_reviews).suspensions == ()


def test_the_one_who_is_caught_is_signed_out_and_cannot_sign_in(world):
    one, *_ = planted(world)
    actor = world.actor("odd")
    token = world.token("odd")
    with pytest.raises(BaitTaken):
        world.runtime.doorway.perform(case.show_case, actor, case_id=one)
    assert world.runtime.doorway.perform(sign_in.identify, None, token=token) is None
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(worklist.my_day, actor)
    world.forget("odd")
    with pytest.raises(AssertionError, match="could not sign in"):
        world.token("odd")


def test_the_log_tells_who_and_when_and_never_which_case(world):
    one, *_ = planted(world)
    before = Counter(read(world, select(AuditSubject.object_id)))
    with pytest.raises(BaitTaken):
        world.run("odd", case.show_case, case_id=one)
    after = Counter(read(world, select(AuditSubject.object_id)))
    assert after[one] == before[one]
    leaves = [bytes(leaf).decode() for leaf in read(world, select(AuditEvent.leaf))]
    caught = [leaf for leaf in leaves if '"bait.taken"' in leaf or "access:suspend" in leaf]
    assert len(caught) == 2
    assert not any(str(one) in leaf for leaf in caught)
    marks = [token.hex() for token in read(world, select(BaitMark.token))]
    assert not any(mark in leaf for mark in marks for leaf in leaves)
    cases.holds_together(world)


def test_a_bait_looks_in_the_database_like_any_case_that_was_closed_at_once(world):
    ordinary = cases.new_case(world, "per", number=made_up(cases.BORN, range(500, 1000)))
    page = world.run("per", case.show_case, case_id=ordinary)
    world.run(
        "per",
        level.decide,
        level.Decide(
            case_id=ordinary,
            version=page.version,
            to_level=None,
            reason="Det har gått bedre de siste ukene.",
            cause=ClosingCause.CONCERN_GONE,
            danger_assessed=False,
        ),
    )
    one, *_ = planted(world)
    assert _shape(world, one) == _shape(world, ordinary)


def _shape(world, case_id):
    """Rows per table, which columns are filled, and the acts of a case, in their order."""
    found = {}
    with world.runtime.engine.connect() as connection:
        for table in ("cases", "persons", "participants", "entries", "case_keys", "child_index"):
            column = "id" if table == "cases" else "case_id"
            rows = connection.execute(
                text(f"SELECT * FROM {table} WHERE {column} = :id"), {"id": case_id.hex}
            ).mappings()
            found[table] = sorted(
                sorted((name, value is None) for name, value in row.items()) for row in rows
            )
    acts = read(
        world,
        select(AuditEvent.act)
        .join(AuditSubject, AuditSubject.idx == AuditEvent.idx)
        .where(AuditSubject.object_id == case_id)
        .order_by(AuditEvent.idx),
    )
    return found, acts


def test_a_mark_says_nothing_without_the_index_key(world):
    made = planted(world)
    tokens = read(world, select(BaitMark.token))
    assert len(set(tokens)) == len(made) == 3
    for token in tokens:
        assert not any(part in token for one in made for part in (one.bytes[:4], one.bytes[-4:]))


def test_nobody_signed_in_can_ask_which_cases_are_baits(world):
    made = planted(world)

    def ask(context):
        return context.verbs.baits_among(world.tenant_id, made)

    for who in ("siv", "anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, ask)


def test_counts_leave_baits_out(world):
    cases.new_case(world)
    period = HalfYear(2026, 2)
    before = world.system(release_count.counts, tenant_id=world.tenant_id, period=period)
    planted(world)
    assert world.system(release_count.counts, tenant_id=world.tenant_id, period=period) == before


def test_the_officer_lets_somebody_in_again_with_a_reason_and_a_fresh_proof(world):
    one, *_ = planted(world)
    with pytest.raises(BaitTaken):
        world.run("odd", case.show_case, case_id=one)
    row_id = world.run("anne", review.list_reviews).suspensions[0].row_id
    shown = world.run("anne", review.show_suspension, row_id=row_id)
    assert shown.number == number_of(world, one)
    settle = {"row_id": row_id, "outcome": ReviewOutcome.FINE, "found": "Feil lenke i e-post."}
    stale = world.actor("anne")
    world.clock.advance(timedelta(minutes=16))
    with pytest.raises(AccessDenied, match=r"access\.stale_factor"):
        world.runtime.doorway.perform(review.settle_suspension, stale, **settle)
    world.forget("anne")
    with pytest.raises(RuleBroken, match=r"emergency\.review_reason"):
        world.run("anne", review.settle_suspension, **(settle | {"found": ""}))
    world.run("anne", review.settle_suspension, **settle)
    assert active(world, "odd")
    world.forget("odd")
    assert world.run("odd", worklist.my_day).is_new
    with pytest.raises(NotFound):
        world.run("anne", review.settle_suspension, **settle)
    cases.holds_together(world)


def test_a_breach_leaves_the_account_closed(world):
    one, *_ = planted(world)
    with pytest.raises(BaitTaken):
        world.run("odd", case.show_case, case_id=one)
    row_id = world.run("anne", review.list_reviews).suspensions[0].row_id
    world.forget("anne")
    world.run(
        "anne",
        review.settle_suspension,
        row_id=row_id,
        outcome=ReviewOutcome.BREACH,
        found="Kunne ikke forklare oppslaget.",
    )
    assert not active(world, "odd")


def test_nobody_but_an_officer_who_was_not_caught_lifts_it(world):
    add_person(world, "liv", "Liv Strand", "Leder", "child_welfare", Role.UNIT_LEAD)
    one, *_ = planted(world)
    with pytest.raises(BaitTaken):
        world.run("odd", case.show_case, case_id=one)
    row_id = world.run("anne", review.list_reviews).suspensions[0].row_id
    for who in ("liv", "siv", "asta", "arne"):
        world.forget(who)
        with pytest.raises(AccessDenied):
            world.run(
                who,
                review.settle_suspension,
                row_id=row_id,
                outcome=ReviewOutcome.FINE,
                found="Slipp ham inn.",
            )
    assert len(read(world, select(Suspension.id))) == 1
