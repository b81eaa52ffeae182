"""The root key handed over by the system at start: a service credential, or a variable of the environment.

Where the two come from is the settings' matter; here they are a path or a text.
"""

from pathlib import Path
from typing import Final, Self

from bti.crypto.private_file import KeyFileRefused, read_handed
from bti.crypto.root_key_document import DocumentRefused, PassphraseRefused, read_key
from bti.crypto.software_root import SoftwareRoot

_WHAT = "credential with the root key"


class CredentialProvider(SoftwareRoot):
    """Wraps tenant keys under the root key in a credential, in the same form as a root key file."""

    name: Final = "cred"

    @classmethod
    def from_file(cls, path: Path, passphrase: str | None = None) -> Self:
        """Read the credential at ``path``.

        KeyFileRefused when it is missing, a link, open to others, neither ours nor root's, not whole, or not
        opened by ``passphrase``.
        """
        return cls(_keys(read_handed(path, _WHAT), str(path), passphrase))

    @classmethod
    def from_text(cls, text: str, passphrase: str | None = None) -> Self:
        """Read the credential from a text that came by the environment. KeyFileRefused."""
        return cls(_keys(text.strip().encode(), "given by the environment", passphrase))


def _keys(text: bytes, where: str, passphrase: str | None) -> dict[str, bytes]:
    try:
        return dict([read_key(text, passphrase)])
    except PassphraseRefused:
        raise KeyFileRefused(
            f"The passphrase does not open the {_WHAT} {where}, or one of the two has none."
        ) from None
    except DocumentRefused:
        raise KeyFileRefused(
            f"The {_WHAT} {where} is not whole. It holds what a root key file of version 1 holds."
        ) from None
