"""How a signed-in person stands to a thing: the facts the access table is asked about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bti.domain.ages import ADULT, age, is_adult
from bti.domain.codes import SHAREABLE, ClientScope, GuardianAccess, InfoType, Role
from bti.domain.consent import CellFacts
from bti.domain.levels import CaseStatus

HEALTH_OWN_SAY = 16  # pasient- og brukerrettighetsloven § 4-3


class Relation(StrEnum):
    """Why somebody may act. ROLE means that the role alone is enough."""

    ROLE = "role"
    HOLDER = "holder"
    OFFERED = "offered"
    FOLLOWER = "follower"
    PARTICIPANT = "participant"
    LEAD = "lead"
    TEAM = "team"
    AUTHOR = "author"
    GUARDIAN = "guardian"
    YOUTH = "youth"
    EMERGENCY = "emergency"
    #: What is reviewed is somebody else's doing.
    IMPARTIAL = "impartial"
    #: The same, and that somebody works in the unit one leads.
    OWN_STAFF = "own_staff"


class ObjectKind(StrEnum):
    """What is acted on. REVIEW is what somebody has done with their access."""

    INSTALLATION = "installation"
    CASE = "case"
    OWN_RECORD = "own_record"
    REVIEW = "review"


class Purpose(StrEnum):
    """What an act is for. Written into the access log with the act."""

    FOLLOW_UP = "follow-up"
    FAMILY = "family"
    EMERGENCY = "emergency"
    OVERSIGHT = "oversight"
    ADMINISTRATION = "administration"
    ARCHIVING = "archiving"


@dataclass(frozen=True, slots=True)
class Subject:
    """The signed-in person, in the one role and unit of this session.

    ``purpose`` is what the person says the act is for; without one nothing opens. With ``client_id``
    a professional system acts for them, within its ``scopes``.
    """

    account_id: uuid.UUID
    tenant_id: uuid.UUID
    role: Role
    unit_id: uuid.UUID
    strength: str
    #: When password and code, or what stands for them, were last proven in this session.
    proven_at: datetime | None = None
    purpose: Purpose | None = None
    client_id: uuid.UUID | None = None
    scopes: frozenset[ClientScope] = frozenset()


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Somebody's place in a case: FOLLOWER or PARTICIPANT, for a time (instants in UTC)."""

    account_id: uuid.UUID
    unit_id: uuid.UUID
    relation: Relation
    valid_from: datetime
    valid_to: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Whether the place gives anything at ``at``."""
        ended = self.valid_to is not None and self.valid_to <= at
        revoked = self.revoked_at is not None and self.revoked_at <= at
        return self.valid_from <= at and not ended and not revoked


@dataclass(frozen=True, slots=True)
class EmergencyFacts:
    """Emergency access taken by one person in one unit, for a time (instants in UTC)."""

    account_id: uuid.UUID
    unit_id: uuid.UUID
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianFacts:
    """A guardian who can sign in, and what a named person has decided that they may read.

    Parental responsibility is checked by a person; a relation in a registry opens nothing. A
    manual block wins over everything.
    """

    account_id: uuid.UUID
    parental_responsibility: bool
    access: GuardianAccess = GuardianAccess.FULL
    #: What LIMITED lets them read beside the core.
    kinds: frozenset[InfoType] = frozenset()
    withheld: frozenset[InfoType] = frozenset()
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What the table needs to know of the thing. Unknown stays empty, and empty opens nothing."""

    kind: ObjectKind
    tenant_id: uuid.UUID
    case_id: uuid.UUID | None = None
    owner_unit: uuid.UUID | None = None
    status: CaseStatus | None = None
    #: The archive has it: what few may open.
    archived: bool = False
    #: It is continued in another case, and takes nothing new.
    set_aside: bool = False
    child_birth_date: date | None = field(default=None, repr=False)
    holder_id: uuid.UUID | None = None
    holder_unit: uuid.UUID | None = None
    offered_to: uuid.UUID | None = None
    offered_unit: uuid.UUID | None = None
    offer_expires_at: datetime | None = None
    places: tuple[PlaceFacts, ...] = ()
    #: Units with an open referral of this case, waiting or taken.
    referred_to: frozenset[uuid.UUID] = frozenset()
    cells: tuple[CellFacts, ...] = ()
    guardians: tuple[GuardianFacts, ...] = ()
    youth_account: uuid.UUID | None = None
    author_id: uuid.UUID | None = None
    emergencies: tuple[EmergencyFacts, ...] = ()
    #: Whether an address in the case is protected; None when nobody can say, which closes too.
    protected: bool | None = None
    #: Where it is: the accounts that may open the case. Whoever is not named meets no case.
    named_readers: frozenset[uuid.UUID] = frozenset()
    #: The accounts that are partial in the case, as was declared (forvaltningsloven § 6).
    kept_out: frozenset[uuid.UUID] = frozenset()
    #: Whose doing is reviewed, and the unit they did it in.
    about_account: uuid.UUID | None = None
    about_unit: uuid.UUID | None = None


#: Relations that somebody outside the owner's unit has only by a live consent cell.
BY_CONSENT: Final = frozenset(
    {
        Relation.HOLDER,
        Relation.FOLLOWER,
        Relation.PARTICIPANT,
        Relation.LEAD,
        Relation.TEAM,
    }
)


def acting_for(subject: Subject, purpose: Purpose | None) -> Subject:
    """The same person, acting for a purpose; without one, for what the role is for."""
    return subject if purpose is None else replace(subject, purpose=purpose)


