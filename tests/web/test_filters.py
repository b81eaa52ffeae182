"""Dates, times, numbers and names, as the municipality writes them."""

from datetime import UTC, date, datetime

import pytest

from bti.web import filters
from tests.web.dummy import site

H = "\u00a0"
AT = datetime(2026, 11, 17, 9, 42, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
DAY = date(2026, 11, 17)


@pytest.fixture
def in_language(tmp_path):
    """Calls a filter as if the page were in this language."""
    app = site(tmp_path)

    def call(language, function, *arguments):
        headers = {"Cookie": f"st_language={language}"}
        with app.test_request_context("/open", headers=headers):
            return function(*arguments)

    return call


@pytest.mark.parametrize(
    ("language", "function", "value", "shown"),
    [
        ("nb", filters.day, DAY, f"17.{H}november"),
        ("nn", filters.day, DAY, f"17.{H}november"),
        ("en", filters.day, DAY, f"17{H}November"),
        ("nb", filters.day_year, DAY, f"17.{H}november{H}2026"),
        ("nb", filters.day_short, DAY, f"17.{H}nov."),
        ("nb", filters.weekday, DAY, f"Tirsdag{H}17.{H}november{H}2026"),
        ("nb", filters.weekday_short, DAY, "tir"),
        ("nb", filters.clock, AT, f"kl.{H}10.42"),
        ("en", filters.clock, AT, "10:42"),
        ("nb", filters.bare_clock, AT, "10.42"),
        ("nb", filters.moment, AT, f"17.{H}november kl.{H}10.42"),
        ("nb", filters.moment_short, AT, f"17.{H}nov. kl.{H}10.42"),
        ("nb", filters.moment, SUMMER, f"2.{H}juli kl.{H}00.30"),
        ("nb", filters.percent, 0.78, f"78{H}%"),
        ("en", filters.percent, 0.78, f"78{H}%"),
        ("nb", filters.number, 184213, f"184{H}213"),
        ("en", filters.number, 184213, f"184{H}213"),
    ],
)
def test_each_language_has_its_own_way(in_language, language, function, value, shown):
    assert in_language(language, function, value) == shown


def test_today_and_yesterday_are_said_so(in_language):
    late = datetime(2026, 11, 17, 22, 59, tzinfo=UTC)
    assert in_language("en", filters.recent, AT, late) == "Today 10:42"
    past_midnight = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
    assert in_language("en", filters.recent, AT, past_midnight) == "Yesterday 10:42"
    assert in_language("en", filters.recent, SUMMER, AT) == f"2{H}Jul 00:30"


def test_the_machine_reads_norwegian_time():
    assert filters.iso(SUMMER) == "2026-07-02T00:30+02:00"
    assert filters.iso(DAY) == "2026-11-17"


@pytest.mark.parametrize("function", [filters.clock, filters.moment])
def test_an_instant_without_zone_is_refused(in_language, function):
    with pytest.raises(ValueError, match="time zone"):
        in_language("nb", function, datetime(2026, 1, 1, 12))  # noqa: DTZ001 - the fault looked for


@pytest.mark.parametrize(
    ("name", "letters", "short"),
    [
        ("Jonas Berg Hansen", "JH", f"Jonas{H}B."),
        ("Åse", "Å", "Åse"),
        ("áhkká  olli", "ÁO", f"áhkká{H}O."),
        ("", "", ""),
    ],
)
def test_as_little_of_a_name_as_possible(name, letters, short):
    assert filters.initials(name) == letters
    assert filters.short_name(name) == short


def test_only_the_first_text_of_a_list_keeps_its_capital_letter():
    assert filters.listed(["Attendance", "Health", "Åpent"]) == "Attendance, health, åpent"
    assert filters.listed([]) == ""
