"""Counting children for a release, in a world small enough to count by hand."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.record import Reference
from bti.db.models import Case, ChildIndex
from bti.disclosure.attack import attack
from bti.disclosure.tables import HalfYear
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import ClosingCause
from bti.domain.errors import AccessDenied
from bti.domain.levels import CaseStatus, LogStatus
from bti.workflows import account, release
from bti.workflows.audit_check import verify
from bti.workflows.case_file import Ops
from bti.workflows.case_number import new_number
from bti.workflows.release import highest_level
from tests.approvals import two_say_yes
from tests.world import World

PERIOD = HalfYear(2026, 1)
CLOSED = -1
BORN = {"6-9": date(2018, 5, 1), "10-12": date(2015, 5, 1), "13-15": date(2012, 5, 1)}


def _cases(context, *, unit_id, facts):
    """Cases with this birth date, trail and closing cause; statistics read nothing else."""
    context.verbs.subject()
    for birth_date, trail, cause in facts:
        opened = datetime.combine(trail[0][0], datetime.min.time(), UTC)
        row = Case(tenant_id=context.person.tenant_id, unit_id=unit_id, number=new_number())
        row.ops = Ops(
            level=max(trail[-1][1], 0),
            status=CaseStatus.CLOSED if trail[-1][1] == CLOSED else CaseStatus.OPEN,
            log=LogStatus.NONE,
            opened_at=opened,
            level_since=opened,
            birth_date=birth_date,
            sector="school",
            categories=(),
            closing_cause=cause,
            trail=tuple(trail),
        ).to_json()
        context.session.add(row)
        context.session.flush()
        context.record(Act.CASE_CONCERN_CREATE, Reference("case", row.id))


def _make(world: World, *facts) -> None:
    world.run("ingrid", _cases, unit_id=world.units["school"], facts=list(facts))


def _counts(world: World, period: HalfYear = PERIOD):
    return world.system(release.counts, tenant_id=world.tenant_id, period=period)


def _child(band: str, *trail: tuple[date, int], cause: str = ""):
    return BORN[band], trail, cause


SPRING = date(2026, 3, 2)
BEFORE = date(2025, 11, 3)
AFTER = date(2026, 8, 17)


def test_each_child_is_counted_at_the_highest_level_it_reached(world: World):
    _make(
        world,
        _child("6-9", (SPRING, 0)),
        _child("6-9", (BEFORE, 0)),
        _child("10-12", (BEFORE, 0), (SPRING, 1)),
        _child("13-15", (SPRING, 0), (date(2026, 4, 1), 1), (date(2026, 5, 1), 2), (AFTER, 3)),
        # Went down: the highest level of the half-year is what counts.
        _child("13-15", (BEFORE, 0), (BEFORE, 2), (SPRING, 1)),
        # Closed in the half-year, and so still in it.
        _child("10-12", (BEFORE, 0), (date(2026, 1, 1), CLOSED)),
    )
    table = _counts(world)
    assert table.counts == (
        (0, 2, 1, 0, 0, 0),
        (0, 0, 1, 0, 0, 0),
        (0, 0, 0, 2, 0, 0),
        (0, 0, 0, 0, 0, 0),
    )


def test_who_was_not_there_in_the_half_year_is_not_counted(world: World):
    _make(
        world,
        _child("6-9", (BEFORE, 0), (date(2025, 12, 31), CLOSED)),
        _child("6-9", (AFTER, 0)),
        _child("10-12", (SPRING, 0), (SPRING, CLOSED), cause=ClosingCause.DUPLICATE),
        _child("10-12", (SPRING, 0), (SPRING, CLOSED), cause=ClosingCause.ERROR),
        (date(2002, 6, 30), ((SPRING, 0),), ""),
    )
    assert sum(map(sum, _counts(world).counts)) == 0


def test_age_is_that_of_the_last_day(world: World):
    _make(
        world,
        (date(2016, 6, 30), ((SPRING, 0),), ""),
        (date(2016, 7, 1), ((SPRING, 0),), ""),
        (date(2002, 7, 1), ((SPRING, 0),), ""),
    )
    assert _counts(world).counts[0] == (0, 1, 1, 0, 0, 1)


def test_a_child_in_several_services_is_counted_once_at_the_highest_level(world: World):
    _make(
        world,
        _child("6-9", (SPRING, 0)),
        _child("6-9", (SPRING, 2)),
        _child("6-9", (SPRING, 1)),
        _child("6-9", (SPRING, 1)),
    )
    world.run("ingrid", _same_child, levels={0, 2})
    assert [row[1] for row in _counts(world).counts] == [0, 2, 1, 0]


def _same_child(context, *, levels):
    context.verbs.subject()
    for case in context.session.scalars(select(Case)):
        if case.ops["level"] in levels:
            context.session.add(
                ChildIndex(
                    tenant_id=case.tenant_id, kind="synthetic", token=b"t" * 16, case_id=case.id
                )
            )
            context.record(Act.CASE_CHILD_CHANGE, Reference("case", case.id))


def test_another_municipality_is_not_counted(world: World):
    _make(world, _child("6-9", (SPRING, 0)))
    other = world.system(
        account.create_municipality,
        name="Furuvik kommune", number="9902", profile="standard", language="nb",
    )  # fmt: skip
    table = world.system(release.counts, tenant_id=other, period=PERIOD)
    assert sum(map(sum, table.counts)) == 0


def test_small_numbers_are_hidden_and_cannot_be_worked_out(world: World):
    _make(
        world,
        *[_child("6-9", (SPRING, 0))] * 9,
        *[_child("10-12", (SPRING, 0))] * 14,
        *[_child("13-15", (SPRING, 0))] * 3,
        *[_child("10-12", (SPRING, 1))] * 7,
        *[_child("13-15", (SPRING, 1))] * 8,
        *[_child("13-15", (SPRING, 2))] * 2,
    )
    world.clock.set(datetime(2026, 9, 1, 8, tzinfo=UTC))
    made = world.system(release.prepare, tenant_id=world.tenant_id, period=PERIOD)
    table = made.release.table
    truth = made.counts.with_totals()
    assert truth[-1][-1] == 43
    shown = {spot: table.value(spot) for spot in table.shape.positions() if table.value(spot)}
    assert shown, "something can be published"
    assert all(value == truth[row][column] >= 5 for (row, column), value in shown.items())
    assert {(0, 3), (2, 3)} <= set(table.hidden())
    narrowed = attack(table)
    assert [one for one in narrowed if one.is_recovered or one.breaks(table.threshold)] == []
    assert made.release.municipality_number == "9901"


def test_a_half_year_that_is_not_over_cannot_be_prepared(world: World):
    world.clock.set(datetime(2026, 6, 30, 21, 59, tzinfo=UTC))
    with pytest.raises(release.NotEndedError):
        world.system(release.prepare, tenant_id=world.tenant_id, period=PERIOD)
    world.clock.advance(timedelta(minutes=1))
    assert world.system(release.prepare, tenant_id=world.tenant_id, period=PERIOD)


def test_nobody_who_is_signed_in_can_count(world: World):
    for who in ("ingrid", "siv", "hege", "anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, release.counts, tenant_id=world.tenant_id, period=PERIOD)


def test_publishing_is_entered_with_the_release_and_a_refusal_is_not(world: World):
    release_id = uuid.uuid4()
    params = release.publish_params("2026H1", "ab" * 32)
    publish = {"tenant_id": world.tenant_id, "params": params}
    with pytest.raises(ApprovalRefused, match="unknown"):
        world.system(release.publish, **publish, hand_over=lambda: release_id, approval_id=None)
    yes = two_say_yes(world, ApprovalAct.RELEASE_PUBLISH, params)
    other = {**publish, "params": release.publish_params("2026H1", "cd" * 32)}
    with pytest.raises(ApprovalRefused, match="changed"):
        world.system(release.publish, **other, hand_over=lambda: release_id, approval_id=yes)
    made = world.system(release.publish, **publish, hand_over=lambda: release_id, approval_id=yes)
    assert made == release_id
    before = world.system(verify, tenant_id=world.tenant_id)
    assert before.intact

    def refuses() -> uuid.UUID:
        raise RuntimeError("the other side said no")

    second = two_say_yes(world, ApprovalAct.RELEASE_PUBLISH, params)
    with pytest.raises(RuntimeError):
        world.system(release.publish, **publish, hand_over=refuses, approval_id=second)
    after = world.system(verify, tenant_id=world.tenant_id)
    assert after.intact
    assert _entries(world) == [f"release:{release_id}"]


def _entries(world: World) -> list[str]:
    return world.system(_published_in_log)


def _published_in_log(context):
    rows = context.session.scalars(
        select(AuditEvent).where(AuditEvent.act == Act.RELEASE_COUNTS_PUBLISH.value)
    )
    leaves = [json.loads(row.leaf) for row in rows]
    return [one for leaf in leaves for one in leaf["obj"] if one.startswith("release:")]


DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(DAYS, st.integers(-1, 3)), max_size=8))
def test_the_highest_level_is_the_highest_of_every_single_day(changes):
    trail = tuple(sorted(changes, key=lambda change: change[0]))
    first, last = PERIOD.first_day, PERIOD.last_day
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    of_days = set()
    for day in days:
        so_far = [level for changed, level in trail if changed <= day]
        today = [level for changed, level in trail if changed == day]
        of_days |= {*so_far[-1:], *today}
    # What a case was when the first day began counts too, also if it changed that morning.
    of_days |= set([level for changed, level in trail if changed < first][-1:])
    expected = max((level for level in of_days if level >= 0), default=None)
    assert highest_level(trail, first, last) == expected
