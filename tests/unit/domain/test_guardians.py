"""Who a guardian is said to be, held against tables of this test's own."""

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.errors import RuleBroken
from bti.domain.guardians import (
    KnownGuardian,
    ProposalKind,
    Proposed,
    RegisterLine,
    Source,
    check_accept,
    check_block,
    check_guardian,
    check_lift,
    is_kept_out,
    proposals,
)

TODAY = date(2026, 8, 20)
DRAWN = date(2026, 8, 1)

#: (decides, source, days since the check or None) → the code, written from the sentences.
TABLE = {
    (False, None, None): None,
    (False, "family", None): None,
    (False, "family", 3): None,
    (True, None, None): "guardian.not_checked",
    (True, "register", None): "guardian.not_checked",
    (True, None, 3): "guardian.no_source",
    (True, "family", 3): "guardian.only_said",
    (True, "register", 3): None,
    (True, "register", 0): None,
    (True, "document", 3): None,
    (True, "document", -1): "guardian.day_in_future",
    (False, None, -1): "guardian.day_in_future",
}


@pytest.mark.parametrize("row", sorted(TABLE, key=str))
def test_who_decides_rests_on_a_source_that_was_looked_at_on_a_day(row):
    decides, source, days = row
    given_ = {
        "decides": decides,
        "source": Source(source) if source else None,
        "checked_on": None if days is None else TODAY - timedelta(days=days),
        "today": TODAY,
    }
    if TABLE[row] is None:
        check_guardian(**given_)
        return
    with pytest.raises(RuleBroken) as broken:
        check_guardian(**given_)
    assert broken.value.code == TABLE[row]


@pytest.mark.parametrize(
    ("check", "blocked", "has_reason", "code"),
    [
        (check_block, False, True, None),
        (check_block, True, True, "guardian.blocked_already"),
        (check_block, False, False, "guardian.no_reason"),
        (check_lift, True, True, None),
        (check_lift, False, True, "guardian.not_blocked"),
        (check_lift, True, False, "guardian.no_reason"),
    ],
)
def test_a_block_is_put_once_and_lifted_once_with_a_reason_each_time(
    check, blocked, has_reason, code
):
    if code is None:
        check(blocked=blocked, has_reason=has_reason)
        return
    with pytest.raises(RuleBroken) as broken:
        check(blocked=blocked, has_reason=has_reason)
    assert broken.value.code == code


NAMES = ["Maria Hansen", "maria  hansen", "Tor Berg", "Anne Vik"]
known_ones = st.lists(
    st.builds(
        lambda number, name, decides, checked, registered, blocked: KnownGuardian(
            person_id=uuid.UUID(int=number),
            name=name,
            decides=decides,
            checked_on=checked,
            token=f"t{number}" if registered else "",
            blocked=blocked,
        ),
        st.integers(1, 4),
        st.sampled_from(NAMES),
        st.booleans(),
        st.sampled_from([None, DRAWN - timedelta(days=9), DRAWN, DRAWN + timedelta(days=9)]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.person_id,
)
register_lines = st.lists(
    st.builds(
        lambda number, name, decides: RegisterLine(
            name=name, relation="mother", decides=decides, token=f"t{number}"
        ),
        st.integers(1, 6),
        st.sampled_from(NAMES),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.token,
)


@given(known_ones, register_lines)
def test_a_register_proposes_and_no_proposal_passes_a_block(known, lines):
    found = proposals(known, lines, DRAWN)
    people = {one.person_id: one for one in known}
    for one in found:
        if one.person_id is None:
            assert one.kind is ProposalKind.ADD
            # Nobody new comes in under the name of one who is kept out: it may be the same one.
            names = {person.name.casefold().split()[0] for person in known if person.blocked}
            assert one.stopped is (one.line.name.casefold().split()[0] in names)
            continue
        person = people[one.person_id]
        assert one.stopped is person.blocked
        # Nothing older than what a person has checked is proposed.
        assert person.checked_on is None or person.checked_on < DRAWN
        if one.kind is ProposalKind.DECIDES:
            assert not person.decides
        if one.kind is ProposalKind.DECIDES_NOT:
            assert person.decides
        if person.token and one.line is not None:
            assert one.line.token == person.token
        assert one.unsure is (one.line is not None and not person.token)
    assert len({one.person_id for one in found if one.person_id}) == len(
        [one for one in found if one.person_id]
    )


@given(known_ones)
def test_a_register_that_says_what_stands_proposes_at_most_a_newer_day(known):
    lines = [
        RegisterLine(name=one.name, relation="", decides=one.decides, token=one.token)
        for one in known
        if one.token
    ]
    registered = [one for one in known if one.token]
    assert {one.kind for one in proposals(registered, lines, DRAWN)} <= {ProposalKind.CHECKED}


def test_what_is_stopped_is_not_accepted():
    fine = Proposed(kind=ProposalKind.ADD, line=None)
    check_accept(fine)
    with pytest.raises(RuleBroken, match=r"guardian\.blocked"):
        check_accept(Proposed(kind=ProposalKind.ADD, line=None, stopped=True))


@pytest.mark.parametrize(
    ("name", "token", "stopped"),
    [
        ("Tor Berg", "", True),
        # A register has the names in between, which the family never says.
        ("Tor Arne Berg", "", True),
        ("BERG, Tor", "the number", True),
        ("Tor Hansen", "", False),
        ("Arne Berg", "another number", False),
    ],
)
def test_somebody_new_who_may_be_the_one_kept_out_is_stopped(name, token, stopped):
    kept_out = KnownGuardian(
        person_id=uuid.uuid4(),
        name="Tor Berg",
        decides=False,
        checked_on=None,
        token="the number",
        blocked=True,
    )
    line = RegisterLine(name=name, relation="father", decides=True, token=token)
    assert is_kept_out([kept_out], None, line) is stopped
