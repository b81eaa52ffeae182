"""Whose rows about a case get a MAC: every rule with what it allows, and one step beside it."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED, Writing, mac_columns
from bti.db.models import Participant
from bti.db.sealed_value import Sealed
from bti.domain.access import Action
from bti.domain.ages import start_of_day
from bti.domain.codes import SHAREABLE, InfoType
from bti.domain.consent import Answer
from bti.domain.consent_record import answer_meta, meta_of
from bti.domain.errors import AccessDenied
from bti.domain.signers import required_signers
from bti.keyd.asking import WRITING
from bti.keyd.grants import decide_rows
from tests.unit.domain.samples import (
    BOTH,
    CASE,
    CONSENT,
    FATHER,
    HEALTH,
    MOTHER,
    NOON,
    NURSE,
    PPS,
    RULES,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    a_consent,
    a_ref,
    an_answer,
    an_id,
    born,
)
from tests.unit.keyd.asked import OPS, ROW, Asked, Rows, asks, ops, stored

SOON, LATE = NOON + timedelta(days=30), NOON + timedelta(days=31)
INVITE = (Action.INVITE_PARTICIPANT,)
CELL = a_cell(InfoType.MEASURES, SCHOOL, PPS)
REF, BACK = a_ref(), a_ref(from_unit=PPS, to_unit=SCHOOL)
ABSENCE = a_ref(InfoType.ATTENDANCE)


@pytest.fixture(scope="module")
def rows():
    """The nurse works in the school's health service, and nobody else works anywhere."""
    made = Rows()
    places = [
        (NURSE, HEALTH, None),
        (NURSE, PPS, LATE),
        (NURSE, SCHOOL, NOON),
        (TEACHER, SCHOOL, None),
    ]
    for number, (account, unit, until) in enumerate(places):
        made.put(
            "role_grants", id=an_id(80 + number), account_id=account, unit_id=unit, valid_to=until
        )
    made.put("cases", id=CASE, ops_ct=Sealed(ops(CASE, 1, birth_date=born(10).isoformat())))
    made.put("consents", id=an_id(91), tenant_id=an_id(2), case_id=CASE)
    made.put("consents", id=an_id(92), tenant_id=TENANT, case_id=an_id(41))
    asked_about(made, CONSENT, (MOTHER, Answer.YES))
    yield made
    made.end()


def a_place(**changes):
    own = {"case_id": CASE, "account_id": NURSE, "unit_id": PPS, "relation": "participant"}
    return own | {"valid_to": SOON, "revoked_at": None} | changes


# -- places in a case ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"valid_to": SOON - timedelta(days=1)}, True),
        ({"valid_to": LATE}, False),
        ({"valid_to": None}, False),
        ({"unit_id": HEALTH}, False),
        ({"unit_id": SCHOOL}, False),
        ({"account_id": TEACHER}, False),
    ],
)
def test_one_is_invited_who_works_where_consent_lets_in_and_no_longer(rows, changes, allowed):
    facts = {"cells": (CELL,)}
    assert asks(rows, "participants", a_place(**changes), can=INVITE, facts_known=facts) is allowed


@pytest.mark.parametrize(
    "cell",
    [
        a_cell(InfoType.MEASURES, SCHOOL, HEALTH),
        replace(CELL, info_type=next(one for one in InfoType if one not in SHAREABLE)),
        replace(CELL, valid_to=NOON),
        replace(CELL, withdrawn_at=NOON),
    ],
)
def test_a_cell_for_another_or_that_is_over_lets_nobody_in(rows, cell):
    assert not asks(rows, "participants", a_place(), can=INVITE, facts_known={"cells": (cell,)})


def test_the_longest_live_consent_counts(rows):
    facts = {"cells": (replace(CELL, valid_to=NOON + timedelta(days=1)), CELL)}
    assert asks(rows, "participants", a_place(), can=INVITE, facts_known=facts)


def test_colleagues_of_the_owners_unit_are_invited_without_consent_or_end(rows):
    facts = {"owner_unit": HEALTH}
    place = a_place(unit_id=HEALTH, valid_to=None)
    assert asks(rows, "participants", place, can=INVITE, facts_known=facts)
    assert not asks(rows, "participants", place, facts_known=facts)


