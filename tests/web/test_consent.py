import uuid
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bti.db.models import Consent, ConsentAnswer, ConsentCell, Participant, Person
from tests.integration.workflows.cases import agreed, ask, guardians, new_case, rows
from tests.web.sharing_site import site
from tests.web.small_site import client_for


@pytest.fixture
def app(world):
    return site(world)


@pytest.fixture
def ingrid(world, app):
    return client_for(world, app, "ingrid")


@pytest.fixture
def case_id(world):
    return new_case(world)


def asking(world, **more):
    return {
        "scope": "bring_in_service",
        "to_unit": str(world.units["pps"]),
        "info_types": ["attendance", "measures"],
        "direction": "both",
        "purpose": "So that they can advise us.",
        "valid_to": "2027-03-31",
        "language": "nn",
        "heard": "yes",
        "heard_on": "2026-09-01",
        "method": "conversation",
        "words": "Det er greit.",
        "weight": "Mye.",
        "kept": "nothing",
        **more,
    }


def start(client, address):
    page = client.get(address)
    return page.form(address)


def put_question(world, client, case_id, **more):
    address = f"/cases/{case_id}/consent/ask"
    hidden = start(client, address)
    return client.post(address, {**hidden, **asking(world, **more)})


def test_from_question_to_shared_in_three_forms(world, ingrid, case_id):
    page = ingrid.follow(put_question(world, ingrid, case_id))
    assert page.heading == "Consent: PP-tjenesten"
    assert "Waiting for Maria, Tor" in page.text
    (question,) = rows(world, Consent)
    for name, person_id in guardians(world, case_id).items():
        address = f"/cases/{case_id}/consent/{question.id}/answer/{person_id}"
        hidden = start(ingrid, address)
        page = ingrid.post(address, {**hidden, "answer": "yes", "form": "paper"})
        assert ingrid.follow(page).status == 200, name
    page = ingrid.get(f"/cases/{case_id}")
    assert "In place" in page.text
    assert "Maria, Tor" in page.text
    assert "Attendance, goals and measures with evaluations" in page.text
    assert len(rows(world, ConsentCell)) == 4


def test_the_family_reads_its_own_text_whole_and_others_as_a_help(world, ingrid, case_id):
    put_question(world, ingrid, case_id)
    (question,) = rows(world, Consent)
    address = f"/cases/{case_id}/consent/{question.id}/text"
    own = ingrid.get(address)
    assert own.dom.get("lang") == "nn"
    assert "Lindvik ungdomsskole" in own.heading
    assert "PP-tjenesten" in own.heading
    assert "So that they can advise us." in own.text
    english = ingrid.get(f"{address}?language=en")
    assert english.dom.get("lang") == "en"
    assert english.heading == "Can Lindvik ungdomsskole work together with PP-tjenesten?"
    assert "a translation to help you read" in english.text
    assert ingrid.get(f"{address}?language=xx").status == 404


def test_what_was_typed_stays_when_something_is_missing(world, ingrid, case_id):
    page = put_question(world, ingrid, case_id, to_unit="", heard="no", not_heard="", method="")
    assert page.status == 422
    assert "This needs to be put right" in page.text
    assert "So that they can advise us." in page.text
    assert rows(world, Consent) == []


def test_a_rule_that_says_no_is_explained_on_the_form(world, ingrid, case_id):
    page = put_question(world, ingrid, case_id, heard="")
    assert page.status == 422
    assert "Write how the child was heard, or why not." in page.text
    assert rows(world, Consent) == []


def test_a_partial_yes_and_an_oral_one_are_asked_for_what_they_need(world, ingrid, case_id):
    consent_id = ask(world, case_id, unit="pps")
    maria = guardians(world, case_id)["Maria"]
    address = f"/cases/{case_id}/consent/{consent_id}/answer/{maria}"
    hidden = start(ingrid, address)
    partly = ingrid.post(address, {**hidden, "answer": "partly", "form": "paper"})
    assert (partly.status, "Choose what the person said yes to." in partly.text) == (422, True)
    oral = ingrid.post(address, {**hidden, "answer": "yes", "form": "oral"})
    assert (oral.status, "write who was present" in oral.text) == (422, True)
    assert rows(world, ConsentAnswer) == []


