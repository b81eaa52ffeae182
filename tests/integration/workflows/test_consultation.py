"""Asking a team without names: who reads it, what binds it to nothing, and that it goes."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, select, text

from bti.audit.models import AuditEvent
from bti.db.base import Base
from bti.db.models import ConsultationQuestion, ConsultationSeat
from bti.db.types import UTCDateTime
from bti.domain.ages import day_in_norway
from bti.domain.codes import Sector
from bti.domain.consultation import MOST_A_DAY, ConsultationState
from bti.domain.errors import AccessDenied, RuleBroken
from bti.jobs.table import JOBS
from bti.profiles import load
from bti.workflows import consultation, consultation_page, consultation_seat, worklist
from bti.workflows.consultation import Words
from bti.workflows.consultation_seat import NameMember
from bti.workflows.errors import Conflict, NotFound
from bti.workflows.worklist import TaskKind
from tests.integration.workflows import cases

BOTH = pytest.mark.parametrize("engine", ["world", "postgres_world"])
TEAM = "resource"
PLAIN = Words("Et barn i barneskolen er ofte trist. Hva kan vi gjøre?", "")
TELLS = "Gutten på 14 i 9B er ofte trist."
ADVICE = Words("Snakk med barnet først, og med de hjemme.", "")
OUTSIDE_THE_TEAM = ("siv", "per", "hege", "turid", "mona")


def seat(world, who="kari", by="asta", team=TEAM):
    command = NameMember(team, world.accounts[who], "Helsesykepleier")
    return world.run(by, consultation_seat.name_member, command=command)


def ask(world, words=PLAIN, who="ingrid", submission=None):
    return world.run(
        who,
        consultation.ask,
        team=TEAM,
        words=words,
        submission=submission or uuid.uuid4(),
    )


def read(world, who, question_id):
    return world.run(who, consultation_page.read, question_id=question_id)


def write(world, who, workflow, question_id, **more):
    return world.run(who, workflow, question_id=question_id, version=None, **more)


def told(world, who):
    """What is on somebody's list about questions without names."""
    found = world.run(who, worklist.my_day).tasks
    return [(one.about, one.count) for one in found if one.kind is TaskKind.CONSULTATION]


def bodies(context):
    """All that is sealed in questions, opened."""
    context.verbs.subject()
    return repr([row.body for row in context.session.scalars(select(ConsultationQuestion))])


def counted(context, tenant_id):
    """The seats that count, as the work sees them."""
    context.verbs.open_ops(tenant_id)
    return consultation_seat.seats(context, tenant_id, load("standard/1"))


def rows(world):
    return cases.rows(world, ConsultationQuestion)


@BOTH
def test_a_question_goes_to_the_team_and_back_and_nobody_else_reads_it(engine, request):
    world = request.getfixturevalue(engine)
    seat(world)
    question_id = ask(world)
    assert told(world, "kari") == [("to_answer", 1)]
    page = read(world, "kari", question_id)
    assert (page.text, page.sector, page.mine) == (PLAIN.text, None, False)
    assert "Ingrid" not in repr(page)
    for who in OUTSIDE_THE_TEAM:
        with pytest.raises(NotFound):
            read(world, who, question_id)
    for who in ("anne", "asta", "arne"):
        with pytest.raises(AccessDenied):
            read(world, who, question_id)
    write(world, "kari", consultation.answer, question_id, words=ADVICE)
    assert told(world, "kari") == []
    assert told(world, "ingrid") == [("answered", 1)]
    (answer,) = read(world, "ingrid", question_id).answers
    assert (answer.name, answer.title) == ("Kari Lund", "Helsesykepleier")
    write(world, "ingrid", consultation.settle, question_id)
    assert told(world, "ingrid") == []
    with pytest.raises(NotFound):
        read(world, "kari", question_id)


