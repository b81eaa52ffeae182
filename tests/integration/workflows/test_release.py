"""Counting children for a release and carrying it out, in a world small enough to count by hand."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.record import Reference
from bti.db.models import Case, ChildIndex
from bti.disclosure.half_year import TooFewError
from bti.disclosure.linked.attack import attack
from bti.disclosure.linked.verify import NotSafe
from bti.disclosure.menu import DIMENSIONS, NOT_DIVIDED
from bti.disclosure.preview import Why
from bti.disclosure.release import Release, publication_of
from bti.disclosure.tables import HalfYear, TableError
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import ClosingCause
from bti.domain.errors import AccessDenied
from bti.domain.protection import AddressGrade, ProtectedPerson, Protection
from bti.workflows import account, release, release_count, release_record
from bti.workflows.audit_check import verify
from bti.workflows.release_count import highest_level, level_on
from tests.approvals import two_say_yes
from tests.integration.workflows.release_children import (
    AFTER,
    BEFORE,
    CLOSED,
    POPULATION,
    SPRING,
    child,
    make,
)
from tests.world import ADMIN, World

PERIOD = HalfYear(2026, 1)
PUBLISHED_ON = datetime(2026, 9, 1, 8, tzinfo=UTC)


def _codes(world: World, dimension: str = "", period: HalfYear = PERIOD) -> list:
    """Each child's codes, or one of them, sorted."""
    found = world.system(release_count.counts, tenant_id=world.tenant_id, period=period)
    place = list(DIMENSIONS).index(dimension) if dimension else slice(None)
    return sorted(codes[place] for _, codes in found)


def test_each_child_is_counted_at_the_highest_level_it_reached(world: World):
    make(
        world,
        child("6-9", (SPRING, 0)),
        child("6-9", (BEFORE, 0)),
        child("10-12", (BEFORE, 0), (SPRING, 1)),
        child("13-15", (SPRING, 0), (date(2026, 4, 1), 1), (date(2026, 5, 1), 2), (AFTER, 3)),
        # Went down: the highest level of the half-year is what counts.
        child("13-15", (BEFORE, 0), (BEFORE, 2), (SPRING, 1)),
        # Closed in the half-year, and so still in it.
        child("10-12", (BEFORE, 0), (date(2026, 1, 1), CLOSED)),
    )
    assert [codes[:2] for codes in _codes(world)] == [
        ("level_0", "age_10_12"),
        ("level_0", "age_6_9"),
        ("level_0", "age_6_9"),
        ("level_1", "age_10_12"),
        ("level_2", "age_13_15"),
        ("level_2", "age_13_15"),
    ]
    assert _codes(world, "course") == ["closed", "new", "new", "same_or_down", "same_or_down", "up"]


def test_service_and_concern_are_broad_and_several_are_one_code(world: World):
    make(
        world,
        child("6-9", (SPRING, 0), sector="kindergarten", categories=["MEN"]),
        child("6-9", (SPRING, 0), sector="leisure", categories=["CRM", "RAD"]),
        child("6-9", (SPRING, 0), sector="health", categories=["LEA", "VIO"]),
        child("6-9", (SPRING, 0), categories=["unknown to us"]),
    )
    assert _codes(world, "service") == ["health", "kindergarten", "other", "school"]
    assert _codes(world, "concern") == [
        "conduct", "mental_health", "other_or_several", "other_or_several"
    ]  # fmt: skip


def test_who_was_not_there_in_the_half_year_is_not_counted(world: World):
    make(
        world,
        child("6-9", (BEFORE, 0), (date(2025, 12, 31), CLOSED)),
        child("6-9", (AFTER, 0)),
        child("10-12", (SPRING, 0), (SPRING, CLOSED), cause=ClosingCause.DUPLICATE),
        child("10-12", (SPRING, 0), (SPRING, CLOSED), cause=ClosingCause.ERROR),
        (date(2002, 6, 30), ((SPRING, 0),), child("6-9", (SPRING, 0))[2]),
    )
    assert _codes(world) == []


def test_age_is_that_of_the_last_day(world: World):
    facts = child("6-9", (SPRING, 0))[1:]
    born = (date(2016, 6, 30), date(2016, 7, 1), date(2002, 7, 1))
    make(world, *((day, *facts) for day in born))
    assert _codes(world, "age") == ["age_10_12", "age_19_23", "age_6_9"]


