"""The pages of meetings, as a browser meets them."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from bti.domain.meetings import MINUTES_LENGTH, MOST_INVITED
from bti.workflows import meeting, own_record
from tests.integration.workflows.states import today, with_log
from tests.integration.workflows.test_meeting import listed, page, planned
from tests.web.plan_site import client_for, filled

PLAN = {"kind": "evaluation", "clock": "23:30", "minutes": "45", "place": "Rom B203"}


def paths(case_id, meeting_id):
    base = f"/cases/{case_id}/meetings"
    return base, f"{base}/{meeting_id}"


def keys(world, case_id):
    return [one.key for one in listed(world, case_id).people]


def test_a_meeting_is_planned_written_down_approved_and_leads_to_a_measure(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    base, _ = paths(case_id, "")
    new = f"{base}/new"
    people = keys(world, case_id)
    shown = client.follow(
        client.post(
            new,
            filled(client.get(new), new, **PLAN, day=today(world).isoformat(), invited=people),
        )
    )
    assert "The meeting is planned." in shown.text
    one = f"{base}/{listed(world, case_id).lines[0].meeting_id}"

    typed = {
        "point1_text": "Fast voksen i gangen",
        "point1_responsible": "Ingrid Solberg",
        "point1_deadline": today(world).isoformat(),
        "text": "Č" * MINUTES_LENGTH,
        "present": people[1:],
    }
    write = f"{one}/minutes"
    more = client.post(write, filled(client.get(write), write, **typed, go="more"))
    assert more.form(write)["point9_text"] == ""
    approve = client.follow(client.post(write, filled(more, write, **typed)))
    assert "Fast voksen i gangen" in approve.text
    path = f"{write}/approve"
    nobody = client.post(path, filled(approve, path, approved=[], reason0="told_before"))
    assert nobody.status == 422
    locked = client.follow(
        client.post(path, filled(nobody, path, approved=people[1:], reason0="told_before"))
    )
    assert "The minutes are approved and locked." in locked.text
    assert "Evaluate the measures" in locked.text
    agreed = "Fast voksen i gangen. Who: Ingrid Solberg. By: "
    assert agreed in client.get(f"/cases/{case_id}/print").text
    assert agreed not in client.get(f"/cases/{case_id}").text

    path = f"{one}/points/0/measure"
    made = client.follow(
        client.post(
            path,
            filled(
                client.get(path),
                path,
                new_goal="Jonas kommer i tide",
                arena="school",
                kind="adult",
                responsible="Kontaktlærer",
            ),
        )
    )
    assert "It is a measure in the plan" in made.text
    assert "Agreed on in a meeting" in client.get(f"/cases/{case_id}").text
    assert client.get(f"{one}/points/1/measure").status == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "a" * (MINUTES_LENGTH + 1)}, "Write at most 10000 signs."),
        ({"point2_deadline": "2026-02-30"}, "Write the date as day.month.year"),
        ({"point2_responsible": "x" * 201}, "Write at most 200 signs."),
        ({"present": []}, "Tick at least one."),
        ({"point1_deadline": "2020-01-01"}, "What is agreed cannot be due before the meeting."),
    ],
)
def test_what_is_wrong_in_minutes_is_said_and_kept_as_a_draft(world, changes, message):
    case_id = with_log(world)
    meeting_id = planned(world, case_id)
    client = client_for(world, "ingrid")
    _, one = paths(case_id, meeting_id)
    path = f"{one}/minutes"
    typed = {"point1_text": "Vi ringes", "present": keys(world, case_id), **changes}
    refused = client.post(path, filled(client.get(path), path, **typed))
    assert refused.status == 422
    assert message in refused.text
    again = client.get(path)
    assert again.form(path)["point1_text"] == "Vi ringes"
    assert client.get(f"{path}/approve").response.headers["Location"].endswith("/minutes")


def test_minutes_in_which_nothing_is_agreed_go_no_further_unless_they_say_so(world):
    case_id = with_log(world)
    meeting_id = planned(world, case_id)
    client = client_for(world, "ingrid")
    _, one = paths(case_id, meeting_id)
    path = f"{one}/minutes"
    empty = {"present": keys(world, case_id), "text": " "}
    refused = client.post(path, filled(client.get(path), path, **empty))
    assert refused.status == 422
    assert "Write at least one point you agreed on." in refused.text
    assert client.get(f"{path}/approve").response.headers["Location"].endswith("/minutes")
    said = {**empty, "text": "Vi ble ikke enige om noe."}
    onward = client.post(path, filled(refused, path, **said)).response
    assert onward.headers["Location"].endswith("/approve")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": "2020-01-01"}, "on a day that has passed"),
        ({"day": "2027-03-28", "clock": "02:30"}, "the clock is moved forward that night"),
        ({"day": "2026-02-30"}, "Write the date as day.month.year"),
        ({"day": "2099-01-01"}, "Choose a day within two years."),
        ({"clock": "25:00"}, "Write the time as hours and minutes"),
        ({"minutes": "-5"}, "Choose one of the answers in the list."),
        ({"invited": []}, "Tick at least one."),
        ({"invited": ["staff:x"] * (MOST_INVITED + 1)}, "Choose among the answers in the list."),
    ],
)
def test_an_impossible_plan_is_refused_and_nothing_typed_is_lost(world, changes, message):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/meetings/new"
    typed = {**PLAN, "day": today(world).isoformat(), "invited": keys(world, case_id), **changes}
    refused = client.post(path, filled(client.get(path), path, **typed))
    assert refused.status == 422
    assert message in refused.text
    assert refused.form(path)["place"] == "Rom B203"
    assert listed(world, case_id).lines == ()


def test_the_file_for_a_calendar_says_when_and_nothing_about_whom(world):
    case_id = with_log(world)
    later = world.clock.now() + timedelta(days=200)
    meeting_id = planned(world, case_id, starts_at=later, place="Rom B203; «øst», 2. etg")
    client = client_for(world, "ingrid")
    _, one = paths(case_id, meeting_id)
    shown = client.get(f"{one}/invitation").response
    assert shown.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    raw = shown.get_data()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    calendar = Calendar.from_ical(raw)
    (event,) = calendar.walk("VEVENT")
    assert event["uid"] == f"{meeting_id}@stafett"
    assert event.decoded("dtstart") == later.replace(microsecond=0)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=45)
    assert (event["sequence"], str(event["summary"]), event["class"]) == (0, "Meeting", "PRIVATE")
    assert event["location"] == "Rom B203; «øst», 2. etg"
    number = page(world, case_id, meeting_id)
    text = raw.decode().casefold()
    for told in (
        "jonas",
        "hansen",
        "berg",
        "ingrid",
        "skole",
        str(case_id),
        number.child.casefold(),
    ):
        assert told not in text
    form = f"{one}/cancel"
    client.post(form, filled(client.get(one), form))
    gone = client.get(f"{one}/invitation").response
    (event,) = Calendar.from_ical(gone.get_data()).walk("VEVENT")
    assert "method=CANCEL" in gone.headers["Content-Type"]
    assert (event["sequence"], event["status"]) == (1, "CANCELLED")


def test_the_draft_is_kept_while_it_is_written_for_each_meeting_by_itself(world):
    case_id = with_log(world)
    first, second = planned(world, case_id), planned(world, case_id)
    client = client_for(world, "ingrid")
    for meeting_id, text in ((first, "En"), (second, "To")):
        path = f"{paths(case_id, meeting_id)[1]}/minutes"
        sent = client.post("/minutes/draft", filled(client.get(path), path, text=text))
        assert sent.response.json["saved_at"]
    for meeting_id, text in ((first, "En"), (second, "To")):
        path = f"{paths(case_id, meeting_id)[1]}/minutes"
        assert client.get(path).form(path)["text"] == text
    about = meeting.draft_about(case_id, first)
    assert about in [one.about for one in world.run("ingrid", own_record.my_drafts)]
    links = [link.get("href") for link in client.get("/worklist").all("a")]
    assert f"{paths(case_id, first)[1]}/minutes" in links
