"""Dates by which something should be done. A passed one reminds; it never locks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from bti.domain.ages import day_in_norway
from bti.domain.local_rules import ProfileRules


class Pressing(StrEnum):
    """How pressing a date is on a day."""

    LATER = "later"
    SOON = "soon"
    TODAY = "today"
    OVERDUE = "overdue"


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


def offer_expiry(offered_at: datetime, rules: ProfileRules) -> datetime:
    """The instant an offer of the baton lapses."""
    return offered_at + timedelta(days=rules.offer_expiry_days)


def consent_reminder(valid_to: datetime, rules: ProfileRules) -> date:
    """When those who consented should be reminded that it ends."""
    return day_in_norway(valid_to) - timedelta(days=rules.consent_reminder_days)
