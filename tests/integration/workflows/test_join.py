"""Two logs about one child: one is continued in the other by two people, nothing more is opened, and it is taken back."""

from datetime import date, timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.clock import norwegian_date
from bti.db.models import BatonOffer, ConsentCell, Entry, Log, Participant
from bti.domain.approval import ApprovalRefused, StepUpNeeded
from bti.domain.codes import ClosingCause, InfoType
from bti.domain.errors import AccessDenied, NotFound, RuleBroken
from bti.domain.national_id import made_up
from bti.workflows import approval, baton, case, consent, insight, join, level, worklist
from bti.workflows.worklist import TaskKind
from tests.approvals import freshly
from tests.integration.workflows import cases
from tests.integration.workflows.states import ops
from tests.world import PEOPLE

CHILD = made_up(date(2013, 5, 9), range(500, 1000))
EVERYBODY = tuple(PEOPLE)


@pytest.fixture
def logs(world):
    """Ingrid's log, which the educational psychology service takes part in, and Kari's later one."""
    return two_logs(world)


def two_logs(world):
    mine, other = (cases.new_case(world, who, number=CHILD) for who in ("ingrid", "kari"))
    for case_id, who in ((mine, "ingrid"), (other, "kari")):
        cases.log_open(world, case_id, who)
    cases.agreed(world, mine)
    cases.agreed(world, mine, "pps")
    cases.invite(world, mine)
    cases.write(world, "ingrid", mine, InfoType.ATTENDANCE, "Kommer sent på mandager.")
    cases.write(world, "kari", other, InfoType.HEALTH, "Sover lite.")
    return mine, other


def number_of(world, case_id, who):
    return world.run(who, case.show_case, case_id=case_id).number


def asked(world, mine, number, who="ingrid", talked_on=None):
    freshly(world, who)
    day = talked_on or norwegian_date(world.clock.now())
    command = join.AskJoin(case_id=mine, version=None, number=number, talked_on=day)
    return world.run(who, join.ask, command=command)


def answered(world, case_id, approval_id, who="kari", *, agreed=True):
    freshly(world, who)
    world.run(who, join.agree if agreed else join.refuse, case_id=case_id, approval_id=approval_id)


def done(world, mine, approval_id, who="ingrid"):
    freshly(world, who)
    world.run(who, join.carry_out, case_id=mine, approval_id=approval_id)


def joined(world, mine, other):
    question = asked(world, mine, number_of(world, other, "kari"))
    answered(world, other, question)
    done(world, mine, question)
    return question


def taken_back(world, mine, other):
    freshly(world, "ingrid")
    question = world.run("ingrid", join.ask_back, case_id=mine, version=None)
    answered(world, other, question)
    done(world, mine, question)


def open_to(world, case_id):
    """What the broker releases to each of the municipality's people; None for a case that is not theirs."""
    found = {}
    for who in EVERYBODY:
        try:
            found[who] = (cases.compartments(world, who, case_id), cases.texts(world, who, case_id))
        except AccessDenied:
            found[who] = None
    return found


def stored(world, case_id):
    """The rows that say who may do what in a case, as they are kept."""
    tables = (Log, BatonOffer, Participant, ConsentCell)
    return {
        (table.__tablename__, row.id, row.version, row.mac)
        for table in tables
        for row in cases.rows(world, table, table.case_id == case_id)
    }


def tasks(world, who):
    day = world.run(who, worklist.my_day)
    return [(one.case_id, one.about) for one in day.tasks if one.kind is TaskKind.JOIN]


def test_a_log_is_set_aside_by_two_and_opens_nothing_to_anybody(world, logs):
    mine, other = logs
    before = open_to(world, mine), open_to(world, other)
    rows, entries = stored(world, mine) | stored(world, other), entry_ids(world, mine, other)
    question = asked(world, mine, number_of(world, other, "kari"))
    assert tasks(world, "kari") == [(other, "asked")]
    answered(world, other, question)
    assert tasks(world, "ingrid") == [(mine, "agreed")]
    assert not ops(world, mine, "ingrid").set_aside
    done(world, mine, question)
    assert ops(world, mine, "ingrid").set_aside
    assert (open_to(world, mine), open_to(world, other)) == before
    assert stored(world, mine) | stored(world, other) == rows
    assert len(entry_ids(world, mine, other) - entries) == 1
    assert tasks(world, "kari") == tasks(world, "ingrid") == []
    cases.holds_together(world)


