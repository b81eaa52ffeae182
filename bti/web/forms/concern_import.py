"""A list of concerns as a spreadsheet saves it: the headings it may have, and what each row becomes.

What is in the form is the whole list as text, so nothing is lost when something must be mended, and nothing is
kept until it is confirmed.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from bti.domain.codes import ConcernCategory, ContactWithGuardians, TalkedWithChild
from bti.domain.errors import RuleBroken
from bti.table_file import MOST_BYTES, Row
from bti.web import labels, messages
from bti.web.forms.base import BaseForm
from bti.web.forms.concern import NAME_LENGTH, YES
from bti.web.forms.days import read_day
from bti.web.forms.fields import BOX_LENGTH, AreaField, RadioField, TickField
from bti.web.forms.file import MemoryFileField
from bti.web.forms.text import refused_signs, tidy
from bti.workflows.concern import LogConcern, NewChild, Observation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from bti.workflows.concern_import import Look

Chosen = TypeVar("Chosen", bound=StrEnum)

MOST_ROWS: Final = 60
"""A class, and some more. A longer list is no list of one's own children."""

_GROUP_LENGTH: Final = 40
_BETWEEN: Final = ","


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name in the program, the headings it may have, and whether it must be there."""

    name: str
    headings: tuple[str, ...]
    required: bool = False


COLUMNS: Final = (
    Column("child", ("Barnets navn", "Namnet til barnet", "Child"), required=True),
    Column("birth_date", ("Fødselsdato", "Birth date"), required=True),
    Column("national_id", ("Fødselsnummer", "National id")),
    Column("group", ("Klasse eller gruppe", "Group")),
    Column("seen", ("Hva er sett eller hørt", "Kva er sett eller høyrt", "Seen"), required=True),
    Column("categories", ("Det gjelder", "Det gjeld", "Categories"), required=True),
    Column("since", ("Siden", "Sidan", "Since")),
    Column("talked", ("Snakket med barnet", "Snakka med barnet", "Talked with child")),
    Column("child_says", ("Barnet sier", "Barnet seier", "Child says")),
    Column("contact", ("Snakket med foresatte", "Snakka med føresette", "Talked with guardians")),
    Column("guardians_say", ("Foresatte sier", "Føresette seier", "Guardians say")),
)
"""The columns of a list, in the order of the example."""

EXAMPLE: Final = (
    tuple(one.headings[0] for one in COLUMNS),
    (
        "Oda Eksempel",
        "04.03.2014",
        "",
        "5B",
        "Har vært borte fem mandager på rad.",
        "ABS, SOC",
        "31.08.2026",
        "not_yet",
        "",
        "one",
        "Mor er også bekymret.",
    ),
)
"""A list with one row about nobody."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong in one place. ``line`` is that of the file; an empty column is the whole row."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row as it would be saved; ``command`` is None for one that cannot be."""

    line: int
    name: str = field(repr=False)
    group: str = field(repr=False)
    seen: str = field(repr=False)
    command: LogConcern | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadList:
    """A whole list: its rows, and everything that is wrong with it."""

    rows: tuple[ListRow, ...]
    faults: tuple[CellFault, ...]

    @property
    def commands(self) -> tuple[LogConcern | None, ...]:
        """What each row would become, where it could be read."""
        return tuple(row.command for row in self.rows)

    @property
    def unsafe(self) -> bool:
        """Whether a row says that talking could put a child in danger."""
        return any(row.command is not None and _unsafe(row.command) for row in self.rows)


class ImportForm(BaseForm):
    """A list, and the two questions that are asked of every concern."""

    danger = RadioField(
        _l("Is one of these children in danger now?"),
        choices=[("no", _l("No")), (YES, _l("Yes, or I am not sure"))],
        required=_l("Say whether a child is in danger."),
    )
    file = MemoryFileField(
        _l("The list as a file"),
        description=_l("Saved from the spreadsheet as CSV. The file itself is not kept."),
    )
    table = AreaField(
        _l("The list as text"),
        required=False,
        max_length=MOST_BYTES,
        description=_l("You can mend it here, and look again. Nothing is kept until you save."),
    )
    considered_duty = TickField(
        _l("I have considered whether I must report to child welfare services"), required=False
    )


def read_list(rows: Sequence[Row], *, submission: uuid.UUID) -> ReadList:
    """Return what each row becomes. The first row has the headings."""
    columns, faults = _headings(rows[0])
    if faults:
        return ReadList((), faults)
    body = rows[1:]
    if not body:
        return ReadList(
            (), (CellFault(rows[0].line, "", _("There are no rows under the headings.")),)
        )
    if len(body) > MOST_ROWS:
        said = _("A list may have at most %(most)d rows. Divide it.", most=MOST_ROWS)
        return ReadList((), (CellFault(body[MOST_ROWS].line, "", said),))
    found, wrong = [], []
    for row in body:
        reading = _Reading(row, columns)
        command = reading.command(_number(submission, row))
        wrong += reading.faults
        found.append(
            ListRow(
                row.line,
                reading.cell("child"),
                reading.cell("group"),
                reading.cell("seen"),
                None if reading.faults else command,
            )
        )
    return ReadList(tuple(found), (*wrong, *_twice(found)))


def held_against(found: ReadList, look: Look) -> ReadList:
    """Return the list with what is known of the person's own cases, and of the day."""
    faults = list(found.faults)
    for place, row in enumerate(found.rows):
        if place in look.refused:
            said = messages.message(RuleBroken(look.refused[place]))
            faults.append(CellFault(row.line, _heading("national_id"), said))
        if place in look.known:
            said = _(
                "You have case %(number)s about this child. Write it there instead.",
                number=look.known[place],
            )
            faults.append(CellFault(row.line, _heading("child"), said))
        if row.command is not None:
            faults += _ahead(row, row.command, look.today)
    return replace(found, faults=tuple(sorted(faults, key=lambda one: one.line)))


