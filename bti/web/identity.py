"""From cookie to actor: reads the session token and keeps Flask-Login's view of it.

The session itself lives in the database; the cookie holds a random token and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, g, request

from bti.web.doorway import doorway
from bti.workflows import sign_in

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response

    from bti.settings import Settings
    from bti.workflows.actor import Actor

_SECONDS_PER_MINUTE: Final = 60


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name: ``__Host-`` ties it to this host wherever https allows it."""
    return "__Host-st" if settings.secure else "st_session"


def identify(incoming: Request) -> Actor | None:
    """Return whose request this is, or None."""
    token = incoming.cookies.get(cookie_name(_settings()))
    if not token:
        return None
    return doorway().perform(sign_in.identify, None, token=token)


def whose_expired_session() -> Actor | None:
    """Return whose session ran out by itself, so that what was typed can be kept for them."""
    token = request.cookies.get(cookie_name(_settings()))
    if not token:
        return None
    return doorway().perform(sign_in.expired_actor, None, token=token)


def remember(response: Response, token: str) -> None:
    """Put the session token into the cookie."""
    settings = _settings()
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=settings.session_absolute_minutes * _SECONDS_PER_MINUTE,
        secure=settings.secure,
        httponly=True,
        # Lax, not Strict: the return from an identity provider is a cross-site navigation.
        samesite="Lax",
        path="/",
    )


def forget(response: Response) -> None:
    """Take the session token out of the browser."""
    settings = _settings()
    response.delete_cookie(
        cookie_name(settings), secure=settings.secure, httponly=True, samesite="Lax", path="/"
    )


def person() -> Actor:
    """Return the signed-in person of this request; the gate has made sure there is one."""
    actor: Actor = g.actor
    return actor


def _settings() -> Settings:
    settings: Settings = current_app.extensions["bti"].settings
    return settings
