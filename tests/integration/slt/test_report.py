"""Reports to the politiråd: what they are made from, what never comes along, and that what is made stands."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bti.slt.document import DocumentDamagedError, digest
from bti.slt.meeting_after import add_to_minutes
from bti.slt.meeting_change import prepare_meeting
from bti.slt.perform import AccessDenied
from bti.slt.plan import Decision, Wanted
from bti.slt.plan_next import NextPeriod, roll_over
from bti.slt.plan_show import show_plan
from bti.slt.release import publish_release, withdraw_release
from bti.slt.report_change import (
    ReportRefusedError,
    begin_report,
    discard_report,
    make_report,
    write_report,
)
from bti.slt.report_stored import show_choices, show_report, show_reports
from bti.slt.role import NetworkRole
from bti.slt.sign_in import Coordinator
from tests.integration.slt.report_site import (
    AGREED,
    FINDING,
    MARKUP,
    a_decision,
    a_document,
    a_draft,
    a_year,
    words_of,
)
from tests.integration.slt.samples import a_release, read
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill
from tests.web.meeting_site import a_meeting, three_meetings

FILES = ("report.pdf", "report.odt", "report.json", "facts.pdf", "facts.odt", "facts.json")


def other(who, role=NetworkRole.COORDINATOR, number="9901"):
    return replace(who, role=role, municipality_number=number)


def test_what_is_made_stands_for_ever_with_who_and_when(network):
    run = network.runtime
    _, olav = network.signed_in()
    publish_release(run, a_release(150), by="Anne Ruud")
    one = begin_report(run, olav, a_draft(), "")
    with pytest.raises(ReportRefusedError, match="changed"):
        write_report(run, olav, one, 7, a_draft(language="nn"), "")
    write_report(run, olav, one, 1, a_draft(language="nn"), "")
    assert show_report(run, olav, one).draft.language == "nn"
    make_report(run, olav, one, 2, a_document)
    page = show_report(run, olav, one)
    assert (page.made.by, page.made.at) == ("Olav Lien", network.clock.now())
    assert page.made.digest == digest(page.made.report_text) != page.made.sheet_digest
    (line,) = show_reports(run, olav)
    assert (line.digest, line.made_at, line.superseded) == (page.made.digest, page.made.at, False)
    for act in (
        lambda: write_report(run, olav, one, 3, a_draft(), ""),
        lambda: discard_report(run, olav, one, 3),
        lambda: make_report(run, olav, one, 3, a_document),
    ):
        with pytest.raises(ReportRefusedError, match="made"):
            act()
    for frozen in ("UPDATE slt_reports SET foreword = 'x'", "DELETE FROM slt_reports"):
        with pytest.raises(DBAPIError, match="frozen"), run.engine.begin() as connection:
            connection.execute(text(frozen))
    _damage(run)
    with pytest.raises(DocumentDamagedError):
        show_report(run, olav, one)


def _damage(run):
    """Somebody who may do anything in the database changes what a report says."""
    sqlite = run.engine.dialect.name == "sqlite"
    off = (
        "DROP TRIGGER slt_reports_no_update"
        if sqlite
        else "ALTER TABLE slt_reports DISABLE TRIGGER ALL"
    )
    with run.engine.begin() as connection:
        connection.execute(text(off))
        connection.execute(
            text("UPDATE slt_reports SET report_text = replace(report_text, 'Rapport', 'Annet')")
        )


def test_a_draft_is_the_coordinators_and_nobody_elses_municipality_has_any(side):  # noqa: F811 - fixture
    run = side.runtime
    _, olav = side.signed_in()
    reader: Coordinator = other(olav, NetworkRole.COUNCIL_READER)
    one, thrown = (begin_report(run, olav, a_draft(), "") for _ in range(2))
    discard_report(run, olav, thrown, 1)
    assert [row.id for row in show_reports(run, olav)] == [one]
    assert show_reports(run, reader) == ()
    strangers = (reader, other(olav, NetworkRole.MEMBER), other(olav, number="9902"))
    for who in strangers:
        with pytest.raises(AccessDenied):
            show_report(run, who, one)
    for who in strangers[:2]:
        for act in (
            lambda who=who: begin_report(run, who, a_draft(), ""),
            lambda who=who: make_report(run, who, one, 1, a_document),
            lambda who=who: show_choices(run, who),
        ):
            with pytest.raises(AccessDenied):
                act()
    make_report(run, olav, one, 1, a_document)
    assert show_report(run, reader, one).made is not None
    for who in strangers[1:]:
        with pytest.raises(AccessDenied):
            show_report(run, who, one)


def test_a_name_is_asked_about_and_what_was_typed_is_kept(client, side):  # noqa: F811 - fixtures
    _, olav = side.signed_in()
    ids = a_year(side.runtime, olav)
    _enter(client, side)
    typed = {
        "foreword": "Kari Nordmann har bedt om dette.",
        "what_1": "Lys i parken",
        "sum_1": "90 000",
    }
    form = client.get("/network/report/new")
    no_body = client.post("/network/report/new", fill(form, **typed))
    assert no_body.status == 422
    assert "Write what is to be decided, and who decides." in no_body.text
    assert "Kari Nordmann har bedt om dette." in no_body.text
    given = fill(form, **typed, body_1=str(ids["coordinating"]))
    warned = client.post("/network/report/new", given)
    assert warned.status == 422
    assert "Kari, Nordmann." in " ".join(warned.text.split())
    assert fill(warned)["sum_1"] == "90 000"
    page = client.follow(client.post("/network/report/new", {**given, "reason": "Har sagt ja"}))
    assert "Kept because: Har sagt ja" in page.text
    assert "Lys i parken" in page.text
    again = fill(client.get(f"{page.response.request.path}/edit"))
    assert (again["sum_1"], again["body_1"]) == ("90000", str(ids["coordinating"]))


def test_the_report_says_the_same_on_the_page_and_in_every_file(client, side):  # noqa: F811 - fixtures
    run = side.runtime
    _, olav = side.signed_in()
    ids = a_year(run, olav)
    draft = a_draft(decisions=(a_decision(ids["steering"]),))
    one = begin_report(run, olav, draft, "")
    _enter(client, side)
    here = f"/network/report/{one}"
    assert client.get(f"{here}/report.pdf").status == 404
    preview = client.get(here)
    page = client.follow(client.post(f"{here}/make", {"version": "1"}))
    made = show_report(run, olav, one).made
    told = (
        "Rådet har bedt om en oversikt.",
        MARKUP,
        "Bruke penger på trafikkvakter",
        "Bestemmer om mer enn kr 10 000. Summen er innenfor.",
        "SLT handlingsplan 2025–2028",
        FINDING,
        AGREED,
        "skjult",
    )
    files = {name: client.get(f"{here}/{name}").response.get_data() for name in FILES}
    assert files == {name: client.get(f"{here}/{name}").response.get_data() for name in FILES}
    read_as = {name: words_of(name, found) for name, found in files.items()}
    for shown in (preview.text, page.text, *(read_as[one] for one in FILES[:3])):
        for words in told:
            assert words in " ".join(shown.replace("\xa0", " ").split()), words
    for name in ("report.pdf", "report.odt"):
        assert made.digest in read_as[name]
    assert digest(read_as["report.json"]) == made.digest
    assert digest(read_as["facts.json"]) == made.sheet_digest
    for name in FILES[3:]:
        assert "telefon 00 00 00 00" in read_as[name]
        internal = (FINDING, AGREED, "bedt om", "trafikkvakter", "I gang", "Mangler")
        assert not [words for words in internal if words in read_as[name]]


def test_nothing_that_is_not_published_or_not_finished_is_in_any_of_it(client, side):  # noqa: F811 - fixtures
    run = side.runtime
    _, olav = side.signed_in()
    ids = a_year(run, olav, children=(385, 755))
    known = (a_release(385, period="2025H2"),)
    known += (a_release(755, known=known),)
    # One half-year is withdrawn, another corrected, and the neighbour has numbers of its own.
    gone, corrected = known[0], a_release(430, version=2, known=known)
    publish_release(run, corrected, by="Anne Ruud")
    withdraw_release(
        run, "9901", read(gone).period, reason="Galt talt.", sha256=read(gone).sha256()
    )
    publish_release(run, a_release(970, number="9902"), by="Anne Ruud")
    poison = a_meeting(side.clock.now().date(), title="GIFT1", minutes="GIFT2", agenda=("GIFT3",))
    prepare_meeting(run, olav, ids["steering"], poison)
    add_to_minutes(run, olav, ids["ended"], "GIFT4", "")
    three_meetings(run, olav, ids["coordinating"])
    begin_report(run, olav, a_draft(foreword="GIFT5"), "GIFT6")
    with run.engine.begin() as connection:
        planted = connection.execute(
            text("UPDATE slt_meetings SET agenda = 'GIFT7' WHERE state <> 'finished'")
        )
        assert planted.rowcount > 1
    one = begin_report(run, olav, a_draft(), "")
    _enter(client, side)
    here = f"/network/report/{one}"
    preview = client.get(here).text
    client.post(f"{here}/make", {"version": "1"})
    shown = [preview] + [
        words_of(name, client.get(f"{here}/{name}").response.get_data()) for name in FILES
    ]
    minutes = "Vi gikk gjennom planen"
    for words in shown:
        assert "430" in words
        found = [w for w in ("GIFT", "385", "755", "970", "Galt talt", minutes) if w in words]
        assert found == []
    for name in FILES[:2]:
        dashes = words_of(name, client.get(f"{here}/{name}").response.get_data())
        assert "–" in dashes


def test_a_report_whose_numbers_stand_no_more_is_kept_and_not_given_out(client, side):  # noqa: F811 - fixtures
    run = side.runtime
    _, olav = side.signed_in()
    first = a_release(400)
    publish_release(run, first, by="Anne Ruud")
    one = begin_report(run, olav, a_draft(), "")
    _enter(client, side)
    here = f"/network/report/{one}"
    client.get(here)
    client.post(f"{here}/make", {"version": "1"})
    assert client.get(f"{here}/facts.pdf").status == 200
    publish_release(run, a_release(430, version=2, known=(first,)), by="Anne Ruud")
    assert [client.get(f"{here}/{name}").status for name in FILES] == [404] * len(FILES)
    page = client.get(here)
    assert "no longer given out" in page.text
    assert "400" not in page.text
    assert "The numbers stand no more" in client.get("/network/report").text


def test_a_plan_that_nobody_has_adopted_takes_no_place_beside_one_that_is_in_force(client, side):  # noqa: F811 - fixtures
    run, (_, olav) = side.runtime, side.signed_in()
    a_year(run, olav)
    one = begin_report(run, olav, a_draft(), "")
    plan = show_plan(run, olav, None, Wanted()).stored
    going_on = dict.fromkeys(plan.measure_ids, Decision.CARRY_ON)
    wanted = NextPeriod("Et utkast", date(2026, 7, 1), date(2029, 12, 31), going_on, "")
    roll_over(run, olav, plan.id, wanted)
    _enter(client, side)
    here = f"/network/report/{one}"
    client.get(here)
    client.post(f"{here}/make", {"version": "1"})
    for name in ("report.json", "facts.json"):
        words = words_of(name, client.get(f"{here}/{name}").response.get_data())
        assert "SLT handlingsplan 2025–2028" in words
        assert "Et utkast" not in words


def test_before_there_are_numbers_or_a_plan_the_report_says_so(client, side):  # noqa: F811 - fixtures
    _, olav = side.signed_in()
    _enter(client, side)
    form = client.get("/network/report/new")
    assert "nobody can be named who decides" in form.text
    assert "First half of 2026 (no numbers published)" in form.text
    page = client.follow(client.post("/network/report/new", fill(form, language="nn")))
    here = page.response.request.path
    client.post(f"{here}/make", {"version": "1"})
    for name in FILES[:2]:
        words = words_of(name, client.get(f"{here}/{name}").response.get_data())
        for said_so in (
            "Ingen tal er publiserte enno.",
            "Det er ingen plan her for 2026.",
            "Ingen tiltak blei evaluerte i 2026.",
            "Det blir ikkje bedt om noka avgjerd.",
        ):
            assert said_so in words
    assert show_reports(side.runtime, olav)[0].made_at


def test_the_pages_of_numbers_are_files_too_with_what_is_hidden(client, side):  # noqa: F811 - fixtures
    first = a_release(120, period="2025H2")
    known = (first, a_release(150, known=(first,)))
    _enter(client, side)
    assert client.get("/network/trends/numbers.pdf").status == 404
    for one in known:
        publish_release(side.runtime, one, by="Anne Ruud")
    page = client.get("/network/")
    links = [a.get("href") for a in page.all("a") if "numbers." in (a.get("href") or "")]
    assert links == [f"/network/releases/2026H1/numbers.{one}" for one in ("pdf", "odt")]
    table = read(known[1]).tables[0].numbers
    for address in (*links, "/network/trends/numbers.pdf", "/network/trends/numbers.odt"):
        words = words_of(address, client.get(address).response.get_data())
        assert "hidden" in words
        assert "First half of 2026" in words
        assert read(known[1]).sha256()[:16] in words
        assert ("Second half of 2025" in words) == ("trends" in address)
        shown = {str(one) for one in table if one is not None}
        assert "releases" not in address or shown <= set(words.split())
    withdraw_release(
        side.runtime,
        "9901",
        read(first).period,
        reason="Galt talt.",
        sha256=read(first).sha256(),
    )
    trends = words_of(".pdf", client.get("/network/trends/numbers.pdf").response.get_data())
    assert read(first).sha256()[:16] not in trends
    assert client.get("/network/releases/2025H2/numbers.pdf").status == 404
    assert client.get("/network/releases/2026H1/other.pdf").status == 404
