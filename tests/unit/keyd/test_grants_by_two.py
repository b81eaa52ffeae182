"""A role that takes two people gets a MAC on what both agreed to just now: exactly that, and once."""

from datetime import timedelta

import pytest

from bti.db.guards import FORGED
from bti.domain.access import Action
from bti.domain.approval import GIVEN_BY_TWO, ApprovalAct, digest_of
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.keyd.grant_facts import SLOWEST
from tests.unit.domain.samples import NOON, NURSE, PPS, PRINCIPAL, SCHOOL, TEACHER, TENANT, an_id
from tests.unit.keyd.asked import Rows, asks

SECOND = timedelta(seconds=1)
USED = NOON - 10 * SECOND
ROLE = Role.UNIT_LEAD.value
#: Whom a role is for; each has approvals of their own.
_NAMES = (
    *("right", "in time", "too late", "elsewhere", "waits", "anothers", "other act"),
    *("other role", "other unit", "other person", "given", "given before"),
    *("given elsewhere", "given another", "agreed twice", "forged"),
)
WHO = {name: an_id(200 + number) for number, name in enumerate(_NAMES)}
FORGED_ONE = an_id(399)


def bound(account, *, act=ApprovalAct.ROLE_GRANT, unit=PPS, role=ROLE):
    """What an approval of a role is bound to."""
    return digest_of(act, {"account": str(account), "unit": str(unit), "role": role})


@pytest.fixture(scope="module")
def rows():
    """Approvals that were used up, and roles that were given."""
    made = Rows()
    for number, (name, changes) in enumerate(
        (
            ("right", {}),
            ("in time", {"used_at": NOON - SLOWEST + SECOND}),
            ("too late", {"used_at": NOON - SLOWEST}),
            ("elsewhere", {"tenant_id": an_id(2)}),
            ("waits", {"state": "given", "used_at": None}),
            ("anothers", {"requested_by_id": NURSE}),
            ("other act", {"act": ApprovalAct.ACCOUNT_RESET}),
            ("other role", {"role": Role.TEAM_LEAD.value}),
            ("other unit", {"unit": SCHOOL}),
            ("other person", {"account": NURSE}),
            ("given", {}),
            ("given before", {}),
            ("given elsewhere", {}),
            ("given another", {}),
            ("agreed twice", {"used_at": USED - 20 * SECOND}),
            ("agreed twice", {}),
            ("forged", {"id": FORGED_ONE}),
        )
    ):
        about = {key: changes.pop(key) for key in ("act", "unit", "role") if key in changes}
        digest = bound(changes.pop("account", WHO[name]), **about)
        approval = {"id": an_id(300 + number), "tenant_id": TENANT, "state": "used"}
        approval |= {"requested_by_id": TEACHER, "answered_by_id": PRINCIPAL, "used_at": USED}
        made.put("approvals", params_sha256=digest, **(approval | changes))
    for number, (name, changes) in enumerate(
        (
            ("given", {}),
            ("given before", {"valid_from": USED - SECOND}),
            ("given elsewhere", {"unit_id": SCHOOL}),
            ("given another", {"role": Role.TEAM_LEAD.value}),
            ("agreed twice", {"valid_from": USED - 10 * SECOND}),
        )
    ):
        role = {"account_id": WHO[name], "unit_id": PPS, "role": ROLE, "valid_from": USED}
        made.put("role_grants", id=an_id(400 + number), **(role | changes))
    yield made
    made.end()


def gives(rows, account, role=ROLE, **powers):
    """Whether the teacher may give a role in PPT, as one who manages accounts."""
    row = {"account_id": account, "unit_id": PPS, "granted_by_id": TEACHER, "role": role}
    manages = {"can_at_all": (Action.MANAGE_ACCOUNTS,)}
    return asks(rows, "role_grants", row | {"valid_to": None}, **manages, **powers)


@pytest.mark.parametrize("role", Role)
def test_one_person_alone_gives_no_role_that_takes_two(rows, role):
    assert gives(rows, an_id(199), role.value) is (role not in GIVEN_BY_TWO)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("right", True),
        ("in time", True),
        ("too late", False),
        ("elsewhere", False),
        ("waits", False),
        ("anothers", False),
        ("other act", False),
        ("other role", False),
        ("other unit", False),
        ("other person", False),
        # What they agreed to has been given since, and is not given again.
        ("given", False),
        ("given before", True),
        ("given elsewhere", True),
        ("given another", True),
        ("agreed twice", True),
    ],
)
def test_two_people_give_what_they_agreed_to_just_now_and_once(rows, name, given):
    assert gives(rows, WHO[name]) is given


def test_an_approval_that_is_forged_gives_nothing(rows):
    assert gives(rows, WHO["forged"])
    with pytest.raises(AccessDenied, match=FORGED):
        gives(rows, WHO["forged"], forged=(FORGED_ONE,))
