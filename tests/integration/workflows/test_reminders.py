"""Reminders by e-mail: through the outbox to a real server, at least once, never a flood, about nothing."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Uuid, bindparam, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.bootstrap import open_runtime
from bti.crypto.errors import Locked
from bti.db.guards import FORGED
from bti.db.models import Case, Mail, MailChoice
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.reminders import LONGEST_PAUSE, Pace, pause_after
from bti.jobs.table import JOBS, Place, jobs_for
from bti.smtp import ServerAwayError
from bti.workflows import absence, archive, follow_up, leaving, reminders
from tests.integration.workflows import cases
from tests.integration.workflows.states import change_ops
from tests.integration.workflows.test_absence import away
from tests.integration.workflows.test_protection import name, protect
from tests.keyd_world import ROOT
from tests.mail_server import HOST, MailServer, own_certificate, serving_mail
from tests.world import CHEAP, settings_for

BOTH = pytest.mark.parametrize("engine", ["world", "postgres_world"])
DAY = timedelta(days=1)
#: START is a Tuesday, so a decision is due on a Tuesday two weeks later, and told from the Monday.
UNTIL_TOLD = timedelta(days=13)


class AtWork:
    """`bti work` of an installation that sends e-mail."""

    def __init__(self, world, server, **more) -> None:
        self.world, self.server = world, server
        before = world.runtime.settings
        self.settings = settings_for(
            before.var_dir,
            before.database_url,
            smtp_host=HOST,
            smtp_port=server.port,
            mail_from="stafett@lindvik.example",
            base_url="https://stafett.lindvik.example",
            **{"smtp_security": "none", **more},
        )
        self.runtime = open_runtime(self.settings, clock=world.clock, cost=CHEAP, writer="work")

    def does(self, job):
        next(one for one in JOBS if one.name == job).does(self.runtime)

    def morning(self, days=1):
        """The next morning: reminders are made, and sent."""
        self.world.clock.advance(days * DAY)
        self.does("reminders")
        self.does("mail")


@contextmanager
def at_work(world, **more):
    with serving_mail(MailServer()) as server:
        working = AtWork(world, server, **more)
        yield working
        working.runtime.close()


def wants(world, who, pace=Pace.DAILY):
    command = reminders.ChooseReminders(pace, f"{who}@lindvik.example", forget=False)
    world.run(who, reminders.choose, command=command)


def late(world, who="ingrid"):
    """A case whose decision is due tomorrow."""
    case_id = cases.new_case(world, who=who)
    world.clock.advance(UNTIL_TOLD - DAY)
    return case_id


@BOTH
def test_whoever_has_something_waiting_is_told_so_and_nothing_else(request, engine):
    world = request.getfixturevalue(engine)
    for who in ("ingrid", "per", "siv"):
        wants(world, who)
    case_id = late(world)
    number = cases.rows(world, Case, Case.id == case_id)[0].number
    with at_work(world) as work:
        work.does("reminders")
        work.does("mail")
        assert work.server.taken == [], "it is told from the working day before, not earlier"
        work.morning()
        work.does("reminders")
        work.does("mail")

    ((address, message),) = work.server.taken
    assert address == "ingrid@lindvik.example"
    assert (message["Subject"], message["To"]) == ("Noe venter på deg i Stafett", address)
    assert message["Auto-Submitted"] == "auto-generated"
    said = message.as_string() + message.get_content()
    assert "https://stafett.lindvik.example" in said
    for hidden in ("Jonas", number, str(case_id), "Ingrid", "Solberg", "Lindvik ungdomsskole"):
        assert hidden not in said
    (row,) = cases.rows(world, Mail)
    assert (row.state, row.attempts, row.message_id) == ("sent", 1, message["Message-ID"])
    assert len(cases.rows(world, AuditEvent, AuditEvent.act == Act.REMINDER_MAIL_PLAN.value)) == 1


def test_the_message_is_in_the_persons_own_language(world):
    wants(world, "ingrid")
    late(world)
    with world.as_administrator() as connection:
        connection.exec_driver_sql("UPDATE municipalities SET language='nn'")
    with at_work(world) as work:
        work.morning()
    ((_, message),) = work.server.taken
    assert message["Content-Language"] == "nn"
    assert message["Subject"] == "Noko ventar på deg i Stafett"


@BOTH
def test_a_week_without_a_server_loses_nothing_and_is_followed_by_one_message(request, engine):
    world = request.getfixturevalue(engine)
    wants(world, "ingrid")
    late(world)
    with at_work(world) as work:
        port = work.server.port
    work = AtWork(world, MailServer(port=port))
    for _ in range(7):
        with pytest.raises(ServerAwayError):
            work.morning()
    (row,) = cases.rows(world, Mail)
    assert (row.state, row.attempts, row.fault) == ("waiting", 7, "ConnectionRefusedError")

    with serving_mail(work.server):
        work.morning()
        assert len(work.server.taken) == 1
        work.does("reminders")
        work.does("mail")
        assert len(work.server.taken) == 1, "no second one on the same day"
        work.morning()
        assert len(work.server.taken) == 2
    work.runtime.close()
    assert len(set(work.server.receivers)) == 1


def test_pauses_grow_until_six_hours():
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=5), LONGEST_PAUSE)


def test_a_worker_that_is_killed_between_sending_and_marking_sends_the_same_message_again(world):
    wants(world, "ingrid")
    late(world)
    with at_work(world) as work:
        world.clock.advance(DAY)
        work.does("reminders")
        process = subprocess.Popen(
            [sys.executable, "-m", "bti", "work", "--once", "--for", "mail"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "BTI_MODE": "test",
                "BTI_VAR_DIR": str(work.settings.var_dir),
                "BTI_SMTP_HOST": HOST,
                "BTI_SMTP_PORT": str(work.server.port),
                "BTI_SMTP_SECURITY": "none",
                "BTI_MAIL_FROM": "stafett@lindvik.example",
            },
        )
        work.server.then = lambda: os.kill(process.pid, signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
        (row,) = cases.rows(world, Mail)
        assert (len(work.server.taken), row.state) == (1, "waiting")

        work.server.then = lambda: None
        work.does("mail")
        first, second = (message["Message-ID"] for _, message in work.server.taken)
        assert first == second == row.message_id
        work.does("mail")
        assert len(work.server.taken) == 2
    assert cases.rows(world, Mail)[0].state == "sent"


def test_an_address_that_is_refused_keeps_nobody_else_from_theirs(world):
    for who in ("ingrid", "per"):
        wants(world, who)
        cases.new_case(world, who=who)
    world.clock.advance(UNTIL_TOLD - DAY)
    with at_work(world) as work:
        work.server.refuses.add("ingrid@lindvik.example")
        work.morning()
        assert work.server.receivers == ["per@lindvik.example"]
        assert world.run("ingrid", reminders.mine).failing == 1
        work.server.refuses.clear()
        (row,) = cases.rows(world, Mail, Mail.state == "waiting")
        world.clock.set(row.due_at - timedelta(seconds=1))
        work.does("mail")
        assert len(work.server.taken) == 1, "its pause is not over"
        world.clock.set(row.due_at)
        work.does("mail")
    assert sorted(work.server.receivers) == ["ingrid@lindvik.example", "per@lindvik.example"]
    assert world.run("ingrid", reminders.mine).failing == 0


@BOTH
def test_nobody_has_anothers_reminders_sent_to_themselves(request, engine):
    """Who takes over the pages has an address sealed as somebody's own, and gives the row away in SQL."""
    world = request.getfixturevalue(engine)
    for who in ("per", "siv"):
        wants(world, who)
    for who in ("ingrid", "siv"):
        cases.new_case(world, who=who)
    to = {"victim": world.accounts["ingrid"], "own": world.accounts["per"]}
    given = text("UPDATE mail_choices SET account_id = :victim WHERE account_id = :own")
    ids = given.bindparams(*(bindparam(name, type_=Uuid()) for name in to))
    with world.runtime.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL app.everywhere = 'on'"))
        connection.execute(ids, to)
    with at_work(world) as work:
        work.morning(UNTIL_TOLD.days)
        work.does("mail")
    assert work.server.receivers == ["siv@lindvik.example"]
    (row,) = cases.rows(world, Mail, Mail.state == "waiting")
    assert (row.account_id, row.attempts, row.fault) == (to["victim"], 1, FORGED)
    entered = cases.rows(world, AuditEvent, AuditEvent.act == Act.ACCESS_REQUEST_DENY.value)
    assert [FORGED in bytes(one.leaf).decode() for one in entered] == [True]


