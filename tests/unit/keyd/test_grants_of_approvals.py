"""Whose rows of approvals get a MAC: one asks, another answers, and what was agreed to stays."""

from datetime import timedelta

import pytest

from bti.db.guards import Writing
from bti.domain.access import Action
from bti.domain.approval import (
    LIFETIME,
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
    StepUpNeeded,
)
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.step_up import FRESH_FOR
from bti.keyd.grants import RULES
from tests.unit.domain.samples import NOON, NURSE, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import ROW, Asked, asks, stored

SECOND = timedelta(seconds=1)
ASKS = {"can_at_all": (Action.ASK_APPROVAL,)}
GIVES = {"can_at_all": (Action.GIVE_APPROVAL,)}
STANDING, WRITTEN = 1, 2
"""The versions of a row that stands, and of the one that is asked about."""


class Read:
    """What the broker reads itself: whose approval it is, and what its sealed text binds."""

    def __init__(self, role=Role.ADMINISTRATOR, sealed=None, made_by=None) -> None:
        self._role, self._made_by = role, made_by
        self._sealed = {STANDING: b"what", WRITTEN: b"what"} | (sealed or {})

    def facts(self, tenant, row_id, version, columns):
        """As stored, when what is sealed in that version is what the digest binds."""
        assert (tenant, row_id) == (TENANT, ROW)
        if columns["params_sha256"] != self._sealed[version]:
            raise ApprovalRefused("approval.changed")
        asked = NURSE if columns["requested_by_id"] == NURSE.bytes else TEACHER
        state = ApprovalState(columns["state"].decode())
        act = ApprovalAct(columns["act"].decode())
        return ApprovalFacts(ROW, act, b"what", state, asked, "Kari Lund", NOON + LIFETIME)

    def person(self, subject):
        """Somebody else by name, with a role that another gave."""
        at = subject.proven_at
        return PersonFacts(
            subject.account_id, self._role, SCHOOL, "Ingrid Solberg", at, self._made_by
        )


def an_approval(state="waiting", asked=TEACHER, **changes):
    row = {"act": "audit_export", "params_sha256": b"what", "requested_by_id": asked}
    row |= {"requested_at": NOON, "expires_at": NOON + LIFETIME, "state": state}
    return row | {"answered_by_id": None, "used_at": None} | changes


def allowed(rows, new, old=None, *, read=None, **powers):
    return asks(rows, "approvals", new, old, approvals=read or Read(), **powers)


# -- who asks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "powers", "right"),
    [
        ({}, ASKS, True),
        ({}, GIVES, False),
        ({}, {"can": (Action.ASK_APPROVAL,)}, False),
        ({"requested_by_id": NURSE}, ASKS, False),
        ({"answered_by_id": NURSE}, ASKS, False),
        ({"used_at": NOON}, ASKS, False),
        ({"state": "given"}, ASKS, False),
        ({"requested_at": NOON - SECOND, "expires_at": NOON + LIFETIME - SECOND}, ASKS, True),
        ({"requested_at": NOON - SECOND}, ASKS, False),
        ({"expires_at": NOON + LIFETIME + SECOND}, ASKS, False),
        ({"requested_at": NOON + SECOND}, ASKS, True),
        ({"requested_at": NOON + SECOND, "expires_at": NOON + LIFETIME + SECOND}, ASKS, False),
        ({"requested_at": None}, ASKS, False),
        ({"expires_at": None}, ASKS, False),
    ],
)
def test_one_asks_in_their_own_name_and_for_a_day(rows, changes, powers, right):
    assert allowed(rows, an_approval(**changes), **powers) is right


def test_who_asks_has_the_role_and_a_fresh_proof_and_asks_what_is_sealed(rows):
    with pytest.raises(ApprovalRefused, match=r"approval\.role"):
        allowed(rows, an_approval(), read=Read(Role.STAFF), **ASKS)
    with pytest.raises(ApprovalRefused, match=r"approval\.role"):
        allowed(rows, an_approval(act="case_export"), **ASKS)
    with pytest.raises(StepUpNeeded):
        allowed(rows, an_approval(), proven_at=NOON - FRESH_FOR, **ASKS)
    with pytest.raises(ApprovalRefused, match=r"approval\.changed"):
        allowed(rows, an_approval(), read=Read(sealed={WRITTEN: b"else"}), **ASKS)


# -- who answers ---------------------------------------------------------------------------------


def answered(state, by=TEACHER, **changes):
    return an_approval(state, NURSE, answered_by_id=by, **changes)


@pytest.mark.parametrize("state", ["given", "refused"])
@pytest.mark.parametrize(
    ("changes", "powers", "right"),
    [
        ({}, GIVES, True),
        ({}, ASKS, False),
        ({}, GIVES | {"beyond": {"params_ct": None}}, True),
        ({}, GIVES | {"beyond": {"params_ct": b"new"}}, False),
        ({}, GIVES | {"beyond": {"params_ct": None, "note_ct": b"new"}}, False),
        ({"answered_by_id": NURSE}, GIVES, False),
        ({"answered_by_id": None}, GIVES, False),
        ({"act": "case_export"}, GIVES, False),
        ({"params_sha256": b"else"}, GIVES, False),
        ({"requested_by_id": an_id(98)}, GIVES, False),
        ({"requested_at": NOON - SECOND}, GIVES, False),
        ({"expires_at": NOON + LIFETIME + SECOND}, GIVES, False),
        ({"used_at": NOON}, GIVES, False),
    ],
)
def test_another_answers_exactly_what_was_asked(rows, state, changes, powers, right):
    new = answered(state) | changes
    assert allowed(rows, new, an_approval(asked=NURSE), **powers) is right