def entry_ids(world, *ids):
    return {row.id for row in cases.rows(world, Entry, Entry.case_id.in_(ids))}


def test_one_baton_acts_afterwards_and_the_log_that_is_set_aside_takes_nothing_new(world, logs):
    mine, other = logs
    joined(world, mine, other)
    for who, act in (
        ("ingrid", lambda: cases.offered(world, mine, "nina", "pps")),
        ("ingrid", lambda: cases.ask(world, mine, unit="health")),
        ("nina", lambda: cases.write(world, "nina", mine, InfoType.LEARNING, "Nytt.")),
        ("ingrid", lambda: world.run("ingrid", level.decide, a_decision(mine, to=2))),
    ):
        with pytest.raises(AccessDenied, match=r"access\.set_aside"):
            act()
        assert cases.texts(world, who, mine) == {"Kommer sent på mandager."}
    cases.write(world, "kari", other, InfoType.HEALTH, "Sover bedre.")
    lines = {row.case_id: row for row in world.run("ingrid", worklist.my_day).rows}
    assert lines[mine].next_step is TaskKind.SET_ASIDE
    assert world.run("ingrid", worklist.my_day).tasks == ()
    # The door closes as before: whoever takes a consent back is out at once.
    brought_in = next(one for one in cases.section(world, mine).rows if one.service)
    world.run(
        "ingrid",
        consent.withdraw,
        case_id=mine,
        consent_id=brought_in.id,
        person_id=next(iter(cases.guardians(world, mine).values())),
    )
    with pytest.raises(AccessDenied):
        cases.texts(world, "nina", mine)
    cases.holds_together(world)


def a_decision(case_id, to=None):
    cause = None if to else ClosingCause.GOAL_REACHED
    return level.Decide(
        case_id=case_id, version=None, to_level=to, reason="Nå holder det.", cause=cause
    )


def test_taken_back_it_is_as_it_was_and_what_came_meanwhile_stays_where_it_was_written(world, logs):
    mine, other = logs
    state = ops(world, mine, "ingrid")
    before, rows = open_to(world, mine), stored(world, mine)
    joined(world, mine, other)
    cases.write(world, "kari", other, InfoType.HEALTH, "Sover bedre.")
    taken_back(world, mine, other)
    after = ops(world, mine, "ingrid")
    assert not after.set_aside
    assert after.to_json() | {"continued": None} == state.to_json()
    assert (open_to(world, mine), stored(world, mine)) == (before, rows)
    assert cases.texts(world, "kari", other) == {"Sover lite.", "Sover bedre."}
    cases.write(world, "ingrid", mine, InfoType.ATTENDANCE, "Kommer tidsnok.")
    # And once more, by a yes of its own.
    joined(world, mine, other)
    assert ops(world, mine, "ingrid").set_aside
    cases.holds_together(world)


def test_a_yes_is_for_one_log_once_and_by_somebody_else(world, logs):
    mine, other = logs
    question = asked(world, mine, number_of(world, other, "kari"))
    with pytest.raises(RuleBroken, match=r"approval\.waiting"):
        asked(world, mine, number_of(world, other, "kari"))
    with pytest.raises(ApprovalRefused, match=r"approval\.not_given"):
        done(world, mine, question)
    for who, case_id in (("ingrid", mine), ("siv", other), ("nina", other), ("anne", other)):
        with pytest.raises((AccessDenied, NotFound)):
            answered(world, case_id, question, who)
    # Nor past the page of the two logs: nobody answers there by a role.
    for who in ("siv", "hege", "anne", "asta", "ingrid"):
        freshly(world, who)
        with pytest.raises((AccessDenied, NotFound)):
            world.run(who, approval.give, approval_id=question)
        if who != "ingrid":
            assert not world.run(who, approval.page).to_answer
            with pytest.raises((AccessDenied, NotFound)):
                world.run(who, approval.show, approval_id=question)
    answered(world, other, question)
    done(world, mine, question)
    with pytest.raises(NotFound):
        done(world, mine, question)
    taken_back(world, mine, other)
    with pytest.raises(NotFound):
        done(world, mine, question)
    assert not ops(world, mine, "ingrid").set_aside


