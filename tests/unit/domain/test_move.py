"""A case that goes to another service: who may be asked, and what the one that is left has no more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.access import Action, Allowed, compartments_open_to, decide
from bti.domain.codes import InfoType, Role, Sector
from bti.domain.consent_facts import ConsentStatus
from bti.domain.errors import RuleBroken
from bti.domain.levels import CaseStatus
from bti.domain.move import (
    NO_HOME,
    MoveFacts,
    cells_that_stop,
    check_move,
    check_no,
    check_taken,
    falls_with_the_move,
)
from bti.domain.relations import ObjectFacts, ObjectKind, PlaceFacts, Relation
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NOON,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    a_subject,
)

TODAY = date(2026, 8, 20)
UNITS = (SCHOOL, HEALTH, PPS)
FINE = MoveFacts(
    owner=SCHOOL, by_unit=SCHOOL, to_unit=HEALTH, to_sector=Sector.HEALTH, talked_on=TODAY
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"by_unit": PPS}, "move.not_owner"),
        ({"to_unit": SCHOOL}, "move.same_service"),
        ({"to_sector": Sector.TEAM}, "move.no_home"),
        ({"to_sector": Sector.ADMINISTRATION}, "move.no_home"),
        ({"to_sector": None}, "move.no_home"),
        ({"talked_on": None}, "move.not_talked"),
        ({"talked_on": TODAY + timedelta(days=1)}, "move.day_in_future"),
    ],
)
def test_the_own_case_goes_to_another_home_when_the_family_has_been_talked_with(changes, code):
    check_move(FINE, today=TODAY)
    with pytest.raises(RuleBroken) as broken:
        check_move(replace(FINE, **changes), today=TODAY)
    assert broken.value.code == code


def test_every_kind_of_service_but_a_team_can_have_a_case():
    for sector in set(Sector) - NO_HOME:
        check_move(replace(FINE, to_sector=sector), today=TODAY)


def test_a_no_has_a_reason_and_what_has_moved_does_not_move_from_where_it_was():
    check_no("Vi mangler en lærer.")
    check_taken(SCHOOL, SCHOOL)
    for reason in ("", " \n"):
        with pytest.raises(RuleBroken, match=r"move\.reason_missing"):
            check_no(reason)
    with pytest.raises(RuleBroken, match=r"move\.over"):
        check_taken(SCHOOL, HEALTH)


#: Written from the sentence: what nobody has fully answered falls, what is agreed or over stays as it is.
FALLS = {
    "asked": True,
    "refused": True,
    "complete": False,
    "partly": False,
    "withdrawn": False,
    "expired": False,
    "needs_renewal": False,
    "blocked": False,
}


@given(st.sampled_from(list(ConsentStatus)), st.booleans())
def test_what_waits_falls_and_the_consent_to_the_log_goes_along(standing, brings_in):
    assert falls_with_the_move(standing, brings_in=brings_in) is (
        FALLS[standing.value] and brings_in
    )


cells = st.builds(
    lambda kind, ends, live: replace(
        a_cell(kind, *ends), withdrawn_at=None if live else NOON - timedelta(days=1)
    ),
    st.sampled_from(list(InfoType)),
    st.sampled_from([(one, two) for one in UNITS for two in UNITS if one != two]),
    st.booleans(),
)
places = st.builds(
    lambda account, unit, relation: PlaceFacts(
        account, unit, relation, valid_from=NOON - timedelta(days=9)
    ),
    st.sampled_from([TEACHER, NURSE]),
    st.sampled_from(UNITS),
    st.sampled_from([Relation.FOLLOWER, Relation.PARTICIPANT]),
)


@given(
    cells=st.lists(cells, max_size=6),
    places=st.lists(places, max_size=4),
    role=st.sampled_from([Role.STAFF, Role.UNIT_LEAD]),
    account=st.sampled_from([TEACHER, NURSE]),
    unit=st.sampled_from(UNITS),
)
def test_nobody_in_the_service_that_was_left_opens_anything_and_nobody_else_loses_or_gains(
    cells, places, role, account, unit
):
    before = ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=TENANT,
        case_id=CASE,
        owner_unit=SCHOOL,
        status=CaseStatus.OPEN,
        holder_id=TEACHER,
        holder_unit=SCHOOL,
        places=tuple(places),
        cells=tuple(cells),
        protected=False,
    )
    stopping = set(cells_that_stop(before.cells, SCHOOL, NOON))
    after = replace(
        before,
        owner_unit=HEALTH,
        holder_id=NURSE,
        holder_unit=HEALTH,
        cells=tuple(
            replace(one, withdrawn_at=NOON) if one in stopping else one for one in before.cells
        ),
    )
    subject = a_subject(role, account=account, unit=unit)
    opened = compartments_open_to(subject, after, NOON)
    if unit == SCHOOL:
        assert opened == frozenset()
        assert not any(
            isinstance(decide(subject, act, after, NOON), Allowed)
            for act in (Action.READ_CASE, Action.MOVE_CASE, Action.WITHDRAW_CONSENT)
        )
    if unit == PPS:
        assert opened == compartments_open_to(subject, before, NOON)
    if unit == HEALTH:
        theirs = {f"svc:{HEALTH.hex}:{kind.value}" for kind in InfoType} | {"core"}
        by_cell = {
            f"svc:{one.from_unit.hex}:{one.info_type.value}"
            for one in cells
            if one.to_unit == HEALTH and one.is_live(NOON) and one.info_type is not InfoType.OWN
        }
        # A move opens nothing of another service: only its cells do, as they did before.
        assert opened <= theirs | by_cell
