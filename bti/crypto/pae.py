"""Pre-authentication encoding: several byte strings as one, so that no two lists look alike."""

from struct import Struct

_LE64 = Struct("<Q")


def le64(number: int) -> bytes:
    """Give ``number`` (0 to 2**64 - 1) as eight bytes, least significant first; ValueError outside that range."""
    if not 0 <= number < 1 << 64:
        raise ValueError("A number to be authenticated must fit in 64 bits without a sign.")
    return _LE64.pack(number)


def pae(*parts: bytes) -> bytes:
    """Encode ``parts`` injectively: le64(count), then le64(length) and bytes of each (as DSSE and PASETO do)."""
    return pae_beginning(len(parts), *parts)


def pae_beginning(count: int, *parts: bytes) -> bytes:
    """Encode the first of ``count`` parts; le64(length) and bytes of each of the others must follow."""
    pack = _LE64.pack
    pieces = [pack(count)]
    for part in parts:
        pieces.append(pack(len(part)))
        pieces.append(part)
    return b"".join(pieces)
