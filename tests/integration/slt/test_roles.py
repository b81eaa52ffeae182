"""Coordinator, body member and politiråd reader: who reaches which address, and who sits where."""

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from bti.identity.totp import code_at
from bti.slt.account import create_account
from bti.slt.appendix import Attach, attach
from bti.slt.body_change import BodyRefusedError, dissolve_body, import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies, show_body
from bti.slt.indicator_change import BringIn, bring_in
from bti.slt.indicator_file import load as load_indicators
from bti.slt.meeting import ActionStatus
from bti.slt.meeting_after import FollowUp, add_to_minutes, follow_up
from bti.slt.meeting_change import MeetingRefusedError, prepare_meeting, write_meeting
from bti.slt.meeting_stored import show_action, show_meeting, show_meetings
from bti.slt.perform import AccessDenied
from bti.slt.plan import Wanted
from bti.slt.plan_change import NoteReading, import_plan, note_reading
from bti.slt.plan_extend import WriteArea, write_area
from bti.slt.plan_file import load as load_plan
from bti.slt.plan_show import show_plan
from bti.slt.release import publish_release
from bti.slt.report_change import begin_report, make_report
from bti.slt.role import NetworkRole
from bti.slt.seat import SeatRefusedError, end_account, end_seat, give_seat
from bti.slt.sign_in import Coordinator, demo_sign_in, who_is
from bti.slt.year_change import import_year
from bti.slt.year_file import load as load_year
from bti.slt.year_stored import show_year
from bti.web.access import ROUTES, Network
from bti.web.access_rules import NETWORK_ROLES
from tests.files import pdf
from tests.integration.slt.report_site import a_document, a_draft
from tests.integration.slt.samples import PASSWORD, a_coordinator, a_release
from tests.integration.slt.test_pages import _enter, app, side  # noqa: F401 - fixtures
from tests.web.critic import CriticClient
from tests.web.meeting_site import a_meeting, three_meetings

HELD_BEFORE = date(2026, 11, 20)
EVERYBODY = {
    "slt.body.list",
    "slt.body.show",
    "slt.extend",
    "slt.feed.end",
    "slt.feed.make",
    "slt.feed.show",
    "slt.meeting.show",
    "slt.sign_out",
    "slt.year.of",
    "slt.year.show",
    "slt.year.task",
}
READS = {
    NetworkRole.MEMBER: EVERYBODY | {"slt.mail.show", "slt.mail.stop", "slt.meeting.follow_up"},
    NetworkRole.COUNCIL_READER: EVERYBODY
    | {
        "slt.appendix.download",
        "slt.appendix.list",
        "slt.indicator.file",
        "slt.indicator.list",
        "slt.indicator.show",
        "slt.paper.release",
        "slt.paper.trends",
        "slt.plan.latest",
        "slt.plan.measure",
        "slt.plan.show",
        "slt.plan.year",
        "slt.release",
        "slt.report.download",
        "slt.report.list",
        "slt.report.show",
        "slt.show",
        "slt.trends",
    },
}
MEMBER = replace(a_coordinator(username="mona"), role=NetworkRole.MEMBER)
CLOSED = {name: rule.access for name, rule in ROUTES.items() if isinstance(rule.access, Network)}


def someone(side, role, username):  # noqa: F811 - the fixture above
    """An account with a role, as if signed in, and the secret of its app."""
    made = create_account(
        side.runtime, replace(a_coordinator(username=username, display_name="Rita Rud"), role=role)
    )
    who = Coordinator(made.id, made.id, "Rita Rud", "9901", "Lindvik kommune", "en", role)
    return who, made


