"""`bti work` as its units run it: each job in its unit's role, on its user's side of the broker, and no more."""

import os
import re
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.orm import load_only

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditPending
from bti.bootstrap import open_runtime
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.db.blobs import NAME_LENGTH
from bti.db.models import Account, BrokerCount, MailChoice, RoleGrant, TenantKey, Throttle
from bti.db.rights import Process
from bti.domain.codes import Role
from bti.domain.deadlines import is_working_day
from bti.domain.errors import AccessDenied
from bti.domain.reminders import Pace
from bti.jobs.claims import Claims
from bti.jobs.table import JOBS, Place, jobs_for
from bti.jobs.work import Worker
from bti.workflows import audit_check, keys, reminders
from bti.workflows.actor import SystemActor
from tests.integration.workflows.cases import new_case
from tests.integration.workflows.test_control import a_month
from tests.integration.workflows.test_leaving import plan
from tests.keyd_world import remote_world, start
from tests.mail_server import HOST, MailServer, serving_mail
from tests.sequenced import sequencer_of
from tests.walled import Deployment, walled
from tests.world import CHEAP, settings_for

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted(path.stem for path in (DEPLOY / "systemd").glob("stafett-work*.service"))
OVERDUE = timedelta(days=31)
ORPHAN = "0" * NAME_LENGTH


class Apart:
    """The municipality, and `bti work` of each unit: its own role, its own side of the broker."""

    def __init__(self, remote, made, orphan: Path, stack: ExitStack) -> None:
        self.remote, self.orphan, self._made, self._stack = remote, orphan, made, stack
        self.post = stack.enter_context(serving_mail(MailServer()))
        self.at_work = {unit: self._runtime(unit) for unit in UNITS}

    def look(self, query):
        with self.remote.embedded.looking() as session:
            return session.scalars(query).all()

    def _runtime(self, unit):
        said = (DEPLOY / "systemd" / f"{unit}.service").read_text(encoding="utf-8")
        told = environment(re.search(r"EnvironmentFile=/etc/stafett/(\w+).env", said)[1])
        role = make_url(told["BTI_DATABASE_URL"]).username
        directory = self.remote.embedded.runtime.settings.var_dir.parent
        if "BTI_KEYD_SOCKET" in told:
            # The web's own folder of files, which one of the units looks after.
            own = {"root_key_file": None, "keyd_socket": self._broker(user_of(said), unit)}
            folder = directory / Path(told["BTI_VAR_DIR"]).name.removeprefix("stafett-")
        else:
            own, folder = {}, directory / "embedded"
        settings = settings_for(
            folder, self._made.url(role), audit_log=told["BTI_AUDIT_LOG"], **own
        )
        if user_of(said) == "stafett-work":
            settings = settings.model_copy(update=self._mail())
        runtime = open_runtime(settings, clock=self.remote.world.clock, cost=CHEAP, writer="work")
        self._stack.callback(runtime.close)
        place = re.search(r"--for (\w+)", said)
        # Without a place it is that of a process that asks a broker, see bti.cli.work.
        return runtime, Place(place[1]) if place else Place.WORK

    def _mail(self):
        way = {"smtp_host": HOST, "smtp_port": self.post.port, "smtp_security": "none"}
        return {**way, "mail_from": "stafett@lindvik.example"}

    def _broker(self, user, unit):
        """A broker that takes this process for ``user``, on the side that keyd.env gives it."""
        sides = {
            name: users.split(",")
            for name, users in environment("keyd").items()
            if name.startswith("BTI_KEYD_") and name.endswith("_USERS")
        }
        (side,) = [name for name, users in sides.items() if user in users]
        socket = self.remote.keyd.socket.with_name(f"{unit}.sock")
        own = {name: value for name, value in self.remote.settings.items() if "_USERS" not in name}
        own |= {"BTI_KEYD_LISTEN": str(socket), side: str(os.geteuid())}
        keyd = start(own, socket, self.remote.clock_file)
        self._stack.callback(keyd.stop)
        return socket