def _ahead(row: ListRow, command: LogConcern, today: date) -> list[CellFault]:
    ahead = _("The date is ahead in time. Choose today or an earlier day.")
    found = []
    if command.child is not None and command.child.birth_date > today:
        found.append(CellFault(row.line, _heading("birth_date"), ahead))
    if command.observation.since is not None and command.observation.since > today:
        found.append(CellFault(row.line, _heading("since"), ahead))
    return found


def _headings(row: Row) -> tuple[dict[str, int], tuple[CellFault, ...]]:
    """Return the place of each column, or what is wrong with the headings."""
    known = {_plain(heading): one.name for one in COLUMNS for heading in one.headings}
    places: dict[str, int] = {}
    faults = []
    for place, cell in enumerate(row.cells):
        name = known.get(_plain(cell))
        if name is None and cell:
            faults.append(CellFault(row.line, cell[:60], _("There is no column of this name.")))
        elif name in places:
            faults.append(CellFault(row.line, cell, _("This column stands here twice.")))
        elif name is not None:
            places[name] = place
    faults += [
        CellFault(row.line, one.headings[0], _("This column is missing."))
        for one in COLUMNS
        if one.required and one.name not in places
    ]
    return places, tuple(faults)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _heading(name: str) -> str:
    return next(one.headings[0] for one in COLUMNS if one.name == name)


def _number(submission: uuid.UUID, row: Row) -> uuid.UUID:
    """Return the number of one row of a sending: the same sent twice is saved once, a mended one anew."""
    said = "\0".join((str(row.line), *row.cells)).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(b"list" + submission.bytes + said).digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def _twice(rows: Sequence[ListRow]) -> list[CellFault]:
    seen: set[tuple[str, date]] = set()
    faults = []
    for row in rows:
        child = row.command.child if row.command else None
        if child is None:
            continue
        mark = (_plain(child.name), child.birth_date)
        if mark in seen:
            said = _("This child stands in the list already. Put both into one row.")
            faults.append(CellFault(row.line, _heading("child"), said))
        seen.add(mark)
    return faults


