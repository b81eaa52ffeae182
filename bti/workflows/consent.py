"""Consent: putting the question, and recording what each signer says. Taking back: ``consent_withdraw``.

A cell opens and closes in the transaction of the answer that decides it; so does access.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, Consent, ConsentAnswer
from bti.domain import consent as rules
from bti.domain.access import Action
from bti.domain.ages import day_in_norway, start_of_day
from bti.domain.codes import HeardMethod, InfoType, Kept, NotHeardReason
from bti.domain.consent import (
    OPENING,
    AnswerFacts,
    ConsentFacts,
    HeardFacts,
    Mandate,
    Question,
    Scope,
    latest_end,
)
from bti.domain.consent_record import answer_meta, meta_of
from bti.domain.errors import RuleBroken
from bti.domain.signers import ChildFacts
from bti.workflows import consent_cells, directory
from bti.workflows.case_file import CORE, case_row, child_of, ops_of, persons
from bti.workflows.consent_file import (
    Asked,
    Way,
    asked_in,
    cells_between,
    deciders_in,
    of_types,
    sectors_in,
)
from bti.workflows.consent_page import (
    ConsentPage,
    ConsentRow,
    ConsentSection,
    Statuses,
    ask_page,
    invitable,
    may_read,
    one_asked,
    section_of,
    show,
    statuses_for,
)
from bti.workflows.consent_withdraw import withdraw
from bti.workflows.errors import NotFound
from bti.workflows.once import found_done, hold, row_id, unchanged

if TYPE_CHECKING:
    from bti.domain.events import CellRef
    from bti.domain.signers import SignersRequired
    from bti.workflows.context import Context

LANGUAGES: Final = ("nb", "nn", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """That the child has been heard: how, its view and the weight given; or why it has not."""

    on: date
    method: HeardMethod | None = None
    not_heard: NotHeardReason | None = None
    words: str = field(default="", repr=False)
    weight: str = field(default="", repr=False)
    #: What a child of 12 to 15 says to whether something must be kept from the guardians.
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class ShownText:
    """The text as the family meets it: questions and answers, and the version it was made from."""

    version: str
    lines: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest (hexadecimal) that proves which text was shown."""
        shown = json.dumps(self.lines, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(shown.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskConsent:
    """A question to put. ``valid_to`` None means as long as the profile allows.

    ``about`` are guardians whose own secrets are included: they answer for themselves.
    """

    case_id: uuid.UUID
    submission: uuid.UUID
    version: int | None
    scope: Scope
    to_unit: uuid.UUID | None = None
    info_types: frozenset[InfoType] = frozenset()
    direction: Way = Way.BOTH
    purpose: str = field(repr=False)
    valid_to: date | None = None
    language: str = "nb"
    interpreter: str = ""
    heard: Heard | None = None
    about: frozenset[uuid.UUID] = frozenset()
    text: ShownText


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBy:
    """Who signed for another, and the power of attorney: its days, and where it is to be found."""

    person_id: uuid.UUID
    valid_from: date
    valid_to: date
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """What one signer said. ``info_types`` is what a partial yes covers."""

    case_id: uuid.UUID
    consent_id: uuid.UUID
    person_id: uuid.UUID
    submission: uuid.UUID
    answer: rules.Answer
    form: rules.Form
    on: date
    info_types: frozenset[InfoType] = frozenset()
    minuted_by: uuid.UUID | None = None
    present: str = field(default="", repr=False)
    interpreter: str = field(default="", repr=False)
    mandate: SignedBy | None = None
    note: str = field(default="", repr=False)


def ask(context: Context, *, command: AskConsent) -> uuid.UUID:
    """Put a question to those who must consent; returns the consent's id. Opens nothing.

    Raises ``RuleBroken`` as ``ask`` and ``check_hearing`` of ``bti.domain.consent``, and
    consent.day_in_future, consent.blocked_still; ``Conflict`` when the case has changed; ``NotFound`` for a service that
    cannot be brought in. The same sending twice is one question.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.ASK_CONSENT, entry=None)
    consent_id = row_id(context, "consent", command.submission)
    if context.session.get(Consent, consent_id) is not None:
        found_done(context, opened)
        return consent_id
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    facts, needed = _new_question(context, case, consent_id, command)
    row = Consent(id=consent_id, tenant_id=case.tenant_id, case_id=case.id, compartment=CORE)
    row.meta = meta_of(
        facts,
        needed,
        owner=case.unit_id,
        to_unit=command.to_unit,
        direction=command.direction.value,
        language=command.language,
        ends_at=latest_end(facts, context.now, context.profile),
        made_under=context.profile.key,
    )
    row.body = _body(command)
    context.session.add(row)
    context.record(
        Act.CONSENT_REQUEST_CREATE,
        Reference("case", case.id),
        Reference("consent", consent_id),
        ground=opened.ground,
    )
    return consent_id


def answer(context: Context, *, command: RecordAnswer) -> rules.ConsentStatus:
    """Record what a signer said, and open the cells when it was the last yes needed.

    Returns where the consent then stands; an answer that came too late is kept, and it stands as it
    stood. Raises ``RuleBroken`` as ``bti.domain.consent.answer``
    and consent.day_in_future, consent.answer_before_question, consent.not_colleague (who minuted
    it is nobody here); ``NotFound``. The same sending twice is one answer.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.RECORD_ANSWER, entry=None)
    asked = one_asked(context, command.case_id, command.consent_id)
    answer_id = row_id(context, "consent-answer", command.submission)
    if context.session.get(ConsentAnswer, answer_id) is not None:
        found_done(context, opened)
        return asked.status
    if command.on > context.today:
        raise RuleBroken("consent.day_in_future")
    if command.on < day_in_norway(asked.facts.asked_at):
        raise RuleBroken("consent.answer_before_question")
    if command.minuted_by is not None and not directory.works_here(context, command.minuted_by):
        raise RuleBroken("consent.not_colleague")
    given = rules.answer(asked.facts, _given(context, asked, command), rules=asked.rules)
    case = case_row(context, command.case_id)
    _store_answer(context, case, command, answer_id, given)
    facts = replace(asked.facts, answers=(*asked.facts.answers, given))
    standing = rules.status(facts, context.now, asked.rules)
    if standing in OPENING:
        by = context.person.account_id
        event = rules.complete(facts, at=context.now, by=by, rules=asked.rules)
        consent_cells.open_cells(context, case, event)
        if facts.scope is Scope.OPEN_LOG:
            consent_cells.resume_log(context, case)
    context.record(
        Act.CONSENT_ANSWER_RECORD,
        Reference("case", case.id),
        Reference("consent", command.consent_id),
        ground=opened.ground,
    )
    return standing


def _new_question(
    context: Context, case: Case, consent_id: uuid.UUID, command: AskConsent
) -> tuple[ConsentFacts, SignersRequired]:
    bringing_in = command.scope is Scope.BRING_IN_SERVICE
    if bringing_in and command.to_unit not in {one.id for one in invitable(context, case.unit_id)}:
        raise NotFound
    if command.heard is not None and command.heard.on > context.today:
        raise RuleBroken("consent.day_in_future")
    people = persons(context, case.id)
    child = ChildFacts(child_of(context, case.id).id, ops_of(case).birth_date)
    deciders = deciders_in(people)
    if not command.about <= {one.person_id for one in deciders}:
        raise NotFound
    cells = (
        cells_between(case.unit_id, command.to_unit, command.info_types, command.direction)
        if bringing_in
        else frozenset()
    )
    _not_blocked(asked_in(context, case.id, people), cells)
    question = Question(
        scope=command.scope,
        cells=cells,
        sectors=sectors_in(context),
        about=command.about,
        valid_to=start_of_day(command.valid_to) if command.valid_to is not None else None,
    )
    needed = rules.ask(
        question, child=child, deciders=deciders, rules=context.profile, at=context.now
    )
    facts = ConsentFacts(
        consent_id=consent_id,
        scope=command.scope,
        cells=cells,
        asked_at=context.now,
        valid_to=question.valid_to or rules.default_valid_to(context.now, context.profile),
        child=child,
        deciders=deciders,
        required=needed.person_ids,
        realms=question.realms,
        stand_ins=needed.stand_ins,
        about=command.about,
        heard=_heard_facts(command.heard),
    )
    rules.check_hearing(facts)
    return facts, needed


def _not_blocked(before: tuple[Asked, ...], cells: frozenset[CellRef]) -> None:
    """Raise ``RuleBroken("consent.blocked_still")`` for what an authority has said stays secret."""
    if any(one.block_in_force and one.facts.cells & cells for one in before):
        raise RuleBroken("consent.blocked_still")


def _heard_facts(heard: Heard | None) -> HeardFacts | None:
    if heard is None:
        return None
    return HeardFacts(
        on=heard.on,
        method=heard.method,
        not_heard=heard.not_heard,
        weight_noted=bool(heard.weight.strip()),
        kept=heard.kept,
    )


def _body(command: AskConsent) -> dict[str, Any]:
    heard = command.heard
    return {
        "purpose": command.purpose,
        "interpreter": command.interpreter,
        "heard": {"words": heard.words, "weight": heard.weight} if heard else None,
        # Whole, and not only its digest: the catalogue of texts changes, the record must not.
        "text": {
            "version": command.text.version,
            "sha256": command.text.sha256,
            "lines": [list(line) for line in command.text.lines],
        },
    }


def _given(context: Context, asked: Asked, command: RecordAnswer) -> AnswerFacts:
    partly = command.answer is rules.Answer.PARTLY
    return AnswerFacts(
        person_id=command.person_id,
        answer=command.answer,
        at=context.now,
        form=command.form,
        cells=of_types(asked.facts.cells, command.info_types) if partly else frozenset(),
        minuted_by=command.minuted_by,
        present_named=bool(command.present.strip()),
        mandate=_mandate(command.mandate),
    )


def _mandate(signed: SignedBy | None) -> Mandate | None:
    if signed is None:
        return None
    return Mandate(
        signed_by=signed.person_id,
        valid_from=signed.valid_from,
        valid_to=signed.valid_to,
        named=bool(signed.reference.strip()),
    )


def _store_answer(
    context: Context,
    case: Case,
    command: RecordAnswer,
    answer_id: uuid.UUID,
    given: AnswerFacts,
) -> None:
    row = ConsentAnswer(
        id=answer_id,
        tenant_id=case.tenant_id,
        case_id=case.id,
        consent_id=command.consent_id,
        person_id=command.person_id,
        compartment=CORE,
    )
    row.meta = answer_meta(given)
    row.body = {
        "on": command.on,
        "minuted_by": command.minuted_by,
        "present": command.present,
        "interpreter": command.interpreter,
        "mandate_by": command.mandate.person_id if command.mandate is not None else None,
        "mandate": command.mandate.reference if command.mandate is not None else "",
        "note": command.note,
        "recorded_by": context.person.account_id,
    }
    context.session.add(row)


__all__ = [
    "LANGUAGES",
    "AskConsent",
    "ConsentPage",
    "ConsentRow",
    "ConsentSection",
    "Heard",
    "RecordAnswer",
    "ShownText",
    "SignedBy",
    "Statuses",
    "Way",
    "answer",
    "ask",
    "ask_page",
    "may_read",
    "section_of",
    "show",
    "statuses_for",
    "withdraw",
]