@BOTH
def test_what_tells_who_it_is_about_is_sent_back_written_anew_or_deleted(engine, request):
    world = request.getfixturevalue(engine)
    seat(world)
    with pytest.raises(RuleBroken) as refused:
        ask(world, Words(TELLS, ""))
    assert refused.value.code == "consultation.identifies"
    question_id = ask(world, Words(TELLS, "Alderen betyr noe for svaret."))
    assert read(world, "kari", question_id).reason == "Alderen betyr noe for svaret."
    write(world, "kari", consultation.send_back, question_id)
    with pytest.raises(NotFound):
        read(world, "kari", question_id)
    assert (told(world, "kari"), told(world, "ingrid")) == ([], [("sent_back", 1)])
    write(world, "ingrid", consultation.rewrite, question_id, words=PLAIN)
    assert read(world, "kari", question_id).text == PLAIN.text
    assert TELLS not in world.run("ingrid", bodies)
    world.run("ingrid", consultation.withdraw, question_id=question_id)
    assert rows(world) == []


def test_no_column_and_no_other_table_ties_a_question_to_a_case_a_child_or_its_author():
    for model in (ConsultationQuestion, ConsultationSeat):
        table = model.__table__
        pointed_at = {key.column.table.name for key in table.foreign_keys}
        assert pointed_at == {"municipalities"}
        assert not {"case_id", "account_id", "person_id"} & set(table.columns.keys())
        for other in Base.metadata.sorted_tables:
            assert all(key.column.table is not table for key in other.foreign_keys), other.name


def test_entries_name_the_question_and_neither_a_case_nor_a_word_of_it(world):
    seat(world)
    question_id = ask(world)
    write(world, "kari", consultation.answer, question_id, words=ADVICE)
    world.run("ingrid", consultation.withdraw, question_id=question_id)
    with world.looking() as session:
        leaves = [
            bytes(one.leaf).decode()
            for one in session.scalars(select(AuditEvent))
            if one.act.startswith("consultation:")
        ]
    assert {f"consultation:question:{verb}" for verb in ("ask", "answer", "withdraw")} <= {
        act for leaf in leaves for act in leaf.split('"') if act.startswith("consultation:question")
    }
    for leaf in leaves:
        assert "case:" not in leaf
        assert "trist" not in leaf
        assert "hjemme" not in leaf


@BOTH
def test_the_work_deletes_it_on_its_day_without_a_key(engine, request):
    world = request.getfixturevalue(engine)
    seat(world)
    question_id = ask(world)
    world.clock.advance(timedelta(days=89))
    assert world.system(consultation.dispose, tenant_id=world.tenant_id) == 0
    write(world, "kari", consultation.answer, question_id, words=ADVICE)
    world.clock.advance(timedelta(days=89))
    assert len(rows(world)) == 1, "counted from the last word"
    world.clock.advance(timedelta(days=1))
    next(one for one in JOBS if one.name == "consultation").does(world.runtime)
    assert rows(world) == []


def test_members_are_named_by_leaders_for_their_own_and_by_the_administrator_for_all(world):
    by_leader = seat(world, "per", by="siv")
    for by, who in (("siv", "kari"), ("hege", "per")):
        with pytest.raises(RuleBroken) as refused:
            seat(world, who, by=by)
        assert refused.value.code == "consultation.not_colleague"
    for by in ("ingrid", "turid", "anne"):
        with pytest.raises(AccessDenied):
            seat(world, "ingrid", by=by)
    with pytest.raises(RuleBroken) as refused:
        seat(world, "per")
    assert refused.value.code == "consultation.named_already"
    with pytest.raises(NotFound):
        seat(world, team="no_such_team")
    question_id = ask(world)
    (team,) = [
        one for one in world.run("siv", consultation_seat.show).teams if one.team.code == TEAM
    ]
    assert team.counts[ConsultationState.ASKED] == 1
    assert PLAIN.text not in repr(team)
    with pytest.raises(NotFound):
        world.run("hege", consultation_seat.end_seat, seat_id=by_leader)
    world.run("siv", consultation_seat.end_seat, seat_id=by_leader)
    with pytest.raises(NotFound):
        read(world, "per", question_id)


