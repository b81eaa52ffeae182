"""The key broker believes no row it did not write, and no session that has ended."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.record import Reference
from bti.db.guards import UnauditedReadError
from bti.db.models import Log
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.consent import Scope
from bti.domain.errors import AccessDenied
from bti.identity.tokens import proof_of, token_digest
from bti.workflows import case, duty, own_record, sign_in
from tests.story import Story

FORGED = "access.forged_row"


@pytest.fixture
def story(world):
    """A case at level 2 with PPT brought in."""
    told = Story(world)
    told.wonder()
    told.talk_with_leader()
    told.consent_to(Scope.OPEN_LOG)
    told.open_log()
    told.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
    return told


def sql(world, statement: str, **values) -> None:
    """Change the database behind the program's back."""
    with world.as_administrator() as connection:
        changed = connection.execute(text(statement), values)
        assert changed.rowcount >= 1


def refusals(world) -> list[str]:
    """The leaves of refused acts."""
    with world.looking() as session:
        rows = session.scalars(select(AuditEvent.leaf).where(AuditEvent.dec == "deny"))
        return [leaf.decode() for leaf in rows]


@pytest.mark.parametrize(
    ("statement", "who"),
    [
        ("UPDATE consent_cells SET info_type = 'health' WHERE info_type = 'attendance'", "nina"),
        ("UPDATE consent_cells SET valid_to = '2099-01-01 00:00:00.000000'", "nina"),
        ("UPDATE participants SET valid_to = NULL, unit_id = :unit", "ingrid"),
        ("UPDATE logs SET holder_id = :per", "per"),
        ("UPDATE logs SET holder_id = :per", "ingrid"),
        ("UPDATE role_grants SET role = 'unit_lead' WHERE account_id = :per", "per"),
        ("UPDATE cases SET unit_id = :unit", "ingrid"),
        ("UPDATE accounts SET language = 'nn'", "ingrid"),
        ("UPDATE web_sessions SET account_id = :per WHERE account_id = :kari", "kari"),
        ("UPDATE web_sessions SET expires_at = '2099-01-01 00:00:00.000000'", "ingrid"),
    ],
)
def test_an_authority_row_edited_in_sql_opens_nothing_and_is_reported(world, story, statement, who):
    actor = world.actor(who)
    values = {
        name: value.hex
        for name, value in {
            "per": world.accounts["per"],
            "kari": world.accounts["kari"],
            "unit": world.units["kindergarten"],
        }.items()
        if f":{name}" in statement
    }
    sql(world, statement, **values)
    with pytest.raises(AccessDenied) as refused:
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)
    assert refused.value.rule == FORGED
    assert FORGED in refusals(world)[-1]


def test_a_planted_session_signs_nobody_in(world, story):
    actor = replace(world.actor("per"), proof=b"x" * 32)
    with pytest.raises(AccessDenied) as refused:
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)
    assert refused.value.rule == "access.no_session"


def test_a_session_that_was_ended_opens_nothing_even_for_a_page_already_shown(world, story):
    actor = world.actor("ingrid")
    world.runtime.doorway.perform(sign_in.sign_out, actor)
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(case.show_case, actor, case_id=story.case_id)


@pytest.mark.parametrize("minutes", [121, 25 * 60])
def test_a_session_that_ran_out_keeps_a_draft_and_opens_no_case(world, story, minutes):
    actor = replace(world.actor("ingrid"), ran_out=True)
    world.clock.advance(timedelta(minutes=minutes))
    perform = world.runtime.doorway.perform
    perform(own_record.save_draft, actor, form="concern", fields={"seen": ["kept"]})
    with pytest.raises(AccessDenied):
        perform(case.show_case, actor, case_id=story.case_id)
    assert world.run("ingrid", own_record.load_draft, form="concern").fields["seen"] == ["kept"]


