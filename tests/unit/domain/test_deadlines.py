from datetime import timedelta

import pytest

from bti.domain import deadlines
from bti.domain.deadlines import Pressing
from tests.unit.domain.samples import NOON, RULES, TODAY

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "how"),
    [
        (8, Pressing.LATER),
        (7, Pressing.SOON),
        (1, Pressing.SOON),
        (0, Pressing.TODAY),
        (-1, Pressing.OVERDUE),
    ],
)
def test_the_day_itself_is_in_time(days, how):
    assert deadlines.pressing(TODAY + days * DAY, TODAY, RULES) is how
    assert deadlines.days_over(TODAY + days * DAY, TODAY) == max(0, -days)


def test_the_profile_gives_the_days():
    assert deadlines.level_0_decision(TODAY, RULES) == TODAY + 14 * DAY
    assert deadlines.guardian_talk(TODAY, RULES, school_environment=False) == TODAY + 14 * DAY
    assert deadlines.guardian_talk(TODAY, RULES, school_environment=True) == TODAY + 7 * DAY
    assert deadlines.team_answer(TODAY, RULES) == TODAY + 14 * DAY
    assert deadlines.offer_expiry(NOON, RULES) == NOON + 7 * DAY
    assert deadlines.consent_reminder(NOON, RULES) == TODAY - 30 * DAY
