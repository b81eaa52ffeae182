"""A breach of the security of personal data: its 72 hours, what may be added, when it can be closed.

GDPR art. 33 and 34, personopplysningsloven § 16. Who is affected is found in the log, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.errors import RuleBroken

REPORT_WITHIN: Final = timedelta(hours=72)
"""Art. 33 (1): counted from when the breach became known, weekends and holidays included."""


class BreachStepKind(StrEnum):
    """One kind of addition to the record."""

    NOTE = "note"
    EXTENT = "extent"
    REPORTED = "reported"
    NOT_REPORTED = "not_reported"
    TOLD = "told"
    NOT_TOLD = "not_told"
    CLOSED = "closed"


class NotToldGround(StrEnum):
    """Why those affected are not told; each is a provision that can be cited."""

    NO_HIGH_RISK = "34-1"
    UNREADABLE = "34-3-a"
    RISK_REMOVED = "34-3-b"
    TOO_MUCH_EFFORT = "34-3-c"
    SECURITY = "16-a"
    CRIME = "16-b"
    CONFIDENTIAL = "16-d"


class AuthorityState(StrEnum):
    """Where the record stands towards Datatilsynet."""

    WAITING = "waiting"
    OVERDUE = "overdue"
    REPORTED = "reported"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class BreachFacts:
    """When the breach became known (UTC) and what has been added since, in order."""

    known_at: datetime
    steps: tuple[BreachStepKind, ...] = ()

    @property
    def due_at(self) -> datetime:
        """Return when Datatilsynet must have been told."""
        return self.known_at + REPORT_WITHIN

    @property
    def closed(self) -> bool:
        """Whether nothing more can be added."""
        return BreachStepKind.CLOSED in self.steps

    @property
    def people_settled(self) -> bool:
        """Whether it is said that those affected were told, or why not."""
        return bool({BreachStepKind.TOLD, BreachStepKind.NOT_TOLD}.intersection(self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachStep:
    """What somebody wants to add. ``at`` is when it happened, for what was done outside."""

    kind: BreachStepKind
    has_text: bool
    has_reference: bool = False
    at: datetime | None = None
    ground: NotToldGround | None = None


def authority_state(facts: BreachFacts, now: datetime) -> AuthorityState:
    """Return where the record stands towards Datatilsynet; a report stands over any judgement."""
    if BreachStepKind.REPORTED in facts.steps:
        return AuthorityState.REPORTED
    if BreachStepKind.NOT_REPORTED in facts.steps:
        return AuthorityState.NOT_NEEDED
    return AuthorityState.OVERDUE if now > facts.due_at else AuthorityState.WAITING


def hours_left(facts: BreachFacts, now: datetime) -> int:
    """Return the whole hours left of the 72; negative once they are over."""
    return (facts.due_at - now) // timedelta(hours=1)


def check_opening(*, known_at: datetime, has_text: bool, now: datetime) -> None:
    """Raise ``RuleBroken`` for a record that says nothing, or knows what has not happened."""
    if not has_text:
        raise RuleBroken("breach.text_missing")
    if known_at > now:
        raise RuleBroken("breach.in_future")


def check_step(facts: BreachFacts, step: BreachStep, now: datetime) -> None:
    """Raise ``RuleBroken`` unless the step may be added to what is there.

    Art. 33 (1): a report later than 72 hours says why. Art. 33 (5) and 34: what is not reported or
    told is reasoned, so the authority can look at it.
    """
    if facts.closed:
        raise RuleBroken("breach.closed")
    match step.kind:
        case BreachStepKind.REPORTED:
            _check_report(facts, step, now)
        case BreachStepKind.NOT_REPORTED if BreachStepKind.REPORTED in facts.steps:
            raise RuleBroken("breach.reported_already")
        case BreachStepKind.TOLD:
            _check_time(facts, step.at, now)
        case BreachStepKind.NOT_TOLD if step.ground is None:
            raise RuleBroken("breach.ground_missing")
        case BreachStepKind.CLOSED:
            _check_closing(facts.steps)
        case _:
            pass
    if not step.has_text and step.kind not in {BreachStepKind.REPORTED, BreachStepKind.EXTENT}:
        raise RuleBroken("breach.text_missing")


def _check_report(facts: BreachFacts, step: BreachStep, now: datetime) -> None:
    if not step.has_reference:
        raise RuleBroken("breach.reference_missing")
    at = _check_time(facts, step.at, now)
    # What is added to an earlier report (art. 33 (4)) is not late because of its own hour.
    first = BreachStepKind.REPORTED not in facts.steps
    if first and at > facts.due_at and not step.has_text:
        raise RuleBroken("breach.late_reason")


def _check_time(facts: BreachFacts, at: datetime | None, now: datetime) -> datetime:
    if at is None:
        raise RuleBroken("breach.time_missing")
    if at > now:
        raise RuleBroken("breach.in_future")
    if at < facts.known_at:
        raise RuleBroken("breach.before_known")
    return at


def _check_closing(steps: Iterable[BreachStepKind]) -> None:
    there = set(steps)
    if not there & {BreachStepKind.REPORTED, BreachStepKind.NOT_REPORTED}:
        raise RuleBroken("breach.authority_open")
    if not there & {BreachStepKind.TOLD, BreachStepKind.NOT_TOLD}:
        raise RuleBroken("breach.people_open")
