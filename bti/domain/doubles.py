"""Two logs about one child: who is told, and who is not.

Whoever has the earlier log is told that there is another one, and nothing about where. Whoever opened the later one
learns nothing by it: else opening a log would be a way to ask whether a child has one. That a child has to do with a
service is itself secret (forvaltningsloven § 13, barnevernsloven § 13-1).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bti.domain.levels import CaseStatus, LogStatus

_THERE: Final = frozenset({LogStatus.ACTIVE, LogStatus.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOfChild:
    """A case about a child, as far as it matters here. ``begun_at``: when the case began (UTC)."""

    case_id: uuid.UUID
    begun_at: datetime
    status: CaseStatus
    log: LogStatus
    protected: bool
    #: It is continued in another.
    set_aside: bool = False

    @property
    def is_there(self) -> bool:
        """Whether there is a log that somebody works with."""
        return self.status is CaseStatus.OPEN and self.log in _THERE and not self.set_aside


def is_told(mine: LogOfChild, other: LogOfChild) -> bool:
    """Whether the holder of ``mine`` is told that there is ``other``, about the same child.

    Of two exactly one is told, the earlier. Nobody is told of a case with a protected address.
    """
    earlier = (mine.begun_at, str(mine.case_id)) < (other.begun_at, str(other.case_id))
    return mine.is_there and other.is_there and earlier and not other.protected