def test_a_no_and_a_yes_that_ran_out_or_was_taken_back_change_nothing(world, logs):
    mine, other = logs
    number = number_of(world, other, "kari")
    refused = asked(world, mine, number)
    answered(world, other, refused, agreed=False)
    withdrawn = asked(world, mine, number)
    answered(world, other, withdrawn)
    world.run("ingrid", join.withdraw, case_id=mine, approval_id=withdrawn)
    late = asked(world, mine, number)
    answered(world, other, late)
    world.clock.advance(timedelta(hours=25))
    for question in (refused, withdrawn, late):
        with pytest.raises(NotFound):
            done(world, mine, question)
    command = join.AskJoin(
        case_id=mine, version=None, number=number, talked_on=norwegian_date(world.clock.now())
    )
    world.clock.advance(timedelta(minutes=20))
    with pytest.raises(StepUpNeeded):
        world.run("ingrid", join.ask, command=command)


def test_a_number_that_does_not_fit_is_answered_like_one_that_does_not_exist(world, logs):
    mine, other = logs
    stranger = cases.new_case(world)
    cases.log_open(world, stranger, "ingrid")
    own, foreign = number_of(world, mine, "ingrid"), number_of(world, stranger, "ingrid")
    for number in ("0000-0000", foreign, own, ""):
        assert asked(world, mine, number) is None
    world.run("kari", level.decide, a_decision(other))
    assert asked(world, mine, number_of(world, other, "kari")) is None
    with world.looking() as session:
        tries = session.query(AuditEvent).filter(AuditEvent.act == Act.LOG_JOIN_SEEK.value).all()
        told = " ".join(bytes(one.leaf).decode() for one in tries)
    assert len(tries) == 5
    assert str(mine) in told
    assert str(stranger) not in told


def test_two_who_continue_theirs_in_each_others_leave_one(world, logs):
    mine, other = logs
    to_kari = asked(world, mine, number_of(world, other, "kari"))
    to_mona = asked(world, other, number_of(world, mine, "ingrid"), who="kari")
    answered(world, other, to_kari)
    answered(world, mine, to_mona, "ingrid")
    done(world, mine, to_kari)
    with pytest.raises(RuleBroken, match=r"join\.continued_here"):
        done(world, other, to_mona, "kari")
    assert not ops(world, other, "kari").set_aside


def test_what_would_be_left_hanging_is_finished_first(world, logs):
    mine, other = logs
    number = number_of(world, other, "kari")
    offer = cases.offered(world, mine, "nina", "pps")
    with pytest.raises(RuleBroken, match=r"join\.waiting"):
        asked(world, mine, number)
    world.run("ingrid", baton.withdraw, case_id=mine, offer_id=offer)
    with pytest.raises(RuleBroken, match=r"join\.day_in_future"):
        asked(world, mine, number, talked_on=date(2099, 1, 1))
    assert asked(world, mine, number) is not None


def test_when_the_other_log_ends_whoever_has_this_one_is_told_and_closes_it_too(world, logs):
    mine, other = logs
    joined(world, mine, other)
    world.run("kari", level.decide, a_decision(other))
    assert tasks(world, "ingrid") == [(mine, "over")]
    assert world.run("ingrid", join.join_page, case_id=mine).over
    with pytest.raises(RuleBroken, match=r"join\.set_aside"):
        asked(world, mine, "0000-0000")
    world.run("ingrid", level.decide, a_decision(mine))
    assert ops(world, mine, "ingrid").status == "closed"
    with pytest.raises(AccessDenied, match=r"access\.set_aside"):
        world.run("ingrid", level.decide, a_decision(mine, to=1))
    taken_back(world, mine, other)
    world.run("ingrid", level.decide, a_decision(mine, to=1))


def test_it_is_in_the_log_and_in_no_list_that_others_are_shown(world, logs):
    mine, other = logs
    joined(world, mine, other)
    with world.looking() as session:
        acts = [one.act for one in session.query(AuditEvent).order_by(AuditEvent.at)]
    wanted = ("log:join:ask", "log:join:answer", "approval:act:use", "log:join:write")
    assert [act for act in acts if act in wanted] == list(wanted)
    for who, case_id in (("nina", mine), ("ingrid", mine), ("kari", other)):
        listed = world.run(who, insight.case_accesses, case_id, whole=True).rows
        shown = [one.action for one in listed if one.action.startswith("log:join")]
        # A guardian who is kept out of the one may be given the list of the other.
        assert shown == []
        other_keeper = "Ingrid Solberg" if who == "kari" else "Kari Lund"
        assert not [one for one in listed if one.name == other_keeper]
    page = world.run("nina", case.show_case, case_id=mine)
    assert "join" not in {one.kind for one in page.happenings}
