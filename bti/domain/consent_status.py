"""Where a consent stands: its status, why, who is waited for, and which cells everybody agreed to.

The order of the questions is the order of what stops sharing first.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bti.domain.ages import age, day_in_norway, start_of_day
from bti.domain.codes import Kept
from bti.domain.consent_facts import Answer, AnswerFacts, ConsentFacts, ConsentStatus
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef
from bti.domain.local_rules import ProfileRules
from bti.domain.signers import (
    GREAT_WEIGHT_FROM,
    HEARD_FROM,
    Hearing,
    birthdays_after,
    hearing_needed,
    required_signers,
)

ENDED: Final = frozenset(
    {
        ConsentStatus.WITHDRAWN,
        ConsentStatus.EXPIRED,
        ConsentStatus.NEEDS_RENEWAL,
        ConsentStatus.BLOCKED,
    }
)
"""No answer opens it any more."""

_YES: Final = frozenset({Answer.YES, Answer.PARTLY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where a consent stands and why. ``why`` are legal-basis codes.

    ``waits_for`` have not answered, or want to talk first; ``against`` have said no; ``unheard`` is
    how the child must be heard and has not been.
    """

    status: ConsentStatus
    why: tuple[str, ...]
    waits_for: frozenset[uuid.UUID] = frozenset()
    against: frozenset[uuid.UUID] = frozenset()
    agreeing: frozenset[uuid.UUID] = frozenset()
    unheard: Hearing | None = None

    @property
    def disagree(self) -> bool:
        """Whether one has said yes and another no: then nothing is shared (barnelova § 30)."""
        return bool(self.against and self.agreeing)


