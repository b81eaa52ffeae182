"""Who may do what: one table, deny by default. The key broker and every workflow ask here.

The table says which relation to the thing, in which role, allows an act. Whether a relation holds
is decided in ``relations``. Rows in the database are facts; authority is what this module says.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.approval import ASKERS, GIVERS
from bti.domain.codes import CASE_WORKERS, SHAREABLE, STAFF_SIDE, InfoType, Role
from bti.domain.compartments import CORE, service_compartment, service_compartments
from bti.domain.consent import CellFacts
from bti.domain.levels import CaseStatus
from bti.domain.relations import (
    ObjectFacts,
    Relation,
    Subject,
    family_may_read,
    relations_of,
    unit_is_in,
)


class Action(StrEnum):
    """One kind of act, as the table knows it. The audit log has its own, finer codes."""

    # about a child in danger
    REPORT_DANGER = "report_danger"
    # about nobody yet
    LOG_CONCERN = "log_concern"
    SEARCH_CHILD = "search_child"
    SEE_WORKLIST = "see_worklist"
    SEE_TEAM_QUEUE = "see_team_queue"
    # one's own drafts and duty records
    OWN_RECORD = "own_record"
    # a case
    READ_CASE = "read_case"
    SEE_CASE_ACCESSES = "see_case_accesses"
    PRINT_CASE = "print_case"
    CHANGE_CHILD = "change_child"
    RECORD_CONVERSATION = "record_conversation"
    RECORD_STEP = "record_step"
    CHANGE_LEVEL = "change_level"
    CLOSE_CASE = "close_case"
    REOPEN_CASE = "reopen_case"
    # its log
    OPEN_LOG = "open_log"
    CLOSE_LOG = "close_log"
    WRITE_PLAN = "write_plan"
    EVALUATE = "evaluate"
    WRITE_NOTE = "write_note"
    # the baton
    OFFER_BATON = "offer_baton"
    ANSWER_OFFER = "answer_offer"
    WITHDRAW_OFFER = "withdraw_offer"
    REASSIGN_BATON = "reassign_baton"
    # consent and participants
    ASK_CONSENT = "ask_consent"
    RECORD_ANSWER = "record_answer"
    WITHDRAW_CONSENT = "withdraw_consent"
    INVITE_PARTICIPANT = "invite_participant"
    REVOKE_PARTICIPANT = "revoke_participant"
    # the upbringing team
    REFER = "refer"
    TAKE_REFERRAL = "take_referral"
    RETURN_REFERRAL = "return_referral"
    RECORD_RIGHTS = "record_rights"
    APPOINT_HOLDER = "appoint_holder"
    # running the installation
    SEARCH_AUDIT = "search_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_UNITS = "manage_units"
    ARCHIVE_LIST = "archive_list"
    # acts that need two people; for which act is said in bti.domain.approval
    ASK_APPROVAL = "ask_approval"
    GIVE_APPROVAL = "give_approval"


@dataclass(frozen=True, slots=True)
class Grant:
    """These roles, when they stand in this relation (ROLE: no relation is needed)."""

    roles: frozenset[Role]
    relation: Relation


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act is allowed; ``ground`` goes into the audit entry."""

    ground: str

    @property
    def allowed(self) -> bool:
        """Always true; lets callers branch on one name."""
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """The act is refused; ``rule`` goes into the audit entry and is never shown."""

    rule: str

    @property
    def allowed(self) -> bool:
        """Always false."""
        return False


_LEADS: Final = frozenset({Role.UNIT_LEAD})
_TEAM: Final = frozenset({Role.TEAM_LEAD, Role.TEAM_MEMBER})
_TEAM_LEAD: Final = frozenset({Role.TEAM_LEAD})

