"""The page of a case, as a browser meets it."""

import pytest

from bti.workflows import guardian
from tests.integration.workflows import cases
from tests.integration.workflows.test_guardian import save
from tests.web.plan_site import client_for


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
