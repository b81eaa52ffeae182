"""Questions to a team about nobody who is named, and who sits in the teams.

On purpose there is no column for a case, a child or an account, and no other table points here: what a question could
be put together with is inside the seal, and that is its author and the team alone.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from bti.db.base import TenantRow
from bti.db.sealed import Encrypted
from bti.db.sealed_value import Sealed
from bti.db.types import SealedType


class ConsultationQuestion(TenantRow):
    """A question with its answers, deleted as a whole: by its author at any time, else on a day."""

    __tablename__ = "consultation_questions"
    #: The day from which a job without keys deletes it.
    dispose_on: Mapped[date]
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"asker", "sector", "team", "state", "asked_at", "last_at", "text", "reason", "answers": [{"by", "at", "text", "reason"}]}
    body = Encrypted("body_ct", "ops", 4096)


class ConsultationSeat(TenantRow):
    """Somebody's place in a team. Whoever holds no ops key can make none; deleted when it ends."""

    __tablename__ = "consultation_seats"
    body_ct: Mapped[Sealed] = mapped_column(SealedType)

    #: {"team", "account", "title", "from_on"}
    body = Encrypted("body_ct", "ops", 256)