def test_a_colleague_whose_role_is_forged_is_not_invited(rows):
    with pytest.raises(AccessDenied, match=FORGED):
        asks(
            rows,
            "participants",
            a_place(),
            can=INVITE,
            facts_known={"cells": (CELL,)},
            forged=(an_id(81),),
        )


@pytest.mark.parametrize("power", [Action.ANSWER_OFFER, Action.REASSIGN_BATON])
@pytest.mark.parametrize(
    ("changes", "allowed"),
    [({}, True), ({"account_id": NURSE}, False), ({"unit_id": HEALTH}, False)],
)
def test_whoever_had_the_baton_goes_on_taking_part(rows, power, changes, allowed):
    place = a_place(account_id=TEACHER, unit_id=SCHOOL, valid_to=None) | changes
    facts = {"cells": (a_cell(InfoType.MEASURES, SCHOOL, HEALTH),)}
    place = place | ({"valid_to": SOON} if changes.get("unit_id") else {})
    assert asks(rows, "participants", place, can=(power,), facts_known=facts) is allowed
    assert not asks(rows, "participants", place, can=WRITING[:2], facts_known=facts)


@pytest.mark.parametrize(
    ("changes", "begun", "allowed"),
    [
        ({}, (CASE,), True),
        ({}, (ROW,), False),
        ({"account_id": NURSE}, (CASE,), False),
        ({"unit_id": PPS}, (CASE,), False),
    ],
)
def test_only_who_begins_a_case_follows_it_and_only_oneself(rows, changes, begun, allowed):
    place = a_place(account_id=TEACHER, unit_id=SCHOOL, relation="follower") | changes
    assert asks(rows, "participants", place, has_begun=begun, can=INVITE) is allowed


@pytest.mark.parametrize(
    ("changes", "powers", "allowed"),
    [
        ({"valid_to": NOON}, {"can": (Action.WRITE_NOTE,)}, True),
        ({"valid_to": NOON}, {"can": (Action.REVOKE_PARTICIPANT,)}, True),
        ({"valid_to": NOON}, {"can_at_all": (Action.MANAGE_ACCOUNTS,)}, True),
        ({"revoked_at": NOON}, {"operator": True}, True),
        ({"revoked_at": NOON}, {}, False),
        ({"valid_to": NOON}, {"can": (Action.READ_CASE,)}, False),
        ({"valid_to": LATE}, {"operator": True}, False),
        ({"valid_to": None}, {"operator": True}, False),
        ({"unit_id": SCHOOL}, {"operator": True}, False),
    ],
)
def test_a_place_is_ended_and_never_lengthened_or_moved(rows, changes, powers, allowed):
    assert asks(rows, "participants", a_place(**changes), a_place(), **powers) is allowed


def test_an_end_that_stands_is_not_moved_by_whoever_may_end_a_place(rows):
    old = a_place(revoked_at=NOON)
    assert not asks(rows, "participants", a_place(revoked_at=SOON), old, operator=True)


# -- consent -------------------------------------------------------------------------------------


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


# -- the baton -----------------------------------------------------------------------------------


def a_log(account=TEACHER, unit=SCHOOL, **changes):
    return {
        "case_id": CASE,
        "tenant_id": TENANT,
        "holder_id": account,
        "holder_unit_id": unit,
    } | changes


