"""The state of a case is granted in a form that the broker can read again, and dated by what is done to it."""

import pytest

from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from tests.unit.domain.samples import CASE
from tests.unit.keyd.asked import Rows, asks
from tests.unit.keyd.test_grants_in_a_case import PROTECTED, a_case_row


@pytest.fixture(scope="module")
def rows():
    """Nothing stands there but what is asked about."""
    made = Rows()
    yield made
    made.end()


@pytest.mark.parametrize(
    "state",
    [
        {"status": "junk"},
        {"status": None},
        {"team_unit": "no unit"},
        {"team_unit": 7},
        {"protection": {"readers": []}},
        {"protection": "yes"},
        {"protection": PROTECTED | {"readers": ["nobody"]}},
    ],
)
def test_a_state_that_the_broker_could_not_read_again_is_nobodys_to_write(rows, state):
    """It would close the case to everybody, and the lists of all who have it."""
    old, new = a_case_row(1), a_case_row(2, **state)
    with pytest.raises(AccessDenied, match=r"^grant\.cases$") as refused:
        asks(rows, "cases", new, old, row=CASE, can=tuple(Action))
    assert refused.value.case_id == CASE


def test_when_a_case_was_closed_changes_with_its_status_alone(rows):
    then, now = "2001-01-01T00:00:00+00:00", "2026-11-22T11:00:00+00:00"
    for status in ("open", "closed"):
        old = a_case_row(1, status=status, closed_at=now)
        new = a_case_row(2, status=status, closed_at=then)
        assert not asks(rows, "cases", new, old, row=CASE, can=tuple(Action))
    old, new = a_case_row(1), a_case_row(2, status="closed", closed_at=now)
    assert asks(rows, "cases", new, old, row=CASE, can=(Action.CLOSE_CASE,))
