"""What goes into the copy of one of the family, held against a table written for this test alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import GuardianAccess, InfoType, Sector
from bti.domain.errors import RuleBroken
from bti.domain.family import (
    FamilyReader,
    JudgementFacts,
    Piece,
    StaysOut,
    check_copy,
    check_judgement,
    is_over,
    next_look,
    proposal,
    stays_out,
)
from tests.unit.domain.samples import CHILD, FATHER, MOTHER, NOON, born

FULL, LIMITED, NONE = GuardianAccess.FULL, GuardianAccess.LIMITED, GuardianAccess.NONE
AS_MOTHER = FamilyReader(person_id=MOTHER, is_child=False, parental_responsibility=True)
AS_FATHER_WITHOUT = FamilyReader(person_id=FATHER, is_child=False)
AS_CHILD = FamilyReader(person_id=CHILD, is_child=True)
ALL_BUT_OWN = {
    "attendance",
    "learning",
    "wellbeing",
    "behaviour",
    "health",
    "family",
    "measures",
}


def judged(access=FULL, kinds=(), at=NOON):
    return JudgementFacts(access=access, at=at, kinds=frozenset(kinds))


def in_the_table(reader, years, judgement, piece):
    """Whether it goes in: the law and the judgement, in words of this test's own."""
    kind = piece.info_type.value
    if kind == "own":
        return False
    if judgement.access.value == "none":
        return False
    if judgement.access.value == "limited" and piece.info_type not in judgement.kinds:
        return False
    if piece.about is not None and piece.about != reader.person_id and not piece.agreed:
        return False
    if reader.person_id == CHILD:
        return True
    forbidden = (
        years > 17,
        not reader.parental_responsibility,
        piece.kept,
        years > 15 and (kind == "health" or piece.giver == Sector.HEALTH),
    )
    return not any(forbidden)


@given(
    reader=st.sampled_from([AS_MOTHER, AS_FATHER_WITHOUT, AS_CHILD]),
    years=st.integers(0, 20),
    access=st.sampled_from([FULL, LIMITED, NONE]),
    kinds=st.frozensets(st.sampled_from(list(InfoType))),
    piece=st.builds(
        Piece,
        giver=st.sampled_from([None, *Sector]),
        info_type=st.sampled_from(list(InfoType)),
        about=st.sampled_from([None, MOTHER, FATHER]),
        agreed=st.booleans(),
        kept=st.booleans(),
    ),
)
def test_a_copy_holds_what_the_table_says_at_every_age_for_every_judgement_and_kind(
    reader, years, access, kinds, piece
):
    judgement = judged(access, kinds)
    out = stays_out(reader, judgement, piece, born(years), NOON)
    assert (out is None) == in_the_table(reader, years, judgement, piece)


@pytest.mark.parametrize(
    ("reader", "years", "piece", "why"),
    [
        (AS_MOTHER, 18, {}, StaysOut.CLOSED),
        (AS_FATHER_WITHOUT, 8, {}, StaysOut.CLOSED),
        (AS_MOTHER, 16, {"info_type": InfoType.HEALTH}, StaysOut.HEALTH),
        (AS_MOTHER, 16, {"giver": Sector.HEALTH}, StaysOut.HEALTH),
        (AS_MOTHER, 13, {"kept": True}, StaysOut.KEPT),
        (AS_CHILD, 13, {"about": MOTHER}, StaysOut.SECRET),
        (AS_MOTHER, 13, {"about": FATHER}, StaysOut.SECRET),
        (AS_MOTHER, 13, {"info_type": InfoType.OWN}, StaysOut.OWN),
    ],
)
def test_why_something_stays_out_is_told_to_the_one_who_makes_the_copy(reader, years, piece, why):
    values = {"giver": Sector.SCHOOL, "info_type": InfoType.ATTENDANCE, **piece}
    assert stays_out(reader, judged(), Piece(**values), born(years), NOON) is why


