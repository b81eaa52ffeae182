"""Whose rows about a case get a MAC: every rule with what it allows, and one step beside it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.db.guards import FORGED, Writing, mac_columns
from bti.db.models import Participant
from bti.domain.access import Action
from bti.domain.codes import SHAREABLE, InfoType
from bti.domain.errors import AccessDenied
from bti.domain.relations import Relation
from bti.keyd.asking import WRITING
from bti.keyd.grants import decide_rows
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NOON,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    an_id,
)
from tests.unit.keyd.asked import OPS, ROW, Asked, Rows, asks, ops, said, stored

SOON, LATE = NOON + timedelta(days=30), NOON + timedelta(days=31)
INVITE = (Action.INVITE_PARTICIPANT,)
CELL = a_cell(InfoType.MEASURES, SCHOOL, PPS)


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


def an_offer(version=2, **changes):
    offer = {"case_id": CASE, "log_id": an_id(50), "from_id": TEACHER, "to_id": NURSE}
    return offer | {"to_unit_id": PPS, "open_slot": 1, "meta_ct": said(version=version)} | changes


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
    old = an_offer(1, open_slot=slot)
    new = old | {"meta_ct": said()} | changes
    assert asks(rows, "baton_offers", new, old, can=(can,)) is allowed
    assert not asks(rows, "baton_offers", new, old, can=(Action.READ_CASE,))


def test_an_offer_stays_in_its_case(rows):
    old = an_offer(1, case_id=an_id(41))
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
PROTECTED = {
    "grade": "confidential",
    "of": "child",
    "until": "2027-01-01",
    "checked_on": "2026-09-01",
    "readers": [],
}
NAMED = PROTECTED | {"readers": [TEACHER.hex]}
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
        {"archive": {"cut": 1}},
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
        ({}, {"protection": PROTECTED}, {Action.PROTECT_CASE}),
        ({"protection": PROTECTED}, {"protection": NAMED}, {Action.MANAGE_PROTECTION}),
        ({"protection": PROTECTED}, {}, {Action.MANAGE_PROTECTION}),
        ({}, {"note": "a detail"}, {*WRITING}),
        (AT_THE_TEAM, AT_THE_TEAM | {"note": "a detail"}, {*WRITING}),
    ],
)
def test_each_change_of_a_case_needs_its_own_act(rows, before, after, acts):
    for act in Action:
        old, new = a_case_row(1, **before), a_case_row(2, **after)
        assert asks(rows, "cases", new, old, row=CASE, can=(act,)) is (act in acts), act


def test_two_changes_at_once_need_both_acts(rows):
    old, new = a_case_row(1), a_case_row(2, status="closed", protection=PROTECTED)
    both = (Action.CLOSE_CASE, Action.PROTECT_CASE)
    assert asks(rows, "cases", new, old, row=CASE, can=both)
    for one in both:
        assert not asks(rows, "cases", new, old, row=CASE, can=(one,))


def test_a_referral_to_nowhere_is_no_change_anybody_may_make(rows):
    old, new = a_case_row(1), a_case_row(2, referral="elsewhere")
    assert not asks(rows, "cases", new, old, row=CASE, can=tuple(Action))


def test_what_the_archive_has_is_marked_by_nobody_over_the_socket_and_ends_as_the_case_opens(rows):
    packed, there = {"cut": 1}, {"cut": 1, "received_at": "2026-09-01"}
    for before, after in (({}, packed), (packed, there), (there, {}), (there, packed)):
        old = a_case_row(1, status="closed", archive=before or None)
        new = a_case_row(2, status="closed", archive=after or None)
        assert not asks(rows, "cases", new, old, row=CASE, can=tuple(Action))
    old = a_case_row(1, status="closed", archive=there)
    for act in Action:
        opened = asks(rows, "cases", a_case_row(2), old, row=CASE, can=(act,))
        assert opened is (act is Action.REOPEN_CASE), act
    kept = a_case_row(2, archive=there)
    assert not asks(
        rows, "cases", kept, a_case_row(1, status="closed"), row=CASE, can=tuple(Action)
    )


def test_nobody_makes_a_child_younger_or_older_so_that_others_have_the_say(rows):
    old, new = (a_case_row(one, birth_date=f"201{one}-05-04") for one in (1, 2))
    assert not asks(rows, "cases", new, old, row=CASE, can=tuple(Action))


@pytest.mark.parametrize("moved", [{"unit_id": PPS}, {"number": "CD34"}, {"tenant_id": an_id(2)}])
def test_a_case_that_nobody_was_asked_to_take_is_never_moved(rows, moved):
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


def test_a_row_that_holds_what_none_can_be_is_refused_like_any_other(rows, monkeypatch):
    monkeypatch.setattr("bti.keyd.grants.RULES", {"participants": lambda *_: Relation("?")})
    with pytest.raises(AccessDenied, match=r"^grant\.columns$"):
        decide_rows(Asked(rows), (a_grant(),))


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
