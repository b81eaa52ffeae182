"""The value of a sealed column: ciphertext that shows nothing of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """Ciphertext in the field format; opened only through a key in the session's vault."""

    blob: bytes

    def __repr__(self) -> str:
        """Show nothing: reprs end up in logs."""
        return "<Sealed>"


@dataclass(frozen=True, slots=True, repr=False)
class Unsealed:
    """Marks an attribute that waits for its flush; the column type refuses to store it."""

    attribute: str

    def __repr__(self) -> str:
        """Show nothing: reprs end up in logs."""
        return "<Unsealed>"