_HOLDER: Final = Grant(CASE_WORKERS, Relation.HOLDER)
_FOLLOWER: Final = Grant(CASE_WORKERS, Relation.FOLLOWER)
_PARTICIPANT: Final = Grant(CASE_WORKERS, Relation.PARTICIPANT)
_OFFERED: Final = Grant(CASE_WORKERS, Relation.OFFERED)
_LEAD: Final = Grant(_LEADS, Relation.LEAD)
_TEAM_OF_REFERRAL: Final = Grant(_TEAM, Relation.TEAM)
_LEAD_OF_TEAM: Final = Grant(_TEAM_LEAD, Relation.TEAM)
_GUARDIAN: Final = Grant(frozenset({Role.GUARDIAN}), Relation.GUARDIAN)
_YOUTH: Final = Grant(frozenset({Role.YOUTH}), Relation.YOUTH)
_ANY_WORKER: Final = Grant(CASE_WORKERS, Relation.ROLE)

_READERS: Final = (_HOLDER, _FOLLOWER, _PARTICIPANT, _LEAD, _TEAM_OF_REFERRAL)
_STEERING: Final = (_HOLDER, _FOLLOWER, _LEAD)

POLICY: Final[Mapping[Action, tuple[Grant, ...]]] = MappingProxyType(
    {
        Action.REPORT_DANGER: (Grant(STAFF_SIDE, Relation.ROLE),),
        Action.LOG_CONCERN: (_ANY_WORKER,),
        Action.SEARCH_CHILD: (_ANY_WORKER,),
        Action.SEE_WORKLIST: (_ANY_WORKER,),
        Action.SEE_TEAM_QUEUE: (Grant(_TEAM, Relation.ROLE),),
        Action.OWN_RECORD: (Grant(STAFF_SIDE, Relation.AUTHOR),),
        Action.READ_CASE: (*_READERS, _GUARDIAN, _YOUTH),
        Action.SEE_CASE_ACCESSES: (*_READERS, _GUARDIAN, _YOUTH),
        Action.PRINT_CASE: _READERS,
        Action.CHANGE_CHILD: _STEERING,
        Action.RECORD_CONVERSATION: (*_STEERING, _PARTICIPANT),
        Action.RECORD_STEP: (*_STEERING, _PARTICIPANT),
        Action.CHANGE_LEVEL: (*_STEERING, _LEAD_OF_TEAM),
        Action.CLOSE_CASE: _STEERING,
        Action.REOPEN_CASE: _STEERING,
        Action.OPEN_LOG: _STEERING,
        Action.CLOSE_LOG: _STEERING,
        Action.WRITE_PLAN: (_HOLDER, _FOLLOWER, _PARTICIPANT),
        Action.EVALUATE: (_HOLDER, _FOLLOWER, _PARTICIPANT),
        Action.WRITE_NOTE: _READERS,
        Action.OFFER_BATON: (_HOLDER,),
        Action.ANSWER_OFFER: (_OFFERED,),
        Action.WITHDRAW_OFFER: (_HOLDER,),
        Action.REASSIGN_BATON: (_LEAD,),
        Action.ASK_CONSENT: _STEERING,
        Action.RECORD_ANSWER: _STEERING,
        # Anyone in the case may receive a withdrawal: it must be as easy as giving it.
        Action.WITHDRAW_CONSENT: (*_READERS, _GUARDIAN, _YOUTH),
        Action.INVITE_PARTICIPANT: _STEERING,
        Action.REVOKE_PARTICIPANT: _STEERING,
        Action.REFER: (_HOLDER, _LEAD),
        Action.TAKE_REFERRAL: (_LEAD_OF_TEAM,),
        Action.RETURN_REFERRAL: (_LEAD_OF_TEAM,),
        Action.RECORD_RIGHTS: (_LEAD_OF_TEAM, _HOLDER),
        Action.APPOINT_HOLDER: (_LEAD_OF_TEAM,),
        Action.SEARCH_AUDIT: (Grant(frozenset({Role.DPO}), Relation.ROLE),),
        Action.MANAGE_ACCOUNTS: (Grant(frozenset({Role.ADMINISTRATOR}), Relation.ROLE),),
        Action.MANAGE_UNITS: (Grant(frozenset({Role.ADMINISTRATOR}), Relation.ROLE),),
        Action.ARCHIVE_LIST: (Grant(frozenset({Role.ARCHIVIST}), Relation.ROLE),),
        Action.ASK_APPROVAL: (Grant(ASKERS, Relation.ROLE),),
        Action.GIVE_APPROVAL: (Grant(GIVERS, Relation.ROLE),),
    }
)
"""The whole of who may do what. An act that is not here is nobody's."""