@pytest.mark.parametrize(
    ("new", "old", "can", "allowed"),
    [
        (a_log(), None, Action.OPEN_LOG, True),
        (a_log(), None, Action.ANSWER_OFFER, False),
        (a_log(), None, Action.REASSIGN_BATON, False),
        (a_log(), a_log(NURSE, HEALTH), Action.OPEN_LOG, True),
        (a_log(), a_log(NURSE, HEALTH), Action.ANSWER_OFFER, True),
        (a_log(), a_log(NURSE, HEALTH), Action.READ_CASE, False),
        (a_log(NURSE, HEALTH), None, Action.OPEN_LOG, False),
        (a_log(NURSE, PPS), a_log(), Action.ANSWER_OFFER, False),
        (a_log(NURSE, PPS), a_log(), Action.REASSIGN_BATON, True),
        (a_log(NURSE, PPS), None, Action.REASSIGN_BATON, False),
        (a_log(NURSE, HEALTH), a_log(), Action.REASSIGN_BATON, False),
        (a_log(TEACHER, PPS), a_log(), Action.REASSIGN_BATON, False),
        (a_log(TEACHER, PPS), a_log(), Action.OPEN_LOG, False),
        (a_log(NURSE, SCHOOL), a_log(), Action.OPEN_LOG, False),
        (a_log(NURSE, SCHOOL), a_log(), Action.REASSIGN_BATON, False),
        (a_log(case_id=an_id(41)), a_log(), Action.OPEN_LOG, False),
        (a_log(), a_log(case_id=an_id(41)), Action.OPEN_LOG, False),
        (a_log(tenant_id=an_id(2)), a_log(), Action.OPEN_LOG, False),
    ],
)
def test_the_baton_is_taken_by_oneself_or_given_to_one_who_is_let_in(rows, new, old, can, allowed):
    facts = {"cells": (CELL,)}
    assert asks(rows, "logs", new, old, can=(can,), facts_known=facts) is allowed


def an_offer(**changes):
    offer = {"case_id": CASE, "log_id": an_id(50), "from_id": TEACHER, "to_id": NURSE}
    return offer | {"to_unit_id": PPS, "open_slot": 1} | changes


OFFERING = (
    Action.OFFER_BATON,
    Action.WITHDRAW_OFFER,
    Action.APPOINT_HOLDER,
    Action.REASSIGN_BATON,
)


@pytest.mark.parametrize("can", OFFERING)
@pytest.mark.parametrize(
    ("changes", "allowed"),
    [({}, True), ({"from_id": NURSE}, False), ({"to_unit_id": HEALTH}, False)],
)
def test_the_holders_baton_is_offered_to_one_who_is_let_in(rows, can, changes, allowed):
    facts = {"cells": (CELL,)}
    offer = an_offer(**changes)
    assert asks(rows, "baton_offers", offer, can=(can,), facts_known=facts) is allowed
    assert not asks(rows, "baton_offers", offer, can=(Action.READ_CASE,), facts_known=facts)


@pytest.mark.parametrize("can", [*OFFERING, Action.ANSWER_OFFER])
@pytest.mark.parametrize(
    ("changes", "slot", "allowed"),
    [
        ({"open_slot": None}, 1, True),
        ({"open_slot": None}, None, True),
        ({"open_slot": 1}, 1, True),
        ({"open_slot": 1}, None, False),
        *(
            ({name: an_id(60), "open_slot": None}, 1, False)
            for name in ("log_id", "from_id", "to_id", "to_unit_id")
        ),
    ],
)
def test_an_offer_is_closed_and_never_changed_or_opened_again(rows, can, changes, slot, allowed):
    old = an_offer(open_slot=slot)
    assert asks(rows, "baton_offers", old | changes, old, can=(can,)) is allowed
    assert not asks(rows, "baton_offers", old | changes, old, can=(Action.READ_CASE,))


def test_an_offer_stays_in_its_case(rows):
    old = an_offer(case_id=an_id(41))
    assert not asks(rows, "baton_offers", an_offer(open_slot=None), old, can=OFFERING)


# -- cases ---------------------------------------------------------------------------------------


def a_case_row(version=2, unit=SCHOOL, **state):
    return {
        "tenant_id": TENANT,
        "unit_id": unit,
        "number": "AB12",
        "ops_ct": ops(CASE, version, **state),
    }


CONCERN = (Action.LOG_CONCERN,)
AT_THE_TEAM = {"referral": "taken", "team_unit": PPS.hex}


@pytest.mark.parametrize(
    ("row", "powers", "allowed"),
    [
        (a_case_row(), {"can_at_all": CONCERN, "has_begun": (CASE,)}, True),
        (a_case_row(), {"can_at_all": CONCERN}, False),
        (a_case_row(), {"has_begun": (CASE,)}, False),
        (a_case_row(unit=PPS), {"can_at_all": CONCERN, "has_begun": (CASE,)}, False),
    ],
)
def test_a_case_is_begun_in_ones_own_unit(rows, row, powers, allowed):
    assert asks(rows, "cases", row, row=CASE, **powers) is allowed


