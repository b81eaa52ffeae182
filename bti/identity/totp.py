"""One-time codes from an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds.

The parameters are those every app supports. A code is used once: `matched_step` returns the step,
and the caller stores it and passes it as ``after`` the next time.
"""

import base64
import secrets
from datetime import datetime
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP_SECONDS = 30
DRIFT_STEPS = 1
SECRET_BYTES = 20


def new_secret() -> bytes:
    """160 random bits, the length RFC 4226 section 4 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, at: datetime) -> str:
    """The code an app shows at ``at`` (aware)."""
    return _code(secret, _step(at))


def matched_step(secret: bytes, code: str, at: datetime, *, after: int | None = None) -> int | None:
    """The step whose code was given, or None when none fits.

    One step of clock drift either way is accepted; a step not later than ``after`` is not, so a
    code seen over a shoulder cannot be used again (RFC 6238 section 5.2). Spaces are ignored.
    """
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    now = _step(at)
    found = None
    # Every step is compared, whichever fits, so that the time taken tells nothing.
    for step in range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1):
        fits = compare_digest(_code(secret, step), typed)
        if fits and found is None and (after is None or step > after):
            found = step
    return found


def provisioning_uri(secret: bytes, *, account: str, issuer: str) -> str:
    """The otpauth:// address that a QR code carries to the app."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def spelt(secret: bytes) -> str:
    """The secret in base32, in groups of four, for those who type it instead of scanning."""
    text = base64.b32encode(secret).decode("ascii").rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _step(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return int(at.timestamp()) // STEP_SECONDS


def _code(secret: bytes, step: int) -> str:
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode("ascii")  # noqa: S303 - see module


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - see module