def test_taking_back_is_one_page_and_one_button(world, ingrid, case_id):
    consent_id = agreed(world, case_id, "pps")
    address = f"/cases/{case_id}/consent/{consent_id}/withdraw"
    assert ingrid.get(f"/cases/{case_id}/consent/{consent_id}").all("a", href=address)
    hidden = start(ingrid, address)
    maria = guardians(world, case_id)["Maria"]
    page = ingrid.follow(ingrid.post(address, {**hidden, "person": str(maria)}))
    assert "The sharing has stopped." in page.text
    assert "Attendance: Lindvik ungdomsskole no longer tells PP-tjenesten." in page.text
    assert "Taken back" in page.text
    assert all(cell.withdrawn_at for cell in rows(world, ConsentCell))


def test_one_flow_alone_is_taken_back_by_the_same_button(world, ingrid, case_id):
    consent_id = agreed(world, case_id, "pps")
    address = f"/cases/{case_id}/consent/{consent_id}/withdraw"
    hidden = start(ingrid, address)
    maria = guardians(world, case_id)["Maria"]
    sent = {**hidden, "person": str(maria), "cells": ["attendance:in"]}
    page = ingrid.follow(ingrid.post(address, sent))
    assert "Attendance: PP-tjenesten no longer tells Lindvik ungdomsskole." in page.text
    assert page.all("a", href=address)
    assert [bool(cell.withdrawn_at) for cell in rows(world, ConsentCell)].count(True) == 1


def test_an_answer_that_comes_too_late_says_so_and_is_kept(world, app, case_id):
    consent_id = ask(world, case_id, unit="pps", valid_to=date(2026, 10, 1))
    world.clock.advance(timedelta(days=40))
    ingrid = client_for(world, app, "ingrid")
    maria = guardians(world, case_id)["Maria"]
    address = f"/cases/{case_id}/consent/{consent_id}/answer/{maria}"
    assert "This question is over" in ingrid.get(address).text
    hidden = start(ingrid, address)
    page = ingrid.post(address, {**hidden, "answer": "yes", "form": "paper", "on": "2026-09-20"})
    assert "It came after the question was over, so it opens nothing." in ingrid.follow(page).text
    assert len(rows(world, ConsentAnswer)) == 1


def test_the_page_says_for_each_person_why_they_must_answer(world, ingrid, case_id):
    consent_id = ask(world, case_id, unit="pps")
    text = ingrid.get(f"/cases/{case_id}/consent/{consent_id}").text
    assert "Whoever has parental responsibility decides for the child." in text
    assert "The child is heard first:" in text


def test_one_who_writes_down_the_withdrawal_of_their_own_service_is_led_out(world, app, case_id):
    consent_id = agreed(world, case_id, "pps")
    invite(world, client_for(world, app, "ingrid"), case_id, "nina", "pps")
    nina = client_for(world, app, "nina")
    address = f"/cases/{case_id}/consent/{consent_id}/withdraw"
    hidden = start(nina, address)
    tor = guardians(world, case_id)["Tor"]
    page = nina.post(address, {**hidden, "person": str(tor)})
    assert page.response.headers["Location"] == "/my-day"
    assert nina.get(f"/cases/{case_id}").status == 404


def invite(world, client, case_id, who, unit):
    address = f"/cases/{case_id}/consent/people"
    hidden = start(client, address)
    chosen = f"{world.accounts[who]}:{world.units[unit]}"
    return client.post(address, {**hidden, "person": chosen})


def test_letting_somebody_in_and_out_again(world, app, ingrid, case_id):
    agreed(world, case_id, "pps")
    assert invite(world, ingrid, case_id, "nina", "pps").status == 303
    assert client_for(world, app, "nina").get(f"/cases/{case_id}").status == 200
    (place,) = rows(world, Participant, Participant.account_id == world.accounts["nina"])
    ingrid.get(f"/cases/{case_id}/consent/people")
    page = ingrid.follow(ingrid.post(f"/cases/{case_id}/consent/people/{place.id}/end"))
    assert "Nina Holm" not in page.text.split("Who will take part?")[0]
    assert client_for(world, app, "nina").get(f"/cases/{case_id}").status == 404


