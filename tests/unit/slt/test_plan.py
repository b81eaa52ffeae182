"""The four plans as data, and the form that holds them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.identifying import Trace, identifying
from bti.profiles.reader import ProfileError
from bti.slt.plan import (
    Mapped,
    MeasureStatus,
    Numbering,
    PreventionLevel,
    Strand,
    Unit,
    is_partial_date,
    is_said,
    ordered,
    texts_of,
)
from bti.slt.plan_file import load, load_file, plan_from, shipped

COUNTS = {"aukra-2026": 20, "moss-2025": 19, "nordre_land-2022": 16, "vaaler-2023": 39}
WHOLE = """form = 1
municipality = "Her"
title = "Plan"
language = "nb"
first_day = 2026-01-01
last_day = 2026-12-31
[areas.1]
name = "Skole"
place = "1"
[measures.1]
title = "Noe"
area = "1"
place = "side 3"
status = { value = "started", own = "i gang" }
[measures.2]
title = "Mer"
same_as = ["1"]
place = "side 4"
[indicators.one]
name = "Tall"
unit = "percent"
measure = "1"
baseline = 40
target = 30.5
readings = [{ on = "2025", value = 40 }, { on = "2026-05", value = 38.25, national = 35 }]
place = "side 5"
"""


def faults(text):
    with pytest.raises(ProfileError) as raised:
        plan_from(text.encode(), "here.toml")
    return [(fault.key, fault.expected) for fault in raised.value.faults]


def keys(text):
    return [key for key, _ in faults(text)]


@pytest.mark.parametrize("key", COUNTS)
def test_a_municipalitys_plan_is_whole(key):
    plan = load(key)
    assert len(plan.measures) == COUNTS[key]
    numbers = [measure.number for measure in plan.measures]
    assert len(set(numbers)) == len(numbers)
    assert list(ordered(numbers)) == numbers
    for measure in plan.measures:
        assert measure.title
        assert measure.place
        for mapped in (measure.status, measure.level, measure.strand):
            assert is_said(mapped)


def test_four_plans_are_shipped_and_94_measures():
    assert shipped() == tuple(sorted(COUNTS))
    assert sum(len(load(key).measures) for key in shipped()) == 94


@pytest.mark.parametrize("key", COUNTS)
def test_no_shipped_plan_names_a_person(key):
    plan = load(key)
    parts = (plan, *plan.areas, *plan.measures, *plan.indicators)
    found = [one for part in parts for text in texts_of(part) for one in identifying(text)]
    assert {one.trace for one in found} <= {Trace.CAPITAL, Trace.PLACE}


def test_measures_keep_the_numbers_of_their_source_and_it_is_said_where_they_are_ours():
    moss, vaaler, nordre_land = load("moss-2025"), load("vaaler-2023"), load("nordre_land-2022")
    assert [m.number for m in moss.measures] == [str(number) for number in range(1, 20)]
    assert [m.number for m in vaaler.measures] == [str(number) for number in range(1, 40)]
    assert nordre_land.numbering is Numbering.ORDER
    assert not any(one.area for one in nordre_land.measures)
    by_area = [[m.number for m in load("aukra-2026").measures if m.area == a] for a in "1234"]
    assert [len(numbers) for numbers in by_area] == [6, 4, 4, 6]


def test_what_a_source_does_not_say_is_empty():
    moss, vaaler = load("moss-2025"), load("vaaler-2023")
    assert not any(one.responsible for one in moss.measures)
    assert (moss.adopted, vaaler.adopted) == (None, date(2023, 10, 26))
    assert [one.number for one in vaaler.measures if one.status.values] == ["12"]
    assert not any(one.status.values or one.status.own for one in load("nordre_land-2022").measures)
    for key in ("vaaler-2023", "nordre_land-2022"):
        assert not any(one.strand.values for one in load(key).measures)
    for key in shipped():
        assert all(i.target is None and i.baseline is None for i in load(key).indicators)


def test_the_municipalitys_own_word_stands_beside_ours():
    moss = {one.number: one for one in load("moss-2025").measures}
    new = [n for n, one in moss.items() if one.status.own == "nytt tiltak skal utvikles"]
    assert new == ["3", "5", "6", "8", "11"]
    assert all(moss[n].status.values == (MeasureStatus.TO_BE_DEVELOPED,) for n in new)
    assert moss["1"].level == Mapped((PreventionLevel.UNIVERSAL,), "universell")
    assert moss["14"].level == Mapped((PreventionLevel.SYSTEM,), "", inferred=True)
    strands = {
        one.area: (one.strand.values[0], one.strand.own) for one in load("aukra-2026").measures
    }
    assert strands == {
        "1": (Strand.GENERAL, "generelt"),
        "2": (Strand.BUILDING, "byggande"),
        "3": (Strand.PREVENTING, "førebyggande"),
        "4": (Strand.CRIME_PREVENTING, "kriminalitetsførebyggande"),
    }


def test_the_survey_of_aukra_stands_with_its_earlier_and_national_numbers():
    found = {one.code: one for one in load("aukra-2026").indicators}
    local_area = found["local_area_youth"]
    assert [(one.on, one.value) for one in local_area.readings] == [("2021", 67), ("2024", 55)]
    assert found["school_junior"].readings[0].national == Decimal(80)
    assert {one.unit for one in found.values()} == {Unit.PERCENT}
    assert "homework_junior" not in found


def test_a_whole_file_is_read():
    plan = plan_from(WHOLE.encode(), "here.toml")
    assert plan.key == "here"
    assert plan.measures[0].status == Mapped((MeasureStatus.STARTED,), "i gang")
    assert plan.measures[1].status == Mapped()
    assert plan.indicators[0].target == Decimal("30.5")
    assert plan.indicators[0].readings[1].value == Decimal("38.25")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("form = 1", "form = 2", "form"),
        ("2026-12-31", "2025-12-31", "last_day"),
        ('language = "nb"', 'language = "da"', "language"),
        ('title = "Plan"', 'title = "Plan"\nyoungest = 20\noldest = 10', "oldest"),
        ('area = "1"', 'area = "7"', "measures.1.area"),
        ('same_as = ["1"]', 'same_as = ["2"]', "measures.2.same_as"),
        ('measure = "1"', 'measure = "9"', "indicators.one.measure"),
        ('own = "i gang"', "inferred = false", "measures.1.status.own"),
        ('{ value = "started", own = "i gang" }', "{ inferred = true }", "measures.1.status.value"),
        ('value = "started", own', "inferred = true, own", "measures.1.status.inferred"),
        ('value = "started"', 'value = "going"', "measures.1.status.value"),
        ('on = "2026-05"', 'on = "2026-13"', "indicators.one.readings.2.on"),
        ('on = "2026-05"', 'on = "2024"', "indicators.one.readings.2.on"),
        ("value = 38.25", "value = 38.255", "indicators.one.readings.2.value"),
        ("baseline = 40", "baseline = -1", "indicators.one.baseline"),
        ("baseline = 40", "baseline = nan", "indicators.one.baseline"),
        ('readings = [{ on = "2025", value = 40 }', "readings = [3", "indicators.one.readings"),
        ('place = "side 3"', 'places = "side 3"', "measures.1.place"),
        ("[measures.2]", '[measures."2.x"]', "measures.2.x"),
        ('title = "Mer"', 'title = "Mer\\nog mer"', "measures.2.title"),
        ('title = "Mer"', f'title = "{"m" * 201}"', "measures.2.title"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old, new, key):
    assert old in WHOLE
    assert key in keys(WHOLE.replace(old, new, 1))


def test_all_that_is_wrong_is_told_at_once_and_names_the_file():
    text = WHOLE.replace('area = "1"', 'area = "7"').replace('"percent"', '"miles"')
    text = text.replace('place = "side 4"', "place = 4\nwho = 2")
    assert faults(text) == [
        ("measures.2.place", "a text"),
        ("measures.2.who", faults(text)[1][1]),
        ("indicators.one.unit", "one of percent, count, days"),
        ("measures.1.area", "one of 1"),
    ]
    with pytest.raises(ProfileError, match=r"^here\.toml: measures\.2\.place: expected a text"):
        plan_from(text.encode(), "here.toml")


def test_a_plan_without_measures_is_none_and_a_key_that_is_not_shipped_is_said_so(tmp_path):
    assert keys(WHOLE[: WHOLE.index("[areas.1]")]) == ["measures"]
    assert "measures" in keys(WHOLE[: WHOLE.index("[areas.1]")] + "[measures]\n")
    with pytest.raises(ProfileError, match="one of aukra-2026, moss-2025"):
        load("oslo-2026")
    with pytest.raises(ProfileError, match="a TOML file"):
        load_file(tmp_path / "none.toml")


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)))
def test_a_year_a_month_and_a_day_are_times_of_a_reading(day):
    text = day.isoformat()
    assert all(is_partial_date(part) for part in (text, text[:7], text[:4]))
    assert not is_partial_date(f"{text}T10:00")
    assert not is_partial_date(text[:4] + "-13")


@given(st.lists(st.integers(0, 999), unique=True), st.booleans())
def test_numbers_stand_in_the_order_people_read_them(numbers, below):
    texts = [f"1.{number}" if below else str(number) for number in numbers]
    assert ordered(texts) == tuple(f"1.{n}" if below else str(n) for n in sorted(numbers))


@given(
    st.lists(st.sampled_from(Strand), max_size=1).map(tuple),
    st.sampled_from(["", "byggende"]),
    st.booleans(),
)
def test_a_value_is_the_municipalitys_word_or_marked_as_ours(values, own, inferred):
    said = is_said(Mapped(values, own, inferred=inferred))
    assert said == ((bool(own) or inferred) if values else not inferred)
