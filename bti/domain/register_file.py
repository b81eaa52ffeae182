"""A file from a register as this program reads it: a form of its own, one child and their guardians.

Lines of fields between semicolons, UTF-8. The first line says what it is and which day it was drawn; one line is the
child's, the rest the guardians'. No register delivers this form: whoever has a right to the register makes it from
what they get. Nothing is guessed: a line that is not understood refuses the whole file.

    stafett-register;1;2026-08-01
    child;<national id>;<name>;open
    guardian;<national id>;<name>;mother;yes
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bti.domain.errors import RuleBroken
from bti.domain.protection import AddressGrade

FORM: Final = "stafett-register"
VERSION: Final = "1"
#: More than anybody has. A file of a whole municipality is no file of a child.
MOST_LINES: Final = 20
LONGEST_NAME: Final = 200
OPEN: Final = "open"
RELATIONS: Final = {"mother": "mother", "father": "father", "co_mother": "parent", "other": "other"}
"""What a register calls a guardian, and the relation it is here."""

_DECIDES: Final = {"yes": True, "no": False}
_HEAD, _CHILD, _GUARDIAN = 3, 4, 5


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """A guardian as the file says. The digits are not checked here."""

    national_id: str = field(repr=False)
    name: str = field(repr=False)
    relation: str
    decides: bool


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """What a file says. ``address`` is None where the child's address is open."""

    drawn_on: date
    child_id: str = field(repr=False)
    child_name: str = field(repr=False)
    address: AddressGrade | None
    guardians: tuple[RegisterPerson, ...]


def read_register(text: str, *, today: date) -> RegisterFile:
    """Return what a file says.

    Raises ``RuleBroken`` with register.form (``line`` says which, from 1), register.too_long, register.no_child,
    register.several_children (brothers, sisters and twins have a file each) or register.day_in_future.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    rows = [(number, line.split(";")) for number, line in enumerate(lines, start=1) if line]
    if len(rows) > MOST_LINES:
        raise RuleBroken("register.too_long")
    drawn_on = _head(rows)
    if drawn_on > today:
        raise RuleBroken("register.day_in_future")
    children = [row for row in rows[1:] if row[1][0] == "child"]
    if not children:
        raise RuleBroken("register.no_child")
    if len(children) > 1:
        raise RuleBroken("register.several_children")
    ((number, child),) = children
    if len(child) != _CHILD:
        raise RuleBroken("register.form", line=number)
    return RegisterFile(
        drawn_on=drawn_on,
        child_id=child[1].strip(),
        child_name=_name(child[2], number),
        address=_address(child[3].strip(), number),
        guardians=tuple(_guardian(*row) for row in rows[1:] if row[1][0] != "child"),
    )


def _head(rows: list[tuple[int, list[str]]]) -> date:
    if not rows or len(rows[0][1]) != _HEAD or rows[0][1][:2] != [FORM, VERSION]:
        raise RuleBroken("register.form", line=1)
    try:
        return date.fromisoformat(rows[0][1][2].strip())
    except ValueError:
        raise RuleBroken("register.form", line=1) from None


def _guardian(number: int, fields: list[str]) -> RegisterPerson:
    if len(fields) != _GUARDIAN or fields[0] != "guardian":
        raise RuleBroken("register.form", line=number)
    relation, decides = RELATIONS.get(fields[3].strip()), _DECIDES.get(fields[4].strip())
    if relation is None or decides is None:
        raise RuleBroken("register.form", line=number)
    return RegisterPerson(fields[1].strip(), _name(fields[2], number), relation, decides)


def _name(text: str, number: int) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise RuleBroken("register.form", line=number)
    return name


def _address(code: str, number: int) -> AddressGrade | None:
    if code == OPEN:
        return None
    try:
        return AddressGrade(code)
    except ValueError:
        raise RuleBroken("register.form", line=number) from None
