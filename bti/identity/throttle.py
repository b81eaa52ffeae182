"""How long to wait after failed sign-ins: a pure rule on a small record.

Waiting grows and has a ceiling; nothing is ever locked for good, because a lock is a way for
anyone to shut a colleague out. Storing the record is left to the sign-in workflow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ThrottleRule:
    """``free`` failures cost nothing; then ``first`` doubles for each, up to ``ceiling``.

    After ``forget`` without a failure, counting starts over.
    """

    free: int
    first: timedelta = timedelta(seconds=2)
    ceiling: timedelta = timedelta(minutes=15)
    forget: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Failures:
    """How many in a row, and when the latest was."""

    count: int
    last_at: datetime


PER_ACCOUNT = ThrottleRule(free=4)
# Strict where the guesses come from: whoever guesses elsewhere does not make a colleague wait.
PER_PAIR = ThrottleRule(free=4)
# Slows guessing from many addresses at once, and costs the owner half a minute at most.
FROM_ANYWHERE = ThrottleRule(free=50, ceiling=timedelta(seconds=30))
# A school shares one address: many honest mistakes come from it.
PER_ADDRESS = ThrottleRule(free=30)


def wait_after(count: int, rule: ThrottleRule = PER_ACCOUNT) -> timedelta:
    """How long ``count`` failures in a row make one wait."""
    if count <= rule.free:
        return timedelta(0)
    # The exponent is capped before it is used: 2 ** count is a very large number for a bot.
    doublings = min(count - rule.free - 1, 32)
    return min(rule.first * (1 << doublings), rule.ceiling)


def remaining_wait(
    failures: Failures | None, at: datetime, rule: ThrottleRule = PER_ACCOUNT
) -> timedelta:
    """How much of the wait is left at ``at``; zero means that a try is allowed."""
    if failures is None:
        return timedelta(0)
    return max(failures.last_at + wait_after(failures.count, rule) - at, timedelta(0))


def after_failure(
    failures: Failures | None, at: datetime, rule: ThrottleRule = PER_ACCOUNT
) -> Failures:
    """The record with one more failure at ``at``. A success removes the record instead."""
    if failures is None or at - failures.last_at >= rule.forget:
        return Failures(count=1, last_at=at)
    return Failures(count=failures.count + 1, last_at=max(at, failures.last_at))
