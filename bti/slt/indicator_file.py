"""A file of indicators: its letters, which of the two forms it has, those that are shipped, and what belongs beside what."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from bti.disclosure.menu import CONCERN, DIMENSIONS
from bti.profiles.reader import N_, Table, read, shipped_in, shipped_path
from bti.slt.indicator import IndicatorFault, IndicatorFile, IndicatorFileError
from bti.slt.indicator_csv import read_csv
from bti.slt.indicator_json import read_json_stat
from bti.table_file import MOST_BYTES

SHIPPED: Final = Path(__file__).parent / "indicators"
_PAIRING: Final = Path(__file__).parent / "indicator_pairing.toml"
_ABOUT: Final = ("title", "source", "address", "terms", "compared_with", "language")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a whole file: what it is called, whose numbers they are, and how they may be used."""

    title: str
    source: str
    address: str = ""
    terms: str = ""
    compared_with: str = ""
    language: str = "nb"


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8. Raises IndicatorFileError, with the line where the letters end.

    Nothing is guessed: a letter that is read wrong would stand under somebody's number for years.
    """
    if len(data) > MOST_BYTES:
        raise _fault(0, N_("The file is too large. Divide it."))
    if data.startswith(_WORKBOOK):
        raise _fault(
            0, N_("This is the spreadsheet itself. Save it as CSV UTF-8, and choose that file.")
        )
    if data.startswith(_WIDE):
        raise _fault(0, N_("This file is saved as Unicode text. Save it as CSV UTF-8 instead."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _fault(line, N_("A letter here is not UTF-8. Save the file as CSV UTF-8.")) from None


def read_file(text: str, number: str, *, today: date) -> IndicatorFile:
    """The indicators in a text, JSON-stat or CSV, for the municipality with a number. Raises IndicatorFileError."""
    tidy = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))
    if tidy.lstrip()[:1] in ("{", "["):
        return read_json_stat(tidy, number, today=today)
    return read_csv(tidy, today=today)


def _fault(line: int, template: str) -> IndicatorFileError:
    return IndicatorFileError(IndicatorFault(line, "", template))


@cache
def shipped() -> tuple[str, ...]:
    """The keys of the files that are shipped, sorted."""
    return shipped_in(SHIPPED)


@cache
def load(key: str) -> tuple[About, str]:
    """A shipped file by its key, as ``aukra-ungdata-2024``: what is said of it, and its text. Raises ProfileError."""
    path = shipped_path(SHIPPED, key)
    document = read(path)
    top = Table(document, document.values)
    about = About(**{name: top.text(name) for name in _ABOUT if top.has(name)})
    top.done()
    document.settle()
    return about, path.with_suffix(".csv").read_text("utf-8")


@cache
def themes() -> Mapping[str, str]:
    """The group of concerns that an indicator is read beside, by its code. Whatever is not there has none."""
    found = tomllib.loads(_PAIRING.read_text("utf-8"))["themes"]
    known = DIMENSIONS[CONCERN]
    if not all(theme in known for theme in found.values()):
        raise ValueError("an indicator is paired with a group that is not counted")
    return dict(found)