def test_what_does_not_open_keeps_nobody_elses_dates_from_them(world):
    """A row that somebody has spoilt in SQL: an absence, the state of a case, an offer."""
    wants(world, "ingrid")
    spoilt = cases.new_case(world, who="per")
    away(world, "per", "siv")
    late(world)
    with world.runtime.engine.begin() as connection:
        connection.execute(text("UPDATE absence_periods SET body_ct = zeroblob(110)"))
        given = text("UPDATE cases SET ops_ct = zeroblob(110) WHERE id = :case")
        connection.execute(given, {"case": spoilt.hex})
    with at_work(world) as work:
        work.morning()
    assert work.server.receivers == ["ingrid@lindvik.example"]
    assert world.run("siv", absence.show).lines == ()
    assert world.run("siv", follow_up.of_unit)
    assert world.run("arne", archive.waiting) == ()


def test_without_the_key_nothing_is_taken_for_spoilt(world):
    with pytest.raises(Locked):
        world.system(absence.absences, world.tenant_id)


def test_what_was_done_meanwhile_is_not_told_any_more(world):
    wants(world, "ingrid")
    case_id = late(world)
    with at_work(world) as work:
        world.clock.advance(DAY)
        work.does("reminders")
        change_ops(world, case_id, decision_due=None)
        work.does("reminders")
        work.does("mail")
    assert work.server.taken == []
    assert cases.rows(world, Mail)[0].state == "moot"


