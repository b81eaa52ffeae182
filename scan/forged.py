"""Send every form with a token that is not the session's: what wapiti's own module for it does not manage."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from scan.tools import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scan.crawl import Target
    from scan.visitor import Visitor

_FIELD = "csrf_token"


def forged(visitor: Visitor, targets: Iterable[Target], person: str) -> tuple[int, list[Finding]]:
    """Return how many forms were sent, and a finding for each that was not refused with 400."""
    sent, found = 0, []
    for target in targets:
        if target.method != "POST":
            continue
        fields = tuple((name, value) for name, value in target.fields if name != _FIELD)
        for proof in ((), ((_FIELD, "another"),)):
            answer = visitor.post(target.address, (*fields, *proof))
            if answer.status != HTTPStatus.BAD_REQUEST:
                where = target.shape.partition("?")[0]
                told = f"answered {answer.status} to {proof}"
                found.append(Finding("scan", "Forged form", where, _FIELD, person, told))
        sent += 1
    return sent, found
