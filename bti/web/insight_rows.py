"""The access log as it is drawn: lines, days, the pages under them, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import request, url_for
from flask_babel import gettext

from bti.web import audit_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from bti.workflows.insight import Access
    from bti.workflows.insight_days import Day

_PAGES_AROUND: Final = 4
_LARGEST_PAGE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One line as it is shown."""

    at: datetime
    who: str
    under: str
    what: str
    color: str
    why: str
    about: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """What one person did in one day. ``acts``: in words, a colour, how often.

    ``about`` are the cases of the newest events; ``more`` is how many events are not among ``rows``.
    """

    on: date
    who: str
    under: str
    acts: tuple[tuple[str, str, int], ...]
    about: str
    rows: tuple[AccessRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Paging:
    """The numbered pages under a list; `href` gives the address of a number."""

    numbers: tuple[int, ...]
    current: int
    href: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """How the log is shown: ``each`` event by itself or by day, with one's own look-ups or not.

    ``own_href`` is the same list the other way about one's own; empty where there is no choice.
    ``kept`` is what a search from this page must send along.
    """

    each: bool
    mine: bool
    days_href: str
    each_href: str
    own_href: str
    kept: Mapping[str, str]
    page_href: Callable[[int], str]


def shown_as(endpoint: str, values: Mapping[str, object], *, all_mine: bool = False) -> Shown:
    """Return how the address asks for the log; ``values`` are the rest of it.

    With ``all_mine`` one's own look-ups are part of what was asked for, and there is no choice.
    """
    each = request.values.get("view") == "each"
    mine = all_mine or request.values.get("mine") == "yes"
    kept = {**({"view": "each"} if each else {}), **({"mine": "yes"} if mine else {})}
    if all_mine:
        kept.pop("mine")

    def href(**changed: str | None) -> str:
        return url_for(endpoint, **{**values, **kept, **changed})  # type: ignore[arg-type]  # texts and ids

    return Shown(
        each=each,
        mine=mine,
        days_href=href(view=None),
        each_href=href(view="each"),
        own_href="" if all_mine else href(mine=None if mine else "yes"),
        kept=kept,
        page_href=lambda number: href(page=str(number)),
    )


def rows(found: Sequence[Access]) -> tuple[AccessRow, ...]:
    """Return entries in words."""
    return tuple(
        AccessRow(
            at=row.at,
            who=audit_words.doer(row),
            under=_joined(row.title, row.unit),
            what=audit_words.act(row),
            color=audit_words.color(row),
            why=audit_words.ground(row),
            about=_about(row.numbers, row.cases),
        )
        for row in found
    )


def days(found: Sequence[Day]) -> tuple[DayRow, ...]:
    """Return days in words."""
    return tuple(
        DayRow(
            on=day.on,
            who=audit_words.doer(day.rows[0]),
            under=_joined(day.rows[0].title, day.unit),
            acts=tuple(
                (
                    audit_words.words(act, refused=refused),
                    audit_words.shade(act, refused=refused),
                    n,
                )
                for act, refused, n in day.acts
            ),
            about=_about_day(day),
            rows=rows(day.rows),
            more=day.total - len(day.rows),
        )
        for day in found
    )


def wanted_page() -> int:
    """Return the number of the page that is asked for; 1 for what is no number."""
    typed = request.args.get("page", "")
    known = typed.isascii() and typed.isdigit() and len(typed) < len(str(_LARGEST_PAGE))
    return int(typed) if known else 1


def paging(current: int, pages: int, href: Callable[[int], str]) -> Paging:
    """Return the numbers near the current one."""
    first = max(1, current - _PAGES_AROUND)
    last = min(pages, current + _PAGES_AROUND)
    return Paging(tuple(range(first, last + 1)), current, href)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _about_day(day: Day) -> str:
    numbers = list(dict.fromkeys(number for row in day.rows for number in row.numbers))
    return _about(tuple(numbers[:3]), len(numbers))


def _about(numbers: tuple[str, ...], cases: int) -> str:
    shown, more = ", ".join(numbers), cases - len(numbers)
    return str(gettext("%(shown)s and %(more)s more", shown=shown, more=more)) if more else shown
