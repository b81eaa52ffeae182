"""Sharing without consent: what each gate asks for, against a table read out of the acts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bti.domain.codes import InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.gates import (
    GATES,
    LEAST_REASON,
    Gate,
    GateQuestion,
    SharingFacts,
    check_open,
    gates_for,
    sharing_from,
    sharing_meta,
    write_down,
)
from bti.domain.legal import basis_on
from bti.profiles import legal_bases
from tests.unit.domain.samples import NOON, PPS, PRINCIPAL, SCHOOL, TEACHER, TODAY, a_ref

#: gate               who tells                  whom    two people  child told  days
TABLE = """
other_body           not-welfare,not-health     any     -           -           90
purpose              not-welfare,not-health     any     two         -           90
life_health          all                        any     -           -           7
crime                not-welfare,not-health     police  two         -           0
child_welfare_task   child_welfare              any     -           told        90
health_care          health                     health  -           -           90
health_kin           health                     any     -           -           90
health_weighty       health                     any     two         -           90
"""
LINES = {line.split()[0]: line.split()[1:] for line in TABLE.strip().splitlines()}
SERVICES = set(Sector) - {Sector.ADMINISTRATION}
WHO = {
    "all": SERVICES,
    "not-welfare,not-health": SERVICES - {Sector.CHILD_WELFARE, Sector.HEALTH},
    "child_welfare": {Sector.CHILD_WELFARE},
    "health": {Sector.HEALTH},
    "any": SERVICES,
}
WHY = "x" * LEAST_REASON


def a_question(gate=Gate.OTHER_BODY, **changes):
    outside = LINES[gate][1] == "police"
    values = {
        "gate": gate,
        "giver": next(one for one in Sector if one in WHO[LINES[gate][0]]),
        "taker": None if outside else Sector.HEALTH,
        "cells": frozenset({a_ref()}),
        "necessity": WHY,
        "proportionality": WHY,
        "told_on": TODAY,
        "until": NOON + timedelta(days=int(LINES[gate][4])),
    }
    return GateQuestion(**(values | changes))


def a_sharing(gate=Gate.PURPOSE, **changes):
    values = {
        "gate": gate,
        "cells": frozenset({a_ref()}),
        "written_at": NOON,
        "written_by": TEACHER,
        "until": NOON + timedelta(days=7),
    }
    return SharingFacts(**(values | changes))


def code_of(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.code


def written(question):
    return write_down(question, at=NOON)


def test_there_is_no_gate_that_the_table_does_not_have():
    assert {gate.value for gate in Gate} == set(LINES) == {gate.value for gate in GATES}


@pytest.mark.parametrize("gate", Gate)
def test_a_gate_is_open_to_the_services_the_act_gives_it_to_and_rests_on_one_in_force(gate):
    givers = WHO[LINES[gate][0]]
    for giver in Sector:
        assert (gate in gates_for(giver)) is (giver in givers)
        if giver in givers:
            written(a_question(gate, giver=giver))
        else:
            asked = a_question(gate, giver=giver)
            assert code_of(written, asked) == "gate.not_for_service"
    assert basis_on(legal_bases(), GATES[gate].basis, TODAY)


@pytest.mark.parametrize("gate", Gate)
def test_a_gate_leads_to_the_receivers_of_the_act_alone(gate):
    to = LINES[gate][1]
    for taker in (*Sector, None):
        fits = taker is None if to == "police" else taker in WHO[to]
        asked = a_question(gate, taker=taker)
        if fits:
            written(asked)
        else:
            assert code_of(written, asked) == "gate.not_to_service"


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"necessity": WHY[1:]}, "gate.no_necessity"),
        ({"necessity": "   " + WHY[1:] + "   "}, "gate.no_necessity"),
        ({"proportionality": WHY[1:]}, "gate.no_proportionality"),
    ],
)
def test_every_gate_wants_necessity_and_proportionality_in_words(gate, changes, code):
    assert code_of(written, a_question(gate, **changes)) == code


@pytest.mark.parametrize("gate", Gate)
def test_what_is_shared_is_named_short_and_never_a_services_own_notes(gate):
    days = int(LINES[gate][4])
    own = a_question(gate, cells=frozenset({a_ref(InfoType.OWN)}))
    assert code_of(written, own) == "consent.own_not_shareable"
    if not days:
        assert written(a_question(gate)) == NOON
        return
    assert written(a_question(gate)) == NOON + timedelta(days=days)
    far = a_question(gate, until=NOON + timedelta(days=days, seconds=1))
    assert code_of(written, far) == "gate.until_far"
    assert code_of(written, a_question(gate, until=NOON)) == "gate.until_past"
    assert code_of(written, a_question(gate, cells=frozenset())) == "gate.no_cells"


@pytest.mark.parametrize("gate", Gate)
def test_child_welfare_tells_the_child_first(gate):
    for told_on in (None, TODAY + timedelta(days=1)):
        asked = a_question(gate, told_on=told_on)
        if LINES[gate][3] == "told":
            assert code_of(written, asked) == "gate.child_not_told"
        else:
            written(asked)


@pytest.mark.parametrize("gate", Gate)
def test_two_people_are_two_and_one_of_them_leads_the_service(gate):
    sharing = a_sharing(gate)
    if LINES[gate][2] != "two":
        check_open(sharing, by=TEACHER, leads=False, at=NOON)
        return
    check_open(sharing, by=PRINCIPAL, leads=True, at=NOON)
    assert code_of(check_open, sharing, by=TEACHER, leads=True, at=NOON) == "gate.same_person"
    assert code_of(check_open, sharing, by=PRINCIPAL, leads=False, at=NOON) == "gate.needs_leader"


def test_a_sharing_is_opened_once_and_not_when_it_is_over():
    def code(at=NOON, **changes):
        sharing = a_sharing(**changes)
        return code_of(check_open, sharing, by=PRINCIPAL, leads=True, at=at)

    assert code(opened_at=NOON) == "gate.opened"
    assert code(stopped_at=NOON) == "gate.over"
    assert code(at=NOON + timedelta(days=7)) == "gate.over"


def test_a_sharing_is_read_back_as_it_was_written():
    sharing = a_sharing()
    meta = sharing_meta(sharing, owner=SCHOOL, to_unit=PPS)
    stored = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in meta.items()
    } | {"owner": str(SCHOOL), "to_unit": str(PPS), "by": str(TEACHER)}
    assert sharing_from(stored) == sharing
    assert sharing_from(stored, {"opened": NOON}) == replace(sharing, opened_at=NOON)
