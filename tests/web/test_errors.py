"""What people meet when something goes wrong."""

import logging
import re

import pytest

from bti.web.i18n import COOKIE
from tests.web.dummy import RAISED, STATUSES, client_for, site

OWN_BROWSER = {"Sec-Fetch-Site": "same-origin"}
TYPED = {
    "name": "Oda Vik",
    "seen": "Away from the first lesson six times.\nTired.",
    "talked": "yes",
}


def _without_tokens(page):
    return re.sub(r'value="[\w.\-]+"', "", page.response.get_data(as_text=True))


@pytest.mark.parametrize("code", STATUSES)
def test_every_refusal_is_a_calm_page_with_a_way_on(tmp_path, code):
    page = client_for(site(tmp_path)).get(f"/status/{code}")
    expected = {403: 404, 410: 400, 418: 400}.get(code, code)
    assert page.status == expected
    assert "Go to the start page" in page.text
    assert "police on 112" in page.text
    assert "Traceback" not in page.text


def test_an_unexpected_error_says_nothing_of_what_it_was(tmp_path, caplog):
    with caplog.at_level(logging.ERROR):
        page = client_for(site(tmp_path)).get("/broken")
    assert page.status == 500
    assert page.heading == "Something went wrong on our side"
    assert "01817012345" not in page.response.get_data(as_text=True)
    assert "ZeroDivisionError" not in page.response.get_data(as_text=True)


@pytest.mark.parametrize("person", ["", "ingrid", "tor"])
def test_hidden_and_missing_pages_look_the_same(tmp_path, person):
    client = client_for(site(tmp_path), person)
    paths = ["/no-such-page", "/status/403", "/status/404", "/raised/denied", "/raised/not-found"]
    if person:
        paths += ["/hidden", "/forgotten", "/numbers"]
    pages = [client.get(path) for path in paths]
    assert {page.status for page in pages} == {404}
    assert len({_without_tokens(page) for page in pages}) == 1


def test_someone_who_was_first_is_explained(tmp_path):
    page = client_for(site(tmp_path)).get("/raised/conflict")
    assert page.status == 409
    assert page.heading == "Someone else has changed this"


def test_every_exception_of_the_workflows_has_a_page(tmp_path):
    client = client_for(site(tmp_path))
    assert {client.get(f"/raised/{name}").status for name in RAISED} == {404, 409}


def test_a_page_in_nobodys_language_is_in_norwegian_and_the_choice_is_remembered(tmp_path):
    client = client_for(site(tmp_path))
    client.client.delete_cookie(COOKIE)
    assert client.get("/open").all("html")[0].get("lang") == "nb"
    chosen = client.post("/language", {"language": "en", "next": "/open"})
    assert chosen.response.headers["Location"] == "/open"
    assert client.follow(chosen).all("html")[0].get("lang") == "en"


@pytest.mark.parametrize("data", [{"language": "xx", "next": "//evil.example"}, {}])
def test_an_unknown_language_changes_nothing_and_leads_nowhere_else(tmp_path, data):
    client = client_for(site(tmp_path))
    client.client.delete_cookie(COOKIE)
    client.get("/open")
    answer = client.post("/language", data)
    assert answer.response.headers["Location"] == "/"
    assert client.get("/open").all("html")[0].get("lang") == "nb"


def test_a_signed_out_visitor_is_sent_to_sign_in_and_back(tmp_path):
    answer = client_for(site(tmp_path)).get("/note?step=2")
    assert answer.status == 302
    assert answer.response.headers["Location"] == "/enter?next=/note?step%3D2"


def test_a_route_without_a_rule_is_closed_and_reported(tmp_path, caplog):
    with caplog.at_level(logging.ERROR):
        assert client_for(site(tmp_path), "ingrid").get("/forgotten").status == 404
    assert "note.forgotten has no access rule" in caplog.text


def test_the_network_side_and_the_case_side_are_closed_to_each_other(tmp_path):
    app = site(tmp_path)
    assert client_for(app, "olav").get("/numbers").status == 200
    assert client_for(app, "olav").get("/note").status == 404
    assert client_for(app, "olav").get("/danger").status == 404
    assert client_for(app, "ingrid").get("/numbers").status == 404


def test_being_turned_away_is_told_to_whoever_keeps_the_log(tmp_path):
    from bti.web.access import refused  # noqa: PLC0415 - only this test listens

    heard = []

    def listen(_app, **facts):
        heard.append((facts["actor"].name, facts["endpoint"], facts["reason"]))

    with refused.connected_to(listen):
        client_for(site(tmp_path), "ingrid").get("/hidden")
    assert heard == [("Ingrid Solberg", "note.hidden", "role")]


def test_a_form_without_a_token_is_refused_and_nothing_is_written(tmp_path):
    app = site(tmp_path)
    page = client_for(app, "ingrid").post("/note", {**TYPED, "csrf_token": ""})
    assert page.status == 400
    assert app.extensions["saved"] == []


