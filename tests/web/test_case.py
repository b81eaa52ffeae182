"""The page of a case, as a browser meets it."""

import pytest

from bti.workflows import guardian
from tests.integration.workflows import cases
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
