"""Who is kept out of a case because they are close to somebody in it, although their work would let them in.

Whoever is partial neither prepares nor decides (forvaltningsloven § 6), and in a log about a child that is to read, too. A
declaration names an employee and why in a word; what is written about the family is for those who do the work.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from bti.domain.errors import RuleBroken


class Tie(StrEnum):
    """What makes an employee partial (forvaltningsloven § 6)."""

    #: Parent or other guardian of the child, or the child itself.
    GUARDIAN = "guardian"
    #: In the family up or down, or as near as brother and sister.
    RELATIVE = "relative"
    #: Married to, or in the house of, somebody in the case.
    PARTNER = "partner"
    #: Something else that is fit to weaken trust: a friend, a neighbour, a conflict.
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOut:
    """An employee who is kept out, why, and who declared it on which Norwegian day."""

    account_id: uuid.UUID
    tie: Tie
    by: uuid.UUID
    on: date

    def to_json(self) -> dict[str, Any]:
        """Return the form that is sealed with the case's state."""
        return {
            "account": str(self.account_id),
            "tie": self.tie.value,
            "by": str(self.by),
            "on": self.on.isoformat(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> KeptOut:
        """Read the sealed form back. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
        return cls(
            account_id=uuid.UUID(value["account"]),
            tie=Tie(value["tie"]),
            by=uuid.UUID(value["by"]),
            on=date.fromisoformat(value["on"]),
        )


def kept_out_in(stored: Iterable[Mapping[str, Any]]) -> tuple[KeptOut, ...]:
    """Return who is kept out, as it is sealed. Raises as ``KeptOut.from_json``."""
    return tuple(KeptOut.from_json(one) for one in stored)


def keep_out(
    known: tuple[KeptOut, ...], wanted: KeptOut, *, holder: uuid.UUID | None
) -> tuple[KeptOut, ...]:
    """Return who is kept out with one more.

    Raises ``RuleBroken`` with partial.already, and partial.holder: a baton in hands that cannot open the case would
    leave the child alone, so that it is passed first.
    """
    if any(one.account_id == wanted.account_id for one in known):
        raise RuleBroken("partial.already")
    if wanted.account_id == holder:
        raise RuleBroken("partial.holder")
    return (*known, wanted)


def let_in(
    known: tuple[KeptOut, ...], account_id: uuid.UUID, *, by: uuid.UUID
) -> tuple[KeptOut, ...]:
    """Return who is kept out without one. Raises ``RuleBroken`` with partial.own (nobody lifts their own) or partial.not_kept_out."""
    if account_id == by:
        raise RuleBroken("partial.own")
    left = tuple(one for one in known if one.account_id != account_id)
    if left == known:
        raise RuleBroken("partial.not_kept_out")
    return left
