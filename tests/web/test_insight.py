"""Who has seen what: the page of a case, and the data protection officer's search."""

import csv
import io
import urllib.parse
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.clock import NORWAY, norwegian_date
from bti.db.models import Case, OwnRecord, Participant
from bti.domain.access import Action as Act
from bti.domain.emergency import EmergencyReason
from bti.domain.errors import RuleBroken
from bti.web.audit_words import ACTS
from bti.web.views.insight import harmless
from bti.workflows import (
    approval,
    case_file,
    emergency,
    insight,
    insight_file,
    work,
)
from bti.workflows.insight_question import Ground, Hours, Question
from tests.approvals import freshly
from tests.web.case_site import acts, signed_in
from tests.world import World

CHILD = "Oda Oppdiktet"


def _write_case(context) -> uuid.UUID:
    person = context.person
    context.verbs.subject()
    case = Case(tenant_id=person.tenant_id, unit_id=person.unit_id, number="1234-5678")
    context.verbs.new_case(case.id, ["core"])
    case.ops = case_file.Ops(
        level=0,
        status="open",
        log="none",
        opened_at=context.now,
        level_since=context.now,
        birth_date=norwegian_date(context.now),
        sector="school",
        categories=("ABS",),
    ).to_json()
    context.session.add(case)
    context.session.flush()
    case_file.add_person(context, case.id, {"kind": "child", "name": CHILD})
    context.session.add(
        Participant(
            tenant_id=person.tenant_id,
            case_id=case.id,
            account_id=person.account_id,
            unit_id=person.unit_id,
            relation="follower",
            valid_from=context.now,
        )
    )
    context.record(Action.CASE_CONCERN_CREATE, Reference("case", case.id), ground="author")
    return case.id


def _read(context, *, case_id):
    context.verbs.open(case_id, Act.READ_CASE, entry=Action.CASE_OPEN_READ)


def _keep_own_record(context):
    row = OwnRecord(tenant_id=context.person.tenant_id, account_id=context.person.account_id)
    context.verbs.new_own_record(row.id)
    row.meta, row.body = {"kind": "duty"}, {"text": "a report"}
    context.session.add(row)
    context.record(Action.OWN_RECORD_WRITE)


@pytest.fixture
def case_id(world: World) -> uuid.UUID:
    """A case ingrid works with."""
    return world.run("ingrid", _write_case)


def test_those_in_the_case_see_who_has_seen_it_newest_first(world, case_id):
    world.run("ingrid", _read, case_id=case_id)
    world.run("siv", _read, case_id=case_id)
    client = signed_in(world, "ingrid")
    client.get(f"/cases/{case_id}/accesses")
    page = client.get(f"/cases/{case_id}/accesses?view=each&mine=yes")
    assert page.status == 200
    rows = ["".join(one.itertext()) for one in page.all("tr")][1:]
    assert "Ingrid Solberg" in rows[0]
    assert "Saw who has looked" in rows[0]
    assert "Siv Aas" in rows[1]
    assert "Rektor, Lindvik ungdomsskole" in rows[1]
    assert "Read" in rows[1]
    assert "Wrote a concern" in rows[-1]


def test_that_somebody_was_refused_is_shown_and_who_it_was_only_to_the_officer(world, case_id):
    stranger = signed_in(world, "kari")
    assert stranger.get(f"/cases/{case_id}/accesses").status == 404
    page = signed_in(world, "ingrid").get(f"/cases/{case_id}/accesses")
    assert "Somebody who has no access Was refused" in page.text
    assert "Kari" not in page.text
    assert "Skolehelsetjenesten" not in page.text
    assert "Kari Lund" in signed_in(world, "anne").get("/insight?group=refused").text


@pytest.mark.parametrize("who", ["kari", "anne", "asta", "arne", "odd", "per"])
def test_others_get_the_same_page_as_for_a_case_that_is_not_there(world, case_id, who):
    client = signed_in(world, who)
    hidden = client.get(f"/cases/{case_id}/accesses")
    missing = client.get(f"/cases/{uuid.uuid4()}/accesses")
    assert hidden.status == missing.status == 404
    assert hidden.text == missing.text


