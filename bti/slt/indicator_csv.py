"""Indicators as a spreadsheet saves them: CSV in UTF-8, a heading on each column, a number on each row.

Read to the end: every fault is told by line and column, and one is enough for nothing to be taken in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final

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
    figure_of,
    is_formula,
    is_line,
    within,
)
from bti.slt.plan import Unit
from bti.table_file import BadTable, Row, TableFault, rows_of

MOST_BASE: Final = 6
"""Digits of the number of people who answered."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("Kode", "Code"),
    "name": ("Indikator", "Indicator"),
    "unit": ("Enhet", "Eining", "Unit"),
    "population": ("Gruppe", "Group"),
    "period": ("Periode", "År", "Period", "Year"),
    "value": ("Verdi", "Value"),
    "comparison": ("Sammenligning", "Samanlikning", "Comparison"),
    "base": ("Svar", "Answers"),
    "note": ("Merknad", "Note"),
}
"""The headings a column may have, the first in the example."""

REQUIRED: Final = ("code", "name", "unit", "period", "value")

_UNITS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("prosent", "percent", "per cent", "%"), Unit.PERCENT),
    **dict.fromkeys(("antall", "tal", "count", "number"), Unit.COUNT),
    **dict.fromkeys(("dager", "dagar", "days"), Unit.DAYS),
}
_TABLE_FAULTS: Final[Mapping[TableFault, str]] = {
    TableFault.EMPTY: N_("There is nothing in the file."),
    TableFault.TOO_LARGE: N_("The file is too large. Divide it."),
    TableFault.SIGNS: N_("There are signs in the file that cannot be read."),
    TableFault.BROKEN: N_(
        "The file is no table: a quotation mark is never closed, or there are far too many columns."
    ),
}


def unit_of(text: str) -> Unit | None:
    """The unit that a file names, in any of the three languages; None for one that is not known here."""
    return _UNITS.get(text.casefold())


def read_csv(text: str, *, today: date) -> IndicatorFile:
    """The indicators in a table. Raises IndicatorFileError with everything that is wrong."""
    try:
        head, *body = rows_of(text)
    except BadTable as bad:
        raise IndicatorFileError(IndicatorFault(0, "", _TABLE_FAULTS[bad.fault])) from None
    columns = _columns(head)
    if not body:
        raise IndicatorFileError(
            IndicatorFault(head.line, "", N_("There are no rows under the headings."))
        )
    if len(body) > MOST_READINGS:
        raise IndicatorFileError(
            IndicatorFault(
                body[MOST_READINGS].line,
                "",
                N_("A file may have at most %(most)s numbers. Divide it."),
                {"most": MOST_READINGS},
            )
        )
    sheet = _Sheet(columns, dict(enumerate(head.cells)), today)
    found = [sheet.reading(row) for row in body]
    if sheet.faults:
        raise IndicatorFileError(*sheet.faults)
    readings = tuple(one for one in found if one is not None)
    return IndicatorFile(readings, digest_of(text))


def digest_of(text: str) -> str:
    """The fingerprint of a text, 64 hex digits: without byte order mark, with line feeds alone.

    So a file and what is pasted from it are the same.
    """
    tidy = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip()
    return sha256(tidy.encode()).hexdigest()


@dataclass(slots=True)
class Repeats:
    """Finds what stands twice in a file, or under one code with two names or units."""

    _seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _called: dict[str, tuple[int, str, Unit]] = field(default_factory=dict)

    def fault(self, line: int, one: IndicatorReading) -> IndicatorFault | None:
        """What is wrong with the next reading beside those before it, or None."""
        first = self._seen.setdefault(one.key, line)
        at, name, unit = self._called.setdefault(one.code, (line, one.name, one.unit))
        if first != line:
            said = N_("The same code, group and period stand on line %(line)s.")
            return IndicatorFault(line, "", said, {"line": first})
        if (name, unit) != (one.name, one.unit):
            said = N_("This code has another name or unit on line %(line)s.")
            return IndicatorFault(line, COLUMNS["code"][0], said, {"line": at})
        return None


