"""Every component drawn once, on a page the critic accepts."""

import pytest
from flask import render_template_string

from tests.web.dummy import client_for, site

GALLERY = """
{%- extends "layouts/base.html" -%}
{%- from "components/button.html" import button, link_button -%}
{%- from "components/card.html" import baton_card, card, danger_card, section -%}
{%- from "components/details.html" import confirm, fold, why -%}
{%- from "components/facts.html" import facts, question_list -%}
{%- from "components/icon.html" import icon -%}
{%- from "components/level.html" import level_meter, level_track -%}
{%- from "components/message.html" import alert, draft_status, note -%}
{%- from "components/navigation.html" import crumbs, pages, toggle -%}
{%- from "components/people.html" import accesses, people -%}
{%- from "components/phone.html" import calls -%}
{%- from "components/requirement.html" import requirement -%}
{%- from "components/steps.html" import current_step, done_step, later_step -%}
{%- from "components/table.html" import cell, head_cell, row, table -%}
{%- from "components/tag.html" import holder, tag -%}
{%- from "components/task.html" import task_row -%}
{%- from "components/timeline.html" import agenda, timeline, week -%}
{%- block heading %}Gallery{% endblock -%}
{%- block crumbs %}{{ crumbs([("My logs", "/")], ("Jonas B.", "/open")) }}{% endblock -%}
{%- block lead %}<p class="st-dus">One of each</p>{% endblock -%}
{%- block actions %}{{ draft_status("10.42") }}{{ link_button("Print", "/open", variant="secondary", symbol="print", about="the log") }}{% endblock -%}
{%- block content %}
<div class="st-delt st-delt--lik">
<section class="ds-card st-stabel" aria-labelledby="track"><h2 id="track" class="ds-sr-only">Where are we?</h2>{{ level_track(stages, "Level 1, step by step", steps) }}</section>
{% call baton_card("Ingrid Solberg (you)", "You have the baton until someone else has said yes.", before="Before you: Kari Lund") %}{{ why("Pass it on", "Text") }}{% endcall %}
</div>
<div class="st-delt"><div class="st-stabel st-stabel--luftig">
{% call section("To do", "todo", note="1 is urgent") %}<div class="ds-card st-kortliste"><ul class="st-oppgaver">
{% call task_row("Evaluate", "Jonas B.", "clock", color="danger", tag="2 days over") %}{{ link_button("Evaluate", "/open") }}{% endcall %}
</ul></div>{% endcall %}
{% call section("Missing", "missing") %}<div class="ds-card st-kortliste"><ul class="st-krav">
{% call requirement("The measure is evaluated", detail="Due", why="Because") %}{{ link_button("Evaluate", "/open") }}{% endcall %}
{{ requirement("The child is heard", met=true) }}
</ul></div>{% endcall %}
<div class="ds-card st-kortliste">{% call table("Logs", ["Child", "Level", "Holder"], hover=true) %}{% call row() %}{% call head_cell() %}<a class="ds-link" href="/open">Jonas B.</a>{% endcall %}{% call cell(corner=true) %}{{ level_meter(1) }}{% endcall %}{% call cell("Holder") %}{{ holder("You") }}{% endcall %}{% endcall %}{% endcall %}</div>
<div class="ds-card">{{ timeline(events) }}</div>
{% call note("Some numbers are hidden", "hidden") %}<p>1 to 4 are never shown.</p>{% endcall %}
<ol class="st-skjema">{{ done_step(1, "Seen", "Six times", "/open") }}{% call current_step(2, 3, "The child") %}<p>Now</p>{% endcall %}{{ later_step(3, 3, "Look over", "By Friday") }}</ol>
{{ toggle("Show", [("All 7", "/open", true), ("Mine 3", "/open?mine=1", false)]) }}
{{ pages("Pages", [1, 2, 3], 2, href) }}
</div>
<aside class="st-stabel" aria-label="Help">
{{ danger_card("/danger") }}
{% call card("People", "people") %}{{ people([("Kari Lund", "Nurse")]) }}{{ facts([("Start", "1 May")]) }}{{ tag("In order", symbol="check") }}{% endcall %}
{% call card("Week", "week", tinted=true, tight=true) %}{{ week(days) }}{{ agenda(rows) }}{% endcall %}
{{ accesses([("Kari Lund", "Read", "2026-11-17T10:42", "Today 10.42")]) }}
{{ question_list([("people", "Who?", "PPT")]) }}
{{ calls([("116 111", "Alarm", "At night", false)]) }}
{% call confirm("Withdraw", "/note", "Yes, withdraw") %}<p>It stops at once.</p>{% endcall %}
{% call fold("More") %}<p>Text</p>{% endcall %}
{% call alert("warning") %}<p>Careful</p>{% endcall %}
<form method="get" action="/open">{{ button("Search", symbol="search", full=true) }}</form>
</aside></div>
{%- endblock %}
"""

