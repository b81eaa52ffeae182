"""The settings of key providers agree with each other, and never show a key."""

import json
import os
from pathlib import Path

import pytest

from bti.crypto.private_file import KeyFileRefused
from bti.crypto.provider import Health
from bti.crypto.root_key_document import LockCost, write_key
from bti.crypto.shares import split
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.key_provider import key_provider, start_secret_file
from bti.key_settings import KeySettings
from bti.settings import SettingsError, load_settings

CHEAP = LockCost(passes=1, memory_kib=64, lanes=1)
LINE = write_key("stafett/root/1", bytes(range(32)), None, CHEAP).decode()
SECRET = json.loads(LINE)["key_b64"]
PKCS11 = {"key_provider": "pkcs11", "pkcs11_module": "/l.so", "pkcs11_token": "t"}
TRANSIT = {"key_provider": "transit", "transit_url": "https://bao.example"}


@pytest.fixture
def env(monkeypatch, tmp_path):
    """Set BTI_* names by keyword, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    # Taken out of the environment by the program and kept: nothing of it may reach the next test.
    monkeypatch.setenv("BTI_ROOT_KEY", "")
    monkeypatch.setattr("bti.settings._LENT", {})

    def put(**values):
        for name, value in {"mode": "demo", **values}.items():
            monkeypatch.setenv(f"BTI_{name.upper()}", value)

    return put


def private(path: Path, text: str, mode: int = 0o600) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"key_provider": "usb"}, "BTI_KEY_PROVIDER"),
        ({"key_provider": "cred"}, "credential_file must be set"),
        ({"key_provider": "pkcs11"}, "pkcs11_module must be set"),
        ({**PKCS11, "pkcs11_token": ""}, "pkcs11_token must be set"),
        (PKCS11, "pkcs11_pin_file must be set"),
        ({"key_provider": "transit"}, "transit_url must be set"),
        ({**TRANSIT, "transit_url": "http://bao.example"}, "BTI_TRANSIT_URL: must begin"),
        (TRANSIT, "transit_secret_file must be set"),
        ({**TRANSIT, "transit_mount": "../sys"}, "BTI_TRANSIT_MOUNT"),
        ({"key_provider": "plugin"}, "key_plugin must be set"),
        ({"key_provider": "plugin", "key_plugin": "a:B", "key_start": "sealed"}, "not for"),
        ({"key_provider": "cred", "root_key": LINE}, "without allow_env_key"),
        ({"root_ref": "Root 1"}, "BTI_ROOT_REF"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_provider_that_lacks_something_stops_the_program(env, values, said):
    env(**values)
    with pytest.raises(SettingsError, match=said) as refused:
        load_settings()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", sorted(KeySettings.model_fields))
def test_a_network_process_may_be_told_nothing_about_keys(env, name):
    values = {
        "key_provider": "file",
        "key_start": "auto",
        "allow_env_key": "1",
        "transit_url": "https://bao.example",
        "transit_mount": "transit",
        "root_ref": "stafett/root/1",
    }
    more = {"allow_env_key": "1"} if name == "root_key" else {}
    env(serve="network", **{**more, name: values.get(name, "x")})
    with pytest.raises(SettingsError, match="may not be set with serve=network"):
        load_settings()


def test_a_network_process_beside_a_credential_does_not_look_at_it(env, monkeypatch, tmp_path):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    env(serve="network")
    settings = load_settings()
    assert settings.credential_file is None
    with pytest.raises(SettingsError, match="no case database"):
        key_provider(settings)


def test_the_root_key_file_is_the_default_and_made_at_first_start(env, tmp_path):
    env()
    provider = key_provider(load_settings())
    assert (provider.name, provider.health()) == ("file", Health.READY)
    assert (tmp_path / "var" / "keys" / "root.key").exists()


def test_a_passphrase_locks_the_root_key_file_from_its_first_moment(env, tmp_path, monkeypatch):
    phrase = private(tmp_path / "phrase", "en hemmelig remse om vinterveier\n")
    env(root_key_passphrase_file=phrase)
    monkeypatch.setattr("bti.crypto.file_provider.LockCost", lambda: CHEAP)
    settings = load_settings()
    assert key_provider(settings).health() is Health.READY
    document = json.loads((tmp_path / "var" / "keys" / "root.key").read_text(encoding="utf-8"))
    assert document["kdf"]["alg"] == "argon2id"
    assert start_secret_file(settings) == Path(phrase)
    private(tmp_path / "phrase", "en annen remse")
    with pytest.raises(KeyFileRefused, match="passphrase does not open"):
        key_provider(settings)


def test_a_credential_of_systemd_is_found_by_itself(env, monkeypatch, tmp_path):
    private(tmp_path / "credentials" / "root.key", LINE, 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    env(key_provider="cred")
    assert key_provider(load_settings()).name == "cred"
    assert not (tmp_path / "var" / "keys" / "root.key").exists()


def test_a_key_in_the_environment_is_taken_out_at_once_and_warned_about(env, caplog):
    env(key_provider="cred", root_key=LINE, allow_env_key="1")
    settings = load_settings()
    assert "BTI_ROOT_KEY" not in os.environ
    assert key_provider(load_settings()).health() is Health.READY, "read twice by one command"
    assert key_provider(settings).health() is Health.READY
    assert "whoever may look" in caplog.text
    shown = repr(settings) + str(settings.describe()) + caplog.text
    assert SECRET not in shown


def test_a_key_in_the_environment_is_taken_out_even_when_it_is_refused(env):
    env(key_provider="cred", root_key=LINE)
    with pytest.raises(SettingsError):
        load_settings()
    assert "BTI_ROOT_KEY" not in os.environ


@pytest.mark.parametrize("folder", ["backup", "backups/2026", "files", "attachments", "export"])
def test_a_root_key_file_among_data_or_backups_is_refused(env, tmp_path, folder):
    place = tmp_path / "var" / folder / "root.key"
    private(place, LINE)
    env(root_key_file=str(place))
    with pytest.raises(KeyFileRefused, match="place of its own"):
        key_provider(load_settings())


def test_a_root_key_file_beside_the_database_is_refused(env, tmp_path):
    env(root_key_file=str(tmp_path / "var" / "root.key"))
    with pytest.raises(KeyFileRefused, match="beside the database"):
        key_provider(load_settings())
    assert not (tmp_path / "var" / "root.key").exists()


def test_a_missing_library_for_hardware_modules_is_named(env, monkeypatch, tmp_path):
    env(**PKCS11, pkcs11_pin_file=str(tmp_path / "pin"))
    monkeypatch.setattr("bti.key_provider.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="python-pkcs11"):
        key_provider(load_settings())


def test_a_missing_certificate_file_is_named(env, tmp_path):
    more = {"transit_ca_file": str(tmp_path / "none.pem"), "transit_secret_file": "s"}
    env(**TRANSIT, **more)
    with pytest.raises(SettingsError, match="BTI_TRANSIT_CA_FILE"):
        key_provider(load_settings())


def test_a_plug_in_is_loaded_with_its_own_settings_or_named(env, tmp_path):
    options = private(tmp_path / "options.json", '{"secret": "s"}')
    env(key_provider="plugin", key_plugin_file=options, key_plugin="tests.key_vault_double:No")
    with pytest.raises(SettingsError, match="BTI_KEY_PLUGIN: There is no"):
        key_provider(load_settings())
    env(key_plugin="tests.key_vault_double:VaultDouble")
    assert key_provider(load_settings()).name == "akv"


def test_a_sealed_start_waits_for_the_shares_of_the_passphrase(env, tmp_path):
    place = tmp_path / "keys" / "root.key"
    private(place, write_key("stafett/root/1", bytes(32), "remse", CHEAP).decode())
    env(key_start="sealed", root_key_file=str(place))
    provider = key_provider(load_settings())
    assert isinstance(provider, UnsealingProvider)
    assert (provider.name, provider.health()) == ("file", Health.SEALED)
    for share in split(b"feil", 2, 3, "start")[:2]:
        assert not provider.offer_share(share).opened
    for share in split(b"\xff\xfe", 2, 3, "start")[:2]:
        assert not provider.offer_share(share).opened
    assert provider.progress().refused == 2
    for share in split(b"remse", 2, 3, "start")[:2]:
        told = provider.offer_share(share)
    assert told.opened
    assert provider.health() is Health.READY


def test_a_sealed_start_never_makes_a_root_key(env, tmp_path):
    env(key_start="sealed")
    provider = key_provider(load_settings())
    for share in split(b"remse", 2, 2, "start"):
        assert not provider.offer_share(share).opened
    assert not (tmp_path / "var" / "keys" / "root.key").exists()
