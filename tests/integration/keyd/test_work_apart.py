"""`bti work` beside a broker of its own: in its role, as the broker's work side, and no more."""

import os

import pytest
from sqlalchemy import func, select

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.bootstrap import open_runtime
from bti.db.models import ControlFinding, RoleGrant
from bti.db.rights import Process
from bti.domain.codes import Role
from bti.domain.errors import AccessDenied
from bti.jobs.claims import Claims
from bti.jobs.table import Place, jobs_for
from bti.jobs.work import Worker
from bti.workflows import audit_check
from bti.workflows.actor import SystemActor
from tests.integration.workflows.test_control import a_month
from tests.keyd_world import remote_world, start
from tests.walled import Deployment, walled
from tests.world import CHEAP, settings_for


@pytest.fixture(scope="module")
def apart(postgres_server, tmp_path_factory):
    """A month of looks, and a runtime as `bti work` has it: another role, another side."""
    directory = tmp_path_factory.mktemp("work-apart")
    with (
        walled(postgres_server, Deployment.APART) as made,
        remote_world(directory, made.admin, keyd_url=made.url(Process.KEYD)) as remote,
    ):
        a_month(remote.embedded)
        socket = remote.keyd.socket.with_name("work.sock")
        environment = {
            **remote.settings,
            "BTI_KEYD_LISTEN": str(socket),
            "BTI_KEYD_WORK_USERS": str(os.geteuid()),
        }
        del environment["BTI_KEYD_WEB_USERS"]
        keyd = start(environment, socket, remote.clock_file)
        settings = settings_for(
            directory / "work", made.url(Process.WORK), root_key_file=None, keyd_socket=socket
        )
        runtime = open_runtime(settings, clock=remote.world.clock, cost=CHEAP, writer="work")
        try:
            yield remote, runtime
        finally:
            runtime.close()
            keyd.stop()


def test_its_own_jobs_need_no_more_than_its_role_and_its_side(apart):
    remote, runtime = apart
    jobs = jobs_for(runtime.settings, frozenset({Place.WORK}))
    assert Worker(runtime, jobs, Claims(runtime.engine)).round() == (len(jobs), 0)
    with remote.embedded.looking() as session:
        assert session.scalar(select(func.count()).select_from(ControlFinding)) == 3
        acts = set(session.scalars(select(AuditEvent.act)))
    assert {Act.AUDIT_HEARTBEAT_MAKE.value, Act.CONTROL_MONTH_RUN.value} <= acts
    embedded = remote.embedded
    assert embedded.system(audit_check.verify, tenant_id=embedded.tenant_id).intact


def test_its_name_alone_gives_nobody_a_role(apart):
    remote, runtime = apart

    def make_itself_administrator(context):
        row = RoleGrant(
            tenant_id=remote.world.tenant_id,
            account_id=remote.world.accounts["per"],
            unit_id=remote.world.units["administration"],
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
