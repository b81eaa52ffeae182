"""Root keys in the transit engine of OpenBao or HashiCorp Vault. The key never leaves the service.

    blob = the service's own text, "vault:v<version>:<base64>"

The key is derived (type aes256-gcm96, derived=true) with SHA-256 of the context. Associated data is not
used: the service's rewrap does not take any, and so could never move such a blob to a new key version.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from time import monotonic
from typing import Any, Final, NoReturn

from bti.crypto.circuit import Circuit
from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.provider import FIRST_ROOT_REF, Health, KeyProvider, is_block_for
from bti.crypto.transit_http import Answer, KeyServer
from bti.crypto.transit_token import Credentials, TransitToken

SECONDS: Final = 2.0
BATCH: Final = 100

_OK: Final = 200
_REFUSED: Final = 400
_FORBIDDEN: Final = 403
_UNAVAILABLE: Final = 503
_BLOB = re.compile(rb"vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/]{40,400}={0,2}")
_SEALED: Final = "sealed"


class TransitProvider(KeyProvider):
    """Wraps tenant keys with a root key in a key service. Asks nothing before it is first used."""

    name: Final = "transit"

    def __init__(
        self,
        server: KeyServer,
        credentials: Credentials,
        mount: str = "transit",
        root_ref: str = FIRST_ROOT_REF,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Speak to ``server``, signed in with ``credentials``, of the engine at ``mount``."""
        self._server = server
        self._mount = mount
        self._root_ref = root_ref
        self._token = TransitToken(server, credentials, clock)
        self._circuit = Circuit(clock)

    @property
    def root_ref(self) -> str:
        """The root key under which everything new is wrapped."""
        return self._root_ref

    def health(self) -> Health:
        """Sealed when the service says so, ready when it also lets us in, else error. Renews the token."""
        try:
            answer = self._server.call("GET", "sys/health?standbyok=true", None, None)
            if answer.body.get("sealed") is True or answer.body.get("initialized") is False:
                return Health.SEALED
            if answer.status != _OK:
                return Health.ERROR
            self._token.check()
        except ProviderUnavailable:
            return Health.ERROR
        return Health.READY

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """Have the block wrapped. ValueError, ProviderUnavailable."""
        if not is_block_for(key64, context):
            raise ValueError("Only a block made for this context is wrapped.")
        item = {"plaintext": b64encode(key64).decode(), "context": _context(context)}
        answer = self._ask("encrypt", root_ref, item)
        if answer.status != _OK:
            raise ValueError(f"The service does not wrap under a root key {root_ref}.")
        return _blob(answer.data().get("ciphertext"))

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """Give back the 64 bytes; SealError when refused, ProviderUnavailable when the service is away."""
        answer = self._ask("decrypt", root_ref, _item(blob, context))
        if answer.status != _OK:
            raise SealError
        return _block(answer.data().get("plaintext"), context)

    def unwrap_many(
        self, root_ref: str, items: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes | None]:
        """Unwrap many with one request for each hundred; None for each that is refused. ProviderUnavailable."""
        opened: list[bytes | None] = []
        for start in range(0, len(items), BATCH):
            opened += self._unwrap_batch(root_ref, items[start : start + BATCH])
        return opened

    def rewrap(self, old_ref: str, new_ref: str, blob: bytes, context: bytes) -> bytes:
        """Move a blob to the newest version of its key inside the service, or (other name) to another key."""
        if old_ref != new_ref:
            return super().rewrap(old_ref, new_ref, blob, context)
        answer = self._ask("rewrap", old_ref, _item(blob, context))
        if answer.status != _OK:
            raise SealError
        return _blob(answer.data().get("ciphertext"))

    def close(self) -> None:
        """Close the connections that are kept."""
        self._server.close()

    def _unwrap_batch(
        self, root_ref: str, items: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes | None]:
        # What the service would refuse to read at all must not spoil the others' request.
        sound = [place for place, (blob, _) in enumerate(items) if _is_blob(blob)]
        opened: list[bytes | None] = [None] * len(items)
        if not sound:
            return opened
        batch = [_item(*items[place]) for place in sound]
        answer = self._ask("decrypt", root_ref, {"batch_input": batch})
        results = answer.data().get("batch_results")
        if results is None and answer.status in {_REFUSED, _FORBIDDEN}:
            return opened
        if not isinstance(results, list) or len(results) != len(sound):
            raise ProviderUnavailable(Trouble.NOT_AS_NEEDED)
        for place, result in zip(sound, results, strict=True):
            opened[place] = _opened_or_none(result, items[place][1])
        return opened

    def _ask(self, act: str, root_ref: str, payload: dict[str, Any]) -> Answer:
        """The service's answer: 200, or 400 and 403 when it was this request that was refused."""
        path = f"{self._mount}/{act}/{key_name(root_ref)}"
        with self._circuit.guard():
            answer = self._server.call("POST", path, payload, self._token.current())
            if answer.status == _FORBIDDEN:
                # Ended early, or never ours. A token that holds means that the policy refuses.
                answer = self._server.call("POST", path, payload, self._token.anew())
            if answer.status in {_OK, _REFUSED, _FORBIDDEN}:
                return answer
            if answer.status == _UNAVAILABLE and any(_SEALED in text for text in answer.errors()):
                raise ProviderUnavailable(Trouble.SEALED)
            known_fault = answer.status >= 500 or answer.status == 429  # noqa: PLR2004 - HTTP's own
            raise ProviderUnavailable(Trouble.UNREACHABLE if known_fault else Trouble.NOT_AS_NEEDED)

    def __repr__(self) -> str:
        """Show which engine and key this is; never the token."""
        return f"<TransitProvider {self._mount} {self._root_ref}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A key provider is never copied or pickled.")


def key_name(root_ref: str) -> str:
    """What a root key is called in the service, whose names hold no slash. ValueError for other names."""
    name = root_ref.replace("/", "-")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]", name):
        raise ValueError("The name of a root key has small letters, digits, slashes and hyphens.")
    return name


def _context(context: bytes) -> str:
    return b64encode(sha256(context).digest()).decode()


def _is_blob(blob: bytes) -> bool:
    """Whether it is written as the service writes: one text for one ciphertext, and no other for it."""
    if not _BLOB.fullmatch(blob):
        return False
    text = blob.rpartition(b":")[2]
    try:
        return b64encode(b64decode(text, validate=True)) == text
    except ValueError:
        return False


def _item(blob: bytes, context: bytes) -> dict[str, str]:
    """One blob as the service takes it; SealError for what is no blob of such a service."""
    if not _is_blob(blob):
        raise SealError
    return {"ciphertext": blob.decode(), "context": _context(context)}


def _opened_or_none(result: object, context: bytes) -> bytes | None:
    if not isinstance(result, dict) or result.get("error"):
        return None
    try:
        return _block(result.get("plaintext"), context)
    except SealError:
        return None


def _block(plaintext: object, context: bytes) -> bytes:
    """The block in an answer; SealError when it is another than the one for this context."""
    try:
        block = b64decode(plaintext if isinstance(plaintext, str) else "", validate=True)
    except ValueError:
        raise SealError from None
    if not is_block_for(block, context):
        raise SealError
    return block


def _blob(ciphertext: object) -> bytes:
    blob = ciphertext.encode() if isinstance(ciphertext, str) else b""
    if not _is_blob(blob):
        raise ProviderUnavailable(Trouble.NOT_AS_NEEDED)
    return blob
