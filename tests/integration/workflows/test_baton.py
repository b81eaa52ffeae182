import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import BatonOffer, Log, Participant
from bti.domain.access import Action
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import baton, consent
from bti.workflows.errors import Conflict, NotFound
from tests.integration.workflows.cases import (
    agreed,
    compartments,
    guardians,
    holder,
    holds_together,
    log_open,
    new_case,
    offered,
    rows,
)
from tests.integration.workflows.test_participant import invite


@pytest.fixture
def case_id(world):
    made = new_case(world)
    log_open(world, made)
    return made


def accept(world, who, case_id, offer_id):
    world.run(who, baton.accept, case_id=case_id, offer_id=offer_id)


def decline(world, who, case_id, offer_id):
    world.run(who, baton.decline, case_id=case_id, offer_id=offer_id, reason="Har ikke tid nå.")


def withdraw(world, who, case_id, offer_id):
    world.run(who, baton.withdraw, case_id=case_id, offer_id=offer_id)


def reassign(world, case_id, to="per", reason="Ingrid er sykmeldt.", who="siv", **more):
    values = {
        "case_id": case_id,
        "to_id": world.accounts[to],
        "to_unit_id": world.units["school"],
        "reason": reason,
        "version": None,
    }
    world.run(who, baton.reassign, **{**values, **more})