def test_a_long_list_is_paged_and_can_be_shown_whole_for_printing(world, case_id):
    for _ in range(insight.CASE_PAGE + 3):
        world.run("ingrid", _read, case_id=case_id)
    client = signed_in(world, "ingrid")
    address = f"/cases/{case_id}/accesses?view=each&mine=yes"
    first = client.get(address)
    assert len(first.all("tr")) == insight.CASE_PAGE + 1
    second = client.get(f"{address}&page=2")
    assert len(second.all("tr")) > 3
    whole = client.get(f"/cases/{case_id}/accesses?all=yes")
    assert len(whole.all("tr")) > insight.CASE_PAGE + 3
    for odd in ("0", "-1", "99999999999999999999", "x", "٣"):
        assert client.get(f"/cases/{case_id}/accesses?page={odd}").status == 200


def test_the_officer_finds_events_by_case_number_with_or_without_hyphen(world, case_id):
    client = signed_in(world, "anne")
    for number in ("1234-5678", "12345678"):
        page = client.get(f"/insight?number={number}")
        assert "1 event found." in page.text
        assert "Wrote a concern" in page.text
        assert "1234-5678" in page.text
    assert "0 events found." in client.get("/insight?number=8765-4321").text


def test_the_officer_never_sees_content_or_the_name_of_a_child(world, case_id):
    world.run("ingrid", _read, case_id=case_id)
    client = signed_in(world, "anne")
    assert CHILD.split(maxsplit=1)[0] not in client.get("/insight").text
    assert CHILD.encode() not in downloaded(world).data


def test_events_are_found_by_person_by_unit_by_kind_and_by_day(world, case_id):
    world.run("siv", _read, case_id=case_id)
    signed_in(world, "kari").get(f"/cases/{case_id}/accesses")
    client = signed_in(world, "anne")
    assert "Siv Aas" in client.get("/insight?who=siv+aas&group=read").text
    assert "Ingrid Solberg" in client.get("/insight?who=ungdomsskole&group=wrote").text
    refused = client.get("/insight?group=refused")
    assert "1 event found." in refused.text
    assert "Kari Lund" in refused.text
    assert "0 events found." in client.get("/insight?to_day=2026-08-31").text
    assert "0 events found." in client.get("/insight?from_day=2026-09-02").text
    assert (
        "0 events found." not in client.get("/insight?from_day=2026-09-01&to_day=01.09.2026").text
    )


def test_one_act_alone_is_found_and_emergency_access_by_itself(world, case_id):
    world.run("siv", _read, case_id=case_id)
    client = signed_in(world, "anne")
    page = client.get("/insight?number=1234-5678&act=case:open:read")
    assert "1 event found." in page.text
    assert "Siv Aas" in "".join("".join(one.itertext()) for one in page.all("td"))
    assert "0 events found." in client.get("/insight?number=1234-5678&act=case:page:print").text
    assert "0 events found." in client.get("/insight?group=emergency").text
    world.run("vera", emergency.seek)
    sought = emergency.TakeAccess(
        number="8765-4321", reason=EmergencyReason.MISSING, text="Barnet er savnet siden i går."
    )
    assert world.run("vera", emergency.take, sought) is None
    assert "1 event found." in client.get("/insight?group=emergency").text


@pytest.mark.parametrize("act", ["own:record:write", "made:up:code"])
def test_an_act_that_cannot_be_asked_for_is_refused(world, act):
    assert signed_in(world, "anne").get(f"/insight?act={act}").status == 422


def test_own_records_are_left_out_everywhere_but_stay_in_the_tree(world):
    world.run("ingrid", _keep_own_record)
    client = signed_in(world, "anne")
    shown = client.get("/insight?who=ingrid")
    assert "own:record" not in shown.text
    assert b"own:record" not in downloaded(world).data
    assert ("own:record:write", "allow") in acts(world)


