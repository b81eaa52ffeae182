"""One token behind PKCS#11: its session, its PIN and its root keys. Wraps nothing itself.

Every method may only be called from the library's one thread (see bti.crypto.pkcs11_provider).
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass, TokenFlag

from bti.crypto.errors import ProviderUnavailable, Trouble
from bti.crypto.private_file import KeyFileRefused

_KEY_BITS: Final = 256
# One wrong PIN was given since the last right one, or worse. Trying again could lock the token.
_DO_NOT_TRY: Final = (
    TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED
)
_PIN_REFUSED: Final = (
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.PinExpired,
    pkcs11.UserPinNotInitialized,
)
# In which process each library was initialised.
_initialised: dict[str, int] = {}


class Way(IntEnum):
    """How a root key wraps; the first byte of what it wrapped."""

    GCM = 1
    KEY_WRAP = 2


class NoSuchRoot(Exception):  # noqa: N818 - says what happened, as callers read it
    """The token holds no root key of this name."""


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key in the token, and the session it is used in. Neither holds the key itself."""

    handle: Any
    session: Any
    way: Way


class Token:
    """A token that is opened at first use, and once more after a fork or when its session is gone."""

    def __init__(self, module: Path, label: str, pin: Callable[[], str]) -> None:
        """``pin`` is asked each time the token is opened, so that the PIN is not kept here."""
        self._module = str(module)
        self._label = label
        self._pin = pin
        self._pin_refused = False
        self._session: Any = None
        self._opened_in = 0
        self._keys: dict[str, RootKey] = {}

    def key(self, root_ref: str) -> RootKey:
        """Return a root key ready for use. NoSuchRoot, ProviderUnavailable, or an error of the library."""
        session = self._open_session()
        if root_ref not in self._keys:
            self._keys[root_ref] = _find(session, root_ref)
        return self._keys[root_ref]

    def check(self) -> None:
        """Open the token and find it let us in. Raises as ``key`` does."""
        self._open_session()

    def forget(self) -> None:
        """Drop the session and all handles; the next use opens the token again."""
        session, self._session, self._keys = self._session, None, {}
        if session is not None and self._opened_in == os.getpid():
            with suppress(pkcs11.PKCS11Error):
                session.close()

    def make(self, root_ref: str, way: Way) -> None:
        """Generate a root key inside the token. ValueError when the name is taken."""
        session = self._log_in(rw=True, by_hand=False)
        try:
            if list(session.get_objects({Attribute.LABEL: root_ref})):
                raise ValueError(f"The token already holds something called {root_ref}.")
            session.generate_key(
                KeyType.AES,
                _KEY_BITS,
                label=root_ref,
                store=True,
                capabilities=_CAPABILITIES[way],
                template={
                    Attribute.SENSITIVE: True,
                    Attribute.EXTRACTABLE: False,
                    Attribute.PRIVATE: True,
                    # Nobody may later give the key the other ability as well.
                    Attribute.MODIFIABLE: False,
                },
            )
        finally:
            session.close()

    def remove(self, root_ref: str) -> None:
        """Destroy a root key in the token. For a key that was just made and turned out useless."""
        session = self._log_in(rw=True, by_hand=False)
        try:
            for found in session.get_objects({Attribute.LABEL: root_ref}):
                found.destroy()
        finally:
            session.close()
        self.forget()

    def log_in_by_hand(self) -> None:
        """Try the PIN even though one was refused before. For a person who has just corrected it."""
        self.forget()
        self._pin_refused = False
        self._log_in(rw=False, by_hand=True).close()

    def _open_session(self) -> Any:  # noqa: ANN401 - the library's sessions are untyped here
        if self._opened_in != os.getpid():
            self.forget()
        if self._session is None:
            self._session = self._log_in(rw=False, by_hand=False)
            self._opened_in = os.getpid()
        return self._session

    def _log_in(self, *, rw: bool, by_hand: bool) -> Any:  # noqa: ANN401 - as _open_session
        if self._pin_refused:
            raise ProviderUnavailable(Trouble.NOT_LET_IN)
        token = self._find_token()
        if token.flags & _DO_NOT_TRY and not by_hand:
            raise ProviderUnavailable(Trouble.NOT_LET_IN)
        try:
            return token.open(user_pin=self._pin(), rw=rw)
        except pkcs11.UserAlreadyLoggedIn:
            # Being logged in belongs to the process, not to a session.
            return token.open(rw=rw)
        except _PIN_REFUSED:
            # Once is enough: each try more brings the token nearer to locking itself.
            self._pin_refused = True
            raise ProviderUnavailable(Trouble.NOT_LET_IN) from None
        except KeyFileRefused:
            raise ProviderUnavailable(Trouble.NOT_LET_IN) from None

    def _find_token(self) -> Any:  # noqa: ANN401 - as _open_session
        library = pkcs11.lib(self._module)
        before = _initialised.setdefault(self._module, os.getpid())
        if before != os.getpid():
            # The standard: a child initialises the library for itself. Some refuse to finish what they
            # did not begin, and that is as good.
            with suppress(pkcs11.PKCS11Error):
                library.finalize()
            library.initialize()
            _initialised[self._module] = os.getpid()
        try:
            return library.get_token(token_label=self._label)
        except pkcs11.NoSuchToken:
            raise ProviderUnavailable(Trouble.UNREACHABLE) from None
        except pkcs11.MultipleTokensReturned:
            raise ProviderUnavailable(Trouble.NOT_AS_NEEDED) from None


_CAPABILITIES: Final = {
    Way.GCM: MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
    Way.KEY_WRAP: MechanismFlag.WRAP | MechanismFlag.UNWRAP,
}


def _find(session: Any, root_ref: str) -> RootKey:  # noqa: ANN401 - the library's session
    # Read to the end: a search that is left open keeps the session's lock.
    found = list(
        session.get_objects(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.AES,
                Attribute.LABEL: root_ref,
            }
        )
    )
    if not found:
        raise NoSuchRoot
    if len(found) > 1:
        # Which of them is ours cannot be told; a planted second key must not be used.
        raise ProviderUnavailable(Trouble.NOT_AS_NEEDED)
    key = found[0]
    decrypts, unwraps = bool(key[Attribute.DECRYPT]), bool(key[Attribute.UNWRAP])
    kept_inside = bool(key[Attribute.SENSITIVE]) and not key[Attribute.EXTRACTABLE]
    # A key that may both wrap and decrypt gives away any other key: wrap it, then decrypt the result.
    if not kept_inside or decrypts == unwraps or (decrypts and key[Attribute.WRAP]):
        raise ProviderUnavailable(Trouble.NOT_AS_NEEDED)
    return RootKey(key, session, Way.GCM if decrypts else Way.KEY_WRAP)
