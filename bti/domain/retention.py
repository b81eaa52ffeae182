"""How long each kind of stored content is kept, by whose word, and whether a rule allows that it is destroyed now.

Destroying documentation takes a rule that has run out or a permission (arkivlova § 13). Until Nasjonalarkivet has decided
about a kind it is preserved (bevaringsforskrifta § 3), so a rule that says nothing else keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bti.domain.errors import RuleBroken


class Fate(StrEnum):
    """What becomes of it when its time here is over."""

    #: Stays, for good.
    KEEP = "keep"
    #: Goes to the archive, and is preserved there.
    TRANSFER = "transfer"
    DISPOSE = "dispose"


class Since(StrEnum):
    """The event that the years are counted from."""

    CASE_CLOSED = "case_closed"
    MATTER_CLOSED = "matter_closed"
    ACCOUNT_ENDED = "account_ended"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One rule: for which sealed columns, from what event, for how many years, what then, and by whose word.

    ``years`` is None where no number ends it; ``days`` stands in its place where it is less than a year.
    """

    code: str
    columns: frozenset[str]
    fate: Fate
    since: Since
    years: int | None
    source: str
    what: Mapping[str, str]
    days: int | None = None

    def ends_on(self, event_on: date) -> date | None:
        """Return the day from which the rule lets go, None when it never does."""
        if self.days is not None:
            return event_on + timedelta(days=self.days)
        if self.years is None:
            return None
        last = event_on.year + self.years
        # What began on 29 February ends on 1 March where the year has none.
        leaps = (event_on.month, event_on.day) == (2, 29) and not _leap(last)
        return date(last, 3, 1) if leaps else event_on.replace(year=last)


Rules = Mapping[str, RetentionRule]


def rule_for(rules: Rules, column: str) -> RetentionRule:
    """Return the one rule of a stored column. Raises ``LookupError`` when there is none, or more."""
    found = [one for one in rules.values() if column in one.columns]
    if len(found) != 1:
        raise LookupError(column)
    return found[0]


def check_disposal(
    rules: Rules, code: str, columns: Collection[str], *, event_on: date, today: date
) -> None:
    """Check that a rule lets all of these columns be destroyed today.

    Raises ``RuleBroken`` with retention.unknown_rule, retention.other_content (some of it is under another rule),
    retention.kept (its rule does not end in disposal) or retention.too_early.
    """
    rule = rules.get(code)
    if rule is None:
        raise RuleBroken("retention.unknown_rule")
    if not set(columns) <= rule.columns:
        raise RuleBroken("retention.other_content")
    ends = rule.ends_on(event_on)
    if rule.fate is not Fate.DISPOSE or ends is None:
        raise RuleBroken("retention.kept")
    if today < ends:
        raise RuleBroken("retention.too_early", latest=ends)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
