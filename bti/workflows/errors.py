"""What a workflow can say besides the rules' own errors."""

from __future__ import annotations


class Conflict(Exception):  # noqa: N818 - a state, not a fault: somebody else was first
    """Somebody else changed this since it was shown. Nothing was written; what was typed stays."""


class NotFound(Exception):  # noqa: N818 - a state: shown exactly like something that is hidden
    """There is no such thing, or the person may not know whether there is."""


class SignInRefused(Exception):  # noqa: N818 - says nothing about which part was wrong
    """Sign-in did not succeed. ``wait_seconds`` is above zero when it must wait."""

    def __init__(self, wait_seconds: int = 0) -> None:
        """Keep how long the visitor must wait."""
        super().__init__("sign-in refused")
        self.wait_seconds = wait_seconds
