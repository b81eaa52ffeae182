import copy
import json
import os
import pickle
import stat
from base64 import b64decode
from pathlib import Path
from uuid import uuid4

import pytest

from bti.crypto.envelope import DataKey
from bti.crypto.errors import SealError
from bti.crypto.file_provider import FileProvider, KeyFileRefused
from bti.crypto.provider import Health, TenantPurpose, unwrap_tenant_key, wrap_tenant_key

BLOCK = bytes(range(64))
ROOT = "stafett/root/1"


@pytest.fixture
def path(tmp_path: Path):
    return tmp_path / "keys" / "root.key"


@pytest.fixture
def provider(path: Path):
    return FileProvider.create(path)


def test_a_block_comes_back_after_the_program_has_been_restarted(
    provider: FileProvider, path: Path
):
    blob = provider.wrap(ROOT, BLOCK, b"context")
    assert FileProvider(path).unwrap(ROOT, blob, b"context") == BLOCK
    assert BLOCK not in blob
    assert len(blob) == 92
    assert (provider.name, provider.root_ref, provider.health()) == ("file", ROOT, Health.READY)


def test_a_tenant_key_comes_back_from_a_file_provider(provider: FileProvider):
    tenant, key = uuid4(), DataKey.generate()
    wrapped = wrap_tenant_key(provider, ROOT, tenant, TenantPurpose.OPS, 1, key)
    assert wrapped[:2] == b"\x01\x10"
    opened = unwrap_tenant_key(provider, ROOT, tenant, TenantPurpose.OPS, 1, key.key_id, wrapped)
    assert opened.secret_for_wrapping() == key.secret_for_wrapping()
    with pytest.raises(SealError):
        unwrap_tenant_key(provider, ROOT, tenant, TenantPurpose.AUDIT, 1, key.key_id, wrapped)


def test_a_changed_blob_context_or_root_is_refused(provider: FileProvider, tmp_path: Path):
    blob = provider.wrap(ROOT, BLOCK, b"context")
    stranger = FileProvider.create(tmp_path / "other" / "root.key")
    for position in range(len(blob)):
        flipped = bytearray(blob)
        flipped[position] ^= 1
        with pytest.raises(SealError):
            provider.unwrap(ROOT, bytes(flipped), b"context")
    for keeper, root, attempt, context in (
        (provider, ROOT, blob, b"contexT"),
        (provider, "stafett/root/2", blob, b"context"),
        (provider, ROOT, blob[:-1], b"context"),
        (provider, ROOT, blob + b"\0", b"context"),
        (provider, ROOT, b"", b"context"),
        (stranger, ROOT, blob, b"context"),
    ):
        with pytest.raises(SealError):
            keeper.unwrap(root, attempt, context)


@pytest.mark.parametrize(
    ("root", "block"), [("stafett/root/2", BLOCK), (ROOT, BLOCK[:63]), (ROOT, b"")]
)
def test_only_blocks_of_64_bytes_are_wrapped_and_only_under_the_key_in_the_file(
    provider: FileProvider, root: str, block: bytes
):
    with pytest.raises(ValueError, match="64 bytes under stafett/root/1"):
        provider.wrap(root, block, b"context")


def test_a_new_key_file_is_for_its_owner_only_whatever_the_umask(path: Path):
    before = os.umask(0)
    try:
        FileProvider.create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["root.key"], (
        "nothing is left beside it"
    )


def test_the_key_file_has_the_written_form(provider: FileProvider, path: Path):
    document = json.loads(path.read_text())
    assert set(document) == {"v", "kid", "alg", "key_b64"}
    assert (document["v"], document["kid"], document["alg"]) == (1, ROOT, "AES-256-GCM")
    assert len(b64decode(document["key_b64"], validate=True)) == 32


def test_two_new_key_files_hold_different_keys(tmp_path: Path):
    contents = set()
    for name in ("one", "two"):
        FileProvider.create(tmp_path / name / "root.key")
        contents.add((tmp_path / name / "root.key").read_bytes())
    assert len(contents) == 2


def test_a_key_file_is_never_overwritten(provider: FileProvider, path: Path):
    content = path.read_bytes()
    with pytest.raises(KeyFileRefused, match="never overwritten"):
        FileProvider.create(path)
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == ["root.key"], (
        "the attempt cleans up after itself"
    )