@pytest.mark.parametrize(
    "state",
    [
        {"status": "closed"},
        {"referral": "waiting"},
        {"team_unit": PPS.hex},
        {"protection": {"readers": []}},
    ],
)
def test_a_case_begins_open_with_neither_referral_nor_protection(rows, state):
    with pytest.raises(AccessDenied, match=r"^grant\.cases$") as refused:
        asks(rows, "cases", a_case_row(**state), row=CASE, can_at_all=CONCERN, has_begun=(CASE,))
    assert refused.value.case_id == CASE


@pytest.mark.parametrize(
    ("before", "after", "acts"),
    [
        ({}, {"status": "closed"}, {Action.CLOSE_CASE}),
        ({"status": "closed"}, {}, {Action.REOPEN_CASE}),
        ({}, {"referral": "waiting"}, {Action.REFER}),
        ({"referral": "waiting"}, {"referral": "taken"}, {Action.TAKE_REFERRAL}),
        ({}, {"team_unit": PPS.hex}, {Action.REFER}),
        ({"referral": "taken"}, {}, {Action.CLOSE_CASE}),
        (
            {"referral": "taken"},
            {"referral": "returned"},
            {Action.RETURN_REFERRAL, Action.WITHDRAW_CONSENT, Action.CLOSE_CASE},
        ),
        ({"referral": "taken", "team_unit": PPS.hex}, {}, {Action.CLOSE_CASE}),
        ({}, {"protection": {"a": 1}}, {Action.PROTECT_CASE}),
        ({"protection": {"a": 1}}, {"protection": {"a": 2}}, {Action.MANAGE_PROTECTION}),
        ({"protection": {"a": 1}}, {}, {Action.MANAGE_PROTECTION}),
        ({}, {"note": "a detail"}, {*WRITING}),
        (AT_THE_TEAM, AT_THE_TEAM | {"note": "a detail"}, {*WRITING}),
    ],
)
def test_each_change_of_a_case_needs_its_own_act(rows, before, after, acts):
    for act in Action:
        old, new = a_case_row(1, **before), a_case_row(2, **after)
        assert asks(rows, "cases", new, old, row=CASE, can=(act,)) is (act in acts), act


def test_two_changes_at_once_need_both_acts(rows):
    old, new = a_case_row(1), a_case_row(2, status="closed", protection={"a": 1})
    both = (Action.CLOSE_CASE, Action.PROTECT_CASE)
    assert asks(rows, "cases", new, old, row=CASE, can=both)
    for one in both:
        assert not asks(rows, "cases", new, old, row=CASE, can=(one,))


def test_a_referral_to_nowhere_is_no_change_anybody_may_make(rows):
    old, new = a_case_row(1), a_case_row(2, referral="elsewhere")
    assert not asks(rows, "cases", new, old, row=CASE, can=tuple(Action))


@pytest.mark.parametrize("moved", [{"unit_id": PPS}, {"number": "CD34"}, {"tenant_id": an_id(2)}])
def test_a_case_is_never_moved(rows, moved):
    new = a_case_row() | moved
    assert not asks(rows, "cases", new, a_case_row(1), row=CASE, can=tuple(Action))


def test_a_state_that_cannot_be_read_is_refused(rows):
    row = a_case_row() | {"ops_ct": None}
    with pytest.raises(AccessDenied, match=r"^grant\.columns$") as refused:
        asks(rows, "cases", row, row=CASE, can_at_all=CONCERN, has_begun=(CASE,))
    assert refused.value.case_id == CASE
    place = Place(TENANT, TENANT_WIDE, "cases", "ops_ct", CASE, 2)
    row = a_case_row() | {"ops_ct": seal(OPS, place, b"[]")}
    with pytest.raises(AccessDenied, match=r"^grant\.columns$") as refused:
        asks(rows, "cases", row, row=CASE, can_at_all=CONCERN, has_begun=(CASE,))
    assert refused.value.case_id == CASE


# -- what stands, and what is decided at all -----------------------------------------------------


