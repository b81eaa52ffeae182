"""Which of the two ways entries take into the tree, and what a process needs for it.

A session factory carries it in its ``info``, so that whoever opens a Recorder on a session of
its own (the key broker does) goes the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bti.audit.guard import Guard

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WAY: Final = "audit_way"
"""The key in a session's ``info``."""


@dataclass(frozen=True, slots=True)
class LogWay:
    """How entries are written.

    ``sequenced``: they are left pending, chained to their writer, for `bti logd` to place.
    Otherwise they are placed and signed in their own transaction, and ``guard`` remembers how
    far this machine has signed. ``writer`` names the kind of process: letters and digits.
    """

    sequenced: bool = False
    writer: str = "bti"
    guard: Guard = field(default_factory=Guard)


def way_of(session: Session) -> LogWay:
    """Return the way of a session; inline, guarded in memory only, if its factory names none."""
    way = session.info.get(WAY)
    return way if isinstance(way, LogWay) else session.info.setdefault(WAY, LogWay())
