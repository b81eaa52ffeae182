"""The network side's pages through the critic client, on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from bti.identity.totp import code_at
from bti.slt.models import SltEvent
from bti.slt.release import publish_release
from bti.web import access
from bti.web.app import Identity, assemble
from bti.web.network import EXTENSION
from bti.web.views import slt
from tests.integration.slt.samples import PASSWORD, Network, a_network, a_release, read
from tests.web.critic import CriticClient

SVG = "{http://www.w3.org/2000/svg}"
RULES = {
    name: rule
    for name, rule in access.ROUTES.items()
    if name.startswith("slt.") or name in {"language", "static_file"}
}


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Network]:
    found = a_network(tmp_path)
    yield found
    found.runtime.close()


@pytest.fixture
def app(side: Network) -> Flask:
    site = assemble(
        side.settings,
        runtime=None,
        secret=b"k" * 32,
        identities=[Identity(slt.cookie_name(side.settings), slt.identify)],
        features=[slt],
        routes=RULES,
    )
    site.extensions[EXTENSION] = side.runtime
    return site


@pytest.fixture
def client(app: Flask) -> CriticClient:
    return CriticClient(app)


def _typed(side: Network, **changes: str) -> dict[str, str]:
    right = {
        "username": "olav.lien",
        "password": PASSWORD,
        "code": code_at(side.olav.totp_secret, side.clock.now()),
    }
    return {**right, **changes}


def _enter(client: CriticClient, side: Network) -> None:
    client.get("/network/sign-in")
    page = client.post("/network/sign-in", _typed(side))
    assert page.status == 303


def test_the_coordinator_signs_in_and_sees_the_latest_numbers(client: CriticClient, side: Network):
    release = a_release(150)
    publish_release(side.runtime, release, by="Anne Ruud")
    asked = client.get("/network/")
    assert asked.status == 302
    page = client.follow(asked)
    assert page.heading == "Sign in to numbers and trends"
    answer = client.post("/network/sign-in", _typed(side))
    page = client.follow(answer)
    assert page.heading == "Numbers and trends"
    assert "First half of 2026" in page.text
    assert "Lindvik kommune" in page.text
    assert "Anne Ruud" in page.text
    assert read(release).sha256() in page.text
    assert release.signer in page.text


def _table(page, caption: str) -> list[list[str]]:
    for table in page.all("table"):
        if "".join(table.find("caption").itertext()) == caption:
            return [
                ["".join(cell.itertext()).strip() for cell in row if cell.tag in {"td", "th"}]
                for row in table.iter("tr")
            ]
    raise AssertionError(caption)


def test_the_table_shows_what_was_released_and_hatches_the_rest(
    client: CriticClient, side: Network
):
    release = a_release(150)
    publish_release(side.runtime, release, by="Anne Ruud")
    _enter(client, side)
    page = client.get("/network/")
    rows = _table(page, "Children by level and age, First half of 2026")
    levels, *others = read(release).tables
    shown = ["hidden" if value is None else str(value) for value in levels.numbers]
    # Eight columns and six rows; the next to last of each is children whose address is secret.
    lines = [[*shown[start : start + 6], shown[start + 7]] for start in range(0, 48, 8)]
    lines = lines[:4] + lines[5:]
    assert [row[1:] for row in rows[1:]] == lines
    assert [row[0] for row in rows[1:]] == [
        "Level 0",
        "Level 1",
        "Level 2",
        "Level 3",
        "Total",
    ]
    totals = _table(page, "Children by level, First half of 2026")
    assert [row[1] for row in totals[1:]] == [row[-1] for row in lines]
    names = ("Service where the concern began", "What the concern is about", "What became of it")
    for name, other in zip(names, others, strict=True):
        *divided, _, total = other.numbers
        told = _table(page, f"{name}, First half of 2026")
        assert [row[1] for row in told[1:]] == [
            "hidden" if value is None else str(value) for value in (*divided, total)
        ]
    every = ("".join(cell.itertext()).strip() for cell in page.all("td"))
    assert len(page.all("td", class_="st-skjult")) == sum(one == "hidden" for one in every) > 0


def test_the_chart_says_in_words_what_it_draws_and_never_scales_a_hidden_number(
    client: CriticClient, side: Network
):
    release = a_release(40, seed=4)
    hidden = sum(value is None for value in read(release).tables[0].numbers[7:32:8])
    assert hidden
    publish_release(side.runtime, release, by="Anne Ruud")
    _enter(client, side)
    page = client.get("/network/")
    words = "".join(page.all(f"{SVG}desc")[0].itertext())
    assert words.count("hidden") == hidden
    drawn = page.all(f"{SVG}rect", class_="st-graf__skjult")
    assert len(drawn) == hidden
    assert len({bar.get("height") for bar in drawn}) == 1


def test_too_few_children_gives_words_and_no_table(client: CriticClient, side: Network):
    publish_release(side.runtime, a_release(3), by="Anne Ruud")
    _enter(client, side)
    page = client.get("/network/")
    assert "Too few to show" in page.text
    assert page.all("table") == []
    assert page.all(f"{SVG}rect", class_="st-graf__mork") == []


def test_before_the_first_release_the_page_says_when_numbers_come(
    client: CriticClient, side: Network
):
    _enter(client, side)
    assert "No numbers have been published yet" in client.get("/network/").text


def test_each_published_half_year_has_its_address_and_others_are_not_found(
    client: CriticClient, side: Network
):
    first = a_release(period="2025H2")
    for one in (first, a_release(known=(first,))):
        publish_release(side.runtime, one, by="Anne Ruud")
    _enter(client, side)
    page = client.get("/network/releases/2025H2")
    assert page.status == 200
    assert "Second half of 2025" in page.text
    assert client.get("/network/releases/2024H1").status == 404
    assert client.get("/network/releases/%F0%9F%98%80").status == 404


def test_a_corrected_release_says_why(client: CriticClient, side: Network):
    first = a_release(400)
    for one in (first, a_release(430, version=2, known=(first,))):
        publish_release(side.runtime, one, by="Anne Ruud")
    _enter(client, side)
    assert "These numbers were corrected: Fem barn manglet." in client.get("/network/").text


@pytest.mark.parametrize(
    "wrong", [{"password": "feil passord i dag"}, {"code": "123"}, {"username": "x"}]
)
def test_a_failed_sign_in_says_nothing_about_what_was_wrong(
    client: CriticClient, side: Network, wrong
):
    client.get("/network/sign-in")
    page = client.post("/network/sign-in", _typed(side, **wrong))
    assert page.status == 401
    assert "We could not sign you in" in page.text
    assert page.all("input", name="password")[0].get("value", "") == ""
    assert page.all("input", name="code")[0].get("value", "") == ""
    assert page.all("input", name="username")[0].get("value") == wrong.get("username", "olav.lien")


@pytest.mark.parametrize(
    "username", ["", "x" * 300, "a\x00b", "<script>alert(1)</script>", "' OR 1=1 --", "Áŋŋá 😀"]
)
def test_odd_usernames_are_answered_calmly(client: CriticClient, side: Network, username: str):
    client.get("/network/sign-in")
    assert client.post("/network/sign-in", _typed(side, username=username)).status in {401, 422}


def test_too_many_attempts_are_asked_to_wait(client: CriticClient, side: Network):
    client.get("/network/sign-in")
    for _ in range(5):
        client.post("/network/sign-in", _typed(side, password="feil passord i dag"))
    page = client.post("/network/sign-in", _typed(side))
    assert page.status == 429
    assert "too many attempts" in page.text


def test_a_form_without_its_token_signs_nobody_in(app: Flask, side: Network):
    client = CriticClient(app)
    client.get("/network/sign-in")
    page = client.post("/network/sign-in", {**_typed(side), "csrf_token": "forged"})
    assert page.status == 400
    assert client.get("/network/").status == 302


@pytest.mark.parametrize(
    ("wanted", "landed"),
    [
        ("/network/releases/2026H1", "/network/releases/2026H1"),
        ("https://example.org/", "/network/"),
        ("//example.org/network/", "/network/"),
        ("/cases", "/network/"),
    ],
)
def test_signing_in_leads_to_network_pages_only(
    client: CriticClient, side: Network, wanted: str, landed: str
):
    client.get("/network/sign-in", query_string={"next": wanted})
    page = client.post("/network/sign-in", _typed(side), query_string={"next": wanted})
    assert page.response.headers["Location"] == landed


def test_signing_out_ends_the_session_also_for_a_copied_cookie(
    app: Flask, client: CriticClient, side: Network
):
    _enter(client, side)
    client.get("/network/")
    cookie = client.client.get_cookie("st_network")
    assert cookie is not None
    client.post("/network/sign-out")
    thief = CriticClient(app)
    thief.client.set_cookie("st_network", cookie.value)
    assert thief.get("/network/").status == 302


def test_the_pages_can_be_read_in_the_language_chosen_at_the_foot(
    client: CriticClient, side: Network
):
    _enter(client, side)
    client.get("/network/")
    page = client.post("/language", {"language": "nn", "next": "/network/"})
    assert page.status == 303
    assert client.follow(page).all("html")[0].get("lang") == "nn"


def test_staying_signed_in_needs_a_session_and_a_token(client: CriticClient, side: Network):
    _enter(client, side)
    client.get("/network/")
    assert client.post("/network/extend").status == 204
    client.client.delete_cookie("st_network")
    assert client.post("/network/extend").status in {400, 401}


def test_half_years_stand_side_by_side_with_gaps_and_hidden_numbers_as_such(
    client: CriticClient, side: Network
):
    first = a_release(400, period="2024H2")
    second = a_release(40, period="2025H2", known=(first,))
    for one in (first, second):
        publish_release(side.runtime, one, by="Anne Ruud")
    _enter(client, side)
    page = client.get("/network/trends")
    names = ["Second half of 2024", "First half of 2025", "Second half of 2025"]
    rows = _table(page, "What became of it")
    assert rows[0] == ["Children", *names]
    outcomes = {one.dimensions[0]: one for one in read(second).tables}["course"]
    last = ["hidden" if one is None else str(one) for one in outcomes.numbers[:-2]]
    assert [row[3] for row in rows[1:]] == last
    assert "hidden" in last
    # Between them nothing is published: neither a number nor a secret.
    assert {row[2] for row in rows[1:]} == {"–not published"}
    levels = read(first).tables[0]
    [total] = _table(page, "All children")[1:]
    assert total[1] == str(levels.numbers[-1])
    ages = _table(page, "Age")
    assert [row[1] for row in ages[1:]] == [
        "hidden" if one is None else str(one) for one in levels.numbers[-8:-2]
    ]
    assert [row[1] for row in _table(page, "Level")[1:]] == [
        "hidden" if one is None else str(one) for one in levels.numbers[7:39:8]
    ]


def test_whoever_sees_half_years_side_by_side_is_recorded_for_each(
    client: CriticClient, side: Network
):
    first = a_release(400, period="2025H2")
    second = a_release(40, known=(first,))
    third = a_release(41, version=2, known=(first, second))
    for one in (first, second, third):
        publish_release(side.runtime, one, by="Anne Ruud")
    _enter(client, side)
    before = _readings(side)
    client.get("/network/trends")
    # One for what stands of each half-year; what was corrected is read by nobody.
    assert _readings(side) == before + 2


def _readings(side: Network) -> int:
    with side.runtime.sessions() as session, session.begin():
        return list(session.scalars(select(SltEvent.kind))).count("release:read")


def test_any_count_is_drawn_over_time_by_its_address_and_nothing_else(
    client: CriticClient, side: Network
):
    release = a_release(40)
    publish_release(side.runtime, release, by="Anne Ruud")
    _enter(client, side)
    for table in read(release).tables[1:]:
        for code, value in zip(table.labels[0][:-2], table.numbers[:-2], strict=True):
            place = f"{table.dimensions[0]}.{code}"
            page = client.get(f"/network/trends?show={place}")
            [chosen] = page.all("a", aria_current="true")
            assert chosen.get("href").endswith(place)
            told = "hidden" if value is None else value
            assert page.all(f"{SVG}desc")[0].text == f"First half of 2026: {told}."
            # A scale beside a hidden number would give it a height.
            assert len(page.all(f"{SVG}line")) == (1 if value is None else 5)
    numbers = [one for table in read(release).tables[1:] for one in table.numbers]
    assert None in numbers
    assert any(numbers)
    assert client.get("/network/trends?show=concern.unknown").status == 404
    assert client.get("/network/trends?show=%F0%9F%98%80").status == 404


def test_before_the_first_release_there_is_nothing_side_by_side(
    client: CriticClient, side: Network
):
    _enter(client, side)
    page = client.get("/network/trends")
    assert "No numbers have been published yet" in page.text
    assert page.all("table") == []