def _columns(head: Row) -> dict[str, int]:
    """Where each column stands. Raises IndicatorFileError for a head that is not understood."""
    known = {text.casefold(): name for name, headings in COLUMNS.items() for text in headings}
    found: dict[str, int] = {}
    faults = []
    for at, cell in enumerate(head.cells):
        name = known.get(cell.casefold())
        if not cell:
            continue
        if name is None:
            faults.append(IndicatorFault(head.line, cell[:SHORT], N_("No column is called this.")))
        elif name in found:
            faults.append(IndicatorFault(head.line, cell, N_("This column stands there twice.")))
        else:
            found[name] = at
    faults += [
        IndicatorFault(head.line, COLUMNS[name][0], N_("This column is missing."))
        for name in REQUIRED
        if name not in found
    ]
    if faults:
        raise IndicatorFileError(*faults)
    return dict(sorted(found.items(), key=lambda one: one[1]))


@dataclass(slots=True)
class _Sheet:
    """The rows of one table, what its columns are called there, and what is wrong so far."""

    columns: Mapping[str, int]
    headings: Mapping[int, str]
    today: date
    faults: list[IndicatorFault] = field(default_factory=list)
    _repeats: Repeats = field(default_factory=Repeats)

    def reading(self, row: Row) -> IndicatorReading | None:
        """What a row says; None where it cannot be read."""
        before = len(self.faults)
        code = code_of(self._cell(row, "code"))
        if code is None:
            self._wrong(
                row,
                "code",
                N_("A code is at most 40 letters, digits, dots and lines, without spaces."),
            )
        unit = unit_of(self._cell(row, "unit"))
        if unit is None:
            self._wrong(row, "unit", N_("The unit is prosent, antall or dager."))
        period = Period.parse(self._cell(row, "period"), self.today)
        if period is None:
            self._wrong(
                row,
                "period",
                N_(
                    "Write a year that has begun, such as 2024, or 2024H1, 2024K1, 2024-05, 2021-2023."
                ),
            )
        if any(row.cells[len(self.headings) :]):
            said = N_("There are more cells here than there are headings.")
            self.faults.append(IndicatorFault(row.line, "", said))
        name = self._text(row, "name", needed=True)
        population, note = self._text(row, "population"), self._text(row, "note")
        value, comparison = self._figure(row, "value", unit), self._figure(row, "comparison", unit)
        base = self._base(row)
        if len(self.faults) > before or code is None or unit is None or period is None:
            return None
        reading = IndicatorReading(
            code, name, unit, population, period, value, comparison, base, note
        )
        fault = self._repeats.fault(row.line, reading)
        if fault is not None:
            self.faults.append(fault)
        return reading

    def _cell(self, row: Row, name: str) -> str:
        at = self.columns.get(name)
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    def _text(self, row: Row, name: str, *, needed: bool = False) -> str:
        text = self._cell(row, name)
        if needed and not text:
            self._wrong(row, name, N_("This is missing."))
        elif is_formula(text):
            self._wrong(
                row,
                name,
                N_("A text may not begin with =, + or @: a spreadsheet would work it out."),
            )
        elif not is_line(text):
            self._wrong(
                row,
                name,
                N_("Write one line of at most %(most)s signs that can be seen."),
                most=SHORT,
            )
        return text

    def _figure(self, row: Row, name: str, unit: Unit | None) -> Figure:
        found = figure_of(self._cell(row, name))
        if found is None:
            self._wrong(
                row,
                name,
                N_(
                    "Write a number with at most two decimals, a sign for not published (%(signs)s), or nothing."
                ),
                signs=" ".join(SIGNS),
            )
        elif unit is not None and not within(found, unit):
            self._wrong(row, name, N_("This cannot be a number of its unit."))
        return found or NOT_SAID

    def _base(self, row: Row) -> int | None:
        text = "".join(self._cell(row, "base").split())
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > MOST_BASE:
            self._wrong(row, "base", N_("Write a whole number, or nothing."))
            return None
        return int(text)

    def _wrong(self, row: Row, name: str, template: str, **values: object) -> None:
        at = self.columns.get(name)
        column = COLUMNS[name][0] if at is None else self.headings.get(at, COLUMNS[name][0])
        self.faults.append(IndicatorFault(row.line, column, template, values))


def example() -> Sequence[tuple[str, ...]]:
    """A table about no place: the headings and two rows."""
    return (
        tuple(headings[0] for headings in COLUMNS.values()),
        ("truancy", "Skulking", "prosent", "8.–10. trinn", "2024", "31,5", "27", "180", ""),
        ("truancy", "Skulking", "prosent", "5.–7. trinn", "2024", ":", "", "", "Ikke offentlig"),
    )
