"""What the municipality has on paper, as the public and its administrator meet it."""

from bti import papers
from bti.web import labels
from bti.web.views import account, pages
from tests.unit.test_papers import WHOLE, written
from tests.web.critic import CriticClient
from tests.web.small_site import client_for, site_of


def site(world, tmp_path, text):
    app = site_of(world, pages, account, own=("pages.", "account."), also=labels.register)
    app.extensions["bti.papers"] = papers.read(written(tmp_path, text))
    return app


def test_anybody_finds_the_statement_and_a_way_to_tell_what_does_not_work(world, tmp_path):
    client = CriticClient(site(world, tmp_path, WHOLE))
    client.client.set_cookie("st_language", "en")
    page = client.get("/accessibility")
    assert page.all("a", href="https://example.org/erklaring/1")
    assert page.all("a", href="mailto:tilgjengelighet@example.org")
    assert "Lindvik og Fjellby kommuner are responsible together" in client.get("/privacy").text


def test_the_administrator_is_shown_what_is_missing_until_it_is_given(world, tmp_path):
    nothing = client_for(world, site(world, tmp_path, ""), "asta").get("/accounts").text
    assert nothing.count("Missing") == 3
    given = client_for(world, site(world, tmp_path, WHOLE), "asta").get("/accounts").text
    assert "Missing" not in given
    assert "2026/114, signed 20 August 2026" in given
