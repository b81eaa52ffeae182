"""Random tokens that stand for a session or an invitation, and the digest that is stored.

Only the digest is kept, so a stolen database holds no usable token.
"""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token for the browser (43 URL-safe characters) and its digest for the database."""

    text: str = field(repr=False)
    digest: bytes


def new_token() -> NewToken:
    """256 random bits."""
    text = secrets.token_urlsafe(TOKEN_BYTES)
    return NewToken(text=text, digest=token_digest(text))


def token_digest(text: str) -> bytes:
    """SHA-256 of the token's text, 32 bytes; any text is accepted, however wrong.

    A fast hash is enough: 256 random bits cannot be guessed, unlike a password.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
