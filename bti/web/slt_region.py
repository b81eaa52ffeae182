"""What the page of several municipalities shows: one published count of each, over the same half-years.

Nothing is added up and nothing is divided: a sum of hidden and rounded numbers is no number, and a share of one neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bti.disclosure.menu import DIMENSIONS
from bti.slt.region import MunicipalReleases
from bti.web.slt_chart import Chart, Count, drawn
from bti.web.slt_numbers import dimension_name, half_year
from bti.web.slt_trends import (
    Place,
    counts_over,
    from_first_to_last,
    key_of,
    place_label,
    places_of_menu,
    title_of,
)


@dataclass(frozen=True, slots=True)
class Town:
    """One municipality: its count in each half-year, and the newest number of children who live there, if it is said.

    ``chart`` is None where nothing of it is published.
    """

    number: str
    name: str
    counts: tuple[Count, ...]
    population: int | None
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class RegionPage:
    """View model of slt/region.html; nothing is published anywhere where ``periods`` is empty.

    ``choices`` are groups of keys and labels of what can be shown. ``rounding`` and ``largest_never_shown`` are as
    in bti.web.slt_trends.TrendsPage, the largest of all.
    """

    title: str
    chosen: str
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    periods: tuple[str, ...]
    towns: tuple[Town, ...]
    alone: bool
    rounding: int
    largest_never_shown: int
    has_hidden: bool
    has_gap: bool


def region_page(found: Sequence[MunicipalReleases], wanted: str) -> RegionPage | None:
    """Lay one count of each municipality out, in the order they are given. None for a count that is not there."""
    place = next((one for one in places_of_menu() if key_of(one) == wanted), None)
    if place is None:
        return None
    periods = from_first_to_last(sorted({one.period for town in found for one in town.releases}))
    names = [half_year(one) for one in periods]
    towns = []
    for town in found:
        counts = counts_over(town.releases, periods)[place]
        if periods:
            chart = drawn(counts, names) if any(one.published for one in counts) else None
            towns.append(Town(town.number, town.name, counts, _population(town), chart))
    releases = [one.release for town in found for one in town.releases]
    everything = [one for town in towns for one in town.counts]
    return RegionPage(
        title=title_of(place),
        chosen=wanted,
        choices=_choices(),
        periods=tuple(names),
        towns=tuple(towns),
        alone=len(found) == 1,
        rounding=max((one.base for one in releases), default=1),
        largest_never_shown=max((one.threshold - 1 for one in releases), default=0),
        has_hidden=any(one.published and one.value is None for one in everything),
        has_gap=any(not one.published for one in everything),
    )


def _population(town: MunicipalReleases) -> int | None:
    """Children and young people in the municipality, as its newest release says."""
    if not town.releases or not town.releases[-1].release.population:
        return None
    return sum(many for _, many in town.releases[-1].release.population)


def _choices() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    def of(dimension: str) -> tuple[tuple[str, str], ...]:
        return tuple(_choice(one) for one in places_of_menu() if one[0] == dimension)

    return (("", of("")), *((str(dimension_name(one)), of(one)) for one in DIMENSIONS))


def _choice(place: Place) -> tuple[str, str]:
    return key_of(place), place_label(place)
