"""The child turns 18: what must be settled before the day, when one is told, and what a guardian may meet after it.

From the first second of the 18th birthday in Norway the young person decides alone (vergemålsloven § 8). What rests on
the guardians' yes ends by itself (``consent``), and so does what they may be given (``family``). What does not happen
by itself is decided with the young person, in good time: to close, to hand over to a service for adults, or to go on
with their own consent.
"""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bti.domain.ages import ADULT, birthday
from bti.domain.errors import RuleBroken
from bti.domain.local_rules import ProfileRules


class Settling(StrEnum):
    """What is to become of a case when the child is of age."""

    #: Not yet: it is asked again at the next warning.
    LATER = "later"
    CLOSE = "close"
    #: A service for adults takes over, with the young person's own yes.
    HAND_OVER = "hand_over"
    #: It goes on here, with the young person's own yes.
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleFacts:
    """What was decided with the young person on a day. ``guardians``: those the grown child lets come along."""

    settling: Settling
    talked_on: date | None
    has_words: bool
    has_service: bool = False
    guardians: frozenset[uuid.UUID] = frozenset()


def of_age_on(birth_date: date) -> date:
    """The Norwegian day that the child is of age from. Born 29 February: 1 March."""
    return birthday(birth_date, ADULT)


def warning_days(birth_date: date, rules: ProfileRules) -> tuple[date, ...]:
    """The days on which it is told: months before, as the profile says, and the day itself."""
    day = of_age_on(birth_date)
    months = (rules.of_age_first_months, rules.of_age_last_months)
    return (*(_months_before(day, one) for one in months), day)


def warned_on(
    birth_date: date,
    looked_on: date | None,
    today: date,
    rules: ProfileRules,
    *,
    begun_on: date,
) -> date | None:
    """The newest warning, where nothing was written since, or None.

    Each warning asks anew, whatever was decided at the one before: half a year changes much at seventeen. A case that
    was begun about somebody of age has nothing to settle. Told late is told: one that was begun after a warning has
    that one from its first day.
    """
    past = [day for day in warning_days(birth_date, rules) if day <= today]
    if not past or begun_on >= of_age_on(birth_date):
        return None
    return None if looked_on is not None and looked_on >= past[-1] else past[-1]


def check_settle(facts: SettleFacts, *, birth_date: date, today: date) -> None:
    """Raise ``RuleBroken`` unless it may be written.

    Codes: of_age.not_talked, of_age.day_in_future, of_age.no_words, of_age.no_service, of_age.no_later (on the day it
    must be decided) and of_age.not_yet_own (what a grown person agrees to, nobody agrees to before they are grown).
    """
    grown = today >= of_age_on(birth_date)
    if facts.talked_on is None:
        raise RuleBroken("of_age.not_talked")
    if facts.talked_on > today:
        raise RuleBroken("of_age.day_in_future")
    if not facts.has_words:
        raise RuleBroken("of_age.no_words")
    if facts.settling is Settling.HAND_OVER and not facts.has_service:
        raise RuleBroken("of_age.no_service")
    if grown and facts.settling is Settling.LATER:
        raise RuleBroken("of_age.no_later")
    if facts.guardians and facts.talked_on < of_age_on(birth_date):
        raise RuleBroken("of_age.not_yet_own")


def guardian_talk_due(talk_due: date | None, birth_date: date, today: date) -> date | None:
    """The day to talk with the guardians by, or None: about somebody who is of age nobody owes them a talk."""
    return None if today >= of_age_on(birth_date) else talk_due


def check_guests(
    guardians: AbstractSet[uuid.UUID],
    agreed: AbstractSet[uuid.UUID],
    *,
    birth_date: date,
    on: date,
) -> None:
    """Raise ``RuleBroken("of_age.guardian_invited")`` when a meeting ``on`` a day would tell guardians of a grown child.

    ``agreed`` are those whom the young person, of age, lets come.
    """
    if on >= of_age_on(birth_date) and guardians - agreed:
        raise RuleBroken("of_age.guardian_invited")


def _months_before(day: date, months: int) -> date:
    """The same day of the month so long before, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first_after = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = (first_after - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
