"""A lost phone or password: what can be lost, and how long what takes its place is good."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LIVES: Final = timedelta(hours=24)
"""From the moment the two people's yes is used up to the last moment the two halves open anything."""

LOST: Final = ("phone", "password", "both")
"""What the one who asks says is lost. Both begin anew in any case."""
