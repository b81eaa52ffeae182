"""Root keys in a hardware security module or smart card, through PKCS#11. The key never leaves the token.

    01 | iv 12 | CKM_AES_GCM over the block, the context as associated data (80)        93 bytes
    02 | CKM_AES_KEY_WRAP over the block (72)                                           73 bytes

Which of the two a root key does is decided when it is made (``make_root``) and read from its attributes.
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Final, NoReturn, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from bti.crypto.circuit import Circuit
from bti.crypto.entropy import random_bytes
from bti.crypto.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.one_thread import OneThread
from bti.crypto.pkcs11_token import NoSuchRoot, RootKey, Token, Way
from bti.crypto.provider import (
    FIRST_ROOT_REF,
    TENANT_KEY_BYTES,
    Health,
    KeyProvider,
    block_for,
    is_block_for,
)

SECONDS: Final = 2.0

_TAG_BITS: Final = 8 * TAG_BYTES
_BLOB_BYTES: Final = {
    Way.GCM: 1 + NONCE_BYTES + TENANT_KEY_BYTES + TAG_BYTES,
    Way.KEY_WRAP: 1 + TENANT_KEY_BYTES + 8,
}
T = TypeVar("T")
# The library is initialised without locks of its own, and the standard then allows one thread only.
_threads: dict[str, OneThread] = {}


class Pkcs11Provider(KeyProvider):
    """Wraps tenant keys with a root key inside a token. Opens nothing before it is first used."""

    name: Final = "pkcs11"

    def __init__(
        self,
        module: Path,
        token_label: str,
        pin: Callable[[], str],
        root_ref: str = FIRST_ROOT_REF,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Use the token called ``token_label`` in the library ``module``; ``pin`` reads the PIN when needed."""
        self._label = token_label
        self._root_ref = root_ref
        self._token = Token(module, token_label, pin)
        self._thread = _threads.setdefault(str(module), OneThread("pkcs11"))
        self._circuit = Circuit(clock)

    @property
    def root_ref(self) -> str:
        """The root key under which everything new is wrapped."""
        return self._root_ref

    def health(self) -> Health:
        """Ready when the token lets us in and holds the root key; else error."""
        try:
            self._ask(lambda: self._token.key(self._root_ref))
        except (ProviderUnavailable, NoSuchRoot):
            return Health.ERROR
        return Health.READY

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Wrap the block inside the token. ValueError, ProviderUnavailable."""
        if not is_block_for(key64, context):
            raise ValueError("Only a block made for this context is wrapped.")
        try:
            return self._ask(lambda: _wrap(self._token.key(root_ref), key64, context))
        except NoSuchRoot:
            raise ValueError(f"The token holds no root key {root_ref}.") from None

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes; SealError when refused, ProviderUnavailable when the token is away."""
        try:
            block = self._ask(lambda: self._unwrap(root_ref, blob, context))
        except NoSuchRoot:
            raise SealError from None
        # Key wrapping knows no context, so the hash in the block is all that binds it there.
        if not is_block_for(block, context):
            raise SealError
        return block

    def make_root(self, root_ref: str, way: Way | None = None) -> Way:
        """Generate a root key inside the token and return how it wraps.

        Without ``way`` it is AES-GCM, or AES key wrapping where the token refuses an initialisation
        vector that is not its own. ValueError when the name is taken; ProviderUnavailable.
        """
        return self._ask(lambda: self._make(root_ref, way))

    def log_in_by_hand(self) -> None:
        """Try a corrected PIN once, after one was refused. ProviderUnavailable when it is wrong too."""
        self._ask(self._token.log_in_by_hand)

    def _ask(self, work: Callable[[], T]) -> T:
        with self._circuit.guard():
            return self._thread.do(lambda: self._with_second_try(work), SECONDS)

    def _with_second_try(self, work: Callable[[], T]) -> T:
        """Do it, and once more with a new session: a token that was restarted has forgotten the old one."""
        try:
            return work()
        except pkcs11.PKCS11Error:
            self._token.forget()
        try:
            return work()
        except pkcs11.PKCS11Error:
            self._token.forget()
            raise ProviderUnavailable(Trouble.UNREACHABLE) from None

    def _unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        key = self._token.key(root_ref)
        if len(blob) != _BLOB_BYTES[key.way] or blob[0] != key.way:
            raise SealError
        try:
            return _open(key, blob, context)
        except pkcs11.PKCS11Error:
            # Tokens answer a forgery and a broken session with the same general error. If the key still
            # opens what it wraps now, it was the blob; if not, the error goes on from here.
            probe = block_for(random_bytes(KEY_BYTES), context)
            if _open(key, _wrap(key, probe, context), context) == probe:
                raise SealError from None
            raise

    def _make(self, root_ref: str, way: Way | None) -> Way:
        chosen = way or Way.GCM
        self._token.make(root_ref, chosen)
        try:
            key = self._token.key(root_ref)
            probe = block_for(random_bytes(KEY_BYTES), b"")
            _open(key, _wrap(key, probe, b""), b"")
        except (pkcs11.MechanismInvalid, pkcs11.MechanismParamInvalid):
            self._token.remove(root_ref)
            if way is not None or chosen is Way.KEY_WRAP:
                raise ProviderUnavailable(Trouble.NOT_AS_NEEDED) from None
            return self._make(root_ref, Way.KEY_WRAP)
        return chosen

    def __repr__(self) -> str:
        """Show which token this is; never the PIN."""
        return f"<Pkcs11Provider {self._label}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A key provider is never copied or pickled.")


def _wrap(key: RootKey, block: bytes, context: bytes) -> bytes:
    if key.way is Way.GCM:
        iv = random_bytes(NONCE_BYTES)
        sealed = key.handle.encrypt(
            block,
            mechanism=Mechanism.AES_GCM,
            mechanism_param=GCMParams(iv, context, _TAG_BITS),
        )
        return bytes((key.way,)) + iv + bytes(sealed)
    carrier = key.session.create_object({**_CARRIER, Attribute.VALUE: block})
    try:
        return bytes((key.way,)) + bytes(
            key.handle.wrap_key(carrier, mechanism=Mechanism.AES_KEY_WRAP)
        )
    finally:
        carrier.destroy()


def _open(key: RootKey, blob: bytes, context: bytes) -> bytes:
    if key.way is Way.GCM:
        iv, sealed = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        return bytes(
            key.handle.decrypt(
                sealed,
                mechanism=Mechanism.AES_GCM,
                mechanism_param=GCMParams(iv, context, _TAG_BITS),
            )
        )
    carrier = key.handle.unwrap_key(
        ObjectClass.SECRET_KEY,
        KeyType.GENERIC_SECRET,
        blob[1:],
        mechanism=Mechanism.AES_KEY_WRAP,
        capabilities=0,
        template=_CARRIER_SECRECY,
    )
    try:
        return bytes(carrier[Attribute.VALUE])
    finally:
        carrier.destroy()


# What is unwrapped is not a key of the token but a block for us: it lives for one call and is read back.
_CARRIER_SECRECY: Final[dict[Attribute, Any]] = {
    Attribute.TOKEN: False,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
}
_CARRIER: Final[dict[Attribute, Any]] = {
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
    Attribute.PRIVATE: True,
    **_CARRIER_SECRECY,
}
