"""Key providers from outside this program, such as one for Azure Key Vault: found by name and checked.

A plug-in is a class that is made with one mapping of text to text (its own settings) and fulfils
bti.crypto.provider.KeyProvider under the name "akv". It raises SealError for what is refused and
ProviderUnavailable for what could not be tried, and nothing else; docs/encryption.md says more.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from bti.crypto.private_file import KeyFileRefused, read_handed
from bti.crypto.provider import KeyProvider

PLUGIN_NAME: Final = "akv"

_WHAT: Final = "file with the plug-in's settings"
_PARTS: Final = ("root_ref", "health", "wrap", "unwrap", "unwrap_many", "rewrap")


class PluginRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """There is no usable key provider of this name. The text says what is missing."""


def load_plugin(dotted: str, options: Mapping[str, str]) -> KeyProvider:
    """Make the provider "package.module:Class" with its own settings. PluginRefused."""
    module_name, _, class_name = dotted.partition(":")
    try:
        made = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, TypeError, ValueError):
        raise PluginRefused(f"There is no {dotted}: give package.module:Class.") from None
    # Asked of the class: looking at an object's properties could already ask the service.
    missing = [part for part in _PARTS if not hasattr(made, part)]
    if missing or not callable(made):
        raise PluginRefused(
            f"{dotted} is no key provider: it lacks {', '.join(missing) or 'it all'}."
        )
    provider = cast("KeyProvider", made(options))
    if provider.name != PLUGIN_NAME:
        # Blobs say which kind of provider wrapped them; a plug-in must not pass for one of ours.
        raise PluginRefused(f"{dotted} must call itself {PLUGIN_NAME}.")
    return provider


def read_options(path: Path | None) -> dict[str, str]:
    """The plug-in's settings: a JSON object of texts in a file with the care of a secret. KeyFileRefused."""
    if path is None:
        return {}
    try:
        options = json.loads(read_handed(path, _WHAT))
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict) or not all(isinstance(one, str) for one in options.values()):
        raise KeyFileRefused(f"The {_WHAT} {path} must hold one JSON object of texts.")
    return options
