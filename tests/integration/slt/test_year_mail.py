"""Reminders of the year by e-mail: off until asked for, through an outbox to a real server, at least once, naming nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from bti.domain.errors import RuleBroken
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.perform import AccessDenied
from bti.slt.role import NetworkRole
from bti.slt.seat import end_account, give_seat
from bti.slt.secret_box import E_MAIL, SealBrokenError
from bti.slt.year_change import make_task, mark_task
from bti.slt.year_feed import make_feed
from bti.slt.year_mail import choose, letters, plan_letters, show_choice, stop
from bti.slt.year_mail_models import YearMailChoiceRow, YearMailRow
from bti.slt.year_send import remind
from bti.smtp import ServerAwayError
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_roles import someone
from tests.integration.slt.test_year import ON_ONE_ENGINE, a_task
from tests.mail_server import HOST, MailServer, serving_mail

DAY = timedelta(days=1)
#: A Monday at ten in Norway, a week before the deadline is told.
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def sends_by(network, server):
    return network.settings.model_copy(
        update={
            "smtp_host": HOST,
            "smtp_port": server.port,
            "smtp_security": "none",
            "mail_from": "stafett@lindvik.example",
            "base_url": "https://slt.lindvik.example",
        }
    )


def rows(network):
    with network.runtime.sessions() as session, session.begin():
        found = session.scalars(select(YearMailRow).order_by(YearMailRow.day)).all()
        session.expunge_all()
        return found


def the_year(network):
    """A task that is told from Monday 9 November and due on the 23rd, and Olav who wants to know."""
    _, olav = network.signed_in()
    network.clock.set(MONDAY)
    own = make_task(network.runtime, olav, a_task(day=23, lead_days=14))
    choose(network.runtime, olav, "olav@lindvik.example")
    return olav, own


def test_a_week_without_a_server_loses_nothing_and_is_followed_by_one_letter(network):
    run, (olav, own) = network.runtime, the_year(network)
    with serving_mail(MailServer()) as server:
        settings = sends_by(network, server)
        assert remind(run, settings) == 0
    assert rows(network) == [], "it is told from the Monday after"
    network.clock.advance(7 * DAY)
    for _ in range(7):
        with pytest.raises(ServerAwayError):
            remind(run, settings)
        network.clock.advance(DAY)
    (row,) = rows(network)
    assert (row.state, row.attempts, row.fault) == ("waiting", 7, "ConnectionRefusedError")
    assert show_choice(run, olav).failing == 7
    with serving_mail(MailServer(port=server.port)) as server:
        assert [remind(run, settings), remind(run, settings)] == [1, 0]
        ((address, message),) = server.taken
        assert (address, message["Message-ID"]) == ("olav@lindvik.example", row.message_id)
        assert message["Auto-Submitted"] == "auto-generated"
        said = message.get_content()
        assert "November 23, 2026: Søke tilskudd" in said
        assert "https://slt.lindvik.example/network/year" in said
        assert "Olav" not in message.as_string()
        mark_task(run, olav, own, 2026, 11, done=True)
        network.clock.advance(7 * DAY)
        assert remind(run, settings) == 0, "nothing waits any more"
    assert show_choice(run, olav).failing == 0


@ON_ONE_ENGINE
def test_one_that_was_taken_and_not_marked_goes_again_under_the_same_id(network, monkeypatch):
    run, _ = network.runtime, the_year(network)
    network.clock.advance(7 * DAY)
    with serving_mail(MailServer()) as server:
        settings = sends_by(network, server)

        def killed(*_given):
            raise KeyboardInterrupt

        monkeypatch.setattr("bti.slt.year_send.mark_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            remind(run, settings)
        monkeypatch.undo()
        assert remind(run, settings) == 1
        first, second = (message["Message-ID"] for _, message in server.taken)
        assert first == second


@ON_ONE_ENGINE
def test_nobody_is_reminded_who_has_not_asked_and_a_name_never_leaves(network):
    run, (_, olav) = network.runtime, network.signed_in()
    network.clock.set(MONDAY)
    make_task(run, olav, a_task(title="Ringe Kari Nordmann", lead_days=60, reason="Hun er kjent"))
    assert plan_letters(run, "x") == 0
    with pytest.raises(RuleBroken, match=r"reminder\.address"):
        choose(run, olav, "olav@lindvik.example\nBcc: alle@x.no")
    choose(run, olav, "olav@lindvik.example")
    network.clock.set(MONDAY.replace(hour=5))
    assert plan_letters(run, "x") == 0, "it is not yet half past six in Norway"
    network.clock.set(MONDAY)
    assert [plan_letters(run, "x"), plan_letters(run, "x")] == [1, 0]
    ((_, title),) = letters(run)[0].waits
    assert title == ""
    stop(run, olav)
    assert letters(run) == ()
    assert not show_choice(run, olav).has_address
    choose(run, olav, "olav@lindvik.example")
    network.clock.advance(7 * DAY)
    assert plan_letters(run, "x") == 1
    make_feed(run, olav)
    end_account(run, "olav.lien")
    assert letters(run) == ()
    with run.engine.connect() as connection:
        left = [
            connection.execute(text(asked)).scalar_one()
            for asked in (
                "SELECT count(*) FROM year_mail_choices",
                "SELECT count(*) FROM year_mails WHERE open_slot = 1",
                "SELECT count(*) FROM year_feeds WHERE ended_at IS NULL",
            )
        ]
    assert left == [0, 0, 0], "nobody but the one who is gone could have taken it away"


@ON_ONE_ENGINE
def test_a_member_is_told_what_the_own_function_does_and_a_reader_nothing(network):
    run, (_, olav) = network.runtime, network.signed_in()
    import_bodies(run, load_bodies("nordre_land"), "9901")
    for function in ("Ordfører", "SLT-koordinator"):
        make_task(run, olav, a_task(title=f"For {function}", responsible=function))
    mayor, _ = someone(network, NetworkRole.MEMBER, "mina")
    give_seat(run, "mina", "steering", "Ordfører")
    choose(run, mayor, "mina@lindvik.example")
    assert plan_letters(run, "x") == 0, "it is Sunday"
    network.clock.advance(DAY)
    assert plan_letters(run, "x") == 1
    (letter,) = letters(run)
    assert [title for _, title in letter.waits] == ["For Ordfører"]
    reader = replace(mayor, role=NetworkRole.COUNCIL_READER)
    for act in (show_choice, stop):
        with pytest.raises(AccessDenied):
            act(run, reader)


@ON_ONE_ENGINE
def test_an_address_is_sealed_and_bound_to_its_account(network):
    run, (olav, _) = network.runtime, the_year(network)
    with run.sessions() as session, session.begin():
        sealed = session.scalars(select(YearMailChoiceRow.address_sealed)).one()
    assert b"olav" not in sealed
    with pytest.raises(SealBrokenError):
        run.box.open(sealed, account_id=olav.session_id, purpose=E_MAIL)
    with pytest.raises(SealBrokenError):
        run.box.open(sealed, account_id=olav.account_id)


def test_an_address_is_written_once_never_shown_and_stopped_with_one_click(client, side):  # noqa: F811 - fixtures
    _enter(client, side)
    assert "No address is registered" in client.get("/network/year/reminders").text
    wrong = client.post("/network/year/reminders", {"address": "olav"})
    assert wrong.status == 422
    assert client.post("/network/year/reminders", {"address": "o@lindvik.example"}).status == 303
    shown = client.get("/network/year/reminders")
    assert "An address is registered." in shown.text
    assert b"o@lindvik" not in shown.response.get_data()
    client.post("/network/year/reminders/stop", {})
    assert "No address is registered" in client.get("/network/year/reminders").text
    with side.runtime.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM year_mail_choices")).scalar() == 0
