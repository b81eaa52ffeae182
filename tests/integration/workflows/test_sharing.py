"""Sharing without consent: written down, opened by a second person where that is due, and stopped."""

import json
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.db.models import ConsentCell
from bti.domain.codes import ClosingCause, InfoType
from bti.domain.compartments import service_compartment
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.gates import Gate
from bti.workflows import insight, insight_days, level, sharing
from bti.workflows.errors import NotFound
from tests.integration.workflows.cases import (
    agreed,
    compartments,
    holds_together,
    invite,
    new_case,
    rows,
    section,
    statuses,
    write,
)

NEEDED = "Vi får ikke tak i familien, og barnet må følges til legen i morgen."
WORTH_IT = "Bare fraværet, i to uker, og bare til helsesykepleieren på skolen."


def write_down(world, case_id, gate=Gate.LIFE_HEALTH, unit="pps", who="ingrid", **more):
    values = {
        "case_id": case_id,
        "submission": uuid.uuid4(),
        "version": None,
        "gate": gate,
        "to_unit": world.units[unit] if unit else None,
        "info_types": frozenset({InfoType.ATTENDANCE}),
        "necessity": NEEDED,
        "proportionality": WORTH_IT,
        "told_on": None,
        "until": date(2026, 9, 7),
    }
    return world.run(who, sharing.write_down, command=sharing.WriteDown(**(values | more)))


def do(world, act, case_id, sharing_id, who="ingrid"):
    world.run(who, act, case_id=case_id, sharing_id=sharing_id)


def lines(world, case_id, who="ingrid"):
    return world.run(who, sharing.page, case_id=case_id).lines


def grounds(world):
    with world.looking() as session:
        found = session.scalars(select(AuditEvent).order_by(AuditEvent.idx))
        ours = [one for one in found if one.act.startswith(("sharing:", "outside:"))]
        return [(one.act, json.loads(one.leaf)["grd"]) for one in ours]


def test_what_is_written_down_opens_one_kind_one_way_for_a_short_time(world):
    case_id = new_case(world)
    write(world, "ingrid", case_id, InfoType.ATTENDANCE, "Borte fire mandager.")
    sharing_id = write_down(world, case_id)
    assert rows(world, ConsentCell) == []
    do(world, sharing.open_now, case_id, sharing_id)
    do(world, sharing.open_now, case_id, sharing_id)
    (cell,) = rows(world, ConsentCell)
    assert (cell.basis, cell.info_type, cell.to_unit_id) == (
        "law",
        "attendance",
        world.units["pps"],
    )
    invite(world, case_id)
    school = service_compartment(world.units["school"], InfoType.ATTENDANCE)
    assert school in compartments(world, "nina", case_id)
    (line,) = lines(world, case_id)
    assert (line.is_open, line.opened_by, line.necessity) == (True, "Ingrid Solberg", NEEDED)
    assert line.why.code == "gate-life-health"

    do(world, sharing.stop, case_id, sharing_id)
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    assert [act for act, _ in grounds(world)] == [
        "sharing:ground:create",
        "sharing:access:open",
        "sharing:access:stop",
    ]
    assert {ground for _, ground in grounds(world)} == {"gate:life_health"}
    holds_together(world)


def test_it_ends_by_itself_on_its_last_day(world):
    case_id = new_case(world)
    do(world, sharing.open_now, case_id, write_down(world, case_id))
    invite(world, case_id)
    world.clock.advance(timedelta(days=7))
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    (line,) = lines(world, case_id)
    assert (line.is_open, line.may_open, line.may_stop) == (False, False, False)


def test_where_two_people_are_due_the_leader_opens_what_another_has_written(world):
    case_id = new_case(world)
    sharing_id = write_down(world, case_id, Gate.PURPOSE)
    with pytest.raises(RuleBroken, match=r"gate\.needs_leader"):
        do(world, sharing.open_now, case_id, sharing_id)
    do(world, sharing.open_now, case_id, sharing_id, "siv")
    (line,) = lines(world, case_id)
    assert (line.written_by, line.opened_by) == ("Ingrid Solberg", "Siv Aas")
    own = write_down(world, case_id, Gate.PURPOSE, who="siv")
    with pytest.raises(RuleBroken, match=r"gate\.same_person"):
        do(world, sharing.open_now, case_id, own, "siv")
    holds_together(world)


