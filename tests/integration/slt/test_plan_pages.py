"""The pages of a plan through the critic client, on SQLite: they work without script and say what is missing."""

import re

import pytest

from bti.slt.plan import Decision, EvaluationKind, MeasureStatus, PreventionLevel, Strand, Unit
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load
from bti.slt.plan_follow_up import Missing
from bti.web import slt_labels
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures


@pytest.fixture
def inside(client, side):  # noqa: F811 - the fixture above
    import_plan(side.runtime, load("vaaler-2023"), "9901")
    _enter(client, side)
    return client


def measure(inside, title):
    """The address of a measure, found on the page of the plan."""
    page = inside.get("/network/plan")
    link = next(a for a in page.all("a") if title in "".join(a.itertext()))
    return link.get("href")


def rows(page):
    return [row for row in page.all("tr") if row.find("th") is not None][1:]


def fill(page, **changes):
    """What a form holds as it stands, with changes."""
    given = {}
    for one in [*page.all("input"), *page.all("textarea"), *page.all("select")]:
        name, kind = one.get("name"), one.get("type")
        if (
            not name
            or name == "csrf_token"
            or (kind in {"checkbox", "radio"} and one.get("checked") is None)
        ):
            continue
        if one.tag.endswith("select"):
            chosen = [o.get("value") for o in one.iter() if o.get("selected") is not None]
            given[name] = chosen[0] if chosen else ""
        else:
            value = (
                one.get("value")
                if one.tag.endswith("input")
                else "".join(one.itertext()).lstrip("\n")
            )
            given[name] = [*given.get(name, []), value or ""] if kind == "checkbox" else value or ""
    return {**given, **changes}


def test_before_there_is_a_plan_the_page_says_how_one_comes(client, side):  # noqa: F811 - fixtures
    _enter(client, side)
    page = client.get("/network/plan")
    assert page.heading == "Plan"
    assert "There is no plan here yet" in page.text


def test_the_plan_shows_areas_measures_and_what_is_inferred_and_filters_without_script(inside):
    page = inside.get("/network/plan")
    assert page.heading == "SLT – plan for arbeidet i Våler kommune 2023–2026"
    assert "39 measures." in page.text
    assert "Trygge og inkluderende skoler" in page.text
    address = page.response.request.path
    shown = inside.get(f"{address}?status=planned")
    assert "1 measure." in shown.text
    assert "«ikke fått til en avtale»" in shown.text
    assert "inferred" in shown.text
    assert "0 measures." in inside.get(f"{address}?area=2&level=system").text
    assert inside.get(f"{address}?status={'x' * 900}").status == 200


def test_a_measure_is_changed_and_the_page_tells_from_what_to_what(inside):
    address = measure(inside, "Transport til og fra")
    form = inside.get(f"{address}/edit")
    given = fill(form, status="started", responsible="SLT-koordinator\r\n\r\n Kultur ")
    page = inside.follow(inside.post(f"{address}/edit", given))
    assert page.heading == "12. Transport til og fra ungdomsklubben"
    assert "SLT-koordinator, Kultur" in page.text
    assert "Planned, inferred" in page.text
    history = inside.get(re.sub(r"/measures/.*", "/history", address))
    assert "Olav Lien" in history.text
    assert "Brought in from a file" in history.text
    late = inside.post(f"{address}/edit", {**given, "status": "paused"})
    assert late.status == 409
    assert "Somebody has changed this" in late.text


def test_a_name_is_warned_about_and_kept_for_a_reason(inside):
    address = measure(inside, "Transport til og fra")
    form = inside.get(f"{address}/edit")
    assert "Why it may stand" not in form.text
    given = fill(form, description="Kari Nordmann kjører.")
    warned = inside.post(f"{address}/edit", given)
    assert warned.status == 422
    assert "These words were noticed: Kari, Nordmann." in " ".join(warned.text.split())
    assert "Why it may stand" in warned.text
    kept = inside.follow(inside.post(f"{address}/edit", {**given, "reason": "Har sagt ja"}))
    assert "Kept because: Har sagt ja" in kept.text


def test_an_indicator_a_reading_and_an_evaluation_are_written_and_the_year_shows_them(inside):
    address = measure(inside, "Transport til og fra")
    bare = inside.get(address)
    assert "No number is followed for this measure yet." in bare.text
    form = fill(inside.get(f"{address}/indicators/new"), name="Besøk", unit="count", target="40,5")
    assert inside.post(f"{address}/indicators/new", form).status == 303
    form = fill(inside.get(f"{address}/readings/new"), on="2026-05", value="38,25")
    form["indicator"] = "own_1"
    assert inside.post(f"{address}/readings/new", {**form, "value": "mange"}).status == 422
    assert inside.post(f"{address}/readings/new", {**form, "on": "i mai"}).status == 422
    assert inside.post(f"{address}/readings/new", form).status == 303
    form = fill(
        inside.get(f"{address}/evaluate"),
        kind="effect",
        finding="Flere kommer.",
        decision="carry_on",
    )
    page = inside.follow(inside.post(f"{address}/evaluate", form))
    assert "Flere kommer." in page.text
    assert "38.25" in page.text
    year = inside.get(re.sub(r"/measures/.*", "/years/2026", address))
    assert "1of 39 evaluated" in year.text.replace("\n", "").replace(" of", "of")
    assert "Besøk: 38.25 (target 40.5)" in " ".join(year.text.split())
    assert inside.get(re.sub(r"/measures/.*", "/years/2030", address)).status == 404


def test_every_code_of_a_plan_has_words():
    for vocabulary, codes in (
        ("status", MeasureStatus),
        ("level", PreventionLevel),
        ("strand", Strand),
        ("kind", EvaluationKind),
        ("decision", Decision),
        ("unit", Unit),
        ("missing", Missing),
    ):
        assert set(slt_labels.VOCABULARIES[vocabulary]) == set(codes)
