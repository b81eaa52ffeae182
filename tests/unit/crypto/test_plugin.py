"""Key providers from outside this program."""

from pathlib import Path

import pytest

from bti.crypto.plugin import PluginRefused, load_plugin, read_options
from bti.crypto.private_file import KeyFileRefused
from tests.key_vault_double import VaultDouble

DOUBLE = "tests.key_vault_double:VaultDouble"


class Unnamed(VaultDouble):
    """Would pass for one of ours."""

    name = "file"


def test_a_class_that_is_a_key_provider_is_made_with_its_settings():
    assert isinstance(load_plugin(DOUBLE, {"secret": "s"}), VaultDouble)


@pytest.mark.parametrize(
    "dotted",
    [
        "",
        ":",
        "no.such.module:Class",
        "tests.key_vault_double",
        "tests.key_vault_double:Nobody",
        "tests.key_vault_double:OAEP",
        "builtins:dict",
        "..relative:Class",
    ],
)
def test_what_is_no_key_provider_is_refused(dotted: str):
    with pytest.raises(PluginRefused, match=r"There is no|is no key provider"):
        load_plugin(dotted, {})


def test_a_plug_in_cannot_pass_for_a_provider_of_ours():
    with pytest.raises(PluginRefused, match="must call itself akv"):
        load_plugin(f"{__name__}:Unnamed", {})


def test_its_settings_are_texts_in_a_file_with_the_care_of_a_secret(tmp_path: Path):
    assert read_options(None) == {}
    file = tmp_path / "options.json"
    file.write_text('{"vault": "https://v.example", "secret": "hemmelig"}', encoding="utf-8")
    file.chmod(0o600)
    assert read_options(file)["secret"] == "hemmelig"
    file.chmod(0o644)
    with pytest.raises(KeyFileRefused, match="lets others in"):
        read_options(file)
    file.chmod(0o600)
    for content in ("", "[]", '{"a": 1}', "hemmelig", "[" * 5000):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(KeyFileRefused, match="JSON object") as refused:
            read_options(file)
        assert "hemmelig" not in str(refused.value)
