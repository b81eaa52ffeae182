"""What a rule says when it refuses. Codes and facts only; the words belong to the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid


class RuleBroken(Exception):  # noqa: N818 - a refusal that is explained, not a fault
    """A rule does not allow this.

    ``code`` is one of ``bti.domain.rule_codes.ALL_CODES`` (or a workflow's own), in the form
    area.reason. ``facts`` are what the explanation needs: dates, numbers, codes and requirements,
    never closed text, because exceptions end up in logs.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class AccessDenied(Exception):  # noqa: N818 - a refusal, shown as if the thing did not exist
    """The access table does not allow this.

    ``rule`` and ``case_id`` go to the audit log, never to the page. ``entered`` says that they
    are there already: a broker in its own process enters its refusals itself.
    """

    def __init__(
        self, rule: str, *, case_id: uuid.UUID | None = None, entered: bool = False
    ) -> None:
        super().__init__(rule)
        self.rule = rule
        self.case_id = case_id
        self.entered = entered


class Unavailable(Exception):  # noqa: N818 - a state, not a fault: it passes
    """Something that is needed does not answer just now. Nothing was written."""


class BaitTaken(AccessDenied):
    """Somebody came near a case that nobody has a reason to open.

    ``bait_id`` goes into the sealed record of it alone: the log must not tell which case it is.
    """

    def __init__(self, bait_id: uuid.UUID) -> None:
        super().__init__("bait.taken")
        self.bait_id = bait_id


class Conflict(Exception):  # noqa: N818 - a state, not a fault: somebody else was first
    """Somebody else changed this since it was shown. Nothing was written; what was typed stays."""


class NotFound(Exception):  # noqa: N818 - a state: shown exactly like something that is hidden
    """There is no such thing, or the person may not know whether there is."""


class KeysUnavailable(Unavailable):
    """The keys cannot be had just now, whoever asks: their keeper is sealed, away, slow or shut to us.

    Nothing was decided about the person or the case. ``reason`` is one of a few fixed words for the
    operator's log; it holds no secret and is not for the page.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
