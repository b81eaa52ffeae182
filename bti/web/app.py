"""Puts the web application together: registration only, no logic.

Order matters for what runs before a request: who it is, then whether the form is ours, then
whether the address is open to them.
"""

import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal, Protocol

from flask import Flask, Request, g, request
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from bti import papers, paths
from bti.settings import Settings
from bti.web import (
    access,
    csrf,
    errors,
    filters,
    headers,
    i18n,
    layout,
    notices,
    static_files,
    uploads,
)
from bti.web.api import problems

_CASE: Final = (
    "api",
    "client",
    "concern",
    "concern_import",
    "case",
    "baton",
    "move",
    "join",
    "guardian",
    "proposal",
    "consent",
    "measure",
    "attachment",
    "referral",
    "meeting",
    "duty",
    "report",
    "correction",
    "extract",
    "family",
    "mark",
    "of_age",
    "partiality",
    "worklist",
    "follow_up",
    "insight",
    "desk",
    "breach",
    "rights_request",
    "emergency",
    "review",
    "control",
    "sign_in",
    "account",
    "leaving",
    "absence",
    "consultation",
    "reminder",
    "guide",
    "rules",
    "reset",
    "approval",
    "archive",
    "confirm",
    "first_sign_in",
    "families",
    "pages",
    "protection",
    "sharing",
)
FEATURES: Final[dict[Literal["all", "case", "network"], tuple[str, ...]]] = {
    "all": (*_CASE, "slt"),
    "case": _CASE,
    "network": ("slt", "pages"),
}

# A stylesheet must not cost a database question, and the checks must answer when nothing else does.
_NOBODYS: Final = frozenset({static_files.ENDPOINT, "pages.healthz", "pages.readyz"})

_LARGEST_REQUEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """One side's way to know who asks: its session cookie's name, and who the cookie belongs to.

    Without a cookie it is the API's, which is asked at the API's addresses, and alone there.
    """

    cookie: str | None
    who: Callable[[Request], access.SignedInPerson | None]


class Feature(Protocol):
    """A module of bti.web.views: registers its blueprint."""

    def register(self, app: Flask) -> None:
        """Add the blueprint to the application."""


def create_app(settings: Settings, *, runtime: object) -> Flask:
    """The web application for the sides that `settings.serve` names.

    `runtime` (bti.bootstrap.Runtime) is kept in `app.extensions["bti"]` for the views.
    View modules are imported here and not at the top: a network process never loads the case side.
    """
    features: list[Any] = [
        import_module(f"bti.web.views.{name}") for name in FEATURES[settings.serve]
    ]
    sources: list[Any] = [feature for feature in features if hasattr(feature, "identify")]
    if settings.serve != "network":
        sources.insert(0, import_module("bti.web.identity"))
    return assemble(
        settings,
        runtime=runtime,
        secret=csrf.form_secret(settings.csrf_secret_file),
        identities=[Identity(_cookie_of(source, settings), source.identify) for source in sources],
        features=features,
        routes=access.ROUTES,
    )


def _cookie_of(source: Any, settings: Settings) -> str | None:  # noqa: ANN401 - a module
    return source.cookie_name(settings) if hasattr(source, "cookie_name") else None


def assemble(
    settings: Settings,
    *,
    runtime: object,
    secret: bytes,
    identities: Sequence[Identity],
    features: Iterable[Feature],
    routes: dict[str, access.RouteRule],
) -> Flask:
    """The application with every part handed in; the first of `identities` that knows someone wins."""
    app = Flask("bti", template_folder=str(paths.TEMPLATES), static_folder=None)
    app.extensions["bti"] = runtime
    app.extensions["bti.papers"] = papers.read(settings.papers_file)
    app.config.update(
        BASE_URL=settings.base_url,
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=_LARGEST_REQUEST,
        TESTING=settings.mode == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_env.undefined = StrictUndefined
    # A template has no business with the configuration.
    app.jinja_env.globals.pop("config", None)
    _believe_proxies(app, settings.trusted_proxies)

    app.teardown_request(_forget_addresses)
    app.before_request(_identify_with(identities))
    uploads.register(app)
    csrf.register(
        app,
        secret=secret,
        secure=settings.secure,
        identity_cookies=tuple(one.cookie for one in identities if one.cookie is not None),
    )
    access.register(app, routes)
    headers.register(app)
    errors.register(app)
    static_files.register(app, paths.STATIC)
    filters.register(app)
    notices.register(app)
    i18n.register(app, default=settings.language, secure=settings.secure)
    layout.register(
        app,
        demo=settings.mode == "demo",
        idle_seconds=settings.session_idle_minutes * 60,
        routes=routes,
    )
    for feature in features:
        feature.register(app)
    return app


def _forget_addresses(_fault: BaseException | None) -> None:
    """Empty the standard library's memory of addresses it has taken apart, query and all.

    Waitress parses every address with it; what somebody searched for would be held until 128 others came.
    """
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # typeshed leaves it out


def _identify_with(identities: Sequence[Identity]) -> Callable[[], None]:
    def find_out() -> None:
        # Set first: the error page must stand even if finding out fails.
        g.actor = None
        if request.endpoint in _NOBODYS:
            return
        asked = [one for one in identities if (one.cookie is None) == problems.asked_here()]
        found = (identity.who(request) for identity in asked)
        g.actor = next((actor for actor in found if actor is not None), None)

    return find_out


def _believe_proxies(app: Flask, hops: int) -> None:
    if hops:
        proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # Flask's documented way