FACTS = {
    "stages": [
        {"name": "Level 0", "text": "Concern", "note": "Sept", "status": "done", "step": 5},
        {"name": "Level 1", "text": "Own service", "note": "", "status": "now", "step": 4},
        {"name": "Level 2", "text": "Several", "note": "", "status": "ahead", "step": 0},
        {"name": "Level 3", "text": "Team", "note": "", "status": "ahead", "step": 0},
    ],
    "steps": [
        {"text": "Talk", "status": "done"},
        {"text": "Try", "status": "now"},
        {"text": "Evaluate", "status": "ahead"},
    ],
    "events": [
        {
            "iso_time": "2026-11-24",
            "shown_time": "24 Nov",
            "title": "Meeting",
            "detail": "B203",
            "kind": kind,
            "mark": "",
            "more": "",
            "link": "",
        }
        for kind in ("ahead", "withdrawn", "baton", "event")
    ],
    "days": [
        {
            "iso_date": "2026-11-17",
            "number": 17,
            "weekday": "Tue",
            "title": "Talk",
            "detail": "Ali R.",
        }
    ],
    "rows": [
        {"iso_time": "2026-11-19T12:30", "shown_time": "12.30", "title": "Amir", "detail": ""}
    ],
    "href": "/open?page={}".format,
}


@pytest.fixture
def gallery(tmp_path):
    """The site with the gallery in place of the open page."""
    app = site(tmp_path)
    app.view_functions["open"] = lambda: render_template_string(GALLERY, **FACTS)
    return app


@pytest.mark.parametrize("person", ["", "ingrid", "tor", "olav"])
def test_every_component_stands_on_a_sound_page(gallery, person):
    page = client_for(gallery, person).get("/open")
    assert page.status == 200
    assert "116\u00a0111" in page.response.get_data(as_text=True)
    assert "Level 1, we are here now" in page.text


def test_only_staff_have_the_way_to_child_welfare_in_the_header(gallery):
    assert client_for(gallery, "ingrid").get("/note").all("a", class_="st-fare ds-focus")
    assert not client_for(gallery, "tor").get("/open").all("a", class_="st-fare ds-focus")
    assert not client_for(gallery, "olav").get("/open").all("a", class_="st-fare ds-focus")


def test_families_meet_larger_text(gallery):
    assert client_for(gallery, "tor").get("/open").all("body")[0].get("data-size") == "md"
    assert client_for(gallery, "ingrid").get("/open").all("body")[0].get("data-size") == "sm"


def test_a_text_from_a_person_is_never_read_as_html(gallery):
    evil = '<img src=x onerror="alert(1)">'
    gallery.view_functions["open"] = lambda: render_template_string(
        GALLERY, **{**FACTS, "steps": [{"text": evil, "status": "now"}]}
    )
    page = client_for(gallery, "ingrid").get("/open")
    assert evil in page.text
    assert not page.all("img")


def test_an_unknown_icon_is_an_error(gallery):
    gallery.view_functions["open"] = lambda: render_template_string(
        '{% from "components/icon.html" import icon %}{{ icon("rocket") }}'
    )
    assert client_for(gallery).client.get("/open").status_code == 500
