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


def answered(path: Path, person: str) -> list[Finding]:
    """Print how many requests were answered and how; a status of 500 or more is a finding.

    Raises NotScannedError when the tools were signed out: they report nothing of it themselves.
    """
    lines = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = Counter(status for status, *_ in lines)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(kinds.items()))
    outside = sum("/sign-in" in to for *_, to in lines)
    print(f"{person}: {len(lines)} requests answered: {told}; {outside} were sent to sign in")
    if outside * _MOST_OUTSIDE > len(lines):
        raise NotScannedError("the tools have been outside, where there is little to find")
    broken = Counter(
        (status, shape(method, address)) for status, method, address, _ in lines if status >= "500"
    )
    return [
        Finding("server", f"Answer {status}", where, "", person, f"{count} times")
        for (status, where), count in broken.items()
    ]
