"""Where a municipality has said what stands in its profile, and that nothing stands without.

What a profile takes over from the one it extends has no fact: it is the standard's, and shown so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from bti.profiles.reader import N_, Document, ProfileError, Table

_FIRST, _LAST = date(1990, 1, 1), date(2100, 1, 1)
OF_ITSELF: Final = frozenset(
    {"name", "version", "valid_from", "extends", "title", "sources", "facts"}
)
"""The profile's own name and dates, the municipality's name, and where things are said."""


Row = TypeVar("Row")


class Said(StrEnum):
    """How much the municipality has said."""

    #: It stands there.
    STATED = "stated"
    #: What it is stands there; that it belongs at this place in BTI is how it was read.
    READ = "read"


@dataclass(frozen=True, slots=True)
class Source:
    """A document of the municipality's own. ``period`` is what it says it is for."""

    code: str
    title: str
    adopted: date | None
    period: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Where something is said: which source, and where in it."""

    key: str
    source: str
    place: str
    said: Said


def sources_of(table: Table) -> dict[str, Source]:
    """Read the sources."""
    found = {}
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        first, last = one.day_or_none("first_day"), one.day_or_none("last_day")
        if (first is None) != (last is None):
            missing = "first_day" if first is None else "last_day"
            one.complain(missing, N_("both days of the period, or none"))
        if first is not None and last is not None and last < first:
            one.complain("last_day", N_("a day that is not before %(first)s"), last, first=first)
        period = (first, last) if first is not None and last is not None else None
        found[code] = Source(code, one.text("title"), one.day_or_none("adopted"), period)
        one.done()
    table.done()
    return found


def facts_of(table: Table, sources: Mapping[str, Source]) -> dict[str, Fact]:
    """Read where each thing is said."""
    found = {}
    for key in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(key)
        source = one.text("source")
        if source not in sources:
            known = ", ".join(sorted(sources)) or "-"
            one.complain("source", N_("one of %(allowed)s"), source, allowed=known)
        said = one.choice("said", Said) if one.has("said") else Said.STATED
        found[key] = Fact(key, source, one.text("place"), said)
        one.done()
    table.done()
    return found


def check_said(document: Document) -> None:
    """Complain unless each local value has a fact, and each fact a value.

    ``document`` is one file as it was read, before it is laid on another.
    """
    facts = document.values.get("facts", {})
    if not isinstance(facts, dict):
        document.complain(ProfileError(document.file, "facts", N_("a table"), facts))
        return
    values = {
        key: value
        for first, below in document.values.items()
        if first not in OF_ITSELF
        for key, value in _leaves(first, below)
    }
    for key, value in values.items():
        if nearest(facts, key) is None:
            document.complain(
                ProfileError(
                    document.file, key, N_("where this is said, as a row of [facts]"), value
                )
            )
    for key in facts:
        if not any(one == key or one.startswith(f"{key}.") for one in values):
            document.complain(
                ProfileError(
                    document.file, f"facts.{key}", N_("the key of something this file says"), key
                )
            )


def nearest(facts: Mapping[str, Fact], key: str) -> Fact | None:
    """The fact about a key, or about what it is part of."""
    return nearest_row(facts, key)


def nearest_row(facts: Mapping[str, Row], key: str) -> Row | None:
    """The row about a key, or about what it is part of, whatever rows are."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        found = facts.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None


def check_day(table: Table, key: str, day: date) -> date:
    """Return a day, and complain about one that cannot be: a slip of the pen is most often a year."""
    if not _FIRST <= day < _LAST:
        table.complain(
            key, N_("a day from %(first)s to before %(last)s"), day, first=_FIRST, last=_LAST
        )
    return day


def _leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for inner, below in value.items():
            yield from _leaves(f"{key}.{inner}", below)
    else:
        yield key, value
