"""Makes the key provider that the settings name. Every process that unwraps keys gets its provider here."""

from __future__ import annotations

import logging
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from bti.crypto.credential_provider import CredentialProvider
from bti.crypto.envelope import KEY_BYTES
from bti.crypto.errors import ProviderUnavailable, Trouble
from bti.crypto.file_provider import FileProvider, KeyFileRefused
from bti.crypto.plugin import PluginRefused, load_plugin, read_options
from bti.crypto.private_file import read_secret_line
from bti.crypto.provider import block_for
from bti.crypto.transit_http import KeyServer
from bti.crypto.transit_provider import SECONDS, TransitProvider
from bti.crypto.transit_token import Credentials
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bti.crypto.pkcs11_provider import Pkcs11Provider
    from bti.crypto.provider import KeyProvider
    from bti.settings import Settings

_log: Final = logging.getLogger(__name__)


def key_provider(settings: Settings) -> KeyProvider:
    """The provider of these settings; sealed, when they say so, until ``offer_share`` has opened it.

    The root key file is made at the very first start. Providers outside this machine are not asked anything
    yet: a process starts, and says that it is not ready, while they are away. KeyFileRefused, SettingsError.
    """
    settings.case_side()
    if settings.key_start == "sealed":
        return UnsealingProvider(settings.key_provider, partial(_opened_with, settings))
    return _MAKERS[settings.key_provider](settings, None)


def start_secret_file(settings: Settings) -> Path | None:
    """The file with what opens the provider, and what shares are made of."""
    return {
        "file": settings.root_key_passphrase_file,
        "cred": settings.root_key_passphrase_file,
        "pkcs11": settings.pkcs11_pin_file,
        "transit": settings.transit_secret_file,
        "plugin": None,
    }[settings.key_provider]


def pkcs11_provider(settings: Settings, secret: str | None = None) -> Pkcs11Provider:
    """The provider for a hardware module. SettingsError when the library for them is not installed."""
    if find_spec("pkcs11") is None:
        raise SettingsError(
            "BTI_KEY_PROVIDER: pkcs11 needs python-pkcs11 (requirements/hsm.txt, or bti[hsm])"
        )
    # Only here: other installations have no such library.
    from bti.crypto.pkcs11_provider import Pkcs11Provider  # noqa: PLC0415 - see above

    if settings.pkcs11_module is None:
        raise SettingsError("BTI_PKCS11_MODULE: must be set")
    pin = _secret(settings.pkcs11_pin_file, "PIN file", secret)
    return Pkcs11Provider(settings.pkcs11_module, settings.pkcs11_token, pin, settings.root_ref)


def _opened_with(settings: Settings, start_secret: bytes) -> KeyProvider:
    """Open a sealed provider. KeyFileRefused for a wrong secret, ProviderUnavailable when it cannot be tried."""
    try:
        secret = start_secret.decode()
    except UnicodeDecodeError:
        raise KeyFileRefused("The start secret is no text.") from None
    provider = _MAKERS[settings.key_provider](settings, secret)
    try:
        # The only proof that it was the right secret is that the provider now works.
        provider.wrap(provider.root_ref, block_for(bytes(KEY_BYTES), b"start"), b"start")
    except ValueError:
        raise ProviderUnavailable(Trouble.NOT_AS_NEEDED) from None
    return provider


def _file(settings: Settings, secret: str | None) -> KeyProvider:
    side = settings.case_side()
    path, apart = side.root_key_file, settings.data_directories()
    passphrase = secret or _passphrase(settings)
    if path.parent in settings.database_directories():
        # Whoever copies the folder with the database would take the key along.
        raise KeyFileRefused(
            f"The root key file {path} lies beside the database. Move it to a place of its own."
        )
    # Never made behind a seal: the shares are of the passphrase of a file that is there.
    if secret is None and not path.exists():
        return FileProvider.create(path, apart, passphrase=passphrase)
    return FileProvider(path, apart, passphrase)


def _cred(settings: Settings, secret: str | None) -> KeyProvider:
    passphrase = secret or _passphrase(settings)
    if settings.root_key is not None:
        _log.warning(
            "BTI_ROOT_KEY was in the environment: whoever may look into the process that started this one "
            "can read it. A credential of the service is safer."
        )
        return CredentialProvider.from_text(settings.root_key.get_secret_value(), passphrase)
    if settings.credential_file is None:
        raise SettingsError("BTI_CREDENTIAL_FILE: must be set")
    return CredentialProvider.from_file(settings.credential_file, passphrase)


def _transit(settings: Settings, secret: str | None) -> KeyProvider:
    try:
        server = KeyServer(settings.transit_url, settings.transit_ca_file, SECONDS)
    except (OSError, ValueError):
        raise SettingsError(
            "BTI_TRANSIT_URL must be https://host[:port], and BTI_TRANSIT_CA_FILE a file of certificates"
        ) from None
    credentials = Credentials(
        settings.transit_role_id or None,
        _secret(settings.transit_secret_file, "file with the key service's secret", secret),
    )
    return TransitProvider(server, credentials, settings.transit_mount, settings.root_ref)


def _plugin(settings: Settings, secret: str | None) -> KeyProvider:
    del secret  # refused by the settings
    try:
        return load_plugin(settings.key_plugin, read_options(settings.key_plugin_file))
    except PluginRefused as fault:
        raise SettingsError(f"BTI_KEY_PLUGIN: {fault}") from None


def _passphrase(settings: Settings) -> str | None:
    path = settings.root_key_passphrase_file
    return None if path is None else read_secret_line(path, "passphrase file")


def _secret(path: Path | None, what: str, given: str | None) -> Callable[[], str]:
    """How the secret is read each time it is needed, so that it is not kept longer."""

    def read() -> str:
        if given is not None:
            return given
        if path is None:
            raise KeyFileRefused(f"There is no {what}.")
        return read_secret_line(path, what)

    return read


_MAKERS: Final[dict[str, Callable[[Settings, str | None], KeyProvider]]] = {
    "file": _file,
    "cred": _cred,
    "pkcs11": pkcs11_provider,
    "transit": _transit,
    "plugin": _plugin,
}
