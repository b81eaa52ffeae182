"""Who acts: a signed-in person, or a named part of the system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid

    from bti.domain.codes import Role, Sector


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person in the one role of this session. Plain facts, no row."""

    account_id: uuid.UUID
    tenant_id: uuid.UUID
    session_id: uuid.UUID
    token_hash: bytes
    #: What the key broker believes; only the browser's request brings it.
    proof: bytes
    name: str
    title: str
    role: Role
    unit_id: uuid.UUID
    unit_name: str
    sector: Sector
    municipality: str
    profile: str
    language: str
    strength: str
    #: The professional system that acts for the person; ``session_id`` is then their agreement.
    client_id: uuid.UUID | None = None
    #: The session ran out by itself: what was typed may still be kept, nothing may be read.
    ran_out: bool = False

    def __repr__(self) -> str:
        """Leave name and token out of logs."""
        return f"<Actor {self.account_id}>"

    @property
    def initials(self) -> str:
        """Return at most two letters for the avatar."""
        words = [word for word in self.name.split() if word]
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))


@dataclass(frozen=True, slots=True)
class SystemActor:
    """The command line or a job, by name. It holds no content keys."""

    name: str
