"""Correction, protection, meetings, departures, lost phones and the officer's desk in a browser, with axe."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from bti.domain.consent import Scope
from bti.domain.national_id import made_up
from tests.approvals import freshly
from tests.browser.journeys import desk, meeting, people
from tests.browser.visitor import nb
from tests.integration.workflows.cases import new_case
from tests.integration.workflows.test_guardian import save
from tests.story import Story

if TYPE_CHECKING:
    import uuid

    from tests.browser.visitor import House


@pytest.fixture
def phone(house: House) -> House:
    """The site for a telephone, where a page has least room."""
    house.width = 390
    return house


@pytest.fixture
def story(phone: House) -> Story:
    """A case with an open log."""
    told = Story(phone.world)
    told.wonder()
    told.talk_with_leader()
    told.consent_to(Scope.OPEN_LOG)
    told.open_log()
    return told


def test_something_is_corrected_and_what_stood_stays(phone: House, story: Story):
    ingrid = phone.visitor("ingrid").visit(f"/cases/{story.case_id}")
    ingrid.follow(nb("Correct"))
    ingrid.send(nb("Put it beside"), 422)
    ingrid.choose(stance="correction").fill(text="Det var fem dager.", why="Feil i listen.")
    ingrid.send(nb("Put it beside")).sees(nb("Corrected"), "Det var fem dager.")
    other = new_case(phone.world, guardians=(("Maria Hansen", True),))
    save(phone.world, other, name="Maria Vik")
    ingrid.visit(f"/cases/{other}").sees(nb("%(name)s: what stood before", name="Maria Vik"))
    ingrid.follow(nb("Who has seen")).sees(nb("Your own look-ups are left out."))


def test_an_address_is_protected_and_the_leader_says_who_may_open(phone: House, story: Story):
    address = f"/cases/{story.case_id}/protection"
    ingrid = (
        phone.visitor("ingrid").visit(f"/cases/{story.case_id}").follow(nb("Protect an address"))
    )
    ingrid.send(nb("Protect the case"), 422)
    ingrid.choose(grade="confidential", of="child")
    ingrid.fill(until=(phone.today + timedelta(days=200)).isoformat()).send(nb("Protect the case"))
    ingrid.visit(address)
    freshly(phone.world, "siv")
    siv = phone.visitor("siv").visit(f"{address}/readers")
    siv.page.locator('main [name="readers"]').first.check()
    siv.send(nb("Save who may open it"))


def test_a_meeting_becomes_a_measure_and_the_family_gets_its_copy(phone: House, story: Story):
    case = f"/cases/{story.case_id}"
    ingrid = phone.visitor("ingrid")
    meeting.plan(ingrid, case, phone.today)
    meeting.agree(ingrid, "Fast voksen i gangen", phone.today)
    meeting.make_measure(ingrid, phone.today)
    ingrid.visit(f"{case}/family").follow(nb("Decide"))
    ingrid.choose(access="full").fill(reason="Vi har snakket om det.").send(nb("Save"))
    ingrid.follow(nb("Make a copy")).choose(shape="paper").send(nb("Make the copy"))
    ingrid.sees("Fast voksen i gangen")
    phone.visitor("siv").visit("/follow-up").sees(nb("No date has passed"))


def test_a_lost_phone_takes_two_and_each_sees_one_half(phone: House):
    per: uuid.UUID = phone.world.accounts["per"]
    freshly(phone.world, "asta")
    asta = phone.visitor("asta")
    people.register(asta, str(per), made_up(date(2004, 3, 2), range(500, 1000)))
    approval = people.ask_for_a_reset(asta, str(per))
    freshly(phone.world, "siv")
    siv = phone.visitor("siv")
    people.say_yes(siv, approval, "Per Dahl")
    people.show_both_halves(asta, siv, approval, "Per Dahl")


def test_somebody_leaves_and_everybody_sees_what_is_in_hand(phone: House, story: Story):
    ingrid: uuid.UUID = phone.world.accounts["ingrid"]
    day = phone.today + timedelta(days=20)
    freshly(phone.world, "asta")
    people.plan_a_last_day(phone.visitor("asta"), str(ingrid), day)
    phone.visitor("ingrid").visit("/leaving").sees(nb("Before you leave"))
    phone.visitor("siv").visit("/leaving/unit").sees("Ingrid Solberg")


def test_the_officer_reads_the_log_answers_and_records(phone: House, story: Story):
    freshly(phone.world, "anne")
    anne = phone.visitor("anne")
    desk.read_the_log(anne, "Ingrid Solberg")
    desk.ask_for_a_file(anne)
    desk.answer_a_request(anne, story.page().number, phone.today)
    desk.record_a_breach(anne, phone.today)


def test_rules_are_written_read_by_a_colleague_and_published(phone: House):
    freshly(phone.world, "asta")
    asta = phone.visitor("asta").visit("/rules/phones")
    wrong = {"rule.phones.police.number": " "}
    asta.fill(**wrong).send(nb("Save")).sees(nb("Saved, but it cannot be used yet"))
    asta.fill(**{"rule.phones.police.number": "02800"}).send(nb("Save")).visit("/rules")
    begins = (phone.today + timedelta(days=1)).isoformat()
    asta.fill(title="Vedtak 7/26", place="punkt 2", valid_from=begins).send(nb("Save"))
    asta.sees("02800").fill(reason="Vedtatt").send(nb("Ask a colleague"))
    freshly(phone.world, "anne")
    anne = phone.visitor("anne").visit("/approvals").follow(nb("Look and answer"))
    approval = anne.page.url
    anne.follow(nb("See everything that changes")).sees("112", "02800", "Vedtak 7/26")
    anne.visit(approval).send(nb("Approve"))
    asta.visit(approval).send(nb("Publish")).sees("own/1")
