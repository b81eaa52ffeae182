"""A log is set aside for another, and taken back, only as two people's yes was used up for, and once."""

from datetime import date, timedelta

import pytest

from bti.db.guards import FORGED
from bti.domain import join
from bti.domain.access import Action
from bti.domain.approval import LIFETIME, ApprovalAct, ApprovalFacts, ApprovalState, digest_of
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.domain.levels import CaseStatus
from tests.unit.domain.samples import CASE, NOON, NURSE, SCHOOL, TEACHER, an_id
from tests.unit.keyd.asked import ROW, asks
from tests.unit.keyd.test_grants_in_a_case import a_case_row
from tests.unit.keyd.test_grants_of_approvals import Read, an_approval

OTHER = an_id(60)
YES = an_id(61)
DAY, MINUTE = date(2026, 9, 1), timedelta(minutes=1)
SLOW = timedelta(minutes=5)
THERE = {"status": CaseStatus.OPEN}
MAY = (Action.JOIN_LOGS,)


def written(into=OTHER, since=NOON, talked_on=DAY, until=None):
    """What the state of the case says, as it is sealed."""
    made = join.Continuation(into=into, since=since, talked_on=talked_on, until=until)
    found = made.to_json() | {"into": into.hex, "talked_on": talked_on.isoformat()}
    return found | {
        name: at.isoformat() for name in ("since", "until") if (at := found[name]) is not None
    }


def agreed(rows, act=ApprovalAct.LOG_JOIN, params=None, **changes):
    """A yes that the broker has used up."""
    params = params or join.join_params(CASE, OTHER, DAY)
    row = {"id": YES, "act": act.value, "state": "used", "params_sha256": digest_of(act, params)}
    row |= {"requested_by_id": TEACHER, "answered_by_id": NURSE, "used_at": NOON}
    rows.put("approvals", **row | changes)


def taken_back(rows, since=NOON - MINUTE, **changes):
    """The same, for the log to be worked with again."""
    standing = join.Continuation(into=OTHER, since=since, talked_on=DAY)
    agreed(rows, ApprovalAct.LOG_PART, join.part_params(CASE, standing), **changes)


def gets(rows, after, before=None, can=MAY, **powers):
    """Whether the one who asked gets the case's row written."""
    known = {"can": can, "facts_known": THERE} | powers
    old, new = a_case_row(1, continued=before), a_case_row(2, continued=after)
    return asks(rows, "cases", new, old, row=CASE, **known)


def test_what_two_people_agreed_to_is_written_and_taken_back(rows):
    agreed(rows)
    assert gets(rows, written())
    taken_back(rows, id=an_id(62))
    before = written(since=NOON - MINUTE)
    assert gets(rows, written(since=NOON - MINUTE, until=NOON), before)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "given", "used_at": None},
        {"requested_by_id": NURSE, "answered_by_id": TEACHER},
        {"used_at": NOON - MINUTE},
        {"params_sha256": digest_of(ApprovalAct.LOG_JOIN, join.join_params(OTHER, CASE, DAY))},
        {"params_sha256": digest_of(ApprovalAct.LOG_PART, join.join_params(CASE, OTHER, DAY))},
        {"tenant_id": an_id(90)},
    ],
    ids=["not used", "anothers", "earlier", "the other way", "another act", "next door"],
)
def test_a_yes_to_something_else_sets_nothing_aside(rows, changes):
    agreed(rows, **changes)
    assert not gets(rows, written())


@pytest.mark.parametrize(
    ("after", "powers"),
    [
        (written(into=an_id(63)), {}),
        (written(talked_on=DAY + timedelta(days=1)), {}),
        (written(since=NOON - MINUTE), {}),
        (written(until=NOON + MINUTE), {}),
        (None, {}),
        (written(), {"can": ()}),
        (written(), {"can": (Action.CHANGE_LEVEL, Action.MOVE_CASE)}),
        (written(), {"facts_known": {"status": CaseStatus.CLOSED}}),
        (written(), {"facts_known": THERE | {"set_aside": True}}),
        (written(), {"facts_known": THERE | {"holder_id": None}}),
        (written(), {"now": NOON + SLOW}),
        (written(), {"now": NOON - timedelta(seconds=1)}),
    ],
    ids=[
        *("another log", "another day", "another moment", "over at once", "nothing"),
        *("no power", "other powers", "closed", "set aside itself", "nobody has it"),
        *("too late", "too soon"),
    ],
)
def test_one_step_beside_what_was_agreed_to_is_not_written(rows, after, powers):
    agreed(rows)
    before = None if after is not None else written()
    assert not gets(rows, after, before, **powers)


