"""Who may do what, decided: a pure function over the table in ``policy``, deny by default.

The key broker and every workflow ask here. Whether a relation holds is found in ``relations``.
Rows in the database are facts; authority is what this module says.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bti.domain.clients import acts_of, compartments_of
from bti.domain.codes import SHAREABLE, STAFF_SIDE, InfoType, Role
from bti.domain.compartments import CORE, service_compartment, service_compartments
from bti.domain.consent import CellFacts
from bti.domain.levels import CaseStatus
from bti.domain.policy import POLICY, PURPOSES, Action, Rule, Strength
from bti.domain.relations import (
    ObjectFacts,
    ObjectKind,
    Subject,
    family_may_read,
    standing_of,
    unit_is_in,
)
from bti.domain.step_up import is_fresh

__all__ = [
    "POLICY",
    "Action",
    "Allowed",
    "Refused",
    "compartments_open_to",
    "decide",
    "may_read",
    "strength_of",
]


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


STRONG: Final = frozenset({"password+totp", "passkey", "oidc", "demo", "agreement"})
"""Sign-ins with two factors, and the demonstration's one-click sign-in, which exists only there.

An agreement is made with two factors just proven; what acts by it has none, and is never fresh.
"""


def decide(subject: Subject, action: Action, facts: ObjectFacts, at: datetime) -> Allowed | Refused:
    """Decide one act at one instant. Everything not granted in ``POLICY`` is refused."""
    if subject.client_id is not None and action not in acts_of(subject.scopes):
        # Before danger too: a report is a person's own, and stays out of every system but this one.
        return Refused("access.scope")
    if action is Action.REPORT_DANGER:
        # Before every other question: barnevernsloven § 13-2 knows no tenant, case or consent.
        return Allowed("duty") if subject.role in STAFF_SIDE else Refused("access.role")
    rule = POLICY.get(action)
    if rule is None:
        return Refused("access.role")
    barrier = _barrier(subject, rule, facts, at)
    if barrier is not None:
        return Refused(barrier)
    return _by_relation(subject, rule, facts, at)


def _barrier(subject: Subject, rule: Rule, facts: ObjectFacts, at: datetime) -> str | None:
    """What refuses before relations are looked at; the first that applies is the answer."""
    if subject.tenant_id != facts.tenant_id:
        return "access.other_tenant"
    strength = strength_of(subject, at)
    if strength < Strength.TWO_FACTORS:
        return "access.weak_sign_in"
    if subject.role not in rule.roles:
        return "access.role"
    if subject.purpose not in rule.purposes or subject.purpose not in PURPOSES[subject.role]:
        return "access.purpose"
    return _thing_barrier(subject, rule, facts, strength)


def _thing_barrier(
    subject: Subject, rule: Rule, facts: ObjectFacts, strength: Strength
) -> str | None:
    if facts.kind is not rule.kind or subject.account_id in facts.kept_out:
        return "access.kind" if facts.kind is not rule.kind else "access.partial"
    resting = _resting(rule, facts)
    if resting is not None:
        return resting
    if facts.archived and subject.role not in {role for one in rule.archived for role in one.roles}:
        return "access.archived"
    if strength < _strength_for(subject, rule, facts):
        return "access.stale_factor"
    if _closed_by_protection(subject, rule, facts):
        return "access.protected"
    return None


def _resting(rule: Rule, facts: ObjectFacts) -> str | None:
    """What refuses where nobody works with the case: it is closed, or continued in another."""
    if facts.status is CaseStatus.CLOSED and not rule.when_closed:
        return "access.case_closed"
    return "access.set_aside" if facts.set_aside and not rule.in_set_aside else None


def _strength_for(subject: Subject, rule: Rule, facts: ObjectFacts) -> Strength:
    """How sure the sign-in must be: what the archive has is opened by staff who have just proven who they are."""
    staff = subject.role not in {Role.GUARDIAN, Role.YOUTH}
    return Strength.FRESH if facts.archived and staff else rule.strength


def _closed_by_protection(subject: Subject, rule: Rule, facts: ObjectFacts) -> bool:
    """Whether a protected address keeps the subject out. What nobody can say keeps out, too."""
    if facts.kind is not ObjectKind.CASE or facts.protected is False or rule.unnamed_too:
        return False
    named = facts.protected is True and subject.account_id in facts.named_readers
    return rule.unprotected_only or not named


def _by_relation(
    subject: Subject, rule: Rule, facts: ObjectFacts, at: datetime
) -> Allowed | Refused:
    held = standing_of(subject, facts, at)
    lacks_consent = False
    let_in: bool | None = None
    for grant in rule.archived if facts.archived else rule.grants:
        if grant.relation not in held or subject.role not in grant.roles:
            continue
        if not grant.by_consent:
            return Allowed(grant.relation.value)
        if let_in is None:
            let_in = unit_is_in(subject, facts, at)
        if let_in:
            return Allowed(grant.relation.value)
        lacks_consent = True
    return Refused("access.no_consent" if lacks_consent else "access.no_relation")


def strength_of(subject: Subject, at: datetime) -> Strength:
    """How sure the sign-in is at ``at``."""
    if subject.strength not in STRONG:
        return Strength.WEAK
    return Strength.FRESH if is_fresh(subject.proven_at, at) else Strength.TWO_FACTORS


def compartments_open_to(subject: Subject, facts: ObjectFacts, at: datetime) -> frozenset[str]:
    """The compartments whose keys may be released to the subject now; empty without READ_CASE.

    Core, everything the subject's own unit has written, and what live cells into that unit cover.
    ``sealed`` is never among them: a duty record is opened by its author alone, as an own record.
    The answer names every compartment that may exist; the broker releases those that do. A system
    that acts for somebody is given no more of theirs than its scopes need.
    """
    if subject.client_id is not None:
        person = replace(subject, client_id=None, scopes=frozenset())
        return compartments_open_to(person, facts, at) & compartments_of(subject)
    if isinstance(decide(subject, Action.READ_CORE, facts, at), Allowed):
        return frozenset({CORE})
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
