from dataclasses import replace
from datetime import timedelta

import pytest

from bti.domain.codes import ClosingCause, ContactWithGuardians, TalkedWithChild, Who
from bti.domain.consent import ConsentStatus
from bti.domain.errors import RuleBroken
from bti.domain.levels import (
    ALLOWED,
    GATES,
    CaseStatus,
    Direction,
    InvitedService,
    Level,
    Step,
    change_level,
    close_case,
    gates,
    reopen_case,
    requirements_for,
)
from bti.domain.measures import MeasureState
from tests.unit.domain.samples import (
    HEALTH,
    NOON,
    PPS,
    RULES,
    TEACHER,
    TODAY,
    a_case,
    a_measure,
    a_standing,
    an_id,
)

ZERO, ONE, TWO, THREE = Level
EVERYWHERE = [*Level, None]


def move(case, to_level):
    return change_level(case, to_level, rules=RULES, at=NOON, by=TEACHER)


def unmet(case, to_level):
    with pytest.raises(RuleBroken) as broken:
        move(case, to_level)
    assert broken.value.code == "level.requirements"
    return {one.code for one in broken.value.facts["unmet"]}


@pytest.mark.parametrize("from_level", EVERYWHERE)
@pytest.mark.parametrize("to_level", EVERYWHERE)
def test_the_table_says_which_moves_there_are(from_level, to_level):
    drawn = {
        (ZERO, ONE): Direction.UP,
        (ZERO, TWO): Direction.UP,
        (ONE, TWO): Direction.UP,
        (TWO, THREE): Direction.UP,
        (THREE, TWO): Direction.DOWN,
        (THREE, ONE): Direction.DOWN,
        (TWO, ONE): Direction.DOWN,
        (ZERO, None): Direction.CLOSE,
        (ONE, None): Direction.CLOSE,
        (TWO, None): Direction.CLOSE,
        (THREE, None): Direction.CLOSE,
        (None, ZERO): Direction.REOPEN,
        (None, ONE): Direction.REOPEN,
    }
    assert ALLOWED.get((from_level, to_level)) is drawn.get((from_level, to_level))


@pytest.mark.parametrize(("from_level", "to_level"), [p for p in ALLOWED if None not in p])
def test_with_everything_in_place_the_case_moves(from_level, to_level):
    event = move(a_case(level=from_level), to_level)
    assert (event.from_level, event.to_level, event.by) == (from_level, to_level, TEACHER)


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"concern_written": False}, "level.concern_written"),
        ({"guardian_contact": ContactWithGuardians.NOT_YET}, "level.guardians_informed"),
        ({"guardian_contact": ContactWithGuardians.UNSAFE}, "level.guardians_informed"),
        ({"guardian_contact": None}, "level.guardians_informed"),
        ({"child_contact": TalkedWithChild.NOT_YET}, "level.child_heard"),
        ({"leader_informed_on": None}, "level.leader_informed"),
    ],
)
@pytest.mark.parametrize("to_level", [ONE, TWO])
def test_level_0_is_not_left_before_its_gate(missing, code, to_level):
    assert unmet(a_case(**missing), to_level) == {code}


def test_a_reason_stands_in_for_a_conversation_that_was_not_held():
    case = a_case(
        guardian_contact=ContactWithGuardians.UNSAFE,
        guardian_reason_written=True,
        child_contact=TalkedWithChild.UNSAFE,
        child_reason_written=True,
    )
    assert move(case, ONE).to_level == ONE


@pytest.mark.parametrize(
    ("missing", "codes"),
    [
        ({"opening_consent": None}, {"level.opening_consent"}),
        ({"opening_consent": ConsentStatus.ASKED}, {"level.opening_consent"}),
        ({"opening_consent": ConsentStatus.WITHDRAWN}, {"level.opening_consent"}),
        ({"holder_id": None}, {"level.holder"}),
        ({"goal_ids": frozenset()}, {"level.goal", "level.measure"}),
        ({"measures": ()}, {"level.measure"}),
        ({"measures": (a_measure(goal_id=an_id(99)),)}, {"level.measure"}),
        ({"measures": (a_measure(responsible=" "),)}, {"level.measure"}),
        ({"measures": (a_measure(start_on=None),)}, {"level.measure"}),
        ({"measures": (a_measure(evaluate_on=None),)}, {"level.measure"}),
        ({"standings": (a_standing(evaluations=0),)}, {"level.measures_evaluated"}),
        ({"standings": (a_standing(state=MeasureState.OVERDUE),)}, {"level.measures_evaluated"}),
        ({"invited": ()}, {"level.consent_per_service"}),
        ({"child_contact": None}, {"level.child_heard"}),
        ({"leader_informed_on": None}, {"level.leader_informed"}),
        ({"reason_written": False}, {"level.reason"}),
    ],
)
def test_level_2_is_not_entered_before_its_gate(missing, codes):
    assert unmet(a_case(level=ONE, **missing), TWO) == codes


