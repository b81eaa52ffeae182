"""What a workflow can say besides the rules' own errors."""

from __future__ import annotations

from bti.domain.errors import Conflict, NotFound

__all__ = ["Conflict", "NotFound", "SignInRefused"]


class SignInRefused(Exception):  # noqa: N818 - says nothing about which part was wrong
    """Sign-in did not succeed. ``wait_seconds`` is above zero when it must wait."""

    def __init__(self, wait_seconds: int = 0) -> None:
        super().__init__("sign-in refused")
        self.wait_seconds = wait_seconds
