"""A report to the politiråd: which half-year, which parts, and which decisions are needed of whom. Pure.

A report is a draft until it is made, and then it is closed for ever with what it said that day.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from bti.disclosure.tables import HalfYear
from bti.slt.body import Body

LANGUAGES: Final = ("nb", "nn", "en")
MOST_DECISIONS: Final = 5
LARGEST_AMOUNT: Final = 1_000_000_000
#: How far back one can choose where nothing has been published.
_HALF_YEARS_BACK: Final = 3


class Part(StrEnum):
    """What a report can hold besides the foreword, in the order it stands there."""

    DECISIONS = "decisions"
    NUMBERS = "numbers"
    PLAN = "plan"
    EVALUATIONS = "evaluations"
    ACTIONS = "actions"


class Reach(StrEnum):
    """Whether a body may decide about a sum, by the limits its documents give it."""

    WITHIN = "within"
    #: More than it decides about itself.
    TOO_LARGE = "too_large"
    #: Less than what is its matter: another body decides.
    TOO_SMALL = "too_small"
    #: Nobody says.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NeededDecision:
    """What is to be decided. ``amount`` is whole Norwegian kroner, None where it is not about money."""

    what: str
    body_id: uuid.UUID
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What the coordinator has chosen and written. ``contact`` is a function the press may ask."""

    period: HalfYear
    language: str
    parts: frozenset[Part]
    foreword: str = ""
    contact: str = ""
    decisions: tuple[NeededDecision, ...] = ()


def reach(body: Body, amount: int) -> Reach:
    """Whether a body decides about a sum itself."""
    to, above = body.decides_to, body.decides_above
    if to is None and above is None:
        return Reach.UNKNOWN
    if (to is not None and amount <= to) or (above is not None and amount > above):
        return Reach.WITHIN
    return Reach.TOO_LARGE if to is not None else Reach.TOO_SMALL


def half_year_of(day: date) -> HalfYear:
    """The half-year a day is in."""
    return HalfYear(day.year, 1 if day <= HalfYear(day.year, 1).last_day else 2)


def offered(published: Iterable[HalfYear], today: date) -> tuple[HalfYear, ...]:
    """The half-years a report may be about, newest first: from the first published one, or some back, to this one."""
    newest = half_year_of(today)
    back = [newest]
    while len(back) <= _HALF_YEARS_BACK or any(one < back[-1] for one in published):
        back.append(_before(back[-1]))
    return tuple(back)


def suggested(published: Sequence[HalfYear], today: date) -> HalfYear:
    """The newest published half-year, or where there is none the one that is over."""
    return max(published) if published else _before(half_year_of(today))


def texts_of(draft: Draft) -> tuple[str, ...]:
    """What a person wrote in a draft."""
    texts = (draft.foreword, draft.contact, *(one.what for one in draft.decisions))
    return tuple(text for text in texts if text)


def decisions_as_text(decisions: Iterable[NeededDecision]) -> str:
    """Decisions as they are kept."""
    content = [[one.what, str(one.body_id), one.amount] for one in decisions]
    return json.dumps(content, ensure_ascii=False)


def decisions_from_text(text: str) -> tuple[NeededDecision, ...]:
    """Decisions as they were kept."""
    return tuple(
        NeededDecision(what, uuid.UUID(body), sum_) for what, body, sum_ in json.loads(text)
    )


def _before(period: HalfYear) -> HalfYear:
    return HalfYear(period.year, 1) if period.half == 2 else HalfYear(period.year - 1, 2)  # noqa: PLR2004 - the second half