def test_no_number_tells_how_many_own_records_there_are(world):
    client = signed_in(world, "anne")
    client.post("/insight/check")
    for page in (client.get("/insight"), client.post("/insight/check")):
        assert "found." not in page.text
        labels = ["".join(label.itertext()).strip() for label in page.all("dt")]
        assert labels == ["Checksum", "Last check"]
    told = client.post("/insight/check").text
    assert "All events have been checked. None has been changed or removed." in told
    assert "1 event found." in client.get("/insight?group=sign_in").text


@pytest.mark.parametrize(
    "question",
    [
        "from_day=2026-09-05&to_day=2026-09-01",
        "from_day=yesterday",
        "group=everything",
        "number=" + "1" * 50,
        "who=%00",
    ],
)
def test_a_question_that_makes_no_sense_is_explained_and_shows_nothing(world, question):
    page = signed_in(world, "anne").get(f"/insight?{question}")
    assert page.status == 422
    assert page.all("div", id="errors")
    assert not page.all("tr")
    client = signed_in(world, "anne")
    client.get("/insight")
    typed = {**dict(urllib.parse.parse_qsl(question)), "reason": "Tilsyn"}
    refused = client.post("/insight/selections", typed)
    assert refused.status == 422
    assert not refused.all("tr")


def test_every_search_check_and_download_is_entered(world):
    client = signed_in(world, "anne")
    before = len(acts(world))
    client.get("/insight")
    client.post("/insight/check")
    assert [act for act, _ in acts(world)[before:]] == [
        "insight:log:search",
        "audit:log:verify",
        "insight:log:search",
    ]
    before = len(acts(world))
    downloaded(world)
    told = [act for act, _ in acts(world)[before:] if act.startswith(("approval", "audit"))]
    assert told == [
        "approval:request:create",
        "approval:answer:give",
        "approval:list:read",
        "approval:act:use",
        "audit:log:export",
    ]


def test_checking_shows_that_the_log_is_whole(world):
    client = signed_in(world, "anne")
    assert "has not been checked yet" in client.get("/insight").text
    assert "None has been changed or removed" in client.post("/insight/check").text
    assert "The access log was whole" in client.get("/insight").text


def test_a_silence_of_the_log_is_told_beside_a_check_that_holds(world):
    world.system(work.beat, tenant_id=world.tenant_id)
    world.clock.advance(timedelta(hours=5))
    client = signed_in(world, "anne")
    client.get("/insight")
    told = client.post("/insight/check").text
    assert "None has been changed or removed" in told
    assert "Nothing was entered from" in told
    assert "Ask those who run Stafett to see why." in told


def test_checking_shows_what_was_tampered_with(world):
    client = signed_in(world, "anne")
    client.get("/insight")
    with world.as_administrator() as connection:
        connection.execute(text("UPDATE units SET phone = '1' WHERE sector = 'leisure'"))
    told = client.post("/insight/check").text
    assert "The access log has been tampered with" in told
    assert f"changed: units {world.units['leisure']}" in told
    assert "The last check found something wrong" in client.get("/insight").text


def test_the_file_opens_in_a_spreadsheet_with_norwegian_settings(world, case_id):
    answer = downloaded(world, number="1234-5678")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="access-log.csv"'
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Time", "Who", "Unit", "What", "Why", "Case"]
    assert rows[1][1:] == [
        "Ingrid Solberg",
        "Lindvik ungdomsskole",
        "Wrote a concern",
        "Wrote it",
        "1234-5678",
    ]


def asked(world, **question):
    """The approval that Anne has asked for by the page, and her browser."""
    freshly(world, "anne")
    client = signed_in(world, "anne")
    client.get("/insight")
    answer = client.post("/insight/selections", {"reason": "Tilsyn", **question})
    return client, answer.response.headers["Location"].rpartition("/")[2]


def downloaded(world, **question):
    """The file of a selection that Asta has said yes to."""
    client, approval_id = asked(world, **question)
    freshly(world, "asta")
    world.run("asta", approval.give, approval_id=uuid.UUID(approval_id))
    client.get(f"/approvals/{approval_id}")
    return client.post(f"/insight/selections/{approval_id}", {}).response


