"""A log that goes on after a restore, the proof of one entry, and the asking of witnesses."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from bti.audit import single, store
from bti.audit.actions import Action
from bti.audit.guard import RolledBackError
from bti.audit.models import AuditEpoch, AuditEvent
from bti.audit.note import COSIGNATURE_TYPE, VerifierKey
from bti.audit.proof import inclusion_path, node_of, range_hash
from bti.audit.record import Reference
from bti.audit.signer import StatefulSigner
from bti.audit.tree import leaf_hash, node_hash
from bti.audit.verify import (
    Kind,
    Policy,
    checkpoint_line,
    claimed_place,
    verify_export,
    verify_proof,
)
from bti.audit.witness import Witness
from bti.audit.witnessing import WitnessPlace, ask_all
from bti.clock import FixedClock
from bti.db.models import Approval
from bti.db.walls import EVERYWHERE, stand
from bti.domain.approval import ApprovalRefused
from bti.identity import totp
from bti.workflows import audit_check, audit_epoch
from bti.workflows.epoch_people import NotProvenError, Shown
from bti.workflows.errors import NotFound
from tests.unit.audit.logs import KEY, ORIGIN, VERIFIER_KEY, entries, signed
from tests.world import SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from bti.workflows.context import Context
    from tests.world import World


def shown(world: World, who: str) -> Shown:
    """What somebody types to prove who they are."""
    return Shown(who, SECRET, totp.code_at(world.seeds[who], world.clock.now()))


def two(world: World) -> dict[str, Shown]:
    """Administrator and officer, with codes that nobody has used yet."""
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    return {"asks": shown(world, "asta"), "agrees": shown(world, "anne")}


def look(context: Context, tenant_id: uuid.UUID) -> None:
    """An act that only reads."""
    context.record(Action.INSIGHT_LOG_SEARCH, Reference("tenant", tenant_id), tenant=tenant_id)


@pytest.fixture(params=["inline", "sequenced"])
def lived(request) -> World:
    """The municipality, each way its log may be written."""
    name = "sequenced_world" if request.param == "sequenced" else "world"
    world = request.getfixturevalue(name)
    for _ in range(3):
        world.system(look, tenant_id=world.tenant_id)
    return world


def signer_of(world: World) -> StatefulSigner | None:
    """The signer that `bti audit new-epoch` would ask."""
    sequenced = world.runtime.settings.audit_log == "sequenced"
    return StatefulSigner(world.runtime.settings.signer_dir) if sequenced else None


def examined(world: World, **more: object) -> store.Examination:
    """What a check finds, with every key of the log."""
    keys = world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        return store.examine(session, world.tenant_id, Policy(keys), **more)


def exported(world: World, directory: Path) -> None:
    """The log in a directory, without the two people that a person's export needs."""
    keys = world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        store.export(session, world.tenant_id, keys, directory)


def without_newest_epoch(directory: Path) -> None:
    """Cut an export back to where its newest epoch begins."""
    kept = directory / "checkpoints.ndjson"
    notes = [json.loads(line) for line in kept.read_text().splitlines()]
    newest = max(claimed_place(note)[0] for note in notes)
    notes = [note for note in notes if claimed_place(note)[0] < newest]
    kept.write_text("".join(map(checkpoint_line, notes)))
    (directory / "checkpoint").write_text(notes[-1])
    leaves = (directory / "leaves.ndjson").read_text().splitlines(keepends=True)
    (directory / "leaves.ndjson").write_text("".join(leaves[: claimed_place(notes[-1])[1]]))


