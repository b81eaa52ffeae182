from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import Decision, MeasureResult, MeasureType, NotHeardReason, Party
from bti.domain.errors import RuleBroken
from bti.domain.measures import (
    EvaluationFacts,
    GoalFacts,
    MeasureState,
    View,
    check_measure,
    evaluate,
    is_follow_up_broken,
    next_evaluation_on,
    standing,
    suggest_evaluation,
)
from tests.unit.domain.samples import (
    GOAL,
    MEASURE,
    NOON,
    RULES,
    TEACHER,
    TODAY,
    a_measure,
    a_standing,
    an_id,
)

GOALS = (GoalFacts(GOAL),)
SAID, SILENT = View(given=True), View(given=False)
DAY = timedelta(days=1)


def an_evaluation(**changes):
    return EvaluationFacts(
        **(
            {
                "measure_id": MEASURE,
                "on": TODAY,
                "result": MeasureResult.PARTLY,
                "child": SAID,
                "guardians": SAID,
                "professional": SAID,
                "decision": Decision.CONTINUE,
                "next_evaluation_on": TODAY + 14 * DAY,
            }
            | changes
        )
    )


def code_of(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as broken:
        call(*args, **kwargs)
    return broken.value.code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"goal_id": None}, "measure.no_goal"),
        ({"goal_id": an_id(99)}, "measure.no_goal"),
        ({"title": "  "}, "measure.no_title"),
        ({"responsible": ""}, "measure.no_responsible"),
        ({"start_on": None}, "measure.no_dates"),
        ({"evaluate_on": None}, "measure.no_dates"),
        ({"evaluate_on": TODAY - DAY}, "measure.evaluation_before_start"),
        (
            {"start_on": TODAY - 9 * DAY, "evaluate_on": TODAY - DAY},
            "measure.evaluation_past",
        ),
    ],
)
def test_a_measure_has_goal_title_responsible_start_and_evaluation_date(changes, code):
    assert check_measure(a_measure(), GOALS, rules=RULES, today=TODAY) == a_measure()
    measure = a_measure(**changes)
    assert code_of(check_measure, measure, GOALS, rules=RULES, today=TODAY) == code


def test_six_weeks_are_suggested():
    assert suggest_evaluation(TODAY, RULES) == TODAY + 42 * DAY


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measure_id": an_id(99)}, "evaluation.wrong_measure"),
        ({"on": TODAY + DAY}, "evaluation.future"),
        ({"on": TODAY - DAY}, "evaluation.before_start"),
        ({"child": SILENT}, "evaluation.view_missing"),
        ({"guardians": SILENT}, "evaluation.view_missing"),
        ({"professional": SILENT}, "evaluation.view_missing"),
        ({"next_evaluation_on": None}, "evaluation.next_date_missing"),
        ({"next_evaluation_on": TODAY}, "evaluation.next_date_past"),
        ({"decision": Decision.UP, "next_evaluation_on": None}, "evaluation.next_date_missing"),
        ({"decision": Decision.CLOSE}, "evaluation.next_date_not_needed"),
    ],
)
def test_an_evaluation_that_is_not_whole_is_refused(changes, code):
    evaluation = an_evaluation(**changes)
    assert code_of(evaluate, a_measure(), evaluation, at=NOON, by=TEACHER) == code


def test_a_missing_view_needs_a_reason():
    reasoned = View(given=False, missing_reason=NotHeardReason.TOO_YOUNG)
    event = evaluate(a_measure(), an_evaluation(child=reasoned), at=NOON, by=TEACHER)
    assert event.next_evaluation_on == TODAY + 14 * DAY


def test_all_missing_views_are_named_at_once():
    with pytest.raises(RuleBroken) as broken:
        evaluate(a_measure(), an_evaluation(child=SILENT, guardians=SILENT), at=NOON, by=TEACHER)
    assert broken.value.facts["views"] == ("child", "guardians")