def settled(side):  # noqa: F811 - the fixture above
    """Numbers, a plan, two municipalities' bodies, and meetings of the politiråd and the coordinating group."""
    run, (_, olav) = side.runtime, side.signed_in()
    publish_release(run, a_release(150), by="Anne Ruud")
    plan_id = import_plan(run, load_plan("moss-2025"), "9901")
    import_bodies(run, load_bodies("nordre_land"), "9901")
    bodies = {one.body.code: one.id for one in show_bodies(run, olav)}
    council = three_meetings(run, olav, bodies["steering"])
    group = three_meetings(run, olav, bodies["coordinating"])
    measure = show_plan(run, olav, plan_id, Wanted()).stored.measure_ids["1"]
    import_year(run, load_year("standard"), "9901")
    task = next(one.id for one in show_year(run, olav, 2026).lines if one.kind == "task")
    plan = {"plan_id": plan_id, "plan_measure_id": measure, "area_code": "1", "year": 2026}
    appendix = Attach(uuid.uuid4(), "Avtale", "avtale.pdf", pdf(), "", "")
    attach(run, olav, plan_id, appendix)
    plan |= {"appendix_id": appendix.id, "year_task_id": task}
    about, table = load_indicators("aukra-ungdata-2024")
    brought = {"indicator_file_id": bring_in(run, olav, BringIn(table, about)).id}
    plan |= {"period": "2026H1", "indicator_code": "truancy", **brought}
    report_id = begin_report(run, olav, a_draft(), "")
    make_report(run, olav, report_id, 1, a_document)
    plan |= {"council_report_id": report_id, "paper": "report.json"}
    return olav, bodies, council, group, plan


def test_the_table_says_who_reads_what_on_the_network_side():
    assert {str(one) for one in NetworkRole} == NETWORK_ROLES
    for role in NetworkRole:
        opened = {name for name, rule in CLOSED.items() if str(role) in rule.roles}
        assert opened == READS.get(role, set(CLOSED))


@pytest.mark.parametrize("role", list(READS))
def test_nobody_but_the_coordinator_reaches_more_than_the_table_says(app, side, role):  # noqa: F811 - fixtures
    _, bodies, council, _, plan = settled(side)
    _, made = someone(side, role, "rita")
    if role is NetworkRole.MEMBER:
        give_seat(side.runtime, "rita", "steering", "slt-koordinator")
    ids = {**plan, **council, "body_id": bodies["steering"], "body_meeting_id": council["ended"]}
    client = CriticClient(app)
    client.get("/network/sign-in")
    code = code_at(made.totp_secret, side.clock.now())
    entered = client.post(
        "/network/sign-in", {"username": "rita", "password": PASSWORD, "code": code}
    )
    start = client.follow(entered)
    assert start.heading == ("Bodies" if role is NetworkRole.MEMBER else "Numbers and trends")
    before = _written(side)
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in CLOSED or rule.endpoint == "slt.sign_out":
            continue
        with app.test_request_context():
            known = {**ids, **({"paper": "numbers.pdf"} if "slt.paper" in rule.endpoint else {})}
            address = app.url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})
        let_in = rule.endpoint in READS[role]
        if "GET" in rule.methods:
            page = client.get(address)
            assert page.status == (200 if let_in else 404), rule
            if let_in:
                _leads_only_where_one_may_go(app, page, role)
        if "POST" in rule.methods and not let_in:
            client.get("/network/bodies")
            assert client.post(address, {"version": "1"}).status == 404, rule
    assert _written(side) == before


def _leads_only_where_one_may_go(app, page, role):  # noqa: F811 - the fixture above
    """No link and no form of a page leads to an address that is closed to the reader."""
    adapter = app.url_map.bind("localhost")
    targets = [(a.get("href"), "GET") for a in page.all("a")]
    targets += [(f.get("action"), (f.get("method") or "get").upper()) for f in page.all("form")]
    for address, method in targets:
        path = (address or "").split("?")[0].split("#")[0]
        if path.startswith("/network"):
            endpoint, _ = adapter.match(path, method=method)
            assert endpoint not in CLOSED or endpoint in READS[role], (address, page.heading)


def _written(side):  # noqa: F811 - the fixture above
    """Everything there is, without the access log and the sessions."""
    with side.runtime.engine.begin() as connection:
        names = ("slt_bodies", "slt_meetings", "meeting_actions", "plan_changes", "body_changes")
        names = (
            *names,
            "indicator_files",
            "year_tasks",
            "year_done",
            "year_changes",
            "slt_reports",
        )
        return [connection.execute(text(f"SELECT count(*) FROM {one}")).scalar() for one in names]


