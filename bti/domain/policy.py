"""The policy as data: who may do what to which kind of thing, for what purpose, signed in how.

One row for each act. Nothing is decided here; ``access`` reads the table and refuses the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.approval import ASKERS, GIVERS
from bti.domain.codes import CASE_WORKERS, STAFF_SIDE, Role
from bti.domain.relations import ObjectKind, Purpose, Relation


class Action(StrEnum):
    """One kind of act, as the table knows it. The audit log has its own, finer codes."""

    # about a child in danger
    REPORT_DANGER = "report_danger"
    # about nobody yet
    LOG_CONCERN = "log_concern"
    SEARCH_CHILD = "search_child"
    SEE_WORKLIST = "see_worklist"
    SEE_FOLLOW_UP = "see_follow_up"
    SEE_TEAM_QUEUE = "see_team_queue"
    CONSULT = "consult"
    NAME_CONSULTANTS = "name_consultants"
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
    ATTACH_FILE = "attach_file"
    REMOVE_FILE = "remove_file"
    CORRECT_ENTRY = "correct_entry"
    # meetings
    PLAN_MEETING = "plan_meeting"
    PREPARE_CHILD = "prepare_child"
    KEEP_MINUTES = "keep_minutes"
    # the baton
    OFFER_BATON = "offer_baton"
    ANSWER_OFFER = "answer_offer"
    WITHDRAW_OFFER = "withdraw_offer"
    REASSIGN_BATON = "reassign_baton"
    MOVE_CASE = "move_case"
    JOIN_LOGS = "join_logs"
    # consent and participants
    ASK_CONSENT = "ask_consent"
    RECORD_ANSWER = "record_answer"
    SHARE_BY_LAW = "share_by_law"
    WITHDRAW_CONSENT = "withdraw_consent"
    INVITE_PARTICIPANT = "invite_participant"
    REVOKE_PARTICIPANT = "revoke_participant"
    # address protection
    PROTECT_CASE = "protect_case"
    MANAGE_PROTECTION = "manage_protection"
    # a guardian who is kept out
    LIFT_BLOCK = "lift_block"
    # the upbringing team
    REFER = "refer"
    TAKE_REFERRAL = "take_referral"
    RETURN_REFERRAL = "return_referral"
    RECORD_RIGHTS = "record_rights"
    APPOINT_HOLDER = "appoint_holder"
    # running the installation
    SEARCH_AUDIT = "search_audit"
    EXPORT_AUDIT = "export_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_UNITS = "manage_units"
    EDIT_RULES = "edit_rules"
    SEE_CLIENTS = "see_clients"
    MANAGE_CLIENTS = "manage_clients"
    ARCHIVE_LIST = "archive_list"
    # emergency access
    SEEK_EMERGENCY = "seek_emergency"
    OPEN_EMERGENCY = "open_emergency"
    READ_CORE = "read_core"
    # what others have done with their access
    SEE_REVIEWS = "see_reviews"
    REVIEW_USE = "review_use"
    LIFT_SUSPENSION = "lift_suspension"
    SIGN_CONTROL = "sign_control"
    # the data protection officer's own desk
    KEEP_BREACHES = "keep_breaches"
    KEEP_RIGHTS_REQUESTS = "keep_rights_requests"
    # acts that need two people; for which act is said in bti.domain.approval
    ASK_APPROVAL = "ask_approval"
    GIVE_APPROVAL = "give_approval"


class Strength(IntEnum):
    """How sure the sign-in is, weakest first; for how long it is FRESH is said in ``step_up``."""

    WEAK = 0
    TWO_FACTORS = 1
    #: Two factors, proven a short while ago.
    FRESH = 2


@dataclass(frozen=True, slots=True)
class Grant:
    """These roles, when they stand in this relation (ROLE: no relation is needed).

    With ``by_consent`` somebody outside the unit that owns the case also needs a live consent
    cell that leads to their own unit.
    """

    roles: frozenset[Role]
    relation: Relation
    by_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table: what is done to which kind of thing, and on which terms."""

    kind: ObjectKind
    grants: tuple[Grant, ...]
    purposes: frozenset[Purpose]
    strength: Strength = Strength.TWO_FACTORS
    when_closed: bool = False
    #: In a log that is continued in another; where nothing is said, as in a closed case.
    when_set_aside: bool | None = None
    #: Only where it is certain that no address is protected; being named does not help.
    unprotected_only: bool = False
    #: Who is left when the archive has the case: these and nobody else, freshly proven where it is staff.
    archived: tuple[Grant, ...] = ()
    #: Also for somebody who is not named where an address is protected. Opens no key.
    unnamed_too: bool = False
    #: Every role in the grants, worked out once.
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        """Gather the roles of the grants."""
        roles = frozenset(role for grant in self.grants for role in grant.roles)
        object.__setattr__(self, "roles", roles)

    @property
    def in_set_aside(self) -> bool:
        """Whether it is done in a log that is continued in another."""
        return self.when_closed if self.when_set_aside is None else self.when_set_aside


