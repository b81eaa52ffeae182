"""The ways in which a sealed value stays closed: refused, without a key, or the keeper of keys is away.

The first two say no more than that: which check failed would help an attacker and nobody else. The
third tells the operator what to mend.
"""

from enum import StrEnum

from bti.domain.errors import KeysUnavailable


class SealError(Exception):
    """A sealed value, a wrapped key or a row code was refused, whatever the cause.

    Carries no detail on purpose: wrong key, wrong place, cut, flipped and unknown format look the same.
    """

    def __init__(self) -> None:
        super().__init__("The sealed value could not be opened.")


class Locked(Exception):  # noqa: N818 - a state, not a mistake: somebody asked without a key
    """No key for this content is in hand, so nothing was tried.

    ``what`` names the kind of content (a compartment or purpose), never a value.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"No key for {what} has been opened.")
        self.what = what


class Trouble(StrEnum):
    """Why a key provider cannot be used now. Fixed words: they end up in logs."""

    SEALED = "sealed"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too slow"
    NOT_TRUSTED = "its certificate is not trusted"
    NOT_LET_IN = "it does not let us in"
    NOT_AS_NEEDED = "it is not set up as needed"


class ProviderUnavailable(KeysUnavailable):
    """A key provider could not be asked, or could not answer. The same request may succeed later.

    Never raised for a blob that was tried and refused: that is ``SealError``.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
