"""Address protection (kode 6 and 7): who may read, until when, and that it never ends by itself.

Folkeregisterloven § 10-4. A grade is a fact about a person, but it leaks through school, unit,
guardian and sibling; so it closes the whole case to everybody who is not named. What is masked on
a page belongs to the interface.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from bti.domain.codes import Role
from bti.domain.errors import RuleBroken

WARN_BEFORE: Final = timedelta(days=60)
"""Renewal goes by registered post and is decided by somebody else: two months are not much."""

LONGEST: Final = timedelta(days=5 * 366)
"""A date further off is a slip of the pen. Child welfare's own decisions hold for one year."""

SHORTEST_REASON: Final = 20


class AddressGrade(StrEnum):
    """The grades of Folkeregisteret, strictest first."""

    STRICTLY_CONFIDENTIAL = "strictly_confidential"
    CONFIDENTIAL = "confidential"
    CLIENT_ADDRESS = "client_address"


class ProtectedPerson(StrEnum):
    """Whose address it is. Both close the case: a parent's address is the child's."""

    CHILD = "child"
    HOUSEHOLD = "household"


class ProtectionStanding(StrEnum):
    """How a protection stands today. PAST still protects: only a person lifts it."""

    HOLDS = "holds"
    ENDS_SOON = "ends_soon"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A protection as the case carries it.

    ``until`` is the last day the registry's decision is known to hold, ``checked_on`` the day
    somebody last looked, ``readers`` the accounts that may open the case.
    """

    grade: AddressGrade
    of: ProtectedPerson
    until: date
    checked_on: date
    readers: frozenset[uuid.UUID]

    def standing(self, today: date) -> ProtectionStanding:
        """Return how it stands on a Norwegian day."""
        if today > self.until:
            return ProtectionStanding.PAST
        return (
            ProtectionStanding.ENDS_SOON
            if today >= self.until - WARN_BEFORE
            else ProtectionStanding.HOLDS
        )

    def to_json(self) -> dict[str, Any]:
        """Return the form that is sealed with the case's state."""
        return {
            "grade": self.grade.value,
            "of": self.of.value,
            "until": self.until.isoformat(),
            "checked_on": self.checked_on.isoformat(),
            "readers": sorted(map(str, self.readers)),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Protection:
        """Read the sealed form back. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        return cls(
            grade=AddressGrade(value["grade"]),
            of=ProtectedPerson(value["of"]),
            until=date.fromisoformat(value["until"]),
            checked_on=date.fromisoformat(value["checked_on"]),
            readers=frozenset(map(uuid.UUID, value["readers"])),
        )


def protect(
    wanted: Protection, *, today: date, by: uuid.UUID, holder: uuid.UUID | None
) -> Protection:
    """Return the protection as it is to stand, with whoever sets it and the baton holder named.

    Raises ``RuleBroken`` with protection.until_past or protection.until_far.
    """
    if wanted.until < today:
        raise RuleBroken("protection.until_past")
    if wanted.until > today + LONGEST:
        raise RuleBroken("protection.until_far")
    # The holder must be able to do what the baton asks; the rest are named by the leader.
    named = wanted.readers | {by} | ({holder} if holder is not None else set())
    return replace(wanted, checked_on=today, readers=named)


def name_readers(
    now: Protection, readers: frozenset[uuid.UUID], *, holder: uuid.UUID | None
) -> Protection:
    """Return the protection with these readers.

    Raises ``RuleBroken`` with protection.nobody, and protection.holder_unnamed: a baton in hands
    that cannot open the case would leave the child alone.
    """
    if not readers:
        raise RuleBroken("protection.nobody")
    if holder is not None and holder not in readers:
        raise RuleBroken("protection.holder_unnamed")
    return replace(now, readers=readers)


def check_lift(reason: str) -> None:
    """Raise ``RuleBroken("protection.reason")`` unless it is said why the protection ends."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise RuleBroken("protection.reason", minimum=SHORTEST_REASON)


def check_named(now: Protection | None, account_id: uuid.UUID) -> None:
    """Raise ``RuleBroken("protection.not_named")`` for somebody who could not open the case."""
    if now is not None and account_id not in now.readers:
        raise RuleBroken("protection.not_named")


def check_open_log(now: Protection | None, role: Role) -> None:
    """Raise ``RuleBroken("protection.leader_opens")`` where only a leader opens the log: kode 6."""
    strict = now is not None and now.grade is AddressGrade.STRICTLY_CONFIDENTIAL
    if strict and role is not Role.UNIT_LEAD:
        raise RuleBroken("protection.leader_opens")
