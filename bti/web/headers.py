"""The headers every answer carries: what the browser may load, keep and tell others."""

import unicodedata
from typing import Final, TypeVar
from urllib.parse import quote

from flask import Flask, g, request
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


# For a file somebody has attached: should a browser show it after all, it may do nothing there.
DOWNLOAD_POLICY: Final = (
    "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Besides letters and digits, what RFC 8187 lets stand in an extended value.
_AS_IT_IS: Final = "!#$&+-.^_`|~"
_NEAR: Final = str.maketrans({"æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "đ": "d", "ŧ": "t"})

AResponse = TypeVar("AResponse", bound=Response)


def as_download(response: AResponse, name: str) -> AResponse:
    """Make an answer a file to be saved under ``name``, never a page (RFC 6266).

    The second, plain name is for programs that do not know the first.
    """
    near = unicodedata.normalize("NFKD", name.translate(_NEAR))
    plain = near.encode("ascii", "ignore").decode()
    safe = "".join(sign if sign.isalnum() or sign in "-_. ()" else "_" for sign in plain)
    extended = quote(name, safe=_AS_IT_IS)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{safe}\"; filename*=UTF-8''{extended}"
    )
    g.content_policy = DOWNLOAD_POLICY
    return response


def add_headers(response: Response) -> Response:
    """Set the fixed headers, and forbid storing everything that is not a static file."""
    response.headers.update(FIXED)
    if g.get("content_policy"):
        response.headers["Content-Security-Policy"] = g.content_policy
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