ALLOWED_WHEN_CLOSED: Final = frozenset(
    {
        Action.REPORT_DANGER,
        Action.OWN_RECORD,
        Action.READ_CASE,
        Action.SEE_CASE_ACCESSES,
        Action.PRINT_CASE,
        Action.REOPEN_CASE,
        Action.WITHDRAW_CONSENT,
    }
)
"""What may still be done to a closed case."""

STRONG: Final = frozenset({"password+totp", "passkey", "oidc", "demo"})
"""Sign-ins with two factors, and the demonstration's one-click sign-in, which exists only there."""


def decide(subject: Subject, action: Action, facts: ObjectFacts, at: datetime) -> Allowed | Refused:
    """Decide one act at one instant. Everything not granted in ``POLICY`` is refused."""
    if action is Action.REPORT_DANGER:
        # Before every other question: barnevernsloven § 13-2 knows no tenant, case or consent.
        return Allowed("duty") if subject.role in STAFF_SIDE else Refused("access.role")
    grants = [grant for grant in POLICY.get(action, ()) if subject.role in grant.roles]
    barrier = _barrier(subject, action, facts, grants)
    if barrier is not None:
        return Refused(barrier)
    held = relations_of(subject, facts, at)
    for grant in grants:
        if grant.relation in held:
            return Allowed(grant.relation.value)
    return Refused("access.no_relation")


def _barrier(
    subject: Subject, action: Action, facts: ObjectFacts, grants: list[Grant]
) -> str | None:
    """What refuses before relations are looked at."""
    if subject.tenant_id != facts.tenant_id:
        return "access.other_tenant"
    if subject.strength not in STRONG:
        return "access.weak_sign_in"
    if not grants:
        return "access.role"
    if facts.status is CaseStatus.CLOSED and action not in ALLOWED_WHEN_CLOSED:
        return "access.case_closed"
    return None


def compartments_open_to(subject: Subject, facts: ObjectFacts, at: datetime) -> frozenset[str]:
    """The compartments whose keys may be released to the subject now; empty without READ_CASE.

    Core, everything the subject's own unit has written, and what live cells into that unit cover.
    ``sealed`` is never among them: a duty record is opened by its author alone, as an own record.
    The answer names every compartment that may exist; the broker releases those that do.
    """
    if not isinstance(decide(subject, Action.READ_CASE, facts, at), Allowed):
        # Whoever is offered the baton reads whom it is about and the message with it, no more,
        # and only where their unit is let in; without it they could not even say no.
        asked = isinstance(decide(subject, Action.ANSWER_OFFER, facts, at), Allowed)
        return frozenset({CORE} if asked and unit_is_in(subject, facts, at) else ())
    live = [cell for cell in facts.cells if cell.is_live(at) and cell.info_type in SHAREABLE]
    if subject.role in {Role.GUARDIAN, Role.YOUTH}:
        return frozenset({CORE}) | _family_compartments(subject, facts, live, at)
    into_own = (cell for cell in live if cell.to_unit == subject.unit_id)
    return (
        frozenset({CORE})
        | service_compartments(subject.unit_id)
        | frozenset(service_compartment(cell.from_unit, cell.info_type) for cell in into_own)
    )


def _family_compartments(
    subject: Subject, facts: ObjectFacts, live: list[CellFacts], at: datetime
) -> frozenset[str]:
    """What the services in the case have written, of the types this person may read."""
    units = {cell.from_unit for cell in live}
    if facts.owner_unit is not None:
        units.add(facts.owner_unit)
    types = [one for one in SHAREABLE if family_may_read(subject, facts, one, at)]
    return frozenset(service_compartment(unit, one) for unit in units for one in types)


def may_read(
    subject: Subject,
    facts: ObjectFacts,
    at: datetime,
    *,
    unit_id: uuid.UUID,
    info_type: InfoType,
) -> bool:
    """Whether information of this type, owned by this unit, is open to the subject now."""
    return service_compartment(unit_id, info_type) in compartments_open_to(subject, facts, at)
