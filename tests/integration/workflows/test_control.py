"""The monthly control: made from the log, gone through by somebody else, and signed off."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.crypto.errors import Locked
from bti.db.models import ControlFinding
from bti.domain.approval import StepUpNeeded
from bti.domain.codes import Role
from bti.domain.control import ControlRule
from bti.domain.emergency import ReviewOutcome
from bti.domain.errors import AccessDenied, NotFound, RuleBroken
from bti.domain.guardians import Source
from bti.domain.national_id import made_up
from bti.domain.policy import Action
from bti.workflows import account_person, case, case_file, control, guardian, own_account
from tests.integration.workflows import cases
from tests.world import World, add_person

MONTH = "2026-09"
OCTOBER = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def september(world) -> World:
    """A month in which three things happened that somebody should look at, and much that was fine."""
    return a_month(world)


def a_month(world) -> World:
    add_person(world, "maria", "Maria Hansen", "Assistent", "school", Role.STAFF)
    add_person(world, "tor", "Tor Rarehaug", "Miljøarbeider", "school", Role.STAFF)
    own = cases.new_case(world, "maria", guardians=(("Maria Hansen", True),))
    world.run("maria", case.show_case, case_id=own)
    namesake = cases.new_case(world, "tor", guardians=(("Kari Rarehaug", True),))
    world.run("tor", case.show_case, case_id=namesake)
    for _ in range(3):
        with pytest.raises(AccessDenied):
            world.run("odd", case.show_case, case_id=cases.new_case(world))
    world.clock.set(OCTOBER)
    return world


def made(world):
    return world.system(control.run, tenant_id=world.tenant_id, month=MONTH)


def month(world, who="anne"):
    return world.run(who, control.show_month)


def told(page):
    return [(one.rule, one.name, one.cases) for one in page.findings]


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_own_child_surname_and_tries_are_found_and_shown_without_content(request, engine):
    world = a_month(request.getfixturevalue(engine))
    assert made(world) == 3
    page = month(world)
    assert told(page) == [
        (ControlRule.OWN_CHILD, "Maria Hansen", 1),
        (ControlRule.SAME_SURNAME, "Tor Rarehaug", 1),
        (ControlRule.NO_RELATION, "Odd Ness", 3),
    ]
    shown = world.run("anne", control.show_finding, finding_id=page.findings[2].row_id)
    assert {one.act for one in shown.looks} == {Act.ACCESS_REQUEST_DENY.value}
    assert all(one.refused and one.number for one in shown.looks)
    assert "Jonas" not in repr(shown)
    cases.holds_together(world)


MARIA, ANOTHER, CHILD = (
    made_up(born, range(500, 1000)) for born in (date(2004, 3, 2), date(2005, 1, 9), cases.BORN)
)


def registered(world, case_id, national_id, who="ingrid"):
    """Who the case's one guardian is."""

    def guardian_and_version(context):
        context.verbs.open(case_id, Action.CHANGE_CHILD, entry=Act.CASE_OPEN_READ)
        return case_file.persons(context, case_id)[1], case_file.case_row(context, case_id).version

    known, version = world.run(who, guardian_and_version)
    command = guardian.SaveGuardian(
        case_id=case_id,
        version=version,
        person_id=known.id,
        name=known.name,
        relation=known.relation,
        parental_responsibility=known.parental_responsibility,
        checked_on=known.checked_on,
        source=Source.REGISTER,
        national_id=national_id,
    )
    world.run(who, guardian.save_guardian, command=command)


def parent(world, surname="Hansen"):
    """A teacher whose married name tells nothing, and a case about her child, that she reads."""
    add_person(world, "maria", f"Maria {surname}", "Assistent", "school", Role.STAFF)
    own = cases.new_case(world, "maria", guardians=(("M. Hansen Vik", True),), number=CHILD)
    world.run("maria", case.show_case, case_id=own)
    return own


def known_as(world, who, national_id):
    note(world, "asta", who, national_id)


def note(world, by, who, national_id):
    world.run(
        by,
        account_person.note,
        account_id=world.accounts[who],
        national_id=national_id,
        submission=uuid.uuid4(),
    )


