"""Measures over time, laid out for a drawing: where each bar begins and ends, and where it was evaluated.

Places are hundredths of the width, so that a page can draw them without knowing how wide it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bti.domain.codes import Decision, MeasureResult
from bti.domain.measures import EvaluationFacts, MeasureFacts

#: Most months that are named along the edge; with more, every second, third or so is.
MOST_TICKS: Final = 6
_WHOLE: Final = 100.0
_LEAST_DAYS: Final = 31
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Dot:
    """An evaluation on a bar: when, where, and how it went."""

    on: date
    at: float
    result: MeasureResult


@dataclass(frozen=True, slots=True)
class Bar:
    """One measure. It goes on to the coming evaluation, or ends where an evaluation closed it."""

    measure_id: uuid.UUID
    first: date
    last: date
    start: float
    width: float
    ended: bool
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """The first of a month along the edge."""

    on: date
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it. ``today`` is where this day is."""

    first: date
    last: date
    today: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


def chart(
    measures: Sequence[MeasureFacts], evaluations: Iterable[EvaluationFacts], *, today: date
) -> Chart | None:
    """Lay out the measures that have a first day, in the order they begin; None where there is none.

    The same scale holds for all, and every day that is drawn lies within it, today too.
    """
    own: dict[uuid.UUID, list[EvaluationFacts]] = {}
    for one in evaluations:
        own.setdefault(one.measure_id, []).append(one)
    spans = sorted(
        (
            (one.start_on, _last(one, own.get(one.measure_id, []), one.start_on), one)
            for one in measures
            if one.start_on is not None
        ),
        key=lambda span: (span[0], span[1], span[2].measure_id),
    )
    if not spans:
        return None
    days = [day for first, last, _one in spans for day in (first, last)] + [today]
    days += [one.on for found in own.values() for one in found]
    first = min(days)
    last = max(*days, first + timedelta(days=_LEAST_DAYS))
    scale = _Scale(first, last)
    return Chart(
        first,
        last,
        scale.at(today),
        tuple(Tick(day, scale.at(day)) for day in _months(first, last)),
        tuple(
            _bar(scale, one, begins, ends, own.get(one.measure_id, []))
            for begins, ends, one in spans
        ),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date

    def at(self, day: date) -> float:
        return round(_WHOLE * (day - self.first).days / (self.last - self.first).days, 2)


def _bar(
    scale: _Scale, measure: MeasureFacts, first: date, last: date, found: list[EvaluationFacts]
) -> Bar:
    start = scale.at(first)
    return Bar(
        measure.measure_id,
        first,
        last,
        start,
        round(scale.at(last) - start, 2),
        any(one.decision is Decision.CLOSE for one in found),
        tuple(
            Dot(one.on, scale.at(one.on), one.result)
            for one in sorted(found, key=lambda one: one.on)
        ),
    )


def _last(measure: MeasureFacts, found: list[EvaluationFacts], first: date) -> date:
    closed = [one.on for one in found if one.decision is Decision.CLOSE]
    if closed:
        return max(*closed, first)
    coming = [day for one in found if (day := one.next_evaluation_on) is not None]
    return max([first, *coming, *([measure.evaluate_on] if measure.evaluate_on else [])])


def _months(first: date, last: date) -> list[date]:
    """Return the firsts of months within, thinned evenly."""
    number = first.year * _MONTHS + first.month - (1 if first.day == 1 else 0)
    found = []
    while (day := date(number // _MONTHS, number % _MONTHS + 1, 1)) <= last:
        found.append(day)
        number += 1
    step = -(-len(found) // MOST_TICKS) or 1
    return found[::step]
