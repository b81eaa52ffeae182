"""The pages of a guardian: kept out and let in, and what a register says, accepted or refused."""

import pytest

from tests.approvals import freshly
from tests.integration.workflows.cases import guardians, new_case
from tests.integration.workflows.test_proposal import ANNE, CHILD, TOR, file
from tests.web.sharing_site import site
from tests.web.small_site import client_for


@pytest.fixture
def app(world):
    return site(world)


def sent(client, address, action, **typed):
    return client.post(action, {**client.get(address).form(action), **typed})


def test_a_guardian_is_kept_out_and_nothing_from_a_register_lets_one_in(world, app):
    case_id = new_case(world, number=CHILD)
    ingrid = client_for(world, app, "ingrid")
    tor = guardians(world, case_id)["Tor"]
    block = f"/cases/{case_id}/guardians/{tor}/block"
    assert sent(ingrid, block, block, why="court", reason=" ").status == 422
    page = ingrid.follow(sent(ingrid, block, block, why="court", reason="Kjennelse 3. august"))
    assert "Only the leader of the service can lift it." in page.text
    assert "Kept out." in ingrid.get(f"/cases/{case_id}/consent/ask").text

    said = f"/cases/{case_id}/proposals"
    wrong = sent(ingrid, said, said, text="<b>nothing</b>")
    assert wrong.status == 422
    assert "not in the form that is read here. Its number: 1" in wrong.text
    text = file(f"{TOR};Tor Berg;father;yes", f"{ANNE};Anne Vik;other;no")
    page = ingrid.follow(sent(ingrid, said, said, text=text))
    first, second = [
        form.get("action") for form in page.all("form") if f"{said}/" in (form.get("action") or "")
    ][:2]
    # About Tor, Anne, and Maria, whom the file does not name; what is about Tor can only be refused.
    choices = [one.get("value") for one in page.all("input")]
    assert (choices.count("accepted"), choices.count("refused")) == (2, 3)
    radio = next(
        one.get("name") for one in page.all("input") if (one.get("name") or "").endswith("answer")
    )
    stopped = sent(ingrid, said, first, **{radio: "accepted"})
    assert stopped.status == 422
    assert "Nothing from a register changes that." in stopped.text
    assert "Refused by Ingrid Solberg." in (
        ingrid.follow(sent(ingrid, said, first, **{radio: "refused"})).text
    )
    other = radio.replace("-0-answer", "-1-answer").replace("-0answer", "-1answer")
    assert "Accepted by Ingrid Solberg." in (
        ingrid.follow(sent(ingrid, said, second, **{other: "accepted"})).text
    )
    assert "Anne" in guardians(world, case_id)

    freshly(world, "siv")
    siv = client_for(world, app, "siv")
    lifted = sent(siv, block, f"{block}/lift", reason="Opphevet 20. august.")
    assert "Decide anew what this person may read." in siv.follow(lifted).text
