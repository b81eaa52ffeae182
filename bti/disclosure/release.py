"""A frozen release: the only thing that crosses from the case side to the network side.

Made from a `Verified` table or reopened from its own canonical text, which is examined again.
"""

import json
from dataclasses import InitVar, dataclass
from hashlib import sha256
from typing import Final, Self

from bti.disclosure.protect import hide_all, protect
from bti.disclosure.tables import (
    DEFAULT_THRESHOLD,
    Axis,
    CountTable,
    HalfYear,
    Position,
    ProtectedTable,
    TableError,
)
from bti.disclosure.verify import NotSafe, Verified, examine, verify

FORMAT: Final = "stafett-release-1"
METHOD_CODES: Final = (
    "unit.unique_children",
    "hidden.under_threshold",
    "hidden.zeros",
    "hidden.complementary",
    "verified.integer_witnesses",
)
MAX_TEXT_LENGTH: Final = 20_000
MAX_COUNT: Final = 10_000_000
_MUNICIPALITY_NUMBER_LENGTH: Final = 4
_CHECKED = object()


class ReleaseError(ValueError):
    """A text is not a release, or not one that keeps the promises."""


@dataclass(frozen=True, slots=True)
class Release:
    """One municipality's protected table for one half-year, with how it was made."""

    municipality_number: str
    municipality_name: str
    table: ProtectedTable
    method: tuple[str, ...]
    checked: InitVar[object] = None

    def __post_init__(self, checked: object) -> None:
        if checked is not _CHECKED:
            raise TypeError("only seal() and Release.reopen() make a Release")
        number = self.municipality_number
        if len(number) != _MUNICIPALITY_NUMBER_LENGTH or not (
            number.isascii() and number.isdigit()
        ):
            raise ReleaseError("a municipality number has four digits")
        if not self.municipality_name.strip() or not self.municipality_name.isprintable():
            raise ReleaseError("the municipality needs a printable name")

    @property
    def period(self) -> HalfYear:
        """The half-year counted."""
        return self.table.period

    def canonical_json(self) -> str:
        """The one text of this release: sorted keys, no spaces, UTF-8, hidden numbers as null."""
        table = self.table
        content = {
            "format": FORMAT,
            "municipality": {"name": self.municipality_name, "number": self.municipality_number},
            "period": str(table.period),
            "threshold": table.threshold,
            "method": list(self.method),
            "rows": {"name": table.rows.name, "codes": list(table.rows.codes)},
            "columns": {"name": table.columns.name, "codes": list(table.columns.codes)},
            "cells": [list(row) for row in table.cells],
            "structural": sorted(list(spot) for spot in table.structural),
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Fingerprint of the canonical text, 64 lower-case hex digits."""
        return sha256(self.canonical_json().encode()).hexdigest()

    @classmethod
    def reopen(cls, text: str) -> Self:
        """Read a canonical text and examine its table again.

        Raises ReleaseError for anything that is not byte for byte a release, and NotSafe for a
        table that a reader could see through, whoever wrote it.
        """
        try:
            release = cls._read(text)
        except (KeyError, TypeError, ValueError, RecursionError) as fault:
            raise ReleaseError("not a release") from fault
        if release.canonical_json() != text:
            raise ReleaseError("not the canonical text of a release")
        _, weaknesses = examine(release.table)
        if weaknesses:
            raise NotSafe(weaknesses)
        return release

    @classmethod
    def _read(cls, text: str) -> Self:
        if len(text) > MAX_TEXT_LENGTH:
            raise ReleaseError("too long")
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ReleaseError("unknown format")
        table = ProtectedTable(
            period=HalfYear.parse(content["period"]),
            rows=_axis(content["rows"]),
            columns=_axis(content["columns"]),
            cells=tuple(tuple(_count(value) for value in row) for row in content["cells"]),
            structural=frozenset(_position(spot) for spot in content["structural"]),
            threshold=_whole(content["threshold"]),
        )
        return cls(
            municipality_number=_text(content["municipality"]["number"]),
            municipality_name=_text(content["municipality"]["name"]),
            table=table,
            method=tuple(_text(code) for code in content["method"]),
            checked=_CHECKED,
        )


def prepare(counts: CountTable, *, threshold: int = DEFAULT_THRESHOLD) -> Verified:
    """Protect and verify a table of counts; falls back to "too few" when no pattern holds.

    Raises NotSafe if not even that passes, and then nothing may be published.
    """
    try:
        return verify(protect(counts, threshold=threshold), counts)
    except NotSafe:
        return verify(hide_all(counts, threshold=threshold), counts)


def seal(verified: Verified, *, municipality_number: str, municipality_name: str) -> Release:
    """Freeze a verified table as a release; raises ReleaseError for a bad number or name."""
    return Release(
        municipality_number=municipality_number,
        municipality_name=municipality_name,
        table=verified.table,
        method=METHOD_CODES,
        checked=_CHECKED,
    )


def _axis(content: dict[str, object]) -> Axis:
    codes = content["codes"]
    if not isinstance(codes, list):
        raise TableError("codes must be a list")
    return Axis(name=_text(content["name"]), codes=tuple(_text(code) for code in codes))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TableError("expected text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise TableError("expected a whole number")
    return value


def _count(value: object) -> int | None:
    return None if value is None else _whole(value)


def _position(value: list[object]) -> Position:
    row, column = value
    return _whole(row), _whole(column)