_LEADS: Final = frozenset({Role.UNIT_LEAD})
_TEAM: Final = frozenset({Role.TEAM_LEAD, Role.TEAM_MEMBER})
_TEAM_LEAD: Final = frozenset({Role.TEAM_LEAD})
_OFFICER: Final = frozenset({Role.DPO})
_ON_CALL: Final = frozenset({Role.ON_CALL})

_HOLDER: Final = Grant(CASE_WORKERS, Relation.HOLDER, by_consent=True)
_FOLLOWER: Final = Grant(CASE_WORKERS, Relation.FOLLOWER, by_consent=True)
_PARTICIPANT: Final = Grant(CASE_WORKERS, Relation.PARTICIPANT, by_consent=True)
# Without consent too: whoever is asked to take the baton must be able to say no.
_OFFERED: Final = Grant(CASE_WORKERS, Relation.OFFERED)
_LEAD: Final = Grant(_LEADS, Relation.LEAD, by_consent=True)
_TEAM_OF_REFERRAL: Final = Grant(_TEAM, Relation.TEAM, by_consent=True)
_LEAD_OF_TEAM: Final = Grant(_TEAM_LEAD, Relation.TEAM, by_consent=True)
_GUARDIAN: Final = Grant(frozenset({Role.GUARDIAN}), Relation.GUARDIAN)
_YOUTH: Final = Grant(frozenset({Role.YOUTH}), Relation.YOUTH)
# A review is made by somebody else than the one it is about, without exception.
_IMPARTIAL_OFFICER: Final = Grant(_OFFICER, Relation.IMPARTIAL)
_OWN_LEADER: Final = Grant(_LEADS, Relation.OWN_STAFF)

# Of an archived case: the leader of the service that had it answers for access, correction and a new beginning;
# the family's right to see does not end. Nobody else, and nobody by a place they had.
_READERS: Final = (_HOLDER, _FOLLOWER, _PARTICIPANT, _LEAD, _TEAM_OF_REFERRAL)
_FAMILY: Final = (_GUARDIAN, _YOUTH)
_STEERING: Final = (_HOLDER, _FOLLOWER, _LEAD)
_PLANNERS: Final = (_HOLDER, _FOLLOWER, _PARTICIPANT)

_FOLLOW_UP: Final = frozenset({Purpose.FOLLOW_UP})
_FOLLOW_UP_OR_FAMILY: Final = frozenset({Purpose.FOLLOW_UP, Purpose.FAMILY})
_OVERSIGHT: Final = frozenset({Purpose.OVERSIGHT})
_EMERGENCY: Final = frozenset({Purpose.EMERGENCY})


def _case(
    *grants: Grant,
    purposes: frozenset[Purpose] = _FOLLOW_UP,
    when_closed: bool = False,
    when_set_aside: bool | None = None,
    archived: tuple[Grant, ...] = (),
) -> Rule:
    return Rule(
        kind=ObjectKind.CASE,
        grants=grants,
        purposes=purposes,
        when_closed=when_closed,
        when_set_aside=when_set_aside,
        archived=archived,
    )


def _house(
    roles: frozenset[Role],
    *purposes: Purpose,
    strength: Strength = Strength.TWO_FACTORS,
) -> Rule:
    """What a role alone is enough for: no case, nobody's child."""
    return Rule(
        kind=ObjectKind.INSTALLATION,
        grants=(Grant(roles, Relation.ROLE),),
        purposes=frozenset(purposes),
        strength=strength,
    )


def _review(*grants: Grant, strength: Strength = Strength.TWO_FACTORS) -> Rule:
    return Rule(kind=ObjectKind.REVIEW, grants=grants, purposes=_OVERSIGHT, strength=strength)


_OF_THE_HOUSE: Final = (Purpose.OVERSIGHT, Purpose.ADMINISTRATION, Purpose.ARCHIVING)
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

