"""How long a proven second factor counts as fresh. Proving it is left to the sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FRESH_FOR: Final = timedelta(minutes=15)
"""After this the person is asked for password and code again before a grave act."""

DEMO: Final = "demo"
"""The strength of a demonstration's session, which has no password and no code to prove."""


def is_fresh(proven_at: datetime | None, at: datetime) -> bool:
    """Whether a second factor proven at ``proven_at`` still counts at ``at`` (UTC)."""
    return proven_at is not None and proven_at <= at < proven_at + FRESH_FOR
