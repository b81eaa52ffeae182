"""Two logs about one child: exactly one holder is told, and never the one who came after."""

import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bti.domain.doubles import LogOfChild, is_told
from bti.domain.levels import CaseStatus, LogStatus
from tests.unit.domain.samples import NOON

logs = st.builds(
    lambda number, days, status, log, protected, set_aside: LogOfChild(
        case_id=uuid.UUID(int=number),
        begun_at=NOON + timedelta(days=days),
        status=status,
        log=log,
        protected=protected,
        set_aside=set_aside,
    ),
    st.integers(1, 9),
    st.integers(0, 2),
    st.sampled_from(list(CaseStatus)),
    st.sampled_from(list(LogStatus)),
    st.booleans(),
    st.booleans(),
)

#: Written from the sentence: a log that rests is there; one that is closed, or in a closed case, is not.
THERE = {("open", "active"), ("open", "suspended")}


@given(logs, logs)
def test_of_two_logs_the_earlier_holder_is_told_and_of_no_protected_address(one, other):
    if one.case_id == other.case_id:
        return
    aside = one.set_aside or other.set_aside
    both = (
        not aside
        and {(one.status.value, one.log.value), (other.status.value, other.log.value)} <= THERE
    )
    earlier, later = sorted((one, other), key=lambda log: (log.begun_at, str(log.case_id)))
    assert not is_told(later, earlier)
    assert is_told(earlier, later) is (both and not later.protected)
