"""Many people at once, on a real PostgreSQL with real threads: nothing is lost, nobody is doubled."""

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bti.db.models import BatonOffer, Case, ConsentCell, Entry, Participant
from bti.domain.codes import ConcernCategory, ContactWithGuardians, TalkedWithChild
from bti.domain.consent import Answer, ConsentStatus, Form
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import baton, consent
from bti.workflows.concern import LogConcern, NewChild, Observation, log_concern
from bti.workflows.errors import Conflict
from tests.integration.workflows.cases import (
    BORN,
    agreed,
    ask,
    guardians,
    holder,
    holds_together,
    log_open,
    new_case,
    offered,
    rows,
)

OBSERVATION = Observation(
    seen="Barnet er trist.",
    categories=(ConcernCategory.SOCIAL,),
    talked_with_child=TalkedWithChild.NOT_YET,
    contact_with_guardians=ContactWithGuardians.NOT_YET,
)
REFUSED = (Conflict, RuleBroken, AccessDenied)
WRITERS = 16
CONCERNS = 1000


def at_once(world, *acts):
    """Run the acts (who, workflow, arguments) from the same instant; returns each outcome."""
    actors = [world.actor(who) for who, _, _ in acts]
    gate = threading.Barrier(len(acts))

    def run(actor, workflow, arguments):
        gate.wait()
        try:
            return world.runtime.doorway.perform(workflow, actor, **arguments) or "done"
        except REFUSED as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        waiting = [
            pool.submit(run, actor, workflow, arguments)
            for actor, (_, workflow, arguments) in zip(actors, acts, strict=True)
        ]
        return [one.result() for one in waiting]


def won(outcomes):
    return [one for one in outcomes if not isinstance(one, Exception)]


def a_log(world):
    case_id = new_case(world)
    log_open(world, case_id)
    return case_id


def an_offer(world, case_id, to, submission=None):
    command = baton.OfferBaton(
        case_id=case_id,
        submission=submission or uuid.uuid4(),
        version=None,
        to_id=world.accounts[to],
        to_unit_id=world.units["school"],
        message="",
    )
    return ("ingrid", baton.offer, {"command": command})


def a_move(world, case_id, to):
    return (
        "siv",
        baton.reassign,
        {
            "case_id": case_id,
            "to_id": world.accounts[to],
            "to_unit_id": world.units["school"],
            "reason": "Sykmeldt.",
            "version": None,
        },
    )


def a_yes(case_id, offer_id, who="per"):
    return (who, baton.accept, {"case_id": case_id, "offer_id": offer_id})


def a_taking_back(case_id, offer_id):
    return ("ingrid", baton.withdraw, {"case_id": case_id, "offer_id": offer_id})


@pytest.mark.parametrize("turn", range(3))
def test_of_a_yes_and_a_taking_back_one_wins(postgres_world, turn):
    world = postgres_world
    case_id = a_log(world)
    offer_id = offered(world, case_id, "per")
    yes, back = at_once(world, a_yes(case_id, offer_id), a_taking_back(case_id, offer_id))
    assert len(won([yes, back])) == 1
    lost = back if yes == "done" else yes
    assert isinstance(lost, Conflict | RuleBroken)
    expected = "per" if yes == "done" else "ingrid"
    assert holder(world, case_id) == world.accounts[expected]
    holds_together(world)


@pytest.mark.parametrize("turn", range(3))
def test_of_a_yes_and_a_leaders_move_there_is_one_holder(postgres_world, turn):
    world = postgres_world
    case_id = a_log(world)
    offer_id = offered(world, case_id, "per")
    yes, moved = at_once(world, a_yes(case_id, offer_id), a_move(world, case_id, "siv"))
    # The leader may move a baton that has just been taken; then both happened, one after another.
    assert moved == "done"
    assert yes == "done" or isinstance(yes, Conflict | RuleBroken)
    assert holder(world, case_id) == world.accounts["siv"]
    assert [row for row in rows(world, BatonOffer) if row.open_slot] == []
    holds_together(world)


def test_two_offers_at_once_become_one(postgres_world):
    world = postgres_world
    case_id = a_log(world)
    outcomes = at_once(world, an_offer(world, case_id, "per"), an_offer(world, case_id, "siv"))
    assert len(won(outcomes)) == 1
    assert [type(one) for one in outcomes if isinstance(one, Exception)] == [RuleBroken]
    assert len(rows(world, BatonOffer)) == 1
    assert holder(world, case_id) == world.accounts["ingrid"]


