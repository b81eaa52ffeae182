"""What is stored of a guardian beside the name: who said so, and whether they are kept out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bti.domain.guardians import BlockReason, Source

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Block:
    """That a guardian is kept from what is about the child, since when, and who has said so."""

    why: BlockReason
    reason: str = field(repr=False)
    at: datetime
    by: uuid.UUID


def source_in(stored: Mapping[str, Any]) -> Source | None:
    """Return who said what is stored about a guardian, or None where it was not written."""
    return Source(stored["source"]) if stored.get("source") else None


def block_in(body: Mapping[str, Any]) -> Block | None:
    """Return the block that stands, or None."""
    standing = [one for one in body.get("blocks", ()) if one["lifted_at"] is None]
    if not standing:
        return None
    one = standing[-1]
    at, by = datetime.fromisoformat(one["at"]), uuid.UUID(one["by"])
    return Block(BlockReason(one["why"]), one["reason"], at, by)
