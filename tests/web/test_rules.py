"""The pages on which a municipality changes its own rules, and on which a colleague reads what changes."""

from datetime import timedelta

from tests.approvals import freshly
from tests.web.case_site import signed_in
from tests.web.critic import value_of

CLOSERS = ["employee", "lead", "holder", "team_lead"]


def send(client, path, **changed):
    """Fill in some fields of a form and send all of it, as a browser does."""
    stands = client.get(path.removesuffix("/ask")).form(path)
    return client.post(path, stands | changed)


def links(page):
    return [one.get("href") for one in page.all("a")]


def test_what_is_typed_stays_and_what_is_wrong_is_told_where_it_stands(world):
    client = signed_in(world, "asta")
    start = client.get("/rules")
    assert "Nothing is changed yet." in start.text
    assert "Whose word: The standard" in client.get("/rules/common").text
    typed = {"rule.deadlines.soon_days": "snart", "rule.closing.by": CLOSERS}
    assert send(client, "/rules/common", **typed).status == 303
    shown = client.get("/rules/common")
    assert value_of(shown, "rule.deadlines.soon_days") == "snart"
    assert "Expected here: a whole number from 0 to 60." in shown.text
    assert "1 thing to put right" in client.get("/rules").text
    assert client.get("/rules/preview").status == 404


def test_a_colleague_reads_everything_that_changes_and_it_is_published(world):
    freshly(world, "asta")
    client = signed_in(world, "asta")
    words = {"nb": "Lurer på", "nn": "Lurer på", "en": "Wondering"}
    send(client, "/rules/level-0", **{f"rule.levels.0.label.{one}": words[one] for one in words})
    begins = (world.clock.now() + timedelta(days=1)).date().isoformat()
    send(client, "/rules", title="Vedtak 7/26", place="punkt 2", valid_from=begins)
    assert "Wondering" in client.get("/rules/preview").text
    changed = client.get("/rules").text
    assert "Level 0: What it is called (English) Wonder The standard Wondering" in changed
    assert send(client, "/rules/ask", reason="Vedtatt").status == 303
    assert "A colleague is asked, and has not answered." in client.get("/rules").text
    freshly(world, "anne")
    officer = signed_in(world, "anne")
    href = next(one for one in links(officer.get("/approvals")) if "/approvals/" in one)
    approval_id = href.rsplit("/", 1)[1]
    assert "See everything that changes" in officer.get(href).text
    read = officer.get(f"/rules/asked/{approval_id}").text
    assert "Level 0: What it is called (English) Wonder The standard Wondering Vedtak 7/26" in read
    assert "Wondering" in officer.get(f"/rules/asked/{approval_id}/guide").text
    officer.get(href)
    officer.post(f"{href}/give", {})
    assert "Go on to publish it" in client.get("/rules").text
    freshly(world, "asta")
    client = signed_in(world, "asta")
    published = client.post(
        f"/rules/asked/{approval_id}/publish",
        client.get(href).form(f"/rules/asked/{approval_id}/publish"),
    )
    assert published.status == 303
    assert "own/1, from" in client.get("/rules").text
    file = client.get("/rules/own-1.toml")
    assert b'en = "Wondering"' in file.response.get_data()
    world.clock.advance(timedelta(days=1))
    assert "Wondering" in signed_in(world, "ingrid").get("/guide").text
    assert "Wondering" in signed_in(world, "ingrid").get("/families/9901").text


def test_a_service_gets_its_own_way_and_a_step_waits_for_something(world):
    client = signed_in(world, "asta")
    page = client.get("/rules/service-health")
    offered = [one.text for one in page.all("option")]
    assert any(one.startswith("Level 1, step 2: ") for one in offered)
    added = client.post(
        "/rules/service-health/add", page.form("/rules/service-health/add") | {"what": "1.2"}
    )
    assert added.status == 303
    step = "rule.services.health.levels.1.steps.2"
    send(
        client,
        "/rules/service-health",
        **{f"{step}.text.{one}": "Vei barnet" for one in ("nb", "nn", "en")},
    )
    send(
        client,
        "/rules/service-health",
        **{f"{step}.gate": ["level.holder"], f"{step}.form": "step"},
    )
    send(client, "/rules/level-1", **{"rule.levels.1.steps.1.gate": ["level.goal"]})
    begins = (world.clock.now() + timedelta(days=1)).date().isoformat()
    send(client, "/rules", title="Vedtak 7/26", place="punkt 2", valid_from=begins)
    changed = client.get("/rules").text
    assert "Somebody has the baton" in changed
    assert "There is at least one goal" in changed
    assert "Vei barnet" in client.get("/rules/preview?service=health").text
    assert "Vei barnet" not in client.get("/rules/preview?service=school").text
    unknown = client.get("/rules/service-health").form("/rules/service-health/add")
    assert client.post("/rules/service-health/add", unknown | {"what": "1.2"}).status == 404


def test_nobody_else_finds_the_pages(world):
    for who in ("ingrid", "siv", "hege", "arne"):
        client = signed_in(world, who)
        assert client.get("/rules").status == 404
    assert signed_in(world, "anne").get("/rules").status == 404
