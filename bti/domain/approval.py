"""Acts that need two people: who may ask, who may say yes, and what exactly a yes allows.

An approval is for one act with exactly these parameters, once, within a day. That both people are
who they say is for the sign-in; that the parameters are carried out is for whoever uses it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.codes import CASE_WORKERS, Role
from bti.domain.errors import AccessDenied
from bti.domain.step_up import is_fresh

LIFETIME: Final = timedelta(hours=24)
"""From the question to the last moment of use."""

ParamValue = str | int | bool | list[str] | None
Params = Mapping[str, ParamValue]


class ApprovalAct(StrEnum):
    """What needs two people."""

    AUDIT_EXPORT = "audit_export"
    #: A part of the log as a file, in plain words.
    AUDIT_SELECTION = "audit_selection"
    CASE_EXPORT = "case_export"
    ERASURE = "erasure"
    KEY_DESTROY = "key_destroy"
    KEY_RECOVERY = "key_recovery"
    LOG_EPOCH = "log_epoch"
    POLICY_CHANGE = "policy_change"
    PROFILE_CHANGE = "profile_change"
    RELEASE_PUBLISH = "release_publish"
    ROLE_GRANT = "role_grant"
    ACCOUNT_RESET = "account_reset"
    #: A professional system gets a key.
    CLIENT_MAKE = "client_make"
    #: A log is continued in another about the same child, or taken back.
    LOG_JOIN = "log_join"
    LOG_PART = "log_part"


class ApprovalState(StrEnum):
    """Where an approval stands. USED, REFUSED, WITHDRAWN and EXPIRED are the end of it."""

    WAITING = "waiting"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED = "used"


class ApprovalRefused(AccessDenied):
    """An approval does not allow this. ``code`` is one of ``APPROVAL_RULES``.

    It is entered in the log with the approval's and the municipality's id, also when nobody is
    signed in (the command line).
    """

    def __init__(
        self,
        code: str,
        *,
        approval_id: uuid.UUID | None = None,
        tenant_id: uuid.UUID | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.approval_id = approval_id
        self.tenant_id = tenant_id

    @classmethod
    def again(
        cls, refusal: AccessDenied, approval_id: uuid.UUID | None, tenant_id: uuid.UUID
    ) -> ApprovalRefused:
        """Return a refusal that another process has told, as what it was there."""
        made = cls(refusal.rule, approval_id=approval_id, tenant_id=tenant_id)
        made.entered = refusal.entered
        return made


class StepUpNeeded(ApprovalRefused):
    """Password and code must be proven again first: the last time is too long ago."""

    def __init__(self, *, approval_id: uuid.UUID | None = None) -> None:
        # The access table's own rule: whoever meets it is asked to prove it, and may go on.
        super().__init__("access.stale_factor", approval_id=approval_id)


APPROVAL_RULES: Final = frozenset(
    {
        "approval.changed",
        "approval.expired",
        "approval.made_by_requester",
        "approval.not_given",
        "approval.not_requester",
        "approval.not_waiting",
        "approval.other_act",
        "approval.person_gone",
        "approval.role",
        "approval.same_person",
        "approval.self",
        "approval.unknown",
        "approval.used",
    }
)
"""Why an approval was refused."""


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Which roles may ask for an act, and which may say yes to it."""

    ask: frozenset[Role]
    give: frozenset[Role]


_ADMINISTRATOR: Final = frozenset({Role.ADMINISTRATOR})
_DPO: Final = frozenset({Role.DPO})
_ARCHIVIST: Final = frozenset({Role.ARCHIVIST})

