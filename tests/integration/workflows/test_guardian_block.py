"""A guardian who is kept out: by whoever keeps the case, until the leader lifts it, and above everything else."""

from datetime import timedelta

import pytest

from bti.domain.access import Action
from bti.domain.codes import GuardianAccess
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.guardians import BlockReason
from bti.workflows import family, family_copy, guardian_block, insight, meeting_page
from bti.workflows.errors import Conflict, NotFound
from tests.approvals import freshly
from tests.integration.workflows import cases


@pytest.fixture
def case_id(world):
    return cases.new_case(world)


@pytest.fixture
def tor(world, case_id):
    return cases.guardians(world, case_id)["Tor"]


def kept_out(world, case_id, person_id, who="ingrid", **more):
    values = {
        "case_id": case_id,
        "version": None,
        "person_id": person_id,
        "why": BlockReason.COURT,
        "reason": "Kjennelse av 3. august, i mappa.",
    }
    command = guardian_block.BlockGuardian(**{**values, **more})
    world.run(who, guardian_block.block, command=command)


def lift(world, case_id, person_id, who="siv", **more):
    values = {"case_id": case_id, "person_id": person_id, "reason": "Opphevet.", "version": None}
    world.run(who, guardian_block.lift, **{**values, **more})


def judged(world, case_id, person_id, access=GuardianAccess.FULL):
    command = family.Judge(
        case_id=case_id,
        version=None,
        person_id=person_id,
        submission=None,
        access=access,
        kinds=frozenset(),
        reason="Har foreldreansvar.",
    )
    world.run("ingrid", family.judge, command)


def member(world, case_id, person_id):
    return world.run("ingrid", family.family_page, case_id=case_id).member(person_id)


def invited(world, case_id):
    page = world.run("ingrid", meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE)
    return {one.name for one in page.people}


def test_who_is_kept_out_gets_no_copy_and_no_invitation_whatever_was_decided(world, case_id, tor):
    judged(world, case_id, tor)
    assert member(world, case_id, tor).may_copy
    kept_out(world, case_id, tor)
    assert not member(world, case_id, tor).may_copy
    with pytest.raises(RuleBroken, match=r"family\.blocked"):
        world.run("ingrid", family_copy.preview, case_id=case_id, person_id=tor)
    with pytest.raises(RuleBroken, match=r"family\.blocked"):
        judged(world, case_id, tor)
    judged(world, case_id, tor, GuardianAccess.NONE)
    assert "Tor Berg" not in invited(world, case_id)
    assert "Maria Hansen" in invited(world, case_id)
    # The list of who has seen the case reaches the guardians: it is not there.
    listed = world.run("ingrid", insight.case_accesses, case_id, whole=True).rows
    assert not [one for one in listed if one.action.startswith("guardian:")]
    cases.holds_together(world)


def test_the_leader_lifts_it_freshly_proven_and_nothing_opens_by_itself(world, case_id, tor):
    judged(world, case_id, tor, GuardianAccess.NONE)
    kept_out(world, case_id, tor)
    with pytest.raises(RuleBroken, match=r"guardian\.blocked_already"):
        kept_out(world, case_id, tor)
    with pytest.raises(AccessDenied):
        lift(world, case_id, tor, who="ingrid")
    world.actor("siv")
    world.clock.advance(timedelta(minutes=20))
    with pytest.raises(AccessDenied) as refused:
        lift(world, case_id, tor)
    assert refused.value.rule == "access.stale_factor"
    page = world.run("siv", guardian_block.block_page, case_id=case_id, person_id=tor)
    assert (page.may_lift, page.by) == (True, "Ingrid Solberg")
    freshly(world, "siv")
    with pytest.raises(RuleBroken, match=r"guardian\.no_reason"):
        lift(world, case_id, tor, reason=" ")
    lift(world, case_id, tor)
    with pytest.raises(RuleBroken, match=r"guardian\.not_blocked"):
        lift(world, case_id, tor)
    assert not member(world, case_id, tor).may_copy
    # It can be put again, and what stood is kept.
    kept_out(world, case_id, tor, why=BlockReason.CONTACT_BAN)
    cases.holds_together(world)


def test_an_old_form_is_a_conflict_and_a_stranger_is_nobody(world, case_id, tor):
    page = world.run("ingrid", guardian_block.block_page, case_id=case_id, person_id=tor)
    kept_out(world, case_id, cases.guardians(world, case_id)["Maria"])
    with pytest.raises(Conflict):
        kept_out(world, case_id, tor, version=page.version)
    other = cases.guardians(world, cases.new_case(world))["Tor"]
    with pytest.raises(NotFound):
        kept_out(world, case_id, other)