def test_the_police_is_told_by_the_leader_and_nothing_opens_here(world):
    case_id = new_case(world)
    sharing_id = write_down(world, case_id, Gate.CRIME, unit=None, info_types=frozenset())
    do(world, sharing.open_now, case_id, sharing_id, "siv")
    assert rows(world, ConsentCell) == []
    (line,) = lines(world, case_id)
    assert (line.service, line.opened_by, line.may_stop) == ("", "Siv Aas", False)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"necessity": "Det trengs."}, "gate.no_necessity"),
        ({"proportionality": ""}, "gate.no_proportionality"),
        ({"gate": Gate.HEALTH_CARE}, "gate.not_for_service"),
        ({"gate": Gate.CHILD_WELFARE_TASK}, "gate.not_for_service"),
        ({"until": date(2026, 9, 10)}, "gate.until_far"),
        ({"info_types": frozenset()}, "gate.no_cells"),
    ],
)
def test_without_a_gate_its_words_and_its_limits_nothing_is_written(world, more, code):
    case_id = new_case(world)
    with pytest.raises(RuleBroken, match=code.replace(".", r"\.")):
        write_down(world, case_id, **more)
    assert lines(world, case_id) == ()


def test_a_sharing_is_no_consent_and_counts_as_none(world):
    case_id = new_case(world)
    do(world, sharing.open_now, case_id, write_down(world, case_id))
    assert section(world, case_id).rows == ()
    assert (statuses(world, case_id).opening, statuses(world, case_id).invited) == (None, ())


def test_another_service_in_the_case_neither_writes_nor_reads_it(world):
    case_id = new_case(world)
    agreed(world, case_id, unit="pps")
    invite(world, case_id)
    with pytest.raises((AccessDenied, NotFound)):
        write_down(world, case_id, unit="health", who="nina")
    with pytest.raises((AccessDenied, NotFound)):
        lines(world, case_id, "nina")


def test_a_case_that_is_closed_is_shared_by_no_gate_either_also_when_it_opens_again(world):
    case_id = new_case(world)
    do(world, sharing.open_now, case_id, write_down(world, case_id))
    invite(world, case_id)

    def decide(to_level, cause):
        word = level.Decide(
            case_id=case_id, version=None, to_level=to_level, reason="Det går bra.", cause=cause
        )
        world.run("siv", level.decide, word)

    decide(None, ClosingCause.GOAL_REACHED)
    (cell,) = rows(world, ConsentCell)
    assert cell.withdrawn_at == world.clock.now()
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    decide(0, None)
    (line,) = lines(world, case_id, "siv")
    assert (line.is_open, line.may_open, line.stopped_on) == (False, False, date(2026, 9, 1))
    holds_together(world)


def seen_by(world, who, case_id):
    """What the two lists of who has seen a case tell of sharing: acts and grounds."""
    listed = world.run(who, insight.case_accesses, case_id, whole=True).rows
    days = world.run(who, insight_days.case_days, case_id, mine=True).days
    every = (*listed, *(one for day in days for one in day.rows))
    return {
        (row.action, row.ground)
        for row in every
        if row.action.startswith(("sharing:", "outside:")) or "gate" in row.ground
    }


def test_what_is_shared_with_another_service_without_consent_is_seen_in_the_case(world):
    case_id = new_case(world)
    do(world, sharing.open_now, case_id, write_down(world, case_id))
    assert seen_by(world, "ingrid", case_id) == {
        ("sharing:ground:create", "gate:life_health"),
        ("sharing:access:open", "gate:life_health"),
    }


def test_that_the_police_was_told_stands_in_no_list_that_a_family_or_another_service_may_see(world):
    case_id = new_case(world)
    agreed(world, case_id, unit="pps")
    invite(world, case_id)
    sharing_id = write_down(world, case_id, Gate.CRIME, unit=None, info_types=frozenset())
    do(world, sharing.open_now, case_id, sharing_id, "siv")
    for who in ("ingrid", "nina"):
        assert seen_by(world, who, case_id) == set()
    assert len(grounds(world)) == 2
