"""A request for access to one's own data, or to have it corrected: when it is due, what an answer must have.

GDPR art. 12 (3), (4), 15, 16 and 19; personopplysningsloven § 16. What is given or corrected is made by
those in the case.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.errors import RuleBroken

ANSWER_MONTHS: Final = 1
EXTENDED_MONTHS: Final = 3
_YEAR: Final = 12


class Right(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    CORRECTION = "correction"


class Requester(StrEnum):
    """Who asks."""

    GUARDIAN = "guardian"
    YOUTH = "youth"
    OTHER = "other"


class ExceptionLetter(StrEnum):
    """The letters of personopplysningsloven § 16 first paragraph."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"
    E = "e"
    F = "f"


class RequestStepKind(StrEnum):
    """What may be added to a request."""

    NOTE = "note"
    EXTENDED = "extended"
    GIVEN = "given"
    PARTLY = "partly"
    REFUSED = "refused"
    #: The right information stands beside what was wrong.
    CORRECTED = "corrected"
    #: What was written stands, with the person's own view beside it.
    BESIDE = "beside"


ANSWERS: Final[Mapping[Right, frozenset[RequestStepKind]]] = MappingProxyType(
    {
        Right.ACCESS: frozenset(
            {RequestStepKind.GIVEN, RequestStepKind.PARTLY, RequestStepKind.REFUSED}
        ),
        Right.CORRECTION: frozenset({RequestStepKind.CORRECTED, RequestStepKind.BESIDE}),
    }
)
"""What answers each right. A correction is never half: what is not corrected has the view beside it."""

STEPS: Final[Mapping[Right, tuple[RequestStepKind, ...]]] = MappingProxyType(
    {
        right: tuple(
            one
            for one in RequestStepKind
            if one in ANSWERS[right] or one in {RequestStepKind.NOTE, RequestStepKind.EXTENDED}
        )
        for right in Right
    }
)
"""What may be added to a request for each right, in order."""

_WITH_LETTER: Final = frozenset({RequestStepKind.PARTLY, RequestStepKind.REFUSED})


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The day it was received (Norwegian), and what was added since, in order."""

    received_on: date
    steps: tuple[RequestStepKind, ...] = ()
    right: Right = Right.ACCESS

    @property
    def due_on(self) -> date:
        """Return the last day for an answer, an extension counted in."""
        extended = RequestStepKind.EXTENDED in self.steps
        return months_later(self.received_on, EXTENDED_MONTHS if extended else ANSWER_MONTHS)

    @property
    def answered(self) -> bool:
        """Whether the person has an answer."""
        return bool(ANSWERS[self.right].intersection(self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStep:
    """What somebody wants to add.

    ``told_on`` is when the person was told of an extension; ``recipients`` that it stands how those
    who had received what was corrected were told.
    """

    kind: RequestStepKind
    has_text: bool
    letter: ExceptionLetter | None = None
    told_on: date | None = None
    representative: bool = False
    recipients: bool = False


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later; the month's last where there is no such day.

    As in regulation 1182/71 art. 3 (2) c. Not moved past a weekend: that would only be later.
    """
    place = day.year * _YEAR + day.month - 1 + months
    year, month = divmod(place, _YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_left(facts: RequestFacts, today: date) -> int:
    """Return the days left to the last day; negative once it is over."""
    return (facts.due_on - today).days


def check_received(received_on: date, today: date) -> None:
    """Raise ``RuleBroken`` for a day that has not come."""
    if received_on > today:
        raise RuleBroken("rights_request.in_future")


def check_request_step(facts: RequestFacts, step: RequestStep, today: date) -> None:
    """Raise ``RuleBroken`` unless the step may be added.

    A no, whole or in part, is written, reasoned and cites its letter (§ 16 third paragraph). An
    extension is told, with its reason, within the first month (art. 12 (3)). A correction says how
    those were told who had received what was wrong (art. 19).
    """
    if step.kind not in STEPS[facts.right]:
        raise RuleBroken("rights_request.other_right")
    if facts.answered and step.kind is not RequestStepKind.NOTE:
        raise RuleBroken("rights_request.answered")
    if step.kind in _WITH_LETTER and step.letter is None:
        raise RuleBroken("rights_request.letter_missing")
    if step.kind not in _WITH_LETTER and step.letter is not None:
        raise RuleBroken("rights_request.letter_not_needed")
    if step.representative and step.letter is not ExceptionLetter.C:
        # § 16 second paragraph: only what letter c keeps back may go to a representative.
        raise RuleBroken("rights_request.representative")
    if not step.has_text:
        raise RuleBroken("rights_request.text_missing")
    if step.kind is RequestStepKind.CORRECTED and not step.recipients:
        raise RuleBroken("rights_request.recipients_missing")
    if step.kind is RequestStepKind.EXTENDED:
        _check_extension(facts, step, today)


def _check_extension(facts: RequestFacts, step: RequestStep, today: date) -> None:
    if RequestStepKind.EXTENDED in facts.steps:
        raise RuleBroken("rights_request.extended_already")
    if step.told_on is None:
        raise RuleBroken("rights_request.told_missing")
    if step.told_on > today:
        raise RuleBroken("rights_request.in_future")
    if not facts.received_on <= step.told_on <= facts.due_on:
        raise RuleBroken("rights_request.told_late")
