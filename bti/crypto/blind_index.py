"""Keyed tokens for exact look-up of values that are themselves sealed: national ids and usernames.

Whether a national id is valid, and who may ask, is decided before this. There is no index of names.
"""

import re
import unicodedata
from hmac import digest as hmac_digest
from uuid import UUID

from bti.crypto.envelope import DataKey

TOKEN_BYTES = 16

#: For who somebody is, whatever they are here: a colleague and a guardian have the same token.
PERSON = "person"

_LABEL = "stafett/bi/v1"
_INDEX_KEY_LABEL = "stafett/index/v1"
_USERNAME_KIND = "username"
_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")


def national_id_token(index_key: DataKey, kind: str, digits: str) -> bytes:
    """Give the 16-byte token of a national id under the tenant's index key.

    ``kind`` keeps uses apart (the same id has unrelated tokens under two kinds). ``digits`` is exactly eleven
    digits, else ValueError, which never repeats them.
    """
    if not _ELEVEN_DIGITS.fullmatch(digits):
        raise ValueError("A national id is eleven digits.")
    return _token(index_key, kind, digits)


def username_token(directory_key: DataKey, username: str) -> bytes:
    """Give the 16-byte token of a username under the tenant's directory key, whatever its case and composition.

    Matches as the Unicode standard's canonical caseless matching (D145). ValueError when empty.
    """
    if not username:
        raise ValueError("A username cannot be empty.")
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", username).casefold())
    return _token(directory_key, _USERNAME_KIND, folded)


def case_token(index_key: DataKey, kind: str, case_id: UUID) -> bytes:
    """Give the 16-byte token of a case for one use of it: without the key nobody can tell which case it is."""
    return _token(index_key, kind, case_id.hex)


def _token(key: DataKey, kind: str, value: str) -> bytes:
    # The sub-key is the same for every call of a kind; deriving it anew costs microseconds and keeps DataKey plain.
    kind_key = key.derive(_INDEX_KEY_LABEL, kind)
    message = b"\0".join((_LABEL.encode(), kind.encode(), value.encode()))
    return hmac_digest(kind_key, message, "sha256")[:TOKEN_BYTES]
