"""A version of the local rules gets a MAC on what another person agreed to just now: that text, the next number, once."""

from datetime import timedelta

import pytest

from bti.db.guards import FORGED
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, digest_of, own_rules_params
from bti.domain.errors import AccessDenied
from bti.keyd.grant_facts import SLOWEST
from tests.unit.domain.samples import NOON, NURSE, PRINCIPAL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows, asks

SECOND = timedelta(seconds=1)
EDITS = {"can_at_all": (Action.EDIT_RULES,)}
NAMES = (
    *("right", "in time", "too late", "elsewhere", "waits"),
    *("anothers", "other act", "before"),
)
TEXT = {name: f"{number:064x}" for number, name in enumerate(NAMES)}
FORGED_ONE = an_id(399)


@pytest.fixture(scope="module")
def rows():
    """Two versions that are there, one next door, and approvals that were used up."""
    made = Rows()
    for number, tenant in ((1, TENANT), (2, TENANT), (7, an_id(2))):
        made.put("own_rules", id=an_id(500 + number), tenant_id=tenant, number=number)
    for at, (name, changes) in enumerate(
        {
            "right": {"id": FORGED_ONE},
            "in time": {"used_at": NOON - SLOWEST + SECOND},
            "too late": {"used_at": NOON - SLOWEST},
            "elsewhere": {"tenant_id": an_id(2)},
            "waits": {"state": "given", "used_at": None},
            "anothers": {"requested_by_id": NURSE},
            "other act": {"act": ApprovalAct.POLICY_CHANGE},
            "before": {"number": 2},
        }.items()
    ):
        act = changes.pop("act", ApprovalAct.PROFILE_CHANGE)
        params = own_rules_params(changes.pop("number", 3), TEXT[name])
        approval = {"id": an_id(300 + at), "tenant_id": TENANT, "state": "used"}
        approval |= {"requested_by_id": TEACHER, "answered_by_id": PRINCIPAL}
        approval |= {"used_at": NOON - 10 * SECOND, "params_sha256": digest_of(act, params)}
        made.put("approvals", **(approval | changes))
    yield made
    made.end()


def writes(rows, name, number=3, old=None, **powers):
    row = {"number": number, "sha256": TEXT[name]}
    return asks(rows, "own_rules", row, old, **(EDITS | powers))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_they_agreed_to_just_now_and_nothing_else(rows, name):
    assert writes(rows, name) is (name in {"right", "in time"})


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_the_next_version_and_no_other(rows, number):
    assert not writes(rows, "right", number)
    assert not writes(rows, "before", number)


@pytest.mark.parametrize("missing", [{"number": None}, {"sha256": None}, {"sha256": b"\xff"}])
def test_a_version_without_a_number_or_a_text_is_none(rows, missing):
    row = {"number": 3, "sha256": TEXT["right"]} | missing
    assert not asks(rows, "own_rules", row, **EDITS)


def test_a_version_is_never_changed_and_who_may_not_edit_writes_none(rows):
    assert not writes(rows, "right", old={"number": 3, "sha256": TEXT["right"]})
    assert not writes(rows, "right", can_at_all=())


def test_the_first_version_is_number_one():
    empty = Rows()
    params = own_rules_params(1, TEXT["right"])
    used = {"used_at": NOON, "state": "used", "requested_by_id": TEACHER}
    used |= {"answered_by_id": PRINCIPAL}
    digest = digest_of(ApprovalAct.PROFILE_CHANGE, params)
    empty.put("approvals", params_sha256=digest, **used)
    assert writes(empty, "right", 1)
    assert not writes(empty, "right", 2)
    empty.end()


def test_an_approval_that_is_forged_is_worth_nothing(rows):
    with pytest.raises(AccessDenied, match=FORGED):
        writes(rows, "right", forged=(FORGED_ONE,))
