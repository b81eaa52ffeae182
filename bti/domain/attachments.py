"""Rules for files that are attached to a case: names, what a file is for, and taking one away.

What kind of file it is, its own bytes say: see ``file_kinds``. Who may attach and read is in ``access``.
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bti.domain.codes import InfoType, Role
from bti.domain.compartments import parse
from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import FileKind
from bti.domain.relations import ObjectFacts, Subject

NAME_LENGTH: Final = 120
"""Signs, the ending included. Norwegian letters are two bytes: well within the 255 of file systems."""

_NOT_IN_NAMES: Final = frozenset('<>:"|?*')
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)
_ENDINGS: Final = frozenset({"jpeg", "jpe"} | {kind.value for kind in FileKind})


class DocumentKind(StrEnum):
    """What a file is for. Says nothing about who may read it."""

    ASSESSMENT = "assessment"
    REPORT = "report"
    CONSENT_FORM = "consent_form"
    PLAN = "plan"
    CHILDS_OWN = "childs_own"
    OTHER = "other"


class RemovalReason(StrEnum):
    """Why a file was taken away. One that is outdated is not: it gets a new version instead."""

    OTHER_CHILD = "other_child"
    TWICE = "twice"
    TOO_MUCH = "too_much"


@dataclass(frozen=True, slots=True)
class Shared:
    """A unit that a live consent opens a kind of information to, and until when."""

    unit_id: uuid.UUID
    valid_to: datetime


def clean_name(given: str, kind: FileKind) -> str:
    """Return a file name that is safe on every system, with the ending of what the file really is.

    Folders, control signs, signs that turn the direction of writing or are invisible, and what Windows
    forbids are gone. Endings are kept as part of the name, but the last one is always the true one.
    """
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(_sign(sign) for sign in name)
    stem = _without_ending(" ".join(kept.split())).strip(". ")
    stem = stem[: NAME_LENGTH - len(kind.value) - 1].rstrip(". ")
    if not stem or stem.split(".", 1)[0].lower() in _DEVICES:
        stem = f"_{stem}"
    return f"{stem}.{kind.value}"


def _sign(sign: str) -> str:
    category = unicodedata.category(sign)
    if category.startswith("Z"):
        return " "
    # Cc control, Cf format (direction, zero width), Cs half a sign, Co and Cn not in any font
    return "" if category.startswith("C") else "_" if sign in _NOT_IN_NAMES else sign


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    while dot and ending.lower() in _ENDINGS:
        name = stem
        stem, dot, ending = name.rpartition(".")
    return name


def check_size(size: int, most: int) -> None:
    """Raise ``RuleBroken("attachment.too_large")`` for more bytes than a file may have."""
    if size > most:
        raise RuleBroken("attachment.too_large")


def check_room(count: int, most: int) -> None:
    """Raise ``RuleBroken("attachment.too_many")`` when a case has as many files as it may."""
    if count >= most:
        raise RuleBroken("attachment.too_many")


def may_remove(subject: Subject, *, compartment: str, author: uuid.UUID) -> bool:
    """Whether somebody may take a file away: it is their own unit's, and they attached it or lead the unit."""
    owner = parse(compartment)
    own = owner is not None and owner[0] == subject.unit_id
    return own and (subject.account_id == author or subject.role is Role.UNIT_LEAD)


def shared_with(
    facts: ObjectFacts, unit_id: uuid.UUID, info_type: InfoType, at: datetime
) -> tuple[Shared, ...]:
    """Return which units a live consent lets read what ``unit_id`` has of this kind; the longest of each.

    A unit that is in the case by a cell but reads nothing of this kind is not among them.
    """
    if info_type is InfoType.OWN:
        return ()
    until: dict[uuid.UUID, datetime] = {}
    for cell in facts.cells:
        if cell.from_unit == unit_id and cell.info_type is info_type and cell.is_live(at):
            until[cell.to_unit] = max(cell.valid_to, until.get(cell.to_unit, cell.valid_to))
    return tuple(Shared(unit, end) for unit, end in sorted(until.items(), key=lambda one: one[1]))
