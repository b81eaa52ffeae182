"""The headers every answer carries: what the browser may load, keep and tell others."""

from typing import Final

from flask import Flask, request
from werkzeug.wrappers import Response

from bti.web.static_files import ENDPOINT as STATIC_ENDPOINT

# Nothing inline, nothing from elsewhere. `data:` is for pictures only: Designsystemet's icons are
# CSS masks with data addresses.
_SOURCES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
    # Said by name, though the first line covers it: checkers look for it.
    "object-src 'none'",
    # Our scripts write text only; a script that writes HTML is stopped by the browser.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
CONTENT_SECURITY_POLICY: Final = "; ".join(_SOURCES)

_POWERS_OFF: Final = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)

FIXED: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in _POWERS_OFF),
}

# Two years, as the preload lists ask for.
STRICT_TRANSPORT_SECURITY: Final = "max-age=63072000; includeSubDomains"


def add_headers(response: Response) -> Response:
    """Set the fixed headers, and forbid storing everything that is not a static file."""
    response.headers.update(FIXED)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
    if request.endpoint != STATIC_ENDPOINT or response.status_code >= 400:  # noqa: PLR2004 - HTTP's own border for "refused"
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    return response


def forget_browser(response: Response) -> Response:
    """Tell the browser to drop everything it keeps for this site. For the answer to a sign-out."""
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def register(app: Flask) -> None:
    """Add the headers to every answer, also to errors."""
    app.after_request(add_headers)