def test_a_key_file_is_not_made_through_a_dangling_link(path: Path, tmp_path: Path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileRefused, match="already something"):
        FileProvider.create(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_only_its_owner_may_read_is_accepted(provider: FileProvider, path: Path):
    for mode in (0o400, 0o600):
        path.chmod(mode)
        assert FileProvider(path).root_ref == ROOT


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o700, 0o500, 0o200, 0o4600, 0o1600])
def test_a_file_with_any_other_mode_is_refused_and_the_remedy_named(
    provider: FileProvider, path: Path, mode: int
):
    path.chmod(mode)
    with pytest.raises(KeyFileRefused, match=r"chmod 600|cannot be read"):
        FileProvider(path)


def test_somebody_else_s_file_is_refused(
    provider: FileProvider, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(KeyFileRefused, match="as that user"):
        FileProvider(path)


def test_a_symbolic_link_is_refused(provider: FileProvider, path: Path):
    link = path.with_name("link.key")
    link.symlink_to(path)
    with pytest.raises(KeyFileRefused, match="symbolic link"):
        FileProvider(link)


def test_a_named_pipe_or_a_directory_is_refused_without_waiting(path: Path):
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyFileRefused, match="ordinary file"):
        FileProvider(path)
    with pytest.raises(KeyFileRefused, match="ordinary file"):
        FileProvider(path.parent)


def test_a_directory_anybody_may_write_to_is_refused(provider: FileProvider, path: Path):
    path.parent.chmod(0o1777)
    with pytest.raises(KeyFileRefused, match="chmod o-w"):
        FileProvider(path)
    with pytest.raises(KeyFileRefused, match="chmod o-w"):
        FileProvider.create(path.with_name("second.key"))


def test_a_file_beside_what_it_opens_is_refused(provider: FileProvider, path: Path, tmp_path: Path):
    link = tmp_path / "link-to-data"
    link.symlink_to(path.parent)
    for forbidden in (path.parent, tmp_path, link):
        with pytest.raises(KeyFileRefused, match="place of its own"):
            FileProvider(path, [tmp_path / "backup", forbidden])
    with pytest.raises(KeyFileRefused, match="place of its own"):
        FileProvider(link / "root.key", [path.parent])
    assert FileProvider(path, [tmp_path / "backup", tmp_path / "key"]).root_ref == ROOT


def test_nothing_is_made_where_a_key_may_not_be(tmp_path: Path):
    with pytest.raises(KeyFileRefused, match="place of its own"):
        FileProvider.create(tmp_path / "data" / "keys" / "root.key", [tmp_path / "data"])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_or_directory_is_refused(tmp_path: Path):
    with pytest.raises(KeyFileRefused, match="create a root key first"):
        FileProvider(tmp_path / "root.key")
    with pytest.raises(KeyFileRefused, match="no directory"):
        FileProvider(tmp_path / "missing" / "root.key")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": None},
        {"alg": "AES-128-GCM"},
        {"kid": ""},
        {"kid": 1},
        {"key_b64": ""},
        {"key_b64": "c2hvcnQ="},
        {"key_b64": "not base64"},
        {"key_b64": 7},
        {"kdf": "argon2id"},
        {"kdf": {"alg": "argon2id"}},
    ],
    ids=str,
)
def test_a_file_with_another_content_is_refused_without_showing_it(
    provider: FileProvider, path: Path, change: dict[str, object]
):
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | change))
    with pytest.raises(KeyFileRefused, match="recovery copy") as refused:
        FileProvider(path)
    assert document["key_b64"] not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 4000, b"{}" + b" " * 9000]
)
def test_a_file_that_is_no_key_file_is_refused(provider: FileProvider, path: Path, content: bytes):
    path.write_bytes(content)
    with pytest.raises(KeyFileRefused, match="recovery copy"):
        FileProvider(path)


def test_a_provider_shows_and_gives_away_nothing(provider: FileProvider, path: Path):
    assert repr(provider) == "<FileProvider stafett/root/1>"
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="never copied"):
            attempt(provider)
    secret = b64decode(json.loads(path.read_text())["key_b64"])
    assert secret not in vars(provider).values()
