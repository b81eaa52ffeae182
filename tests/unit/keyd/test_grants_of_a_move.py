"""A case goes to another service only when its own has asked, and only the one who was asked takes it there."""

import pytest

from bti.db.guards import FORGED, Writing
from bti.db.sealed_value import Sealed
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied
from bti.keyd.grant_move import is_kept
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    an_id,
)
from tests.unit.keyd.asked import ROW, Asked, Rows, asks, said, stored
from tests.unit.keyd.test_grants_in_a_case import a_case_row, an_offer

OFFER = an_id(71)
CELL = a_cell(InfoType.MEASURES, PPS, SCHOOL)
THERE = {"owner_unit": PPS, "cells": (CELL,)}
ANSWERS = (Action.ANSWER_OFFER,)


def with_offer(**changes):
    """The teacher of the school is asked by the educational psychology service to take its case."""
    rows = Rows()
    values = {
        "id": OFFER,
        "case_id": CASE,
        "from_id": NURSE,
        "to_id": TEACHER,
        "to_unit_id": SCHOOL,
        "open_slot": 1,
        "version": 1,
        "meta_ct": said(OFFER, 1, from_unit=PPS),
    }
    values |= changes
    rows.put("baton_offers", **values | {"meta_ct": Sealed(values["meta_ct"])})
    return rows


def taken(rows, new=None, can=ANSWERS, **more):
    known = {"can": can, "facts_known": THERE} | more
    old = a_case_row(1, unit=PPS)
    try:
        return asks(rows, "cases", new or a_case_row(2, unit=SCHOOL), old, row=CASE, **known)
    finally:
        rows.end()


def test_who_was_asked_takes_the_case_into_the_service_they_were_asked_in():
    assert taken(with_offer())


@pytest.mark.parametrize(
    "changes",
    [
        {"to_id": an_id(42)},
        {"to_unit_id": HEALTH},
        {"open_slot": None},
        {"case_id": an_id(41)},
        {"meta_ct": said(OFFER, 1)},
        {"meta_ct": said(OFFER, 1, from_unit=HEALTH)},
    ],
    ids=["another", "elsewhere", "over", "another case", "the baton alone", "another owner"],
)
def test_who_was_not_asked_so_takes_nothing(changes):
    assert not taken(with_offer(**changes))


@pytest.mark.parametrize(
    "more",
    [
        {"can": (Action.WRITE_NOTE, Action.MOVE_CASE, Action.OFFER_BATON)},
        {"facts_known": {"owner_unit": PPS, "cells": ()}},
        {"unit": HEALTH},
        {"new": a_case_row(2, unit=HEALTH)},
        {"new": a_case_row(2, unit=SCHOOL) | {"number": "CD34"}},
        {"new": a_case_row(2, unit=SCHOOL, birth_date="2014-05-04")},
    ],
    ids=["no answer", "no consent", "another hat", "a third service", "a number", "an age"],
)
def test_one_step_beside_takes_nothing(more):
    assert not taken(with_offer(), **more)


def test_an_offer_that_was_forged_or_cannot_be_read_moves_nothing():
    with pytest.raises(AccessDenied, match=FORGED):
        taken(with_offer(), forged=(OFFER,))
    with pytest.raises(AccessDenied, match=r"^grant\.sealed$"):
        taken(with_offer(meta_ct=said(ROW, 1, from_unit=PPS)))


@pytest.mark.parametrize(
    ("left", "unit", "can", "allowed"),
    [
        (SCHOOL, SCHOOL, (Action.OFFER_BATON, Action.MOVE_CASE), True),
        (SCHOOL, SCHOOL, (Action.REASSIGN_BATON, Action.MOVE_CASE), True),
        (SCHOOL, SCHOOL, (Action.OFFER_BATON,), False),
        (SCHOOL, SCHOOL, (Action.MOVE_CASE,), False),
        (SCHOOL, PPS, (Action.OFFER_BATON, Action.MOVE_CASE), False),
        (HEALTH, SCHOOL, (Action.OFFER_BATON, Action.MOVE_CASE), False),
    ],
)
def test_a_case_is_offered_by_its_own_service_alone(left, unit, can, allowed):
    rows = Rows()
    known = {"cells": (a_cell(InfoType.MEASURES, SCHOOL, PPS),)}
    offer = an_offer(meta_ct=said(from_unit=left))
    assert asks(rows, "baton_offers", offer, can=can, unit=unit, facts_known=known) is allowed
    rows.end()


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [({}, {}, True), (SCHOOL, SCHOOL, True), ({}, SCHOOL, False), (SCHOOL, {}, False)],
)
def test_no_answer_makes_a_move_of_an_offer_of_the_baton(before, after, allowed):
    rows = Rows()
    old, new = (
        an_offer(meta_ct=said(version=version, **({"from_unit": left} if left else {})))
        for version, left in ((1, before), (2, after))
    )
    closed = new | {"open_slot": None}
    assert asks(rows, "baton_offers", closed, old, can=ANSWERS) is allowed
    rows.end()


@pytest.mark.parametrize(("left", "kept"), [(SCHOOL, True), (PPS, False)])
def test_an_offer_stood_at_the_version_before_where_nothing_else_is_told(left, kept):
    rows = Rows()
    old, new = (
        stored(**an_offer(meta_ct=said(version=version, from_unit=unit)))
        for version, unit in ((4, SCHOOL), (5, left))
    )
    row = Writing(TENANT, "baton_offers", ROW, 5, new, {}, None)
    assert is_kept(Asked(rows), row, old) is kept
    rows.end()


def test_an_offer_without_what_is_sealed_of_it_is_refused():
    rows = Rows()
    for blob, rule in ((None, r"^grant\.columns$"), (said(version=3), r"^grant\.sealed$")):
        with pytest.raises(AccessDenied, match=rule):
            asks(
                rows,
                "baton_offers",
                an_offer(meta_ct=blob),
                can=(Action.OFFER_BATON,),
                facts_known={"cells": (a_cell(InfoType.MEASURES, SCHOOL, PPS),)},
            )
    rows.end()
