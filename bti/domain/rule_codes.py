"""Every code a rule can answer with. The interface has a text for each; a test sees to that."""

from __future__ import annotations

from typing import Final

RULE_CODES: Final = frozenset(
    {
        "attachment.bomb",
        "attachment.broken",
        "attachment.empty",
        "attachment.kind",
        "attachment.macros",
        "attachment.too_large",
        "attachment.too_many",
        "baton.log_not_active",
        "baton.must_accept",
        "baton.no_consent",
        "baton.no_offer",
        "baton.not_active",
        "baton.not_holder",
        "baton.not_offered",
        "baton.offer_expired",
        "baton.offer_open",
        "baton.reason_missing",
        "baton.to_holder",
        "baton.wrong_role",
        "breach.authority_open",
        "breach.before_known",
        "breach.closed",
        "breach.ground_missing",
        "breach.in_future",
        "breach.late_reason",
        "breach.people_open",
        "breach.reference_missing",
        "breach.reported_already",
        "breach.text_missing",
        "breach.time_missing",
        "compartment.unknown",
        "consent.already_complete",
        "consent.ended",
        "consent.health_alone",
        "consent.mandate_expired",
        "consent.no_cells",
        "consent.no_signer",
        "consent.not_a_signer",
        "consent.not_complete",
        "consent.oral_not_minuted",
        "consent.own_not_shareable",
        "consent.partly_without_cells",
        "consent.responsibility_not_checked",
        "consent.same_unit",
        "consent.validity_past",
        "consent.validity_too_long",
        "duty.in_future",
        "duty.letter_missing",
        "duty.letter_not_in_law",
        "duty.letter_not_needed",
        "emergency.reason_short",
        "evaluation.before_start",
        "evaluation.future",
        "evaluation.next_date_missing",
        "evaluation.next_date_not_needed",
        "evaluation.next_date_past",
        "evaluation.view_missing",
        "evaluation.wrong_measure",
        "account.holds_baton",
        "leaving.past",
        "leaving.planned",
        "legal.unknown",
        "level.case_closed",
        "level.case_open",
        "level.no_such_step",
        "level.requirements",
        "measure.ended",
        "measure.evaluation_before_start",
        "measure.evaluation_past",
        "measure.no_dates",
        "measure.no_goal",
        "measure.no_responsible",
        "measure.no_title",
        "national_id.check_digits",
        "national_id.date",
        "national_id.form",
        "national_id.not_synthetic",
        "national_id.synthetic",
        "protection.holder_unnamed",
        "protection.leader_opens",
        "protection.nobody",
        "protection.not_named",
        "protection.reason",
        "protection.until_far",
        "protection.until_past",
    }
)
"""What ``RuleBroken`` can carry."""

REQUIREMENT_CODES: Final = frozenset(
    {
        "level.child_heard",
        "level.concern_written",
        "level.consent_per_service",
        "level.cooperation_not_enough",
        "level.danger_assessed_again",
        "level.goal",
        "level.guardians_informed",
        "level.holder",
        "level.leader_informed",
        "level.measure",
        "level.measures_evaluated",
        "level.opening_consent",
        "level.reason",
    }
)
"""What a ``Requirement`` can be about."""

ACCESS_RULES: Final = frozenset(
    {
        "access.case_closed",
        "access.kind",
        "access.no_consent",
        "access.no_relation",
        "access.other_tenant",
        "access.protected",
        "access.purpose",
        "access.role",
        "access.stale_factor",
        "access.weak_sign_in",
    }
)
"""Why the access table refused. For the audit log; never shown to the one refused."""

ALL_CODES: Final = RULE_CODES | REQUIREMENT_CODES
"""Every code that a person may meet in words."""