def card(world, who, case_id):
    def read(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return baton.card_of(context, opened)

    return world.run(who, read)


def my_offers(world, who):
    def read(context):
        found = baton.offers_to_me(context)
        context.record(Act.CASE_LIST_READ, *(Reference("case", one.case_id) for one in found))
        return found

    return world.run(who, read)


def states(world):
    def read(context):
        context.verbs.subject()
        return [row.meta["state"] for row in context.session.query(BatonOffer)]

    return sorted(world.run("siv", read))


def test_the_holder_keeps_the_baton_until_the_other_has_said_yes(world, case_id):
    offer_id = offered(world, case_id, "per")
    assert holder(world, case_id) == world.accounts["ingrid"]
    accept(world, "per", case_id, offer_id)
    assert holder(world, case_id) == world.accounts["per"]
    assert card(world, "per", case_id).is_me
    assert states(world) == ["accepted"]
    holds_together(world)


def test_the_one_before_goes_on_taking_part_and_is_named(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    log_open(world, case_id)
    accept(world, "nina", case_id, offered(world, case_id, "nina", "pps"))
    assert holder(world, case_id) == world.accounts["nina"]
    accept(world, "per", case_id, offered(world, case_id, "per", who="nina"))
    (place,) = rows(world, Participant, Participant.account_id == world.accounts["nina"])
    assert (place.relation, place.unit_id) == ("participant", world.units["pps"])
    assert place.valid_to is not None
    assert "core" in compartments(world, "nina", case_id)
    assert [one.name for one in card(world, "per", case_id).before] == [
        "Nina Holm",
        "Ingrid Solberg",
    ]
    assert card(world, "nina", case_id).before == ()


def test_a_follower_who_passes_the_baton_gets_no_second_place(world, case_id):
    accept(world, "per", case_id, offered(world, case_id, "per"))
    assert len(rows(world, Participant, Participant.account_id == world.accounts["ingrid"])) == 1


def test_a_no_leaves_the_baton_where_it_is(world, case_id):
    invite(world, case_id, "per", "school")
    offer_id = offered(world, case_id, "per")
    decline(world, "per", case_id, offer_id)
    decline(world, "per", case_id, offer_id)
    assert holder(world, case_id) == world.accounts["ingrid"]
    assert states(world) == ["declined"]
    with pytest.raises(RuleBroken, match=r"baton\.no_offer"):
        accept(world, "per", case_id, offer_id)
    holds_together(world)


def test_an_offer_taken_back_cannot_be_accepted(world, case_id):
    offer_id = offered(world, case_id, "per")
    withdraw(world, "ingrid", case_id, offer_id)
    withdraw(world, "ingrid", case_id, offer_id)
    with pytest.raises(RuleBroken, match=r"baton\.no_offer"):
        accept(world, "per", case_id, offer_id)
    assert holder(world, case_id) == world.accounts["ingrid"]


def test_an_offer_that_nobody_answers_runs_out_and_another_can_be_made(world, case_id):
    offer_id = offered(world, case_id, "per")
    world.clock.advance(timedelta(days=8))
    assert card(world, "ingrid", case_id).offer is None
    with pytest.raises(RuleBroken, match=r"baton\.offer_expired"):
        accept(world, "per", case_id, offer_id)
    accept(world, "siv", case_id, offered(world, case_id, "siv"))
    assert states(world) == ["accepted", "expired"]
    assert holder(world, case_id) == world.accounts["siv"]
    holds_together(world)


def test_one_offer_at_a_time(world, case_id):
    offered(world, case_id, "per")
    with pytest.raises(RuleBroken, match=r"baton\.offer_open"):
        offered(world, case_id, "siv")


def test_the_database_itself_refuses_a_second_open_offer(world, case_id):
    offered(world, case_id, "per")
    columns = (
        "tenant_id, log_id, case_id, from_id, to_id, to_unit_id, open_slot, compartment, "
        "meta_ct, body_ct, version, mac"
    )
    with pytest.raises(IntegrityError, match=r"(?i)unique"), world.as_administrator() as raw:
        raw.execute(
            text(
                f"INSERT INTO baton_offers (id, {columns}) SELECT :id, {columns} FROM baton_offers"
            ),
            {"id": uuid.uuid4().hex},
        )


def test_the_database_itself_refuses_a_log_without_a_holder_and_a_second_log(world, case_id):
    with pytest.raises(IntegrityError, match=r"(?i)not[ -]null"), world.as_administrator() as raw:
        raw.execute(text("UPDATE logs SET holder_id = NULL"))
    columns = "tenant_id, case_id, holder_id, holder_unit_id, version, mac"
    with pytest.raises(IntegrityError, match=r"(?i)unique"), world.as_administrator() as raw:
        raw.execute(
            text(f"INSERT INTO logs (id, {columns}) SELECT :id, {columns} FROM logs"),
            {"id": uuid.uuid4().hex},
        )


def test_only_somebody_whose_service_is_let_in_can_be_asked(world, case_id):
    with pytest.raises(RuleBroken, match=r"baton\.no_consent"):
        offered(world, case_id, "nina", "pps")
    with pytest.raises(RuleBroken, match=r"baton\.not_active"):
        offered(world, case_id, "nina", "school")
    with pytest.raises(RuleBroken, match=r"baton\.to_holder"):
        offered(world, case_id, "ingrid")


def test_only_the_holder_offers_and_only_the_one_asked_answers(world, case_id):
    with pytest.raises(AccessDenied):
        offered(world, case_id, "per", who="siv")
    offer_id = offered(world, case_id, "per")
    for who in ("siv", "kari", "ingrid"):
        with pytest.raises(AccessDenied):
            accept(world, who, case_id, offer_id)
    with pytest.raises(AccessDenied):
        withdraw(world, "per", case_id, offer_id)


def test_consent_that_ends_before_the_yes_stops_it(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps", valid_to=(world.clock.now() + timedelta(days=2)).date())
    log_open(world, case_id)
    offer_id = offered(world, case_id, "nina", "pps")
    world.clock.advance(timedelta(days=3))
    with pytest.raises(RuleBroken, match=r"baton\.no_consent"):
        accept(world, "nina", case_id, offer_id)
    assert holder(world, case_id) == world.accounts["ingrid"]


def test_a_leader_moves_the_baton_with_a_reason_when_the_holder_is_gone(world, case_id):
    offer_id = offered(world, case_id, "siv")
    with pytest.raises(RuleBroken, match=r"baton\.reason_missing"):
        reassign(world, case_id, reason="  ")
    reassign(world, case_id)
    assert holder(world, case_id) == world.accounts["per"]
    assert states(world) == ["reassigned", "withdrawn"]
    with pytest.raises(RuleBroken, match=r"baton\.no_offer"):
        accept(world, "siv", case_id, offer_id)
    assert [one.name for one in card(world, "per", case_id).before] == ["Ingrid Solberg"]
    holds_together(world)


def test_nobody_but_the_leader_moves_the_baton(world, case_id):
    for who in ("ingrid", "per", "hege"):
        with pytest.raises(AccessDenied):
            reassign(world, case_id, to="siv", who=who)


def test_an_old_page_neither_offers_nor_moves(world, case_id):
    with pytest.raises(Conflict):
        reassign(world, case_id, version=99)
    command = baton.OfferBaton(
        case_id=case_id,
        submission=uuid.uuid4(),
        version=99,
        to_id=world.accounts["per"],
        to_unit_id=world.units["school"],
        message="",
    )
    with pytest.raises(Conflict):
        world.run("ingrid", baton.offer, command=command)


def test_a_double_click_is_one_offer_and_one_yes(world, case_id):
    command = baton.OfferBaton(
        case_id=case_id,
        submission=uuid.uuid4(),
        version=None,
        to_id=world.accounts["per"],
        to_unit_id=world.units["school"],
        message="",
    )
    offer_id = world.run("ingrid", baton.offer, command=command)
    assert world.run("ingrid", baton.offer, command=command) == offer_id
    accept(world, "per", case_id, offer_id)
    accept(world, "per", case_id, offer_id)
    assert len(rows(world, BatonOffer)) == 1


def test_there_is_no_baton_before_there_is_a_log(world):
    case_id = new_case(world)
    assert card(world, "ingrid", case_id) is None
    with pytest.raises(NotFound):
        world.run("siv", baton.reassign_page, case_id=case_id)
    with pytest.raises(RuleBroken, match=r"baton\.log_not_active"):
        reassign(world, case_id)


def test_the_worklist_shows_offers_to_me_until_they_run_out(world, case_id):
    invite(world, case_id, "per", "school")
    offer_id = offered(world, case_id, "per")
    (mine,) = my_offers(world, "per")
    assert (mine.offer_id, mine.child, mine.message, mine.from_name) == (
        offer_id,
        "Jonas",
        "Ring mor før møtet.",
        "Ingrid Solberg",
    )
    assert my_offers(world, "siv") == ()
    world.clock.advance(timedelta(days=8))
    assert my_offers(world, "per") == ()


def test_a_holder_whose_service_is_shut_out_is_shown_to_the_leader(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    log_open(world, case_id)
    accept(world, "nina", case_id, offered(world, case_id, "nina", "pps"))
    maria = guardians(world, case_id)["Maria"]
    world.run("siv", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=maria)
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    assert card(world, "siv", case_id).holder_out
    assert len(rows(world, Log)) == 1
    reassign(world, case_id)
    assert not card(world, "per", case_id).holder_out
