"""The menu of released tables: what is counted of each child in a half-year, and in which tables.

Nothing else can be asked for. A child has one code of each dimension, so each table counts unique
children. A child with address protection has NOT_DIVIDED in all of them, and stands in the total alone.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from bti.disclosure.tables import HalfYear, TableError

MENU: Final = "half-year-2"
"""Named in each release. Another menu is another name: what was published is never cut anew."""

NOT_DIVIDED: Final = "not_divided"
"""Counted in the total and in no part of it."""

LEVEL: Final = "level"
AGE: Final = "age"
SERVICE: Final = "service"
CONCERN: Final = "concern"
COURSE: Final = "course"

DIMENSIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # The highest level reached in the half-year.
        LEVEL: ("level_0", "level_1", "level_2", "level_3"),
        # Whole years on the last day of the half-year; 10-12 and 13-15 mirror Ungdata's grades.
        AGE: ("age_0_5", "age_6_9", "age_10_12", "age_13_15", "age_16_18", "age_19_23"),
        # The service that wrote the first concern. Never one school or kindergarten.
        SERVICE: ("kindergarten", "school", "health", "other"),
        # Several may be chosen, so the last code is also for those with several.
        CONCERN: (
            "school_life",
            "relations",
            "mental_health",
            "conduct",
            "home",
            "other_or_several",
        ),
        # What became of the case between the first and the last day.
        COURSE: ("new", "up", "same_or_down", "closed"),
    }
)

TABLES: Final = ((LEVEL, AGE), (SERVICE,), (CONCERN,), (COURSE,))

_OLDEST: Final = (5, 9, 12, 15, 18, 23)
_SERVICES: Final = MappingProxyType(
    {"kindergarten": "kindergarten", "school": "school", "health": "health"}
)
_CONCERNS: Final = MappingProxyType(
    {
        "school": "school_life",
        "relations": "relations",
        "mental_health": "mental_health",
        "conduct": "conduct",
        "home": "home",
    }
)
_CLOSED: Final = -1

Population = Mapping[str, int]
"""How many children live in the municipality, by age band."""


def age_band(age: int) -> str:
    """The code of the band for an age in whole years; raises TableError outside 0 to 23."""
    if age < 0:
        raise TableError("an age is not negative")
    for code, oldest in zip(DIMENSIONS[AGE], _OLDEST, strict=True):
        if age <= oldest:
            return code
    raise TableError("the table ends at 23 years")


def service(sectors: Iterable[str]) -> str:
    """The code of the services a child's cases began in; several services are OTHER."""
    found = {_SERVICES.get(one, "other") for one in sectors}
    return found.pop() if len(found) == 1 else "other"


def concern(groups: Iterable[str]) -> str:
    """The code of a child's groups of concern (codes of ``StatisticsGroup``)."""
    found = {_CONCERNS.get(one, "other_or_several") for one in groups}
    return found.pop() if len(found) == 1 else "other_or_several"


def course(before: int | None, after: int) -> str:
    """What became of a child: the level when the half-year began (None: no case) and when it ended.

    Minus one is closed. Who came and was closed in the same half-year is closed.
    """
    if after == _CLOSED:
        return "closed"
    if before is None:
        return "new"
    return "up" if after > before else "same_or_down"


def row(
    level: int, age: int, sectors: Iterable[str], groups: Iterable[str], moved: str
) -> tuple[str, ...]:
    """One child's codes in the order of DIMENSIONS. Raises TableError for an age outside the menu."""
    return (
        DIMENSIONS[LEVEL][level],
        age_band(age),
        service(sectors),
        concern(groups),
        moved,
    )


def kept_back() -> tuple[str, ...]:
    """The codes of a child that is counted in the total alone."""
    return (NOT_DIVIDED,) * len(DIMENSIONS)


def checked_population(population: Population) -> dict[str, int]:
    """A number for each age band, in order; raises TableError."""
    if set(population) != set(DIMENSIONS[AGE]):
        raise TableError(f"say how many children live here: {', '.join(DIMENSIONS[AGE])}")
    if any(value < 0 for value in population.values()):
        raise TableError("a population is not negative")
    return {band: population[band] for band in DIMENSIONS[AGE]}


def title(period: HalfYear) -> str:
    """What a release is called in files."""
    return f"Children followed up, {period}"
