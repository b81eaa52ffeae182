"""What an operator of keys types, and what comes back."""

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from bti.cli import main, wiring
from bti.crypto.provider import TenantPurpose
from bti.workflows import keys
from tests.key_ring import fill, opened_keys
from tests.world import World


def bti(*words: str, typed: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [*words], input=typed)


@pytest.fixture
def lived_in(world: World, monkeypatch) -> World:
    """The test municipality, as the command line finds it, at the world's time."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    opened = wiring.open_runtime
    monkeypatch.setattr(
        wiring, "open_runtime", lambda chosen, **more: opened(chosen, clock=world.clock, **more)
    )
    return world


def test_key_status_shows_every_purpose_with_its_age_and_no_key(lived_in):
    shown = bti("keys", "status").output
    for purpose in ("audit", "directory", "index", "kek", "ops"):
        assert re.search(
            rf"^{purpose} +generation 1 +active +file .*made 2026-09-01$", shown, re.MULTILINE
        )
    assert not re.search(r"[0-9a-f]{32}", shown)


def test_the_inventory_has_every_key_with_its_age_and_every_use(lived_in):
    fill(lived_in, 3)
    lived_in.clock.advance(timedelta(days=12))
    shown = bti("keys", "inventory").output
    assert shown.count("12 days old  id ") == 5
    assert "data keys: core       generation 1  active     3" in shown
    assert "bti.crypto.envelope" in shown
    assert not re.search(r"[0-9a-f]{16}", shown)


def test_a_rotation_is_told_and_the_old_key_has_a_date(lived_in):
    before = fill(lived_in, 4)
    told = bti("keys", "rotate", "--municipality", "9901")
    assert told.output == "9901 Lindvik kommune: kek generation 2 is active, 4 keys moved\n"
    shown = bti("keys", "status").output
    assert re.search(r"kek +generation 1 +open-only .*may be destroyed from 2026-10-01", shown)
    assert lived_in.system(opened_keys, tenant_id=lived_in.tenant_id) == before


def test_what_a_cut_off_rotation_left_is_shown_and_moved(lived_in):
    fill(lived_in, 3)
    tenant = lived_in.tenant_id
    lived_in.system(keys.begin_generation, tenant_id=tenant, purpose=TenantPurpose.KEK, seen=1)
    assert "3 are under an older kek: run bti keys rewrap" in bti("keys", "status").output
    assert bti("keys", "rewrap").output == "9901 Lindvik kommune: 3 keys moved\n"
    assert "older kek" not in bti("keys", "status").output


def test_the_nightly_job_rotates_what_is_due_and_nothing_else(lived_in):
    assert bti("keys", "rotate", "--if-due").output == "9901 Lindvik kommune: not due\n"
    lived_in.clock.advance(timedelta(days=31))
    assert "generation 2 is active" in bti("keys", "rotate", "--if-due").output
    assert bti("keys", "rotate", "--if-due").output == "9901 Lindvik kommune: not due\n"


def test_a_municipality_that_is_not_there_is_told_in_one_line(lived_in):
    for word in ("status", "rotate", "rewrap"):
        told = bti("keys", word, "--municipality", "0000")
        assert (told.exit_code, told.output) == (
            1,
            "Error: There is no municipality with number 0000.\n",
        )
