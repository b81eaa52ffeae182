"""What tells of somebody's own circumstances opens to another service by that person's yes alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import InfoType
from bti.domain.compartments import CORE, service_compartment
from bti.domain.consent import CellBasis
from bti.domain.errors import RuleBroken
from bti.domain.own_secrets import Mark, check_mark, opens_to
from tests.unit.domain.samples import (
    CONSENT,
    FATHER,
    HEALTH,
    MOTHER,
    NOON,
    PPS,
    SCHOOL,
    TODAY,
    a_cell,
    an_id,
)

OTHER = an_id(77)
HERE = service_compartment(SCHOOL, InfoType.FAMILY)


@given(
    asked=st.frozensets(st.sampled_from([MOTHER, FATHER])),
    about=st.sampled_from([MOTHER, FATHER]),
    kind=st.sampled_from([InfoType.FAMILY, InfoType.LEARNING]),
    to=st.sampled_from([HEALTH, PPS]),
    ended=st.booleans(),
    by_law=st.booleans(),
    core=st.booleans(),
)
def test_only_a_live_cell_of_the_same_kind_whose_question_asked_that_person_opens(
    asked, about, kind, to, ended, by_law, core
):
    cell = replace(
        a_cell(kind, to_unit=to),
        basis=CellBasis.LAW if by_law else CellBasis.CONSENT,
        withdrawn_at=NOON if ended else None,
    )
    found = opens_to(HEALTH, about, CORE if core else HERE, [cell], {CONSENT: asked}, NOON)
    right_kind = core or kind is InfoType.FAMILY
    assert found == (to is HEALTH and right_kind and not ended and (by_law or about in asked))


def test_a_consent_that_nobody_knows_the_question_of_opens_nothing():
    cell = a_cell(InfoType.FAMILY, to_unit=HEALTH)
    assert not opens_to(HEALTH, MOTHER, HERE, [cell], {OTHER: frozenset({MOTHER})}, NOON)


@pytest.mark.parametrize(
    ("mark", "reason", "code"),
    [
        (Mark(), False, "mark.no_reason"),
        (Mark(about=OTHER), True, "mark.stranger"),
        (Mark(agreed_on=TODAY), True, "mark.nobody_agreed"),
        (Mark(about=MOTHER, agreed_on=TODAY + timedelta(days=1)), True, "mark.day_in_future"),
    ],
)
def test_a_mark_has_a_reason_and_is_about_somebody_in_the_case(mark, reason, code):
    with pytest.raises(RuleBroken) as broken:
        check_mark(mark, frozenset({MOTHER}), TODAY, has_reason=reason)
    assert broken.value.code == code
    for fine in (Mark(), Mark(kept=True), Mark(about=MOTHER, agreed_on=TODAY)):
        check_mark(fine, frozenset({MOTHER}), TODAY, has_reason=True)
