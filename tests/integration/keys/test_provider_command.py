"""`bti provider`: what an operator types when a provider is set up."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bti.cli import main
from bti.crypto.errors import SealError
from bti.crypto.file_provider import FileProvider, KeyFileRefused, lock_root_key, read_root_key
from bti.crypto.provider import Health
from bti.crypto.root_key_document import LockCost
from bti.crypto.shares import combine
from tests.bao_server import BaoServer
from tests.soft_token import PIN, SoftTokens

CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
PHRASE = "en hemmelig remse om vinterveier"


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Set BTI_* names by keyword."""

    def put(**values: object) -> None:
        for name, value in {"mode": "test", "var_dir": tmp_path / "var", **values}.items():
            monkeypatch.setenv(f"BTI_{name.upper()}", str(value))

    put()
    return put


def private(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def bti(*words: str) -> Result:
    return CliRunner().invoke(main, ["provider", *words])


def test_a_hardware_module_is_set_up_and_checked(setting, tokens: SoftTokens, tmp_path: Path):
    setting(
        key_provider="pkcs11",
        pkcs11_module=tokens.module,
        pkcs11_token=tokens.add("command"),
        pkcs11_pin_file=private(tmp_path / "pin", PIN),
    )
    before = bti("status")
    assert (before.exit_code, before.output) == (1, "pkcs11: error\n")
    assert bti("make-root").output == "Made stafett/root/1 in command; it works by GCM.\n"
    assert bti("status").output == "pkcs11: ready\n"
    again = bti("make-root")
    assert (again.exit_code, "already holds" in again.output) == (1, True)


def test_after_a_wrong_pin_a_person_logs_in_once(setting, tokens: SoftTokens, tmp_path: Path):
    pin = private(tmp_path / "pin", "0000-galt")
    setting(
        key_provider="pkcs11",
        pkcs11_module=tokens.module,
        pkcs11_token=tokens.add("corrected"),
        pkcs11_pin_file=pin,
    )
    refused = bti("make-root")
    assert refused.exit_code == 1
    assert refused.output == "Error: The provider cannot be used now: it does not let us in.\n"
    private(pin, PIN)
    assert bti("make-root").exit_code == 1, "the right PIN is not tried by itself either"
    assert bti("log-in").output == "The PIN is right.\n"
    assert bti("make-root").exit_code == 0


def test_a_sealed_key_service_is_said_to_be_sealed(setting, bao: BaoServer, tmp_path: Path):
    setting(
        key_provider="transit",
        transit_url=bao.url,
        transit_ca_file=bao.ca_file,
        transit_role_id=bao.role_id(),
        transit_secret_file=private(tmp_path / "secret", bao.secret_id()),
    )
    assert bti("status").output == "transit: ready\n"
    bao.seal()
    try:
        told = bti("status")
    finally:
        bao.unseal()
    assert (told.exit_code, told.output) == (1, "transit: sealed\n")


def test_a_root_key_file_is_locked_and_its_passphrase_shared_among_five(
    setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bti.crypto.file_provider.LockCost", lambda: CHEAP)
    assert bti("status").output == "file: ready\n"
    path = tmp_path / "var" / "keys" / "root.key"
    key = read_root_key(path)
    assert "Set BTI_ROOT_KEY_PASSPHRASE_FILE first" in bti("lock-file").output
    assert "must be set" in bti("share").output
    setting(root_key_passphrase_file=private(tmp_path / "phrase", PHRASE))
    assert bti("lock-file").output.startswith("stafett/root/1 is locked.")
    assert read_root_key(path, PHRASE) == key
    assert bti("status").output == "file: ready\n"
    assert bti("lock-file").exit_code == 1
    papers = re.findall(r"^stafett-share-v1\|.*$", bti("share").output, re.MULTILINE)
    assert len(papers) == 5
    assert combine([papers[0], papers[3], papers[4]]) == PHRASE.encode()
    (tmp_path / "phrase").unlink()
    monkeypatch.delenv("BTI_ROOT_KEY_PASSPHRASE_FILE")
    setting(key_start="sealed")
    told = bti("status")
    assert (told.exit_code, told.output) == (1, "file: sealed\n")


def test_more_needed_than_made_and_the_wrong_provider_are_refused(setting):
    assert bti("share", "--needed", "6", "--made", "5").exit_code == 2
    assert "Only a hardware module" in bti("make-root").output
    assert "Only a hardware module" in bti("log-in").output


def test_a_lock_is_not_put_on_one_of_two_root_keys(tmp_path: Path):
    path = tmp_path / "keys" / "root.key"
    provider = FileProvider.create(path)
    context = b"c"
    blob = provider.wrap("stafett/root/1", bytes(64), context)
    FileProvider.create(path.with_name("root.key.next"), root_ref="stafett/root/2")
    with pytest.raises(KeyFileRefused, match="Finish changing it first"):
        lock_root_key(path, PHRASE, CHEAP)
    path.with_name("root.key.next").unlink()
    lock_root_key(path, PHRASE, CHEAP)
    locked = FileProvider(path, passphrase=PHRASE)
    assert locked.unwrap("stafett/root/1", blob, context) == bytes(64)
    assert locked.health() is Health.READY
    assert [one.name for one in path.parent.iterdir()] == ["root.key"]
    with pytest.raises(SealError):
        locked.unwrap("stafett/root/1", blob, b"d")
