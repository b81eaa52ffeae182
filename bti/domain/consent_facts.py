"""What a consent is made of: the question, the answers, what was taken back, and the cells."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bti.domain.codes import HeardMethod, InfoType, Kept, NotHeardReason, Sector
from bti.domain.events import CellRef
from bti.domain.realms import Realm, realms_of
from bti.domain.signers import ChildFacts, DeciderFacts


class Scope(StrEnum):
    """What the question is about."""

    OPEN_LOG = "open_log"
    BRING_IN_SERVICE = "bring_in_service"
    TRANSFER_HOLDER = "transfer_holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be asked about.

    ``sectors`` tells what kind of service each unit is. ``about`` are persons whose own secrets are
    included. ``valid_to`` None means as long as the profile allows.
    """

    scope: Scope
    cells: frozenset[CellRef]
    sectors: Mapping[uuid.UUID, Sector] = field(default_factory=dict)
    about: frozenset[uuid.UUID] = frozenset()
    valid_to: datetime | None = None

    @property
    def realms(self) -> frozenset[Realm]:
        """What laws it is under."""
        return realms_of(self.cells, self.sectors)


class Answer(StrEnum):
    """What a signer said. PARTLY names the cells that were agreed to."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    TALK_FIRST = "talk_first"


class Form(StrEnum):
    """How the answer was given. An oral one binds, when it is minuted."""

    IN_PERSON = "in_person"
    PAPER = "paper"
    ORAL = "oral"
    PORTAL = "portal"


class ConsentStatus(StrEnum):
    """Where a consent stands. Only COMPLETE and PARTLY open anything."""

    ASKED = "asked"
    COMPLETE = "complete"
    REFUSED = "refused"
    PARTLY = "partly"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NEEDS_RENEWAL = "needs_renewal"
    BLOCKED = "blocked"


OPENING = frozenset({ConsentStatus.COMPLETE, ConsentStatus.PARTLY})


class CellBasis(StrEnum):
    """What a cell rests on: the family's consent, or a named gate in the law."""

    CONSENT = "consent"
    LAW = "law"


@dataclass(frozen=True, slots=True)
class CellFacts:
    """A cell as it stands: service x service x type, for a time (instants in UTC)."""

    consent_id: uuid.UUID
    from_unit: uuid.UUID
    to_unit: uuid.UUID
    info_type: InfoType
    valid_from: datetime
    valid_to: datetime
    withdrawn_at: datetime | None = None
    basis: CellBasis = CellBasis.CONSENT

    def is_live(self, at: datetime) -> bool:
        """Whether the cell opens anything at ``at``."""
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= at
        return self.valid_from <= at < self.valid_to and not withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardFacts:
    """That the child has been heard, or why not. The words themselves are closed text elsewhere."""

    on: date
    method: HeardMethod | None = None
    not_heard: NotHeardReason | None = None
    weight_noted: bool = False
    #: What a child of 12 to 15 has said to being asked what the guardians must not know.
    kept: Kept | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A power of attorney from one holder to the other (vergemålsloven § 18). Both days count.

    ``named`` says that the document has been referred to; the reference is closed text elsewhere.
    """

    signed_by: uuid.UUID
    valid_from: date
    valid_to: date
    named: bool = True

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= on <= self.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """One signer's answer. Answers are never overwritten: the newest before an instant counts.

    With a ``mandate`` somebody else has signed for ``person_id``.
    """

    person_id: uuid.UUID
    answer: Answer
    at: datetime
    form: Form
    cells: frozenset[CellRef] = frozenset()
    minuted_by: uuid.UUID | None = None
    present_named: bool = False
    mandate: Mandate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalFacts:
    """A signer took it back: all of it (``cells`` empty) or some cells. It is final."""

    person_id: uuid.UUID
    at: datetime
    cells: frozenset[CellRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """A question put to those who must consent, and what came of it.

    ``required`` is who had to sign when it was asked; ``deciders`` is who decides now. ``about``
    are those whose own secrets are included.
    """

    consent_id: uuid.UUID
    scope: Scope
    cells: frozenset[CellRef]
    asked_at: datetime
    valid_to: datetime
    child: ChildFacts
    deciders: tuple[DeciderFacts, ...]
    required: frozenset[uuid.UUID]
    #: What laws the question is under, found when it was asked; the cells alone do not tell.
    realms: frozenset[Realm] = frozenset({Realm.GENERAL})
    #: Who may answer for a signer who has not: (the one standing in, the signer).
    stand_ins: frozenset[tuple[uuid.UUID, uuid.UUID]] = frozenset()
    about: frozenset[uuid.UUID] = frozenset()
    heard: HeardFacts | None = None
    answers: tuple[AnswerFacts, ...] = ()
    withdrawals: tuple[WithdrawalFacts, ...] = ()
    blocked_by_authority: bool = False
    #: When it stopped to be enough, because others came to decide or the case was closed. Final.
    lapsed_at: datetime | None = None

    @property
    def info_types(self) -> frozenset[InfoType]:
        """The types of information the question is about."""
        return frozenset(cell.info_type for cell in self.cells)