def _unsafe(command: LogConcern) -> bool:
    seen = command.observation
    return (
        seen.talked_with_child is TalkedWithChild.UNSAFE
        or seen.contact_with_guardians is ContactWithGuardians.UNSAFE
    )


class _Reading:
    """One row on its way to becoming a concern."""

    def __init__(self, row: Row, columns: Mapping[str, int]) -> None:
        self._row, self._columns = row, columns
        self.faults: list[CellFault] = []

    def cell(self, name: str) -> str:
        """Return the text of a cell in one form; empty where there is none."""
        place = self._columns.get(name)
        inside = place is not None and place < len(self._row.cells)
        return tidy(self._row.cells[place]) if inside and place is not None else ""

    def command(self, submission: uuid.UUID) -> LogConcern | None:
        """Return the concern; what is wrong is in ``faults``."""
        if len(self._row.cells) > len(self._columns) and any(self._row.cells[len(self._columns) :]):
            self._refuse("", _("There are more cells than headings. Is a separator in a text?"))
        born = self._day("birth_date", required=True)
        since = self._day("since")
        name = self._text("child", NAME_LENGTH, required=True)
        seen = self._text("seen", BOX_LENGTH, required=True)
        categories = self._categories()
        talked = self._code("talked", labels.TALKED, TalkedWithChild.NOT_YET)
        contact = self._code("contact", labels.CONTACT, ContactWithGuardians.NOT_YET)
        if born is None:
            return None
        return LogConcern(
            submission=submission,
            observation=Observation(
                seen=seen,
                categories=categories,
                since=since,
                talked_with_child=talked,
                child_says=self._text("child_says", BOX_LENGTH),
                contact_with_guardians=contact,
                guardians_say=self._text("guardians_say", BOX_LENGTH),
            ),
            child=NewChild(
                name=name,
                birth_date=born,
                national_id=self._text("national_id", 20),
                group=self._text("group", _GROUP_LENGTH),
            ),
            own_form=False,
        )

    def _text(self, name: str, most: int, *, required: bool = False) -> str:
        found = self.cell(name)
        if refused_signs(found):
            self._refuse(name, _("There is a sign here that cannot be kept."))
        elif len(found) > most:
            self._refuse(name, _("This is too long."))
        elif required and not found:
            self._refuse(name, _("This is missing."))
        return found

    def _day(self, name: str, *, required: bool = False) -> date | None:
        text = self.cell(name)
        found = read_day(text) if text else None
        if text and found is None:
            self._refuse(name, _("Write the date as day.month.year, for example 17.11.2026."))
        elif required and not text:
            self._refuse(name, _("This is missing."))
        return found

    def _categories(self) -> tuple[ConcernCategory, ...]:
        known = _words(labels.CATEGORY)
        whole = self.cell("categories")
        parts = [whole] if _plain(whole) in known else whole.split(_BETWEEN)
        texts = [one for one in (part.strip() for part in parts) if one]
        found = [known.get(_plain(one)) for one in texts]
        if not texts:
            self._refuse("categories", _("This is missing."))
        elif None in found:
            self._refuse("categories", _("This is none of the codes."))
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def _code(self, name: str, words: Mapping[Chosen, Any], absent: Chosen) -> Chosen:
        text = self.cell(name)
        found = _words(words).get(_plain(text)) if text else absent
        if found is None:
            self._refuse(name, _("This is none of the codes."))
            return absent
        return found

    def _refuse(self, name: str, text: str) -> None:
        heading = _heading(name) if name else ""
        self.faults.append(CellFault(self._row.line, heading, str(text)))


def _words(vocabulary: Mapping[Chosen, Any]) -> dict[str, Chosen]:
    """Return what a cell may say for each code: the code, or its words in the language of the page."""
    return {
        _plain(text): code
        for code, words in vocabulary.items()
        for text in (code.value, str(words))
    }
