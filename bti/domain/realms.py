"""Which law says who decides over information: by the service that gives it, and what it is about.

The same kind of information is under another law in another service's hands: what a public health
nurse knows of a pupil's days is health information, what the teacher knows of them is not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from bti.domain.codes import EDUCATION, InfoType, Sector
from bti.domain.events import CellRef


class Realm(StrEnum):
    """Whose rules a piece of information is under. GENERAL where no law gives the young the say."""

    GENERAL = "general"
    EDUCATION = "education"
    HEALTH = "health"


_TEACHES: Final = frozenset({Sector.SCHOOL, Sector.PPS})


def realm_of(giver: Sector | None, info_type: InfoType) -> Realm:
    """The realm of information of this type that ``giver`` holds; None for a service nobody knows.

    Sources: helsepersonelloven § 22 (all that health personnel know), opplæringslova § 24-5 (a
    pupil's own education, in the hands of those who work under that act).
    """
    if giver is Sector.HEALTH or info_type is InfoType.HEALTH:
        return Realm.HEALTH
    if giver in _TEACHES and info_type in EDUCATION:
        return Realm.EDUCATION
    return Realm.GENERAL


def realms_of(cells: Iterable[CellRef], sectors: Mapping[uuid.UUID, Sector]) -> frozenset[Realm]:
    """The realms a question touches. None at all, as when a log is opened, is GENERAL."""
    found = {realm_of(sectors.get(cell.from_unit), cell.info_type) for cell in cells}
    return frozenset(found or {Realm.GENERAL})
