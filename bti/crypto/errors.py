"""The two ways in which a sealed value stays closed.

Neither says more than that: which check failed would help an attacker and nobody else.
"""


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
