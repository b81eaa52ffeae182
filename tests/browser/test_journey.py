"""One child's case from the first wonder to the team and back, as the people who do it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.browser.journeys import case as log
from tests.browser.journeys import concern, consent, insight, team
from tests.browser.visitor import House, nb, sign_in

MARIA, TOR = concern.GUARDIANS
NOT_SHARED = "Han strever med brøk og lesing."


@pytest.mark.timeout(400)
def test_a_case_travels_from_wonder_to_the_team_and_back(house_each_way: House):
    house = house_each_way
    case = _wonder(house)
    _one_service(house, case)
    shared = _several_services(house, case)
    _team(house, case)
    _taken_back(house, case, shared)
    _close_and_open_again(house, case)
    _insight(house, case)


def _wonder(house: House) -> str:
    ingrid = sign_in(house, "ingrid")
    concern.start(ingrid)
    concern.search(ingrid)
    concern.come_back(ingrid)
    concern.describe(ingrid)
    case = concern.save(ingrid)
    concern.talk_with_leader(ingrid, case)
    concern.do_a_step(ingrid)
    house.visitor("kari").visit(case, 404)
    return case


def _one_service(house: House, case: str) -> None:
    ingrid, per = house.visitor("ingrid"), house.visitor("per")
    asked = consent.ask(ingrid, case)
    consent.read_text(ingrid, asked)
    consent.answer_yes(ingrid, asked, MARIA, TOR)
    log.open_log(ingrid, case)
    log.offer_baton(ingrid, case, "Per Dahl")
    log.answer_baton(per, case, "yes")
    ingrid.visit(case).sees(
        nb("%(name)s has the baton until someone else has said yes.", name="Per Dahl")
    )


def _several_services(house: House, case: str) -> str:
    per = house.visitor("per")
    asked = consent.ask(per, case, "PP-tjenesten", ("attendance", "measures"))
    consent.answer_yes(per, asked, MARIA, TOR)
    consent.let_in(per, case, "Nina Holm")
    log.write_note(per, case, "learning", NOT_SHARED)
    nina = house.visitor("nina").visit(case)
    nina.sees(log.GOAL, log.MEASURE).does_not_see(concern.SEEN, NOT_SHARED)
    _evaluated(house, "per", case)
    log.decide(house.visitor("per"), case, "2")
    _evaluated(house, "per", case)
    return asked


def _evaluated(house: House, who: str, case: str, decision: str = "continue") -> None:
    house.days_pass(40)
    visitor = house.visitor(who).visit("/worklist").sees(nb("Evaluate the measures"))
    log.evaluate(visitor, case, house.today, house.today + timedelta(days=42), decision)


def _team(house: House, case: str) -> None:
    per = house.visitor("per")
    asked = consent.ask(per, case, "Oppvekstteamet", ("attendance", "measures"))
    consent.answer_yes(per, asked, MARIA, TOR)
    team.bring(per, case)
    hege = house.visitor("hege")
    team.take(hege, case, concern.CHILD)
    team.record_rights(hege, case)
    team.appoint(hege, case, "Turid Moe")
    per.visit(case).sees(nb("You have the baton until someone else has said yes."))
    log.answer_baton(house.visitor("turid"), case, "yes")


def _taken_back(house: House, case: str, shared: str) -> None:
    nina = house.visitor("nina").visit(case)
    consent.take_back(house.visitor("ingrid"), shared)
    # Her session goes on; it is the very next page that is closed.
    nina.visit(case, 404)
    nina.visit("/worklist").does_not_see(concern.CHILD)


def _close_and_open_again(house: House, case: str) -> None:
    _evaluated(house, "turid", case, "close")
    turid = house.visitor("turid")
    log.decide(turid, case, "close", "goal_reached", loses_it=True)
    turid.does_not_see(concern.CHILD).visit(case, 404)
    siv = house.visitor("siv").visit(case).sees(nb("The case is closed"))
    log.decide(siv, case, "0")
    siv.does_not_see(nb("The case is closed"))


def _insight(house: House, case: str) -> None:
    siv = house.visitor("siv")
    insight.who_has_seen(siv, case, "Ingrid Solberg", "Nina Holm", "Turid Moe")
    number = re.search(r"\d{4}-\d{4}", siv.text)[0]
    anne = house.visitor("anne")
    insight.search(anne, number, "Nina Holm")
    insight.check(anne)
    anne.does_not_see(concern.CHILD).visit(case, 404)
