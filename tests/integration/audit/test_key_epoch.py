"""The audit key gets a successor with a new epoch: what was signed stays proven, and the old key can end."""

from datetime import timedelta

import pytest

from bti.audit.actions import Action
from bti.audit.epoch import EpochReason
from bti.audit.record import Reference
from bti.bootstrap import open_runtime
from bti.crypto.provider import TenantPurpose
from bti.domain.approval import ApprovalAct
from bti.identity import totp
from bti.keyd.keystore import ACTIVE, OPEN_ONLY
from bti.workflows import audit_check, audit_epoch, keys
from bti.workflows.epoch_people import NotProvenError, Shown
from tests.approvals import two_say_yes
from tests.world import ADMIN, CHEAP, SECRET, build, settings_for

AUDIT = TenantPurpose.AUDIT


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    """A municipality whose log is signed inline, as an operator with the owner's rights meets it."""
    if request.param == "sqlite":
        yield request.getfixturevalue("world")
        return
    with request.getfixturevalue("postgres_server").database() as url:
        made = build(settings_for(tmp_path / "world", url))
        yield made
        made.close()


def shown(world, who, code=None):
    return Shown(who, SECRET, code or totp.code_at(world.seeds[who], world.clock.now()))


def change_key(world, code=None):
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    return world.system(
        audit_epoch.begin,
        tenant_id=world.tenant_id,
        reason=EpochReason.KEY,
        asks=shown(world, "asta"),
        agrees=shown(world, "anne", code),
        signer=None,
    )


def look(context, *, tenant_id):
    """An act that only reads."""
    context.record(Action.INSIGHT_LOG_SEARCH, Reference("tenant", tenant_id), tenant=tenant_id)


def states(world):
    found = world.system(keys.status, tenant_id=world.tenant_id).generations
    return [one.state for one in found if one.purpose is AUDIT]


def public_keys(world):
    return world.system(audit_check.verifier_keys, tenant_id=world.tenant_id)


def test_what_was_signed_stays_proven_also_when_its_key_is_gone(world):
    kept = world.system(audit_check.checkpoint, tenant_id=world.tenant_id)
    [first] = public_keys(world)
    begun = change_key(world)
    assert begun.epoch == 2
    assert begun.signed == begun.found
    assert states(world) == [OPEN_ONLY, ACTIVE]
    both = public_keys(world)
    assert both[0] == first
    assert both[1] != first
    params = keys.destroy_params(AUDIT, 1)
    world.clock.advance(timedelta(days=31))
    world.system(
        keys.destroy,
        tenant_id=world.tenant_id,
        purpose=AUDIT,
        generation=1,
        approval_id=two_say_yes(world, ApprovalAct.KEY_DESTROY, params),
    )
    assert public_keys(world) == both
    found = world.system(
        audit_check.verify, tenant_id=world.tenant_id, known=[kept], kept_keys=[first]
    )
    assert found.intact, found.findings


def test_a_process_that_was_running_signs_the_new_epoch_with_the_new_key(world):
    other = open_runtime(world.runtime.settings, clock=world.clock, cost=CHEAP)
    other.doorway.perform(look, ADMIN, tenant_id=world.tenant_id)  # it knows the first key
    change_key(world)
    other.doorway.perform(look, ADMIN, tenant_id=world.tenant_id)
    world.system(look, tenant_id=world.tenant_id)
    other.close()
    found = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert found.intact, found.findings
    assert change_key(world).epoch == 3
    assert len({*public_keys(world)}) == 3


def test_when_one_of_the_two_is_not_proven_no_key_is_changed(world):
    before = public_keys(world)
    with pytest.raises(NotProvenError):
        change_key(world, code="000000")
    assert states(world) == [ACTIVE]
    assert public_keys(world) == before
