"""What happens when somebody is worried about my child: for anybody, in the municipality's own words."""

import pytest
from sqlalchemy import text

from bti.workflows import account
from tests.web.case_site import signed_in, site
from tests.web.critic import CriticClient

# Number, profile, language, and words that are the municipality's own on the page.
TOWNS = [
    ("9911", "moss", "nb", ("SLT-koordinert møte", "Rådgivende enhet for russaker (RER)")),
    ("9912", "vaaler", "nb", ("BTI-møte", "Oppvekstteam", "Nestleder i barneverntjenesten")),
    ("9913", "nordre_land", "nb", ("Kompetanseteam", "kompetanseteamet")),
    ("9914", "aukra", "nn", ("Når nokon er uroleg", "BTI-team", "skolen", "barnekoordinator")),
]


def visitor(world, language=""):
    """A browser that has chosen no language, or one."""
    return CriticClient(site(world), language)


@pytest.fixture
def towns(world):
    for number, profile, language, _ in TOWNS:
        world.system(
            account.create_municipality,
            name=f"{profile.title()} kommune",
            number=number,
            profile=profile,
            language=language,
        )
    return world


def test_each_municipality_tells_in_its_own_words_and_language_without_sign_in(towns):
    client = visitor(towns)
    for number, profile, language, words in TOWNS:
        page = client.get(f"/families/{number}")
        assert page.status == 200
        assert f'<html lang="{language}"' in page.response.get_data(as_text=True)
        assert all(one in page.text for one in (*words, f"{profile.title()} kommune", "112"))
    listed = client.get("/families").text
    assert all(f"{profile.title()} kommune" in listed for _, profile, _, _ in TOWNS)


def test_what_it_says_is_what_the_local_rules_are(world):
    page = visitor(world).get("/families/9901")
    said = ("innen 14 dager", "innen 42 dager", "høyst 12 måneder", "Fra 15 år", "Fra nivå 1")
    assert all(one in page.text for one in said)
    assert "hentet fra" not in page.text


def test_one_municipality_needs_no_choice_and_the_way_there_is_on_the_first_page(world):
    client = visitor(world)
    assert "/families" in client.get("/sign-in").response.get_data(as_text=True)
    assert client.get("/families").response.location == "/families/9901"


def test_a_language_that_was_chosen_comes_before_the_municipalitys(world):
    assert "Når nokon er uroleg for barnet ditt" in visitor(world, "nn").get("/families/9901").text
    assert signed_in(world, "ingrid").get("/families/9901").status == 200


def test_a_municipality_that_is_not_here_is_not_found_and_rules_changed_in_sql_are_not_told(world):
    client = visitor(world)
    for number in ("0000", "9901x", "%27"):
        assert client.get(f"/families/{number}").status == 404
    assert client.get("/families/9901").status == 200
    with world.as_administrator() as connection:
        connection.execute(text("UPDATE municipalities SET profile = 'moss' WHERE number = '9901'"))
    assert client.get("/families/9901").status == 404
