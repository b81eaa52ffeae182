"""The root key as a credential of the service, or as text from the environment."""

import os
from pathlib import Path

import pytest

from bti.crypto.credential_provider import CredentialProvider
from bti.crypto.private_file import KeyFileRefused, read_secret_line
from bti.crypto.root_key_document import LockCost, write_key

ROOT = "stafett/root/1"
CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
BLOCK = bytes(range(64))


@pytest.fixture
def path(tmp_path: Path):
    directory = tmp_path / "credentials"
    directory.mkdir(0o500)
    directory.chmod(0o700)
    file = directory / "root.key"
    file.write_bytes(write_key(ROOT, os.urandom(32), None, CHEAP))
    file.chmod(0o400)
    return file


def test_a_credential_opens_what_it_wrapped_after_a_restart_and_by_either_way(path: Path):
    blob = CredentialProvider.from_file(path).wrap(ROOT, BLOCK, b"c")
    assert CredentialProvider.from_file(path).unwrap(ROOT, blob, b"c") == BLOCK
    assert CredentialProvider.from_text(path.read_text()).unwrap(ROOT, blob, b"c") == BLOCK


def test_a_credential_as_systemd_shows_it_through_an_access_list_is_accepted(path: Path):
    path.chmod(0o440)
    assert CredentialProvider.from_file(path).root_ref == ROOT


@pytest.mark.parametrize("mode", [0o444, 0o460, 0o404, 0o402, 0o410, 0o666])
def test_a_credential_that_lets_others_in_is_refused(path: Path, mode: int):
    path.chmod(mode)
    with pytest.raises(KeyFileRefused, match="lets others in"):
        CredentialProvider.from_file(path)


def test_a_stranger_s_credential_a_link_and_a_missing_one_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    link = path.with_name("link.key")
    link.symlink_to(path)
    with pytest.raises(KeyFileRefused, match="symbolic link"):
        CredentialProvider.from_file(link)
    with pytest.raises(KeyFileRefused, match="cannot be read"):
        CredentialProvider.from_file(path.with_name("missing"))
    with pytest.raises(KeyFileRefused, match="no directory"):
        CredentialProvider.from_file(path.parent / "missing" / "root.key")
    if os.geteuid() == 0:
        os.chown(path, 4711, 4711)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(KeyFileRefused, match="root or to us"):
        CredentialProvider.from_file(path)


@pytest.mark.parametrize("text", ["", "{}", "hemmelig", "[]", '{"v":1}', "{}\n{}"])
def test_a_text_that_is_no_root_key_is_refused_without_being_repeated(text: str):
    with pytest.raises(KeyFileRefused, match="is not whole") as refused:
        CredentialProvider.from_text(text)
    assert "hemmelig" not in str(refused.value)


def test_a_credential_may_be_locked_too():
    line = write_key(ROOT, bytes(32), "remse", CHEAP).decode()
    assert CredentialProvider.from_text(line, "remse").root_ref == ROOT
    with pytest.raises(KeyFileRefused, match="passphrase"):
        CredentialProvider.from_text(line)


def test_a_secret_line_is_one_line_without_its_end(tmp_path: Path):
    file = tmp_path / "pin"
    for content, line in ((b"12 34\n", "12 34"), (b"1234", "1234"), (b"1234\r\n", "1234")):
        file.write_bytes(content)
        file.chmod(0o600)
        assert read_secret_line(file, "PIN file") == line
    for content in (b"", b"\n", b"1\n2\n", b"1\x00", b"\xff"):
        file.write_bytes(content)
        with pytest.raises(KeyFileRefused, match="one line of text"):
            read_secret_line(file, "PIN file")