def test_a_double_click_on_an_offer_and_on_a_yes_happens_once(postgres_world):
    world = postgres_world
    case_id = a_log(world)
    sent = uuid.uuid4()
    offers = at_once(world, *[an_offer(world, case_id, "per", sent)] * 4)
    assert len(set(offers)) == 1
    outcomes = at_once(world, *[a_yes(case_id, offers[0])] * 4)
    assert outcomes == ["done"] * 4
    assert len(rows(world, BatonOffer)) == 1
    assert holder(world, case_id) == world.accounts["per"]
    holds_together(world)


def test_five_who_pull_at_the_baton_leave_it_with_one(postgres_world):
    world = postgres_world
    case_id = a_log(world)
    offer_id = offered(world, case_id, "per")
    at_once(
        world,
        a_yes(case_id, offer_id),
        a_yes(case_id, offer_id),
        a_taking_back(case_id, offer_id),
        a_move(world, case_id, "siv"),
        ("per", baton.decline, {"case_id": case_id, "offer_id": offer_id, "reason": ""}),
    )
    assert holder(world, case_id) in {world.accounts["per"], world.accounts["siv"]}
    places = Counter(
        row.account_id for row in rows(world, Participant, Participant.case_id == case_id)
    )
    assert set(places.values()) == {1}
    holds_together(world)


def test_two_last_answers_at_once_open_the_cells_once(postgres_world):
    world = postgres_world
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps")
    outcomes = at_once(
        world,
        *(
            (
                who,
                consent.answer,
                {
                    "command": consent.RecordAnswer(
                        case_id=case_id,
                        consent_id=consent_id,
                        person_id=person_id,
                        submission=uuid.uuid4(),
                        answer=Answer.YES,
                        form=Form.PAPER,
                        on=world.clock.now().date(),
                    )
                },
            )
            for who, person_id in zip(
                ("ingrid", "siv"), guardians(world, case_id).values(), strict=True
            )
        ),
    )
    assert set(outcomes) == {ConsentStatus.ASKED, ConsentStatus.COMPLETE}
    assert len(rows(world, ConsentCell)) == 2
    holds_together(world)


def test_a_yes_never_slips_past_a_withdrawal(postgres_world):
    world = postgres_world
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    log_open(world, case_id)
    offer_id = offered(world, case_id, "nina", "pps")
    tor = guardians(world, case_id)["Tor"]
    yes, back = at_once(
        world,
        a_yes(case_id, offer_id, "nina"),
        (
            "siv",
            consent.withdraw,
            {"case_id": case_id, "consent_id": consent_id, "person_id": tor},
        ),
    )
    assert isinstance(back, uuid.UUID), back  # the receipt
    expected = "nina" if yes == "done" else "ingrid"
    assert holder(world, case_id) == world.accounts[expected]
    assert all(cell.withdrawn_at is not None for cell in rows(world, ConsentCell))
    holds_together(world)


def test_sixteen_writers_log_a_thousand_concerns_and_lose_none(postgres_world):
    world = postgres_world
    people = [world.actor(who) for who in ("ingrid", "per", "kari", "mona", "nina", "odd")]
    gate = threading.Barrier(WRITERS)

    def write(number):
        gate.wait()
        made = []
        for turn in range(number, CONCERNS, WRITERS):
            # Each person writes at two or three machines at once, as in a staff room.
            actor = people[number % len(people)]
            command = LogConcern(
                submission=uuid.uuid4(),
                child=NewChild(name=f"Test Barn {turn}", birth_date=BORN),
                observation=OBSERVATION,
            )
            logged = world.runtime.doorway.perform(log_concern, actor, command=command)
            made.append(logged.case_id)
        return made

    with ThreadPoolExecutor(WRITERS) as pool:
        written = [case for made in pool.map(write, range(WRITERS)) for case in made]

    cases = rows(world, Case)
    assert len(set(written)) == CONCERNS
    assert {case.id for case in cases} == set(written)
    assert len({case.number for case in cases}) == CONCERNS
    assert len(rows(world, Entry)) == CONCERNS
    holds_together(world)


def test_postgresql_itself_refuses_a_second_open_offer_and_a_log_without_a_holder(postgres_world):
    world = postgres_world
    offered(world, a_log(world), "per")
    columns = (
        "tenant_id, log_id, case_id, from_id, to_id, to_unit_id, open_slot, compartment, "
        "meta_ct, body_ct, version, mac"
    )
    second = f"INSERT INTO baton_offers (id, {columns}) SELECT :id, {columns} FROM baton_offers"
    for statement, name in (
        (second, "uq_baton_offers_one_open"),
        ("UPDATE logs SET holder_id = NULL WHERE :id IS NOT NULL", "holder_id"),
    ):
        with pytest.raises(IntegrityError, match=name), world.as_administrator() as raw:
            raw.execute(text(statement), {"id": uuid.uuid4()})