def test_a_session_that_ran_out_long_ago_keeps_nothing(world):
    actor = replace(world.actor("ingrid"), ran_out=True)
    world.clock.advance(timedelta(hours=37))
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(
            own_record.save_draft, actor, form="concern", fields={"seen": ["late"]}
        )


def test_keys_for_a_new_case_are_never_made_in_one_that_exists(world, story):
    def break_in(context):
        context.verbs.new_case(story.case_id, [f"svc:{uuid.uuid4().hex}:health"])

    with pytest.raises(AccessDenied):
        world.run("per", break_in)


def test_a_colleague_without_a_place_in_the_case_is_refused_and_the_refusal_is_logged(world, story):
    with pytest.raises(AccessDenied):
        world.run("per", case.show_case, case_id=story.case_id)
    assert f"case:{story.case_id}" in refusals(world)[-1]


def test_what_the_cell_does_not_cover_has_no_key(world, story):
    def released(context):
        opened = context.verbs.open(story.case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return opened.compartments

    school, pps = world.units["school"].hex, world.units["pps"].hex
    seen = world.run("nina", released)
    assert "core" in seen
    assert f"svc:{school}:measures" not in seen
    assert f"svc:{school}:own" not in seen
    assert all(name == "core" or name.split(":")[1] in {school, pps} for name in seen)


def test_administrators_the_dpo_and_the_archivist_open_no_case(world, story):
    for who in ("asta", "anne", "arne"):
        with pytest.raises(AccessDenied):
            world.run(who, case.show_case, case_id=story.case_id)


def test_a_case_cannot_be_opened_without_an_entry(world, story):
    def peek(context):
        context.verbs.open(story.case_id, Action.READ_CASE, entry=None)

    with pytest.raises(UnauditedReadError):
        world.run("ingrid", peek)


def test_a_list_of_cases_cannot_be_opened_without_an_entry(world, story):
    def peek(context):
        context.verbs.open_core([story.case_id])

    with pytest.raises(UnauditedReadError):
        world.run("ingrid", peek)


def test_an_own_record_moved_to_another_in_sql_stays_closed(world):
    record_id = Story(world).report_danger("per")
    kari = world.actor("kari")
    sql(world, "UPDATE own_records SET account_id = :kari", kari=world.accounts["kari"].hex)
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(duty.show_record, kari, record_id=record_id)


def test_a_password_planted_in_sql_signs_nobody_in(world):
    planted = world.runtime.doorway.passwords.hash("a password of the thief")
    sql(world, "UPDATE accounts SET password_hash = :planted", planted=planted)
    world.clock.advance(timedelta(minutes=5))
    with pytest.raises(AssertionError, match="could not sign in"):
        world.token("ingrid")
    assert any(FORGED in leaf for leaf in refusals(world))


def test_a_session_planted_in_sql_gets_no_right_mac_from_the_program(world):
    per = world.actor("per")
    sql(
        world,
        "UPDATE web_sessions"
        " SET token_hash = :token, last_seen_at = :seen, mac = :mac, version = version + 1",
        token=token_digest("stolen"),
        seen=(world.clock.now() - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S.%f"),
        mac=b"0" * 32,
    )
    found = world.runtime.doorway.perform(sign_in.identify, None, token="stolen")
    assert found is None
    assert any(FORGED in leaf for leaf in refusals(world))
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(own_record.my_drafts, replace(per, proof=proof_of("stolen")))


def test_a_forged_row_is_never_written_again_by_the_program(world, story):
    sql(world, "UPDATE logs SET holder_id = :per", per=world.accounts["per"].hex)

    def write(context):
        context.verbs.subject()
        log = context.session.scalars(select(Log)).one()
        log.holder_unit_id = world.units["health"]
        context.record(Act.BATON_HOLDER_REASSIGN, Reference("case", story.case_id))

    with pytest.raises(AccessDenied) as refused:
        world.run("ingrid", write)
    assert refused.value.rule == FORGED
