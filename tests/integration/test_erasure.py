"""What was erased by permission stays closed: in the database, in older backups, and for ever at a date."""

import json
import shutil
import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update

from bti.audit.models import AuditEvent
from bti.bootstrap import open_runtime
from bti.cli import main, wiring
from bti.crypto.backup_key import BackupPrivateKey
from bti.crypto.errors import SealError
from bti.crypto.file_provider import FileProvider
from bti.crypto.provider import TenantPurpose
from bti.db.base import Base
from bti.db.blobs import BlobStore
from bti.db.engine import make_engine
from bti.db.models import Attachment, Case, CaseKey, EmergencyAccess
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.codes import ClosingCause, InfoType
from bti.domain.consent import Scope
from bti.workflows import audit_check, backup, drill, emergency, erasure, keys
from bti.workflows.actor import SystemActor
from bti.workflows.erasure import ErasureRefused
from bti.workflows.errors import NotFound
from tests.approvals import two_say_yes
from tests.attaching import attach, blob_of
from tests.story import Story
from tests.world import ADMIN, CHEAP
from tests.world import settings_for as installation

PRIVATE = BackupPrivateKey(b"e" * 32)
OPERATOR = SystemActor("operator")
PERMISSION = "NA-2026/1234"


@pytest.fixture
def closed(world):
    """A case that went all the way and was closed, beside another that goes on."""
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
    attach(world, story.case_id)
    story.decide(None, cause=ClosingCause.FAMILY_ENDED)
    other = Story(world)
    other.wonder()
    return story, other


def number_of(world, story):
    with world.runtime.engine.begin() as connection:
        return connection.scalars(select(Case.number).where(Case.id == story.case_id)).one()


def erase(world, number, permission=PERMISSION):
    return world.system(
        erasure.erase,
        tenant_id=world.tenant_id,
        number=number,
        permission=permission,
        approval_id=two_say_yes(
            world, ApprovalAct.ERASURE, erasure.erase_params(number, permission)
        ),
    )


def certificate(world, story):
    return world.system(erasure.certify, tenant_id=world.tenant_id, case_id=story.case_id)


def intact(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()


def left_of(world, case_id):
    """How many rows of each table still name the case, the log apart."""
    found = {}
    with world.runtime.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                refers = column.name == "case_id" or (table.name, column.name) == ("cases", "id")
                if refers:
                    count = len(connection.execute(select(column).where(column == case_id)).all())
                    found[table.name] = count
    return {name: count for name, count in found.items() if count}


def test_keys_and_rows_are_gone_and_the_log_and_the_other_case_are_whole(world, closed):
    story, other = closed
    before, others = left_of(world, story.case_id), left_of(world, other.case_id)
    assert {"cases", "case_keys", "entries", "persons", "logs", "consents"} <= set(before)
    done = erase(world, number_of(world, story))
    assert left_of(world, story.case_id) == {}
    assert left_of(world, other.case_id) == others
    assert {name: count for name, count in done.rows.items() if name in before} == before
    assert len(done.key_ids) == before["case_keys"]
    assert (done.permission, done.case_id) == (PERMISSION, str(story.case_id))
    assert done.asked_by != done.approved_by
    assert intact(world)
    leaf = next(one for one in leaves(world) if '"case:file:erase"' in one)
    assert f"case:{story.case_id}" in leaf
    assert leaf.count("key:") == before["case_keys"]
    assert leaf.count("/-/deleted") >= sum(before.values())


def test_why_somebody_used_emergency_access_is_closed_for_ever_too(world, closed):
    story, _ = closed
    number = number_of(world, story)
    world.forget("vera")  # freshly proven
    why = emergency.TakeAccess(
        number=number,
        reason=emergency.EmergencyReason.LIFE_AND_HEALTH,
        text="Barnet er funnet alene ute etter midnatt.",
    )
    assert world.run("vera", emergency.take, why) == story.case_id
    with world.looking() as session:
        row = session.scalars(select(EmergencyAccess.id)).one()
        of_it = select(CaseKey.id).where(CaseKey.case_id == row)
        assert session.scalars(of_it).all()

    done = erase(world, number)

    with world.looking() as session:
        assert session.scalars(of_it).all() == []
    assert done.rows["case_keys"] == len(done.key_ids)
    assert intact(world)


def test_whatever_refers_to_a_row_of_a_case_is_a_row_of_a_case():
    of_a_case = {
        table.name
        for table in Base.metadata.sorted_tables
        if table.name == "cases" or "case_id" in table.columns
    }
    strangers = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in of_a_case and table.name not in of_a_case
    }
    assert strangers == set(), "erasing a case would stop at these, or leave them"