def environment(name):
    lines = (DEPLOY / "environment" / f"{name}.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def user_of(unit):
    return re.search(r"^User=(.+)$", unit, re.MULTILINE)[1]


@pytest.fixture(scope="module")
def apart(postgres_server, tmp_path_factory):
    """Web, broker and work apart, a month old, with something for every job to do."""
    directory = tmp_path_factory.mktemp("work-apart")
    with (
        walled(postgres_server, Deployment.APART) as made,
        remote_world(
            directory,
            made.admin,
            keyd_url=made.url(Process.KEYD),
            web_url=made.url(Process.WEB),
            audit_log="sequenced",
        ) as remote,
        ExitStack() as stack,
    ):
        embedded, clock = remote.embedded, remote.world.clock
        new_case(remote.world)
        address = reminders.ChooseReminders(Pace.DAILY, "ingrid@lindvik.example", forget=False)
        remote.world.run("ingrid", reminders.choose, command=address)
        a_month(embedded)
        plan(embedded, "mona")
        clock.advance(OVERDUE)
        while not is_working_day(clock.now().date()):
            clock.advance(timedelta(days=1))
        days_ago = clock.now() - timedelta(days=2)
        with embedded.runtime.engine.begin() as connection:
            row = {"key": b"old".ljust(32), "failures": 3, "last_failure_at": days_ago}
            connection.execute(Throttle.__table__.insert().values(row))
        orphan = remote.world.runtime.settings.blobs() / ORPHAN[:2] / ORPHAN
        orphan.parent.mkdir(parents=True)
        orphan.write_bytes(b"of nobody")
        os.utime(orphan, (days_ago.timestamp(),) * 2)
        yield Apart(remote, made, orphan, stack)


def test_every_job_is_done_by_a_unit_in_no_more_than_its_role(apart):
    done = []
    for runtime, place in apart.at_work.values():
        jobs = jobs_for(runtime.settings, frozenset({place}))
        assert Worker(runtime, jobs, Claims(runtime.engine)).round() == (len(jobs), 0), place
        done += [one.name for one in jobs]
    elsewhere = {"checkpoint", "witness"}  # SQLite's, and the sequencer's own
    assert sorted(done) == sorted({one.name for one in JOBS} - elsewhere)

    acts = set(apart.look(select(AuditEvent.act)))
    acts |= set(apart.look(select(AuditPending.act)))
    assert {Act.AUDIT_HEARTBEAT_MAKE.value, Act.CONTROL_MONTH_RUN.value} <= acts
    assert {Act.KEY_TENANT_ROTATE.value, Act.KEY_DATA_REWRAP.value} <= acts
    mona = Account.id == apart.remote.world.accounts["mona"]
    assert apart.look(select(Account.active).where(mona)) == [False]
    assert apart.look(select(Throttle)) == apart.look(select(BrokerCount)) == []
    assert not apart.orphan.exists()
    assert apart.post.receivers == ["ingrid@lindvik.example"], "the pages never read it back"
    kek = TenantKey.purpose == TenantPurpose.KEK.value
    assert sorted(apart.look(select(TenantKey.generation).where(kek))) == [1, 2]

    embedded = apart.remote.embedded
    while sequencer_of(embedded).turn():
        pass
    assert embedded.system(audit_check.verify, tenant_id=embedded.tenant_id).intact


def test_the_brokers_role_counts_how_much_its_keys_have_sealed_as_one_that_sees_all_does(apart):
    runtime, _ = apart.at_work["stafett-work-keys"]
    embedded = apart.remote.embedded
    seen = runtime.doorway.perform(
        keys.status, SystemActor("work"), tenant_id=embedded.tenant_id
    ).used
    assert seen == embedded.system(keys.status, tenant_id=embedded.tenant_id).used
    assert seen.case_seals > 0
    assert seen.tenant_seals > 0


def test_the_pages_write_an_address_and_cannot_read_it_back(apart):
    world = apart.remote.world

    def read(context):
        context.verbs.subject()
        return context.session.scalars(select(MailChoice)).one().address

    with pytest.raises(Locked):
        world.run("ingrid", read)
    weekly = reminders.ChooseReminders(Pace.WEEKLY, "", forget=False)
    world.run("ingrid", reminders.choose, command=weekly)
    runtime, _ = apart.at_work["stafett-work-mail"]

    def read_at_work(context, *, tenant_id):
        context.verbs.open_addresses(tenant_id)
        chosen = select(MailChoice).options(
            load_only(
                MailChoice.tenant_id,
                MailChoice.version,
                MailChoice.address_ct,
                MailChoice.pace,
                raiseload=True,
            )
        )
        row = context.session.scalars(chosen).one()
        return row.pace, row.address

    found = runtime.doorway.perform(read_at_work, SystemActor("work"), tenant_id=world.tenant_id)
    assert found == ("weekly", "ingrid@lindvik.example")


def test_its_name_alone_gives_nobody_a_role(apart):
    world = apart.remote.world
    runtime, _ = apart.at_work["stafett-work"]

    def make_itself_administrator(context):
        row = RoleGrant(
            tenant_id=world.tenant_id,
            account_id=world.accounts["per"],
            unit_id=world.units["administration"],
            role=Role.ADMINISTRATOR.value,
            granted_by_id=None,
            valid_from=context.now,
            valid_to=None,
        )
        context.session.add(row)
        context.session.flush()

    with pytest.raises(AccessDenied) as refused:
        runtime.doorway.perform(make_itself_administrator, SystemActor("work"))
    assert refused.value.rule == "peer.verb"
