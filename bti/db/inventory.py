"""Every stored column of the case side: sealed, or plain for a reason.

A test compares this with the models, so a new column is a decision somebody has to write down.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUTING: Final = "random id: joins and associated data; tells only how many there are"
_VERSION: Final = "bound into every seal; tells how often a row was changed"
_KEY_STORE: Final = "wrapped keys and their labels: useless without the key provider"
_KEY_LIFE: Final = "when keys were changed, which is nobody's secret"
_GRANT: Final = "the broker decides on it; tells which colleague works in which random case"
_CELL: Final = "the broker decides on it; tells which services share, not about whom"
_REVIEW: Final = "who is to be reviewed and whether somebody has; rights hang on it"
_LOG: Final = "ids and codes only; the tree needs the exact bytes"
_APPROVAL: Final = "checked before the act; tells who asked whom for which kind of act, and when"
_COUNTED: Final = "limits are counted on it; for a day, what the log says for good"
_NOTED: Final = "keys whose row is not committed yet; gone when it is"
_PUBLIC: Final = "public fact about a public body"

SEALED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accounts.profile_ct": "directory",
        "accounts.totp_ct": "directory",
        "approvals.params_ct": "directory",
        "baton_offers.body_ct": "case",
        "baton_offers.meta_ct": "ops",
        "cases.ops_ct": "ops",
        "consent_answers.body_ct": "case",
        "consent_answers.meta_ct": "ops",
        "consents.body_ct": "case",
        "consents.meta_ct": "ops",
        "emergency_accesses.body_ct": "case",
        "entries.body_ct": "case",
        "entries.meta_ct": "ops",
        "own_records.body_ct": "case",
        "own_records.meta_ct": "ops",
        "persons.body_ct": "case",
        "suspensions.body_ct": "case",
    }
)
"""Sealed column → which key seals it."""

PLAIN_EVERYWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": _ROUTING,
        "tenant_id": _ROUTING,
        "case_id": _ROUTING,
        "version": _VERSION,
        "mac": "keyed; tells nothing",
        "compartment": "which service and kind of information has something in a random case",
    }
)
"""Columns that mean the same in every table."""

PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accounts.active": "whether an account may sign in; needed before any key is released",
        "accounts.language": "chosen language of the interface",
        "accounts.password_hash": "argon2id; salted",
        "accounts.totp_last_step": "time of the last sign-in to half a minute",
        "accounts.username_token": "keyed blind index; equality inside one municipality",
        "approvals.act": _APPROVAL,
        "approvals.answered_at": _APPROVAL,
        "approvals.answered_by_id": _APPROVAL,
        "approvals.expires_at": _APPROVAL,
        "approvals.params_sha256": "what the yes is bound to; guessable only where it names no id",
        "approvals.requested_at": _APPROVAL,
        "approvals.requested_by_id": _APPROVAL,
        "approvals.state": _APPROVAL,
        "approvals.used_at": _APPROVAL,
        "audit_checkpoints.note": _LOG,
        "audit_checkpoints.size": _LOG,
        "audit_cosignatures.at": _LOG,
        "audit_cosignatures.line": _LOG,
        "audit_cosignatures.size": _LOG,
        "audit_cosignatures.witness": _LOG,
        "audit_epochs.approved_by": "which operator agreed to begin a new epoch; no child",
        "audit_epochs.asked_by": "which operator asked for a new epoch; no child",
        "audit_epochs.base": _LOG,
        "audit_epochs.began_at": _LOG,
        "audit_epochs.epoch": _LOG,
        "audit_epochs.reason": _LOG,
        "audit_epochs.verifier_key": _LOG,
        "audit_events.act": _LOG,
        "audit_events.at": _LOG,
        "audit_events.dec": _LOG,
        "audit_events.idx": _LOG,
        "audit_events.leaf": _LOG,
        "audit_events.who": _LOG,
        "audit_heads.base": _LOG,
        "audit_heads.epoch": _LOG,
        "audit_heads.frontier": _LOG,
        "audit_heads.last_at": _LOG,
        "audit_heads.size": _LOG,
        "audit_pending.act": _LOG,
        "audit_pending.at": _LOG,
        "audit_pending.dec": _LOG,
        "audit_pending.leaf": _LOG,
        "audit_pending.obj": _LOG,
        "audit_pending.who": _LOG,
        "audit_subjects.idx": _LOG,
        "audit_subjects.kind": _LOG,
        "audit_subjects.object_id": _LOG,
        "audit_tiles.epoch": _LOG,
        "audit_tiles.hashes": _LOG,
        "audit_tiles.level": _LOG,
        "audit_tiles.n": _LOG,
        "audit_writers.last_hash": _LOG,
        "audit_writers.number": _LOG,
        "audit_writers.writer": _LOG,
        "bait_marks.token": "keyed; how many bait cases there are, not which",
        "baton_offers.from_id": _GRANT,
        "baton_offers.log_id": _ROUTING,
        "baton_offers.open_slot": "whether an offer is open: the unique constraint needs it",
        "baton_offers.to_id": _GRANT,
        "baton_offers.to_unit_id": _GRANT,
        "broker_counts.count": _COUNTED,
        "broker_counts.scope": _COUNTED,
        "broker_counts.shard": _COUNTED,
        "broker_counts.since": _COUNTED,
        "broker_marks.account_id": _COUNTED,
        "broker_marks.kind": _COUNTED,
        "broker_marks.last_at": _COUNTED,
        "broker_marks.object_id": _COUNTED,
        "broker_notes.account_id": _NOTED,
        "broker_notes.kind": _NOTED,
        "broker_notes.made_at": _NOTED,
        "broker_notes.record_id": _NOTED,
        "case_keys.generation": _KEY_STORE,
        "case_keys.kek_id": _KEY_STORE,
        "case_keys.key_id": _KEY_STORE,
        "case_keys.state": _KEY_STORE,
        "case_keys.wrapped": _KEY_STORE,
        "cases.access_epoch": "how often participants or consent changed",
        "cases.number": "random digits: no order, no year",
        "cases.unit_id": "which service a random case belongs to; row access is decided on it",
        "child_index.kind": "kind of identity number",
        "child_index.token": "keyed blind index: equality of one number inside one municipality",
        "consent_answers.consent_id": _ROUTING,
        "consent_answers.person_id": _ROUTING,
        "consent_cells.basis": _CELL,
        "consent_cells.consent_id": _ROUTING,
        "consent_cells.from_unit_id": _CELL,
        "consent_cells.info_type": _CELL,
        "consent_cells.to_unit_id": _CELL,
        "consent_cells.valid_from": _CELL,
        "consent_cells.valid_to": _CELL,
        "consent_cells.withdrawn_at": _CELL,
        "emergency_accesses.account_id": _GRANT,
        "emergency_accesses.expires_at": _GRANT,
        "emergency_accesses.opened_at": _GRANT,
        "emergency_accesses.settled_at": _REVIEW,
        "emergency_accesses.settled_by": _REVIEW,
        "emergency_accesses.unit_id": _GRANT,
        "entries.supersedes": "that an entry corrects another",
        "logs.holder_id": _GRANT,
        "logs.holder_unit_id": _GRANT,
        "municipalities.language": _PUBLIC,
        "municipalities.name": _PUBLIC,
        "municipalities.number": _PUBLIC,
        "municipalities.profile": _PUBLIC,
        "own_records.account_id": "who owns a draft or duty record; one shape for both",
        "participants.account_id": _GRANT,
        "participants.relation": _GRANT,
        "participants.revoked_at": _GRANT,
        "participants.unit_id": _GRANT,
        "participants.valid_from": _GRANT,
        "participants.valid_to": _GRANT,
        "role_grants.account_id": _GRANT,
        "role_grants.granted_by_id": _GRANT,
        "role_grants.role": _GRANT,
        "role_grants.unit_id": _GRANT,
        "role_grants.valid_from": _GRANT,
        "role_grants.valid_to": _GRANT,
        "tenant_keys.destroy_after": _KEY_LIFE,
        "tenant_keys.destroyed_at": _KEY_LIFE,
        "suspensions.account_id": _REVIEW,
        "suspensions.began_at": _REVIEW,
        "suspensions.settled_at": _REVIEW,
        "suspensions.settled_by": _REVIEW,
        "suspensions.unit_id": _REVIEW,
        "tenant_keys.generation": _KEY_STORE,
        "tenant_keys.key_id": _KEY_STORE,
        "tenant_keys.made_at": _KEY_LIFE,
        "tenant_keys.provider": _KEY_STORE,
        "tenant_keys.purpose": _KEY_STORE,
        "tenant_keys.retired_at": _KEY_LIFE,
        "tenant_keys.root_ref": _KEY_STORE,
        "tenant_keys.state": _KEY_STORE,
        "tenant_keys.wrapped": _KEY_STORE,
        "throttles.failures": "failed sign-ins behind a hash",
        "throttles.key": "SHA-256 of account token or address",
        "throttles.last_failure_at": "time of a failed sign-in",
        "units.name": _PUBLIC,
        "units.organ": _PUBLIC,
        "units.phone": _PUBLIC,
        "units.sector": _PUBLIC,
        "web_sessions.account_id": "who is signed in: random ids",
        "web_sessions.created_at": "times of sign-in",
        "web_sessions.expires_at": "times of sign-in",
        "web_sessions.last_seen_at": "times of sign-in",
        "web_sessions.proven_at": "times of sign-in",
        "web_sessions.revoked_at": "times of sign-in",
        "web_sessions.role_grant_id": _ROUTING,
        "web_sessions.strength": "how somebody signed in",
        "web_sessions.token_hash": "SHA-256 of 256 random bits",
    }
)
"""Plain column → why it is plain and what it tells the holder of a dump."""
