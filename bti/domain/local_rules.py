"""What the rules need to know about a municipality. ``bti.profiles`` fills it in from TOML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bti.domain.codes import Who


class YouthMode(StrEnum):
    """Whether the youth signs beside the guardians or instead of them."""

    ADDITIONAL = "additional"
    ALONE = "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRules:
    """Local choices where the law is not one. Days are calendar days."""

    log_opens_at_level: int
    #: Who may close a case, among those who may at all.
    may_close: frozenset[Who]
    #: Whether the log is closed when an individual plan takes over; else it goes on beside the plan.
    plan_ends_log: bool
    level_0_decision_days: int
    guardian_talk_days: int
    guardian_talk_school_environment_days: int
    level_2_invite_days: int
    team_wait_days: int
    evaluation_interval_days: int
    offer_expiry_days: int
    soon_days: int
    #: Days after a passed date until the leader of the unit is told.
    escalation_days: int
    consent_validity_months: int
    consent_reminder_days: int
    #: The ages of the acts (opplæringslova § 24-5, pasient- og brukerrettighetsloven § 4-3) are not
    #: here: they are no local choice. These two are for what no act settles; see ``signers``.
    youth_age: int
    youth_mode: YouthMode
    #: Months before the 18th birthday on which it is told, the longer first.
    of_age_first_months: int
    of_age_last_months: int
