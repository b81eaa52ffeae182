"""What the demonstration answered while it was attacked, as served.py has listed it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scan.crawl import shape
from scan.tools import Finding

if TYPE_CHECKING:
    from pathlib import Path

#: One in so many requests may be sent to sign in: the tools also ask without a session, for what it changes.
_MOST_OUTSIDE = 10


class NotScannedError(Exception):
    """The scan has not been what it claims to be."""


class Answers:
    """The list of one person's demonstrations, read part by part."""

    def __init__(self, path: Path) -> None:
        """Begin where the list stands now, which may be nowhere."""
        self._path = path
        self._read = 0

    def since(self, person: str) -> tuple[dict[str, int], list[Finding]]:
        """Return how many requests were answered how since the last time, and each 500 or more as a finding.

        Raises NotScannedError when the tools were signed out: they report nothing of it themselves.
        """
        whole = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        text, self._read = whole[self._read :], len(whole)
        lines = [line.split(" ") for line in text.splitlines()]
        outside = sum("/sign-in" in to for *_, to in lines)
        if outside * _MOST_OUTSIDE > len(lines):
            raise NotScannedError("the tools have been outside, where there is little to find")
        broken = Counter(
            (status, shape(method, address))
            for status, method, address, _ in lines
            if status >= "500"
        )
        found = [
            Finding("server", f"Answer {status}", where, "", person, f"{count} times")
            for (status, where), count in broken.items()
        ]
        return dict(Counter(status for status, *_ in lines)), found
