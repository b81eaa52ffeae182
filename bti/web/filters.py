"""How dates, times, numbers and names look on a page. Hard spaces keep «17. november» together."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from flask import Flask
from flask_babel import get_locale, gettext

from bti.clock import NORWAY, norwegian_date

HARD_SPACE: Final = "\u00a0"
_MEGABYTE: Final = 1_000_000

# Pattern per use: Norwegian first, English second. CLDR's own patterns write «17.11.2026» and
# «10:42»; the municipality's house style is «17. november» and «kl. 10.42».
_PATTERNS: Final = {
    "day": ("d. MMMM", "d MMMM"),
    "day_year": ("d. MMMM y", "d MMMM y"),
    "day_short": ("d. MMM", "d MMM"),
    "month_year": ("MMM y", "MMM y"),
    "weekday": ("EEEE d. MMMM y", "EEEE d MMMM y"),
    "weekday_short": ("EEE", "EEE"),
    "clock": ("'kl.' HH.mm", "HH:mm"),
    "bare_clock": ("HH.mm", "HH:mm"),
}


def _format(value: date | datetime, use: str) -> str:
    locale = get_locale()
    norwegian, english = _PATTERNS[use]
    pattern = english if locale.language == "en" else norwegian
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        text = format_datetime(value.astimezone(NORWAY), pattern, locale=locale)
    else:
        text = format_date(value, pattern, locale=locale)
    return hard_spaces(text)


def hard_spaces(text: object) -> str:
    """Every space made unbreakable: for dates and telephone numbers."""
    return str(text).replace(" ", HARD_SPACE)


def day(value: date) -> str:
    """«17. november»."""
    return _format(value, "day")


def day_year(value: date) -> str:
    """«17. november 2026»."""
    return _format(value, "day_year")


def day_short(value: date) -> str:
    """«17. nov.», for tables."""
    return _format(value, "day_short")


def month_year(value: date) -> str:
    """«nov. 2026», along the edge of a drawing."""
    return _format(value, "month_year")


def weekday(value: date) -> str:
    """«Tirsdag 17. november 2026», as a line of its own."""
    text = _format(value, "weekday")
    return text[:1].upper() + text[1:]


def weekday_short(value: date) -> str:
    """«tir», for the week's list."""
    return _format(value, "weekday_short").rstrip(".")


def clock(value: datetime) -> str:
    """«kl. 10.42»."""
    return _format(value, "clock")


def bare_clock(value: datetime) -> str:
    """«12.30», for an agenda."""
    return _format(value, "bare_clock")


def moment(value: datetime) -> str:
    """«17. november kl. 10.42»."""
    return f"{day(value)} {clock(value)}"


def moment_short(value: datetime) -> str:
    """«17. nov. kl. 10.42», for tables and timelines."""
    return f"{day_short(value)} {clock(value)}"


def recent(value: datetime, now: datetime) -> str:
    """«I dag kl. 10.42», «I går kl. 14.05», else as moment_short."""
    days_ago = (norwegian_date(now) - norwegian_date(value)).days
    match days_ago:
        case 0:
            return str(gettext("Today %(time)s", time=clock(value)))
        case 1:
            return str(gettext("Yesterday %(time)s", time=clock(value)))
        case _:
            return moment_short(value)


def iso(value: date | datetime) -> str:
    """For the `datetime` attribute: a day as it is, an instant in Norwegian time to the minute."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(NORWAY).isoformat(timespec="minutes")


def percent(share: float) -> str:
    """«78 %» of a share between 0 and 1, rounded to whole percents."""
    return hard_spaces(format_percent(share, "0 %", locale=get_locale()))


def number(value: int | Decimal) -> str:
    """«184 213»: groups of three with hard spaces, in every language."""
    return format_decimal(value, "#,##0", locale="nb").replace("\u202f", HARD_SPACE)


def amount(value: Decimal | int) -> str:
    """«37,5»: a number with two decimals at most, as it is written in the language of the page."""
    return hard_spaces(format_decimal(value, "#,##0.##", locale=get_locale()))


def initials(name: str) -> str:
    """«IS» of «Ingrid Solberg»: the first letter of the first and of the last name."""
    parts = name.split()
    if not parts:
        return ""
    letters = parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")
    return letters.upper()


def short_name(name: str) -> str:
    """«Jonas B.» of «Jonas Berg Hansen»: as little as possible in lists (the next name's letter)."""
    parts = name.split()
    if len(parts) < 2:  # noqa: PLR2004 - a given name alone
        return name
    return f"{parts[0]}{HARD_SPACE}{parts[1][:1].upper()}."


def listed(texts: Iterable[object]) -> str:
    """«Fravær, mål og tiltak»: one line, where only the first text keeps its capital letter."""
    first, *rest = [str(text) for text in texts] or [""]
    return ", ".join([first, *(text[:1].lower() + text[1:] for text in rest)])


def file_size(length: int) -> str:
    """«1,2 MB»: in thousands, as file managers show it; at least «1 kB»."""
    locale = get_locale()
    if length < _MEGABYTE:
        return f"{format_decimal(max(1, round(length / 1000)), locale=locale)}{HARD_SPACE}kB"
    megabytes = round(length / _MEGABYTE, 1)
    return f"{format_decimal(megabytes, locale=locale)}{HARD_SPACE}MB"


_FILTERS: Final = (
    amount,
    bare_clock,
    clock,
    day,
    day_short,
    month_year,
    day_year,
    file_size,
    hard_spaces,
    initials,
    iso,
    listed,
    moment,
    moment_short,
    number,
    percent,
    recent,
    short_name,
    weekday,
    weekday_short,
)


def register(app: Flask) -> None:
    """Give templates every filter above under its own name."""
    for function in _FILTERS:
        app.jinja_env.filters[function.__name__] = function
