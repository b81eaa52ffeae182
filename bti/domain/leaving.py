"""People who leave: nobody goes with a baton in hand, and access can be cut at once all the same.

An end waits until others have said yes; a suspension waits for nothing, takes nothing over and
leaves a gap that the leader sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bti.domain.errors import RuleBroken


class DepartureState(StrEnum):
    """Where somebody's leaving stands."""

    PLANNED = "planned"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class ItemKind(StrEnum):
    """What somebody has in hand. FOLLOWS: an open case without a baton that nobody else follows."""

    BATON = "baton"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class HolderFacts:
    """Whether a baton holder can act: the account, and a case worker's role in the baton's unit."""

    active: bool
    suspended: bool
    role_in_unit: bool

    @property
    def can_act(self) -> bool:
        """Whether there is anybody behind the name. If not, the case has a gap."""
        return self.active and not self.suspended and self.role_in_unit


def check_plan(leaves_on: date, *, today: date, planned_already: bool) -> None:
    """Check a planned end. Raises ``RuleBroken`` with leaving.past or leaving.planned."""
    if leaves_on < today:
        raise RuleBroken("leaving.past")
    if planned_already:
        raise RuleBroken("leaving.planned")


def check_end(batons: int) -> None:
    """Check that an end may take effect: ``batons`` of running logs must be nought.

    Raises ``RuleBroken`` with account.holds_baton (``count``).
    """
    if batons:
        raise RuleBroken("account.holds_baton", count=batons)
