"""The page of a case, as a browser meets it."""

import pytest

from bti.domain.codes import ClosingCause
from bti.workflows import guardian
from tests.integration.workflows import cases
from tests.integration.workflows.test_guardian import save
from tests.story import Story
from tests.web.plan_site import client_for, filled


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("foster_home", "Foster home"), ("stemor", "stemor"), ("", "Guardian")],
)
def test_a_guardian_is_called_what_people_say_and_never_a_stored_code(world, stored, shown):
    case_id = cases.new_case(world, guardians=())
    page = world.run("ingrid", guardian.guardian_page, case_id=case_id)
    world.run(
        "ingrid",
        guardian.save_guardian,
        command=guardian.SaveGuardian(
            case_id=case_id,
            version=page.version,
            name="Wanja Hansen",
            relation=stored,
            parental_responsibility=False,
            checked_on=None,
            source=None,
        ),
    )
    text = client_for(world, "ingrid").get(f"/cases/{case_id}").text
    assert f"Wanja Hansen{shown} " in text


def test_what_stood_before_about_a_guardian_is_beside_what_stands_now(world):
    case_id = cases.new_case(world, guardians=(("Maria Hansen", True),))
    client = client_for(world, "ingrid")
    assert "what stood before" not in client.get(f"/cases/{case_id}").text
    save(world, case_id, name="Maria Vik", relation="mother")
    for address in (f"/cases/{case_id}", f"/cases/{case_id}/print"):
        text = client.get(address).text
        assert "Maria Vik: what stood before" in text
        assert "Until 1 September 2026: Maria Hansen, Parent, decides, checked" in text
        assert "Changed by Ingrid Solberg" in text


def test_the_closing_form_asks_what_is_still_needed_and_the_case_page_says_it(world):
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    case_id = story.case_id
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/decide"
    said = {"to": "close", "reason": "Nå går det bra.", "cause": "concern_gone"}
    unmet = said | {"needs": ["ordinary", "unmet"]}
    refused = client.post(path, filled(client.get(path), path, **unmet))
    assert (refused.status, "Write what is done about the need" in refused.text) == (422, True)
    assert "Nå går det bra." in refused.text
    kept = unmet | {"remains": "Kontaktlærer ser etter en fritidsaktivitet før jul."}
    assert client.post(path, filled(client.get(path), path, **kept)).status == 303
    text = client.get(f"/cases/{case_id}").text
    for shown in (
        "Nå går det bra.",
        "Somebody keeps an eye on it, in the ordinary way",
        "Something nobody does anything about yet",
        "Kontaktlærer ser etter en fritidsaktivitet før jul.",
    ):
        assert shown in text
    assert "The family goes on" not in text


def test_the_archivists_page_has_numbers_and_no_names_and_is_hers_alone(world):
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    client = client_for(world, "arne")
    assert "Nothing waits." in client.get("/archive").text
    story.decide(None, cause=ClosingCause.CONCERN_GONE)
    page = client.get("/archive")
    assert "Not packed" in page.text
    assert story.page().number in page.text
    assert "Jonas" not in page.text
    assert page.all("nav")[0].find(".//a").get("href") == "/archive"
    assert client.get(f"/cases/{story.case_id}").status == 404
    assert client_for(world, "siv").get("/archive").status == 404
