"""Rows as plain columns: whose they are, what of them is under the MAC, and what an answer knows."""

from dataclasses import FrozenInstanceError

import pytest
from sqlalchemy import select

from bti.db.models import BaitMark, Case, Log
from bti.db.walls import EVERYWHERE, stand
from bti.keyd.plain_rows import PlainRow, Side, ask
from tests.unit.domain.samples import CASE, TENANT, an_id
from tests.unit.keyd.asked import Rows


@pytest.fixture(scope="module")
def rows():
    made = Rows()
    stand(made, EVERYWHERE)
    made.put("cases", id=CASE)
    yield made
    made.end()


def test_a_row_belongs_to_the_case_it_is_or_names():
    assert PlainRow("cases", {"id": CASE, "case_id": an_id(1)}).case_id == CASE
    assert PlainRow("logs", {"id": an_id(1), "case_id": CASE}).case_id == CASE
    assert PlainRow("accounts", {"id": an_id(1)}).case_id is None
    with pytest.raises(FrozenInstanceError):
        PlainRow("cases", {}).table = "logs"


def test_under_the_mac_is_every_column_but_what_it_is_not_made_over():
    row = PlainRow(
        "cases", {"id": CASE, "mac": b"m", "version": 1, "last_seen_at": None, "x": None}
    )
    assert row.under_mac() == {"id": CASE.bytes, "x": None}
    assert row["version"] == 1


def test_several_tables_stand_beside_each_other_in_one_answer(rows):
    case = Side(Case)
    log = Side(Log, case)
    question = select(*case.columns, *log.columns).outerjoin(Log.__table__, Log.case_id == Case.id)
    [row] = ask(rows, question, {})
    assert len(row) == log.end == len(case.columns) + len(log.columns)
    found = case.of(row)
    assert (found.table, found["id"]) == ("cases", CASE)
    assert list(found.columns) == [one.name for one in Case.__table__.columns]
    assert log.of(row) is None
    rows.put("logs", id=an_id(51), case_id=CASE)
    [row] = ask(rows, question, {})
    assert (log.of(row).table, log.of(row)["id"], log.of(row).case_id) == ("logs", an_id(51), CASE)


def test_an_answer_knows_what_this_transaction_has_changed_unless_it_may_not_write(rows):
    marks = select(BaitMark.token)
    rows.add(BaitMark(tenant_id=TENANT, token=b"t" * 16))
    assert ask(rows, marks, {}, flush=False) == []
    with rows.no_autoflush:
        assert ask(rows, marks, {}) == []
    assert ask(rows, marks, {}) == [(b"t" * 16,)]
