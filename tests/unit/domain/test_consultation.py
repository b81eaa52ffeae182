"""A question without names: what may tell of somebody is marked, and passed on with a reason alone."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain import consultation
from bti.domain.consultation import BEFORE_THE_TEAM, ConsultationState, check_words, passages
from bti.domain.errors import RuleBroken
from bti.domain.identifying import identifying

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
PLAIN = "Et barn i barneskolen er ofte trist. Hva kan vi gjøre?"
TELLS = "Gutten på 14 i 9B kom hjem til oss."
SCHOOLS = ("Solvik skole",)
words = st.lists(
    st.sampled_from(["Jonas", "9B", "på 14", "solvik skole", "er trist", ".", "\n", "912 34 567"])
).map(" ".join)


@given(st.one_of(st.text(max_size=80), words))
def test_the_marked_text_is_the_text_and_marks_all_that_was_found(text):
    cut = passages(text, SCHOOLS)
    assert "".join(one.words for one in cut) == text
    marked = [(one.words, one.trace) for one in cut if one.trace is not None]
    assert marked == [(one.words, one.trace) for one in identifying(text, SCHOOLS)]


@given(words, st.sampled_from(["", "Saken kan ikke forstås uten.", "Det er Jonas."]))
def test_nothing_that_may_tell_of_somebody_goes_on_without_a_reason_that_tells_nothing(text, why):
    passes = bool(text) and (not identifying(text, SCHOOLS) or bool(why))
    if passes and not identifying(why, SCHOOLS):
        check_words(text, why, SCHOOLS)
    else:
        with pytest.raises(RuleBroken):
            check_words(text, why, SCHOOLS)


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        ("", "", "no_text"),
        (TELLS, "", "identifies"),
        (PLAIN, "Det er Jonas.", "reason_identifies"),
        ("a" * (consultation.LONGEST + 1), "", "too_long"),
        (PLAIN, "a" * (consultation.LONGEST + 1), "too_long"),
    ],
)
def test_a_refusal_says_what_is_wrong(text, reason, code):
    with pytest.raises(RuleBroken) as refused:
        check_words(text, reason)
    assert refused.value.code == f"consultation.{code}"


@pytest.mark.parametrize("state", ConsultationState)
def test_each_step_is_taken_from_where_it_belongs_and_from_nowhere_else(state):
    steps = {
        lambda: consultation.check_answer(state, 0): BEFORE_THE_TEAM,
        lambda: consultation.check_send_back(state): BEFORE_THE_TEAM,
        lambda: consultation.check_rewrite(state): {ConsultationState.SENT_BACK},
        lambda: consultation.check_settle(state): {ConsultationState.ANSWERED},
    }
    for step, allowed in steps.items():
        if state in allowed:
            assert step() is not state or state is ConsultationState.ANSWERED
        else:
            with pytest.raises(RuleBroken) as refused:
                step()
            assert refused.value.code == "consultation.moved_on"


def test_there_is_an_end_to_answers_and_to_questions_in_a_day():
    asked = ConsultationState.ASKED
    assert consultation.check_answer(asked, consultation.MOST_ANSWERS - 1)
    with pytest.raises(RuleBroken) as refused:
        consultation.check_answer(asked, consultation.MOST_ANSWERS)
    assert refused.value.code == "consultation.too_many_answers"
    most = [NOW - timedelta(hours=1)] * consultation.MOST_A_DAY
    consultation.check_pace([*most[1:], NOW - timedelta(days=1)], NOW)
    with pytest.raises(RuleBroken) as refused:
        consultation.check_pace(most, NOW)
    assert refused.value.code == "consultation.too_many"


@pytest.mark.parametrize("state", ConsultationState)
def test_its_author_always_reads_it_and_the_team_only_while_it_is_before_them(state):
    asker, member, other = (uuid.uuid4() for _ in range(3))
    reads = [
        one
        for one in (asker, member, other)
        if consultation.may_read(one, asker=asker, members=[member], state=state)
    ]
    assert reads == ([asker, member] if state in BEFORE_THE_TEAM else [asker])
