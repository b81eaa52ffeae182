"""A table that a spreadsheet has saved as text: which signs, which separator, and its rows. Pure.

Norwegian Excel saves CSV with semicolons, as UTF-8 with a mark in front or in Windows' own signs. Whatever
stands in a cell is text: nothing here is ever worked out.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_BYTES: Final = 256 * 1024
MOST_COLUMNS: Final = 40
_SEPARATORS: Final = (";", "\t", ",")
_WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


class Signs(StrEnum):
    """How the letters are written in the file."""

    UTF_8 = "utf-8"
    WINDOWS = "cp1252"


class TableFault(StrEnum):
    """Why a file is no table that is read here."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    #: A workbook itself, and not what it saves as CSV.
    WORKBOOK = "workbook"
    #: «Unicode text», two bytes for each sign.
    WIDE = "wide"
    SIGNS = "signs"
    BROKEN = "broken"
    #: There is a text already, and a file must not take its place unasked.
    BOTH = "both"


class BadTable(Exception):  # noqa: N818 - a verdict with its reason
    """The file is not taken. Holds nothing of it."""

    def __init__(self, fault: TableFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and the line of the file it begins at, from 1."""

    line: int
    cells: tuple[str, ...]


def decoded(data: bytes) -> tuple[str, Signs]:
    """Return the text of a file and how it was written. Raises ``BadTable``.

    What is no UTF-8 is read as Windows' own signs, which almost anything can be: whoever sent it must look.
    """
    if len(data) > MOST_BYTES:
        raise BadTable(TableFault.TOO_LARGE)
    if data.startswith(_WORKBOOK):
        raise BadTable(TableFault.WORKBOOK)
    if data.startswith(_WIDE):
        raise BadTable(TableFault.WIDE)
    try:
        return data.decode("utf-8-sig"), Signs.UTF_8
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), Signs.WINDOWS
    except UnicodeDecodeError:
        raise BadTable(TableFault.SIGNS) from None


def rows_of(text: str) -> tuple[Row, ...]:
    """Return the rows of a table, those without a word left out. Raises ``BadTable``.

    The separator is the one that the first line has most of.
    """
    if len(text) > MOST_BYTES:
        raise BadTable(TableFault.TOO_LARGE)
    if "\0" in text:
        raise BadTable(TableFault.SIGNS)
    tidy = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = tidy.lstrip("\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    found, line = [], 1
    reader = csv.reader(io.StringIO(tidy), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(Row(line, tuple(cell.strip() for cell in cells)))
            line = reader.line_num + 1
    except csv.Error:
        raise BadTable(TableFault.BROKEN) from None
    if not found:
        raise BadTable(TableFault.EMPTY)
    if max(len(row.cells) for row in found) > MOST_COLUMNS:
        raise BadTable(TableFault.BROKEN)
    return tuple(found)