@pytest.mark.parametrize(
    ("reader", "years", "access", "kinds", "why"),
    [
        (AS_MOTHER, 6, FULL, set(), ("barnelova-30",)),
        (AS_MOTHER, 11, FULL, set(), ("barnelova-30",)),
        (AS_MOTHER, 12, FULL, set(), ("barnelova-30", "pbrl-3-4")),
        (AS_MOTHER, 15, FULL, set(), ("barnelova-30", "pbrl-3-4")),
        (AS_MOTHER, 16, LIMITED, ALL_BUT_OWN - {"health"}, ("barnelova-30", "pbrl-4-3")),
        (AS_MOTHER, 17, LIMITED, ALL_BUT_OWN - {"health"}, ("barnelova-30", "pbrl-4-3")),
        (AS_MOTHER, 18, NONE, set(), ("vgml-8",)),
        (AS_FATHER_WITHOUT, 9, NONE, set(), ("barnelova-47",)),
        (AS_FATHER_WITHOUT, 18, NONE, set(), ("vgml-8",)),
        (AS_CHILD, 14, NONE, set(), ("fvl-18", "barnelova-31")),
        (AS_CHILD, 15, FULL, set(), ("fvl-18",)),
        (AS_CHILD, 18, FULL, set(), ("vgml-8",)),
    ],
)
def test_the_law_s_starting_point_follows_the_age_and_gives_its_reason(
    reader, years, access, kinds, why
):
    found = proposal(reader, born(years), NOON)
    assert (found.access, {one.value for one in found.kinds}, found.why) == (access, kinds, why)


@pytest.mark.parametrize(
    ("reader", "years", "access", "kinds", "reason", "code"),
    [
        (AS_MOTHER, 10, FULL, (), False, "family.no_reason"),
        (AS_MOTHER, 10, LIMITED, (), True, "family.no_kinds"),
        (AS_MOTHER, 10, LIMITED, (InfoType.OWN,), True, "family.no_kinds"),
        (AS_MOTHER, 18, LIMITED, (InfoType.LEARNING,), True, "family.adult"),
        (AS_FATHER_WITHOUT, 10, FULL, (), True, "family.no_responsibility"),
    ],
)
def test_a_judgement_without_reason_or_against_the_law_is_refused(
    reader, years, access, kinds, reason, code
):
    with pytest.raises(RuleBroken) as broken:
        check_judgement(reader, access, frozenset(kinds), born(years), NOON, has_reason=reason)
    assert broken.value.code == code
    check_judgement(reader, NONE, frozenset(), born(years), NOON, has_reason=True)
    check_judgement(AS_CHILD, FULL, frozenset(), born(years), NOON, has_reason=True)


@given(years=st.integers(0, 19), days=st.integers(0, 364), later=st.integers(0, 2000))
def test_a_judgement_is_over_on_the_next_birthday_that_changes_the_say(years, days, later):
    birth_date = born(years, days)
    then = NOON + timedelta(days=later)
    ages = [year for year in (7, 12, 15, 16, 18) if born_day(birth_date, year) > NOON.date()]
    ends = born_day(birth_date, ages[0]) if ages else None
    assert next_look(birth_date, NOON) == ends
    assert is_over(judged(), birth_date, then) == (ends is not None and then.date() >= ends)


def born_day(birth_date, years):
    """The birthday, 1 March for 29 February."""
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return birth_date.replace(year=birth_date.year + years, month=3, day=1)


def test_where_an_address_is_protected_it_is_judged_on_the_day_of_the_copy():
    for hours, over in ((0, False), (30, True)):
        then = NOON + timedelta(hours=hours)
        assert is_over(judged(), born(9), then, protected=True) is over
        assert is_over(judged(), born(9), then) is False


@pytest.mark.parametrize(
    ("reader", "judgement", "years", "code"),
    [
        (AS_MOTHER, None, 9, "family.no_judgement"),
        (AS_MOTHER, judged(NONE), 9, "family.closed"),
        (AS_CHILD, judged(NONE), 9, "family.closed"),
        (AS_FATHER_WITHOUT, judged(), 9, "family.closed"),
        (AS_MOTHER, judged(), 18, "family.closed"),
        (AS_MOTHER, judged(at=NOON - timedelta(days=400)), 12, "family.over"),
    ],
)
def test_no_copy_is_made_without_a_judgement_that_stands(reader, judgement, years, code):
    with pytest.raises(RuleBroken) as broken:
        check_copy(reader, judgement, born(years), NOON, protected=False)
    assert broken.value.code == code
    standing = judged()
    assert check_copy(AS_MOTHER, standing, born(9), NOON, protected=False) is standing