TWO_PEOPLE: Final[Mapping[ApprovalAct, TwoPeople]] = MappingProxyType(
    {
        ApprovalAct.AUDIT_EXPORT: TwoPeople(_DPO | _ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        ApprovalAct.AUDIT_SELECTION: TwoPeople(_DPO, _DPO | _ADMINISTRATOR),
        # What is about a child is asked for and agreed to by those who answer for it; never by an
        # administrator, who reads nothing.
        ApprovalAct.CASE_EXPORT: TwoPeople(_DPO | _ARCHIVIST, _DPO | _ARCHIVIST),
        ApprovalAct.ERASURE: TwoPeople(_DPO | _ARCHIVIST, _DPO | _ARCHIVIST),
        # arkivlova § 13: the archivist knows whether it may be lost.
        ApprovalAct.KEY_DESTROY: TwoPeople(_ADMINISTRATOR | _ARCHIVIST, _DPO | _ARCHIVIST),
        ApprovalAct.KEY_RECOVERY: TwoPeople(_ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        ApprovalAct.LOG_EPOCH: TwoPeople(_ADMINISTRATOR, _DPO),
        ApprovalAct.POLICY_CHANGE: TwoPeople(_ADMINISTRATOR, _DPO),
        ApprovalAct.PROFILE_CHANGE: TwoPeople(_ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        ApprovalAct.RELEASE_PUBLISH: TwoPeople(_DPO | _ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        ApprovalAct.ROLE_GRANT: TwoPeople(_ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        ApprovalAct.CLIENT_MAKE: TwoPeople(_ADMINISTRATOR, _DPO | _ADMINISTRATOR),
        # The leader of the person's own unit knows the face behind the account.
        ApprovalAct.ACCOUNT_RESET: TwoPeople(
            _ADMINISTRATOR, frozenset({Role.UNIT_LEAD, Role.TEAM_LEAD}) | _ADMINISTRATOR
        ),
        # Each for their own log: see OF_A_CASE.
        ApprovalAct.LOG_JOIN: TwoPeople(CASE_WORKERS, CASE_WORKERS),
        ApprovalAct.LOG_PART: TwoPeople(CASE_WORKERS, CASE_WORKERS),
    }
)
"""The whole of who may ask for what, and who may say yes. An act that is not here cannot be asked."""

OF_A_CASE: Final = frozenset({ApprovalAct.LOG_JOIN, ApprovalAct.LOG_PART})
"""Acts about two cases, ``log`` and ``into`` of the parameters. A role is not enough: the one asks who keeps the first,
and the one answers who keeps the second, by the access table. They stand on no page but those of the two cases."""

OWN_UNIT_ONLY: Final = frozenset({Role.UNIT_LEAD, Role.TEAM_LEAD})
"""Leaders say yes for their own unit only: the one the parameters name as ``unit``."""

GIVEN_BY_TWO: Final = frozenset(
    {
        # They ask and answer for others: whoever could give one alone could be both people.
        Role.ADMINISTRATOR,
        Role.DPO,
        Role.ARCHIVIST,
        # They reach cases by the role, without anybody in the case letting them in: an administrator
        # could make an account, give it one of these and sign in as a person who is not there.
        Role.UNIT_LEAD,
        Role.TEAM_LEAD,
        Role.TEAM_MEMBER,
        Role.ON_CALL,
    }
)
"""Roles that no one person gives."""

_BY_ROLE: Final = [rule for act, rule in TWO_PEOPLE.items() if act not in OF_A_CASE]
ASKERS: Final = frozenset().union(*(one.ask for one in _BY_ROLE))
GIVERS: Final = frozenset().union(*(one.give for one in _BY_ROLE))


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One of the two, as the broker and the register know them now.

    ``name`` is as registered. ``role_given_by`` is the account that gave the role of this session.
    """

    account_id: uuid.UUID
    role: Role
    unit_id: uuid.UUID
    name: str
    proven_at: datetime | None
    role_given_by: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """An approval as it is stored."""

    approval_id: uuid.UUID
    act: ApprovalAct
    digest: bytes
    state: ApprovalState
    requested_by: uuid.UUID
    requester_name: str
    expires_at: datetime
    about_unit: uuid.UUID | None = None
    about_account: uuid.UUID | None = None
    #: Of an act about two cases: the one whose keeper asks, and the one whose keeper answers.
    asking_case: uuid.UUID | None = None
    answering_case: uuid.UUID | None = None


def facts_from(params: Params) -> dict[str, uuid.UUID | None]:
    """Return what the parameters say of whom and what it is about, by the names of ``ApprovalFacts``.

    Raises ``ValueError`` for an id that is none.
    """
    names = {
        "about_unit": "unit",
        "about_account": "account",
        "asking_case": "log",
        "answering_case": "into",
    }
    found = {name: params.get(stored) for name, stored in names.items()}
    return {name: uuid.UUID(one) if isinstance(one, str) else None for name, one in found.items()}


def canonical(params: Params) -> bytes:
    """Return the one spelling of the parameters: JSON, keys sorted, no spaces, UTF-8.

    Raises ``TypeError`` for a value that has no single spelling, such as a float.
    """
    for name, value in params.items():
        plain = value is None or isinstance(value, str | int)
        if not plain and not (
            isinstance(value, list) and all(isinstance(one, str) for one in value)
        ):
            message = f"{name}: {type(value).__name__} has no one spelling"
            raise TypeError(message)
    return json.dumps(
        dict(params), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def digest_of(act: ApprovalAct, params: Params) -> bytes:
    """Return the SHA-256 (32 bytes) that binds an approval to an act and its exact parameters."""
    return hashlib.sha256(
        b"stafett/approval/v1\0" + act.value.encode() + b"\0" + canonical(params)
    ).digest()


def own_rules_params(number: int, sha256: str) -> Params:
    """Return what two people agree to when a version of the local rules is published: its text, by digest."""
    return {"rules": number, "rules_sha256": sha256}


def check_ask(person: PersonFacts, act: ApprovalAct, *, at: datetime) -> datetime:
    """Return until when the approval will live. Raises ``ApprovalRefused``, ``StepUpNeeded``."""
    if act not in TWO_PEOPLE or person.role not in TWO_PEOPLE[act].ask:
        raise ApprovalRefused("approval.role")
    _fresh(person, at, None)
    return at + LIFETIME


def check_answer(facts: ApprovalFacts, person: PersonFacts, *, at: datetime) -> None:
    """Check that this person may say yes or no now.

    Raises ``ApprovalRefused`` with approval.self (who asks, or whom it is about), approval.same_person (another account in the
    same name), approval.made_by_requester (who let the approver in may not be let through by
    them), approval.role, approval.not_waiting or approval.expired; and ``StepUpNeeded``.
    """

    def refuse(code: str) -> ApprovalRefused:
        return ApprovalRefused(code, approval_id=facts.approval_id)

    if person.account_id in {facts.requested_by, facts.about_account}:
        raise refuse("approval.self")
    if same_name(person.name, facts.requester_name):
        raise refuse("approval.same_person")
    if person.role_given_by == facts.requested_by:
        raise refuse("approval.made_by_requester")
    if not may_give(facts, person.role, person.unit_id):
        raise refuse("approval.role")
    if facts.state is not ApprovalState.WAITING:
        raise refuse("approval.not_waiting")
    if at >= facts.expires_at:
        raise refuse("approval.expired")
    _fresh(person, at, facts.approval_id)


def may_give(facts: ApprovalFacts, role: Role, unit_id: uuid.UUID) -> bool:
    """Whether somebody in this role and unit is one of those who may answer at all."""
    if role not in TWO_PEOPLE[facts.act].give:
        return False
    return role not in OWN_UNIT_ONLY or unit_id == facts.about_unit


def check_use(
    facts: ApprovalFacts, act: ApprovalAct, params: Params, *, by: uuid.UUID | None, at: datetime
) -> None:
    """Check that the approval allows this act with these parameters now.

    ``by`` is who acts, None for the command line. Raises ``ApprovalRefused`` with
    approval.other_act, approval.changed, approval.used, approval.expired, approval.not_given or
    approval.not_requester.
    """
    code = ""
    if facts.act is not act:
        code = "approval.other_act"
    elif facts.digest != digest_of(act, params):
        code = "approval.changed"
    elif facts.state is ApprovalState.USED:
        code = "approval.used"
    elif facts.state is ApprovalState.EXPIRED or at >= facts.expires_at:
        code = "approval.expired"
    elif facts.state is not ApprovalState.GIVEN:
        code = "approval.not_given"
    elif by is not None and by != facts.requested_by:
        code = "approval.not_requester"
    if code:
        raise ApprovalRefused(code, approval_id=facts.approval_id)


def after(facts: ApprovalFacts, state: ApprovalState) -> ApprovalFacts:
    """The approval in another state."""
    return replace(facts, state=state)


def same_name(one: str, other: str) -> bool:
    """Whether two accounts are, by name, one person: the same words in any order and case."""
    return _words(one) == _words(other)


def _words(name: str) -> list[str]:
    return sorted(name.replace(",", " ").replace("-", " ").casefold().split())


def _fresh(person: PersonFacts, at: datetime, approval_id: uuid.UUID | None) -> None:
    if not is_fresh(person.proven_at, at):
        raise StepUpNeeded(approval_id=approval_id)