def test_a_child_in_several_services_is_counted_once_at_the_highest_level(world: World):
    make(
        world,
        child("6-9", (SPRING, 0)),
        child("6-9", (SPRING, 2), sector="health"),
        child("6-9", (SPRING, 1)),
        child("6-9", (SPRING, 1)),
    )
    world.run("ingrid", _same_child, levels={0, 2})
    assert _codes(world, "level") == ["level_1", "level_1", "level_2"]
    assert _codes(world, "service") == ["other", "school", "school"]


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


def test_a_child_with_address_protection_is_in_the_total_alone(world: World):
    secret = Protection(
        grade=AddressGrade.CONFIDENTIAL,
        of=ProtectedPerson.CHILD,
        until=date(2027, 1, 1),
        checked_on=SPRING,
        readers=frozenset({uuid.uuid4()}),
    )
    make(world, child("6-9", (SPRING, 0)), child("6-9", (SPRING, 2), protection=secret))
    assert _codes(world)[1] == (NOT_DIVIDED,) * len(DIMENSIONS)
    # On one of its cases is enough.
    world.run("ingrid", _same_child, levels={0, 2})
    assert _codes(world) == [(NOT_DIVIDED,) * len(DIMENSIONS)]


def test_another_municipality_is_not_counted(world: World):
    make(world, child("6-9", (SPRING, 0)))
    other = world.system(
        account.create_municipality,
        name="Furuvik kommune", number="9902", profile="standard", language="nb",
    )  # fmt: skip
    assert world.system(release_count.counts, tenant_id=other, period=PERIOD) == ()


def test_nobody_who_is_signed_in_can_count(world: World):
    for who in ("ingrid", "siv", "hege", "anne", "asta"):
        with pytest.raises(AccessDenied):
            world.run(who, release_count.counts, tenant_id=world.tenant_id, period=PERIOD)


# -- made ready, and out ------------------------------------------------------------------------


class Gate:
    """A stand-in for the network side: keeps every release it was handed."""

    def __init__(self, world: World) -> None:
        self.world, self.published = world, []

    def prepare(self, period: HalfYear = PERIOD, **changes):
        given = {"published": self.published, "population": POPULATION, **changes}
        doorway = self.world.runtime.doorway
        return release.prepare(
            doorway, ADMIN, tenant_id=self.world.tenant_id, period=period, **given
        )

    def publish(self, made: Release, *, yes: uuid.UUID | None = None):
        reason = made.edition.reason or ""
        params = release.publish_params("publish", str(made.period), made.sha256(), reason)
        yes = yes or two_say_yes(self.world, ApprovalAct.RELEASE_PUBLISH, params)

        def hand_over(signed) -> uuid.UUID:
            self.published.append(Release.reopen(signed.text))
            return uuid.uuid4()

        return self.world.system(
            release.publish,
            tenant_id=self.world.tenant_id, release=made, hand_over=hand_over, approval_id=yes,
        )  # fmt: skip


@pytest.fixture
def gate(world: World) -> Gate:
    world.clock.set(PUBLISHED_ON)
    return Gate(world)


