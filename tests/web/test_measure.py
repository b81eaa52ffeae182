"""The pages of the plan, as a browser meets them."""

from datetime import timedelta

import pytest

from tests.integration.workflows.states import goal, ops, planned, today, with_log
from tests.web.critic import html, value_of
from tests.web.plan_site import client_for, filled


def evaluate_path(case_id, measure_id):
    return f"/cases/{case_id}/measures/{measure_id}/evaluate"


def answers(**changes):
    whole = {
        "result": "partly",
        "child": "Det er greit.",
        "guardians": "Roligere morgener.",
        "professional": "Bedring.",
        "decision": "continue",
    }
    return {**whole, **changes}


def test_a_goal_and_a_measure_are_agreed_on_and_stand_on_the_case_page(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/goals/new"
    sent = client.post(path, filled(client.get(path), path, text="Jonas kommer i tide."))
    assert sent.status == 303

    path = f"/cases/{case_id}/measures/new"
    page = client.get(path)
    assert "Jonas kommer i tide." in page.text
    sent = client.post(
        path,
        filled(
            page,
            path,
            title="Fast voksen",
            arena="school",
            kind="adult",
            responsible="Kontaktlærer",
        ),
    )
    shown = client.follow(sent)
    assert "Fast voksen" in shown.text
    assert "The measure is saved." in shown.text
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=42)


def test_measures_over_time_are_drawn_and_stand_in_a_table_that_says_the_same(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    client = client_for(world, "ingrid")
    path = evaluate_path(case_id, measure_id)
    client.post(path, filled(client.get(path), path, **answers(result="worse")))
    page = client.get(f"/cases/{case_id}/measures")
    drawing = html(page).partition('role="img"')[2].partition("</svg>\n</div>")[0]
    assert "1 measure from 1 September 2026 to" in drawing.replace("\xa0", " ")
    assert drawing.count("<rect") == 1
    assert drawing.count('data-resultat="worse"') == drawing.count("data-resultat") == 1
    (row,) = [one for one in page.all("tr") if one.find("td") is not None]
    told = " ".join(row.itertext()).replace("\xa0", " ")
    assert "1 September 2026: Became worse" in told
    assert "style=" not in html(page)


def test_a_template_of_the_library_becomes_a_goal_with_the_measures_one_chose(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    listed = client.get(f"/cases/{case_id}/measures/toolbox")
    assert "Bekymringsfullt fravær" in listed.text
    path = f"/cases/{case_id}/measures/templates/absence"
    sent = {
        "goal": "Jonas kommer hver dag.",
        "measures": ["steady_adult", "morning_at_home"],
        "start_on": "2026-09-07",
    }
    shown = client.follow(client.post(path, filled(client.get(path), path, **sent)))
    for words in ("Jonas kommer hver dag.", "Fast voksen om morgenen", "A guardian: Foresatte"):
        assert words in shown.text
    assert "Samtaler med helsesykepleier" not in shown.text
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=6 + 4 * 7)


def test_a_template_without_a_measure_or_one_that_nobody_has_writes_nothing(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/measures/templates/absence"
    client.get(path)
    answer = client.post(path, {"goal": "x", "start_on": "2026-09-07"})
    assert answer.status == 422
    assert "Choose at least one measure." in answer.text
    ages = client.post(path, {"goal": "x", "start_on": "9999-12-31", "measures": "talk"})
    assert ages.status == 422
    assert "The date is too far ahead." in ages.text
    assert client.get(f"/cases/{case_id}/measures/templates/nothing").status == 404
    assert "No goals and measures yet." in client.get(f"/cases/{case_id}").text


def test_a_measure_of_the_library_fills_the_form_and_stays_the_childs_own(world):
    case_id = with_log(world)
    goal(world, case_id)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/measures/new"
    page = client.get(f"{path}?from=leisure_start")
    assert value_of(page, "title") == "Følge til en fritidsaktivitet"
    assert value_of(page, "evaluate_on") == "2026-10-27"
    assert value_of(client.get(f"{path}?from=nothing"), "title") == ""


def test_a_case_without_measures_has_nothing_to_draw(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    page = client.get(f"/cases/{case_id}/measures")
    assert "No goals and measures yet." in page.text
    assert 'role="img"' not in html(page)


def test_without_a_goal_the_goal_comes_first(world):
    case_id = with_log(world)
    page = client_for(world, "ingrid").get(f"/cases/{case_id}/measures/new")
    assert page.response.headers["Location"] == f"/cases/{case_id}/goals/new"


def test_an_evaluation_is_saved_and_the_way_on_is_offered(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    client = client_for(world, "ingrid")
    path = evaluate_path(case_id, measure_id)
    page = client.get(path)
    assert "What does Jonas think?" in page.text
    shown = client.follow(client.post(path, filled(page, path, **answers())))
    assert "Now choose the way on." in shown.text
    assert f"/cases/{case_id}/decide" in [link.get("href") for link in shown.all("a")]
    assert "Roligere morgener." in shown.text


def test_the_suggested_next_day_is_no_hindrance_to_ending_a_measure(world):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    client = client_for(world, "ingrid")
    path = evaluate_path(case_id, measure_id)
    page = client.get(path)
    assert page.form(path)["next_on"]
    assert client.post(path, filled(page, path, **answers(decision="close"))).status == 303
    assert ops(world, case_id).next_evaluation is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"child": ""}, "Write each view, or why it is missing."),
        ({"decision": "change"}, "Write what changes."),
        ({"result": ""}, "This must be filled in."),
        ({"result": "wonderful"}, "Choose one of the answers in the list."),
        ({"child_missing": "<b>x</b>"}, "Choose one of the answers in the list."),
        ({"next_on": "2020-01-01"}, "The next evaluation must be after today."),
        ({"on": "2099-01-01"}, "The evaluation cannot be in the future."),
        ({"professional": "a" * 9000}, "Write at most 8000 signs."),
        ({"guardians": "a\x00b"}, "There are signs here that cannot be stored."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(world, changes, message):
    case_id = with_log(world)
    measure_id = planned(world, case_id)
    before = ops(world, case_id)
    client = client_for(world, "ingrid")
    path = evaluate_path(case_id, measure_id)
    page = client.post(path, filled(client.get(path), path, **answers(**changes)))
    assert page.status == 422
    assert message in page.text
    assert page.form(path)["professional"].startswith(("Bedring.", "a" * 9000))
    assert ops(world, case_id) == before


def test_an_old_form_is_a_conflict_that_gives_back_what_was_typed(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/goals/new"
    old = client.get(path)
    goal(world, case_id)
    page = client.post(path, filled(old, path, text="Jonas kommer i tide."))
    assert page.status == 409
    assert "Jonas kommer i tide." in page.response.get_data(as_text=True)


def test_a_note_is_written_about_one_thing(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/notes/new"
    text = "Ččáđŋ 🙂 <script>alert(1)</script> '; DROP TABLE cases"
    page = client.follow(
        client.post(path, filled(client.get(path), path, info_type="attendance", text=text))
    )
    assert text in page.text


@pytest.mark.parametrize("tail", ["goals/new", "measures/new", "notes/new"])
def test_a_case_of_somebody_else_looks_like_no_case(world, tail):
    case_id = with_log(world)
    client = client_for(world, "per")
    hidden = client.get(f"/cases/{case_id}/{tail}")
    missing = client.get(f"/cases/00000000-0000-4000-8000-000000000000/{tail}")
    assert hidden.status == missing.status == 404
    assert hidden.text == missing.text
