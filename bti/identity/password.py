"""Passwords: which are accepted, how they are stored, how they are checked.

Argon2id with 64 MiB and six passes: the memory of RFC 9106 section 4, second recommended option, in one
lane, with passes until it takes a third of a second; length rules from NIST SP 800-63B-4 section 3.1.1. Accounts are left to workflows.
"""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from bti.identity.guessable import leftover

MIN_LENGTH = 15
MAX_LENGTH = 128
LEFTOVER = 6
"""Letters and digits that must remain when guessable words and runs are taken out."""

# Each computation takes 64 MiB: without a limit a burst of sign-ins is a memory exhaustion.
_AT_ONCE = threading.BoundedSemaphore(2)


class PasswordRefusedError(Exception):
    """A new password is not accepted.

    ``code`` is `password.` followed by `too_short`, `too_long`, `control` or `guessable`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DamagedHashError(Exception):
    """What is stored is not a hash: damage or tampering, not a wrong password."""


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one computation costs. Tests pass a smaller one; no setting can."""

    memory_kib: int = 64 * 1024
    passes: int = 6
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password was right, and whether its hash should be made anew at today's cost."""

    right: bool
    rehash: bool = False


@dataclass(frozen=True, slots=True)
class Passwords:
    """Makes and checks hashes at one cost. Share one: it is safe between threads."""

    cost: Argon2Cost = field(default_factory=Argon2Cost)
    _hasher: PasswordHasher = field(init=False, repr=False)
    _nobody: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        hasher = PasswordHasher(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=self.cost.lanes,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )
        object.__setattr__(self, "_hasher", hasher)
        object.__setattr__(self, "_nobody", self.hash(secrets.token_urlsafe(32)))

    def hash(self, password: str) -> str:
        """The PHC string to store. Does not judge the password; see `check_new`."""
        with _AT_ONCE:
            return self._hasher.hash(_normal(password))

    def verify(self, stored: str, password: str) -> Verdict:
        """Whether ``password`` made ``stored``.

        Raises DamagedHashError if ``stored`` is no Argon2 hash.
        """
        if len(password) > MAX_LENGTH:
            return self.verify_nobody()
        try:
            with _AT_ONCE:
                self._hasher.verify(stored, _normal(password))
        except VerifyMismatchError:
            return Verdict(right=False)
        except (InvalidHashError, VerificationError) as fault:
            raise DamagedHashError from fault
        return Verdict(right=True, rehash=self._hasher.check_needs_rehash(stored))

    def verify_nobody(self) -> Verdict:
        """Always wrong, at the cost of a real check.

        For a name that has no account, so that the time taken does not tell which names have one.
        """
        self.verify(self._nobody, "a password that is never right")
        return Verdict(right=False)


def check_new(password: str, *, context: Iterable[str] = ()) -> None:
    """Accept ``password`` for use or raise PasswordRefusedError.

    ``context`` holds words an attacker would try for this person: name, e-mail, municipality.
    Length is counted in characters after NFC; no rule demands digits or signs, because such
    rules make passwords more alike, not stronger.
    """
    text = unicodedata.normalize("NFC", password)
    if len(text) < MIN_LENGTH:
        raise PasswordRefusedError("password.too_short")
    if len(text) > MAX_LENGTH:
        raise PasswordRefusedError("password.too_long")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in text):
        raise PasswordRefusedError("password.control")
    if len(leftover(text, context=context)) < LEFTOVER:
        raise PasswordRefusedError("password.guessable")


def _normal(password: str) -> bytes:
    # The same å may be typed as one code point or as two, depending on the keyboard.
    # surrogatepass: a lone surrogate in a form must be a wrong password, not a fault.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
