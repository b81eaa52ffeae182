"""Forms are accepted only from our own pages.

Two walls: what the browser says about where a request comes from (Sec-Fetch-Site and Origin), and
Flask-WTF's token. The token's nonce lives in a signed cookie, `st_form`, that holds nothing else
but the codes of waiting notices, and dies when the server-side session changes.
"""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from bti.web import errors, notices
from bti.web.api import problems

NONCE_KEY: Final = "csrf_token"  # the name Flask-WTF uses
BOUND_KEY: Final = "bound"
_ALLOWED_KEYS: Final = frozenset({NONCE_KEY, BOUND_KEY, notices.SESSION_KEY})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_SECRET_BYTES: Final = 32
_BOUND_LETTERS: Final = 32

# Configuration key: the names of the cookies with the tokens of the server-side sessions.
IDENTITY_COOKIES: Final = "IDENTITY_COOKIES"


def form_secret(file: Path) -> bytes:
    """The 32-byte secret that signs form tokens; the file is made with mode 0600 if missing.

    Raises ValueError if the file has another length.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = file.read_bytes()
        if len(found) != _SECRET_BYTES:
            raise ValueError(f"{file.name} must hold {_SECRET_BYTES} bytes") from None
        return found
    fresh = secrets.token_bytes(_SECRET_BYTES)
    with os.fdopen(handle, "wb") as out:
        out.write(fresh)
    return fresh


class FormCookie(SecureCookieSessionInterface):
    """Flask's `session`, cut down to what may stand in a cookie.

    The nonce is kept only as long as the server-side session is the one it was made under: a token
    from before sign-in is worth nothing after it, and the other way round.
    """

    salt = "st-form"
    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> Any:  # noqa: ANN401 - Flask's own class is private to it
        """What the cookie holds, without the nonce if it belongs to another session."""
        held = super().open_session(app, request)
        if held is not None and held.get(BOUND_KEY) != _bound_to(app, request):
            held.pop(NONCE_KEY, None)
        return held

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Sign and send the cookie; raises RuntimeError if anything else was put in it."""
        strangers = set(session) - _ALLOWED_KEYS
        if strangers:
            raise RuntimeError(f"not allowed in the form cookie: {sorted(strangers)}")
        if session.modified and session:
            session[BOUND_KEY] = _bound_to(app, request)
        super().save_session(app, session, response)


def _bound_to(app: Flask, request: Request) -> str:
    tokens = [request.cookies.get(name, "") for name in app.config[IDENTITY_COOKIES]]
    key: bytes = app.config["SECRET_KEY"]
    return hmac.new(key, json.dumps(tokens).encode(), "sha256").hexdigest()[:_BOUND_LETTERS]


def from_elsewhere(request: Request, own_origins: frozenset[str]) -> bool:
    """Whether the browser says that a writing request was made by another site.

    Sec-Fetch-Site cannot be set by a page, so it decides where it is sent. Under our own
    `Referrer-Policy: no-referrer` browsers send `Origin: null` also for our own forms (Fetch
    standard, "append a request Origin header"), so null says nothing. Where neither is sent
    (plain http, old browsers) the token alone decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        return True
    origin = request.headers.get("Origin")
    return origin not in {None, "null"} and origin not in own_origins


def own_origins(request: Request) -> frozenset[str]:
    """The origins this site answers to: as asked for, and as the settings say."""
    asked = urlsplit(request.host_url)
    return frozenset({f"{asked.scheme}://{asked.netloc}", current_app.config["BASE_URL"]})


def register(app: Flask, *, secret: bytes, secure: bool, identity_cookies: tuple[str, ...]) -> None:
    """Guard every writing request, and give templates `csrf_token()`.

    `identity_cookies` are those of the server-side sessions, which form tokens are bound to.
    Must come after the actor is known (the refusal is a page) and before the access gate.
    """
    # `__Host-` demands Secure, so http installations (tests and the demo) need the plain name.
    host_prefix = "__Host-" if secure else ""
    app.config.update(
        {
            "SECRET_KEY": secret,
            "SESSION_COOKIE_NAME": f"{host_prefix}st_form",
            "SESSION_COOKIE_SECURE": secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            IDENTITY_COOKIES: identity_cookies,
            # Bound to the session instead, so that a long form survives a long lunch.
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_CHECK_DEFAULT": False,
            # Its check asks for a Referer, which our Referrer-Policy forbids browsers to send.
            # from_elsewhere() does that work with Sec-Fetch-Site and Origin.
            "WTF_CSRF_SSL_STRICT": False,
        }
    )
    app.session_interface = FormCookie()
    protect = CSRFProtect(app)

    def check() -> AnyResponse | None:
        if request.method in _SAFE_METHODS or request.endpoint is None:
            return None
        if problems.asked_here():
            # No cookie says anything there, so there is nothing to ride on; and no page has business there.
            elsewhere = from_elsewhere(request, own_origins(request))
            return problems.answer(400) if elsewhere else None
        if from_elsewhere(request, own_origins(request)):
            return errors.foreign_form()
        try:
            protect.protect()
        except CSRFError:
            return errors.stale_form()
        return None

    app.before_request(check)