@pytest.mark.parametrize("state", ["given", "refused"])
@pytest.mark.parametrize(
    ("old", "read", "powers", "rule"),
    [
        (an_approval(asked=TEACHER), Read(), {}, "approval.self"),
        (an_approval(asked=NURSE), Read(Role.STAFF), {}, "approval.role"),
        (an_approval(asked=NURSE), Read(made_by=NURSE), {}, "approval.made_by_requester"),
        (an_approval("given", NURSE), Read(), {}, "approval.not_waiting"),
        (an_approval("used", NURSE), Read(), {}, "approval.not_waiting"),
        (an_approval(asked=NURSE), Read(), {"now": NOON + LIFETIME}, "approval.expired"),
        (an_approval(asked=NURSE), Read(), {"proven_at": NOON - FRESH_FOR}, "access.stale_factor"),
        (an_approval(asked=NURSE), Read(sealed={WRITTEN: b"else"}), {}, "approval.changed"),
        (an_approval(asked=NURSE), Read(sealed={STANDING: b"else"}), {}, "approval.changed"),
    ],
)
def test_an_answer_keeps_the_rules_of_the_page(rows, state, old, read, powers, rule):
    new = old | {"state": state, "answered_by_id": TEACHER}
    with pytest.raises(ApprovalRefused) as refused:
        allowed(rows, new, old, read=read, **GIVES, **powers)
    assert refused.value.rule == rule


def test_what_the_broker_seals_again_itself_is_read_where_it_stands(rows):
    resealed = {"beyond": {"params_ct": None}, "read": Read(sealed={WRITTEN: b"not made yet"})}
    assert allowed(rows, answered("given"), an_approval(asked=NURSE), **resealed, **GIVES)


def test_nothing_is_answered_that_does_not_stand(rows):
    writing = Writing(TENANT, "approvals", ROW, WRITTEN, stored(**answered("given")), {}, None)
    asking = Asked(rows, approvals=Read(), **GIVES)
    assert RULES["approvals"](asking, writing, stored(**an_approval(asked=NURSE))) is False


# -- what ends one -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "old", "changes", "right"),
    [
        ("withdrawn", an_approval(), {}, True),
        ("withdrawn", answered("given") | {"requested_by_id": TEACHER}, {}, True),
        ("withdrawn", an_approval(asked=NURSE), {}, False),
        ("withdrawn", an_approval("refused"), {}, False),
        ("withdrawn", an_approval("used"), {}, False),
        ("withdrawn", an_approval("expired"), {}, False),
        ("withdrawn", an_approval(), {"answered_by_id": TEACHER}, False),
        ("withdrawn", an_approval(), {"act": "erasure"}, False),
        ("used", an_approval("given", NURSE), {}, False),
        ("waiting", an_approval("given"), {}, False),
        ("", an_approval(asked=NURSE), {"answered_by_id": TEACHER}, False),
    ],
)
def test_who_asked_takes_it_back_and_nobody_marks_it_as_used(rows, state, old, changes, right):
    new = old | {"state": state} | changes
    assert allowed(rows, new, old, can_at_all=(*ASKS["can_at_all"], *GIVES["can_at_all"])) is right


@pytest.mark.parametrize(
    ("old", "now", "changes", "right"),
    [
        (an_approval(asked=NURSE), NOON + LIFETIME, {}, True),
        (answered("given"), NOON + LIFETIME, {}, True),
        (an_approval(asked=NURSE), NOON + LIFETIME - SECOND, {}, False),
        (answered("refused"), NOON + LIFETIME, {}, False),
        (answered("used"), NOON + LIFETIME, {}, False),
        (an_approval("withdrawn"), NOON + LIFETIME, {}, False),
        (an_approval(expires_at=None), NOON + LIFETIME, {}, False),
        (an_approval(), NOON + LIFETIME, {"answered_by_id": NURSE}, False),
        (an_approval(), NOON + LIFETIME, {"expires_at": NOON}, False),
    ],
)
def test_the_program_ends_one_when_its_day_is_over(rows, old, now, changes, right):
    new = old | {"state": "expired"} | changes
    assert allowed(rows, new, old, now=now, signed_in=False) is right


@pytest.mark.parametrize("state", ["given", "refused", "withdrawn"])
def test_a_command_may_neither_ask_nor_answer(rows, state):
    commands = {"operator": True, "signed_in": False}
    with pytest.raises(AccessDenied, match=r"access\.no_session"):
        allowed(rows, an_approval(), **commands)
    with pytest.raises(AccessDenied, match=r"access\.no_session"):
        allowed(rows, answered(state), an_approval(asked=NURSE), **commands)
