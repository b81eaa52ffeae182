"""Which cells of a consent get a MAC: the broker looks at what was asked and said."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.values import json_to_bytes
from bti.db.models import Consent
from bti.db.sealed_value import Sealed
from bti.domain.access import Action
from bti.domain.ages import start_of_day
from bti.domain.codes import InfoType, Role
from bti.domain.consent import Answer
from bti.domain.consent_record import answer_meta, meta_of
from bti.domain.gates import Gate, SharingFacts, sharing_meta
from bti.domain.signers import required_signers
from bti.keyd.asking import WRITING
from bti.keyd.grant_facts import SLOWEST
from tests.unit.domain.samples import (
    BOTH,
    CASE,
    CONSENT,
    FATHER,
    HEALTH,
    MOTHER,
    NOON,
    PPS,
    PRINCIPAL,
    RULES,
    SCHOOL,
    TENANT,
    a_consent,
    a_ref,
    an_answer,
    an_id,
    born,
)
from tests.unit.keyd.asked import OPS, Rows, asks, ops

SOON, LATE = NOON + timedelta(days=30), NOON + timedelta(days=31)
REF, BACK = a_ref(), a_ref(from_unit=PPS, to_unit=SCHOOL)
ABSENCE = a_ref(InfoType.ATTENDANCE)


@pytest.fixture(scope="module")
def rows():
    """A case of a child of ten, and a question that its mother has said yes to."""
    made = Rows()
    made.put("cases", id=CASE, ops_ct=Sealed(ops(CASE, 1, birth_date=born(10).isoformat())))
    made.put("consents", id=an_id(91), tenant_id=an_id(2), case_id=CASE)
    asked_about(made, CONSENT, (MOTHER, Answer.YES))
    # As good a question, but of another case.
    asked_about(made, an_id(92), (MOTHER, Answer.YES))
    elsewhere = update(Consent.__table__).where(Consent.id == an_id(92))
    made.connection().execute(elsewhere.values(case_id=an_id(41)))
    yield made
    made.end()


def sealed_meta(table, row_id, meta):
    place = Place(TENANT, TENANT_WIDE, table, "meta_ct", row_id, 1)
    return Sealed(seal(OPS, place, json_to_bytes(meta)))


def asked_about(rows, consent_id, *said, marks=(), **changes):
    """A question from the school to PPS about measures and attendance, with what was said to it."""
    consent = a_consent(cells={REF, BACK, ABSENCE}, valid_to=LATE, **changes)
    needed = required_signers(consent.child, BOTH, consent.realms, RULES, NOON)
    more = {"to_unit": PPS, "direction": "both", "types": ["attendance", "measures"]}
    meta = {**meta_of(consent, needed, owner=SCHOOL), **more}
    rows.put(
        "consents",
        id=consent_id,
        case_id=CASE,
        meta_ct=sealed_meta("consents", consent_id, meta),
    )
    stored_answers = [
        (person, answer_meta(an_answer(person, word, at=NOON, cells=frozenset({REF}))))
        for person, word in said
    ]
    for person, meta in (*stored_answers, *((MOTHER, mark) for mark in marks)):
        answer_id = uuid.uuid4()
        rows.put(
            "consent_answers",
            id=answer_id,
            case_id=CASE,
            consent_id=consent_id,
            person_id=person,
            meta_ct=sealed_meta("consent_answers", answer_id, meta),
        )


def a_row_of_consent(**changes):
    cell = {"case_id": CASE, "consent_id": CONSENT, "from_unit_id": SCHOOL, "to_unit_id": PPS}
    rest = {"basis": "consent", "info_type": "measures", "withdrawn_at": None, "valid_to": SOON}
    rest["valid_from"] = NOON
    return cell | rest | changes


def opens(rows, **changes):
    return asks(rows, "consent_cells", a_row_of_consent(**changes), can=(Action.RECORD_ANSWER,))


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"from_unit_id": PPS, "to_unit_id": SCHOOL}, True),
        ({"valid_to": LATE}, True),
        ({"valid_to": LATE + timedelta(seconds=1)}, False),
        ({"valid_to": None}, False),
        ({"info_type": "health"}, False),
        ({"to_unit_id": HEALTH}, False),
        ({"from_unit_id": HEALTH}, False),
        ({"basis": "duty"}, False),
        ({"withdrawn_at": NOON}, False),
        ({"consent_id": an_id(91)}, False),
        ({"consent_id": an_id(92)}, False),
        ({"consent_id": an_id(93)}, False),
        ({"valid_from": NOON - SLOWEST}, True),
        ({"valid_from": NOON - timedelta(minutes=6)}, False),
        ({"valid_from": NOON + timedelta(minutes=6)}, False),
        ({"valid_from": None}, False),
    ],
)
def test_a_cell_is_one_that_was_asked_about_in_the_case_and_no_longer_than_asked(
    rows, changes, allowed
):
    assert opens(rows, **changes) is allowed
    assert not asks(rows, "consent_cells", a_row_of_consent(**changes), can=WRITING)


NOW = NOON.isoformat()
STOPPED = {"answer": "withdrawn", "at": NOW, "form": "", "cells": []}


@pytest.mark.parametrize(
    ("said", "marks", "allowed"),
    [
        ([(MOTHER, Answer.YES), (FATHER, Answer.YES)], [], True),
        ([(FATHER, Answer.YES)], [], True),
        ([(MOTHER, Answer.YES), (FATHER, Answer.NO)], [], True),
        ([(MOTHER, Answer.PARTLY)], [], True),
        ([], [], False),
        ([(MOTHER, Answer.NO)], [], False),
        ([(MOTHER, Answer.TALK_FIRST), (FATHER, Answer.NO)], [], False),
        ([(MOTHER, Answer.YES), (FATHER, Answer.YES)], [STOPPED], False),
        ([(MOTHER, Answer.YES)], [{"answer": "lapsed", "at": NOW}], False),
        ([(MOTHER, Answer.YES)], [{"answer": "blocked", "at": NOW}], False),
        ([(MOTHER, Answer.YES)], [{**STOPPED, "cells": ["measures:out"]}], False),
        ([(MOTHER, Answer.YES)], [{**STOPPED, "cells": ["measures:in"]}], True),
    ],
)
def test_a_cell_opens_where_all_but_the_one_answering_have_said_yes_and_nothing_stopped_it(
    rows, said, marks, allowed
):
    consent_id = uuid.uuid4()
    asked_about(rows, consent_id, *said, marks=marks)
    assert opens(rows, consent_id=consent_id) is allowed


def test_a_partial_yes_opens_nothing_beyond_its_part(rows):
    consent_id = uuid.uuid4()
    asked_about(rows, consent_id, (MOTHER, Answer.PARTLY))
    assert opens(rows, consent_id=consent_id)
    assert not opens(rows, consent_id=consent_id, info_type="attendance")


def test_a_child_that_must_be_heard_and_was_not_keeps_the_cell_closed(rows):
    consent_id = uuid.uuid4()
    asked_about(rows, consent_id, (MOTHER, Answer.YES), heard=None)
    assert not opens(rows, consent_id=consent_id)


def test_no_cell_is_open_beyond_the_birthday_from_which_an_act_gives_others_the_say():
    made = Rows()
    birthday = born(14, 351)  # fifteen in two weeks
    made.put("cases", id=CASE, ops_ct=Sealed(ops(CASE, 1, birth_date=birthday.isoformat())))
    asked_about(made, CONSENT, (MOTHER, Answer.YES), birth_date=birthday)
    turns = start_of_day(birthday.replace(year=birthday.year + 15))
    assert opens(made, valid_to=turns)
    assert not opens(made, valid_to=turns + timedelta(seconds=1))
    made.end()


def test_a_question_that_cannot_be_read_opens_nothing(rows):
    consent_id = uuid.uuid4()
    rows.put("consents", id=consent_id, case_id=CASE, meta_ct=sealed_meta("consents", CONSENT, {}))
    assert not opens(rows, consent_id=consent_id)


def test_a_cell_of_a_kind_that_nobody_knows_is_none(rows):
    for kind in (None, "weather"):
        with pytest.raises(ValueError, match="is not a valid InfoType"):
            opens(rows, info_type=kind)


def test_of_two_units_one_owns_the_case(rows):
    row, can = a_row_of_consent(), (Action.RECORD_ANSWER,)
    for owner, allowed in ((SCHOOL, True), (PPS, True), (HEALTH, False)):
        known = {"owner_unit": owner}
        assert asks(rows, "consent_cells", row, can=can, facts_known=known) is allowed


def test_without_the_case_and_when_its_child_was_born_nothing_opens():
    for case in ({}, {"tenant_id": an_id(2)}):
        made = Rows()
        if case:
            blob = Sealed(ops(CASE, 1, birth_date=born(10).isoformat()))
            made.put("cases", id=CASE, ops_ct=blob, **case)
        asked_about(made, CONSENT, (MOTHER, Answer.YES))
        assert opens(made) is False
        made.end()


def test_from_eighteen_no_act_gives_the_say_to_anybody_else():
    made = Rows()
    grown = born(18, 30)
    made.put("cases", id=CASE, ops_ct=Sealed(ops(CASE, 1, birth_date=grown.isoformat())))
    asked_about(made, CONSENT, (MOTHER, Answer.YES), birth_date=grown)
    assert opens(made, valid_to=LATE) is True
    assert opens(made, valid_to=LATE + timedelta(seconds=1)) is False
    made.end()


@pytest.mark.parametrize("spoilt", [Sealed(b"spoilt"), Sealed(b"x" * 200)])
def test_a_withdrawal_that_was_spoilt_in_sql_opens_nothing_again(rows, spoilt):
    consent_id = uuid.uuid4()
    asked_about(rows, consent_id, (MOTHER, Answer.YES))
    assert opens(rows, consent_id=consent_id)
    rows.put(
        "consent_answers",
        id=uuid.uuid4(),
        case_id=CASE,
        consent_id=consent_id,
        person_id=MOTHER,
        meta_ct=spoilt,
    )
    assert not opens(rows, consent_id=consent_id)


@pytest.mark.parametrize("elsewhere", [{"tenant_id": an_id(2)}, {"case_id": an_id(41)}])
def test_an_answer_that_lies_in_another_case_or_municipality_counts_for_nothing(rows, elsewhere):
    consent_id, answer_id = uuid.uuid4(), uuid.uuid4()
    asked_about(rows, consent_id)
    yes = answer_meta(an_answer(MOTHER, Answer.YES, at=NOON, cells=frozenset({REF})))
    answer = {"id": answer_id, "case_id": CASE, "consent_id": consent_id, "person_id": MOTHER}
    answer["meta_ct"] = sealed_meta("consent_answers", answer_id, yes)
    rows.put("consent_answers", **answer | elsewhere)
    assert opens(rows, consent_id=consent_id) is False


def test_a_question_about_what_is_shared_with_nobody_opens_nothing(rows):
    own = a_ref(InfoType.OWN)
    sharing_id = shared(rows, cells=frozenset({own}))
    assert not opens_by_law(rows, sharing_id, info_type="own")


@pytest.mark.parametrize(
    ("changes", "can", "allowed"),
    [
        ({"withdrawn_at": NOON}, (Action.WITHDRAW_CONSENT,), True),
        ({"withdrawn_at": NOON}, (Action.RECORD_ANSWER,), False),
        ({"valid_to": LATE}, WRITING, False),
        ({"valid_to": NOON}, WRITING, False),
        ({"to_unit_id": HEALTH}, WRITING, False),
    ],
)
def test_a_cell_is_withdrawn_and_nothing_else(rows, changes, can, allowed):
    old = a_row_of_consent()
    assert asks(rows, "consent_cells", old | changes, old, can=can) is allowed


def test_a_withdrawn_cell_does_not_come_back(rows):
    old = a_row_of_consent(withdrawn_at=NOON)
    assert not asks(rows, "consent_cells", a_row_of_consent(), old, can=WRITING)


# -- without consent -----------------------------------------------------------------------------


def shared(rows, gate=Gate.LIFE_HEALTH, marks=(), owner=SCHOOL, to_unit=PPS, **changes):
    """A sharing of the school's with PPS, written down by the principal."""
    sharing_id = uuid.uuid4()
    values = {
        "gate": gate,
        "cells": frozenset({REF}),
        "written_at": NOON,
        "written_by": PRINCIPAL,
        "until": NOON + timedelta(days=5),
    }
    meta = sharing_meta(SharingFacts(**(values | changes)), owner=owner, to_unit=to_unit)
    rows.put(
        "consents", id=sharing_id, case_id=CASE, meta_ct=sealed_meta("consents", sharing_id, meta)
    )
    for mark in marks:
        answer_id = uuid.uuid4()
        rows.put(
            "consent_answers",
            id=answer_id,
            case_id=CASE,
            consent_id=sharing_id,
            person_id=MOTHER,
            meta_ct=sealed_meta("consent_answers", answer_id, {"answer": mark, "at": NOW}),
        )
    return sharing_id