def test_a_log_is_continued_in_no_other_than_another(rows):
    agreed(rows, params=join.join_params(CASE, CASE, DAY))
    assert not gets(rows, written(into=CASE))


def test_one_yes_begins_no_second_time_and_ends_no_other_time(rows):
    agreed(rows)
    taken_back(rows, id=an_id(62))
    first = written(since=NOON - MINUTE)
    assert not gets(rows, written(), first)  # set aside already
    assert not gets(rows, written(), written(since=NOON - MINUTE, until=NOON))  # by the same yes
    assert not gets(
        rows, written(since=NOON - 2 * MINUTE, until=NOON), written(since=NOON - 2 * MINUTE)
    )
    assert not gets(rows, written(since=NOON - MINUTE, until=NOON))  # it was never set aside
    assert not gets(rows, written(into=an_id(63), since=NOON - MINUTE, until=NOON), first)
    over = written(since=NOON - MINUTE, until=NOON - timedelta(seconds=30))
    assert not gets(rows, written(since=NOON - MINUTE, until=NOON), over)


def test_a_forged_yes_is_told(rows):
    agreed(rows)
    with pytest.raises(AccessDenied, match=FORGED):
        gets(rows, written(), forged=(YES,))


@pytest.mark.parametrize(
    "broken", ["yes", {"into": OTHER.hex}, written() | {"since": "2026-09-01T12:00:00"}]
)
def test_what_could_not_be_read_again_is_nobodys_to_write(rows, broken):
    agreed(rows)
    with pytest.raises(AccessDenied, match=r"^grant\.cases$"):
        gets(rows, broken)


def test_no_case_is_set_aside_from_its_beginning(rows):
    agreed(rows)
    with pytest.raises(AccessDenied, match=r"^grant\.cases$"):
        asks(
            rows,
            "cases",
            a_case_row(2, continued=written()),
            row=CASE,
            can_at_all=tuple(Action),
            has_begun=(CASE,),
        )


# -- who asks, and who answers -------------------------------------------------------------------


class OfTwoLogs(Read):
    """The question whether one log may go on in another; CASE is one of the two, and OTHER is there."""

    def __init__(self, asking=CASE, answering=OTHER) -> None:
        super().__init__(role=Role.STAFF)
        self._ends = asking, answering

    def facts(self, tenant, row_id, version, columns):
        """As stored, with the two logs."""
        found = super().facts(tenant, row_id, version, columns)
        ends = dict(zip(("asking_case", "answering_case"), self._ends, strict=True))
        state = ApprovalState(found.state)
        return ApprovalFacts(
            ROW,
            ApprovalAct.LOG_JOIN,
            b"what",
            state,
            found.requested_by,
            "Kari Lund",
            NOON + LIFETIME,
            **ends,
        )


def approves(rows, new, old=None, *, read, can=MAY, **powers):
    return asks(rows, "approvals", new, old, approvals=read, can=can, **powers)


@pytest.mark.parametrize(
    ("ends", "can", "right"),
    [
        ((CASE, OTHER), MAY, True),
        ((CASE, OTHER), (Action.READ_CASE, Action.MOVE_CASE), False),
        ((OTHER, CASE), MAY, False),
        ((None, CASE), MAY, False),
    ],
)
def test_one_asks_for_a_log_one_keeps_whatever_the_role(rows, ends, can, right):
    new = an_approval(act="log_join")
    assert approves(rows, new, read=OfTwoLogs(*ends), can=can) is right
    anywhere = {"can_at_all": (Action.ASK_APPROVAL, Action.GIVE_APPROVAL)}
    assert not approves(rows, new, read=OfTwoLogs(*ends), can=(), **anywhere)


@pytest.mark.parametrize(
    ("ends", "can", "right"),
    [
        ((OTHER, CASE), MAY, True),
        ((OTHER, CASE), (Action.READ_CASE,), False),
        ((CASE, OTHER), MAY, False),
        ((CASE, None), MAY, False),
    ],
)
def test_the_one_who_answers_keeps_the_other_log(rows, ends, can, right):
    old = an_approval(asked=NURSE, act="log_join")
    new = an_approval("given", asked=NURSE, act="log_join", answered_by_id=TEACHER)
    assert approves(rows, new, old, read=OfTwoLogs(*ends), can=can, unit=SCHOOL) is right