def relations_of(subject: Subject, facts: ObjectFacts, at: datetime) -> frozenset[Relation]:
    """Every relation that holds at ``at``, consent counted in.

    Those in another unit than the owner's stand in a relation only while a live cell leads to
    their unit: consent goes to a service, and without it the person has no business in the case.
    The one exception is OFFERED, so that a no can always be said.
    """
    held = standing_of(subject, facts, at)
    return held if unit_is_in(subject, facts, at) else held - BY_CONSENT


def standing_of(subject: Subject, facts: ObjectFacts, at: datetime) -> frozenset[Relation]:
    """Every relation as the rows say it, before consent is asked about."""
    if subject.tenant_id != facts.tenant_id:
        return frozenset()
    held = {Relation.ROLE}
    if facts.kind is ObjectKind.OWN_RECORD and facts.author_id == subject.account_id:
        held.add(Relation.AUTHOR)
    if facts.kind is ObjectKind.CASE:
        held |= _work(subject, facts, at) | _offered(subject, facts, at)
        held |= _family(subject, facts, at) | _emergency(subject, facts, at)
    if facts.kind is ObjectKind.REVIEW:
        held |= _reviewing(subject, facts)
    return frozenset(held)


def unit_is_in(subject: Subject, facts: ObjectFacts, at: datetime) -> bool:
    """Whether consent, or owning the case, lets the subject's unit in at all."""
    return subject.unit_id == facts.owner_unit or any(
        cell.to_unit == subject.unit_id and cell.info_type in SHAREABLE and cell.is_live(at)
        for cell in facts.cells
    )


def _work(subject: Subject, facts: ObjectFacts, at: datetime) -> set[Relation]:
    held: set[Relation] = {
        place.relation
        for place in facts.places
        if (place.account_id, place.unit_id) == (subject.account_id, subject.unit_id)
        and place.relation in {Relation.FOLLOWER, Relation.PARTICIPANT}
        and place.is_live(at)
    }
    # The baton was taken in a unit; the same person in another hat does not have it.
    if (facts.holder_id, facts.holder_unit) == (subject.account_id, subject.unit_id):
        held.add(Relation.HOLDER)
    if subject.unit_id == facts.owner_unit and subject.role is Role.UNIT_LEAD:
        held.add(Relation.LEAD)
    if subject.unit_id in facts.referred_to:
        held.add(Relation.TEAM)
    return held


def _offered(subject: Subject, facts: ObjectFacts, at: datetime) -> set[Relation]:
    mine = (facts.offered_to, facts.offered_unit) == (subject.account_id, subject.unit_id)
    in_time = facts.offer_expires_at is not None and at < facts.offer_expires_at
    return {Relation.OFFERED} if mine and in_time else set()


def _emergency(subject: Subject, facts: ObjectFacts, at: datetime) -> set[Relation]:
    taken = any(
        (one.account_id, one.unit_id) == (subject.account_id, subject.unit_id)
        and one.opened_at <= at < one.expires_at
        for one in facts.emergencies
    )
    return {Relation.EMERGENCY} if taken else set()


def _reviewing(subject: Subject, facts: ObjectFacts) -> set[Relation]:
    # By account and not by role: another hat does not make anybody impartial to themselves.
    if facts.about_account is None or facts.about_account == subject.account_id:
        return set()
    own = subject.role is Role.UNIT_LEAD and subject.unit_id == facts.about_unit
    return {Relation.IMPARTIAL, Relation.OWN_STAFF} if own else {Relation.IMPARTIAL}


def _family(subject: Subject, facts: ObjectFacts, at: datetime) -> set[Relation]:
    if subject.account_id == facts.youth_account:
        return {Relation.YOUTH}
    if facts.child_birth_date is None or is_adult(facts.child_birth_date, at):
        return set()  # vergemålsloven § 8: from the start of the 18th birthday, Norwegian time
    return {Relation.GUARDIAN} if _guardian(subject, facts) is not None else set()


def _guardian(subject: Subject, facts: ObjectFacts) -> GuardianFacts | None:
    mine = [one for one in facts.guardians if one.account_id == subject.account_id]
    if len(mine) != 1:
        return None
    [one] = mine
    return None if _is_closed(one) else one


def _is_closed(one: GuardianFacts) -> bool:
    return one.blocked or not one.parental_responsibility or one.access is GuardianAccess.NONE


def family_may_read(
    subject: Subject, facts: ObjectFacts, info_type: InfoType, at: datetime
) -> bool:
    """Whether a youth or guardian may read information of this type.

    Own notes are the service's.
    """
    if info_type not in SHAREABLE:
        return False
    if Relation.YOUTH in _family(subject, facts, at):
        return True
    mine = _guardian(subject, facts)
    if mine is None or facts.child_birth_date is None:
        return False
    return guardian_may_read(mine, info_type, age(facts.child_birth_date, at))


def guardian_may_read(one: GuardianFacts, info_type: InfoType, years: int) -> bool:
    """Whether a guardian may read information of this type about a child of ``years``.

    Nothing that is withheld, no health from 16, and nothing from 18 (vergemålsloven § 8). LIMITED
    is the core and the kinds that were named.
    """
    if _is_closed(one) or info_type not in SHAREABLE or years >= ADULT:
        return False
    if info_type is InfoType.HEALTH and years >= HEALTH_OWN_SAY:
        return False
    named = one.access is GuardianAccess.FULL or info_type in one.kinds
    return named and info_type not in one.withheld