def test_reminders_go_to_whoever_stands_in_and_after_long_to_the_leader_too(world):
    for who in ("ingrid", "per", "siv"):
        wants(world, who)
    case_id = late(world)
    away(world, days=(0, 6))
    with at_work(world) as work:
        work.morning()
        assert work.server.receivers == ["per@lindvik.example"]
        work.morning(days=8)
        assert sorted(work.server.receivers[1:]) == [
            "ingrid@lindvik.example",
            "siv@lindvik.example",
        ]
        # Of a case with a protected address only those who are named are told.
        protect(world, case_id)
        name(world, case_id, "ingrid")
        away(world, days=(0, 6))
        work.morning()
    assert work.server.receivers[3:] == ["ingrid@lindvik.example"]


def test_whoever_chose_never_or_cannot_sign_in_is_left_alone(world):
    wants(world, "ingrid", Pace.NEVER)
    wants(world, "per")
    for who in ("ingrid", "per"):
        cases.new_case(world, who=who)
    world.run("asta", leaving.suspend, account_id=world.accounts["per"])
    world.clock.advance(UNTIL_TOLD - DAY)
    with at_work(world) as work:
        work.morning()
    assert work.server.taken == []


def test_an_address_has_the_form_of_one_and_is_its_owners_to_give_and_take_away(world):
    for wrong in (
        "ingrid",
        "ingrid@lindvik",
        "a@b.no\nBcc: x@y.no",
        "a b@c.no",
        "x" * 130 + "@c.no",
    ):
        command = reminders.ChooseReminders(Pace.DAILY, wrong, forget=False)
        with pytest.raises(RuleBroken):
            world.run("ingrid", reminders.choose, command=command)
    wants(world, "ingrid", Pace.WEEKLY)
    world.run(
        "ingrid", reminders.choose, command=reminders.ChooseReminders(Pace.DAILY, "", forget=False)
    )
    assert world.run("ingrid", reminders.mine).has_address, "an empty field keeps what is there"
    world.run(
        "ingrid", reminders.choose, command=reminders.ChooseReminders(Pace.DAILY, "", forget=True)
    )
    (row,) = cases.rows(world, MailChoice)
    assert (row.pace, row.address_ct) == ("daily", None)
    with pytest.raises(AccessDenied):
        world.run("anne", reminders.mine)


def test_nothing_goes_in_the_open_or_to_a_server_that_cannot_prove_itself(world, tmp_path):
    wants(world, "ingrid")
    late(world)
    shown, tls = own_certificate(tmp_path)
    with serving_mail(MailServer()) as plain:
        with pytest.raises(ServerAwayError):
            AtWork(world, plain, smtp_security="starttls").morning()
        assert plain.taken == []
    with serving_mail(MailServer(), tls) as server:
        world.clock.advance(LONGEST_PAUSE)
        with pytest.raises(ServerAwayError):
            AtWork(world, server, smtp_security="starttls").does("mail")
        assert server.taken == []
        world.clock.advance(LONGEST_PAUSE)
        AtWork(world, server, smtp_security="starttls", smtp_ca_file=shown).does("mail")
        assert server.receivers == ["ingrid@lindvik.example"]


def test_an_installation_without_a_server_makes_no_reminders(world):
    names = {one.name for one in jobs_for(world.runtime.settings, frozenset(Place))}
    assert {"reminders", "mail"} & names == set()
