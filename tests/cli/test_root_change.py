"""A new root key: tenant keys move to it, whoever is running goes on, and it may be cut off anywhere."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bti.cli import keys_root, main
from bti.crypto import root_files
from bti.crypto.file_provider import read_root_key
from bti.crypto.private_file import KeyFileRefused
from bti.crypto.root_files import beside, change_places, prepare_next
from bti.db.models import TenantKey
from bti.workflows import case, keys
from tests.key_ring import fill, key_store, opened_keys
from tests.story import Story
from tests.world import World


def bti(*words):
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def lived_in(world: World, monkeypatch) -> World:
    """The test municipality, as the command line finds it."""
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    return world


def roots(world):
    """The root keys that tenant keys hang under."""
    with world.runtime.engine.begin() as connection:
        return {*connection.scalars(select(TenantKey.root_ref))}


def key_file(world):
    return world.runtime.settings.root_key_file


def forget_opened_keys(world):
    """As when nobody has used the running process for a while: keys are opened from the rows again."""
    world.system(lambda context: key_store(context).cache.clear())


def test_every_tenant_key_moves_and_a_running_process_goes_on(lived_in):
    story = Story(lived_in)
    story.wonder()
    before = lived_in.system(opened_keys, tenant_id=lived_in.tenant_id)
    told = bti("keys", "rotate-root")
    assert told.exit_code == 0, told.output
    assert roots(lived_in) == {"stafett/root/2"}
    assert read_root_key(key_file(lived_in))[0] == "stafett/root/2"
    assert read_root_key(beside(key_file(lived_in), ".old"))[0] == "stafett/root/1"
    forget_opened_keys(lived_in)  # this world's own process began under the first root key
    assert lived_in.run("ingrid", case.show_case, case_id=story.case_id)
    assert lived_in.system(opened_keys, tenant_id=lived_in.tenant_id) == before
    assert bti("audit", "verify").exit_code == 0


@pytest.mark.parametrize("cut", ["before-moving", "between", "before-places", "amid-places"])
def test_a_change_that_was_cut_off_is_finished_by_the_same_command(lived_in, monkeypatch, cut):
    before = fill(lived_in, 3)
    path = key_file(lived_in)

    class CutError(Exception):
        """The machine went down."""

    def go_down(*_arguments, **_more):
        raise CutError

    with monkeypatch.context() as broken:
        if cut == "before-moving":
            broken.setattr(keys, "move_all_to_root", go_down)
        elif cut == "between":
            broken.setattr(keys, "_on_other_roots", go_down)
        elif cut == "before-places":
            broken.setattr(keys_root, "change_places", go_down)
        else:
            broken.setattr(root_files.Path, "replace", go_down)
        assert isinstance(bti("keys", "rotate-root").exception, CutError)
    assert read_root_key(path)[0] == "stafett/root/1"
    forget_opened_keys(lived_in)
    assert lived_in.system(opened_keys, tenant_id=lived_in.tenant_id) == before
    assert bti("keys", "status").exit_code == 0
    assert bti("keys", "rotate-root").exit_code == 0
    assert roots(lived_in) == {"stafett/root/2"}
    assert read_root_key(path)[0] == "stafett/root/2"
    forget_opened_keys(lived_in)
    assert lived_in.system(opened_keys, tenant_id=lived_in.tenant_id) == before


def test_the_old_root_key_opens_nothing_that_was_moved(lived_in):
    path = key_file(lived_in)
    bti("keys", "rotate-root")
    beside(path, ".old").replace(path)
    refused = bti("keys", "status")
    assert (refused.exit_code, "does not open" in refused.output) == (1, True)


def test_a_third_root_key_waits_until_the_first_is_thrown_away(lived_in):
    path = key_file(lived_in)
    assert bti("keys", "rotate-root").exit_code == 0
    again = bti("keys", "rotate-root")
    assert again.exit_code == 1
    assert "still lies in" in again.output
    beside(path, ".old").unlink()
    assert bti("keys", "rotate-root").exit_code == 0
    assert roots(lived_in) == {"stafett/root/3"}


def test_no_shares_are_made_while_the_root_key_is_changing(lived_in):
    prepare_next(key_file(lived_in))
    refused = bti("keys", "export-recovery", "--shares", 3, "--threshold", 2)
    assert refused.exit_code == 1
    assert "stafett-share" not in refused.output
    with pytest.raises(KeyFileRefused):
        root_files.secret_of(key_file(lived_in))


def test_a_key_that_does_not_open_stops_the_move(lived_in):
    with lived_in.runtime.engine.begin() as connection:
        row = connection.execute(select(TenantKey.id, TenantKey.wrapped)).first()
        spoilt = row.wrapped[:-1] + bytes([row.wrapped[-1] ^ 1])
        change = TenantKey.__table__.update().where(TenantKey.id == row.id)
        connection.execute(change.values(wrapped=spoilt))
    assert bti("keys", "rotate-root").exit_code == 1
    assert roots(lived_in) == {"stafett/root/1"}
    assert read_root_key(key_file(lived_in))[0] == "stafett/root/1"


def test_places_change_once_and_without_a_next_not_at_all(tmp_path):
    path = tmp_path / "keys" / "root.key"
    path.parent.mkdir(mode=0o700)
    root_files.write_root_key(path, "stafett/root/1", b"k" * 32)
    change_places(path)
    assert sorted(one.name for one in path.parent.iterdir()) == ["root.key"]
    assert prepare_next(path) == prepare_next(path) == "stafett/root/2"
    change_places(path)
    change_places(path)
    assert sorted(one.name for one in path.parent.iterdir()) == ["root.key", "root.key.old"]


def test_where_the_root_key_is_in_no_file_the_operator_is_told_what_takes_the_place_of_shares(
    lived_in,
):
    assert set(keys_root.RECOVERED_ELSEWHERE) == {"cred", "pkcs11", "transit", "plugin"}
