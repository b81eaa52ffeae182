"""The whole story with each process in its own database role, as an installation runs it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from bti.archive.verify import verify
from bti.audit.epoch import EpochReason
from bti.audit.reconcile import reconcile
from bti.bootstrap import open_runtime
from bti.clock import norwegian_date
from bti.crypto.provider import TenantPurpose
from bti.db.rights import OWNER, Process
from bti.db.walls import EVERYWHERE, stand
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClosingCause
from bti.domain.errors import AccessDenied
from bti.domain.levels import Level
from bti.domain.national_id import made_up
from bti.domain.reminders import Pace
from bti.identity import totp
from bti.workflows import (
    absence,
    archive,
    audit_check,
    audit_epoch,
    keys,
    municipality,
    reminders,
)
from bti.workflows.epoch_people import Shown
from tests.approvals import two_say_yes
from tests.integration.test_archive import key_of, pack
from tests.integration.workflows.cases import new_case
from tests.keyd_world import remote_world
from tests.story import Story
from tests.walled import Deployment, sql, walled
from tests.world import ADMIN, CHEAP, SECRET

BORN = date(2014, 3, 2)


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """Web and broker apart: processes, roles and rights."""
    directory = tmp_path_factory.mktemp("apart")
    with (
        walled(postgres_server, Deployment.APART) as made,
        remote_world(
            directory,
            made.admin,
            keyd_url=made.url(Process.KEYD),
            web_url=made.url(Process.WEB),
        ) as asked,
    ):
        yield asked


def test_the_story_is_told_with_no_more_rights_than_each_process_has(remote):
    story = Story(remote.world)
    story.tell()
    assert story.page().level == Level.TEAM
    assert "could not be answered" not in remote.keyd.said()


@pytest.mark.parametrize(
    "table", ["tenant_keys", "case_keys", "broker_codes", "broker_marks", "broker_notes"]
)
def test_the_webs_role_cannot_read_rows_that_are_the_brokers(remote, table):
    with (
        remote.world.runtime.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(f"SELECT * FROM {table}"))


#: What was written straight into a table, by the role of the pages; what the comparison with the log says of it.
STRAIGHT = {
    "UPDATE absence_periods SET withdrawn_at = now()": "changed",
    "INSERT INTO absence_periods (id, tenant_id, version, account_id, body_ct)"
    " SELECT gen_random_uuid(), tenant_id, 1, account_id, body_ct FROM absence_periods": "unlogged",
    "UPDATE mail_choices SET pace = 'never'": "changed",
    "INSERT INTO entries SELECT (jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid()))).*"
    " FROM entries one LIMIT 1": "unlogged",
    "UPDATE cases SET access_epoch = access_epoch + 1": "changed",
}
NEVER = (
    "INSERT INTO outbox SELECT * FROM outbox",
    "UPDATE outbox SET state = 'moot'",
    "UPDATE entries SET version = version + 1",
    "DELETE FROM absence_periods",
    "DELETE FROM mail_choices",
    "DELETE FROM consent_answers",
    "UPDATE consent_answers SET version = version + 1",
    "UPDATE release_records SET kind = 'keys'",
)


@pytest.fixture(scope="module")
def written_about(remote):
    """There is something in each of these tables."""
    world = remote.world
    new_case(world)
    today = norwegian_date(world.clock.now())
    away = absence.PlanAbsence(world.accounts["ingrid"], world.accounts["per"], today, today)
    world.run("ingrid", absence.plan, command=away)
    chosen = reminders.ChooseReminders(Pace.DAILY, "ingrid@lindvik.example", forget=False)
    world.run("ingrid", reminders.choose, command=chosen)
    return remote


def straight(remote, statement):
    """Write as the pages' role and look as the officer's check does, in a transaction that ends in nothing."""
    embedded = remote.embedded
    with embedded.runtime.doorway.sessions() as session, session.begin() as transaction:
        stand(session, EVERYWHERE)
        session.execute(text(f"SET LOCAL ROLE {Process.WEB}"))
        try:
            session.execute(text(statement))
        except ProgrammingError as fault:
            return {str(fault.orig).partition(" for ")[0]}
        session.execute(text("RESET ROLE"))
        found = {one.fault.value for one in reconcile(session, embedded.tenant_id)}
        transaction.rollback()
    return found


def test_what_the_webs_role_writes_straight_into_a_table_is_named(written_about):
    assert {one: straight(written_about, one) for one in STRAIGHT} == {
        one: {fault} for one, fault in STRAIGHT.items()
    }


@pytest.mark.parametrize("statement", NEVER)
def test_what_is_written_once_or_by_others_is_not_the_webs_roles_to_change(
    written_about, statement
):
    assert straight(written_about, statement) == {"permission denied"}


@pytest.fixture
def operator(remote, postgres_server):
    """The municipality as the command line meets it with the keys, by a member of the owning role."""
    embedded = remote.embedded
    with postgres_server.roles_alone():
        with sql(embedded.runtime.settings.database_url) as connection:
            connection.execute(text("DROP ROLE IF EXISTS stafett_member"))
            connection.execute(text(f"CREATE ROLE stafett_member LOGIN IN ROLE {OWNER}"))
        address = make_url(embedded.runtime.settings.database_url).set(username="stafett_member")
        chosen = {"database_url": address.render_as_string(hide_password=False)}
        settings = embedded.runtime.settings.model_copy(update=chosen)
        runtime = open_runtime(settings, clock=embedded.clock, cost=CHEAP)
        yield replace(embedded, runtime=runtime)
        runtime.close()
        with sql(embedded.runtime.settings.database_url) as connection:
            connection.execute(text("DROP ROLE stafett_member"))


def test_a_case_is_packed_for_the_archive_by_a_member_of_the_owner_and_not_in_the_brokers_role(
    remote, operator, tmp_path
):
    story = Story(remote.world)
    story.wonder()
    story.decide(None, cause=ClosingCause.CONCERN_GONE)
    broker = remote.settings["BTI_DATABASE_URL"]
    settings = operator.runtime.settings.model_copy(update={"database_url": broker})
    alone = replace(operator, runtime=open_runtime(settings, clock=operator.clock, cost=CHEAP))
    with pytest.raises(ProgrammingError, match="permission denied"):
        pack(alone, story, tmp_path / "none")
    alone.close()
    pack(operator, story, tmp_path / "package")
    report = verify(tmp_path / "package", [key_of(operator)])
    assert report.holds, report.faults
    tenant = {"tenant_id": operator.tenant_id}
    made = {"number": report.statement.number, "manifest": report.statement.manifest}
    operator.system(archive.receive, reference="ARK 26/1", **made, **tenant)
    # The web and its broker take it from the row that the operator wrote.
    with pytest.raises(AccessDenied, match=r"access\.archived"):
        story.page()
    assert operator.system(audit_check.verify, **tenant).intact


def test_what_takes_the_owners_rights_is_done_by_a_member_of_the_owner(remote, operator):
    story = Story(remote.world)
    story.wonder()
    new_case(remote.world, "per", number=made_up(BORN, range(500, 540)), born=BORN)
    tenant = {"tenant_id": operator.tenant_id}
    for purpose in (TenantPurpose.INDEX, TenantPurpose.OPS, TenantPurpose.DIRECTORY):
        done = keys.rotate_sealing(operator.runtime.doorway, ADMIN, purpose=purpose, **tenant)
        assert (done.generation, done.fresh, done.left, done.moved > 0) == (2, True, (), True)
    assert keys.rotate(operator.runtime.doorway, ADMIN, **tenant).moved > 0
    # Everybody works on, with no more rights than before.
    remote.world.forget("ingrid")
    assert story.page().child
    decided = operator.system(municipality.stands, **tenant) | {"language": "nn"}
    params = municipality.change_params(**decided)
    agreed = two_say_yes(operator, ApprovalAct.PROFILE_CHANGE, params)
    operator.system(municipality.change, approval_id=agreed, **tenant, **decided)
    operator.clock.advance(timedelta(minutes=2))
    # The command does not tell this broker's memory of the log, so the broker enters nothing after it.
    begun = operator.system(
        audit_epoch.begin,
        reason=EpochReason.KEY,
        asks=shown(operator, "asta"),
        agrees=shown(operator, "anne"),
        signer=None,
        **tenant,
    )
    assert begun is not None
    assert operator.system(audit_check.verify, **tenant).intact


def shown(world, who):
    return Shown(who, SECRET, totp.code_at(world.seeds[who], world.clock.now()))


@pytest.mark.parametrize(
    "purpose", [TenantPurpose.INDEX, TenantPurpose.OPS, TenantPurpose.DIRECTORY]
)
def test_the_brokers_own_role_seals_nothing_anew_that_is_not_its_own(remote, purpose):
    embedded = remote.embedded.runtime.settings
    chosen = {"database_url": remote.settings["BTI_DATABASE_URL"]}
    runtime = open_runtime(embedded.model_copy(update=chosen), clock=remote.world.clock)
    with pytest.raises(ProgrammingError, match="permission denied"):
        keys.rotate_sealing(
            runtime.doorway, ADMIN, tenant_id=remote.embedded.tenant_id, purpose=purpose
        )
    runtime.close()