def test_an_ended_measure_is_not_evaluated_again():
    ended = an_evaluation(decision=Decision.CLOSE, next_evaluation_on=None)
    assert evaluate(a_measure(), ended, at=NOON, by=TEACHER).next_evaluation_on is None
    code = code_of(evaluate, a_measure(), an_evaluation(), at=NOON, by=TEACHER, previous=[ended])
    assert code == "measure.ended"


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (-1, MeasureState.PLANNED),
        (0, MeasureState.RUNNING),
        (34, MeasureState.RUNNING),
        (35, MeasureState.DUE),
        (42, MeasureState.DUE),
        (43, MeasureState.OVERDUE),
    ],
)
def test_a_measure_is_due_in_time_and_overdue_after(day, state):
    assert standing(a_measure(), (), TODAY + day * DAY, soon_days=7).state is state


@given(st.permutations(range(4)))
def test_the_order_entries_are_read_in_does_not_matter(order):
    entries = [
        an_evaluation(on=TODAY + n * DAY, next_evaluation_on=TODAY + (n + 14) * DAY)
        for n in range(4)
    ]
    now = standing(a_measure(), [entries[n] for n in order], TODAY + 4 * DAY)
    assert (now.evaluate_on, now.evaluations) == (TODAY + 17 * DAY, 4)


def test_another_measures_evaluation_changes_nothing():
    other = an_evaluation(measure_id=an_id(99), decision=Decision.CLOSE)
    assert standing(a_measure(), [other], TODAY).evaluations == 0


@pytest.mark.parametrize(
    ("standings", "broken"),
    [
        ((), True),
        ((a_standing(evaluate_on=TODAY - DAY, state=MeasureState.OVERDUE),), True),
        ((a_standing(evaluate_on=None, state=MeasureState.ENDED),), True),
        ((a_standing(evaluate_on=TODAY, state=MeasureState.DUE),), False),
        ((a_standing(evaluate_on=TODAY - DAY), a_standing(evaluate_on=TODAY + DAY)), False),
    ],
)
def test_an_open_log_without_a_coming_evaluation_is_a_break_in_follow_up(standings, broken):
    assert is_follow_up_broken(log_active=True, standings=standings, at=NOON) is broken
    assert not is_follow_up_broken(log_active=False, standings=standings, at=NOON)


def test_the_next_evaluation_is_the_earliest_of_those_that_go_on():
    ended = a_standing(evaluate_on=None, state=MeasureState.ENDED)
    soon, late = a_standing(evaluate_on=TODAY), a_standing(evaluate_on=TODAY + DAY)
    assert next_evaluation_on([ended, late, soon]) == TODAY
    assert next_evaluation_on([ended]) is None


def test_the_words_of_a_measure_stay_out_of_logs():
    assert "morgenen" not in repr(a_measure())


def taken(measure):
    """The measure, when the rules take it."""
    return check_measure(measure, GOALS, rules=RULES, today=TODAY)


@pytest.mark.parametrize(
    "function",
    ["Kari Lund", "Kari Lund, helsesykepleier", "ring 41 23 45 67", "mor@hjemme.no", "Ola"],
)
def test_who_carries_it_out_is_a_function_and_never_a_person(function):
    with pytest.raises(RuleBroken, match=r"measure\.names_somebody"):
        taken(a_measure(responsible=function))


@pytest.mark.parametrize(
    "function",
    [
        "Kontaktlærer",
        "Kontaktlæreren på 8. trinn",
        "Mor",
        "Begge foresatte",
        "Eleven selv",
        "Helsesykepleier",
        "PP-rådgiver",
        "Trener i fotballklubben",
        "Leksehjelpa i Røde Kors",
        "Kontaktlærar",
        "Áhčči",
    ],
)
def test_everyday_functions_are_taken(function):
    assert taken(a_measure(responsible=function)).responsible == function


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("kind", MeasureType)
def test_any_sort_of_measure_may_be_anybodys_to_carry_out(party, kind):
    made = taken(a_measure(party=party, kind=kind))
    assert (made.party, made.kind) == (party, kind)