@pytest.mark.parametrize("status", [s for s in ConsentStatus if s not in {"complete", "partly"}])
def test_every_invited_service_needs_its_own_complete_consent(status):
    invited = (InvitedService(PPS, ConsentStatus.COMPLETE), InvitedService(HEALTH, status))
    case = a_case(level=ONE, invited=invited)
    assert unmet(case, TWO) == {"level.consent_per_service"}
    found = {one.code: one for one in requirements_for(Step(ONE, TWO), case, RULES)}
    assert found["level.consent_per_service"].facts["waiting"] == (HEALTH,)


def test_the_team_needs_to_know_why_cooperation_is_not_enough():
    case = a_case(level=TWO, reason_written=False)
    assert unmet(case, THREE) == {"level.cooperation_not_enough"}


def test_the_danger_question_is_asked_again_before_level_3():
    before = a_case(level=TWO, danger_assessed_on=TODAY - timedelta(days=21))
    assert unmet(before, THREE) == {"level.danger_assessed_again"}
    assert unmet(a_case(level=TWO, danger_assessed_on=None), THREE) == {
        "level.danger_assessed_again"
    }


@pytest.mark.parametrize(("from_level", "to_level"), [(THREE, TWO), (THREE, ONE), (TWO, ONE)])
def test_going_down_needs_a_reason_and_nothing_else(from_level, to_level):
    bare = {"opening_consent": ConsentStatus.WITHDRAWN, "measures": (), "standings": ()}
    assert move(a_case(level=from_level, **bare), to_level).to_level == to_level
    assert unmet(a_case(level=from_level, reason_written=False, **bare), to_level) == {
        "level.reason"
    }


@pytest.mark.parametrize("cause", ClosingCause)
@pytest.mark.parametrize("ends", [True, False])
def test_a_plan_closes_the_log_where_the_municipality_says_so_and_no_other_cause_hangs_on_it(
    cause, ends
):
    case, rules = a_case(level=Level.TEAM), replace(RULES, plan_ends_log=ends)
    if ends or cause is not ClosingCause.INDIVIDUAL_PLAN:
        assert close_case(case, cause, rules=rules, at=NOON, by=TEACHER).cause is cause
        return
    with pytest.raises(RuleBroken) as refused:
        close_case(case, cause, rules=rules, at=NOON, by=TEACHER)
    assert refused.value.code == "closing.plan_beside_log"


@pytest.mark.parametrize("level", Level)
def test_closing_needs_a_reason_and_never_consent(level):
    case = a_case(level=level, opening_consent=ConsentStatus.WITHDRAWN)
    event = close_case(case, ClosingCause.FAMILY_ENDED, rules=RULES, at=NOON, by=TEACHER)
    assert (event.level, event.cause) == (level, ClosingCause.FAMILY_ENDED)
    with pytest.raises(RuleBroken):
        close_case(
            a_case(level=level, reason_written=False),
            ClosingCause.OTHER,
            rules=RULES,
            at=NOON,
            by=TEACHER,
        )


def test_a_closed_case_moves_only_by_reopening():
    closed = a_case(status=CaseStatus.CLOSED, level=TWO)
    assert reopen_case(closed, ONE, rules=RULES, at=NOON, by=TEACHER).level == ONE
    for refused in (
        lambda: move(closed, ONE),
        lambda: close_case(closed, ClosingCause.OTHER, rules=RULES, at=NOON, by=TEACHER),
    ):
        with pytest.raises(RuleBroken, match=r"level\.case_closed"):
            refused()
    with pytest.raises(RuleBroken, match=r"level\.no_such_step"):
        reopen_case(closed, TWO, rules=RULES, at=NOON, by=TEACHER)
    with pytest.raises(RuleBroken, match=r"level\.case_open"):
        reopen_case(a_case(), ONE, rules=RULES, at=NOON, by=TEACHER)


def test_a_move_that_does_not_exist_says_so():
    with pytest.raises(RuleBroken) as broken:
        move(a_case(level=ZERO), THREE)
    assert broken.value.code == "level.no_such_step"


@pytest.mark.parametrize("who", Who)
def test_a_case_is_closed_by_those_the_municipality_has_named_and_nobody_else(who):
    rules = replace(RULES, may_close=frozenset({Who.LEAD, Who.HOLDER}))
    case = a_case(acting_as=frozenset({Who.EMPLOYEE, who}))
    if who in rules.may_close:
        assert close_case(case, ClosingCause.OTHER, rules=rules, at=NOON, by=TEACHER)
        return
    with pytest.raises(RuleBroken) as broken:
        close_case(case, ClosingCause.OTHER, rules=rules, at=NOON, by=TEACHER)
    assert [one.code for one in broken.value.facts["unmet"]] == ["level.may_close"]


def test_every_gate_a_guide_may_name_is_asked_and_nothing_else():
    assert set(gates(a_case())) == GATES
    assert all(one.met for one in gates(a_case()).values())


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"rights_told": False}, "level.rights_told"),
        ({"concern_written": False}, "level.concern_written"),
        ({"holder_id": None}, "level.holder"),
        ({"goal_ids": frozenset()}, "level.goal"),
        ({"opening_consent": ConsentStatus.REFUSED}, "level.opening_consent"),
        ({"danger_assessed_on": None}, "level.danger_assessed_again"),
    ],
)
def test_a_gate_is_not_met_by_what_is_missing(missing, code):
    assert not gates(a_case(**missing))[code].met
