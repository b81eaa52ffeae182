"""The few bytes from which a root key file is rebuilt; they are split into shares and never stored.

01 | for each root key, the oldest first: key(32) | length of its name(1) | name
"""

from collections.abc import Mapping
from typing import Final

from bti.crypto.envelope import KEY_BYTES

_FORM: Final = 0x01
_MOST_NAME_BYTES: Final = 255


class RecoveryRefused(ValueError):  # noqa: N818 - says what happened, as callers read it
    """The bytes are not what a root key file is rebuilt from. Carries nothing of them."""


def recovery_secret(keys: Mapping[str, bytes]) -> bytes:
    """Give the bytes for these root keys (32 bytes each, by name). ValueError for what has no such form."""
    parts = [bytes((_FORM,))]
    for name, key in keys.items():
        encoded = name.encode()
        if len(key) != KEY_BYTES or not 1 <= len(encoded) <= _MOST_NAME_BYTES:
            raise ValueError("A root key is 32 bytes and has a name.")
        parts += (key, bytes((len(encoded),)), encoded)
    if len(parts) == 1:
        raise ValueError("There is no root key to recover.")
    return b"".join(parts)


def recovered_keys(secret: bytes) -> dict[str, bytes]:
    """Read what `recovery_secret` gives. RecoveryRefused when it is something else or not whole."""
    if secret[:1] != bytes((_FORM,)):
        raise RecoveryRefused("These are not the shares of a root key.")
    keys: dict[str, bytes] = {}
    rest = secret[1:]
    while rest:
        key, length, rest = rest[:KEY_BYTES], rest[KEY_BYTES : KEY_BYTES + 1], rest[KEY_BYTES + 1 :]
        size = length[0] if length else 0
        name, rest = rest[:size], rest[size:]
        try:
            spelt = name.decode()
        except UnicodeDecodeError:
            spelt = ""
        if not spelt or len(name) != size or spelt in keys:
            raise RecoveryRefused("The recovered bytes are not whole.")
        keys[spelt] = key
    if not keys:
        raise RecoveryRefused("The recovered bytes are not whole.")
    return keys
