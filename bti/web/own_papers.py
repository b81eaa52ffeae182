"""What the municipalities have signed and published, for who looks at a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g

from bti import papers

if TYPE_CHECKING:
    from bti.papers import Papers


def own_papers() -> Papers:
    """What the municipality of the signed-in person has given."""
    return papers.of(current_app.extensions["bti.papers"], g.actor.municipality)


def public_papers() -> tuple[Papers, ...]:
    """The same for one's own municipality; every one's for who is not signed in."""
    if g.actor is not None and g.actor.municipality:
        return (own_papers(),)
    return tuple(current_app.extensions["bti.papers"].values())
