"""Consent: putting the question, answering it, opening cells and taking them back.

Works forward only: a withdrawal narrows, and never undoes what was lawfully shared before. Who must
sign is decided in ``signers``, where a consent stands in ``consent_status``.
"""

from __future__ import annotations

import uuid
from calendar import monthrange
from datetime import date, datetime
from typing import Final

from bti.domain.ages import day_in_norway, is_adult, start_of_day
from bti.domain.codes import SHAREABLE, Kept
from bti.domain.consent_facts import (
    OPENING,
    Answer,
    AnswerFacts,
    CellBasis,
    CellFacts,
    ConsentFacts,
    ConsentStatus,
    Form,
    HeardFacts,
    Mandate,
    Question,
    Scope,
    WithdrawalFacts,
)
from bti.domain.consent_status import (
    ENDED,
    Verdict,
    agreed_cells,
    ends_by_birthday,
    hearing_recorded,
    mandate_holds,
    status,
    verdict,
)
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef, ConsentCompleted, ConsentWithdrawn
from bti.domain.local_rules import ProfileRules
from bti.domain.signers import (
    ChildFacts,
    DeciderFacts,
    SignerRole,
    SignersRequired,
    health_is_mixed,
    required_signers,
)

LATE: Final = frozenset({ConsentStatus.EXPIRED, ConsentStatus.NEEDS_RENEWAL})
"""An answer to such a question is kept, and opens nothing."""


def default_valid_to(asked_at: datetime, rules: ProfileRules) -> datetime:
    """When a consent asked for now ends by default: the start of a day in Norway."""
    day = day_in_norway(asked_at)
    years, month = divmod(day.month - 1 + rules.consent_validity_months, 12)
    year, month = day.year + years, month + 1
    return start_of_day(date(year, month, min(day.day, monthrange(year, month)[1])))


def ask(
    question: Question,
    *,
    child: ChildFacts,
    deciders: tuple[DeciderFacts, ...],
    rules: ProfileRules,
    at: datetime,
) -> SignersRequired:
    """Check that a question may be put, and return who must answer it and be heard first.

    Raises ``RuleBroken`` with consent.no_cells, consent.own_not_shareable, consent.same_unit,
    consent.health_alone, consent.validity_past, consent.validity_too_long,
    consent.responsibility_not_checked or consent.no_signer. A log can be opened with no cells:
    nothing is shared by that alone.
    """
    cells, valid_to = question.cells, question.valid_to
    if not cells and question.scope is Scope.BRING_IN_SERVICE:
        raise RuleBroken("consent.no_cells")
    if any(cell.info_type not in SHAREABLE for cell in cells):
        raise RuleBroken("consent.own_not_shareable")
    if any(cell.from_unit == cell.to_unit for cell in cells):
        raise RuleBroken("consent.same_unit")
    if health_is_mixed(child, question.realms, at):
        raise RuleBroken("consent.health_alone")
    latest = default_valid_to(at, rules)
    if valid_to is not None and valid_to <= at:
        raise RuleBroken("consent.validity_past")
    if valid_to is not None and valid_to > latest:
        raise RuleBroken("consent.validity_too_long", latest=day_in_norway(latest))
    needed = required_signers(child, deciders, question.realms, rules, at, about=question.about)
    signing = {one.person_id for one in needed.signers if one.role is not SignerRole.SELF} | {
        one for one, _ in needed.stand_ins
    }
    unchecked = [
        one.person_id for one in deciders if one.person_id in signing and one.checked_on is None
    ]
    if unchecked:
        raise RuleBroken("consent.responsibility_not_checked", persons=tuple(unchecked))
    return needed


def check_hearing(consent: ConsentFacts) -> None:
    """Check, before anybody is asked to decide, that the child has been heard (barnelova § 31).

    Raises ``RuleBroken`` with consent.kept_from_guardians (there is something the guardians must
    not know: the question stops, and the leader is asked first) or consent.hearing_missing.
    """
    kept = consent.heard.kept if consent.heard is not None else None
    if kept is Kept.SOMETHING and consent.required != {consent.child.person_id}:
        # Pasient- og brukerrettighetsloven §§ 3-4, 4-3: to ask the guardians is to tell them.
        raise RuleBroken("consent.kept_from_guardians")
    if not hearing_recorded(consent, consent.asked_at):
        raise RuleBroken("consent.hearing_missing")


