"""What stops sharing besides a withdrawal: who decides changes, a case closes, a role ends."""

import uuid
from datetime import date, timedelta

import pytest

from bti.db.models import (
    BatonOffer,
    Case,
    Consent,
    ConsentAnswer,
    ConsentCell,
    Participant,
    RoleGrant,
)
from bti.domain.codes import ClosingCause, Role
from bti.domain.consent import ConsentStatus, Form
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.guardians import Source
from bti.workflows import account, consent, guardian, level
from tests.integration.workflows.cases import (
    agreed,
    ask,
    compartments,
    guardians,
    holds_together,
    invite,
    log_open,
    log_status,
    new_case,
    offered,
    rows,
    say,
    section,
    statuses,
)

TODAY = date(2026, 9, 1)


def save(world, case_id, name="Tor Berg", person_id=None, *, decides=True):
    page = world.run("ingrid", guardian.guardian_page, case_id=case_id)
    command = guardian.SaveGuardian(
        case_id=case_id,
        version=page.version,
        person_id=person_id,
        name=name,
        relation="father",
        parental_responsibility=decides,
        checked_on=TODAY,
        source=Source.REGISTER,
    )
    return world.run("ingrid", guardian.save_guardian, command=command)


def test_a_new_holder_of_responsibility_stops_what_was_shared_in_the_same_transaction(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    agreed(world, case_id)
    log_open(world, case_id)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    offered(world, case_id, "nina", "pps")
    assert compartments(world, "nina", case_id)

    save(world, case_id)

    assert all(cell.withdrawn_at == world.clock.now() for cell in rows(world, ConsentCell))
    assert all(
        place.revoked_at
        for place in rows(world, Participant, Participant.unit_id == world.units["pps"])
    )
    assert [offer.open_slot for offer in rows(world, BatonOffer)] == [None]
    assert log_status(world, case_id) == "suspended"
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    holds_together(world)


def test_sharing_does_not_begin_again_when_the_change_is_taken_back(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    agreed(world, case_id, "pps")
    tor = save(world, case_id)
    save(world, case_id, person_id=tor, decides=False)
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.NEEDS_RENEWAL
    assert all(cell.withdrawn_at for cell in rows(world, ConsentCell))
    consent_id = ask(world, case_id, unit="pps")
    say(world, case_id, consent_id, guardians(world, case_id)["Maria"])
    assert statuses(world, case_id).invited[0].consent is ConsentStatus.COMPLETE


def test_correcting_a_name_stops_nothing(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    save(world, case_id, name="Tor Bergh", person_id=guardians(world, case_id)["Tor"])
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.COMPLETE
    assert all(cell.withdrawn_at is None for cell in rows(world, ConsentCell))


def test_one_who_came_to_decide_later_may_take_the_consent_back(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    consent_id = agreed(world, case_id, "pps")
    tor = save(world, case_id)
    page = world.run("ingrid", consent.show, case_id=case_id, consent_id=consent_id)
    assert {name for _, name in page.may_take_back} == {"Maria Hansen", "Tor Berg"}
    world.run("ingrid", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=tor)
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.WITHDRAWN


def test_an_answer_is_not_from_before_the_question_nor_noted_by_a_stranger(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    consent_id = ask(world, case_id, unit="pps")
    (maria,) = guardians(world, case_id).values()
    with pytest.raises(RuleBroken, match=r"consent\.answer_before_question"):
        say(world, case_id, consent_id, maria, on=TODAY - timedelta(days=1))
    oral = {"form": Form.ORAL, "present": "Maria, Ingrid"}
    with pytest.raises(RuleBroken, match=r"consent\.not_colleague"):
        say(world, case_id, consent_id, maria, minuted_by=uuid.uuid4(), **oral)
    assert rows(world, ConsentAnswer) == []


def test_a_closed_case_is_shared_with_nobody_and_its_consents_stay_as_records(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    (case,) = rows(world, Case)
    world.run(
        "ingrid",
        level.decide,
        level.Decide(
            case_id=case_id,
            version=case.version,
            to_level=None,
            reason="Det går bra nå.",
            cause=ClosingCause.GOAL_REACHED,
        ),
    )
    assert all(cell.withdrawn_at for cell in rows(world, ConsentCell))
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    assert "core" in compartments(world, "ingrid", case_id)
    (row,) = section(world, case_id).rows
    assert (row.status, row.shares) == (ConsentStatus.NEEDS_RENEWAL, ())
    assert len(rows(world, Consent)) == 1
    holds_together(world)


def test_one_whose_role_ended_does_not_come_back_into_the_case_with_a_new_role(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    nina = world.accounts["nina"]
    (grant,) = rows(world, RoleGrant, RoleGrant.account_id == nina)
    world.system(account.end_role, tenant_id=world.tenant_id, grant_id=grant.id)
    (place,) = rows(world, Participant, Participant.account_id == nina)
    assert place.valid_to == world.clock.now()
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=nina,
        unit_id=world.units["pps"],
        role=Role.STAFF,
    )
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
