"""What has happened. One event drives the row, the audit entry and the message outward.

Events hold ids, codes and times, never closed text.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from bti.domain.codes import ClosingCause, Decision, InfoType, MeasureResult


@dataclass(frozen=True, slots=True, order=True)
class CellRef:
    """Service x service x information type: the unit of consent."""

    from_unit: uuid.UUID
    to_unit: uuid.UUID
    info_type: InfoType


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at an instant (UTC), by an account or by the system (None)."""

    at: datetime
    by: uuid.UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged(Event):
    """A case moved up or down."""

    from_level: int
    to_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Event):
    """A case closed at a level, for a cause."""

    level: int
    cause: ClosingCause


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened(Event):
    """A closed case opened again at a level."""

    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOpened(Event):
    """The shared log opened with its first holder."""

    holder_id: uuid.UUID
    holder_unit_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonOffered(Event):
    """Somebody was offered the baton. ``from_id`` keeps it until ``to_id`` accepts."""

    from_id: uuid.UUID
    to_id: uuid.UUID
    to_unit_id: uuid.UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonPassed(Event):
    """The offer was accepted: ``to_id`` is the holder from ``at``."""

    offer_id: uuid.UUID
    from_id: uuid.UUID
    to_id: uuid.UUID
    to_unit_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonDeclined(Event):
    """The one who was offered the baton said no."""

    offer_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(Event):
    """The offer was taken back before an answer."""

    offer_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpired(Event):
    """Nobody answered in time."""

    offer_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonReassigned(Event):
    """A unit leader moved the baton in an emergency. An open offer falls with it."""

    from_id: uuid.UUID
    to_id: uuid.UUID
    to_unit_id: uuid.UUID
    fallen_offer_id: uuid.UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCompleted(Event):
    """Everybody who had to has said yes: these cells open."""

    consent_id: uuid.UUID
    cells: tuple[CellRef, ...]
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A signer withdrew: these cells stop at ``at``. What was shared before stays lawful."""

    consent_id: uuid.UUID
    person_id: uuid.UUID
    cells: tuple[CellRef, ...]
    closes_log: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureEvaluated(Event):
    """A measure was evaluated. ``next_evaluation_on`` is None when it ended."""

    measure_id: uuid.UUID
    result: MeasureResult
    decision: Decision
    next_evaluation_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRecorded(Event):
    """A report under a duty was recorded. ``confirmation_due_on`` is None for other recipients."""

    confirmation_due_on: date | None