def answer(consent: ConsentFacts, given: AnswerFacts, *, rules: ProfileRules) -> AnswerFacts:
    """Check an answer before it is recorded; returns it.

    One that comes too late (``LATE``) is taken down like any other, and opens nothing: what
    somebody has said is not lost. Raises ``RuleBroken`` with consent.not_a_signer,
    consent.already_complete, consent.ended (taken back, or stopped by an authority),
    consent.partly_without_cells, consent.oral_not_minuted, or as ``_check_mandate``.
    """
    if given.person_id not in may_answer(consent):
        raise RuleBroken("consent.not_a_signer")
    standing = status(consent, given.at, rules)
    if standing in OPENING:
        # Cells are open: changing one's mind now is a withdrawal, which stops them.
        raise RuleBroken("consent.already_complete")
    if standing in ENDED - LATE:
        raise RuleBroken("consent.ended")
    if given.answer is Answer.PARTLY and not (given.cells & consent.cells):
        raise RuleBroken("consent.partly_without_cells")
    if given.form is Form.ORAL and (given.minuted_by is None or not given.present_named):
        raise RuleBroken("consent.oral_not_minuted")
    _check_mandate(consent, given)
    return given


def _check_mandate(consent: ConsentFacts, given: AnswerFacts) -> None:
    """Check who has signed for whom (vergemålsloven § 18).

    Raises ``RuleBroken`` with consent.mandate_no_effect (nobody signs for the young, for child
    welfare, or for somebody's own secrets), consent.mandate_stranger, consent.mandate_unnamed or
    consent.mandate_expired.
    """
    mandate = given.mandate
    if mandate is None:
        return
    holders = attorneys(consent)
    if given.person_id in consent.about or given.person_id not in holders:
        raise RuleBroken("consent.mandate_no_effect")
    if mandate.signed_by not in holders - {given.person_id}:
        raise RuleBroken("consent.mandate_stranger")
    if not mandate.named:
        raise RuleBroken("consent.mandate_unnamed")
    if not mandate_holds(given):
        raise RuleBroken("consent.mandate_expired")


def attorneys(consent: ConsentFacts) -> frozenset[uuid.UUID]:
    """Those who may give another, or have from another, a power of attorney: the holders."""
    return frozenset(
        one.person_id
        for one in consent.deciders
        if one.decides
        and one.role in {SignerRole.PARENTAL_RESPONSIBILITY_HOLDER, SignerRole.APPOINTED_GUARDIAN}
    )


def may_answer(consent: ConsentFacts) -> frozenset[uuid.UUID]:
    """Those whose answer is taken down: who must sign, and who may stand in for one of them."""
    return consent.required | {instead for instead, _ in consent.stand_ins}


def complete(
    consent: ConsentFacts, *, at: datetime, by: uuid.UUID | None, rules: ProfileRules
) -> ConsentCompleted:
    """The event that opens cells. They end at the validity or the birthday that changes something.

    Ending cells at the birthday means that nobody has to remember to close them on the day.
    Raises ``RuleBroken("consent.not_complete", status=...)``.
    """
    standing = status(consent, at, rules)
    if standing not in OPENING:
        raise RuleBroken("consent.not_complete", status=standing)
    return ConsentCompleted(
        at=at,
        by=by,
        consent_id=consent.consent_id,
        cells=tuple(sorted(agreed_cells(consent, at))),
        valid_from=at,
        valid_to=latest_end(consent, at, rules),
    )


def latest_end(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> datetime:
    """Until when a cell that opens at ``at`` may be open."""
    change = ends_by_birthday(consent, at, rules)
    return consent.valid_to if change is None else min(consent.valid_to, change)


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
        return may_answer(consent) | {consent.child.person_id}
    return may_answer(consent) | {one.person_id for one in consent.deciders if one.decides}


__all__ = [
    "ENDED",
    "LATE",
    "OPENING",
    "Answer",
    "AnswerFacts",
    "CellBasis",
    "CellFacts",
    "ConsentFacts",
    "ConsentStatus",
    "Form",
    "HeardFacts",
    "Mandate",
    "Question",
    "Scope",
    "Verdict",
    "WithdrawalFacts",
    "agreed_cells",
    "answer",
    "ask",
    "attorneys",
    "check_hearing",
    "complete",
    "default_valid_to",
    "hearing_recorded",
    "latest_end",
    "may_answer",
    "may_withdraw",
    "status",
    "verdict",
    "withdraw",
]
