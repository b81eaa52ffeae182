"""Keys made for what is not there yet, and destroyed when it never came, or is gone."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import By, origin_of
from bti.db.models import BrokerNote, CaseKey
from bti.domain.errors import AccessDenied
from bti.keyd import notes
from tests.unit.domain.samples import NOON, NURSE, TEACHER, TENANT, a_subject, an_id

RECORD, OTHER = an_id(70), an_id(71)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ALSO = a_subject(account=NURSE)


def refused(act, *given):
    with pytest.raises(AccessDenied) as told:
        act(*given)
    return told.value.rule


def noted(rows):
    rows.flush()
    found = rows.execute(
        select(BrokerNote.record_id, BrokerNote.kind, BrokerNote.account_id, BrokerNote.made_at)
    )
    return sorted(map(tuple, found), key=str)


def a_key(rows, record, compartment="core"):
    key_id = uuid.uuid5(record, compartment)
    rows.put(
        "case_keys",
        id=key_id,
        case_id=record,
        compartment=compartment,
        key_id=key_id.bytes,
        wrapped=bytes(110),
        state="active",
    )


def keys(rows):
    return {*rows.scalars(select(CaseKey.case_id))}


def settling(act, rows, *given):
    """Do it; returns how many were settled, and what was entered."""
    told = []

    def record(action, *, tenant, by, about):
        told.append((action, *((one.kind, one.id) for one in about)))
        assert (tenant, by) == (TENANT, By("system:keyd"))

    count = act(rows, SimpleNamespace(record=record), *given)
    rows.flush()
    return count, told


def test_keys_are_begun_once_and_may_be_asked_for_again_by_the_same_person(rows):
    notes.begin(rows, a_subject(), RECORD, NOON)
    notes.begin(rows, a_subject(), RECORD, NOON + HOUR)
    assert noted(rows) == [(RECORD, "new", TEACHER, NOON + HOUR)]
    assert refused(notes.begin, rows, ALSO, RECORD, NOON) == "access.not_a_new_case"
    # Of what is to be gone, there is another note.
    notes.forget(rows, ALSO, OTHER, NOON)
    notes.begin(rows, a_subject(), OTHER, NOON)
    assert noted(rows)[1:] == [(OTHER, "forget", NURSE, NOON), (OTHER, "new", TEACHER, NOON)]


@pytest.mark.parametrize(
    "table", ["cases", "own_records", "suspensions", "emergency_accesses", "control_findings"]
)
def test_what_is_there_is_not_begun_and_keeps_its_keys(rows, table):
    assert notes.is_there(rows, RECORD) is False
    until = {"expires_at": NOON + HOUR} if table == "emergency_accesses" else {}
    rows.put(table, id=RECORD, **until)
    assert notes.is_there(rows, RECORD) is True
    assert refused(notes.begin, rows, a_subject(), RECORD, NOON) == "access.not_a_new_case"
    a_key(rows, RECORD)
    notes.forget(rows, a_subject(), RECORD, NOON)
    rows.flush()
    assert settling(notes.settle, rows, TEACHER, [RECORD]) == (1, [])
    assert keys(rows) == {RECORD}
    assert noted(rows) == []


@pytest.mark.parametrize(
    ("compartments", "told"),
    [
        (("core", "sealed"), [(Act.KEY_DATA_DESTROY, ("case", RECORD))]),
        (("own", "core"), [(Act.OWN_RECORD_DELETE, ("own", RECORD))]),
        ((), []),
    ],
)
def test_the_keys_of_what_never_came_are_destroyed_and_that_is_entered(rows, compartments, told):
    for one in compartments:
        a_key(rows, RECORD, one)
    a_key(rows, OTHER)
    notes.begin(rows, a_subject(), RECORD, NOON)
    rows.flush()
    assert settling(notes.settle, rows, TEACHER, [RECORD, OTHER]) == (1, told)
    assert keys(rows) == {OTHER}
    assert noted(rows) == []


def test_one_settles_what_one_has_begun_oneself_and_names(rows):
    for subject, record in ((a_subject(), RECORD), (a_subject(), OTHER), (ALSO, an_id(72))):
        notes.begin(rows, subject, record, NOON)
    rows.flush()
    assert settling(notes.settle, rows, TEACHER, [RECORD, an_id(72)])[0] == 1
    assert {one[0] for one in noted(rows)} == {OTHER, an_id(72)}


def test_what_nobody_came_back_to_is_settled_after_an_hour(rows):
    assert notes.ABANDONED == HOUR
    notes.begin(rows, a_subject(), RECORD, NOON)
    notes.begin(rows, ALSO, OTHER, NOON + SECOND)
    rows.flush()
    assert settling(notes.sweep, rows, NOON + HOUR - SECOND)[0] == 0
    assert settling(notes.sweep, rows, NOON + HOUR)[0] == 1
    assert [one[0] for one in noted(rows)] == [OTHER]
    assert settling(notes.sweep, rows, NOON + 2 * HOUR)[0] == 1


def test_a_log_grows_from_what_is_committed_and_in_the_epoch_that_is_begun(rows):
    notes.require_growth(rows, TENANT, origin_of(TENANT, 1), 0)
    assert refused(notes.require_growth, rows, TENANT, origin_of(TENANT, 2), 5) == (
        "grant.checkpoint"
    )
    assert refused(notes.require_growth, rows, TENANT, origin_of(an_id(2), 1), 5) == (
        "grant.checkpoint"
    )
    rows.put("audit_heads", tenant_id=TENANT, epoch=2, size=5)
    notes.require_growth(rows, TENANT, origin_of(TENANT, 2), 6)
    for epoch, size in ((2, 5), (2, 4), (1, 6), (3, 6)):
        told = refused(notes.require_growth, rows, TENANT, origin_of(TENANT, epoch), size)
        assert told == "grant.checkpoint"


def test_an_id_is_sixteen_bytes():
    assert notes.as_id(RECORD.bytes) == RECORD
    assert refused(notes.as_id, b"short") == "grant.columns"
