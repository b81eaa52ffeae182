"""Random tokens that stand for a session or an invitation, and the digest that is stored.

Only the digest is kept, so a stolen database holds no usable token. Between the two stands the
proof: what the key broker is shown, and what nobody can make from a row in the database.
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

    @property
    def proof(self) -> bytes:
        """What shows the key broker that this token is at hand (32 bytes)."""
        return proof_of(self.text)


def new_token() -> NewToken:
    """256 random bits."""
    text = secrets.token_urlsafe(TOKEN_BYTES)
    return NewToken(text=text, digest=token_digest(text))


def token_digest(text: str) -> bytes:
    """What is stored: the digest of the token's proof, 32 bytes; any text is accepted.

    A fast hash is enough: 256 random bits cannot be guessed, unlike a password.
    """
    return digest_of_proof(proof_of(text))


def proof_of(text: str) -> bytes:
    """SHA-256 of the token's text, 32 bytes; any text is accepted, however wrong."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def digest_of_proof(proof: bytes) -> bytes:
    """SHA-256 of a proof: the column `web_sessions.token_hash`.

    Hashed twice, so that whoever reads that column, as the web's own database role may, cannot
    show the broker a session that no browser has sent.
    """
    return sha256(proof).digest()
