"""A web process that was taken over reads with the keys of any session what is not that person's."""

import uuid
from datetime import timedelta

import pytest

from bti.audit.actions import OPENINGS, READS
from bti.crypto.errors import Locked
from bti.crypto.provider import TenantPurpose
from bti.db.models import DeskMatter, OwnRecord
from bti.db.vault import Vault
from bti.db.walls import EVERYWHERE, stand
from bti.domain.rights_request import Requester, RequestStepKind
from bti.keyd.broker import RanOut
from bti.keyd.parcel import receive
from bti.keyd.wire import pack
from bti.workflows import rights_request, worklist
from tests.keyd_world import asked, remote_world
from tests.lying import proof, refused
from tests.story import Story


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("reader")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


def keys_of(remote, credential, verb="subject", **args):
    """The keys that an answer brings to the process."""
    vault = Vault()
    receive(vault, asked(remote, verb, credential, **args)["ok"]["keys"])
    return vault


def read_by(remote, vault, mapped, attribute, row_id):
    """A sealed value as a process reads it that has these keys, and every row."""
    with remote.world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        session.info["vault"] = vault
        try:
            return getattr(session.get_one(mapped, row_id), attribute)
        finally:
            session.info["vault"] = None


@pytest.fixture(scope="module")
def request_id(remote):
    """Somebody has asked for access to the case that ingrid has the baton of."""
    story = Story(remote.world)
    story.tell()
    asks = rights_request.ReceiveRequest(
        submission=uuid.uuid4(),
        received_on=story.today,
        requester=Requester.GUARDIAN,
        name="Mor som spør",
        language="nb",
        number=story.page().number,
    )
    made = remote.world.run("anne", rights_request.receive, asks)
    note = rights_request.AddToRequest(
        request_id=made,
        submission=uuid.uuid4(),
        version=0,
        kind=RequestStepKind.NOTE,
        text="Ringte, ville ikke si hvorfor",
    )
    remote.world.run("anne", rights_request.add, note)
    return made


@pytest.mark.parametrize("who", ["ingrid", "siv", "asta", "arne"])
def test_names_and_words_of_the_officers_desk_are_sealed_to_every_other_session(
    remote, request_id, who
):
    vault = keys_of(remote, proof(remote, who))
    with pytest.raises(Locked):
        read_by(remote, vault, DeskMatter, "body", request_id)
    clock = read_by(remote, vault, DeskMatter, "clock", request_id)
    assert clock.keys() == {"received_on"}


def test_the_officer_reads_them_and_the_one_who_is_to_answer_has_the_task(remote, request_id):
    vault = keys_of(remote, proof(remote, "anne"))
    assert read_by(remote, vault, DeskMatter, "body", request_id)["name"] == "Mor som spør"
    shown = remote.world.run("anne", rights_request.show, request_id=request_id)
    assert shown.steps[0].text == "Ringte, ville ikke si hvorfor"
    holder = next(
        who
        for who in ("ingrid", "siv", "nina", "mona")
        if any(task.about == "access" for task in remote.world.run(who, worklist.my_day).tasks)
    )
    assert holder


@pytest.mark.parametrize("verb", ["subject", "open_own", "list_own"])
def test_nobody_tells_a_report_from_a_draft_but_its_author(remote, verb):
    world = remote.world
    report = Story(world).report_danger("mona")
    args = {"open_own": {"record": report.hex}, "list_own": {"records": [report.hex]}}
    mona, per = proof(remote, "mona"), proof(remote, "per")
    if verb == "subject":
        vault = keys_of(remote, per)
        with pytest.raises(Locked):
            read_by(remote, vault, OwnRecord, "meta", report)
        return
    assert refused(asked(remote, verb, per, **args[verb]), "access.no_relation")
    vault = keys_of(remote, mona, verb, **args[verb])
    assert read_by(remote, vault, OwnRecord, "meta", report)["kind"] == "duty"
    if verb == "list_own":
        with pytest.raises(Locked):
            read_by(remote, vault, OwnRecord, "body", report)


def test_no_case_is_opened_under_the_name_of_what_no_list_shows(remote):
    story = Story(remote.world)
    story.wonder()
    ask = {"case": story.case_id.hex, "action": "read_case", "purpose": None}
    ingrid = proof(remote, "ingrid")
    for entry in sorted(READS):
        answer = asked(remote, "open", ingrid, entry=entry.value, **ask)
        assert ("ok" in answer) is (entry in OPENINGS), (entry, answer)
        assert entry in OPENINGS or refused(answer, "grant.entry")


def test_a_session_that_ran_out_brings_nobodys_name(remote):
    world = remote.world
    shown = proof(remote, "mona")
    world.clock.advance(timedelta(hours=9))
    tenant = world.tenant_id.hex
    for who, brought in ((RanOut(shown), None), (None, shown), (shown, None)):
        answer = asked(
            remote, "open_directory", who, tenant=tenant, proof=brought and pack(brought)
        )
        assert refused(answer, "access.no_session")


@pytest.mark.parametrize("who", ["ingrid", "siv", "anne", "asta"])
def test_no_person_is_given_what_releases_are_signed_and_counted_by(remote, who):
    key = keys_of(remote, proof(remote, who)).tenant_key(TenantPurpose.OPS)
    assert key.field_cipher("cases", "ops_ct")
    with pytest.raises(Locked):
        key.field_cipher("release_records", "body_ct")