def opens_by_law(rows, sharing_id, can=(Action.SHARE_BY_LAW,), powers=None, **changes):
    row = a_row_of_consent(consent_id=sharing_id, basis="law", valid_to=NOON + timedelta(days=5))
    return asks(rows, "consent_cells", row | changes, can=can, **(powers or {}))


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"valid_to": NOON + timedelta(days=5, seconds=1)}, False),
        ({"valid_to": None}, False),
        ({"info_type": "health"}, False),
        ({"to_unit_id": HEALTH}, False),
        ({"from_unit_id": PPS, "to_unit_id": SCHOOL}, False),
        ({"withdrawn_at": NOON}, False),
        ({"basis": "consent"}, False),
    ],
)
def test_a_cell_without_consent_is_what_was_written_down_and_no_more(rows, changes, allowed):
    assert opens_by_law(rows, shared(rows), **changes) is allowed


def test_a_cell_without_consent_takes_somebody_who_may_and_a_ground_that_is_written(rows):
    sharing_id = shared(rows)
    assert not opens_by_law(rows, sharing_id, can=(Action.RECORD_ANSWER, *WRITING))
    assert not opens_by_law(rows, CONSENT)
    assert not opens_by_law(rows, uuid.uuid4())
    assert not opens(rows, consent_id=sharing_id)


