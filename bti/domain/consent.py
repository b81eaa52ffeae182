"""Consent: what was asked, what each signer said, and which cells it opens and stops.

Works forward only: a withdrawal narrows, and never undoes what was lawfully shared before.
Who must sign is decided in ``signers``.
"""

from __future__ import annotations

import uuid
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bti.domain.ages import age, day_in_norway, is_adult, start_of_day
from bti.domain.codes import SHAREABLE, HeardMethod, InfoType, NotHeardReason
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef, ConsentCompleted, ConsentWithdrawn
from bti.domain.local_rules import ProfileRules
from bti.domain.signers import (
    GREAT_WEIGHT_FROM,
    HEARD_FROM,
    ChildFacts,
    DeciderFacts,
    SignersRequired,
    health_is_mixed,
    next_change,
    required_signers,
)


class Scope(StrEnum):
    """What the question is about."""

    OPEN_LOG = "open_log"
    BRING_IN_SERVICE = "bring_in_service"
    TRANSFER_HOLDER = "transfer_holder"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """One signer's answer. Answers are never overwritten: the newest before an instant counts.

    ``signed_by`` differs from ``person_id`` only under a power of attorney valid on that day
    (vergemålsloven § 18).
    """

    person_id: uuid.UUID
    answer: Answer
    at: datetime
    form: Form
    cells: frozenset[CellRef] = frozenset()
    minuted_by: uuid.UUID | None = None
    present_named: bool = False
    signed_by: uuid.UUID | None = None
    mandate_valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalFacts:
    """A signer took it back: all of it (``cells`` empty) or some cells. It is final."""

    person_id: uuid.UUID
    at: datetime
    cells: frozenset[CellRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """A question put to those who must consent, and what came of it.

    ``required`` is who had to sign when it was asked; ``deciders`` is who decides now.
    """

    consent_id: uuid.UUID
    scope: Scope
    cells: frozenset[CellRef]
    asked_at: datetime
    valid_to: datetime
    child: ChildFacts
    deciders: tuple[DeciderFacts, ...]
    required: frozenset[uuid.UUID]
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


def default_valid_to(asked_at: datetime, rules: ProfileRules) -> datetime:
    """When a consent asked for now ends by default: the start of a day in Norway."""
    day = day_in_norway(asked_at)
    years, month = divmod(day.month - 1 + rules.consent_validity_months, 12)
    year, month = day.year + years, month + 1
    return start_of_day(date(year, month, min(day.day, monthrange(year, month)[1])))


def ask(
    *,
    scope: Scope,
    cells: frozenset[CellRef],
    child: ChildFacts,
    deciders: tuple[DeciderFacts, ...],
    rules: ProfileRules,
    at: datetime,
    valid_to: datetime | None = None,
    about: frozenset[uuid.UUID] = frozenset(),
) -> SignersRequired:
    """Check that a question may be put, and return who must answer it.

    Raises ``RuleBroken`` with consent.no_cells, consent.own_not_shareable, consent.same_unit,
    consent.health_alone, consent.validity_past, consent.validity_too_long,
    consent.responsibility_not_checked or consent.no_signer. A log can be opened with no cells: nothing is shared by that alone.
    """
    if not cells and scope is Scope.BRING_IN_SERVICE:
        raise RuleBroken("consent.no_cells")
    if any(cell.info_type not in SHAREABLE for cell in cells):
        raise RuleBroken("consent.own_not_shareable")
    if any(cell.from_unit == cell.to_unit for cell in cells):
        raise RuleBroken("consent.same_unit")
    types = frozenset(cell.info_type for cell in cells)
    if health_is_mixed(child, types, rules, at):
        raise RuleBroken("consent.health_alone")
    latest = default_valid_to(at, rules)
    if valid_to is not None and valid_to <= at:
        raise RuleBroken("consent.validity_past")
    if valid_to is not None and valid_to > latest:
        raise RuleBroken("consent.validity_too_long", latest=day_in_norway(latest))
    needed = required_signers(child, deciders, types, rules, at, about=about)
    unchecked = [
        one.person_id
        for one in deciders
        if one.person_id in needed.person_ids and one.checked_on is None
    ]
    if unchecked:
        raise RuleBroken("consent.responsibility_not_checked", persons=tuple(unchecked))
    return needed


def answer(consent: ConsentFacts, given: AnswerFacts, *, rules: ProfileRules) -> AnswerFacts:
    """Check an answer before it is recorded; returns it.

    Raises ``RuleBroken`` with consent.not_a_signer, consent.already_complete, consent.ended
    (withdrawn, expired or no longer the right signers), consent.partly_without_cells, consent.oral_not_minuted,
    consent.mandate_expired.
    """
    if given.person_id not in consent.required:
        raise RuleBroken("consent.not_a_signer")
    standing = status(consent, given.at, rules)
    if standing in OPENING:
        # Cells are open: changing one's mind now is a withdrawal, which stops them.
        raise RuleBroken("consent.already_complete")
    if standing in _ENDED:
        raise RuleBroken("consent.ended")
    if given.answer is Answer.PARTLY and not (given.cells & consent.cells):
        raise RuleBroken("consent.partly_without_cells")
    if given.form is Form.ORAL and (given.minuted_by is None or not given.present_named):
        raise RuleBroken("consent.oral_not_minuted")
    if not _mandate_holds(given):
        raise RuleBroken("consent.mandate_expired")
    return given


def status(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> ConsentStatus:
    """Where the consent stands at ``at``. The order is the order of what stops sharing first."""
    stopped = _stopped(consent, at, rules)
    if stopped is not None:
        return stopped
    newest = _newest(consent, at)
    answers = [newest.get(person) for person in consent.required]
    if any(one is not None and one.answer is Answer.NO for one in answers):
        return ConsentStatus.REFUSED
    if any(one is None or one.answer is Answer.TALK_FIRST for one in answers):
        return ConsentStatus.ASKED
    if not hearing_recorded(consent, at):
        return ConsentStatus.ASKED
    if all(one is not None and one.answer is Answer.YES for one in answers):
        return ConsentStatus.COMPLETE
    return ConsentStatus.PARTLY if agreed_cells(consent, at) else ConsentStatus.REFUSED


def _stopped(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> ConsentStatus | None:
    if consent.blocked_by_authority:
        # helse- og omsorgstjenesteloven § 12-1, sosialtjenesteloven § 44: overrides a yes.
        return ConsentStatus.BLOCKED
    past = [one for one in consent.withdrawals if one.at <= at]
    stopped: set[CellRef] = set().union(*(one.cells for one in past))
    if any(not one.cells for one in past) or (past and stopped >= consent.cells):
        return ConsentStatus.WITHDRAWN
    if at >= consent.valid_to:
        return ConsentStatus.EXPIRED
    if consent.lapsed_at is not None and consent.lapsed_at <= at:
        return ConsentStatus.NEEDS_RENEWAL
    try:
        needed = required_signers(
            consent.child, consent.deciders, consent.info_types, rules, at, about=consent.about
        )
    except RuleBroken:
        return ConsentStatus.NEEDS_RENEWAL
    return None if needed.person_ids == consent.required else ConsentStatus.NEEDS_RENEWAL


_ENDED = frozenset(
    {
        ConsentStatus.WITHDRAWN,
        ConsentStatus.EXPIRED,
        ConsentStatus.NEEDS_RENEWAL,
        ConsentStatus.BLOCKED,
    }
)


def hearing_recorded(consent: ConsentFacts, at: datetime) -> bool:
    """Whether the child's view, or why it is missing, is recorded as the age demands.

    From 7 it must be; from 12 with a note on the weight it was given (barnelova § 31). A child who
    signs has been heard by that.
    """
    years = age(consent.child.birth_date, at)
    if years < HEARD_FROM or consent.child.person_id in consent.required:
        return True
    heard = consent.heard
    if heard is None or (heard.method is None and heard.not_heard is None):
        return False
    return years < GREAT_WEIGHT_FROM or heard.method is None or heard.weight_noted


def agreed_cells(consent: ConsentFacts, at: datetime) -> frozenset[CellRef]:
    """The cells every required signer has agreed to and nobody has withdrawn at ``at``."""
    newest = _newest(consent, at)
    agreed = consent.cells
    for person in consent.required:
        one = newest.get(person)
        if one is None or one.answer in {Answer.NO, Answer.TALK_FIRST}:
            return frozenset()
        if one.answer is Answer.PARTLY:
            agreed &= one.cells
    for back in consent.withdrawals:
        if back.at <= at:
            agreed = agreed - back.cells if back.cells else frozenset()
    return agreed


def complete(
    consent: ConsentFacts, *, at: datetime, by: uuid.UUID | None, rules: ProfileRules
) -> ConsentCompleted:
    """The event that opens cells. They end at the validity or the birthday that changes signers.

    Ending cells at the birthday means that nobody has to remember to close them on the day.
    Raises ``RuleBroken("consent.not_complete", status=...)``.
    """
    standing = status(consent, at, rules)
    if standing not in OPENING:
        raise RuleBroken("consent.not_complete", status=standing)
    change = next_change(consent.child, consent.deciders, consent.info_types, rules, at)
    return ConsentCompleted(
        at=at,
        by=by,
        consent_id=consent.consent_id,
        cells=tuple(sorted(agreed_cells(consent, at))),
        valid_from=at,
        valid_to=consent.valid_to if change is None else min(consent.valid_to, change),
    )


def withdraw(
    consent: ConsentFacts,
    *,
    person_id: uuid.UUID,
    at: datetime,
    by: uuid.UUID | None,
    cells: frozenset[CellRef] = frozenset(),
) -> ConsentWithdrawn:
    """Take a consent back, whole or for some cells. One of two joint holders is enough.

    Those who signed may, and those who decide for the child now. Raises
    ``RuleBroken("consent.not_a_signer")``. Never refused for any other reason: it must be
    as easy as giving it (GDPR article 7 no. 3).
    """
    if person_id not in may_withdraw(consent, at):
        raise RuleBroken("consent.not_a_signer")
    agreed = agreed_cells(consent, at)
    stopped = agreed & cells if cells else agreed
    return ConsentWithdrawn(
        at=at,
        by=by,
        consent_id=consent.consent_id,
        person_id=person_id,
        cells=tuple(sorted(stopped)),
        closes_log=consent.scope is Scope.OPEN_LOG and (not cells or cells >= consent.cells),
    )


def may_withdraw(consent: ConsentFacts, at: datetime) -> frozenset[uuid.UUID]:
    """Those who may take it back: who signed, who decides for the child now, the grown child."""
    if is_adult(consent.child.birth_date, at):
        return consent.required | {consent.child.person_id}
    return consent.required | {one.person_id for one in consent.deciders if one.decides}


def _newest(consent: ConsentFacts, at: datetime) -> dict[uuid.UUID, AnswerFacts]:
    newest: dict[uuid.UUID, AnswerFacts] = {}
    for one in sorted(consent.answers, key=lambda given: given.at):
        if one.at <= at and _mandate_holds(one):
            newest[one.person_id] = one
    return newest


def _mandate_holds(given: AnswerFacts) -> bool:
    if given.signed_by is None or given.signed_by == given.person_id:
        return True
    return given.mandate_valid_to is not None and day_in_norway(given.at) <= given.mandate_valid_to
