"""The sequenced way: entries wait chained to their writer, and `bti logd` gives them a place.

Numbers in the names are those of the attack list (docs/attacks.md): 26, 27, 29, 32-35, 38, 39. In
`test_epoch_and_proof` are 30 and 36, in tests/unit/audit/test_witness.py 29, 31, 32 and 37.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bti.audit import store
from bti.audit.actions import Action
from bti.audit.glance import glance
from bti.audit.leaf import LeafError
from bti.audit.proof import range_hash
from bti.audit.record import By, Recorder, Reference
from bti.audit.signer import StatefulSigner
from bti.audit.tiles import loaded
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import Kind, Policy, verify_export
from bti.db.models import Unit
from bti.db.walls import EVERYWHERE, stand
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied
from bti.workflows import audit_check, insight
from bti.workflows.insight_question import Group, Question
from tests.approvals import two_say_yes
from tests.sequenced import copy_of_sequenced, sequencer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.audit.sequence import Sequencer
    from bti.workflows.context import Context
    from tests.world import World


@pytest.fixture
def waiting(sequenced_image, postgres_server, tmp_path) -> Iterator[World]:
    """The municipality with a sequencer that takes a turn only when a test says so."""
    image, directory, template = sequenced_image
    with postgres_server.database(template) as url:
        made = copy_of_sequenced(image, directory, tmp_path / "world", url, placing=False)
        yield made
        made.close()


@pytest.fixture
def sequencer(waiting: World) -> Sequencer:
    """The one that places the entries of `waiting`."""
    return sequencer_of(waiting)


def look(context: Context, tenant_id: uuid.UUID) -> None:
    """An act that only reads."""
    context.record(Action.INSIGHT_LOG_SEARCH, Reference("tenant", tenant_id), tenant=tenant_id)


def add_unit(context: Context, tenant_id: uuid.UUID, unit_id: uuid.UUID) -> None:
    """An act that writes one row."""
    context.session.add(
        Unit(
            id=unit_id,
            tenant_id=tenant_id,
            name="Nebba",
            sector="school",
            organ=str(unit_id),
            phone="",
        )
    )
    context.record(Action.UNIT_REGISTER_CREATE, Reference("unit", unit_id), tenant=tenant_id)


def sql(world: World, statement: str, **values: object) -> list:
    """Run a statement as the owner of the database, who first drops the triggers."""
    with world.as_administrator() as connection:
        for table in ("audit_events", "audit_subjects", "audit_checkpoints", "audit_pending"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        done = connection.execute(text(statement), values)
        return done.all() if done.returns_rows else []


def examined(world: World) -> store.Examination:
    """What a check finds, without entering that it was made."""
    with world.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        keys = store.keys_of(session, world.tenant_id, lambda _epoch: "")
        return store.examine(session, world.tenant_id, Policy(keys), now=world.clock.now())


def test_entries_wait_and_then_stand_in_the_tree_in_the_order_of_their_writer(waiting, sequencer):
    for _ in range(3):
        waiting.system(look, tenant_id=waiting.tenant_id)
    assert sql(waiting, "SELECT count(*) FROM audit_pending") == [(3,)]
    assert examined(waiting).intact
    assert sequencer.turn() == 3
    assert sequencer.turn() == 0
    assert sql(waiting, "SELECT count(*) FROM audit_pending") == [(0,)]
    newest = sql(waiting, "SELECT leaf FROM audit_events ORDER BY idx DESC LIMIT 3")
    read = [glance(bytes(row.leaf)) for row in reversed(newest)]
    assert [one.n for one in read] == [1, 2, 3]
    assert len({one.writer for one in read}) == 1
    found = examined(waiting)
    assert found.intact, found


def test_a_page_shows_an_entry_that_still_waits(waiting, sequencer):
    waiting.run("anne", insight.search, Question())
    before = waiting.run("anne", insight.search, Question(group=Group.READ))
    assert before.rows[0].action == Action.INSIGHT_LOG_SEARCH
    assert sequencer.turn() > 0
    after = waiting.run("anne", insight.search, Question(group=Group.READ))
    assert after.total == before.total + 1
    assert after.rows[1:] == before.rows


def test_who_has_seen_a_case_shows_readings_that_wait_and_those_that_are_placed(waiting, sequencer):
    case_id = uuid.uuid4()

    def read(context: Context) -> None:
        context.record(Action.CASE_OPEN_READ, Reference("case", case_id), tenant=waiting.tenant_id)

    for _ in range(3):
        waiting.system(read)
        sequencer.turn()
    waiting.system(read)
    with waiting.runtime.doorway.sessions() as session, session.begin():
        stand(session, EVERYWHERE)
        wanted = [insight.seen.about(waiting.tenant_id, [case_id])]
        assert insight.seen.count(session, waiting.tenant_id, wanted) == 4
        pages = [
            insight.seen.newest(session, waiting.tenant_id, wanted, skip=skip, most=3)
            for skip in (0, 3)
        ]
        assert [len(page) for page in pages] == [3, 1]
        assert len({leaf for page in pages for leaf in page}) == 4


def test_a_rolled_back_act_leaves_no_gap_in_its_writers_chain(waiting, sequencer):
    def fail(context: Context) -> None:
        look(context, tenant_id=waiting.tenant_id)
        context.recorder.close(context.verbs.sign)
        raise RuntimeError

    waiting.system(look, tenant_id=waiting.tenant_id)
    with pytest.raises(RuntimeError):
        waiting.system(fail)
    waiting.system(look, tenant_id=waiting.tenant_id)
    assert sequencer.turn() == 2
    assert examined(waiting).intact


@pytest.mark.parametrize("place", [0, 1, 2])
def test_attack_27_a_waiting_entry_that_is_deleted_is_missed(waiting, sequencer, place):
    for _ in range(3):
        waiting.system(look, tenant_id=waiting.tenant_id)
    ids = [row.id for row in sql(waiting, "SELECT id FROM audit_pending ORDER BY id")]
    sql(waiting, "DELETE FROM audit_pending WHERE id = :id", id=ids[place])
    found = examined(waiting)
    assert not found.intact
    assert any("missing: audit_pending" in line for line in found.findings)
    sequencer.turn()
    placed = examined(waiting)
    assert not placed.intact
    if place < 2:
        assert placed.report.finding.kind == Kind.WRITER
    else:
        # The last one: its writer's next entry will name it; until then the writer's row does.
        assert any("missing: audit_pending" in line for line in placed.findings)


def test_attack_27_hiding_the_end_of_a_chain_shows_at_the_writers_next_entry(waiting, sequencer):
    waiting.system(look, tenant_id=waiting.tenant_id)
    waiting.system(look, tenant_id=waiting.tenant_id)
    sql(waiting, "DELETE FROM audit_pending WHERE id = (SELECT max(id) FROM audit_pending)")
    newest = sql(waiting, "SELECT leaf FROM audit_pending")
    last = glance(bytes(newest[0].leaf))
    sql(
        waiting,
        "UPDATE audit_writers SET number = :n WHERE writer = :w",
        n=last.n,
        w=last.writer,
    )
    waiting.system(look, tenant_id=waiting.tenant_id)
    sequencer.turn()
    assert examined(waiting).report.finding.kind == Kind.WRITER


def test_attack_34_a_transaction_held_open_with_a_low_number_is_not_lost(waiting, sequencer):
    doorway = waiting.runtime.doorway
    with doorway.sessions() as held, held.begin():
        stand(held, EVERYWHERE)
        recorder = Recorder(held, waiting.clock)
        recorder.record(Action.INSIGHT_LOG_SEARCH, tenant=waiting.tenant_id, by=By("system:slow"))
        recorder.close(lambda _tenant, _checkpoint: "")
        for _ in range(3):
            waiting.system(look, tenant_id=waiting.tenant_id)
        assert sequencer.turn() == 3
        assert sequencer.turn() == 0
    assert sequencer.turn() == 1
    found = examined(waiting)
    assert found.intact, found
    assert sql(waiting, "SELECT count(*) FROM audit_events WHERE who = 'system:slow'") == [(1,)]


def test_attack_35_a_change_whose_entry_cannot_be_written_is_refused(waiting):
    unit_id = uuid.uuid4()
    sql(
        waiting,
        "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'disk full'; END $$",
    )
    sql(
        waiting,
        "CREATE TRIGGER refuse BEFORE INSERT ON audit_pending EXECUTE FUNCTION no_more()",
    )
    sql(waiting, "ALTER TABLE audit_pending ENABLE TRIGGER refuse")
    with waiting.runtime.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_pending ENABLE TRIGGER refuse"))
    with pytest.raises(DBAPIError, match="disk full"):
        waiting.system(add_unit, tenant_id=waiting.tenant_id, unit_id=unit_id)
    assert sql(waiting, "SELECT id FROM units WHERE id = :id", id=unit_id) == []


def test_attack_35_a_role_that_may_not_write_entries_changes_nothing(waiting):
    unit_id, engine = uuid.uuid4(), waiting.runtime.engine
    name = f"no_log_{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name}"))
        connection.execute(
            text(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}")
        )
        connection.execute(text(f"REVOKE INSERT ON audit_pending FROM {name}"))

    def as_that_role(context: Context) -> None:
        context.session.execute(text(f"SET LOCAL ROLE {name}"))
        add_unit(context, tenant_id=waiting.tenant_id, unit_id=unit_id)

    with pytest.raises(DBAPIError, match="permission denied"):
        waiting.system(as_that_role)
    assert sql(waiting, "SELECT id FROM units WHERE id = :id", id=unit_id) == []
    with engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_attack_33_a_sequencer_that_is_away_for_a_day_is_noticed_and_catches_up(waiting, sequencer):
    waiting.system(look, tenant_id=waiting.tenant_id)
    waiting.clock.advance(timedelta(days=1))
    waiting.system(look, tenant_id=waiting.tenant_id)
    late = [line for line in examined(waiting).findings if line.startswith("late:")]
    assert len(late) == 1
    assert sequencer.turn() == 2
    assert examined(waiting).intact


def test_attack_29_the_newest_entries_cut_off_are_not_signed_again(waiting, sequencer, caplog):
    for _ in range(4):
        waiting.system(look, tenant_id=waiting.tenant_id)
        sequencer.turn()
    kept = sql(waiting, "SELECT max(size) AS size FROM audit_checkpoints")[0].size
    _cut_back(waiting, kept - 2)
    restarted = sequencer_of(waiting)
    waiting.system(look, tenant_id=waiting.tenant_id)
    with caplog.at_level(logging.CRITICAL):
        assert restarted.turn() == 0
        assert restarted.turn() == 0
    assert f"{kept - 2} entries stand where {kept} were signed" in caplog.text
    assert sql(waiting, "SELECT max(size) AS size FROM audit_checkpoints")[0].size == kept - 2
    assert sql(waiting, "SELECT count(*) FROM audit_pending") == [(1,)]


def _cut_back(world: World, size: int) -> None:
    """Put the tree back as a careful forger would: entries, checkpoints, tiles and head."""
    leaves = sql(world, "SELECT leaf FROM audit_events WHERE idx < :n ORDER BY idx", n=size)
    hashes, frontier, tiles = [leaf_hash(bytes(row.leaf)) for row in leaves], Frontier(), loaded({})
    tiles.extend(0, hashes)
    for one in hashes:
        frontier.append(one)
    sql(world, "DELETE FROM audit_events WHERE idx >= :n", n=size)
    sql(world, "DELETE FROM audit_subjects WHERE idx >= :n", n=size)
    sql(world, "DELETE FROM audit_checkpoints WHERE size > :n", n=size)
    sql(world, "UPDATE audit_heads SET size = :n, frontier = :f", n=size, f=frontier.to_bytes())
    for (level, n), stored in tiles.changed.items():
        sql(
            world,
            "UPDATE audit_tiles SET hashes = :h WHERE level = :l AND n = :n",
            h=stored,
            l=level,
            n=n,
        )


def test_a_crash_between_placing_and_signing_is_mended_at_the_next_turn(waiting, sequencer):
    class GoneError(Exception):
        pass

    class Dying:
        """A signer whose answer never arrives: it has signed, and nobody heard."""

        def __init__(self, whole) -> None:
            self.whole = whole

        def __getattr__(self, name: str) -> object:
            return getattr(self.whole, name)

        def sign(self, *arguments):
            self.whole.sign(*arguments)
            raise GoneError

    waiting.system(look, tenant_id=waiting.tenant_id)
    dying = sequencer_of(waiting)
    dying._confirmed.add(waiting.tenant_id)
    dying.signer = Dying(dying.signer)
    with pytest.raises(GoneError):
        dying.turn()
    waiting.system(look, tenant_id=waiting.tenant_id)
    assert sequencer_of(waiting).turn() == 1
    found = examined(waiting)
    assert found.intact, found


@pytest.mark.parametrize(
    "columns",
    [
        "'x', at, act, who, dec, obj",
        "leaf, at, act, who, 'deny', obj",
        "leaf, at, act, who, dec, 'case:nobody'",
    ],
)
def test_attack_26_a_row_planted_among_those_that_wait_stays_out_of_the_tree(
    waiting, sequencer, columns, caplog
):
    waiting.system(look, tenant_id=waiting.tenant_id)
    into = "INSERT INTO audit_pending (tenant_id, leaf, at, act, who, dec, obj)"
    sql(waiting, f"{into} SELECT tenant_id, {columns} FROM audit_pending")
    with caplog.at_level(logging.CRITICAL):
        assert sequencer.turn() == 1
    assert "not as the program writes them" in caplog.text
    assert sql(waiting, "SELECT count(*) FROM audit_pending") == [(1,)]
    assert not examined(waiting).intact


def test_attack_26_a_copy_of_a_waiting_entry_breaks_its_writers_chain(waiting, sequencer):
    waiting.system(look, tenant_id=waiting.tenant_id)
    sql(
        waiting,
        "INSERT INTO audit_pending (tenant_id, leaf, at, act, who, dec, obj) "
        "SELECT tenant_id, leaf, at, act, who, dec, obj FROM audit_pending",
    )
    sequencer.turn()
    assert examined(waiting).report.finding.kind == Kind.WRITER


def test_two_sequencers_place_every_entry_once(waiting):
    first, second = sequencer_of(waiting), sequencer_of(waiting)
    for _ in range(5):
        waiting.system(look, tenant_id=waiting.tenant_id)
        first.turn()
        waiting.system(look, tenant_id=waiting.tenant_id)
        second.turn()
    assert examined(waiting).intact


def test_a_check_and_an_export_hold_for_a_sequenced_log(sequenced_world, tmp_path):
    world = sequenced_world
    outcome = world.run("anne", audit_check.verify, tenant_id=world.tenant_id)
    assert outcome.intact, outcome
    directory = tmp_path / "out"
    yes = two_say_yes(world, ApprovalAct.AUDIT_EXPORT, audit_check.export_params(directory))
    world.system(
        audit_check.export, tenant_id=world.tenant_id, directory=directory, approval_id=yes
    )
    keys = world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)
    report = verify_export(tmp_path / "out", Policy(keys), tenant=str(world.tenant_id))
    assert report.intact, report
    assert report.writers


def test_a_row_written_by_an_entry_that_waits_is_not_unlogged(waiting):
    unit_id = uuid.uuid4()
    waiting.system(add_unit, tenant_id=waiting.tenant_id, unit_id=unit_id)
    assert examined(waiting).intact
    sql(waiting, "UPDATE units SET phone = '1' WHERE id = :id", id=unit_id)
    assert examined(waiting).findings == (f"changed: units {unit_id}",)


def test_attack_39_a_refusal_survives_the_rollback_of_what_was_refused(waiting):
    actor = waiting.actor("ingrid")

    def refused(_context: Context) -> None:
        raise AccessDenied("access.no_relation")

    with pytest.raises(AccessDenied):
        waiting.runtime.doorway.perform(refused, actor)
    newest = sql(waiting, "SELECT act, dec FROM audit_pending ORDER BY id DESC LIMIT 1")
    assert [tuple(row) for row in newest] == [(Action.ACCESS_REQUEST_DENY.value, "deny")]


def test_the_sequencer_signs_with_no_key_of_the_municipality(waiting, sequencer):
    waiting.system(look, tenant_id=waiting.tenant_id)
    sql(waiting, "DELETE FROM case_keys")
    sql(waiting, "DELETE FROM tenant_keys")
    assert sequencer.turn() == 1


def test_attack_32_a_key_put_in_the_place_of_the_logs_own_is_named(sequenced_world, tmp_path):
    world = sequenced_world
    kept = world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)
    check = {"tenant_id": world.tenant_id, "kept_keys": kept}
    assert world.system(audit_check.verify, **check).intact
    forger = StatefulSigner(tmp_path / "forger")
    other = forger.verifier_key(world.tenant_id, 1)
    leaves = sql(world, "SELECT leaf FROM audit_events ORDER BY idx")
    tiles = loaded({})
    size = tiles.extend(0, [leaf_hash(bytes(row.leaf)) for row in leaves])
    root = range_hash(tiles.node, 0, size)
    note = forger.sign(world.tenant_id, 1, (size, root), 0, ())
    sql(world, "DELETE FROM audit_checkpoints")
    sql(
        world,
        "INSERT INTO audit_checkpoints VALUES (:t, :s, :n)",
        t=world.tenant_id,
        s=size,
        n=note,
    )
    sql(world, "UPDATE audit_epochs SET verifier_key = :k", k=other)
    assert examined(world).intact, "signed anew as a whole it proves itself"
    outcome = world.system(audit_check.verify, **check)
    assert not outcome.intact
    assert outcome.findings[0] == f"exchanged: key {kept[0]}"
    # And its own signer goes no further with it.
    world.system(look, tenant_id=world.tenant_id)
    assert sql(world, "SELECT count(*) FROM audit_pending")[0][0] > 0


@pytest.mark.parametrize("field", ["user agent", "reason", "file name"])
def test_attack_38_no_text_that_somebody_typed_fits_into_an_entry(waiting, field):
    typed = f'{field}\n\x1b[31m","dec":"allow'

    def enter(context: Context) -> None:
        context.recorder.record(
            Action.INSIGHT_LOG_SEARCH,
            tenant=waiting.tenant_id,
            by=By("system:test"),
            purpose=typed,
        )

    with pytest.raises(LeafError):
        waiting.system(enter)
    assert sql(waiting, "SELECT count(*) FROM audit_pending") == [(0,)]