def _some(children: int, day: date = SPRING) -> list:
    bands = ("6-9", "10-12", "10-12", "13-15")
    return [
        child(bands[n % 4], (day, n % 3 // 2), categories=[("LEA", "SOC", "MEN")[n % 3]])
        for n in range(children)
    ]


def test_a_half_year_that_is_not_over_cannot_be_prepared(world: World, gate: Gate):
    world.clock.set(datetime(2026, 6, 30, 21, 59, tzinfo=UTC))
    with pytest.raises(release.NotEndedError):
        gate.prepare()
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(TooFewError):
        gate.prepare()


@pytest.mark.parametrize("children", [0, 1, 4])
def test_of_an_empty_half_year_or_a_few_children_nothing_is_prepared(gate: Gate, children: int):
    make(gate.world, *_some(children))
    with pytest.raises(TooFewError):
        gate.prepare()
    with pytest.raises(TableError):
        gate.prepare(population={})
    assert _kept(gate).bases == {}


def test_a_municipality_with_two_hundred_children_divides_no_small_age(gate: Gate):
    make(gate.world, *_some(24))
    made = gate.prepare(population=dict.fromkeys(POPULATION, 33))
    levels = [line for line in made.lines if line.table == ("level", "age")]
    divided = [
        line for line in levels
        if line.labels[1].startswith("age") and line.labels[0].startswith("level")
    ]  # fmt: skip
    assert divided
    assert {line.shown for line in divided} == {None}
    assert Why.POPULATION in {line.why for line in divided}


def test_small_numbers_are_hidden_and_cannot_be_worked_out(gate: Gate):
    make(gate.world, *_some(30), child("13-15", (SPRING, 3)), child("6-9", (SPRING, 2)))
    made = gate.prepare()
    truth = {(line.table, line.labels): line for line in made.lines}
    assert truth[("level", "age"), ("_T", "_T")].counted == 32
    assert truth[("level", "age"), ("level_3", "_T")].why is Why.SMALL
    shown = [line for line in made.lines if line.shown]
    assert shown
    assert all(abs(line.shown - line.counted) < 5 <= line.counted for line in shown)
    assert attack(publication_of(made.release)) == ()
    assert made.release.edition.municipality_number == "9901"
    again = gate.world.system(release.preview, tenant_id=gate.world.tenant_id, release=made.release)
    assert again == made.lines


def test_only_what_was_prepared_and_agreed_to_by_two_goes_out(world: World, gate: Gate):
    make(world, *_some(24))
    made = gate.prepare().release
    with pytest.raises(ApprovalRefused, match="changed"):
        gate.publish(made, yes=two_say_yes(
            world, ApprovalAct.RELEASE_PUBLISH,
            release.publish_params("publish", "2026H1", "cd" * 32),
        ))  # fmt: skip
    forged = replace(
        made, edition=replace(made.edition, municipality_name="Annen"), checked=_token()
    )
    with pytest.raises(release.ReleaseRefusedError, match="not_prepared"):
        gate.publish(forged)
    assert gate.published == []
    out = gate.publish(made)
    assert world.system(verify, tenant_id=world.tenant_id).intact
    assert _entries(world, Act.RELEASE_COUNTS_PUBLISH) == [f"release:{out}"]
    assert _kept(gate).published == {made.sha256()}


def _token() -> object:
    from bti.disclosure import release as frozen  # noqa: PLC0415 - as somebody inside would

    return frozen._CHECKED


def test_a_period_is_published_once_and_corrected_with_a_reason(gate: Gate):
    make(gate.world, *_some(24))
    with pytest.raises(release.ReleaseRefusedError, match="nothing_to_correct"):
        gate.prepare(reason="Barn manglet i listen.")
    gate.publish(gate.prepare().release)
    with pytest.raises(release.ReleaseRefusedError, match="published_before"):
        gate.prepare()


def test_a_network_side_that_was_tampered_with_stops_everything(gate: Gate):
    make(gate.world, *_some(24))
    gate.publish(gate.prepare().release)
    good = gate.published[0]
    gate.published[:] = []
    with pytest.raises(release.ReleaseRefusedError, match="missing"):
        gate.prepare(HalfYear(2025, 2))
    other = replace(good, edition=replace(good.edition, municipality_name="X"), checked=_token())
    gate.published[:] = [good, other]
    with pytest.raises(release.ReleaseRefusedError, match="unknown_text"):
        gate.prepare(HalfYear(2025, 2))


GARBAGE = {
    "keys": ({}, {"signing": "ab", "rounding": "cd" * 32}, {"signing": "x", "rounding": "cd" * 32}),
    "basis": ([], {"sha256": "ab" * 32}, {"sha256": "ab" * 32, "children": [["a", 5]]}),
    "published": ({"sha256": 5}, {"sha256": "AB" * 32}, "released"),
}


def test_a_record_of_releases_that_makes_no_sense_stops_everything(gate: Gate):
    make(gate.world, *_some(12))
    for kind, bodies in GARBAGE.items():
        for body in bodies:
            context = partial(_garbage_and_kept, gate.world.tenant_id, kind, body)
            with pytest.raises(release_record.RecordDamagedError):
                gate.world.system(context)
    assert _kept(gate).bases == {}


def _garbage_and_kept(tenant_id, kind, body, context):
    context.verbs.open_ops(tenant_id)
    release_record._add(context, tenant_id, kind, body)
    context.session.flush()
    release_record.kept(context, tenant_id)


def test_a_record_of_releases_that_does_not_open_stops_everything(world: World, gate: Gate):
    make(world, *_some(24))
    made = gate.prepare().release
    with world.as_administrator() as connection:
        # The same seal under another id: what is bound to its place opens nowhere else.
        connection.execute(
            text(
                "INSERT INTO release_records (id, tenant_id, version, kind, body_ct) "
                "SELECT :id, tenant_id, version, kind, body_ct FROM release_records "
                "WHERE kind = 'basis'"
            ),
            {"id": uuid.UUID(int=7) if world.admin_url else uuid.UUID(int=7).hex},
        )
    with pytest.raises(release_record.RecordDamagedError, match="damaged"):
        gate.prepare(HalfYear(2025, 2))
    with pytest.raises(release_record.RecordDamagedError):
        gate.publish(made)
    with pytest.raises(release_record.RecordDamagedError):
        world.system(release.preview, tenant_id=world.tenant_id, release=made)
    assert gate.published == []


def test_what_two_commands_make_at_once_is_one_key(gate: Gate):
    keys = {gate.world.system(_keys, tenant_id=gate.world.tenant_id).signing for _ in range(2)}
    assert len(keys) == 1


def _keys(context, *, tenant_id):
    context.verbs.open_ops(tenant_id)
    return release_record.kept(context, tenant_id).keys


def test_several_half_years_with_late_corrections_give_nothing_away(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
):
    """Some come and go, one is registered late, then many are; an archivist keeps every version."""
    world = gate.world
    world.clock.set(datetime(2026, 9, 1, 8, tzinfo=UTC))
    # Rounding is drawn with the key: with this one each step goes the same way every time.
    monkeypatch.setattr(release_record, "random_bytes", lambda size: b"r" * size)
    first = HalfYear(2025, 2)
    late = "Barn ble meldt sent."
    make(world, *_some(18, BEFORE))
    gate.publish(gate.prepare(first).release)
    make(world, child("13-15", (BEFORE, 3)))
    _publish_if_safe(gate, first, late)
    make(world, *_some(14, BEFORE))
    _publish_if_safe(gate, first, late)
    make(world, *_some(8))
    _publish_if_safe(gate, PERIOD, None)
    many = len(gate.published)
    assert many > 1
    publications = [publication_of(one) for one in gate.published]
    assert [attack(one) for one in publications] == [()] * many
    bases = _kept(gate).bases
    told = 0
    for later in range(many):
        for before in range(later):
            told += _changes_told(
                publications[before], bases[gate.published[before].sha256()],
                publications[later], bases[gate.published[later].sha256()],
            )  # fmt: skip
    assert told == 0


def _publish_if_safe(gate: Gate, period: HalfYear, reason: str | None) -> None:
    try:
        made = gate.prepare(period, reason=reason)
    except NotSafe:
        return  # too few have changed: the earlier numbers stand
    gate.publish(made.release)


def _changes_told(before, then, later, now) -> int:
    """Cells that few have come into or left, and of which both numbers together tell that some did."""
    low_then, high_then = before.ranges()
    low_now, high_now = later.ranges()
    told = 0
    for cell in range(len(later.shown)):
        if -1 in (high_then[cell], high_now[cell]):
            continue
        inside = {
            tuple(later.universe.codes_of(int(column)))
            for column in later.universe.matrix.row(cell)
        }
        were = {name for name, codes in then if codes in inside}
        are = {name for name, codes in now if codes in inside}
        rose, fell = low_now[cell] - high_then[cell], low_then[cell] - high_now[cell]
        told += bool(0 < len(were ^ are) < 5 and np.maximum(rose, fell) > 0)
    return told


def _kept(gate: Gate):
    return gate.world.system(_all_kept, tenant_id=gate.world.tenant_id)


def _all_kept(context, *, tenant_id):
    context.verbs.open_ops(tenant_id)
    return release_record.kept(context, tenant_id)


def _entries(world: World, act: Act) -> list[str]:
    return world.system(_in_log, act=act)


def _in_log(context, *, act):
    rows = context.session.scalars(select(AuditEvent).where(AuditEvent.act == act.value))
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
    reached = [level for changed, level in trail if changed <= last]
    assert level_on(trail, last, within=True) == (reached[-1] if reached else None)
