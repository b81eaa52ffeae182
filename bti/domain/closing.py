"""The closing note of a case: why it ends, what the child still needs, and who takes it from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bti.domain.codes import ClosingCause, RemainingNeed
from bti.domain.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class ClosingNote:
    """What is written when a case closes. ``reason`` says why in words, ``remains`` who goes on with what.

    No need ticked says that nothing more is needed. The words are closed text and stay out of repr.
    """

    cause: ClosingCause
    needs: tuple[RemainingNeed, ...] = ()
    reason: str = field(default="", repr=False)
    remains: str = field(default="", repr=False)

    def to_body(self) -> dict[str, Any]:
        """Return what the entry of the decision keeps beside its reason."""
        return {"needs": [one.value for one in self.needs], "remains": self.remains.strip()}

    @classmethod
    def from_entry(cls, meta: Mapping[str, Any], body: Mapping[str, Any]) -> ClosingNote:
        """Read the note out of the entry of a decision that closed a case, also an older one."""
        return cls(
            cause=ClosingCause(meta["cause"] or ClosingCause.OTHER),
            needs=tuple(RemainingNeed(one) for one in body.get("needs", ())),
            reason=str(body.get("reason", "")),
            remains=str(body.get("remains", "")),
        )


def closing_note(
    cause: ClosingCause | None, needs: Iterable[RemainingNeed], reason: str, remains: str
) -> ClosingNote:
    """Return the note of a case that closes, its needs once each and in their own order.

    Raises ``RuleBroken("closing.unmet_without_words")``: a need that nobody meets is not left without a word
    about what is done with it.
    """
    ticked = set(needs)
    if RemainingNeed.UNMET in ticked and not remains.strip():
        raise RuleBroken("closing.unmet_without_words")
    return ClosingNote(
        cause=cause or ClosingCause.OTHER,
        needs=tuple(one for one in RemainingNeed if one in ticked),
        reason=reason,
        remains=remains,
    )