def test_a_form_from_before_sign_in_comes_back_with_what_was_typed(tmp_path):
    app = site(tmp_path)
    client = client_for(app)
    client.get("/enter")
    client.client.set_cookie("st_session", "ingrid")
    page = client.post("/note", TYPED, headers=OWN_BROWSER)
    assert page.status == 400
    assert page.heading == "The form was too old"
    kept = page.form("/note")
    assert kept["name"] == TYPED["name"]
    assert kept["seen"].strip() == TYPED["seen"]
    assert kept["talked"] == "yes"
    assert app.extensions["saved"] == []
    again = client.post("/note", {**kept, "csrf_token": kept["csrf_token"]}, headers=OWN_BROWSER)
    assert again.status == 303
    assert app.extensions["saved"] == [TYPED["seen"]]


def test_a_form_from_another_site_is_refused_and_gives_the_stranger_no_help(tmp_path):
    app = site(tmp_path)
    client = client_for(app, "ingrid")
    client.get("/note")
    for sent in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        page = client.post("/note", TYPED, headers=sent)
        assert page.status == 400
        assert TYPED["name"] not in page.response.get_data(as_text=True)
        assert not [form for form in page.all("form") if form.get("action") == "/note"]
    assert app.extensions["saved"] == []


@pytest.mark.parametrize("origin", ["http://localhost", "null"])
def test_our_own_form_is_taken_whatever_the_browser_says_of_its_origin(tmp_path, origin):
    app = site(tmp_path)
    client = client_for(app, "ingrid")
    client.get("/note")
    page = client.post("/note", TYPED, headers={**OWN_BROWSER, "Origin": origin})
    assert page.status == 303
    assert "Saved." in client.follow(page).text
    assert "Saved." not in client.get("/note").text


def test_without_a_word_from_the_browser_a_stale_form_is_not_offered_again(tmp_path):
    client = client_for(site(tmp_path), "ingrid")
    page = client.post("/note", {**TYPED, "csrf_token": "x"})
    assert page.status == 400
    assert TYPED["name"] not in page.response.get_data(as_text=True)


def test_a_token_of_another_session_is_worth_nothing(tmp_path):
    app = site(tmp_path)
    other = client_for(app, "anne")
    token = other.get("/note").form("/note")["csrf_token"]
    client = client_for(app, "ingrid")
    client.get("/note")
    assert client.post("/note", {**TYPED, "csrf_token": token}).status == 400
    assert app.extensions["saved"] == []


def test_what_was_typed_survives_an_expired_session(tmp_path):
    app = site(tmp_path)
    client = client_for(app, "gone")
    client.get("/enter")
    page = client.post("/note", TYPED, headers=OWN_BROWSER)
    assert page.status == 401
    assert page.form("/note")["name"] == TYPED["name"]
    assert page.all("a", target="_blank")[0].get("href") == "/enter"
    assert app.extensions["saved"] == []


@pytest.mark.parametrize("path", ["/status/500", "/status/503", "/broken"])
def test_what_was_typed_survives_our_own_faults_and_can_be_sent_again(tmp_path, path):
    client = client_for(site(tmp_path), "ingrid")
    client.get("/note")
    page = client.post(path, TYPED)
    assert page.form(path)["name"] == TYPED["name"]


def test_after_a_conflict_the_text_is_shown_but_cannot_be_sent_over_the_other(tmp_path):
    client = client_for(site(tmp_path), "ingrid")
    client.get("/note")
    page = client.post("/raised/conflict", TYPED)
    assert "Oda Vik" in page.text
    assert not [form for form in page.all("form") if "raised" in form.get("action")]


def test_a_password_never_comes_back(tmp_path):
    client = client_for(site(tmp_path), "ingrid")
    client.get("/note")
    secret = "correct horse battery"
    page = client.post("/broken", {"password": secret, "one_time_code": "123456", "user": "a b"})
    body = page.response.get_data(as_text=True)
    assert secret not in body
    assert "123456" not in body
    assert "a b" in body


def test_a_script_is_answered_in_its_own_language(tmp_path):
    client = client_for(site(tmp_path))
    client.get("/enter")
    answer = client.post("/draft", TYPED, headers={**OWN_BROWSER, "Accept": "application/json"})
    assert answer.status == 401
    assert answer.response.is_json


def test_too_much_at_once_is_refused(tmp_path):
    client = client_for(site(tmp_path), "ingrid")
    client.get("/note")
    page = client.post("/note", {**TYPED, "seen": "a" * 2_000_000})
    assert page.status == 413


def test_the_form_cookie_holds_nothing_about_anyone(tmp_path):
    app = site(tmp_path)
    app.view_functions["open"] = _put_a_name_in_the_cookie
    assert client_for(app).client.get("/open").status_code == 500


def _put_a_name_in_the_cookie():
    from flask import session  # noqa: PLC0415 - only here

    session["child"] = "Oda"
    return "x"