def leaves(world):
    with world.runtime.engine.begin() as connection:
        return [leaf.decode() for leaf in connection.scalars(select(AuditEvent.leaf))]


def test_nobody_erases_alone_or_with_a_yes_for_another_case_or_permission(world, closed):
    story, other = closed
    number = number_of(world, story)
    before = left_of(world, story.case_id)
    wrong = [
        None,
        two_say_yes(world, ApprovalAct.ERASURE, erasure.erase_params(number, "another")),
        two_say_yes(
            world, ApprovalAct.ERASURE, erasure.erase_params(number_of(world, other), PERMISSION)
        ),
    ]
    for approval_id in wrong:
        with pytest.raises(ApprovalRefused):
            world.system(
                erasure.erase,
                tenant_id=world.tenant_id,
                number=number,
                permission=PERMISSION,
                approval_id=approval_id,
            )
    assert left_of(world, story.case_id) == before


def test_an_open_case_and_a_permission_that_is_none_are_refused(world, closed):
    story, other = closed
    with pytest.raises(ErasureRefused) as refused:
        erase(world, number_of(world, other))
    assert refused.value.code == "erasure.open_case"
    for permission in ("", "x", "a\nb", "æøå", "x" * 81):
        with pytest.raises(ErasureRefused):
            erase(world, number_of(world, story), permission)
    for rule, why in (
        ("rule/none", "retention.unknown_rule"),
        ("rule/case", "retention.other_content"),  # requests and emergencies have another
        ("rule/secret", "retention.other_content"),
    ):
        with pytest.raises(ErasureRefused) as by_rule:
            erase(world, number_of(world, story), rule)
        assert by_rule.value.code == why
    with pytest.raises(NotFound):
        erase(world, "0000-0000")
    with pytest.raises(NotFound):
        certificate(world, story)


def restored(world, folder, data, keys_file):
    chosen = installation(folder)
    folder.mkdir(parents=True)
    engine = make_engine(chosen.case_side().database_url)
    blobs = BlobStore(chosen.case_side().blob_dir)
    backup.restore(engine, PRIVATE, data.path, keys_file.path, blobs=blobs)
    engine.dispose()
    chosen.root_key_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(world.runtime.settings.root_key_file, chosen.root_key_file)
    provider = FileProvider(chosen.root_key_file)
    return open_runtime(chosen, clock=world.clock, provider=provider, cost=CHEAP)


def opens(runtime, world, case_id):
    words = {"tenant_id": world.tenant_id, "case_id": case_id}
    return runtime.doorway.perform(drill.prove, OPERATOR, **words).proof


def save(world, directory):
    at = world.clock.now()
    blobs = BlobStore(world.runtime.settings.case_side().blob_dir)
    return backup.make(world.runtime.engine, PRIVATE.public, directory, at=at, blobs=blobs)


def test_an_old_data_backup_with_todays_key_store_opens_the_others_and_not_the_erased(
    world, closed, tmp_path
):
    story, other = closed
    old_data, old_keys = save(world, tmp_path / "before")
    erase(world, number_of(world, story))
    _, new_keys = save(world, tmp_path / "after")
    # The control: with the key store of the time, the erased case opens.
    then = restored(world, tmp_path / "then", old_data, old_keys)
    assert opens(then, world, story.case_id).values > 10
    then.close()
    now = restored(world, tmp_path / "now", old_data, new_keys)
    assert opens(now, world, other.case_id).values > 1
    with pytest.raises(drill.DrillFailedError):
        opens(now, world, story.case_id)
    now.close()


def test_an_old_key_store_opens_nothing_once_its_generation_is_destroyed(world, closed, tmp_path):
    story, _ = closed
    old = {}
    with world.runtime.engine.begin() as connection:
        for row in connection.execute(select(CaseKey)):
            old[row.key_id] = row
    number = number_of(world, story)
    erase(world, number)
    keys.rotate(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id)
    assert certificate(world, story).final is False
    # The control: a key row from an old dump, put back by a thief who also writes in SQL, opens.
    erased = next(row for row in old.values() if row.case_id == story.case_id)
    assert opens_row(world, erased)
    world.clock.advance(timedelta(days=31))
    destroy(world, 1)
    with pytest.raises(SealError):
        opens_row(world, erased)
    assert intact(world)


