"""Attacks on the key broker's process: from a taken-over web process, from other users, on memory.

Each against processes of this test alone, on a socket in a folder of its own.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.db.models import ConsentCell, Participant, RoleGrant, Unit, WebSession
from bti.db.walls import EVERYWHERE, stand
from bti.domain.errors import AccessDenied, KeysUnavailable
from bti.identity.tokens import digest_of_proof, proof_of
from bti.keyd.client import Channel
from bti.keyd.server import MOST_CONNECTIONS
from bti.keyd.wire import MOST_BYTES
from bti.web.app import create_app
from bti.workflows import case, own_record
from tests.integration.workflows.cases import agreed
from tests.keyd_world import asked, remote_world, tenant_keys, wait_for
from tests.security.test_lying_web import granted, refused
from tests.story import Story

CASES = 8
LIMIT = 4


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """A municipality whose keys are with a broker that lets nobody open more than a few cases."""
    directory = tmp_path_factory.mktemp("attacks")
    with (
        postgres_server.database() as url,
        remote_world(directory, url, quota_cases_hour=LIMIT) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def cases(remote):
    """More children than one may open in an hour."""
    made = []
    for _ in range(CASES):
        story = Story(remote.world)
        story.wonder()
        made.append(story.case_id)
    remote.world.clock.advance(timedelta(hours=3))
    return made


def leaves(remote, act):
    with remote.world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        query = select(AuditEvent.leaf).where(AuditEvent.act == act.value).order_by(AuditEvent.idx)
        return [bytes(leaf).decode() for leaf in session.scalars(query)]


def open_args(case_id):
    return {"case": case_id.hex, "action": "read_case", "entry": "case:open:read", "purpose": None}


@pytest.mark.parametrize(
    "credential", [None, "operator", b"x" * 32], ids=["visitor", "system", "made up"]
)
def test_the_webs_user_without_a_session_opens_no_case_and_no_directory(remote, cases, credential):
    for case_id in cases:
        assert "no" in asked(remote, "open", credential, **open_args(case_id))
    core = asked(remote, "open_core", credential, cases=[one.hex for one in cases])
    assert "no" in core
    tenant = remote.world.tenant_id.hex
    directory = asked(remote, "open_directory", credential, tenant=tenant, proof=None)
    assert "no" in directory or not any(directory["ok"]["keys"].values())
    for verb in ("open_ops", "baits_among", "bait_tokens", "status"):
        args = {} if verb == "status" else {"tenant": tenant}
        if verb.startswith("bait"):
            args["cases"] = []
        assert asked(remote, verb, credential, **args)["no"]["rule"] == "peer.verb"


def test_the_sessions_in_the_database_are_worth_nothing_to_whoever_reads_them(remote, cases):
    remote.world.token("ingrid")
    with remote.world.runtime.engine.begin() as connection:
        hashes = connection.execute(text("SELECT token_hash FROM web_sessions")).scalars().all()
    assert hashes
    for stored in hashes:
        assert asked(remote, "open", bytes(stored), **open_args(cases[0]))["no"]["code"] == "denied"


def test_two_stolen_sessions_of_one_person_open_no_more_than_the_limit_at_full_speed(remote, cases):
    remote.world.clock.advance(timedelta(hours=3))
    proofs = [proof_of(remote.world.token("ingrid"))]
    remote.world.forget("ingrid")
    proofs.append(proof_of(remote.world.token("ingrid")))
    before = len(leaves(remote, Act.CASE_OPEN_READ))
    alarms = len(leaves(remote, Act.ALARM_BROKER_RAISE))
    opened: list[str] = []

    def grab(case_id, proof):
        answer = asked(remote, "open", proof, **open_args(case_id))
        if "ok" in answer:
            opened.append(case_id)

    threads = [
        threading.Thread(target=grab, args=(one, proof)) for one in cases for proof in proofs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(opened)) == LIMIT
    # Each release has its entry, written before it; and the officer finds the alarm.
    assert len(leaves(remote, Act.CASE_OPEN_READ)) - before == len(opened)
    assert len(leaves(remote, Act.ALARM_BROKER_RAISE)) == alarms + 1
    assert "quota.cases-hour" in leaves(remote, Act.ALARM_BROKER_RAISE)[-1]


def test_no_answer_ever_holds_a_key_from_which_macs_can_be_made(remote):
    proof = proof_of(remote.world.token("ingrid"))
    answer = asked(remote, "subject", proof)["ok"]
    assert {one["purpose"] for one in answer["keys"]["tenants"]} == {"ops", "directory"}
    for one in answer["keys"]["tenants"]:
        assert "key" not in one
        assert "accounts.totp_ct" not in one["columns"]
    received = json.dumps(answer)
    for key in tenant_keys(remote).values():
        assert base64.b64encode(key).decode() not in received
        assert key.hex() not in received


def copied(remote, kind, *conditions, **changes):
    """A new row as one that stands, with these changes: nothing is wrong in it but what is changed."""
    with remote.world.looking() as session:
        stands = session.scalars(select(kind).where(*conditions)).first()
        values = {column.name: getattr(stands, column.name) for column in kind.__table__.columns}
    del values["mac"], values["version"]
    return kind(**{**values, "id": uuid.uuid4(), **changes})


@pytest.fixture(scope="module")
def sound(remote, cases):
    """Rows that would be granted to the one named: everything they point to is there."""
    world, accounts = remote.world, remote.world.accounts
    # Others have opened as many cases as one may, and which of them is chance.
    world.clock.advance(timedelta(hours=3))
    agreed(world, cases[0], "pps")
    world.clock.advance(timedelta(hours=3))
    for who in ("ingrid", "per", "asta"):
        world.forget(who)
        world.token(who)
    place = copied(
        remote,
        Participant,
        Participant.case_id == cases[0],
        account_id=accounts["per"],
        relation="participant",
        valid_from=world.clock.now(),
    )
    role = copied(
        remote,
        RoleGrant,
        RoleGrant.account_id == accounts["odd"],
        account_id=accounts["per"],
        granted_by_id=accounts["asta"],
    )
    session = copied(
        remote,
        WebSession,
        WebSession.token_hash == digest_of_proof(proof_of(world.token("per"))),
        token_hash=os.urandom(32),
    )
    now = world.clock.now()
    cell = copied(remote, ConsentCell, ConsentCell.case_id == cases[0], valid_from=now)
    return {
        "participants": ("ingrid", place),
        "role_grants": ("asta", role),
        "web_sessions": ("per", session),
        "consent_cells": ("ingrid", cell),
    }


@pytest.mark.parametrize("table", ["participants", "role_grants", "web_sessions", "consent_cells"])
def test_the_web_cannot_have_an_authority_row_of_its_own_invention_granted(remote, sound, table):
    """The very row that one person has the right to is refused to everybody else."""
    owner, row = sound[table]
    world = remote.world
    assert "ok" in granted(remote, proof_of(world.token(owner)), row)
    for who in ("kari", "anne", "asta", "ingrid", "per"):
        if who != owner:
            answer = granted(remote, proof_of(world.token(who)), row)
            assert refused(answer, f"grant.{table}"), (who, answer)
    answer = granted(remote, None, row)
    assert answer["no"]["rule"] in {f"grant.{table}", "access.no_session"}


@pytest.mark.parametrize(
    ("table", "lie"),
    [
        ("participants", "follows"),
        ("participants", "elsewhere"),
        ("role_grants", "to_oneself"),
        ("role_grants", "by_another"),
        ("web_sessions", "anothers"),
        ("web_sessions", "longer"),
        ("consent_cells", "another_case"),
        ("consent_cells", "not_asked"),
        ("consent_cells", "other_service"),
    ],
)
def test_one_lie_in_a_row_that_would_be_granted_is_enough_to_refuse_it(
    remote, cases, sound, table, lie
):
    owner, row = sound[table]
    accounts, units = remote.world.accounts, remote.world.units
    later = remote.world.clock.now() + timedelta(days=2)
    changes = {
        "follows": {"relation": b"follower"},
        "elsewhere": {"unit_id": units["leisure"].bytes},
        "to_oneself": {"account_id": accounts["asta"].bytes},
        "by_another": {"granted_by_id": accounts["siv"].bytes},
        "anothers": {"account_id": accounts["anne"].bytes},
        "longer": {"expires_at": later.isoformat(timespec="microseconds").encode()},
        "another_case": {"case_id": cases[1].bytes},
        "not_asked": {"info_type": b"health"},
        "other_service": {"to_unit_id": units["leisure"].bytes},
    }[lie]
    answer = granted(remote, proof_of(remote.world.token(owner)), row, **changes)
    assert refused(answer, f"grant.{table}"), answer


def test_a_table_without_a_rule_gets_no_mac(remote):
    unit = Unit(tenant_id=remote.world.tenant_id, name="x", sector="school", organ="", phone="")
    answer = granted(remote, proof_of(remote.world.token("asta")), unit)
    assert refused(answer, "grant.no_rule")


def wired(value):
    from bti.keyd.wire import pack  # noqa: PLC0415 - beside its one use

    return pack(value)


def test_a_session_from_a_right_code_is_granted_and_one_without_is_not(remote):
    remote.world.clock.advance(timedelta(minutes=5))  # nobody else has just shown a code
    remote.world.forget("kari")
    actor = remote.world.actor("kari")  # with password and code
    assert actor.account_id == remote.world.accounts["kari"]

    def smuggle(context):
        from bti.workflows.sign_in import new_session  # noqa: PLC0415 - an attack's own

        context.enter(remote.world.tenant_id)
        account = context.session.get_one(Account, remote.world.accounts["anne"])
        grant = context.session.scalars(
            select(RoleGrant).where(RoleGrant.account_id == account.id)
        ).one()
        new_session(context, account, grant.id, "password+totp")

    from bti.db.models import Account  # noqa: PLC0415 - an attack's own

    with pytest.raises(AccessDenied) as refused:
        remote.world.runtime.doorway.perform(smuggle, None)
    assert refused.value.rule == "grant.web_sessions"


@pytest.mark.parametrize("size", [0, 1])
def test_the_web_cannot_have_a_second_history_of_the_log_signed(remote, cases, size):
    tenant = remote.world.tenant_id
    answer = asked(
        remote,
        "sign",
        None,
        tenant=tenant.hex,
        origin=f"stafett/{tenant}/1",
        size=size,
        root=wired(b"r" * 32),
    )
    assert answer["no"]["rule"] == "grant.checkpoint"


def test_a_withdrawn_consent_closes_a_tab_that_is_open(remote):
    story = Story(remote.world)
    story.wonder()
    remote.world.clock.advance(timedelta(hours=2))
    actor = remote.world.actor("ingrid")
    perform = remote.world.runtime.doorway.perform
    perform(case.show_case, actor, case_id=story.case_id)
    with remote.world.runtime.engine.begin() as connection:
        connection.execute(
            text("UPDATE participants SET revoked_at = now() WHERE case_id = :id"),
            {"id": story.case_id},
        )
    with pytest.raises(AccessDenied):
        perform(case.show_case, actor, case_id=story.case_id)


@pytest.mark.parametrize("field", ["svc:*:health", "core,svc", "../core", "own"])
def test_a_made_up_compartment_name_releases_nothing(remote, cases, field):
    proof = proof_of(remote.world.token("ingrid"))
    answer = asked(remote, "new_compartments", proof, case=cases[0].hex, compartments=[field])
    assert answer["no"]["code"] in {"bad", "denied"}


# -- the socket ----------------------------------------------------------------------------------


def talk(remote, message: bytes) -> bytes:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as line:
        line.settimeout(10)
        line.connect(str(remote.keyd.socket))
        line.send(message)
        return line.recv(MOST_BYTES)


@pytest.mark.parametrize(
    "message",
    [b"x", b"{}", b"\0" * 100, b'{"v":1,"verb":"open"', b"[" * 60000, b"A" * (MOST_BYTES + 1)],
    ids=["letter", "empty", "zeros", "partial", "deep", "oversize"],
)
def test_garbage_gets_one_answer_and_the_line_is_cut(remote, message):
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as line:
        line.settimeout(10)
        line.connect(str(remote.keyd.socket))
        line.send(message)
        assert json.loads(line.recv(MOST_BYTES))["no"]["code"] == "bad"
        assert line.recv(MOST_BYTES) == b""
    remote.world.actor("ingrid")


def test_more_connections_than_there_are_places_are_turned_away_and_the_rest_go_on(remote):
    remote.world.runtime.doorway.broker.close()
    lines = []
    try:
        for _ in range(MOST_CONNECTIONS * 8):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            lines.append(line)
            line.connect(str(remote.keyd.socket))
        lines[-1].settimeout(10)
        assert b"busy" in lines[-1].recv(MOST_BYTES)
        threads = len(list(Path(f"/proc/{remote.keyd.pid}/task").iterdir()))
        assert threads <= MOST_CONNECTIONS + 8
        with pytest.raises(KeysUnavailable):
            remote.world.actor("ingrid")
    finally:
        for line in lines:
            line.close()
    wait_for(lambda: answers(remote))


def answers(remote) -> bool:
    try:
        remote.world.actor("ingrid")
    except KeysUnavailable:
        return False
    return True


def test_another_user_of_the_machine_gets_no_word_out_of_it(remote):
    if os.geteuid() != 0:
        # Who may not change user is another user themselves: the list names nobody else.
        assert (remote.keyd.socket.stat().st_mode & 0o007) == 0
        return
    remote.keyd.socket.chmod(0o666)  # as if somebody had opened the file's own door
    try:
        code = (
            "import os, socket, sys\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
            "line.settimeout(10)\n"
            "line.connect(sys.argv[1])\n"
            "try:\n"
            "    line.send(b'{}')\n"
            "    print(line.recv(100))\n"
            "except OSError as fault:\n"
            "    print(type(fault).__name__)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(remote.keyd.socket)],
            capture_output=True,
            check=True,
            timeout=30,
            text=True,
        )
        assert done.stdout.strip() in {"b''", "BrokenPipeError", "ConnectionResetError"}
    finally:
        remote.keyd.socket.chmod(0o660)


# -- down, slow, back ----------------------------------------------------------------------------


def test_without_the_broker_the_web_is_calm_and_nothing_is_lost(remote, cases):
    remote.world.run("mona", own_record.save_draft, form="concern", fields={"seen": ["before"]})
    token = remote.world.token("mona")
    app = create_app(remote.world.runtime.settings, runtime=remote.world.runtime)
    client = app.test_client()
    client.set_cookie("st_session", token)
    assert client.get("/readyz").status_code == 200
    assert remote.keyd.stop() == 0
    try:
        page = client.get("/")
        assert page.status_code == 503
        for word in ("keyd", "socket", "Traceback", "KeysUnavailable"):
            assert word not in page.text
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    finally:
        remote.restart()
    assert client.get("/readyz").status_code == 200
    kept = remote.world.run("mona", own_record.load_draft, form="concern")
    assert kept.fields["seen"] == ["before"]


def test_a_broker_that_does_not_answer_in_time_is_as_good_as_none(remote, tmp_path):
    path = remote.keyd.socket.parent / "slow.sock"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as deaf:
        deaf.bind(str(path))
        deaf.listen(1)
        channel = Channel(path, seconds=0.2)
        with pytest.raises(KeysUnavailable):
            channel.ask("subject", b"x" * 32, {})
        channel.close()


def test_a_case_is_not_released_when_its_entry_cannot_be_written(remote):
    story = Story(remote.world)
    story.wonder()
    remote.world.clock.advance(timedelta(hours=2))
    proof = proof_of(remote.world.token("ingrid"))
    with remote.embedded.runtime.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON audit_events "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )
    try:
        answer = asked(remote, "open", proof, **open_args(story.case_id))
    finally:
        with remote.embedded.runtime.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER full_disk ON audit_events"))
    assert answer == {"no": {"code": "away", "rule": "", "case": None, "entered": False}}
    assert replace(remote.world.actor("ingrid")).role.value == "staff"
