"""Indicators as JSON-stat 2.0, the form in which Statistics Norway answers.

What the file does not say about itself is not guessed: contents, time and unit must be named by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import product
from math import prod
from typing import Any, Final

from bti.profiles.reader import N_
from bti.slt.indicator import (
    MOST_READINGS,
    NOT_SAID,
    SHORT,
    SIGNS,
    Figure,
    IndicatorFault,
    IndicatorFile,
    IndicatorFileError,
    IndicatorReading,
    Period,
    code_of,
    figure_from,
    is_formula,
    is_line,
    within,
)
from bti.slt.indicator_csv import digest_of
from bti.slt.plan import Unit

MOST_SIGNS: Final = 256 * 1024
_MOST_DIMENSIONS: Final = 8
_MOST_PLACES: Final = 2
_UNITS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("prosent", "percent", "per cent", "%"), Unit.PERCENT),
    **dict.fromkeys(("antall", "tal", "number", "personer", "personar", "persons"), Unit.COUNT),
    **dict.fromkeys(("dager", "dagar", "days"), Unit.DAYS),
}

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cube:
    """A dataset: its dimensions in order with their codes, which of them is what, and its cells."""

    content: Mapping[str, Any]
    axes: Mapping[str, Codes]
    metric: str
    time: str
    place: str | None


def read_json_stat(text: str, number: str, *, today: date) -> IndicatorFile:
    """The indicators of the municipality with a number in a dataset. Raises IndicatorFileError.

    Of a dimension of places, the municipality's own is taken; one other is what it is compared with.
    """
    if len(text) > MOST_SIGNS:
        raise _fault("", N_("The file is too large. Divide it."))
    cube = _cube(_parsed(text))
    own, other = _places(cube, number)
    reader = _Reader(cube, own, other, today)
    readings = tuple(reader.readings())
    return IndicatorFile(
        readings=readings,
        sha256=digest_of(text),
        title=_line(cube.content.get("label"), "label"),
        source=_line(cube.content.get("source"), "source"),
        compared_with="" if other is None else reader.label(cube.place or "", other),
    )


def _fault(column: str, template: str, line: int = 0, **values: object) -> IndicatorFileError:
    return IndicatorFileError(IndicatorFault(line, column, template, values))


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _fault(
            "", N_("This is no JSON: it cannot be read from here on."), error.lineno
        ) from None
    except (ValueError, RecursionError, InvalidOperation):
        raise _fault("", N_("This is no JSON that can be read.")) from None
    if isinstance(found, dict) and (found.get("class"), found.get("version")) == ("dataset", "2.0"):
        return found
    raise _fault("", N_("This is no dataset in JSON-stat 2.0."))


def _whole(text: str) -> Decimal:
    return Decimal(text)


def _no_number(text: str) -> Decimal:
    raise ValueError(text)


def _cube(content: Mapping[str, Any]) -> _Cube:
    names, sizes = content.get("id"), content.get("size")
    shape = N_("Dimensions and their sizes must be two lists of the same length.")
    if not isinstance(names, list) or not isinstance(sizes, list) or len(names) != len(sizes):
        raise _fault("id", shape)
    if not 0 < len(names) <= _MOST_DIMENSIONS or not all(isinstance(one, str) for one in names):
        raise _fault("id", shape)
    if len(set(names)) != len(names):
        raise _fault("id", shape)
    axes = {name: _codes(content, name) for name in names}
    if [Decimal(len(codes)) for codes in axes.values()] != sizes:
        raise _fault("size", N_("The sizes are not those of the dimensions."))
    if prod(map(len, axes.values())) > MOST_READINGS:
        said = N_("A file may have at most %(most)s numbers. Divide it.")
        raise _fault("size", said, most=MOST_READINGS)
    roles = content.get("role")
    of_role = {
        role: [one for one in named if isinstance(one, str) and one in axes]
        for role, named in (roles.items() if isinstance(roles, dict) else ())
        if isinstance(named, list)
    }
    for role in ("metric", "time"):
        if len(of_role.get(role, ())) != 1:
            raise _fault(f"role.{role}", N_("One dimension must have this role."))
    places = of_role.get("geo", [])
    if len(places) > 1:
        raise _fault("role.geo", N_("At most one dimension may have this role."))
    return _Cube(content, axes, of_role["metric"][0], of_role["time"][0], next(iter(places), None))


def _category(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Any = content
    for key in ("dimension", name, "category"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise _fault(f"dimension.{name}", N_("The dimension has no categories."))
    return found


def _codes(content: Mapping[str, Any], name: str) -> Codes:
    category = _category(content, name)
    index = category.get("index")
    if index is None and isinstance(category.get("label"), dict) and len(category["label"]) == 1:
        index = list(category["label"])
    if isinstance(index, dict):
        by_place = {place: code for code, place in index.items() if isinstance(place, Decimal)}
        wanted = [Decimal(n) for n in range(len(index))]
        index = [by_place[n] for n in wanted] if set(wanted) == set(by_place) else None
    if not isinstance(index, list) or not index or not all(isinstance(one, str) for one in index):
        raise _fault(f"dimension.{name}", N_("The categories have no order that can be read."))
    if len(set(index)) != len(index):
        raise _fault(f"dimension.{name}", N_("A category stands there twice."))
    return tuple(index)


def _places(cube: _Cube, number: str) -> tuple[str | None, str | None]:
    """The codes of the municipality and of what it is compared with; both None without places."""
    if cube.place is None:
        return None, None
    codes = cube.axes[cube.place]
    own = [code for code in codes if code.removeprefix("K-") == number]
    if len(own) != 1:
        said = N_("The municipality's own number, %(number)s, is not among the places.")
        raise _fault(f"dimension.{cube.place}", said, number=number)
    if len(codes) > _MOST_PLACES:
        said = N_("Take the municipality and at most one place to compare with.")
        raise _fault(f"dimension.{cube.place}", said)
    return own[0], next((code for code in codes if code != own[0]), None)


def _line(value: object, column: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not is_line(value.strip()) or is_formula(value):
        said = N_("Write one line of at most %(most)s signs that can be seen.")
        raise _fault(column, said, most=SHORT)
    return value.strip()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes readings of the cells of a cube."""

    cube: _Cube
    own: str | None
    other: str | None
    today: date

    def readings(self) -> Iterator[IndicatorReading]:
        """Each number of the municipality, in the order of the file."""
        cube = self.cube
        units = {code: self._unit(code) for code in cube.axes[cube.metric]}
        periods = {code: self._period(code) for code in cube.axes[cube.time]}
        for at in product(*cube.axes.values()):
            where = dict(zip(cube.axes, at, strict=True))
            if cube.place is not None and where[cube.place] != self.own:
                continue
            code = where[cube.metric]
            value, note = self._figure(where, units[code])
            comparison = NOT_SAID
            if cube.place is not None and self.other is not None:
                comparison, _ = self._figure({**where, cube.place: self.other}, units[code])
            yield IndicatorReading(
                code=code,
                name=self.label(cube.metric, code),
                unit=units[code],
                population=self._population(where),
                period=periods[where[cube.time]],
                value=value,
                comparison=comparison,
                note=note,
            )

    def label(self, dimension: str, code: str) -> str:
        """What a category is called: its label, or its code where it has none."""
        labels = _category(self.cube.content, dimension).get("label")
        text = labels.get(code) if isinstance(labels, dict) else None
        return _line(code if text is None else text, f"dimension.{dimension}.{code}")

    def _population(self, where: Mapping[str, str]) -> str:
        named = (self.cube.metric, self.cube.time, self.cube.place)
        text = ", ".join(
            self.label(name, code) for name, code in where.items() if name not in named
        )
        return _line(text, "dimension")

    def _unit(self, code: str) -> Unit:
        column = f"dimension.{self.cube.metric}.{code}"
        if code_of(code) is None:
            said = N_("A code is at most 40 letters, digits, dots and lines, without spaces.")
            raise _fault(column, said)
        found: Any = _category(self.cube.content, self.cube.metric)
        for key in ("unit", code, "base"):
            found = found.get(key) if isinstance(found, dict) else None
        unit = _UNITS.get(found.strip().casefold()) if isinstance(found, str) else None
        if unit is None:
            raise _fault(f"{column}.unit", N_("The unit is prosent, antall, personer or dager."))
        return unit

    def _period(self, code: str) -> Period:
        period = Period.parse(code, self.today)
        if period is None:
            said = N_(
                "Write a year that has begun, such as 2024, or 2024H1, 2024K1, 2024-05, 2021-2023."
            )
            raise _fault(f"dimension.{self.cube.time}.{code}", said)
        return period

    def _figure(self, where: Mapping[str, str], unit: Unit) -> tuple[Figure, str]:
        """The number or the sign of a cell, and what else the file marks it with."""
        at = self._offset(where)
        value, status = self._cell("value", at), self._cell("status", at)
        mark = _line(status, f"status.{at}") if status is not None else ""
        if mark in SIGNS:
            # Whatever number stands beside such a sign is no number.
            return Figure(sign=mark), ""
        if value is None:
            return NOT_SAID, mark
        found = figure_from(value) if isinstance(value, Decimal) else None
        if found is None:
            raise _fault(f"value.{at}", N_("This is no number from 0 with at most two decimals."))
        if not within(found, unit):
            raise _fault(f"value.{at}", N_("This cannot be a number of its unit."))
        return found, mark

    def _offset(self, where: Mapping[str, str]) -> int:
        at = 0
        for name, codes in self.cube.axes.items():
            at = at * len(codes) + codes.index(where[name])
        return at

    def _cell(self, key: str, at: int) -> object:
        """What stands for a cell in a list, in a table by number, or for all of them."""
        held = self.cube.content.get(key)
        if isinstance(held, dict):
            return held.get(str(at))
        if isinstance(held, str) and key == "status":
            return held
        if isinstance(held, Sequence) and not isinstance(held, str):
            if len(held) != prod(map(len, self.cube.axes.values())):
                raise _fault(key, N_("There are too few or too many of them."))
            return held[at]
        if held is None and key == "status":
            return None
        raise _fault(key, N_("A list or a table must stand here."))
