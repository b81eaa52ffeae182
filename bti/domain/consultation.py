"""A question to a team about nobody who is named: what may be said, how often, and what becomes of it.

Where nobody can be recognised there is no duty of confidentiality (forvaltningsloven § 13 a no. 2), and no consent is
needed. That a name is left out is not enough, so what may tell who it is about is looked for in every text; what is
found is passed on with a reason, and never without one. Nothing here knows of cases.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bti.domain.errors import RuleBroken
from bti.domain.identifying import Found, Trace, identifying

LONGEST: Final = 4000
"""Signs in one text. A question that needs more is most often a case."""
MOST_A_DAY: Final = 10
"""Questions from one person within a day: more than anybody has, and less than a flood."""
MOST_ANSWERS: Final = 20
FEWEST_WHO_MAY_HAVE_ASKED: Final = 5
"""In a kind of service, outside the team, before the team is told which kind asks: of fewer, one is found."""
_DAY: Final = timedelta(days=1)


class ConsultationState(StrEnum):
    """Where a question stands. One that is taken back is not here: it is gone."""

    ASKED = "asked"
    ANSWERED = "answered"
    #: The team could tell who it is about; they no longer see it, and its author writes it anew.
    SENT_BACK = "sent_back"
    #: Its author has read the answer.
    DONE = "done"


BEFORE_THE_TEAM: Final = frozenset({ConsultationState.ASKED, ConsultationState.ANSWERED})
"""What the members of a team see."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text; ``trace`` says what may tell who it is about, None for everything else."""

    words: str
    trace: Trace | None


def passages(text: str, places: Iterable[str] = ()) -> tuple[Passage, ...]:
    """Return the text cut where something in it may tell who it is about. Put together it is the text."""
    return tuple(_cut(text, identifying(text, places)))


def check_words(text: str, reason: str, places: Iterable[str] = ()) -> None:
    """Raise ``RuleBroken`` for a text that cannot be passed on.

    With consultation.no_text, consultation.too_long, consultation.identifies where something may tell who it is about
    and no reason is given, and consultation.reason_identifies where the reason itself does.
    """
    places = tuple(places)
    if not text:
        raise RuleBroken("consultation.no_text")
    if max(len(text), len(reason)) > LONGEST:
        raise RuleBroken("consultation.too_long")
    if not reason and identifying(text, places):
        raise RuleBroken("consultation.identifies")
    if identifying(reason, places):
        raise RuleBroken("consultation.reason_identifies")


def check_pace(asked_at: Iterable[datetime], now: datetime) -> None:
    """Raise ``RuleBroken`` with consultation.too_many: a person asks ``MOST_A_DAY`` times within a day at most."""
    if sum(now - one < _DAY for one in asked_at) >= MOST_A_DAY:
        raise RuleBroken("consultation.too_many")


def check_answer(state: ConsultationState, answers: int) -> ConsultationState:
    """Return the state after one more answer; raises consultation.moved_on or consultation.too_many_answers."""
    if state not in BEFORE_THE_TEAM:
        raise RuleBroken("consultation.moved_on")
    if answers >= MOST_ANSWERS:
        raise RuleBroken("consultation.too_many_answers")
    return ConsultationState.ANSWERED


def check_send_back(state: ConsultationState) -> ConsultationState:
    """Return the state after the team has sent it back to be written anew; raises consultation.moved_on."""
    if state not in BEFORE_THE_TEAM:
        raise RuleBroken("consultation.moved_on")
    return ConsultationState.SENT_BACK


def check_rewrite(state: ConsultationState) -> ConsultationState:
    """Return the state after its author has written it anew; raises consultation.moved_on."""
    if state is not ConsultationState.SENT_BACK:
        raise RuleBroken("consultation.moved_on")
    return ConsultationState.ASKED


def check_settle(state: ConsultationState) -> ConsultationState:
    """Return the state after its author has read the answer; raises consultation.moved_on."""
    if state is not ConsultationState.ANSWERED:
        raise RuleBroken("consultation.moved_on")
    return ConsultationState.DONE


def may_read(
    account_id: uuid.UUID,
    *,
    asker: uuid.UUID,
    members: Iterable[uuid.UUID],
    state: ConsultationState,
) -> bool:
    """Whether somebody reads a question: its author always, a member of the team while it is before them."""
    return account_id == asker or (state in BEFORE_THE_TEAM and account_id in members)


def may_tell_service(may_have_asked: int) -> bool:
    """Whether the team is told which kind of service asks, by how many there, outside the team, may have."""
    return may_have_asked >= FEWEST_WHO_MAY_HAVE_ASKED


def _cut(text: str, found: Iterable[Found]) -> Iterator[Passage]:
    at = 0
    for one in found:
        if one.start > at:
            yield Passage(text[at : one.start], None)
        yield Passage(text[one.start : one.end], one.trace)
        at = one.end
    if at < len(text):
        yield Passage(text[at:], None)