def test_a_seat_ends_with_the_work_and_a_team_without_others_cannot_be_asked(world):
    with pytest.raises(RuleBroken) as refused:
        ask(world)
    assert refused.value.code == "consultation.nobody_there"
    seat(world, "ingrid")
    with pytest.raises(RuleBroken):
        ask(world)
    seat(world)
    ask(world)
    assert len(world.system(counted, world.tenant_id)) == 2
    with world.as_administrator() as connection:
        connection.execute(text("UPDATE role_grants SET valid_to = valid_from"))
    assert world.system(counted, world.tenant_id) == ()


def test_who_is_named_later_or_comes_back_reads_nothing_that_was_asked_before(world):
    seat(world)
    question_id = ask(world)
    world.clock.advance(timedelta(minutes=1))
    seat(world, "siv", by="siv")
    with pytest.raises(NotFound):
        read(world, "siv", question_id)
    assert told(world, "siv") == []
    assert read(world, "kari", question_id).text == PLAIN.text
    role = "UPDATE role_grants SET valid_to = {} WHERE account_id = :who"
    kari = {"who": world.accounts["kari"].hex}
    with world.as_administrator() as connection:
        connection.execute(text(role.format("valid_from")), kari)
    assert read(world, "ingrid", question_id).unread
    assert len(world.system(counted, world.tenant_id)) == 1
    with world.as_administrator() as connection:
        came = {**kari, "now": world.clock.now()}
        again = role.format("NULL, valid_from = :now")
        connection.execute(text(again).bindparams(bindparam("now", type_=UTCDateTime)), came)
    assert len(world.system(counted, world.tenant_id)) == 1, "a place is not kept for who has left"


def test_a_kind_of_service_in_which_few_could_have_asked_is_not_told_nor_the_minute(world):
    seat(world)
    seat(world, "per")
    question_id = ask(world)
    page = read(world, "kari", question_id)
    assert page.asked_at == day_in_norway(world.clock.now())
    for who in ("mona", "nina", "turid"):
        assert page.sector is None
        with world.as_administrator() as connection:
            connection.execute(
                text("UPDATE role_grants SET unit_id = :school WHERE account_id = :who"),
                {"school": world.units["school"].hex, "who": world.accounts[who].hex},
            )
        page = read(world, "kari", question_id)
    assert page.sector is Sector.SCHOOL, "five, and the member of the team is none of them"


def test_sent_twice_it_is_one_and_there_is_an_end_to_a_flood(world):
    seat(world)
    once = uuid.uuid4()
    assert ask(world, submission=once) == ask(world, submission=once)
    for _ in range(MOST_A_DAY - 1):
        ask(world)
    with pytest.raises(RuleBroken) as refused:
        ask(world)
    assert refused.value.code == "consultation.too_many"


def test_only_the_team_answers_only_the_author_goes_on_and_nobody_over_another(world):
    seat(world)
    question_id = ask(world)
    page = read(world, "kari", question_id)
    for who, workflow, more in (
        ("ingrid", consultation.answer, {"words": ADVICE}),
        ("ingrid", consultation.send_back, {}),
        ("kari", consultation.settle, {}),
        ("kari", consultation.rewrite, {"words": PLAIN}),
        ("per", consultation.answer, {"words": ADVICE}),
    ):
        with pytest.raises(NotFound):
            write(world, who, workflow, question_id, **more)
    with pytest.raises(NotFound):
        world.run("kari", consultation.withdraw, question_id=question_id)
    write(world, "kari", consultation.answer, question_id, words=ADVICE)
    with pytest.raises(Conflict):
        world.run(
            "kari",
            consultation.answer,
            question_id=question_id,
            version=page.version,
            words=ADVICE,
        )
