"""Tasks of a year as a TOML file, read to its end; each says where it stands, and whether its time was inferred.

The form is described in ``docs/year-wheel.md``. Nothing is guessed: what is left out is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bti.profiles.reader import N_, Document, Table, parse, read, shipped_in, shipped_path
from bti.slt.year import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_LEAD,
    MONTHS,
    Month,
    Task,
    TaskFault,
    Weekday,
    Which,
    fault_of,
)

YEARS: Final = Path(__file__).parent / "years"
SHORT, LONG = 200, 1000
MOST_TASKS: Final = 100
LONGEST_MONTH: Final = 31
_FORM: Final = 1
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
_LANGUAGES: Final = ("nb", "nn", "en")
#: Words for months that follow each other evenly; the last month of each is meant.
EVERY: Final = {"month": MONTHS, "quarter": (3, 6, 9, 12), "half_year": (6, 12)}
_FAULTS: Final = {
    TaskFault.DAY: ("day", N_("a day or a weekday with its place in the month, not both")),
    TaskFault.MONTHS: ("months", N_("the months, where there is a day")),
}


@dataclass(frozen=True, slots=True)
class YearFile:
    """What a file says: whose year it is, and the tasks in it."""

    key: str
    municipality: str
    document: str
    tasks: tuple[Task, ...]


@cache
def shipped() -> tuple[str, ...]:
    """The keys of the files that are shipped, sorted."""
    return shipped_in(YEARS)


@cache
def load(key: str) -> YearFile:
    """A shipped file by its key, as ``aukra``. Raises ``ProfileError``."""
    return load_file(shipped_path(YEARS, key))


def load_file(path: Path) -> YearFile:
    """The tasks in a file. Raises the first ``ProfileError`` with all of them in ``faults``."""
    return _file(read(path), path.stem)


def year_from(content: bytes, file: str) -> YearFile:
    """The tasks in TOML that is called ``file``. Raises ``ProfileError``."""
    return _file(parse(content, file), Path(file).stem)


def _file(document: Document, key: str) -> YearFile:
    top = Table(document, document.values)
    form = top.whole("form", 1, 9999)
    if form != _FORM:
        top.complain("form", N_("form %(form)s"), form, form=_FORM)
    municipality, source = _text(top, "municipality"), _text(top, "document")
    language = top.text("language")
    if language not in _LANGUAGES:
        allowed = ", ".join(_LANGUAGES)
        top.complain("language", N_("one of %(allowed)s"), language, allowed=allowed)
    table = top.table("tasks")
    codes = table.keys()
    if not 0 < len(codes) <= MOST_TASKS:
        top.complain("tasks", N_("at most %(most)s of them"), len(codes), most=MOST_TASKS)
    tasks = []
    for code in codes:
        one = table.table(code)
        if not _CODE.fullmatch(code):
            table.complain(code, N_("a short code of small letters, digits and _"), code)
        tasks.append(_task(code, one, language, source))
    top.done()
    document.settle()
    return YearFile(key, municipality, source, tuple(tasks))


def _task(code: str, one: Table, language: str, source: str) -> Task:
    task = Task(
        code=code,
        title=_text(one, "title"),
        language=language,
        purpose=_text(one, "purpose", LONG) if one.has("purpose") else "",
        responsible=_text(one, "responsible") if one.has("responsible") else "",
        months=_months(one),
        day=one.whole_or_none("day", 1, LONGEST_MONTH),
        which=one.choice("which", Which) if one.has("which") else None,
        weekday=one.choice("weekday", Weekday) if one.has("weekday") else None,
        only_year=one.whole_or_none("only_year", FIRST_YEAR, LAST_YEAR),
        lead_days=one.whole("lead_days", 0, LONGEST_LEAD),
        document=source,
        place=_text(one, "place"),
        inferred=one.yes("inferred") if one.has("inferred") else False,
    )
    fault = fault_of(task)
    if fault is not None:
        one.complain(*_FAULTS[fault])
    one.done()
    return task


def _months(one: Table) -> tuple[int, ...]:
    """The months that are listed, or those that ``every`` stands for; empty where neither is there."""
    if one.has("every"):
        every = one.text("every")
        if every not in EVERY:
            one.complain("every", N_("one of %(allowed)s"), every, allowed=", ".join(EVERY))
        if one.has("months"):
            one.complain("months", N_("either a list of months or every, not both"))
        return EVERY.get(every, ())
    return tuple(sorted(month.number for month in one.codes("months", Month)))


def _text(one: Table, key: str, most: int = SHORT) -> str:
    text = one.text(key)
    if len(text) > most or not text.strip() or not text.isprintable():
        one.complain(key, N_("one line of at most %(most)s signs"), text, most=most)
    return text