def test_members_and_readers_see_their_own_meetings_and_write_nothing(side):  # noqa: F811 - the fixture above
    run = side.runtime
    olav, bodies, council, group, plan = settled(side)
    an_area = WriteArea("", None, "Et område", (), (), (), "")
    member, _ = someone(side, NetworkRole.MEMBER, "mina")
    reader, _ = someone(side, NetworkRole.COUNCIL_READER, "rolf")
    assert show_bodies(run, member) == ()
    give_seat(run, "mina", "coordinating", "SLT-koordinator")
    assert [one.body.code for one in show_bodies(run, member)] == ["coordinating"]
    assert [one.body.code for one in show_bodies(run, reader)] == ["steering", "regional"]
    assert len(show_meetings(run, member, bodies["coordinating"]).meetings) == 2
    assert len(show_meetings(run, reader, bodies["steering"]).meetings) == 1
    for who, meeting in (
        (member, council["ended"]),
        (member, group["body_meeting_id"]),
        (reader, group["ended"]),
        (reader, council["under_way"]),
        (reader, council["body_meeting_id"]),
    ):
        with pytest.raises(AccessDenied):
            show_meeting(run, who, meeting)
    assert show_meeting(run, reader, council["ended"]).may_tell == frozenset()
    assert not show_meeting(run, member, group["under_way"]).may_write
    for act in (
        lambda: prepare_meeting(run, member, bodies["coordinating"], a_meeting(HELD_BEFORE)),
        lambda: write_meeting(run, member, group["under_way"], a_meeting(HELD_BEFORE, version=2)),
        lambda: add_to_minutes(run, reader, council["ended"], "Mer", ""),
        lambda: add_to_minutes(run, member, group["ended"], "Mer", ""),
        lambda: dissolve_body(run, member, bodies["coordinating"], 1),
        lambda: note_reading(run, reader, plan["plan_id"], NoteReading("x", "2026", Decimal(1))),
        lambda: write_area(run, reader, plan["plan_id"], an_area),
        lambda: show_action(run, reader, council["action_id"]),
        lambda: show_body(run, member, bodies["steering"]),
    ):
        with pytest.raises((AccessDenied, BodyRefusedError, MeetingRefusedError)) as refused:
            act()
        assert refused.type is AccessDenied
        assert str(refused.value) in {
            "role.reads",
            "meeting.unknown",
            "meeting.not_yours",
            "body.unknown",
        }
    assert show_body(run, member, bodies["coordinating"]).changes == ()
    done = FollowUp(ActionStatus.DONE, "Spurt", None, "")
    follow_up(run, member, group["action_id"], done)
    assert show_meeting(run, olav, group["ended"]).actions[0].note == "Spurt"
    give_seat(run, "mina", "coordinating", "NAV")
    with pytest.raises(AccessDenied, match="not_yours"):
        follow_up(run, member, group["action_id"], done)
    end_seat(run, "mina", "coordinating")
    with pytest.raises(AccessDenied):
        show_meeting(run, member, group["ended"])


def test_a_seat_is_by_a_function_of_the_body_and_ends_with_the_account(network):
    run = network.runtime
    import_bodies(run, load_bodies("nordre_land"), "9901")
    _, made = someone(network, NetworkRole.MEMBER, "mina")
    for username, body, function, code in (
        ("nobody", "steering", "NAV", "account"),
        ("olav.lien", "steering", "Ordfører", "role"),
        ("mina", "none", "Ordfører", "body"),
        ("mina", "steering", "Rektor", "function"),
    ):
        with pytest.raises(SeatRefusedError, match=code):
            give_seat(run, username, body, function)
    create_account(run, replace(MEMBER, municipality_number="9902"))
    with pytest.raises(BodyRefusedError, match="municipality"):
        import_bodies(run, load_bodies("moss"), "9902")
    give_seat(run, "mina", "steering", "ordfører")
    token, _ = network.signed_in()
    end_account(run, "mina")
    with pytest.raises(SeatRefusedError, match="account"):
        end_account(run, "mina")
    with run.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM body_seats")).scalar() == 0
    end_account(run, "olav.lien")
    assert who_is(run, token) is None
    assert isinstance(made.id, uuid.UUID)


def test_the_demonstrations_click_is_the_coordinators_alone(side):  # noqa: F811 - the fixture above
    end_account(side.runtime, "olav.lien")
    someone(side, NetworkRole.MEMBER, "mina")
    fields = {name: getattr(side.runtime, name) for name in side.runtime.__slots__}
    with pytest.raises(AccessDenied, match="no_demo"):
        demo_sign_in(type(side.runtime)(**{**fields, "demo": True}))