def a_grant(table="participants", row_id=ROW, version=1, tenant=TENANT, columns=None, beyond=None):
    columns = stored(**a_place()) if columns is None else columns
    return Writing(tenant, table, row_id, version, columns, beyond or {}, None)


def test_a_table_without_a_rule_gets_no_mac(rows):
    for table in ("persons", "tenants", ""):
        with pytest.raises(AccessDenied, match=r"^grant\.no_rule$"):
            decide_rows(Asked(rows, operator=True), (a_grant(table),))


def test_a_table_whose_rule_was_forgotten_gets_no_mac_either(rows, monkeypatch):
    monkeypatch.setattr("bti.keyd.grants.RULES", {})
    with pytest.raises(AccessDenied, match=r"^grant\.participants$"):
        decide_rows(Asked(rows, operator=True), (a_grant(),))


def test_a_row_that_lacks_a_column_is_refused_like_any_other(rows):
    for missing in ("relation", "valid_to", "unit_id"):
        columns = stored(**a_place())
        del columns[missing]
        asking = Asked(rows, can=INVITE, facts_known={"cells": (CELL,)})
        with pytest.raises(AccessDenied) as refused:
            decide_rows(asking, (a_grant(columns=columns),))
        known = "grant.participants" if missing == "valid_to" else "grant.columns"
        assert refused.value.rule == known


@pytest.mark.parametrize(("version", "follows"), [(0, False), (1, True), (2, False)])
def test_a_new_row_is_of_the_first_version(rows, version, follows):
    asking = Asked(rows, can=INVITE, facts_known={"cells": (CELL,)})
    wanted = (a_grant(version=version),)
    if follows:
        assert [len(one) for one in decide_rows(asking, wanted)] == [1, 1]
        return
    with pytest.raises(AccessDenied, match=r"^grant\.version$"):
        decide_rows(asking, wanted)


def test_what_is_refused_names_its_table_and_its_case(rows):
    with pytest.raises(AccessDenied, match=r"^grant\.participants$") as refused:
        decide_rows(Asked(rows), (a_grant(),))
    assert refused.value.case_id == CASE


def test_a_persons_rights_end_where_their_municipality_does(rows):
    invited = Asked(rows, can=INVITE, facts_known={"cells": (CELL,)})
    assert decide_rows(invited, (a_grant(),))
    with pytest.raises(AccessDenied, match=r"^grant\.other_tenant$") as refused:
        decide_rows(invited, (a_grant(tenant=an_id(2)),))
    assert refused.value.case_id is None


def test_what_stands_must_be_genuine_older_and_the_municipalitys_own():
    rows = Rows()
    place = {"tenant_id": TENANT, "case_id": CASE, "version": 2, "relation": "participant"}
    rows.put("participants", id=ROW, **place)
    asking = Asked(rows, operator=True, signed_in=False)
    same = mac_columns(rows.get_one(Participant, ROW))
    ready, changed = decide_rows(asking, (a_grant(version=3, columns=same),))
    assert changed == []
    assert ready[0].stood.version == 2
    assert dict(ready[0].stood.columns) == same

    sealed = a_grant(version=3, columns=same, beyond={"profile_ct": None})
    assert decide_rows(asking, (sealed,))[1] == []
    ended = a_grant(version=3, columns=same | stored(revoked_at=NOON))
    both = decide_rows(asking, (ended, a_grant(version=3, columns=same)))
    assert [len(one) for one in both] == [2, 1]
    sealed = a_grant(version=3, columns=same, beyond={"profile_ct": b"new", "totp_ct": None})
    assert len(decide_rows(asking, (sealed,))[1]) == 1

    older = r"^grant\.version$"
    refusals = [(version, TENANT, older) for version in (1, 2, 4)] + [(3, an_id(2), FORGED)]
    for version, tenant, rule in refusals:
        with pytest.raises(AccessDenied, match=rule) as refused:
            decide_rows(asking, (a_grant(version=version, tenant=tenant, columns=same),))
        assert refused.value.case_id == CASE
    with pytest.raises(AccessDenied, match=FORGED):
        decide_rows(Asked(rows, operator=True, forged=(ROW,)), (a_grant(version=3, columns=same),))
    rows.end()