@pytest.mark.parametrize("engine", ["world", "postgres_world"])
def test_own_child_is_found_by_national_id_where_the_names_differ(request, engine):
    world = request.getfixturevalue(engine)
    own = parent(world)
    registered(world, own, MARIA, "maria")
    known_as(world, "maria", MARIA)
    world.clock.set(OCTOBER)
    assert made(world) == 1
    assert told(month(world)) == [(ControlRule.REGISTERED_CHILD, "Maria Hansen", 1)]
    cases.holds_together(world)


def test_a_guardian_registered_in_another_case_about_the_child_counts_too(world):
    parent(world)
    other = cases.new_case(world, "mona", guardians=(("M. Hansen Vik", True),), number=CHILD)
    registered(world, other, MARIA, "mona")
    known_as(world, "maria", MARIA)
    world.clock.set(OCTOBER)
    made(world)
    assert told(month(world)) == [(ControlRule.REGISTERED_CHILD, "Maria Hansen", 1)]


def test_a_namesake_whose_national_id_is_another_is_not_pointed_out(world):
    add_person(world, "maria", "Maria Hansen", "Assistent", "school", Role.STAFF)
    own = cases.new_case(world, "maria", guardians=(("Maria Hansen", True),))
    world.run("maria", case.show_case, case_id=own)
    registered(world, own, ANOTHER, "maria")
    known_as(world, "maria", MARIA)
    world.clock.set(OCTOBER)
    assert made(world) == 0


def test_registering_another_national_id_hides_no_own_child_and_takes_a_proof_of_its_own(world):
    own = parent(world)
    registered(world, own, MARIA, "maria")
    known_as(world, "maria", MARIA)
    with pytest.raises(StepUpNeeded):
        known_as(world, "maria", ANOTHER)
    world.forget("asta")
    known_as(world, "maria", ANOTHER)
    world.clock.set(OCTOBER)
    assert made(world) == 1
    assert told(month(world)) == [(ControlRule.REGISTERED_CHILD, "Maria Hansen", 1)]


def test_a_national_id_edited_in_sql_proves_nobody_a_stranger(world):
    add_person(world, "maria", "Maria Hansen", "Assistent", "school", Role.STAFF)
    own = cases.new_case(world, "maria", guardians=(("Maria Hansen", True),))
    world.run("maria", case.show_case, case_id=own)
    registered(world, own, MARIA, "maria")
    known_as(world, "maria", MARIA)
    with world.as_administrator() as connection:
        connection.execute(text("UPDATE account_persons SET token = :t"), {"t": b"x" * 16})
    world.clock.set(OCTOBER)
    assert made(world) == 1
    assert told(month(world)) == [(ControlRule.OWN_CHILD, "Maria Hansen", 1)]


def test_a_national_id_is_registered_by_who_manages_accounts_and_is_kept_nowhere(world):
    for who in ("ingrid", "siv", "anne"):
        with pytest.raises(AccessDenied):
            note(world, who, "odd", MARIA)
    with pytest.raises(RuleBroken, match=r"national_id\.check_digits"):
        known_as(world, "siv", f"{MARIA[:-1]}{(int(MARIA[-1]) + 1) % 10}")
    known_as(world, "siv", MARIA)
    with world.runtime.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM account_persons")).all()
        everything = "\n".join(connection.connection.iterdump())
    assert len(rows) == 1
    assert MARIA not in everything
    assert world.run("siv", own_account.show).noted == world.clock.now()
    assert world.run("odd", own_account.show).noted is None


def test_it_is_made_once_and_never_before_the_month_is_over(september):
    assert made(september) == made(september) == 3
    with pytest.raises(RuleBroken, match=r"control\.not_over"):
        september.system(control.run, tenant_id=september.tenant_id, month="2026-10")
    with pytest.raises(ValueError, match="month must be"):
        september.system(control.run, tenant_id=september.tenant_id, month="2026-13")


def test_whoever_opens_the_page_has_it_made(september):
    assert month(september).control_id is None
    control.run_if_due(september.runtime.doorway, september.actor("anne"))
    assert len(month(september).findings) == 3
    who = [row[0] for row in september.system(_who_made)]
    assert who == ["system:control"]


