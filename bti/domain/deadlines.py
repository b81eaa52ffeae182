"""Dates by which something should be done. A passed one reminds; it never locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.ages import NORWAY, day_in_norway
from bti.domain.holidays import public_holidays
from bti.domain.levels import Level
from bti.domain.local_rules import ProfileRules


class Pressing(StrEnum):
    """How pressing a date is on a day."""

    LATER = "later"
    SOON = "soon"
    TODAY = "today"
    OVERDUE = "overdue"


class DueKind(StrEnum):
    """What a date in a case is for."""

    TALK = "talk"
    DECISION = "decision"
    INVITATION = "invitation"
    PLAN = "plan"
    EVALUATION = "evaluation"
    OFFER = "offer"
    CONSENT = "consent"
    #: The child is of age soon, or today, and it is not settled what happens.
    OF_AGE = "of_age"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """What the dates of an open case follow from: no words and no names.

    ``others_in`` tells whether another unit than the case's own takes part; ``offer_ends_at`` and
    ``consent_ends_at`` are instants, None where there is no open offer and no consent that ends.
    """

    level: Level
    log_active: bool
    level_since: datetime
    decision_due: date | None
    talk_due: date | None
    next_evaluation: date | None
    others_in: bool
    offer_ends_at: datetime | None
    consent_ends_at: datetime | None
    #: The day of the warning of the 18th birthday that nobody has answered.
    of_age_warned: date | None = None


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A Norwegian calendar day by which something should be done; the day itself is in time."""

    on: date
    kind: DueKind


#: A week day of Norway's calendar from which offices are closed.
_SATURDAY: Final = 5


def due_in(facts: CaseTimes, rules: ProfileRules) -> tuple[Due, ...]:
    """Every date of a case, soonest first, by the rules that its level was begun under."""
    found = [
        (DueKind.TALK, facts.talk_due),
        (DueKind.DECISION, facts.decision_due if facts.level is Level.WONDER else None),
        (DueKind.OFFER, _day(facts.offer_ends_at)),
        (DueKind.CONSENT, _day(facts.consent_ends_at)),
        (DueKind.EVALUATION, facts.next_evaluation if facts.log_active else None),
        (DueKind.OF_AGE, facts.of_age_warned),
    ]
    began = day_in_norway(facts.level_since)
    if facts.log_active and facts.next_evaluation is None:
        found.append((DueKind.PLAN, began + timedelta(days=rules.evaluation_interval_days)))
    if facts.level is Level.SEVERAL_SERVICES and not facts.others_in:
        found.append((DueKind.INVITATION, level_2_invitation(facts.level_since, rules)))
    return tuple(sorted(Due(day, kind) for kind, day in found if day is not None))


def _day(at: datetime | None) -> date | None:
    return None if at is None else day_in_norway(at)


def is_for_leader(due_on: date, today: date, rules: ProfileRules) -> bool:
    """Whether so much time has passed since ``due_on`` that the unit's leader should act."""
    return days_over(due_on, today) >= rules.escalation_days


def is_working_day(day: date) -> bool:
    """Whether ``day`` is from Monday to Friday and no public holiday."""
    return day.weekday() < _SATURDAY and day not in public_holidays(day.year)


def working_day_before(day: date) -> date:
    """The last working day before ``day``."""
    before = day - timedelta(days=1)
    while not is_working_day(before):
        before -= timedelta(days=1)
    return before


def pressing(due_on: date, today: date, rules: ProfileRules) -> Pressing:
    """How pressing ``due_on`` is. The day itself is in time."""
    if today > due_on:
        return Pressing.OVERDUE
    if today == due_on:
        return Pressing.TODAY
    soon = today >= due_on - timedelta(days=rules.soon_days)
    return Pressing.SOON if soon else Pressing.LATER


def days_over(due_on: date, today: date) -> int:
    """Whole days past ``due_on``; zero until then."""
    return max(0, (today - due_on).days)


def level_0_decision(concern_on: date, rules: ProfileRules) -> date:
    """When the way on from level 0 should be decided."""
    return concern_on + timedelta(days=rules.level_0_decision_days)


def guardian_talk(concern_on: date, rules: ProfileRules, *, school_environment: bool) -> date:
    """When the guardians should have been talked with; sooner about a pupil's school environment."""
    days = (
        rules.guardian_talk_school_environment_days
        if school_environment
        else rules.guardian_talk_days
    )
    return concern_on + timedelta(days=days)


def team_answer(referred_on: date, rules: ProfileRules) -> date:
    """When the upbringing team should have taken or returned a referral."""
    return referred_on + timedelta(days=rules.team_wait_days)


def level_2_invitation(since: datetime, rules: ProfileRules) -> date:
    """When another service should take part in a case that came to level 2 at ``since``."""
    return day_in_norway(since) + timedelta(days=rules.level_2_invite_days)


def offer_expiry(offered_at: datetime, rules: ProfileRules) -> datetime:
    """The instant (UTC) an offer of the baton lapses: the same time of day in Norway.

    Days are added to the clock on the wall, so that none is lost or won when clocks are changed.
    """
    ends = offered_at.astimezone(NORWAY) + timedelta(days=rules.offer_expiry_days)
    return ends.astimezone(UTC)


def consent_reminder(valid_to: datetime, rules: ProfileRules) -> date:
    """When those who consented should be reminded that it ends."""
    return day_in_norway(valid_to) - timedelta(days=rules.consent_reminder_days)
