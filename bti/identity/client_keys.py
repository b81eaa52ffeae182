"""Keys of professional systems: made here, shown once, stored as a digest.

The word in front lets those who look for lost secrets in source code and logs know one when they see it.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from bti.identity.tokens import TOKEN_BYTES, NewToken, token_digest

PREFIX: Final = "stafett_key_"
_FORM: Final = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


def new_key() -> NewToken:
    """256 random bits, as the text that is shown once and the digest that is stored."""
    text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return NewToken(text=text, digest=token_digest(text))


def is_key(text: str) -> bool:
    """Whether a text has the form of a key; nothing else is looked up."""
    return _FORM.fullmatch(text) is not None
