"""Duties that go before confidentiality: report to child welfare, avert, police, emergency.

Nothing here asks for a case, a consent, a leader or a level. That is the point. A receipt is not a
confirmation: reports have been lost after the sender was given one, so it closes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.ages import day_in_norway
from bti.domain.codes import Sector
from bti.domain.errors import RuleBroken
from bti.domain.events import DutyRecorded

CONFIRMATION_WEEKS: Final = 3  # barnevernsloven § 13-3


class Duty(StrEnum):
    """Which duty a person acted on."""

    REPORT_CHILD_WELFARE = "report_child_welfare"
    AVERT = "avert"
    POLICE = "police"
    EMERGENCY = "emergency"


class CaseLetter(StrEnum):
    """The case of barnevernsloven § 13-2; kindergartens have four (barnehageloven § 46)."""

    A = "a"  # mistreatment or other serious neglect
    B = "b"  # serious illness or injury that is not treated
    C = "c"  # special needs that are not met
    D = "d"  # the child's own serious danger by crime, drugs or other clearly harmful acts
    E = "e"  # trafficking


class Channel(StrEnum):
    """How the report was made."""

    PHONE = "phone"
    PORTAL = "portal"
    LETTER = "letter"
    MEETING = "meeting"
    #: An offence may be averted by whatever works (straffeloven § 196).
    OTHER = "other"


class Offence(StrEnum):
    """What is to be averted: offences of straffeloven § 196 that children are exposed to."""

    CLOSE_RELATIONS = "close_relations"  # §§ 282-283
    SEXUAL = "sexual"  # §§ 291, 295, 299, 303, 312, 314
    MUTILATION = "mutilation"  # § 284
    FORCED_MARRIAGE = "forced_marriage"  # § 253
    LIFE = "life"  # §§ 274, 275
    OTHER = "other"


class GuardiansKnow(StrEnum):
    """Whether the guardians know of the report."""

    YES = "yes"
    NO = "no"
    UNSAFE = "unsafe"


class DutyState(StrEnum):
    """Where a recorded duty stands. NOT_SENT is a report that is written and nothing more."""

    NOT_SENT = "not_sent"
    DONE = "done"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CONFIRMATION_OVERDUE = "confirmation_overdue"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRecord:
    """What is kept of a duty that was done. ``received_on`` is a receipt, ``confirmed_on`` an answer."""

    duty: Duty
    letter: CaseLetter | None
    reported_on: date
    channel: Channel
    guardians_know: GuardiansKnow
    offence: Offence | None = None
    received_on: date | None = None
    confirmed_on: date | None = None


def basis_of(duty: Duty, sector: Sector) -> str:
    """The legal-basis code to cite for a duty to somebody who works in this sector."""
    if duty is Duty.REPORT_CHILD_WELFARE:
        return "bhl-46" if sector is Sector.KINDERGARTEN else "bvl-13-2"
    return {Duty.AVERT: "strl-196", Duty.POLICE: "gate-crime", Duty.EMERGENCY: "strl-287"}[duty]


def letters_for(sector: Sector) -> tuple[CaseLetter, ...]:
    """The case letters that apply to those who work in this sector.

    Barnehageloven § 46 has four, and its d is trafficking: it has no letter for the child's own
    acts. The texts beside the letters must follow ``basis_of``.
    """
    return tuple(CaseLetter)[:4] if sector is Sector.KINDERGARTEN else tuple(CaseLetter)


def record(facts: DutyRecord, *, sector: Sector, at: datetime, by: uuid.UUID) -> DutyRecorded:
    """Record that a duty was done.

    Raises ``RuleBroken`` with duty.letter_missing, duty.letter_not_in_law, duty.letter_not_needed,
    duty.offence_not_needed or duty.in_future. These are slips in a form; nothing else can refuse a report.
    """
    if facts.reported_on > day_in_norway(at):
        raise RuleBroken("duty.in_future")
    if facts.duty is Duty.REPORT_CHILD_WELFARE:
        if facts.letter is None:
            raise RuleBroken("duty.letter_missing")
        if facts.letter not in letters_for(sector):
            raise RuleBroken("duty.letter_not_in_law")
    elif facts.letter is not None:
        raise RuleBroken("duty.letter_not_needed")
    if facts.offence is not None and facts.duty is not Duty.AVERT:
        raise RuleBroken("duty.offence_not_needed")
    return DutyRecorded(at=at, by=by, confirmation_due_on=confirmation_due(facts))


def confirmation_due(facts: DutyRecord) -> date | None:
    """When child welfare must have confirmed (barnevernsloven § 13-3); None for other duties."""
    if facts.duty is not Duty.REPORT_CHILD_WELFARE:
        return None
    return facts.reported_on + timedelta(weeks=CONFIRMATION_WEEKS)


def state(facts: DutyRecord, today: date) -> DutyState:
    """Where the record stands on a day. The last day of the three weeks is in time.

    Only a confirmation ends the waiting: ``received_on`` is not looked at.
    """
    due = confirmation_due(facts)
    if due is None:
        return DutyState.DONE
    if facts.confirmed_on is not None:
        return DutyState.CONFIRMED
    return DutyState.CONFIRMATION_OVERDUE if today > due else DutyState.AWAITING_CONFIRMATION
