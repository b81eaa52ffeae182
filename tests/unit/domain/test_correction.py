"""What stands beside an entry: who may write it, what it must say, and who had received the entry."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import InfoType
from bti.domain.compartments import CORE, service_compartment
from bti.domain.consent import CellFacts
from bti.domain.correction import (
    Addition,
    Receivers,
    Stance,
    Voice,
    check_addition,
    may_write_beside,
    receivers_of,
)
from bti.domain.errors import RuleBroken
from bti.domain.relations import Relation

WRITTEN = datetime(2026, 9, 1, tzinfo=UTC)
NOW = WRITTEN + timedelta(days=100)
SCHOOL, NURSE, TEAM = (uuid.UUID(int=number) for number in (1, 2, 3))
KEEPERS = {Relation.HOLDER, Relation.FOLLOWER, Relation.LEAD}
ABSENCE = service_compartment(SCHOOL, InfoType.ATTENDANCE)


@given(st.sets(st.sampled_from(list(Relation))), st.booleans())
def test_the_author_and_who_keeps_the_case_write_beside_and_nobody_else(held, is_author):
    assert may_write_beside(held, is_author=is_author) == (is_author or bool(held & KEEPERS))


@given(
    st.sampled_from(list(Stance)),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(list(Voice)),
    st.booleans(),
    st.booleans(),
)
def test_an_addition_says_what_why_whose_view_and_how_others_were_told(
    stance, text, reason, voice, told, somebody_gone
):
    addition = Addition(stance=stance, has_text=text, has_reason=reason, voice=voice, told=told)
    received = Receivers(frozenset(), frozenset({NURSE} if somebody_gone else ()))
    is_view = stance is Stance.STATEMENT
    sound = text and reason and (voice is not None or not is_view)
    sound = sound and (told or is_view or not somebody_gone)
    if sound:
        check_addition(addition, received)
    else:
        with pytest.raises(RuleBroken, match=r"correction\."):
            check_addition(addition, received)


def cell(to, begins, ends, *, info=InfoType.ATTENDANCE, withdrawn=None, frm=SCHOOL):
    return CellFacts(
        consent_id=uuid.uuid4(),
        from_unit=frm,
        to_unit=to,
        info_type=info,
        valid_from=WRITTEN + timedelta(days=begins),
        valid_to=WRITTEN + timedelta(days=ends),
        withdrawn_at=None if withdrawn is None else WRITTEN + timedelta(days=withdrawn),
    )


@pytest.mark.parametrize(
    ("begins", "ends", "withdrawn", "where"),
    [
        (-10, 200, None, "reading"),
        (-10, 50, None, "no_longer"),
        (20, 200, 40, "no_longer"),
        (-30, -5, None, ""),
        (-30, 200, -5, ""),
        (101, 200, None, ""),
    ],
    ids=["reads", "ran-out", "withdrawn", "ended-before", "withdrawn-before", "not-yet"],
)
def test_who_had_received_an_entry_follows_from_the_cells(begins, ends, withdrawn, where):
    cells = [cell(NURSE, begins, ends, withdrawn=withdrawn)]
    found = receivers_of(cells, ABSENCE, since=WRITTEN, at=NOW)
    assert found.reading == ({NURSE} if where == "reading" else set())
    assert found.no_longer == ({NURSE} if where == "no_longer" else set())


def test_only_the_units_own_information_of_that_type_counts_and_the_core_is_everybodys():
    cells = [cell(NURSE, 0, 200, info=InfoType.LEARNING), cell(TEAM, 0, 200, frm=NURSE)]
    assert receivers_of(cells, ABSENCE, since=WRITTEN, at=NOW).reading == frozenset()
    assert receivers_of(cells, CORE, since=WRITTEN, at=NOW).reading == {NURSE, TEAM}


def test_who_reads_again_by_a_new_cell_has_not_lost_it():
    cells = [cell(NURSE, 0, 50), cell(NURSE, 60, 200)]
    assert receivers_of(cells, ABSENCE, since=WRITTEN, at=NOW) == Receivers(
        frozenset({NURSE}), frozenset()
    )
