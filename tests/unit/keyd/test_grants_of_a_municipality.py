"""What a municipality has decided gets a MAC once, as it was registered, and never over the socket again."""

import pytest

from tests.unit.domain.samples import OTHER_TENANT, TENANT
from tests.unit.keyd.asked import ROW, Rows, asks

DECIDED = {"name": "Lindvik kommune", "number": "9901", "profile": "standard", "language": "nb"}


@pytest.fixture(scope="module")
def rows():
    made = Rows()
    made.put("municipalities", id=TENANT, **DECIDED)
    yield made
    made.end()


def test_the_command_that_registered_it_writes_the_same_beside_it(rows):
    assert asks(rows, "local_rules", DECIDED, row=TENANT, operator=True, signed_in=False)


@pytest.mark.parametrize("column", sorted(DECIDED))
def test_nothing_else_than_what_was_registered(rows, column):
    other = DECIDED | {column: "xx"}
    assert not asks(rows, "local_rules", other, row=TENANT, operator=True)


@pytest.mark.parametrize("row", [ROW, OTHER_TENANT])
def test_one_row_for_a_municipality_under_its_own_id(rows, row):
    assert not asks(rows, "local_rules", DECIDED, row=row, operator=True)


def test_no_browsers_process_and_nobody_twice(rows):
    assert not asks(rows, "local_rules", DECIDED, row=TENANT)
    assert not asks(rows, "local_rules", DECIDED, DECIDED, row=TENANT, operator=True)


def test_a_municipality_that_is_not_there_has_decided_nothing():
    empty = Rows()
    assert not asks(empty, "local_rules", DECIDED, row=TENANT, operator=True)
    empty.end()