def _who_made(context):
    rows = context.session.execute(
        select(AuditEvent.who).where(AuditEvent.act == Act.CONTROL_MONTH_RUN.value)
    )
    return [tuple(row) for row in rows]


def test_a_leader_goes_through_their_own_staff_and_nobody_elses(september):
    made(september)
    assert told(month(september, "siv")) == [
        (ControlRule.OWN_CHILD, "Maria Hansen", 1),
        (ControlRule.SAME_SURNAME, "Tor Rarehaug", 1),
    ]
    odd = month(september).findings[2].row_id
    with pytest.raises(AccessDenied):
        september.run("siv", control.show_finding, finding_id=odd)
    assert not month(september, "siv").may_sign


def test_nobody_goes_through_their_own_and_a_leader_is_gone_through_by_the_officer(world):
    for _ in range(3):
        with pytest.raises(AccessDenied):
            world.run("siv", case.show_case, case_id=cases.new_case(world, "mona"))
    world.clock.set(OCTOBER)
    made(world)
    assert told(month(world, "siv")) == []
    [finding] = month(world).findings
    for workflow, more in (
        (control.show_finding, {}),
        (control.settle_finding, {"outcome": ReviewOutcome.FINE, "found": "Helt greit."}),
    ):
        with pytest.raises(AccessDenied):
            world.run("siv", workflow, finding_id=finding.row_id, **more)


def test_a_month_is_signed_off_when_everything_is_settled(september):
    made(september)
    page = month(september)
    with pytest.raises(RuleBroken, match=r"control\.unsettled"):
        september.run("anne", control.sign_off, control_id=page.control_id)
    outcomes = (ReviewOutcome.BREACH, ReviewOutcome.FINE, ReviewOutcome.ASK)
    for one, outcome in zip(page.findings, outcomes, strict=True):
        september.run(
            "anne", control.settle_finding, finding_id=one.row_id, outcome=outcome, found="Snakket."
        )
    with pytest.raises(RuleBroken, match=r"control\.unsettled"):
        september.run("anne", control.sign_off, control_id=page.control_id)
    september.run(
        "anne",
        control.settle_finding,
        finding_id=page.findings[2].row_id,
        outcome=ReviewOutcome.FINE,
        found="Feil lenke.",
    )
    for who in ("siv", "asta"):
        with pytest.raises(AccessDenied):
            september.run(who, control.sign_off, control_id=page.control_id)
    september.run("anne", control.sign_off, control_id=page.control_id)
    assert month(september).signed_by == "Anne Ruud"
    with pytest.raises(NotFound):
        september.run("anne", control.sign_off, control_id=page.control_id)
    cases.holds_together(september)


def test_what_a_finding_says_is_opened_by_no_key_that_others_hold(september):
    made(september)

    def peek(context):
        context.verbs.subject()
        for row in context.session.scalars(select(ControlFinding)):
            with pytest.raises(Locked):
                assert row.body

    for who in ("ingrid", "asta", "odd"):
        september.run(who, peek)


def test_nobody_signed_in_can_ask_about_kin(september):
    for who in ("anne", "siv", "asta"):
        with pytest.raises(AccessDenied):
            september.run(who, lambda context: context.verbs.kin(september.tenant_id, set()))


def test_a_finding_that_was_changed_in_sql_is_not_read(september):
    made(september)
    with september.runtime.engine.begin() as connection:
        connection.execute(text("UPDATE control_findings SET settled_at = '2026-10-01 00:00:00'"))
    with pytest.raises(AccessDenied, match=r"access\.forged_row"):
        month(september)


def test_looks_of_other_months_are_left_out(world):
    with pytest.raises(AccessDenied):
        world.run("odd", case.show_case, case_id=cases.new_case(world))
    world.clock.set(OCTOBER + timedelta(days=1))
    for _ in range(2):
        with pytest.raises(AccessDenied):
            world.run("odd", case.show_case, case_id=cases.new_case(world))
    assert made(world) == 0
    world.clock.set(datetime(2026, 11, 2, tzinfo=UTC))
    assert world.system(control.run, tenant_id=world.tenant_id, month="2026-10") == 0
