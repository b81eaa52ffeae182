"""The broker's small decisions: whose session it is, the ground of an opening, and what is an alarm."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bti.audit.actions import Action as Act
from bti.clock import FixedClock
from bti.db.guards import FORGED
from bti.db.walls import EVERYWHERE, stand
from bti.domain.approval import ApprovalRefused
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis
from bti.domain.errors import AccessDenied
from bti.domain.policy import PURPOSES
from bti.identity.tokens import digest_of_proof
from bti.keyd import denial
from bti.keyd.authority import RAN_OUT_GRACE, Authority
from bti.keyd.evidence import LASTS, MOST_USES, Evidence
from bti.keyd.grant_facts import ended_only, ident, moment, same
from bti.keyd.ground import ground_of
from tests.unit.domain.samples import (
    CONSENT,
    HEALTH,
    NOON,
    NURSE,
    PPS,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    a_subject,
    an_id,
    an_object,
)
from tests.unit.keyd.asked import OPS, stored

SECOND = timedelta(seconds=1)
PROOF = b"p" * 32
CELL = a_cell(InfoType.MEASURES, SCHOOL, PPS, consent_id=an_id(45))
BY_THE_LAW = replace(CELL, basis=CellBasis.LAW)


# -- whose session -------------------------------------------------------------------------------


def ask(
    rows, at=NOON, *, proof=PROOF, ran_out=False, forged=(), session=None, grant=None, account=None
):
    """Ask whose session a proof is, where one row of each kind stands; those forged have another MAC."""
    made = {"web_sessions": session or {}, "role_grants": grant or {}, "accounts": account or {}}
    ends = {"expires_at": NOON + timedelta(hours=10), "last_seen_at": at, "proven_at": NOON}
    base = {
        "web_sessions": {
            "id": an_id(1),
            "token_hash": digest_of_proof(PROOF),
            "account_id": TEACHER,
        }
        | {"role_grant_id": an_id(2), "tenant_id": TENANT, "strength": "passkey"}
        | ends,
        "role_grants": {"id": an_id(2), "role": "staff", "unit_id": SCHOOL, "account_id": TEACHER},
        "accounts": {"id": TEACHER, "active": True},
    }
    for table, values in base.items():
        rows.put(table, **values | made[table])
    stand(rows, EVERYWHERE)
    authority = Authority(
        rows,
        FixedClock(at),
        60,
        lambda _tenant, table, *_: table not in forged,
        lambda *_: OPS,
    )
    return authority, authority.subject(proof, ran_out=ran_out)


def test_a_live_session_says_who_it_is_and_when_it_ends(rows):
    authority, subject = ask(rows)
    assert subject == replace(
        a_subject(Role.STAFF),
        strength="passkey",
        purpose=next(iter(PURPOSES[Role.STAFF])),
    )
    assert authority.ends_at == NOON + timedelta(hours=10)


def test_before_a_session_was_asked_about_nothing_is_known_of_its_end(rows):
    assert Authority(rows, FixedClock(NOON), 60, lambda *_: True, lambda *_: OPS).ends_at is None


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"proof": b"q" * 32}, "access.no_session"),
        ({"session": {"revoked_at": NOON}}, "access.no_session"),
        ({"session": {"revoked_at": NOON}, "ran_out": True}, "access.no_session"),
        ({"session": {"expires_at": NOON}}, "access.no_session"),
        ({"session": {"expires_at": NOON - RAN_OUT_GRACE}, "ran_out": True}, "access.no_session"),
        ({"session": {"last_seen_at": NOON - timedelta(minutes=60) - SECOND}}, "access.no_session"),
        ({"grant": {"valid_to": NOON}}, "access.no_role"),
        ({"grant": {"valid_from": NOON + SECOND}}, "access.no_role"),
        ({"account": {"active": False}}, "access.no_role"),
        ({"account": {"suspended_at": NOON}}, "access.no_role"),
        # Genuine next door, and somebody there alone.
        ({"grant": {"tenant_id": an_id(2)}}, "access.no_session"),
        ({"account": {"tenant_id": an_id(2)}}, "access.no_session"),
        ({"session": {"tenant_id": an_id(2)}}, "access.no_session"),
        ({"forged": ("web_sessions",)}, FORGED),
        ({"forged": ("role_grants",)}, FORGED),
        ({"forged": ("accounts",)}, FORGED),
    ],
)
def test_a_dead_or_forged_session_is_nobodys(rows, given, rule):
    with pytest.raises(AccessDenied) as refused:
        ask(rows, **given)
    assert (refused.value.rule, refused.value.case_id) == (rule, None)


@pytest.mark.parametrize(
    "given",
    [
        {"session": {"expires_at": NOON + SECOND}},
        {"session": {"expires_at": NOON - RAN_OUT_GRACE + SECOND}, "ran_out": True},
        {"session": {"last_seen_at": NOON - timedelta(minutes=60)}},
        {"session": {"last_seen_at": NOON - timedelta(minutes=90)}, "ran_out": True},
        {"grant": {"valid_to": NOON + SECOND}},
        {"grant": {"valid_from": NOON}},
    ],
)
def test_a_session_lives_to_the_last_second_of_its_limits(rows, given):
    assert ask(rows, **given)[1].account_id == TEACHER


def test_what_was_typed_is_kept_for_half_a_day():
    assert timedelta(hours=12) == RAN_OUT_GRACE


# -- ground --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "unit", "cells", "ground"),
    [
        ("emergency", SCHOOL, (), "gate:emergency"),
        ("holder", SCHOOL, (CELL,), "holder"),
        ("follower", SCHOOL, (), "follower"),
        ("author", SCHOOL, (), "author"),
        ("holder", PPS, (CELL,), f"cell:{CELL.consent_id}"),
        ("follower", PPS, (CELL,), f"cell:{CELL.consent_id}"),
        ("author", PPS, (CELL,), f"cell:{CELL.consent_id}"),
        ("participant", PPS, (CELL,), f"cell:{CELL.consent_id}"),
        ("participant", SCHOOL, (CELL,), "role:staff"),
        ("participant", PPS, (replace(CELL, valid_to=NOON),), "role:staff"),
        ("participant", HEALTH, (CELL,), "role:staff"),
        ("holder", PPS, (), "role:staff"),
        ("unit", PPS, (CELL,), "role:staff"),
        ("unit", SCHOOL, (), "role:staff"),
        ("participant", PPS, (BY_THE_LAW,), "gate:by_law"),
        ("participant", PPS, (BY_THE_LAW, CELL), f"cell:{CELL.consent_id}"),
        ("participant", PPS, (replace(BY_THE_LAW, valid_to=NOON),), "role:staff"),
        (
            "participant",
            PPS,
            (a_cell(to_unit=HEALTH), replace(CELL, consent_id=CONSENT, valid_to=NOON), CELL),
            f"cell:{CELL.consent_id}",
        ),
    ],
)
def test_the_ground_names_the_consent_that_let_another_unit_in(relation, unit, cells, ground):
    facts = an_object(owner_unit=SCHOOL, cells=cells)
    assert ground_of(relation, a_subject(unit=unit), facts, NOON) == ground


# -- refusals ------------------------------------------------------------------------------------


def entered(rows, refusal, account=TEACHER, at=NOON):
    """What a refusal becomes in the log."""
    told = []
    recorder = SimpleNamespace(record=lambda act, **given: told.append((act, given)))
    denial.enter(rows, recorder, refusal, tenant=TENANT, by="by", account=account, at=at)
    return told


@pytest.mark.parametrize("rule", ["quota.cases-hour", "grant.cases", FORGED])
def test_a_refusal_that_smells_of_an_attack_is_an_alarm_once_an_hour(rows, rule):
    refusal = AccessDenied(rule, case_id=an_id(40))
    acts = [[act for act, _ in entered(rows, refusal)] for _ in range(2)]
    assert acts == [[Act.ACCESS_REQUEST_DENY, Act.ALARM_BROKER_RAISE], [Act.ACCESS_REQUEST_DENY]]


@pytest.mark.parametrize(
    ("rule", "account"), [("access.role", TEACHER), ("quota.cases-hour", None), ("xgrant.", NURSE)]
)
def test_another_refusal_is_entered_and_no_alarm(rows, rule, account):
    told = entered(rows, AccessDenied(rule), account)
    assert [act for act, _ in told] == [Act.ACCESS_REQUEST_DENY]
    assert told[0][1] == {
        "tenant": TENANT,
        "by": "by",
        "about": [],
        "allowed": False,
        "rule": rule,
    }


def test_a_refusal_names_the_case_and_the_approval_it_is_about(rows):
    [(_, given)] = entered(rows, AccessDenied("access.role", case_id=an_id(40)))
    assert [(one.kind, one.id) for one in given["about"]] == [("case", an_id(40))]
    assert given["allowed"] is False
    refusal = ApprovalRefused("approval.not_given", approval_id=an_id(41))
    [(_, given)] = entered(rows, refusal)
    assert [(one.kind, one.id) for one in given["about"]] == [("approval", an_id(41))]
    [(_, given)] = entered(rows, ApprovalRefused("approval.not_given"))
    assert given["about"] == []


# -- evidence ------------------------------------------------------------------------------------


def test_a_code_just_shown_counts_for_two_minutes_and_four_rows():
    assert (timedelta(minutes=2), 4) == (LASTS, MOST_USES)
    evidence = Evidence()
    assert not evidence.stands(TEACHER, NOON)
    assert evidence.use(TEACHER, NOON) is False
    evidence.show(TEACHER, NOON)
    late = NOON + LASTS - SECOND
    assert evidence.stands(TEACHER, late)
    assert not evidence.stands(TEACHER, NOON + LASTS)
    assert evidence.use(TEACHER, NOON + LASTS) is False
    for _ in range(MOST_USES):
        assert evidence.stands(TEACHER, late)
        assert evidence.use(TEACHER, late)
    assert evidence.use(TEACHER, late) is False
    assert not evidence.stands(TEACHER, late)
    assert not evidence.stands(NURSE, NOON)


def test_another_code_takes_nobodys_proof_and_renews_ones_own():
    evidence = Evidence()
    evidence.show(TEACHER, NOON)
    assert evidence.use(TEACHER, NOON)
    evidence.show(NURSE, NOON + LASTS - SECOND)
    assert evidence.stands(TEACHER, NOON + LASTS - SECOND)
    assert [evidence.use(TEACHER, NOON) for _ in range(4)] == [True] * 3 + [False]
    evidence.show(TEACHER, NOON)
    assert evidence.use(TEACHER, NOON)


def test_proofs_that_are_over_are_not_kept_in_memory():
    evidence = Evidence()
    evidence.show(TEACHER, NOON)
    evidence.show(NURSE, NOON + LASTS)
    # Even a clock that is set back finds nothing.
    assert not evidence.stands(TEACHER, NOON)


def test_a_bait_that_was_taken_is_remembered_for_two_minutes_and_of_each_account():
    evidence = Evidence()
    assert evidence.has_taken(TEACHER, NOON) is False
    evidence.take(TEACHER, NOON)
    evidence.take(NURSE, NOON + LASTS - SECOND)
    assert evidence.has_taken(TEACHER, NOON + LASTS - SECOND) is True
    assert evidence.has_taken(TEACHER, NOON + LASTS) is False
    assert evidence.has_taken(NURSE, NOON + LASTS) is True
    # What is over is not kept in memory: even a clock that is set back finds nothing.
    evidence.take(NURSE, NOON + LASTS)
    assert not evidence.has_taken(TEACHER, NOON)
    # Who took one has shown no code.
    assert not evidence.stands(NURSE, NOON + LASTS)


# -- columns -------------------------------------------------------------------------------------


def test_an_id_is_sixteen_bytes_and_nothing_else():
    assert ident(stored(unit=SCHOOL), "unit") == SCHOOL
    for held in (None, b"", b"x" * 15, b"x" * 17):
        with pytest.raises(AccessDenied, match=r"^grant\.columns$"):
            ident({"unit": held}, "unit")
    with pytest.raises(AccessDenied, match=r"^grant\.columns$"):
        ident({}, "unit")


def test_an_instant_has_a_zone():
    assert moment(stored(at=NOON), "at") == NOON
    assert moment({"at": None}, "at") is moment({}, "at") is None
    for held in (b"", b"soon", b"2026-11-22T11:00:00", b"\xff"):
        with pytest.raises(AccessDenied, match=r"^grant\.columns$"):
            moment({"at": held}, "at")


def test_columns_are_the_same_when_each_of_them_is():
    old = {"a": b"1", "b": b"2"}
    assert same({"a": b"1", "b": b"2"}, old, "a", "b")
    assert same({"a": b"1"}, old, "a", "b")
    assert not same({"a": b"1", "b": b"3"}, old, "a", "b")
    assert not same({"a": None}, old, "a")
    assert not same({"c": b"1"}, old, "c")


@pytest.mark.parametrize(
    ("old", "new", "only"),
    [
        ({"at": None}, {"at": NOON}, True),
        ({"at": NOON}, {"at": NOON}, True),
        ({"at": NOON}, {"at": NOON - SECOND}, True),
        ({"at": NOON}, {"at": NOON + SECOND}, False),
        ({"at": NOON}, {"at": None}, False),
        ({"at": None, "done_by": None}, {"at": NOON, "done_by": NURSE}, True),
        ({"at": None, "done_by": NURSE}, {"at": NOON, "done_by": NURSE}, True),
        ({"at": None, "done_by": NURSE}, {"at": NOON, "done_by": TEACHER}, False),
        ({"at": None, "done_by": NURSE}, {"at": NOON, "done_by": None}, False),
        ({"at": None, "note_ct": b"1"}, {"at": NOON, "note_ct": b"2"}, True),
        ({"at": None, "unit": SCHOOL}, {"at": NOON, "unit": PPS}, False),
    ],
)
def test_something_ends_now_or_earlier_and_nothing_else_changes(old, new, only):
    assert ended_only(stored(**new), stored(**old), "at", "done_by") is only