POLICY: Final[Mapping[Action, Rule]] = MappingProxyType(
    {
        # Decided before every other question; the row is here so that the table is whole.
        Action.REPORT_DANGER: Rule(
            kind=ObjectKind.INSTALLATION,
            grants=(Grant(STAFF_SIDE, Relation.ROLE),),
            purposes=frozenset(Purpose),
            strength=Strength.WEAK,
            when_closed=True,
        ),
        Action.LOG_CONCERN: _house(CASE_WORKERS, Purpose.FOLLOW_UP),
        Action.SEARCH_CHILD: _house(CASE_WORKERS, Purpose.FOLLOW_UP),
        Action.SEE_WORKLIST: _house(CASE_WORKERS, Purpose.FOLLOW_UP),
        Action.SEE_FOLLOW_UP: _house(_LEADS, Purpose.FOLLOW_UP),
        Action.SEE_TEAM_QUEUE: _house(_TEAM, Purpose.FOLLOW_UP),
        # Asking and answering without names; who sits in the team is looked up in the workflow.
        Action.CONSULT: _house(CASE_WORKERS, Purpose.FOLLOW_UP),
        Action.NAME_CONSULTANTS: _house(
            _LEADS | _TEAM_LEAD | _ADMINISTRATORS, Purpose.FOLLOW_UP, Purpose.ADMINISTRATION
        ),
        Action.OWN_RECORD: Rule(
            kind=ObjectKind.OWN_RECORD,
            grants=(Grant(STAFF_SIDE, Relation.AUTHOR),),
            purposes=frozenset(Purpose),
            when_closed=True,
        ),
        Action.READ_CASE: _case(
            *_READERS,
            *_FAMILY,
            purposes=_FOLLOW_UP_OR_FAMILY,
            when_closed=True,
            archived=(_LEAD, *_FAMILY),
        ),
        Action.SEE_CASE_ACCESSES: _case(
            *_READERS,
            *_FAMILY,
            purposes=_FOLLOW_UP_OR_FAMILY,
            when_closed=True,
            archived=(_LEAD, *_FAMILY),
        ),
        Action.PRINT_CASE: _case(*_READERS, when_closed=True, archived=(_LEAD,)),
        # Who the child and the guardians are, and who is kept out, is put right in a log that is set aside too.
        Action.CHANGE_CHILD: _case(*_STEERING, when_set_aside=True),
        Action.RECORD_CONVERSATION: _case(*_STEERING, _PARTICIPANT),
        Action.RECORD_STEP: _case(*_STEERING, _PARTICIPANT),
        Action.CHANGE_LEVEL: _case(*_STEERING, _LEAD_OF_TEAM),
        # What is continued elsewhere ends like any other, and does not begin again beside it.
        Action.CLOSE_CASE: _case(*_STEERING, when_set_aside=True),
        Action.REOPEN_CASE: _case(
            *_STEERING, when_closed=True, when_set_aside=False, archived=(_LEAD,)
        ),
        Action.OPEN_LOG: _case(*_STEERING),
        Action.CLOSE_LOG: _case(*_STEERING),
        Action.WRITE_PLAN: _case(*_PLANNERS),
        Action.EVALUATE: _case(*_PLANNERS),
        Action.WRITE_NOTE: _case(*_READERS),
        Action.ATTACH_FILE: _case(*_READERS),
        # Their own unit's only, by the one who attached it or leads: domain.attachments. In a closed
        # case too: another child's paper must be taken out of it.
        Action.REMOVE_FILE: _case(*_READERS, when_closed=True),
        # By its author, or whoever keeps the case: domain.correction. In a closed case too: the right to
        # have something corrected does not end with the work.
        Action.CORRECT_ENTRY: _case(*_READERS, when_closed=True, archived=(_LEAD,)),
        Action.PLAN_MEETING: _case(*_STEERING, _LEAD_OF_TEAM),
        Action.PREPARE_CHILD: _case(*_STEERING, _PARTICIPANT),
        Action.KEEP_MINUTES: _case(*_STEERING, _PARTICIPANT, _LEAD_OF_TEAM),
        Action.OFFER_BATON: _case(_HOLDER),
        Action.ANSWER_OFFER: _case(_OFFERED),
        Action.WITHDRAW_OFFER: _case(_HOLDER),
        Action.REASSIGN_BATON: _case(_LEAD),
        Action.MOVE_CASE: _case(_HOLDER, _LEAD),
        # To ask, to answer and to take back, each in one's own log; how is in bti.domain.join.
        Action.JOIN_LOGS: _case(_HOLDER, _LEAD, when_closed=True),
        Action.ASK_CONSENT: _case(*_STEERING),
        Action.RECORD_ANSWER: _case(*_STEERING),
        Action.SHARE_BY_LAW: _case(*_STEERING),
        # Anyone in the case may receive a withdrawal: it must be as easy as giving it.
        Action.WITHDRAW_CONSENT: _case(
            *_READERS, *_FAMILY, purposes=_FOLLOW_UP_OR_FAMILY, when_closed=True
        ),
        Action.INVITE_PARTICIPANT: _case(*_STEERING),
        Action.REVOKE_PARTICIPANT: _case(*_STEERING, when_set_aside=True),
        # Anyone who can read may close the door; opening it wider takes the leader, freshly proven.
        Action.PROTECT_CASE: _case(*_PLANNERS, _LEAD, when_closed=True, archived=(_LEAD,)),
        Action.MANAGE_PROTECTION: Rule(
            kind=ObjectKind.CASE,
            grants=(_LEAD,),
            purposes=_FOLLOW_UP,
            strength=Strength.FRESH,
            when_closed=True,
            archived=(_LEAD,),
            unnamed_too=True,
        ),
        # Anybody who keeps the case may put a block; it is lifted by the leader, freshly proven.
        Action.LIFT_BLOCK: Rule(
            kind=ObjectKind.CASE, grants=(_LEAD,), purposes=_FOLLOW_UP, strength=Strength.FRESH
        ),
        Action.REFER: _case(_HOLDER, _LEAD),
        Action.TAKE_REFERRAL: _case(_LEAD_OF_TEAM),
        Action.RETURN_REFERRAL: _case(_LEAD_OF_TEAM),
        Action.RECORD_RIGHTS: _case(_LEAD_OF_TEAM, _HOLDER),
        Action.APPOINT_HOLDER: _case(_LEAD_OF_TEAM),
        Action.SEARCH_AUDIT: _house(_OFFICER, Purpose.OVERSIGHT),
        Action.EXPORT_AUDIT: _house(_OFFICER, Purpose.OVERSIGHT, strength=Strength.FRESH),
        Action.MANAGE_ACCOUNTS: _house(_ADMINISTRATORS, Purpose.ADMINISTRATION),
        Action.MANAGE_UNITS: _house(_ADMINISTRATORS, Purpose.ADMINISTRATION),
        Action.EDIT_RULES: _house(_ADMINISTRATORS, Purpose.ADMINISTRATION),
        # Which professional systems may act for colleagues, and what they did. Either may stop one.
        Action.SEE_CLIENTS: _house(
            _OFFICER | _ADMINISTRATORS, Purpose.OVERSIGHT, Purpose.ADMINISTRATION
        ),
        Action.MANAGE_CLIENTS: _house(_ADMINISTRATORS, Purpose.ADMINISTRATION),
        Action.ARCHIVE_LIST: _house(frozenset({Role.ARCHIVIST}), Purpose.ARCHIVING),
        Action.SEEK_EMERGENCY: _house(_ON_CALL, Purpose.EMERGENCY, strength=Strength.FRESH),
        # Which case it is, is known from here on; the role must say why, and only once per case.
        Action.OPEN_EMERGENCY: Rule(
            kind=ObjectKind.CASE,
            grants=(Grant(_ON_CALL, Relation.ROLE),),
            purposes=_EMERGENCY,
            strength=Strength.FRESH,
            when_closed=True,
            unprotected_only=True,
        ),
        Action.READ_CORE: Rule(
            kind=ObjectKind.CASE,
            grants=(Grant(_ON_CALL, Relation.EMERGENCY),),
            purposes=_EMERGENCY,
            when_closed=True,
            unprotected_only=True,
        ),
        Action.SEE_REVIEWS: _house(_OFFICER | _LEADS, Purpose.OVERSIGHT),
        Action.REVIEW_USE: _review(_IMPARTIAL_OFFICER, _OWN_LEADER),
        Action.LIFT_SUSPENSION: _review(_IMPARTIAL_OFFICER, strength=Strength.FRESH),
        Action.SIGN_CONTROL: _house(_OFFICER, Purpose.OVERSIGHT),
        Action.KEEP_BREACHES: _house(_OFFICER, Purpose.OVERSIGHT),
        Action.KEEP_RIGHTS_REQUESTS: _house(_OFFICER, Purpose.OVERSIGHT),
        # That both have just proven who they are is asked by the approval itself, of each of them.
        Action.ASK_APPROVAL: _house(ASKERS, *_OF_THE_HOUSE),
        Action.GIVE_APPROVAL: _house(GIVERS, Purpose.FOLLOW_UP, *_OF_THE_HOUSE),
    }
)
"""The whole of who may do what. An act that is not here is nobody's."""

PURPOSES: Final[Mapping[Role, tuple[Purpose, ...]]] = MappingProxyType(
    {
        Role.STAFF: (Purpose.FOLLOW_UP,),
        Role.UNIT_LEAD: (Purpose.FOLLOW_UP, Purpose.OVERSIGHT),
        Role.TEAM_LEAD: (Purpose.FOLLOW_UP,),
        Role.TEAM_MEMBER: (Purpose.FOLLOW_UP,),
        Role.ON_CALL: (Purpose.EMERGENCY,),
        Role.DPO: (Purpose.OVERSIGHT,),
        Role.ARCHIVIST: (Purpose.ARCHIVING,),
        Role.ADMINISTRATOR: (Purpose.ADMINISTRATION,),
        Role.SLT_COORDINATOR: (),
        Role.GUARDIAN: (Purpose.FAMILY,),
        Role.YOUTH: (Purpose.FAMILY,),
    }
)
"""What each role may act for. The first is what it acts for when nothing else is said."""
