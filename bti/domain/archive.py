"""Where a closed case stands on its way to the archive, as its sealed state keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """A package that was made of the case, and whether the archive has it. Times are UTC, digests hex.

    ``cut`` is how many entries the access log had: the extract goes no further, so that the same case gives the
    same bytes. ``content`` is the digest of what the case held then; another one is another edition.
    """

    cut: int
    content: str
    manifest: str
    packed_at: datetime
    received_at: datetime | None = None
    reference: str = ""

    def received(self, reference: str, at: datetime) -> Self:
        """Return the state once the archive has said that it has the package."""
        return replace(self, received_at=self.received_at or at, reference=reference)

    def to_json(self) -> dict[str, Any]:
        """Return the sealed form."""
        return {
            "cut": self.cut,
            "content": self.content,
            "manifest": self.manifest,
            "packed_at": self.packed_at,
            "received_at": self.received_at,
            "reference": self.reference,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the sealed form back."""
        received = value["received_at"]
        return cls(
            cut=value["cut"],
            content=value["content"],
            manifest=value["manifest"],
            packed_at=datetime.fromisoformat(value["packed_at"]),
            received_at=datetime.fromisoformat(received) if received else None,
            reference=value["reference"],
        )


def is_archived(ops: Mapping[str, Any]) -> bool:
    """Tell from the sealed state of a case whether the archive has it. What cannot be read counts as a yes.

    Fewer may open an archived case, so the doubt closes.
    """
    stored = ops.get("archive")
    if stored is None:
        return False
    try:
        return ArchiveState.from_json(stored).received_at is not None
    except (KeyError, TypeError, ValueError):
        return True