def destroy(world, generation):
    params = keys.destroy_params(TenantPurpose.KEK, generation)
    return world.system(
        keys.destroy,
        tenant_id=world.tenant_id,
        purpose=TenantPurpose.KEK,
        generation=generation,
        approval_id=two_say_yes(world, ApprovalAct.KEY_DESTROY, params),
    )


def opens_row(world, stored):
    """Open a data key as it stood in an old dump, with the key store of today."""

    def open_it(context):
        row = CaseKey(**{name: getattr(stored, name) for name in stored._fields if name != "id"})
        return context.verbs._keys.unwrap(context.session, row)

    return world.system(open_it)


def test_the_certificate_says_when_and_becomes_final_with_the_last_generation(world, closed):
    story, _ = closed
    keys.rotate(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id)  # generation 2 is active
    world.clock.advance(timedelta(days=3))
    erase(world, number_of(world, story))
    first = certificate(world, story)
    assert (first.final, [one.generation for one in first.keks]) == (False, [1, 2])
    assert first.not_before == (world.clock.now() + timedelta(days=30)).isoformat(
        timespec="seconds"
    )
    world.clock.advance(timedelta(minutes=1))
    keys.rotate(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id)
    world.clock.advance(timedelta(days=30))
    destroy(world, 1)
    assert certificate(world, story).final is False
    destroy(world, 2)
    found = certificate(world, story)
    assert found.final_at == found.keks[-1].destroyed_at != ""
    assert "FINAL since" in erasure.certificate_text(found)
    assert [one.generation for one in found.ops] == [1]
    assert "ops generation 1: active, in use" in erasure.certificate_text(found)


def test_a_case_whose_keys_are_there_gets_no_certificate_whatever_the_log_says(world, closed):
    story, other = closed
    erase(world, number_of(world, story))
    assert certificate(world, story)
    with world.runtime.engine.begin() as connection:
        put_back = update(CaseKey).where(CaseKey.case_id == other.case_id)
        connection.execute(put_back.values(case_id=story.case_id))
    with pytest.raises(NotFound):
        certificate(world, story)


def test_the_papers_are_written_by_command(world, closed, monkeypatch, tmp_path):
    story, _ = closed
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    number = number_of(world, story)
    words = ["erasure", "case", "--municipality", "9901", "--case", number]
    words += ["--permission", PERMISSION, "--out", str(tmp_path / "papers")]
    alone = CliRunner().invoke(main, words)
    assert (alone.exit_code, "two people" in alone.output) == (1, True)
    with world.runtime.engine.begin() as connection:
        attached = connection.scalars(select(Attachment.id)).one()
    params = erasure.erase_params(number, PERMISSION)
    yes = two_say_yes(world, ApprovalAct.ERASURE, params)

    opened = wiring.open_runtime
    monkeypatch.setattr(
        wiring, "open_runtime", lambda chosen, **more: opened(chosen, clock=world.clock, **more)
    )
    file = blob_of(world, attached)
    done = CliRunner().invoke(main, [*words, "--approval", str(yes)])
    assert done.exit_code == 0, done.output
    assert not file.exists()
    assert "NOT FINAL YET" in done.output
    case_id = str(story.case_id)
    papers = {path.name: path.read_text() for path in (tmp_path / "papers").iterdir()}
    assert set(papers) == {
        f"{kind}-{case_id}.{ending}"
        for kind in ("certificate", "protocol")
        for ending in ("txt", "json")
    }
    protocol = json.loads(papers[f"protocol-{case_id}.json"])
    assert (protocol["permission"], protocol["number"]) == (PERMISSION, number)
    assert "arkivlova § 13" in papers[f"protocol-{case_id}.txt"]
    again = ["erasure", "certificate", "--municipality", "9901", "--case-id", case_id]
    assert CliRunner().invoke(main, [*again, "--out", str(tmp_path / "p2")]).exit_code == 0
    stranger = [*again[:-1], str(uuid.uuid4()), "--out", str(tmp_path / "p3")]
    assert CliRunner().invoke(main, stranger).exit_code == 1


def test_an_erased_key_is_gone_from_the_file_and_the_one_beside_it(world, closed):
    story, _ = closed
    with world.runtime.engine.begin() as connection:
        query = select(CaseKey.wrapped).where(CaseKey.case_id == story.case_id)
        wrapped = connection.scalars(query).all()
    erase(world, number_of(world, story))
    with world.runtime.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    world.runtime.engine.dispose()
    var = world.runtime.settings.var_dir
    files = b"".join(path.read_bytes() for path in var.glob("stafett.sqlite*"))
    assert len(wrapped) > 2
    assert [one for one in wrapped if one in files] == []
