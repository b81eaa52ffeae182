"""From cookie to actor: reads the session token and keeps Flask-Login's view of it.

The session itself lives in the database; the cookie holds a random token and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, g, request
from flask_login import LoginManager, UserMixin

from bti.web import access
from bti.web.doorway import doorway
from bti.workflows import refusal, sign_in
from bti.workflows.actor import Actor

if TYPE_CHECKING:
    from flask import Flask, Request
    from werkzeug.wrappers import Response

    from bti.settings import Settings

_SECONDS_PER_MINUTE: Final = 60


class SignedInUser(UserMixin):  # type: ignore[misc]  # Flask-Login ships no annotations
    """Flask-Login's user: wraps the frozen actor of this request and adds nothing to it."""

    def __init__(self, actor: Actor) -> None:
        """Wrap ``actor``."""
        self.actor = actor

    def get_id(self) -> str:
        """Return the session's id: what a sign-out ends is a session, not an account."""
        return str(self.actor.session_id)


def register(app: Flask) -> None:
    """Let Flask-Login's ``current_user`` be whoever the request was identified as.

    Its own session is not used: no "remember me" cookie and no id in the form cookie, because
    a session that cannot be ended in the database is a session nobody can revoke.
    """
    manager = LoginManager()
    manager.session_protection = None  # ours is the token, see bti.workflows.sign_in
    manager.request_loader(_current_user)
    manager.init_app(app, add_context_processor=False)


def _current_user(_incoming: Request) -> SignedInUser | None:
    actor = g.get("actor")
    return SignedInUser(actor) if isinstance(actor, Actor) else None


@access.refused.connect
def _enter_refusal(_app: object, *, actor: object, reason: str, **_where: object) -> None:
    # At the gate no workflow has begun that could have written it.
    if isinstance(actor, Actor):
        doorway().perform(refusal.enter, actor, rule=f"gate.{reason}")


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
