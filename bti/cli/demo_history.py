"""Two years of lighter cases that have ended, so that half-year counts have something to count."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from bti.cli import demo_plots as plots
from bti.cli.demo_course import Course
from bti.cli.demo_plots import child
from bti.cli.demo_stories import log_opened, talked_through
from bti.cli.demo_stories_together import several_services
from bti.domain.ages import age
from bti.domain.codes import ClosingCause, Decision, MeasureResult
from bti.domain.consent_record import Way
from bti.domain.signers import HEALTH_ALONE_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_FIRST: Final = (
    "Alma", "Birk", "Cornelia", "Daniel", "Eline", "Falk", "Gustav", "Hedda", "Isak", "Julie",
    "Kasper", "Live", "Mikkel", "Nikoline", "Oskar", "Pernille", "Rasmus", "Signe", "Tobias",
    "Ulrik", "Vera", "Ylva", "Åsne", "Sunniva", "Áilu", "Biret", "Yusuf", "Zainab", "Marek", "Linh",
)  # fmt: skip
_LAST: Final = (
    "Åmot", "Bjerke", "Dalen", "Eknes", "Fjell", "Grønn", "Hovde", "Innset", "Kleven", "Løken",
    "Mork", "Nesset", "Opdal", "Ryen", "Skar", "Toft", "Utne", "Viken", "Ødegård", "Aspelund",
)  # fmt: skip
_MOTHERS: Final = ("Anne", "Kari", "Line", "Mette", "Nina", "Randi", "Tone", "Vigdis")
_FATHERS: Final = ("Arne", "Bjørn", "Dag", "Erik", "Frode", "Kåre", "Ole", "Terje")
# Age at the end, who follows up, and how often.
_PLACES: Final = (
    ((3.0, 5.8), ("mona",), 9),
    ((6.3, 9.6), ("tone", "kari"), 22),
    ((10.3, 12.6), ("tone", "kari"), 28),
    ((13.4, 15.6), ("lars", "kari", "silje"), 35),
    ((16.2, 17.6), ("kari", "silje"), 6),
)
_WONDERS: Final = (plots.SCREENS, plots.HOMEWORK, plots.MORNINGS, plots.TEASED)
_LOGS: Final = (plots.HOMEWORK, plots.MORNINGS, plots.ANGER, plots.SCREENS)
_SHARE_OF_LOGS: Final = 0.38
_SHARE_TOGETHER: Final = 0.16
_IN_HEALTH: Final = frozenset({"kari"})
_FIRST_DAY, _LAST_DAY = 728, 110
_TOGETHER_LASTED: Final = 110
# Birthdays after which others answer, and years kept clear of them. The ages are those 60 days in.
_SIGNERS_CHANGE: Final = (12, 15, 16, 18)
_BEFORE, _AFTER = 0.5, 0.25


def stories(stage: Stage, count: int) -> Iterator[Iterator[datetime]]:
    """So many cases spread over two years; the same ones every time."""
    draw = Random(2024)  # noqa: S311 - the same every time, and not secret
    for _ in range(count):
        (youngest, oldest), followers, _ = draw.choices(
            _PLACES, weights=[weight for *_, weight in _PLACES]
        )[0]
        last = draw.choice(_LAST)
        start = draw.randint(_LAST_DAY, _FIRST_DAY)
        # The age at the time of the case: the child is older today.
        years = _same_signers(draw.uniform(youngest, oldest)) + (start - 60) / 365.25
        one = child(
            stage.today,
            f"{draw.choice(_FIRST)} {last}",
            years,
            "",
            (f"{draw.choice(_MOTHERS)} {last}", "mor"),
            (f"{draw.choice(_FATHERS)} {last}", "far"),
        )
        who = draw.choice(followers)
        kind, lasted = draw.random(), draw.randint(12, 50)
        if kind < _SHARE_TOGETHER:
            course = Course(stage, who, one, plots.MANY_THINGS)
            yield _together(course, max(start, _LAST_DAY + lasted))
        elif kind < _SHARE_OF_LOGS:
            yield _with_log(Course(stage, who, one, draw.choice(_LOGS)), start, 30 + lasted)
        else:
            yield _wonder(Course(stage, who, one, draw.choice(_WONDERS)), start, lasted)


def _same_signers(years: float) -> float:
    """Return an age near by from which no birthday moves the consent to others meanwhile."""
    for birthday in _SIGNERS_CHANGE:
        if birthday - _BEFORE < years < birthday + _AFTER:
            return birthday - _BEFORE if years < birthday else birthday + _AFTER
    return years


def _wonder(course: Course, start: int, lasted: int) -> Iterator[datetime]:
    yield from talked_through(course, start)
    yield course.stage.ago(start - lasted, 14)
    course.close(ClosingCause.CONCERN_GONE, "Det går bedre, og vi følger med på vanlig måte.")


def _with_log(course: Course, start: int, lasted: int) -> Iterator[datetime]:
    stage = course.stage
    yield from log_opened(course, start, stage.day(start - lasted - 7))
    yield stage.ago(start - lasted - 8, 13)
    course.evaluate(MeasureResult.REACHED, Decision.CLOSE)
    course.close(ClosingCause.GOAL_REACHED, "Målet er nådd, og alle er enige om å avslutte.")


def nurse_of_a_youth(stage: Stage) -> Iterator[datetime]:
    """A public health nurse asks a youth of 16, who decides alone on what health may tell."""
    youth = child(stage.today, "Embla Haukås", 16.6, "", ("Tuva Haukås", "mor"))
    yield from _together(Course(stage, "kari", youth, plots.MANY_THINGS), _LAST_DAY + 20)


def _together(course: Course, start: int) -> Iterator[datetime]:
    stage = course.stage
    of_age = age(course.child.birth_date, stage.day(start)) >= HEALTH_ALONE_FROM
    yield from several_services(
        course,
        start,
        "pps",
        "nina",
        "For at PP-tjenesten kan gi råd om hva som kan hjelpe.",
        # Both ways, others would be asked about what a youth of 16 alone decides on.
        Way.OUT if of_age and course.who in _IN_HEALTH else Way.BOTH,
    )
    yield stage.ago(start - _TOGETHER_LASTED, 13)
    course.evaluate(MeasureResult.REACHED, Decision.CLOSE)
    course.close(ClosingCause.GOAL_REACHED, "Tjenestene er enige med familien om å avslutte.")