def test_one_who_was_not_offered_cannot_be_let_in_by_a_made_up_choice(world, ingrid, case_id):
    page = invite(world, ingrid, case_id, "kari", "health")
    assert page.status == 422
    assert len(rows(world, Participant)) == 1


def test_another_service_is_not_named_to_one_who_was_brought_in(world, app, ingrid, case_id):
    agreed(world, case_id, "pps")
    hidden = agreed(world, case_id, "child_welfare")
    invite(world, ingrid, case_id, "nina", "pps")
    nina = client_for(world, app, "nina")
    page = nina.get(f"/cases/{case_id}")
    assert "Another service" in page.text
    assert "Barnevernstjenesten" not in page.text
    assert nina.get(f"/cases/{case_id}/consent/{hidden}").status == 404


def test_a_guardian_is_added_and_corrected(world, ingrid):
    case_id = new_case(world, guardians=())
    address = f"/cases/{case_id}/consent/guardians/new"
    typed = {"name": "Maria Hansen", "relation": "mother", "parental_responsibility": "y"}
    hidden = start(ingrid, address)
    unchecked = ingrid.post(address, {**hidden, **typed})
    assert "Write which day parental responsibility was checked." in unchecked.text
    page = ingrid.post(
        address, {**hidden, **typed, "checked_on": "2026-08-20", "source": "document"}
    )
    assert (
        "decides, checked 20\u00a0August\u00a02026".replace("\u00a0", " ")
        in ingrid.follow(page).text
    )
    (maria,) = guardians(world, case_id).values()
    address = f"/cases/{case_id}/consent/guardians/{maria}"
    hidden = start(ingrid, address)
    assert hidden["name"] == "Maria Hansen"
    hidden.pop("parental_responsibility")
    assert "does not decide" in ingrid.follow(ingrid.post(address, hidden)).text
    assert len(rows(world, Person)) == 2
    told = "Until 1 September 2026: Maria Hansen, Mother, decides, checked 20 August 2026"
    page = ingrid.get(address)
    assert told in page.text
    assert "Changed by Ingrid Solberg" in page.text


def test_an_old_form_is_a_conflict_and_keeps_what_was_typed(world, ingrid, case_id):
    address = f"/cases/{case_id}/consent/ask"
    hidden = start(ingrid, address)
    agreed(world, case_id, "health")
    page = ingrid.post(address, {**hidden, **asking(world)})
    assert page.status == 409
    assert "So that they can advise us." in page.text


@pytest.mark.parametrize(
    "path",
    ["consent/ask", "consent/people", "consent/guardians/new", f"consent/{uuid.UUID(int=7)}"],
)
def test_a_case_that_is_not_open_to_one_looks_like_one_that_does_not_exist(
    world, app, case_id, path
):
    kari = client_for(world, app, "kari")
    hidden = kari.get(f"/cases/{case_id}/{path}")
    missing = kari.get(f"/cases/{uuid.uuid4()}/{path}")
    assert hidden.status == missing.status == 404
    assert hidden.text == missing.text


@pytest.mark.parametrize("who", ["anne", "arne", "asta"])
def test_those_who_do_not_work_with_children_reach_none_of_it(world, app, case_id, who):
    assert client_for(world, app, who).get(f"/cases/{case_id}/consent/ask").status == 404


FIELDS = (
    "scope",
    "to_unit",
    "info_types",
    "direction",
    "purpose",
    "valid_to",
    "language",
    "interpreter",
    "heard",
    "heard_on",
    "method",
    "not_heard",
    "words",
    "weight",
    "kept",
    "about",
    "version",
)
ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["\x00", "\u202e", "<script>", "'; DROP TABLE consents;--", "č" * 9000, "🦊"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS), ODD, min_size=1))
def test_no_input_brings_the_question_down_or_is_half_written(world, ingrid, case_id, odd):
    before = len(rows(world, Consent))
    page = put_question(world, ingrid, case_id, **odd)
    assert page.status in {303, 404, 409, 422}
    assert len(rows(world, Consent)) == before + (page.status == 303)
