"""A root key file that a passphrase locks, and the files beside it while the root key is changed."""

import json
import secrets
from pathlib import Path

import pytest

from bti.crypto.errors import SealError
from bti.crypto.file_provider import (
    NEXT,
    OLD,
    FileProvider,
    KeyFileRefused,
    read_root_key,
    write_root_key,
)
from bti.crypto.root_key_document import DocumentRefused, LockCost, read_key, write_key

CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
ROOT = "stafett/root/1"
PHRASE = "en hemmelig remse om vinterveier"
BLOCK = bytes(range(64))


@pytest.fixture
def path(tmp_path: Path):
    return tmp_path / "keys" / "root.key"


def test_a_locked_file_opens_with_its_passphrase_only_and_says_nothing_of_either(path: Path):
    blob = FileProvider.create(path, passphrase=PHRASE, cost=CHEAP).wrap(ROOT, BLOCK, b"c")
    assert FileProvider(path, passphrase=PHRASE).unwrap(ROOT, blob, b"c") == BLOCK
    for attempt in (PHRASE + " ", PHRASE.upper(), "", None):
        with pytest.raises(KeyFileRefused, match="passphrase does not open") as refused:
            FileProvider(path, passphrase=attempt)
        assert PHRASE not in str(refused.value)
        assert refused.value.__cause__ is None


def test_a_locked_file_does_not_hold_the_key_itself(path: Path):
    FileProvider.create(path, passphrase=PHRASE, cost=CHEAP)
    _, key = read_root_key(path, PHRASE)
    plain = write_key(ROOT, key, None, CHEAP)
    assert json.loads(plain)["key_b64"][:40] not in path.read_text()


def test_a_passphrase_for_a_file_that_is_not_locked_is_refused(path: Path):
    FileProvider.create(path)
    with pytest.raises(KeyFileRefused, match="one of the two has none"):
        FileProvider(path, passphrase=PHRASE)


def test_a_new_lock_costs_a_thief_256_mebibytes_and_three_passes_for_each_guess():
    kdf = json.loads(write_key(ROOT, bytes(32), PHRASE, LockCost()))["kdf"]
    assert (kdf["alg"], kdf["passes"], kdf["memory_kib"]) == ("argon2id", 3, 262144)


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "stafett/root/2"},
        {"kdf": {"passes": 2}},
        {"kdf": {"lanes": 2}},
        {"kdf": {"memory_kib": 65}},
        {"kdf": {"salt_b64": "AAAAAAAAAAAAAAAAAAAAAA=="}},
    ],
    ids=str,
)
def test_a_locked_key_under_another_name_or_lock_does_not_open(change: dict[str, object]):
    document = json.loads(write_key(ROOT, secrets.token_bytes(32), PHRASE, CHEAP))
    inner = change.get("kdf")
    changed = {"kdf": document["kdf"] | inner} if isinstance(inner, dict) else change
    with pytest.raises(DocumentRefused):
        read_key(json.dumps(document | changed).encode(), PHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 2**40},
        {"passes": 10**9},
        {"passes": 0},
        {"lanes": True},
        {"lanes": 16},
        {"passes": "3"},
        {"alg": "argon2i"},
        {"salt_b64": "AAAA"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_lock_that_would_exhaust_the_machine_or_is_not_whole_is_refused(
    change: dict[str, object],
):
    document = json.loads(write_key(ROOT, bytes(32), PHRASE, CHEAP))
    document["kdf"] |= change
    with pytest.raises(DocumentRefused):
        read_key(json.dumps(document).encode(), PHRASE)


def test_what_hangs_under_the_key_before_or_after_opens_too(path: Path):
    old = FileProvider.create(path)
    old_blob = old.wrap(ROOT, BLOCK, b"c")
    write_root_key(path.with_name(path.name + NEXT), "stafett/root/2", secrets.token_bytes(32))
    moved = old.rewrap(ROOT, "stafett/root/2", old_blob, b"c")
    assert old.root_ref == ROOT, "a running process goes on wrapping under the key in its file"
    path.rename(path.with_name(path.name + OLD))
    path.with_name(path.name + NEXT).rename(path)
    new = FileProvider(path)
    assert new.root_ref == "stafett/root/2"
    assert new.unwrap("stafett/root/2", moved, b"c") == BLOCK
    assert new.unwrap(ROOT, old_blob, b"c") == BLOCK
    with pytest.raises(SealError):
        new.unwrap(ROOT, moved, b"c")


def test_the_files_are_not_read_again_for_every_unknown_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    provider = FileProvider.create(path, passphrase=PHRASE, cost=CHEAP)
    blob = provider.wrap(ROOT, BLOCK, b"c")
    monkeypatch.setattr(provider, "_read", lambda: pytest.fail("read again"))
    for name in ("stafett/root/2", "stafett/root/3"):
        with pytest.raises(SealError):
            provider.unwrap(name, blob, b"c")


def test_a_key_beside_that_is_open_to_others_is_refused(path: Path):
    FileProvider.create(path)
    beside = path.with_name(path.name + NEXT)
    write_root_key(beside, "stafett/root/2", bytes(32))
    beside.chmod(0o644)
    with pytest.raises(KeyFileRefused, match="may be read by others"):
        FileProvider(path)
