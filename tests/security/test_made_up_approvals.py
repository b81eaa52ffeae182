"""A process that was taken over shows the broker a yes that nobody has given, or gives it again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.audit.note import Checkpoint
from bti.audit.record import origin_of
from bti.bootstrap import broker_rules
from bti.db.guards import mac_columns
from bti.db.models import Approval
from bti.db.types import stored_bytes
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.identity.tokens import proof_of
from bti.keyd.handler import Handler
from bti.keyd.peers import Peer, Side
from bti.keyd.wire import Request, pack
from bti.workflows import approval
from tests.approvals import freshly, two_say_yes
from tests.keyd_world import asked, remote_world

ACT = ApprovalAct.AUDIT_EXPORT
PARAMS = {"what": "whole log", "to": "/srv/revisjon"}


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """A municipality whose keys are with a broker of its own."""
    directory = tmp_path_factory.mktemp("made-up")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


def row_of(remote, approval_id):
    """The stored approval."""
    with remote.world.looking() as session:
        row = session.scalars(select(Approval).where(Approval.id == approval_id)).one()
        session.expunge(row)
        return row


def change(remote, row, who, **columns):
    """Ask for the MAC of the approval's next version with these columns."""
    stored = mac_columns(row) | {name: stored_bytes(value) for name, value in columns.items()}
    del stored["params_ct"]  # sealed anew by the broker, as it stands
    wanted = {
        "tenant": row.tenant_id.hex,
        "table": "approvals",
        "row_id": row.id.hex,
        "version": row.version + 1,
        "columns": {name: pack(value) for name, value in stored.items()},
        "beyond": {"params_ct": None},
    }
    freshly(remote.world, who)
    answer = asked(remote, "grant", proof_of(remote.world.token(who)), rows=[wanted])
    return answer["no"]["rule"] if "no" in answer else "granted"


def use(remote, who, given, params=PARAMS):
    """Have it used up by the broker, as a person on a page."""
    remote.world.run(who, approval.use, given, ACT, params)


def test_a_yes_is_used_once_and_stays_used_whatever_becomes_of_the_act(remote):
    given = two_say_yes(remote.world, ACT, PARAMS, asker="anne", giver="asta")

    class ActFailedError(Exception):
        """The disk was full."""

    def act(context):
        approval.use(context, given, ACT, PARAMS)
        raise ActFailedError

    with pytest.raises(ApprovalRefused, match="changed"):
        use(remote, "anne", given, {**PARAMS, "to": "/tmp/mine"})  # noqa: S108 - never written
    with pytest.raises(ApprovalRefused, match="not_requester"):
        use(remote, "asta", given)
    with pytest.raises(ActFailedError):
        remote.world.run("anne", act)
    assert row_of(remote, given).state == "used"
    with pytest.raises(ApprovalRefused, match=r"approval\.used"):
        use(remote, "anne", given)
    with remote.world.looking() as session:
        acts = select(AuditEvent.act).where(AuditEvent.act == Act.APPROVAL_ACT_USE.value)
        assert len(session.scalars(acts).all()) == 1


def test_nobody_gives_oneself_a_yes_or_marks_one_as_used_through_the_socket(remote):
    world = remote.world
    freshly(world, "anne")
    waiting = row_of(remote, world.run("anne", approval.ask, ACT, PARAMS))
    anne, asta = world.accounts["anne"], world.accounts["asta"]
    now = world.clock.now()
    for who, columns in (
        ("anne", {"state": "given", "answered_by_id": anne, "answered_at": now}),
        ("anne", {"state": "given", "answered_by_id": asta, "answered_at": now}),
        ("asta", {"state": "given", "answered_by_id": anne, "answered_at": now}),
        ("asta", {"state": "used", "answered_by_id": asta, "answered_at": now, "used_at": now}),
        ("asta", {"state": "withdrawn"}),
        ("anne", {"state": "expired"}),
        ("anne", {"expires_at": now + timedelta(days=30)}),
        ("anne", {"params_sha256": bytes(32)}),
    ):
        assert change(remote, waiting, who, **columns) in {"grant.approvals", "approval.self"}
    # Somebody whose role may not answer this, and somebody whose proof is old.
    arne = {"state": "given", "answered_by_id": world.accounts["arne"], "answered_at": now}
    assert change(remote, waiting, "arne", **arne) == "approval.role"
    with pytest.raises(ApprovalRefused, match="not_given"):
        use(remote, "anne", waiting.id)


def test_the_commands_user_can_make_no_approval_in_nobodys_name(remote):
    """The operator's side of the socket asks in the program's name: never for a yes."""
    world = remote.world
    freshly(world, "anne")
    waiting = row_of(remote, world.run("anne", approval.ask, ACT, PARAMS))
    runtime = remote.embedded.runtime
    handler = Handler(
        runtime.doorway.sessions,
        runtime.doorway.broker,
        world.clock,
        broker_rules(runtime.settings).limits,
    )
    stored = mac_columns(waiting) | {
        "state": b"given",
        "answered_by_id": world.accounts["asta"].bytes,
        "answered_at": stored_bytes(world.clock.now()),
    }
    row = {
        "tenant": waiting.tenant_id,
        "table": "approvals",
        "row_id": waiting.id,
        "version": waiting.version + 1,
        "columns": stored,
        "beyond": {},
    }
    answer = handler.answer(
        Peer(1, 1, Side.ADMIN), Request("grant", "operator", {"rows": (row,)}), 0
    )
    assert answer["no"]["rule"] == "access.no_session"


def test_no_other_epoch_is_signed_through_the_socket(remote):
    tenant = remote.world.tenant_id
    for epoch in (2, 7):
        point = Checkpoint(origin_of(tenant, epoch), 10_000, bytes(32))
        answer = asked(
            remote,
            "sign",
            None,
            tenant=tenant.hex,
            origin=point.origin,
            size=point.size,
            root=pack(point.root),
        )
        assert answer["no"]["rule"] == "grant.checkpoint"
