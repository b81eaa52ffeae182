"""A key provider that starts closed, until enough people have each given their share of its start secret.

The start secret is what the provider would otherwise read from a file: a passphrase, a PIN, a token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NoReturn

from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.private_file import KeyFileRefused
from bti.crypto.provider import Health, KeyProvider
from bti.crypto.shares import Share, ShareError, combine


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the opening has come: shares ``given`` of those ``needed``, and whether it is ``opened``.

    ``refused`` counts what did not fit since the start: damaged shares, and rounds of shares that did not
    open anything. Which share of a round was wrong is not known here and told to nobody.
    """

    given: int
    needed: int
    opened: bool
    refused: int


class UnsealingProvider(KeyProvider):
    """Sealed until ``offer_share`` has had enough shares; then the provider that their secret opens."""

    def __init__(self, name: str, opener: Callable[[bytes], KeyProvider]) -> None:
        """``opener`` makes the provider called ``name`` from the start secret.

        It raises KeyFileRefused, SealError or ProviderUnavailable(NOT_LET_IN) when the secret is wrong.
        """
        self._name = name
        self._opener = opener
        self._lock = Lock()
        self._shares: dict[int, str] = {}
        self._needed = 0
        self._refused = 0
        self._opened: KeyProvider | None = None

    @property
    def name(self) -> str:
        """The name of the provider behind the seal."""
        return self._name

    @property
    def root_ref(self) -> str:
        """The root key of the provider behind the seal; ProviderUnavailable before it is opened."""
        return self._inner().root_ref

    def offer_share(self, text: str) -> Progress:
        """Take one share and tell how far it has come.

        The same share given again counts once. When enough are there, they are tried and forgotten, whether
        they open the provider or not. ProviderUnavailable when the provider could not be reached to try.
        """
        with self._lock:
            if self._opened is not None:
                return self._progress()
            try:
                share = Share.parse(text)
            except ShareError:
                self._refused += 1
                return self._progress()
            # By its number, so that a corrected share takes the wrong one's place.
            self._shares[share.number] = text
            # The fewest any of them asks for: a forged share that asks for more cannot hold the others up.
            self._needed = min(self._needed or share.needed, share.needed)
            if len(self._shares) >= self._needed:
                self._try()
            return self._progress()

    def progress(self) -> Progress:
        """Tell how far it has come."""
        with self._lock:
            return self._progress()

    def seal(self) -> None:
        """Close the provider again: nothing more is opened until the shares are given anew."""
        with self._lock:
            self._opened = None
            self._forget()

    def health(self) -> Health:
        """Sealed until opened; then as the provider behind the seal says."""
        opened = self._opened
        return Health.SEALED if opened is None else opened.health()

    def wrap(self, root_ref: str, key64: bytes, context: bytes) -> bytes:
        """As the provider behind the seal; ProviderUnavailable before it is opened."""
        return self._inner().wrap(root_ref, key64, context)

    def unwrap(self, root_ref: str, blob: bytes, context: bytes) -> bytes:
        """As the provider behind the seal; ProviderUnavailable before it is opened."""
        return self._inner().unwrap(root_ref, blob, context)

    def unwrap_many(
        self, root_ref: str, items: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes | None]:
        """As the provider behind the seal; ProviderUnavailable before it is opened."""
        return self._inner().unwrap_many(root_ref, items)

    def rewrap(self, old_ref: str, new_ref: str, blob: bytes, context: bytes) -> bytes:
        """As the provider behind the seal; ProviderUnavailable before it is opened."""
        return self._inner().rewrap(old_ref, new_ref, blob, context)

    def _inner(self) -> KeyProvider:
        opened = self._opened
        if opened is None:
            raise ProviderUnavailable(Trouble.SEALED)
        return opened

    def _try(self) -> None:
        shares = list(self._shares.values())
        self._forget()
        try:
            self._opened = self._opener(combine(shares))
        except (ShareError, KeyFileRefused, SealError):
            self._refused += 1
        except ProviderUnavailable as fault:
            if fault.trouble is not Trouble.NOT_LET_IN:
                raise
            self._refused += 1

    def _forget(self) -> None:
        self._shares = {}
        self._needed = 0

    def _progress(self) -> Progress:
        opened = self._opened is not None
        return Progress(len(self._shares), self._needed, opened, self._refused)

    def __repr__(self) -> str:
        """Show whether it is sealed; never a share."""
        return f"<UnsealingProvider {self._name} {'sealed' if self._opened is None else 'open'}>"

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A key provider is never copied or pickled.")