def test_a_sharing_of_which_something_cannot_be_read_opens_nothing(rows):
    sharing_id = shared(rows)
    assert opens_by_law(rows, sharing_id)
    of = {"case_id": CASE, "consent_id": sharing_id, "person_id": MOTHER}
    rows.put("consent_answers", id=uuid.uuid4(), meta_ct=Sealed(b"spoilt"), **of)
    assert not opens_by_law(rows, sharing_id)


@pytest.mark.parametrize("mark", ["opened", "stopped"])
def test_a_sharing_that_was_opened_or_stopped_opens_nothing_again(rows, mark):
    assert not opens_by_law(rows, shared(rows, marks=[mark]))


def test_a_gate_that_takes_two_people_takes_a_leader_too(rows):
    # Whoever asks here is a teacher.
    assert not opens_by_law(rows, shared(rows, Gate.PURPOSE))
    leads = {"role": Role.UNIT_LEAD}
    assert opens_by_law(rows, shared(rows, Gate.PURPOSE), powers=leads)
    assert not opens_by_law(rows, shared(rows, Gate.PURPOSE), powers=leads | {"unit": HEALTH})


def test_a_cell_without_consent_goes_out_from_the_unit_that_owns_the_case_by_its_own_people(rows):
    for powers in ({"unit": HEALTH}, {"facts_known": {"owner_unit": HEALTH}}):
        assert not opens_by_law(rows, shared(rows), powers=powers)


def test_a_gate_is_open_no_longer_than_the_gate_allows_whatever_was_written(rows):
    far = NOON + timedelta(days=80)
    assert not opens_by_law(rows, shared(rows, until=far), valid_to=far)
    assert opens_by_law(rows, shared(rows, Gate.OTHER_BODY, until=far), valid_to=far)


@pytest.mark.parametrize("days", [1, 3650])
def test_a_sharing_that_says_it_was_written_in_time_to_come_opens_nothing(rows, days):
    ahead = NOON + timedelta(days=days)
    far = ahead + timedelta(days=5)
    assert not opens_by_law(rows, shared(rows, written_at=ahead, until=far), valid_to=far)


def test_another_service_than_the_cases_own_shares_nothing_by_law_whatever_was_written(rows):
    back = {"owner": PPS, "to_unit": SCHOOL, "cells": frozenset({BACK})}
    sharing_id = shared(rows, **back)
    assert not opens_by_law(rows, sharing_id, from_unit_id=PPS, to_unit_id=SCHOOL)
