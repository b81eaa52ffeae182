"""A log whose consent is gone takes nothing new, and a narrow cell shows no more than it covers."""

from datetime import timedelta

import pytest

from bti.domain.codes import ClosingCause, InfoType
from bti.domain.consent import Scope
from bti.domain.errors import RuleBroken
from bti.workflows import consent, measure, worklist
from bti.workflows.worklist_rows import TaskKind
from tests.story import Story


@pytest.fixture
def story(world):
    """A case with an open log."""
    told = Story(world)
    told.wonder()
    told.talk_with_leader()
    told.opening = told.consent_to(Scope.OPEN_LOG)
    told.open_log()
    return told


def note(story, who="ingrid"):
    """Write something shared."""
    return story.world.run(
        who,
        measure.add_note,
        case_id=story.case_id,
        version=None,
        info_type=InfoType.WELLBEING,
        text="Sover bedre",
    )


def test_nothing_is_written_after_the_consent_to_the_log_is_withdrawn(story):
    note(story)
    story.world.run(
        "ingrid",
        consent.withdraw,
        case_id=story.case_id,
        consent_id=story.opening,
        person_id=story.page().guardians[0].id,
    )
    with pytest.raises(RuleBroken) as refused:
        note(story)
    assert refused.value.code == "log.resting"


def test_nothing_is_written_after_the_consent_has_run_out_and_my_day_says_so(story):
    story.world.clock.advance(timedelta(days=370))
    with pytest.raises(RuleBroken) as refused:
        note(story)
    assert refused.value.code == "log.resting"
    tasks = story.world.run("ingrid", worklist.my_day).tasks
    assert TaskKind.CONSENT_MISSING in {task.kind for task in tasks}


def test_a_resting_log_can_still_be_closed(story):
    story.world.clock.advance(timedelta(days=370))
    story.decide(None, cause=ClosingCause.FAMILY_ENDED)
    assert story.page().status == "closed"


def test_who_may_read_attendance_reads_neither_background_nor_reasons(story):
    story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
    page = story.page("nina")
    assert page.backgrounds == ()
    shown = " ".join(happening.text for happening in page.happenings)
    assert not [mark for mark in story.marks.made if mark in shown]
    assert story.page().backgrounds