def verdict(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> Verdict:
    """Where the consent stands at ``at``, and why."""
    stopped = _stopped(consent, at, rules)
    if stopped is not None:
        return stopped
    newest = newest_answers(consent, at)
    said = {person: newest[person].answer for person in consent.required if person in newest}
    agreeing = frozenset(person for person, one in said.items() if one in _YES)
    against = frozenset(person for person, one in said.items() if one is Answer.NO)
    waits_for = consent.required - agreeing - against
    unheard = None
    if not hearing_recorded(consent, at):
        unheard = hearing_needed(consent.child.birth_date, at)
    status = ConsentStatus.ASKED
    why: tuple[str, ...] = ("fvl-13a",)
    if against:
        status = ConsentStatus.REFUSED
        why = ("barnelova-30", "vgml-18") if agreeing else why
    elif waits_for or unheard:
        why = why if waits_for else ("barnelova-31",)
    elif all(one is Answer.YES for one in said.values()):
        status = ConsentStatus.COMPLETE
    else:
        partly = bool(agreed_cells(consent, at))
        status = ConsentStatus.PARTLY if partly else ConsentStatus.REFUSED
    return Verdict(
        status=status,
        why=why,
        waits_for=waits_for,
        against=against,
        agreeing=agreeing,
        unheard=unheard,
    )


def status(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> ConsentStatus:
    """Where the consent stands at ``at``, in one word."""
    return verdict(consent, at, rules).status


def _stopped(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> Verdict | None:
    if consent.blocked_by_authority:
        # Overrides a yes: the county governor has decided that it stays secret.
        return Verdict(status=ConsentStatus.BLOCKED, why=("hol-12-1", "sostjl-44"))
    past = [one for one in consent.withdrawals if one.at <= at]
    stopped: set[CellRef] = set().union(*(one.cells for one in past))
    if any(not one.cells for one in past) or (past and stopped >= consent.cells):
        return Verdict(status=ConsentStatus.WITHDRAWN, why=("gdpr-7",))
    if at >= consent.valid_to:
        return Verdict(status=ConsentStatus.EXPIRED, why=("fvl-13a",))
    renewal = _renewal(consent, at, rules)
    return None if renewal is None else Verdict(status=ConsentStatus.NEEDS_RENEWAL, why=renewal)


def _renewal(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> tuple[str, ...] | None:
    """Why the question must be put anew, or None: others decide now, or the child must be heard."""
    if consent.lapsed_at is not None and consent.lapsed_at <= at:
        return ("fvl-13a",)
    try:
        needed = required_signers(
            consent.child, consent.deciders, consent.realms, rules, at, about=consent.about
        )
    except RuleBroken:
        return ("barnelova-30",)
    if needed.person_ids != consent.required:
        return tuple(dict.fromkeys(code for one in needed.signers for code in one.why))
    if hearing_recorded(consent, consent.asked_at) and not hearing_recorded(consent, at):
        return ("barnelova-31",)
    return None


def hearing_recorded(consent: ConsentFacts, at: datetime) -> bool:
    """Whether the child's view, or why it is missing, is recorded as the age demands.

    From 7 it must be; from 12 with a note on the weight it was given (barnelova § 31), and with
    what the child wants kept from the guardians (pasient- og brukerrettighetsloven § 3-4). A child
    who signs has been heard by that.
    """
    years = age(consent.child.birth_date, at)
    if years < HEARD_FROM or consent.child.person_id in consent.required:
        return True
    heard = consent.heard
    if heard is None or (heard.method is None and heard.not_heard is None):
        return False
    if years < GREAT_WEIGHT_FROM or heard.method is None:
        return True
    return heard.weight_noted and heard.kept in {Kept.NOTHING, Kept.LEFT_OUT}


def ends_by_birthday(consent: ConsentFacts, at: datetime, rules: ProfileRules) -> datetime | None:
    """When a birthday next ends it: others must sign then, or the child must be heard anew.

    Returns the start of that day in Norway, or None.
    """
    for day in birthdays_after(consent.child, at):
        start = start_of_day(day)
        if _renewal(consent, start, rules) is not None:
            return start
    return None


def agreed_cells(consent: ConsentFacts, at: datetime) -> frozenset[CellRef]:
    """The cells every required signer has agreed to and nobody has withdrawn at ``at``."""
    newest = newest_answers(consent, at)
    agreed = consent.cells
    for person in consent.required:
        one = newest.get(person)
        if one is None or one.answer not in _YES:
            return frozenset()
        if one.answer is Answer.PARTLY:
            agreed &= one.cells
    for back in consent.withdrawals:
        if back.at <= at:
            agreed = agreed - back.cells if back.cells else frozenset()
    return agreed


def all_but_one_agree(consent: ConsentFacts, cell: CellRef, at: datetime) -> bool:
    """Whether one answer more could open this cell at ``at``.

    For whoever looks before the last answer is there: it was asked about, nothing has stopped it,
    the child has been heard, and of those who must say yes all but one at most have.
    """
    if cell not in consent.cells or at >= consent.valid_to or consent.blocked_by_authority:
        return False
    if consent.lapsed_at is not None or not hearing_recorded(consent, at):
        return False
    if any(not back.cells or cell in back.cells for back in consent.withdrawals):
        return False
    newest = newest_answers(consent, at)
    said = [newest[one] for one in consent.required if one in newest]
    partly = [one for one in said if one.answer is Answer.PARTLY]
    agreeing = [one for one in said if one.answer is Answer.YES]
    if any(cell not in one.cells for one in partly):
        return False
    return len(agreeing) + len(partly) >= len(consent.required) - 1


def newest_answers(consent: ConsentFacts, at: datetime) -> dict[uuid.UUID, AnswerFacts]:
    """What counts as each person's answer at ``at``: their own newest, else of one standing in."""
    newest: dict[uuid.UUID, AnswerFacts] = {}
    for one in sorted(consent.answers, key=lambda given: given.at):
        if one.at <= at and mandate_holds(one):
            newest[one.person_id] = one
    own = dict(newest)
    for instead, signer in sorted(consent.stand_ins):
        if signer not in newest and instead in own:
            newest[signer] = own[instead]
    return newest


def mandate_holds(given: AnswerFacts) -> bool:
    """Whether the answer is the person's own, or given under a mandate in force on that day."""
    return given.mandate is None or given.mandate.holds(day_in_norway(given.at))
