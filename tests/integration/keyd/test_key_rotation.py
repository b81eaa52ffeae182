"""Keys get successors without anybody losing a text, also when the work is killed on the way."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bti.audit.models import AuditEvent
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.db.guards import UnauditedChangeError
from bti.db.models import CaseKey, TenantKey
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.national_id import made_up
from bti.keyd.generations import KeyHeldError
from bti.workflows import audit_check, case, keys
from tests.approvals import two_say_yes
from tests.integration.workflows import cases
from tests.key_ring import add_keys, fill, keks_in_use, key_store, opened_keys
from tests.story import Story
from tests.world import ADMIN

ROOT = Path(__file__).parents[3]
KEK = TenantPurpose.KEK


@pytest.fixture(params=["sqlite", "postgresql"])
def everywhere(request):
    """The test municipality on each engine."""
    return request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")


def rotate(world):
    return keys.rotate(world.runtime.doorway, ADMIN, tenant_id=world.tenant_id)


def stands(world):
    return world.system(keys.status, tenant_id=world.tenant_id)


def acts(world):
    def read(context):
        rows = select(AuditEvent.act).where(AuditEvent.act.startswith("key:"))
        return [*context.session.scalars(rows.order_by(AuditEvent.idx))]

    return world.system(read)


def intact(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings == ()


def test_every_data_key_is_moved_and_is_still_the_same_key(everywhere, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 40)
    before = fill(everywhere, 101)
    assert rotate(everywhere) == keys.Rotated(generation=2, fresh=True, moved=101)
    tenant = everywhere.tenant_id
    assert everywhere.system(opened_keys, tenant_id=tenant) == before
    assert everywhere.system(keks_in_use, tenant_id=tenant) == {
        stands(everywhere).active(KEK).key_id
    }
    assert acts(everywhere)[-4:] == ["key:tenant:rotate", *["key:data:rewrap"] * 3]
    assert intact(everywhere)


def test_a_case_is_read_before_during_and_after_a_rotation(world):
    story = Story(world)
    story.wonder()
    first = world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=KEK, seen=1)
    assert first is not None
    assert world.run("ingrid", case.show_case, case_id=story.case_id)  # under the older one
    other = Story(world)
    other.wonder()  # made under the new one, while the older still holds the first
    assert len(world.system(keks_in_use, tenant_id=world.tenant_id)) == 2
    rotate(world)
    for one in (story, other):
        assert world.run("ingrid", case.show_case, case_id=one.case_id)


def test_a_rotation_that_was_cut_off_is_finished_before_another_is_begun(world):
    fill(world, 12)
    world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=KEK, seen=1)
    assert stands(world).left_behind == 12
    assert rotate(world) == keys.Rotated(generation=2, fresh=False, moved=12)
    assert rotate(world) == keys.Rotated(generation=3, fresh=True, moved=12)


def test_the_generation_somebody_else_has_replaced_is_not_replaced_again(world):
    words = {"tenant_id": world.tenant_id, "purpose": KEK, "seen": 1}
    assert world.system(keys.begin_generation, **words) is not None
    assert world.system(keys.begin_generation, **words) is None
    assert stands(world).active(KEK).generation == 2


def test_rotations_at_once_share_the_work_and_lose_nothing(postgres_world, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 10)
    before = fill(postgres_world, 150)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(rotate, postgres_world) for _ in range(3)]
        moved = [one.result().moved for one in done]
    tenant = postgres_world.tenant_id
    assert sum(moved) >= 150
    assert postgres_world.system(opened_keys, tenant_id=tenant) == before
    assert stands(postgres_world).left_behind == 0
    assert len(postgres_world.system(keks_in_use, tenant_id=tenant)) == 1
    assert intact(postgres_world)


def test_a_kek_that_somebody_is_wrapping_under_stays_active_until_that_is_committed(postgres_world):
    tenant = postgres_world.tenant_id

    def rotate_without_waiting(context):
        context.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        keys.begin_generation(context, tenant_id=tenant, purpose=KEK, seen=1)

    def wrap_meanwhile(context):
        add_keys(context, tenant_id=tenant, count=1)
        with pytest.raises(OperationalError, match="lock timeout"):
            postgres_world.system(rotate_without_waiting)

    postgres_world.system(wrap_meanwhile)
    # And afterwards it goes through, and finds what was wrapped.
    assert rotate(postgres_world) == keys.Rotated(generation=2, fresh=True, moved=1)


def test_no_two_generations_of_a_purpose_are_active(everywhere):
    with pytest.raises(IntegrityError), everywhere.as_administrator() as connection:
        connection.execute(
            text(
                "INSERT INTO tenant_keys (id, version, tenant_id, key_id, purpose, generation,"
                " state, provider, root_ref, wrapped, made_at) SELECT :id, 1, tenant_id, :key_id,"
                " purpose, 2, state, provider, root_ref, wrapped, made_at FROM tenant_keys"
                " WHERE purpose = 'kek'"
            ),
            {"id": "0" * 32, "key_id": b"k" * 16},
        )


def test_a_moved_key_without_an_entry_is_refused(world):
    fill(world, 3)
    world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=KEK, seen=1)

    def in_silence(context):
        context.verbs.key_life().rewrap(world.tenant_id, 10)

    with pytest.raises(UnauditedChangeError):
        world.system(in_silence)
    assert stands(world).left_behind == 3


def test_a_key_that_was_tampered_with_stops_the_rotation_and_is_not_passed_over(world):
    fill(world, 5)
    with world.as_administrator() as connection:
        connection.execute(
            text(
                "UPDATE case_keys SET wrapped = (SELECT wrapped FROM case_keys ORDER BY id LIMIT 1)"
                " WHERE id = (SELECT id FROM case_keys ORDER BY id DESC LIMIT 1)"
            )
        )
    with pytest.raises(SealError):
        rotate(world)
    assert stands(world).left_behind == 5


def test_the_key_that_signs_the_log_has_a_successor_with_a_new_epoch_alone(world):
    with pytest.raises(KeyHeldError) as held:
        world.system(
            keys.begin_generation, tenant_id=world.tenant_id, purpose=TenantPurpose.AUDIT, seen=1
        )
    assert held.value.code == "keys.not_rotatable"


def test_a_kek_is_due_when_it_is_thirty_days_old(world):
    assert not world.system(keys.is_due, tenant_id=world.tenant_id)
    world.clock.advance(timedelta(days=30))
    assert world.system(keys.is_due, tenant_id=world.tenant_id)
    rotate(world)
    assert not world.system(keys.is_due, tenant_id=world.tenant_id)


def destroy(world, generation=1):
    params = keys.destroy_params(KEK, generation)
    return world.system(
        keys.destroy,
        tenant_id=world.tenant_id,
        purpose=KEK,
        generation=generation,
        approval_id=two_say_yes(world, ApprovalAct.KEY_DESTROY, params),
    )


@pytest.mark.parametrize(
    ("days", "prepared", "code"),
    [
        (40, "nothing", "keys.active"),
        (29, "rotated", "keys.too_early"),
        (40, "begun", "keys.in_use"),
        (40, "destroyed", "keys.destroyed"),
    ],
)
def test_a_generation_is_not_destroyed_before_its_time(world, days, prepared, code):
    fill(world, 2)
    if prepared == "begun":
        world.system(keys.begin_generation, tenant_id=world.tenant_id, purpose=KEK, seen=1)
    elif prepared != "nothing":
        rotate(world)
    world.clock.advance(timedelta(days=days))
    if prepared == "destroyed":
        destroy(world)
    with pytest.raises(KeyHeldError) as held:
        destroy(world)
    assert held.value.code == code


def test_a_destroyed_generation_opens_nothing_not_even_from_memory(world):
    fill(world, 1)

    def old_key(context):
        row = context.session.scalars(select(CaseKey)).one()
        return row.kek_id

    def opens(context):
        return key_store(context).tenant_key_by_id(context.session, world.tenant_id, KEK, kek_id)

    kek_id = world.system(old_key)
    rotate(world)
    world.clock.advance(timedelta(days=31))
    assert world.system(opens).key_id == kek_id
    destroy(world)
    with pytest.raises(SealError):
        world.system(opens)
    with world.looking() as session:
        row = session.scalars(select(TenantKey).where(TenantKey.key_id == kek_id)).one()
        assert (row.state, row.wrapped) == ("destroyed", None)
    assert intact(world)


def test_nobody_destroys_a_key_alone_or_with_a_yes_for_another(world):
    fill(world, 1)
    rotate(world)
    world.clock.advance(timedelta(days=31))
    words = {"tenant_id": world.tenant_id, "purpose": KEK, "generation": 1}
    with pytest.raises(ApprovalRefused):
        world.system(keys.destroy, **words, approval_id=None)
    other = two_say_yes(world, ApprovalAct.KEY_DESTROY, keys.destroy_params(KEK, 2))
    with pytest.raises(ApprovalRefused):
        world.system(keys.destroy, **words, approval_id=other)
    states = [one.state for one in stands(world).generations if one.purpose == KEK]
    assert states == ["open-only", "active"]
    assert destroy(world).destroyed_at == world.clock.now()
    assert acts(world)[-1] == "key:tenant:destroy"


@pytest.mark.parametrize(
    ("which", "engine", "kills"),
    [
        ("kek", "sqlite", 40),
        ("kek", "postgresql", 15),
        ("directory", "sqlite", 10),
        ("directory", "postgresql", 4),
        ("index", "sqlite", 8),
    ],
)
def test_a_rotation_killed_at_any_step_is_taken_up_again(request, which, engine, kills):
    world = request.getfixturevalue("world" if engine == "sqlite" else "postgres_world")
    fill(world, 40)
    if which == "index":
        for start in (500, 600, 700):
            number = made_up(cases.BORN, range(start, start + 40))
            cases.new_case(world, "per", number=number)
            cases.new_case(world, "per", number=number)
    settings = world.runtime.settings
    world.runtime.engine.dispose()
    done = subprocess.run(
        [
            *(sys.executable, Path(__file__).with_name("rotation_killed.py")),
            *(settings.var_dir, settings.database_url, str(kills), "79", which),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["kills"] == kills
    assert told["places"] > kills / 2
    assert told["faults"] == []
    assert (told["left"], told["intact"], told["same"]) == (0, True, True), told["said"]