def put_back(world: World, entries_back: int) -> None:
    """Restore the log as it stood some entries ago; the signer's memory is not restored."""
    with world.as_administrator() as connection:
        size = connection.execute(text("SELECT size FROM audit_heads")).scalar_one() - entries_back
        sizes = list(connection.execute(text("SELECT size FROM audit_checkpoints")).scalars())
        size = max(one for one in sizes if one <= size)
        if connection.dialect.name == "sqlite":
            for table in ("audit_events", "audit_subjects", "audit_checkpoints"):
                connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
        else:
            for table in ("audit_events", "audit_subjects", "audit_checkpoints"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for table in ("audit_events", "audit_subjects"):
            connection.execute(text(f"DELETE FROM {table} WHERE idx >= :n"), {"n": size})
        connection.execute(text("DELETE FROM audit_checkpoints WHERE size > :n"), {"n": size})
        connection.execute(text("DELETE FROM audit_tiles"))
        leaves = connection.execute(text("SELECT leaf FROM audit_events ORDER BY idx")).scalars()
        head = store.Frontier()
        for leaf in leaves:
            head.append(leaf_hash(bytes(leaf)))
        last = "(SELECT max(at) FROM audit_events)"
        connection.execute(
            text(f"UPDATE audit_heads SET size = :n, frontier = :f, last_at = {last}"),
            {"n": size, "f": head.to_bytes()},
        )
        if connection.dialect.name != "sqlite":
            # Writers of the time after the backup are not in it.
            connection.execute(text("DELETE FROM audit_writers"))
            connection.execute(
                text("INSERT INTO audit_tiles SELECT tenant_id, 1, 0, 0, :h FROM audit_heads"),
                {
                    "h": b"".join(
                        leaf_hash(bytes(one))
                        for one in connection.execute(
                            text("SELECT leaf FROM audit_events ORDER BY idx")
                        ).scalars()
                    )
                },
            )


def test_attack_30_after_a_restore_the_log_goes_on_only_in_a_new_epoch(lived, tmp_path):
    before = examined(lived).report.size
    put_back(lived, 2)
    stands = before - 2
    if lived.runtime.settings.audit_log == "inline":
        with pytest.raises(RolledBackError):
            lived.system(look, tenant_id=lived.tenant_id)
    else:
        # As when its database was exchanged: it asks before it places anything.
        lived.runtime.doorway.sequencer._confirmed.clear()
        lived.runtime.engine.dispose()
        lived.system(look, tenant_id=lived.tenant_id)
        assert examined(lived).report.size == stands
    begun = lived.system(
        audit_epoch.begin,
        tenant_id=lived.tenant_id,
        reason=audit_epoch.EpochReason.RESTORE,
        **two(lived),
        signer=signer_of(lived),
    )
    assert (begun.epoch, begun.signed, begun.found) == (2, before, stands)
    lived.system(look, tenant_id=lived.tenant_id)
    found = examined(lived)
    assert found.report.intact, found
    assert (found.report.epoch, found.report.base, found.report.lost) == (2, stands, ((2, 2),))
    exported(lived, tmp_path / "out")
    keys = lived.system(audit_check.verifier_keys, tenant_id=lived.tenant_id)
    assert len(set(keys)) == 2
    report = verify_export(tmp_path / "out", Policy(keys), tenant=str(lived.tenant_id))
    assert report.intact
    assert "epoch 2 began without 2 or more entries" in str(report)
    assert not verify_export(tmp_path / "out", keys[1]).intact
    without_newest_epoch(tmp_path / "out")
    cut = verify_export(tmp_path / "out", Policy(keys))
    assert cut.finding is not None
    assert cut.finding.kind == Kind.MISSING
    assert verify_export(tmp_path / "out", Policy(keys[:1])).intact


def test_a_new_epoch_takes_two_people_who_prove_it_and_is_not_for_a_page(lived):
    begin = {
        "tenant_id": lived.tenant_id,
        "reason": audit_epoch.EpochReason.OTHER,
        "signer": signer_of(lived),
    }
    for asker, giver, changed, why in (
        ("asta", "asta", {}, "approval.self"),
        ("asta", "arne", {}, "approval.role"),
        ("anne", "anne", {}, "approval.role"),
        ("asta", "anne", {"code": "000000"}, "asta"),
        ("asta", "anne", {"secret": "gal"}, "asta"),
        ("asta", "anne", {"username": "nobody"}, "nobody"),
    ):
        asks = replace(shown(lived, asker), **changed)
        with pytest.raises((ApprovalRefused, NotProvenError), match=why):
            lived.system(audit_epoch.begin, asks=asks, agrees=shown(lived, giver), **begin)
    with pytest.raises(NotFound):
        lived.run("asta", audit_epoch.begin, **two(lived), **begin)
    assert examined(lived).report.epoch == 1

    agreed = two(lived)
    lived.system(audit_epoch.begin, **agreed, **begin)
    with pytest.raises(NotProvenError):  # a code is worth one proof
        lived.system(audit_epoch.begin, **agreed, **begin)
    with lived.looking() as session:
        row = session.scalars(select(Approval)).one()
        epoch = session.scalars(select(AuditEpoch).where(AuditEpoch.epoch == 2)).one()
        assert (row.act, row.state) == ("log_epoch", "used")
        people = str(lived.accounts["asta"]), str(lived.accounts["anne"])
        assert (epoch.asked_by, epoch.approved_by) == people
        acts = session.scalars(
            select(AuditEvent.act).where(AuditEvent.idx >= epoch.base).order_by(AuditEvent.idx)
        ).all()
    assert acts[:4] == [
        "audit:epoch:begin",
        "approval:request:create",
        "approval:answer:give",
        "approval:act:use",
    ]
    assert examined(lived).report.intact


def test_an_epoch_that_says_something_else_of_the_old_one_is_found(lived, tmp_path):
    lived.system(
        audit_epoch.begin,
        tenant_id=lived.tenant_id,
        reason=audit_epoch.EpochReason.SIGNER,
        **two(lived),
        signer=signer_of(lived),
    )
    lived.system(look, tenant_id=lived.tenant_id)
    exported(lived, tmp_path / "out")
    keys = lived.system(audit_check.verifier_keys, tenant_id=lived.tenant_id)
    leaves = (tmp_path / "out" / "leaves.ndjson").read_text().splitlines(keepends=True)
    assert verify_export(tmp_path / "out", Policy(keys)).intact
    for changed in (leaves[:5] + leaves[6:], leaves[:5] + leaves[4:]):
        (tmp_path / "out" / "leaves.ndjson").write_text("".join(changed))
        assert not verify_export(tmp_path / "out", Policy(keys)).intact


def test_one_entry_is_proven_without_the_others(lived):
    keys = lived.system(audit_check.verifier_keys, tenant_id=lived.tenant_id)
    for idx in (0, 7, 20):
        proof = lived.system(audit_epoch.proof, tenant_id=lived.tenant_id, idx=idx)
        proven = verify_proof(proof, Policy(keys))
        assert proven.index == idx
        assert b'"ten":"' + str(lived.tenant_id).encode() in proven.entry
        assert verify_proof(proof, Policy(keys), tenant=str(lived.tenant_id)) == proven
        with pytest.raises(ValueError, match="another tenant"):
            verify_proof(proof, Policy(keys), tenant=str(uuid.uuid4()))
    with pytest.raises(NotFound):
        lived.system(audit_epoch.proof, tenant_id=lived.tenant_id, idx=100_000)


LEAVES = entries(21)
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
(NOTE,) = signed(LEAVES, [21])


def made(idx: int = 9, size: int = 21, entry: bytes | None = None, **changes: object) -> str:
    """A proof of one entry of a small log, changed as a forger would."""
    path = changes.get("path", inclusion_path(node_of(HASHES), 9, 21))
    proof = single.proof_text(entry or LEAVES[9], idx, path, NOTE)
    return proof if size == 21 else proof.replace("\n21\n", f"\n{size}\n")


def test_attack_36_a_true_proof_holds():
    assert verify_proof(made(), VERIFIER_KEY).entry == LEAVES[9]


@pytest.mark.parametrize(
    "forged",
    [
        made(idx=8),
        made(idx=21),
        made(idx=10**15),
        made(entry=LEAVES[8]),
        made(size=0),
        made(size=22),
        made(path=()),
        made(path=inclusion_path(node_of(HASHES), 9, 21)[:-1]),
        made(path=(*inclusion_path(node_of(HASHES), 9, 21), bytes(32))),
        made(path=(b"short",)),
        made(path=tuple(reversed(inclusion_path(node_of(HASHES), 9, 21)))),
        # A node passed off as a leaf: the two halves of the tree as an entry of their own.
        made(
            idx=0,
            entry=b"\x01"
            + range_hash(node_of(HASHES), 0, 16)
            + range_hash(node_of(HASHES), 16, 21),
            path=(),
        ),
        made().replace("index 9", "index 09"),
        made().replace("index 9", "index -9"),
        made().replace("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        made().replace("extra ", "other "),
        made().replace(ORIGIN, ORIGIN[:-1] + "2"),
        made().rpartition("\n\n")[0],
        "",
    ],
    ids=range(19),
)
def test_attack_36_a_forged_proof_is_refused(forged):
    with pytest.raises(ValueError, match=r"\w"):
        verify_proof(forged, VERIFIER_KEY)
    assert node_hash(bytes(32), bytes(32)) != leaf_hash(b"\x01" + bytes(64))
    assert KEY


def witness_for(world: World, directory: Path) -> tuple[Witness, WitnessPlace]:
    """A neighbour's witness that has been told of the log."""
    witness = Witness.create(directory, "vitne.nabo.example", FixedClock(world.clock.now()))
    for key in world.system(audit_check.verifier_keys, tenant_id=world.tenant_id):
        witness.watch(key)
    key = VerifierKey.parse(witness.verifier_key, COSIGNATURE_TYPE)
    return witness, WitnessPlace("http://witness", key)


def test_a_witness_signs_what_the_log_shows_it_and_the_export_carries_it(lived, tmp_path):
    witness, place = witness_for(lived, tmp_path / "witness")

    def post(address: str, body: bytes) -> tuple[int, str]:
        assert address == "http://witness/add-checkpoint"
        answer = witness.add_checkpoint(body)
        return answer.status, answer.body

    for _ in range(3):
        lived.system(look, tenant_id=lived.tenant_id)
        (asked,) = ask_all(lived.runtime.engine, (place,), post, lived.clock.now())
        assert asked.at is not None, asked
    assert ask_all(lived.runtime.engine, (place,), post, lived.clock.now()) == []
    later = lived.clock.now() + timedelta(hours=13)
    witness._clock.set(later)
    assert [one.fault for one in ask_all(lived.runtime.engine, (place,), post, later)] == [""]
    exported(lived, tmp_path / "out")
    keys = lived.system(audit_check.verifier_keys, tenant_id=lived.tenant_id)
    policy = Policy(keys, (witness.verifier_key,))
    report = verify_export(tmp_path / "out", policy)
    assert report.intact, report
    assert report.cosigned is not None
    size = report.cosigned[0]
    proof = lived.system(audit_epoch.proof, tenant_id=lived.tenant_id, idx=size - 1)
    assert verify_proof(proof, policy).size == size
    assert examined(lived).intact


def test_an_answer_that_was_lost_on_the_way_is_asked_for_again(lived, tmp_path):
    witness, place = witness_for(lived, tmp_path / "witness")

    def lost(_address: str, body: bytes) -> tuple[int, str]:
        witness.add_checkpoint(body)
        raise ConnectionResetError

    def post(_address: str, body: bytes) -> tuple[int, str]:
        answer = witness.add_checkpoint(body)
        return answer.status, answer.body

    (asked,) = ask_all(lived.runtime.engine, (place,), lost, lived.clock.now())
    assert asked.at is None
    lived.system(look, tenant_id=lived.tenant_id)
    (asked,) = ask_all(lived.runtime.engine, (place,), post, lived.clock.now())
    assert asked.at is not None, asked


@pytest.mark.parametrize("text", ["", "no signature\n", "\N{EM DASH} other.example AAAA\n"])
def test_an_answer_without_a_true_signature_is_kept_by_nobody(world, tmp_path, text):
    _, place = witness_for(world, tmp_path / "witness")
    (asked,) = ask_all(world.runtime.engine, (place,), lambda *_: (200, text), world.clock.now())
    assert asked.at is None
    assert "no signature" in asked.fault


def test_attack_30_a_witness_sees_a_restore_that_the_machine_has_forgotten(world, tmp_path):
    witness, place = witness_for(world, tmp_path / "witness")

    def post(_address: str, body: bytes) -> tuple[int, str]:
        answer = witness.add_checkpoint(body)
        return answer.status, answer.body

    for _ in range(3):
        world.system(look, tenant_id=world.tenant_id)
    assert ask_all(world.runtime.engine, (place,), post, world.clock.now())[0].at is not None
    put_back(world, 2)
    shutil.rmtree(world.runtime.settings.signer_dir)
    (asked,) = ask_all(world.runtime.engine, (place,), post, world.clock.now())
    assert "where" in asked.fault