def test_a_file_takes_two_people_and_is_given_once_and_of_nothing_else(world, case_id):
    client, approval_id = asked(world, number="1234-5678", hours="workday")
    address = f"/insight/selections/{approval_id}"
    client.get(f"/approvals/{approval_id}")
    assert client.follow(client.post(address, {})).all("h1")[0].text == "Approvals"
    assert ("audit:log:export", "allow") not in acts(world)
    freshly(world, "asta")
    second = signed_in(world, "asta").get(f"/approvals/{approval_id}").text
    for said in ("Download a part of the access log", "1234-5678", "Tilsyn", "Anne Ruud"):
        assert said in second
    assert "Monday to Friday, 6 to 16" in second
    world.run("asta", approval.give, approval_id=uuid.UUID(approval_id))
    world.run("ingrid", _read, case_id=case_id)
    assert signed_in(world, "asta").post(address, {}).status in {400, 403, 404}
    client.get(f"/approvals/{approval_id}")
    # What the browser sends beside the id changes nothing.
    file = client.post(address, {"number": "", "who": "ingrid"}).response
    assert {row[-1] for row in rows_of(file)} == {"1234-5678"}
    client.get(f"/approvals/{approval_id}")
    assert client.post(address, {}).status == 303
    assert acts(world).count(("audit:log:export", "allow")) == 1


def test_a_file_cannot_be_asked_for_without_saying_what_it_is_for(world):
    client = signed_in(world, "anne")
    client.get("/insight")
    refused = client.post("/insight/selections", {"reason": " ", "who": "ingrid"})
    assert refused.status == 422
    with pytest.raises(RuleBroken, match=r"insight\.no_reason"):
        world.run("anne", insight_file.ask_for_selection, Question(), reason=" ")


def rows_of(answer):
    """The rows of a file without its heading."""
    text_ = answer.data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text_), delimiter=";"))[1:]


@given(
    st.integers(1_700_000_000, 1_900_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
def test_every_moment_is_work_evening_night_or_weekend_by_the_clock_in_norway(at):
    local = at.astimezone(NORWAY)
    held = {one for one in Hours if one.holds(at)}
    assert (Hours.WORKDAY in held) != (Hours.OUTSIDE in held)
    assert (Hours.WEEKEND in held) == (local.weekday() >= 5)
    assert (Hours.NIGHT in held) == (local.hour >= 22 or local.hour < 6)
    assert (Hours.EVENING in held) == (16 <= local.hour < 22)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("holder", Ground.WORK),
        ("follower", Ground.WORK),
        ("cell:0b0f7e8e-55e5-4d0a-9d0e-3ad3e2a4f4a3", Ground.CONSENT),
        ("role:unit_lead", Ground.ROLE),
        ("gate:audit_export", Ground.TWO_PEOPLE),
        ("gate:emergency", Ground.EMERGENCY),
        ("gate:by_law", Ground.LAW),
        ("gate:life_health", Ground.LAW),
        ("", None),
    ],
)
def test_a_ground_of_the_log_is_of_one_kind_at_most(written, kind):
    assert [one for one in Ground if one.holds(written)] == ([kind] if kind else [])


def test_the_search_narrows_by_time_of_day_and_by_ground(world, case_id):
    world.clock.advance(timedelta(hours=14))
    world.run("ingrid", _read, case_id=case_id)
    client = signed_in(world, "anne")

    def found(question):
        page = client.get(f"/insight?number=1234-5678&{question}")
        return [row.text for row in page.all("tr")[1:]]

    assert len(found("")) == 2
    assert len(found("hours=workday")) == 1
    assert len(found("hours=night")) == len(found("hours=outside")) == 1
    assert found("hours=weekend") == []
    assert len(found("hours=night&ground=work")) == 1
    assert found("ground=emergency") == []


@given(st.text(max_size=20), st.sampled_from(["=", "+", "-", "@", "\t", "\r", " =", "\u00a0@"]))
def test_no_cell_is_ever_read_as_a_formula(rest, start):
    assert harmless(start + rest).startswith("'")


def test_every_kind_of_entry_has_words(world):
    shown = {action.value for action in Action if action not in insight.OWN}
    assert set(ACTS) == shown
